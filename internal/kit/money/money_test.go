package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/kit/money"
)

func TestPartsAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := money.Of(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "minor"), "CNY")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 40).Draw(t, "weights")
		weights[0]++
		sum := money.Of(0, "CNY")
		var total int64
		for _, w := range weights {
			total += w
		}
		for i, part := range whole.Allocate(weights) {
			sum, _ = sum.Add(part)
			exact := new(big.Int).Mul(big.NewInt(whole.Minor), big.NewInt(weights[i]))
			exact.Quo(exact, big.NewInt(total))
			if d := part.Minor - exact.Int64(); d < -1 || d > 1 {
				t.Fatalf("part %d = %v, want about %v", i, part, exact)
			}
		}
		if sum != whole {
			t.Fatalf("parts add up to %v, want %v", sum, whole)
		}
	})
}

func TestTimesRoundsHalfUp(t *testing.T) {
	for _, tt := range []struct {
		name               string
		minor, qty, per, w int64
	}{
		{"1.2 kg at 12.50", 1250, 1200, 1000, 1500},
		{"half a cent goes up", 1, 500, 1000, 1},
		{"less than half goes down", 1, 499, 1000, 0},
		{"three pieces", 990, 3, 1, 2970},
		{"nothing", 990, 0, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := money.Of(tt.minor, "EUR").Times(tt.qty, tt.per)
			if err != nil || got.Minor != tt.w {
				t.Errorf("Times = %v, %v, want %d", got, err, tt.w)
			}
		})
	}
}

func TestOverflowIsAnError(t *testing.T) {
	if _, err := money.Of(math.MaxInt64, "EUR").Add(money.Of(1, "EUR")); err == nil {
		t.Error("max + 1 was accepted")
	}
	if _, err := money.Of(math.MinInt64, "EUR").Add(money.Of(-1, "EUR")); err == nil {
		t.Error("min - 1 was accepted")
	}
	if _, err := money.Of(math.MaxInt64, "EUR").Times(math.MaxInt64, 1); err == nil {
		t.Error("max * max was accepted")
	}
	if _, err := money.Of(1, "EUR").Add(money.Of(1, "USD")); err == nil {
		t.Error("euros and dollars were added")
	}
	if _, err := money.Of(5, "EUR").Times(-1, 1); err == nil {
		t.Error("a negative quantity was accepted")
	}
}

func TestString(t *testing.T) {
	for want, a := range map[string]money.Amount{
		"12.50 EUR": money.Of(1250, "EUR"), "-0.05 EUR": money.Of(-5, "EUR"), "1999 JPY": money.Of(1999, "JPY"), "1.005 KWD": money.Of(1005, "KWD"),
	} {
		if got := a.String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
}
