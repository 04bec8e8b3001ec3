package aftersale

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/order"
)

var states = []State{Requested, Countered, Refused, Escalated, Returning, Returned, Owed, Granted, Denied, Closed, Withdrawn}

func TestEveryStateThatWaitsHasAClockThatActs(t *testing.T) {
	for _, s := range states {
		silent := false
		for _, r := range table {
			if r.from == s && !s.Open() {
				t.Errorf("%s is an end and has the step %s", s, r.on)
			}
			silent = silent || r.from == s && r.on == Silence && r.when == nil
			if r.to == s && s.Open() && s != Owed && r.in == 0 {
				t.Errorf("%s after %s has no clock", s, r.on)
			}
			if r.to == s && !s.Open() && r.in != 0 {
				t.Errorf("%s after %s has a clock and is an end", s, r.on)
			}
		}
		if s.Open() && s != Owed && !silent {
			t.Errorf("nothing happens when %s runs out", s)
		}
	}
}

func TestEveryStepOfTheTableIsReached(t *testing.T) {
	reached := map[State]bool{Requested: true}
	for range states {
		for _, r := range table {
			if reached[r.from] {
				reached[r.to] = true
			}
		}
	}
	for _, s := range states {
		if !reached[s] {
			t.Errorf("nothing leads to %s", s)
		}
	}
}

func TestSharesNeverLoseNorMakeMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := order.Rest{Quantity: rapid.Int64Range(1, 1_000_000).Draw(t, "quantity"), Paid: rapid.Int64Range(0, 1<<50).Draw(t, "paid")}
		whole, offUntil := r, true
		for r.Units() > 0 {
			if offUntil && r.Minor() > 0 && rapid.IntRange(0, 3).Draw(t, "difference") == 0 {
				r.BackOff += rapid.Int64Range(1, r.Minor()).Draw(t, "off")
				offUntil = rapid.Bool().Draw(t, "more")
			}
			k := rapid.Int64Range(1, r.Units()).Draw(t, "k")
			share := r.Share(k)
			if share < 0 || share > r.Minor() {
				t.Fatalf("share %d of %+v", share, r)
			}
			r.Back += k
			r.BackFor += share
			if r.BackOff == 0 && r.BackFor != whole.Share(r.Back) {
				t.Fatalf("%d units in steps brought %d, at once %d", r.Back, r.BackFor, whole.Share(r.Back))
			}
		}
		if r.Minor() != 0 {
			t.Fatalf("%d are left when all units are back", r.Minor())
		}
	})
}
