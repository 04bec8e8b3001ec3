package stripepay

import (
	"context"
	"fmt"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/balancetransaction"

	"github.com/openstall/openstall/internal/domain/payment"
)

// Books returns the charges and refunds among the balance transactions of a span
// of time, in the currency in which buyers paid. Transactions have a time to the
// second.
func (p *Provider) Books(ctx context.Context, from, to time.Time) ([]payment.Booking, error) {
	params := &stripe.BalanceTransactionListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThan: to.Unix()}}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	params.AddExpand("data.source")
	var books []payment.Booking
	all := balancetransaction.Client{B: p.backend, Key: p.cfg.Key}.List(params)
	for all.Next() {
		t := all.BalanceTransaction()
		b, ok, err := booking(t)
		if err != nil {
			return nil, fmt.Errorf("balance transaction %s: %w", t.ID, err)
		}
		if ok {
			books = append(books, b)
		}
	}
	return books, all.Err()
}

// booking reads a charge or a refund; not ok for fees, payouts and the like.
func booking(t *stripe.BalanceTransaction) (payment.Booking, bool, error) {
	b := payment.Booking{At: time.Unix(t.Created, 0).UTC()}
	if t.Source == nil {
		return b, false, nil
	}
	var units int64
	var currency stripe.Currency
	switch t.Type {
	case "charge", "payment":
		c := t.Source.Charge
		if c == nil {
			return b, false, fmt.Errorf("its charge is missing")
		}
		b.Kind, b.Ref, b.Ours, units, currency = payment.Succeeded, c.ID, c.Metadata[intentKey] != "", c.Amount, c.Currency
		if c.PaymentIntent != nil {
			b.Ref = c.PaymentIntent.ID
		}
	case "refund", "payment_refund", "refund_failure", "payment_failure_refund":
		r := t.Source.Refund
		if r == nil {
			return b, false, nil // of a charge that failed later; it is no refund of ours
		}
		b.Kind, b.Ref, b.Ours, units, currency = payment.GivenBack, r.ID, r.Metadata[refundKey] != "", r.Amount, r.Currency
		if t.Type == "refund_failure" {
			b.Kind = payment.NotGivenOut
		}
		if r.PaymentIntent != nil {
			b.Payment = r.PaymentIntent.ID
		}
	default:
		return b, false, nil
	}
	amount, ok := fromStripe(units, string(currency))
	if !ok {
		return b, false, fmt.Errorf("%d %s is no sum", units, currency)
	}
	b.Amount = amount
	return b, true, nil
}
