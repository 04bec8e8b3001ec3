package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/media/codec/codectest"
)

// school is a stall whose owner teaches: a course with a preview and two lessons
// that have to be paid for, of four seconds each.
type school struct {
	*till
	product string
	sku     string
	lessons []string // preview, first, second
}

func eachSchool(t *testing.T, f func(s *school)) {
	t.Helper()
	film := codectest.Read(t, codectest.Clip{Seconds: 4, Size: "160x120"}, "a.mp4")
	eachStall(t, func(base *stall) {
		s := &school{till: &till{stall: base}}
		ngozi := s.person("ngozi")
		s.person("basil")
		s.person("piet")
		var err error
		if s.shop, err = s.app.Shops.Open(s.t.Context(), ngozi, shop.Draft{Name: text.Both("Sums", "算术"), Pack: "courses", Currency: "EUR", TimeZone: "Europe/Berlin"}); err != nil {
			s.t.Fatal(err)
		}
		s.call(200, "ngozi", "PUT", s.shopPath("/transfer-account"), object{"enabled": true, "days": 3,
			"details": object{"holder": "Ngozi", "number": "de12 5001 0517 0648 4898 90", "bank": "Hafenbank", "note": ""}})
		p := s.call(201, "ngozi", "POST", s.shopPath("/products"), object{"title": object{"en": "Fractions with bread"}, "measure": "piece", "state": "live",
			"fields": object{"level": "beginner", "teacher": "Ngozi Okafor", "access_days": "90"}, "skus": []object{{"price_minor": 4801}}})
		s.product, s.sku = p["id"].(string), p["skus"].([]any)[0].(object)["id"].(string)
		for i, title := range []string{"What is a half?", "Quarters", "Eighths"} {
			s.lessons = append(s.lessons, s.lesson(title, i == 0, film))
		}
		s.work()
		f(s)
	})
}

// lesson adds one with a film.
func (s *school) lesson(title string, preview bool, film []byte) string {
	s.t.Helper()
	l := s.call(201, "ngozi", "POST", s.shopPath("/products/"+s.product+"/lessons"), object{"title": object{"en": title}, "notes": object{"en": "Bring bread."}, "preview": preview})
	id := l["id"].(string)
	s.call(200, "ngozi", "PUT", s.shopPath("/lessons/"+id+"/film"), object{"upload": s.upload("ngozi", film)})
	return id
}

// orders places an order for the course without paying it.
func (s *school) orders(who string) string {
	s.t.Helper()
	s.n++
	q := s.call(201, who, "POST", "/v1/quotes", object{"items": []object{{"sku": s.sku, "quantity": 1}}})
	if got := q["fulfilment"].(object)["kind"]; got != "online" || q["total"].(object)["minor"] != 4801.0 {
		s.t.Fatalf("offered %v for %v", got, q["total"])
	}
	body := object{"quote": q["id"], "hash": q["hash"], "payment": "transfer", "contact": object{"name": who}, "consents": []string{}}
	key := fmt.Sprint("order-key-", s.n)
	res := s.send(who, "POST", "/v1/orders", jsonOf(s.t, body), "Content-Type", "application/json", "Idempotency-Key", key)
	if p := s.answer(422, "place without consent", res); p["code"] != "order.consent" {
		s.t.Errorf("without consent: %v", p)
	}
	body["consents"] = []string{"return:progress"}
	return s.answer(201, "place", s.send(who, "POST", "/v1/orders", jsonOf(s.t, body), "Content-Type", "application/json", "Idempotency-Key", key))["id"].(string)
}

// buys pays for the course and returns the order and the course.
func (s *school) buys(who string) (orderID, courseID string) {
	s.t.Helper()
	id := s.orders(who)
	s.call(200, who, "GET", "/v1/orders/"+id+"/transfer", nil)
	s.answer(200, "received", s.send("ngozi", "POST", s.shopPath("/transfers/"+id+"/received"), nil, "Idempotency-Key", "received-"+id))
	if err := s.app.Hear(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	items := s.call(200, who, "GET", "/v1/orders/"+id+"/courses", nil)["items"].([]any)
	if len(items) != 1 {
		s.t.Fatalf("%d courses came of the order", len(items))
	}
	return id, items[0].(object)["id"].(string)
}

func (s *school) watch(want int, who, lesson string) object {
	s.t.Helper()
	return s.call(want, who, "POST", "/v1/lessons/"+lesson+"/watch", nil)
}

// status asks for an address and returns what comes.
func (s *school) status(who, path string) int {
	s.t.Helper()
	res := s.send(who, "GET", path, nil)
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// below lists the addresses that a player finds below a lesson's playlist.
func (s *school) below(url string) (playlist, film string) {
	s.t.Helper()
	master := strings.TrimSpace(s.get(url))
	name := master[strings.LastIndexByte(master, '\n')+1:]
	playlist = strings.TrimSuffix(url, "master.m3u8") + name
	return playlist, strings.TrimSuffix(playlist, ".m3u8") + ".mp4"
}

func TestAPreviewIsForEverybodyAndTheRestForBuyers(t *testing.T) {
	eachSchool(t, func(s *school) {
		t := s.t
		list := s.call(200, "", "GET", "/v1/products/"+s.product+"/lessons", nil)
		if items := list["lessons"].([]any); len(items) != 3 || items[0].(object)["preview"] != true || items[1].(object)["ready"] != true || list["course"] != nil {
			t.Fatalf("syllabus %v", list)
		}
		free := s.watch(200, "", s.lessons[0])["url"].(string)
		if got := codectest.Probe(t, "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", s.url+free); !strings.HasPrefix(got, "h264,160\naac\n") {
			t.Errorf("a player finds %q", got)
		}
		for _, who := range []string{"", "rosa"} {
			if p := s.watch(403, who, s.lessons[1]); p["code"] != "course.locked" {
				t.Errorf("%q is refused with %v", who, p["code"])
			}
		}
		unpaid := s.orders("basil")
		s.watch(403, "basil", s.lessons[1])
		s.write(200, "basil", "/v1/orders/"+unpaid+"/cancel", object{})

		id, mine := s.buys("rosa")
		s.stands(id, order.Placed, order.Paid)
		p := s.watch(200, "rosa", s.lessons[2])
		s.stands(id, order.Completed, order.Paid) // opened is handed over
		if p["course"] != mine || p["notes"].(object)["en"] != "Bring bread." {
			t.Errorf("opened %v", p)
		}
		url := p["url"].(string)
		playlist, film := s.below(url)
		for _, path := range []string{url, playlist, film} {
			if got := s.status("rosa", path); got != 200 {
				t.Errorf("%s: %d", path, got)
			}
		}
		s.watch(403, "basil", s.lessons[2])
		if o := s.seen(id); len(o.Quote.Terms) == 0 || !strings.Contains(o.Quote.Terms[0].Text.Pick("en"), "1 − progress") || len(o.Consents) != 1 {
			t.Errorf("kept %v with %v", o.Quote.Terms, o.Consents)
		}
	})
}

func TestAFilmOfALessonHasNoOtherAddress(t *testing.T) {
	eachSchool(t, func(s *school) {
		t := s.t
		_, _ = s.buys("rosa")
		url := s.watch(200, "rosa", s.lessons[1])["url"].(string)
		free := s.watch(200, "", s.lessons[0])["url"].(string)
		staff := s.watch(200, "ngozi", s.lessons[2])["url"].(string)
		playlist, film := s.below(url)
		ticket := strings.Split(url, "/")[3]
		parts := strings.Split(ticket, ".")
		foreign := strings.Split(strings.Split(free, "/")[3], ".")
		l, err := s.app.Courses.OfShop(t.Context(), s.shop.ID, s.lessons[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ name, path string }{
			{"the films of videos", "/media/videos/" + l.Video + "/master.m3u8"},
			{"the films of videos, a segment", "/media/videos/" + l.Video + "/" + strings.Join(strings.Split(film, "/")[4:], "/")},
			{"the video itself", "/v1/videos/" + l.Video},
			{"the lists of the shop", s.base() + "/" + l.Video},
			{"no ticket", "/media/lessons/master.m3u8"},
			{"a lesson's name", "/media/lessons/" + s.lessons[1] + "/master.m3u8"},
			{"another lesson's proof", "/media/lessons/" + strings.Join(append(parts[:3:3], foreign[3]), ".") + "/master.m3u8"},
			{"a preview's ticket for another's name", "/media/lessons/" + strings.Join([]string{s.lessons[1], foreign[1], foreign[2], foreign[3]}, ".") + "/master.m3u8"},
			{"a preview's ticket for another's film", strings.TrimSuffix(free, "master.m3u8") + strings.Join(strings.Split(film, "/")[4:], "/")},
			{"a longer time", "/media/lessons/" + strings.Join([]string{parts[0], parts[1], "zzzzzz", parts[3]}, ".") + "/master.m3u8"},
			{"a way up", strings.TrimSuffix(playlist, ".m3u8") + "/%2e%2e/%2e%2e/source"},
			{"a way up in a name", strings.TrimSuffix(url, "master.m3u8") + strings.Split(film, "/")[4] + "/..%2fsource"},
			{"the file that was sent", strings.TrimSuffix(url, "master.m3u8") + strings.Split(film, "/")[4] + "/source"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				for _, who := range []string{"", "rosa", "ngozi"} {
					if got := s.status(who, tt.path); got != http.StatusNotFound && got != http.StatusForbidden && got != http.StatusUnauthorized {
						t.Errorf("%q gets %d of %s", who, got, tt.path)
					}
				}
			})
		}
		if res := s.send("", "GET", film, nil); !strings.Contains(res.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("caches are told %q", res.Header.Get("Cache-Control"))
		}
		s.set(s.now().Add(10*time.Minute - time.Second))
		if got := s.status("", film); got != 200 {
			t.Errorf("just before its time: %d", got)
		}
		s.set(s.now().Add(time.Second))
		for _, path := range []string{url, playlist, film, free, staff} {
			if got := s.status("rosa", path); got != http.StatusForbidden {
				t.Errorf("%s after ten minutes: %d", path, got)
			}
		}
		if got := s.status("", strings.Replace(film, ticket, strings.Split(s.watch(200, "rosa", s.lessons[1])["url"].(string), "/")[3], 1)); got != 200 {
			t.Errorf("renewed: %d", got)
		}
		free = s.watch(200, "", s.lessons[0])["url"].(string)
		s.call(200, "ngozi", "PATCH", s.shopPath("/lessons/"+s.lessons[0]), object{"preview": false})
		if got := s.status("", free); got != http.StatusForbidden {
			t.Errorf("what is no preview any more: %d", got)
		}
	})
}

func TestProgressSurvivesAChangeOfDevice(t *testing.T) {
	eachSchool(t, func(s *school) {
		t := s.t
		_, mine := s.buys("rosa")
		path := "/v1/me/courses/" + mine
		note := func(want int, who, lesson string, from, to, at int) object {
			t.Helper()
			return s.call(want, who, "PUT", path+"/lessons/"+lesson+"/progress", object{"seen": []object{{"from": from, "to": to}}, "at_ms": at})
		}
		note(200, "rosa", s.lessons[1], 0, 2000, 2000)
		s.person("rosa") // another device
		v := note(200, "rosa", s.lessons[1], 1000, 3000, 1500)
		if st := v["standing"].(object); st["seen_ms"] != 3000.0 || st["done"] != 0.0 {
			t.Errorf("standing %v", st)
		}
		if p := s.watch(200, "rosa", s.lessons[1]); p["at_ms"] != 1500.0 {
			t.Errorf("goes on at %v", p["at_ms"])
		}
		v = note(200, "rosa", s.lessons[1], 0, 90_000, 90_000) // no more than there is
		first := v["lessons"].([]any)[1].(object)
		if first["done"] != true || first["seen_ms"].(float64) > first["length_ms"].(float64) {
			t.Errorf("seen whole: %v", first)
		}
		used := v["standing"].(object)["used"].(float64)
		v = note(200, "rosa", s.lessons[0], 0, 4000, 4000)
		if got := v["standing"].(object)["used"].(float64); got != used || used < 490_000 || used > 510_000 {
			t.Errorf("half of it was seen: %v, with the preview %v", used, got)
		}
		note(404, "basil", s.lessons[1], 0, 1000, 0)
		roster := s.call(200, "ngozi", "GET", s.shopPath("/products/"+s.product+"/learners"), nil)["items"].([]any)
		if l := roster[0].(object); len(roster) != 1 || l["name"] != "rosa" || l["standing"].(object)["used"] != used || strings.Contains(fmt.Sprint(l), "@") {
			t.Errorf("roster %v", roster)
		}
		s.call(404, "rosa", "GET", s.shopPath("/products/"+s.product+"/learners"), nil)
		s.set(s.now().AddDate(0, 0, 90))
		if p := s.watch(403, "rosa", s.lessons[1]); p["code"] != "course.over" {
			t.Errorf("after its time: %v", p["code"])
		}
	})
}

func TestWhatWasNotSeenIsPaidBack(t *testing.T) {
	eachSchool(t, func(s *school) {
		t := s.t
		id, mine := s.buys("rosa")
		url := s.watch(200, "rosa", s.lessons[1])["url"].(string)
		s.call(200, "rosa", "PUT", "/v1/me/courses/"+mine+"/lessons/"+s.lessons[1]+"/progress", object{"seen": []object{{"from": 0, "to": 2000}}, "at_ms": 2000})
		line := s.call(200, "rosa", "GET", "/v1/orders/"+id+"/problem", nil)["lines"].([]any)[0].(object)
		used := int64(line["progress"].(object)["used"].(float64))
		back := int64(line["progress"].(object)["back"].(object)["minor"].(float64))
		if want := (4801*(1_000_000-used) + 500_000) / 1_000_000; used < 240_000 || used > 260_000 || back != want {
			t.Fatalf("%d millionths seen of 48.01 bring %d, want %d", used, back, want)
		}
		file := func(want int, key string, ask object) object {
			t.Helper()
			s.set(s.now().Add(time.Minute))
			return s.answer(want, "file", s.send("rosa", "POST", "/v1/orders/"+id+"/cases", jsonOf(t, object{"reason": "changed_mind", "ask": ask}), "Content-Type", "application/json", "Idempotency-Key", key))
		}
		file(422, "k-return-0", object{"kind": "return", "lines": []object{{"position": 0, "quantity": 1}}})
		c := file(201, "k-refund-0", object{"kind": "refund", "lines": []object{{"position": 0, "quantity": 1, "minor": 4801}}})
		if ask := c["ask"].(object); int64(ask["worth"].(object)["minor"].(float64)) != back || int64(ask["lines"].([]any)[0].(object)["used"].(float64)) != used {
			t.Errorf("asked for %v", ask)
		}
		// The figure is frozen: nothing plays while it is being given back.
		if p := s.watch(403, "rosa", s.lessons[2]); p["code"] != "course.paused" {
			t.Errorf("watching on: %v", p["code"])
		}
		if got := s.status("rosa", url); got != http.StatusForbidden {
			t.Errorf("an address from before: %d", got)
		}
		s.call(403, "rosa", "PUT", "/v1/me/courses/"+mine+"/lessons/"+s.lessons[2]+"/progress", object{"seen": []object{{"from": 0, "to": 4000}}, "at_ms": 0})
		seen := s.call(200, "ngozi", "GET", s.shopPath("/cases/"+c["id"].(string)), nil)
		if got := seen["ask"].(object); fmt.Sprint(got["lines"]) != fmt.Sprint(c["ask"].(object)["lines"]) {
			t.Errorf("the shop sees %v", got)
		}
		step := func(who, key string, body object) object {
			t.Helper()
			path := "/v1/cases/" + c["id"].(string) + "/steps"
			if who == "ngozi" {
				path = s.shopPath("/cases/" + c["id"].(string) + "/steps")
			}
			return s.answer(200, fmt.Sprint(body["event"]), s.send(who, "POST", path, jsonOf(t, body), "Content-Type", "application/json", "Idempotency-Key", key))
		}
		// Withdrawn, it goes on; asked again, it is the same sum.
		step("rosa", "k-withdraw", object{"event": "withdraw", "seen": c["version"]})
		s.watch(200, "rosa", s.lessons[1])
		c = file(201, "k-refund-1", object{"kind": "refund", "lines": []object{{"position": 0, "quantity": 1}}})
		c = step("ngozi", "k-agree-00", object{"event": "agree", "seen": c["version"]})
		if got := int64(c["given"].(object)["minor"].(float64)); got != back {
			t.Errorf("given back %d, want %d", got, back)
		}
		if p := s.watch(403, "rosa", s.lessons[1]); p["code"] != "course.locked" {
			t.Errorf("given back: %v", p["code"])
		}
		if v := s.call(200, "rosa", "GET", "/v1/me/courses/"+mine, nil); v["state"] != "ended" {
			t.Errorf("the course is %v", v["state"])
		}
		if s.call(200, "", "GET", "/v1/products/"+s.product+"/lessons", nil)["course"] != nil {
			t.Error("nobody has it")
		}
		s.sound()
	})
}

func TestACancelledCourseIsClosed(t *testing.T) {
	eachSchool(t, func(s *school) {
		t := s.t
		id, mine := s.buys("rosa")
		s.write(200, "rosa", "/v1/orders/"+id+"/cancel", object{})
		s.watch(403, "rosa", s.lessons[1])
		if v := s.call(200, "rosa", "GET", "/v1/me/courses/"+mine, nil); v["state"] != "ended" {
			t.Errorf("the course is %v", v["state"])
		}
		other, _ := s.buys("piet")
		s.set(s.now().Add(order.OpenWithin))
		if _, err := s.app.Orders.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.stands(other, order.Completed, order.Paid)
		s.watch(200, "piet", s.lessons[1])
		s.sound()
	})
}

func TestACourseWithoutLessonsIsNotSold(t *testing.T) {
	eachSchool(t, func(s *school) {
		for _, l := range s.lessons[1:] {
			s.call(204, "ngozi", "DELETE", s.shopPath("/lessons/"+l), nil)
		}
		if p := s.call(409, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": s.sku, "quantity": 1}}}); p["code"] != "course.no_lessons" {
			s.t.Errorf("refused with %v", p["code"])
		}
	})
}
