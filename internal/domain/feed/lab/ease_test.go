package lab

import "testing"

func TestWhatWasWatchedLastCountsMost(t *testing.T) {
	e := &ease{set: &Set{Items: make([]Item, 3), Train: [][]Shown{nil, nil}}, dense: []int32{0, 1, 2}, items: []int32{0, 1, 2}, prior: make([]float32, 3)}
	e.b = matrix{{0, 0, 4}, {0, 0, 1}, {0, 0, 0}}
	e.set.Train[0] = []Shown{{Item: 1, Long: true}}
	for range lateHalf { // the first is ten long views back
		e.set.Train[0] = append(e.set.Train[0], Shown{Item: 2, Long: true})
	}
	e.set.Train[1] = []Shown{{Item: 0, Long: true}, {Item: 1, Order: 1}} // shown, not watched
	out := make([]float32, 3)
	e.lately(0, out)
	near(t, "ten long views back", float64(out[2]), 0.5)
	e.lately(1, out)
	near(t, "the last", float64(out[2]), 4)
}
