// Package shop knows the stalls of the market: who sells what kind of goods,
// who works there, how goods reach buyers, and who answers for them by law.
//
// What differs between lines of business is data (packs/*.json): the fields of
// a product, how it is measured, how it is handed over, the return rule and what
// must be shown. Adding a line of business adds a file.
package shop

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "shop", Files: files}

// Shop is a stall and its shop on the market.
type Shop struct {
	ID        string
	Slug      string // address, unique, never reused
	Name      text.Local
	About     text.Local
	Pack      string // code of the line of business
	Stall     string // stall number in the hall, if any
	Color     string // #rrggbb, dark enough for white text
	Currency  string // ISO 4217
	TimeZone  string // IANA name; a sale day is a day there
	Avatar    string // image ids
	Cover     string
	Licence   Licence
	Pickup    Pickup
	Parcel    Parcel
	Tax       Tax
	CreatedAt time.Time
}

// Tax says where a shop sells from and whether its prices have tax in them.
type Tax struct {
	Country string   `json:"country,omitempty" pattern:"^([A-Z]{2})?$" doc:"Where goods are taxed that are not sent; ISO 3166-1 alpha-2"`
	Prices  tax.Rule `json:"prices,omitempty" enum:"included,added,exempt" doc:"Absent: included"`
}

// Licence says who sells, as the law wants it shown in the room, on products,
// checkout and orders.
type Licence struct {
	LegalName string       `json:"legal_name" maxLength:"120"`
	Number    string       `json:"number" maxLength:"60"`
	State     LicenceState `json:"state" enum:"none,in_review,verified"`
	Address   string       `json:"address" maxLength:"200"`
	Contact   string       `json:"contact" maxLength:"120"`
}

// LicenceState is how far the operator has checked a licence.
type LicenceState string

// Licence states.
const (
	LicenceNone     LicenceState = "none"
	LicenceInReview LicenceState = "in_review"
	LicenceVerified LicenceState = "verified"
)

// Role is what a member of a shop may do.
type Role string

// Roles. An owner may do everything; a controller runs shows and goods; service
// handles orders and comments.
const (
	Owner      Role = "owner"
	Controller Role = "controller"
	Care       Role = "service"
)

// Right is a group of things that a role allows.
type Right int

// Rights.
const (
	See    Right = iota // the console at all
	Orders              // orders, hand-over, contacts
	Shows               // shows, goods, stock
	Manage              // settings, staff, keys
)

// Allows reports whether the role has the right.
func (r Role) Allows(right Right) bool {
	switch r {
	case Owner:
		return true
	case Controller:
		return right != Manage
	case Care:
		return right == See || right == Orders
	}
	return false
}

// Member is a person who works in a shop.
type Member struct {
	Shop   string
	Person string
	Role   Role
	Since  time.Time
}

// Image is an uploaded picture; its bytes lie in the blob store.
type Image struct {
	ID     string
	Shop   string
	Width  int
	Height int
	Color  string // mean colour, shown while it loads
}

// Changed is published when a shop was opened or is described differently.
const Changed = "shop.changed" // key: shop id

// Errors that people meet.
var (
	ErrNotFound  = errs.New(errs.NotFound, "shop.not_found", "There is no such shop.", "没有这家店。")
	ErrPack      = errs.New(errs.Invalid, "shop.unknown_pack", "This line of business is not known.", "没有这个行业。")
	ErrRole      = errs.New(errs.Forbidden, "shop.role", "Your role in this shop does not allow this.", "你在这家店的角色不能这样做。")
	ErrLastOwner = errs.New(errs.Conflict, "shop.last_owner", "A shop needs an owner.", "店铺至少要有一位店主。")
	ErrName      = errs.New(errs.Invalid, "shop.name", "A shop needs a name of 2 to 40 characters.", "店铺名称需要 2 到 40 个字。")
	ErrColor     = errs.New(errs.Invalid, "shop.color", "A colour is written as #rrggbb.", "颜色写成 #rrggbb。")
	ErrTimeZone  = errs.New(errs.Invalid, "shop.time_zone", "This time zone is not known.", "没有这个时区。")
	ErrCurrency  = errs.New(errs.Invalid, "shop.currency", "A currency is a code such as EUR or CNY.", "货币是 EUR、CNY 这样的代码。")
	ErrTax       = errs.New(errs.Invalid, "shop.tax", "Prices have tax in them, on top, or none, in a country such as DE.", "价格含税、另加税或免税，国家用 DE 这样的代码。")
	ErrSlots     = errs.New(errs.Invalid, "shop.slots", "Pickup times must lie in the day, from before to.", "自提时间要在一天之内，开始早于结束。")
	ErrSlotGone  = errs.New(errs.Conflict, "shop.slot_full", "This pickup time is taken or over. Choose another.", "这个自提时段已满或已过，请换一个。")
	ErrNoParcel  = errs.New(errs.Invalid, "shop.no_delivery", "This shop does not deliver that way.", "这家店不支持这种配送方式。")
	ErrImage     = errs.New(errs.NotFound, "shop.no_image", "There is no such picture.", "没有这张图片。")
)
