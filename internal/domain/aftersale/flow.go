package aftersale

import (
	"context"
	"errors"
	"slices"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Move is a step that somebody takes.
type Move struct {
	Key      string // Idempotency-Key
	Case     string
	By       By
	Owner    string // the buyer or the shop; not read for the operator
	Person   string // who it is
	Event    Event
	Seen     int64 // version of the case that was decided on
	Note     string
	Deal     *Deal  // of a counter-proposal
	Freight  bool   // the shop gives the freight back too
	Tracking string // of goods that are sent back
	Restock  bool   // goods that came back go on sale again
}

// mayMove reports whether a move's sender has a part in the case.
func (m Move) mayMove(c Case) bool {
	switch m.By {
	case Buyer:
		return c.Buyer == m.Owner
	case Seller:
		return c.Shop == m.Owner
	}
	return m.By == Operator
}

// Act takes a step. The same key gets the same answer. It returns [ErrStep] when
// the table has no such step and [ErrStale] when the case has moved since the
// sender looked.
func (s *Service) Act(ctx context.Context, m Move) (Case, error) {
	var err error
	if m.Note, err = wordsOf(m.Note); err != nil {
		return Case{}, err
	}
	c, err := byID(ctx, s.DB, m.Case)
	if err != nil {
		return Case{}, err
	}
	if !m.mayMove(c) {
		return Case{}, ErrNotFound
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.Lock(ctx, tx, c.Order)
		if err != nil {
			return err
		}
		if c, err = lockByID(ctx, tx, m.Case); err != nil {
			return err
		}
		key := string(m.By) + ":" + m.Owner + ":" + m.Key
		if was, err := stepOf(ctx, tx, c.ID, key); err != nil || was != "" {
			if err == nil && Event(was) != m.Event {
				return ErrKeyReused
			}
			return err
		}
		return s.step(ctx, tx, &o, &c, m, key)
	})
	return c, err
}

// step takes one row of the table; the order and the case are locked.
func (s *Service) step(ctx context.Context, tx *db.Tx, o *order.Order, c *Case, m Move, key string) error {
	r, ok := next(*c, m.Event, m.By)
	if !ok {
		return ErrStep
	}
	if m.Seen != c.Version && m.By != System {
		return ErrStale
	}
	if m.Event == Counter && len(c.Events) >= maxSteps {
		return ErrStep
	}
	if m.Event.needsNote() && m.Note == "" {
		return ErrNote
	}
	told, err := s.words(ctx, tx, o, c, r, m)
	if err != nil {
		return err
	}
	now := s.Now()
	c.State, c.Version, c.UpdatedAt = r.to, c.Version+1, now
	c.DueAt = dueAfter(now, r)
	if err := update(ctx, tx, *c, c.Version-1); err != nil {
		return err
	}
	for _, e := range r.do {
		if err := s.bring(ctx, tx, e, o, c, m); err != nil {
			return err
		}
	}
	if err := settled(ctx, tx, *c); err != nil {
		return err
	}
	return s.record(ctx, tx, c, Step{At: now, Event: m.Event, By: m.By, Person: m.Person, Note: m.Note, Deal: told}, key)
}

// words applies the effects that change only the case's own deals and returns
// the deal that the step is about.
func (s *Service) words(ctx context.Context, tx *db.Tx, o *order.Order, c *Case, r row, m Move) (*Deal, error) {
	for _, e := range r.do {
		switch e {
		case takeAsk, takeOffer:
			agreed := *deal(e)(*c)
			agreed.Freight = agreed.Freight || m.By == Seller && m.Freight && agreed.Kind.givesMoney()
			c.Agreed = &agreed
			return c.Agreed, nil
		case keepAsk, keepOffer:
			if m.Deal == nil {
				return nil, ErrDeal
			}
			rests, err := order.RestsOf(ctx, tx, *o)
			if err != nil {
				return nil, err
			}
			want := *m.Deal
			want.Freight = want.Freight && m.By == Seller
			why := c.Reason
			if m.By == Seller {
				why = FromSeller // may give more than the rule
			}
			if want, err = s.byProgress(ctx, tx, *o, why, want, rests, &c.Ask); err != nil {
				return nil, err
			}
			d, err := proposed(want, rests)
			if err != nil {
				return nil, err
			}
			for _, l := range d.Lines {
				if !slices.Contains(c.Positions(), l.Position) {
					return nil, ErrDeal
				}
			}
			if e == keepAsk {
				c.Ask, c.Offer = d, nil
			} else {
				c.Offer = &d
			}
			return &d, nil
		case cameBack:
			c.CameBack, c.Tracking = true, trackingOf(m.Tracking, c.Tracking)
		}
	}
	return nil, nil
}

// bring carries an effect out on money, stock and orders.
func (s *Service) bring(ctx context.Context, tx *db.Tx, e effect, o *order.Order, c *Case, m Move) error {
	switch e {
	case pay:
		return s.pay(ctx, tx, o, c, m.By)
	case sendAgain:
		return s.sendAgain(ctx, tx, o, c, m.By)
	case handedBack:
		return s.Orders.HandedBack(ctx, tx, o, c.RefundKey(), orderBy(m.By))
	case restock:
		return s.restock(ctx, tx, *o, *c, m)
	}
	return nil
}

// pay promises the money of what was agreed, as far as it is still there. When
// nothing is, a clock closes the case and a person is told.
func (s *Service) pay(ctx context.Context, tx *db.Tx, o *order.Order, c *Case, by By) error {
	rests, err := order.RestsOf(ctx, tx, *o)
	if err != nil {
		return err
	}
	parts := c.Agreed.parts(rests)
	if len(parts) == 0 || !o.Refundable() {
		if by != System {
			return order.ErrNothingLeft
		}
		c.State = Closed
		return nil
	}
	for _, p := range parts {
		c.Given += p.Minor
	}
	return s.Orders.GiveBack(ctx, tx, o, c.RefundKey(), orderBy(by), parts)
}

// sendAgain makes an order for nothing. When the goods are gone a person is told,
// and a clock gives the money back instead.
func (s *Service) sendAgain(ctx context.Context, tx *db.Tx, o *order.Order, c *Case, by By) error {
	if by == System && !s.there(ctx, tx, *o, *c.Agreed) {
		c.Agreed.Kind = Refund
		if c.InCash {
			c.State = Owed
		}
		return s.pay(ctx, tx, o, c, by)
	}
	made, err := s.Orders.Resend(ctx, tx, *o, c.RefundKey(), c.Agreed.units())
	c.Replacement = made.ID
	return err
}

// there reports whether the goods of a deal can be sent again.
func (s *Service) there(ctx context.Context, tx *db.Tx, o order.Order, d Deal) bool {
	want := bySKU(o, d)
	for _, sku := range sortedKeys(want) {
		if item, err := stock.Lock(ctx, tx, sku, stock.Stall); err != nil || item.Available() < want[sku] {
			return false
		}
	}
	return true
}

// restock puts goods that came back on sale again, when the shop says so;
// otherwise they are written off.
func (s *Service) restock(ctx context.Context, tx *db.Tx, o order.Order, c Case, m Move) error {
	if !m.Restock {
		return nil
	}
	back := bySKU(o, *c.Agreed)
	for _, sku := range sortedKeys(back) {
		move := stock.Move{Key: c.RefundKey() + ":" + sku, SKU: sku, Add: back[sku], Reason: stock.Return}
		if _, err := s.Stock.RecordIn(ctx, tx, c.Shop, move); err != nil {
			return err
		}
	}
	return nil
}

// Gift is money that a shop gives back on its own.
type Gift struct {
	Key    string
	Shop   string
	Person string // who gives it
	Order  string
	Note   string
	Deal   Deal // a refund or a difference
}

// Give gives money back without having been asked. The same key and gift are the
// same case.
func (s *Service) Give(ctx context.Context, g Gift) (Case, error) {
	var err error
	if g.Note, err = wordsOf(g.Note); err != nil {
		return Case{}, err
	}
	if g.Deal.Kind != Refund && g.Deal.Kind != Difference {
		return Case{}, ErrDeal
	}
	if _, err := s.Orders.GetForShop(ctx, g.Shop, g.Order); err != nil {
		return Case{}, err
	}
	key, hash := g.Shop+":"+g.Key, digest(g)
	var c Case
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.Lock(ctx, tx, g.Order)
		if err != nil {
			return err
		}
		if done, err := repeated(ctx, tx, key, hash, &c); done || err != nil {
			return err
		}
		if !o.Refundable() {
			return order.ErrState
		}
		rests, err := order.RestsOf(ctx, tx, o)
		if err != nil {
			return err
		}
		d, err := proposed(g.Deal, rests)
		if err != nil {
			return err
		}
		c = caseOf(o, s.Now())
		c.State, c.Reason, c.Words, c.Ask, c.Agreed = Granted, FromSeller, g.Note, d, &d
		if c.InCash {
			c.State = Owed
		}
		for _, p := range d.parts(rests) {
			c.Given += p.Minor
		}
		if err := insert(ctx, tx, c, key, hash); err != nil {
			return err
		}
		if err := s.Orders.GiveBack(ctx, tx, &o, c.RefundKey(), order.BySeller, d.parts(rests)); err != nil {
			return err
		}
		return s.record(ctx, tx, &c, Step{At: s.Now(), Event: Give, By: Seller, Person: g.Person, Note: g.Note, Deal: &d}, "")
	})
	return c, err
}

// orderChanged closes the cases of an order whose money has gone back otherwise.
func (s *Service) orderChanged(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[order.Told](e)
	if err != nil || t.Event != "cancelled" && t.Event != order.GroupFailed {
		return err
	}
	open, err := openOf(ctx, tx, t.Order)
	if err != nil {
		return err
	}
	for _, caseID := range open {
		c, err := lockByID(ctx, tx, caseID)
		if err != nil {
			return err
		}
		if !c.State.Open() {
			continue
		}
		err = s.step(ctx, tx, nil, &c, Move{Event: Cancelled, By: System}, "")
		if err != nil && !errors.Is(err, ErrStep) { // cash that is owed stays owed
			return err
		}
	}
	return nil
}

// record adds a step to the history and tells.
func (s *Service) record(ctx context.Context, tx *db.Tx, c *Case, step Step, key string) error {
	if err := insertStep(ctx, tx, c.ID, step, key); err != nil {
		return err
	}
	c.Events = append(c.Events, step)
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: TopicChanged, Key: c.ID, Payload: c.told(step.Event, step.By, step.At)})
}

func orderBy(by By) order.By {
	switch by {
	case Buyer:
		return order.ByBuyer
	case Seller:
		return order.BySeller
	}
	return order.BySystem
}
