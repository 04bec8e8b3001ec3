package order

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/platform/db"
)

// flashFor returns the flash that gives a wanted item its price; none has no id.
// The offer holds no longer than the flash.
func (s *Service) flashFor(ctx context.Context, o *Offer, a Ask, it Item, aside string) (promo.Flash, error) {
	if a.Group != (groupbuy.Choice{}) {
		return s.groupFor(ctx, o, a, it)
	}
	if s.promos == nil || aside == "" {
		return promo.Flash{}, nil
	}
	f, ok, err := s.promos.FlashFor(ctx, o.Quote.Shop, aside, it.SKU, a.Buyer, it.Quantity)
	if err != nil || !ok {
		return promo.Flash{}, err
	}
	if f.EndsAt.Before(o.ExpiresAt) {
		o.ExpiresAt = f.EndsAt
	}
	return f, nil
}

type flashKey struct{ flash, buyer string }

// limited lists the lines of an order whose flash has a limit for one buyer.
func (o *Order) limited(f func(k flashKey, l QuoteLine) error) error {
	for _, l := range o.Quote.Lines {
		if l.Limit > 0 {
			if err := f(flashKey{l.Flash, o.Buyer}, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// askPromos locks the coupons that a batch wants to redeem and what its buyers
// have of flashes, in one order. A batch without any asks nothing.
func (b *batchOf) askPromos(ctx context.Context, batch []*placing) error {
	for _, p := range batch {
		if c := p.order.Quote.Coupon(); c != "" {
			if b.coupons == nil {
				b.coupons = map[string]*promo.Asked{}
			}
			b.coupons[c] = &promo.Asked{}
		}
		_ = p.order.limited(func(k flashKey, _ QuoteLine) error {
			if b.flashes == nil {
				b.flashes = map[flashKey]*int64{}
			}
			b.flashes[k] = new(int64)
			return nil
		})
	}
	for _, c := range slices.Sorted(maps.Keys(b.coupons)) {
		if err := promo.AskCoupon(ctx, b.tx, b.coupons[c], c); err != nil {
			return err
		}
	}
	for _, k := range sortedFlashes(b.flashes) {
		if err := promo.AskTaken(ctx, b.tx, b.flashes[k], k.flash, k.buyer); err != nil {
			return err
		}
	}
	return nil
}

func sortedFlashes[V any](m map[flashKey]V) []flashKey {
	keys := slices.Collect(maps.Keys(m))
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].flash < keys[j].flash || keys[i].flash == keys[j].flash && keys[i].buyer < keys[j].buyer
	})
	return keys
}

// redeem grants what an order redeems to it, or nothing of it.
func (b *batchOf) redeem(o *Order) error {
	err := o.limited(func(k flashKey, l QuoteLine) error {
		if *b.flashes[k]+l.Quantity > l.Limit {
			return promo.ErrFlashLimit
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.hasSeat(o); err != nil {
		return err
	}
	if err := b.hasClaims(o); err != nil {
		return err
	}
	if c := o.Quote.Coupon(); c != "" {
		if a := b.coupons[c]; a == nil || !a.Fits(o.Buyer, b.now) {
			return ErrCouponGone
		}
		delete(b.coupons, c) // the next one finds it taken
	}
	b.countSeat(o)
	b.countClaims(o)
	return o.limited(func(k flashKey, l QuoteLine) error {
		*b.flashes[k] += l.Quantity
		return nil
	})
}

// takePromos writes what was granted. The coupons are locked, so a refusal means
// somebody's first units of a flash in another batch, and this one is done again
// singly.
func (b *batchOf) takePromos(ctx context.Context, batch []*placing) error {
	var uses []promo.Usage
	for _, i := range b.wins {
		uses = append(uses, batch[i].order.usages()...)
	}
	if err := promo.Count(ctx, b.tx, uses...); err != nil || b.coupons == nil && b.flashes == nil && b.groups == nil && b.claims == nil {
		return err
	}
	for _, i := range b.wins {
		o := &batch[i].order
		if c := o.Quote.Coupon(); c != "" {
			if err := promo.Lock(ctx, b.tx, c, o.ID, o.Buyer, b.now, ErrCouponGone); err != nil {
				return err
			}
		}
		if err := o.takeLimited(ctx, b.tx); err != nil {
			return err
		}
		if err := o.takeSeat(ctx, b.tx, b.now); err != nil {
			return err
		}
		if err := o.orderClaims(ctx, b.tx); err != nil {
			return err
		}
	}
	return nil
}

func (o *Order) takeLimited(ctx context.Context, tx *db.Tx) error {
	return o.limited(func(k flashKey, l QuoteLine) error { return promo.Take(ctx, tx, k.flash, k.buyer, l.Quantity, l.Limit) })
}

// settlePromos lets what an order redeemed follow its state.
func settlePromos(ctx context.Context, tx *db.Tx, o *Order, was State) error {
	c := o.Quote.Coupon()
	switch {
	case was != o.State && (o.State == Cancelled || o.State == Expired):
		if c != "" {
			if err := promo.Return(ctx, tx, c, o.ID); err != nil {
				return err
			}
		}
		err := o.limited(func(k flashKey, l QuoteLine) error { return promo.GiveBack(ctx, tx, k.flash, k.buyer, l.Quantity) })
		if err == nil && len(o.usages()) > 0 {
			err = promo.Uncount(ctx, tx, o.ID)
		}
		return err
	case c != "" && o.PayState == Paid:
		return promo.Use(ctx, tx, c, o.ID)
	}
	return nil
}

// redeemAgain takes for a given-up order what it had redeemed, all or nothing.
func (o *Order) redeemAgain(ctx context.Context, tx *db.Tx, now time.Time) (bool, error) {
	c := o.Quote.Coupon()
	if c != "" { // coupons come before flashes, as in placement
		if err := promo.AskCoupon(ctx, tx, &promo.Asked{}, c); err != nil {
			return false, err
		}
	}
	err := o.limited(func(k flashKey, l QuoteLine) error {
		had := int64(0)
		if err := promo.AskTaken(ctx, tx, &had, k.flash, k.buyer); err != nil {
			return err
		}
		if had+l.Quantity > l.Limit {
			return promo.ErrFlashLimit
		}
		return nil
	})
	if err != nil {
		if errors.Is(err, promo.ErrFlashLimit) {
			err = nil
		}
		return false, err
	}
	if ok, err := o.takeSeatAgain(ctx, tx, now); err != nil || !ok {
		return false, err
	}
	if c != "" {
		if ok, err := promo.LockAgain(ctx, tx, c, o.ID); err != nil || !ok {
			return false, err
		}
	}
	if ok, err := o.claimsAgain(ctx, tx); err != nil || !ok {
		if err == nil && c != "" {
			err = promo.Return(ctx, tx, c, o.ID)
		}
		return false, err
	}
	if err := promo.Count(ctx, tx, o.usages()...); err != nil {
		return false, err
	}
	return true, o.takeLimited(ctx, tx)
}
