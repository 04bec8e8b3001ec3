// Package stripepay collects through Stripe: one Checkout Session for each
// payment, refunds, and signed events (docs.stripe.com/api, 2026-03-25.dahlia).
//
// The one idea needed to read it: every request can be repeated, because what it
// asks for depends on the payment alone and its Idempotency-Key is the payment's
// id. So an answer that was lost is fetched by asking again.
package stripepay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/checkout/session"
	"github.com/stripe/stripe-go/v85/refund"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
)

// Code names Stripe in the database.
const Code = "stripe"

// Names of what we write into the metadata of Stripe's objects, to know them
// again.
const (
	intentKey = "openstall_intent"
	refundKey = "openstall_refund"
)

// pageOutlives is how much longer than its order the page may live. Stripe takes
// no session that ends within 30 minutes of its creation, an order waits for 15;
// the page is closed by [Provider.Close], this end is for the day on which that
// does not work. It counts from the order's deadline and not from now, so that
// asking again asks for the same.
const pageOutlives = 35 * time.Minute

// ErrRefused is returned for a payment that Stripe will not collect, such as one
// below its smallest sum.
var ErrRefused = errs.New(errs.Conflict, "payment.refused", "The payment provider does not take this sum. Choose another way to pay.", "支付服务商不接受这个金额，请换一种方式付款。")

// Config is what Stripe's dashboard gives. Key and Secrets are required.
type Config struct {
	Key     string        // secret or restricted key: sk_live_…, rk_test_…
	Secrets []string      // signing secrets of the webhook; two while one is being replaced
	URL     string        // of the API; empty: Stripe's
	Timeout time.Duration // of one request; default 20 s
	Name    string        // of the market, on the payment page
	Site    func() string // our address, without a slash at the end, for buyers of whom it is not known
}

// Provider is Stripe. It is safe for concurrent use.
type Provider struct {
	cfg      Config
	live     bool
	sessions session.Client
	refunds  refund.Client
	backend  stripe.Backend
}

// New returns a provider.
func New(c Config) *Provider {
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	bc := &stripe.BackendConfig{
		HTTPClient:        &http.Client{Timeout: c.Timeout},
		EnableTelemetry:   stripe.Bool(false),
		MaxNetworkRetries: stripe.Int64(2),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull}, // whoever calls has the error
	}
	if c.URL != "" {
		bc.URL = stripe.String(strings.TrimRight(c.URL, "/"))
	}
	b := stripe.GetBackendWithConfig(stripe.APIBackend, bc)
	return &Provider{cfg: c, live: strings.HasPrefix(c.Key, "sk_live_") || strings.HasPrefix(c.Key, "rk_live_"), backend: b,
		sessions: session.Client{B: b, Key: c.Key}, refunds: refund.Client{B: b, Key: c.Key}}
}

// Code is "stripe".
func (p *Provider) Code() string { return Code }

// Label names the method for buyers.
func (p *Provider) Label() text.Local {
	return text.Both("Card, Apple Pay, Google Pay", "银行卡、Apple Pay、Google Pay")
}

// Start makes a Checkout Session. Only cards (with the wallets on top of them)
// are offered: they answer at once, and the goods are held for minutes.
func (p *Provider) Start(ctx context.Context, in payment.Intent) (payment.Page, error) {
	s, err := p.create(ctx, in)
	if err != nil {
		return payment.Page{}, err
	}
	return payment.Page{Ref: s.ID, URL: s.URL}, nil
}

func (p *Provider) create(ctx context.Context, in payment.Intent) (*stripe.CheckoutSession, error) {
	units, ok := toStripe(in.Amount)
	if !ok {
		return nil, ErrRefused
	}
	about := map[string]string{intentKey: in.ID}
	back := in.Back
	if strings.HasPrefix(back, "/") {
		back = p.cfg.Site() + back
	}
	order, _, _ := strings.Cut(back, "?")
	params := &stripe.CheckoutSessionParams{
		Mode:               stripe.String("payment"),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		ClientReferenceID:  stripe.String(in.ID),
		Metadata:           about,
		LineItems: []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripe.String(strings.ToLower(in.Amount.Currency)),
				UnitAmount:  stripe.Int64(units),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(p.cfg.Name)},
			},
		}},
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: about, TransferGroup: stripe.String(in.Order)},
		AdaptivePricing:   &stripe.CheckoutSessionAdaptivePricingParams{Enabled: stripe.Bool(false)},
		SuccessURL:        stripe.String(back),
		CancelURL:         stripe.String(order),
		ExpiresAt:         stripe.Int64(in.ExpiresAt.Add(pageOutlives).Unix()),
	}
	params.Context = ctx
	params.SetIdempotencyKey(in.ID)
	s, err := p.sessions.New(params)
	var se *stripe.Error
	if errors.As(err, &se) && (se.Code == stripe.ErrorCodeAmountTooSmall || se.Code == stripe.ErrorCodeAmountTooLarge) {
		return nil, ErrRefused.Because(err)
	}
	return s, err
}

// Query asks where the session of an intent stands.
func (p *Provider) Query(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	id, err := p.sessionOf(ctx, in)
	if err != nil || id == "" {
		return payment.Fact{}, err
	}
	params := &stripe.CheckoutSessionParams{}
	params.Context = ctx
	s, err := p.sessions.Get(id, params)
	if err != nil {
		return payment.Fact{}, err
	}
	o := sessionObject{Status: string(s.Status), PaymentStatus: string(s.PaymentStatus), AmountTotal: s.AmountTotal, Currency: string(s.Currency), Metadata: s.Metadata}
	if s.PaymentIntent != nil {
		o.PaymentIntent = s.PaymentIntent.ID
	}
	return o.fact()
}

// sessionOf returns the session of an intent. When the answer to its creation
// was lost it is asked for again under the same key, which makes no second one;
// when there is none and it is too late to make one, it returns "".
func (p *Provider) sessionOf(ctx context.Context, in payment.Intent) (string, error) {
	if in.Ref != "" {
		return in.Ref, nil
	}
	s, err := p.create(ctx, in)
	var se *stripe.Error
	if errors.Is(err, ErrRefused) || errors.As(err, &se) && se.Param == "expires_at" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return s.ID, nil
}

// Close expires the session of an intent. Stripe refuses that when the session
// has been paid or has expired before; the query says which.
func (p *Provider) Close(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	id, err := p.sessionOf(ctx, in)
	if err != nil || id == "" {
		return payment.Fact{}, err
	}
	in.Ref = id
	params := &stripe.CheckoutSessionExpireParams{}
	params.Context = ctx
	_, err = p.sessions.Expire(id, params)
	var se *stripe.Error
	if err != nil && (!errors.As(err, &se) || se.HTTPStatusCode != http.StatusBadRequest) {
		return payment.Fact{}, err
	}
	return p.Query(ctx, in)
}

// Refund gives money back. Stripe forgets keys after a day while a refund may be
// asked for much longer, so it is looked up before it is made.
func (p *Provider) Refund(ctx context.Context, r payment.Refund, captured string) (payment.Fact, error) {
	units, ok := toStripe(r.Amount)
	if !ok {
		return payment.Fact{Kind: payment.NotGivenOut, Refund: r.ID, Amount: r.Amount, Detail: "no sum that Stripe can give back"}, nil
	}
	known, err := p.madeRefund(ctx, r.ID, captured)
	if err != nil {
		return payment.Fact{}, err
	}
	if known == nil {
		params := &stripe.RefundParams{PaymentIntent: stripe.String(captured), Amount: stripe.Int64(units), Metadata: map[string]string{refundKey: r.ID}}
		params.Context = ctx
		params.SetIdempotencyKey(r.ID)
		if known, err = p.refunds.New(params); err != nil {
			if why, final := refusal(err); final {
				return payment.Fact{Kind: payment.NotGivenOut, Refund: r.ID, Amount: r.Amount, Detail: why}, nil
			}
			return payment.Fact{}, err
		}
	}
	o := refundObject{ID: known.ID, Status: string(known.Status), Amount: known.Amount, Currency: string(known.Currency), Metadata: known.Metadata, FailureReason: string(known.FailureReason)}
	return o.fact()
}

// madeRefund finds a refund of ours among those of a payment, or returns nil.
func (p *Provider) madeRefund(ctx context.Context, id, captured string) (*stripe.Refund, error) {
	params := &stripe.RefundListParams{PaymentIntent: stripe.String(captured)}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	all := p.refunds.List(params)
	for all.Next() {
		if r := all.Refund(); r.Metadata[refundKey] == id {
			return r, nil
		}
	}
	return nil, all.Err()
}

// refusal tells a no of Stripe's from a later: an empty balance fills again.
func refusal(err error) (why string, final bool) {
	var se *stripe.Error
	if !errors.As(err, &se) || se.HTTPStatusCode != http.StatusBadRequest || se.Type != stripe.ErrorTypeInvalidRequest {
		return "", false
	}
	return fmt.Sprintf("%s: %s", se.Code, se.Msg), se.Code != stripe.ErrorCodeBalanceInsufficient
}
