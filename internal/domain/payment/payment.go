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

// States of an intent. Failed may still become Paid, because people try again,
// and so may Closed, because money comes late.
const (
	Open       State = "open"
	Processing State = "processing" // the buyer has done their part, the bank has not
	Paid       State = "paid"
	Failed     State = "failed"
	Closed     State = "closed" // the order does not want the money any more
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
	Ref       string // the provider's name of what it expects; "" until it has answered
	Page      string // where the buyer pays; "" until the provider has answered
	Back      string // where the browser returns to; a path when nobody knows under which address it came
	CreatedAt time.Time
	ExpiresAt time.Time // when the order stops waiting
}

// Refund gives money of an intent back.
type Refund struct {
	ID          string
	Intent      string
	Order       string
	Amount      money.Amount
	Reason      string
	State       RefundState
	ProviderRef string
	CreatedAt   time.Time
}

// RefundState of a refund.
type RefundState string

// States of a refund, in the only order in which they follow each other: a bank
// may return money after the provider has sent it, and never the other way.
const (
	RefundPending RefundState = "pending"
	RefundDone    RefundState = "done"
	RefundFailed  RefundState = "failed"  // a person has to settle it
	RefundSettled RefundState = "settled" // and has, outside the provider
)

// Kind of a fact.
type Kind string

// Kinds of facts. Nothing stands for an answer or a message that changes
// nothing for us.
const (
	Nothing     Kind = ""
	Succeeded   Kind = "succeeded"   // the money is there
	InProcess   Kind = "processing"  // it will be, or not
	Declined    Kind = "declined"    // this attempt failed, another may follow
	GivenBack   Kind = "given_back"  // a refund is done
	NotGivenOut Kind = "not_given"   // a refund has failed
	ToBeGiven   Kind = "to_be_given" // a refund is under way
)

// Fact is what a provider says has happened, in a message of its own or when it
// is asked.
type Fact struct {
	Message string // id of the message, unique per provider; "" in an answer
	Kind    Kind
	Intent  string // ours
	Refund  string // ours; "" for facts of a payment
	Ref     string // the provider's name of the payment or refund
	Amount  money.Amount
	Detail  string // for the operator, in the provider's words
}

// Page is what a provider answers when it is told to expect a payment.
type Page struct {
	Ref string // the provider's name of it
	URL string // where the browser goes
}

// Provider moves real money. Implementations are safe for concurrent use, and
// every call may be repeated: a timeout says nothing about what was done.
type Provider interface {
	// Code names the provider in the database: "test".
	Code() string
	// Label names the method for buyers.
	Label() text.Local
	// Start makes the provider expect a payment. Calling it again for the same
	// intent returns the same payment.
	Start(ctx context.Context, in Intent) (Page, error)
	// Query returns what the provider knows of the payment of an intent, whether
	// or not it has told us: Succeeded, InProcess or Nothing.
	Query(ctx context.Context, in Intent) (Fact, error)
	// Close makes the provider stop expecting a payment, and returns what Query
	// would afterwards: money may have been faster.
	Close(ctx context.Context, in Intent) (Fact, error)
	// Refund gives money back and returns where that stands: GivenBack,
	// ToBeGiven or NotGivenOut. Calling it again with the same refund asks where
	// it stands. captured is the provider's name of the payment.
	Refund(ctx context.Context, r Refund, captured string) (Fact, error)
	// Read verifies a message from the provider: signature first, then age. A
	// genuine message about something that is not ours is Nothing.
	Read(ctx context.Context, header http.Header, body []byte, now time.Time) (Fact, error)
}

// Direct is a provider through which money goes straight to a shop that has set
// it up: what is collected is the shop's own, and not every shop offers it.
type Direct interface {
	Provider
	// Offer reports whether a shop can be paid this way and how long an order
	// waits for the money.
	Offer(ctx context.Context, shop string) (wait time.Duration, ok bool, err error)
}

// Offer is a way in which a shop can be paid.
type Offer struct {
	Code string
	Wait time.Duration // how long an order waits for the money; 0: as usual
}

// Topics that an area above listens to in the same transaction. The key is the
// order.
const (
	Captured   = "payment.captured"
	Failure    = "payment.failed"
	Refunded   = "payment.refunded"
	Unrefunded = "payment.refund_failed" // Undone says whether Refunded was told before
)

// Happened is the payload of the topics above.
type Happened struct {
	Intent   string       `json:"intent"`
	Order    string       `json:"order"`
	Provider string       `json:"provider"`
	Refund   string       `json:"refund,omitempty"`
	Holder   string       `json:"holder"` // who has the money: the provider, or the shop through it
	Amount   money.Amount `json:"amount"`
	Undone   bool         `json:"undone,omitempty"`
}

// Errors that people and providers meet.
var (
	ErrProvider  = errs.New(errs.Invalid, "payment.provider", "This way of paying is not offered.", "不提供这种付款方式。")
	ErrNotFound  = errs.New(errs.NotFound, "payment.not_found", "There is no such payment.", "没有这笔付款。")
	ErrClosed    = errs.New(errs.Conflict, "payment.closed", "This order no longer waits for a payment.", "这笔订单不再等待付款。")
	ErrSignature = errs.New(errs.Forbidden, "payment.signature", "This message does not carry the provider's signature.", "这条消息没有支付服务商的签名。")
	ErrStale     = errs.New(errs.Forbidden, "payment.stale", "This message is too old to be believed.", "这条消息太旧，不可采信。")
	ErrMismatch  = errs.New(errs.Conflict, "payment.mismatch", "This message names another sum than the order.", "这条消息的金额与订单不符。")
	ErrNotFailed = errs.New(errs.Conflict, "payment.refund_not_failed", "This refund does not wait for a person.", "这笔退款不需要人工处理。")
	ErrTooMuch   = errs.New(errs.Conflict, "payment.refund_too_much", "More cannot be given back than was paid.", "退款不能超过已付金额。")
)
