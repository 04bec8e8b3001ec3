// Package claimhttp is the door of claims by comment: what one holds or waits for,
// and for the shop the calls of a show. Claims are made in the chat.
package claimhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Claims *claim.Service
	Shops  *shop.Service
	Shelf  *shelf.Service
	// OnAir reports whether a show of a shop is on air; a show that is not the
	// shop's does not exist.
	OnAir func(ctx context.Context, shop, show string) (bool, error)
}

type handler struct{ Parts }

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{p}
	web.Handle(api, web.SignedIn, "GET /v1/claims", "claims", "What I hold or wait for by comment", h.mine)
	web.Handle(api, web.SignedIn, "GET /v1/claims/{id}", "claim", "A claim of mine", h.get)
	web.Handle(api, web.SignedIn, "POST /v1/claims/{id}/release", "release-claim", "Let go of a claim; the next one gets it", h.release)
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/shows/{show}/claim-calls", "claim-calls", "What is claimed by comment in a show, by whom", shop.Guard(h.Shops, shop.See, h.calls))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{show}/claim-calls", "open-claim-call", "Let viewers claim pieces by comment", shop.Guard(h.Shops, shop.Shows, h.open), web.Status(201))
	web.Handle(api, web.SignedIn, "POST "+base+"/claim-calls/{id}/close", "close-claim-call", "Comments count no more; what is held stays held", shop.Guard(h.Shops, shop.Shows, h.close))
}

// Mine is a claim with the goods it is for. It is exported for the document.
type Mine struct {
	claim.View
	Item  shelf.Card     `json:"item"`
	Shop  shelf.ShopCard `json:"shop"`
	Asked time.Time      `json:"asked_at" doc:"When the comment was written"`
}

func (h *handler) view(ctx context.Context, k claim.Claim) (Mine, error) {
	card, err := h.Shelf.Card(ctx, k.Of.Product, k.Call)
	if err != nil {
		return Mine{}, err
	}
	of, err := h.Shelf.ShopCard(ctx, k.Of.Shop)
	return Mine{View: k.View(), Item: card, Shop: of, Asked: k.At.UTC()}, err
}

func (h *handler) seen(ctx context.Context, k claim.Claim, err error) (*web.Out[Mine], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.view(ctx, k))
}

type mineInput struct {
	Show string `query:"show" maxLength:"60" doc:"In this show alone"`
}

func (h *handler) mine(ctx context.Context, in *mineInput) (*web.Out[page.Of[Mine]], error) {
	all, err := h.Claims.Mine(ctx, web.Who(ctx).Person, in.Show)
	out := page.Of[Mine]{Items: []Mine{}}
	for _, k := range all {
		v, err := h.view(ctx, k)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return web.Answer(out, err)
}

type idInput struct {
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) get(ctx context.Context, in *idInput) (*web.Out[Mine], error) {
	k, err := h.Claims.Get(ctx, web.Who(ctx).Person, in.ID)
	return h.seen(ctx, k, err)
}

func (h *handler) release(ctx context.Context, in *idInput) (*web.Out[Mine], error) {
	k, err := h.Claims.Release(ctx, web.Who(ctx).Person, in.ID)
	return h.seen(ctx, k, err)
}

// claimant is a claim as the shop sees it.
type claimant struct {
	ID     string      `json:"id"`
	Name   string      `json:"name" doc:"As it stood in the chat"`
	Pieces int64       `json:"pieces"`
	State  claim.State `json:"state" enum:"waiting,held,ordered,released,expired,closed,undone"`
	At     time.Time   `json:"at"`
	Until  *time.Time  `json:"until,omitempty"`
	Place  int64       `json:"place,omitempty" doc:"In the wait list, from 1"`
	Order  string      `json:"order,omitempty"`
}

// Call is a call as the shop sees it. It is exported for the document.
type Call struct {
	ID        string     `json:"id"`
	Product   string     `json:"product"`
	SKU       string     `json:"sku"`
	Keyword   string     `json:"keyword"`
	Pieces    int64      `json:"pieces"`
	PerPerson int64      `json:"per_person"`
	Minutes   int64      `json:"minutes" doc:"For which a claim is held"`
	OpenedAt  time.Time  `json:"opened_at"`
	ClosedAt  *time.Time `json:"closed_at,omitempty"`
	Claims    []claimant `json:"claims" nullable:"false" doc:"In the order in which they came"`
}

func callOf(c claim.Call, all []claim.Claim) Call {
	v := Call{ID: c.ID, Product: c.Product, SKU: c.SKU, Keyword: c.Keyword, Pieces: c.Pieces, PerPerson: c.PerPerson, Minutes: int64(c.Hold / time.Minute),
		OpenedAt: c.OpenedAt.UTC(), ClosedAt: clock.Ptr(c.ClosedAt), Claims: []claimant{}}
	for _, k := range all {
		one := claimant{ID: k.ID, Name: k.Name, Pieces: k.Pieces, State: k.State, At: k.At.UTC(), Place: k.Place, Order: k.Order}
		if k.State == claim.Held {
			one.Until = clock.Ptr(k.Until)
		}
		v.Claims = append(v.Claims, one)
	}
	return v
}

// ShowIn is a show of a shop. It is exported because parameters of unexported
// embedded structs are not read.
type ShowIn struct {
	shop.In
	Show string `path:"show" maxLength:"60"`
}

func (h *handler) calls(ctx context.Context, in *ShowIn) (*web.Out[page.Of[Call]], error) {
	if _, err := h.OnAir(ctx, in.Shop, in.Show); err != nil {
		return nil, err
	}
	all, err := h.Claims.Calls(ctx, in.Shop, in.Show)
	if err != nil {
		return nil, err
	}
	out := page.Of[Call]{Items: []Call{}}
	for _, c := range all {
		claims, err := h.Claims.Of(ctx, c)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, callOf(c, claims))
	}
	return web.Answer(out, nil)
}

type callForm struct {
	SKU       string `json:"sku" maxLength:"60"`
	Keyword   string `json:"keyword" minLength:"1" maxLength:"40" doc:"What viewers write; case and width of its signs do not matter"`
	Pieces    int64  `json:"pieces" minimum:"1" maximum:"1000"`
	PerPerson int64  `json:"per_person,omitempty" minimum:"1" maximum:"1000" default:"1"`
	Minutes   int64  `json:"minutes,omitempty" minimum:"1" maximum:"120" default:"10" doc:"For which a claim is held"`
}

type openInput struct {
	ShowIn
	web.Key
	Body callForm
}

func (h *handler) open(ctx context.Context, in *openInput) (*web.Out[Call], error) {
	if on, err := h.OnAir(ctx, in.Shop, in.Show); err != nil {
		return nil, err
	} else if !on {
		return nil, claim.ErrOffAir
	}
	b := in.Body
	c, err := h.Claims.Open(ctx, in.Shop, in.Show, claim.Wish{Key: in.Key.Key, SKU: b.SKU, Keyword: b.Keyword, Pieces: b.Pieces, PerPerson: b.PerPerson,
		Hold: time.Duration(b.Minutes) * time.Minute})
	return web.Answer(callOf(c, nil), err)
}

type closeInput struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) close(ctx context.Context, in *closeInput) (*web.None, error) {
	return nil, h.Claims.Close(ctx, in.Shop, in.ID)
}
