package sim_test

import (
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/db"
)

var (
	home   = &account.Address{Name: "Rosa", Line1: "Mill Street 1", Postcode: "10115", City: "Town", Country: "DE"}
	coast  = &account.Address{Name: "Rosa", Line1: "Pier 1", Postcode: "27498", City: "Island", Country: "DE"}
	abroad = &account.Address{Name: "Rosa", Line1: "Weg 1", Postcode: "8000", City: "Town", Country: "CH"}
)

// want is a buyer who looks at an offer, and takes it now, later or not at all.
func (h *history) want() {
	if len(h.offers) > 0 && h.chance(30) {
		i := h.r.IntN(len(h.offers))
		o := h.offers[i]
		h.offers = append(h.offers[:i], h.offers[i+1:]...)
		h.take(o)
		return
	}
	if h.w.crowded && h.chance(50) {
		h.crowd()
		return
	}
	s, buyer := pick(h, h.stalls), pick(h, h.buyers)
	if s.coupon != "" && h.chance(40) {
		_, err := h.w.promos.Claim(h.ctx, buyer.ID, s.coupon, "")
		h.mind(err, "%s claims", buyer.ID)
	}
	if len(s.groups) > 0 && h.chance(60) {
		h.together(s, buyer)
		return
	}
	if len(s.calls) > 0 && h.chance(40) {
		h.comment(s, buyer)
		return
	}
	if h.chance(12) {
		h.wantCourse(s, buyer)
		return
	}
	first := h.r.IntN(len(s.skus))
	items := []order.Item{{SKU: s.skus[first], Quantity: 1 + h.r.Int64N(3)}}
	if h.chance(40) {
		items = append(items, order.Item{SKU: s.skus[(first+1)%len(s.skus)], Quantity: 1 + h.r.Int64N(2)})
	}
	o, ok := h.ask(s, buyer, items...)
	switch {
	case ok && h.chance(15):
		h.offers = append(h.offers, o)
	case ok:
		h.take(o)
	}
}

// ask gets an offer.
func (h *history) ask(s *stall, buyer account.Person, items ...order.Item) (offered, bool) {
	ask := order.Ask{Buyer: buyer.ID, Kind: order.ByParcel, Address: home, Items: items}
	switch {
	case h.chance(40):
		ask.Kind, ask.Address = order.ByPickup, nil
	case h.chance(25):
		ask.Address = coast
	case h.chance(5):
		ask.Address = abroad
		if _, err := h.w.orders.Quote(h.ctx, ask); err == nil {
			h.fail("an offer to a country that nothing is sent to")
		}
		ask.Address = home
	}
	if h.chance(50) {
		ask.Show = showOf(s.shop.ID)
	}
	o, err := h.w.orders.Quote(h.ctx, ask)
	return offered{s, buyer, o}, h.mind(err, "%s asks for %d of %s", buyer.ID, items[0].Quantity, items[0].SKU)
}

// wish takes an offer up.
func (h *history) wish(o offered) order.Wish {
	return order.Wish{Key: h.key(), Buyer: o.buyer, Token: o.Token, Hash: o.Hash, Payment: pick(h, o.Payments), Consents: []string{"return:normal", "return:progress"}}
}

// bought remembers an order.
func (h *history) bought(o offered, wish order.Wish, got order.Order) {
	h.w.placed(wish, got)
	h.orders = append(h.orders, &bought{id: got.ID, stall: o.stall, buyer: o.buyer, way: wish.Payment, kind: o.Kind, code: got.Code, lines: len(o.Lines)})
}

// take places an order. A buyer who has no answer asks again with the same key.
func (h *history) take(o offered) {
	if len(o.Payments) == 0 {
		return
	}
	wish := h.wish(o)
	var known order.Order
	for try := range 5 {
		got, err := h.w.orders.Place(h.ctx, wish)
		ok := h.mind(err, "%s places %s, paid by %s, try %d", o.buyer.ID, got.ID, wish.Payment, try)
		if ok && known.ID != "" && (got.ID != known.ID || got.Total() != known.Total()) {
			h.fail("one key, two orders: %s and %s", known.ID, got.ID)
		}
		if !ok && known.ID != "" && !errors.Is(err, errStumble) {
			h.fail("order %s was placed, its buyer hears %v", known.ID, err)
		}
		if ok {
			known = got
		}
		if ok && !h.chance(12) || !ok && !errors.Is(err, errStumble) {
			break
		}
		if h.chance(20) { // the answer was lost, and nobody looked for a while
			h.w.pass(time.Duration(h.r.IntN(30)) * time.Minute)
		}
	}
	if known.ID != "" {
		h.bought(o, wish, known)
	}
}

// look tells where an order stands.
func (h *history) look(id string) (state order.State, paid order.PayState) {
	h.must(h.w.d.QueryRowContext(h.ctx, `SELECT state, pay_state FROM orders WHERE id = $1`, id).Scan(&state, &paid))
	return state, paid
}

// total is what an order costs.
func (h *history) total(id string) (minor int64) {
	h.must(h.w.d.QueryRowContext(h.ctx, `SELECT total FROM orders WHERE id = $1`, id).Scan(&minor))
	return minor
}

// goOn does what somebody could do with an order next, mostly something sensible.
func (h *history) goOn(o *bought) {
	state, _ := h.look(o.id)
	if h.chance(8) {
		state = pick(h, []order.State{order.PendingPayment, order.Placed, order.Ready, order.Shipped, order.Completed})
	}
	n := h.r.IntN(100)
	switch state {
	case order.PendingPayment:
		switch {
		case n < 8:
			h.cancel(o)
		case n < 12:
			h.move(o)
		case o.way == transfer.Code:
			h.wire(o)
		case n < 30:
			h.payTogether(o)
		default:
			h.pay(o)
		}
	case order.Placed, order.Ready:
		switch {
		case n < 12:
			h.cancel(o)
		case n < 18:
			h.move(o)
		case n < 30:
			h.trouble(o)
		default:
			h.handOut(o)
		}
	case order.Shipped:
		if n < 50 {
			_, err := h.w.orders.Received(h.ctx, o.buyer.ID, o.id)
			h.mind(err, "%s received", o.id)
			return
		}
		h.trouble(o)
	default:
		if o.kind == order.ByOnline && n < 30 {
			h.learn(o)
			return
		}
		if o.way == transfer.Code && n < 30 {
			h.wire(o)
			return
		}
		h.trouble(o)
	}
}

func (h *history) cancel(o *bought) {
	by, owner := order.ByBuyer, o.buyer.ID
	if h.chance(40) {
		by, owner = order.BySeller, o.stall.shop.ID
	}
	for range 1 + h.r.IntN(6)/5 {
		_, err := h.w.orders.Cancel(h.ctx, o.id, by, owner, "no")
		h.mind(err, "%s cancelled by the %s", o.id, by)
	}
}

func (h *history) move(o *bought) {
	slots, err := h.w.orders.Slots(h.ctx, o.buyer.ID, o.id)
	if !h.mind(err, "slots for %s", o.id) || len(slots) == 0 {
		return
	}
	slot := pick(h, slots).ID
	_, err = h.w.orders.Move(h.ctx, o.buyer.ID, o.id, slot)
	h.mind(err, "%s to %s", o.id, slot)
}

// pay sends a buyer to the bank's page.
func (h *history) pay(o *bought) {
	_, err := h.w.orders.PayPage(h.ctx, o.buyer.ID, o.id)
	h.mind(err, "%s to be paid", o.id)
	h.atThePage(o.id)
}

// payTogether pays an order with another one of the same buyer.
func (h *history) payTogether(o *bought) {
	for _, x := range h.orders {
		if x.id == o.id || x.buyer.ID != o.buyer.ID || x.way != o.way {
			continue
		}
		path, err := h.w.orders.PayTogether(h.ctx, o.buyer.ID, []string{o.id, x.id})
		if h.mind(err, "%s and %s together", o.id, x.id) {
			_, err := h.w.orders.PayPage(h.ctx, o.buyer.ID, path[len("/pay/"):])
			h.mind(err, "page of %s", path)
		}
		break
	}
	h.atThePage(o.id)
}

// atThePage is a buyer in front of the bank's page for an order.
func (h *history) atThePage(id string) {
	var intent string
	err := h.w.d.QueryRowContext(h.ctx, `
		SELECT COALESCE((SELECT id FROM payment_intent WHERE order_id = $1), (SELECT intent FROM payment_share WHERE order_id = $1), '')`, id).Scan(&intent)
	h.must(err)
	p := h.w.bank.pay(intent)
	if p == nil || p.state != payment.Open {
		return
	}
	switch n := h.r.IntN(10); {
	case n < 6:
		h.say("buyer pays %s", p.intent)
		h.w.bank.takes(p)
	case n < 7:
		h.say("bank declines %s", p.intent)
		h.w.bank.declines(p)
	case n < 9:
		h.say("bank thinks about %s", p.intent)
		p.state = payment.Processing
		h.w.bank.write(p.fact(), false)
	}
}

// wire is a step of an order that is paid by bank transfer.
func (h *history) wire(o *bought) {
	w, ctx := h.w, h.ctx
	if _, err := w.wires.Of(ctx, o.id); errors.Is(err, transfer.ErrNotFound) {
		_, err := w.orders.PayPage(ctx, o.buyer.ID, o.id)
		h.mind(err, "%s to be paid", o.id)
		return
	}
	switch h.r.IntN(4) {
	case 0:
		if h.wired[o.id] == 0 {
			h.wired[o.id] = h.total(o.id)
			h.say("money of %s is on its way", o.id)
		}
	case 1:
		_, err := w.wires.Tell(ctx, o.id, "sent", nil)
		h.mind(err, "%s told to be sent", o.id)
	default:
		h.account(o)
	}
}

// account is a shop that looks for the money of an order.
func (h *history) account(o *bought) {
	if h.wired[o.id] == 0 {
		_, err := h.w.wires.Refuse(h.ctx, o.stall.shop.ID, o.id, "Nothing has come.")
		h.mind(err, "%s not found", o.id)
		return
	}
	t, err := h.w.wires.Receive(h.ctx, o.stall.shop.ID, o.id)
	if h.mind(err, "%s found", o.id) && (h.calm || !h.chance(10)) { // else the process dies between the two
		h.mind(h.w.payments.Ask(h.ctx, t.Intent), "asked about %s", t.Intent)
	}
}

// sendBack is a shop that sends back what it owes.
func (h *history) sendBack(o *bought) {
	t, err := h.w.wires.Of(h.ctx, o.id)
	if errors.Is(err, transfer.ErrNotFound) || t.Owed.Minor == 0 {
		return
	}
	h.must(err)
	refunds, err := h.w.wires.SentBack(h.ctx, o.stall.shop.ID, o.id)
	if !h.mind(err, "%s sent back", o.id) {
		return
	}
	h.wiredBack[o.id] += t.Owed.Minor
	for _, r := range refunds {
		if h.calm || !h.chance(10) {
			h.mind(h.w.payments.AskRefund(h.ctx, r), "asked about %s", r)
		}
	}
}

// handOut brings an order on its way to the buyer.
func (h *history) handOut(o *bought) {
	w, ctx, s := h.w, h.ctx, o.stall.shop.ID
	var err error
	switch {
	case o.kind == order.ByParcel:
		h.send(o)
		return
	case o.kind == order.ByOnline:
		h.learn(o)
		return
	case h.calm:
		_, err = w.orders.HandOver(ctx, s, o.id, "")
	case h.chance(25):
		_, err = w.orders.MarkReady(ctx, s, o.id)
	case h.chance(50):
		_, err = w.orders.HandOver(ctx, s, "", o.code)
	default:
		_, err = w.orders.HandOver(ctx, s, o.id, "")
	}
	h.mind(err, "%s handed out", o.id)
}

// send puts some or all of what is left of an order into a parcel, mostly.
func (h *history) send(o *bought) {
	w, ctx, s := h.w, h.ctx, o.stall.shop.ID
	if h.calm || h.chance(40) {
		_, err := w.orders.Ship(ctx, s, o.id, "T1")
		if !h.mind(err, "%s sent", o.id) && h.calm && errors.Is(err, order.ErrNoneLeft) {
			_, err := w.orders.Cancel(ctx, o.id, order.BySeller, s, "nothing is left of it")
			h.mind(err, "%s cancelled, nothing is left of it", o.id)
		}
		return
	}
	wish := order.Sending{Key: h.key(), Shop: s, Order: o.id, Number: "T2"}
	for i := range o.lines {
		if h.chance(60) {
			wish.Lines = append(wish.Lines, order.ParcelLine{Position: i, Quantity: 1 + h.r.Int64N(2)})
		}
	}
	for range 1 + h.r.IntN(6)/5 {
		sent, err := w.orders.Send(ctx, wish)
		if h.mind(err, "%s sent in parts %v", o.id, wish.Lines) && h.chance(20) {
			_, err := w.orders.Readdress(ctx, s, o.id, sent.Parcels[0].ID, "", "T3")
			h.mind(err, "%s has another number", sent.Parcels[0].ID)
		}
	}
}

// land moves stock by hand; the same key moves it once.
func (h *history) land(s *stall, sku string, n int64, why stock.Reason) {
	m := stock.Move{Key: h.key(), SKU: sku, Add: n, Reason: why}
	moved := false
	for range 1 + h.r.IntN(8)/7 {
		_, err := h.w.stock.Record(h.ctx, s.shop.ID, m)
		moved = h.mind(err, "%s: %+d by %s", sku, n, why) || moved
	}
	if moved {
		h.landed[sku] += n
	}
}

// sell is something that a shop does about its goods.
func (h *history) sell(s *stall) {
	w, ctx, sku := h.w, h.ctx, pick(h, s.skus)
	switch n := h.r.IntN(15); {
	case n >= 13:
		h.callOut(s)
	case n >= 12:
		if len(s.calls) > 0 {
			h.mind(w.claims.Close(ctx, s.shop.ID, pick(h, s.calls)), "no more claims")
		}
	case n >= 11:
		h.promote(s, pick(h, kinds))
	case n >= 10:
		if len(s.promotions) > 0 {
			h.changePromotion(s)
		}
	case n < 2:
		h.land(s, sku, 1+h.r.Int64N(3), stock.Landed)
	case n < 3:
		h.land(s, sku, -1, stock.Waste)
	case n < 4:
		_, err := w.promos.Stop(ctx, s.shop.ID, s.coupon)
		h.mind(err, "coupon stopped")
	case n < 5:
		err := w.d.InTx(ctx, func(tx *db.Tx) error {
			return w.stock.Aside(ctx, tx, s.shop.ID, sku, showOf(s.shop.ID), h.r.Int64N(4)-1)
		})
		h.mind(err, "aside")
	case n < 6 && len(s.groups) > 0:
		_, err := w.groups.Stop(ctx, s.shop.ID, pick(h, s.groups))
		h.mind(err, "no more groups")
	case n < 7:
		h.sellToGroups(s)
	case n < 8 || len(s.flashes) == 0:
		quantity := 1 + h.r.Int64N(3)
		f, err := w.promos.StartFlash(ctx, s.shop.ID, showOf(s.shop.ID), promo.FlashWish{SKU: sku, Price: 500, Quantity: quantity, PerBuyer: h.r.Int64N(quantity + 1),
			Lasts: time.Duration(1+h.r.IntN(60)) * time.Minute})
		if h.mind(err, "flash of %s", sku) {
			s.flashes = append(s.flashes, f.ID)
		}
	case n < 9:
		_, err := w.promos.Restock(ctx, s.shop.ID, pick(h, s.flashes), 1)
		h.mind(err, "flash restocked")
	default:
		h.mind(w.promos.EndFlash(ctx, s.shop.ID, pick(h, s.flashes)), "flash ended")
	}
}
