package orderhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Orders   *order.Service
	Accounts *account.Service
	Payments *payment.Service
	Shops    *shop.Service
	Shows    *show.Service
	Shelf    *shelf.Service
	Groups   *groupbuy.Service
	// Replay names the show of a quote and the path that opens its recording at
	// the moment of the quote; empty when there is no recording.
	Replay func(ctx context.Context, q order.Quote) (title text.Local, path string, err error)
	Now    clock.Now
}

type handler struct {
	Parts
	quotes, places *web.Limiter
}

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	// Generous: a whole town may sit behind one address. What a flash crowd is
	// refused is decided by stock, not here.
	h := &handler{Parts: p, quotes: web.NewLimiter(time.Millisecond, 5000, p.Now), places: web.NewLimiter(50*time.Millisecond, 100, p.Now)}
	web.Handle(api, web.Anyone, "POST /v1/quotes", "quote", "An offer that holds for ten minutes", h.quote, web.Status(201))
	web.Handle(api, web.SignedIn, "POST /v1/orders", "place-order", "Order an offer", h.place, web.Status(201), web.Unchecked())
	web.Handle(api, web.SignedIn, "GET /v1/orders", "orders", "My orders", h.list)
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}", "order", "One of my orders", h.get)
	web.Handle(api, web.SignedIn, "POST /v1/orders/{id}/cancel", "cancel-order", "Cancel before the hand-over", h.cancel)
	web.Handle(api, web.SignedIn, "POST /v1/orders/{id}/pay", "pay-order", "Where to pay an open order", h.pay)
	web.Handle(api, web.SignedIn, "POST /v1/payments", "pay-together", "One payment for several of my open orders", h.payTogether, web.Status(201))
	web.Handle(api, web.SignedIn, "POST /v1/orders/{id}/received", "order-received", "The parcel has come", h.received)
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}/receipt", "receipt", "Receipt of an order", h.receipt)
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}/slots", "order-slots", "Times to which my order can be moved", h.slots)
	web.Handle(api, web.SignedIn, "PUT /v1/orders/{id}/slot", "move-order", "Come at another time", h.move)
	h.merchant(api)
	h.operator(api)
}

type item struct {
	SKU      string `json:"sku" maxLength:"60"`
	Quantity int64  `json:"quantity" doc:"In quantity units: pieces, or grams"`
	// Of a line that comes from a cart.
	Show   string     `json:"show,omitempty" maxLength:"60" doc:"Where it was put into the cart"`
	SeenAt *time.Time `json:"seen_at,omitempty" doc:"When it was put into the cart"`
}

func (i item) item() order.Item {
	out := order.Item{SKU: i.SKU, Quantity: i.Quantity, Show: i.Show}
	if i.SeenAt != nil {
		out.SeenAt = i.SeenAt.UTC().Truncate(time.Millisecond)
	}
	return out
}

// groupChoice is a new group of an offer, or one by its code.
type groupChoice struct {
	Offer string `json:"offer,omitempty" maxLength:"60" doc:"Starts a group"`
	Code  string `json:"code,omitempty" maxLength:"20" doc:"Joins a group"`
}

type quoteInput struct {
	Body struct {
		Items      []item           `json:"items" minItems:"1" maxItems:"50" nullable:"false"`
		Fulfilment *chosen          `json:"fulfilment,omitempty"`
		Show       string           `json:"show,omitempty" maxLength:"60" doc:"The room that the buyer is in"`
		Second     int64            `json:"show_second,omitempty" minimum:"0" maximum:"1000000" doc:"Of the replay that the buyer watches; during a show the server knows better"`
		Coupon     string           `json:"coupon,omitempty" maxLength:"60" doc:"One of mine, or none; the best when absent"`
		Group      *groupChoice     `json:"group,omitempty" doc:"To buy in a group; it has one item"`
		Claim      string           `json:"claim,omitempty" maxLength:"60" doc:"Of mine, by comment: its variant and pieces are the one item"`
		Expected   map[string]int64 `json:"expected,omitempty" doc:"Price in minor units that the buyer sees, by SKU"`
	}
}

func (h *handler) quote(ctx context.Context, in *quoteInput) (*web.Out[quote], error) {
	if err := h.quotes.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	b := in.Body
	ask := order.Ask{Show: b.Show, Second: b.Second, Expected: b.Expected, Source: web.Who(ctx).Source, Buyer: web.Who(ctx).Person, Coupon: b.Coupon, Claim: b.Claim}
	for _, it := range b.Items {
		ask.Items = append(ask.Items, it.item())
	}
	if b.Group != nil {
		ask.Group = groupbuy.Choice(*b.Group)
	}
	if b.Fulfilment != nil {
		ask.Kind, ask.Slot, ask.Address = b.Fulfilment.Kind, b.Fulfilment.Slot, b.Fulfilment.Address
	}
	o, err := h.Orders.Quote(ctx, ask)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.quoteOf(ctx, o))
}

type placeInput struct {
	web.Key
	Body struct {
		Quote   string `json:"quote" maxLength:"65536"`
		Hash    string `json:"hash" maxLength:"64"`
		Payment string `json:"payment" maxLength:"20"`
		Contact struct {
			Name  string `json:"name" maxLength:"80"`
			Phone string `json:"phone,omitempty" maxLength:"20"`
		} `json:"contact"`
		Consents []string `json:"consents,omitempty" maxItems:"20"`
	}
}

// placed is what a buyer needs next. It says no more because a crowd asks for
// it at once and most go straight on to paying; the order tells the rest.
type placed struct {
	ID       string         `json:"id" doc:"GET /v1/orders/{id} tells everything"`
	Number   string         `json:"number"`
	State    order.State    `json:"state" enum:"pending_payment,placed,ready,shipped,completed,cancelled,expired"`
	PayState order.PayState `json:"pay_state" enum:"none,due_at_pickup,pending,paid,partly_refunded,refunding,refunded,failed"`
	PlacedAt time.Time      `json:"placed_at"`
	PayUntil *time.Time     `json:"pay_until,omitempty"`
	PayURL   string         `json:"pay_url,omitempty" doc:"Where to pay, while the order waits for it"`
	Total    money.Amount   `json:"total"`
}

func (h *handler) place(ctx context.Context, in *placeInput) (*web.Out[placed], error) {
	who := web.Who(ctx)
	if err := h.places.Allow(who.Person); err != nil {
		return nil, err
	}
	p, err := h.Accounts.Known(ctx, who.Person)
	if err != nil {
		return nil, err
	}
	b := in.Body
	o, err := h.Orders.Place(ctx, order.Wish{Key: in.Key.Key, Buyer: p, Token: b.Quote, Hash: b.Hash, Payment: b.Payment, Name: b.Contact.Name, Phone: b.Contact.Phone, Consents: b.Consents})
	if err != nil {
		return nil, err
	}
	out := placed{ID: o.ID, Number: o.Number, State: o.State, PayState: o.PayState, PlacedAt: o.PlacedAt, Total: o.Total()}
	if o.State == order.PendingPayment {
		out.PayUntil, out.PayURL = clock.Ptr(o.PayUntil), order.PayPath(o.ID)
	}
	return web.Answer(out, nil)
}

type listInput struct {
	web.Paged
}

func (h *handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[view]], error) {
	return h.page(ctx, order.Filter{Buyer: web.Who(ctx).Person}, in.After, buyerEye)
}

func (h *handler) page(ctx context.Context, f order.Filter, after string, e eye) (*web.Out[page.Of[view]], error) {
	var err error
	if f.After, err = page.Parse(after); err != nil {
		return nil, err
	}
	rows, err := h.Orders.List(ctx, f, 30)
	if err != nil {
		return nil, err
	}
	vs, err := h.views(ctx, rows.Items, e)
	return web.Answer(page.Of[view]{Items: vs, Next: rows.Next}, err)
}

type IDInput struct {
	ID string `path:"id" maxLength:"60"`
}

// seen answers with an order as its buyer sees it.
func (h *handler) seen(ctx context.Context, o order.Order, err error) (*web.Out[view], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, o, buyerEye))
}

func (h *handler) get(ctx context.Context, in *IDInput) (*web.Out[view], error) {
	o, err := h.Orders.Get(ctx, web.Who(ctx).Person, in.ID)
	return h.seen(ctx, o, err)
}

type cancelInput struct {
	IDInput
	web.Key
}

func (h *handler) cancel(ctx context.Context, in *cancelInput) (*web.Out[view], error) {
	o, err := h.Orders.Cancel(ctx, in.ID, order.ByBuyer, web.Who(ctx).Person, "")
	return h.seen(ctx, o, err)
}

type payOutput struct {
	PayURL string `json:"pay_url"`
}

func (h *handler) pay(ctx context.Context, in *cancelInput) (*web.Out[payOutput], error) {
	o, err := h.Orders.Get(ctx, web.Who(ctx).Person, in.ID)
	if err == nil && o.State != order.PendingPayment {
		err = payment.ErrClosed
	}
	return web.Answer(payOutput{order.PayPath(o.ID)}, err)
}

type togetherForm struct {
	Orders []string `json:"orders" minItems:"2" maxItems:"50" nullable:"false"`
}

type togetherInput struct{ Body togetherForm }

func (h *handler) payTogether(ctx context.Context, in *togetherInput) (*web.Out[payOutput], error) {
	path, err := h.Orders.PayTogether(ctx, web.Who(ctx).Person, in.Body.Orders)
	return web.Answer(payOutput{path}, err)
}

func (h *handler) received(ctx context.Context, in *cancelInput) (*web.Out[view], error) {
	o, err := h.Orders.Received(ctx, web.Who(ctx).Person, in.ID)
	return h.seen(ctx, o, err)
}

func (h *handler) slots(ctx context.Context, in *IDInput) (*web.Out[page.Of[shop.Slot]], error) {
	slots, err := h.Orders.Slots(ctx, web.Who(ctx).Person, in.ID)
	return web.Answer(page.Of[shop.Slot]{Items: slots}, err)
}

type moveOrderInput struct {
	IDInput
	Body struct {
		Slot string `json:"slot" maxLength:"40"`
	}
}

func (h *handler) move(ctx context.Context, in *moveOrderInput) (*web.Out[view], error) {
	o, err := h.Orders.Move(ctx, web.Who(ctx).Person, in.ID, in.Body.Slot)
	return h.seen(ctx, o, err)
}

// receipt is what a buyer keeps: who sold what for how much, paid how.
type receipt struct {
	Number   string         `json:"number"`
	IssuedAt time.Time      `json:"issued_at"`
	PaidAt   *time.Time     `json:"paid_at,omitempty"`
	Shop     shelf.ShopCard `json:"shop"`
	Seller   sellerOfRecord `json:"seller"`
	Order    view           `json:"order"`
}

func (h *handler) receipt(ctx context.Context, in *IDInput) (*web.Out[receipt], error) {
	o, err := h.Orders.Get(ctx, web.Who(ctx).Person, in.ID)
	if err != nil {
		return nil, err
	}
	v, err := h.viewOf(ctx, o, buyerEye)
	if err != nil {
		return nil, err
	}
	r := receipt{Number: o.Number, IssuedAt: h.Now(), Shop: v.Shop, Seller: v.Seller, Order: v}
	for _, e := range o.Events {
		if e.Event == "paid" || e.Event == "paid_late" || e.Event == "handed_over" && o.Payment == order.PayAtPickup {
			r.PaidAt = clock.Ptr(e.At)
		}
	}
	return web.Answer(r, nil)
}
