// Package room turns what happens in a show into what its viewers receive.
//
// A room has two voices. Frames gather what happened in a fifth of a second
// (lines, likes, orders) into one message for everybody, because the cost of a
// room is the number of messages times the number of viewers. The state is a
// whole, versioned snapshot of what is on sale, sent after each commit that
// changed it; a client that keeps the highest version cannot go wrong, whatever
// it missed.
//
// All numbers are true: viewers are open connections, different viewers are
// browsers counted once, likes are taps that we received.
package room

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "room", Files: files}

// Sink carries messages to the viewers. The hub is one.
type Sink interface {
	// Publish sends data to whoever listens to a channel now.
	Publish(channel string, data []byte) error
	// PublishNews sends data to the listeners of a channel, also to those who were
	// away for a moment.
	PublishNews(channel string, data []byte) error
	// PublishState keeps and sends a state; a lower version is dropped.
	PublishState(channel string, version uint64, data []byte) error
	// Count returns how many listen to a channel, over all processes.
	Count(channel string) int
}

// State is everything about a room that a viewer must have right. Clients ignore
// one with a lower version.
type State struct {
	Version     int64      `json:"version"`
	Show        string     `json:"show"`
	State       show.State `json:"state" enum:"draft,scheduled,practice,live,interrupted,ended,replay,cancelled"`
	Since       *time.Time `json:"since,omitempty" doc:"Of the interruption"`
	Pinned      int        `json:"pinned,omitempty" doc:"Bag number"`
	Explaining  *Explain   `json:"explaining,omitempty"`
	Items       []Item     `json:"items" nullable:"false"`
	Flashes     []Flash    `json:"flashes,omitempty" doc:"Running now, the newest first"`
	Claims      []Claim    `json:"claims,omitempty" doc:"To be had by comment now, the newest first"`
	Coupons     []Coupon   `json:"coupons,omitempty" doc:"Handed out now, the newest first"`
	SlowMode    int64      `json:"slow_mode_seconds"`
	CommentsOff bool       `json:"comments_off"`
	ServerTime  time.Time  `json:"server_time"`
	DelayHint   float64    `json:"delay_hint_seconds" doc:"How far a typical viewer is behind the stage"`
}

// Explain says what the host is talking about.
type Explain struct {
	Number int       `json:"number"`
	Since  time.Time `json:"since"`
}

// Item is a position of the bag with what is left of it.
type Item struct {
	Number  int    `json:"number"`
	Product string `json:"product"`
	SKUs    []SKU  `json:"skus" nullable:"false"`
}

// SKU is a variant on sale.
type SKU struct {
	ID        string       `json:"id"`
	Price     money.Amount `json:"price"`
	Available int64        `json:"available"`
	Total     int64        `json:"total"`
}

// Flash is a variant at another price for a while. While some of it is left, the
// SKU of the bag carries this price and this stock.
type Flash struct {
	ID        string       `json:"id"`
	Number    int          `json:"number" doc:"In the bag"`
	SKU       string       `json:"sku"`
	Price     money.Amount `json:"price"`
	Was       money.Amount `json:"was" doc:"The price when it began"`
	Available int64        `json:"available"`
	Quantity  int64        `json:"quantity" doc:"Put in so far, in quantity units"`
	Restocked int64        `json:"restocked" doc:"Of it, after the start"`
	PerBuyer  int64        `json:"per_buyer" doc:"Quantity units for one buyer; 0 for no limit"`
	EndsAt    time.Time    `json:"ends_at"`
}

// Claim is a variant of which pieces go to who writes a keyword.
type Claim struct {
	ID          string `json:"id"`
	Number      int    `json:"number" doc:"In the bag"`
	SKU         string `json:"sku"`
	Keyword     string `json:"keyword" doc:"What to write: this alone, or with how many, as 7 x2"`
	Pieces      int64  `json:"pieces"`
	Left        int64  `json:"left" doc:"Who writes when nothing is left waits"`
	PerPerson   int64  `json:"per_person"`
	HoldSeconds int64  `json:"hold_seconds" doc:"For which a claim is held"`
}

// Coupon is a coupon that is handed out in the room.
type Coupon struct {
	promo.Terms
	Until time.Time `json:"until" doc:"When it stops being handed out"`
}

// Frame is what happened in a room since the frame before. What is absent has
// not changed.
type Frame struct {
	N            int64       `json:"n"` // rises
	T            time.Time   `json:"t"`
	Chat         []chat.View `json:"chat,omitempty"`
	Likes        int64       `json:"likes,omitempty"`   // in all
	Viewers      *int64      `json:"viewers,omitempty"` // now
	ViewersTotal int64       `json:"viewers_total,omitempty"`
	Orders       []Order     `json:"orders,omitempty"`
	MoreOrders   int         `json:"more_orders,omitempty"` // besides those in Orders
	Removed      []string    `json:"del,omitempty"`
	// PinnedComment is a comment, or null when it was let go of.
	PinnedComment *pinned `json:"pinned_comment,omitempty"`
}

// Order is the news that somebody bought.
type Order struct {
	Name   string `json:"name,omitempty"` // a letter and stars
	Number int    `json:"number"`         // in the bag
}

// Greeting is what a newcomer is told besides the state.
type Greeting struct {
	Comments      []chat.View `json:"comments"`
	Viewers       int64       `json:"viewers"`
	ViewersTotal  int64       `json:"viewers_total"`
	Likes         int64       `json:"likes"`
	PinnedComment *chat.View  `json:"pinned_comment,omitempty"`
}

// News goes to the host alone.
type News struct {
	Type string `json:"type"` // "held" (a comment), "figures", or what the roof tells
	Data any    `json:"data"`
}

// Figures are the numbers of a room.
type Figures struct {
	Viewers      int64 `json:"viewers"`
	ViewersTotal int64 `json:"viewers_total"`
	Likes        int64 `json:"likes"`
}

// Kinds of channels; the id is the show's.
const (
	FrameKind = "room"
	DeskKind  = "desk" // the same frames for the staff's screens, who are not viewers
	StateKind = "state"
	HostKind  = "host"
)

// Limits and clocks.
const (
	Tick          = 200 * time.Millisecond // between frames
	stateGap      = 2 * Tick               // of quiet before a state that does not wait for the tick
	viewersEvery  = 2 * time.Second
	storeEvery    = 5 * time.Second
	linesPerSec   = 10 // of viewers; nobody reads more
	chosenPerTick = 20 // of buyers and mentions
	ordersShown   = 3  // per frame
	lastLines     = 30
	maxLike       = 20
	likeEvery     = time.Second
)
