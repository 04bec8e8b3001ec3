package transferhttp

import (
	"context"
	"net/http"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler) account(ctx context.Context, in *shop.In) (*web.Out[transfer.Account], error) {
	return web.Answer(h.Transfers.Account(ctx, in.Shop))
}

type accountInput struct {
	shop.In
	Body transfer.Account
}

func (h *handler) setAccount(ctx context.Context, in *accountInput) (*web.Out[transfer.Account], error) {
	if err := h.Transfers.SetAccount(ctx, in.Shop, in.Body); err != nil {
		return nil, err
	}
	return h.account(ctx, &in.In)
}

type list struct {
	Items []view `json:"items" nullable:"false"`
}

func (h *handler) waiting(ctx context.Context, in *shop.In) (*web.Out[list], error) {
	all, err := h.Transfers.Waiting(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	out := list{Items: []view{}}
	for _, t := range all {
		o, err := h.Orders.GetForShop(ctx, in.Shop, t.Order)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, shopView(t, o))
	}
	return web.Answer(out, nil)
}

func shopView(t transfer.Transfer, o order.Order) view {
	return viewOf(t, o, "/v1/merchant/shops/"+t.Shop+"/transfers/"+t.Order+"/proof")
}

// TransferInput names the transfer of an order of a shop.
type TransferInput struct {
	shop.In
	ID string `path:"id" maxLength:"60" doc:"Of the order"`
}

func (h *handler) ofShop(ctx context.Context, shopID, id string) (transfer.Transfer, order.Order, error) {
	o, err := h.Orders.GetForShop(ctx, shopID, id)
	if err != nil {
		return transfer.Transfer{}, o, err
	}
	t, err := h.Transfers.Of(ctx, id)
	return t, o, err
}

func (h *handler) shopGet(ctx context.Context, in *TransferInput) (*web.Out[view], error) {
	t, o, err := h.ofShop(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	return web.Answer(shopView(t, o), nil)
}

// StepInput is one step with a transfer.
type StepInput struct {
	TransferInput
	web.Key
}

func (h *handler) received(ctx context.Context, in *StepInput) (*web.Out[view], error) {
	t, err := h.Transfers.Receive(ctx, in.Shop, in.ID)
	if err == nil {
		err = h.Payments.Ask(ctx, t.Intent)
	}
	if err != nil {
		return nil, err
	}
	return h.shopGet(ctx, &in.TransferInput)
}

type refuseInput struct {
	StepInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"300" doc:"Told to the buyer"`
	}
}

func (h *handler) refuse(ctx context.Context, in *refuseInput) (*web.Out[view], error) {
	if _, err := h.Transfers.Refuse(ctx, in.Shop, in.ID, in.Body.Reason); err != nil {
		return nil, err
	}
	return h.shopGet(ctx, &in.TransferInput)
}

func (h *handler) sentBack(ctx context.Context, in *StepInput) (*web.Out[view], error) {
	refunds, err := h.Transfers.SentBack(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range refunds {
		if err := h.Payments.AskRefund(ctx, r); err != nil {
			return nil, err
		}
	}
	return h.shopGet(ctx, &in.TransferInput)
}

func (h *handler) shopProof(w http.ResponseWriter, r *http.Request) {
	ctx, shopID := r.Context(), r.PathValue("shop")
	err := h.Shops.Require(ctx, shopID, web.Who(ctx).Person, shop.Orders)
	var t transfer.Transfer
	if err == nil {
		t, _, err = h.ofShop(ctx, shopID, r.PathValue("id"))
	}
	h.proof(w, r, t, err)
}
