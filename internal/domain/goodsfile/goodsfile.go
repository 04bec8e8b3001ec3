// Package goodsfile is the goods of a shop as a table: out to a spreadsheet, and
// back in.
//
// A file changes what it names and nothing else: an empty cell leaves what is
// there, a column that is absent leaves all of it, and goods that are not in the
// file stay. It is taken whole or not at all, and what it would do can be seen
// before.
package goodsfile

import (
	"embed"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the table of this area.
var Migrations = db.Migrations{Area: "goodsfile", Files: files}

// Limits of a file.
const (
	MaxBytes = 2 << 20
	MaxRows  = 2000
	maxFault = 50 // told at once
)

// Errors that people meet.
var (
	ErrEncoding = errs.New(errs.Invalid, "goodsfile.encoding", "This is not a table in UTF-8. In the spreadsheet choose “CSV UTF-8” when saving.", "这不是 UTF-8 编码的表格。请在表格软件里另存为“CSV UTF-8”。")
	ErrFile     = errs.New(errs.Invalid, "goodsfile.file", "The table cannot be read here.", "表格在这里无法读取。")
	ErrColumn   = errs.New(errs.Invalid, "goodsfile.column", "There is no such column. Download the table of your goods to see the headings.", "没有这一列。可先下载商品表查看表头。")
	ErrTwice    = errs.New(errs.Invalid, "goodsfile.twice", "A column or a variant is in the table twice.", "表格里有重复的列或规格。")
	ErrRows     = errs.New(errs.TooLarge, "goodsfile.rows", "At most 2,000 lines at a time.", "一次最多 2000 行。")
	ErrEmpty    = errs.New(errs.Invalid, "goodsfile.empty", "There is nothing in this table.", "表格里没有内容。")
	ErrNumber   = errs.New(errs.Invalid, "goodsfile.number", "This is not a number that fits here. Write 1250.50 or 1250,50.", "这里的数字不对。请写成 1250.50。")
	ErrFaults   = errs.New(errs.Invalid, "goodsfile.faults", "Nothing was changed: some lines of the table do not fit.", "没有任何改动：表格中有几行不合要求。")
	ErrKey      = errs.New(errs.Conflict, "goodsfile.key", "Another table was taken in under this key.", "此键已用于另一份表格。")
)

// Report says what a file did, or would do.
type Report struct {
	New     int     `json:"new"`     // products
	Changed int     `json:"changed"` // products
	Same    int     `json:"same"`    // products
	Counted int     `json:"counted"` // variants whose stock it set
	Faults  []Fault `json:"-"`       // the first ones; with any, nothing is changed
}

// Fault is a line that does not fit.
type Fault struct {
	Line   int
	Column string // its key; "" for the line
	Err    error
}
