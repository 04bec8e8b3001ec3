package order

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Carrier brings parcels. Implementations are safe for concurrent use and ask
// nobody anything while they are called.
type Carrier interface {
	// Code is the carrier's word in the data; it never changes.
	Code() string
	Name() text.Local
	// Read returns a number as the carrier writes it, or an error that people
	// are shown for what cannot be one.
	Read(number string) (string, error)
	// Page is the address at which a person sees where a parcel is; empty: none.
	Page(number string) string
}

// OtherCarrier is the code of a carrier that nobody knows more of than a number.
const OtherCarrier = "other"

// Parcel is what a shop has sent of an order in one go.
type Parcel struct {
	ID      string
	Carrier string // code
	Number  string // that the carrier calls it by; empty: none
	SentAt  time.Time
	Lines   []ParcelLine
}

// ParcelLine is units of a line of the order.
type ParcelLine struct {
	Position int
	Quantity int64
}

// Sending is a shop's wish to send goods of an order.
type Sending struct {
	Key     string // Idempotency-Key
	Shop    string
	Order   string
	Carrier string // code; empty: [OtherCarrier]
	Number  string
	Lines   []ParcelLine // none: all that is left
}

// Errors of parcels that people meet.
var (
	ErrCarrier    = errs.New(errs.Invalid, "order.carrier", "This carrier is not known here.", "没有这家快递。")
	ErrNoParcel   = errs.New(errs.NotFound, "order.no_parcel", "There is no such parcel.", "没有这个包裹。")
	ErrNotLeft    = errs.New(errs.Conflict, "order.not_left", "Some of this has been sent already, or its money has gone back. Look at what is left.", "其中有商品已经发出或已退款，请核对剩余的商品。")
	ErrNoneLeft   = errs.New(errs.Conflict, "order.none_left", "Nothing of this order is left to send. Cancel it, and what is left of the money goes back.", "这笔订单没有要发的商品了。请取消订单，剩余的款会退回。")
	ErrPartlySent = errs.New(errs.Conflict, "order.partly_sent", "A part of this order is on its way, so it cannot be cancelled. What is missing is settled as a problem with the order, and its money can go back.", "订单的一部分已经发出，不能取消。没有发的部分请走售后，可以退款。")
)

// Left is how many units of a line have still to be sent: what was bought less
// what was sent and what the money has gone back for. Goods that were sent and
// came back are not sent again; other units that were given back are taken from
// those that have not been sent.
func (l Line) Left() int64 {
	return max(0, l.Quantity-l.Sent-l.waived)
}

// giveUp counts units whose money goes back, and says of each part how many of
// its units came back: no more than had been sent and not come back before.
func (o *Order) giveUp(parts []Part) []Part {
	parts = slices.Clone(parts)
	for i := range parts {
		if p := &parts[i]; p.Position >= 0 {
			l := &o.Lines[p.Position]
			if p.CameBack {
				p.back = min(p.Quantity, l.Sent-l.returned)
			}
			l.count(*p)
		}
	}
	return parts
}

// count takes what was given back into account.
func (l *Line) count(p Part) {
	l.returned += p.back
	l.waived += p.Quantity - p.back
}

// left is what of an order has still to be sent.
func (o Order) left() []ParcelLine {
	var lines []ParcelLine
	for i, l := range o.Lines {
		if n := l.Left(); n > 0 {
			lines = append(lines, ParcelLine{i, n})
		}
	}
	return lines
}

// PartlySent reports whether some of an order is on its way and some is not.
func (o Order) PartlySent() bool { return o.State == Placed && len(o.Parcels) > 0 }

// Send sends goods of an order in a parcel. The last one makes the order
// [Shipped]; until then it stays [Placed]. The same key and parcel is the same
// parcel. It returns [ErrNotLeft] for more than is left, so what two clerks send
// at once is sent once.
func (s *Service) Send(ctx context.Context, w Sending) (Order, error) {
	return s.step(ctx, w.Order, ofShop(w.Shop), func(tx *db.Tx, o *Order) error {
		p, err := s.parcel(w.Carrier, w.Number)
		if err != nil {
			return err
		}
		p.Lines = slices.Clone(w.Lines)
		slices.SortFunc(p.Lines, func(a, b ParcelLine) int { return a.Position - b.Position })
		hash := p.digest()
		key := o.ID + ":" + w.Key
		was, known, err := parcelHash(ctx, tx, key)
		if err != nil || known {
			if err == nil && was != hash {
				return ErrKeyReused
			}
			return err
		}
		return s.send(ctx, tx, o, p, key, hash)
	})
}

// Ship sends all that is left of an order in one parcel; a shipped order is left
// as it is.
func (s *Service) Ship(ctx context.Context, shopID, order, number string) (Order, error) {
	return s.step(ctx, order, ofShop(shopID), func(tx *db.Tx, o *Order) error {
		if o.State == Shipped {
			return nil
		}
		p, err := s.parcel(OtherCarrier, number)
		if err != nil {
			return err
		}
		return s.send(ctx, tx, o, p, o.ID+":rest", p.digest())
	})
}

// send writes a parcel of an order that the transaction has locked.
func (s *Service) send(ctx context.Context, tx *db.Tx, o *Order, p Parcel, key, hash string) error {
	if o.Quote.Kind != ByParcel || o.State != Placed {
		return ErrState
	}
	if o.Awaits() {
		return ErrAwaits
	}
	left := o.left()
	if len(left) == 0 {
		return ErrNoneLeft
	}
	if len(p.Lines) == 0 {
		p.Lines = left
	}
	parts, err := o.pack(p)
	if err != nil {
		return err
	}
	now := s.now()
	p.ID, p.SentAt = id.New("par", now), now
	o.Parcels = append(o.Parcels, p)
	if err := insertParcel(ctx, tx, o.ID, key, hash, len(o.Parcels), p); err != nil {
		return err
	}
	c := change{from: []State{Placed}, to: Placed, event: "parcel_sent", by: BySeller, note: p.Number}
	last := len(o.left()) == 0
	if last {
		c.to, c.event, c.edit = Shipped, "shipped", allSent
	}
	if err := s.apply(ctx, tx, o, c); err != nil {
		return err
	}
	if err := s.stock.ShipPart(ctx, tx, p.ID, parts); err != nil || !last {
		return err
	}
	// What the money has gone back for was never sent.
	return s.stock.Release(ctx, tx, o.lineIDs()...)
}

// pack counts a parcel's goods as sent.
func (o *Order) pack(p Parcel) ([]stock.Part, error) {
	var parts []stock.Part
	for _, l := range p.Lines {
		if l.Position < 0 || l.Position >= len(o.Lines) || l.Quantity <= 0 || l.Quantity > o.Lines[l.Position].Left() {
			return nil, ErrNotLeft
		}
		o.Lines[l.Position].Sent += l.Quantity
		parts = append(parts, stock.Part{Line: o.Lines[l.Position].ID, Qty: l.Quantity})
	}
	for i, l := range p.Lines {
		if i > 0 && p.Lines[i-1].Position == l.Position {
			return nil, ErrNotLeft
		}
	}
	return parts, nil
}

// allSent starts the clock at whose end an order counts as received.
func allSent(o *Order) {
	o.CompletesAt = o.Parcels[len(o.Parcels)-1].SentAt.Add(CompleteAfter)
}

// Readdress corrects the carrier and the number of a parcel that has not been
// received.
func (s *Service) Readdress(ctx context.Context, shopID, order, parcel, carrier, number string) (Order, error) {
	return s.step(ctx, order, ofShop(shopID), func(tx *db.Tx, o *Order) error {
		i := slices.IndexFunc(o.Parcels, func(x Parcel) bool { return x.ID == parcel })
		if i < 0 {
			return ErrNoParcel
		}
		p, err := s.parcel(carrier, number)
		if err != nil {
			return err
		}
		was := &o.Parcels[i]
		if was.Carrier == p.Carrier && was.Number == p.Number {
			return nil
		}
		was.Carrier, was.Number = p.Carrier, p.Number
		if err := updateParcel(ctx, tx, *was); err != nil {
			return err
		}
		return s.apply(ctx, tx, o, change{from: []State{Placed, Shipped}, to: o.State, event: "parcel_corrected", by: BySeller, note: p.Number})
	})
}

// Carriers are those that shops can choose from; [OtherCarrier] is not among
// them and always there.
func (s *Service) Carriers() []Carrier { return s.carriers }

// carrier finds a carrier by its code; nil for another one.
func (s *Service) carrier(code string) Carrier {
	for _, c := range s.carriers {
		if c.Code() == code {
			return c
		}
	}
	return nil
}

// CarrierName is how people call a carrier.
func (s *Service) CarrierName(code string) text.Local {
	if c := s.carrier(code); c != nil {
		return c.Name()
	}
	if code == OtherCarrier {
		return text.Both("Another carrier", "其他快递")
	}
	return text.Both(code, code) // it was known once
}

// TrackingPage is the address at which a person sees where a parcel is; empty:
// none. Nothing that a shop typed gets into it but capital letters and digits.
func (s *Service) TrackingPage(p Parcel) string {
	if c := s.carrier(p.Carrier); c != nil && p.Number != "" {
		return c.Page(p.Number)
	}
	return ""
}

// parcel reads what a shop typed about a parcel.
func (s *Service) parcel(code, number string) (Parcel, error) {
	p := Parcel{Carrier: code, Number: bounded(text.Line(number), 80)}
	c := s.carrier(code)
	switch {
	case code == "" || code == OtherCarrier:
		p.Carrier = OtherCarrier
		return p, nil
	case c == nil:
		return Parcel{}, ErrCarrier
	case p.Number == "":
		return p, nil
	}
	var err error
	p.Number, err = c.Read(p.Number)
	return p, err
}

// digest tells two parcels under one key apart.
func (p Parcel) digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %v", p.Carrier, p.Number, p.Lines))
	return hex.EncodeToString(sum[:])
}
