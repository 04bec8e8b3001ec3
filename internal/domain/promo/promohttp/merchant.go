package promohttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// made is a coupon as its shop sees it.
type made struct {
	promo.Terms
	PerBuyer int64 `json:"per_buyer"`
	Claimed  int64 `json:"claimed"`
	Stopped  bool  `json:"stopped"`
}

func madeOf(t promo.Template) made { return made{t.Terms(), t.PerBuyer, t.Claimed, t.Stopped} }

func (h *handler) list(ctx context.Context, in *shop.In) (*web.Out[page.Of[made]], error) {
	ts, err := h.Promos.OfShop(ctx, in.Shop)
	out := page.Of[made]{Items: []made{}}
	for _, t := range ts {
		out.Items = append(out.Items, madeOf(t))
	}
	return web.Answer(out, err)
}

type couponForm struct {
	Name           text.Local `json:"name,omitempty"`
	Kind           promo.Kind `json:"kind" enum:"amount,percent"`
	Off            int64      `json:"off" minimum:"1" doc:"Minor units, or percent"`
	CapMinor       int64      `json:"cap_minor,omitempty" minimum:"0"`
	ThresholdMinor int64      `json:"threshold_minor,omitempty" minimum:"0"`
	NewBuyer       bool       `json:"new_buyer,omitempty"`
	RoomOnly       bool       `json:"room_only,omitempty"`
	Products       []string   `json:"products,omitempty" maxItems:"100"`
	Quota          int64      `json:"quota" minimum:"1" maximum:"1000000"`
	PerBuyer       int64      `json:"per_buyer,omitempty" minimum:"0" maximum:"100" doc:"One when absent"`
	StartsAt       *time.Time `json:"starts_at,omitempty"`
	EndsAt         time.Time  `json:"ends_at"`
}

type addInput struct {
	shop.In
	Body couponForm
}

func (h *handler) add(ctx context.Context, in *addInput) (*web.Out[made], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	b := in.Body
	t := promo.Template{Name: b.Name, Kind: b.Kind, Off: b.Off, Cap: b.CapMinor, Threshold: b.ThresholdMinor, NewBuyer: b.NewBuyer, RoomOnly: b.RoomOnly,
		Products: b.Products, Quota: b.Quota, PerBuyer: max(1, b.PerBuyer), EndsAt: b.EndsAt.UTC().Truncate(time.Millisecond)}
	if b.StartsAt != nil {
		t.StartsAt = b.StartsAt.UTC().Truncate(time.Millisecond)
	}
	t, err = h.Promos.Create(ctx, sh, t)
	return web.Answer(madeOf(t), err)
}

// OneIn names a coupon, a flash or a promotion of a shop. It is exported as huma passes over what
// is not.
type OneIn struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) stop(ctx context.Context, in *OneIn) (*web.Out[made], error) {
	t, err := h.Promos.Stop(ctx, in.Shop, in.ID)
	return web.Answer(madeOf(t), err)
}

// AtShowIn is [OneIn] in a show.
type AtShowIn struct {
	OneIn
	Show string `path:"show" maxLength:"60"`
}

type dropInput struct {
	AtShowIn
	Body struct {
		Seconds int64 `json:"seconds" minimum:"10" maximum:"7200" doc:"For how long"`
	}
}

type dropView struct {
	Terms promo.Terms `json:"terms"`
	Until time.Time   `json:"until"`
}

func (h *handler) drop(ctx context.Context, in *dropInput) (*web.Out[dropView], error) {
	if on, err := h.OnAir(ctx, in.Shop, in.Show); err != nil {
		return nil, err
	} else if !on {
		return nil, promo.ErrOffAir
	}
	d, err := h.Promos.Drop(ctx, in.Shop, in.ID, in.Show, time.Duration(in.Body.Seconds)*time.Second)
	return web.Answer(dropView{d.Terms(), d.Until}, err)
}

func (h *handler) endDrop(ctx context.Context, in *AtShowIn) (*web.None, error) {
	if _, err := h.OnAir(ctx, in.Shop, in.Show); err != nil {
		return nil, err
	}
	return nil, h.Promos.EndDrop(ctx, in.Show, in.ID)
}
