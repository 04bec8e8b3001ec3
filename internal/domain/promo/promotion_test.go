package promo_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
)

func (w *world) opens(name string) shop.Shop {
	w.t.Helper()
	sh, err := shop.New(w.d, w.Now).Open(context.Background(), "per_"+name, shop.Draft{Name: text.Both(name, ""), Pack: "other", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		w.t.Fatal(err)
	}
	return sh
}

// sells adds something to a shop's goods and returns its variant.
func (w *world) sells(sh shop.Shop, name string, m catalog.Measure) catalog.SKU {
	w.t.Helper()
	p, err := w.Catalog.Create(context.Background(), sh, catalog.Form{Title: text.Both(name, ""), Measure: m, State: catalog.Live, SKUs: []catalog.SKUForm{{PriceMinor: 500}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return p.SKUs[0]
}

func TestAPromotionHasNumbersThatMakeSense(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stall, other := w.opens("Bakery"), w.opens("Mill")
		bread, butter, fish, theirs := w.sells(stall, "Bread", catalog.Piece).ID, w.sells(stall, "Butter", catalog.Piece).ID, w.sells(stall, "Fish", catalog.Weight).ID, w.sells(other, "Salt", catalog.Piece)
		set := func(skus ...string) (out []promo.Together) {
			for _, k := range skus {
				out = append(out, promo.Together{SKU: k, Units: 1})
			}
			return out
		}
		steps := func(s ...promo.Step) promo.Rule { return promo.Rule{Steps: s} }
		for _, tt := range []struct {
			name string
			kind promo.PromotionKind
			rule promo.Rule
			want error
		}{
			{"no steps", promo.Reduction, promo.Rule{}, promo.ErrPromotion},
			{"more off than spent", promo.Reduction, steps(promo.Step{From: 100, Off: 101}), promo.ErrPromotion},
			{"more than all of it", promo.Reduction, promo.Rule{Percent: true, Steps: []promo.Step{{From: 100, Off: 101}}}, promo.ErrPromotion},
			{"a higher step that gives less", promo.Reduction, steps(promo.Step{From: 100, Off: 10}, promo.Step{From: 200, Off: 10}), promo.ErrPromotion},
			{"steps that go down", promo.Reduction, steps(promo.Step{From: 200, Off: 10}, promo.Step{From: 100, Off: 20}), promo.ErrPromotion},
			{"somebody else's goods", promo.Reduction, promo.Rule{Products: []string{theirs.Product}, Steps: []promo.Step{{From: 100, Off: 10}}}, promo.ErrProducts},
			{"one piece is no bundle", promo.Bundle, promo.Rule{Price: 100, Goods: set(bread)}, promo.ErrPromotion},
			{"named twice", promo.Bundle, promo.Rule{Price: 100, Goods: set(bread, bread)}, promo.ErrPromotion},
			{"a bundle of what is weighed", promo.Bundle, promo.Rule{Price: 100, Goods: set(bread, fish)}, promo.ErrPromotion},
			{"a bundle with another shop's", promo.Bundle, promo.Rule{Price: 100, Goods: set(bread, theirs.ID)}, promo.ErrPromotion},
			{"an add-on to nothing", promo.AddOn, promo.Rule{Price: 100, Goods: set(bread)}, promo.ErrPromotion},
			{"free freight from nothing", promo.Freight, promo.Rule{}, promo.ErrPromotion},
			{"a kind that is none", "gift", promo.Rule{From: 1}, promo.ErrPromotion},
			{"a bundle", promo.Bundle, promo.Rule{Price: 100, Goods: set(bread, butter)}, nil},
			{"a variant of it elsewhere", promo.AddOn, promo.Rule{From: 100, Price: 100, Goods: set(butter)}, promo.ErrOtherPrice},
		} {
			p, err := w.Promote(context.Background(), stall, promo.Promotion{Kind: tt.kind, Rule: tt.rule, EndsAt: now.Add(time.Hour)})
			if !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
			if err == nil && p.Words()["en"] != "Bread + Butter together for €1.00" {
				t.Errorf("words %q", p.Words()["en"])
			}
		}
		all, err := w.Promotions(context.Background(), stall.ID)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d kept, %v", len(all), err)
		}
		// Its end frees what it had, early or not.
		if _, err := w.End(context.Background(), stall.ID, all[0].ID); err != nil {
			t.Fatal(err)
		}
		again := promo.Promotion{Kind: promo.AddOn, Rule: promo.Rule{From: 100, Price: 100, Goods: set(butter)}, EndsAt: now.Add(time.Hour)}
		if _, err := w.Promote(context.Background(), stall, again); err != nil {
			t.Errorf("ended, and still %v", err)
		}
		w.at = now.Add(time.Hour)
		again.EndsAt = now.Add(2 * time.Hour)
		if _, err := w.Promote(context.Background(), stall, again); err != nil {
			t.Errorf("over, and still %v", err)
		}
	})
}

func TestAPromotionOfGoodsThatAreNotSoldRests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		stall := w.opens("Bakery")
		bread, butter := w.sells(stall, "Bread", catalog.Piece), w.sells(stall, "Butter", catalog.Piece)
		_, err := w.Promote(ctx, stall, promo.Promotion{Kind: promo.Bundle, Rule: promo.Rule{Price: 900, Goods: []promo.Together{{SKU: bread.ID, Units: 1}, {SKU: butter.ID, Units: 1}}}, EndsAt: now.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		hints := func() int {
			o, err := w.Against(ctx, stall.ID, []promo.Want{{SKU: bread.ID, Quantity: 1}, {SKU: "sku_none", Quantity: 1}})
			if err != nil {
				t.Fatal(err)
			}
			return len(o.Next)
		}
		if hints() != 1 {
			t.Error("nothing is said of the butter")
		}
		if err := w.Catalog.Hide(ctx, stall.ID, butter.Product); err != nil {
			t.Fatal(err)
		}
		w.at = w.at.Add(2 * time.Second)
		if running, err := w.Running(ctx, stall.ID); err != nil || len(running) != 0 || hints() != 0 {
			t.Errorf("%d running with hidden goods, %d hints, %v", len(running), hints(), err)
		}
	})
}

func TestAShopHasTwentyPromotionsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stall := w.opens("Bakery")
		p := promo.Promotion{Kind: promo.Freight, Rule: promo.Rule{From: 100}, EndsAt: now.Add(time.Hour)}
		for range 20 {
			if _, err := w.Promote(context.Background(), stall, p); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Promote(context.Background(), stall, p); !errors.Is(err, promo.ErrPromotions) {
			t.Errorf("the next: %v", err)
		}
	})
}

func TestAVariantHasOnePricePromotionWhoeverAsksFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stall := w.opens("Bakery")
		bread := w.sells(stall, "Bread", catalog.Piece).ID
		var made, refused atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := w.Promote(context.Background(), stall, promo.Promotion{Kind: promo.Bundle, Rule: promo.Rule{Price: 900, Goods: []promo.Together{{SKU: bread, Units: 2}}}, EndsAt: now.Add(time.Hour)})
				switch {
				case err == nil:
					made.Add(1)
				case errors.Is(err, promo.ErrOtherPrice):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		running, err := w.Running(context.Background(), stall.ID)
		if made.Load() != 1 || refused.Load() != 11 || len(running) != 1 || err != nil {
			t.Errorf("%d made, %d refused, %d running, %v", made.Load(), refused.Load(), len(running), err)
		}
	})
}

// Twelve people of a shop announce promotions at once; there is room for five.
func TestTheLimitOfPromotionsHoldsInARace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		stall := w.opens("Bakery")
		announce := func() error {
			_, err := w.Promote(ctx, stall, promo.Promotion{Kind: promo.Reduction, EndsAt: w.Now().Add(time.Hour), Rule: promo.Rule{Steps: []promo.Step{{From: 2000, Off: 100}}}})
			return err
		}
		for range 15 {
			if err := announce(); err != nil {
				t.Fatal(err)
			}
		}
		var stand, refused atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				switch err := announce(); {
				case err == nil:
					stand.Add(1)
				case errors.Is(err, promo.ErrPromotions):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if stand.Load() != 5 || refused.Load() != 7 {
			t.Errorf("%d stand and %d were refused, want 5 and 7", stand.Load(), refused.Load())
		}
	})
}
