// Package cart keeps what a person means to buy, over shops and shows.
//
// The one idea needed to read it: a cart has no effect on anything. It holds no
// stock and keeps no price; it remembers what was seen where and when, so that
// what has changed since can be said in words and the order's promise points at
// the moment that made somebody want it.
package cart

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "cart", Files: files}

// Line is a wanted quantity of a variant.
type Line struct {
	SKU      string
	Quantity int64  // units of its measure
	Price    int64  // minor units per measure, as it was seen
	Show     string // where it was seen; empty outside of shows
	AddedAt  time.Time
}

// MaxLines is the most variants in a cart.
const MaxLines = 100

// Errors that people meet.
var (
	ErrFull  = errs.New(errs.Invalid, "cart.full", "A cart holds 100 different things.", "购物车最多放 100 种商品。")
	ErrEmpty = errs.New(errs.NotFound, "cart.no_line", "This is not in the cart.", "购物车里没有这件商品。")
)
