package feed_test

import (
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
)

// fishLover likes one line of business only, whoever asks.
type fishLover struct{ asked int }

func (f *fishLover) Near(_ feed.ViewerID, _ int, into []feed.VideoID) []feed.VideoID {
	f.asked++
	for i := range 2000 {
		into = append(into, feed.VideoID(i))
	}
	return into
}

func (f *fishLover) Fit(_ feed.ViewerID, videos []feed.VideoID, out []float32) {
	f.asked++
	for i, v := range videos {
		out[i] = 0
		if int(v)%lines == fish {
			out[i] = 1
		}
	}
}

func TestTasteIsNotAskedUnlessTheViewerWants(t *testing.T) {
	taste := &fishLover{}
	e := market(2000, feed.Config{}, feed.WithTaste(taste))
	browse(e, 1, 90, nil)
	e.SetTaste(2, 4)
	e.SetMinor(2, true)
	browse(e, 2, 90, nil)
	e.SetTaste(3, 4)
	e.SetTaste(3, 0)
	browse(e, 3, 90, nil)
	if taste.asked != 0 {
		t.Errorf("taste was asked %d times", taste.asked)
	}
	e.SetTaste(4, 4)
	if browse(e, 4, 10, nil); taste.asked == 0 {
		t.Error("taste was not asked in bounded mode")
	}
}

func TestTasteAloneChoosesAtMostTwoFifths(t *testing.T) {
	e := market(2000, feed.Config{}, feed.WithTaste(&fishLover{}))
	e.SetTaste(1, 4)
	kinds, all := map[feed.Kind]int{}, 0
	browse(e, 1, 300, func(it feed.Item) {
		all++
		kinds[it.Reason.Kind]++
		if it.Reason.Kind == feed.Affinity && !it.Reason.Fits {
			t.Errorf("%+v by affinity does not fit", it)
		}
	})
	if share := float64(kinds[feed.Affinity]) / float64(all); share > feed.MaxAffinity || share < 0.1 {
		t.Errorf("%.2f of %d items by affinity: %v", share, all, kinds)
	}
	for _, k := range []feed.Kind{feed.Floor, feed.Quality, feed.Turn} {
		if kinds[k] == 0 {
			t.Errorf("no item of kind %d: %v", k, kinds)
		}
	}
}

func TestBreadthHoldsInBoundedMode(t *testing.T) {
	e := market(2000, feed.Config{}, feed.WithTaste(&fishLover{}))
	e.SetTaste(1, 4)
	list := browse(e, 1, 200, nil)
	for from := 0; from+20 <= len(list); from++ {
		n := 0
		for _, id := range list[from : from+20] {
			if int(id)%lines == fish {
				n++
			}
		}
		if n > 5 {
			t.Fatalf("%d of twenty are fish", n)
		}
	}
}

// Every owner's turn comes although taste prefers an eighth of them.
func TestTasteStarvesNobody(t *testing.T) {
	e := feed.NewEngine(feed.Config{}, feed.WithTaste(&fishLover{}))
	for i := range 400 {
		e.Restore(feed.Stored{ID: feed.VideoID(i), Video: video(i)}) // nothing owed
	}
	e.Refresh()
	shown := map[feed.VideoID]int{}
	for v := range feed.ViewerID(500) {
		e.SetTaste(v, 4)
		for _, it := range e.Page(ask(v, 10, noon.Add(time.Duration(v)*time.Second))).Items {
			shown[it.Video]++
		}
	}
	if len(shown) != 400 {
		t.Errorf("%d of 400 owners were shown in 500 pages", len(shown))
	}
}

// Where nobody is owed a show the turn is by merit, whatever fits.
func TestUnclaimedFloorsGoByMeritInBoundedModeToo(t *testing.T) {
	e := feed.NewEngine(feed.Config{Bounded: "f"}, feed.WithTaste(&fishLover{}))
	for i := range 400 {
		s := feed.Stored{ID: feed.VideoID(i), Video: video(i)}
		for h := range 2 {
			s.Shown[h], s.Long[h] = 100, i/4
		}
		e.Restore(s)
	}
	e.Refresh()
	better, all := 0, 0
	for v := range feed.ViewerID(300) {
		e.SetTaste(v, 4)
		for _, it := range e.Page(ask(v, 10, noon)).Items {
			all++
			if it.Video >= 200 {
				better++
			}
		}
	}
	if 4*better < 3*all {
		t.Errorf("%d of %d turns went to the better half", better, all)
	}
}

func TestAConfigurationCannotBreakThePromises(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  feed.Config
		ok   bool
	}{
		{"the default", feed.Config{}, true},
		{"taste in the default mode", feed.Config{Pattern: "qfa"}, false},
		{"half by taste", feed.Config{Bounded: "af"}, false},
		{"an unknown kind", feed.Config{Pattern: "qx"}, false},
		{"less taste", feed.Config{Bounded: "qaftf"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.cfg.Check(); (err == nil) != tt.ok {
				t.Errorf("Check: %v", err)
			}
		})
	}
}
