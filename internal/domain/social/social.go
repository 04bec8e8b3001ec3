// Package social holds what ties people to shops and to each other: who follows
// whom, who is friends with whom, who is blocked, and the short links that people
// pass on.
//
// Its numbers are true: a follower is a person, a click is a browser, each
// counted once; of a browser that is remembered for as long as the operator says.
package social

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "social", Files: files}

// Topics; the key is the shop, the payload a [Told].
const (
	Followed   = "social.followed"
	Unfollowed = "social.unfollowed"
)

// Told is what listeners learn.
type Told struct {
	Shop   string `json:"shop"`
	Person string `json:"person"`
	Source string `json:"source,omitempty"` // share code through which the person came
	At     int64  `json:"at"`               // milliseconds
}

// Following is how a person stands to a shop.
type Following struct {
	Following bool  `json:"following"`
	Followers int64 `json:"followers"`
}

// Kind is what a link leads to.
type Kind string

// Kinds of links.
const (
	Show    Kind = "show"
	Product Kind = "product"
	Shop    Kind = "shop"
	Video   Kind = "video"
)

// Share is a short link.
type Share struct {
	Code      string
	Kind      Kind
	Target    string // id; of a shop its slug
	Sharer    string // person, "" when not signed in
	Clicks    int64  // different browsers
	CreatedAt time.Time
}

// Path is where a share leads to in the app.
func (s Share) Path() string {
	switch s.Kind {
	case Show:
		return "/shows/" + s.Target
	case Product:
		return "/products/" + s.Target
	case Shop:
		return "/shops/" + s.Target
	case Video:
		return "/videos/" + s.Target
	}
	return "/"
}

// Errors that people meet.
var (
	ErrNoLink = errs.New(errs.NotFound, "social.no_link", "This link leads nowhere.", "这个链接没有内容。")
	ErrTarget = errs.New(errs.Invalid, "social.target", "This cannot be shared.", "这个不能分享。")
)
