package wechatpay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// Kind is where a payment is opened; it is the last word of the call's path.
type Kind string

// Kinds of trades, and how long what WeChat answers can be used; asking again
// for the same number gives a fresh one.
const (
	Inside  Kind = "jsapi"  // a page inside WeChat
	Phone   Kind = "h5"     // a browser on a phone, which opens WeChat
	Desktop Kind = "native" // a QR code, which WeChat reads
)

var useful = map[Kind]time.Duration{Inside: 110 * time.Minute, Phone: 4 * time.Minute, Desktop: 110 * time.Minute}

// Payment is what an intent has at WeChat.
type Payment struct {
	Intent    string
	Merchant  string // of the shop, as it was when the payment began
	Amount    money.Amount
	Back      string // where the browser returns to
	ExpiresAt time.Time
	Closed    bool // nothing may be opened any more
}

// Trade is an order at WeChat.
type Trade struct {
	Number     string // ours: out_trade_no
	Intent     string
	Kind       Kind
	Payer      string // openid inside WeChat; address of the phone; or ""
	Answer     string // prepay_id, h5_url or code_url; "" until WeChat has answered
	AnsweredAt time.Time
}

// Payment returns what an intent has at WeChat.
func (p *Provider) Payment(ctx context.Context, intent string) (Payment, error) {
	return paymentOf(ctx, p.db, intent)
}

// maxTurns is how often [Provider.Open] begins again when other tabs of the same
// buyer open and close what it opens.
const maxTurns = 5

// Open returns what a browser needs to pay an intent in one place. What was open
// in another is closed first. It returns [payment.ErrClosed] when the money is
// not wanted any more or has come; the caller asks which.
func (p *Provider) Open(ctx context.Context, intent string, kind Kind, payer string) (string, error) {
	for range maxTurns {
		answer, err := p.open(ctx, intent, kind, payer)
		if err != nil || answer != "" {
			return answer, err
		}
	}
	return "", ErrBusy
}

// open takes one turn; "" when the trade has changed meanwhile.
func (p *Provider) open(ctx context.Context, intent string, kind Kind, payer string) (string, error) {
	pay, err := paymentOf(ctx, p.db, intent)
	if err != nil {
		return "", err
	}
	now := p.now()
	if pay.Closed || !now.Before(pay.ExpiresAt) {
		return "", payment.ErrClosed
	}
	t, open, err := openTrade(ctx, p.db, intent)
	if err != nil {
		return "", err
	}
	if !open {
		t = Trade{Number: id.New("wx", now), Intent: intent, Kind: kind, Payer: payer}
		err := insertTrade(ctx, p.db, t, now)
		if db.IsUnique(err) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
	}
	if t.Kind != kind || t.Payer != payer {
		return "", p.endUnpaid(ctx, pay, t)
	}
	if t.Answer != "" && now.Sub(t.AnsweredAt) < useful[kind] {
		return t.Answer, nil
	}
	answer, err := p.create(ctx, pay, t)
	var no *refusal
	switch {
	case refused(err, "NO_AUTH", "MCH_NOT_EXISTS"):
		return "", ErrShop.Because(err)
	case refused(err, "ORDERPAID", "ORDER_PAID", "ORDER_CLOSED", "OUT_TRADE_NO_USED"):
		return "", p.endUnpaid(ctx, pay, t) // that was not signed
	case errors.As(err, &no) && no.status == http.StatusBadRequest:
		return "", err // we ask for something that is wrong
	case err != nil:
		return "", ErrBusy.Because(err)
	}
	kept, err := setAnswer(ctx, p.db, t.Number, answer, p.now())
	if err != nil || !kept {
		return "", err
	}
	return answer, nil
}

// endUnpaid is [Provider.end] for a caller who wants to open another trade.
func (p *Provider) endUnpaid(ctx context.Context, pay Payment, t Trade) error {
	paid, err := p.end(ctx, pay, t)
	if err == nil && paid {
		err = payment.ErrClosed
	}
	return err
}

// end makes WeChat stop expecting a trade, and reports whether money was faster.
// It is over only when WeChat has signed that it is.
func (p *Provider) end(ctx context.Context, pay Payment, t Trade) (paid bool, err error) {
	for range 2 {
		in := map[string]any{"sp_mchid": p.cfg.MchID, "sub_mchid": pay.Merchant}
		err := p.call(ctx, http.MethodPost, "/v3/pay/partner/transactions/out-trade-no/"+t.Number+"/close", in, nil)
		if err == nil {
			return false, setClosed(ctx, p.db, t.Number)
		}
		var no *refusal
		if !errors.As(err, &no) {
			return false, err
		}
		x, asked := p.transaction(ctx, pay, t)
		if refused(asked, "ORDER_NOT_EXIST") {
			// The call that makes it may still be on its way. Made now it can be
			// closed, and then the other comes too late; after its end nobody can
			// make it.
			if p.now().Before(pay.ExpiresAt) {
				if _, err := p.create(ctx, pay, t); err != nil && !errors.As(err, &no) {
					return false, err
				}
				continue
			}
			return false, setClosed(ctx, p.db, t.Number)
		}
		if asked != nil {
			return false, asked
		}
		switch x.State {
		case "SUCCESS", "REFUND":
			return true, nil
		case "CLOSED", "REVOKED":
			return false, setClosed(ctx, p.db, t.Number)
		}
		return false, fmt.Errorf("close %s: %w", t.Number, err)
	}
	return false, ErrBusy
}

var china = time.FixedZone("UTC+8", 8*3600)

// create asks for the order of a trade. What it asks depends on the trade alone,
// so that asking again is the same question.
func (p *Provider) create(ctx context.Context, pay Payment, t Trade) (string, error) {
	in := map[string]any{
		"sp_appid": p.cfg.AppID, "sp_mchid": p.cfg.MchID, "sub_mchid": pay.Merchant,
		"description": p.cfg.Name, "out_trade_no": t.Number, "attach": pay.Intent, "notify_url": p.notifyURL(),
		"time_expire": pay.ExpiresAt.In(china).Truncate(time.Second).Format(time.RFC3339),
		"amount":      map[string]any{"total": pay.Amount.Minor, "currency": Currency},
	}
	switch t.Kind {
	case Inside:
		in["payer"] = map[string]any{"sp_openid": t.Payer}
	case Phone:
		in["scene_info"] = map[string]any{"payer_client_ip": t.Payer, "h5_info": map[string]any{"type": "Wap"}}
	}
	var out struct {
		Prepay string `json:"prepay_id"`
		Code   string `json:"code_url"`
		H5     string `json:"h5_url"`
	}
	err := p.call(ctx, http.MethodPost, "/v3/pay/partner/transactions/"+string(t.Kind), in, &out)
	answer := cmp.Or(out.Prepay, out.Code, out.H5)
	if err == nil && answer == "" {
		err = fmt.Errorf("answer to %s names nothing to pay with", t.Number)
	}
	return answer, err
}

// transaction is an order at WeChat, as far as it is read, in answers and in
// messages.
type transaction struct {
	AppID    string `json:"sp_appid"`
	Partner  string `json:"sp_mchid"`
	Merchant string `json:"sub_mchid"`
	Number   string `json:"out_trade_no"`
	ID       string `json:"transaction_id"`
	State    string `json:"trade_state"`
	Amount   struct {
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

// transaction asks WeChat for an order.
func (p *Provider) transaction(ctx context.Context, pay Payment, t Trade) (transaction, error) {
	var x transaction
	err := p.call(ctx, http.MethodGet, "/v3/pay/partner/transactions/out-trade-no/"+t.Number+query("sp_mchid", p.cfg.MchID, "sub_mchid", pay.Merchant), nil, &x)
	if err == nil && (x.Number != t.Number || x.Partner != p.cfg.MchID) {
		err = fmt.Errorf("asked for %s, was told of %s", t.Number, x.Number)
	}
	return x, err
}

// fact says what an order means for its payment, or [payment.ErrMismatch] when
// the money went to another merchant.
func (x transaction) fact(pay Payment) (payment.Fact, error) {
	f := payment.Fact{Intent: pay.Intent, Ref: x.ID, Amount: money.Of(x.Amount.Total, x.Amount.Currency)}
	switch x.State {
	case "SUCCESS", "REFUND": // what has been given back was paid
		f.Kind = payment.Succeeded
	case "USERPAYING":
		f.Kind = payment.InProcess
	default:
		return payment.Fact{}, nil
	}
	if x.Merchant != pay.Merchant {
		return payment.Fact{}, payment.ErrMismatch.Because(fmt.Errorf("%s was paid to %s", x.Number, x.Merchant))
	}
	return f, nil
}

// Invocation is what a page inside WeChat hands to getBrandWCPayRequest.
type Invocation struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"`
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// Invoke signs what opens the sheet of a prepay id.
func (p *Provider) Invoke(prepay string) (Invocation, error) {
	v := Invocation{AppID: p.cfg.AppID, TimeStamp: strconv.FormatInt(p.now().Unix(), 10), NonceStr: id.Secret(20), Package: "prepay_id=" + prepay, SignType: "RSA"}
	var err error
	v.PaySign, err = sign(p.cfg.Key, v.AppID, v.TimeStamp, v.NonceStr, v.Package)
	return v, err
}

// Login is where a browser inside WeChat learns a code, with which it comes to
// back.
func (p *Provider) Login(back, state string) string {
	return cmp.Or(p.cfg.LoginURL, login) + "/connect/oauth2/authorize" +
		"?appid=" + url.QueryEscape(p.cfg.AppID) + "&redirect_uri=" + url.QueryEscape(back) + "&response_type=code&scope=snsapi_base&state=" + url.QueryEscape(state) + "#wechat_redirect"
}
