package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment/testpay"
	payouts "github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/money"
)

// addFees says what the market takes from its first day on.
func (s *seeder) addFees(ctx context.Context) error {
	_, err := s.Fees.Announce(ctx, fee.Draft{Key: "demo-first", By: s.people["op"].ID, Currency: s.cfg.Currency, PPM: 40_000,
		Packs: []fee.PackRate{{Pack: "books", PPM: 20_000}}})
	return err
}

// oldOrders are of the first weeks; their return time is over by now.
func (s *seeder) oldOrders(ctx context.Context) error {
	s.clock.jump(s.clock.Now().Add(time.Hour))
	for i, p := range []purchase{
		{who: "rosa", slug: fishStall, picture: "mackerel", quantity: 900, kind: order.ByPickup, pay: testpay.Succeed},
		{who: "ben", slug: fishStall, picture: "mackerel", quantity: 1400, kind: order.ByPickup, pay: testpay.Succeed},
		{who: "ana", slug: fishStall, picture: "mackerel", quantity: 600, kind: order.ByPickup, pay: atStall},
		{who: "mei", slug: bookStall, picture: "book", quantity: 1, kind: order.ByPickup, pay: testpay.Succeed},
		{who: "lena", slug: "hill-bakery", picture: "bread", quantity: 3, kind: order.ByPickup, pay: testpay.Succeed},
	} {
		o, err := s.buy(ctx, p)
		if err == nil {
			err = s.handOver(ctx, o)
		}
		if err != nil {
			return err
		}
		sku := o.Lines[0].SKU
		if _, err := s.Stock.Record(ctx, o.Shop, stock.Move{Key: fmt.Sprint("demo-again:", i), SKU: sku, Add: p.quantity, Reason: stock.Landed}); err != nil {
			return err
		}
	}
	return nil
}

// payOut settles those orders; one payout of the fish stall has arrived and one
// waits, and the next fees are announced.
func (s *seeder) payOut(ctx context.Context) error {
	s.clock.jump(opening(time.Now(), s.cfg.TimeZone))
	if err := s.Settle.RunAll(ctx); err != nil {
		return err
	}
	nell, op, sh := s.people["nell"].ID, s.people["op"].ID, s.shops[fishStall]
	if _, err := s.Settle.SetAccount(ctx, sh.ID, nell, payouts.Account{Holder: "Nell Marlow", Number: "DE89 3704 0044 0532 0130 00", Bank: "Hafenbank"}); err != nil {
		return err
	}
	for i, minor := range []int64{12_00, 8_00} {
		p, err := s.Settle.Ask(ctx, payouts.Wish{Key: fmt.Sprint("demo-", i), Shop: sh.ID, By: nell, Amount: money.Of(minor, sh.Currency)})
		for _, to := range [][]payouts.PayoutState{{payouts.Sent, payouts.Done}, nil}[i] {
			if err == nil {
				_, err = s.Settle.Set(ctx, p.ID, op, to, "")
			}
		}
		if err != nil {
			return fmt.Errorf("payout of %s: %w", sh.Slug, err)
		}
	}
	_, err := s.Fees.Announce(ctx, fee.Draft{Key: "demo-next", By: op, From: s.clock.Now().Add(fee.Notice + 5*24*time.Hour), Currency: s.cfg.Currency, PPM: 50_000,
		Packs: []fee.PackRate{{Pack: "books", PPM: 20_000}}, Note: "The roof of hall 2 has to be mended."})
	return err
}
