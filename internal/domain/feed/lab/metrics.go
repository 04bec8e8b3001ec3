package lab

import (
	"math"
	"slices"

	"github.com/openstall/openstall/internal/domain/feed"
)

// Result is what one policy reached. Exposure counts impressions over the whole
// catalogue; per-list figures are means over the evaluated users.
type Result struct {
	Name            string  `json:"name"`
	NDCG            float64 `json:"ndcg"`             // binary gain, log2 discount, against the best list possible
	HR              float64 `json:"hr"`               // lists with at least one positive
	Coverage        float64 `json:"coverage"`         // videos shown at least once
	CreatorCoverage float64 `json:"creator_coverage"` // creators shown at least once
	CreatorGini     float64 `json:"creator_gini"`     // of impressions over all creators of the catalogue
	FS50            float64 `json:"fs50"`             // creators with at least half of impressions/videos x own videos
	Top1            float64 `json:"top1"`             // impressions of the most shown hundredth of creators
	Entropy         float64 `json:"entropy"`          // of topics in a list, bits
	ILD             float64 `json:"ild"`              // pairs of a list with different topics
	Novelty         float64 `json:"novelty"`          // mean -log2 of a video's share of training positives, plus-one smoothed, bits
	NewShare        float64 `json:"new_share"`        // impressions of creators without training rows
	FloorFirst7     float64 `json:"floor_first_7"`    // reserved shows in positions 1 to 7; 0 where nothing is reserved
	Seconds         float64 `json:"seconds"`
}

// meter adds up lists into a Result.
type meter struct {
	set      *Set
	k        int
	lists    float64
	sum      Result
	shows    []int // by video
	info     []float64
	reserved [2]float64 // first seven positions, all
}

func newMeter(s *Set, k int) *meter {
	m := &meter{set: s, k: k, shows: make([]int, len(s.Items)), info: make([]float64, len(s.Items))}
	count, total := make([]float64, len(s.Items)), float64(len(s.Items))
	for _, list := range s.Train {
		for _, r := range list {
			if r.Long {
				count[r.Item]++
				total++
			}
		}
	}
	for i := range count {
		m.info[i] = -math.Log2((count[i] + 1) / total)
	}
	return m
}

func (m *meter) add(list, positives []int32) {
	m.lists++
	dcg, ideal := 0.0, 0.0
	for i := range min(m.k, len(positives)) {
		ideal += 1 / math.Log2(float64(i)+2)
	}
	topics := make([]int, m.set.Topics) // in order, so that sums round alike each time
	for i, v := range list {
		if slices.Contains(positives, v) {
			dcg += 1 / math.Log2(float64(i)+2)
		}
		m.shows[v]++
		topics[m.set.Items[v].Topic]++
		m.sum.Novelty += m.info[v]
		if m.set.Items[v].New {
			m.sum.NewShare++
		}
	}
	m.sum.NDCG += dcg / ideal
	if dcg > 0 {
		m.sum.HR++
	}
	n, same := float64(len(list)), 0.0
	for _, c := range topics {
		if c == 0 {
			continue
		}
		p := float64(c) / n
		m.sum.Entropy -= p * math.Log2(p)
		same += float64(c * (c - 1))
	}
	if n > 1 {
		m.sum.ILD += 1 - same/(n*(n-1))
	}
}

// reserve counts a show of the floor at a position from 0.
func (m *meter) reserve(position int) {
	m.reserved[1]++
	if position < 7 {
		m.reserved[0]++
	}
}

func (m *meter) result(name string) Result {
	r := m.sum
	r.Name = name
	creators, owned := make([]float64, m.set.Creators), make([]float64, m.set.Creators)
	total, seen := 0.0, 0.0
	for v, n := range m.shows {
		c := m.set.Items[v].Creator
		creators[c] += float64(n)
		owned[c]++
		total += float64(n)
		if n > 0 {
			seen++
		}
	}
	fair := total / float64(len(m.shows))
	for c, n := range creators {
		if n > 0 {
			r.CreatorCoverage++
		}
		if n >= fair*owned[c]/2 {
			r.FS50++
		}
	}
	r.CreatorCoverage /= float64(m.set.Creators)
	r.FS50 /= float64(m.set.Creators)
	r.Coverage = seen / float64(len(m.shows))
	r.CreatorGini = feed.Gini(creators)
	slices.SortFunc(creators, func(a, b float64) int { return int(b - a) })
	for _, n := range creators[:max(1, m.set.Creators/100)] {
		r.Top1 += n
	}
	r.Top1 /= max(total, 1)
	r.NDCG, r.HR = r.NDCG/m.lists, r.HR/m.lists
	r.Entropy, r.ILD = r.Entropy/m.lists, r.ILD/m.lists
	r.Novelty, r.NewShare = r.Novelty/max(total, 1), r.NewShare/max(total, 1)
	if m.reserved[1] > 0 {
		r.FloorFirst7 = m.reserved[0] / m.reserved[1]
	}
	return r
}
