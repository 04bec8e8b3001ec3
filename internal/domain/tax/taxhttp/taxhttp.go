// Package taxhttp is the door of the tax area: everybody may read the rates,
// operators set them.
package taxhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/platform/web"
)

type handler struct {
	taxes *tax.Service
}

// Mount adds the operations.
func Mount(api *web.API, taxes *tax.Service) {
	h := &handler{taxes}
	web.Handle(api, web.Anyone, "GET /v1/tax-rates", "tax-rates", "What goods are taxed with", h.list)
	web.Handle(api, web.Operators, "POST /v1/operator/tax-rates", "set-tax-rate", "Set a rate from a date on", h.set)
	web.Handle(api, web.Operators, "POST /v1/operator/tax-rates/drop", "drop-tax-rate", "Take a rate back that is still to come", h.drop)
}

type taxRateView struct {
	Country string    `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2"`
	Class   string    `json:"class" pattern:"^[a-z][a-z0-9_-]{0,19}$" doc:"standard, reduced, or a name of the market's own; zero has no rate"`
	PPM     int64     `json:"ppm" minimum:"0" maximum:"1000000" doc:"Parts per million of the price without tax"`
	From    time.Time `json:"from"`
}

type rates struct {
	Items []taxRateView `json:"items" nullable:"false" doc:"By their dates; the last of a country and class that has begun holds"`
}

func (h *handler) all(ctx context.Context) (*web.Out[rates], error) {
	list, err := h.taxes.Rates(ctx)
	out := rates{Items: []taxRateView{}}
	for _, r := range list {
		out.Items = append(out.Items, taxRateView(r))
	}
	return web.Answer(out, err)
}

func (h *handler) list(ctx context.Context, _ *web.None) (*web.Out[rates], error) { return h.all(ctx) }

type rateInput struct {
	Body struct {
		Country string     `json:"country" pattern:"^[A-Z]{2}$"`
		Class   string     `json:"class" pattern:"^[a-z][a-z0-9_-]{0,19}$"`
		PPM     int64      `json:"ppm" minimum:"0" maximum:"1000000"`
		From    *time.Time `json:"from,omitempty" doc:"At once when absent"`
	}
}

func (h *handler) set(ctx context.Context, in *rateInput) (*web.Out[rates], error) {
	r := tax.Rate{Country: in.Body.Country, Class: in.Body.Class, PPM: in.Body.PPM}
	if in.Body.From != nil {
		r.From = *in.Body.From
	}
	if _, err := h.taxes.Set(ctx, web.Who(ctx).Person, r); err != nil {
		return nil, err
	}
	return h.all(ctx)
}

type dropRateInput struct {
	Body struct {
		Country string    `json:"country" pattern:"^[A-Z]{2}$"`
		Class   string    `json:"class" maxLength:"20"`
		From    time.Time `json:"from"`
	}
}

func (h *handler) drop(ctx context.Context, in *dropRateInput) (*web.Out[rates], error) {
	if err := h.taxes.Drop(ctx, in.Body.Country, in.Body.Class, in.Body.From); err != nil {
		return nil, err
	}
	return h.all(ctx)
}
