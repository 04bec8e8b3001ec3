package feed_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/testsupport/race"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	fish  = 3
	lines = 8
)

// market is an engine with videos of n owners, one each, over eight lines of
// business and sixteen topics. Evidence of quality is seeded.
func market(n int, cfg feed.Config, opts ...feed.Option) *feed.Engine {
	e := feed.NewEngine(cfg, opts...)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		s := feed.Stored{ID: feed.VideoID(i), Credit: 100, Video: video(i)}
		for h := range 2 {
			s.Shown[h] = 40
			s.Long[h] = rng.IntN(40)
		}
		e.Restore(s)
	}
	e.Refresh()
	return e
}

func video(i int) feed.Video {
	return feed.Video{Creator: feed.CreatorID(i), Owner: feed.OwnerID(i), Line: uint16(i % lines), Topic: uint16(i % 16)}
}

func ask(v feed.ViewerID, n int, at time.Time) feed.Ask {
	return feed.Ask{Viewer: v, Own: -1, N: n, Now: at}
}

// browse returns what a viewer sees in n items over as many sessions as it takes.
func browse(e *feed.Engine, v feed.ViewerID, n int, after func(feed.Item)) []feed.VideoID {
	var seen []feed.VideoID
	for at := noon; len(seen) < n; at = at.Add(31 * time.Minute) {
		for {
			p := e.Page(ask(v, 10, at))
			for _, it := range p.Items {
				seen = append(seen, it.Video)
				if after != nil {
					after(it)
				}
			}
			if p.End {
				break
			}
		}
	}
	return seen[:n]
}

// unproven is a market where the older half of videos is watched by every second
// viewer and nobody has seen the newer half, whose floor comes first: one long
// view there is enough to be the best.
func unproven() *feed.Engine {
	e := feed.NewEngine(feed.Config{Prior: 0.01, Best: 0.02, BestLeast: 1})
	for i := range 2000 {
		s := feed.Stored{ID: feed.VideoID(i), Credit: 100, Video: video(i)}
		if i >= 1000 {
			s.Shown, s.Long = [2]int{2, 2}, [2]int{1, 1}
		}
		e.Restore(s)
	}
	e.Refresh()
	return e
}

// R1: two worlds from one seed; in one the viewer watches every fish video to
// the end, over and over, while the list is read.
func TestWatchingNeverChangesTheOwnList(t *testing.T) {
	seen := map[int]bool{}
	for viewer := range feed.ViewerID(100) { // one of each group
		if seen[feed.Group(viewer)] || race.Enabled && len(seen) == 2 {
			continue
		}
		seen[feed.Group(viewer)] = true
		still, keen := unproven(), unproven()
		watched := 0
		a := browse(still, viewer, 150, func(feed.Item) { still.Refresh() })
		b := browse(keen, viewer, 150, func(it feed.Item) {
			if int(it.Video)%lines == fish {
				watched++
				for range 3 {
					keen.Signal(viewer, it.Video, feed.LongView)
				}
			}
			keen.Refresh()
		})
		if watched < 10 || !slices.Equal(a, b) {
			t.Fatalf("viewer %d sees another list after watching %d fish", viewer, watched)
		}
	}
}

// R1 beside others: the other half does see more of what this half watched.
func TestWhatOneHalfWatchesOrdersTheOther(t *testing.T) {
	var mine, theirs feed.ViewerID
	for feed.Half(theirs) == feed.Half(mine) {
		theirs++
	}
	e := feed.NewEngine(feed.Config{Best: 0.05, Pattern: "qf"})
	for i := range 100 {
		s := feed.Stored{ID: feed.VideoID(i), Video: video(i)}
		s.Shown[feed.Half(mine)], s.Long[feed.Half(mine)] = 100, i // the highest numbers are the best
		e.Restore(s)
	}
	e.Refresh()
	for _, it := range e.Page(ask(theirs, 2, noon)).Items[:1] {
		if it.Reason.Kind != feed.Quality || it.Video < 95 {
			t.Errorf("the other half is shown %+v first", it)
		}
	}
	for _, it := range e.Page(ask(mine, 2, noon)).Items {
		if it.Reason.Kind == feed.Quality {
			t.Errorf("the own half is ordered by its own figures: %+v", it)
		}
	}
}

// Since the process began the groups of a half learn from each other, and no group
// from itself.
func TestAGroupIsOrderedByAllButItself(t *testing.T) {
	e := feed.NewEngine(feed.Config{Best: 0.05, Pattern: "f"})
	for i := range 40 {
		e.Restore(feed.Stored{ID: feed.VideoID(i), Video: video(i), Credit: 100})
	}
	loved := feed.VideoID(7) // by one group alone
	const group = 0
	asks := map[int]feed.ViewerID{}
	for v := range feed.ViewerID(400) {
		asks[feed.Group(v)] = v
		for _, it := range e.Page(ask(v, 20, noon)).Items {
			if it.Video == loved && feed.Group(v) == group {
				e.Signal(v, it.Video, feed.LongView)
			}
		}
	}
	e.Refresh()
	for g := range 8 {
		if got, want := e.Ranked(asks[g], loved), g != group; got != want {
			t.Errorf("group %d: among the best %v, want %v", g, got, want)
		}
	}
}

// People tire of a topic: where the page can be filled none comes oftener than
// its part of what there is.
func TestATopicComesNoOftenerThanItIs(t *testing.T) {
	e := market(1500, feed.Config{})
	for v := range feed.ViewerID(20) {
		list := browse(e, v, 100, nil)
		for from := 0; from+20 <= len(list); from++ {
			n := map[feed.VideoID]int{}
			for _, id := range list[from : from+20] {
				if n[id%16]++; n[id%16] > 2 { // a sixteenth of twenty, rounded up
					t.Fatalf("viewer %d: topic %d three times in %v", v, id%16, list[from:from+20])
				}
			}
		}
	}
	one := feed.NewEngine(feed.Config{})
	for i := range 60 {
		v := video(i)
		v.Topic, v.Line = 1, 1
		one.Restore(feed.Stored{ID: feed.VideoID(i), Video: v, Credit: 100})
	}
	if p := one.Page(ask(1, 20, noon)); len(p.Items) != 20 {
		t.Errorf("a market of one topic fills %d of 20", len(p.Items))
	}
}

// R8: nothing is called watched long by others before somebody has.
func TestNothingIsQualityBeforeSomebodyWatchedLong(t *testing.T) {
	e := feed.NewEngine(feed.Config{})
	for i := range 100 {
		e.Restore(feed.Stored{ID: feed.VideoID(i), Video: video(i), Shows: 100, Shown: [2]int{50, 50}})
	}
	e.Refresh()
	for v := range feed.ViewerID(20) {
		for _, it := range e.Page(ask(v, 10, noon)).Items {
			if it.Reason.Kind == feed.Quality {
				t.Fatalf("%+v", it)
			}
		}
	}
}

// R3 over many viewers and sessions.
func TestAnyTwentyInARowAreBroad(t *testing.T) {
	e := market(1500, feed.Config{})
	for v := range feed.ViewerID(30) {
		list := browse(e, v, 120, nil)
		for from := 0; from+20 <= len(list); from++ {
			byLine, authors := map[int]int{}, map[feed.VideoID]bool{}
			for _, id := range list[from : from+20] {
				byLine[int(id)%lines]++
				if authors[id] {
					t.Fatalf("viewer %d: author %d twice in twenty", v, id)
				}
				authors[id] = true
			}
			for line, n := range byLine {
				if n > 5 {
					t.Fatalf("viewer %d: %d of twenty in line %d", v, n, line)
				}
			}
		}
	}
}

// R4: each video is shown to its hundred viewers before the floor lets it go.
func TestEveryVideoGetsItsFloorOfDifferentViewers(t *testing.T) {
	const videos, floor = 60, 20
	e := feed.NewEngine(feed.Config{Floor: floor})
	for i := range videos {
		if got := e.Publish(feed.Publication{ID: feed.VideoID(i), Video: video(i)}, noon); got != floor {
			t.Fatalf("video %d is owed %d", i, got)
		}
	}
	by := map[feed.VideoID]map[feed.ViewerID]bool{}
	for v := range feed.ViewerID(videos * floor / 8) {
		for _, it := range e.Page(ask(v, 10, noon)).Items {
			if by[it.Video] == nil {
				by[it.Video] = map[feed.ViewerID]bool{}
			}
			by[it.Video][v] = true
		}
	}
	for i := range videos {
		if n := len(by[feed.VideoID(i)]); n < floor {
			t.Errorf("video %d reached %d viewers", i, n)
		}
	}
	if c := e.Capacity(); c.Owed != 0 {
		t.Errorf("%d owners still wait", c.Owed)
	}
}

// R5 with the whole market against it: one account is the only one with quality.
func TestNoAccountHasMoreThanItsShareOfADay(t *testing.T) {
	e := feed.NewEngine(feed.Config{Pattern: "q", OwnerTimes: 1e9})
	for i := range 60 {
		v := video(i)
		for n := range 40 {
			s := feed.Stored{ID: feed.VideoID(i*40 + n), Video: v}
			if i == 0 {
				s.Shown, s.Long = [2]int{500, 500}, [2]int{490, 490}
			}
			e.Restore(s)
		}
	}
	e.Refresh()
	all, first := 0, 0
	for v := range feed.ViewerID(400) {
		for _, it := range e.Page(ask(v, 10, noon)).Items {
			all++
			if it.Video < 40 {
				first++
			}
		}
	}
	if share := float64(first) / float64(all); share > 0.0501 {
		t.Errorf("one account has %.3f of %d shows", share, all)
	}
}

// R6.
func TestTheListEndsAndGoesOnByADeliberateActOnly(t *testing.T) {
	e := market(800, feed.Config{})
	shown := 0
	for p := (feed.Page{}); !p.End; {
		p = e.Page(ask(1, 7, noon))
		if shown += len(p.Items); shown != p.Shown || p.Of != 30 {
			t.Fatalf("%d shown, page says %d of %d", shown, p.Shown, p.Of)
		}
	}
	if shown != 30 {
		t.Errorf("ended after %d", shown)
	}
	if p := e.Page(ask(1, 10, noon.Add(time.Minute))); len(p.Items) != 0 || !p.End {
		t.Error("goes on by itself")
	}
	more := ask(1, 20, noon.Add(2*time.Minute))
	more.More = true
	sessions := 0
	for ; len(e.Page(more).Items) > 0 && sessions < 10; sessions++ {
		e.Page(ask(1, 20, more.Now))
	}
	if sessions != 3 {
		t.Errorf("%d sessions by request, want 3", sessions)
	}
	if p := e.Page(ask(1, 10, more.Now.Add(time.Hour))); len(p.Items) != 10 {
		t.Error("does not start anew after a rest")
	}
}

// R10.
func TestWhatIsMutedDoesNotComeBack(t *testing.T) {
	e := market(400, feed.Config{})
	e.Signal(1, 17, feed.NotInterested)
	e.Signal(1, 18, feed.MuteCreator)
	e.Signal(1, 5, feed.MuteTopic)
	for _, id := range browse(e, 1, 150, nil) {
		if id == 17 || id == 18 || int(id)%16 == 5 {
			t.Fatalf("video %d comes back", id)
		}
	}
}

func TestNobodyIsShownTheirOwnVideos(t *testing.T) {
	e := market(25, feed.Config{})
	a := ask(1, 20, noon)
	a.Own = 7
	for _, it := range e.Page(a).Items {
		if it.Video == 7 {
			t.Fatal("shown the own video")
		}
	}
}

func TestAVideoAViewerCannotBeShownDoesNotBlockTheWheel(t *testing.T) {
	e := market(100, feed.Config{Pattern: "f"})
	muted := e.Page(ask(1, 10, noon)).Items
	for _, it := range muted {
		e.Signal(2, it.Video, feed.MuteCreator)
	}
	for at := noon; ; at = at.Add(time.Hour) { // walk the wheel to where the muted stand first
		p := e.Page(ask(3, 10, at))
		if p.Items[len(p.Items)-1].Video >= 90 {
			break
		}
	}
	if p := e.Page(ask(2, 10, noon)); len(p.Items) != 10 {
		t.Fatalf("%d items behind a muted head", len(p.Items))
	}
	first := e.Page(ask(4, 10, noon)).Items
	for _, it := range muted { // passed over for one, first for the next
		if !slices.ContainsFunc(first, func(x feed.Item) bool { return x.Video == it.Video }) {
			t.Errorf("video %d lost its place", it.Video)
		}
	}
}
