// Package groupbuyhttp is the door of buying together: a group's page and what
// is sold to groups for shoppers, making offers for merchants. Nobody can put
// anybody into a group here; people buy.
package groupbuyhttp

import (
	"context"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Groups *groupbuy.Service
	Shops  *shop.Service
	Shelf  *shelf.Service
	Now    clock.Now
}

type handler struct{ Parts }

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{p}
	web.Handle(api, web.Anyone, "GET /v1/groups/{code}", "group-buy", "A group that buys together", h.group)
	web.Handle(api, web.Anyone, "GET /v1/products/{id}/group-buys", "product-group-buys", "What of a product is sold to groups, and which can be joined", h.ofProduct)
	const base = "/v1/merchant/shops/{shop}/group-offers"
	web.Handle(api, web.SignedIn, "GET "+base, "group-offers", "What a shop sells to groups", shop.Guard(h.Shops, shop.See, h.ofShop))
	web.Handle(api, web.SignedIn, "POST "+base, "add-group-offer", "Sell a variant to groups; the terms never change", shop.Guard(h.Shops, shop.Shows, h.start), web.Status(201))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/stop", "stop-group-offer", "No more groups; open ones run to their end", shop.Guard(h.Shops, shop.Shows, h.stop))
}

type step struct {
	People int64        `json:"people"`
	Price  money.Amount `json:"price"`
}

// Terms are what an offer promises. It is exported as the document passes over
// what is not.
type Terms struct {
	ID       string        `json:"id"`
	Product  string        `json:"product"`
	SKU      string        `json:"sku"`
	Was      money.Amount  `json:"was" doc:"Alone, when the offer began"`
	Steps    []step        `json:"steps" nullable:"false" doc:"All pay the first price; the difference to the step that was reached is given back"`
	Quantity int64         `json:"quantity" doc:"What everybody buys, in quantity units"`
	Measure  shelf.Measure `json:"measure"`
	Hours    int64         `json:"hours" doc:"A group has this long"`
	PerBuyer int64         `json:"per_buyer" doc:"Groups that one buyer can be in"`
	Left     int64         `json:"left" doc:"Groups that can still be started"`
}

// person is somebody who has paid, as the others see them.
type person struct {
	Name string `json:"name"`
}

// Group is a group as everybody sees it. It is exported for the document, too.
type Group struct {
	Code      string         `json:"code"`
	State     groupbuy.State `json:"state" enum:"open,full,failed,gone"`
	People    []person       `json:"people" nullable:"false" doc:"Who have paid; nobody else counts"`
	Fewest    int64          `json:"fewest" doc:"People without whom it fails"`
	Size      int64          `json:"size" doc:"People it has room for"`
	Paying    int64          `json:"paying" doc:"Seats that are kept for a few minutes, until they are paid"`
	Price     money.Amount   `json:"price" doc:"For the people it has now"`
	StartedAt time.Time      `json:"started_at"`
	EndsAt    time.Time      `json:"ends_at"`
	EndedAt   *time.Time     `json:"ended_at,omitempty"`
	Order     string         `json:"order,omitempty" doc:"Of who asks, when in it"`
}

// whole is a group's page.
type whole struct {
	Group
	Terms       Terms          `json:"terms"`
	Shop        shelf.ShopCard `json:"shop"`
	LegalName   string         `json:"legal_name" doc:"Who sells"`
	ProductCard shelf.Card     `json:"product_card"`
	CanStart    bool           `json:"can_start" doc:"A group of one's own"`
	Now         time.Time      `json:"now" doc:"By the clock that decides"`
}

func (h *handler) termsOf(o groupbuy.Offer, m shelf.Measure) Terms {
	t := Terms{ID: o.ID, Product: o.Product, SKU: o.SKU, Was: money.Of(o.Was, o.Currency), Quantity: o.Units, Measure: m, Hours: int64(o.Lasts / time.Hour), PerBuyer: o.PerBuyer, Left: o.Groups - o.Open}
	if !o.StoppedAt.IsZero() {
		t.Left = 0
	}
	for _, s := range o.Steps {
		t.Steps = append(t.Steps, step{s.People, money.Of(s.Price, o.Currency)})
	}
	return t
}

func groupOf(g groupbuy.Group, o groupbuy.Offer, in []groupbuy.Seat, who string) Group {
	v := Group{Code: g.Code, State: g.State, People: []person{}, Fewest: g.First, Size: g.Size, Paying: g.Seats - g.Paid,
		Price: money.Of(groupbuy.Reached(o.Steps, g.Paid).Price, o.Currency), StartedAt: g.StartedAt, EndsAt: g.EndsAt, EndedAt: clock.Ptr(g.EndedAt)}
	if g.State != groupbuy.Open {
		v.Paying = 0
	}
	for _, s := range in {
		if s.State == groupbuy.Paid {
			v.People = append(v.People, person{s.Name})
		}
		if who != "" && s.Buyer == who && s.State != groupbuy.Left {
			v.Order = s.Order
		}
	}
	return v
}

func measureIn(c shelf.Card, sku string) shelf.Measure {
	for _, k := range c.SKUs {
		if k.ID == sku {
			return k.Measure
		}
	}
	return shelf.Measure{}
}

type codeInput struct {
	Code string `path:"code" maxLength:"20"`
}

func (h *handler) group(ctx context.Context, in *codeInput) (*web.Out[whole], error) {
	g, o, seats, err := h.Groups.Get(ctx, strings.ToUpper(in.Code))
	if err != nil {
		return nil, err
	}
	card, sh, err := h.Shelf.Shop(ctx, o.Shop)
	if err != nil {
		return nil, err
	}
	product, err := h.Shelf.Card(ctx, o.Product, o.ID)
	if err != nil {
		return nil, err
	}
	v := whole{Group: groupOf(g, o, seats, web.Who(ctx).Person), Terms: h.termsOf(o, measureIn(product, o.SKU)), Shop: card, LegalName: sh.Licence.LegalName, ProductCard: product, Now: h.Now()}
	v.CanStart = v.Terms.Left > 0
	return web.Answer(v, nil)
}

type idInput struct {
	ID string `path:"id" maxLength:"60"`
}

type offered struct {
	Terms  Terms   `json:"terms"`
	Groups []Group `json:"groups" nullable:"false" doc:"Open ones with a seat, those that end first before the others"`
}

func (h *handler) ofProduct(ctx context.Context, in *idInput) (*web.Out[page.Of[offered]], error) {
	out := page.Of[offered]{Items: []offered{}}
	os, err := h.Groups.OfProduct(ctx, in.ID)
	if err != nil || len(os) == 0 {
		return web.Answer(out, err)
	}
	card, err := h.Shelf.Card(ctx, in.ID, "")
	if err != nil {
		return nil, err
	}
	for _, o := range os {
		gs, err := h.groups(ctx, o, true, 5)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, offered{h.termsOf(o, measureIn(card, o.SKU)), gs})
	}
	return web.Answer(out, nil)
}

func (h *handler) groups(ctx context.Context, o groupbuy.Offer, open bool, n int) ([]Group, error) {
	gs, err := h.Groups.OfOffer(ctx, o.ID, open, n)
	out := []Group{}
	for _, g := range gs {
		_, _, seats, err := h.Groups.Get(ctx, g.Code)
		if err != nil {
			return nil, err
		}
		out = append(out, groupOf(g, o, seats, web.Who(ctx).Person))
	}
	return out, err
}

// made is an offer as its shop sees it.
type made struct {
	Terms
	Title     text.Local   `json:"title"`
	Image     *shelf.Image `json:"image,omitempty"`
	Groups    int64        `json:"groups" doc:"For which goods are set aside"`
	Started   int64        `json:"started" doc:"Of them, begun and not failed"`
	Recent    []Group      `json:"recent" nullable:"false"`
	StoppedAt *time.Time   `json:"stopped_at,omitempty"`
	Closed    bool         `json:"closed" doc:"What was left is back on the stall"`
}

func (h *handler) madeOf(ctx context.Context, o groupbuy.Offer) (made, error) {
	card, err := h.Shelf.Card(ctx, o.Product, "")
	if err != nil {
		return made{}, err
	}
	v := made{Terms: h.termsOf(o, measureIn(card, o.SKU)), Title: card.Title, Image: card.Image, Groups: o.Groups, Started: o.Open, StoppedAt: clock.Ptr(o.StoppedAt), Closed: !o.ClosedAt.IsZero()}
	v.Recent, err = h.groups(ctx, o, false, 20)
	return v, err
}

func (h *handler) ofShop(ctx context.Context, in *shop.In) (*web.Out[page.Of[made]], error) {
	os, err := h.Groups.OfShop(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	out := page.Of[made]{Items: []made{}}
	for _, o := range os {
		v, err := h.madeOf(ctx, o)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return web.Answer(out, nil)
}

type stepForm struct {
	People     int64 `json:"people" minimum:"2" maximum:"50"`
	PriceMinor int64 `json:"price_minor" minimum:"1" maximum:"100000000000000"`
}

type offerForm struct {
	SKU      string     `json:"sku" maxLength:"60"`
	Steps    []stepForm `json:"steps" minItems:"1" maxItems:"5" nullable:"false" doc:"One, or a ladder: more people, lower price"`
	Quantity int64      `json:"quantity" minimum:"1" maximum:"1000000" doc:"What everybody buys, in quantity units"`
	Hours    int64      `json:"hours" minimum:"1" maximum:"72"`
	Groups   int64      `json:"groups" minimum:"1" maximum:"10000" doc:"Goods for all of them are set aside"`
	PerBuyer int64      `json:"per_buyer,omitempty" minimum:"0" maximum:"100" doc:"Groups that one buyer can be in; one when absent"`
}

type startInput struct {
	shop.In
	Body offerForm
}

func (h *handler) start(ctx context.Context, in *startInput) (*web.Out[made], error) {
	b := in.Body
	w := groupbuy.Wish{SKU: b.SKU, Units: b.Quantity, Groups: b.Groups, PerBuyer: max(1, b.PerBuyer), Lasts: time.Duration(b.Hours) * time.Hour}
	for _, s := range b.Steps {
		w.Steps = append(w.Steps, groupbuy.Step{People: s.People, Price: s.PriceMinor})
	}
	o, err := h.Groups.Start(ctx, in.Shop, w)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.madeOf(ctx, o))
}

// OneIn names an offer of a shop. It is exported as huma passes over what is not.
type OneIn struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) stop(ctx context.Context, in *OneIn) (*web.Out[made], error) {
	o, err := h.Groups.Stop(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.madeOf(ctx, o))
}
