package order_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

var kiel = &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}

// jar adds something that is sold by the piece and returns its variant.
func (w *world) jar(name string, minor int64) string {
	w.t.Helper()
	p, err := w.goods.Create(context.Background(), w.shop, catalog.Form{Title: text.Both(name, ""), Measure: catalog.Piece, State: catalog.Live, Fields: w.product.Fields,
		SKUs: []catalog.SKUForm{{PriceMinor: minor}}})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.stock.Record(context.Background(), w.shop.ID, stock.Move{Key: fmt.Sprint("land", w.keys.Add(1)), SKU: p.SKUs[0].ID, Add: 1000, Reason: stock.Landed}); err != nil {
		w.t.Fatal(err)
	}
	return p.SKUs[0].ID
}

func (w *world) promote(kind promo.PromotionKind, r promo.Rule) promo.Promotion {
	w.t.Helper()
	p, err := w.promos.Promote(context.Background(), w.shop, promo.Promotion{Kind: kind, Rule: r, EndsAt: w.now().Add(24 * time.Hour)})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) counted(id string) promo.Counted {
	w.t.Helper()
	all, err := w.promos.Promotions(context.Background(), w.shop.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range all {
		if p.ID == id {
			return p
		}
	}
	w.t.Fatalf("no promotion %s", id)
	return promo.Counted{}
}

func (w *world) placeOffer(o order.Offer, buyer int, pay string) order.Order {
	w.t.Helper()
	made, err := w.orders.Place(context.Background(), w.wish(o, buyer, pay))
	if err != nil {
		w.t.Fatal(err)
	}
	if pay == "test" {
		w.goToPay(made)
	}
	return made
}

func TestEveryKindOfPromotionIsFrozenInTheOffer(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		bread, butter, salt := w.jar("Bread", 500), w.jar("Butter", 333), w.jar("Salt", 300)
		w.promote(promo.Reduction, promo.Rule{Steps: []promo.Step{{From: 2000, Off: 200}}})
		w.promote(promo.Bundle, promo.Rule{Price: 700, Goods: []promo.Together{{SKU: bread, Units: 1}, {SKU: butter, Units: 1}}})
		w.promote(promo.AddOn, promo.Rule{From: 1000, Price: 100, Goods: []promo.Together{{SKU: salt, Units: 1}}})
		w.promote(promo.Freight, promo.Rule{From: 3000})
		w.claim(1, w.coupons(promo.Template{Kind: promo.Percent, Off: 10, Threshold: 3500}))
		items := []order.Item{{SKU: w.sku(), Quantity: 2000}, {SKU: bread, Quantity: 1}, {SKU: butter, Quantity: 1}, {SKU: salt, Quantity: 1}}

		o := w.offerTo(1, order.Ask{Items: items, Kind: order.ByParcel, Address: kiel})
		kinds := map[string]int64{}
		for _, off := range o.Discounts {
			kinds[off.Kind] = off.Off.Minor
			if off.Name["en"] == "" || off.Name["zh"] == "" {
				t.Errorf("%s has no words: %v", off.Kind, off.Name)
			}
		}
		// 25.00 + 5.00 + 3.33 + 3.00 = 36.33 as shown: the coupon's threshold counts
		// that, its tenth is of the 30.00 which remain.
		want := map[string]int64{"bundle": 133, "addon": 200, "reduction": 200, "coupon": 310, "freight": 490}
		if fmt.Sprint(kinds) != fmt.Sprint(want) || o.Freight.Minor != 0 || o.Goods.Minor != 2790 || o.Total.Minor != 2790 || o.Ways[len(o.Ways)-1].Price.Minor != 0 {
			t.Fatalf("%v of %d, freight %d, want %v", kinds, o.Total.Minor, o.Freight.Minor, want)
		}
		if p := w.offerTo(1, order.Ask{Items: items, Kind: order.ByPickup}); p.Discounts[len(p.Discounts)-1].Kind != order.CouponOff || p.Ways[len(p.Ways)-1].Price.Minor != 0 {
			t.Errorf("collected: %+v, by parcel for %v", p.Discounts, p.Ways[len(p.Ways)-1].Price)
		}
		made := w.placeOffer(o, 1, "test")
		w.sound()
		if err := w.bankSays("e1", made, true); err != nil {
			t.Fatal(err)
		}
		for _, p := range []promo.PromotionKind{promo.Reduction, promo.Bundle, promo.AddOn, promo.Freight} {
			all, _ := w.promos.Promotions(context.Background(), w.shop.ID)
			for _, c := range all {
				if c.Kind == p && (c.Uses != 1 || c.Given != want[string(p)]) {
					t.Errorf("%s: %d uses, %d given", p, c.Uses, c.Given)
				}
			}
		}
		if _, err := w.orders.Cancel(context.Background(), made.ID, order.BySeller, w.shop.ID, ""); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		all, _ := w.promos.Promotions(context.Background(), w.shop.ID)
		for _, c := range all {
			if c.Uses != 0 || c.Given != 0 {
				t.Errorf("cancelled, and %s counts %d", c.Kind, c.Given)
			}
		}
		w.sound()
	})
}

func TestAnOfferKeepsAPromotionThatHasEnded(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		p := w.promote(promo.Reduction, promo.Rule{Steps: []promo.Step{{From: 1000, Off: 300}}})
		o := w.offerTo(1, order.Ask{})
		if o.Total.Minor != 950 {
			t.Fatalf("%d", o.Total.Minor)
		}
		if _, err := w.promos.End(context.Background(), w.shop.ID, p.ID); err != nil {
			t.Fatal(err)
		}
		if again := w.offerTo(1, order.Ask{}); again.Total.Minor != 1250 || len(again.Discounts) != 0 {
			t.Errorf("over, and an offer is %d", again.Total.Minor)
		}
		w.pass(order.QuoteFor - time.Second)
		made := w.placeOffer(o, 1, "test")
		if got := w.get(made); got.Total().Minor != 950 || got.Lines[0].Off != 300 || got.Quote.Discounts[0].ID != p.ID {
			t.Errorf("placed: %+v", got.Quote.Discounts)
		}
		w.sound()
		w.pass(order.PayWithin + time.Second)
		if n, err := w.orders.Sweep(context.Background()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if c := w.counted(p.ID); c.Uses != 0 {
			t.Errorf("expired, and counts %d", c.Uses)
		}
		w.sound()
		// The money comes late; the buyer gets what they were offered.
		if err := w.bankSays("late", made, true); err != nil {
			t.Fatal(err)
		}
		if got := w.get(made); got.State != order.Placed || w.counted(p.ID).Given != 300 {
			t.Errorf("late: %s, %d given", got.State, w.counted(p.ID).Given)
		}
		w.sound()
	})
}

func TestAPauseIsForNewOffers(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		p := w.promote(promo.Reduction, promo.Rule{Percent: true, Steps: []promo.Step{{From: 1000, Off: 10}}})
		for _, paused := range []bool{true, false} {
			if _, err := w.promos.Pause(ctx, w.shop.ID, p.ID, paused); err != nil {
				t.Fatal(err)
			}
			if o := w.offerTo(1, order.Ask{}); (o.Total.Minor == 1250) != paused {
				t.Errorf("paused %t: %d", paused, o.Total.Minor)
			}
		}
		if _, err := w.promos.Pause(ctx, "shp_other", p.ID, true); !errors.Is(err, promo.ErrNoPromotion) {
			t.Errorf("another shop: %v", err)
		}
		w.pass(25 * time.Hour)
		if o := w.offerTo(1, order.Ask{}); o.Total.Minor != 1250 {
			t.Errorf("its time is over: %d", o.Total.Minor)
		}
		if _, err := w.promos.Pause(ctx, w.shop.ID, p.ID, false); !errors.Is(err, promo.ErrPromotionOver) {
			t.Errorf("over: %v", err)
		}
	})
}

func TestAFlashPriceTakesNoPromotion(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		w.promote(promo.Reduction, promo.Rule{Steps: []promo.Step{{From: 500, Off: 300}}})
		if _, err := w.promos.StartFlash(context.Background(), w.shop.ID, "shw_live", promo.FlashWish{SKU: w.sku(), Price: 1000, Quantity: 10_000, Lasts: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if o := w.offerTo(1, order.Ask{Show: "shw_live"}); o.Total.Minor != 1000 || len(o.Discounts) != 0 {
			t.Errorf("flash: %d, %+v", o.Total.Minor, o.Discounts)
		}
	})
}

// Units and parts of the price go back in any order and any steps; in the end
// exactly what was paid is gone, and what a promotion asked for is not asked again.
func TestRefundsInAnyOrderGiveBackWhatWasPaid(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		bread, butter := w.jar("Bread", 507), w.jar("Butter", 333)
		w.promote(promo.Reduction, promo.Rule{Steps: []promo.Step{{From: 1000, Off: 211}, {From: 4000, Off: 1013}}})
		w.promote(promo.Bundle, promo.Rule{Price: 700, Goods: []promo.Together{{SKU: bread, Units: 1}, {SKU: butter, Units: 2}}})
		w.promote(promo.Freight, promo.Rule{From: 2500})
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			items := []order.Item{{SKU: w.sku(), Quantity: 100 * rapid.Int64Range(1, 4).Draw(rt, "grams")},
				{SKU: bread, Quantity: rapid.Int64Range(1, 5).Draw(rt, "bread")}, {SKU: butter, Quantity: rapid.Int64Range(1, 5).Draw(rt, "butter")}}
			o := w.offerTo(1, order.Ask{Items: items, Kind: order.ByParcel, Address: kiel})
			made := w.placeOffer(o, 1, "test")
			if err := w.bankSays(fmt.Sprint("e", n), made, true); err != nil {
				rt.Fatal(err)
			}
			back := int64(0)
			for step := 0; back < o.Total.Minor; step++ {
				err := d.InTx(context.Background(), func(tx *db.Tx) error {
					locked, err := order.Lock(context.Background(), tx, made.ID)
					if err != nil {
						return err
					}
					rests, err := order.RestsOf(context.Background(), tx, locked)
					if err != nil {
						return err
					}
					part := order.Part{Position: rapid.IntRange(order.Freight, 2).Draw(rt, "position")}
					switch {
					case part.Position == order.Freight:
						part.Minor = rests.Freight.Minor()
					case rapid.Bool().Draw(rt, "price"):
						part.Minor = rests.Lines[part.Position].Minor()
					default:
						part.Quantity = min(rests.Lines[part.Position].Units(), rapid.Int64Range(1, 200).Draw(rt, "units"))
						part.Minor = rests.Lines[part.Position].Share(part.Quantity)
					}
					if part.Minor == 0 {
						return nil
					}
					back += part.Minor
					return w.orders.GiveBack(context.Background(), tx, &locked, fmt.Sprintf("back%d.%d", n, step), order.BySeller, []order.Part{part})
				})
				if err != nil {
					rt.Fatal(err)
				}
			}
			if back != o.Total.Minor {
				rt.Fatalf("%d back of %d", back, o.Total.Minor)
			}
			w.runJobs()
		})
		w.sound()
	})
}
