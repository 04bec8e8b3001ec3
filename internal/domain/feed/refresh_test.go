package feed

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// crowded is an engine with many videos of a few owners, watched at random.
func crowded(videos, owners int) *Engine {
	e := NewEngine(Config{})
	r := rand.New(rand.NewPCG(4, 4))
	for i := range videos {
		s := Stored{ID: VideoID(i), Video: Video{Creator: CreatorID(i % owners), Owner: OwnerID(i % owners), Topic: uint16(i % 50), Line: uint16(i % 7)}, Credit: 10}
		for h := range 2 {
			s.Shown[h] = r.IntN(400)
			s.Long[h] = r.IntN(s.Shown[h] + 1)
		}
		e.Restore(s)
	}
	return e
}

// The order without sorting is the order by sorting.
func TestTheBestAreThoseThatASortFinds(t *testing.T) {
	e := crowded(3000, 700)
	for range 2 { // anew, and once more over what is there
		e.Refresh()
		for g := range groups {
			mean := e.mean(g)
			var all, placed []scored
			for id := range e.videos {
				r := e.videos[id].rates.others(g)
				all = append(all, scored{VideoID(id), r.lower(mean, e.cfg.Prior)})
				placed = append(placed, scored{VideoID(id), r.hopeful(mean)})
			}
			better := func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.video, b.video)) }
			slices.SortFunc(all, better)
			n, taken := 75, map[OwnerID]bool{}
			for _, x := range all {
				o := e.videos[x.video].Owner
				if taken[o] || len(taken) == n {
					continue
				}
				taken[o] = true
				if got := e.rank[g][int32(x.video)]; int(got) != len(taken) || !e.best[g].has(int32(x.video)) {
					t.Fatalf("group %d: video %d is %d, want %d", g, x.video, got, len(taken))
				}
			}
			if len(e.rank[g]) != n || e.best[g].wheel.n != n {
				t.Errorf("group %d: %d and %d are the best, want %d", g, len(e.rank[g]), e.best[g].wheel.n, n)
			}
			if least := all[900].score; e.bar[g].lower > least || e.bar[g].lower < least-1./(1<<14) {
				t.Errorf("group %d: the better part begins at %f, want %f", g, e.bar[g].lower, least)
			}
			slices.SortFunc(placed, better)
			for i, x := range placed {
				near := func(at int) bool { // in the class, or as good as who is
					return at < 0 || at >= len(placed) || placed[at].score-x.score < 1./(1<<14) && x.score-placed[at].score < 1./(1<<14)
				}
				class := int(e.tiers[g].class[x.video])
				if want := tierCount - 1 - i*tierCount/len(placed); class != want && !near((tierCount-want)*len(placed)/tierCount) && !near((tierCount-1-want)*len(placed)/tierCount-1) {
					t.Fatalf("group %d: the %dth is in class %d, want %d", g, i, class, want)
				}
			}
		}
	}
}

// People go on looking while the order is made, and videos come and go.
func TestPagesAreAnsweredWhileTheOrderIsMade(t *testing.T) {
	e := crowded(20_000, 3000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			e.Refresh()
		}
	}()
	now, n := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 0
	for busy := true; busy || n < 100; n++ {
		select {
		case <-done:
			busy = false
		default:
		}
		viewer := ViewerID(n % 500)
		p := e.Page(Ask{Viewer: viewer, Own: -1, N: 10, Now: now, More: true})
		for _, it := range p.Items {
			if it.Reason.Kind == Quality && it.Reason.Key == 0 {
				t.Fatalf("%+v has no place in the order", it)
			}
			e.Signal(viewer, it.Video, LongView)
		}
		e.Remove(VideoID(n % 20_000))
		e.Publish(Publication{ID: VideoID(20_000 + n), Video: Video{Owner: OwnerID(n % 3000), Creator: CreatorID(n % 3000)}}, now)
		now = now.Add(time.Second)
	}
	e.Refresh()
	for g := range groups {
		for id := range e.videos {
			if on := e.videos[id].state == live; !on && (e.best[g].has(int32(id)) || e.tiers[g].has(VideoID(id))) {
				t.Fatalf("group %d: video %d is gone and has turns", g, id)
			}
		}
	}
}
