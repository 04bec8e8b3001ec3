package feed

import (
	"cmp"
	"math"
	"runtime"
	"slices"
)

// piece is how many videos are looked at under the engine's lock at once: some
// twenty microseconds. Whoever waits for a page goes first in between.
const piece = 256

// Refresh orders the best videos for each group anew, one of each owner; what
// nobody has watched long is not among them, however few videos there are. And it
// places all videos in the classes of their group. It is called every minute;
// pages are answered in the meantime.
func (e *Engine) Refresh() {
	e.refreshing.Lock()
	defer e.refreshing.Unlock()
	for g := range groups {
		s := survey{mean: e.mean(g)}
		e.eachLive(func(id VideoID, v *held) { s.add(id, v, g, e.cfg.Prior) })
		best, least := s.best(e.room())
		e.setBest(g, best, bar{s.mean, least})
		e.setTiers(g, &s)
	}
}

// eachLive calls f for the live videos by number, piece by piece under the lock.
func (e *Engine) eachLive(f func(VideoID, *held)) {
	for from := 0; ; from += piece {
		e.mu.Lock()
		end := min(from+piece, len(e.videos))
		for i := from; i < end; i++ {
			if v := &e.videos[i]; v.state == live {
				f(VideoID(i), v)
			}
		}
		all := end == len(e.videos)
		e.mu.Unlock()
		if all {
			return
		}
		runtime.Gosched()
	}
}

// inPieces calls f for a list, piece by piece under the lock.
func inPieces[T any](e *Engine, list []T, f func(T)) {
	for part := range slices.Chunk(list, piece) {
		e.mu.Lock()
		for _, x := range part {
			f(x)
		}
		e.mu.Unlock()
		runtime.Gosched()
	}
}

// room returns how many videos are the best, and how many the better part. A
// small market needs enough of the best for people who come every day, yet the
// best must stay a choice.
func (e *Engine) room() (best, better int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := float64(e.live)
	return int(math.Ceil(max(e.cfg.Best*n, min(float64(e.cfg.BestLeast), n/5)))), int(e.cfg.Pool * n)
}

type scored struct {
	video VideoID
	score float64
}

// histogram counts scores between -1 and 1. It stands for an order of a million
// videos, which nobody has to sort.
type histogram struct {
	n  int
	at [1 << 16]int32
}

func slot(score float64) int {
	return min(max(int((score+1)*(1<<15)), 0), 1<<16-1)
}

func (h *histogram) add(score float64) {
	h.n++
	h.at[slot(score)]++
}

// nth returns the score that n others are above, less at most the width of a slot:
// below all where there are fewer.
func (h *histogram) nth(n int) float64 {
	for i := len(h.at) - 1; i > 0; i-- {
		if n -= int(h.at[i]); n < 0 {
			return float64(i)/(1<<15) - 1
		}
	}
	return math.Inf(-1)
}

// survey is what the others did with all videos, as a group may know it.
type survey struct {
	mean   float64
	firsts []scored  // the best of each owner, by number; score 0 and video 0 of none
	some   []bool    // owners who have one
	lows   histogram // of what somebody has watched long
	hopes  histogram // of what may have a turn
}

func (s *survey) add(id VideoID, v *held, g int, prior float64) {
	r := v.rates.others(g)
	if !v.waits {
		s.hopes.add(r.hopeful(s.mean))
	}
	if r.long == 0 {
		return
	}
	score := r.lower(s.mean, prior)
	s.lows.add(score)
	for int(v.Owner) >= len(s.some) {
		s.firsts, s.some = append(s.firsts, scored{}), append(s.some, false)
	}
	if o := v.Owner; !s.some[o] || score > s.firsts[o].score {
		s.firsts[o], s.some[o] = scored{id, score}, true
	}
}

// best returns up to n of the best, one of each owner, best first, and the least
// score of the better ones.
func (s *survey) best(n, better int) ([]VideoID, float64) {
	var h histogram
	for o, first := range s.firsts {
		if s.some[o] {
			h.add(first.score)
		}
	}
	least, list := h.nth(n-1), make([]scored, 0, n)
	for o, first := range s.firsts {
		if s.some[o] && first.score >= least {
			list = append(list, first)
		}
	}
	slices.SortFunc(list, politely(func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.video, b.video))
	}))
	out := make([]VideoID, 0, n)
	for _, x := range list[:min(n, len(list))] {
		out = append(out, x.video)
	}
	if s.lows.n == 0 {
		return out, 0
	}
	return out, s.lows.nth(min(better, s.lows.n-1))
}

// politely lets others go first now and then in a long sorting.
func politely[T any](compare func(a, b T) int) func(a, b T) int {
	n := 0
	return func(a, b T) int {
		if n++; n%512 == 0 {
			runtime.Gosched()
		}
		return compare(a, b)
	}
}

// setTiers places videos in the classes of a group, as many in each: the better
// their rates, and among equals the older, the higher.
func (e *Engine) setTiers(g int, s *survey) {
	above := int32(0) // videos in the slots above, then also those placed of the slot
	for i := len(s.hopes.at) - 1; i >= 0; i-- {
		n := s.hopes.at[i]
		s.hopes.at[i] = above
		above += n
	}
	e.eachLive(func(id VideoID, v *held) {
		if v.waits || s.hopes.n == 0 {
			return
		}
		at := &s.hopes.at[slot(v.rates.others(g).hopeful(s.mean))]
		e.tiers[g].put(id, int8(tierCount-1-min(int(*at), s.hopes.n-1)*tierCount/s.hopes.n))
		*at++
	})
}

// setBest replaces the quality wheel of a group. Who stayed keeps the place. What
// is on the wheel has a rank at any time.
func (e *Engine) setBest(g int, best []VideoID, least bar) {
	rank := make(map[int32]uint32, len(best))
	for i, v := range best {
		rank[int32(v)] = uint32(i + 1)
	}
	var gone []int32
	for v := range e.rank[g] {
		if rank[v] == 0 {
			gone = append(gone, v)
		}
	}
	w := e.best[g]
	inPieces(e, gone, w.remove)
	e.mu.Lock()
	e.rank[g], e.bar[g] = rank, least
	e.mu.Unlock()
	inPieces(e, best, func(v VideoID) {
		if e.videos[v].state == live {
			w.push(int32(v))
		}
	})
}
