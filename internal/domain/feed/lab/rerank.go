package lab

import (
	"math"
	"slices"
)

// The re-rankers choose k of EASE's best; similarity of two videos is 1 where
// the topic is the same and 0 otherwise.

// norm returns the candidates' scores scaled to 0..1.
func norm(sh *shared) []float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range sh.candidates {
		lo, hi = min(lo, float64(sh.ease[v])), max(hi, float64(sh.ease[v]))
	}
	rel := make([]float64, len(sh.candidates))
	for i, v := range sh.candidates {
		rel[i] = (float64(sh.ease[v]) - lo) / max(hi-lo, 1e-9)
	}
	return rel
}

// greedy adds the candidate with the highest gain k times.
func greedy(sh *shared, gain func(i int) float64, chosen func(i int)) []int32 {
	var out []int32
	taken := make([]bool, len(sh.candidates))
	for len(out) < sh.k && len(out) < len(sh.candidates) {
		at, top := -1, 0.0
		for i := range sh.candidates {
			if !taken[i] {
				if g := gain(i); at < 0 || g > top {
					at, top = i, g
				}
			}
		}
		taken[at] = true
		out = append(out, sh.candidates[at])
		chosen(at)
	}
	return out
}

// mmr is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
type mmr struct {
	set    *Set
	lambda float64
}

func (m mmr) list(_ query, sh *shared) []int32 {
	rel, used := norm(sh), map[int32]bool{}
	topic := func(i int) int32 { return m.set.Items[sh.candidates[i]].Topic }
	return greedy(sh, func(i int) float64 {
		g := m.lambda * rel[i]
		if used[topic(i)] {
			g -= 1 - m.lambda
		}
		return g
	}, func(i int) { used[topic(i)] = true })
}

// calibrated follows the topics of the user's long views (Steck, RecSys 2018).
type calibrated struct {
	set    *Set
	lambda float64
}

func (c calibrated) list(q query, sh *shared) []int32 {
	rel := norm(sh)
	want, n := make([]float64, c.set.Topics), 0.0
	for _, r := range c.set.Train[q.user] {
		if r.Long {
			want[c.set.Items[r.Item].Topic]++
			n++
		}
	}
	have, picked, sum := make([]float64, c.set.Topics), 0.0, 0.0
	topic := func(i int) int32 { return c.set.Items[sh.candidates[i]].Topic }
	distance := func(extra int32) float64 {
		d := 0.0
		for t, w := range want {
			if w > 0 {
				p, got := w/n, have[t]
				if int32(t) == extra {
					got++
				}
				d += p * math.Log2(p/(0.99*got/(picked+1)+0.01*p))
			}
		}
		return d
	}
	// The gain depends on a candidate's topic only through the distance.
	var by []float64
	return greedy(sh, func(i int) float64 {
		if by == nil {
			by = make([]float64, c.set.Topics)
			for t := range by {
				by[t] = distance(int32(t))
			}
		}
		return (1-c.lambda)*(sum+rel[i]) - c.lambda*by[topic(i)]
	}, func(i int) {
		have[topic(i)]++
		picked++
		sum += rel[i]
		by = nil
	})
}

// dpp chooses greedily the largest determinant of quality x similarity (Chen et
// al., "Fast Greedy MAP Inference", NeurIPS 2018).
type dpp struct {
	set    *Set
	weight float64 // of relevance: exp(weight x score)
}

func (d dpp) list(_ query, sh *shared) []int32 {
	rel := norm(sh)
	const alike = 0.9 // of two videos of one topic; 1 would forbid a second
	left, rows := make([]float64, len(rel)), make([][]float64, len(rel))
	for i := range left {
		left[i] = 1
	}
	topic := func(i int) int32 { return d.set.Items[sh.candidates[i]].Topic }
	taken := map[int]bool{}
	return greedy(sh, func(i int) float64 {
		return 2*d.weight*rel[i] + math.Log(max(left[i], 1e-12))
	}, func(j int) {
		taken[j] = true
		root := math.Sqrt(max(left[j], 1e-12))
		for i := range left {
			if taken[i] {
				continue
			}
			s := 0.0
			if topic(i) == topic(j) {
				s = alike
			}
			for f := range min(len(rows[i]), len(rows[j])) {
				s -= rows[i][f] * rows[j][f]
			}
			e := s / root
			for len(rows[i]) < len(taken)-1 {
				rows[i] = append(rows[i], 0)
			}
			rows[i] = append(rows[i], e)
			left[i] -= e * e
		}
	})
}

// fairRec gives every video its share of the maximin guarantee by round robin
// over users, then tops up by score (Patro et al., WWW 2020). It is a batch
// method: it knows all users before it answers the first.
type fairRec struct{ lists map[int][]int32 }

const fairRecAlpha = 0.5

func newFairRec(s *Set, m *models, qs []query, k int) *fairRec {
	f := &fairRec{lists: map[int][]int32{}}
	scores := make([][]float32, len(qs))
	parallel(len(qs), func(i int) {
		scores[i] = make([]float32, len(s.Items))
		m.ease.scores(qs[i].user, scores[i])
	})
	copies := make([]int, len(s.Items))
	left := 0
	for i := range copies {
		copies[i] = int(fairRecAlpha * float64(len(qs)*k) / float64(len(s.Items)))
		left += copies[i]
	}
	for round := 0; left > 0 && round < k; round++ {
		for i, q := range qs {
			at := -1
			for v, n := range copies {
				if n > 0 && (at < 0 || scores[i][v] > scores[i][at]) && !q.seen[int32(v)] && !slices.Contains(f.lists[q.user], int32(v)) {
					at = v
				}
			}
			if at >= 0 {
				f.lists[q.user] = append(f.lists[q.user], int32(at))
				copies[at]--
				left--
			}
		}
	}
	for i, q := range qs {
		list := f.lists[q.user]
		for _, v := range best(scores[i], q.seen, 2*k) {
			if len(list) < k && !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
		slices.SortStableFunc(list, func(a, b int32) int {
			switch x, y := scores[i][a], scores[i][b]; {
			case x > y:
				return -1
			case x < y:
				return 1
			}
			return 0
		})
		f.lists[q.user] = list
	}
	return f
}

func (f *fairRec) list(q query, _ *shared) []int32 { return f.lists[q.user] }
