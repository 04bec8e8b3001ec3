// Package tax knows what part of a price is tax: rates by country and class of
// goods, each from an instant on.
//
// The operator keeps the rates; goods name a class. A class that a country has no
// rate for is taxed as [Standard] goods there, and a country without any rates is
// not taxed at all. What an offer is taxed with is frozen in it.
package tax

import (
	"embed"
	"math/bits"
	"regexp"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "tax", Files: files}

// Classes that every market has; operators name others by giving them a rate.
const (
	Standard = "standard" // of goods that name none
	Reduced  = "reduced"
	Zero     = "zero" // has no rate of its own: it is nothing wherever there is tax
)

// Million is the whole of a rate in parts per million, and the highest.
const Million = 1_000_000

// Rate is what goods of a class are taxed with in a country from an instant on.
type Rate struct {
	Country string // ISO 3166-1 alpha-2
	Class   string
	PPM     int64 // parts per million of the price without tax
	From    time.Time
}

// Rule says whether prices have their tax in them.
type Rule string

// Rules.
const (
	Included Rule = "included" // the price is what is paid, the tax a part of it
	Added    Rule = "added"    // the tax comes on top
	Exempt   Rule = "exempt"   // the seller charges none, as small businesses may
)

// Of returns the tax of a sum in minor units, rounded half up; ppm is at most
// [Million] and the sum not negative. Of an [Included] sum it is the part that is
// tax, of an [Added] one what comes on top.
func (r Rule) Of(sum, ppm int64) int64 {
	whole := uint64(Million)
	switch r {
	case Included:
		whole += uint64(ppm)
	case Exempt:
		return 0
	case Added:
	}
	hi, lo := bits.Mul64(uint64(sum), uint64(ppm))
	lo, carry := bits.Add64(lo, whole/2, 0)
	q, _ := bits.Div64(hi+carry, lo, whole)
	return int64(q)
}

// Errors that operators and shops meet.
var (
	ErrRate  = errs.New(errs.Invalid, "tax.rate", "A rate has a country, a class in small letters and lies between nothing and a hundred percent.", "税率需要国家代码、小写字母的类别，并在 0 到 100% 之间。")
	ErrPast  = errs.New(errs.Invalid, "tax.past", "A rate cannot hold from a time that is over.", "税率不能从已过去的时间起生效。")
	ErrHolds = errs.New(errs.Conflict, "tax.holds", "There is no such rate that is still to come.", "没有这条尚未生效的税率。")
)

var (
	countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)
	classPattern   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,19}$`)
)

// ValidCountry reports whether s looks like a country.
func ValidCountry(s string) bool { return countryPattern.MatchString(s) }

// ValidClass reports whether s can name a class.
func ValidClass(s string) bool { return classPattern.MatchString(s) }

func (r Rate) check() error {
	if !ValidCountry(r.Country) || !ValidClass(r.Class) || r.Class == Zero || r.PPM < 0 || r.PPM > Million {
		return ErrRate
	}
	return nil
}

// Table is the rates of one country at an instant, by class.
type Table map[string]int64

// Of returns the class that goods are taxed as, and its rate; false where there is
// no tax.
func (t Table) Of(class string) (string, int64, bool) {
	if class == "" {
		class = Standard
	}
	if class == Zero && len(t) > 0 {
		return Zero, 0, true
	}
	if ppm, ok := t[class]; ok {
		return class, ppm, true
	}
	ppm, ok := t[Standard]
	return Standard, ppm, ok
}
