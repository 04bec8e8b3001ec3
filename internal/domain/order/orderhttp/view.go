// Package orderhttp is the door of the order area: quoting, placing and
// following an order for shoppers; packing and handing over for merchants;
// looking for operators.
package orderhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// QuoteLine is one position as it was offered.
type QuoteLine struct {
	SKU        string          `json:"sku"`
	Product    string          `json:"product"`
	Title      text.Local      `json:"title"`
	Variant    text.Local      `json:"variant"`
	Image      *shelf.Image    `json:"image,omitempty"`
	Quantity   int64           `json:"quantity"`
	Measure    shelf.Measure   `json:"measure"`
	UnitPrice  money.Amount    `json:"unit_price"`
	Total      money.Amount    `json:"total"`
	Available  int64           `json:"available" doc:"Left when the offer was made"`
	ReturnRule shop.ReturnRule `json:"return_rule"`
	Revision   string          `json:"revision"`
}

type seller struct {
	Shop      shelf.ShopCard `json:"shop"`
	LegalName string         `json:"legal_name"`
}

type chosen struct {
	Kind    string           `json:"kind" enum:"pickup,parcel,appointment"`
	Slot    string           `json:"slot,omitempty"`
	Address *account.Address `json:"address,omitempty"`
}

type way struct {
	Kind     string        `json:"kind" enum:"pickup,parcel,appointment"`
	Label    text.Local    `json:"label"`
	Price    money.Amount  `json:"price"`
	FreeFrom *money.Amount `json:"free_from,omitempty"`
	Slots    []shop.Slot   `json:"slots,omitempty"`
	Address  string        `json:"address,omitempty"`
}

type payWay struct {
	Code  string     `json:"code"`
	Label text.Local `json:"label"`
}

type priceChange struct {
	Line string       `json:"line"`
	From money.Amount `json:"from"`
	To   money.Amount `json:"to"`
}

type quote struct {
	ID          string        `json:"id" doc:"Signed; send it back as it is"`
	Hash        string        `json:"hash"`
	ExpiresAt   time.Time     `json:"expires_at"`
	Seller      seller        `json:"seller"`
	Lines       []QuoteLine   `json:"lines" nullable:"false"`
	Goods       money.Amount  `json:"goods"`
	Freight     money.Amount  `json:"freight"`
	Total       money.Amount  `json:"total"`
	Fulfilment  chosen        `json:"fulfilment"`
	Fulfilments []way         `json:"fulfilments" nullable:"false"`
	Payments    []payWay      `json:"payments" nullable:"false"`
	Terms       []order.Term  `json:"terms" nullable:"false"`
	Show        string        `json:"show,omitempty"`
	ShowSecond  int64         `json:"show_second,omitempty"`
	Changed     []priceChange `json:"changed,omitempty"`
}

// promise is what was shown when the buyer decided.
type promise struct {
	Show            string       `json:"show"`
	ShowTitle       text.Local   `json:"show_title"`
	At              time.Time    `json:"at"`
	Second          int64        `json:"second" doc:"Of the show"`
	ProductRevision string       `json:"product_revision"`
	Price           money.Amount `json:"price"`
	Available       int64        `json:"available"`
	Terms           text.Local   `json:"terms"`
	Replay          string       `json:"replay,omitempty" doc:"Path in the app that opens the recording at most ten seconds before"`
}

type orderLine struct {
	ID string `json:"id"`
	QuoteLine
	Promise *promise `json:"promise,omitempty"`
}

type sellerOfRecord struct {
	LegalName string `json:"legal_name"`
	Address   string `json:"address"`
	Contact   string `json:"contact"`
}

type buyer struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

type handOver struct {
	Kind          string           `json:"kind" enum:"pickup,parcel,appointment"`
	Slot          *shop.Slot       `json:"slot,omitempty"`
	Address       *account.Address `json:"address,omitempty"`
	PickupAddress string           `json:"pickup_address,omitempty"`
	Code          string           `json:"code,omitempty" doc:"Told at the stall; the buyer sees it"`
	Tracking      string           `json:"tracking,omitempty"`
}

type payInfo struct {
	Method string     `json:"method"`
	Label  text.Local `json:"label"`
	PayURL string     `json:"pay_url,omitempty"`
}

type can struct {
	Cancel   bool `json:"cancel"`
	Pay      bool `json:"pay"`
	HandOver bool `json:"hand_over"`
	Ship     bool `json:"ship"`
	Ready    bool `json:"ready"`
	Receive  bool `json:"receive"`
	Move     bool `json:"move"`
}

type view struct {
	ID          string         `json:"id"`
	Number      string         `json:"number"`
	State       order.State    `json:"state" enum:"pending_payment,placed,ready,shipped,completed,cancelled,expired"`
	PayState    order.PayState `json:"pay_state" enum:"none,due_at_pickup,pending,paid,refunding,refunded,failed"`
	PlacedAt    time.Time      `json:"placed_at"`
	PayUntil    *time.Time     `json:"pay_until,omitempty"`
	CompletesAt *time.Time     `json:"completes_at,omitempty"`
	Shop        shelf.ShopCard `json:"shop"`
	Seller      sellerOfRecord `json:"seller"`
	Buyer       buyer          `json:"buyer"`
	Lines       []orderLine    `json:"lines" nullable:"false"`
	Goods       money.Amount   `json:"goods"`
	Freight     money.Amount   `json:"freight"`
	Total       money.Amount   `json:"total"`
	Refunded    money.Amount   `json:"refunded"`
	Fulfilment  handOver       `json:"fulfilment"`
	Payment     payInfo        `json:"payment"`
	Events      []order.Event  `json:"events" nullable:"false"`
	Can         can            `json:"can"`
	Show        string         `json:"show,omitempty"`
	Source      string         `json:"source,omitempty"`
}

// eye says who looks: buyers see their code, staff do not.
type eye int

const (
	buyerEye eye = iota
	staffEye
)

func (h *handler) lineOf(ctx context.Context, l order.QuoteLine) (QuoteLine, error) {
	im, err := h.Shelf.Picture(ctx, l.Image)
	return QuoteLine{SKU: l.SKU, Product: l.Product, Title: l.Title, Variant: l.Variant, Image: im, Quantity: l.Quantity, Measure: shelf.MeasureOf(l.Measure),
		UnitPrice: l.Unit, Total: l.Total, Available: l.Available, ReturnRule: l.Rule, Revision: l.Revision}, err
}

func (h *handler) quoteOf(ctx context.Context, o order.Offer) (quote, error) {
	card, err := h.Shelf.ShopCard(ctx, o.Quote.Shop)
	if err != nil {
		return quote{}, err
	}
	q := quote{ID: o.Token, Hash: o.Hash, ExpiresAt: o.ExpiresAt, Seller: seller{card, o.Seller}, Lines: []QuoteLine{}, Goods: o.Goods, Freight: o.Freight, Total: o.Total,
		Fulfilment: chosen{Kind: o.Kind, Address: o.Address}, Fulfilments: []way{}, Payments: []payWay{}, Terms: o.Terms, Show: o.Show, ShowSecond: o.Second}
	if o.Slot != nil {
		q.Fulfilment.Slot = o.Slot.ID
	}
	for _, l := range o.Lines {
		v, err := h.lineOf(ctx, l)
		if err != nil {
			return quote{}, err
		}
		q.Lines = append(q.Lines, v)
	}
	for _, w := range o.Ways {
		q.Fulfilments = append(q.Fulfilments, way{Kind: w.Kind, Label: order.WayLabel(w.Kind), Price: w.Price, FreeFrom: w.FreeFrom, Slots: w.Slots, Address: w.Address})
	}
	for _, p := range o.Payments {
		q.Payments = append(q.Payments, payWay{p, h.payLabel(p)})
	}
	for _, c := range o.Changed {
		q.Changed = append(q.Changed, priceChange{c.SKU, c.From, c.To})
	}
	return q, nil
}

func (h *handler) payLabel(code string) text.Local {
	if code == order.PayAtPickup {
		return text.Both("Pay at the stall", "到摊付款")
	}
	if p, err := h.Payments.Provider(code); err == nil {
		return p.Label()
	}
	return text.Both(code, code)
}

func (h *handler) viewOf(ctx context.Context, o order.Order, e eye) (view, error) {
	card, sh, err := h.Shelf.Shop(ctx, o.Shop)
	if err != nil {
		return view{}, err
	}
	c := o.Can()
	v := view{ID: o.ID, Number: o.Number, State: o.State, PayState: o.PayState, PlacedAt: o.PlacedAt, CompletesAt: clock.Ptr(o.CompletesAt),
		Shop: card, Seller: sellerOfRecord{sh.Licence.LegalName, sh.Licence.Address, sh.Licence.Contact}, Buyer: buyer{o.BuyerName, o.BuyerEmail, o.BuyerPhone},
		Lines: []orderLine{}, Goods: o.Quote.Goods, Freight: o.Quote.Freight, Total: o.Quote.Total, Refunded: money.Of(o.Refunded, o.Quote.Total.Currency),
		Fulfilment: handOver{Kind: o.Quote.Kind, Slot: o.Quote.Slot, Address: o.Quote.Address, PickupAddress: o.Quote.Place, Tracking: o.Tracking},
		Payment:    payInfo{Method: o.Payment, Label: h.payLabel(o.Payment)}, Events: o.Events,
		Can:  can{Cancel: c.Cancel, Pay: c.Pay && e == buyerEye, HandOver: c.HandOver && e == staffEye, Ship: c.Ship && e == staffEye, Ready: c.Ready && e == staffEye, Receive: c.Receive && e == buyerEye, Move: c.Move && e == buyerEye && h.Now().Before(o.MovableUntil())},
		Show: o.Quote.Show, Source: o.Quote.Source}
	if o.State == order.PendingPayment {
		v.PayUntil = clock.Ptr(o.PayUntil)
		if e == buyerEye {
			v.Payment.PayURL = order.PayPath(o.ID)
		}
	}
	if e == buyerEye && o.Quote.AtSlot() {
		v.Fulfilment.Code = o.Code
	}
	title, replay, err := h.Replay(ctx, o.Quote)
	if err != nil {
		return view{}, err
	}
	for _, l := range o.Lines {
		lv, err := h.lineOf(ctx, l.QuoteLine)
		if err != nil {
			return view{}, err
		}
		line := orderLine{ID: l.ID, QuoteLine: lv}
		if o.Quote.Show != "" {
			line.Promise = &promise{Show: o.Quote.Show, ShowTitle: title, At: o.Quote.ShownAt, Second: o.Quote.Second, ProductRevision: l.Revision,
				Price: l.Unit, Available: l.Available, Terms: l.Rule.Text, Replay: replay}
		}
		v.Lines = append(v.Lines, line)
	}
	return v, nil
}

func (h *handler) views(ctx context.Context, os []order.Order, e eye) ([]view, error) {
	out := make([]view, 0, len(os))
	for _, o := range os {
		v, err := h.viewOf(ctx, o, e)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
