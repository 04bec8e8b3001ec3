// Package promohttp is the door of what is cheaper: coupons to claim and running
// promotions for shoppers, making and ending both for merchants.
package promohttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Promos *promo.Service
	Shops  *shop.Service
	Shelf  *shelf.Service
	// OnAir reports whether a show of a shop is on air; a show that is not the
	// shop's does not exist.
	OnAir func(ctx context.Context, shop, show string) (bool, error)
	Now   clock.Now
}

type handler struct {
	Parts
	claims *web.Limiter
}

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{Parts: p, claims: web.NewLimiter(200*time.Millisecond, 20, p.Now)}
	web.Handle(api, web.Anyone, "GET /v1/shops/{shop}/coupons", "shop-coupons", "Coupons that a shop hands out to anybody", h.offered)
	web.Handle(api, web.Anyone, "GET /v1/shops/{shop}/promotions", "shop-promotions", "What a shop takes off by itself now", h.running)
	web.Handle(api, web.SignedIn, "GET /v1/coupons", "my-coupons", "My coupons", h.mine)
	web.Handle(api, web.SignedIn, "POST /v1/coupons", "claim-coupon", "Claim a coupon", h.claim, web.Status(201))
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/coupons", "coupons", "Coupons of a shop", shop.Guard(h.Shops, shop.See, h.list))
	web.Handle(api, web.SignedIn, "POST "+base+"/coupons", "add-coupon", "Make a coupon; its terms never change", shop.Guard(h.Shops, shop.Shows, h.add), web.Status(201))
	web.Handle(api, web.SignedIn, "POST "+base+"/coupons/{id}/stop", "stop-coupon", "End the claiming of a coupon", shop.Guard(h.Shops, shop.Shows, h.stop))
	web.Handle(api, web.SignedIn, "GET "+base+"/promotions", "promotions", "Promotions of a shop, newest first", shop.Guard(h.Shops, shop.See, h.promotions))
	web.Handle(api, web.SignedIn, "POST "+base+"/promotions", "add-promotion", "Make a promotion; its numbers never change", shop.Guard(h.Shops, shop.Shows, h.promote), web.Status(201))
	web.Handle(api, web.SignedIn, "POST "+base+"/promotions/preview", "preview-promotion", "What a promotion would say; nothing is kept", shop.Guard(h.Shops, shop.Shows, h.preview))
	web.Handle(api, web.SignedIn, "PUT "+base+"/promotions/{id}/paused", "pause-promotion", "Pause a promotion or let it go on; offers that were made keep it", shop.Guard(h.Shops, shop.Shows, h.pause))
	web.Handle(api, web.SignedIn, "POST "+base+"/promotions/{id}/end", "end-promotion", "End a promotion now; offers that were made keep it", shop.Guard(h.Shops, shop.Shows, h.end))
	web.Handle(api, web.SignedIn, "PUT "+base+"/shows/{show}/drops/{id}", "drop-coupon", "Hand a coupon out in a show", shop.Guard(h.Shops, shop.Shows, h.drop))
	web.Handle(api, web.SignedIn, "DELETE "+base+"/shows/{show}/drops/{id}", "end-drop", "Stop handing a coupon out in a show", shop.Guard(h.Shops, shop.Shows, h.endDrop))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{show}/flashes", "start-flash", "Sell at another price for a while", shop.Guard(h.Shops, shop.Shows, h.startFlash), web.Status(201))
	web.Handle(api, web.SignedIn, "POST "+base+"/flashes/{id}/restock", "restock-flash", "Put more goods into a flash; viewers are told", shop.Guard(h.Shops, shop.Shows, h.restock))
	web.Handle(api, web.SignedIn, "POST "+base+"/flashes/{id}/end", "end-flash", "End a flash; what is left goes back", shop.Guard(h.Shops, shop.Shows, h.endFlash))
}

type coupon struct {
	ID        string         `json:"id"`
	State     promo.State    `json:"state" enum:"claimed,locked,used,expired"`
	Terms     promo.Terms    `json:"terms"`
	Shop      shelf.ShopCard `json:"shop"`
	Order     string         `json:"order,omitempty" doc:"That holds it"`
	ExpiresAt time.Time      `json:"expires_at"`
}

func (h *handler) coupon(ctx context.Context, c promo.Held, err error) (coupon, error) {
	if err != nil {
		return coupon{}, err
	}
	card, err := h.Shelf.ShopCard(ctx, c.Coupon.Shop)
	return coupon{ID: c.Coupon.ID, State: c.At(h.Now()), Terms: c.Terms.Terms(), Shop: card, Order: c.Order, ExpiresAt: c.ExpiresAt}, err
}

func list(ts []promo.Template, err error) (*web.Out[page.Of[promo.Terms]], error) {
	out := page.Of[promo.Terms]{Items: []promo.Terms{}}
	for _, t := range ts {
		out.Items = append(out.Items, t.Terms())
	}
	return web.Answer(out, err)
}

type offeredInput struct {
	Shop string `path:"shop" maxLength:"60"`
}

func (h *handler) offered(ctx context.Context, in *offeredInput) (*web.Out[page.Of[promo.Terms]], error) {
	return list(h.Promos.Offered(ctx, in.Shop))
}

func (h *handler) mine(ctx context.Context, _ *web.None) (*web.Out[page.Of[coupon]], error) {
	held, err := h.Promos.Mine(ctx, web.Who(ctx).Person)
	if err != nil {
		return nil, err
	}
	out := page.Of[coupon]{Items: []coupon{}}
	for _, c := range held {
		v, err := h.coupon(ctx, c, nil)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return web.Answer(out, nil)
}

type claimInput struct {
	Body struct {
		Coupon string `json:"coupon" maxLength:"60" doc:"Id of the terms"`
		Show   string `json:"show,omitempty" maxLength:"60" doc:"The room that the buyer is in"`
	}
}

func (h *handler) claim(ctx context.Context, in *claimInput) (*web.Out[coupon], error) {
	who := web.Who(ctx).Person
	if err := h.claims.Allow(who); err != nil {
		return nil, err
	}
	c, err := h.Promos.Claim(ctx, who, in.Body.Coupon, in.Body.Show)
	return web.Answer(h.coupon(ctx, c, err))
}
