package app_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
)

// eachBank is a stall that takes bank transfers.
func eachBank(t *testing.T, f func(s *till)) {
	t.Helper()
	eachStall(t, func(s *stall) {
		b := &till{stall: s}
		var err error
		if b.shop, err = s.app.Shops.Update(s.t.Context(), s.shop.ID, func(x *shop.Shop) error {
			x.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 0)}
			return nil
		}); err != nil {
			s.t.Fatal(err)
		}
		b.call(200, "marlow", "PUT", b.shopPath("/transfer-account"), object{"enabled": true, "days": 3,
			"details": object{"holder": "Marlow GmbH", "number": "de12 5001 0517 0648 4898 90", "bank": "Hafenbank", "note": ""}})
		f(b)
	})
}

func (s *till) shopPath(rest string) string { return "/v1/merchant/shops/" + s.shop.ID + rest }

// transfers places an order that is paid by bank transfer and looks where to.
func (s *till) transfers() (string, object) {
	s.t.Helper()
	id := s.orderBy("transfer")
	return id, s.call(200, "rosa", "GET", "/v1/orders/"+id+"/transfer", nil)
}

// tells says that the money is sent, with a file when there is one.
func (s *till) tells(who, id, note string, file []byte) *http.Response {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if err := m.WriteField("note", note); err != nil {
		s.t.Fatal(err)
	}
	if file != nil {
		w, err := m.CreateFormFile("file", "proof.png")
		if err != nil {
			s.t.Fatal(err)
		}
		_, _ = w.Write(file)
	}
	_ = m.Close()
	return s.send(who, "POST", "/v1/orders/"+id+"/transfer", &b, "Content-Type", m.FormDataContentType())
}

func (s *till) decides(want int, id, what string, body any) object {
	s.t.Helper()
	var in io.Reader
	if body != nil {
		in = jsonOf(s.t, body)
	}
	s.n++
	return s.answer(want, what, s.send("marlow", "POST", s.shopPath("/transfers/"+id+"/"+what), in, "Content-Type", "application/json", "Idempotency-Key", "decide-"+what+id))
}

func receipt(t *testing.T) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, 40, 60))
	for i := range im.Pix {
		im.Pix[i] = uint8(i)
	}
	im.Set(1, 1, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestABankTransferIsToldAndReceived(t *testing.T) {
	eachBank(t, func(s *till) {
		t := s.t
		id, to := s.transfers()
		if o := s.seen(id); !o.PayUntil.Equal(s.now().Add(72 * time.Hour)) {
			t.Errorf("waits until %v, want three days", o.PayUntil)
		}
		if d := to["details"].(object); d["number"] != "DE12 5001 0517 0648 4898 90" || d["holder"] != "Marlow GmbH" || to["state"] != "awaited" || !strings.HasPrefix(to["reference"].(string), "OS-") {
			t.Errorf("told to pay %v", to)
		}
		// Whoever was told where to send the money keeps that.
		s.call(200, "marlow", "PUT", s.shopPath("/transfer-account"), object{"enabled": true, "days": 5, "details": object{"holder": "Marlow", "number": "X", "bank": "", "note": ""}})
		told := s.answer(200, "tell", s.tells("rosa", id, "sent from my savings", receipt(t)))
		if told["state"] != "told" || told["details"].(object)["number"] != "DE12 5001 0517 0648 4898 90" {
			t.Errorf("told %v", told)
		}
		s.stands(id, order.PendingPayment, order.Pending) // the buyer's word is not money
		waiting := s.call(200, "marlow", "GET", s.shopPath("/transfers"), nil)["items"].([]any)
		if len(waiting) != 1 || waiting[0].(object)["note"] != "sent from my savings" {
			t.Fatalf("waiting %v", waiting)
		}
		for range 2 {
			s.decides(200, id, "received", nil)
		}
		s.stands(id, order.Placed, order.Paid)
		if got, _ := ledger.Balance(t.Context(), s.app.DB, ledger.Clearing("transfer:"+s.shop.ID)); got.Minor != 1740 {
			t.Errorf("the shop holds %v", got)
		}
		if waiting := s.call(200, "marlow", "GET", s.shopPath("/transfers"), nil)["items"].([]any); len(waiting) != 0 {
			t.Errorf("still waiting: %v", waiting)
		}
		s.answer(409, "tell again", s.tells("rosa", id, "", nil))
		s.decides(409, id, "refuse", object{"reason": "no"})
		s.later(96 * time.Hour)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestAProofIsSeenByItsBuyerAndItsShopOnly(t *testing.T) {
	eachBank(t, func(s *till) {
		t := s.t
		s.person("ben")
		id, _ := s.transfers()
		first := s.answer(200, "tell", s.tells("rosa", id, "", receipt(t)))
		again := s.answer(200, "tell", s.tells("rosa", id, "", receipt(t)))
		mine := again["proof"].(string)
		shops := s.call(200, "marlow", "GET", s.shopPath("/transfers/"+id), nil)["proof"].(string)
		for _, tt := range []struct {
			who, path string
			status    int
		}{
			{"rosa", mine, 200}, {"marlow", shops, 200},
			{"", mine, 401}, {"ben", mine, 404}, {"marlow", mine, 404}, {"ben", shops, 404}, {"rosa", shops, 404}, {"", shops, 401},
			{"rosa", "/img/" + mine[strings.Index(mine, "prf_"):], 404},
		} {
			res := s.send(tt.who, "GET", tt.path, nil)
			if res.StatusCode != tt.status && !(tt.status == 401 && res.StatusCode >= 401 && res.StatusCode <= 404) {
				t.Errorf("%q sees %s: %d, want %d", tt.who, tt.path, res.StatusCode, tt.status)
			}
			if tt.status == 200 {
				if _, err := jpeg.Decode(res.Body); err != nil || res.Header.Get("Cache-Control") != "private, no-store" {
					t.Errorf("%s: %v, %s", tt.path, err, res.Header.Get("Cache-Control"))
				}
			}
		}
		gone := first["proof"].(string)
		for info, err := range s.app.Blobs().List(t.Context(), "transfer/") {
			if err != nil || strings.Contains(info.Key, gone[strings.Index(gone, "prf_"):]) {
				t.Errorf("a picture that was replaced is kept: %s, %v", info.Key, err)
			}
		}
		s.call(404, "ben", "GET", "/v1/orders/"+id+"/transfer", nil)
		s.answer(404, "tell", s.tells("ben", id, "mine", nil))
	})
}

func TestHostileProofsAreRefusedAndChangeNothing(t *testing.T) {
	eachBank(t, func(s *till) {
		id, _ := s.transfers()
		bomb := receipt(s.t)
		copy(bomb[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // promises 65536 by 65536
		for name, file := range map[string][]byte{"text": []byte("GIF89a<script>"), "nothing": {}, "half": receipt(s.t)[:60], "bomb": bomb, "svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)} {
			if res := s.tells("rosa", id, "", file); res.StatusCode < 400 || res.StatusCode >= 500 {
				s.t.Errorf("%s: %s", name, res.Status)
			}
		}
		if got := s.call(200, "rosa", "GET", "/v1/orders/"+id+"/transfer", nil); got["state"] != "awaited" {
			s.t.Errorf("state %v", got["state"])
		}
	})
}

func TestARefusedTransferIsToldToItsBuyerWhoMayTellAgain(t *testing.T) {
	eachBank(t, func(s *till) {
		t := s.t
		id, _ := s.transfers()
		s.answer(200, "tell", s.tells("rosa", id, "sent", nil))
		s.decides(422, id, "refuse", object{"reason": "   "})
		s.decides(200, id, "refuse", object{"reason": "Nothing with this reference until Monday."})
		if err := s.app.Hear(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.call(200, "rosa", "GET", "/v1/orders/"+id+"/transfer", nil); got["state"] != "refused" || got["reason"] != "Nothing with this reference until Monday." {
			t.Errorf("the buyer sees %v", got)
		}
		if n := s.call(200, "rosa", "GET", "/v1/me/notices", nil)["items"].([]any); len(n) != 1 || n[0].(object)["url"] != "/orders/"+id {
			t.Errorf("notices %v", n)
		}
		s.answer(200, "tell", s.tells("rosa", id, "again", nil))
		s.decides(200, id, "received", nil)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestNoOtherShopDecidesOnATransfer(t *testing.T) {
	eachBank(t, func(s *till) {
		t := s.t
		id, _ := s.transfers()
		s.answer(200, "tell", s.tells("rosa", id, "sent", nil))
		other, err := s.app.Shops.Open(t.Context(), s.person("ben"), shop.Draft{Name: text.Both("Ben’s Books", ""), Pack: "books", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{other.ID, s.shop.ID} {
			for _, what := range []string{"received", "refuse", "sent-back"} {
				res := s.send("ben", "POST", "/v1/merchant/shops/"+of+"/transfers/"+id+"/"+what, jsonOf(t, object{"reason": "mine"}), "Content-Type", "application/json", "Idempotency-Key", "ben-"+what+of)
				s.answer(404, what, res)
			}
		}
		s.stands(id, order.PendingPayment, order.Pending)
		if got := s.call(200, "rosa", "GET", "/v1/orders/"+id+"/transfer", nil); got["state"] != "told" {
			t.Errorf("state %v", got["state"])
		}
	})
}

func TestMoneyThatIsOnItsWayIsLookedForAfterTheOrderHasEnded(t *testing.T) {
	eachBank(t, func(s *till) {
		told, _ := s.transfers()
		s.answer(200, "tell", s.tells("rosa", told, "sent", nil))
		silent, _ := s.transfers()
		s.later(73 * time.Hour)
		s.stands(told, order.Expired, order.NoPayment)
		waiting := s.call(200, "marlow", "GET", s.shopPath("/transfers"), nil)["items"].([]any)
		if len(waiting) != 1 || waiting[0].(object)["order"] != told {
			s.t.Errorf("to be looked at: %v", waiting)
		}
		if got := s.call(200, "rosa", "GET", "/v1/orders/"+silent+"/transfer", nil); got["state"] != "closed" {
			s.t.Errorf("an order that nobody paid: %v", got["state"])
		}
	})
}

func TestATransferThatComesLateIsTakenOrSentBack(t *testing.T) {
	eachBank(t, func(s *till) {
		t := s.t
		id, _ := s.transfers()
		s.later(71 * time.Hour)
		s.stands(id, order.PendingPayment, order.Pending)
		s.later(2 * time.Hour)
		s.stands(id, order.Expired, order.NoPayment)
		s.decides(200, id, "received", nil)
		s.stands(id, order.Placed, order.Paid) // the goods were still there

		gone, _ := s.transfers()
		s.later(80 * time.Hour)
		if _, err := s.app.Stock.Record(t.Context(), s.shop.ID, stock.Move{Key: "spoilt", SKU: s.product.SKUs[0].ID, Add: -8000, Reason: stock.Waste}); err != nil {
			t.Fatal(err)
		}
		s.decides(200, gone, "received", nil)
		s.later(0)
		s.stands(gone, order.Expired, order.Refunding)
		owed := s.call(200, "marlow", "GET", s.shopPath("/transfers"), nil)["items"].([]any)
		if len(owed) != 1 || owed[0].(object)["owed"].(object)["minor"] != float64(1740) {
			t.Fatalf("owed %v", owed)
		}
		s.decides(200, gone, "sent-back", nil)
		s.decides(409, gone, "sent-back", nil)
		s.stands(gone, order.Expired, order.Refunded)
		s.later(7 * time.Hour)
		s.sound()
	})
}

func TestATransferIsOfferedWhereItCanArriveInTime(t *testing.T) {
	eachBank(t, func(s *till) {
		t := s.t
		offered := func(how object) bool {
			q := s.call(201, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": s.product.SKUs[0].ID, "quantity": 1000}}, "fulfilment": how})
			for _, p := range q["payments"].([]any) {
				if p.(object)["code"] == "transfer" {
					return true
				}
			}
			return false
		}
		parcel := object{"kind": "parcel", "address": quay}
		if !offered(parcel) {
			t.Error("not offered for a parcel")
		}
		if _, err := s.app.Shops.Update(t.Context(), s.shop.ID, func(x *shop.Shop) error {
			x.Pickup.Enabled = true
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		q := s.call(201, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": s.product.SKUs[0].ID, "quantity": 1000}}, "fulfilment": object{"kind": "pickup"}})
		soon, days := 0, 0
		for _, w := range q["fulfilments"].([]any) {
			slots, _ := w.(object)["slots"].([]any)
			for _, x := range slots {
				at, err := time.Parse(time.RFC3339, x.(object)["starts_at"].(string))
				if err != nil {
					t.Fatal(err)
				}
				far := at.Sub(s.now()) >= order.ArriveBefore
				if far {
					days++
				} else {
					soon++
				}
				if got := offered(object{"kind": "pickup", "slot": x.(object)["id"]}); got != far {
					t.Errorf("offered %v for a slot %v away", got, at.Sub(s.now()))
				}
			}
		}
		if soon == 0 || days == 0 {
			t.Errorf("%d slots soon, %d in days", soon, days)
		}
		s.call(422, "marlow", "PUT", s.shopPath("/transfer-account"), object{"enabled": true, "days": 3, "details": object{"holder": "Marlow", "number": "", "bank": "", "note": ""}})
		s.call(422, "marlow", "PUT", s.shopPath("/transfer-account"), object{"enabled": true, "days": 15, "details": object{"holder": "Marlow", "number": "X", "bank": "", "note": ""}})
		s.call(404, "rosa", "GET", s.shopPath("/transfer-account"), nil)
		s.call(200, "marlow", "PUT", s.shopPath("/transfer-account"), object{"enabled": false, "days": 3, "details": object{"holder": "Marlow", "number": "X", "bank": "", "note": ""}})
		if offered(parcel) {
			t.Error("offered by a shop that has turned it off")
		}
	})
}
