// Package chat holds what people say in a room, and how a host keeps order
// there.
//
// Everything that is accepted is stored with its second of the show, also what
// the room leaves out when a thousand talk at once: the replay has it, and so has
// whoever must look into a complaint. Comments are committed many at a time.
package chat

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "chat", Files: files}

// Kind is who speaks.
type Kind string

// Kinds of comments.
const (
	Viewer Kind = "viewer"
	Host   Kind = "host"  // someone of the shop
	Buyer  Kind = "buyer" // has ordered in this show
	System Kind = "system"
)

// State is whether a comment can be seen.
type State string

// States of a comment.
const (
	Shown   State = "shown"
	Held    State = "held" // waits for the host: a link, a word of the list
	Removed State = "removed"
)

// Comment is one line in a room.
type Comment struct {
	ID     string
	Show   string
	Person string
	Name   string // as it was then
	Text   string
	Kind   Kind
	State  State
	Second int64 // of the show
	At     time.Time
	By     string       // mark of the person in this show; not stored
	Claim  *claim.Claim // that it made; not stored
}

// Room is where comments appear. Its methods return at once; they are called
// after the commit.
type Room interface {
	// Say shows a comment.
	Say(c Comment)
	// Hold shows a held comment to the host alone.
	Hold(c Comment)
	// Remove takes a comment off the screens.
	Remove(show, comment string)
	// Pin keeps a comment in sight; nil lets go of it.
	Pin(show string, c *Comment)
}

// Limits.
const (
	MaxLength = 200 // characters
	// pause is the least time between two comments of one person.
	pause = time.Second
	// again is how long the same words are a repetition.
	again = 30 * time.Second
	// MaxMute is the longest time for which a host can silence somebody.
	MaxMute = 30 * 24 * time.Hour
	// MaxWords is how many words of its own a shop holds comments for, and
	// MaxWord how long each may be, in characters.
	MaxWords = 200
	MaxWord  = 40
)

// Errors that people meet.
var (
	ErrClosed    = errs.New(errs.Conflict, "chat.closed", "This room is not open for comments now.", "本场现在不能评论。")
	ErrOff       = errs.New(errs.Forbidden, "chat.off", "The host has switched comments off.", "主播关闭了评论。")
	ErrMuted     = errs.New(errs.Forbidden, "chat.muted", "You cannot comment in this shop for a while.", "你暂时不能在这家店评论。")
	ErrSlow      = errs.New(errs.TooMany, "chat.slow", "Slowly, please. Wait a moment before the next comment.", "稍等片刻再评论。")
	ErrDuplicate = errs.New(errs.TooMany, "chat.duplicate", "You have just said that.", "你刚刚说过这句。")
	ErrText      = errs.New(errs.Invalid, "chat.text", "A comment has 1 to 200 characters.", "评论需要 1 到 200 个字。")
	ErrNotFound  = errs.New(errs.NotFound, "chat.not_found", "There is no such comment.", "没有这条评论。")
	ErrWords     = errs.New(errs.Invalid, "chat.words", "At most 200 words, each of 1 to 40 characters with a letter or digit in it.", "最多 200 个词，每个 1 到 40 个字，并且要有字母、文字或数字。")
	ErrMute      = errs.New(errs.Invalid, "chat.mute", "This person cannot be muted for that time.", "不能把这个人禁言这么久。")
)
