package stripepay

import (
	"strings"

	"github.com/openstall/openstall/internal/kit/money"
)

// units holds the currencies that Stripe counts otherwise than in hundredths:
// how many of its units one whole unit has (docs.stripe.com/currencies). The
// króna and the Ugandan shilling have no decimals and are counted in hundredths
// all the same.
var units = map[string]int64{
	"BIF": 1, "CLP": 1, "DJF": 1, "GNF": 1, "JPY": 1, "KMF": 1, "KRW": 1, "MGA": 1, "PYG": 1, "RWF": 1,
	"VND": 1, "VUV": 1, "XAF": 1, "XOF": 1, "XPF": 1,
	"BHD": 1000, "JOD": 1000, "KWD": 1000, "OMR": 1000, "TND": 1000,
}

// ours is how many minor units of ours one whole unit has.
func ours(currency string) int64 {
	n := int64(1)
	for range money.Exponent(currency) {
		n *= 10
	}
	return n
}

func theirs(currency string) int64 {
	if n, ok := units[currency]; ok {
		return n
	}
	return 100
}

// toStripe returns a sum in Stripe's units; not ok when it has none, as the
// thousandths of a dinar, whose last digit must be zero.
func toStripe(a money.Amount) (int64, bool) {
	whole, part := ours(a.Currency), theirs(a.Currency)
	n := a.Minor * part
	if a.Minor <= 0 || n/part != a.Minor || n%whole != 0 || part == 1000 && n/whole%10 != 0 {
		return 0, false
	}
	return n / whole, true
}

// fromStripe returns a sum of Stripe's in ours; not ok when ours cannot hold it.
func fromStripe(n int64, currency string) (money.Amount, bool) {
	cur := strings.ToUpper(currency)
	whole, part := ours(cur), theirs(cur)
	m := n * whole
	if n < 0 || m/whole != n || m%part != 0 || !money.ValidCurrency(cur) {
		return money.Amount{}, false
	}
	return money.Of(m/part, cur), true
}
