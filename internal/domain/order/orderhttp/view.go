// Package orderhttp is the door of the order area: quoting, placing and
// following an order for shoppers; packing and handing over for merchants;
// looking for operators.
package orderhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/tax"
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
	Total      money.Amount    `json:"total" doc:"Discount taken off"`
	Discount   *money.Amount   `json:"discount,omitempty" doc:"The share of this line in the discounts"`
	Available  int64           `json:"available" doc:"Left when the offer was made"`
	ReturnRule shop.ReturnRule `json:"return_rule"`
	Revision   string          `json:"revision"`
}

type seller struct {
	Shop      shelf.ShopCard `json:"shop"`
	LegalName string         `json:"legal_name"`
}

type chosen struct {
	Kind    string           `json:"kind" enum:"pickup,parcel,appointment,online"`
	Slot    string           `json:"slot,omitempty"`
	Address *account.Address `json:"address,omitempty"`
}

type way struct {
	Kind     string        `json:"kind" enum:"pickup,parcel,appointment,online"`
	Label    text.Local    `json:"label"`
	Price    money.Amount  `json:"price"`
	FreeFrom *money.Amount `json:"free_from,omitempty"`
	Slots    []shop.Slot   `json:"slots,omitempty"`
	Address  string        `json:"address,omitempty"`
}

// discount is something that was taken off the goods, or off the freight.
type discount struct {
	Kind string       `json:"kind" enum:"coupon,reduction,bundle,addon,freight" doc:"freight: the freight is what it is without this"`
	ID   string       `json:"id"`
	Name text.Local   `json:"name"`
	Off  money.Amount `json:"off"`
}

// couponChoice is a coupon of the buyer, held against this offer.
type couponChoice struct {
	ID     string        `json:"id"`
	Terms  promo.Terms   `json:"terms"`
	Off    money.Amount  `json:"off" doc:"What it takes off; nothing when it cannot be used"`
	Lack   *money.Amount `json:"lack,omitempty" doc:"What is missing from its threshold"`
	Chosen bool          `json:"chosen"`
}

// taxView is how an offer or an order is taxed.
type taxView struct {
	Rule  tax.Rule     `json:"rule" enum:"included,added" doc:"Whether the prices have the tax in them, or it comes on top"`
	Total money.Amount `json:"total"`
	Rates []taxRate    `json:"rates" nullable:"false" doc:"Goods and freight by rate, the highest first"`
}

type taxRate struct {
	Class string       `json:"class"`
	PPM   int64        `json:"ppm" doc:"Parts per million of the net"`
	Net   money.Amount `json:"net"`
	Tax   money.Amount `json:"tax"`
}

func taxOf(q order.Quote) *taxView {
	if q.Tax == nil {
		return nil
	}
	cur := q.Total.Currency
	v := taxView{Rule: q.Tax.Rule, Total: money.Of(0, cur), Rates: []taxRate{}}
	for _, t := range q.Taxes() {
		net := t.Of
		if v.Rule == tax.Included {
			net -= t.Tax
		}
		v.Total.Minor += t.Tax
		v.Rates = append(v.Rates, taxRate{t.Class, t.PPM, money.Of(net, cur), money.Of(t.Tax, cur)})
	}
	return &v
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
	ID          string         `json:"id" doc:"Signed; send it back as it is"`
	Hash        string         `json:"hash"`
	ExpiresAt   time.Time      `json:"expires_at"`
	Seller      seller         `json:"seller"`
	Lines       []QuoteLine    `json:"lines" nullable:"false"`
	Goods       money.Amount   `json:"goods" doc:"Before discounts"`
	Discounts   []discount     `json:"discounts,omitempty"`
	Coupons     []couponChoice `json:"coupons,omitempty" doc:"The buyer's coupons of this shop, the best first"`
	Next        []promo.Hint   `json:"next,omitempty" doc:"What is missing for more to come off"`
	Freight     money.Amount   `json:"freight"`
	Tax         *taxView       `json:"tax,omitempty" doc:"Absent: not taxed"`
	Total       money.Amount   `json:"total"`
	Fulfilment  chosen         `json:"fulfilment"`
	Fulfilments []way          `json:"fulfilments" nullable:"false"`
	Payments    []payWay       `json:"payments" nullable:"false"`
	Terms       []order.Term   `json:"terms" nullable:"false"`
	Show        string         `json:"show,omitempty"`
	ShowSecond  int64          `json:"show_second,omitempty"`
	Group       *groupView     `json:"group,omitempty" doc:"That has to be full before the order goes on"`
	Changed     []priceChange  `json:"changed,omitempty"`
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
	Sent    int64    `json:"sent" doc:"Units that are in parcels"`
	Left    int64    `json:"left" doc:"Units that are still to be sent, of an order that goes by parcel"`
	Promise *promise `json:"promise,omitempty"`
}

// parcel is what was sent of an order in one go.
type parcel struct {
	ID      string       `json:"id"`
	Carrier carrierView  `json:"carrier"`
	Number  string       `json:"number,omitempty" doc:"That the carrier calls it by"`
	Page    string       `json:"page,omitempty" doc:"Of the carrier, where a person sees where it is"`
	SentAt  time.Time    `json:"sent_at"`
	Lines   []parcelLine `json:"lines" nullable:"false"`
}

type carrierView struct {
	Code string     `json:"code"`
	Name text.Local `json:"name"`
}

type parcelLine struct {
	Line     string `json:"line" maxLength:"60" doc:"Of the order"`
	Quantity int64  `json:"quantity" minimum:"1"`
}

func (h *handler) parcelsOf(o order.Order) []parcel {
	out := []parcel{}
	for _, p := range o.Parcels {
		v := parcel{ID: p.ID, Carrier: carrierView{p.Carrier, h.Orders.CarrierName(p.Carrier)}, Number: p.Number, Page: h.Orders.TrackingPage(p), SentAt: p.SentAt}
		for _, l := range p.Lines {
			v.Lines = append(v.Lines, parcelLine{o.Lines[l.Position].ID, l.Quantity})
		}
		out = append(out, v)
	}
	return out
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
	Kind          string           `json:"kind" enum:"pickup,parcel,appointment,online"`
	Slot          *shop.Slot       `json:"slot,omitempty"`
	Address       *account.Address `json:"address,omitempty"`
	PickupAddress string           `json:"pickup_address,omitempty"`
	Code          string           `json:"code,omitempty" doc:"Told at the stall; the buyer sees it"`
	Tracking      string           `json:"tracking,omitempty" doc:"Number of the last parcel"`
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
	PayState    order.PayState `json:"pay_state" enum:"none,due_at_pickup,pending,paid,partly_refunded,refunding,refunded,failed"`
	PlacedAt    time.Time      `json:"placed_at"`
	PayUntil    *time.Time     `json:"pay_until,omitempty"`
	CompletesAt *time.Time     `json:"completes_at,omitempty"`
	Shop        shelf.ShopCard `json:"shop"`
	Seller      sellerOfRecord `json:"seller"`
	Buyer       buyer          `json:"buyer"`
	Lines       []orderLine    `json:"lines" nullable:"false"`
	Goods       money.Amount   `json:"goods" doc:"Before discounts"`
	Discounts   []discount     `json:"discounts,omitempty"`
	Freight     money.Amount   `json:"freight"`
	Tax         *taxView       `json:"tax,omitempty" doc:"Absent: not taxed"`
	Total       money.Amount   `json:"total"`
	Refunded    money.Amount   `json:"refunded"`
	Fulfilment  handOver       `json:"fulfilment"`
	Parcels     []parcel       `json:"parcels" nullable:"false" doc:"In the order in which they were sent"`
	Payment     payInfo        `json:"payment"`
	Events      []order.Event  `json:"events" nullable:"false"`
	Can         can            `json:"can"`
	Show        string         `json:"show,omitempty"`
	Source      string         `json:"source,omitempty"`
	Group       *groupView     `json:"group,omitempty" doc:"That the order is in"`
	Replaces    string         `json:"replaces,omitempty" doc:"Order whose goods these stand in for"`
}

// groupView is the group of an offer or of an order, and its rule as it was frozen.
type groupView struct {
	Code   string         `json:"code"`
	Opens  bool           `json:"opens" doc:"The order begins it"`
	Steps  []groupStep    `json:"steps" nullable:"false"`
	EndsAt time.Time      `json:"ends_at"`
	Awaits bool           `json:"awaits" doc:"The order goes on when the group is full"`
	State  groupbuy.State `json:"state,omitempty" enum:"open,full,failed,gone" doc:"Of an order"`
	Paid   int64          `json:"paid" doc:"People who have paid"`
}

type groupStep struct {
	People int64        `json:"people"`
	Price  money.Amount `json:"price"`
}

func groupOf(q order.Quote) *groupView {
	if q.Group == nil {
		return nil
	}
	v := groupView{Code: q.Group.Code, Opens: q.Group.Opens, EndsAt: q.Group.EndsAt, Awaits: true}
	for _, s := range q.Group.Steps {
		v.Steps = append(v.Steps, groupStep{s.People, money.Of(s.Price, q.Total.Currency)})
	}
	return &v
}

// groupNow is the group of an order as it stands.
func (h *handler) groupNow(ctx context.Context, o order.Order) (*groupView, error) {
	v := groupOf(o.Quote)
	if v == nil {
		return nil, nil
	}
	g, _, _, err := h.Groups.Get(ctx, v.Code)
	v.Awaits, v.State, v.Paid = o.Awaits(), g.State, g.Paid
	return v, err
}

// eye says who looks: buyers see their code, staff do not.
type eye int

const (
	buyerEye eye = iota
	staffEye
)

func (h *handler) lineOf(ctx context.Context, l order.QuoteLine) (QuoteLine, error) {
	im, err := h.Shelf.Picture(ctx, l.Image)
	v := QuoteLine{SKU: l.SKU, Product: l.Product, Title: l.Title, Variant: l.Variant, Image: im, Quantity: l.Quantity, Measure: shelf.MeasureOf(l.Measure),
		UnitPrice: l.Unit, Total: l.Total, Available: l.Available, ReturnRule: l.Rule, Revision: l.Revision}
	if l.Off > 0 {
		off := money.Of(l.Off, l.Total.Currency)
		v.Discount = &off
	}
	return v, err
}

func discountsOf(q order.Quote) []discount {
	var out []discount
	for _, d := range q.Discounts {
		out = append(out, discount{d.Kind, d.ID, d.Name, d.Off})
	}
	return out
}

// before is what the goods of q cost before discounts.
func before(q order.Quote) money.Amount {
	q.Goods.Minor += q.Off().Minor
	return q.Goods
}

func choicesOf(o order.Offer) []couponChoice {
	var out []couponChoice
	for _, c := range o.Coupons {
		v := couponChoice{ID: c.Coupon.ID, Terms: c.Terms.Terms(), Off: money.Of(c.Off, o.Total.Currency), Chosen: c.Coupon.ID == o.Quote.Coupon()}
		if c.Lack > 0 {
			lack := money.Of(c.Lack, o.Total.Currency)
			v.Lack = &lack
		}
		out = append(out, v)
	}
	return out
}

func (h *handler) quoteOf(ctx context.Context, o order.Offer) (quote, error) {
	card, err := h.Shelf.ShopCard(ctx, o.Quote.Shop)
	if err != nil {
		return quote{}, err
	}
	q := quote{ID: o.Token, Hash: o.Hash, ExpiresAt: o.ExpiresAt, Seller: seller{card, o.Seller}, Lines: []QuoteLine{}, Goods: before(o.Quote), Discounts: discountsOf(o.Quote), Coupons: choicesOf(o), Next: promo.Hints(o.Next, o.Total.Currency), Freight: o.Freight, Tax: taxOf(o.Quote), Total: o.Total,
		Fulfilment: chosen{Kind: o.Kind, Address: o.Address}, Fulfilments: []way{}, Payments: []payWay{}, Terms: o.Terms, Show: o.Show, ShowSecond: o.Second, Group: groupOf(o.Quote)}
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
	if code == order.ForNothing {
		return text.Both("Nothing to pay", "无需付款")
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
		Lines: []orderLine{}, Goods: before(o.Quote), Discounts: discountsOf(o.Quote), Freight: o.Quote.Freight, Tax: taxOf(o.Quote), Total: o.Quote.Total, Refunded: money.Of(o.Refunded, o.Quote.Total.Currency),
		Fulfilment: handOver{Kind: o.Quote.Kind, Slot: o.Quote.Slot, Address: o.Quote.Address, PickupAddress: o.Quote.Place},
		Parcels:    h.parcelsOf(o),
		Payment:    payInfo{Method: o.Payment, Label: h.payLabel(o.Payment)}, Events: o.Events,
		Can:  can{Cancel: c.Cancel, Pay: c.Pay && e == buyerEye, HandOver: c.HandOver && e == staffEye, Ship: c.Ship && e == staffEye, Ready: c.Ready && e == staffEye, Receive: c.Receive && e == buyerEye, Move: c.Move && e == buyerEye && h.Now().Before(o.MovableUntil())},
		Show: o.Quote.Show, Source: o.Quote.Source, Replaces: o.Quote.Replaces}
	if n := len(v.Parcels); n > 0 {
		v.Fulfilment.Tracking = v.Parcels[n-1].Number
	}
	if o.State == order.PendingPayment {
		v.PayUntil = clock.Ptr(o.PayUntil)
		if e == buyerEye {
			v.Payment.PayURL = order.PayPath(o.ID)
		}
	}
	if e == buyerEye && o.Quote.AtSlot() {
		v.Fulfilment.Code = o.Code
	}
	if v.Group, err = h.groupNow(ctx, o); err != nil {
		return view{}, err
	}
	for _, l := range o.Lines {
		lv, err := h.lineOf(ctx, l.QuoteLine)
		if err != nil {
			return view{}, err
		}
		line := orderLine{ID: l.ID, QuoteLine: lv, Sent: l.Sent}
		if o.Quote.Kind == order.ByParcel && o.State == order.Placed {
			line.Left = l.Left()
		}
		if q := o.Quote.SeenIn(l.QuoteLine); q.Show != "" {
			title, replay, err := h.Replay(ctx, q)
			if err != nil {
				return view{}, err
			}
			line.Promise = &promise{Show: q.Show, ShowTitle: title, At: q.ShownAt, Second: q.Second, ProductRevision: l.Revision,
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
