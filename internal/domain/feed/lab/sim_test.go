package lab

import (
	"reflect"
	"testing"

	"github.com/openstall/openstall/internal/testsupport/race"
)

func TestRanksByHand(t *testing.T) {
	near(t, "same order", spearman([]float64{1, 2, 3}, []float64{10, 20, 90}), 1)
	near(t, "reverse", spearman([]float64{1, 2, 3}, []float64{3, 2, 1}), -1)
	near(t, "ties share a rank", spearman([]float64{1, 2, 2, 4}, []float64{1, 2, 2, 4}), 1)
	i := interval([]float64{1, 2, 3})
	near(t, "mean", i.Mean, 2)
	near(t, "half width", i.Half, 4.30/1.7320508075688772)
}

func TestOneSeedMakesOneWorld(t *testing.T) {
	small := World{Users: 120, Creators: 30, Arrive: 1, Days: 5, Seed: 4}
	if race.Enabled {
		small.Users = 40
	}
	a, err := Simulate(t.Context(), small, 2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Simulate(t.Context(), small, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Error("two runs of one seed differ")
	}
	if o := a.Policies[0].Runs[0]; o.Satisfaction <= 0 || o.Satisfaction >= o.Engagement || o.Value <= 0 {
		t.Errorf("not every long view is worth it: %+v", o)
	}
	if reflect.DeepEqual(a.Policies[0].Runs[0], a.Policies[0].Runs[1]) {
		t.Error("two seeds make one world")
	}
}

func TestSybilsTakeFromPoolsAndLittleFromTurns(t *testing.T) {
	if race.Enabled {
		t.Skip("the same goroutines as in TestOneSeedMakesOneWorld; without the detector this runs in full")
	}
	r, err := Simulate(t.Context(), World{Users: 200, Creators: 50, Arrive: 2, Days: 10, Seed: 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]float64{}
	for _, p := range r.Policies {
		by[p.Name] = p.Figures["sybil_share"].Mean
	}
	if by["flat"] != 0 || by["pools+sybils"] < 0.05 || by["flat+sybils"] > by["pools+sybils"]/4 {
		t.Errorf("shows of sybils: %v", by)
	}
}
