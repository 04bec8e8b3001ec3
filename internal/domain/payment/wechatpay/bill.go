package wechatpay

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/money"
)

// maxBill is the largest bill that is read, in bytes.
const maxBill = 256 << 20

// intentPrefix begins the ids of our payments, which orders carry as their
// attachment.
const intentPrefix = "pay_"

// Zone is the time in which WeChat Pay's days end.
func Zone() *time.Location { return china }

// Books returns what the trade bills of the days between two instants say. A bill
// is there at ten in the morning after its day, UTC+8; that of a day which has
// not ended is left out, that of one which has is waited for.
func (p *Provider) Books(ctx context.Context, from, to time.Time) ([]payment.Booking, error) {
	var out []payment.Booking
	y, m, d := from.In(china).Date()
	for day := time.Date(y, m, d, 0, 0, 0, 0, china); day.Before(to); day = day.AddDate(0, 0, 1) {
		if p.now().Before(day.AddDate(0, 0, 1)) {
			break
		}
		date := day.Format(time.DateOnly)
		bill, err := p.bill(ctx, date)
		if err != nil {
			return nil, fmt.Errorf("bill of %s: %w", date, err)
		}
		all, err := parseBill(bill)
		if err != nil {
			return nil, fmt.Errorf("bill of %s: %w", date, err)
		}
		for _, b := range all {
			if !b.At.Before(from) && b.At.Before(to) {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// bill fetches the trade bill of a day; nil when nothing was traded. What is
// downloaded is not signed: its hash is, in the answer that says where it lies.
func (p *Provider) bill(ctx context.Context, date string) ([]byte, error) {
	var at struct {
		Kind string `json:"hash_type"`
		Hash string `json:"hash_value"`
		URL  string `json:"download_url"`
	}
	err := p.call(ctx, http.MethodGet, "/v3/bill/tradebill"+query("bill_date", date, "bill_type", "ALL", "tar_type", "GZIP"), nil, &at)
	if refused(err, "NO_STATEMENT_EXIST") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if at.Kind != "SHA1" {
		return nil, fmt.Errorf("hash %q is not known", at.Kind)
	}
	res, err := p.send(ctx, http.MethodGet, at.URL, "", nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		return nil, refusalOf(res, b)
	}
	plain, err := gzip.NewReader(io.LimitReader(res.Body, maxBill))
	if err != nil {
		return nil, err
	}
	bill, err := io.ReadAll(io.LimitReader(plain, maxBill))
	if err != nil {
		return nil, err
	}
	if sum := sha1.Sum(bill); hex.EncodeToString(sum[:]) != strings.ToLower(at.Hash) {
		return nil, errors.New("the download is not what was signed for")
	}
	return bill, nil
}

// Columns of a trade bill, by the names in its first line.
const (
	colAt        = "交易时间"
	colID        = "微信订单号"
	colState     = "交易状态"
	colCurrency  = "货币种类"
	colTotal     = "订单金额"
	colRefundID  = "微信退款单号"
	colRefund    = "申请退款金额"
	colRefunding = "退款状态"
	colAttach    = "商户数据包"

	sums = "总交易单数" // begins the line after the last of them
)

// parseBill reads a trade bill: a line of names, a line for each payment and
// refund in which every field begins with a backtick, and two lines of sums.
// Sums are yuan with two decimals, times UTC+8.
func parseBill(b []byte) ([]payment.Booking, error) {
	if len(b) == 0 {
		return nil, nil
	}
	lines := bytes.Split(bytes.TrimPrefix(b, []byte("\ufeff")), []byte("\n"))
	column := map[string]int{}
	for i, name := range strings.Split(strings.TrimSpace(string(lines[0])), ",") {
		column[name] = i
	}
	for _, need := range []string{colAt, colID, colState, colCurrency, colTotal, colRefundID, colRefund, colRefunding, colAttach} {
		if _, ok := column[need]; !ok {
			return nil, fmt.Errorf("no column %s", need)
		}
	}
	var out []payment.Booking
	for n, line := range lines[1:] {
		if bytes.HasPrefix(line, []byte(sums)) {
			return out, nil
		}
		row, ok := strings.CutPrefix(strings.TrimRight(string(line), "\r"), "`")
		if !ok {
			break
		}
		fields := strings.Split(row, ",`") // the name of the goods may have commas
		if len(fields) != len(column) {
			return nil, fmt.Errorf("line %d has %d fields, want %d", n+2, len(fields), len(column))
		}
		more, err := bookingsOf(func(name string) string { return strings.TrimSpace(fields[column[name]]) })
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
		out = append(out, more...)
	}
	return nil, errors.New("the bill ends before its sums")
}

// bookingsOf reads a line. A refund is in the bill of the day on which it was
// asked for, whatever came of it; one that failed is said to be both.
func bookingsOf(field func(name string) string) ([]payment.Booking, error) {
	at, err := time.ParseInLocation(time.DateTime, field(colAt), china)
	if err != nil {
		return nil, err
	}
	b := payment.Booking{Ref: field(colID), Ours: strings.HasPrefix(field(colAttach), intentPrefix), At: at.UTC()}
	sum := colTotal
	switch field(colState) {
	case "SUCCESS":
		b.Kind = payment.Succeeded
	case "REFUND":
		b.Kind, b.Payment, b.Ref, sum = payment.GivenBack, b.Ref, field(colRefundID), colRefund
	case "REVOKED":
		return nil, nil
	default:
		return nil, fmt.Errorf("state %q is not known", field(colState))
	}
	fen, err := fenOf(field(sum))
	if err != nil {
		return nil, err
	}
	b.Amount = money.Of(fen, field(colCurrency))
	all := []payment.Booking{b}
	if b.Kind == payment.GivenBack && field(colRefunding) == "FAIL" {
		b.Kind = payment.NotGivenOut
		all = append(all, b)
	}
	return all, nil
}

// fenOf reads yuan with at most two decimals.
func fenOf(yuan string) (int64, error) {
	whole, part, _ := strings.Cut(yuan, ".")
	if whole == "" || len(whole) > 14 || len(part) > 2 {
		return 0, fmt.Errorf("%q is no sum", yuan)
	}
	var fen int64
	for _, c := range whole + (part + "00")[:2] {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is no sum", yuan)
		}
		fen = fen*10 + int64(c-'0')
	}
	return fen, nil
}
