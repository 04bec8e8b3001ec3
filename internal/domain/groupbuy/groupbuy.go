// Package groupbuy lets people buy together for less: so many of them until a
// deadline, or everybody gets their money back.
//
// The one idea needed to read it: a seat is an order. It is taken when the order
// is placed, counts when that is paid, and is free again when the order comes to
// nothing; there is no other way to a seat. When the group is full or its time
// is over, one conditional UPDATE decides, and the orders follow (see
// order.SettleGroups).
package groupbuy

import (
	"embed"
	"time"
	"unicode"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "groupbuy", Files: files}

// Step is a price for so many people. An offer has one, or several of which
// each is for more people and a lower price.
type Step struct {
	People int64 `json:"people"`
	Price  int64 `json:"price"` // minor units
}

// Offer is a variant that a shop sells to groups. Its terms never change. The
// goods of all its groups are in a bucket of their own, named like the offer, so
// no group can fail for want of them.
type Offer struct {
	ID        string
	Shop      string
	Product   string
	SKU       string
	Currency  string
	Was       int64 // minor units, the price when it began
	Steps     []Step
	Units     int64 // quantity units of one seat
	Groups    int64
	Open      int64 // groups begun and not failed
	PerBuyer  int64 // seats for one buyer in all groups
	Lasts     time.Duration
	StartsAt  time.Time
	StoppedAt time.Time // zero while groups can be begun
	ClosedAt  time.Time // zero while goods are set aside
}

// Size is how many people a group of o has room for.
func (o Offer) Size() int64 { return o.Steps[len(o.Steps)-1].People }

// State is where a group stands.
type State string

// States of a group.
const (
	Open   State = "open"
	Full   State = "full"   // its orders go on
	Failed State = "failed" // its orders are given back
	Gone   State = "gone"   // everybody left before it ended
)

// Group is one of the groups of an offer.
type Group struct {
	Code      string // in its link
	Offer     string
	First     int64 // people without whom it fails
	Size      int64
	Seats     int64 // taken, paid or not
	Paid      int64
	State     State
	StartedAt time.Time
	EndsAt    time.Time
	EndedAt   time.Time // zero while it is open
	SettledAt time.Time // zero until all its orders know
}

// Seat is somebody's place in a group.
type Seat struct {
	Code  string
	Buyer string
	Order string
	Name  string // as others see it
	State SeatState
}

// SeatState is where a seat stands.
type SeatState string

// States of a seat.
const (
	Held SeatState = "held" // its order is not paid yet
	Paid SeatState = "paid"
	Left SeatState = "gone" // its order came to nothing while the group was open
)

// Deal is what an offer of an order freezes of a group: price and rule stand in
// it as the buyer saw them.
type Deal struct {
	Code   string    `json:"code"`
	Offer  string    `json:"offer"`
	Opens  bool      `json:"opens,omitempty"` // this order begins the group
	Steps  []Step    `json:"steps"`
	EndsAt time.Time `json:"ends_at"`
}

// Size is how many people the group has room for.
func (d Deal) Size() int64 { return d.Steps[len(d.Steps)-1].People }

// Reached returns the price for so many people, or that of the first step.
func (d Deal) Reached(people int64) int64 { return Reached(d.Steps, people).Price }

// Reached returns the step that so many people have reached, or the first.
func Reached(steps []Step, people int64) Step {
	at := steps[0]
	for _, s := range steps {
		if people >= s.People {
			at = s
		}
	}
	return at
}

// TopicStep is published when the paid people of an open group reach a step; the
// key is its code, the payload a [Told].
const TopicStep = "groupbuy.step"

// Told is what listeners learn of a group.
type Told struct {
	Code   string `json:"code"`
	Offer  string `json:"offer"`
	People int64  `json:"people"` // paid
	At     int64  `json:"at"`     // milliseconds
}

// Limits.
const (
	MaxPeople = 50
	maxSteps  = 5
	maxGroups = 10_000
	MinLasts  = time.Hour
	MaxLasts  = 72 * time.Hour // pickup times are known for a week
)

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "groupbuy.not_found", "There is no such group.", "没有这个团。")
	ErrNoOffer  = errs.New(errs.NotFound, "groupbuy.no_offer", "This is not sold to groups.", "该商品没有拼团。")
	ErrTerms    = errs.New(errs.Invalid, "groupbuy.terms", "A group has 2 to 50 people, 1 to 72 hours, a lower price than alone, and a still lower one for more people.", "成团需要 2 到 50 人、1 到 72 小时，价格低于单买，人越多价越低。")
	ErrKind     = errs.New(errs.Invalid, "groupbuy.kind", "Appointments and courses are not sold to groups.", "预约和课程不能拼团。")
	ErrOn       = errs.New(errs.Conflict, "groupbuy.on", "This variant is sold to groups already.", "这个规格已经在拼团了。")
	ErrPay      = errs.New(errs.Conflict, "groupbuy.pay", "Groups are paid at once, and nobody can pay this shop so yet.", "拼团需要在线付款，本店还没有可用的在线付款方式。")
	ErrFull     = errs.New(errs.Conflict, "groupbuy.full", "This group is full. Start your own.", "这个团已经满了，自己开一个吧。")
	ErrOver     = errs.New(errs.Conflict, "groupbuy.over", "This group is over. Start your own.", "这个团已经结束，自己开一个吧。")
	ErrIn       = errs.New(errs.Conflict, "groupbuy.in", "You are in this group already.", "你已经在这个团里了。")
	ErrNoMore   = errs.New(errs.Conflict, "groupbuy.no_more", "No more groups of this can be started.", "暂时不能再开新团。")
	ErrLimit    = errs.New(errs.Conflict, "groupbuy.limit", "You have had your share of this.", "你已达到限购数量。")
	ErrQuantity = errs.New(errs.Invalid, "groupbuy.quantity", "Everybody in a group buys the same, and nothing else with it.", "团里每个人买的数量相同，也不能混买。")
)

// Masked is how a buyer's name is shown to the others of a group: the first name,
// or the first sign where there is none to tell.
func Masked(name string) string {
	runes := []rune(text.Line(name))
	var first []rune
	for _, r := range runes {
		if unicode.IsSpace(r) {
			break
		}
		first = append(first, r)
	}
	if len(first) == 0 || !unicode.IsGraphic(first[0]) {
		return "*"
	}
	for _, r := range first {
		if !unicode.IsLetter(r) && r != '-' && r != '\'' && r != '’' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			return string(first[:1]) + "**"
		}
	}
	return string(first[:min(len(first), 20)])
}
