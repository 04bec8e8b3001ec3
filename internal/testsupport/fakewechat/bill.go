package fakewechat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"time"
)

// Row is a line of a trade bill, sums in fen.
type Row struct {
	At                               time.Time
	Merchant, ID, Number             string
	State                            string // SUCCESS or REFUND
	Currency                         string
	Total                            int64
	RefundID, RefundNumber           string
	Refund                           int64
	RefundState, Description, Attach string
}

// EditBill changes bills before they are written, to see whether anybody
// compares them.
func (s *Server) EditBill(f func([]Row) []Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edit = f
}

// bill makes the trade bill of a day [bill]: a day ends at midnight of UTC+8, its
// bill is there at ten in the morning after, for three months.
func (s *Server) bill(r *http.Request, _ []byte) (any, *problem) {
	q := r.URL.Query()
	day, err := time.ParseInLocation(time.DateOnly, q.Get("bill_date"), china)
	if err != nil || q.Get("bill_type") != "ALL" || q.Has("tar_type") && q.Get("tar_type") != "GZIP" {
		return nil, bad("bill_date", "bill_date, bill_type=ALL, tar_type=GZIP")
	}
	now := s.cfg.Now()
	y, m, d := day.Date()
	switch {
	case now.Before(time.Date(y, m, d+1, 10, 0, 0, 0, china)):
		return nil, &problem{http.StatusBadRequest, "STATEMENT_CREATING", "账单生成中，请稍后再试"}
	case now.After(day.AddDate(0, 3, 0)):
		return nil, bad("bill_date", "三个月以内")
	}
	var rows []Row
	in := func(t time.Time) bool { return !t.Before(day) && t.Before(day.AddDate(0, 0, 1)) }
	for _, t := range s.trades {
		if t.ID != "" && in(t.Paid) {
			rows = append(rows, s.row(t, t.Paid, "SUCCESS"))
		}
	}
	for _, x := range s.refunds {
		if in(x.Created) {
			row := s.row(s.trades[x.Trade], x.Created, "REFUND")
			row.RefundID, row.RefundNumber, row.Refund = x.ID, x.Number, x.Amount
			row.RefundState = map[string]string{"SUCCESS": "SUCCESS", "PROCESSING": "PROCESSING"}[x.Status]
			if row.RefundState == "" {
				row.RefundState = "FAIL"
			}
			rows = append(rows, row)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].ID+rows[i].RefundID < rows[j].ID+rows[j].RefundID })
	if s.edit != nil {
		rows = s.edit(rows)
	}
	if len(rows) == 0 {
		return nil, &problem{http.StatusBadRequest, "NO_STATEMENT_EXIST", "账单文件不存在"}
	}
	plain := s.write(rows)
	token := random()
	s.bills[token] = plain
	sum := sha1.Sum(plain)
	link := s.site(r) + "/v3/billdownload/file?token=" + token
	if q.Has("tar_type") {
		link += "&tartype=gzip"
	}
	return map[string]any{"hash_type": "SHA1", "hash_value": hex.EncodeToString(sum[:]), "download_url": link}, nil
}

func (s *Server) row(t *Trade, at time.Time, state string) Row {
	return Row{At: at, Merchant: t.Merchant, ID: t.ID, Number: t.Number, State: state, Currency: "CNY", Total: t.Total, Description: t.Description, Attach: t.Attach}
}

// write is the file: a head, a line each with a backtick before every field, the
// head of the sums and the sums.
func (s *Server) write(rows []Row) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n")
	var total, back int64
	for _, r := range rows {
		sum, settled := r.Total, r.Total
		if r.State == "REFUND" {
			sum, settled = 0, 0
		}
		total, back = total+sum, back+r.Refund
		ref, kind := cmp0(r.RefundID), ""
		if r.RefundID != "" {
			kind = "ORIGINAL"
		}
		fields := []string{r.At.In(china).Format("2006-01-02 15:04:05"), s.cfg.AppID, s.cfg.MchID, r.Merchant, "", r.ID, r.Number, "oUser", "NATIVE", r.State, "OTHERS", r.Currency,
			yuan(settled), "0.00", ref, cmp0(r.RefundNumber), yuan(r.Refund), "0.00", kind, r.RefundState, r.Description, r.Attach, "0.00000", "0.60%", yuan(sum), yuan(r.Refund), ""}
		b.WriteString("`" + strings.Join(fields, ",`") + "\r\n")
	}
	b.WriteString("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n")
	fmt.Fprintf(&b, "`%d,`%s,`%s,`0.00,`0.00000,`%s,`%s\r\n", len(rows), yuan(total), yuan(back), yuan(total), yuan(back))
	return b.Bytes()
}

// cmp0: a payment has a zero where a refund has its number.
func cmp0(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// download hands a bill out; the request is signed, the answer is not.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	if p := s.admit(r, nil); p != nil {
		refuse(w, p)
		return
	}
	s.mu.Lock()
	s.calls["GET /v3/billdownload/file"]++
	plain := s.bills[r.URL.Query().Get("token")]
	s.mu.Unlock()
	f := s.fault("GET /v3/billdownload/file")
	if f.before(w) {
		return
	}
	if f.Kind == Altered {
		plain = bytes.Replace(plain, []byte("CNY"), []byte("CNX"), 1)
	}
	f.after(w, r, func() {
		if r.URL.Query().Get("tartype") != "gzip" {
			_, _ = w.Write(plain)
			return
		}
		z := gzip.NewWriter(w)
		_, _ = z.Write(plain)
		_ = z.Close()
	})
}
