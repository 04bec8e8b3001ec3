package tax_test

import (
	"context"
	"errors"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

func TestTaxIsRoundedHalfUp(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule tax.Rule
		sum  int64
		ppm  int64
		want int64
	}{
		{"nineteen percent of a hundred on top", tax.Added, 10000, 190_000, 1900},
		{"and as a part of it", tax.Included, 11900, 190_000, 1900},
		{"half a cent is a cent", tax.Added, 50, 10_000, 1},
		{"less is none", tax.Added, 49, 10_000, 0},
		{"seven percent of 4.90", tax.Included, 490, 70_000, 32},
		{"nothing of nothing", tax.Included, 0, 190_000, 0},
		{"who is exempt charges none", tax.Exempt, 11900, 190_000, 0},
		{"all of it", tax.Added, 7, tax.Million, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.rule.Of(tt.sum, tt.ppm); got != tt.want {
				t.Errorf("Of(%d, %d) = %d, want %d", tt.sum, tt.ppm, got, tt.want)
			}
		})
	}
}

func TestTaxIsTheNearestCent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom([]tax.Rule{tax.Included, tax.Added}).Draw(t, "rule")
		sum := rapid.Int64Range(0, 1_000_000_000_00).Draw(t, "sum")
		ppm := rapid.Int64Range(0, tax.Million).Draw(t, "ppm")
		whole := int64(tax.Million)
		if rule == tax.Included {
			whole += ppm
		}
		// floor(sum*ppm/whole + 1/2), exactly.
		want := new(big.Int).Mul(big.NewInt(sum), big.NewInt(2*ppm))
		want.Add(want, big.NewInt(whole)).Div(want, big.NewInt(2*whole))
		got := rule.Of(sum, ppm)
		if want.Int64() != got {
			t.Fatalf("%s.Of(%d, %d) = %d, want %d", rule, sum, ppm, got, want)
		}
		if got > sum || rule.Of(sum+1, ppm) < got {
			t.Fatalf("%s.Of(%d, %d) = %d is more than it is of, or than that of more", rule, sum, ppm, got)
		}
	})
}

func TestRatesHoldFromTheirDates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		taxes := tax.New(d, func() time.Time { return now })
		set := func(country, class string, ppm int64, from time.Time) error {
			_, err := taxes.Set(ctx, "per_op", tax.Rate{Country: country, Class: class, PPM: ppm, From: from})
			return err
		}
		later := now.Add(24 * time.Hour)
		for _, err := range []error{set("DE", tax.Standard, 190_000, time.Time{}), set("DE", tax.Reduced, 70_000, time.Time{}), set("DE", tax.Standard, 200_000, later),
			set("DE", "books", 50_000, later), set("DE", "books", 40_000, later)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		rate := func(country, class string, at time.Time) (string, int64, bool) {
			t.Helper()
			table, err := taxes.In(ctx, country, at)
			if err != nil {
				t.Fatal(err)
			}
			return table.Of(class)
		}
		for _, tt := range []struct {
			country, class string
			at             time.Time
			as             string
			want           int64
		}{
			{"DE", "", now, tax.Standard, 190_000}, {"DE", tax.Reduced, now, tax.Reduced, 70_000}, {"DE", tax.Zero, now, tax.Zero, 0},
			{"DE", "books", now, tax.Standard, 190_000}, {"DE", "books", later, "books", 40_000}, {"DE", "", later, tax.Standard, 200_000},
		} {
			if as, ppm, ok := rate(tt.country, tt.class, tt.at); !ok || as != tt.as || ppm != tt.want {
				t.Errorf("%s %q at %v is %s %d %t, want %s %d", tt.country, tt.class, tt.at, as, ppm, ok, tt.as, tt.want)
			}
		}
		if _, _, ok := rate("FR", tax.Zero, now); ok {
			t.Error("France is taxed without a rate")
		}
		if _, _, ok := rate("DE", "", now.Add(-time.Second)); ok {
			t.Error("a rate held before its date")
		}
		for name, err := range map[string]error{"a zero of one's own": set("DE", tax.Zero, 1, later), "no country": set("Germany", tax.Standard, 1, later),
			"more than all": set("DE", tax.Standard, tax.Million+1, later), "a loud class": set("DE", "LOUD", 1, later)} {
			if !errors.Is(err, tax.ErrRate) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := set("DE", tax.Standard, 1, now.Add(-time.Hour)); !errors.Is(err, tax.ErrPast) {
			t.Errorf("a rate of yesterday: %v", err)
		}
		if err := taxes.Drop(ctx, "DE", tax.Standard, now); !errors.Is(err, tax.ErrHolds) {
			t.Errorf("dropping what holds: %v", err)
		}
		if err := taxes.Drop(ctx, "DE", tax.Standard, later); err != nil {
			t.Error(err)
		}
		if _, ppm, _ := rate("DE", "", later); ppm != 190_000 {
			t.Errorf("what was dropped holds: %d", ppm)
		}
	}, tax.Migrations)
}
