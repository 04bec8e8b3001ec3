package stripepay

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/errs"
)

// SignatureHeader carries "t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>",
// with a v1 for each secret while one is being replaced
// (docs.stripe.com/webhooks/signature).
const SignatureHeader = "Stripe-Signature"

// tolerance is how far from now an event's stamp may be, either way.
const tolerance = 5 * time.Minute

// event is a snapshot event, as far as it is read; what else it holds depends on
// the version of the API that the webhook was made with.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Livemode bool   `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// Read verifies an event and says what of it concerns us. The object in it is
// the state at the time of the event: facts move a payment forward or not at
// all, so an old one does no harm.
func (p *Provider) Read(_ context.Context, header http.Header, body []byte, now time.Time) (payment.Fact, error) {
	at, err := p.verify(header.Get(SignatureHeader), body)
	if err != nil {
		return payment.Fact{}, err
	}
	if age := now.Sub(at); age > tolerance || age < -tolerance {
		return payment.Fact{}, payment.ErrStale
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	if e.Livemode != p.live {
		return payment.Fact{}, nil // of the other half of the account
	}
	f, err := e.fact()
	if f.Kind == payment.Nothing || err != nil {
		return payment.Fact{}, err
	}
	f.Message = e.ID
	return f, nil
}

// verify returns the stamp of a genuine body.
func (p *Provider) verify(header string, body []byte) (time.Time, error) {
	stamp, macs := "", [][]byte{}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			if stamp != "" {
				return time.Time{}, payment.ErrSignature
			}
			stamp = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil && len(macs) < 8 {
				macs = append(macs, mac)
			}
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return time.Time{}, payment.ErrSignature
	}
	for _, secret := range p.cfg.Secrets {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(stamp + "."))
		h.Write(body)
		want := h.Sum(nil)
		for _, mac := range macs {
			if hmac.Equal(mac, want) {
				return time.Unix(seconds, 0), nil
			}
		}
	}
	return time.Time{}, payment.ErrSignature
}

func (e event) fact() (payment.Fact, error) {
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		return factOf[sessionObject](e)
	case "checkout.session.async_payment_failed", "payment_intent.payment_failed":
		return factOf[failedObject](e)
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		return factOf[refundObject](e)
	}
	return payment.Fact{}, nil
}

func factOf[O interface{ fact() (payment.Fact, error) }](e event) (payment.Fact, error) {
	var o O
	if err := json.Unmarshal(e.Data.Object, &o); err != nil {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	return o.fact()
}

// sessionObject is a Checkout Session, as far as it is read.
type sessionObject struct {
	Status        string            `json:"status"`
	PaymentStatus string            `json:"payment_status"`
	PaymentIntent string            `json:"payment_intent"`
	AmountTotal   int64             `json:"amount_total"`
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
}

func (o sessionObject) fact() (payment.Fact, error) {
	f := payment.Fact{Intent: o.Metadata[intentKey], Ref: o.PaymentIntent}
	if f.Intent == "" || o.Status != "complete" {
		return payment.Fact{}, nil
	}
	if o.PaymentStatus != "paid" {
		f.Kind = payment.InProcess
		return f, nil
	}
	amount, ok := fromStripe(o.AmountTotal, o.Currency)
	if !ok {
		return payment.Fact{}, errs.ErrInvalid.At("amount_total", "no sum")
	}
	f.Kind, f.Amount = payment.Succeeded, amount
	return f, nil
}

// failedObject is a session or a payment whose attempt failed.
type failedObject struct {
	Metadata map[string]string `json:"metadata"`
}

func (o failedObject) fact() (payment.Fact, error) {
	if o.Metadata[intentKey] == "" {
		return payment.Fact{}, nil
	}
	return payment.Fact{Kind: payment.Declined, Intent: o.Metadata[intentKey]}, nil
}

// refundObject is a refund, as far as it is read.
type refundObject struct {
	ID            string            `json:"id"`
	Status        string            `json:"status"`
	Amount        int64             `json:"amount"`
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
	FailureReason string            `json:"failure_reason"`
}

func (o refundObject) fact() (payment.Fact, error) {
	if o.Metadata[refundKey] == "" {
		return payment.Fact{}, nil // made by hand in Stripe's dashboard
	}
	amount, ok := fromStripe(o.Amount, o.Currency)
	if !ok {
		return payment.Fact{}, errs.ErrInvalid.At("amount", "no sum")
	}
	f := payment.Fact{Kind: payment.ToBeGiven, Refund: o.Metadata[refundKey], Ref: o.ID, Amount: amount, Detail: o.FailureReason}
	switch o.Status {
	case "succeeded":
		f.Kind = payment.GivenBack
	case "failed", "canceled":
		f.Kind = payment.NotGivenOut
	}
	return f, nil
}
