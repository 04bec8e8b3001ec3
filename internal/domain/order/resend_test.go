package order_test

import (
	"context"
	"testing"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/platform/db"
)

// resend makes the order that replaces the first line of another.
func (w *world) resend(o order.Order, quantity int64) order.Order {
	w.t.Helper()
	var made order.Order
	err := w.d.InTx(context.Background(), func(tx *db.Tx) error {
		locked, err := order.Lock(context.Background(), tx, o.ID)
		if err == nil {
			made, err = w.orders.Resend(context.Background(), tx, locked, "again:"+o.ID, []order.Part{{Quantity: quantity}})
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func TestAReplacementTakesNothingOfAPromotion(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		coupon := w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200})).Coupon.ID
		o, err := w.orders.Place(t.Context(), w.wish(w.offerTo(1, order.Ask{}), 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.goToPay(o)
		if err := w.bankSays("e1", o, true); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.HandOver(t.Context(), w.shop.ID, o.ID, o.Code); err != nil {
			t.Fatal(err)
		}
		again, kept := w.resend(o, 500), w.available()
		if q := again.Quote; q.Coupon() != "" || q.Lines[0].Off != 0 || q.Total.Minor != 0 {
			t.Errorf("replacement %+v", q)
		}
		if _, err := w.orders.Cancel(t.Context(), again.ID, order.BySeller, w.shop.ID, ""); err != nil {
			t.Fatal(err)
		}
		if w.available() != kept+500 {
			t.Errorf("%d available, want %d", w.available(), kept+500)
		}
		if w.stateOf(1, coupon) != promo.Used {
			t.Errorf("the coupon of the first order is %s", w.stateOf(1, coupon))
		}
		w.sound()
		done := w.resend(w.mustPaidAndHandedOver(2), 1000)
		if _, err := w.orders.HandOver(t.Context(), w.shop.ID, done.ID, done.Code); err != nil {
			t.Fatal(err)
		}
		w.sound()
	})
}

// mustPaidAndHandedOver is an order that was paid and collected.
func (w *world) mustPaidAndHandedOver(buyer int) order.Order {
	w.t.Helper()
	o := w.mustPlace(buyer, "test")
	if err := w.bankSays("paid-"+o.ID, o, true); err != nil {
		w.t.Fatal(err)
	}
	o, err := w.orders.HandOver(context.Background(), w.shop.ID, o.ID, o.Code)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}
