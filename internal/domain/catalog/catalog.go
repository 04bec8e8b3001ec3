// Package catalog knows the goods: products with the fields of their line of
// business, their variants (SKUs) with prices, and every revision that a buyer
// may have seen.
//
// A product is changed as a whole; each change that buyers can see makes a
// revision whose id is the hash of its content, so an order line can point at
// exactly what was promised.
package catalog

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "catalog", Files: files}

// State says who sees a product.
type State string

// States of a product.
const (
	Draft  State = "draft"  // the shop only
	Live   State = "live"   // everybody
	Hidden State = "hidden" // only its merchant; orders keep pointing at it
)

// Measure says in what a product is counted. Quantities and stock are whole
// numbers of the smallest unit: pieces, or grams.
type Measure string

// Measures.
const (
	Piece  Measure = "piece"
	Weight Measure = "weight"
)

// Per returns for how many units the price stands: one piece, or 1000 g.
func (m Measure) Per() int64 {
	if m == Weight {
		return 1000
	}
	return 1
}

// Step returns the smallest difference between two quantities one can buy; it
// is the smallest quantity too.
func (m Measure) Step() int64 {
	if m == Weight {
		return 100
	}
	return 1
}

// Product is something a shop sells.
type Product struct {
	ID        string
	Shop      string
	Title     text.Local
	About     text.Local
	Pack      string
	Fields    map[string]string // by the pack's keys
	Measure   Measure
	Images    []string // image ids, the first is the face
	State     State
	Revision  string
	SKUs      []SKU
	Tax       string // class; empty for that of its pack
	Freight   string // id of the shop's template that it is sent by; empty for the first
	CreatedAt time.Time
	UpdatedAt time.Time
}

// SKU is a variant of a product: what is priced, stocked and sold.
type SKU struct {
	ID      string
	Product string
	Shop    string
	Name    text.Local // empty for the only variant
	Price   money.Amount
	Grams   int64 // what one piece weighs to be sent; 0: not said
	Active  bool
}

// Limits of one product.
const (
	MaxSKUs     = 50
	MaxImages   = 12
	MaxPrice    = 1_000_000_000_00 // minor units
	MaxQuantity = 1_000_000        // units in one order line
	MaxGrams    = 1_000_000        // of one piece
)

// Changed is published when buyers would see a product differently.
const Changed = "catalog.changed" // key: product id

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "catalog.not_found", "There is no such product.", "没有这件商品。")
	ErrNoSKU    = errs.New(errs.NotFound, "catalog.no_sku", "There is no such variant.", "没有这个规格。")
	ErrTitle    = errs.New(errs.Invalid, "catalog.title", "A product needs a title of 1 to 80 characters.", "商品名称需要 1 到 80 个字。")
	ErrPrice    = errs.New(errs.Invalid, "catalog.price", "A price must not be negative or unreasonably high.", "价格不能为负，也不能高得离谱。")
	ErrSKUs     = errs.New(errs.Invalid, "catalog.skus", "A product needs 1 to 50 variants.", "一件商品需要 1 到 50 个规格。")
	ErrMeasure  = errs.New(errs.Invalid, "catalog.measure", "Goods are counted by piece or by weight; this cannot change later.", "按件或按重量，之后不能更改。")
	ErrState    = errs.New(errs.Invalid, "catalog.state", "A product is a draft, live or hidden.", "商品只能是草稿、在售或隐藏。")
	ErrTax      = errs.New(errs.Invalid, "catalog.tax", "A tax class is a word in small letters.", "税率类别是小写字母的单词。")
	ErrWeight   = errs.New(errs.Invalid, "catalog.weight", "A piece weighs up to a thousand kilograms.", "一件商品的重量不能超过一千公斤。")
	ErrQuantity = errs.New(errs.Invalid, "catalog.quantity", "This quantity cannot be bought.", "不能购买这个数量。")
)

// CheckQuantity returns [ErrQuantity] unless n units can be bought in one line.
func (m Measure) CheckQuantity(n int64) error {
	if n < m.Step() || n > MaxQuantity || n%m.Step() != 0 {
		return ErrQuantity
	}
	return nil
}

// GramsOf returns what n units of k weigh, 0 when the shop has not said.
func (m Measure) GramsOf(k SKU, n int64) int64 {
	if m == Weight {
		return n
	}
	return k.Grams * n
}

// PiecesOf returns as how many pieces n units are sent.
func (m Measure) PiecesOf(n int64) int64 {
	if m == Weight {
		return 1
	}
	return n
}
