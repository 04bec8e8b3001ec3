package order

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/platform/db"
)

// Steps of an order in a group.
const (
	groupFull   = "group_full"
	GroupFailed = "group_failed"
)

// Awaits reports whether o is not to be handed over yet, because its group is
// not full.
func (o Order) Awaits() bool {
	return o.Quote.Group != nil && !slices.ContainsFunc(o.Events, func(e Event) bool { return e.Event == groupFull })
}

// tooSoon reports whether a slot begins before the group of q is sure to have
// ended.
func (q Quote) tooSoon(s shop.Slot) bool { return q.Group != nil && s.StartsAt.Before(q.Group.EndsAt) }

func (q Quote) afterGroup(slots []shop.Slot) []shop.Slot {
	if q.Group == nil {
		return slots
	}
	return slices.DeleteFunc(slices.Clone(slots), q.tooSoon)
}

// payInGroup is [payUntil] in a group: a seat is kept for nobody who pays in a
// few days.
func payInGroup(d groupbuy.Deal, wait time.Duration, now time.Time) (time.Time, bool) {
	until := now.Add(PayWithin)
	if d.EndsAt.Before(until) {
		until = d.EndsAt
	}
	return until, wait == 0
}

// groupFor makes the one line of an offer that of a group: its price, its goods
// and its limit, in the shape of a flash, with which it shares them.
func (s *Service) groupFor(ctx context.Context, o *Offer, a Ask, it Item) (promo.Flash, error) {
	if s.groups == nil {
		return promo.Flash{}, groupbuy.ErrNoOffer
	}
	if len(a.Items) != 1 {
		return promo.Flash{}, groupbuy.ErrQuantity
	}
	d, of, err := s.groups.Deal(ctx, a.Group, it.SKU, a.Buyer, it.Quantity)
	if err != nil {
		return promo.Flash{}, err
	}
	o.Group = &d
	if d.EndsAt.Before(o.ExpiresAt) {
		o.ExpiresAt = d.EndsAt
	}
	return promo.Flash{ID: of.ID, Price: d.Steps[0].Price, Currency: of.Currency, PerBuyer: of.PerBuyer * of.Units}, nil
}

// askGroups locks the groups that a batch wants into, and the offers of those
// that it begins, in one order. A batch without any asks nothing.
func (b *batchOf) askGroups(ctx context.Context, batch []*placing) error {
	var deals map[string]groupbuy.Deal
	for _, p := range batch {
		if d := p.order.Quote.Group; d != nil {
			if deals == nil {
				deals, b.groups = map[string]groupbuy.Deal{}, map[string]*groupbuy.Asked{}
			}
			deals[d.Key()], b.groups[d.Key()] = *d, &groupbuy.Asked{}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(deals)) {
		if err := groupbuy.Ask(ctx, b.tx, b.groups[k], deals[k]); err != nil {
			return err
		}
	}
	return nil
}

func (b *batchOf) hasSeat(o *Order) error {
	if d := o.Quote.Group; d != nil {
		return b.groups[d.Key()].Fits(*d, o.Buyer, b.now)
	}
	return nil
}

func (b *batchOf) countSeat(o *Order) {
	if d := o.Quote.Group; d != nil {
		b.groups[d.Key()].Count(*d, o.Buyer)
	}
}

func (o *Order) takeSeat(ctx context.Context, tx *db.Tx, now time.Time) error {
	d := o.Quote.Group
	if d == nil {
		return nil
	}
	return groupbuy.Take(ctx, tx, *d, groupbuy.Seat{Buyer: o.Buyer, Order: o.ID, Name: groupbuy.Masked(o.BuyerName)}, now)
}

func (o *Order) takeSeatAgain(ctx context.Context, tx *db.Tx, now time.Time) (bool, error) {
	if o.Quote.Group == nil {
		return true, nil
	}
	return groupbuy.TakeAgain(ctx, tx, o.Quote.Group.Code, o.ID, now)
}

// settleSeat lets the seat of an order follow its state.
func (s *Service) settleSeat(ctx context.Context, tx *db.Tx, o *Order, was State, now time.Time) error {
	d := o.Quote.Group
	switch {
	case d == nil || was == o.State:
		return nil
	case o.State == Placed:
		return groupbuy.Pay(ctx, tx, s.bus, *d, o.ID, now)
	case o.State == Cancelled || o.State == Expired:
		return groupbuy.Leave(ctx, tx, d.Code, o.ID, now)
	}
	return nil
}

// SettleGroups tells the orders of groups that have ended: those of a full one go
// on, and get the difference to the step that was reached; all others are given
// back. It returns how many groups it finished; call it again until it returns
// zero. Each order is a transaction of its own and hears of it once, so it can be
// cut short anywhere. One group that fails does not stop the others.
func (s *Service) SettleGroups(ctx context.Context) (int, error) {
	groups, err := groupbuy.Ended(ctx, s.db, 50)
	if err != nil {
		return 0, err
	}
	done := 0
	var bad []error
	for _, g := range groups {
		if err := s.settleGroup(ctx, g); err != nil {
			bad = append(bad, fmt.Errorf("group %s: %w", g.Code, err))
			continue
		}
		done++
	}
	return done, errors.Join(bad...)
}

func (s *Service) settleGroup(ctx context.Context, g groupbuy.Group) error {
	seats, err := groupbuy.Seats(ctx, s.db, g.Code)
	if err != nil {
		return err
	}
	for _, seat := range seats {
		if seat.State == groupbuy.Left {
			continue
		}
		if err := s.tellSeat(ctx, g, seat); err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error { return groupbuy.Settled(ctx, tx, g, s.now()) })
}

// tellSeat lets one order follow the end of its group. Seats of an ended group
// do not change any more.
func (s *Service) tellSeat(ctx context.Context, g groupbuy.Group, seat groupbuy.Seat) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		o, err := lockByID(ctx, tx, seat.Order)
		if err != nil || o.State == Cancelled || o.State == Expired {
			return err
		}
		if g.State == groupbuy.Full && seat.State == groupbuy.Paid {
			return s.goOn(ctx, tx, &o, g)
		}
		pay := NoPayment
		if o.PayState == Paid || o.PayState == PartlyRefunded {
			pay = Refunding
		}
		if err := s.apply(ctx, tx, &o, change{from: []State{PendingPayment, Placed}, to: Cancelled, pay: pay, event: GroupFailed, by: BySystem}); err != nil {
			return err
		}
		return s.undo(ctx, tx, &o, "cancel")
	})
}

// goOn frees an order of a full group for its shop, and promises back what it
// paid above the step that was reached.
func (s *Service) goOn(ctx context.Context, tx *db.Tx, o *Order, g groupbuy.Group) error {
	if !o.Awaits() {
		return nil
	}
	if err := s.apply(ctx, tx, o, change{from: []State{o.State}, to: o.State, event: groupFull, by: BySystem}); err != nil {
		return err
	}
	rests, err := RestsOf(ctx, tx, *o)
	if err != nil {
		return err
	}
	due, err := o.above(rests, g.Paid)
	if err != nil || due == 0 || !o.Refundable() {
		return err
	}
	return s.GiveBack(ctx, tx, o, "group:"+o.ID, BySystem, []Part{{Position: 0, Minor: due}})
}

// above is what o has paid above the price for so many people, for the units that
// it still has, whatever was paid back for the others.
func (o Order) above(rests Rests, people int64) (int64, error) {
	due, err := aboveStep(o.Quote, people)
	if err != nil {
		return 0, err
	}
	r := rests.Lines[0]
	hi, lo := bits.Mul64(uint64(due), uint64(r.Units()))
	share, _ := bits.Div64(hi, lo, uint64(r.Quantity))
	return max(0, min(int64(share), r.Minor(), rests.Total-1)), nil
}
