package sim_test

import (
	"slices"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/order"
)

var (
	actors = []aftersale.By{aftersale.Buyer, aftersale.Seller, aftersale.Operator}
	events = []aftersale.Event{aftersale.Agree, aftersale.Counter, aftersale.Refuse, aftersale.Accept, aftersale.Reject, aftersale.Withdraw,
		aftersale.Escalate, aftersale.Uphold, aftersale.Dismiss, aftersale.Sent, aftersale.Received, aftersale.Contest, aftersale.PaidBack}
)

// trouble is something about an order that went wrong: a new case, a step of one,
// a gift of the shop, or money of a transfer that goes back.
func (h *history) trouble(o *bought) {
	switch n := h.r.IntN(10); {
	case n < 2 || len(h.cases) == 0 && n < 6:
		h.file(o)
	case n < 8 && len(h.cases) > 0 && h.chance(70):
		h.act(h.cases[len(h.cases)-1])
	case n < 8 && len(h.cases) > 0:
		h.act(pick(h, h.cases))
	case n < 9:
		h.give(o)
	default:
		h.sendBack(o)
	}
}

// deal draws a wish that may or may not fit.
func (h *history) deal(positions int) aftersale.Deal {
	d := aftersale.Deal{Kind: pick(h, aftersale.Kinds), Freight: h.chance(50)}
	for i := range positions {
		if i > 0 && h.chance(50) {
			continue
		}
		l := aftersale.DealLine{Position: i}
		if d.Kind == aftersale.Difference || h.chance(20) {
			l.Minor = h.r.Int64N(1200)
		}
		if d.Kind != aftersale.Difference {
			l.Quantity = h.r.Int64N(3) + int64(h.r.IntN(2))
		}
		d.Lines = append(d.Lines, l)
	}
	return d
}

func (h *history) file(o *bought) {
	r := aftersale.Request{Key: h.key(), Buyer: o.buyer.ID, Order: o.id, Reason: pick(h, aftersale.Reasons), Words: "The corner is torn.", Ask: h.deal(o.lines)}
	if o.kind == order.ByOnline && h.chance(60) {
		r.Reason, r.Ask = aftersale.ChangedMind, h.unlearn()
	}
	var known string
	for range 1 + h.r.IntN(8)/7 {
		c, err := h.w.cases.File(h.ctx, r)
		ok := h.mind(err, "%s: %s filed, a %s of %v", o.id, c.ID, r.Ask.Kind, r.Ask.Lines)
		if ok && known != "" && c.ID != known {
			h.fail("one key, two cases: %s and %s", known, c.ID)
		}
		if ok {
			known = c.ID
			h.byRule(c)
		}
	}
	if known != "" {
		h.cases = append(h.cases, known)
	}
}

func (h *history) give(o *bought) {
	g := aftersale.Gift{Key: h.key(), Shop: o.stall.shop.ID, Order: o.id, Deal: h.deal(o.lines)}
	var known string
	for range 1 + h.r.IntN(8)/7 {
		c, err := h.w.cases.Give(h.ctx, g)
		ok := h.mind(err, "%s: %s given, a %s of %v", o.id, c.ID, g.Deal.Kind, g.Deal.Lines)
		if ok && known != "" && c.ID != known {
			h.fail("one key, two gifts: %s and %s", known, c.ID)
		}
		if ok {
			known = c.ID
		}
	}
	if known != "" {
		h.cases = append(h.cases, known)
	}
}

// act takes a step of a case, mostly a lawful one.
func (h *history) act(id string) {
	c, err := h.w.cases.GetForOperator(h.ctx, id)
	h.must(err)
	by := pick(h, actors)
	if !h.chance(20) {
		for _, b := range actors {
			if len(c.Can(b)) > 0 && h.chance(60) {
				by = b
			}
		}
	}
	e := pick(h, events)
	if can := c.Can(by); len(can) > 0 && !h.chance(10) {
		if e = pick(h, can); e == aftersale.Withdraw { // few do
			e = pick(h, can)
		}
	}
	h.step1(c, by, e)
}

// step1 takes a step of a case; the same key takes it once.
func (h *history) step1(c aftersale.Case, by aftersale.By, e aftersale.Event) {
	d := h.deal(1 + slices.Max(append(c.Positions(), 0)))
	if c.Reason == aftersale.ChangedMind && h.chance(40) {
		d = h.unlearn()
	}
	m := aftersale.Move{Key: h.key(), Case: c.ID, By: by, Event: e, Seen: c.Version, Note: "So it is.", Deal: &d, Restock: h.chance(50), Freight: h.chance(50)}
	switch by {
	case aftersale.Buyer:
		m.Owner = c.Buyer
	case aftersale.Seller:
		m.Owner = c.Shop
	}
	done := false
	for range 1 + h.r.IntN(8)/7 {
		got, err := h.w.cases.Act(h.ctx, m)
		ok := h.mind(err, "%s: %s by the %s, now %s", c.ID, e, by, got.State)
		if done && !ok {
			h.fail("case %s: a step that was taken is refused to its own key: %v", c.ID, err)
		}
		if !ok {
			continue
		}
		done = true
		h.byRule(got)
		switch {
		case e == aftersale.Received && m.Restock && !h.restocked[c.ID]:
			h.restocked[c.ID] = true
			h.goodsBack(got)
		case e == aftersale.PaidBack:
			h.cash[c.ID] = got.Given
		}
	}
}

// goodsBack counts what a case put on sale again.
func (h *history) goodsBack(c aftersale.Case) {
	o, err := h.w.orders.GetForOperator(h.ctx, c.Order)
	h.must(err)
	for _, l := range c.Agreed.Lines {
		h.landed[o.Lines[l.Position].SKU] += l.Quantity
	}
}
