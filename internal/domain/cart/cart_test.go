package cart_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/cart"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

func each(t *testing.T, f func(t *testing.T, s *cart.Service, skus []string)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
		b := bus.Open(d, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, bus.WithClock(now))
		goods := catalog.New(d, b, now)
		sh, err := shop.New(d, now).Open(ctx, "per_s", shop.Draft{Name: text.Both("Mugs", ""), Pack: "other", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		form := catalog.Form{Title: text.Both("Mug", ""), Measure: catalog.Piece, State: catalog.Live}
		for range 50 {
			form.SKUs = append(form.SKUs, catalog.SKUForm{Name: text.Both(fmt.Sprint("no. ", len(form.SKUs)), ""), PriceMinor: 900})
		}
		var skus []string
		for range 3 {
			p, err := goods.Create(ctx, sh, form)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range p.SKUs {
				skus = append(skus, k.ID)
			}
		}
		f(t, cart.New(d, goods, now), skus)
	}, bus.Migrations, shop.Migrations, catalog.Migrations, cart.Migrations)
}

func quantity(t *testing.T, s *cart.Service, sku string) int64 {
	t.Helper()
	lines, err := s.List(context.Background(), "per_1")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.SKU == sku {
			return l.Quantity
		}
	}
	return 0
}

func TestAddingAddsAndSettingSets(t *testing.T) {
	each(t, func(t *testing.T, s *cart.Service, skus []string) {
		ctx := context.Background()
		for range 2 {
			if err := s.Add(ctx, "per_1", cart.Line{SKU: skus[0], Quantity: 2, Price: 900}); err != nil {
				t.Fatal(err)
			}
		}
		if n := quantity(t, s, skus[0]); n != 4 {
			t.Errorf("added twice: %d", n)
		}
		if err := s.Set(ctx, "per_1", skus[0], 1); err != nil || quantity(t, s, skus[0]) != 1 {
			t.Errorf("set: %v", err)
		}
		if err := s.Set(ctx, "per_2", skus[0], 1); !errors.Is(err, cart.ErrEmpty) {
			t.Errorf("somebody else's: %v", err)
		}
		if err := s.Add(ctx, "per_1", cart.Line{SKU: "sku_x", Quantity: 1}); !errors.Is(err, catalog.ErrNoSKU) {
			t.Errorf("no such variant: %v", err)
		}
		if err := s.Set(ctx, "per_1", skus[0], 1<<40); !errors.Is(err, catalog.ErrQuantity) {
			t.Errorf("too many: %v", err)
		}
		for range 2 {
			if err := s.Remove(ctx, "per_1", skus[0]); err != nil || quantity(t, s, skus[0]) != 0 {
				t.Errorf("removed: %v", err)
			}
		}
	})
}

func TestMergingTwiceIsMergingOnce(t *testing.T) {
	each(t, func(t *testing.T, s *cart.Service, skus []string) {
		ctx := context.Background()
		if err := s.Add(ctx, "per_1", cart.Line{SKU: skus[0], Quantity: 5}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			err := s.Merge(ctx, "per_1", []cart.Line{{SKU: skus[0], Quantity: 3}, {SKU: skus[1], Quantity: 2}, {SKU: "sku_gone", Quantity: 1}})
			if err != nil {
				t.Fatal(err)
			}
		}
		if a, b := quantity(t, s, skus[0]), quantity(t, s, skus[1]); a != 5 || b != 2 {
			t.Errorf("merged: %d and %d", a, b)
		}
	})
}

func TestACartHasAnEnd(t *testing.T) {
	each(t, func(t *testing.T, s *cart.Service, skus []string) {
		ctx := context.Background()
		for _, sku := range skus[:cart.MaxLines] {
			if err := s.Add(ctx, "per_1", cart.Line{SKU: sku, Quantity: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Add(ctx, "per_1", cart.Line{SKU: skus[cart.MaxLines], Quantity: 1}); !errors.Is(err, cart.ErrFull) {
			t.Errorf("one more: %v", err)
		}
		var wg sync.WaitGroup // taps on one line do not fail each other
		for range 16 {
			wg.Go(func() {
				if err := s.Add(ctx, "per_1", cart.Line{SKU: skus[0], Quantity: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}
