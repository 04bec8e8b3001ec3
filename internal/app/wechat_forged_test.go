package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/testsupport/fakewechat"
)

func TestForgedWeChatMessagesAreRefusedAndNotKept(t *testing.T) {
	s := newCounter(t, "")
	id := s.order()
	s.pays(id)
	m := s.wechat.Messages(wxPaid)[0]
	body := m.Body(wxKey)
	good := s.wechat.Signed(fakewechat.CertA, s.now(), body)
	with := func(name, value string) http.Header {
		h := good.Clone()
		if value == "" {
			h.Del(name)
		} else {
			h.Set(name, value)
		}
		return h
	}
	sealedByOther := m.Body(strings.Repeat("x", 32))
	garbage := []byte(`{"id":`)
	for _, tt := range []struct {
		name   string
		header http.Header
		body   []byte
		status int
	}{
		{"unsigned", http.Header{}, body, 403},
		{"no serial", with("Wechatpay-Serial", ""), body, 403},
		{"no nonce", with("Wechatpay-Nonce", ""), body, 403},
		{"another nonce", with("Wechatpay-Nonce", "0123456789abcdef"), body, 403},
		{"no stamp", with("Wechatpay-Timestamp", ""), body, 403},
		{"a stamp that is no number", with("Wechatpay-Timestamp", "now"), body, 403},
		{"no signature", with("Wechatpay-Signature", ""), body, 403},
		{"a signature that is no Base64", with("Wechatpay-Signature", "!!!"), body, 403},
		{"a probe of whether anybody looks", with("Wechatpay-Signature", "WECHATPAY/SIGNTEST/"+good.Get("Wechatpay-Signature")), body, 403},
		{"a serial that nobody knows", with("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A73"), body, 403},
		{"a public key that was not set up", with("Wechatpay-Serial", fakewechat.PublicKeyID), body, 403},
		{"another kind of signature", with("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"), body, 403},
		{"a stranger's key under a known serial", func() http.Header {
			h := s.wechat.Signed(fakewechat.Stranger, s.now(), body)
			h.Set("Wechatpay-Serial", good.Get("Wechatpay-Serial"))
			return h
		}(), body, 403},
		{"a stranger's key", s.wechat.Signed(fakewechat.Stranger, s.now(), body), body, 403},
		{"another body", good, bytes.Replace(body, []byte("TRANSACTION"), []byte("TRANSACTIOM"), 1), 403},
		{"from the future", s.wechat.Signed(fakewechat.CertA, s.now().Add(5*time.Minute), body), body, 403},
		{"from the past", s.wechat.Signed(fakewechat.CertA, s.now().Add(-5*time.Minute), body), body, 403},
		{"sealed with another key", s.wechat.Signed(fakewechat.CertA, s.now(), sealedByOther), sealedByOther, 422},
		{"half a message", s.wechat.Signed(fakewechat.CertA, s.now(), garbage), garbage, 422},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, err := s.wechat.SendRaw(t.Context(), m.To, tt.header, tt.body); err != nil || status != tt.status {
				t.Errorf("answered %d, want %d; %v", status, tt.status, err)
			}
		})
	}
	if n := s.count(`SELECT COUNT(*) FROM provider_event`); n != 0 {
		t.Errorf("%d messages kept", n)
	}
	s.stands(id, order.PendingPayment, order.Pending)
	s.tell(wxPaid, 204)
	s.stands(id, order.Placed, order.Paid)
}

func TestGenuineWeChatMessagesAboutSomethingElsePayNothing(t *testing.T) {
	s := newCounter(t, "")
	id := s.order()
	s.pays(id)
	genuine := s.wechat.Messages(wxPaid)[0]
	sum := func(total int, currency string) any { return object{"total": total, "currency": currency} }
	for _, tt := range []struct {
		name   string
		change object
		typ    string
		status int
	}{
		{"less", object{"amount": sum(1, "CNY")}, "", 409},
		{"more", object{"amount": sum(1741, "CNY")}, "", 409},
		{"nothing", object{"amount": sum(0, "CNY")}, "", 409},
		{"another currency", object{"amount": sum(1740, "USD")}, "", 409},
		{"no sum", object{"amount": object{}}, "", 409},
		{"paid to another shop", object{"sub_mchid": "1900000110"}, "", 409},
		{"of another partner", object{"sp_mchid": "1900000002"}, "", 204},
		{"of another account", object{"sp_appid": "wx0000000000000000"}, "", 204},
		{"of an order that is not ours", object{"out_trade_no": "wx_somebody"}, "", 204},
		{"not paid", object{"trade_state": "NOTPAY"}, "", 204},
		{"closed", object{"trade_state": "CLOSED"}, "", 204},
		{"about a complaint", object{}, "COMPLAINT.CREATE", 204},
		{"a sum that is text", object{"amount": object{"total": "1740", "currency": "CNY"}}, "", 422},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := genuine
			m.ID, m.About = "EV-"+tt.name, object{}
			for k, v := range genuine.About {
				m.About[k] = v
			}
			for k, v := range tt.change {
				m.About[k] = v
			}
			if tt.typ != "" {
				m.Type = tt.typ
			}
			for range 2 { // the answer is the same every time
				if status, err := s.wechat.Send(t.Context(), m); err != nil || status != tt.status {
					t.Errorf("answered %d, want %d; %v", status, tt.status, err)
				}
			}
		})
	}
	s.stands(id, order.PendingPayment, order.Pending)
	s.tell(wxPaid, 204)
	s.stands(id, order.Placed, order.Paid)
	s.sound()
}

func TestAnOldWeChatMessageReplayedChangesNothing(t *testing.T) {
	eachCounter(t, func(s *counter) {
		id := s.order()
		s.pays(id)
		m := s.wechat.Messages(wxPaid)[0]
		body := m.Body(wxKey)
		then := s.wechat.Signed(fakewechat.CertA, s.now(), body)
		if status, err := s.wechat.SendRaw(t.Context(), m.To, then, body); err != nil || status != 204 {
			t.Fatalf("answered %d, %v", status, err)
		}
		s.cancel(id)
		s.later(6 * time.Minute)
		if status, _ := s.wechat.SendRaw(t.Context(), m.To, then, body); status != 403 {
			t.Errorf("replayed: %d", status)
		}
		s.tell(wxPaid, 204) // sent again by WeChat
		m.ID = "EV-another"
		if status, _ := s.wechat.Send(t.Context(), m); status != 204 {
			t.Errorf("under another id: %d", status)
		}
		s.later(7 * time.Hour)
		s.stands(id, order.Cancelled, order.Refunded)
		if n := len(s.wechat.Refunds()); n != 1 {
			t.Errorf("%d refunds", n)
		}
		s.sound()
	})
}

func TestAPlatformCertificateIsReplacedWithoutLosingAMessage(t *testing.T) {
	s := newCounter(t, "")
	paid := func(want int) {
		t.Helper()
		id := s.order()
		s.pays(id)
		all := s.wechat.Messages(wxPaid)
		if status, err := s.wechat.Send(t.Context(), all[len(all)-1]); err != nil || status != want {
			t.Errorf("answered %d, want %d; %v", status, want, err)
		}
		if want == 204 {
			s.stands(id, order.Placed, order.Paid)
		}
	}
	const certificates = "GET /v3/certificates"
	paid(204)
	paid(204)
	if n := s.wechat.Calls(certificates); n != 1 {
		t.Errorf("certificates were asked for %d times", n)
	}
	s.set(s.now().Add(2 * time.Minute))
	s.wechat.SignWith(fakewechat.CertA, fakewechat.CertA, fakewechat.CertB) // both are served,
	paid(204)
	s.wechat.SignWith(fakewechat.CertB, fakewechat.CertA, fakewechat.CertB) // then the new one signs,
	paid(204)
	s.set(s.now().Add(2 * time.Minute))
	s.wechat.SignWith(fakewechat.CertB, fakewechat.CertB) // and then it is alone
	paid(204)
	if n := s.wechat.Calls(certificates); n != 2 {
		t.Errorf("certificates were asked for %d times", n)
	}
	m := s.wechat.Messages(wxPaid)[0]
	body := m.Body(wxKey)
	for range 20 { // anybody can make a serial up
		h := s.wechat.Signed(fakewechat.Stranger, s.now(), body)
		if status, _ := s.wechat.SendRaw(t.Context(), m.To, h, body); status != 403 {
			t.Errorf("a stranger: %d", status)
		}
	}
	if n := s.wechat.Calls(certificates); n > 3 {
		t.Errorf("certificates were asked for %d times", n)
	}
	s.set(s.now().Add(13 * time.Hour))
	if status, _ := s.wechat.SendRaw(t.Context(), m.To, s.wechat.Signed(fakewechat.CertA, s.now(), body), body); status != 403 {
		t.Errorf("the certificate that is not served any more: %d", status)
	}
	s.sound()
}

func TestACertificateThatIsNotSealedWithOurKeyIsNotBelieved(t *testing.T) {
	s := newCounter(t, "", func(c *config.Serve, _ *fakewechat.Server) { c.WeChatAPIv3Key = strings.Repeat("z", 32) })
	id := s.order()
	if status, _ := s.cashier(id, agentDesk); status != 503 {
		t.Errorf("page: %d", status)
	}
	x := s.newest()
	if err := s.wechat.Pay(x.Number, "oScanner"); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.wechat.Send(t.Context(), s.wechat.Messages(wxPaid)[0]); status < 400 {
		t.Errorf("answered %d", status)
	}
	s.stands(id, order.PendingPayment, order.Pending)
}

func TestThePublicKeySignsBesideCertificates(t *testing.T) {
	s := newCounter(t, "", func(c *config.Serve, w *fakewechat.Server) {
		c.WeChatPublicKeyID, c.WeChatPublicKeyFile = fakewechat.PublicKeyID, filepath.Join(filepath.Dir(c.WeChatKeyFile), "pub_key.pem")
		if err := os.WriteFile(c.WeChatPublicKeyFile, w.PublicKeyPEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	for _, signer := range []string{fakewechat.CertA, fakewechat.PublicKey} { // of messages; answers are the public key's
		s.wechat.SignWith(signer, fakewechat.CertA)
		id := s.order()
		s.pays(id)
		s.tell(wxPaid, 204)
		s.stands(id, order.Placed, order.Paid)
	}
	if n := s.wechat.Calls("GET /v3/certificates"); n != 1 {
		t.Errorf("certificates were asked for %d times", n)
	}
}

func TestAnAnswerThatAStrangerSignedDecidesNothing(t *testing.T) {
	s := newCounter(t, "")
	id := s.order()
	s.pays(id)
	s.wechat.SignWith(fakewechat.Stranger, fakewechat.CertA)
	s.later(3 * time.Minute)
	s.stands(id, order.PendingPayment, order.Pending)
	s.wechat.SignWith(fakewechat.CertA, fakewechat.CertA)
	s.later(10 * time.Minute)
	s.later(2 * time.Minute)
	s.stands(id, order.Placed, order.Paid)
}

func TestWeChatPayIsOfferedWhereItWorks(t *testing.T) {
	eachCounter(t, func(s *counter) {
		ways := func() string {
			t.Helper()
			b, err := json.Marshal(s.quote()["payments"])
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		mine := "/v1/merchant/shops/" + s.shop.ID + "/wechat-merchant"
		if !strings.Contains(ways(), `"wechat"`) {
			t.Errorf("ways to pay: %s", ways())
		}
		early := s.order()
		s.cashier(early, agentDesk)
		s.number("1900000110", false)
		if strings.Contains(ways(), `"wechat"`) {
			t.Error("a number that nobody has confirmed is offered")
		}
		if v := s.call(200, "marlow", "GET", mine, nil); v["number"] != "1900000110" || v["confirmed"] != false || v["offered"] != true {
			t.Errorf("number %v", v)
		}
		s.call(404, "olga", "PUT", "/v1/operator/wechat-merchants/"+s.shop.ID, object{"number": wxShop, "confirmed": true}) // it has changed meanwhile
		s.call(404, "marlow", "PUT", "/v1/operator/wechat-merchants/"+s.shop.ID, object{"number": "1900000110", "confirmed": true})
		s.call(404, "rosa", "PUT", mine, object{"number": "1900000110"})
		s.call(422, "marlow", "PUT", mine, object{"number": "19000001x9"})
		s.number("1900000110", true)
		if list := s.call(200, "olga", "GET", "/v1/operator/wechat-merchants", nil)["items"].([]any); len(list) != 1 {
			t.Errorf("numbers %v", list)
		}
		// WeChat does not know of the new number: the page says so.
		late := s.order()
		if status, page := s.cashier(late, agentDesk); status != 409 || !strings.Contains(page, "does not collect for this shop") {
			t.Errorf("page: %d %s", status, page)
		}
		// What began under the old one ends there.
		if err := s.wechat.Pay(s.wechat.Trades()[0].Number, "oScanner"); err != nil {
			t.Fatal(err)
		}
		s.tell(wxPaid, 204)
		s.stands(early, order.Placed, order.Paid)
		s.cancel(early)
		s.later(7 * time.Hour)
		s.stands(early, order.Cancelled, order.Refunded)
		if s.wechat.Balance(wxShop) != 0 {
			t.Error("it went back to somebody else")
		}
		s.call(200, "marlow", "PUT", mine, object{"number": ""})
		if strings.Contains(ways(), `"wechat"`) {
			t.Error("a shop without a number offers it")
		}
		s.sound()
	})
}
