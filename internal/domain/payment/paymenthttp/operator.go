package paymenthttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/web"
)

// Operator adds what an operator does with refunds that failed.
func Operator(api *web.API, s *payment.Service) {
	h := operator{s}
	web.Handle(api, web.Operators, "GET /v1/operator/failed-refunds", "failed-refunds", "Refunds that a person has to settle", h.failed)
	web.Handle(api, web.Operators, "POST /v1/operator/failed-refunds/{id}/settled", "refund-settled", "The money was given back outside the provider", h.settled)
}

type operator struct{ payments *payment.Service }

// FailedRefund is money that a bank did not take back.
type FailedRefund struct {
	ID     string       `json:"id"`
	Order  string       `json:"order"`
	Amount money.Amount `json:"amount"`
	At     time.Time    `json:"at" doc:"When it was promised"`
}

type failedRefunds struct {
	Items []FailedRefund `json:"items" nullable:"false"`
}

func (h operator) failed(ctx context.Context, _ *web.None) (*web.Out[failedRefunds], error) {
	all, err := h.payments.FailedRefunds(ctx)
	out := failedRefunds{Items: []FailedRefund{}}
	for _, r := range all {
		out.Items = append(out.Items, FailedRefund{r.ID, r.Order, r.Amount, r.CreatedAt})
	}
	return web.Answer(out, err)
}

// RefundInput names a refund.
type RefundInput struct {
	ID string `path:"id" maxLength:"60"`
	web.Key
}

func (h operator) settled(ctx context.Context, in *RefundInput) (*web.Out[failedRefunds], error) {
	if err := h.payments.Settle(ctx, in.ID); err != nil {
		return nil, err
	}
	return h.failed(ctx, &web.None{})
}
