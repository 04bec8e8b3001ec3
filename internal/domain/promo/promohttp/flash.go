package promohttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/web"
)

type flashView struct {
	ID        string       `json:"id"`
	SKU       string       `json:"sku"`
	Show      string       `json:"show"`
	Price     money.Amount `json:"price"`
	Was       money.Amount `json:"was"`
	Quantity  int64        `json:"quantity"`
	Restocked int64        `json:"restocked"`
	PerBuyer  int64        `json:"per_buyer"`
	EndsAt    time.Time    `json:"ends_at"`
}

func flashOf(f promo.Flash) flashView {
	return flashView{f.ID, f.SKU, f.Show, money.Of(f.Price, f.Currency), money.Of(f.Was, f.Currency), f.Quantity, f.Restocked, f.PerBuyer, f.EndsAt}
}

type flashForm struct {
	SKU        string `json:"sku" maxLength:"60"`
	PriceMinor int64  `json:"price_minor" minimum:"0" doc:"Below the present price"`
	Quantity   int64  `json:"quantity" minimum:"1" maximum:"1000000" doc:"Quantity units to set apart"`
	PerBuyer   int64  `json:"per_buyer,omitempty" minimum:"0" maximum:"1000000" doc:"Quantity units for one buyer; no limit when absent"`
	Seconds    int64  `json:"seconds" minimum:"30" maximum:"7200"`
}

type startInput struct {
	shop.In
	Show string `path:"show" maxLength:"60"`
	Body flashForm
}

func (h *handler) startFlash(ctx context.Context, in *startInput) (*web.Out[flashView], error) {
	if on, err := h.OnAir(ctx, in.Shop, in.Show); err != nil {
		return nil, err
	} else if !on {
		return nil, promo.ErrOffAir
	}
	b := in.Body
	f, err := h.Promos.StartFlash(ctx, in.Shop, in.Show, promo.FlashWish{SKU: b.SKU, Price: b.PriceMinor, Quantity: b.Quantity, PerBuyer: b.PerBuyer,
		Lasts: time.Duration(b.Seconds) * time.Second})
	return web.Answer(flashOf(f), err)
}

type restockInput struct {
	OneIn
	Body struct {
		Quantity int64 `json:"quantity" minimum:"1" maximum:"1000000"`
	}
}

func (h *handler) restock(ctx context.Context, in *restockInput) (*web.Out[flashView], error) {
	f, err := h.Promos.Restock(ctx, in.Shop, in.ID, in.Body.Quantity)
	return web.Answer(flashOf(f), err)
}

func (h *handler) endFlash(ctx context.Context, in *OneIn) (*web.None, error) {
	return nil, h.Promos.EndFlash(ctx, in.Shop, in.ID)
}
