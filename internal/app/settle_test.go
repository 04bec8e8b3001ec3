package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/testsupport/fakestripe"
)

// write sends JSON under a key of its own.
func (s *till) write(want int, who, path string, body any) object {
	s.t.Helper()
	s.n++
	res := s.send(who, "POST", path, jsonOf(s.t, body), "Content-Type", "application/json", "Idempotency-Key", fmt.Sprint("write-key-", s.n))
	return s.answer(want, path, res)
}

// file downloads a table of somebody.
func (s *till) file(want int, who, path string) string {
	s.t.Helper()
	res := s.send(who, "GET", path, nil)
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		s.t.Fatalf("%s: %d, %v\n%s", path, res.StatusCode, err, b)
	}
	return string(b)
}

func minor(v any) int { return int(v.(object)["minor"].(float64)) }

// received is an order by card that the buyer has.
func (s *till) received() string {
	s.t.Helper()
	id := s.order()
	s.pays(id, fakestripe.Good)
	s.tell(completed, http.StatusNoContent)
	s.write(200, "marlow", s.shopPath("/orders/"+id+"/ship"), object{"tracking": "T1"})
	s.write(200, "rosa", "/v1/orders/"+id+"/received", object{})
	return id
}

func TestAShopIsPaidOutFromTheSchedulerToTheBank(t *testing.T) {
	eachTill(t, func(s *till) {
		if err := s.app.Accounts.SetRoles(s.t.Context(), s.person("omar"), true, false); err != nil {
			s.t.Fatal(err)
		}
		s.write(201, "omar", "/v1/operator/fees", object{"ppm": 50_000, "fixed_minor": 20})
		s.received() // 12.50 and 4.90 for the parcel; 0.63 and 0.20 of commission
		m := s.call(200, "marlow", "GET", s.shopPath("/money"), nil)
		if minor(m["held"]) != 1740-83 || minor(m["free"]) != 0 {
			s.t.Errorf("at first: %v", m)
		}
		s.write(409, "marlow", s.shopPath("/money/payouts"), object{"minor": 1})

		s.later(aftersale.Window + time.Hour)
		m = s.call(200, "marlow", "GET", s.shopPath("/money"), nil)
		if minor(m["held"]) != 0 || minor(m["free"]) != 1740-83 {
			s.t.Errorf("after the return time: %v", m)
		}
		s.call(200, "marlow", "PUT", s.shopPath("/money/account"), object{"holder": "Nell Marlow", "number": "de89370400440532013000"})
		p := s.write(201, "marlow", s.shopPath("/money/payouts"), object{"minor": 1600})
		s.write(409, "marlow", s.shopPath("/money/payouts"), object{"minor": 58})
		table := s.file(200, "omar", "/v1/operator/payouts.csv")
		if !strings.Contains(table, p["reference"].(string)+",Nell Marlow,DE89 3704 0044 0532 0130 00,,16.00,EUR,asked") {
			s.t.Errorf("the table for the bank:\n%s", table)
		}
		path := "/v1/operator/payouts/" + p["id"].(string)
		s.write(422, "omar", path+"/returned", object{})
		s.write(200, "omar", path+"/sent", object{})
		s.write(200, "omar", path+"/done", object{})
		s.write(200, "omar", path+"/returned", object{"reason": "The account was closed."})
		m = s.call(200, "marlow", "GET", s.shopPath("/money"), nil)
		if minor(m["free"]) != 1740-83 || minor(m["paid_out"]) != 0 {
			s.t.Errorf("after it came back: %v", m)
		}

		st := s.call(200, "marlow", "GET", s.shopPath("/money/statement?month=2026-12"), nil)
		if minor(st["opening"]) != 0 || minor(st["sales"]) != 1740 || minor(st["fees"]) != 83 || minor(st["closing"]) != 1740-83 {
			s.t.Errorf("statement: %v", st)
		}
		if csv := s.file(200, "marlow", s.shopPath("/money/statement.csv?month=2026-12")); !strings.Contains(csv, ",closing,,,,,,,,16.57,EUR") || strings.Count(csv, "\n") != 6 {
			s.t.Errorf("statement:\n%s", csv)
		}
		if err := s.app.Hear(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
		told := fmt.Sprint(s.call(200, "marlow", "GET", "/v1/me/notices", nil)["items"])
		for _, words := range []string{"The market's fees change", "The account for payouts was changed", "16.00 EUR is on its way", "A payout came back"} {
			if !strings.Contains(told, words) {
				s.t.Errorf("the shop was not told: %s", words)
			}
		}
		s.sound()
	})
}

func TestTheMoneyOfAShopIsItsOwnersAffair(t *testing.T) {
	s := newTill(t, "", secretA)
	for _, path := range []string{"/money", "/money/orders", "/money/statement?month=2026-11"} {
		s.call(404, "rosa", "GET", s.shopPath(path), nil)
		s.call(401, "", "GET", s.shopPath(path), nil)
	}
	s.file(404, "rosa", s.shopPath("/money/statement.csv?month=2026-11"))
	s.file(401, "", s.shopPath("/money/statement.csv?month=2026-11"))
	s.file(422, "marlow", s.shopPath("/money/statement.csv?month=November"))
	s.write(404, "marlow", "/v1/operator/fees", object{"ppm": 0})
	s.write(404, "marlow", "/v1/operator/shops/"+s.shop.ID+"/hold", object{"reason": "Mine."})
	if body := s.file(404, "marlow", "/v1/operator/payouts.csv"); strings.Contains(body, "reference") {
		t.Error("a merchant reads where the others' money goes")
	}
	s.file(401, "", "/v1/operator/payouts.csv")
	s.call(200, "", "GET", "/v1/fees", nil)
}
