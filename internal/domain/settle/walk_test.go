package settle_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/testsupport/race"
)

// TestWhateverHappensTheBooksBalance lets orders, refunds before and after their
// settlement, payouts, holds and time come in any order.
func TestWhateverHappensTheBooksBalance(t *testing.T) {
	if race.Enabled {
		if err := flag.Set("rapid.checks", "15"); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	w.bankAccount()
	ctx := context.Background()
	var orders []order.Order
	rapid.Check(t, func(rt *rapid.T) {
		mind := func(err error) {
			if err != nil && errs.KindOf(err) == errs.Internal {
				rt.Fatal(err)
			}
		}
		for range rapid.IntRange(3, 10).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"order", "order", "refund", "refund", "time", "run", "payout", "step", "hold", "release"}).Draw(rt, "what") {
			case "order":
				pay := rapid.SampledFrom([]string{"test", "direct", order.PayAtPickup}).Draw(rt, "pay")
				orders = append(orders, w.completed(pay, rapid.Int64Range(1, 4).Draw(rt, "first"), rapid.Int64Range(0, 3).Draw(rt, "second")))
			case "refund":
				if len(orders) == 0 {
					continue
				}
				o := orders[rapid.IntRange(max(0, len(orders)-8), len(orders)-1).Draw(rt, "which")]
				d := part(rapid.Int64Range(1, 2500).Draw(rt, "minor"))
				if rapid.Bool().Draw(rt, "units") {
					d = units(rapid.Int64Range(0, 2).Draw(rt, "first"), rapid.Int64Range(0, 2).Draw(rt, "second"))
					d.Freight = rapid.Bool().Draw(rt, "freight")
					if len(o.Lines) == 1 {
						d.Lines = d.Lines[:min(1, len(d.Lines))]
					}
				}
				_, err := w.give(o, d)
				mind(err)
			case "time":
				w.pass(time.Duration(rapid.IntRange(1, 20).Draw(rt, "days")) * 24 * time.Hour)
			case "run":
				w.must(w.settle.RunAll(ctx))
			case "payout":
				_, err := w.ask(rapid.Int64Range(1, 8000).Draw(rt, "minor"))
				mind(err)
			case "step":
				all, err := w.settle.Queue(ctx, false)
				w.must(err)
				if len(all) > 0 {
					p := all[rapid.IntRange(0, min(5, len(all)-1)).Draw(rt, "payout")]
					_, err := w.settle.Set(ctx, p.ID, "per_op", rapid.SampledFrom([]settle.PayoutState{settle.Asked, settle.Held, settle.Sent, settle.Done, settle.Returned}).Draw(rt, "to"), "Because.")
					mind(err)
				}
			case "hold":
				_, err := w.settle.Hold(ctx, w.shop.ID, "per_op", "Because.")
				mind(err)
			case "release":
				mind(w.settle.Release(ctx, w.shop.ID, "per_op", ""))
			}
		}
		for _, p := range w.problems() {
			rt.Errorf("%s: %s", p.Invariant, p.Detail)
		}
	})
	_ = w.settle.Release(ctx, w.shop.ID, "per_op", "")
	w.pass(40 * 24 * time.Hour)
	w.must(w.settle.RunAll(ctx))
	w.holds(ledger.Earned(w.shop.ID), 0)
	w.sound()
}
