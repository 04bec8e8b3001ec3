package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// errLine is a call of which nobody knows whether it was carried out.
var errLine = errors.New("the line to the bank broke")

// bank is a payment provider with books of its own and every bad habit: calls
// that time out before or after the work, answers that lag, messages that come
// late, twice, out of order, forged or never. What it is told once it does once.
type bank struct {
	w     *world
	pays  []*pay
	twice []*pay // second payments of intents
	backs []*back
	mail  []letter
	sent  int // letters
}

// pay is what the bank knows of an intent.
type pay struct {
	intent string
	amount money.Amount
	state  payment.State // Open, Processing, Paid or Closed
	at     time.Time     // of the money
	second bool          // one of twice
}

func (p *pay) ref() string {
	if p.second {
		return "cap-again-" + p.intent
	}
	return "cap-" + p.intent
}

// back is what the bank knows of a refund.
type back struct {
	refund string
	order  string
	of     *pay
	amount money.Amount
	kind   payment.Kind // GivenBack, ToBeGiven or NotGivenOut
}

// ofSurplus reports whether it gives back what was paid twice.
func (b *back) ofSurplus() bool { return strings.HasPrefix(b.refund, payment.SurplusPrefix) }

func (b *back) fact() payment.Fact {
	return payment.Fact{Kind: b.kind, Refund: b.refund, Ref: "back-" + b.refund, Amount: b.amount}
}

// letter is a message on its way to us. One that must come tells what nobody
// could learn by asking.
type letter struct {
	fact payment.Fact
	must bool
}

// begin forgets what the history before was about.
func (b *bank) begin() { b.pays, b.twice, b.backs, b.mail, b.sent = nil, nil, nil, nil, 0 }

func (b *bank) pay(intent string) *pay {
	for _, p := range b.pays {
		if p.intent == intent {
			return p
		}
	}
	return nil
}

func (b *bank) payAs(ref string) *pay {
	for _, p := range slices.Concat(b.pays, b.twice) {
		if p.ref() == ref {
			return p
		}
	}
	return nil
}

func (b *bank) back(refund string) *back {
	for _, r := range b.backs {
		if r.refund == refund {
			return r
		}
	}
	return nil
}

// Code is "test".
func (b *bank) Code() string { return "test" }

// Label names the method for buyers.
func (b *bank) Label() text.Local { return text.Both("Bank", "银行") }

// Start expects a payment.
func (b *bank) Start(_ context.Context, in payment.Intent) (payment.Page, error) {
	before, after := b.w.h.line()
	if before {
		return payment.Page{}, errLine
	}
	if b.pay(in.ID) == nil {
		b.pays = append(b.pays, &pay{intent: in.ID, amount: in.Amount, state: payment.Open})
	}
	if after {
		return payment.Page{}, errLine
	}
	return payment.Page{Ref: "page-" + in.ID, URL: "/page/" + in.ID}, nil
}

// Query tells what is known, or what was known a while ago.
func (b *bank) Query(_ context.Context, in payment.Intent) (payment.Fact, error) {
	if before, after := b.w.h.line(); before || after {
		return payment.Fact{}, errLine
	}
	p := b.pay(in.ID)
	if p == nil || p.state == payment.Paid && b.w.h.lags(p.at) {
		return payment.Fact{}, nil
	}
	return p.fact(), nil
}

func (p *pay) fact() payment.Fact {
	f := payment.Fact{Intent: p.intent, Ref: p.ref(), Amount: p.amount}
	switch p.state {
	case payment.Paid:
		f.Kind = payment.Succeeded
	case payment.Processing:
		f.Kind = payment.InProcess
	default:
		return payment.Fact{}
	}
	return f
}

// Close stops expecting a payment.
func (b *bank) Close(_ context.Context, in payment.Intent) (payment.Fact, error) {
	before, after := b.w.h.line()
	if before {
		return payment.Fact{}, errLine
	}
	p := b.pay(in.ID)
	if p == nil {
		p = &pay{intent: in.ID, amount: in.Amount, state: payment.Closed}
		b.pays = append(b.pays, p)
	}
	if p.state == payment.Open {
		p.state = payment.Closed
	}
	if after {
		return payment.Fact{}, errLine
	}
	return p.fact(), nil
}

// Refund gives money back once per refund.
func (b *bank) Refund(_ context.Context, r payment.Refund, captured string) (payment.Fact, error) {
	before, after := b.w.h.line()
	if before {
		return payment.Fact{}, errLine
	}
	known := b.back(r.ID)
	if known == nil {
		p := b.payAs(captured)
		if p == nil || p.state != payment.Paid {
			b.w.h.fail("the bank is asked to give back %s, which it never took", captured)
			return payment.Fact{}, errLine
		}
		known = &back{refund: r.ID, order: r.Order, of: p, amount: r.Amount, kind: b.w.h.fate()}
		b.backs = append(b.backs, known)
		if known.kind != payment.ToBeGiven && b.w.h.chance(3) {
			b.write(known.fact(), false)
		}
	}
	if after {
		return payment.Fact{}, errLine
	}
	return known.fact(), nil
}

// Read verifies and reads a message.
func (b *bank) Read(_ context.Context, header http.Header, body []byte, _ time.Time) (payment.Fact, error) {
	var f payment.Fact
	if header.Get("Signature") != "of the bank" {
		return f, payment.ErrSignature
	}
	return f, json.Unmarshal(body, &f)
}

// write sends a message once, some times or not at all.
func (b *bank) write(f payment.Fact, must bool) {
	b.sent++
	f.Message = fmt.Sprintf("msg-%d-%d", b.w.h.seed, b.sent)
	for range b.w.h.copies(must) {
		b.mail = append(b.mail, letter{fact: f, must: must})
	}
}

// takes collects a payment, whatever it had said about it.
func (b *bank) takes(p *pay) {
	late := p.state == payment.Closed
	p.state, p.at = payment.Paid, b.w.now()
	b.write(p.fact(), late)
}

// takesAgain collects what has been paid once more, from a page that was still
// open. Nobody asks about an intent that is paid, so the bank has to tell of
// both; which is the second is for whoever hears of them.
func (b *bank) takesAgain(p *pay) {
	again := &pay{intent: p.intent, amount: p.amount, state: payment.Paid, at: b.w.now(), second: true}
	b.twice = append(b.twice, again)
	b.write(p.fact(), true)
	b.write(again.fact(), true)
}

// declines ends one attempt at a payment.
func (b *bank) declines(p *pay) {
	p.state = payment.Open
	b.write(payment.Fact{Kind: payment.Declined, Intent: p.intent, Ref: p.ref(), Amount: p.amount}, false)
}

// header is what a message of the bank, or of somebody else, comes with.
func header(genuine bool) http.Header {
	if genuine {
		return http.Header{"Signature": {"of the bank"}}
	}
	return http.Header{"Signature": {"of somebody"}}
}

// deliver hands over a letter.
func (b *bank) deliver(l letter, header http.Header) error {
	body, err := json.Marshal(l.fact)
	if err != nil {
		return err
	}
	return b.w.payments.Receive(b.w.h.ctx, "test", header, body)
}
