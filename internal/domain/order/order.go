// Package order takes what a buyer wants to its end: a quote that freezes what
// was promised, placement that cannot oversell, payment, hand-over, and every
// way out of it.
//
// The one idea needed to read it: a transition is a conditional UPDATE
// (state = from), and stock, money and events move in the same transaction. Many
// placements share one transaction (see lane.go).
package order

import (
	"embed"
	"time"

	json "github.com/go-json-experiment/json/v1"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "order", Files: files}

// State is where an order stands.
type State string

// States of an order.
const (
	PendingPayment State = "pending_payment"
	Placed         State = "placed"  // paid, or to be paid at the stall; of parcels, some may have been sent
	Ready          State = "ready"   // packed for collection
	Shipped        State = "shipped" // all of it is on its way
	Completed      State = "completed"
	Cancelled      State = "cancelled"
	Expired        State = "expired"
)

// PayState is where the money stands.
type PayState string

// States of the money.
const (
	DueAtPickup PayState = "due_at_pickup"
	Pending     PayState = "pending"
	Paid        PayState = "paid"
	PayFailed   PayState = "failed"
	Refunding   PayState = "refunding" // all of it is promised back
	Refunded    PayState = "refunded"

	// A part was promised back; Order.Refunded says how much of it has gone.
	PartlyRefunded PayState = "partly_refunded"
	NoPayment      PayState = "none" // cancelled or expired before any money came
)

// Ways to hand over and to pay at the stall.
const (
	ByPickup      = "pickup"
	ByParcel      = "parcel"
	ByAppointment = "appointment" // a time with somebody
	ByOnline      = "online"      // nothing is sent: access begins when it is paid
	PayAtPickup   = "pickup"
)

// By is who caused an event of an order.
type By string

// Actors.
const (
	ByBuyer    By = "buyer"
	BySeller   By = "seller"
	BySystem   By = "system"
	ByProvider By = "provider"
)

// Order is what a buyer bought of one shop.
type Order struct {
	ID          string
	Number      string // the shop's own count, as people say it
	Shop        string
	Buyer       string
	BuyerName   string
	BuyerEmail  string
	BuyerPhone  string
	State       State
	PayState    PayState
	Payment     string // provider code, or PayAtPickup
	Quote       Quote  // what was agreed, frozen
	Consents    []string
	Refunded    int64  // has gone back
	Code        string // told by the buyer at the hand-over
	PayUntil    time.Time
	CompletesAt time.Time
	PlacedAt    time.Time
	Version     int64
	Lines       []Line
	Parcels     []Parcel // in the order in which they were sent
	Events      []Event
}

// Total is what the buyer pays.
func (o Order) Total() money.Amount { return o.Quote.Total }

// Line is one position of an order; what was promised of it stands in the
// quote's line at the same place.
type Line struct {
	ID string
	QuoteLine
	Sent     int64 // units that are in parcels
	waived   int64 // units that will not be sent: their money went back
	returned int64 // units that were sent and came back
}

// Event is one step of an order's history.
type Event struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	By    By        `json:"by"`
	Note  string    `json:"note,omitempty"`
}

// Quote is an offer: prices, freight, terms and what was shown, kept for the
// buyer until ExpiresAt. It travels signed and comes back unchanged.
type Quote struct {
	ID        string           `json:"id"`
	Shop      string           `json:"shop"`
	Lines     []QuoteLine      `json:"lines"`
	Goods     money.Amount     `json:"goods"` // discounts taken off
	Discounts []Discount       `json:"discounts,omitempty"`
	Freight   money.Amount     `json:"freight"`
	Total     money.Amount     `json:"total"`
	Kind      string           `json:"kind"` // ByPickup, ByParcel, ByAppointment or ByOnline
	Slot      *shop.Slot       `json:"slot,omitempty"`
	Capacity  int64            `json:"capacity,omitempty"` // of the slot
	Address   *account.Address `json:"address,omitempty"`
	Place     string           `json:"place,omitempty"` // where to collect
	Terms     []Term           `json:"terms"`
	Show      string           `json:"show,omitempty"`
	Second    int64            `json:"second"` // of the show, when the offer was made
	ShownAt   time.Time        `json:"shown_at"`
	ExpiresAt time.Time        `json:"expires_at"`
	Source    string           `json:"source,omitempty"`
	Seller    string           `json:"seller"`              // legal name
	Replaces  string           `json:"replaces,omitempty"`  // order whose goods these stand in for
	FeeTable  string           `json:"fee_table,omitempty"` // that the lines' fees are of
	Tax       *Tax             `json:"tax,omitempty"`       // nil: none
	Group     *groupbuy.Deal   `json:"group,omitempty"`     // that has to be full before the order goes on
}

// AtSlot reports whether the buyer comes at a time that is kept for them.
func (q Quote) AtSlot() bool { return q.Kind == ByPickup || q.Kind == ByAppointment }

// QuoteLine is one position of an offer.
type QuoteLine struct {
	SKU       string          `json:"sku"`
	Product   string          `json:"product"`
	Revision  string          `json:"revision"`
	Bucket    string          `json:"bucket,omitempty"`
	Title     text.Local      `json:"title"`
	Variant   text.Local      `json:"variant"`
	Image     string          `json:"image,omitempty"`
	Measure   catalog.Measure `json:"measure"`
	Quantity  int64           `json:"quantity"`
	Unit      money.Amount    `json:"unit"`
	Total     money.Amount    `json:"total"`         // Off taken off
	Off       int64           `json:"off,omitempty"` // minor units; its shares of the discounts
	Available int64           `json:"available"`     // when the offer was made
	Rule      shop.ReturnRule `json:"rule"`
	Flash     string          `json:"flash,omitempty"` // or offer to a group, whose price this is
	Limit     int64           `json:"limit,omitempty"` // of it, for one buyer
	Claim     string          `json:"claim,omitempty"` // by comment, whose goods these are
	Seen      *Seen           `json:"seen,omitempty"`  // when it came from a cart
	Tax       *Taxed          `json:"tax,omitempty"`
	Fee       int64           `json:"fee,omitempty"` // minor units of Total that the shop owes the market
}

// Seen is where somebody saw what they put into their cart.
type Seen struct {
	Show   string    `json:"show"`
	Second int64     `json:"second"` // of the show
	At     time.Time `json:"at"`
}

// SeenIn returns q as it stood when line l was seen: the offer's own moment, or
// that of the cart.
func (q Quote) SeenIn(l QuoteLine) Quote {
	if l.Seen != nil {
		q.Show, q.Second, q.ShownAt = l.Seen.Show, l.Seen.Second, l.Seen.At
	}
	return q
}

// Term is something the buyer is told, and where Required must agree to.
type Term struct {
	ID       string     `json:"id"`
	Text     text.Local `json:"text"`
	Required bool       `json:"required"`
}

// Clocks of an order.
const (
	QuoteFor      = 10 * time.Minute    // an offer is kept
	PayWithin     = 15 * time.Minute    // until an unpaid order gives its goods back
	CompleteAfter = 10 * 24 * time.Hour // after the last parcel, unless the buyer says otherwise
	MoveUntil     = 24 * time.Hour      // before an appointment it can be moved
	OpenWithin    = 14 * 24 * time.Hour // after payment, until what nobody opened counts as handed over
	CollectWithin = 3 * 24 * time.Hour  // after the slot, until a paid order that nobody fetched completes
)

// Topics; the key is the order's id, the payload a [Told].
const (
	TopicPlaced  = "order.placed"  // exists, whether paid or not
	TopicPaid    = "order.paid"    // paid, or due at the stall: the shop can start
	TopicChanged = "order.changed" // any transition
)

// Told is what listeners learn of an order.
type Told struct {
	Order     string   `json:"order"`
	Number    string   `json:"number"`
	Shop      string   `json:"shop"`
	Buyer     string   `json:"buyer"`
	BuyerName string   `json:"buyer_name"`
	Show      string   `json:"show,omitempty"`
	Source    string   `json:"source,omitempty"`
	State     State    `json:"state"`
	PayState  PayState `json:"pay_state"`
	Event     string   `json:"event"`
	SKUs      []string `json:"skus"`
	Products  []string `json:"products"`
	Total     int64    `json:"total"`
	Currency  string   `json:"currency"`
	At        int64    `json:"at"` // milliseconds
}

// TellOf is the payload of an event of o.
func TellOf(o Order, event string, at time.Time) Told {
	t := Told{Order: o.ID, Number: o.Number, Shop: o.Shop, Buyer: o.Buyer, BuyerName: o.BuyerName, Show: o.Quote.Show, Source: o.Quote.Source,
		State: o.State, PayState: o.PayState, Event: event, Total: o.Quote.Total.Minor, Currency: o.Quote.Total.Currency, At: at.UnixMilli()}
	for _, l := range o.Quote.Lines {
		t.SKUs = append(t.SKUs, l.SKU)
		t.Products = append(t.Products, l.Product)
	}
	return t
}

// JSON returns t for the bus.
func (t Told) JSON() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return b
}

// Errors that people meet.
var (
	ErrNotFound   = errs.New(errs.NotFound, "order.not_found", "There is no such order.", "没有这笔订单。")
	ErrQuote      = errs.New(errs.Conflict, "order.bad_quote", "This offer was not made by us, or was changed. Ask for a new one.", "这个报价不是我们给出的，或已被改动，请重新获取。")
	ErrQuoteOver  = errs.New(errs.Conflict, "order.quote_expired", "This offer is over. Ask for a new one; nothing was charged.", "报价已过期，请重新获取；没有扣款。")
	ErrQuoteUsed  = errs.New(errs.Conflict, "order.quote_used", "This offer has been ordered already.", "这个报价已经下过单。")
	ErrKeyReused  = errs.New(errs.Conflict, "order.key_reused", "This Idempotency-Key was used for something else.", "这个 Idempotency-Key 已用于别的请求。")
	ErrItems      = errs.New(errs.Invalid, "order.items", "An order needs 1 to 50 items of one shop.", "一笔订单需要同一家店的 1 到 50 件商品。")
	ErrAsked      = errs.New(errs.Invalid, "order.asked", "This is not bought here. Tell the shop that you are interested.", "这件商品不能直接下单，请先咨询商家。")
	ErrPayment    = errs.New(errs.Invalid, "order.payment", "This way of paying does not fit this order.", "这种付款方式不适用于这笔订单。")
	ErrConsent    = errs.New(errs.Invalid, "order.consent", "Please agree to the terms first.", "请先同意条款。")
	ErrAddress    = errs.New(errs.Invalid, "order.address", "Where should the parcel go?", "包裹寄到哪里？")
	ErrSlot       = errs.New(errs.Invalid, "order.slot", "When will you collect it?", "什么时候来取？")
	ErrName       = errs.New(errs.Invalid, "order.name", "Under which name is the order?", "订单用什么名字？")
	ErrState      = errs.New(errs.Conflict, "order.state", "The order has moved on; this is no longer possible.", "订单已有变化，不能再这样操作。")
	ErrCode       = errs.New(errs.NotFound, "order.code", "No open order has this code.", "没有待交的订单对应这个码。")
	ErrHandedOver = errs.New(errs.Conflict, "order.already_handed_over", "This order was handed over before.", "这笔订单之前已经交货。")
	ErrNotPaid    = errs.New(errs.Conflict, "order.not_paid", "This order has not been paid yet.", "这笔订单还没有付款。")
	ErrAwaits     = errs.New(errs.Conflict, "order.awaits_group", "The group of this order is not full yet. It goes on by itself, or the money goes back.", "还没有成团。成团后订单自动继续，否则自动退款。")
	ErrTooLate    = errs.New(errs.Conflict, "order.too_late", "It is too late to move this. Talk to the shop.", "现在改时间太晚了，请直接联系商家。")
	ErrCouponGone = errs.New(errs.Conflict, "order.coupon_gone", "This coupon cannot be used any more. Nothing was charged; ask for a new offer.", "这张优惠券已经不能用了，没有扣款。")
	ErrBusy       = errs.New(errs.Unavailable, "order.busy", "Too many buyers at once. Your order was not placed; try again.", "下单的人太多，订单没有生成，请重试。")
	ErrTotal      = errs.New(errs.Invalid, "order.total", "This sum cannot be ordered online.", "这个金额不能在线下单。")
)
