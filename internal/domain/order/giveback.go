package order

import (
	"context"
	"math/bits"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// Freight is the position of the freight where money of an order is given back.
const Freight = -1

// Part is money of one position of an order that goes back.
type Part struct {
	Position int
	Quantity int64 // of the line; 0 for a part of the price and for the freight
	Minor    int64
	CameBack bool  // the units were sent and have come back
	back     int64 // as many as can have
}

// Rest is what of one position can still go back.
type Rest struct {
	Quantity int64 // bought
	Paid     int64 // minor units
	Back     int64 // units given back
	BackFor  int64 // money given back for units
	BackOff  int64 // money given back without units
}

// Minor is the money that is left of the position.
func (r Rest) Minor() int64 { return r.Paid - r.BackFor - r.BackOff }

// Units are what of the position was not given back.
func (r Rest) Units() int64 { return r.Quantity - r.Back }

// Share is the money for k more units: the price frozen at placement less what
// went back without units, rounded down over all units given back so far, less
// the same for those that went before. So it does not matter in how many steps
// units go back, and unless less was agreed on, nothing is left with the last.
func (r Rest) Share(k int64) int64 {
	if k <= 0 || r.Units() <= 0 {
		return 0
	}
	return max(0, min(r.upTo(r.Back+min(k, r.Units()))-r.upTo(r.Back), r.Minor()))
}

// upTo is the money for the first k units; k is at most the quantity.
func (r Rest) upTo(k int64) int64 {
	hi, lo := bits.Mul64(uint64(r.Paid-r.BackOff), uint64(k))
	q, _ := bits.Div64(hi, lo, uint64(r.Quantity))
	return int64(q)
}

// Rests are what of an order can still go back.
type Rests struct {
	Lines   []Rest
	Freight Rest
	Total   int64
}

// GiveBackAll is every position with all that is left of it.
func (r Rests) GiveBackAll() []Part {
	var parts []Part
	left := r.Total
	add := func(p Part) {
		if p.Minor = min(p.Minor, left); p.Minor > 0 {
			left -= p.Minor
			parts = append(parts, p)
		}
	}
	for i, l := range r.Lines {
		add(Part{Position: i, Quantity: l.Units(), Minor: l.Minor()})
	}
	add(Part{Position: Freight, Minor: r.Freight.Minor()})
	return parts
}

// ErrNothingLeft is returned for money of which nothing can go back any more.
var ErrNothingLeft = errs.New(errs.Conflict, "order.nothing_left", "Everything that was paid for this has gone back already.", "这部分款项已全部退还。")

// Lock reads an order and keeps others from changing it until the transaction
// ends.
func Lock(ctx context.Context, tx *db.Tx, order string) (Order, error) {
	return lockByID(ctx, tx, order)
}

// RestsOf says what of an order can still go back.
func RestsOf(ctx context.Context, q db.Querier, o Order) (Rests, error) {
	rows, err := refundsOf(ctx, q, o.ID)
	if err != nil {
		return Rests{}, err
	}
	r := Rests{Lines: make([]Rest, len(o.Lines)), Freight: Rest{Paid: o.Quote.PaidFreight()}, Total: o.Total().Minor}
	for i, l := range o.Lines {
		r.Lines[i] = Rest{Quantity: l.Quantity, Paid: o.Quote.PaidFor(i)}
	}
	for _, p := range rows {
		to := &r.Freight
		if p.Position >= 0 && p.Position < len(r.Lines) {
			to = &r.Lines[p.Position]
		}
		to.Back += p.Quantity
		if p.Quantity > 0 {
			to.BackFor += p.Minor
		} else {
			to.BackOff += p.Minor
		}
		r.Total -= p.Minor
	}
	return r, nil
}

// Refundable reports whether there is money of o that could go back.
func (o Order) Refundable() bool {
	switch o.State {
	case Placed, Ready, Shipped, Completed:
		return o.PayState == Paid || o.PayState == PartlyRefunded
	}
	return false
}

// InCash reports whether o is paid at the stall, so that what goes back goes
// from hand to hand.
func (o Order) InCash() bool { return o.Payment == PayAtPickup }

// GiveBack promises parts of a paid order back, in the caller's transaction that
// has locked it. The same key is the same promise. A provider is asked right
// after; what was paid in cash waits for [Service.HandedBack]. An order that
// nobody has been given yet and of which nothing is left is cancelled by it; one
// that was sent in part and of which nothing is left to send is shipped by it.
// It returns [payment.ErrTooMuch] when a part is more than is left.
func (s *Service) GiveBack(ctx context.Context, tx *db.Tx, o *Order, key string, by By, parts []Part) error {
	if known, err := refundKnown(ctx, tx, key); err != nil || known {
		return err
	}
	if !o.Refundable() {
		return ErrState
	}
	rests, err := RestsOf(ctx, tx, *o)
	if err != nil {
		return err
	}
	sum, err := rests.check(parts)
	if err != nil {
		return err
	}
	now := s.now()
	parts = o.giveUp(parts)
	if err := insertRefunds(ctx, tx, key, o.ID, parts, now); err != nil {
		return err
	}
	from := ledger.Escrow(o.Shop)
	if o.State == Completed {
		from = ledger.Earned(o.Shop)
	}
	amount := money.Of(sum, o.Total().Currency)
	if !o.InCash() {
		if err := s.payments.GiveBack(ctx, tx, o.ID, key, "aftersale", amount); err != nil {
			return err
		}
	}
	c := change{from: []State{o.State}, to: o.State, pay: PartlyRefunded, event: "giving_back", by: by}
	if sum == rests.Total {
		c.pay = Refunding
	}
	switch {
	case o.PartlySent() && (sum == rests.Total || len(o.left()) == 0):
		c.to, c.edit = Shipped, allSent
	case sum == rests.Total && (o.State == Placed || o.State == Ready):
		c.to, c.event = Cancelled, "cancelled"
	}
	was := o.State
	// Who follows the order locks rows of its own, and they come before the books.
	if err := s.apply(ctx, tx, o, c); err != nil {
		return err
	}
	err = ledger.Post(ctx, tx, now, journal("giveback", key, ledger.Refunds(o.Shop), from, amount))
	if err != nil || c.to == was {
		return err
	}
	return s.giveGoodsBack(ctx, tx, o)
}

// check sums parts and holds each against what is left.
func (r Rests) check(parts []Part) (sum int64, err error) {
	seen := map[int]bool{}
	for _, p := range parts {
		of := r.Freight
		if p.Position >= 0 && p.Position < len(r.Lines) {
			of = r.Lines[p.Position]
		} else if p.Position != Freight {
			return 0, payment.ErrTooMuch
		}
		if seen[p.Position] || p.Minor <= 0 || p.Minor > of.Minor() || p.Quantity < 0 || p.Quantity > of.Units() {
			return 0, payment.ErrTooMuch
		}
		seen[p.Position] = true
		sum += p.Minor
	}
	if sum <= 0 {
		return 0, ErrNothingLeft
	}
	if sum > r.Total {
		return 0, payment.ErrTooMuch
	}
	return sum, nil
}

// HandedBack notes that what was promised under a key has been given back in
// cash; the caller's transaction has locked the order. Twice is once.
func (s *Service) HandedBack(ctx context.Context, tx *db.Tx, o *Order, key string, by By) error {
	if !o.InCash() {
		return ErrState
	}
	sum, err := finishRefunds(ctx, tx, key, s.now())
	if err != nil || sum == 0 {
		return err
	}
	amount := money.Of(sum, o.Total().Currency)
	if err := ledger.Post(ctx, tx, s.now(), journal("handback", key, ledger.Cash(o.Shop), ledger.Refunds(o.Shop), amount)); err != nil {
		return err
	}
	return s.gaveBack(ctx, tx, o, sum, by)
}

// gaveBack counts money that has really gone.
func (s *Service) gaveBack(ctx context.Context, tx *db.Tx, o *Order, minor int64, by By) error {
	pay := o.PayState
	if o.Refunded+minor >= o.Total().Minor {
		pay = Refunded
	}
	return s.apply(ctx, tx, o, change{from: []State{o.State}, to: o.State, pay: pay, event: "refunded", by: by,
		edit: func(o *Order) { o.Refunded += minor }})
}

// Note adds a step to the history of an order that the transaction has locked;
// where the order stands does not change.
func (s *Service) Note(ctx context.Context, tx *db.Tx, o *Order, event string, by By) error {
	return s.apply(ctx, tx, o, change{from: []State{o.State}, to: o.State, event: event, by: by})
}

// giveGoodsBack frees what an order holds: stock and its place in a slot.
func (s *Service) giveGoodsBack(ctx context.Context, tx *db.Tx, o *Order) error {
	if err := s.stock.Release(ctx, tx, o.lineIDs()...); err != nil {
		return err
	}
	if o.Quote.Slot == nil {
		return nil
	}
	return shop.ReturnSlot(ctx, tx, o.Shop, o.Quote.Slot.ID)
}
