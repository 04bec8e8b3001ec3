// Package aftersalehttp is the door of the after-sale area: saying that something
// is wrong for shoppers, answering for merchants, deciding for operators.
package aftersalehttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// caseLine is a position of an order and what of it can still go back.
type caseLine struct {
	Position int           `json:"position"`
	Product  string        `json:"product"`
	Title    text.Local    `json:"title"`
	Variant  text.Local    `json:"variant"`
	Image    *shelf.Image  `json:"image,omitempty"`
	Measure  shelf.Measure `json:"measure"`
	Quantity int64         `json:"quantity" doc:"Bought"`
	Total    money.Amount  `json:"total" doc:"Paid for it"`
	Back     int64         `json:"back" doc:"Units that went back already"`
	Base     int64         `json:"base" doc:"Minor units that all units are worth: the price less what went back without units. The first k units are worth base*k/quantity, rounded down; n more are worth the difference"`
	Left     money.Amount  `json:"left" doc:"The most that can still go back"`
	CanSend  bool          `json:"can_send_back" doc:"Because of a change of mind"`
	Progress *progress     `json:"progress,omitempty" doc:"Of what is paid back by progress"`
}

// progress is what the rule gives for a change of mind.
type progress struct {
	Used int64        `json:"used" doc:"Share that was used, in millionths"`
	Back money.Amount `json:"back" doc:"What goes back: the price × (1 − progress)"`
}

type problem struct {
	Order   string           `json:"order"`
	Number  string           `json:"number"`
	Can     bool             `json:"can" doc:"Something can be asked for"`
	Until   *time.Time       `json:"until,omitempty" doc:"Last moment; absent while the goods have not come"`
	Lines   []caseLine       `json:"lines" nullable:"false"`
	Freight money.Amount     `json:"freight" doc:"That can still go back"`
	Left    money.Amount     `json:"left" doc:"The most that can still go back of the whole order"`
	Show    string           `json:"show,omitempty" doc:"In which it was promised"`
	InCash  bool             `json:"in_cash" doc:"Paid at the stall: money goes back from hand to hand"`
	Kinds   []aftersale.Kind `json:"kinds" nullable:"false" enum:"refund,return,exchange,resend,difference"`
}

type dealLine struct {
	Position int           `json:"position"`
	Quantity int64         `json:"quantity,omitempty"`
	Amount   *money.Amount `json:"amount,omitempty"`
	Used     int64         `json:"used,omitempty" doc:"Of what is paid back by progress: the share that was used when it was asked for, in millionths"`
}

type dealView struct {
	Kind    aftersale.Kind `json:"kind" enum:"refund,return,exchange,resend,difference"`
	Lines   []dealLine     `json:"lines" nullable:"false"`
	Freight bool           `json:"freight"`
	Worth   money.Amount   `json:"worth" doc:"When it was proposed"`
}

type stepView struct {
	At    time.Time       `json:"at"`
	Event aftersale.Event `json:"event" enum:"file,give,agree,counter,refuse,accept,reject,withdraw,escalate,uphold,dismiss,sent,received,contest,paid_back,silence,cancelled"`
	By    aftersale.By    `json:"by" enum:"buyer,seller,operator,system"`
	Note  string          `json:"note,omitempty"`
	Deal  *dealView       `json:"deal,omitempty"`
}

type promiseView struct {
	Show   string `json:"show"`
	Second int64  `json:"second"`
	Replay string `json:"replay,omitempty" doc:"Path in the app that opens the recording at what was promised"`
}

type view struct {
	ID          string            `json:"id"`
	Order       string            `json:"order"`
	Number      string            `json:"number" doc:"Of the order"`
	Shop        shelf.ShopCard    `json:"shop"`
	BuyerName   string            `json:"buyer_name"`
	State       aftersale.State   `json:"state" enum:"requested,countered,refused,escalated,returning,returned,owed,granted,denied,closed,withdrawn"`
	Reason      aftersale.Reason  `json:"reason" enum:"damaged,wrong_goods,missing,not_arrived,not_as_shown,changed_mind,other,from_seller"`
	Words       string            `json:"words"`
	Photos      []shelf.Image     `json:"photos" nullable:"false"`
	Lines       []caseLine        `json:"lines" nullable:"false" doc:"What it is about"`
	Ask         dealView          `json:"ask"`
	Offer       *dealView         `json:"offer,omitempty" doc:"Of the shop"`
	Agreed      *dealView         `json:"agreed,omitempty"`
	Freight     money.Amount      `json:"freight" doc:"That can still go back"`
	Given       money.Amount      `json:"given" doc:"Money that goes back"`
	InCash      bool              `json:"in_cash"`
	Tracking    string            `json:"tracking,omitempty"`
	Replacement string            `json:"replacement,omitempty" doc:"Order that sends the goods again"`
	Promise     *promiseView      `json:"promise,omitempty"`
	DueAt       *time.Time        `json:"due_at,omitempty" doc:"When the clock of this state runs out"`
	RunsOut     aftersale.State   `json:"runs_out,omitempty" doc:"Where it ends up then"`
	CreatedAt   time.Time         `json:"created_at"`
	Version     int64             `json:"version" doc:"Send it with a step as what was seen"`
	Events      []stepView        `json:"events" nullable:"false"`
	Can         []aftersale.Event `json:"can" nullable:"false" doc:"Steps that who looks can take"`
}

func (h *handler) lineOf(ctx context.Context, l order.Line, i int, r order.Rest, currency string) (caseLine, error) {
	im, err := h.Shelf.Picture(ctx, l.Image)
	return caseLine{Position: i, Product: l.Product, Title: l.Title, Variant: l.Variant, Image: im, Measure: shelf.MeasureOf(l.Measure), Quantity: l.Quantity,
		Total: l.Total, Back: r.Back, Base: r.Paid - r.BackOff, Left: money.Of(r.Minor(), currency), CanSend: l.Rule.Code == "normal"}, err
}

func (h *handler) problemOf(ctx context.Context, o order.Order, rests order.Rests) (problem, error) {
	currency := o.Total().Currency
	until, can := aftersale.Until(o)
	if can && !until.IsZero() {
		can = !h.Now().After(until)
	}
	p := problem{Order: o.ID, Number: o.Number, Can: can && rests.Total > 0, Until: clock.Ptr(until), Lines: []caseLine{}, Kinds: aftersale.Kinds,
		Freight: money.Of(rests.Freight.Minor(), currency), Left: money.Of(rests.Total, currency), Show: o.Quote.Show, InCash: o.InCash()}
	for i, l := range o.Lines {
		v, err := h.lineOf(ctx, l, i, rests.Lines[i], currency)
		if err != nil {
			return problem{}, err
		}
		if v.Progress, err = h.progressOf(ctx, o, i, rests.Lines[i]); err != nil {
			return problem{}, err
		}
		p.Lines = append(p.Lines, v)
	}
	return p, nil
}

func (h *handler) progressOf(ctx context.Context, o order.Order, position int, left order.Rest) (*progress, error) {
	u, err := h.Cases.UnusedOf(ctx, h.Cases.DB, o, position, left)
	if err != nil || u == nil {
		return nil, err
	}
	return &progress{Used: u.Used, Back: money.Of(u.Minor, o.Total().Currency)}, nil
}

func dealOf(d aftersale.Deal, currency string) dealView {
	v := dealView{Kind: d.Kind, Lines: []dealLine{}, Freight: d.Freight, Worth: money.Of(d.Worth, currency)}
	for _, l := range d.Lines {
		line := dealLine{Position: l.Position, Quantity: l.Quantity, Used: l.Used}
		if l.Minor > 0 {
			a := money.Of(l.Minor, currency)
			line.Amount = &a
		}
		v.Lines = append(v.Lines, line)
	}
	return v
}

func dealPtr(d *aftersale.Deal, currency string) *dealView {
	if d == nil {
		return nil
	}
	v := dealOf(*d, currency)
	return &v
}

func (h *handler) viewOf(ctx context.Context, c aftersale.Case, eye aftersale.By) (view, error) {
	card, err := h.Shelf.ShopCard(ctx, c.Shop)
	if err != nil {
		return view{}, err
	}
	o, rests, err := h.Cases.Options(ctx, c.Buyer, c.Order)
	if err != nil {
		return view{}, err
	}
	v := view{ID: c.ID, Order: c.Order, Number: c.Number, Shop: card, BuyerName: c.BuyerName, State: c.State, Reason: c.Reason, Words: c.Words,
		Photos: []shelf.Image{}, Lines: []caseLine{}, Ask: dealOf(c.Ask, c.Currency), Offer: dealPtr(c.Offer, c.Currency), Agreed: dealPtr(c.Agreed, c.Currency),
		Freight: money.Of(rests.Freight.Minor(), c.Currency), Given: money.Of(c.Given, c.Currency), InCash: c.InCash, Tracking: c.Tracking, Replacement: c.Replacement, DueAt: clock.Ptr(c.DueAt), RunsOut: c.RunsOut(),
		CreatedAt: c.CreatedAt, Version: c.Version, Events: []stepView{}, Can: c.Can(eye)}
	if c.Show != "" {
		v.Promise = &promiseView{Show: c.Show, Second: c.Second, Replay: c.Replay}
	}
	for _, id := range c.Photos {
		im, err := h.Shelf.Picture(ctx, id)
		if err != nil {
			return view{}, err
		}
		if im != nil {
			v.Photos = append(v.Photos, *im)
		}
	}
	for _, i := range c.Positions() {
		line, err := h.lineOf(ctx, o.Lines[i], i, rests.Lines[i], c.Currency)
		if err != nil {
			return view{}, err
		}
		v.Lines = append(v.Lines, line)
	}
	for _, s := range c.Events {
		v.Events = append(v.Events, stepView{At: s.At, Event: s.Event, By: s.By, Note: s.Note, Deal: dealPtr(s.Deal, c.Currency)})
	}
	return v, nil
}

func (h *handler) views(ctx context.Context, cs []aftersale.Case, eye aftersale.By) ([]view, error) {
	out := make([]view, 0, len(cs))
	for _, c := range cs {
		v, err := h.viewOf(ctx, c, eye)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
