package aftersalehttp

import (
	"context"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler) merchant(api *web.API) {
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/cases", "shop-cases", "Cases of a shop, the first to run out first", shop.Guard(h.Shops, shop.Orders, h.shopQueue))
	web.Handle(api, web.SignedIn, "GET "+base+"/case-history", "shop-case-history", "All cases of a shop, newest first", shop.Guard(h.Shops, shop.Orders, h.shopList))
	web.Handle(api, web.SignedIn, "GET "+base+"/cases/{id}", "shop-case", "A case of a shop", shop.Guard(h.Shops, shop.Orders, h.shopGet))
	web.Handle(api, web.SignedIn, "POST "+base+"/cases/{id}/steps", "shop-case-step", "Answer in a case", shop.Guard(h.Shops, shop.Orders, h.shopStep))
	web.Handle(api, web.SignedIn, "GET "+base+"/orders/{id}/left", "order-left", "What of an order can still go back", shop.Guard(h.Shops, shop.Orders, h.left))
	web.Handle(api, web.SignedIn, "POST "+base+"/orders/{id}/give-back", "give-back", "Give money back without being asked", shop.Guard(h.Shops, shop.Orders, h.give), web.Status(201))
}

type shopInput struct {
	shop.In
}

type queue struct {
	Items   []view `json:"items" nullable:"false"`
	Waiting int64  `json:"waiting" doc:"How many wait for the shop"`
}

func (h *handler) shopQueue(ctx context.Context, in *shopInput) (*web.Out[queue], error) {
	rows, err := h.Cases.Queue(ctx, in.Shop, 200)
	if err != nil {
		return nil, err
	}
	waiting, err := h.Cases.Waiting(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	vs, err := h.views(ctx, rows, aftersale.Seller)
	return web.Answer(queue{Items: vs, Waiting: waiting}, err)
}

type shopListInput struct {
	shop.In
	web.Paged
	Order string `query:"order" maxLength:"60"`
}

func (h *handler) shopList(ctx context.Context, in *shopListInput) (*web.Out[page.Of[view]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Cases.List(ctx, aftersale.Filter{Shop: in.Shop, Order: in.Order, After: after}, 50)
	if err != nil {
		return nil, err
	}
	vs, err := h.views(ctx, rows.Items, aftersale.Seller)
	return web.Answer(page.Of[view]{Items: vs, Next: rows.Next}, err)
}

type ShopCaseInput struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) shopGet(ctx context.Context, in *ShopCaseInput) (*web.Out[view], error) {
	c, err := h.Cases.GetForShop(ctx, in.Shop, in.ID)
	return h.seen(ctx, c, err, aftersale.Seller)
}

type shopStepInput struct {
	ShopCaseInput
	web.Key
	Body struct {
		StepBody
		Event   aftersale.Event `json:"event" enum:"agree,counter,refuse,received,contest,paid_back"`
		Freight bool            `json:"freight,omitempty" doc:"Of what is agreed to: the freight goes back too"`
		Restock bool            `json:"restock,omitempty" doc:"Goods that came back go on sale again; otherwise they are written off"`
	}
}

func (h *handler) shopStep(ctx context.Context, in *shopStepInput) (*web.Out[view], error) {
	m := in.Body.move(in.Key.Key, in.ID)
	m.By, m.Owner, m.Person, m.Event, m.Freight, m.Restock = aftersale.Seller, in.Shop, web.Who(ctx).Person, in.Body.Event, in.Body.Freight, in.Body.Restock
	c, err := h.Cases.Act(ctx, m)
	return h.seen(ctx, c, err, aftersale.Seller)
}

func (h *handler) left(ctx context.Context, in *ShopCaseInput) (*web.Out[problem], error) {
	o, err := h.Orders.GetForShop(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	_, rests, err := h.Cases.Options(ctx, o.Buyer, o.ID)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.problemOf(ctx, o, rests))
}

type giveInput struct {
	ShopCaseInput
	web.Key
	Body struct {
		Note string    `json:"note,omitempty" maxLength:"1000" doc:"The buyer reads it"`
		Deal dealInput `json:"deal"`
	}
}

func (h *handler) give(ctx context.Context, in *giveInput) (*web.Out[view], error) {
	c, err := h.Cases.Give(ctx, aftersale.Gift{Key: in.Key.Key, Shop: in.Shop, Person: web.Who(ctx).Person, Order: in.ID, Note: in.Body.Note, Deal: in.Body.Deal.deal()})
	return h.seen(ctx, c, err, aftersale.Seller)
}

func (h *handler) operator(api *web.API) {
	web.Handle(api, web.Operators, "GET /v1/operator/cases", "operator-cases", "Cases that wait for a decision", h.escalated)
	web.Handle(api, web.Operators, "GET /v1/operator/cases/{id}", "operator-case", "Any case", h.anyCase)
	web.Handle(api, web.Operators, "POST /v1/operator/cases/{id}/steps", "operator-case-step", "Decide a case", h.decide)
}

func (h *handler) escalated(ctx context.Context, _ *web.None) (*web.Out[queue], error) {
	rows, err := h.Cases.Queue(ctx, "", 200)
	if err != nil {
		return nil, err
	}
	vs, err := h.views(ctx, rows, aftersale.Operator)
	return web.Answer(queue{Items: vs, Waiting: int64(len(vs))}, err)
}

func (h *handler) anyCase(ctx context.Context, in *IDInput) (*web.Out[view], error) {
	c, err := h.Cases.GetForOperator(ctx, in.ID)
	return h.seen(ctx, c, err, aftersale.Operator)
}

type decideInput struct {
	IDInput
	web.Key
	Body struct {
		StepBody
		Event aftersale.Event `json:"event" enum:"uphold,dismiss"`
	}
}

func (h *handler) decide(ctx context.Context, in *decideInput) (*web.Out[view], error) {
	m := in.Body.move(in.Key.Key, in.ID)
	m.By, m.Person, m.Event, m.Deal = aftersale.Operator, web.Who(ctx).Person, in.Body.Event, nil
	m.Owner = m.Person
	c, err := h.Cases.Act(ctx, m)
	return h.seen(ctx, c, err, aftersale.Operator)
}
