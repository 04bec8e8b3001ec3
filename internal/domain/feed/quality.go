package feed

import (
	"math"
	"slices"
)

// Quality is learned crosswise. Viewers fall into two halves by their number,
// and what one half watches long orders what the other half is shown. So no
// signal of a viewer, and no number of signals, moves the viewer's own list,
// not even through the figures of everybody.

// half returns the half a viewer belongs to.
func half(p ViewerID) int {
	h := uint32(p) * 0x9e3779b1
	return int(h >> 31)
}

// rate is what one half did with a video the wheel showed it.
type rate struct{ shown, long uint32 }

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
	const strength = 10
	return (float64(r.long) + mean*strength) / (float64(r.shown) + strength)
}

type scored struct {
	video VideoID
	score float64
}

// Refresh orders the best videos for each half anew, one of each owner; what
// nobody has watched long is not among them, however few videos there are. It is
// called every minute; pages are answered in the meantime.
func (e *Engine) Refresh() {
	for h := range 2 {
		var all, placed []scored
		mean := e.mean(1 - h)
		const chunk = 1 << 14
		for from := 0; ; from += chunk {
			e.mu.Lock()
			end := min(from+chunk, len(e.videos))
			for i := from; i < end; i++ {
				v := &e.videos[i]
				if v.state != live {
					continue
				}
				if v.rates[1-h].long > 0 {
					all = append(all, scored{VideoID(i), v.rates[1-h].lower(mean, e.cfg.Prior)})
				}
				if !v.waits {
					placed = append(placed, scored{VideoID(i), v.rates[1-h].hopeful(mean)})
				}
			}
			done := end == len(e.videos)
			e.mu.Unlock()
			if done {
				break
			}
		}
		best, least := e.top(all)
		e.setBest(h, best, bar{mean, least})
		e.setTiers(h, placed)
	}
}

// mean is the long-view rate of everything shown to a half.
func (e *Engine) mean(h int) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return (float64(e.total[h].long) + 1) / (float64(e.total[h].shown) + 4)
}

// bar is what a video needs to be among the better part for a half.
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

// setTiers places videos in the classes of a half by their rates.
func (e *Engine) setTiers(h int, all []scored) {
	sortBest(all)
	const chunk = 1 << 14
	for from := 0; from < len(all); from += chunk {
		e.mu.Lock()
		for i := from; i < min(from+chunk, len(all)); i++ {
			if v := all[i].video; e.videos[v].state == live {
				e.tiers[h].put(v, int8(tierCount-1-i*tierCount/len(all)))
			}
		}
		e.mu.Unlock()
	}
}

// setBest replaces the quality wheel of a half. Who stayed keeps the place.
func (e *Engine) setBest(h int, best []VideoID, least bar) {
	e.mu.Lock()
	defer e.mu.Unlock()
	rank := make(map[int32]uint32, len(best))
	for i, v := range best {
		rank[int32(v)] = uint32(i + 1)
	}
	var gone []int32
	w := e.best[h]
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
	e.rank[h], e.bar[h] = rank, least
}
