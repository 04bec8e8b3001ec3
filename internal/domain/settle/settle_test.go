package settle_test

import (
	"context"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/kit/page"
)

// Two books for 9.99 and one for 10.00 are 29.98 and 4.90 for the parcel: 34.88.
// The market takes 8 % of the goods, 2.3984, and 0.30: 2.70.
const total, commission = 3488, 270

func TestAnOrderIsSettledWhenTheReturnTimeIsOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.completed("test", 2, 1)
		w.pass(aftersale.Window - time.Second)
		if n := w.run(); n != 0 {
			t.Errorf("%d orders settled too early", n)
		}
		w.holds(ledger.Earned(w.shop.ID), total)
		w.pass(2 * time.Second)
		if n := w.run(); n != 1 {
			t.Errorf("%d orders settled, want 1", n)
		}
		if n := w.run(); n != 0 {
			t.Errorf("%d orders settled twice", n)
		}
		w.holds(ledger.Earned(w.shop.ID), 0)
		w.holds(ledger.Free(w.shop.ID), total-commission)
		w.holds(ledger.Commission, commission)
		got, err := w.settle.List(context.Background(), w.shop.ID, settle.Settled, page.First, 10)
		if err != nil || len(got.Items) != 1 || got.Items[0].Order != o.ID || got.Items[0].Fee != commission {
			t.Errorf("%+v, %v", got, err)
		}
		w.sound()
	})
}

func TestTheFeeIsThatOfTheOffer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.completed("test", 2, 1)
		w.pass(time.Minute)
		_, err := w.fees.Announce(context.Background(), fee.Draft{Key: "key-more", By: "per_op", Currency: "EUR", PPM: 500_000})
		w.must(err)
		w.due()
		w.run()
		w.holds(ledger.Commission, commission)
		w.sound()
	})
}

func TestAnOpenCaseHoldsAnOrderBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		o := w.completed("test", 2, 1)
		w.pass(aftersale.Window - time.Minute)
		c, err := w.cases.File(ctx, aftersale.Request{Key: w.key(), Buyer: o.Buyer, Order: o.ID, Reason: aftersale.Damaged, Words: "Torn.", Ask: units(1)})
		w.must(err)
		w.pass(time.Hour)
		if n := w.run(); n != 0 {
			t.Errorf("settled with a case open")
		}
		got, err := w.settle.List(ctx, w.shop.ID, settle.Waiting, page.First, 10)
		if err != nil || len(got.Items) != 1 || !got.Items[0].OpenCase {
			t.Errorf("the shop does not see the case: %+v, %v", got, err)
		}
		_, err = w.cases.Act(ctx, aftersale.Move{Key: w.key(), Case: c.ID, By: aftersale.Seller, Owner: o.Shop, Event: aftersale.Agree, Seen: c.Version})
		w.must(err)
		if n := w.run(); n != 1 {
			t.Errorf("not settled after the case")
		}
		// 9.99 of 19.98 went back; the commission on the first line was 1.80.
		w.holds(ledger.Commission, commission-90)
		w.holds(ledger.Free(w.shop.ID), total-999-commission+90)
		w.sound()
	})
}

func TestARefundAfterwardsComesFromWhatIsOnHand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.completed("test", 2, 1)
		w.due()
		w.run()
		w.bankAccount()
		p, err := w.ask(total - commission)
		w.must(err)
		w.set(w.set(p, settle.Sent, ""), settle.Done, "")
		w.back(o, units(1))
		w.holds(ledger.Commission, commission-90)
		w.holds(ledger.Free(w.shop.ID), -(999 - 90)) // owed
		w.back(o, units(1, 1))
		w.holds(ledger.Commission, 0)
		w.holds(ledger.Earned(w.shop.ID), 0)
		w.holds(ledger.Free(w.shop.ID), -(total - commission))
		w.sound()
	})
}

func TestWhatAShopTookItselfItKeepsAndOwesTheCommission(t *testing.T) {
	for _, pay := range []string{order.PayAtPickup, "direct"} {
		t.Run(pay, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				total := int64(total)
				if pay == order.PayAtPickup {
					total -= 490
				}
				o := w.completed(pay, 2, 1)
				w.due()
				if n := w.run(); n != 1 {
					t.Fatalf("%d settled", n)
				}
				w.holds(ledger.Earned(w.shop.ID), 0)
				w.holds(ledger.Own(w.shop.ID), total)
				w.holds(ledger.Free(w.shop.ID), -commission)
				w.back(o, units(1))
				w.holds(ledger.Own(w.shop.ID), total-999)
				w.holds(ledger.Free(w.shop.ID), -(commission - 90))
				w.completed("test", 2, 1) // what it owes comes off the next
				w.due()
				w.run()
				w.holds(ledger.Free(w.shop.ID), 3488-commission-(commission-90))
				w.sound()
			})
		})
	}
}

func TestAnOrderThatWentBackWholeIsSettledWithNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.completed("test", 1)
		w.back(o, units(1))
		w.due()
		if n := w.run(); n != 1 {
			t.Errorf("%d settled", n)
		}
		w.holds(ledger.Free(w.shop.ID), 0)
		w.holds(ledger.Commission, 0)
		w.sound()
	})
}

func TestTheCheckSeesATamperedSettlement(t *testing.T) {
	for _, tt := range []struct{ name, break_, want string }{
		{"a fee that is not the frozen one", `UPDATE settlement SET fee = fee - 1`, "I16"},
		{"a sale booked under another name", `UPDATE settle_move SET order_id = 'ord_0' WHERE kind = 'sale'`, "I17"},
		{"a settlement that is made again", `UPDATE settlement SET state = 'waiting', settled_at = 0`, "I17"},
		{"a completed order that nobody settles", `DELETE FROM settlement`, "I17"},
		{"a payout that was not booked", `UPDATE payout SET amount = amount + 1`, "I17"},
		{"a move that its journal does not know", `UPDATE settle_move SET gross = gross + 1, amount = amount + 1 WHERE kind = 'sale'`, "I17"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.completed("test", 2, 1)
				w.due()
				w.run()
				w.bankAccount()
				_, err := w.ask(1000)
				w.must(err)
				w.sound()
				_, err = w.d.ExecContext(context.Background(), tt.break_)
				w.must(err)
				for _, p := range w.problems() {
					if p.Invariant == tt.want {
						return
					}
				}
				t.Errorf("nobody noticed: %v", w.problems())
			})
		})
	}
}

func TestOrdersOfBeforeAreSettledWithoutAFee(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.pass(time.Minute)
		_, err := w.fees.Announce(ctx, fee.Draft{Key: "key-none", By: "per_op", Currency: "EUR"})
		w.must(err)
		w.pass(time.Minute)
		w.completed("test", 2, 1)
		w.completed("direct", 1)
		w.completed(order.PayAtPickup, 1)
		back := w.completed("test", 2)
		w.back(back, units(1))
		for _, gone := range []string{"DROP TABLE settlement", "DROP TABLE settle_move", "DROP TABLE payout", "DROP TABLE payout_account", "DROP TABLE settle_hold",
			"DELETE FROM goose_db_version WHERE version_id = 2026112397"} {
			_, err := w.d.ExecContext(ctx, gone)
			w.must(err)
		}
		w.must(w.d.Migrate(ctx, migrations...))
		w.sound()
		w.due()
		if n := w.run(); n != 4 {
			t.Errorf("%d settled, want 4", n)
		}
		w.holds(ledger.Free(w.shop.ID), 3488+2*999+490-999)
		w.holds(ledger.Own(w.shop.ID), 999+490+999)
		w.sound()
	})
}
