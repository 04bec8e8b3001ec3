package settle_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/settle"
)

// together runs fs at the same time and returns their errors.
func together(fs ...func() error) []error {
	errs := make([]error, len(fs))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Go(func() {
			<-start
			errs[i] = f()
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func TestTwoRunsSettleEachOrderOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 12
		for range n {
			w.completed("test", 2, 1)
		}
		w.due()
		run := func() error { return w.settle.RunAll(context.Background()) }
		if err := errors.Join(together(run, run, run)...); err != nil {
			t.Error(err)
		}
		w.run()
		w.holds(ledger.Free(w.shop.ID), n*free)
		w.holds(ledger.Commission, n*commission)
		w.sound()
	})
}

func TestTwoPayoutsCannotBothTakeTheLast(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		ask := func() error { _, err := w.ask(free - 100); return err }
		won := 0
		for _, err := range together(ask, ask, ask, ask) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, settle.ErrShort):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d took it", won)
		}
		w.holds(ledger.Free(w.shop.ID), 100)
		w.sound()
	})
}

func TestARefundMeetsItsSettlement(t *testing.T) {
	for _, pay := range []string{"test", order.PayAtPickup} {
		t.Run(pay, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				orders := []order.Order{w.completed(pay, 2, 1), w.completed(pay, 2, 1), w.completed(pay, 2, 1)}
				w.due()
				work := []func() error{
					func() error { return w.settle.RunAll(context.Background()) },
					func() error { return w.settle.RunAll(context.Background()) },
				}
				for _, o := range orders {
					work = append(work, func() error { _, err := w.give(o, units(1)); return err }, func() error { _, err := w.give(o, part(7)); return err })
				}
				if err := errors.Join(together(work...)...); err != nil {
					t.Error(err)
				}
				w.must(w.settle.RunAll(context.Background()))
				w.sound()
				w.holds(ledger.Earned(w.shop.ID), 0)
			})
		})
	}
}

func TestAHandOverMeetsASettlement(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		for range 3 {
			w.completed(order.PayAtPickup, 1)
		}
		var work []func() error
		w.due()
		for range 3 {
			c := w.completed("test", 1)
			work = append(work, func() error {
				_, err := w.cases.File(ctx, aftersale.Request{Key: w.key(), Buyer: c.Buyer, Order: c.ID, Reason: aftersale.Damaged, Words: "Torn.", Ask: units(1)})
				return err
			})
			work = append(work, func() error { w.completed(order.PayAtPickup, 1); return nil })
		}
		work = append(work, func() error { return w.settle.RunAll(ctx) })
		if err := errors.Join(together(work...)...); err != nil {
			t.Error(err)
		}
		w.sound()
	})
}

func TestAPayoutCannotBeSentAndReturnedAtOnce(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		p, err := w.ask(1000)
		w.must(err)
		set := func(to settle.PayoutState) func() error {
			return func() error {
				_, err := w.settle.Set(context.Background(), p.ID, "per_op", to, "Because.")
				if errors.Is(err, settle.ErrState) {
					err = nil
				}
				return err
			}
		}
		if err := errors.Join(together(set(settle.Sent), set(settle.Returned), set(settle.Sent), set(settle.Returned), set(settle.Held))...); err != nil {
			t.Error(err)
		}
		w.sound()
	})
}
