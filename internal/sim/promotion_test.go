package sim_test

import (
	"time"

	"github.com/openstall/openstall/internal/domain/promo"
)

// kinds are those of a shop that has one of each.
var kinds = []promo.PromotionKind{promo.Reduction, promo.Bundle, promo.AddOn, promo.Freight}

// promote is a shop that takes something off by itself for a while, from now on
// or later.
func (h *history) promote(s *stall, kind promo.PromotionKind) {
	p := promo.Promotion{Kind: kind, EndsAt: h.w.now().Add(time.Duration(2+h.r.IntN(72)) * time.Hour)}
	if h.chance(20) {
		p.StartsAt = h.w.now().Add(time.Duration(h.r.IntN(90)) * time.Minute)
	}
	some := func(i int, units int64) promo.Together { return promo.Together{SKU: s.skus[i], Units: units} }
	switch kind {
	case promo.Reduction:
		p.Rule.Steps = []promo.Step{{From: 999, Off: 1 + h.r.Int64N(400)}, {From: 2500, Off: 500 + h.r.Int64N(300)}}
		if p.Rule.Percent = h.chance(30); p.Rule.Percent {
			p.Rule.Steps = []promo.Step{{From: 1, Off: 1 + h.r.Int64N(33)}, {From: 2500, Off: 34 + h.r.Int64N(67)}}
		}
	case promo.Bundle: // of both, or of several of one, so that an add-on finds the other free
		p.Rule.Price, p.Rule.Goods = 1000+h.r.Int64N(1100), []promo.Together{some(0, 2)}
		if h.chance(30) {
			p.Rule.Goods = []promo.Together{some(0, 1), some(1, 1)}
		}
	case promo.AddOn:
		p.Rule.From, p.Rule.Price, p.Rule.Goods = 900+h.r.Int64N(1200), h.r.Int64N(1000), []promo.Together{some(1, 1+h.r.Int64N(2))}
	case promo.Freight:
		p.Rule.From = 1000 + h.r.Int64N(1500)
	}
	p, err := h.w.promos.Promote(h.ctx, s.shop, p)
	if h.mind(err, "%s until %v", kind, p.EndsAt) {
		s.promotions = append(s.promotions, p.ID)
	}
}

// changePromotion is a shop that pauses a promotion, lets it go on, or ends it.
// What was offered by it holds.
func (h *history) changePromotion(s *stall) {
	id := pick(h, s.promotions)
	if h.chance(30) {
		_, err := h.w.promos.End(h.ctx, s.shop.ID, id)
		h.mind(err, "promotion %s ended", id)
		return
	}
	paused := h.chance(50)
	_, err := h.w.promos.Pause(h.ctx, s.shop.ID, id, paused)
	h.mind(err, "promotion %s paused: %t", id, paused)
}
