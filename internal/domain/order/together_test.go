package order_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/platform/db"
)

// unpaid places n orders of a buyer that nobody has gone to pay.
func (w *world) unpaid(buyer, n int) []order.Order {
	w.t.Helper()
	var out []order.Order
	for range n {
		o, err := w.offer(order.Ask{})
		if err != nil {
			w.t.Fatal(err)
		}
		made, err := w.orders.Place(context.Background(), w.wish(o, buyer, "test"))
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, made)
	}
	return out
}

func ids(os []order.Order) []string {
	var out []string
	for _, o := range os {
		out = append(out, o.ID)
	}
	return out
}

// groupPays lets the bank say that a group was paid.
func (w *world) groupPays(event, group string, minor int64) error {
	w.t.Helper()
	intent, err := db.One(context.Background(), w.d, db.Column[string], `SELECT id FROM payment_intent WHERE order_id = $1`, group)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.payments.Receive(context.Background(), "test", http.Header{"Signature": {"ok"}}, []byte(fmt.Sprintf("%s %s true %d EUR", event, intent, minor)))
}

func TestOnePaymentPaysSeveralOrders(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		os := w.unpaid(1, 3)
		path, err := w.orders.PayTogether(ctx, w.buyer(1).ID, ids(os))
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.orders.PayTogether(ctx, w.buyer(1).ID, []string{os[2].ID, os[0].ID, os[1].ID})
		if err != nil || again != path {
			t.Errorf("again: %q, %v", again, err)
		}
		if _, err := w.orders.PayTogether(ctx, w.buyer(1).ID, ids(os[:2])); !errors.Is(err, payment.ErrApart) {
			t.Errorf("fewer of them: %v", err)
		}
		if _, err := w.orders.PayTogether(ctx, w.buyer(2).ID, ids(os)); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		group := strings.TrimPrefix(path, "/pay/")
		for _, at := range []string{group, os[1].ID} { // whichever is opened, it is one page
			if page, err := w.orders.PayPage(ctx, w.buyer(1).ID, at); err != nil || page != "/page" {
				t.Errorf("page of %s: %q, %v", at, page, err)
			}
		}
		w.sound()
		if err := w.groupPays("e1", group, 3*1250); err != nil {
			t.Fatal(err)
		}
		for _, o := range os {
			if got := w.get(o); got.State != order.Placed || got.PayState != order.Paid {
				t.Errorf("%s is %s, %s", o.Number, got.State, got.PayState)
			}
		}
		w.sound()
		// Each goes its own way afterwards.
		if _, err := w.orders.Cancel(ctx, os[0].ID, order.BySeller, w.shop.ID, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.HandOver(ctx, w.shop.ID, os[1].ID, ""); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		if got := w.get(os[0]); got.PayState != order.Refunded || got.Refunded != 1250 || w.bank.refunds.Load() != 1 {
			t.Errorf("cancelled: %s, %d given back in %d refunds", got.PayState, got.Refunded, w.bank.refunds.Load())
		}
		w.sound()
	})
}

func TestAnOrderThatLeftItsGroupGetsItsShareBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		os := w.unpaid(1, 2)
		path, err := w.orders.PayTogether(ctx, w.buyer(1).ID, ids(os))
		if err != nil {
			t.Fatal(err)
		}
		group := strings.TrimPrefix(path, "/pay/")
		if _, err := w.orders.Cancel(ctx, os[0].ID, order.ByBuyer, w.buyer(1).ID, ""); err != nil {
			t.Fatal(err)
		}
		if err := w.groupPays("e1", group, 2500); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		if a, b := w.get(os[0]), w.get(os[1]); a.State != order.Cancelled || a.PayState != order.Refunded || b.State != order.Placed || b.PayState != order.Paid {
			t.Errorf("left: %s %s, stayed: %s %s", a.State, a.PayState, b.State, b.PayState)
		}
		w.sound()
	})
}

func TestAGroupThatNobodyWaitsForIsClosed(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		os := w.unpaid(1, 2)
		path, err := w.orders.PayTogether(ctx, w.buyer(1).ID, ids(os))
		if err != nil {
			t.Fatal(err)
		}
		group := strings.TrimPrefix(path, "/pay/")
		w.pass(order.PayWithin + time.Second)
		if n, err := w.orders.Sweep(ctx); n != 2 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		if _, err := w.orders.PayPage(ctx, w.buyer(1).ID, group); !errors.Is(err, payment.ErrClosed) {
			t.Errorf("its page: %v", err)
		}
		// The goods are there, so money that comes late is taken.
		if err := w.groupPays("late", group, 2500); err != nil {
			t.Fatal(err)
		}
		for _, o := range os {
			if got := w.get(o); got.State != order.Placed || got.PayState != order.Paid {
				t.Errorf("%s is %s, %s", o.Number, got.State, got.PayState)
			}
		}
		w.runJobs()
		w.sound()
		alone := w.unpaid(1, 2)
		w.goToPay(alone[0])
		if _, err := w.orders.PayTogether(ctx, w.buyer(1).ID, ids(alone)); !errors.Is(err, payment.ErrApart) {
			t.Errorf("one that is being paid: %v", err)
		}
	})
}
