// Package stock counts what there is to sell and keeps it from being sold
// twice.
//
// The database is the judge: every change is one conditional UPDATE whose row
// count says whether it was possible, and a CHECK constraint stands behind it.
// Rows explain the counter: on_hand is the sum of movements, reserved the sum of
// held reservations. A bucket is a part of the stock with a purpose of its own:
// "" is the stall, a show's id what was set aside for that show.
package stock

import (
	"embed"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "stock", Files: files}

// Item is the stock of one variant in one bucket, in units of its measure.
type Item struct {
	SKU      string
	Bucket   string
	Shop     string
	OnHand   int64 // in the stall, reserved or not
	Reserved int64 // promised to buyers
	PutUp    int64 // put up for sale since the last count
	Version  int64 // grows with each change
}

// Available is what can still be sold.
func (i Item) Available() int64 { return i.OnHand - i.Reserved }

// Stall is the bucket of ordinary sale.
const Stall = ""

// Reason says why goods came or went.
type Reason string

// Reasons of movements.
const (
	Landed   Reason = "landed" // delivered, caught, bought
	Count    Reason = "count"  // somebody counted
	Waste    Reason = "waste"
	Return   Reason = "return"
	Sold     Reason = "sold" // handed over or sent
	SetAside Reason = "set_aside"
)

// Reservation is a promise of qty units to an order line.
type Reservation struct {
	Line   string
	SKU    string
	Bucket string
	Qty    int64
}

// Changed is published when what can be sold has changed; the key is the SKU.
const Changed = "stock.changed"

// Errors that people meet.
var (
	ErrSoldOut  = errs.New(errs.Conflict, "stock.sold_out", "Someone was faster: less is left than you asked for.", "刚刚被别人买走了，剩下的不够你要的数量。")
	ErrReserved = errs.New(errs.Conflict, "stock.reserved", "Buyers have been promised more than that.", "已经答应买家的比这更多。")
	ErrQuantity = errs.New(errs.Invalid, "stock.quantity", "This quantity is not possible.", "数量不对。")
	ErrReason   = errs.New(errs.Invalid, "stock.reason", "Goods come or go by landing, count, waste or return.", "库存变化的原因只能是到货、盘点、损耗或退回。")
)
