// Package lead keeps what people say who are interested in what is not bought
// with a tap, such as a car or a house: how to reach them, what they want, and
// what came of it.
//
// The one idea needed to read it: a lead belongs to who left it. They agreed to
// words that are kept as they were shown, and can take everything back; a clock
// erases what did not become a sale. What stays is a row without a person, so
// that the counts of a show stay true.
package lead

import (
	"embed"
	"encoding/json"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "lead", Files: files}

// State is how far a shop is with a lead.
type State string

// States of a lead.
const (
	Fresh     State = "new" // nobody has taken it
	Assigned  State = "assigned"
	Contacted State = "contacted"
	Viewing   State = "viewing" // a viewing or test drive is agreed
	Won       State = "won"
	Lost      State = "lost"
	Withdrawn State = "withdrawn" // by who left it; everything is erased
)

// States lists every state in the order of the work.
var States = []State{Fresh, Assigned, Contacted, Viewing, Won, Lost, Withdrawn}

// Open reports whether something is still to be done.
func (s State) Open() bool { return s == Fresh || s == Assigned || s == Contacted || s == Viewing }

// Wish is what a person wants of the shop.
type Wish string

// Wishes.
const (
	Call  Wish = "call"
	Write Wish = "write"
	View  Wish = "viewing" // or a test drive
)

// Reason is why nothing came of a lead.
type Reason string

// Reasons. Expired is the clock's word.
const (
	Price       Reason = "price"
	Elsewhere   Reason = "elsewhere" // bought somewhere else
	Sold        Reason = "sold"      // to somebody else
	Unreachable Reason = "unreachable"
	Junk        Reason = "junk"
	Duplicate   Reason = "duplicate"
	Other       Reason = "other"
	Expired     Reason = "expired"
)

// Lead is somebody's interest in a product. What the person gave is empty once
// it was erased.
type Lead struct {
	ID         string
	Shop       string
	Product    string
	Person     string
	Name       string
	Email      string // verified by signing in
	Phone      string // verified, or as typed when the account has none
	Wish       Wish
	Words      string
	Slot       *shop.Slot // kept for the viewing
	Source     Source
	Consent    Consent
	State      State
	Assignee   string // member of the shop
	Reason     Reason
	Price      money.Amount // of the sale
	CreatedAt  time.Time
	AnsweredAt time.Time // the shop got in touch; zero: not yet
	ClosedAt   time.Time
	EraseAt    time.Time // zero: it is kept
	ErasedAt   time.Time
	Version    int64
	Events     []Event // in [Service.GetForShop]
}

// Source is where a person was when they left a lead.
type Source struct {
	Show   string
	Second int64  // of the show
	Share  string // code of the link that brought them
	Page   string // PageRoom, PageProduct or PageVideo
}

// Pages.
const (
	PageRoom    = "room"
	PageProduct = "product"
	PageVideo   = "video"
)

// Consent is what a person agreed to, word by word.
type Consent struct {
	Version  string
	Language string
	Text     string
	At       time.Time
}

// Event is one step of a lead's history.
type Event struct {
	At    time.Time
	Event string // a [State], "note" or [Erased]
	Who   string // member of the shop; empty for the person and the clock
	Note  string
}

const (
	// KeepMonths is how long a lead is kept that does not become a sale. The words
	// of the consent say so.
	KeepMonths = 6
	// AnswerWithin is how soon a shop should get in touch.
	AnswerWithin = 15 * time.Minute

	maxWords = 1000
	maxName  = 80
	maxPhone = 20
)

// Changed is published with every step of a lead; the key is its id, the payload
// a [Told].
const Changed = "lead.changed"

// Erased is the event of a lead whose time was over.
const Erased = "erased"

// Told is what listeners learn of a lead: ids only, as what is told outlives
// what is erased by some days.
type Told struct {
	Lead    string `json:"lead"`
	Shop    string `json:"shop"`
	Product string `json:"product"`
	Person  string `json:"person"`
	Show    string `json:"show,omitempty"`
	Share   string `json:"share,omitempty"`
	State   State  `json:"state"`
	Event   string `json:"event"` // as in [Event]
	At      int64  `json:"at"`    // milliseconds
}

// JSON returns t for the bus.
func (t Told) JSON() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return b
}

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "lead.not_found", "There is no such inquiry.", "没有这条咨询。")
	ErrBought   = errs.New(errs.Invalid, "lead.bought", "This is bought, not asked for.", "这件商品可以直接购买。")
	ErrOpen     = errs.New(errs.Conflict, "lead.open", "You have asked the shop about this already. You find it under your orders.", "你已经咨询过这件商品，可在“我的订单”里查看。")
	ErrConsent  = errs.New(errs.Conflict, "lead.consent", "The words that you agree to have changed. Read them again.", "同意条款已有变化，请重新阅读。")
	ErrWish     = errs.New(errs.Invalid, "lead.wish", "Say what you want: a call, a message or a viewing.", "请选择：打电话、发消息或看货。")
	ErrPhone    = errs.New(errs.Invalid, "lead.phone", "A call needs a phone number.", "打电话需要手机号。")
	ErrName     = errs.New(errs.Invalid, "lead.name", "How should the shop call you?", "怎么称呼你？")
	ErrWords    = errs.New(errs.Invalid, "lead.words", "Write something, of a thousand characters at most.", "请填写内容，最多一千字。")
	ErrTaken    = errs.New(errs.Conflict, "lead.taken", "Somebody else has taken it.", "已有同事接手。")
	ErrStaff    = errs.New(errs.Invalid, "lead.staff", "Only an owner or somebody of customer service can take it.", "只能由店主或客服接手。")
	ErrOthers   = errs.New(errs.Forbidden, "lead.others", "Somebody else looks after this inquiry.", "这条咨询由别的同事负责。")
	ErrStep     = errs.New(errs.Conflict, "lead.step", "The inquiry has moved on; this is no longer possible.", "这条咨询已有变化，不能再这样操作。")
	ErrOutcome  = errs.New(errs.Invalid, "lead.outcome", "A sale needs its price, and no sale a reason.", "成交要填成交价，未成交要选原因。")
)
