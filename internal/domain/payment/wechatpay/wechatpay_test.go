package wechatpay_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/wechatpay"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/testsupport/fakewechat"
)

var morning = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const key = "0123456789abcdef0123456789abcdef"

var merchantKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// newProvider returns a provider that talks to a fake; shops sell in yuan.
func newProvider(t testing.TB, d *db.DB) (*wechatpay.Provider, *fakewechat.Server) {
	t.Helper()
	fake := fakewechat.New(fakewechat.Config{AppID: "wx8888", Secret: "secret", MchID: "1900000001", Serial: "5157F09E", Merchant: &merchantKey().PublicKey, APIv3Key: key,
		Now: func() time.Time { return morning }})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return wechatpay.New(wechatpay.Config{AppID: "wx8888", Secret: "secret", MchID: "1900000001", Serial: "5157F09E", Key: merchantKey(), APIv3Key: key,
		URL: server.URL, LoginURL: server.URL, Name: "Market", Site: func() string { return "https://market.example" }}, d,
		func(_ context.Context, shop string) (string, error) {
			return map[string]string{"shp_yuan": "CNY", "shp_euro": "EUR"}[shop], nil
		}, func() time.Time { return morning }), fake
}

func each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, f, payment.Migrations, wechatpay.Migrations)
}

type vectors struct {
	Certificate string
	Message     struct{ Timestamp, Nonce, Serial, Signature, Body, Key, Plain string }
	Sealed      []struct {
		Key, Plain string
		Resource   json.RawMessage
	}
}

func published(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestThePublishedMessageIsGenuineAndOpens(t *testing.T) {
	v := published(t)
	m := v.Message
	if !wechatpay.Genuine([]byte(v.Certificate), m.Signature, m.Timestamp, m.Nonce, m.Body) {
		t.Error("the signature is not believed")
	}
	for _, lines := range [][]string{
		{m.Timestamp, m.Nonce, m.Body + " "}, {m.Timestamp, m.Nonce + "0", m.Body}, {"1624523847", m.Nonce, m.Body}, {m.Nonce, m.Timestamp, m.Body}, {m.Timestamp, m.Nonce}, nil,
	} {
		if wechatpay.Genuine([]byte(v.Certificate), m.Signature, lines...) {
			t.Errorf("%q is believed", lines)
		}
	}
	var whole struct{ Resource json.RawMessage }
	if err := json.Unmarshal([]byte(m.Body), &whole); err != nil {
		t.Fatal(err)
	}
	if plain, err := wechatpay.Open(whole.Resource, m.Key); err != nil || string(plain) != m.Plain {
		t.Errorf("opens to %s, %v", plain, err)
	}
}

func TestThePublishedSealsOpen(t *testing.T) {
	for _, v := range published(t).Sealed {
		plain, err := wechatpay.Open(v.Resource, v.Key)
		if err != nil || strings.TrimSpace(string(plain)) != v.Plain {
			t.Errorf("opens to %.40q, %v", plain, err)
		}
		if _, err := wechatpay.Open(v.Resource, strings.ToUpper(v.Key)); err == nil {
			t.Error("opens with another key")
		}
		if _, err := wechatpay.Open(bytes.Replace(v.Resource, []byte("AEAD_AES_256_GCM"), []byte("AES_256_CBC"), 1), v.Key); err == nil {
			t.Error("opens under another algorithm")
		}
	}
}

func TestOnlyAShopThatSellsInYuanOffersIt(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		p, _ := newProvider(t, d)
		for _, shop := range []string{"shp_yuan", "shp_euro"} {
			if err := p.SetMerchant(t.Context(), shop, "1900000109"); err != nil {
				t.Fatal(err)
			}
			if err := p.Confirm(t.Context(), shop, "1900000109", true); err != nil {
				t.Fatal(err)
			}
			if _, ok, err := p.Offer(t.Context(), shop); err != nil || ok != (shop == "shp_yuan") {
				t.Errorf("%s offers it: %v, %v", shop, ok, err)
			}
		}
		in := payment.Intent{ID: "pay_1", Shop: "shp_euro", Amount: money.Of(100, "EUR"), ExpiresAt: morning.Add(time.Hour)}
		if _, err := p.Start(t.Context(), in); err != payment.ErrProvider {
			t.Errorf("euros: %v", err)
		}
		if err := p.SetMerchant(t.Context(), "shp_yuan", " 1900000109 "); err != nil {
			t.Fatal(err)
		}
		if m, err := p.Merchant(t.Context(), "shp_yuan"); err != nil || !m.Confirmed {
			t.Errorf("the same number again: %+v, %v", m, err)
		}
	})
}

// bill of two payments, a refund, one that failed, and one that is under way.
const head = "\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n"

const tail = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`5,`17.40,`2.00,`0.00,`0.10000,`18.40,`2.00\r\n"

func line(state, total, refund, refunding, goods, attach string) string {
	ref := "0"
	if refund != "0.00" {
		ref = "50000"
	}
	return "`2026-11-23 00:00:01,`wx8888,`1900000001,`1900000109,`,`42000,`wx_1,`oUser,`NATIVE,`" + state + ",`OTHERS,`CNY,`16.40,`1.00,`" + ref + ",`rfd_1,`" + refund +
		",`0.00,`ORIGINAL,`" + refunding + ",`" + goods + ",`" + attach + ",`0.10000,`0.60%,`" + total + ",`" + refund + ",`\r\n"
}

func TestABillIsReadInFenAndChinasTime(t *testing.T) {
	bill := head + (line("SUCCESS", "17.40", "0.00", "", "Fish, fresh, `live", "pay_1") + line("SUCCESS", "1.00", "0.00", "", "Other", "") +
		line("REFUND", "0.00", "2.00", "SUCCESS", "Fish", "pay_1") + line("REFUND", "0.00", "2.00", "FAIL", "Fish", "pay_1") + line("REFUND", "0.00", "2.00", "PROCESSING", "Fish", "pay_1")) + tail
	got, err := wechatpay.ParseBill([]byte(bill))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 16, 0, 1, 0, time.UTC)
	paid := payment.Booking{Kind: payment.Succeeded, Ref: "42000", Ours: true, Amount: money.Of(1740, "CNY"), At: at}
	other := payment.Booking{Kind: payment.Succeeded, Ref: "42000", Amount: money.Of(100, "CNY"), At: at}
	back := payment.Booking{Kind: payment.GivenBack, Ref: "50000", Payment: "42000", Ours: true, Amount: money.Of(200, "CNY"), At: at}
	failed := back
	failed.Kind = payment.NotGivenOut
	want := []payment.Booking{paid, other, back, back, failed, back}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestABillThatIsNotWholeIsNotRead(t *testing.T) {
	good := (line("SUCCESS", "17.40", "0.00", "", "Fish", "pay_1"))
	for name, bill := range map[string]string{
		"cut":               head + good,
		"without names":     good + tail,
		"a column missing":  strings.Replace(head, "订单金额,申请退款金额", "申请退款金额", 1) + good + tail,
		"a field missing":   head + strings.Replace(good, "`oUser,", "", 1) + tail,
		"a sum in words":    head + strings.Replace(good, "17.40", "17,40", 1) + tail,
		"a third decimal":   head + strings.Replace(good, "17.40", "17.401", 1) + tail,
		"a negative sum":    head + strings.Replace(good, "17.40", "-17.40", 1) + tail,
		"an overlarge sum":  head + strings.Replace(good, "17.40", "99999999999999999999", 1) + tail,
		"a state unheard":   head + strings.Replace(good, "`SUCCESS", "`PERHAPS", 1) + tail,
		"a time of its own": head + strings.Replace(good, "2026-11-23", "23.11.2026", 1) + tail,
	} {
		if got, err := wechatpay.ParseBill([]byte(bill)); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
	if got, err := wechatpay.ParseBill([]byte(head + tail)); err != nil || len(got) != 0 {
		t.Errorf("a day without trade: %v, %v", got, err)
	}
}

func FuzzBill(f *testing.F) {
	f.Add([]byte(head + (line("REFUND", "0.00", "2.00", "FAIL", "Fish", "pay_1")) + tail))
	f.Add([]byte(head + tail))
	f.Add([]byte("`,`"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := wechatpay.ParseBill(b)
		if err != nil && got != nil {
			t.Error("a bill that cannot be read has bookings")
		}
		for _, x := range got {
			if x.Amount.Minor < 0 || x.Kind == payment.Nothing || x.At.Location() != time.UTC {
				t.Errorf("booking %+v", x)
			}
		}
	})
}

// FuzzMessage reads what a genuine message has sealed in it, about an order that
// is there and about others; and the same as a message that nobody has signed.
func FuzzMessage(f *testing.F) {
	d := dbtest.SQLite(f, payment.Migrations, wechatpay.Migrations)
	p, fake := newProvider(f, d)
	fake.Fail(fakewechat.Fault{Kind: fakewechat.Busy, Times: 1 << 30})
	in := payment.Intent{ID: "pay_1", Shop: "shp_yuan", Amount: money.Of(1740, "CNY"), ExpiresAt: morning.Add(time.Hour)}
	if err := errors.Join(p.SetMerchant(f.Context(), in.Shop, "1900000109"), p.Confirm(f.Context(), in.Shop, "1900000109", true)); err != nil {
		f.Fatal(err)
	}
	if _, err := p.Start(f.Context(), in); err != nil {
		f.Fatal(err)
	}
	if _, err := p.Open(f.Context(), in.ID, wechatpay.Desktop, ""); err == nil {
		f.Fatal("the fake is not busy")
	}
	number, err := db.One(f.Context(), d, db.Column[string], `SELECT number FROM wechat_trade`)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("TRANSACTION.SUCCESS", `{"sp_appid":"wx8888","sp_mchid":"1900000001","sub_mchid":"1900000109","out_trade_no":"NUMBER","trade_state":"SUCCESS","amount":{"total":1,"currency":"CNY"}}`)
	f.Add("REFUND.SUCCESS", `{"sp_mchid":"1900000001","sub_mchid":"1900000109","out_trade_no":"NUMBER","out_refund_no":"rfd_1","refund_status":"SUCCESS","amount":{"refund":1}}`)
	f.Add("REFUND.", `null`)
	f.Fuzz(func(t *testing.T, event, plain string) {
		body := []byte(strings.ReplaceAll(plain, "NUMBER", number))
		got, err := p.About(t.Context(), event, body)
		if err != nil && got != (payment.Fact{}) {
			t.Errorf("%+v with %v", got, err)
		}
		if got.Intent != "" && got.Intent != in.ID || got.Message != "" {
			t.Errorf("%q says %+v", plain, got)
		}
		header := http.Header{"Wechatpay-Signature": {plain}, "Wechatpay-Serial": {event}, "Wechatpay-Nonce": {"n"}, "Wechatpay-Timestamp": {"1795424400"}}
		if got, err := p.Read(t.Context(), header, body, morning); err == nil {
			t.Errorf("unsigned, and it says %+v", got)
		}
	})
}
