package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/platform/db"
)

// coupons makes a template and lets a buyer claim it.
func (w *world) coupons(t promo.Template) promo.Template {
	w.t.Helper()
	if t.Quota == 0 {
		t.Quota = 100
	}
	t.PerBuyer = max(t.PerBuyer, 1)
	if t.EndsAt.IsZero() {
		t.EndsAt = w.now().Add(24 * time.Hour)
	}
	made, err := w.promos.Create(context.Background(), w.shop, t)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) claim(buyer int, t promo.Template) promo.Held {
	w.t.Helper()
	h, err := w.promos.Claim(context.Background(), w.buyer(buyer).ID, t.ID, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) stateOf(buyer int, coupon string) promo.State {
	w.t.Helper()
	mine, err := w.promos.Mine(context.Background(), w.buyer(buyer).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range mine {
		if h.Coupon.ID == coupon {
			return h.At(w.now())
		}
	}
	return ""
}

func (w *world) offerTo(buyer int, a order.Ask) order.Offer {
	w.t.Helper()
	a.Buyer = w.buyer(buyer).ID
	o, err := w.offer(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func TestTheBestCouponIsTakenOffAndFrozen(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		two := w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200}))
		ten := w.claim(1, w.coupons(promo.Template{Kind: promo.Percent, Off: 50, Cap: 300}))
		w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 900, Threshold: 5000}))

		o := w.offerTo(1, order.Ask{})
		if o.Total.Minor != 950 || o.Goods.Minor != 950 || o.Quote.Coupon() != ten.Coupon.ID || len(o.Coupons) != 3 || o.Coupons[2].Lack != 3750 {
			t.Fatalf("total %d, coupon %s, choices %+v", o.Total.Minor, o.Quote.Coupon(), o.Coupons)
		}
		if o := w.offerTo(1, order.Ask{Coupon: order.NoCoupon}); o.Total.Minor != 1250 || o.Quote.Coupon() != "" {
			t.Errorf("none: %d", o.Total.Minor)
		}
		if o := w.offerTo(2, order.Ask{}); o.Total.Minor != 1250 || len(o.Coupons) != 0 {
			t.Errorf("somebody else: %d", o.Total.Minor)
		}
		o = w.offerTo(1, order.Ask{Coupon: two.Coupon.ID})
		made, err := w.orders.Place(context.Background(), w.wish(o, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.goToPay(made)
		if got := w.get(made); got.Total().Minor != 1050 || got.Lines[0].Off != 200 || got.Lines[0].Total.Minor != 1050 || w.stateOf(1, two.Coupon.ID) != promo.Locked {
			t.Errorf("placed: %+v", got.Lines[0])
		}
		w.sound()
		if err := w.bankSays("e1", made, true); err != nil {
			t.Fatal(err)
		}
		if w.stateOf(1, two.Coupon.ID) != promo.Used {
			t.Errorf("paid: %s", w.stateOf(1, two.Coupon.ID))
		}
		w.sound()
		if _, err := w.orders.Cancel(context.Background(), made.ID, order.BySeller, w.shop.ID, ""); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		if w.stateOf(1, two.Coupon.ID) != promo.Claimed {
			t.Errorf("cancelled: %s", w.stateOf(1, two.Coupon.ID))
		}
		w.sound()
	})
}

// Both offers carry the coupon; each buyer of an offer learns for themselves.
func TestOneCouponIsUsedByOneOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 100)
		c := w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200}))
		parcel := order.Ask{Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}}
		const n = 64
		wishes := make([]order.Wish, n)
		for i := range wishes {
			wishes[i] = w.wish(w.offerTo(1, parcel), 1, "test")
		}
		stolen := w.wish(w.offerTo(1, parcel), 2, "test")
		if _, err := w.orders.Place(context.Background(), stolen); !errors.Is(err, order.ErrCouponGone) {
			t.Errorf("another buyer's coupon: %v", err)
		}
		plain := make([]order.Wish, n)
		for i := range plain {
			o, err := w.offer(order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 100}}, Kind: order.ByParcel, Address: parcel.Address})
			if err != nil {
				t.Fatal(err)
			}
			plain[i] = w.wish(o, 3, "test")
		}
		var won, gone atomic.Int64
		var wg sync.WaitGroup
		for i := range wishes {
			wg.Go(func() {
				_, err := w.orders.Place(context.Background(), wishes[i])
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, order.ErrCouponGone):
					gone.Add(1)
				default:
					t.Error(err)
				}
			})
			wg.Go(func() { // others in the same batches get theirs
				if _, err := w.orders.Place(context.Background(), plain[i]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || gone.Load() != n-1 || w.stateOf(1, c.Coupon.ID) != promo.Locked {
			t.Errorf("%d won, %d refused, %s", won.Load(), gone.Load(), w.stateOf(1, c.Coupon.ID))
		}
		w.sound()
	})
}

func TestAnExpiredOrderGivesItsCouponBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		c := w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200}))
		place := func() order.Order {
			t.Helper()
			o, err := w.orders.Place(context.Background(), w.wish(w.offerTo(1, order.Ask{}), 1, "test"))
			if err != nil {
				t.Fatal(err)
			}
			w.goToPay(o)
			return o
		}
		expire := func() {
			t.Helper()
			w.pass(order.PayWithin + time.Second)
			if n, err := w.orders.Sweep(context.Background()); n != 1 || err != nil {
				t.Fatalf("swept %d, %v", n, err)
			}
		}
		first := place()
		expire()
		if w.stateOf(1, c.Coupon.ID) != promo.Claimed {
			t.Fatalf("expired: %s", w.stateOf(1, c.Coupon.ID))
		}
		second := place()
		// The first one's money comes late, and its coupon is on the second.
		if err := w.bankSays("late1", first, true); err != nil {
			t.Fatal(err)
		}
		if o := w.get(first); o.State != order.Expired || o.PayState != order.Refunding {
			t.Errorf("late without its coupon: %s %s", o.State, o.PayState)
		}
		expire()
		if err := w.bankSays("late2", second, true); err != nil {
			t.Fatal(err)
		}
		if o := w.get(second); o.State != order.Placed || o.PayState != order.Paid || w.stateOf(1, c.Coupon.ID) != promo.Used {
			t.Errorf("late with its coupon: %s %s, %s", o.State, o.PayState, w.stateOf(1, c.Coupon.ID))
		}
		w.runJobs()
		w.sound()
	})
}

func TestACouponForEverythingLeavesNothingToPay(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 5000}))
		o := w.offerTo(1, order.Ask{Kind: order.ByPickup})
		made, err := w.orders.Place(context.Background(), w.wish(o, 1, order.PayAtPickup))
		if err != nil || made.Total().Minor != 0 || made.PayState != order.Paid {
			t.Fatalf("%+v, %v", made.Total(), err)
		}
		if _, err := w.orders.HandOver(context.Background(), w.shop.ID, made.ID, ""); err != nil {
			t.Fatal(err)
		}
		w.sound()
	})
}

func TestANewBuyersCouponIsForTheFirstOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		tpl := w.coupons(promo.Template{Kind: promo.Amount, Off: 200, NewBuyer: true})
		w.claim(1, tpl)
		w.mustPlace(1, order.PayAtPickup)
		if o := w.offerTo(1, order.Ask{}); o.Quote.Coupon() != "" {
			t.Error("a second order was given a first one's coupon")
		}
		w.mustPlace(2, order.PayAtPickup)
		if _, err := w.promos.Claim(context.Background(), w.buyer(2).ID, tpl.ID, ""); !errors.Is(err, promo.ErrNewBuyer) {
			t.Errorf("claimed by an old buyer: %v", err)
		}
	})
}
