package order

import (
	"context"
	"maps"
	"slices"

	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// claimed makes an ask that of what its buyer holds by comment: that variant, all
// of it, seen at the second of the comment. The offer holds no longer than the
// claim.
func (s *Service) claimed(ctx context.Context, o *Offer, a *Ask) (claim.Claim, error) {
	if a.Claim == "" {
		return claim.Claim{}, nil
	}
	if s.claims == nil || a.Buyer == "" {
		return claim.Claim{}, claim.ErrNotFound
	}
	k, err := s.claims.Offer(ctx, a.Buyer, a.Claim)
	if err != nil {
		return claim.Claim{}, err
	}
	if len(a.Items) != 1 || a.Items[0].SKU != k.Of.SKU || a.Items[0].Quantity != k.Pieces || a.Group.Code != "" || a.Group.Offer != "" {
		return claim.Claim{}, claim.ErrPieces
	}
	if k.Until.Before(o.ExpiresAt) {
		o.ExpiresAt = k.Until
	}
	a.Items = []Item{{SKU: k.Of.SKU, Quantity: k.Pieces, Show: k.Of.Show, SeenAt: k.At}}
	return k, nil
}

// claims calls f for every line that an order takes over from a claim.
func (q Quote) claims(f func(line int, l QuoteLine) error) error {
	for i, l := range q.Lines {
		if l.Claim != "" {
			if err := f(i, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// askClaims locks the claims that a batch wants to take over, in one order. A
// batch without any asks nothing.
func (b *batchOf) askClaims(ctx context.Context, batch []*placing) error {
	for _, p := range batch {
		_ = p.order.Quote.claims(func(_ int, l QuoteLine) error {
			if b.claims == nil {
				b.claims = map[string]*claim.Asked{}
			}
			b.claims[l.Claim] = &claim.Asked{}
			return nil
		})
	}
	for _, c := range slices.Sorted(maps.Keys(b.claims)) {
		if err := claim.Ask(ctx, b.tx, b.claims[c], c); err != nil {
			return err
		}
	}
	return nil
}

func (b *batchOf) hasClaims(o *Order) error {
	return o.Quote.claims(func(_ int, l QuoteLine) error { return b.claims[l.Claim].Fits(o.Buyer, l.Quantity, b.now) })
}

func (b *batchOf) countClaims(o *Order) {
	_ = o.Quote.claims(func(_ int, l QuoteLine) error { b.claims[l.Claim].Count(); return nil })
}

func (o *Order) orderClaims(ctx context.Context, tx *db.Tx) error {
	return o.Quote.claims(func(i int, l QuoteLine) error {
		return claim.Order(ctx, tx, l.Claim, o.Buyer, o.ID, lineID(o.ID, i), l.Quantity)
	})
}

// settleClaims lets the claim of an order that came to nothing end. Its goods are
// given back right after, and whoever waits is next.
func (s *Service) settleClaims(ctx context.Context, tx *db.Tx, o *Order, was State) error {
	if was == o.State || o.State != Cancelled && o.State != Expired {
		return nil
	}
	return o.Quote.claims(func(_ int, l QuoteLine) error {
		if err := claim.Undo(ctx, tx, l.Claim, o.ID); err != nil || l.Seen == nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{Topic: claim.Changed, Key: l.Seen.Show})
	})
}

// claimsAgain takes up the claims of a given-up order that is paid late.
func (o *Order) claimsAgain(ctx context.Context, tx *db.Tx) (bool, error) {
	all := true
	err := o.Quote.claims(func(_ int, l QuoteLine) error {
		ok, err := claim.OrderAgain(ctx, tx, l.Claim, o.ID)
		all = all && ok
		return err
	})
	return all, err
}
