// Package wechatpayhttp is the door of WeChat Pay: the page where a buyer pays,
// which knows whether it is open inside WeChat, on a phone or on a desktop; the
// shop's number for merchants, and its confirmation for operators.
package wechatpayhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/wechatpay"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	WeChat   *wechatpay.Provider // nil: the market has no contract, and nothing but [Merchant.Offered] says so
	Payments *payment.Service
	Shops    *shop.Service
	Log      *slog.Logger
	Now      clock.Now
}

type handler struct {
	Parts
	asks *web.Limiter
}

// Mount adds the operations, and beside them the page, when WeChat Pay is set
// up.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{Parts: p, asks: web.NewLimiter(5*time.Second, 1, p.Now)}
	const mine = "/v1/merchant/shops/{shop}/wechat-merchant"
	web.Handle(api, web.SignedIn, "GET "+mine, "wechat-merchant", "The shop's number at WeChat Pay", shop.Guard(h.Shops, shop.Manage, h.merchant))
	web.Handle(api, web.SignedIn, "PUT "+mine, "set-wechat-merchant", "Change the shop's number at WeChat Pay", shop.Guard(h.Shops, shop.Manage, h.setMerchant))
	web.Handle(api, web.Operators, "GET /v1/operator/wechat-merchants", "wechat-merchants", "Shops with a number at WeChat Pay", h.merchants)
	web.Handle(api, web.Operators, "PUT /v1/operator/wechat-merchants/{shop}", "confirm-wechat-merchant", "The number of a shop is bound to the market's, or is not", h.confirm)
	if p.WeChat != nil {
		mux.HandleFunc("GET "+wechatpay.Page("{intent}"), h.page)
		mux.HandleFunc("GET "+wechatpay.Page("{intent}")+"/over", h.over)
	}
}

// Merchant is the number of a shop at WeChat Pay.
type Merchant struct {
	Offered   bool   `json:"offered" doc:"The market collects through WeChat Pay"`
	Number    string `json:"number" doc:"sub_mchid"`
	Confirmed bool   `json:"confirmed" doc:"By an operator; until then buyers are not offered it"`
}

func (h *handler) merchant(ctx context.Context, in *shop.In) (*web.Out[Merchant], error) {
	if h.WeChat == nil {
		return web.Answer(Merchant{}, nil)
	}
	m, err := h.WeChat.Merchant(ctx, in.Shop)
	return web.Answer(Merchant{true, m.Number, m.Confirmed}, err)
}

type merchantInput struct {
	shop.In
	Body struct {
		Number string `json:"number" maxLength:"20" doc:"sub_mchid; empty: none"`
	}
}

func (h *handler) setMerchant(ctx context.Context, in *merchantInput) (*web.Out[Merchant], error) {
	if h.WeChat == nil {
		return nil, payment.ErrProvider
	}
	if err := h.WeChat.SetMerchant(ctx, in.Shop, in.Body.Number); err != nil {
		return nil, err
	}
	return h.merchant(ctx, &in.In)
}

// ShopMerchant is the number of a shop, for the operator.
type ShopMerchant struct {
	Shop      string `json:"shop"`
	Number    string `json:"number"`
	Confirmed bool   `json:"confirmed"`
}

type merchantList struct {
	Items []ShopMerchant `json:"items" nullable:"false"`
}

func (h *handler) merchants(ctx context.Context, _ *web.None) (*web.Out[merchantList], error) {
	out := merchantList{Items: []ShopMerchant{}}
	if h.WeChat == nil {
		return web.Answer(out, nil)
	}
	all, err := h.WeChat.Merchants(ctx)
	for _, m := range all {
		out.Items = append(out.Items, ShopMerchant{m.Shop, m.Number, m.Confirmed})
	}
	return web.Answer(out, err)
}

type confirmInput struct {
	shop.In
	Body struct {
		Number    string `json:"number" maxLength:"20" doc:"That was looked at; another one is not confirmed"`
		Confirmed bool   `json:"confirmed"`
	}
}

func (h *handler) confirm(ctx context.Context, in *confirmInput) (*web.Out[merchantList], error) {
	if h.WeChat == nil {
		return nil, payment.ErrProvider
	}
	if err := h.WeChat.Confirm(ctx, in.Shop, in.Body.Number, in.Body.Confirmed); err != nil {
		return nil, err
	}
	return h.merchants(ctx, &web.None{})
}
