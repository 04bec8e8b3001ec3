package groupbuy

import (
	"context"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Asked is what a transaction has locked of a group, or of an offer from which
// groups are begun, and decides by.
type Asked struct {
	group  groupRow
	buyers []string // who have a seat
	offer  struct{ groups, open, stopped int64 }
}

// Ask locks and reads what a deal depends on, into a place that [db.Tx.Flush]
// fills. Groups are asked before offers.
func Ask(ctx context.Context, tx *db.Tx, into *Asked, d Deal) error {
	if d.Opens {
		return askOffer(ctx, tx, into, d.Offer)
	}
	return askGroup(ctx, tx, into, d.Code)
}

// Key names what deals have in common that decide by the same rows; groups sort
// before offers.
func (d Deal) Key() string {
	if d.Opens {
		return "o:" + d.Offer
	}
	return "g:" + d.Code
}

// Fits says why a buyer cannot have a seat, or nil.
func (a *Asked) Fits(d Deal, buyer string, now time.Time) error {
	if d.Opens {
		if a.offer.stopped > 0 || a.offer.open >= a.offer.groups {
			return ErrNoMore
		}
		return nil
	}
	return a.group.group().joinable(buyer, a.buyers, now)
}

func (g Group) joinable(buyer string, buyers []string, now time.Time) error {
	switch {
	case g.Code == "":
		return ErrNotFound
	case buyer != "" && slices.Contains(buyers, buyer):
		return ErrIn
	case g.State == Full, g.State == Open && g.Seats >= g.Size:
		return ErrFull
	case g.State != Open || !now.Before(g.EndsAt):
		return ErrOver
	}
	return nil
}

// Count remembers a seat that was granted, for the next to ask.
func (a *Asked) Count(d Deal, buyer string) {
	if d.Opens {
		a.offer.open++
		return
	}
	a.group.Seats++
	a.buyers = append(a.buyers, buyer)
}

// Take gives a seat to an order and begins its group where the deal says so.
// After [db.Tx.Together] a refusal may be told by the commit.
func Take(ctx context.Context, tx *db.Tx, d Deal, s Seat, now time.Time) error {
	if d.Opens {
		if err := tx.WriteOne(ctx, ErrNoMore, beginText, d.Offer); err != nil {
			return err
		}
		if err := tx.Write(ctx, openText, d.Code, d.Offer, d.Steps[0].People, d.Size(), clock.Millis(now), clock.Millis(d.EndsAt)); err != nil {
			return err
		}
	} else if err := tx.WriteOne(ctx, ErrFull, takeText, d.Code, clock.Millis(now)); err != nil {
		return err
	}
	return tx.WriteOne(ctx, ErrIn, sitText, d.Code, s.Buyer, s.Order, s.Name)
}

// TakeAgain gives a seat back to an order that had left it, if there is still
// one.
func TakeAgain(ctx context.Context, tx *db.Tx, code, order string, now time.Time) (bool, error) {
	ok, err := takeAgain(ctx, tx, code, order, now)
	if err != nil || !ok {
		return false, err
	}
	return true, setSeat(ctx, tx, order, Held)
}

// Pay counts the seat of a paid order. The group that it fills is full with it;
// in one that has ended it does not count, and the order will be given back.
func Pay(ctx context.Context, tx *db.Tx, b *bus.Bus, d Deal, order string, now time.Time) error {
	g, ok, err := pay(ctx, tx, d.Code, order, now)
	if err != nil || !ok {
		return err
	}
	if err := setSeat(ctx, tx, order, Paid); err != nil {
		return err
	}
	if g.State == Full || !slices.ContainsFunc(d.Steps, func(s Step) bool { return s.People == g.Paid }) {
		return nil
	}
	e, err := bus.New(TopicStep, d.Code, Told{Code: d.Code, Offer: d.Offer, People: g.Paid, At: clock.Millis(now)})
	if err != nil {
		return err
	}
	return b.Publish(ctx, tx, e)
}

// Leave frees the seat of an order that came to nothing; not in a group that has
// ended. A group that nobody is left in is gone.
func Leave(ctx context.Context, tx *db.Tx, code, order string, now time.Time) error {
	g, ok, err := leave(ctx, tx, code, order)
	if err != nil || !ok {
		return err
	}
	if err := setSeat(ctx, tx, order, Left); err != nil || g.Seats > 0 {
		return err
	}
	if err := vanish(ctx, tx, code, now); err != nil {
		return err
	}
	return giveGroup(ctx, tx, g.Offer)
}
