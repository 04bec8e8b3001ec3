package sim_test

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
)

// sellToGroups is a shop that sells a variant to groups of two, or of two and
// then three for still less.
func (h *history) sellToGroups(s *stall) {
	w := groupbuy.Wish{SKU: pick(h, s.skus), Units: 1, Groups: 1 + h.r.Int64N(2), PerBuyer: 1, Lasts: time.Duration(1+h.r.IntN(72)) * time.Hour,
		Steps: []groupbuy.Step{{People: 2, Price: 800 + h.r.Int64N(100)}}}
	if h.chance(60) {
		w.Steps = append(w.Steps, groupbuy.Step{People: 3, Price: 500 + h.r.Int64N(200)})
	}
	o, err := h.w.groups.Start(h.ctx, s.shop.ID, w)
	if h.mind(err, "%s to %d groups of %v for %v", w.SKU, w.Groups, w.Steps, w.Lasts) {
		s.groups = append(s.groups, o.ID)
	}
}

// together is a buyer who starts a group or joins one, now or in a while.
func (h *history) together(s *stall, buyer account.Person) {
	c := groupbuy.Choice{Offer: pick(h, s.groups)}
	if len(s.codes) > 0 && h.chance(75) {
		c = groupbuy.Choice{Code: pick(h, s.codes)}
	}
	var sku string
	h.must(h.w.d.QueryRowContext(h.ctx, `
		SELECT sku FROM group_offer
		WHERE id = $1 OR id = (SELECT offer FROM group_buy WHERE code = $2)`, c.Offer, c.Code).Scan(&sku))
	ask := order.Ask{Buyer: buyer.ID, Kind: order.ByParcel, Address: home, Items: []order.Item{{SKU: sku, Quantity: 1}}, Group: c}
	if h.chance(40) {
		ask.Kind, ask.Address = order.ByPickup, nil
	}
	got, err := h.w.orders.Quote(h.ctx, ask)
	if !h.mind(err, "%s wants into %v", buyer.ID, c) {
		return
	}
	o, before := offered{s, buyer, got}, len(h.orders)
	if h.chance(15) {
		h.offers = append(h.offers, o)
		return
	}
	h.take(o)
	if len(h.orders) == before {
		return
	}
	if got.Group.Opens {
		s.codes = append(s.codes, got.Group.Code)
	}
	if h.chance(70) {
		h.pay(h.orders[before])
	}
}

// endGroups does what the program's clock does.
func (h *history) endGroups(ctx context.Context) (int, error) {
	n, err := h.w.groups.Sweep(ctx)
	if err != nil {
		return n, err
	}
	more, err := h.w.orders.SettleGroups(ctx)
	return n + more, err
}
