package orderhttp

import (
	"context"
	"slices"
	"sort"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler) merchant(api *web.API) {
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/orders", "shop-orders", "Orders of a shop", shop.Guard(h.Shops, shop.Orders, h.shopList))
	web.Handle(api, web.SignedIn, "GET "+base+"/orders/{id}", "shop-order", "An order of a shop", shop.Guard(h.Shops, shop.Orders, h.shopGet))
	web.Handle(api, web.SignedIn, "POST "+base+"/orders/{id}/ready", "order-ready", "Packed for collection", shop.Guard(h.Shops, shop.Orders, h.ready))
	web.Handle(api, web.SignedIn, "POST "+base+"/orders/{id}/ship", "ship-order", "All that is left goes in one parcel", shop.Guard(h.Shops, shop.Orders, h.ship))
	web.Handle(api, web.SignedIn, "POST "+base+"/orders/{id}/parcels", "send-parcel", "Send goods of an order in a parcel", shop.Guard(h.Shops, shop.Orders, h.send))
	web.Handle(api, web.SignedIn, "PUT "+base+"/orders/{id}/parcels/{parcel}/number", "correct-parcel", "Correct the carrier and the number of a parcel", shop.Guard(h.Shops, shop.Orders, h.readdress))
	web.Handle(api, web.Anyone, "GET /v1/carriers", "carriers", "Carriers that shops can choose from", h.carriers)
	web.Handle(api, web.SignedIn, "POST "+base+"/orders/{id}/cancel", "cancel-shop-order", "Cancel before the hand-over", shop.Guard(h.Shops, shop.Orders, h.shopCancel))
	web.Handle(api, web.SignedIn, "POST "+base+"/orders/hand-over", "hand-over", "Hand over by code, once", shop.Guard(h.Shops, shop.Orders, h.handOver))
	web.Handle(api, web.SignedIn, "GET "+base+"/shows/{id}/pick-list", "pick-list", "What to pack for a show, by pickup time", shop.Guard(h.Shops, shop.Orders, h.pickList))
}

type shopListInput struct {
	shop.In
	web.Paged
	State order.State `query:"state" maxLength:"20"`
	Show  string      `query:"show" maxLength:"60"`
	Q     string      `query:"q" maxLength:"60" doc:"Number, code or part of a name"`
}

func (h *handler) shopList(ctx context.Context, in *shopListInput) (*web.Out[page.Of[view]], error) {
	return h.page(ctx, order.Filter{Shop: in.Shop, State: in.State, Show: in.Show, Search: in.Q}, in.After, staffEye)
}

type ShopOrderInput struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) staffView(ctx context.Context, o order.Order, err error) (*web.Out[view], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, o, staffEye))
}

func (h *handler) shopGet(ctx context.Context, in *ShopOrderInput) (*web.Out[view], error) {
	o, err := h.Orders.GetForShop(ctx, in.Shop, in.ID)
	return h.staffView(ctx, o, err)
}

type StepInput struct {
	ShopOrderInput
	web.Key
}

func (h *handler) ready(ctx context.Context, in *StepInput) (*web.Out[view], error) {
	o, err := h.Orders.MarkReady(ctx, in.Shop, in.ID)
	return h.staffView(ctx, o, err)
}

type shipInput struct {
	StepInput
	Body struct {
		Tracking string `json:"tracking,omitempty" maxLength:"80"`
	}
}

func (h *handler) ship(ctx context.Context, in *shipInput) (*web.Out[view], error) {
	o, err := h.Orders.Ship(ctx, in.Shop, in.ID, in.Body.Tracking)
	return h.staffView(ctx, o, err)
}

// CarrierForm is what a shop knows of a parcel.
type CarrierForm struct {
	Carrier string `json:"carrier" maxLength:"20" doc:"Code of one of the carriers, or other"`
	Number  string `json:"number,omitempty" maxLength:"80" doc:"That the carrier calls it by"`
}

type sendInput struct {
	StepInput
	Body struct {
		CarrierForm
		Lines []parcelLine `json:"lines" minItems:"1" maxItems:"50" nullable:"false"`
	}
}

func (h *handler) send(ctx context.Context, in *sendInput) (*web.Out[view], error) {
	o, err := h.Orders.GetForShop(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	w := order.Sending{Key: in.Key.Key, Shop: in.Shop, Order: in.ID, Carrier: in.Body.Carrier, Number: in.Body.Number}
	for _, l := range in.Body.Lines {
		position := slices.IndexFunc(o.Lines, func(x order.Line) bool { return x.ID == l.Line })
		w.Lines = append(w.Lines, order.ParcelLine{Position: position, Quantity: l.Quantity})
	}
	o, err = h.Orders.Send(ctx, w)
	return h.staffView(ctx, o, err)
}

type readdressInput struct {
	ShopOrderInput
	Parcel string `path:"parcel" maxLength:"60"`
	Body   CarrierForm
}

func (h *handler) readdress(ctx context.Context, in *readdressInput) (*web.Out[view], error) {
	o, err := h.Orders.Readdress(ctx, in.Shop, in.ID, in.Parcel, in.Body.Carrier, in.Body.Number)
	return h.staffView(ctx, o, err)
}

func (h *handler) carriers(context.Context, *web.None) (*web.Out[page.Of[carrierView]], error) {
	list := page.Of[carrierView]{Items: []carrierView{}}
	for _, c := range h.Orders.Carriers() {
		list.Items = append(list.Items, carrierView{c.Code(), c.Name()})
	}
	list.Items = append(list.Items, carrierView{order.OtherCarrier, h.Orders.CarrierName(order.OtherCarrier)})
	return web.Answer(list, nil)
}

type shopCancelInput struct {
	StepInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Told to the buyer"`
	}
}

func (h *handler) shopCancel(ctx context.Context, in *shopCancelInput) (*web.Out[view], error) {
	o, err := h.Orders.Cancel(ctx, in.ID, order.BySeller, in.Shop, in.Body.Reason)
	return h.staffView(ctx, o, err)
}

type handOverInput struct {
	shop.In
	web.Key
	Body struct {
		Code  string `json:"code,omitempty" maxLength:"40"`
		Order string `json:"order,omitempty" maxLength:"60"`
	}
}

func (h *handler) handOver(ctx context.Context, in *handOverInput) (*web.Out[view], error) {
	if in.Body.Code == "" && in.Body.Order == "" {
		return nil, order.ErrCode
	}
	o, err := h.Orders.HandOver(ctx, in.Shop, in.Body.Order, in.Body.Code)
	return h.staffView(ctx, o, err)
}

type pickSlot struct {
	Slot   *shop.Slot `json:"slot,omitempty"`
	Orders []view     `json:"orders" nullable:"false"`
}

type pickTotal struct {
	Title    text.Local    `json:"title"`
	Variant  text.Local    `json:"variant"`
	Image    *shelf.Image  `json:"image,omitempty"`
	Quantity int64         `json:"quantity"`
	Measure  shelf.Measure `json:"measure"`
}

type pickList struct {
	Slots  []pickSlot  `json:"slots" nullable:"false"`
	Totals []pickTotal `json:"totals" nullable:"false"`
}

// pickList sorts the open orders of a show by pickup time and sums the goods.
func (h *handler) pickList(ctx context.Context, in *ShopOrderInput) (*web.Out[pickList], error) {
	if _, err := h.Shows.GetOf(ctx, in.Shop, in.ID); err != nil {
		return nil, err
	}
	bySlot := map[string]*pickSlot{}
	totals := map[string]*pickTotal{}
	var keys, skus []string
	after := page.First
	for range 40 { // 2,000 orders are more than a stall packs for one show
		rows, err := h.Orders.List(ctx, order.Filter{Shop: in.Shop, Show: in.ID, After: after}, 50)
		if err != nil {
			return nil, err
		}
		for _, o := range rows.Items {
			if o.State != order.Placed && o.State != order.Ready || o.Awaits() {
				continue
			}
			v, err := h.viewOf(ctx, o, staffEye)
			if err != nil {
				return nil, err
			}
			key := "~" // parcels come last
			if o.Quote.Slot != nil {
				key = o.Quote.Slot.ID
			}
			if bySlot[key] == nil {
				bySlot[key] = &pickSlot{Slot: o.Quote.Slot}
				keys = append(keys, key)
			}
			bySlot[key].Orders = append(bySlot[key].Orders, v)
			for _, l := range v.Lines {
				toPack := l.Quantity
				if o.Quote.Kind == order.ByParcel {
					toPack = l.Left
				}
				if toPack == 0 {
					continue
				}
				if totals[l.SKU] == nil {
					totals[l.SKU] = &pickTotal{Title: l.Title, Variant: l.Variant, Image: l.Image, Measure: l.Measure}
					skus = append(skus, l.SKU)
				}
				totals[l.SKU].Quantity += toPack
			}
		}
		if rows.Next == "" {
			break
		}
		if after, err = page.Parse(rows.Next); err != nil {
			return nil, err
		}
	}
	sort.Strings(keys)
	sort.Strings(skus)
	out := pickList{Slots: []pickSlot{}, Totals: []pickTotal{}}
	for _, k := range keys {
		out.Slots = append(out.Slots, *bySlot[k])
	}
	for _, k := range skus {
		out.Totals = append(out.Totals, *totals[k])
	}
	return web.Answer(out, nil)
}

func (h *handler) operator(api *web.API) {
	web.Handle(api, web.Operators, "GET /v1/operator/orders", "operator-orders", "All orders", h.allOrders)
	web.Handle(api, web.Operators, "GET /v1/operator/orders/{id}", "operator-order", "Any order, with its promise", h.anyOrder)
}

func (h *handler) allOrders(ctx context.Context, in *shopSearch) (*web.Out[page.Of[view]], error) {
	return h.page(ctx, order.Filter{State: in.State, Search: in.Q}, in.After, staffEye)
}

type shopSearch struct {
	web.Paged
	State order.State `query:"state" maxLength:"20"`
	Q     string      `query:"q" maxLength:"60"`
}

func (h *handler) anyOrder(ctx context.Context, in *IDInput) (*web.Out[view], error) {
	o, err := h.Orders.GetForOperator(ctx, in.ID)
	return h.staffView(ctx, o, err)
}
