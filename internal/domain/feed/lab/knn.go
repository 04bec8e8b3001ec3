package lab

import (
	"math"
	"slices"
)

// neighbours is an item-to-item cosine over long views, shrunk towards 0 where
// two videos share few viewers. Each video keeps its best neighbours.
type neighbours struct {
	set  *Set
	near [][]neighbour
}

type neighbour struct {
	item int32
	sim  float32
}

const (
	neighboursKept = 200
	neighbourPrior = 10 // shared viewers at which a cosine counts half
)

func newNeighbours(s *Set, pop popularity) *neighbours {
	viewers := make([][]int32, len(s.Items))
	for u, list := range s.Train {
		for _, r := range list {
			if r.Long {
				viewers[r.Item] = append(viewers[r.Item], int32(u))
			}
		}
	}
	n := &neighbours{set: s, near: make([][]neighbour, len(s.Items))}
	parallel(len(s.Items), func(i int) {
		both := map[int32]float32{}
		for _, u := range viewers[i] {
			for _, r := range s.Train[u] {
				if r.Long && int(r.Item) != i {
					both[r.Item]++
				}
			}
		}
		for j, c := range both {
			sim := c / float32(math.Sqrt(float64(pop[i]*pop[j]))) * c / (c + neighbourPrior)
			n.near[i] = append(n.near[i], neighbour{j, sim})
		}
		slices.SortFunc(n.near[i], func(a, b neighbour) int {
			if a.sim != b.sim {
				if a.sim > b.sim {
					return -1
				}
				return 1
			}
			return int(a.item - b.item)
		})
		n.near[i] = slices.Clip(n.near[i][:min(neighboursKept, len(n.near[i]))])
	})
	return n
}

func (n *neighbours) scores(user int, out []float32) {
	clear(out)
	for _, r := range n.set.Train[user] {
		if r.Long {
			for _, x := range n.near[r.Item] {
				out[x.item] += x.sim
			}
		}
	}
}
