package aftersalehttp

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/picture"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Cases  *aftersale.Service
	Orders *order.Service
	Shops  *shop.Service
	Shelf  *shelf.Service
	Blobs  blob.Store
	Now    clock.Now
}

type handler struct {
	Parts
	photos, files *web.Limiter
}

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{Parts: p, photos: web.NewLimiter(2*time.Second, 20, p.Now), files: web.NewLimiter(10*time.Second, 20, p.Now)}
	web.Handle(api, web.SignedIn, "POST /v1/photos", "add-photo", "Upload a photo for a case or a review", h.addPhoto, web.Status(201), web.MaxBody(picture.MaxBytes+1<<16))
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}/problem", "problem", "What can be asked for with an order", h.problem)
	web.Handle(api, web.SignedIn, "POST /v1/orders/{id}/cases", "file-case", "Something is wrong", h.file, web.Status(201))
	web.Handle(api, web.SignedIn, "GET /v1/cases", "cases", "My cases", h.list)
	web.Handle(api, web.SignedIn, "GET /v1/cases/{id}", "case", "One of my cases", h.get)
	web.Handle(api, web.SignedIn, "POST /v1/cases/{id}/steps", "case-step", "Answer in a case", h.step)
	h.merchant(api)
	h.operator(api)
}

type photoForm struct {
	File huma.FormFile `form:"file" required:"true"`
}

type photoInput struct {
	RawBody huma.MultipartFormFiles[photoForm]
}

func (h *handler) addPhoto(ctx context.Context, in *photoInput) (*web.Out[shelf.Image], error) {
	who := web.Who(ctx).Person
	if err := h.photos.Allow(who); err != nil {
		return nil, err
	}
	file := in.RawBody.Data().File
	defer file.Close()
	im := shop.Image{ID: id.New("img", h.Now()), Shop: who}
	info, err := picture.Save(ctx, h.Blobs, im.ID, file)
	if err != nil {
		return nil, err
	}
	im.Width, im.Height, im.Color = info.Width, info.Height, info.Color
	if err := h.Shops.SaveImage(ctx, im); err != nil {
		return nil, err
	}
	return web.Answer(shelf.ImageOf(im), nil)
}

type IDInput struct {
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) problem(ctx context.Context, in *IDInput) (*web.Out[problem], error) {
	o, rests, err := h.Cases.Options(ctx, web.Who(ctx).Person, in.ID)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.problemOf(ctx, o, rests))
}

type dealLineInput struct {
	Position int   `json:"position" minimum:"0" maximum:"49" doc:"Of the line in the order, from 0"`
	Quantity int64 `json:"quantity,omitempty" minimum:"0" doc:"Units that it is about; worth their share of the frozen price"`
	Minor    int64 `json:"minor,omitempty" minimum:"0" doc:"Minor units: a part of the price, or the most that the units bring"`
}

type dealInput struct {
	Kind    aftersale.Kind  `json:"kind" enum:"refund,return,exchange,resend,difference"`
	Lines   []dealLineInput `json:"lines" minItems:"1" maxItems:"50" nullable:"false"`
	Freight bool            `json:"freight,omitempty" doc:"The shop gives the freight back too"`
}

func (d dealInput) deal() aftersale.Deal {
	out := aftersale.Deal{Kind: d.Kind, Freight: d.Freight}
	for _, l := range d.Lines {
		out.Lines = append(out.Lines, aftersale.DealLine{Position: l.Position, Quantity: l.Quantity, Minor: l.Minor})
	}
	return out
}

type fileInput struct {
	IDInput
	web.Key
	Body struct {
		Reason aftersale.Reason `json:"reason" enum:"damaged,wrong_goods,missing,not_arrived,not_as_shown,changed_mind,other"`
		Words  string           `json:"words,omitempty" maxLength:"1000"`
		Photos []string         `json:"photos,omitempty" maxItems:"6" doc:"Ids of photos that the sender has uploaded"`
		Ask    dealInput        `json:"ask"`
	}
}

func (h *handler) file(ctx context.Context, in *fileInput) (*web.Out[view], error) {
	who := web.Who(ctx).Person
	if err := h.files.Allow(who); err != nil {
		return nil, err
	}
	b := in.Body
	c, err := h.Cases.File(ctx, aftersale.Request{Key: in.Key.Key, Buyer: who, Order: in.ID, Reason: b.Reason, Words: b.Words, Photos: b.Photos, Ask: b.Ask.deal()})
	return h.seen(ctx, c, err, aftersale.Buyer)
}

type listInput struct {
	web.Paged
	Order string `query:"order" maxLength:"60"`
}

func (h *handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[view]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Cases.List(ctx, aftersale.Filter{Buyer: web.Who(ctx).Person, Order: in.Order, After: after}, 30)
	if err != nil {
		return nil, err
	}
	vs, err := h.views(ctx, rows.Items, aftersale.Buyer)
	return web.Answer(page.Of[view]{Items: vs, Next: rows.Next}, err)
}

// seen answers with a case as somebody sees it.
func (h *handler) seen(ctx context.Context, c aftersale.Case, err error, eye aftersale.By) (*web.Out[view], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, c, eye))
}

func (h *handler) get(ctx context.Context, in *IDInput) (*web.Out[view], error) {
	c, err := h.Cases.Get(ctx, web.Who(ctx).Person, in.ID)
	return h.seen(ctx, c, err, aftersale.Buyer)
}

type StepBody struct {
	Seen int64      `json:"seen" minimum:"1" doc:"The case's version that was decided on"`
	Note string     `json:"note,omitempty" maxLength:"1000" doc:"The other side reads it"`
	Deal *dealInput `json:"deal,omitempty" doc:"Of a counter-proposal"`
}

func (b StepBody) move(key string, caseID string) aftersale.Move {
	m := aftersale.Move{Key: key, Case: caseID, Seen: b.Seen, Note: b.Note}
	if b.Deal != nil {
		d := b.Deal.deal()
		m.Deal = &d
	}
	return m
}

type stepInput struct {
	IDInput
	web.Key
	Body struct {
		StepBody
		Event    aftersale.Event `json:"event" enum:"accept,counter,reject,withdraw,escalate,sent,paid_back"`
		Tracking string          `json:"tracking,omitempty" maxLength:"80" doc:"Of goods that are sent back"`
	}
}

func (h *handler) step(ctx context.Context, in *stepInput) (*web.Out[view], error) {
	m := in.Body.move(in.Key.Key, in.ID)
	m.By, m.Owner, m.Event, m.Tracking = aftersale.Buyer, web.Who(ctx).Person, in.Body.Event, in.Body.Tracking
	m.Person = m.Owner
	c, err := h.Cases.Act(ctx, m)
	return h.seen(ctx, c, err, aftersale.Buyer)
}
