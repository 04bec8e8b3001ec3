// Package testpay is the built-in test provider: a payment provider with a page
// of its own, signed messages and the bad habits of real ones. Whoever pays
// chooses what happens: it succeeds, fails, answers late, twice, out of order or
// not at all. No money moves.
//
// It keeps its own books in its own tables and speaks to us only over HTTP, like
// a provider elsewhere would.
package testpay

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the provider's own tables.
var Migrations = db.Migrations{Area: "testpay", Files: files}

// SignatureHeader carries "t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>".
const SignatureHeader = "Testpay-Signature"

// Tolerance is how old a message may be when it is read.
const Tolerance = 5 * time.Minute

// Late is how long "answer late" waits.
const Late = 20 * time.Second

// Provider is the test provider. It is safe for concurrent use.
type Provider struct {
	db     *db.DB
	jobs   *job.Queue
	secret []byte
	notify func() string // where messages go
	client *http.Client
	now    clock.Now
}

// New returns the provider. notify gives the address that takes its messages;
// it is asked when a message is sent.
func New(d *db.DB, jobs *job.Queue, secret string, notify func() string, now clock.Now) *Provider {
	p := &Provider{db: d, jobs: jobs, secret: []byte(secret), notify: notify, now: now, client: &http.Client{Timeout: 10 * time.Second}}
	job.Handle(jobs, p.deliver)
	return p
}

// Code is "test".
func (p *Provider) Code() string { return "test" }

// Label names the method for buyers.
func (p *Provider) Label() text.Local {
	return text.Both("Test payment, no money moves", "测试支付，不会扣款")
}

// Start opens a payment for an intent.
func (p *Provider) Start(ctx context.Context, in payment.Intent) (payment.Page, error) {
	ref, err := open(ctx, p.db, id.New("tp", p.now()), in.ID, in.Amount, in.Back)
	return payment.Page{Ref: ref, URL: "/pay/test/" + ref}, err
}

// Query tells whether an intent has been paid.
func (p *Provider) Query(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	pay, err := byIntent(ctx, p.db, in.ID)
	if errors.Is(err, payment.ErrNotFound) {
		return payment.Fact{}, nil // nobody opened its page
	}
	if err != nil || pay.state != "paid" {
		return payment.Fact{}, err
	}
	return payment.Fact{Kind: payment.Succeeded, Intent: in.ID, Ref: pay.ref, Amount: money.Of(pay.amount, pay.currency)}, nil
}

// Close takes the page of an intent away that has not been paid.
func (p *Provider) Close(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	if err := closePayment(ctx, p.db, in.ID); err != nil {
		return payment.Fact{}, err
	}
	return p.Query(ctx, in)
}

// Refund gives back what was paid; a repetition is the same refund.
func (p *Provider) Refund(ctx context.Context, r payment.Refund, captured string) (payment.Fact, error) {
	ref := "tpr_" + strings.TrimPrefix(r.ID, "rfd_")
	return payment.Fact{Kind: payment.GivenBack, Refund: r.ID, Ref: ref, Amount: r.Amount}, insertRefund(ctx, p.db, ref, captured, r.Amount.Minor)
}

// message is what the provider says.
type message struct {
	ID       string `json:"id"`
	Type     string `json:"type"` // "payment.succeeded" or "payment.failed"
	Intent   string `json:"intent"`
	Payment  string `json:"payment"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Read verifies a message.
func (p *Provider) Read(_ context.Context, header http.Header, body []byte, now time.Time) (payment.Fact, error) {
	t, mac, ok := strings.Cut(header.Get(SignatureHeader), ",v1=")
	stamp, isT := strings.CutPrefix(t, "t=")
	if !ok || !isT || !hmac.Equal([]byte(mac), []byte(p.sign(stamp, body))) {
		return payment.Fact{}, payment.ErrSignature
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return payment.Fact{}, payment.ErrSignature
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > Tolerance || age < -Tolerance {
		return payment.Fact{}, payment.ErrStale
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil || m.ID == "" || m.Intent == "" {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	f := payment.Fact{Message: m.ID, Kind: payment.Declined, Intent: m.Intent, Ref: m.Payment, Amount: money.Of(m.Amount, m.Currency)}
	if m.Type == "payment.succeeded" {
		f.Kind = payment.Succeeded
	}
	return f, nil
}

func (p *Provider) sign(stamp string, body []byte) string {
	h := hmac.New(sha256.New, p.secret)
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Choice is what the payer wants to happen.
type Choice string

// Choices on the page.
const (
	Succeed    Choice = "succeed"
	Fail       Choice = "fail"
	AnswerLate Choice = "late"         // paid, but the message comes after a while
	Twice      Choice = "twice"        // paid, and the message comes twice, under one id and under two
	OutOfOrder Choice = "out_of_order" // paid after a failed try whose message comes last
	Silent     Choice = "silent"       // paid, and no message ever comes: the provider has to be asked
	TimeOut    Choice = "time_out"     // nothing is paid and nothing is heard
)

// Choose carries a choice out and returns where the browser goes.
func (p *Provider) Choose(ctx context.Context, ref string, c Choice) (string, error) {
	pay, err := byRef(ctx, p.db, ref)
	if err != nil {
		return "", err
	}
	if pay.state != "open" || c == TimeOut {
		return pay.back, nil
	}
	now := p.now()
	say := func(kind, event string) message {
		return message{ID: event, Type: kind, Intent: pay.intent, Payment: ref, Amount: pay.amount, Currency: pay.currency}
	}
	type sending struct {
		m  message
		in time.Duration
	}
	ok, failed := say("payment.succeeded", id.New("tpe", now)), say("payment.failed", id.New("tpe", now))
	var out []sending
	switch c {
	case Succeed:
		out = []sending{{ok, 0}}
	case Fail:
		out = []sending{{failed, 0}}
	case Silent:
	case AnswerLate:
		out = []sending{{ok, Late}}
	case Twice:
		again := say("payment.succeeded", id.New("tpe", now))
		out = []sending{{ok, 0}, {ok, 0}, {again, time.Second}}
	case OutOfOrder:
		out = []sending{{ok, 0}, {failed, 2 * time.Second}}
	default:
		return "", errs.ErrInvalid.At("choice", "not a choice")
	}
	err = p.db.InTx(ctx, func(tx *db.Tx) error {
		if c != Fail {
			if err := setState(ctx, tx, ref, "paid"); err != nil {
				return err
			}
		}
		for _, o := range out {
			if err := p.jobs.Insert(ctx, tx, delivery{o.m}, job.At(now.Add(o.in)), job.MaxAttempts(30)); err != nil {
				return err
			}
		}
		return nil
	})
	return pay.back, err
}

// delivery is the job that sends a message until it is taken.
type delivery struct {
	Message message `json:"message"`
}

// Kind names the job.
func (delivery) Kind() string { return "testpay.deliver" }

func (p *Provider) deliver(ctx context.Context, d delivery) error {
	body, err := json.Marshal(d.Message)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.notify(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = p.Signed(body)
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	if res.StatusCode >= 300 {
		return fmt.Errorf("message %s answered %d", d.Message.ID, res.StatusCode)
	}
	return nil
}

// Signed returns the headers that belong to a message sent now.
func (p *Provider) Signed(body []byte) http.Header {
	stamp := strconv.FormatInt(p.now().Unix(), 10)
	return http.Header{
		"Content-Type":  {"application/json"},
		SignatureHeader: {"t=" + stamp + ",v1=" + p.sign(stamp, body)},
	}
}
