package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
)

// dealer is a stall that sells a car by leads: dana owns it, ann and bob look
// after customers.
type dealer struct {
	*till
	car, sku string
}

func eachDealer(t *testing.T, f func(s *dealer)) {
	t.Helper()
	eachStall(t, func(base *stall) {
		s := &dealer{till: &till{stall: base}}
		dana := s.person("dana")
		for _, p := range []string{"piet", "jo", "kim"} {
			s.person(p)
		}
		var err error
		if s.shop, err = s.app.Shops.Open(s.t.Context(), dana, shop.Draft{Name: text.Both("Harbour Wheels", "港湾车行"), Pack: "cars", Currency: "EUR", TimeZone: "Europe/Berlin"}); err != nil {
			s.t.Fatal(err)
		}
		for _, who := range []string{"ann", "bob"} {
			if err := s.app.Shops.SetMember(s.t.Context(), s.shop.ID, s.person(who), shop.Care); err != nil {
				s.t.Fatal(err)
			}
		}
		p := s.call(201, "dana", "POST", s.shopPath("/products"), object{"title": object{"en": "Estate 2019", "zh": "2019 年旅行车"}, "measure": "piece", "state": "live",
			"fields": object{"dealer": "Harbour Wheels GmbH", "model": "Estate 1.6", "registered": "2019-04-01", "mileage_km": "78400", "odometer": "records", "owners": "1",
				"vin": "WVWZZZ1KZAW000001", "damage": "Scratch on the left door", "inspection": "TÜV 2026-10", "price_includes": "All fees"},
			"skus": []object{{"price_minor": 1180000, "stock": 1}}})
		s.car, s.sku = p["id"].(string), p["skus"].([]any)[0].(object)["id"].(string)
		f(s)
	})
}

// asks leaves a lead and returns the answer.
func (s *dealer) asks(want int, who string, more object) object {
	s.t.Helper()
	form := s.call(200, "", "GET", "/v1/products/"+s.car+"/lead-form", nil)
	body := object{"wish": "call", "phone": "+49 151 234", "words": "Is it still there?", "page": "product", "consent_version": form["consent_version"], "consent_language": "en"}
	for k, v := range more {
		body[k] = v
	}
	s.n++
	return s.answer(want, "leave a lead", s.send(who, "POST", "/v1/products/"+s.car+"/leads", jsonOf(s.t, body), "Content-Type", "application/json", "Idempotency-Key", fmt.Sprint("lead-key-", s.n)))
}

func (s *dealer) hear() {
	s.t.Helper()
	if err := s.app.Hear(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func TestACarIsAskedForAndNotBought(t *testing.T) {
	eachDealer(t, func(s *dealer) {
		t := s.t
		if p := s.call(200, "", "GET", "/v1/products/"+s.car, nil); p["lead"] != true || p["return_rule"].(object)["code"] != "lead" {
			t.Errorf("shown as %v, %v", p["lead"], p["return_rule"])
		}
		if p := s.call(422, "piet", "POST", "/v1/quotes", object{"items": []object{{"sku": s.sku, "quantity": 1}}}); p["code"] != "order.asked" {
			t.Errorf("an offer: %v", p["code"])
		}
		fish := s.product.ID
		if p := s.call(422, "piet", "GET", "/v1/products/"+fish+"/lead-form", nil); p["code"] != "lead.bought" {
			t.Errorf("a fish is asked for: %v", p["code"])
		}
		form := s.call(200, "", "GET", "/v1/products/"+s.car+"/lead-form", nil)
		slot := form["slots"].([]any)[0].(object)["id"].(string)
		s.asks(401, "", nil)
		l := s.asks(201, "piet", object{"wish": "viewing", "slot": slot, "consent_language": "zh"})
		if l["state"] != "sent" || l["consent"].(object)["text"] != form["consent"].(object)["zh"] || l["slot"].(object)["id"] != slot || l["email"] != "piet@example.org" {
			t.Errorf("left %v", l)
		}
		if p := s.asks(409, "jo", object{"wish": "viewing", "slot": slot}); p["code"] != "shop.slot_full" {
			t.Errorf("the same hour: %v", p["code"])
		}
		s.hear()
		// The owner and both of customer service are told, nobody else.
		for who, n := range map[string]int{"dana": 1, "ann": 1, "bob": 1, "jo": 0} {
			if got := len(s.call(200, who, "GET", "/v1/me/notices", nil)["items"].([]any)); got != n {
				t.Errorf("%s has %d notices", who, got)
			}
		}
		id := l["id"].(string)
		s.call(200, "ann", "POST", s.shopPath("/leads/"+id+"/claim"), nil)
		if p := s.call(409, "bob", "POST", s.shopPath("/leads/"+id+"/claim"), nil); p["code"] != "lead.taken" {
			t.Errorf("bob claims: %v", p["code"])
		}
		s.call(200, "ann", "POST", s.shopPath("/leads/"+id+"/steps"), object{"to": "contacted", "note": "Comes on Monday"})
		if mine := s.call(200, "piet", "GET", "/v1/me/leads", nil)["items"].([]any); len(mine) != 1 || mine[0].(object)["state"] != "in_touch" || strings.Contains(fmt.Sprint(mine[0]), "Monday") {
			t.Errorf("piet sees %v", mine)
		}
		won := s.call(200, "ann", "POST", s.shopPath("/leads/"+id+"/steps"), object{"to": "won", "price_minor": 1150000})
		if won["price"].(object)["minor"] != 1150000.0 || won["erased_after"] != nil || len(won["events"].([]any)) != 4 {
			t.Errorf("won: %v", won)
		}
		list := s.call(200, "bob", "GET", s.shopPath("/leads?state=won"), nil)
		if items := list["items"].([]any); len(items) != 1 || len(list["staff"].([]any)) != 3 || len(list["counts"].([]any)) != 7 {
			t.Errorf("list %v", list)
		}
		if items := s.call(200, "bob", "GET", s.shopPath("/leads?mine=true"), nil)["items"].([]any); len(items) != 0 {
			t.Errorf("bob looks after %v", items)
		}
		contact := s.call(200, "dana", "GET", s.shopPath("/contacts"), nil)["items"].([]any)[0].(object)
		if contact["email"] != "piet@example.org" || contact["sources"].([]any)[0].(object)["kind"] != "lead" {
			t.Errorf("contact %v", contact)
		}
		res := s.send("dana", "GET", s.shopPath("/leads.csv"), nil)
		table, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(table), form["consent"].(object)["zh"].(string)) || !strings.Contains(string(table), "1150000") {
			t.Errorf("csv %d %v: %s", res.StatusCode, err, table)
		}
		for who, want := range map[string]int{"jo": 404, "": 401, "marlow": 404} {
			if got := s.send(who, "GET", s.shopPath("/leads.csv"), nil).StatusCode; got != want {
				t.Errorf("%q exports: %d, want %d", who, got, want)
			}
		}
		s.sound()
	})
}

func TestALeadIsTakenBackWithOneTap(t *testing.T) {
	eachDealer(t, func(s *dealer) {
		t := s.t
		id := s.asks(201, "kim", nil)["id"].(string)
		s.hear()
		s.call(404, "jo", "DELETE", "/v1/me/leads/"+id, nil)
		s.call(204, "kim", "DELETE", "/v1/me/leads/"+id, nil)
		s.hear()
		got := s.call(200, "dana", "GET", s.shopPath("/leads/"+id), nil)
		if got["state"] != "withdrawn" || got["name"] != nil || got["email"] != nil || got["phone"] != nil || got["consent"] != nil || got["words"] != nil {
			t.Errorf("the shop sees %v", got)
		}
		if items := s.call(200, "dana", "GET", s.shopPath("/contacts"), nil)["items"].([]any); len(items) != 0 {
			t.Errorf("contacts %v", items)
		}
		s.call(404, "kim", "DELETE", "/v1/me/leads/"+id, nil)
		s.sound()
	})
}

func TestNobodyLeavesLeadsByTheDozen(t *testing.T) {
	eachDealer(t, func(s *dealer) {
		s.asks(201, "kim", nil)
		for range 5 {
			s.asks(409, "kim", nil)
		}
		if p := s.asks(429, "kim", nil); p["code"] != "limit.too_many" {
			s.t.Errorf("the seventh: %v", p["code"])
		}
		s.set(s.now().Add(time.Minute))
		s.asks(409, "kim", nil)
	})
}
