package sim_test

import (
	"context"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// wantCourse is a buyer who wants a course: one seat, mostly of it alone.
func (h *history) wantCourse(s *stall, buyer account.Person) {
	items := []order.Item{{SKU: s.course, Quantity: 1 + h.r.Int64N(8)/7}}
	if h.chance(8) {
		items = append(items, order.Item{SKU: s.skus[0], Quantity: 1})
	}
	offer, err := h.w.orders.Quote(h.ctx, order.Ask{Buyer: buyer.ID, Items: items})
	if !h.mind(err, "%s asks for the course of %s", buyer.ID, s.shop.ID) {
		return
	}
	if offer.Kind != order.ByOnline || len(offer.Lines) != 1 || offer.Lines[0].Quantity != 1 {
		h.fail("offered %s of %d lines for a course", offer.Kind, len(offer.Lines))
	}
	h.take(offered{s, buyer, offer})
}

// learn opens a course, which hands it over, and sees some of it; what was seen
// never becomes less.
func (h *history) learn(o *bought) {
	err := h.w.d.InTx(h.ctx, func(tx *db.Tx) error {
		locked, err := order.Lock(h.ctx, tx, o.id)
		if err != nil {
			return err
		}
		return h.w.orders.Opened(h.ctx, tx, &locked)
	})
	if h.mind(err, "%s opened", o.id) {
		h.w.seen[o.id] = min(1_000_000, h.w.seen[o.id]+h.r.Int64N(400_000))
	}
}

// unlearn draws a wish to give a course back: for what the rule gives, or for all
// that it cost.
func (h *history) unlearn() aftersale.Deal {
	return aftersale.Deal{Kind: aftersale.Refund, Lines: []aftersale.DealLine{{Quantity: 1, Minor: 4801 * h.r.Int64N(2)}}}
}

// used is what a world knows of the progress of its learners.
func (w *world) used(_ context.Context, _ db.Querier, order string, _ int) (int64, error) {
	return w.seen[order], nil
}

// byRule holds what a buyer asks for after a change of mind against the rule of
// courses: price × (1 − progress), with the progress of when they asked first.
func (h *history) byRule(c aftersale.Case) {
	if c.Reason != aftersale.ChangedMind {
		return
	}
	o, err := h.w.orders.GetForOperator(h.ctx, c.Order)
	h.must(err)
	if o.Quote.Kind != order.ByOnline {
		return
	}
	if _, known := h.frozen[c.ID]; !known {
		h.frozen[c.ID] = h.w.seen[o.ID]
	}
	used := h.frozen[c.ID]
	most, err := money.Of(o.Total().Minor, "EUR").Times(1_000_000-used, 1_000_000)
	h.must(err)
	if c.Ask.Kind != aftersale.Refund || c.Ask.Worth > most.Minor || c.Ask.Lines[0].Used != used {
		h.fail("case %s: a %s of %d is asked for, %d of a million were seen, so %d is the most", c.ID, c.Ask.Kind, c.Ask.Worth, used, most.Minor)
	}
}
