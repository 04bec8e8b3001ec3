// Package promo makes goods cheaper: coupons that a shop hands out and a buyer
// redeems once, and promotions that apply by themselves.
//
// The one idea needed to read it: promo only says what is taken off; the order
// freezes it, line by line, and holds the coupon for as long as it lives. A
// coupon is claimed, locked by an order, used when that is paid, and claimed
// again when the order comes to nothing. Every step is one conditional UPDATE.
package promo

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
var Migrations = db.Migrations{Area: "promo", Files: files}

// Kind says how a coupon counts.
type Kind string

// Kinds of coupons.
const (
	Amount  Kind = "amount"  // Off minor units
	Percent Kind = "percent" // Off percent, at most Cap minor units
)

// Template is an offer that buyers can claim. Its terms never change: what was
// claimed is kept.
type Template struct {
	ID        string
	Shop      string
	Name      text.Local // empty: the app says what it does
	Kind      Kind
	Off       int64
	Cap       int64 // minor units, 0 for none
	Threshold int64 // minor units that the goods it is for must cost
	Currency  string
	NewBuyer  bool     // for who has not ordered here
	RoomOnly  bool     // handed out in shows alone
	Products  []string // what it is for; none: everything
	Quota     int64    // how many there are
	PerBuyer  int64
	Claimed   int64
	StartsAt  time.Time
	EndsAt    time.Time // of claiming and of using
	Stopped   bool      // no more claims
	CreatedAt time.Time
}

// Left is how many can still be claimed.
func (t Template) Left() int64 {
	if t.Stopped {
		return 0
	}
	return t.Quota - t.Claimed
}

// Open reports whether the template can be claimed at an instant, quota aside.
func (t Template) Open(now time.Time) bool {
	return !t.Stopped && !now.Before(t.StartsAt) && now.Before(t.EndsAt)
}

// State is where a coupon stands.
type State string

// States of a coupon.
const (
	Claimed State = "claimed" // can be used
	Locked  State = "locked"  // by an order that is not paid yet
	Used    State = "used"    // for an order that is paid
	Expired State = "expired" // claimed, and its time is over; never stored
)

// Coupon is one claim of a buyer.
type Coupon struct {
	ID        string
	Template  string
	Shop      string
	Buyer     string
	State     State
	Order     string // that holds it
	Show      string // where it was claimed
	ClaimedAt time.Time
	ExpiresAt time.Time
}

// At returns where c stands at an instant.
func (c Coupon) At(now time.Time) State {
	if c.State == Claimed && !now.Before(c.ExpiresAt) {
		return Expired
	}
	return c.State
}

// Drop is a template that is handed out in a show until a time.
type Drop struct {
	Template
	Show  string
	At    time.Time
	Until time.Time
}

// Changed is published when what a shop offers for less has changed; the key is
// the shop.
const Changed = "promo.changed"

// Dropped is published when a show's drops have changed; the key is the show.
const Dropped = "promo.dropped"

// Limits.
const (
	maxQuota     = 1_000_000
	maxPerBuyer  = 100
	maxMinor     = 1_000_000_000_00
	maxTemplates = 500 // of a shop
	maxFor       = 366 * 24 * time.Hour
	MaxDrop      = 2 * time.Hour
	MinDrop      = 10 * time.Second
)

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "promo.not_found", "There is no such coupon.", "没有这张优惠券。")
	ErrTerms    = errs.New(errs.Invalid, "promo.terms", "A coupon needs an amount or 1 to 100 percent, a number and an end.", "优惠券需要金额或 1 到 100 的百分比、数量和截止时间。")
	ErrProducts = errs.New(errs.Invalid, "promo.products", "A coupon is for goods of its own shop.", "优惠券只能用于本店商品。")
	ErrTooMany  = errs.New(errs.Invalid, "promo.too_many", "A shop can have 500 coupons.", "一家店最多 500 张优惠券。")
	ErrGone     = errs.New(errs.Conflict, "promo.gone", "All of these coupons have been claimed.", "优惠券已经领完了。")
	ErrOver     = errs.New(errs.Conflict, "promo.over", "This coupon cannot be claimed now.", "现在不能领这张优惠券。")
	ErrHas      = errs.New(errs.Conflict, "promo.claimed", "You have this coupon already.", "你已经领过这张优惠券。")
	ErrNewBuyer = errs.New(errs.Conflict, "promo.new_buyer", "This coupon is for a first order here.", "这张优惠券只给本店新客。")
	ErrRoomOnly = errs.New(errs.Conflict, "promo.room_only", "This coupon is handed out in a show.", "这张优惠券只在直播中发放。")
	ErrDrop     = errs.New(errs.Invalid, "promo.drop", "A coupon is handed out for 10 seconds to 2 hours.", "优惠券发放时长为 10 秒到 2 小时。")
	ErrOffAir   = errs.New(errs.Conflict, "promo.off_air", "The show is not on air.", "这场没有在直播。")
)
