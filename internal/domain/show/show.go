// Package show runs shows: one broadcast of a shop from the plan to the replay,
// its bag, what is pinned and explained, and who may send pictures into it.
//
// A show is a state machine whose every step is a conditional UPDATE; its
// version grows with each change that viewers can see, so a snapshot of it can
// be told from an older one. The picture is somebody else's: the roof tells a
// show that its publisher came, went or stayed away.
package show

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "show", Files: files}

// State is where a show stands.
type State string

// States of a show.
const (
	Draft       State = "draft"
	Scheduled   State = "scheduled"
	Practice    State = "practice" // the shop sees the picture, nobody else does, nothing counts
	Live        State = "live"
	Interrupted State = "interrupted" // live, but the publisher has lost its line
	Ended       State = "ended"       // over, nothing was recorded (yet)
	Replay      State = "replay"      // over, can be watched
	Cancelled   State = "cancelled"
)

// OnAir reports whether viewers are in the room.
func (s State) OnAir() bool { return s == Live || s == Interrupted }

// Over reports whether the show has ended.
func (s State) Over() bool { return s == Ended || s == Replay || s == Cancelled }

// Show is one broadcast.
type Show struct {
	ID          string
	Shop        string
	Title       text.Local
	State       State
	HostName    string
	StartsAt    time.Time // planned
	StartedAt   time.Time // went live
	EndedAt     time.Time
	Since       time.Time // of the interruption
	PartMS      int64     // length of an LL-HLS part
	Pinned      int       // bag number; 0: nothing
	Explaining  int
	SlowMode    time.Duration
	CommentsOff bool
	Version     int64
	Viewers     int64 // different people so far
	Likes       int64
	Duration    time.Duration // of the replay
	HasReplay   bool
	CreatedAt   time.Time
}

// Item is a position of the bag: viewers call it by its number.
type Item struct {
	Number   int    `json:"number"`
	Product  string `json:"product"`
	SetAside int64  `json:"set_aside"` // units kept for the show
}

// Chapter is the time in which a product was explained.
type Chapter struct {
	Number  int
	Product string
	Title   text.Local
	From    time.Time
	To      time.Time // zero while it goes on
}

// Limits.
const (
	MaxBag   = 100
	MaxTitle = 60
)

// Topics. The key is the show, the payload a [Told].
const (
	TopicState   = "show.state"   // a transition
	TopicChanged = "show.changed" // anything viewers can see, transitions included
)

// Told is what listeners learn.
type Told struct {
	Show  string `json:"show"`
	Shop  string `json:"shop"`
	State State  `json:"state"`
	Was   State  `json:"was"`
}

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "show.not_found", "There is no such show.", "没有这场直播。")
	ErrTitle    = errs.New(errs.Invalid, "show.title", "A show needs a title of at most 60 characters.", "直播标题最多 60 个字。")
	ErrState    = errs.New(errs.Conflict, "show.state", "The show has moved on; this is no longer possible.", "场次已有变化，不能再这样操作。")
	ErrOther    = errs.New(errs.Conflict, "show.other_on_air", "Another show of this shop is on air. End it first.", "本店另一场正在直播，请先结束。")
	ErrNoShow   = errs.New(errs.Conflict, "show.none_open", "There is no show to send to. Plan one first, then start the stream.", "没有可推流的场次。请先安排一场，再开始推流。")
	ErrBag      = errs.New(errs.Invalid, "show.bag", "The bag takes up to 100 products of the shop, each number once.", "购物袋最多 100 件本店商品，编号不能重复。")
	ErrNumber   = errs.New(errs.NotFound, "show.number", "There is nothing under this number in the bag.", "购物袋里没有这个编号。")
	ErrKey      = errs.New(errs.Unauthorised, "show.stream_key", "This stream key is wrong or was replaced.", "推流码不对，或已更换。")
	ErrPart     = errs.New(errs.Invalid, "show.part", "Parts last 200 or 500 milliseconds.", "分片时长为 200 或 500 毫秒。")
	ErrPast     = errs.New(errs.Invalid, "show.starts_at", "A show can be planned for the coming year.", "只能安排一年以内的直播。")
)
