package order

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/web"
)

// change is one step of an order: allowed from some states, to another, with a
// word for the history.
type change struct {
	from  []State
	to    State
	pay   PayState // empty: as it is
	event string
	by    By
	note  string
	edit  func(*Order) // further columns
}

// apply carries a change out on an order that the transaction has locked, and
// tells. It returns [ErrState] when the order stands elsewhere.
func (s *Service) apply(ctx context.Context, tx *db.Tx, o *Order, c change) error {
	allowed := false
	for _, f := range c.from {
		allowed = allowed || o.State == f
	}
	if !allowed {
		return ErrState
	}
	was, version := o.State, o.Version
	o.State = c.to
	if c.pay != "" {
		o.PayState = c.pay
	}
	if c.edit != nil {
		c.edit(o)
	}
	if c.to == Cancelled || c.to == Completed {
		o.CompletesAt = time.Time{}
	}
	o.Version++
	now := s.now()
	ok, err := setState(ctx, tx, *o, was, version)
	if err != nil {
		return err
	}
	if !ok {
		return ErrState
	}
	e := Event{At: now, Event: c.event, By: c.by, Note: c.note}
	if err := addEvent(ctx, tx, o.ID, e); err != nil {
		return err
	}
	o.Events = append(o.Events, e)
	// Goods come before coupons, flashes, groups, claims and what listeners keep, as in placement.
	if o.movesGoods(was) {
		if err := stock.LockAll(ctx, tx, o.skus()...); err != nil {
			return err
		}
	}
	if err := settlePromos(ctx, tx, o, was); err != nil {
		return err
	}
	if err := s.settleSeat(ctx, tx, o, was, now); err != nil {
		return err
	}
	if err := s.settleClaims(ctx, tx, o, was); err != nil {
		return err
	}
	told := TellOf(*o, c.event, now).JSON()
	events := []bus.Event{{Topic: TopicChanged, Key: o.ID, Payload: told}}
	if was == PendingPayment && c.to == Placed {
		events = append(events, bus.Event{Topic: TopicPaid, Key: o.ID, Payload: told})
	}
	return s.bus.Publish(ctx, tx, events...)
}

// movesGoods reports whether goods go back on sale, or to the buyer, with the step
// that o has taken.
func (o *Order) movesGoods(was State) bool {
	switch o.State {
	case Cancelled, Expired, Shipped:
		return was != o.State
	case Completed:
		return was == Placed || was == Ready
	}
	return false
}

func (o *Order) skus() []string {
	skus := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		skus[i] = l.SKU
	}
	return skus
}

// step loads an order of an owner, locks it and runs f in the transaction.
func (s *Service) step(ctx context.Context, order string, mayTouch func(Order) bool, f func(tx *db.Tx, o *Order) error) (Order, error) {
	var o Order
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		var err error
		if o, err = lockByID(ctx, tx, order); err != nil {
			return err
		}
		if !mayTouch(o) {
			return ErrNotFound
		}
		return f(tx, &o)
	})
	return o, err
}

func ofShop(shopID string) func(Order) bool { return func(o Order) bool { return o.Shop == shopID } }

func (o Order) lineIDs() []string {
	ids := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		ids[i] = l.ID
	}
	return ids
}

// Cancel ends an order that has not been handed over: the goods go back on sale
// and what was paid goes back to the buyer. Cancelling twice is cancelling once.
// It returns [ErrPartlySent] when a part is on its way: what is missing then is a
// case after the sale.
func (s *Service) Cancel(ctx context.Context, order string, by By, owner, reason string) (Order, error) {
	may := func(o Order) bool { return by == BySeller && o.Shop == owner || by == ByBuyer && o.Buyer == owner }
	return s.step(ctx, order, may, func(tx *db.Tx, o *Order) error {
		if o.State == Cancelled {
			return nil
		}
		if o.PartlySent() {
			return ErrPartlySent
		}
		pay := NoPayment
		if o.PayState == Paid || o.PayState == PartlyRefunded {
			pay = Refunding
			if o.Total().Minor == 0 {
				pay = Refunded
			}
		}
		if err := s.apply(ctx, tx, o, change{from: []State{PendingPayment, Placed, Ready}, to: Cancelled, pay: pay, event: "cancelled", by: by, note: bounded(text.Line(reason), 200)}); err != nil {
			return err
		}
		return s.undo(ctx, tx, o, "cancel")
	})
}

// undo gives goods, slot and money of an order back.
func (s *Service) undo(ctx context.Context, tx *db.Tx, o *Order, kind string) error {
	if err := s.giveGoodsBack(ctx, tx, o); err != nil {
		return err
	}
	if o.Total().Minor == 0 {
		return nil
	}
	if o.PayState == Refunding {
		return s.undoMoney(ctx, tx, o, kind)
	}
	if err := ledger.Post(ctx, tx, s.now(), journal(kind, o.ID, ledger.Receivable(o.Shop), ledger.Escrow(o.Shop), o.Total())); err != nil {
		return err
	}
	return s.payments.Close(ctx, tx, o.ID)
}

// undoMoney gives back what is left of a paid order.
func (s *Service) undoMoney(ctx context.Context, tx *db.Tx, o *Order, kind string) error {
	rests, err := RestsOf(ctx, tx, *o)
	if err != nil || rests.Total == 0 {
		return err
	}
	key := kind + ":" + o.ID
	if err := insertRefunds(ctx, tx, key, o.ID, rests.GiveBackAll(), s.now()); err != nil {
		return err
	}
	left := money.Of(rests.Total, o.Total().Currency)
	if err := ledger.Post(ctx, tx, s.now(), journal(kind, o.ID, ledger.Refunds(o.Shop), ledger.Escrow(o.Shop), left)); err != nil {
		return err
	}
	return s.payments.GiveBack(ctx, tx, o.ID, key, kind, left)
}

// happened is what came of a payment, with its order, locked.
func happened(ctx context.Context, tx *db.Tx, e bus.Event) (payment.Happened, Order, error) {
	h, err := bus.Decode[payment.Happened](e)
	if err != nil {
		return h, Order{}, err
	}
	o, err := lockByID(ctx, tx, h.Order)
	return h, o, err
}

// captured acts on money that has come: the order is paid, or, when it was
// given up in the meantime, taken up again if the goods are still there, else
// the money goes back.
func (s *Service) captured(ctx context.Context, tx *db.Tx, e bus.Event) error {
	h, o, err := happened(ctx, tx, e)
	if err != nil {
		return err
	}
	now := s.now()
	begin := func(o *Order) { o.CompletesAt = o.openUntil(now) }
	if o.State == PendingPayment {
		if err := s.apply(ctx, tx, &o, change{from: []State{PendingPayment}, to: Placed, pay: Paid, event: "paid", by: ByProvider, edit: begin}); err != nil {
			return err
		}
		return ledger.Post(ctx, tx, now, journal("capture", o.ID, ledger.Receivable(o.Shop), ledger.Clearing(h.Holder), o.Total()))
	}
	if o.State == Expired {
		ok, err := s.takeAgain(ctx, tx, &o)
		if err != nil {
			return err
		}
		if ok {
			if err := s.apply(ctx, tx, &o, change{from: []State{Expired}, to: Placed, pay: Paid, event: "paid_late", by: ByProvider, edit: begin}); err != nil {
				return err
			}
			return ledger.Post(ctx, tx, now,
				journal("replace", o.ID, ledger.Escrow(o.Shop), ledger.Receivable(o.Shop), o.Total()),
				journal("capture", o.ID, ledger.Receivable(o.Shop), ledger.Clearing(h.Holder), o.Total()))
		}
	}
	if err := s.apply(ctx, tx, &o, change{from: []State{o.State}, to: o.State, pay: Refunding, event: "refunding_late_payment", by: BySystem}); err != nil {
		return err
	}
	if err := ledger.Post(ctx, tx, now, journal("capture", o.ID, ledger.Refunds(o.Shop), ledger.Clearing(h.Holder), o.Total())); err != nil {
		return err
	}
	return s.payments.GiveBack(ctx, tx, o.ID, "late:"+o.ID, "late", o.Total())
}

// takeAgain reserves the goods of an expired order anew, or reports that they,
// its slot, its coupon or its share of a flash are gone.
func (s *Service) takeAgain(ctx context.Context, tx *db.Tx, o *Order) (bool, error) {
	if err := stock.LockAll(ctx, tx, o.skus()...); err != nil {
		return false, err
	}
	for _, l := range o.Lines {
		item, err := stock.Lock(ctx, tx, l.SKU, l.Bucket)
		if err != nil {
			return false, err
		}
		if item.Available() < l.Quantity {
			return false, nil
		}
	}
	if o.Quote.Slot != nil {
		var used int64
		if err := shop.AskSlotUse(ctx, tx, &used, o.Shop, o.Quote.Slot.ID); err != nil || used >= o.Quote.Capacity {
			return false, err
		}
	}
	if ok, err := o.redeemAgain(ctx, tx, s.now()); err != nil || !ok {
		return false, err
	}
	if o.Quote.Slot != nil {
		slot := *o.Quote.Slot
		slot.Left = o.Quote.Capacity
		if err := shop.TakeSlots(ctx, tx, o.Shop, slot, 1); err != nil {
			return false, err
		}
	}
	for _, l := range o.Lines {
		if err := stock.Reserve(ctx, tx, l.SKU, l.Bucket, l.Quantity); err != nil {
			return false, err
		}
		if err := s.stock.HoldAgain(ctx, tx, l.ID); err != nil {
			return false, err
		}
	}
	return true, nil
}

// payFailed notes a failed try; the order waits on, people try again.
func (s *Service) payFailed(ctx context.Context, tx *db.Tx, e bus.Event) error {
	o, err := lockByID(ctx, tx, e.Key)
	if err != nil || o.State != PendingPayment {
		return err
	}
	return s.apply(ctx, tx, &o, change{from: []State{PendingPayment}, to: PendingPayment, pay: PayFailed, event: "payment_failed", by: ByProvider})
}

// refunded notes that the provider has given the money back.
func (s *Service) refunded(ctx context.Context, tx *db.Tx, e bus.Event) error {
	h, o, err := happened(ctx, tx, e)
	if err != nil {
		return err
	}
	key, err := payment.RefundKey(ctx, tx, h.Refund)
	if err != nil {
		return err
	}
	if _, err := finishRefunds(ctx, tx, key, s.now()); err != nil {
		return err
	}
	if err := s.gaveBack(ctx, tx, &o, h.Amount.Minor, ByProvider); err != nil {
		return err
	}
	kind := "refund"
	if h.Holder == payment.ByHand {
		kind = "settle" // it may have been booked and undone before
	}
	return ledger.Post(ctx, tx, s.now(), journal(kind, h.Refund, ledger.Clearing(h.Holder), ledger.Refunds(o.Shop), h.Amount))
}

// unrefunded notes that money could not be given back: a person has to. Where it
// had been counted as given, it is owed again.
func (s *Service) unrefunded(ctx context.Context, tx *db.Tx, e bus.Event) error {
	h, o, err := happened(ctx, tx, e)
	if err != nil {
		return err
	}
	c := change{from: []State{o.State}, to: o.State, event: "refund_failed", by: ByProvider}
	if !h.Undone {
		return s.apply(ctx, tx, &o, c)
	}
	if o.PayState == Refunded {
		c.pay = Refunding
	}
	c.edit = func(o *Order) { o.Refunded -= h.Amount.Minor }
	if err := s.apply(ctx, tx, &o, c); err != nil {
		return err
	}
	key, err := payment.RefundKey(ctx, tx, h.Refund)
	if err != nil {
		return err
	}
	if err := oweRefunds(ctx, tx, key); err != nil {
		return err
	}
	return ledger.Post(ctx, tx, s.now(), journal("refund_undone", h.Refund, ledger.Refunds(o.Shop), ledger.Clearing(h.Holder), h.Amount))
}

// MarkReady says that an order is packed.
func (s *Service) MarkReady(ctx context.Context, shopID, order string) (Order, error) {
	return s.step(ctx, order, ofShop(shopID), func(tx *db.Tx, o *Order) error {
		if o.State == Ready {
			return nil
		}
		if o.Quote.Kind != ByPickup {
			return ErrState
		}
		if o.Awaits() {
			return ErrAwaits
		}
		return s.apply(ctx, tx, o, change{from: []State{Placed}, to: Ready, event: "ready", by: BySeller})
	})
}

// HandOver gives the goods of a collected order to whoever tells its code (or is
// named by the stall). An order due at the stall is paid by this. A second try
// is refused, so one code collects once.
func (s *Service) HandOver(ctx context.Context, shopID, order, code string) (Order, error) {
	if order == "" {
		var err error
		if order, err = byCode(ctx, s.db, shopID, NormalCode(code)); err != nil {
			return Order{}, err
		}
	}
	return s.step(ctx, order, ofShop(shopID), func(tx *db.Tx, o *Order) error {
		switch {
		case o.State == Completed:
			return ErrHandedOver
		case o.State == PendingPayment:
			return ErrNotPaid
		case !o.Quote.AtSlot():
			return ErrState
		case o.Awaits():
			return ErrAwaits
		}
		var journals []ledger.Journal
		pay := o.PayState
		if pay == DueAtPickup {
			pay = Paid
			journals = append(journals, journal("cash", o.ID, ledger.Receivable(o.Shop), ledger.Cash(o.Shop), o.Total()))
		}
		earned, err := s.earning(ctx, tx, o)
		if err != nil {
			return err
		}
		journals = append(journals, earned...)
		if err := s.apply(ctx, tx, o, change{from: []State{Placed, Ready}, to: Completed, pay: pay, event: "handed_over", by: BySeller}); err != nil {
			return err
		}
		if err := s.stock.Ship(ctx, tx, o.lineIDs()...); err != nil {
			return err
		}
		return ledger.Post(ctx, tx, s.now(), journals...)
	})
}

// Received lets the buyer say that a parcel has come.
func (s *Service) Received(ctx context.Context, buyer, order string) (Order, error) {
	return s.step(ctx, order, func(o Order) bool { return o.Buyer == buyer }, func(tx *db.Tx, o *Order) error {
		if o.State == Completed {
			return nil
		}
		if o.State != Shipped {
			return ErrState
		}
		return s.complete(ctx, tx, o, "received", ByBuyer)
	})
}

// openUntil is when what is watched here counts as handed over although nobody
// opened it; zero for everything else.
func (o *Order) openUntil(paid time.Time) time.Time {
	if o.Quote.Kind != ByOnline {
		return time.Time{}
	}
	return paid.Add(OpenWithin)
}

// Opened says that the buyer has opened what is watched here, which hands it
// over; the caller's transaction has locked the order. Twice is once.
func (s *Service) Opened(ctx context.Context, tx *db.Tx, o *Order) error {
	if o.State == Completed {
		return nil
	}
	if o.Quote.Kind != ByOnline {
		return ErrState
	}
	return s.complete(ctx, tx, o, "opened", ByBuyer)
}

// complete ends an order whose goods are with the buyer: a parcel has come, or
// what is watched here was opened.
func (s *Service) complete(ctx context.Context, tx *db.Tx, o *Order, event string, by By) error {
	from := Shipped
	if o.Quote.Kind == ByOnline {
		from = Placed
	}
	if err := s.apply(ctx, tx, o, change{from: []State{from}, to: Completed, event: event, by: by}); err != nil {
		return err
	}
	if from == Placed {
		if err := s.stock.Ship(ctx, tx, o.lineIDs()...); err != nil {
			return err
		}
	}
	journals, err := s.earning(ctx, tx, o)
	if err != nil {
		return err
	}
	return ledger.Post(ctx, tx, s.now(), journals...)
}

// earning books what is left of an order as the shop's own.
func (s *Service) earning(ctx context.Context, tx *db.Tx, o *Order) ([]ledger.Journal, error) {
	rests, err := RestsOf(ctx, tx, *o)
	if err != nil || rests.Total == 0 {
		return nil, err
	}
	return []ledger.Journal{journal("complete", o.ID, ledger.Earned(o.Shop), ledger.Escrow(o.Shop), money.Of(rests.Total, o.Total().Currency))}, nil
}

// MovableUntil is when the time of an order can be moved last: a stall waits for
// nobody until the slot begins, somebody who keeps an hour free needs a day.
func (o Order) MovableUntil() time.Time {
	if o.Quote.Slot == nil {
		return time.Time{}
	}
	if o.Quote.Kind == ByAppointment {
		return o.Quote.Slot.StartsAt.Add(-MoveUntil)
	}
	return o.Quote.Slot.StartsAt
}

// Slots lists the times to which a buyer's order can be moved, the present one
// aside.
func (s *Service) Slots(ctx context.Context, buyer, order string) ([]shop.Slot, error) {
	o, err := s.Get(ctx, buyer, order)
	if err != nil {
		return nil, err
	}
	if !o.Can().Move {
		return nil, ErrState
	}
	sh, err := s.shops.Get(ctx, o.Shop)
	if err != nil {
		return nil, err
	}
	slots, err := s.shops.Slots(ctx, sh, 14)
	free := []shop.Slot{}
	for _, x := range slots {
		if x.Left > 0 && x.ID != o.Quote.Slot.ID && !o.Quote.tooSoon(x) {
			free = append(free, x)
		}
	}
	return free, err
}

// Move gives an order another slot: [ErrTooLate] when the old one is near,
// [shop.ErrSlotGone] when the new one has no room.
func (s *Service) Move(ctx context.Context, buyer, order, slotID string) (Order, error) {
	return s.step(ctx, order, func(o Order) bool { return o.Buyer == buyer }, func(tx *db.Tx, o *Order) error {
		if !o.Can().Move {
			return ErrState
		}
		if o.Quote.Slot.ID == slotID {
			return nil
		}
		now := s.now()
		if now.After(o.MovableUntil()) {
			return ErrTooLate
		}
		sh, err := s.shops.Get(ctx, o.Shop)
		if err != nil {
			return err
		}
		slot, err := shop.SlotOf(sh, slotID, now)
		if err != nil {
			return err
		}
		if o.Quote.tooSoon(slot) {
			return shop.ErrSlotGone
		}
		// In one order, so that two who change places do not wait for each other.
		old := o.Quote.Slot.ID
		give := func() error { return shop.ReturnSlot(ctx, tx, o.Shop, old) }
		take := func() error { return shop.TakeSlots(ctx, tx, o.Shop, slot, 1) }
		if old < slotID {
			err = errors.Join(give(), take())
		} else if err = take(); err == nil {
			err = give()
		}
		if err != nil {
			return err
		}
		return s.apply(ctx, tx, o, change{from: []State{PendingPayment, Placed, Ready}, to: o.State, event: "moved", by: ByBuyer,
			edit: func(o *Order) { o.Quote.Slot = &slot }})
	})
}

// Sweep ends what is overdue: unpaid orders expire and give their goods back,
// sent parcels complete, and so does what could be watched and nobody opened. It returns how many orders it moved; call it again
// until it returns zero. Payment and expiry race on the same row; one wins. Each order is a transaction of its own, and one that
// fails does not stop the others.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	now := s.now()
	unpaid, err := overdue(ctx, s.db, now, 200)
	if err != nil {
		return 0, err
	}
	arrived, err := completing(ctx, s.db, now, 200)
	if err != nil {
		return 0, err
	}
	moved := 0
	var bad []error
	for _, order := range unpaid {
		ok, err := s.due(ctx, order, func(tx *db.Tx, o *Order) (bool, error) {
			if o.State != PendingPayment || o.PayUntil.After(now) {
				return false, nil
			}
			if err := s.apply(ctx, tx, o, change{from: []State{PendingPayment}, to: Expired, pay: NoPayment, event: "expired", by: BySystem}); err != nil {
				return false, err
			}
			return true, s.undo(ctx, tx, o, "expire")
		})
		moved, bad = moved+ok, append(bad, err)
	}
	for _, order := range arrived {
		ok, err := s.due(ctx, order, func(tx *db.Tx, o *Order) (bool, error) {
			if o.CompletesAt.IsZero() || o.CompletesAt.After(now) {
				return false, nil
			}
			return true, s.complete(ctx, tx, o, "completed", BySystem)
		})
		moved, bad = moved+ok, append(bad, err)
	}
	return moved, errors.Join(bad...)
}

// due locks an order and lets f end what is overdue; it returns how many orders moved.
func (s *Service) due(ctx context.Context, order string, f func(tx *db.Tx, o *Order) (bool, error)) (int, error) {
	moved := 0
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		o, err := lockByID(ctx, tx, order)
		if err != nil {
			return err
		}
		ok, err := f(tx, &o)
		if ok {
			moved = 1
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("order %s: %w", order, err)
	}
	return moved, nil
}

// PayPage returns the provider's page where the buyer pays an open order, or
// [payment.ErrClosed]. The payment is expected from now on: most orders that
// run out were never on their way to a provider.
func (s *Service) PayPage(ctx context.Context, buyer, order string) (string, error) {
	if strings.HasPrefix(order, payment.GroupPrefix) {
		return s.payments.GroupPage(ctx, order, buyer)
	}
	intent := "pay_" + bare(order)
	_, err := s.step(ctx, order, func(o Order) bool { return o.Buyer == buyer }, func(tx *db.Tx, o *Order) error {
		if o.State != PendingPayment {
			return payment.ErrClosed
		}
		return s.payments.Expect(ctx, tx, payment.Intent{ID: intent, Order: o.ID, Shop: o.Shop, Buyer: o.Buyer, Provider: o.Payment,
			Amount: o.Total(), Back: backTo(ctx, o.ID), CreatedAt: s.now(), ExpiresAt: o.PayUntil})
	})
	if err != nil {
		return "", err
	}
	page, err := s.payments.Page(ctx, intent, buyer)
	if errors.Is(err, payment.ErrNotFound) { // it is paid with others
		var group string
		if group, err = s.payments.GroupOf(ctx, order); err == nil {
			return s.payments.GroupPage(ctx, group, buyer)
		}
	}
	return page, err
}

// backTo is where a browser returns to from paying an order: the market under
// the address that it came from, which in a local network nobody else knows.
func backTo(ctx context.Context, order string) string {
	path := "/orders/" + order + "?paid=1"
	if host, scheme := web.Site(ctx); host != "" {
		return scheme + "://" + host + path
	}
	return path
}

// PayPath is where a browser goes to pay an order.
func PayPath(order string) string { return "/pay/" + order }

// Can says what may be done with an order next, for buttons.
type Can struct {
	Cancel, Pay, HandOver, Ship, Ready, Receive, Move bool
}

// Can returns what may be done with o.
func (o Order) Can() Can {
	open := o.State == Placed || o.State == Ready
	return Can{
		Cancel:   open && !o.PartlySent() || o.State == PendingPayment,
		Pay:      o.State == PendingPayment,
		HandOver: open && o.Quote.AtSlot() && !o.Awaits(),
		Ship:     o.State == Placed && o.Quote.Kind == ByParcel && !o.Awaits() && len(o.left()) > 0,
		Ready:    o.State == Placed && o.Quote.Kind == ByPickup && !o.Awaits(),
		Receive:  o.State == Shipped,
		Move:     (open || o.State == PendingPayment) && o.Quote.AtSlot() && o.Quote.Slot != nil,
	}
}

func bounded(s string, max int) string {
	r := []rune(s)
	if len(r) > max {
		return string(r[:max])
	}
	return s
}
