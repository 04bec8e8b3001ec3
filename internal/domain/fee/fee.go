// Package fee keeps what the market takes of sales: a table in force, and the
// announced next one with its date.
//
// A table is written once and never changed; another replaces it from its own
// date on. Who pays more by it hears of it [Notice] before; less may hold at
// once. What a sale costs its shop is computed when the offer is made, line by
// line, and never again.
package fee

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
var Migrations = db.Migrations{Area: "fee", Files: files}

// Notice is how long before its date a table that takes more is announced, unless
// the operator promises longer.
const Notice = 30 * 24 * time.Hour

// Bounds of a table.
const (
	Million  = 1_000_000
	MaxPPM   = Million / 2 // a half
	MaxFixed = 1_000_00    // minor units
)

// Table is what the market takes of each order from an instant on: a part of the
// price of the goods after discounts, without freight and tax, and a fixed sum.
type Table struct {
	ID          string
	From        time.Time
	AnnouncedAt time.Time
	AnnouncedBy string
	Currency    string // of Fixed; orders in another are spared it
	PPM         int64  // parts per million
	Fixed       int64  // minor units per order
	Packs       []PackRate
	Note        string // why, for the shops
	Rise        bool   // takes more of somebody than the table before
}

// PackRate is another rate for goods of one line of business.
type PackRate struct {
	Pack string `json:"pack"`
	PPM  int64  `json:"ppm"`
}

// Line is a position of an order, for [Table.Of].
type Line struct {
	Pack  string
	Total int64 // minor units, discounts and tax taken off
}

// TopicAnnounced is published when a table was announced; the key is its id.
const TopicAnnounced = "fee.announced"

// Errors that operators meet.
var (
	ErrTable     = errs.New(errs.Invalid, "fee.table", "A fee is between nothing and a half, for known lines of business, each named once.", "费率应在零到一半之间。")
	ErrPast      = errs.New(errs.Invalid, "fee.past", "A fee cannot hold from a day that is over.", "费率不能从已过去的日期起生效。")
	ErrNotice    = errs.New(errs.Conflict, "fee.notice", "Somebody would pay more by this. It has to be announced earlier.", "这会让部分店铺支付更多，需要更早公布。")
	ErrKeyReused = errs.New(errs.Conflict, "fee.key_reused", "This Idempotency-Key was used for something else.", "这个 Idempotency-Key 已用于别的请求。")
)

// RateOf is the part of the price of goods of a pack, in parts per million.
func (t Table) RateOf(pack string) int64 {
	for _, p := range t.Packs {
		if p.Pack == pack {
			return p.PPM
		}
	}
	return t.PPM
}

// Of returns the commission on each line of an order. The sum is the parts of
// the prices, rounded half up once, and the fixed fee as far as the goods are
// worth it; it is shared out by largest remainder, and no line pays more than it
// costs.
func (t Table) Of(currency string, lines []Line) []int64 {
	out := make([]int64, len(lines))
	weights, rests := make([]int64, len(lines)), make([]int64, len(lines))
	var sum, rest int64
	for i, l := range lines {
		weights[i] = l.Total * t.RateOf(l.Pack) // at most 10^11 minor units in an order
		sum += weights[i]
	}
	if sum > 0 {
		for i, part := range money.Of((sum+Million/2)/Million, currency).Allocate(weights) {
			out[i] = part.Minor
		}
	}
	for i, l := range lines {
		rests[i] = l.Total - out[i]
		rest += rests[i]
	}
	if fixed := min(t.Fixed, rest); fixed > 0 && t.Currency == currency {
		for i, part := range money.Of(fixed, currency).Allocate(rests) {
			out[i] += part.Minor
		}
	}
	return out
}

// Kept is what of the commission on a line stays when a part of its price goes
// back: the share of what is left by largest remainder. It depends only on how
// much went back, not on the steps.
func Kept(commission, price, back int64) int64 {
	if back <= 0 {
		return commission
	}
	if back >= price {
		return 0
	}
	return money.Of(commission, "").Allocate([]int64{price - back, back})[0].Minor
}
