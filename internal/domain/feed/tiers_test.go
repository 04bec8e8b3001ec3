package feed

import (
	"testing"

	"pgregory.net/rapid"
)

// turns serves n turns to whoever is next and counts them.
func turns(t *tiers, n int, owner func(VideoID) []VideoID) map[VideoID]int {
	got := map[VideoID]int{}
	for range n {
		v := t.pick(256, func(VideoID) bool { return true })
		got[v]++
		t.served(v, owner(v))
	}
	return got
}

func alone(v VideoID) []VideoID { return []VideoID{v} }

func TestEveryClassHasItsTurnsAndTheBetterHaveMore(t *testing.T) {
	s := newTiers()
	for v := range VideoID(3 * tierCount) {
		s.put(v, int8(v%tierCount))
	}
	got := turns(s, 300_000, alone)
	for c := range VideoID(tierCount) {
		a, b := got[c], got[c+tierCount]
		if a == 0 || a-b > 1 || b-a > 1 {
			t.Errorf("class %d: %d and %d turns for two equals", c, a, b)
		}
		const up = 7 // classes for twice the turns
		if c+up < tierCount && float64(got[c+up]) < 1.9*float64(a) {
			t.Errorf("class %d has %d turns, the one %d below %d", c+up, got[c+up], up, a)
		}
	}
}

func TestUploadsDoNotMultiplyTurns(t *testing.T) {
	s := newTiers()
	var many []VideoID
	for v := range VideoID(30) {
		s.put(v, 4)
		if v < 10 {
			many = append(many, v)
		}
	}
	theirs := 0
	for v, n := range turns(s, 2100, func(v VideoID) []VideoID {
		if v < 10 {
			return many
		}
		return alone(v)
	}) {
		if v < 10 {
			theirs += n
		}
	}
	if theirs < 90 || theirs > 110 { // one of 21 owners
		t.Errorf("ten videos of one owner had %d of 2,100 turns, want 100", theirs)
	}
}

func TestAClassThatWasEmptyDoesNotCatchUp(t *testing.T) {
	s := newTiers()
	s.put(0, 0)
	turns(s, 1000, alone)
	s.put(1, 3)
	if got := turns(s, 100, alone); got[0] == 0 {
		t.Errorf("turns %v", got)
	}
}

func TestTiersHoldWhatWasPut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, model := newTiers(), map[VideoID]int8{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			v := VideoID(rapid.Int32Range(0, 9).Draw(t, "v"))
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				c := int8(rapid.IntRange(0, tierCount-1).Draw(t, "class"))
				s.put(v, c)
				model[v] = c
			case 2:
				s.remove(v)
				delete(model, v)
			case 3:
				s.toEnd(v)
			}
			n := 0
			for c := range s.head {
				x := s.head[c]
				for range s.n[c] {
					if got, ok := model[VideoID(x)]; !ok || got != int8(c) {
						t.Fatalf("%d is in class %d, want %d", x, c, got)
					}
					n++
					x = s.next[x]
				}
				if s.n[c] > 0 && x != s.head[c] {
					t.Fatalf("class %d is no ring", c)
				}
			}
			if n != len(model) {
				t.Fatalf("%d videos, want %d", n, len(model))
			}
		}
	})
}
