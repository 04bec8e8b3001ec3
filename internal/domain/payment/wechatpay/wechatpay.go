// Package wechatpay collects through WeChat Pay API v3 as a partner: the market
// has the contract (sp_mchid) and each shop a number below it (sub_mchid), to
// which the money of its orders goes (pay.weixin.qq.com/doc/v3/partner).
//
// The one idea needed to read it: a payment may be opened in three places, inside
// WeChat, on a phone and on a desktop, and each needs an order of its own at
// WeChat. Its number is written down before WeChat hears of it and never means
// anything else; at most one is open, and another is asked for only when WeChat
// has signed that the earlier one is closed. So nobody pays twice.
package wechatpay

import (
	"context"
	"crypto/rsa"
	"embed"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this provider.
var Migrations = db.Migrations{Area: "wechat", Files: files}

// Code names WeChat Pay in the database.
const Code = "wechat"

// Currency is the only one that WeChat Pay collects here, in fen.
const Currency = "CNY"

// Addresses of WeChat's.
const (
	API   = "https://api.mch.weixin.qq.com"
	login = "https://open.weixin.qq.com"
	token = "https://api.weixin.qq.com"
)

// Config is what WeChat's merchant platform gives to a partner.
type Config struct {
	AppID       string          // of the official account that is bound to MchID
	Secret      string          // of the official account; tells who pays inside WeChat
	MchID       string          // the market's number as a partner (sp_mchid)
	Serial      string          // of the certificate that belongs to Key
	Key         *rsa.PrivateKey // signs our requests
	APIv3Key    string          // 32 bytes; opens messages and certificates
	PublicKeyID string          // PUB_KEY_ID_…; empty: platform certificates only
	PublicKey   *rsa.PublicKey  // of PublicKeyID
	URL         string          // of the API; empty: [API]
	LoginURL    string          // in place of both addresses of WeChat's login; empty: WeChat's
	Timeout     time.Duration   // of one request; default 10 s
	Name        string          // of the market, on the payment
	Site        func() string   // our address, without a slash at the end
}

// Shops tells in which currency a shop sells.
type Shops func(ctx context.Context, shop string) (currency string, err error)

// Provider is WeChat Pay. It is safe for concurrent use.
type Provider struct {
	cfg    Config
	db     *db.DB
	shops  Shops
	client *http.Client
	now    clock.Now
	ring   ring
}

// New returns a provider that keeps its numbers in d.
func New(c Config, d *db.DB, shops Shops, now clock.Now) *Provider {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.URL == "" {
		c.URL = API
	}
	c.URL, c.LoginURL = strings.TrimRight(c.URL, "/"), strings.TrimRight(c.LoginURL, "/")
	return &Provider{cfg: c, db: d, shops: shops, now: now, client: &http.Client{Timeout: c.Timeout}}
}

// Errors that people meet.
var (
	ErrNumber = errs.New(errs.Invalid, "wechat.number", "A WeChat Pay merchant number has 8 to 10 digits.", "微信支付商户号是 8 到 10 位数字。")
	ErrBusy   = errs.New(errs.Unavailable, "wechat.busy", "WeChat Pay does not answer. Try again in a moment.", "微信支付没有回应，请稍后再试。")
	ErrShop   = errs.New(errs.Conflict, "wechat.shop", "WeChat Pay does not collect for this shop yet. Choose another way to pay.", "微信支付还不能为这家店收款，请换一种方式付款。")
)

// Merchant is the number of a shop at WeChat Pay (sub_mchid). It is used once an
// operator has confirmed it.
type Merchant struct {
	Number    string
	Confirmed bool
}

// Merchant returns the number of a shop; the zero one when it has none.
func (p *Provider) Merchant(ctx context.Context, shop string) (Merchant, error) {
	return merchantOf(ctx, p.db, shop)
}

var number = regexp.MustCompile(`^([0-9]{8,10})?$`)

// SetMerchant changes the number of a shop, "" for none, to be confirmed anew.
// Payments under way stay with the number that they began with.
func (p *Provider) SetMerchant(ctx context.Context, shop, to string) error {
	if to = strings.TrimSpace(to); !number.MatchString(to) {
		return ErrNumber
	}
	return setMerchant(ctx, p.db, shop, to, p.now())
}

// Confirm notes that an operator has bound the number of a shop to the market's,
// or takes that back. The number is named, so that one that has changed meanwhile
// is not confirmed unseen: then it is [payment.ErrNotFound].
func (p *Provider) Confirm(ctx context.Context, shop, number string, confirmed bool) error {
	return confirm(ctx, p.db, shop, number, confirmed, p.now())
}

// ShopMerchant is the number of a shop.
type ShopMerchant struct {
	Shop string
	Merchant
}

// Merchants lists the shops that have given a number, the unconfirmed first.
func (p *Provider) Merchants(ctx context.Context) ([]ShopMerchant, error) {
	return merchants(ctx, p.db)
}

// Code is "wechat".
func (p *Provider) Code() string { return Code }

// Label names the method for buyers.
func (p *Provider) Label() text.Local { return text.Both("WeChat Pay", "微信支付") }

// Offer reports whether a shop sells in yuan and has a confirmed number.
func (p *Provider) Offer(ctx context.Context, shop string) (time.Duration, bool, error) {
	m, err := merchantOf(ctx, p.db, shop)
	if err != nil || !m.Confirmed {
		return 0, false, err
	}
	currency, err := p.shops(ctx, shop)
	return 0, currency == Currency, err
}

// Start pins the shop's number to a payment. WeChat hears of it when the page
// knows where it has been opened.
func (p *Provider) Start(ctx context.Context, in payment.Intent) (payment.Page, error) {
	m, err := merchantOf(ctx, p.db, in.Shop)
	if err != nil {
		return payment.Page{}, err
	}
	if !m.Confirmed || in.Amount.Currency != Currency {
		return payment.Page{}, payment.ErrProvider
	}
	err = insertPayment(ctx, p.db, Payment{Intent: in.ID, Merchant: m.Number, Amount: in.Amount, Back: in.Back, ExpiresAt: in.ExpiresAt})
	return payment.Page{URL: Page(in.ID)}, err
}

// Page is the path of the page where an intent is paid.
func Page(intent string) string { return "/pay/wechat/" + intent }

// Query asks for every order that WeChat may have of an intent.
func (p *Provider) Query(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	pay, err := paymentOf(ctx, p.db, in.ID)
	if errors.Is(err, payment.ErrNotFound) {
		return payment.Fact{}, nil // nobody opened its page
	}
	if err != nil {
		return payment.Fact{}, err
	}
	return p.query(ctx, pay)
}

func (p *Provider) query(ctx context.Context, pay Payment) (payment.Fact, error) {
	all, err := trades(ctx, p.db, pay.Intent)
	if err != nil {
		return payment.Fact{}, err
	}
	var found payment.Fact
	for _, t := range all {
		x, err := p.transaction(ctx, pay, t)
		if refused(err, "ORDER_NOT_EXIST") {
			continue
		}
		if err != nil {
			return payment.Fact{}, err
		}
		f, err := x.fact(pay)
		if err != nil {
			return payment.Fact{}, err
		}
		if f.Kind == payment.Succeeded {
			return f, nil
		}
		if f.Kind != payment.Nothing {
			found = f
		}
	}
	return found, nil
}

// Close makes WeChat stop expecting anything for an intent, for good.
func (p *Provider) Close(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	if err := closePayment(ctx, p.db, in.ID); err != nil {
		return payment.Fact{}, err
	}
	pay, err := paymentOf(ctx, p.db, in.ID)
	if errors.Is(err, payment.ErrNotFound) {
		return payment.Fact{}, nil
	}
	if err != nil {
		return payment.Fact{}, err
	}
	t, open, err := openTrade(ctx, p.db, in.ID)
	if err != nil {
		return payment.Fact{}, err
	}
	if open {
		if _, err := p.end(ctx, pay, t); err != nil {
			return payment.Fact{}, err
		}
	}
	return p.query(ctx, pay)
}

// refundAnswer is a refund, as far as it is read, in answers and in messages;
// status is called otherwise in a message.
type refundAnswer struct {
	ID          string `json:"refund_id"`
	Number      string `json:"out_refund_no"`
	Trade       string `json:"out_trade_no"`
	Merchant    string `json:"sub_mchid"` // in messages only
	Partner     string `json:"sp_mchid"`  // in messages only
	Status      string `json:"status"`
	MessageSays string `json:"refund_status"`
	Amount      struct {
		Refund   int64  `json:"refund"`
		Currency string `json:"currency"` // in answers only
	} `json:"amount"`
}

func (a refundAnswer) fact() payment.Fact {
	f := payment.Fact{Kind: payment.ToBeGiven, Refund: a.Number, Ref: a.ID, Amount: money.Of(a.Amount.Refund, Currency)}
	if a.Amount.Currency != "" {
		f.Amount.Currency = a.Amount.Currency
	}
	switch a.Status + a.MessageSays {
	case "SUCCESS":
		f.Kind = payment.GivenBack
	case "CLOSED", "ABNORMAL": // the card is gone, for example: a person has to settle it
		f.Kind, f.Detail = payment.NotGivenOut, a.Status+a.MessageSays
	}
	return f
}

// Refund gives money back. The refund's id is its number at WeChat, where asking
// again under the same number returns the first refund, for ever.
func (p *Provider) Refund(ctx context.Context, r payment.Refund, captured string) (payment.Fact, error) {
	pay, err := paymentOf(ctx, p.db, r.Intent)
	if err != nil {
		return payment.Fact{}, err
	}
	return p.giveBack(ctx, pay, r.ID, captured, r.Amount.Minor)
}

// giveBack asks for a refund. A refusal is not signed, so whatever it says the
// refund is asked for; only when WeChat knows none, and has named a reason that
// time does not heal, a person has to settle it.
func (p *Provider) giveBack(ctx context.Context, pay Payment, number, captured string, fen int64) (payment.Fact, error) {
	in := map[string]any{"sub_mchid": pay.Merchant, "transaction_id": captured, "out_refund_no": number, "notify_url": p.notifyURL(),
		"amount": map[string]any{"refund": fen, "total": pay.Amount.Minor, "currency": Currency}}
	var a refundAnswer
	err := p.call(ctx, http.MethodPost, "/v3/refund/domestic/refunds", in, &a)
	if err == nil {
		return a.fact(), nil
	}
	var no *refusal
	if !errors.As(err, &no) {
		return payment.Fact{}, err
	}
	if again := p.call(ctx, http.MethodGet, "/v3/refund/domestic/refunds/"+number+query("sub_mchid", pay.Merchant), nil, &a); again == nil {
		return a.fact(), nil
	} else if !refused(again, "RESOURCE_NOT_EXISTS") {
		return payment.Fact{}, again
	}
	if refused(err, "INVALID_REQUEST", "USER_ACCOUNT_ABNORMAL", "RESOURCE_NOT_EXISTS", "NO_AUTH") {
		return payment.Fact{Kind: payment.NotGivenOut, Refund: number, Amount: money.Of(fen, Currency), Detail: no.Code + ": " + no.Message}, nil
	}
	return payment.Fact{}, err
}

func (p *Provider) notifyURL() string { return p.cfg.Site() + "/v1/payments/" + Code + "/events" }
