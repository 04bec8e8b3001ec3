// Package transferhttp is the door of bank transfers: where to send the money
// and telling that it is sent for buyers; the shop's account, looking and
// deciding for merchants.
package transferhttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/picture"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Transfers *transfer.Provider
	Payments  *payment.Service
	Orders    *order.Service
	Shops     *shop.Service
	Log       *slog.Logger
	Now       clock.Now
}

type handler struct {
	Parts
	tells *web.Limiter
}

// Mount adds the operations; the pictures stand beside them, because they are no
// JSON.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{Parts: p, tells: web.NewLimiter(10*time.Second, 20, p.Now)}
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}/transfer", "transfer", "Where to send the money of my order", h.get)
	web.Handle(api, web.SignedIn, "POST /v1/orders/{id}/transfer", "tell-transfer", "I have sent the money", h.tell, web.MaxBody(picture.MaxBytes+1<<16))
	mux.HandleFunc("GET /v1/orders/{id}/transfer/proof", h.myProof)
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/transfer-account", "transfer-account", "How the shop takes bank transfers", shop.Guard(h.Shops, shop.Manage, h.account))
	web.Handle(api, web.SignedIn, "PUT "+base+"/transfer-account", "set-transfer-account", "Change how the shop takes bank transfers", shop.Guard(h.Shops, shop.Manage, h.setAccount))
	web.Handle(api, web.SignedIn, "GET "+base+"/transfers", "shop-transfers", "Bank transfers that somebody has to look at", shop.Guard(h.Shops, shop.Orders, h.waiting))
	web.Handle(api, web.SignedIn, "GET "+base+"/transfers/{id}", "shop-transfer", "The bank transfer of an order", shop.Guard(h.Shops, shop.Orders, h.shopGet))
	web.Handle(api, web.SignedIn, "POST "+base+"/transfers/{id}/received", "transfer-received", "The money has come", shop.Guard(h.Shops, shop.Manage, h.received))
	web.Handle(api, web.SignedIn, "POST "+base+"/transfers/{id}/refuse", "refuse-transfer", "The money has not come", shop.Guard(h.Shops, shop.Manage, h.refuse))
	web.Handle(api, web.SignedIn, "POST "+base+"/transfers/{id}/sent-back", "transfer-sent-back", "What is owed has been sent back", shop.Guard(h.Shops, shop.Manage, h.sentBack))
	mux.HandleFunc("GET "+base+"/transfers/{id}/proof", h.shopProof)
}

// view is a transfer as its buyer and its shop see it.
type view struct {
	Order     string           `json:"order"`
	Number    string           `json:"number"`
	BuyerName string           `json:"buyer_name"`
	Reference string           `json:"reference" doc:"To be written on the transfer"`
	Details   transfer.Details `json:"details"`
	Amount    money.Amount     `json:"amount"`
	Until     *time.Time       `json:"until,omitempty" doc:"When the order stops waiting"`
	State     transfer.State   `json:"state" enum:"awaited,told,refused,received,closed"`
	Note      string           `json:"note,omitempty" doc:"Of the buyer"`
	Proof     string           `json:"proof,omitempty" doc:"Path of the buyer's picture"`
	Reason    string           `json:"reason,omitempty" doc:"Of the shop, why the money was not found"`
	ToldAt    *time.Time       `json:"told_at,omitempty"`
	Owed      money.Amount     `json:"owed" doc:"What the shop still has to send back"`
}

func viewOf(t transfer.Transfer, o order.Order, proof string) view {
	v := view{Order: t.Order, Number: o.Number, BuyerName: o.BuyerName, Reference: t.Reference, Details: t.Details, Amount: t.Amount, State: t.State,
		Note: t.Note, Reason: t.Reason, ToldAt: clock.Ptr(t.ToldAt), Owed: t.Owed}
	if o.State == order.PendingPayment {
		v.Until = clock.Ptr(o.PayUntil)
	}
	if t.Proof != "" {
		v.Proof = proof + "?v=" + t.Proof
	}
	return v
}

// OrderInput names an order.
type OrderInput struct {
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) mine(ctx context.Context, id string) (transfer.Transfer, order.Order, error) {
	o, err := h.Orders.Get(ctx, web.Who(ctx).Person, id)
	if err != nil {
		return transfer.Transfer{}, o, err
	}
	if o.Payment != transfer.Code {
		return transfer.Transfer{}, o, transfer.ErrNotFound
	}
	t, err := h.Transfers.Of(ctx, id)
	return t, o, err
}

func (h *handler) get(ctx context.Context, in *OrderInput) (*web.Out[view], error) {
	t, o, err := h.mine(ctx, in.ID)
	if errors.Is(err, transfer.ErrNotFound) && o.Payment == transfer.Code && o.State == order.PendingPayment {
		// The buyer looks for the first time: from now on the payment is expected.
		if _, err = h.Orders.PayPage(ctx, o.Buyer, o.ID); err == nil {
			t, err = h.Transfers.Of(ctx, in.ID)
		}
	}
	if err != nil {
		return nil, err
	}
	return web.Answer(viewOf(t, o, "/v1/orders/"+o.ID+"/transfer/proof"), nil)
}

type tellForm struct {
	File huma.FormFile `form:"file" required:"false"`
	Note string        `form:"note" required:"false" maxLength:"300"`
}

type tellInput struct {
	OrderInput
	RawBody huma.MultipartFormFiles[tellForm]
}

func (h *handler) tell(ctx context.Context, in *tellInput) (*web.Out[view], error) {
	if err := h.tells.Allow(web.Who(ctx).Person); err != nil {
		return nil, err
	}
	_, o, err := h.mine(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	form := in.RawBody.Data()
	var proof io.Reader
	if form.File.IsSet {
		defer form.File.Close()
		proof = form.File
	}
	t, err := h.Transfers.Tell(ctx, o.ID, form.Note, proof)
	if err != nil {
		return nil, err
	}
	return web.Answer(viewOf(t, o, "/v1/orders/"+o.ID+"/transfer/proof"), nil)
}

func (h *handler) myProof(w http.ResponseWriter, r *http.Request) {
	t, _, err := h.mine(r.Context(), r.PathValue("id"))
	h.proof(w, r, t, err)
}

func (h *handler) proof(w http.ResponseWriter, r *http.Request, t transfer.Transfer, err error) {
	var picture io.ReadCloser
	if err == nil {
		picture, err = h.Transfers.Proof(r.Context(), t)
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	defer picture.Close()
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = io.Copy(w, picture)
}
