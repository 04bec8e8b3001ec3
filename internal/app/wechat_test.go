package app_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/testsupport/fakewechat"
)

// counter is a stall that sells in yuan and whose buyers pay at the fake of
// WeChat Pay, each over HTTP of its own.
type counter struct {
	*stall
	wechat *fakewechat.Server
	cfg    config.Serve
	n      int
}

const (
	wxKey     = "0123456789abcdef0123456789abcdef"
	wxMarket  = "1900000001"
	wxShop    = "1900000109"
	wxSerial  = "5157F09EFDC096DE15EBE81A47057A72"
	agentWX   = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"
	agentTel  = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/142.0.0.0 Mobile Safari/537.36"
	agentDesk = "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0 Safari/537.36"
)

// merchantKey is the market's key: made once, because that takes a while.
var merchantKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func eachCounter(t *testing.T, f func(s *counter)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(newCounter(t, "")) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { f(newCounter(t, dbtest.PostgresURL(t, app.Migrations()...))) })
	}
}

// newCounter opens a counter; set changes its settings. The fake's messages are
// sent by the test.
func newCounter(t *testing.T, database string, set ...func(*config.Serve, *fakewechat.Server)) *counter {
	t.Helper()
	s := &counter{}
	clock := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s.wechat = fakewechat.New(fakewechat.Config{AppID: "wx8888888888888888", Secret: "app-secret", MchID: wxMarket, Serial: wxSerial, Merchant: &merchantKey().PublicKey,
		APIv3Key: wxKey, Merchants: []string{wxShop}, Now: func() time.Time {
			if s.stall == nil {
				return clock
			}
			return s.now()
		}})
	fake := httptest.NewServer(s.wechat)
	t.Cleanup(fake.Close)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.app.Handler().ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	dir := t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(merchantKey())
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(dir, "apiclient_key.pem")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.stall = newStall(t, database, func(c *config.Serve) {
		c.Currency, c.PublicURL = "CNY", front.URL
		c.WeChatMchID, c.WeChatAppID, c.WeChatSecret, c.WeChatSerial = wxMarket, "wx8888888888888888", "app-secret", wxSerial
		c.WeChatKeyFile, c.WeChatAPIv3Key, c.WeChatURL, c.WeChatLoginURL = keyFile, wxKey, fake.URL, fake.URL
		for _, f := range set {
			f(c, s.wechat)
		}
		s.cfg = *c
	})
	s.url = front.URL
	if s.shop, err = s.app.Shops.Open(t.Context(), s.person("marlow"), shop.Draft{Name: text.Both("Wang’s Fish", "老王鱼铺"), Pack: "fish", Currency: "CNY", TimeZone: "Asia/Shanghai"}); err != nil {
		t.Fatal(err)
	}
	if s.shop, err = s.app.Shops.Update(t.Context(), s.shop.ID, func(x *shop.Shop) error {
		x.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 0)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if s.product, err = s.app.Catalog.Create(t.Context(), s.shop, catalog.Form{Title: text.Both("Mackerel", "鲭鱼"), Measure: catalog.Weight, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 1250}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.Stock.Record(t.Context(), s.shop.ID, stock.Move{Key: "land-yuan", SKU: s.product.SKUs[0].ID, Add: 90000, Reason: stock.Landed}); err != nil {
		t.Fatal(err)
	}
	if err := s.app.Accounts.SetRoles(t.Context(), s.person("olga"), true, false); err != nil {
		t.Fatal(err)
	}
	s.number(wxShop, true)
	return s
}

// number gives the shop a number at WeChat Pay and lets the operator decide.
func (s *counter) number(number string, confirmed bool) {
	s.t.Helper()
	s.call(200, "marlow", "PUT", "/v1/merchant/shops/"+s.shop.ID+"/wechat-merchant", object{"number": number})
	s.call(200, "olga", "PUT", "/v1/operator/wechat-merchants/"+s.shop.ID, object{"number": number, "confirmed": confirmed})
}

func (s *counter) quote() object {
	s.t.Helper()
	return s.call(201, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": s.product.SKUs[0].ID, "quantity": 1000}}, "fulfilment": object{"kind": "parcel", "address": quay}})
}

// order places an order of a kilogram, 17.40 yuan, and returns its id.
func (s *counter) order() string {
	s.t.Helper()
	s.n++
	q := s.quote()
	body := object{"quote": q["id"], "hash": q["hash"], "payment": "wechat", "contact": object{"name": "Rosa"}, "consents": []string{"return:fresh_exempt"}}
	res := s.send("rosa", "POST", "/v1/orders", jsonOf(s.t, body), "Content-Type", "application/json", "Idempotency-Key", fmt.Sprint("order-key-", s.n))
	return s.answer(201, "place", res)["id"].(string)
}

// cashier opens the payment page of an order in a browser and follows it as far
// as it leads without a click; it returns the last status and the page.
func (s *counter) cashier(id, agent string) (int, string) {
	s.t.Helper()
	res := s.send("rosa", "GET", "/pay/"+id, nil, "User-Agent", agent)
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Error(err)
	}
	return res.StatusCode, string(b)
}

var (
	callOnPage = regexp.MustCompile(`const call = (\{.*\})`)
	linkOnPage = regexp.MustCompile(`class="go" href="([^"]+)"`)
)

// newest is the newest order at WeChat.
func (s *counter) newest() fakewechat.Trade {
	s.t.Helper()
	all := s.wechat.Trades()
	if len(all) == 0 {
		s.t.Fatal("no order at WeChat")
	}
	return all[len(all)-1]
}

// pays opens the page on a desktop and pays the code on it.
func (s *counter) pays(id string) fakewechat.Trade {
	s.t.Helper()
	if status, page := s.cashier(id, agentDesk); status != 200 || !strings.Contains(page, "data:image/png;base64,") {
		s.t.Fatalf("page: %d %s", status, page)
	}
	x := s.newest()
	if err := s.wechat.Pay(x.Number, "oScanner"); err != nil {
		s.t.Fatal(err)
	}
	return s.newest()
}

func (s *counter) seen(id string) order.Order {
	s.t.Helper()
	o, err := s.app.Orders.GetForOperator(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *counter) stands(id string, state order.State, pay order.PayState) {
	s.t.Helper()
	if o := s.seen(id); o.State != state || o.PayState != pay {
		s.t.Errorf("order is %s, %s; want %s, %s", o.State, o.PayState, state, pay)
	}
}

const (
	wxPaid     = "TRANSACTION.SUCCESS"
	wxRefunded = "REFUND.SUCCESS"
)

// tell sends the messages of a type and wants each answered with status.
func (s *counter) tell(typ string, status int) {
	s.t.Helper()
	all := s.wechat.Messages(typ)
	if len(all) == 0 {
		s.t.Fatalf("no %s", typ)
	}
	for _, m := range all {
		if got, err := s.wechat.Send(s.t.Context(), m); err != nil || got != status {
			s.t.Errorf("%s: answered %d, want %d; %v", typ, got, status, err)
		}
	}
}

func (s *counter) cancel(id string) {
	s.t.Helper()
	s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
	s.later(0)
}

func TestAQRCodeOnADesktopIsPaidWithWeChat(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		x := s.pays(id)
		if x.Kind != "native" || x.Total != 1740 || x.Merchant != wxShop || x.Description != "Harbour Market" {
			t.Errorf("collected %+v", x)
		}
		s.stands(id, order.PendingPayment, order.Pending)
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		if res := s.send("rosa", "GET", "/pay/wechat/"+x.Attach+"/over", nil); res.StatusCode != 200 {
			t.Errorf("over: %d", res.StatusCode)
		} else if v := s.answer(200, "over", res); v["over"] != true || v["back"] != s.url+"/orders/"+id+"?paid=1" {
			t.Errorf("over: %v", v)
		}
		s.sound()
	})
}

func TestInsideWeChatThePageOpensTheSheetOfWhoIsThere(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		status, page := s.cashier(id, agentWX)
		m := callOnPage.FindStringSubmatch(page)
		if status != 200 || m == nil {
			t.Fatalf("page: %d %s", status, page)
		}
		var call map[string]string
		if err := json.Unmarshal([]byte(m[1]), &call); err != nil {
			t.Fatal(err)
		}
		x := s.newest()
		if err := s.wechat.Sheet(call, "oSomebodyElse"); err == nil {
			t.Error("somebody else has paid")
		}
		if err := s.wechat.Sheet(call, x.Payer); err != nil || x.Kind != "jsapi" || x.Payer == "" {
			t.Errorf("%v, order %+v", err, x)
		}
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestOnAPhoneThePageLeadsToWeChatAndBack(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		status, page := s.cashier(id, agentTel)
		m := linkOnPage.FindStringSubmatch(page)
		if status != 200 || m == nil {
			t.Fatalf("page: %d %s", status, page)
		}
		browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := browser.Post(html.UnescapeString(m[1]), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		x := s.newest()
		if back := res.Header.Get("Location"); back != s.url+"/pay/wechat/"+x.Attach || x.Kind != "h5" || x.State != "SUCCESS" {
			t.Errorf("back to %q, order %+v", back, x)
		}
		if _, page := s.cashier(id, agentTel); !strings.Contains(page, "/over") {
			t.Error("back on the page it does not wait for the message")
		}
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestTheSameWeChatMessageTwiceAtOnceCountsOnce(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.pays(id)
		m := s.wechat.Messages(wxPaid)[0]
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if status, err := s.wechat.Send(context.Background(), m); err != nil || status != 204 {
					t.Errorf("answered %d, %v", status, err)
				}
			})
		}
		wg.Wait()
		s.stands(id, order.Placed, order.Paid)
		if n := s.count(`SELECT COUNT(*) FROM capture`); n != 1 {
			t.Errorf("%d captures", n)
		}
		s.sound()
	})
}

const createNative = "POST /v3/pay/partner/transactions/native"

func TestALostAnswerOpensNoSecondOrderAtWeChat(t *testing.T) {
	for _, kind := range []string{fakewechat.Refused, fakewechat.Busy, fakewechat.Cut, fakewechat.Lost, fakewechat.Half, fakewechat.Confused, fakewechat.Altered} {
		t.Run(kind, func(t *testing.T) {
			s := newCounter(t, "")
			id := s.order()
			s.wechat.Fail(fakewechat.Fault{Operation: createNative, Kind: kind, Times: 9})
			if status, page := s.cashier(id, agentDesk); status != 503 || !strings.Contains(page, "Try again in a moment") {
				t.Errorf("without an answer: %d %s", status, page)
			}
			s.wechat.Heal()
			s.set(s.now().Add(5 * time.Minute))
			s.pays(id)
			if n := len(s.wechat.Trades()); n != 1 {
				t.Errorf("%d orders at WeChat", n)
			}
			s.tell(wxPaid, 204)
			s.stands(id, order.Placed, order.Paid)
			s.sound()
		})
	}
}

func TestAWeChatMessageThatComesBeforeTheAnswerIsBelieved(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.wechat.Fail(fakewechat.Fault{Operation: createNative, Kind: fakewechat.Lost, Times: 9})
		s.cashier(id, agentDesk)
		if err := s.wechat.Pay(s.newest().Number, "oScanner"); err != nil {
			t.Fatal(err)
		}
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		s.wechat.Heal()
		s.later(time.Hour)
		s.sound()
	})
}

func TestWeChatIsAskedWhenItsMessageNeverComes(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.pays(id)
		s.later(3 * time.Minute)
		s.stands(id, order.Placed, order.Paid)
		s.tell(wxPaid, 204)
		s.later(time.Hour)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestThePageHearsOfItsPaymentWithoutAnyMessage(t *testing.T) {
	s := newCounter(t, "")
	id := s.order()
	x := s.pays(id)
	over := "/pay/wechat/" + x.Attach + "/over"
	if v := s.call(200, "rosa", "GET", over, nil); v["over"] != true {
		t.Errorf("over: %v", v)
	}
	s.stands(id, order.Placed, order.Paid)
	id = s.order()
	s.cashier(id, agentDesk)
	over = "/pay/wechat/" + s.newest().Attach + "/over"
	for range 20 {
		if v := s.call(200, "rosa", "GET", over, nil); v["over"] != false {
			t.Errorf("over: %v", v)
		}
	}
	if n := s.wechat.Calls("GET /v3/pay/partner/transactions/out-trade-no/{number}"); n > 2 {
		t.Errorf("WeChat was asked %d times in no time", n)
	}
	s.call(404, "marlow", "GET", over, nil)
	s.call(401, "", "GET", over, nil)
	s.call(404, "rosa", "GET", "/pay/wechat/pay_nothing/over", nil)
	if res := s.send("marlow", "GET", "/pay/wechat/"+s.newest().Attach, nil, "User-Agent", agentDesk); res.StatusCode != 404 {
		t.Errorf("somebody else sees the page: %d", res.StatusCode)
	}
}

func TestAnOrderPaidWithWeChatInItsLastMinuteDoesNotExpire(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.cashier(id, agentDesk)
		s.later(13*time.Minute + 30*time.Second)
		if err := s.wechat.Pay(s.newest().Number, "oScanner"); err != nil {
			t.Fatal(err)
		}
		s.later(45 * time.Second)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestAnOrderAtWeChatClosesWithOurs(t *testing.T) {
	for _, end := range []string{"cancelled", "expired"} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answer lost %v", end, lost), func(t *testing.T) {
				s := newCounter(t, "")
				id := s.order()
				if lost {
					s.wechat.Fail(fakewechat.Fault{Operation: createNative, Kind: fakewechat.Lost, Times: 9})
				}
				s.cashier(id, agentDesk)
				s.wechat.Heal()
				if end == "cancelled" {
					s.cancel(id)
				} else {
					s.later(16 * time.Minute)
				}
				for _, x := range s.wechat.Trades() {
					if x.State != "CLOSED" {
						t.Errorf("WeChat's order is %s", x.State)
					}
					if s.wechat.Pay(x.Number, "oScanner") == nil {
						t.Error("a closed order took money")
					}
				}
				s.stands(id, map[string]order.State{"cancelled": order.Cancelled, "expired": order.Expired}[end], order.NoPayment)
				if n := s.count(`SELECT COUNT(*) FROM wechat_trade WHERE open`); n != 0 {
					t.Errorf("%d are open", n)
				}
				s.sound()
			})
		}
	}
}

func TestAnOrderThatWeChatNeverHeardOfIsMadeToBeClosed(t *testing.T) {
	s := newCounter(t, "")
	id := s.order()
	s.wechat.Fail(fakewechat.Fault{Operation: createNative, Kind: fakewechat.Cut, Times: 9}) // it may be on its way still
	s.cashier(id, agentDesk)
	s.wechat.Heal()
	s.cancel(id)
	if x := s.newest(); x.State != "CLOSED" {
		t.Errorf("WeChat's order is %s", x.State)
	}
	s.sound()
}

func TestWeChatMoneyThatIsHeardOfLateIsTakenOrGivenBack(t *testing.T) {
	for _, gone := range []bool{false, true} {
		t.Run(fmt.Sprintf("goods gone %v", gone), func(t *testing.T) {
			eachCounter(t, func(s *counter) {
				id := s.order()
				s.pays(id)
				s.wechat.Fail(fakewechat.Fault{Kind: fakewechat.Refused, Times: 1000})
				s.later(16 * time.Minute)
				s.stands(id, order.Expired, order.NoPayment)
				if gone {
					if _, err := s.app.Stock.Record(t.Context(), s.shop.ID, stock.Move{Key: "spoilt", SKU: s.product.SKUs[0].ID, Add: -90000, Reason: stock.Waste}); err != nil {
						t.Fatal(err)
					}
				}
				s.wechat.Heal()
				s.tell(wxPaid, 204)
				if !gone {
					s.stands(id, order.Placed, order.Paid)
				} else {
					s.stands(id, order.Expired, order.Refunding)
					s.later(0)
					s.later(fakewechat.RefundTakes)
					s.tell(wxRefunded, 204)
					s.stands(id, order.Expired, order.Refunded)
				}
				s.later(24 * time.Hour)
				s.sound()
			})
		})
	}
}

func TestWeChatsMessageOfARefundMayComeBeforeThatOfThePayment(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.pays(id)
		s.cancel(id) // closing finds the money, which goes back
		s.later(fakewechat.RefundTakes)
		s.tell(wxRefunded, 204)
		s.tell(wxPaid, 204)
		s.stands(id, order.Cancelled, order.Refunded)
		if o := s.seen(id); o.Refunded != 1740 || len(s.wechat.Refunds()) != 1 || s.wechat.Balance(wxShop) != 0 {
			t.Errorf("given back %d in %d refunds, WeChat holds %d", o.Refunded, len(s.wechat.Refunds()), s.wechat.Balance(wxShop))
		}
		s.sound()
	})
}

func TestAWeChatRefundWhoseAnswerIsLostIsNotMadeTwice(t *testing.T) {
	for _, kind := range []string{fakewechat.Lost, fakewechat.Half, fakewechat.Confused, fakewechat.Refused, fakewechat.Busy, fakewechat.Altered} {
		t.Run(kind, func(t *testing.T) {
			s := newCounter(t, "")
			id := s.order()
			s.pays(id)
			s.tell(wxPaid, 204)
			s.wechat.Fail(fakewechat.Fault{Operation: "POST /v3/refund/domestic/refunds", Kind: kind, Times: 3})
			s.cancel(id)
			s.stands(id, order.Cancelled, order.Refunding)
			s.wechat.Heal()
			s.later(25 * time.Hour)
			s.later(25 * time.Hour)
			s.stands(id, order.Cancelled, order.Refunded)
			if n := len(s.wechat.Refunds()); n != 1 {
				t.Errorf("%d refunds", n)
			}
			s.sound()
		})
	}
}

func TestAWeChatRefundWaitsForMoneyAndForWhatBecomesOfIt(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id, other := s.order(), ""
		s.pays(id)
		s.tell(wxPaid, 204)
		s.wechat.SetPoor(true)
		s.wechat.HoldRefunds()
		s.cancel(id)
		s.later(time.Hour)
		s.stands(id, order.Cancelled, order.Refunding) // an empty account is no refusal
		s.wechat.SetPoor(false)
		s.later(25 * time.Hour)
		s.wechat.FinishRefund(s.wechat.Refunds()[0].Number, "SUCCESS")
		s.tell(wxRefunded, 204)
		s.stands(id, order.Cancelled, order.Refunded)
		other = s.order()
		s.pays(other)
		s.cancel(other)
		s.later(0)
		for _, r := range s.wechat.Refunds() {
			s.wechat.FinishRefund(r.Number, "ABNORMAL")
		}
		s.tell("REFUND.ABNORMAL", 204)
		s.stands(other, order.Cancelled, order.Refunding)
		if got := s.call(200, "olga", "GET", "/v1/operator/failed-refunds", nil)["items"].([]any); len(got) != 1 || got[0].(object)["order"] != other {
			t.Errorf("failed refunds %v", got)
		}
		s.sound()
	})
}

func TestAnotherDeviceClosesWhatTheFirstHasOpened(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		for _, agent := range []string{agentDesk, agentTel, agentWX, agentDesk, agentDesk} {
			if status, page := s.cashier(id, agent); status != 200 {
				t.Fatalf("%s: %d %s", agent, status, page)
			}
		}
		all := s.wechat.Trades()
		kinds := ""
		for i, x := range all {
			kinds += x.Kind + " " + x.State + ", "
			if i < len(all)-1 && s.wechat.Pay(x.Number, x.Payer) == nil {
				t.Error("an order of an earlier device took money")
			}
		}
		if kinds != "native CLOSED, h5 CLOSED, jsapi CLOSED, native NOTPAY, " {
			t.Errorf("orders: %s", kinds)
		}
		if err := s.wechat.Pay(s.newest().Number, "oScanner"); err != nil {
			t.Fatal(err)
		}
		if status, page := s.cashier(id, agentTel); status != 200 || strings.Contains(page, `class="go"`) {
			t.Errorf("paid on the desktop, the phone shows %d %s", status, page)
		}
		if n := len(s.wechat.Trades()); n != 4 {
			t.Errorf("%d orders at WeChat", n)
		}
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestManyTabsAtOnceLeaveOneOrderOpen(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.cashier(id, agentDesk)
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() { s.cashier(id, []string{agentDesk, agentTel, agentWX}[i%3]) })
		}
		wg.Wait()
		open := 0
		for _, x := range s.wechat.Trades() {
			if x.State == "NOTPAY" {
				open++
			}
		}
		if open > 1 {
			t.Errorf("%d orders can be paid", open)
		}
		s.pays(id)
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestWhatIsPaidTwiceWithWeChatGoesBack(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.cashier(id, agentDesk)
		s.wechat.Fail(fakewechat.Fault{Operation: "POST /v3/pay/partner/transactions/out-trade-no/{number}/close", Kind: fakewechat.Deaf})
		s.cashier(id, agentTel)
		for _, x := range s.wechat.Trades() {
			if err := s.wechat.Pay(x.Number, "oEager"); err != nil {
				t.Fatal(err)
			}
		}
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
		s.later(0)
		s.later(fakewechat.RefundTakes)
		s.tell(wxRefunded, 204)
		s.tell(wxPaid, 204)
		s.later(7 * time.Hour)
		if r := s.wechat.Refunds(); len(r) != 1 || r[0].Amount != 1740 || s.wechat.Balance(wxShop) != 1740 {
			t.Errorf("given back %+v, WeChat holds %d", r, s.wechat.Balance(wxShop))
		}
		if n := s.count(`SELECT COUNT(*) FROM payment_surplus WHERE state = 'done'`); n != 1 {
			t.Errorf("%d went back", n)
		}
		s.sound()
	})
}

func TestCancellingAndPayingWithWeChatAtOnceLosesNoMoney(t *testing.T) {
	eachCounter(t, func(s *counter) {
		for range 4 {
			id := s.order()
			s.cashier(id, agentDesk)
			number := s.newest().Number
			var wg sync.WaitGroup
			wg.Go(func() { _ = s.wechat.Pay(number, "oScanner") })
			wg.Go(func() { s.cashier(id, agentTel) })
			wg.Go(func() {
				if _, err := s.app.Orders.Cancel(context.Background(), id, order.BySeller, s.shop.ID, ""); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { _ = s.app.Work(context.Background()) })
			wg.Wait()
			s.later(time.Minute)
			for _, m := range s.wechat.Messages("") {
				_, _ = s.wechat.Send(t.Context(), m)
			}
			s.later(time.Minute)
			for _, m := range s.wechat.Messages("") {
				_, _ = s.wechat.Send(t.Context(), m)
			}
			paid := false
			for _, x := range s.wechat.Trades() {
				paid = paid || x.Number == number && x.ID != ""
				if x.State == "NOTPAY" {
					t.Errorf("%s can be paid still", x.Number)
				}
			}
			s.stands(id, order.Cancelled, map[bool]order.PayState{true: order.Refunded, false: order.NoPayment}[paid])
		}
		if got := s.wechat.Balance(wxShop); got != 0 {
			t.Errorf("WeChat holds %d", got)
		}
		s.sound()
	})
}
