package carrier_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/order/carrier"
)

// One number of each carrier, as it stands on a label.
var labels = map[string]string{
	"sf": "SF1234567890123", "yto": "YT1234567890123", "zto": "75123456789012", "sto": "773123456789012", "yunda": "4312345678901", "jd": "JDVA12345678901",
	"ems": "EA123456789CN", "dhl": "0034 0434 1612 3456 7890", "dpd": "0150 5000 1234 56", "gls": "12345678901", "ups": "1Z 999 AA1 01 2345 6784",
	"fedex": "9999 9999 9999", "hermes": "12345678901234", "evri": "H00ABC0123456789", "colissimo": "6A12345678901", "royalmail": "AB 1234 5678 9 GB", "usps": "9400 1000 0000 0000 0000 00",
}

func TestEveryCarrierReadsItsNumbersAndShowsTheirPage(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range carrier.Manual() {
		var _ order.Carrier = c
		if seen[c.Code()] || c.Code() == order.OtherCarrier || c.Name()["en"] == "" || c.Name()["zh"] == "" {
			t.Errorf("%s: %v", c.Code(), c.Name())
		}
		seen[c.Code()] = true
		number, err := c.Read(labels[c.Code()])
		if err != nil || !strings.Contains(c.Page(number), number) {
			t.Errorf("%s: %q, %q, %v", c.Code(), number, c.Page(number), err)
		}
		if _, err := url.Parse(c.Page(number)); err != nil || !strings.HasPrefix(c.Page(number), "https://") {
			t.Errorf("%s: %v", c.Page(number), err)
		}
		delete(labels, c.Code())
	}
	if len(labels) > 0 {
		t.Errorf("no carrier for %v", labels)
	}
}

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	sf := carrier.Manual()[0]
	for _, said := range []string{"sf1234567890123", "SF 1234-5678.90123", "ＳＦ１２３４５６７８９０１２３", "SF123456789　0123"} {
		if got, err := sf.Read(said); err != nil || got != "SF1234567890123" {
			t.Errorf("%q: %q, %v", said, got, err)
		}
	}
	for _, said := range []string{"", "SF", "SF123456789012345", "YT1234567890123", "SF1234567890123\n", "SF1234567890123<", "ＳＦ1"} {
		if got, err := sf.Read(said); !errors.Is(err, carrier.ErrNumber) {
			t.Errorf("%q: %q, %v", said, got, err)
		}
		if sf.Page(said) != "" {
			t.Errorf("%q has the page %s", said, sf.Page(said))
		}
	}
}

// Whatever is typed, an address differs from that of another number in capital
// letters and digits only.
func FuzzANumberCannotLeaveItsPlace(f *testing.F) {
	for _, s := range []string{"SF1234567890123", "../../x", "javascript:alert(1)", "%2e%2e", "1&x=2", "1#x", "\u202e321", "1234567890?\r\nX: y", "１２３４５６７８９０１２"} {
		f.Add(s)
	}
	plain := regexp.MustCompile(`^[A-Z0-9]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range carrier.Manual() {
			number, err := c.Read(s)
			if err != nil {
				if c.Page(s) != "" {
					t.Errorf("%s: %q has a page", c.Code(), s)
				}
				continue
			}
			again, err := c.Read(number)
			if !plain.MatchString(number) || len(number) > 40 || again != number || err != nil || c.Page(s) != c.Page(number) {
				t.Errorf("%s: %q reads %q, then %q", c.Code(), s, number, again)
			}
		}
	})
}
