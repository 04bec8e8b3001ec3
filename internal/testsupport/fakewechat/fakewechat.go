// Package fakewechat plays WeChat Pay API v3 over HTTP as far as a market in
// partner mode needs it: orders of three kinds with their pages, closing, asking,
// refunds, trade bills, platform certificates, messages, and the login of an
// official account. It keeps state and books of its own, refuses what WeChat Pay
// refuses, and has its bad days on demand.
//
// It is written from pay.weixin.qq.com/doc/v3/partner and shares no code with its
// clients (own canonical string, own sealing), so that a mistake is not made
// twice. Where a rule is enforced its document is named:
//
//	[sign]   签名生成, 签名验证: five lines, RSA-SHA256, 5 minutes
//	[seal]   如何解密回调报文: AEAD_AES_256_GCM
//	[order]  JSAPI/Native/H5 下单 (partner)
//	[query]  查询订单; [close] 关闭订单; [refund] 申请退款, 查询单笔退款
//	[notify] 支付成功通知, 退款结果通知
//	[bill]   申请交易账单, 下载账单
//	[probe]  应答签名探测流量
package fakewechat

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"net/http"
	"sort"
	"sync"
	"time"
)

// Config of a server. All but Now, Site, Fee and Limit are required.
type Config struct {
	AppID, Secret string         // of the official account
	MchID         string         // the partner's
	Serial        string         // of the partner's certificate
	Merchant      *rsa.PublicKey // of the partner; nil: requests are not verified, for use by hand
	APIv3Key      string
	Merchants     []string // sub_mchids that are bound to the partner; empty: any number is
	Now           func() time.Time
	Site          func() string // our own address, for pages and bills; empty: the Host of the request
	Limit         int           // creations a second before 429; 0: no limit
}

// Server is a partner's account at the fake. It is safe for concurrent use.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	client *http.Client
	keys   keys

	mu       sync.Mutex
	trades   map[string]*Trade // by out_trade_no
	refunds  map[string]*Refund
	tokens   map[string]token // prepay ids, code_urls and h5_urls
	codes    map[string]string
	nonces   map[string]time.Time
	messages []*Message
	faults   []Fault
	calls    map[string]int
	second   int64
	inSecond int
	bills    map[string][]byte
	edit     func([]Row) []Row
	stuck    bool // refunds stay under way
	poor     bool // the account cannot pay refunds
	n        int
}

// Trade is an order.
type Trade struct {
	Number, Kind, Merchant  string
	Payer, Attach, NotifyTo string
	Description             string
	Total                   int64
	State                   string // NOTPAY, SUCCESS, REFUND, CLOSED
	ID                      string // transaction_id, once paid
	By                      string
	Expires, Created, Paid  time.Time
	asked                   string // the parameters, for asking twice
	n                       int
}

// Refund is a refund of a trade.
type Refund struct {
	Number, ID, Trade, NotifyTo string
	Amount                      int64
	Status                      string // PROCESSING, SUCCESS, ABNORMAL, CLOSED
	Created, Done               time.Time
}

// token is what opens an order, and until when.
type token struct {
	number string
	until  time.Time
}

// RefundTakes is how long a refund is under way.
const RefundTakes = 3 * time.Second

// New returns a server; it serves HTTP.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{cfg: c, trades: map[string]*Trade{}, refunds: map[string]*Refund{}, tokens: map[string]token{}, codes: map[string]string{},
		nonces: map[string]time.Time{}, calls: map[string]int{}, bills: map[string][]byte{}, client: &http.Client{Timeout: 5 * time.Second}} // [notify]: 5 s
	s.keys = newKeys(c.Now())
	s.routes()
	return s
}

// Trades returns the orders, oldest first.
func (s *Server) Trades() []Trade {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Trade, 0, len(s.trades))
	for _, t := range s.trades {
		out = append(out, *t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].n < out[j].n })
	return out
}

// Refunds returns the refunds, oldest first.
func (s *Server) Refunds() []Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	out := make([]Refund, 0, len(s.refunds))
	for _, r := range s.refunds {
		out = append(out, *r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Calls returns how often an operation was asked for, as "POST
// /v3/refund/domestic/refunds".
func (s *Server) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Balance is what a merchant has: paid, less what was given back. Fees are not
// taken.
func (s *Server) Balance(merchant string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	var sum int64
	for _, t := range s.trades {
		if t.Merchant == merchant && t.ID != "" {
			sum += t.Total
		}
	}
	for _, r := range s.refunds {
		if s.trades[r.Trade].Merchant == merchant && r.Status == "SUCCESS" {
			sum -= r.Amount
		}
	}
	return sum
}

// Pay pays an order as a user who has its sheet before them.
func (s *Server) Pay(number, user string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.trades[number]
	now := s.cfg.Now()
	switch {
	case t == nil:
		return fmt.Errorf("no order %s", number)
	case t.State == "CLOSED":
		return fmt.Errorf("订单已关闭")
	case t.State != "NOTPAY":
		return fmt.Errorf("该订单已支付")
	case !now.Before(t.Expires): // [order] time_expire
		return fmt.Errorf("订单已过期")
	case t.Kind == "jsapi" && t.Payer != user: // [order] payer
		return fmt.Errorf("支付者不是下单的用户")
	}
	t.State, t.By, t.Paid, t.ID = "SUCCESS", user, now, s.id("42000")
	s.tell("TRANSACTION.SUCCESS", t.NotifyTo, s.viewTrade(t))
	return nil
}

// Scan pays what a QR code stands for, as a user who reads it with WeChat.
func (s *Server) Scan(code, user string) error { return s.payToken(code, user) }

func (s *Server) payToken(code, user string) error {
	s.mu.Lock()
	tok, ok := s.tokens[code]
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("二维码无效")
	}
	if !s.cfg.Now().Before(tok.until) { // [order]: prepay_id and code_url 2 h, h5_url 5 min
		return fmt.Errorf("链接已过期")
	}
	return s.Pay(tok.number, user)
}

// HoldRefunds keeps refunds under way until [Server.FinishRefund].
func (s *Server) HoldRefunds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck = true
}

// SetPoor says whether the account lacks the money for refunds.
func (s *Server) SetPoor(poor bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poor = poor
}

// FinishRefund ends a refund that is under way: SUCCESS, ABNORMAL or CLOSED.
func (s *Server) FinishRefund(number, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(s.refunds[number], status)
}

// settle ends the refunds whose time has come.
func (s *Server) settle() {
	if s.stuck {
		return
	}
	var due []*Refund
	for _, r := range s.refunds {
		if r.Status == "PROCESSING" && !s.cfg.Now().Before(r.Created.Add(RefundTakes)) {
			due = append(due, r)
		}
	}
	sort.Slice(due, func(i, j int) bool { return due[i].ID < due[j].ID })
	for _, r := range due {
		s.finish(r, "SUCCESS")
	}
}

func (s *Server) finish(r *Refund, status string) {
	if r == nil || r.Status != "PROCESSING" {
		return
	}
	r.Status, r.Done = status, s.cfg.Now()
	t := s.trades[r.Trade]
	v := map[string]any{"sp_mchid": s.cfg.MchID, "sub_mchid": t.Merchant, "out_trade_no": t.Number, "transaction_id": t.ID, "out_refund_no": r.Number, "refund_id": r.ID,
		"refund_status": status, "user_received_account": "零钱", "amount": map[string]any{"total": t.Total, "refund": r.Amount, "payer_total": t.Total, "payer_refund": r.Amount}}
	if status == "SUCCESS" {
		v["success_time"] = stamp(r.Done)
	}
	s.tell("REFUND."+status, r.NotifyTo, v)
}

var china = time.FixedZone("UTC+8", 8*3600)

func stamp(t time.Time) string { return t.In(china).Format(time.RFC3339) }

// id makes a number that sorts by birth.
func (s *Server) id(prefix string) string {
	s.n++
	return fmt.Sprintf("%s%s%08d", prefix, s.cfg.Now().In(china).Format("20060102"), s.n)
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
