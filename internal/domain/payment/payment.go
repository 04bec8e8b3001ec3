// Package payment moves real money: it asks a provider to collect for an order,
// believes only signed messages, acts on each once, and gives money back.
//
// Payment pages are the provider's; a browser is sent there and comes back. What
// the browser says on its return means nothing; the provider's message decides,
// whether it comes early, late, twice or out of order.
package payment

import (
	"context"
	"embed"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "payment", Files: files}

// State of an intent.
type State string

// States of an intent. Failed may still become Paid: people try again.
const (
	Open   State = "open"
	Paid   State = "paid"
	Failed State = "failed"
	Closed State = "closed" // the order does not want the money any more
)

// Intent is the wish to collect the amount of one order.
type Intent struct {
	ID        string
	Order     string
	Shop      string
	Buyer     string
	Provider  string
	Amount    money.Amount
	State     State
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Refund gives money of an intent back.
type Refund struct {
	ID          string
	Intent      string
	Order       string
	Amount      money.Amount
	Reason      string
	State       string // "pending" or "done"
	ProviderRef string
}

// Event is what a provider says has happened.
type Event struct {
	ID          string // unique per provider; a repetition is ignored
	Intent      string
	Paid        bool   // false: the attempt failed
	ProviderRef string // the provider's name of the payment
	Amount      money.Amount
}

// Provider moves real money. Implementations are safe for concurrent use.
type Provider interface {
	// Code names the provider in the database: "test".
	Code() string
	// Label names the method for buyers.
	Label() text.Local
	// Start makes the provider expect a payment and returns the page to send
	// the browser to, which returns to back. Calling it again for the same
	// intent returns the same payment.
	Start(ctx context.Context, in Intent, back string) (page string, err error)
	// Refund gives money back. Calling it again with the same refund returns
	// the first result.
	Refund(ctx context.Context, r Refund, captured string) (ref string, err error)
	// Read verifies a message from the provider: signature first, then age.
	Read(header http.Header, body []byte, now time.Time) (Event, error)
}

// Topics that an area above listens to in the same transaction. The key is the
// order.
const (
	Captured = "payment.captured"
	Failure  = "payment.failed"
	Refunded = "payment.refunded"
)

// Happened is the payload of the topics above.
type Happened struct {
	Intent   string       `json:"intent"`
	Order    string       `json:"order"`
	Provider string       `json:"provider"`
	Refund   string       `json:"refund,omitempty"`
	Amount   money.Amount `json:"amount"`
}

// Errors that people and providers meet.
var (
	ErrProvider  = errs.New(errs.Invalid, "payment.provider", "This way of paying is not offered.")
	ErrNotFound  = errs.New(errs.NotFound, "payment.not_found", "There is no such payment.")
	ErrClosed    = errs.New(errs.Conflict, "payment.closed", "This order no longer waits for a payment.")
	ErrSignature = errs.New(errs.Forbidden, "payment.signature", "This message does not carry the provider's signature.")
	ErrStale     = errs.New(errs.Forbidden, "payment.stale", "This message is too old to be believed.")
	ErrMismatch  = errs.New(errs.Conflict, "payment.mismatch", "This message names another sum than the order.")
	ErrTooMuch   = errs.New(errs.Conflict, "payment.refund_too_much", "More cannot be given back than was paid.")
)
