// Package crm keeps a shop's customers: the people who ordered, followed or
// asked to be reminded or said that they are interested, where each came from, and what they agreed to.
//
// The list belongs to the shop, which may take all of it along. A contact has an
// address only when the person gave it to this shop with an order or a lead;
// following gives a name. Everything here is a fold of events and can be made again, except
// the log of consents: what a person agreed to and took back is only added to.
package crm

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "crm", Files: files}

// Contact is a person as a shop knows them.
type Contact struct {
	ID        string
	Shop      string
	Person    string
	Name      string
	Email     string
	Phone     string
	Orders    int64        // neither cancelled nor expired nor paid back
	Spent     money.Amount // paid and kept
	Consent   Consent
	Sources   []Source
	CreatedAt time.Time
	SeenAt    time.Time // last thing they did with the shop
}

// Consent says whether a shop may write to a person about other things than
// orders, since when, and in which words the person was asked.
type Consent struct {
	Marketing bool
	At        time.Time // given or withdrawn; zero: never asked
	Text      string    // "" when withdrawn
}

// Way is how a consent was given or withdrawn.
type Way string

// Ways.
const (
	ByOrder   Way = "order"   // given, by a tick at the checkout
	ByAccount Way = "account" // withdrawn, signed in
	ByLink    Way = "link"    // withdrawn, by the link in a message
)

// Entry is one line of the log of consents of a contact.
type Entry struct {
	Consent
	Way Way
	Ref string // id of the order
}

// Agreed is a shop that may write to a person.
type Agreed struct {
	Contact string
	Shop    string
	At      time.Time
	Text    string
}

// SourceKind is how a person came to a shop.
type SourceKind string

// Kinds of sources.
const (
	FromOrder       SourceKind = "order"
	FromFollow      SourceKind = "follow"
	FromReservation SourceKind = "reservation"
	FromLead        SourceKind = "lead"
)

// Source is one way by which a contact came.
type Source struct {
	Kind  SourceKind
	Ref   string // id of the order, show or lead
	At    time.Time
	Show  string
	Share string // code of the link that brought them
}

// Errors that people meet.
var (
	// ErrNotFound is returned for a contact that a shop does not have.
	ErrNotFound = errs.New(errs.NotFound, "crm.not_found", "There is no such contact.", "没有这位联系人。")
	// ErrStopLink is returned for a link that we did not make.
	ErrStopLink = errs.New(errs.NotFound, "crm.bad_link", "This link is not valid.", "这个链接无效。")
)
