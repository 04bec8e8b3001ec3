// Package carthttp is the door of carts: what is in one, shop by shop, as it is
// now. A guest's cart lives in the browser and is only looked at here.
package carthttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/cart"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Carts   *cart.Service
	Catalog *catalog.Service
	Shelf   *shelf.Service
	Promos  *promo.Service
	// Bucket names the stock from which a show sells now: its own while it is on
	// air, else the stall's.
	Bucket func(ctx context.Context, show string) (string, error)
}

type handler struct{ Parts }

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := handler{p}
	web.Handle(api, web.SignedIn, "GET /v1/cart", "cart", "My cart", h.mine)
	web.Handle(api, web.Anyone, "POST /v1/cart/look", "look-at-cart", "A cart that the browser keeps", h.look)
	web.Handle(api, web.SignedIn, "POST /v1/cart/lines", "add-to-cart", "Put something into my cart", h.add)
	web.Handle(api, web.SignedIn, "PUT /v1/cart/lines/{sku}", "set-cart-line", "Change a quantity in my cart", h.set)
	web.Handle(api, web.SignedIn, "DELETE /v1/cart/lines/{sku}", "remove-from-cart", "Take something out of my cart", h.remove)
	web.Handle(api, web.SignedIn, "POST /v1/cart/merge", "merge-cart", "Take in the cart that the browser kept", h.merge)
}

// line is what a client puts into a cart.
type line struct {
	SKU        string    `json:"sku" maxLength:"60"`
	Quantity   int64     `json:"quantity" minimum:"1" maximum:"1000000"`
	PriceMinor int64     `json:"price_minor" minimum:"0" doc:"As the person saw it"`
	Show       string    `json:"show,omitempty" maxLength:"60" doc:"Where it was seen"`
	AddedAt    time.Time `json:"added_at" doc:"When; now when it is not of the last 30 days"`
}

func (l line) line() cart.Line {
	return cart.Line{SKU: l.SKU, Quantity: l.Quantity, Price: l.PriceMinor, Show: l.Show, AddedAt: l.AddedAt.UTC().Truncate(time.Millisecond)}
}

type lines struct {
	Lines []line `json:"lines" maxItems:"100" nullable:"false"`
}

func (in lines) lines() []cart.Line {
	out := make([]cart.Line, 0, len(in.Lines))
	for _, l := range in.Lines {
		out = append(out, l.line())
	}
	return out
}

// position is a line as it stands now.
type position struct {
	SKU       string        `json:"sku"`
	Product   string        `json:"product"`
	Title     text.Local    `json:"title"`
	Variant   text.Local    `json:"variant"`
	Image     *shelf.Image  `json:"image,omitempty"`
	Measure   shelf.Measure `json:"measure"`
	Quantity  int64         `json:"quantity"`
	Price     money.Amount  `json:"price"`
	Was       *money.Amount `json:"was,omitempty" doc:"As it was seen, when that was another price"`
	Available int64         `json:"available"`
	State     string        `json:"state" enum:"ok,less,sold_out,gone" doc:"less: not as much is left"`
	Show      string        `json:"show,omitempty"`
	AddedAt   time.Time     `json:"added_at"`
}

type seller struct {
	Shop  shelf.ShopCard `json:"shop"`
	Lines []position     `json:"lines" nullable:"false"`
	// What its promotions make of the lines that can be ordered.
	Off  []off        `json:"off,omitempty" doc:"What promotions take off; the offer decides"`
	Next []promo.Hint `json:"next,omitempty" doc:"What is missing for more to come off"`
}

// off is what one promotion takes off.
type off struct {
	Promotion string       `json:"promotion"`
	Words     text.Local   `json:"words"`
	Off       money.Amount `json:"off"`
}

type view struct {
	Sellers []seller `json:"sellers" nullable:"false" doc:"One order each"`
}

// answer shows lines shop by shop, in the order in which the shops came up.
func (h handler) answer(ctx context.Context, ls []cart.Line, err error) (*web.Out[view], error) {
	if err != nil {
		return nil, err
	}
	v := view{Sellers: []seller{}}
	at := map[string]int{}
	for _, l := range ls {
		shop, p, err := h.position(ctx, l)
		if err != nil {
			continue // a variant that never was: a browser may say anything
		}
		i, ok := at[shop]
		if !ok {
			card, err := h.Shelf.ShopCard(ctx, shop)
			if err != nil {
				return nil, err
			}
			i = len(v.Sellers)
			at[shop] = i
			v.Sellers = append(v.Sellers, seller{Shop: card})
		}
		v.Sellers[i].Lines = append(v.Sellers[i].Lines, p)
	}
	for i := range v.Sellers {
		if err := h.promote(ctx, &v.Sellers[i]); err != nil {
			return nil, err
		}
	}
	return web.Answer(v, nil)
}

// promote says what the promotions of a seller make of its lines.
func (h handler) promote(ctx context.Context, s *seller) error {
	var wants []promo.Want
	currency := ""
	for _, l := range s.Lines {
		if l.State == "ok" || l.State == "less" {
			step := max(1, l.Measure.Step)
			wants = append(wants, promo.Want{SKU: l.SKU, Quantity: min(l.Quantity, l.Available/step*step)})
			currency = l.Price.Currency
		}
	}
	made, err := h.Promos.Against(ctx, s.Shop.ID, wants)
	for _, t := range made.Taken {
		s.Off = append(s.Off, off{t.Promotion.ID, t.Words, money.Of(t.Off, currency)})
	}
	s.Next = promo.Hints(made.Next, currency)
	return err
}

func (h handler) position(ctx context.Context, l cart.Line) (string, position, error) {
	k, p, err := h.Catalog.AnySKU(ctx, l.SKU)
	if err != nil {
		return "", position{}, err
	}
	v := position{SKU: k.ID, Product: p.ID, Title: p.Title, Variant: k.Name, Measure: shelf.MeasureOf(p.Measure), Quantity: l.Quantity, Price: k.Price,
		State: "gone", Show: l.Show, AddedAt: l.AddedAt}
	if l.Price != k.Price.Minor {
		was := money.Of(l.Price, k.Price.Currency)
		v.Was = &was
	}
	bucket, err := h.Bucket(ctx, l.Show)
	if err != nil {
		return "", position{}, err
	}
	card, err := h.Shelf.Card(ctx, p.ID, bucket)
	if err != nil {
		return "", position{}, err
	}
	v.Image = card.Image
	if p.State != catalog.Live {
		return p.Shop, v, nil
	}
	for _, s := range card.SKUs {
		if s.ID != k.ID {
			continue
		}
		v.Available = s.Available
		switch {
		case s.Available < s.Measure.Min:
			v.State = "sold_out"
		case s.Available < l.Quantity:
			v.State = "less"
		default:
			v.State = "ok"
		}
	}
	return p.Shop, v, nil
}

func (h handler) mine(ctx context.Context, _ *web.None) (*web.Out[view], error) {
	ls, err := h.Carts.List(ctx, web.Who(ctx).Person)
	return h.answer(ctx, ls, err)
}

type linesInput struct{ Body lines }

func (h handler) look(ctx context.Context, in *linesInput) (*web.Out[view], error) {
	return h.answer(ctx, in.Body.lines(), nil)
}

type addInput struct{ Body line }

func (h handler) add(ctx context.Context, in *addInput) (*web.Out[view], error) {
	if err := h.Carts.Add(ctx, web.Who(ctx).Person, in.Body.line()); err != nil {
		return nil, err
	}
	return h.mine(ctx, nil)
}

// SKUInput names a line.
type SKUInput struct {
	SKU string `path:"sku" maxLength:"60"`
}

type quantity struct {
	Quantity int64 `json:"quantity" minimum:"1" maximum:"1000000"`
}

type setInput struct {
	SKUInput
	Body quantity
}

func (h handler) set(ctx context.Context, in *setInput) (*web.Out[view], error) {
	if err := h.Carts.Set(ctx, web.Who(ctx).Person, in.SKU, in.Body.Quantity); err != nil {
		return nil, err
	}
	return h.mine(ctx, nil)
}

func (h handler) remove(ctx context.Context, in *SKUInput) (*web.Out[view], error) {
	if err := h.Carts.Remove(ctx, web.Who(ctx).Person, in.SKU); err != nil {
		return nil, err
	}
	return h.mine(ctx, nil)
}

func (h handler) merge(ctx context.Context, in *linesInput) (*web.Out[view], error) {
	if err := h.Carts.Merge(ctx, web.Who(ctx).Person, in.Body.lines()); err != nil {
		return nil, err
	}
	return h.mine(ctx, nil)
}
