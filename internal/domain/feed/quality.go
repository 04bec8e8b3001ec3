package feed

import (
	"math"
	"slices"
)

// Quality is learned crosswise. Viewers fall into eight groups by their number,
// and what the others watch long orders what a group is shown. So no signal of a
// viewer, and no number of signals, moves the viewer's own list, not even through
// the figures of everybody.
//
// Four groups make a half. Figures are stored by halves: of what is from before
// this process a group is shown what the other half did, of what came since what
// all but itself did.
const groups = 8

// group returns the group a viewer belongs to.
func group(p ViewerID) int {
	h := uint32(p) * 0x9e3779b1
	return int(h >> 29)
}

// half returns the half a viewer belongs to.
func half(p ViewerID) int { return group(p) / (groups / 2) }

// rate is what some viewers did with a video the wheel showed them.
type rate struct{ shown, long uint32 }

// evidence is what viewers did: by halves, and since the process began by groups.
type evidence struct {
	halves [2]rate
	since  [groups]rate
}

// others is what all but group g did.
func (t *evidence) others(g int) rate {
	mine := g / (groups / 2)
	r := t.halves[1-mine]
	for x := mine * groups / 2; x < (mine+1)*groups/2; x++ {
		if x != g {
			r.shown += t.since[x].shown
			r.long += t.since[x].long
		}
	}
	return r
}

func (t *evidence) show(p ViewerID) {
	t.halves[half(p)].shown++
	t.since[group(p)].shown++
}

func (t *evidence) watch(p ViewerID) {
	t.halves[half(p)].long++
	t.since[group(p)].long++
}

// lower is the posterior mean of a long-view rate less one posterior standard
// deviation: prior counts for strength shows of mean.
func (r rate) lower(mean, strength float64) float64 {
	n := float64(r.shown) + strength
	p := (float64(r.long) + mean*strength) / n
	return p - math.Sqrt(p*(1-p)/n)
}

// hopeful is the rate with which a video is placed in a class: what little has
// been seen of it counts little, and an unseen one is as good as the others.
func (r rate) hopeful(mean float64) float64 {
	const strength = 30
	return (float64(r.long) + mean*strength) / (float64(r.shown) + strength)
}

type scored struct {
	video VideoID
	score float64
}

// Refresh orders the best videos for each group anew, one of each owner; what
// nobody has watched long is not among them, however few videos there are. It is
// called every minute; pages are answered in the meantime.
func (e *Engine) Refresh() {
	for g := range groups {
		var all, placed []scored
		mean := e.mean(g)
		const chunk = 1 << 14
		for from := 0; ; from += chunk {
			e.mu.Lock()
			end := min(from+chunk, len(e.videos))
			for i := from; i < end; i++ {
				v := &e.videos[i]
				if v.state != live {
					continue
				}
				r := v.rates.others(g)
				if r.long > 0 {
					all = append(all, scored{VideoID(i), r.lower(mean, e.cfg.Prior)})
				}
				if !v.waits {
					placed = append(placed, scored{VideoID(i), r.hopeful(mean)})
				}
			}
			done := end == len(e.videos)
			e.mu.Unlock()
			if done {
				break
			}
		}
		best, least := e.top(all)
		e.setBest(g, best, bar{mean, least})
		e.setTiers(g, placed)
	}
}

// mean is the long-view rate of everything shown to the others than a group.
func (e *Engine) mean(g int) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.total.others(g)
	return (float64(all.long) + 1) / (float64(all.shown) + 4)
}

// bar is what a video needs to be among the better part for a group.
type bar struct{ mean, lower float64 }

func sortBest(all []scored) {
	slices.SortFunc(all, func(a, b scored) int {
		if a.score != b.score {
			if a.score > b.score {
				return -1
			}
			return 1
		}
		return int(a.video) - int(b.video)
	})
}

// top keeps the best, one of each owner, best first, and the least score of the
// better part.
func (e *Engine) top(all []scored) ([]VideoID, float64) {
	sortBest(all)
	e.mu.Lock()
	defer e.mu.Unlock()
	// A small market needs enough of the best for people who come every day, yet
	// the best must stay a choice.
	n := int(math.Ceil(max(e.cfg.Best*float64(e.live), min(float64(e.cfg.BestLeast), float64(e.live)/5))))
	taken := map[OwnerID]bool{}
	var best []VideoID
	for _, s := range all {
		if o := e.videos[s.video].Owner; len(best) < n && !taken[o] {
			taken[o] = true
			best = append(best, s.video)
		}
	}
	least := 0.0
	if len(all) > 0 {
		least = all[min(len(all)-1, int(e.cfg.Pool*float64(e.live)))].score
	}
	return best, least
}

// setTiers places videos in the classes of a group by their rates.
func (e *Engine) setTiers(g int, all []scored) {
	sortBest(all)
	const chunk = 1 << 14
	for from := 0; from < len(all); from += chunk {
		e.mu.Lock()
		for i := from; i < min(from+chunk, len(all)); i++ {
			if v := all[i].video; e.videos[v].state == live {
				e.tiers[g].put(v, int8(tierCount-1-i*tierCount/len(all)))
			}
		}
		e.mu.Unlock()
	}
}

// setBest replaces the quality wheel of a group. Who stayed keeps the place.
func (e *Engine) setBest(g int, best []VideoID, least bar) {
	e.mu.Lock()
	defer e.mu.Unlock()
	rank := make(map[int32]uint32, len(best))
	for i, v := range best {
		rank[int32(v)] = uint32(i + 1)
	}
	var gone []int32
	w := e.best[g]
	w.walk(w.n, func(x int32) bool {
		if rank[x] == 0 {
			gone = append(gone, x)
		}
		return false
	})
	for _, x := range gone {
		w.remove(x)
	}
	for _, v := range best {
		w.push(int32(v))
	}
	e.rank[g], e.bar[g] = rank, least
}
