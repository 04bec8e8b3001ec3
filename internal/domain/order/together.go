package order

import (
	"context"
	"slices"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// PayTogether makes one payment of a buyer's open orders and returns its path.
// Each order stays its own: it hears of its share as if it had been paid alone.
// The same orders are the same payment; [payment.ErrApart] when they cannot be
// paid at once.
func (s *Service) PayTogether(ctx context.Context, buyer string, orders []string) (string, error) {
	orders = slices.Compact(slices.Sorted(slices.Values(orders)))
	if len(orders) < 2 || len(orders) > 50 {
		return "", payment.ErrApart
	}
	now := s.now()
	group := payment.GroupPrefix + bare(orders[0])
	in := payment.Intent{ID: id.New("pay", now), Order: group, Buyer: buyer, Back: "/orders?paid=1", CreatedAt: now}
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		var shares []payment.Share
		in.Amount = money.Amount{}
		for i, order := range orders {
			o, err := lockByID(ctx, tx, order)
			if err != nil {
				return err
			}
			switch {
			case o.Buyer != buyer:
				return ErrNotFound
			case o.State != PendingPayment:
				return payment.ErrClosed
			case i == 0:
				in.Provider, in.Amount, in.ExpiresAt = o.Payment, money.Of(0, o.Total().Currency), o.PayUntil
			case o.Payment != in.Provider:
				return payment.ErrApart
			}
			if in.Amount, err = in.Amount.Add(o.Total()); err != nil {
				return payment.ErrApart
			}
			if o.PayUntil.Before(in.ExpiresAt) {
				in.ExpiresAt = o.PayUntil
			}
			shares = append(shares, payment.Share{Order: o.ID, Shop: o.Shop, Amount: o.Total()})
		}
		return s.payments.ExpectTogether(ctx, tx, in, shares)
	})
	return PayPath(group), err
}
