// Package claim sells by comment: the host says "comment 7 to take this piece",
// and whoever writes it first has it for some minutes, the next ones wait.
//
// The one idea needed to read it: a held claim is a reservation. The goods of a
// call are in a bucket of its own, named like the call, and the row of that
// bucket is the lock under which its claims come and go. An order takes the
// reservation over by its name; whatever gives it back lets the wait list move.
package claim

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "claim", Files: files}

// Call is a keyword for which pieces of a variant are given to commenters of a
// show. Its terms never change.
type Call struct {
	ID        string
	Shop      string
	Show      string
	Product   string
	SKU       string
	Keyword   string // as [Fold] makes it
	Pieces    int64
	PerPerson int64 // pieces
	Hold      time.Duration
	Origin    string // bucket that the goods came from
	OpenedAt  time.Time
	ClosedAt  time.Time // zero while comments count
}

// Open reports whether comments count.
func (c Call) Open() bool { return c.ClosedAt.IsZero() }

// State is where a claim stands.
type State string

// States of a claim.
const (
	Waiting  State = "waiting"  // for others to let go
	Held     State = "held"     // reserved until Until
	Ordered  State = "ordered"  // an order has taken the reservation over
	Released State = "released" // by its person
	Expired  State = "expired"  // not ordered in time
	Closed   State = "closed"   // the call ended while it waited
	Undone   State = "undone"   // its order came to nothing

	// Limit answers a comment of somebody who has had their pieces; never stored.
	Limit State = "limit"
)

// Claim is what a comment asked for.
type Claim struct {
	ID      string
	Call    string
	Seq     int64 // order of arrival in its call
	Comment string
	Person  string
	Name    string // as it was then
	Pieces  int64
	State   State
	Until   time.Time // of a held one; zero while it waits
	Order   string
	At      time.Time
	Place   int64 // in the wait list, from 1; 0 when it does not wait

	Of Call
}

// View is a claim as apps show it to its person.
type View struct {
	ID        string     `json:"id" doc:"Empty when there is none: state limit"`
	Show      string     `json:"show"`
	Keyword   string     `json:"keyword"`
	Product   string     `json:"product"`
	SKU       string     `json:"sku"`
	Pieces    int64      `json:"pieces"`
	State     State      `json:"state" enum:"waiting,held,ordered,released,expired,closed,undone,limit"`
	Until     *time.Time `json:"until,omitempty" doc:"Until when it is held"`
	Place     int64      `json:"place,omitempty" doc:"In the wait list, from 1"`
	PerPerson int64      `json:"per_person"`
	Order     string     `json:"order,omitempty"`
}

// View returns what the person of c sees.
func (c Claim) View() View {
	v := View{ID: c.ID, Show: c.Of.Show, Keyword: c.Of.Keyword, Product: c.Of.Product, SKU: c.Of.SKU, Pieces: c.Pieces, State: c.State, Place: c.Place, PerPerson: c.Of.PerPerson, Order: c.Order}
	if c.State == Held {
		until := c.Until.UTC()
		v.Until = &until
	}
	return v
}

// Changed is published when calls or claims of a show have changed; the key is
// the show.
const Changed = "claim.changed"

// TopicTold is published when the person of a claim is owed a notice; the key
// is the claim, the payload a [Told].
const TopicTold = "claim.told"

// Told is what listeners learn of a claim.
type Told struct {
	Claim   string `json:"claim"`
	Person  string `json:"person"`
	Shop    string `json:"shop"`
	Product string `json:"product"`
	Keyword string `json:"keyword"`
	Event   string `json:"event"` // "first", "turn", "expired" or "closed"
	Until   int64  `json:"until"` // milliseconds
}

// Limits.
const (
	MaxPieces  = 1000
	MinHold    = time.Minute
	MaxHold    = 2 * time.Hour
	maxKeyword = 12 // characters
)

// Errors that people meet.
var (
	ErrNotFound  = errs.New(errs.NotFound, "claim.not_found", "There is no such claim.", "没有这个扣号。")
	ErrTerms     = errs.New(errs.Invalid, "claim.terms", "A keyword of 1 to 12 letters and digits, 1 to 1000 pieces, no more for one person than there are, held for 1 minute to 2 hours.", "口令为 1 到 12 个字母、数字或汉字，件数 1 到 1000，每人限扣不超过总件数，保留 1 分钟到 2 小时。")
	ErrKind      = errs.New(errs.Invalid, "claim.kind", "Only goods that are sold by the piece can be claimed by comment.", "只有按件卖的商品可以扣号。")
	ErrKeyword   = errs.New(errs.Conflict, "claim.keyword", "This keyword is in use in the show. Choose another, or close it first.", "本场正在用这个口令，请换一个或先结束它。")
	ErrOpen      = errs.New(errs.Conflict, "claim.open", "This variant is being claimed in the show already.", "这个规格正在扣号。")
	ErrKeyReused = errs.New(errs.Conflict, "claim.key_reused", "This Idempotency-Key was used for something else.", "这个 Idempotency-Key 已用于别的请求。")
	ErrOver      = errs.New(errs.Conflict, "claim.over", "This claim is not held for you any more.", "已经不再为你保留。")
	ErrPieces    = errs.New(errs.Invalid, "claim.pieces", "What was claimed is ordered by itself, all of it and nothing else.", "扣到的商品要单独下单，件数不能改。")
	ErrOffAir    = errs.New(errs.Conflict, "claim.off_air", "The show is not on air.", "这场没有在直播。")
)
