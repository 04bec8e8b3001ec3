package sim_test

import (
	"errors"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/kit/money"
)

// payout is money that a shop asked for.
type payout struct {
	id   string
	shop string
	sum  int64
	sent bool // by the market's bank, and not come back
	over bool // given up, or come back
}

var payoutStates = []settle.PayoutState{settle.Sent, settle.Sent, settle.Done, settle.Held, settle.Asked, settle.Returned}

// owned is something about the money that shops have earned: a shop asks for it,
// an operator moves a payout, holds a shop or lets it go.
func (h *history) owned(s *stall) {
	w, ctx := h.w, h.ctx
	switch n := h.r.IntN(10); {
	case n < 4:
		h.askPayout(s)
	case n < 8 && len(h.payouts) > 0:
		h.movePayout(pick(h, h.payouts), pick(h, payoutStates))
	case n < 9:
		_, err := w.settle.Hold(ctx, s.shop.ID, "per_operator", "Somebody looks.")
		s.held = h.mind(err, "%s is held", s.shop.ID) || s.held
	default:
		h.release(s)
	}
}

// afterwards is what happens when everything is settled: shops ask for their
// money, and some of it goes back to buyers all the same.
func (h *history) afterwards() {
	h.calm = false
	if len(h.orders) > 0 && h.chance(30) {
		h.give(pick(h, h.orders))
		return
	}
	h.owned(pick(h, h.stalls))
}

// askPayout asks for a part of the free money, or for a little more than it; the
// same key asks once.
func (h *history) askPayout(s *stall) {
	free := -h.balance(ledger.Free(s.shop.ID))
	wish := settle.Wish{Key: h.key(), Shop: s.shop.ID, By: "per_seller", Amount: money.Of(max(1, free/(1+h.r.Int64N(3))+h.r.Int64N(2)), "EUR")}
	known := ""
	for range 1 + h.r.IntN(5)/4 {
		p, err := h.w.settle.Ask(h.ctx, wish)
		ok := h.mind(err, "%s asks for %d of %d: %s", s.shop.ID, wish.Amount.Minor, free, p.ID)
		switch {
		case ok && wish.Amount.Minor > free:
			h.fail("shop %s has %d and is promised %d", s.shop.ID, free, wish.Amount.Minor)
		case ok && known != "" && known != p.ID:
			h.fail("one key, two payouts: %s and %s", known, p.ID)
		case ok && known == "":
			known = p.ID
			h.payouts = append(h.payouts, &payout{id: p.ID, shop: s.shop.ID, sum: p.Amount})
		case !ok && known != "" && !errors.Is(err, errStumble):
			h.fail("payout %s is refused to its own key: %v", known, err)
		}
	}
}

func (h *history) movePayout(p *payout, to settle.PayoutState) {
	_, err := h.w.settle.Set(h.ctx, p.id, "per_operator", to, "So it is.")
	if !h.mind(err, "payout %s to %s", p.id, to) {
		return
	}
	switch to {
	case settle.Sent:
		p.sent = true
	case settle.Returned:
		p.sent, p.over = false, true
	}
}

func (h *history) release(s *stall) {
	if h.mind(h.w.settle.Release(h.ctx, s.shop.ID, "per_operator", ""), "%s is released", s.shop.ID) {
		s.held = false
	}
}

// payOut sends in the end what was asked for.
func (h *history) payOut() {
	for _, p := range h.payouts {
		if !p.sent && !p.over {
			h.movePayout(p, settle.Asked)
			h.movePayout(p, settle.Sent)
		}
	}
}

// shares adds to what the accounts should hold what became of a completed order:
// the market's commission, and the rest free or in the shop's own hands.
func (h *history) shares(o ended, sums map[ledger.Account]int64) {
	var kept int64
	h.must(h.w.d.QueryRowContext(h.ctx, `SELECT COALESCE(MAX(fee), 0) FROM settlement WHERE order_id = $1`, o.id).Scan(&kept))
	worth := o.total - o.refunded
	if o.way == "test" {
		sums[ledger.Free(o.shop)] -= worth - kept
		return
	}
	sums[ledger.Own(o.shop)] -= worth
	sums[ledger.Free(o.shop)] += kept
}

// paidOut takes off what has left for a shop's bank.
func (h *history) paidOut(s *stall, sums map[ledger.Account]int64) {
	for _, p := range h.payouts {
		if p.shop == s.shop.ID && p.sent {
			sums[ledger.Free(p.shop)] += p.sum
		}
	}
}
