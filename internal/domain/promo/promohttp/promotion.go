package promohttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// running is a promotion as shoppers see it.
type running struct {
	ID     string              `json:"id"`
	Kind   promo.PromotionKind `json:"kind" enum:"reduction,bundle,addon,freight"`
	Words  text.Local          `json:"words" doc:"What it asks and gives, made from its numbers"`
	EndsAt time.Time           `json:"ends_at"`
	Hint   *promo.Hint         `json:"hint,omitempty" doc:"What so much of the variant misses; when one was named"`
}

type runningInput struct {
	Shop     string `path:"shop" maxLength:"60"`
	SKU      string `query:"sku" maxLength:"60" doc:"Those alone that can be for an order with this variant"`
	Quantity int64  `query:"quantity" minimum:"0" maximum:"1000000" doc:"Of it, in quantity units"`
}

func (h *handler) running(ctx context.Context, in *runningInput) (*web.Out[page.Of[running]], error) {
	ps, err := h.Promos.Running(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	out := page.Of[running]{Items: []running{}}
	hints := map[string]promo.Hint{}
	product := ""
	if in.SKU != "" && len(ps) > 0 {
		if product, err = h.Promos.ProductOf(ctx, in.Shop, in.SKU); err != nil {
			return nil, err
		}
		made, err := h.Promos.Against(ctx, in.Shop, []promo.Want{{SKU: in.SKU, Quantity: in.Quantity}})
		if err != nil {
			return nil, err
		}
		for _, hint := range promo.Hints(made.Next, ps[0].Currency) {
			hints[hint.Promotion] = hint
		}
	}
	for _, p := range ps {
		if product != "" && !p.For(product) {
			continue
		}
		v := running{ID: p.ID, Kind: p.Kind, Words: p.Words(), EndsAt: p.EndsAt}
		if hint, ok := hints[p.ID]; ok {
			v.Hint = &hint
		}
		out.Items = append(out.Items, v)
	}
	return web.Answer(out, nil)
}

// promotion is one as its shop sees it.
type promotion struct {
	ID       string              `json:"id"`
	Kind     promo.PromotionKind `json:"kind" enum:"reduction,bundle,addon,freight"`
	Words    text.Local          `json:"words"`
	State    string              `json:"state" enum:"planned,running,paused,over"`
	StartsAt time.Time           `json:"starts_at"`
	EndsAt   time.Time           `json:"ends_at"`
	Uses     int64               `json:"uses" doc:"Orders that stand and took something off by it"`
	Given    money.Amount        `json:"given" doc:"Taken off in all"`
}

func (h *handler) promotionOf(p promo.Counted) promotion {
	v := promotion{p.ID, p.Kind, p.Words(), "running", p.StartsAt, p.EndsAt, p.Uses, money.Of(p.Given, p.Currency)}
	now := h.Now()
	switch {
	case p.Over(now):
		v.State = "over"
	case p.Paused:
		v.State = "paused"
	case !p.Runs(now):
		v.State = "planned"
	}
	return v
}

func (h *handler) promotions(ctx context.Context, in *shop.In) (*web.Out[page.Of[promotion]], error) {
	ps, err := h.Promos.Promotions(ctx, in.Shop)
	out := page.Of[promotion]{Items: []promotion{}}
	for _, p := range ps {
		out.Items = append(out.Items, h.promotionOf(p))
	}
	return web.Answer(out, err)
}

type promotionForm struct {
	Kind     promo.PromotionKind `json:"kind" enum:"reduction,bundle,addon,freight"`
	Steps    []promo.Step        `json:"steps,omitempty" maxItems:"5" doc:"Of a reduction, the lowest first"`
	Percent  bool                `json:"percent,omitempty" doc:"The steps take percent off"`
	Products []string            `json:"products,omitempty" maxItems:"100" doc:"That a reduction is for; everything when absent"`
	Goods    []piece             `json:"goods,omitempty" maxItems:"5" doc:"One set of a bundle; the one variant of an add-on and how many an order gets"`
	Price    int64               `json:"price_minor,omitempty" minimum:"0" doc:"Of a set, or of one add-on"`
	From     int64               `json:"from_minor,omitempty" minimum:"0" doc:"Of an add-on, of free delivery"`
	StartsAt *time.Time          `json:"starts_at,omitempty"`
	EndsAt   time.Time           `json:"ends_at"`
}

type piece struct {
	SKU   string `json:"sku" maxLength:"60"`
	Units int64  `json:"units" minimum:"1" maximum:"1000" doc:"Pieces"`
}

func (f promotionForm) promotion() promo.Promotion {
	p := promo.Promotion{Kind: f.Kind, EndsAt: f.EndsAt.UTC().Truncate(time.Millisecond),
		Rule: promo.Rule{Steps: f.Steps, Percent: f.Percent, Products: f.Products, Price: f.Price, From: f.From}}
	for _, g := range f.Goods {
		p.Rule.Goods = append(p.Rule.Goods, promo.Together{SKU: g.SKU, Units: g.Units})
	}
	if f.StartsAt != nil {
		p.StartsAt = f.StartsAt.UTC().Truncate(time.Millisecond)
	}
	return p
}

type promoteInput struct {
	shop.In
	Body promotionForm
}

func (h *handler) promote(ctx context.Context, in *promoteInput) (*web.Out[promotion], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	p, err := h.Promos.Promote(ctx, sh, in.Body.promotion())
	return web.Answer(h.promotionOf(promo.Counted{Promotion: p}), err)
}

type wordsView struct {
	Words text.Local `json:"words"`
}

// preview says in words what a form would make.
func (h *handler) preview(ctx context.Context, in *promoteInput) (*web.Out[wordsView], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	p, err := h.Promos.Shape(ctx, sh, in.Body.promotion())
	if err != nil {
		return nil, err
	}
	return web.Answer(wordsView{p.Words()}, nil)
}

type pauseInput struct {
	OneIn
	Body struct {
		Paused bool `json:"paused"`
	}
}

func (h *handler) pause(ctx context.Context, in *pauseInput) (*web.Out[promotion], error) {
	p, err := h.Promos.Pause(ctx, in.Shop, in.ID, in.Body.Paused)
	return web.Answer(h.promotionOf(p), err)
}

func (h *handler) end(ctx context.Context, in *OneIn) (*web.Out[promotion], error) {
	p, err := h.Promos.End(ctx, in.Shop, in.ID)
	return web.Answer(h.promotionOf(p), err)
}
