// Package carrier knows the carriers that shops hand parcels to by themselves:
// how they are called, what their numbers look like and where a person looks one
// up. It asks nobody anything: an address is only shown, and opened by whoever
// taps it.
package carrier

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
)

// ErrNumber is returned for what cannot be a number of a carrier.
var ErrNumber = errs.New(errs.Invalid, "order.parcel_number", "This is not a number of this carrier. Check it, or choose another carrier.", "单号不符合这家快递的格式，请核对，或选择其他快递。")

// Listed is a carrier of the table.
type Listed struct {
	code string
	name text.Local
	form *regexp.Regexp
	page string // number stands for {}
}

// Code is the carrier's word in the data; it never changes.
func (l Listed) Code() string { return l.code }

// Name is how people call the carrier.
func (l Listed) Name() text.Local { return l.name }

// Read returns a number as the carrier writes it, with nothing in it but capital
// letters and digits, or [ErrNumber]. Spaces, dashes and dots are how people
// group a number; wide letters come from Chinese keyboards.
func (l Listed) Read(number string) (string, error) {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r == '　':
			r = ' '
		}
		switch {
		case r == ' ' || r == '-' || r == '.':
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, number)
	if !l.form.MatchString(clean) {
		return "", ErrNumber
	}
	return clean, nil
}

// Page is the address of the page about a parcel, for a person to open; empty for
// what is not a number of the carrier.
func (l Listed) Page(number string) string {
	clean, err := l.Read(number)
	if err != nil {
		return ""
	}
	return strings.Replace(l.page, "{}", url.QueryEscape(clean), 1)
}

// Manual returns the carriers that need no contract and no key: the shop types
// the number.
func Manual() []Listed { return table }

// Forms are as wide as the carrier's own descriptions: a refused parcel costs
// more than a mistyped one. S10 is the form of the Universal Postal Union.
var table = []Listed{
	list("sf", "SF Express", "顺丰速运", `SF\d{12,13}|\d{12}|\d{15}`, "https://www.sf-express.com/cn/sc/dynamic_function/waybill/#search/bill-number/{}"),
	list("zto", "ZTO Express", "中通快递", `[A-Z]{0,3}\d{8,18}`, "https://www.zto.com/express/expressCheck.html?txtBill={}"),
	// These have no page of their own that takes a number; kuaidi100 shows them all.
	list("yto", "YTO Express", "圆通速递", `[A-Z]{0,3}\d{8,18}`, "https://www.kuaidi100.com/chaxun?com=yuantong&nu={}"),
	list("sto", "STO Express", "申通快递", `[A-Z]{0,3}\d{8,18}`, "https://www.kuaidi100.com/chaxun?com=shentong&nu={}"),
	list("yunda", "Yunda Express", "韵达快递", `[A-Z]{0,3}\d{8,18}`, "https://www.kuaidi100.com/chaxun?com=yunda&nu={}"),
	list("jd", "JD Logistics", "京东快递", `[A-Z]{0,4}[A-Z0-9]{8,24}`, "https://www.kuaidi100.com/chaxun?com=jd&nu={}"),
	list("ems", "EMS, China Post", "中国邮政 EMS", s10+`|\d{13}`, "https://www.kuaidi100.com/chaxun?com=ems&nu={}"),
	list("dhl", "DHL", "DHL", `[A-Z0-9]{10,39}`, "https://www.dhl.com/en/home/tracking.html?tracking-id={}"),
	list("dpd", "DPD", "DPD", `[A-Z0-9]{10,28}`, "https://tracking.dpd.de/parcelstatus?query={}"),
	list("gls", "GLS", "GLS", `[A-Z0-9]{8,20}`, "https://gls-group.eu/track/{}"),
	list("ups", "UPS", "UPS", `1Z[A-Z0-9]{16}|T\d{10}|\d{9}|\d{12}|\d{26}`, "https://www.ups.com/track?tracknum={}"),
	list("fedex", "FedEx", "联邦快递", `\d{12}|\d{15}|\d{20}|\d{22}|\d{34}`, "https://www.fedex.com/fedextrack/?trknbr={}"),
	list("hermes", "Hermes (Germany)", "Hermes（德国）", `H?[A-Z0-9]{14,20}`, "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{}"),
	list("evri", "Evri", "Evri", `[A-Z0-9]{8,20}`, "https://www.evri.com/track/parcel/{}"),
	list("colissimo", "La Poste, Colissimo", "法国邮政 Colissimo", `[A-Z0-9]{11,15}`, "https://www.laposte.fr/outils/suivre-vos-envois?code={}"),
	list("royalmail", "Royal Mail", "英国皇家邮政", s10+`|[A-Z0-9]{9,27}`, "https://www.royalmail.com/track-your-item#/tracking-results/{}"),
	list("usps", "USPS", "美国邮政", s10+`|\d{20,34}`, "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
}

const s10 = `[A-Z]{2}\d{9}[A-Z]{2}`

func list(code, en, zh, form, page string) Listed {
	return Listed{code, text.Both(en, zh), regexp.MustCompile(`^(?:` + form + `)$`), page}
}
