// Package transfer lets buyers pay a shop by bank transfer: they see where the
// money goes and under which reference, tell that they have sent it, with a
// picture if they like, and a person of the shop says whether it has come.
//
// It is a provider like others with books of its own; only its messages are a
// person's clicks. The money goes straight to the shop's bank account, and what
// has to go back is sent back by the shop.
package transfer

import (
	"context"
	"embed"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/picture"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this provider.
var Migrations = db.Migrations{Area: "transfer", Files: files}

// Code names the provider in the database.
const Code = "transfer"

// Details say where money goes.
type Details struct {
	Holder string `json:"holder" maxLength:"120" doc:"Name on the account"`
	Number string `json:"number" maxLength:"60" doc:"IBAN or account number"`
	Bank   string `json:"bank,omitempty" maxLength:"120" doc:"Name of the bank, its BIC or branch"`
	Note   string `json:"note,omitempty" maxLength:"300" doc:"What else the buyer should know"`
}

// Account is how a shop takes transfers. Days is how long an order waits for the
// money, 1 to 14.
type Account struct {
	Enabled bool    `json:"enabled"`
	Details Details `json:"details"`
	Days    int     `json:"days" minimum:"1" maximum:"14"`
}

// UsualDays is how long an order waits when the shop does not say.
const UsualDays = 3

// State of a transfer.
type State string

// States of a transfer.
const (
	Awaited  State = "awaited"
	Told     State = "told"     // the buyer says that it is on its way
	Refused  State = "refused"  // the shop has looked and found nothing
	Received State = "received" // the shop has it
	Closed   State = "closed"   // the order does not wait any more; the money may come all the same
)

// Transfer is what an order is paid by.
type Transfer struct {
	Order, Intent, Shop, Buyer string
	Reference                  string
	Details                    Details
	Amount                     money.Amount
	State                      State
	Note                       string
	Proof                      string // id of a picture, or ""
	Reason                     string
	ToldAt, DecidedAt          time.Time
	Owed                       money.Amount // what the shop still has to send back
}

// TopicRefused tells that a shop has not found the money. The key is the order,
// the payload a [Refusal].
const TopicRefused = "transfer.refused"

// Refusal is the payload of [TopicRefused].
type Refusal struct {
	Order  string `json:"order"`
	Buyer  string `json:"buyer"`
	Reason string `json:"reason"`
	At     int64  `json:"at"` // milliseconds
}

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "transfer.not_found", "This order is not paid by bank transfer.", "这笔订单不是银行转账付款。")
	ErrDetails  = errs.New(errs.Invalid, "transfer.details", "Buyers need the name on the account and its number.", "买家需要知道户名和账号。")
	ErrReceived = errs.New(errs.Conflict, "transfer.received", "The money has come already.", "这笔款已经到账。")
	ErrReason   = errs.New(errs.Invalid, "transfer.reason", "Tell the buyer what you have looked for.", "请告诉买家你查了什么。")
	ErrNothing  = errs.New(errs.Conflict, "transfer.nothing_owed", "There is nothing to send back.", "没有需要退回的款项。")
)

// Provider keeps transfers. It is safe for concurrent use.
type Provider struct {
	db    *db.DB
	bus   *bus.Bus
	blobs blob.Store
	now   clock.Now
}

// New returns a provider that keeps proofs in blobs, out of the reach of public
// pictures.
func New(d *db.DB, b *bus.Bus, blobs blob.Store, now clock.Now) *Provider {
	return &Provider{db: d, bus: b, blobs: blobs, now: now}
}

// Code is "transfer".
func (p *Provider) Code() string { return Code }

// Label names the method for buyers.
func (p *Provider) Label() text.Local { return text.Both("Bank transfer", "银行转账") }

// Offer reports whether a shop takes transfers and how long its orders wait.
func (p *Provider) Offer(ctx context.Context, shop string) (time.Duration, bool, error) {
	a, err := accountOf(ctx, p.db, shop)
	return time.Duration(a.Days) * 24 * time.Hour, a.Enabled, err
}

// Start notes down what is awaited, with the account as the shop has it now.
func (p *Provider) Start(ctx context.Context, in payment.Intent) (payment.Page, error) {
	a, err := accountOf(ctx, p.db, in.Shop)
	if err != nil {
		return payment.Page{}, err
	}
	if a.Details.Number == "" {
		return payment.Page{}, payment.ErrProvider
	}
	t := Transfer{Order: in.Order, Intent: in.ID, Shop: in.Shop, Buyer: in.Buyer, Reference: reference(in.Order), Details: a.Details, Amount: in.Amount, State: Awaited}
	return payment.Page{Ref: t.Reference, URL: "/orders/" + in.Order}, insert(ctx, p.db, t)
}

// reference is what the buyer writes on the transfer: short, without letters that
// look like digits, and of the order's random end.
func reference(order string) string {
	_, bare, _ := strings.Cut(order, "_")
	return "OS-" + strings.ToUpper(bare[max(0, len(bare)-8):])
}

// Query tells whether the shop has the money.
func (p *Provider) Query(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	t, err := byOrder(ctx, p.db, in.Order)
	if errors.Is(err, ErrNotFound) || err == nil && t.State != Received {
		return payment.Fact{}, nil
	}
	return payment.Fact{Kind: payment.Succeeded, Intent: t.Intent, Ref: t.Reference, Amount: t.Amount}, err
}

// Close stops waiting for the money of an order.
func (p *Provider) Close(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	if err := closeTransfer(ctx, p.db, in.Order); err != nil {
		return payment.Fact{}, err
	}
	return p.Query(ctx, in)
}

// Refund notes that the shop owes the buyer, until it says that it has sent the
// money back.
func (p *Provider) Refund(ctx context.Context, r payment.Refund, _ string) (payment.Fact, error) {
	sent, err := owe(ctx, p.db, r.ID, r.Order, r.Amount.Minor)
	f := payment.Fact{Kind: payment.ToBeGiven, Refund: r.ID, Ref: r.ID, Amount: r.Amount}
	if sent {
		f.Kind = payment.GivenBack
	}
	return f, err
}

// Read refuses: nobody sends messages about transfers.
func (p *Provider) Read(context.Context, http.Header, []byte, time.Time) (payment.Fact, error) {
	return payment.Fact{}, payment.ErrSignature
}

// Account returns how a shop takes transfers.
func (p *Provider) Account(ctx context.Context, shop string) (Account, error) {
	return accountOf(ctx, p.db, shop)
}

// SetAccount changes how a shop takes transfers. Orders that wait keep what their
// buyers were shown.
func (p *Provider) SetAccount(ctx context.Context, shop string, a Account) error {
	d := &a.Details
	d.Holder, d.Number, d.Bank, d.Note = text.Line(d.Holder), strings.ToUpper(text.Line(d.Number)), text.Line(d.Bank), text.Line(d.Note)
	if a.Enabled && (d.Holder == "" || d.Number == "") {
		return ErrDetails
	}
	return p.db.InTx(ctx, func(tx *db.Tx) error { return setAccount(ctx, tx, shop, a, p.now()) })
}

// Of returns the transfer of an order.
func (p *Provider) Of(ctx context.Context, order string) (Transfer, error) {
	return byOrder(ctx, p.db, order)
}

// Waiting returns the transfers of a shop that somebody has to look at: told,
// and owed back; the oldest first.
func (p *Provider) Waiting(ctx context.Context, shop string) ([]Transfer, error) {
	return waiting(ctx, p.db, shop)
}

// Tell notes that the buyer has sent the money. Proof may be nil; a later one
// takes its place.
func (p *Provider) Tell(ctx context.Context, order, note string, proof io.Reader) (Transfer, error) {
	t, err := byOrder(ctx, p.db, order)
	if err != nil {
		return t, err
	}
	if t.State == Received {
		return t, ErrReceived
	}
	now := p.now()
	kept := t.Proof
	if proof != nil {
		kept = id.New("prf", now)
		if _, err := picture.Save(ctx, proofs{p.blobs}, kept, proof); err != nil {
			return t, err
		}
	}
	ok, err := tell(ctx, p.db, order, text.Line(note), kept, now)
	if err == nil && !ok {
		err = ErrReceived
	}
	if err != nil {
		return t, err
	}
	if kept != t.Proof && t.Proof != "" {
		for _, w := range picture.Widths {
			if err := (proofs{p.blobs}).Delete(ctx, picture.Key(t.Proof, w)); err != nil {
				return t, err
			}
		}
	}
	return byOrder(ctx, p.db, order)
}

// Receive notes that the shop has the money, at whatever time it came. The
// caller has the payment asked for it, see [payment.Service.Ask].
func (p *Provider) Receive(ctx context.Context, shop, order string) (Transfer, error) {
	t, err := p.of(ctx, shop, order)
	if err != nil || t.State == Received {
		return t, err
	}
	if err := decide(ctx, p.db, order, Received, "", p.now()); err != nil {
		return t, err
	}
	return byOrder(ctx, p.db, order)
}

// Refuse tells the buyer that the money has not been found. The order waits on.
func (p *Provider) Refuse(ctx context.Context, shop, order, reason string) (Transfer, error) {
	t, err := p.of(ctx, shop, order)
	if err != nil {
		return t, err
	}
	if t.State == Received {
		return t, ErrReceived
	}
	if reason = text.Line(reason); reason == "" {
		return t, ErrReason
	}
	now := p.now()
	err = p.db.InTx(ctx, func(tx *db.Tx) error {
		if err := decide(ctx, tx, order, Refused, reason, now); err != nil {
			return err
		}
		e, err := bus.New(TopicRefused, order, Refusal{Order: order, Buyer: t.Buyer, Reason: reason, At: now.UnixMilli()})
		if err != nil {
			return err
		}
		return p.bus.Publish(ctx, tx, e)
	})
	if err != nil {
		return t, err
	}
	return byOrder(ctx, p.db, order)
}

// SentBack notes that the shop has sent back what it owed, and returns the
// refunds that this settles; the caller has them asked for, see
// [payment.Service.AskRefund].
func (p *Provider) SentBack(ctx context.Context, shop, order string) ([]string, error) {
	if _, err := p.of(ctx, shop, order); err != nil {
		return nil, err
	}
	var refunds []string
	err := p.db.InTx(ctx, func(tx *db.Tx) error {
		var err error
		refunds, err = sendBack(ctx, tx, order, p.now())
		return err
	})
	if err == nil && len(refunds) == 0 {
		err = ErrNothing
	}
	return refunds, err
}

func (p *Provider) of(ctx context.Context, shop, order string) (Transfer, error) {
	t, err := byOrder(ctx, p.db, order)
	if err == nil && t.Shop != shop {
		err = ErrNotFound
	}
	return t, err
}

// Proof opens the picture that a buyer has sent, as a JPEG of ours.
func (p *Provider) Proof(ctx context.Context, t Transfer) (io.ReadCloser, error) {
	if t.Proof == "" {
		return nil, ErrNotFound
	}
	return p.blobs.Open(ctx, proofFolder+picture.Key(t.Proof, picture.Fit(960)), 0, -1)
}

// proofFolder keeps proofs apart from pictures that anybody may see.
const proofFolder = "transfer/"

type proofs struct{ blob.Store }

func (s proofs) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) error {
	return s.Store.Put(ctx, proofFolder+key, r, size, contentType)
}

func (s proofs) Delete(ctx context.Context, key string) error {
	return s.Store.Delete(ctx, proofFolder+key)
}
