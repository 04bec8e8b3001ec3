// Package settle makes what a shop has earned its own: when the time to return
// goods is over, less the commission that was frozen when the order was placed.
//
// The one idea needed to read it: a completed order has one row that waits for
// its date and is claimed once by a conditional UPDATE; its journal bears the
// order's name, so there can be no second. A refund corrects the row before that
// and the books after it, always to the same sums: what the order is worth now,
// and what of the commission is left of that. What a shop took itself (at the
// stall, by transfer) it keeps; its commission is owed, and comes off its free
// money.
package settle

import (
	"embed"
	"encoding/json"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "settle", Files: files}

// State of a settlement.
type State string

// States of a settlement.
const (
	Waiting State = "waiting"
	Settled State = "settled"
)

// Settlement is what a completed order is worth to its shop, minor units.
type Settlement struct {
	Order       string
	Number      string
	Shop        string
	Currency    string
	Own         bool // the shop took the money itself
	State       State
	Gross       int64 // paid and not promised back
	Fee         int64 // of Gross
	CompletedAt time.Time
	DueAt       time.Time // not settled before
	SettledAt   time.Time
	OpenCase    bool // waits for a case besides
}

// Kind of a move.
type Kind string

// Kinds of moves.
const (
	Sale       Kind = "sale"
	Refund     Kind = "refund" // after the order was settled
	Payout     Kind = "payout"
	PayoutBack Kind = "payout_back"
)

// Move is what changed the free money of a shop, minor units: Amount = Gross -
// Fee - Own - Paid. A refund has negative Gross, Fee and Own.
type Move struct {
	Ref      string // of its journal
	Shop     string
	At       time.Time
	Kind     Kind
	Order    string
	Number   string
	Payout   string
	Currency string
	Gross    int64
	Fee      int64
	Own      int64 // of Gross, in the hands of the shop
	Paid     int64
	Amount   int64
}

// PayoutState is where a payout stands.
type PayoutState string

// States of a payout. Done is what nobody has heard otherwise of; a bank may
// return money weeks later.
const (
	Asked    PayoutState = "asked"
	Held     PayoutState = "held"
	Sent     PayoutState = "sent"
	Done     PayoutState = "done"
	Returned PayoutState = "returned"
)

// Account is where a shop wants its money.
type Account struct {
	Holder string `json:"holder" minLength:"2" maxLength:"120" doc:"Name on the account"`
	Number string `json:"number" minLength:"4" maxLength:"60" doc:"IBAN or account number"`
	Bank   string `json:"bank,omitempty" maxLength:"120" doc:"Name of the bank, its BIC or branch"`
}

// PayoutOf is money on its way from the market to a shop.
type PayoutOf struct {
	ID        string
	Shop      string
	Reference string // written on the transfer
	Amount    int64
	Currency  string
	Account   Account // as it was when it was asked for
	State     PayoutState
	Reason    string // of being held or returned
	AskedAt   time.Time
	AskedBy   string
	ChangedAt time.Time
	ChangedBy string
	Version   int64
}

// Hold keeps the money of a shop where it is.
type Hold struct {
	ID         string
	Shop       string
	Reason     string
	Since      time.Time
	By         string // operator
	Objection  string // of the shop
	ObjectedAt time.Time
	ReleasedAt time.Time
	ReleasedBy string
	Answer     string
}

// TopicPayout is published when a payout moves, TopicHold when a shop is held,
// objects or is released; the payloads are [Told], the keys the payout and the
// shop. TopicAccount is published when a shop changes where it wants its money.
const (
	TopicPayout  = "settle.payout"
	TopicHold    = "settle.hold"
	TopicAccount = "settle.account"
)

// Told is what listeners learn.
type Told struct {
	ID       string `json:"id"`
	Shop     string `json:"shop"`
	Event    string `json:"event"`
	Reason   string `json:"reason,omitempty"`
	Amount   int64  `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
	At       int64  `json:"at"` // milliseconds
}

func (t Told) body() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return b
}

// Errors that people meet.
var (
	ErrNotFound  = errs.New(errs.NotFound, "settle.not_found", "There is no such payout.", "没有这笔提现。")
	ErrAccount   = errs.New(errs.Invalid, "settle.account", "This is no account that money can be sent to. Compare it with your bank card or statement.", "无法向此账户汇款，请对照银行卡或对账单核对。")
	ErrNoAccount = errs.New(errs.Conflict, "settle.no_account", "Say first where the money should go.", "请先填写收款账户。")
	ErrAmount    = errs.New(errs.Invalid, "settle.amount", "How much should be paid out?", "要提现多少？")
	ErrShort     = errs.New(errs.Conflict, "settle.short", "There is not that much on hand.", "可提现金额不足。")
	ErrHeld      = errs.New(errs.Conflict, "settle.held", "The market is holding payouts of this shop. The reason is on the page about your money.", "集市已暂缓这家店的提现，原因见货款页面。")
	ErrNotHeld   = errs.New(errs.Conflict, "settle.not_held", "The payouts of this shop are not held.", "该店铺没有被暂缓结算。")
	ErrState     = errs.New(errs.Conflict, "settle.state", "The payout has moved on; this is no longer possible.", "这笔提现的状态已变化，无法再这样操作。")
	ErrReason    = errs.New(errs.Invalid, "settle.reason", "Say why, in up to 1000 characters; the shop reads it.", "请说明原因，不超过 1000 字，店铺会看到。")
	ErrMonth     = errs.New(errs.Invalid, "settle.month", "A month is written as 2026-11.", "月份写成 2026-11 这样。")
	ErrKeyReused = errs.New(errs.Conflict, "settle.key_reused", "This Idempotency-Key was used for something else.", "这个 Idempotency-Key 已用于别的请求。")
)
