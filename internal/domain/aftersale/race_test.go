package aftersale_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/order"
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

// oneWon fails the test unless exactly one of the errors is nil.
func oneWon(t *testing.T, errs []error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d won: %v", won, errs)
	}
}

func TestSellerAgreesWhileTheDeadlineGrants(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 8 {
			c := w.file(w.received(2), units(aftersale.Refund, 1))
			w.pass(aftersale.SellerAnswers)
			errs := together(
				func() error { _, err := w.act(c, aftersale.Seller, aftersale.Agree); return err },
				func() error { _, err := w.cases.Sweep(context.Background()); return err })
			if errs[1] != nil || errs[0] != nil && !errors.Is(errs[0], aftersale.ErrStep) {
				t.Errorf("%v", errs)
			}
			w.stands(c, aftersale.Granted, 999)
		}
		w.sound()
	})
}

func TestBuyerWithdrawsWhileTheSellerAgrees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 8 {
			c := w.file(w.received(2), units(aftersale.Refund, 1))
			oneWon(t, together(
				func() error { _, err := w.act(c, aftersale.Seller, aftersale.Agree); return err },
				func() error { _, err := w.act(c, aftersale.Buyer, aftersale.Withdraw); return err }))
		}
		w.sound()
	})
}

func TestTwoRefundsOfOneLineAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 4 {
			o := w.received(1)
			c := w.file(o, units(aftersale.Refund, 1))
			all := aftersale.Deal{Kind: aftersale.Refund, Lines: []aftersale.DealLine{{Quantity: 1}}}
			oneWon(t, together(
				func() error { _, err := w.act(c, aftersale.Seller, aftersale.Agree); return err },
				func() error {
					_, err := w.cases.Give(context.Background(), aftersale.Gift{Key: w.key(), Shop: w.shop.ID, Order: o.ID, Deal: all})
					return err
				}))
			o = w.received(1)
			oneWon(t, together(
				func() error {
					_, err := w.cases.File(context.Background(), w.request(o, units(aftersale.Refund, 1)))
					return err
				},
				func() error {
					_, err := w.cases.File(context.Background(), w.request(o, units(aftersale.Refund, 1)))
					return err
				}))
		}
		w.sound()
	})
}

func TestRefundWhileTheOrderIsCancelled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 8 {
			o := w.order("test", 2)
			c := w.file(o, units(aftersale.Refund, 1))
			errs := together(
				func() error { _, err := w.act(c, aftersale.Seller, aftersale.Agree); return err },
				func() error {
					_, err := w.orders.Cancel(context.Background(), o.ID, order.ByBuyer, o.Buyer, "")
					return err
				})
			if errs[1] != nil || errs[0] != nil && !errors.Is(errs[0], aftersale.ErrStep) {
				t.Errorf("%v", errs)
			}
			w.runJobs()
			if got := w.get(o); got.PayState != order.Refunded || got.Refunded != o.Total().Minor {
				t.Errorf("order is %s with %d gone", got.PayState, got.Refunded)
			}
		}
		w.sound()
	})
}
