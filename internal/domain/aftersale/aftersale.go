// Package aftersale settles what went wrong with an order: money back, goods
// back, goods again, or a part of the price.
//
// The one idea needed to read it: a case is a state machine in a table (see
// machine.go), every state that waits for somebody has a clock, and what happens
// when the clock runs out stands in the same table. Steps lock the order first
// and the case second, and money, stock and history move in the same
// transaction.
package aftersale

import (
	"embed"
	"encoding/json"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "aftersale", Files: files}

// Kind is what a deal gives to the buyer.
type Kind string

// Kinds of deals.
const (
	Refund     Kind = "refund"     // money back, the goods stay
	Return     Kind = "return"     // goods back, then money back
	Exchange   Kind = "exchange"   // goods back, then the same goods again
	Resend     Kind = "resend"     // the same goods again
	Difference Kind = "difference" // a part of the price
)

// Kinds lists every kind.
var Kinds = []Kind{Refund, Return, Exchange, Resend, Difference}

// Reason is what is wrong, in the buyer's choice of words.
type Reason string

// Reasons.
const (
	Damaged     Reason = "damaged"
	WrongGoods  Reason = "wrong_goods"
	Missing     Reason = "missing"
	NotArrived  Reason = "not_arrived"
	NotAsShown  Reason = "not_as_shown"
	ChangedMind Reason = "changed_mind"
	Other       Reason = "other"
	FromSeller  Reason = "from_seller" // the shop gives back on its own
)

// Reasons lists what a buyer can choose.
var Reasons = []Reason{Damaged, WrongGoods, Missing, NotArrived, NotAsShown, ChangedMind, Other}

// Deal is a proposal, or what was settled on.
type Deal struct {
	Kind    Kind       `json:"kind"`
	Lines   []DealLine `json:"lines"`
	Freight bool       `json:"freight"` // goes back too
	Worth   int64      `json:"worth"`   // minor units, when it was proposed
}

// DealLine is one position of a deal. A quantity alone is worth its share of the
// frozen price; an amount beside it is the most that it brings; an amount alone
// is a part of the price.
type DealLine struct {
	Position int   `json:"position"` // in the order
	Quantity int64 `json:"quantity"`
	Minor    int64 `json:"minor"`
	Used     int64 `json:"used,omitempty"` // millionths, when it is paid back by progress: frozen when it was asked for
}

// Case is what is being settled.
type Case struct {
	ID          string
	Order       string
	Number      string // of the order
	Shop        string
	Buyer       string
	BuyerName   string
	State       State
	Reason      Reason
	Words       string
	Photos      []string
	Ask         Deal  // what the buyer wants now
	Offer       *Deal // what the shop proposes
	Agreed      *Deal // what it is settled on
	Currency    string
	Given       int64 // money promised back
	InCash      bool  // from hand to hand
	CameBack    bool  // the goods were sent or brought back
	Tracking    string
	Replacement string // order that sends the goods again
	Show        string
	Second      int64
	Replay      string // path that opens what was promised
	DueAt       time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64
	Events      []Step
}

// Step is one step of a case's history.
type Step struct {
	At     time.Time
	Event  Event
	By     By
	Person string // who it was
	Note   string
	Deal   *Deal // proposed or settled by it
}

// RefundKey is the key under which a case gives money back.
func (c Case) RefundKey() string { return "case:" + c.ID }

// Positions are the lines of the order that a case is about.
func (c Case) Positions() []int {
	out := make([]int, len(c.Ask.Lines))
	for i, l := range c.Ask.Lines {
		out[i] = l.Position
	}
	return out
}

// Clocks of a case.
const (
	Window         = 14 * 24 * time.Hour // after the goods were received, to say that something is wrong
	SellerAnswers  = 48 * time.Hour      // then what the buyer asks is granted
	BuyerAnswers   = 48 * time.Hour      // to a proposal; then the case is closed
	BuyerEscalates = 7 * 24 * time.Hour  // after a refusal; then the case is closed
	OperatorRules  = 7 * 24 * time.Hour  // then what the buyer asks is granted
	BuyerSends     = 7 * 24 * time.Hour  // agreed returns; then the case is closed
	SellerConfirms = 5 * 24 * time.Hour  // that they came; then the money goes back
	maxSteps       = 40
	maxPhotos      = 6
	maxWords       = 1000
)

// TopicChanged is published at every step; the key is the case, the payload a
// [Told].
const TopicChanged = "aftersale.changed"

// Told is what listeners learn of a step.
type Told struct {
	Case     string `json:"case"`
	Order    string `json:"order"`
	Number   string `json:"number"`
	Shop     string `json:"shop"`
	Buyer    string `json:"buyer"`
	State    State  `json:"state"`
	Event    Event  `json:"event"`
	By       By     `json:"by"`
	Reason   Reason `json:"reason"`
	Given    int64  `json:"given"`
	Currency string `json:"currency"`
	Version  int64  `json:"version"`
	At       int64  `json:"at"` // milliseconds
}

func (c Case) told(e Event, by By, at time.Time) []byte {
	b, err := json.Marshal(Told{Case: c.ID, Order: c.Order, Number: c.Number, Shop: c.Shop, Buyer: c.Buyer, State: c.State, Event: e, By: by, Reason: c.Reason,
		Given: c.Given, Currency: c.Currency, Version: c.Version, At: at.UnixMilli()})
	if err != nil {
		panic(err)
	}
	return b
}

// Errors that people meet.
var (
	ErrNotFound  = errs.New(errs.NotFound, "aftersale.not_found", "There is no such case.", "没有这个售后单。")
	ErrStep      = errs.New(errs.Conflict, "aftersale.step", "The case has moved on; this is no longer possible.", "售后单状态已变化，不能再这样操作。")
	ErrStale     = errs.New(errs.Conflict, "aftersale.stale", "The other side has answered meanwhile. Look again before you decide.", "对方刚刚有了新的答复，请看过后再决定。")
	ErrOpenCase  = errs.New(errs.Conflict, "aftersale.open", "There is a case about this already.", "这件商品已有处理中的售后单。")
	ErrTooLate   = errs.New(errs.Conflict, "aftersale.too_late", "The time to report a problem is over. Write to the shop.", "已超过售后期限，请联系店铺。")
	ErrDecided   = errs.New(errs.Conflict, "aftersale.decided", "The market has decided about this already.", "集市已对此作出裁决。")
	ErrNotYet    = errs.New(errs.Conflict, "aftersale.not_yet", "Nothing has been paid for this order yet.", "这个订单还没有付款。")
	ErrDeal      = errs.New(errs.Invalid, "aftersale.deal", "This cannot be asked for: choose goods of the order, and no more than is left of them.", "请选择订单中的商品，且不超过可退数量。")
	ErrReason    = errs.New(errs.Invalid, "aftersale.reason", "Choose what is wrong.", "请选择出了什么问题。")
	ErrRule      = errs.New(errs.Invalid, "aftersale.rule", "These goods cannot go back because of a change of mind; that was told before they were bought.", "这类商品不支持无理由退货，购买前已告知。")
	ErrWords     = errs.New(errs.Invalid, "aftersale.words", "Write up to 1000 characters.", "最多 1000 个字。")
	ErrNote      = errs.New(errs.Invalid, "aftersale.note", "Say why; the other side reads it.", "请写明理由，对方会看到。")
	ErrPhotos    = errs.New(errs.Invalid, "aftersale.photos", "Up to six photos of your own can be added.", "最多可以添加六张自己的照片。")
	ErrKeyReused = errs.New(errs.Conflict, "aftersale.key_reused", "This Idempotency-Key was used for something else.", "这个 Idempotency-Key 已用于别的请求。")
)

// receivedAt is when the buyer had the goods, or zero.
func receivedAt(o order.Order) time.Time {
	for i := len(o.Events) - 1; i >= 0; i-- {
		switch o.Events[i].Event {
		case "handed_over", "received", "opened", "completed":
			return o.Events[i].At
		}
	}
	return time.Time{}
}
