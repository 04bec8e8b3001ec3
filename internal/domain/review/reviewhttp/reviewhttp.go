// Package reviewhttp is the door of the review area: writing for buyers, reading
// for everybody, one answer for shops, taking down for operators.
package reviewhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/review"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Reviews *review.Service
	Orders  *order.Service
	Shops   *shop.Service
	Shelf   *shelf.Service
	Now     clock.Now
}

type handler struct {
	Parts
	writes *web.Limiter
}

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{Parts: p, writes: web.NewLimiter(10*time.Second, 20, p.Now)}
	web.Handle(api, web.Anyone, "GET /v1/products/{id}/reviews", "product-reviews", "What buyers say of a product", h.ofProduct)
	web.Handle(api, web.Anyone, "GET /v1/shops/{slug}/reviews", "shop-reviews", "What buyers say of a shop's goods", h.ofShop)
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}/reviews", "order-reviews", "What I said of an order, line by line", h.ofOrder)
	web.Handle(api, web.SignedIn, "PUT /v1/orders/{id}/lines/{position}/review", "write-review", "Say what the goods were like", h.write)
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}/reviews", "my-reviews", "Reviews of my shop, newest first", shop.Guard(h.Shops, shop.Orders, h.mine))
	web.Handle(api, web.SignedIn, "POST /v1/merchant/shops/{shop}/reviews/{id}/answer", "answer-review", "Answer a review, once", shop.Guard(h.Shops, shop.Orders, h.answer))
	web.Handle(api, web.Operators, "PUT /v1/operator/reviews/{id}/hidden", "hide-review", "Take the words of a review down, with the reason in their place", h.hide)
}

type view struct {
	ID         string        `json:"id"`
	Product    string        `json:"product"`
	Title      text.Local    `json:"title" doc:"Of the product"`
	Variant    text.Local    `json:"variant"`
	Name       string        `json:"name" doc:"First letter of the buyer's name"`
	Stars      int64         `json:"stars" minimum:"1" maximum:"5"`
	Words      string        `json:"words"`
	Photos     []shelf.Image `json:"photos" nullable:"false"`
	Refunded   bool          `json:"refunded" doc:"Money of these goods went back"`
	Hidden     string        `json:"hidden,omitempty" doc:"Why the market took the words down"`
	Answer     string        `json:"answer,omitempty" doc:"Of the shop"`
	AnsweredAt *time.Time    `json:"answered_at,omitempty"`
	CreatedAt  time.Time     `json:"created_at"`
	EditedAt   *time.Time    `json:"edited_at,omitempty"`
}

func (h *handler) viewOf(ctx context.Context, r review.Review) (view, error) {
	v := view{ID: r.ID, Product: r.Product, Title: r.Title, Variant: r.Variant, Name: r.Name(), Stars: r.Stars, Words: r.Words, Photos: []shelf.Image{}, Refunded: r.Refunded,
		Hidden: r.Hidden, Answer: r.Answer, AnsweredAt: clock.Ptr(r.AnsweredAt), CreatedAt: r.CreatedAt}
	if r.UpdatedAt.After(r.CreatedAt) {
		v.EditedAt = clock.Ptr(r.UpdatedAt)
	}
	if r.Hidden != "" {
		v.Words = ""
		return v, nil
	}
	for _, p := range r.Photos {
		im, err := h.Shelf.Picture(ctx, p)
		if err != nil {
			return view{}, err
		}
		if im != nil {
			v.Photos = append(v.Photos, *im)
		}
	}
	return v, nil
}

type sheet struct {
	Summary review.Summary `json:"summary"`
	Items   []view         `json:"items" nullable:"false"`
	Next    string         `json:"next,omitempty"`
}

func (h *handler) sheet(ctx context.Context, f review.Filter, after string) (*web.Out[sheet], error) {
	var err error
	if f.After, err = page.Parse(after); err != nil {
		return nil, err
	}
	rows, err := h.Reviews.List(ctx, f, 20)
	if err != nil {
		return nil, err
	}
	out := sheet{Items: []view{}, Next: rows.Next}
	if out.Summary, err = h.Reviews.Sum(ctx, f); err != nil {
		return nil, err
	}
	for _, r := range rows.Items {
		v, err := h.viewOf(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return web.Answer(out, nil)
}

type productInput struct {
	IDInput
	web.Paged
}

type IDInput struct {
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) ofProduct(ctx context.Context, in *productInput) (*web.Out[sheet], error) {
	return h.sheet(ctx, review.Filter{Product: in.ID}, in.After)
}

type shopInput struct {
	Slug string `path:"slug" maxLength:"60" doc:"Or id"`
	web.Paged
}

func (h *handler) ofShop(ctx context.Context, in *shopInput) (*web.Out[sheet], error) {
	sh, err := h.Shops.BySlug(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	return h.sheet(ctx, review.Filter{Shop: sh.ID}, in.After)
}

type mineInput struct {
	shop.In
	web.Paged
}

func (h *handler) mine(ctx context.Context, in *mineInput) (*web.Out[sheet], error) {
	return h.sheet(ctx, review.Filter{Shop: in.Shop}, in.After)
}

// ownReview is a line of an order and what its buyer said of it.
type ownReview struct {
	Position int          `json:"position"`
	Product  string       `json:"product"`
	Title    text.Local   `json:"title"`
	Image    *shelf.Image `json:"image,omitempty"`
	Can      bool         `json:"can" doc:"It can be written or changed now"`
	Until    *time.Time   `json:"until,omitempty" doc:"When it can be changed last"`
	Review   *view        `json:"review,omitempty"`
}

func (h *handler) ofOrder(ctx context.Context, in *IDInput) (*web.Out[page.Of[ownReview]], error) {
	o, err := h.Orders.Get(ctx, web.Who(ctx).Person, in.ID)
	if err != nil {
		return nil, err
	}
	written, err := h.Reviews.OfOrder(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	out := page.Of[ownReview]{Items: []ownReview{}}
	for i, l := range o.Lines {
		im, err := h.Shelf.Picture(ctx, l.Image)
		if err != nil {
			return nil, err
		}
		own := ownReview{Position: i, Product: l.Product, Title: l.Title, Image: im, Can: review.CanReview(o, i)}
		if r, ok := written[i]; ok {
			v, err := h.viewOf(ctx, r)
			if err != nil {
				return nil, err
			}
			own.Review, own.Until = &v, clock.Ptr(r.EditableUntil())
			own.Can = own.Can && !h.Now().After(r.EditableUntil())
		}
		out.Items = append(out.Items, own)
	}
	return web.Answer(out, nil)
}

type writeInput struct {
	IDInput
	Position int `path:"position" minimum:"0" maximum:"49"`
	Body     struct {
		Stars  int64    `json:"stars" minimum:"1" maximum:"5"`
		Words  string   `json:"words,omitempty" maxLength:"1000"`
		Photos []string `json:"photos,omitempty" maxItems:"6" doc:"Ids of photos that the sender has uploaded"`
	}
}

func (h *handler) write(ctx context.Context, in *writeInput) (*web.Out[view], error) {
	who := web.Who(ctx).Person
	if err := h.writes.Allow(who); err != nil {
		return nil, err
	}
	b := in.Body
	if b.Photos == nil {
		b.Photos = []string{}
	}
	r, err := h.Reviews.Write(ctx, review.Draft{Buyer: who, Order: in.ID, Position: in.Position, Stars: b.Stars, Words: b.Words, Photos: b.Photos})
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, r))
}

type answerInput struct {
	shop.In
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		Words string `json:"words" minLength:"1" maxLength:"1000"`
	}
}

func (h *handler) answer(ctx context.Context, in *answerInput) (*web.Out[view], error) {
	r, err := h.Reviews.Answer(ctx, in.Shop, in.ID, in.Body.Words)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, r))
}

type hideInput struct {
	IDInput
	Body struct {
		Reason string `json:"reason" maxLength:"1000" doc:"Everybody reads it; empty puts the words up again"`
	}
}

func (h *handler) hide(ctx context.Context, in *hideInput) (*web.Out[view], error) {
	r, err := h.Reviews.Hide(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, r))
}
