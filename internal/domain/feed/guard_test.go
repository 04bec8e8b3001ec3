package feed_test

import (
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
)

// Ten accounts known to be one have one turn.
func TestAccountsKnownToBeOneHaveOneTurn(t *testing.T) {
	e := feed.NewEngine(feed.Config{Pattern: "t"})
	for i := range 100 {
		v := video(i)
		if i < 10 {
			v.Owner = 0
		}
		e.Restore(feed.Stored{ID: feed.VideoID(i), Video: v})
	}
	all, theirs := 0, 0
	for v := range feed.ViewerID(500) {
		for _, it := range e.Page(ask(v, 10, noon)).Items {
			all++
			if it.Video < 10 {
				theirs++
			}
		}
	}
	if share := float64(theirs) / float64(all); share > 1.2/91 {
		t.Errorf("ten accounts of one have %.4f of the shows, a turn is %.4f", share, 1./91)
	}
}

func TestUploadsBeyondTheQuotaAreOwedNothing(t *testing.T) {
	e := feed.NewEngine(feed.Config{})
	owed := func(id int, at time.Time) int {
		return e.Publish(feed.Publication{ID: feed.VideoID(id), Video: feed.Video{}}, at)
	}
	if a, b, c := owed(0, noon), owed(1, noon), owed(2, noon.Add(24*time.Hour)); a != 100 || b != 0 || c != 100 {
		t.Errorf("owed %d, %d on the first day and %d on the second", a, b, c)
	}
}

func TestAVideoBeyondTheQuotaIsOwedTheFloorThatItsOwnerDoesNotUse(t *testing.T) {
	granted := map[feed.VideoID]uint32{}
	e := feed.NewEngine(feed.Config{}, feed.WithLog(func(x feed.Entry) {
		if x.What == feed.Published || x.What == feed.Owed {
			granted[x.Video] += x.N
		}
	}))
	publish := func(id int, day int) {
		e.Publish(feed.Publication{ID: feed.VideoID(id), Video: feed.Video{}}, noon.Add(time.Duration(day)*24*time.Hour))
	}
	publish(0, 0)
	publish(1, 0)
	publish(2, 1)
	if granted[1] != 0 {
		t.Errorf("owed %d while the owner used every day's floor", granted[1])
	}
	publish(3, 3) // nothing on the second day
	if granted[1] != 100 || granted[3] != 100 {
		t.Errorf("owed %d after a day without a video, and the new one %d", granted[1], granted[3])
	}
}

func TestACopyInheritsTheSpentCredit(t *testing.T) {
	e := market(30, feed.Config{Floor: 100})
	original := feed.VideoID(3)
	for v := range feed.ViewerID(60) {
		e.Page(ask(v, 20, noon))
	}
	got := e.Publish(feed.Publication{ID: 30, Video: video(30), CopyOf: &original}, noon)
	if got < 50 || got > 70 {
		t.Errorf("a copy of a video with some 40 shows is owed %d", got)
	}
	if again := e.Publish(feed.Publication{ID: 31, Video: video(31), CopyOf: &original}, noon); again != 0 {
		t.Errorf("a second copy is owed %d", again)
	}
}

func TestReportsOfThoseWhoSawItFreezeEarly(t *testing.T) {
	e := market(25, feed.Config{})
	for v := range feed.ViewerID(100) { // never shown anything
		e.Signal(v+1000, 4, feed.Report)
	}
	shown := 0
	for v := range feed.ViewerID(100) {
		p := e.Page(ask(v, 20, noon))
		for _, it := range p.Items {
			if it.Video == 4 {
				shown++
				for range 5 { // one voice a viewer
					e.Signal(v, 4, feed.Report)
				}
			}
		}
	}
	if shown < 30 || shown > 31 {
		t.Errorf("frozen after %d shows, want 30", shown)
	}
	e.Thaw(4)
	back := false
	for v := range feed.ViewerID(10) {
		for _, it := range e.Page(ask(v+200, 20, noon)).Items {
			back = back || it.Video == 4
		}
	}
	if !back {
		t.Error("does not come back once someone has looked")
	}
}

func TestALongViewCountsOnceAndOnlyWhereShown(t *testing.T) {
	counted := 0
	e := market(25, feed.Config{Pattern: "f"}, feed.WithLog(func(x feed.Entry) {
		if x.What == feed.WatchedLong {
			counted++
		}
	}))
	e.Signal(1, 3, feed.LongView)
	for _, it := range e.Page(ask(1, 5, noon)).Items {
		e.Signal(1, it.Video, feed.LongView)
		e.Signal(1, it.Video, feed.LongView)
	}
	if counted != 5 {
		t.Errorf("%d long views counted of 5 shows", counted)
	}
}

// A floor nobody can pay falls for all alike, and the operator sees it.
func TestTheFloorFallsForAllWhenShowsDoNotSuffice(t *testing.T) {
	e := feed.NewEngine(feed.Config{Floor: 100})
	for i := range 100 {
		e.Publish(feed.Publication{ID: feed.VideoID(i), Video: video(i)}, noon)
	}
	for v := range feed.ViewerID(200) {
		e.Page(ask(v, 20, noon)) // 4,000 shows for 100 uploads
	}
	tomorrow := noon.Add(24 * time.Hour)
	a := e.Publish(feed.Publication{ID: 100, Video: video(100)}, tomorrow)
	b := e.Publish(feed.Publication{ID: 101, Video: video(101)}, tomorrow)
	c := e.Capacity()
	if a != 24 || b != 24 || c.InForce != 24 || c.Floor != 100 || c.Shows != 4000 || c.Uploads != 100 {
		t.Errorf("owed %d and %d, capacity %+v", a, b, c)
	}
	later := tomorrow.Add(48 * time.Hour) // of the day before nothing is known, as after a restart
	if n := e.Publish(feed.Publication{ID: 102, Video: video(102)}, later); n != 100 {
		t.Errorf("owed %d after a day on which nobody came", n)
	}
}
