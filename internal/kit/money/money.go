// Package money counts sums in the smallest unit of a currency and never loses
// any: adding across currencies and overflow are errors, and sharing out gives
// every unit to somebody.
package money

import (
	"errors"
	"fmt"
	"math/bits"
	"regexp"
)

// Amount is a sum of money: Minor counts the smallest unit of Currency, an
// ISO 4217 code (1999 CNY is 19.99 yuan, 1999 JPY is 1999 yen).
type Amount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// Errors of arithmetic. They mean a broken program or a hostile input, so they
// carry no code of their own.
var (
	ErrCurrency = errors.New("money: different currencies")
	ErrOverflow = errors.New("money: overflow")
)

// Of returns minor units of currency.
func Of(minor int64, currency string) Amount { return Amount{Minor: minor, Currency: currency} }

// Add returns a + b.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrCurrency
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{sum, a.Currency}, nil
}

// Neg returns -a.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// IsZero reports whether a is no money at all, whatever its currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Times returns the price of quantity units when a is the price of per units,
// rounded half up to the minor unit. Quantity must not be negative and per must
// be positive.
func (a Amount) Times(quantity, per int64) (Amount, error) {
	if quantity < 0 || per <= 0 || a.Minor < 0 {
		return Amount{}, fmt.Errorf("money: %d times %d/%d", a.Minor, quantity, per)
	}
	hi, lo := bits.Mul64(uint64(a.Minor), uint64(quantity))
	lo, carry := bits.Add64(lo, uint64(per)/2, 0)
	hi += carry
	if hi >= uint64(per) {
		return Amount{}, ErrOverflow
	}
	q, _ := bits.Div64(hi, lo, uint64(per))
	if q > 1<<62 {
		return Amount{}, ErrOverflow
	}
	return Amount{int64(q), a.Currency}, nil
}

// Split shares a out in n parts that differ by at most one minor unit; the
// first parts are the larger ones. It panics when n is not positive.
func (a Amount) Split(n int) []Amount {
	weights := make([]int64, n)
	for i := range weights {
		weights[i] = 1
	}
	return a.Allocate(weights)
}

// Allocate shares a out by weight with the largest-remainder rule; equal
// remainders go to the earlier part. The parts add up to a exactly. Weights must
// not be negative and not all zero, else it panics.
func (a Amount) Allocate(weights []int64) []Amount {
	var sum uint64
	for _, w := range weights {
		if w < 0 {
			panic("money: negative weight")
		}
		sum += uint64(w)
	}
	if sum == 0 {
		panic("money: no weight")
	}
	whole, sign := uint64(a.Minor), int64(1)
	if a.Minor < 0 {
		whole, sign = uint64(-a.Minor), -1
	}
	parts := make([]Amount, len(weights))
	rest := make([]uint64, len(weights))
	left := whole
	for i, w := range weights {
		hi, lo := bits.Mul64(whole, uint64(w))
		q, r := bits.Div64(hi, lo, sum)
		parts[i] = Amount{int64(q) * sign, a.Currency}
		rest[i] = r
		left -= q
	}
	for ; left > 0; left-- {
		best := 0
		for i := range rest {
			if rest[i] > rest[best] {
				best = i
			}
		}
		parts[best].Minor += sign
		rest[best] = 0
	}
	return parts
}

// exponents holds the currencies whose minor unit is not a hundredth
// (ISO 4217 list one).
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Exponent returns how many decimals currency has.
func Exponent(currency string) int {
	if e, ok := exponents[currency]; ok {
		return e
	}
	return 2
}

var code = regexp.MustCompile(`^[A-Z]{3}$`)

// ValidCurrency reports whether s looks like an ISO 4217 code.
func ValidCurrency(s string) bool { return code.MatchString(s) }

// String writes a for logs and plain-text mail ("12.50 EUR").
func (a Amount) String() string {
	e := Exponent(a.Currency)
	if e == 0 {
		return fmt.Sprintf("%d %s", a.Minor, a.Currency)
	}
	unit := int64(100)
	if e == 3 {
		unit = 1000
	}
	minor, sign := a.Minor, ""
	if minor < 0 {
		minor, sign = -minor, "-"
	}
	return fmt.Sprintf("%s%d.%0*d %s", sign, minor/unit, e, minor%unit, a.Currency)
}
