// Package notice tells people what concerns them: in the app, by e-mail and by
// web push, each as they wish.
//
// A notice is said once: it has a key, and a second one with the same key is
// silence. What goes out leaves by jobs of the transaction that decided it. Every
// message that can be stopped carries a link that stops it with one tap, without
// signing in.
package notice

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
var Migrations = db.Migrations{Area: "notice", Files: files}

// Kind is what notices are about, as far as people choose.
type Kind string

// Kinds of notices.
const (
	ShowStarts Kind = "show_starts" // a reserved show, or one of a followed shop
	Orders     Kind = "orders"      // something happened to an order
	People     Kind = "people"      // somebody follows or sends something
)

// Kinds lists every kind.
var Kinds = []Kind{ShowStarts, Orders, People}

// Channel is a way to a person.
type Channel string

// Channels.
const (
	InApp Channel = "in_app"
	Email Channel = "email"
	Push  Channel = "push"
)

// Channels are the ways on which a kind of notice goes out.
type Channels struct {
	InApp bool `json:"in_app"`
	Email bool `json:"email"`
	Push  bool `json:"push"`
}

// byDefault is what holds until a person chooses. Push needs a subscription
// besides; what people do is no reason for a letter.
func byDefault(kind Kind) Channels { return Channels{InApp: true, Email: kind != People, Push: true} }

// Draft is a notice to be given.
type Draft struct {
	Person string
	Kind   Kind
	Key    string // says it once per person, such as "starts:shw_01kd…"
	Title  text.Local
	Body   text.Local
	URL    string // path into the app, "/orders/ord_…"
	// Only narrows the person's channels for this notice, as a reservation with
	// "remind me by push" does. Nil: as the person chose for the kind.
	Only *Channels
}

// Notice is one that was given, as the app lists it.
type Notice struct {
	ID     string
	Person string
	Kind   Kind
	Title  text.Local
	Body   text.Local
	URL    string
	At     time.Time
	ReadAt time.Time
}

// Errors that people meet.
var (
	ErrStopLink     = errs.New(errs.NotFound, "notice.bad_link", "This link is not valid.", "这个链接无效。")
	ErrSubscription = errs.New(errs.Invalid, "notice.bad_subscription", "This browser's push address cannot be used.", "无法使用这个浏览器的推送地址。")
)

// maxPush is how many browsers of one person are pushed to; the newest stay.
const maxPush = 10
