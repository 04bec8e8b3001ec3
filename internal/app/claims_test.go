package app_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
)

// onAir starts a show that sells smoked mackerel by the piece, number 1, and
// returns its variant.
func (s *stall) onAir(pieces int64) (sku string) {
	s.t.Helper()
	ctx := s.t.Context()
	p, err := s.app.Catalog.Create(ctx, s.shop, catalog.Form{Title: text.Both("Smoked mackerel", "熏鲭鱼"), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 700}}})
	if err != nil {
		s.t.Fatal(err)
	}
	sku = p.SKUs[0].ID
	if _, err := s.app.Stock.Record(ctx, s.shop.ID, stock.Move{Key: "smoked", SKU: sku, Add: pieces, Reason: stock.Landed}); err != nil {
		s.t.Fatal(err)
	}
	if s.show, err = s.app.Shows.Create(ctx, s.shop.ID, show.Plan{Title: text.Both("Smoke", "烟熏"), HostName: "Nell"}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Shows.SetBag(ctx, s.shop.ID, s.show.ID, []show.Item{{Number: 1, Product: p.ID}}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Shows.Start(ctx, s.shop.ID, s.show.ID); err != nil {
		s.t.Fatal(err)
	}
	return sku
}

func (s *stall) desk() string { return "/v1/merchant/shops/" + s.shop.ID + "/shows/" + s.show.ID }

func (s *stall) openCall(want int, sku string, more object) object {
	s.t.Helper()
	body := object{"sku": sku, "keyword": "7", "pieces": 1}
	for k, v := range more {
		body[k] = v
	}
	s.calls++
	return s.callKey(want, "marlow", "POST", s.desk()+"/claim-calls", fmt.Sprint("claim-call-", s.calls), body)
}

func (s *stall) says(want int, who, words string) object {
	s.t.Helper()
	return s.call(want, who, "POST", "/v1/shows/"+s.show.ID+"/comments", object{"text": words})
}

// told are the titles of what somebody was told, the newest first.
func (s *stall) told(who string) string {
	s.t.Helper()
	if err := s.app.Hear(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, n := range s.call(200, who, "GET", "/v1/me/notices", nil)["items"].([]any) {
		out = append(out, n.(object)["title"].(object)["en"].(string))
	}
	return strings.Join(out, "; ")
}

func TestACommentClaimsAndTheNextIsTold(t *testing.T) {
	eachStall(t, func(s *stall) {
		t := s.t
		sku := s.onAir(5)
		for _, who := range []string{"ana", "ben", "cem"} {
			s.person(who)
		}
		s.call(401, "", "POST", "/v1/shows/"+s.show.ID+"/comments", object{"text": "7"})
		s.openCall(404, s.product.SKUs[0].ID+"x", nil)
		if got := s.openCall(422, s.product.SKUs[0].ID, nil); got["code"] != "claim.kind" {
			t.Errorf("by weight: %v", got)
		}
		s.callKey(404, "ana", "POST", s.desk()+"/claim-calls", "claim-mine", object{"sku": sku, "keyword": "7", "pieces": 1})
		call := s.openCall(201, sku, nil)
		if call["per_person"] != 1.0 || call["minutes"] != 10.0 {
			t.Errorf("opened %v", call)
		}
		state, err := s.app.Rooms.State(t.Context(), s.show.ID)
		if err != nil || len(state.Claims) != 1 || state.Claims[0].Keyword != "7" || state.Claims[0].Left != 1 || state.Claims[0].Number != 1 || state.Items[0].SKUs[0].Available != 4 {
			t.Errorf("the room has %+v, %v", state.Claims, err)
		}
		if said := s.says(200, "marlow", "7"); said["claim"] != nil {
			t.Errorf("the host claimed %v", said)
		}
		first := s.says(200, "ana", "7")["claim"].(object)
		second := s.says(200, "ben", "+7")["claim"].(object)
		if first["state"] != "held" || first["until"] != s.now().Add(10*time.Minute).Format(time.RFC3339) || second["state"] != "waiting" || second["place"] != 1.0 {
			t.Errorf("ana %v, ben %v", first, second)
		}
		if said := s.says(200, "cem", "is 7 fresh?"); said["claim"] != nil {
			t.Errorf("a question claimed %v", said)
		}
		id := first["id"].(string)
		s.call(404, "ben", "POST", "/v1/claims/"+id+"/release", nil)
		s.call(404, "ben", "GET", "/v1/claims/"+id, nil)
		if got := s.told("ana"); got != "Yours until 10:10" { // in Berlin
			t.Errorf("ana was told %q", got)
		}
		s.set(s.now().Add(time.Minute))
		for range 2 {
			if got := s.call(200, "ana", "POST", "/v1/claims/"+id+"/release", nil); got["state"] != "released" {
				t.Errorf("released %v", got)
			}
		}
		if got := s.told("ben"); got != "Yours until 10:11" {
			t.Errorf("ben was told %q", got)
		}
		mine := s.call(200, "ben", "GET", "/v1/claims?show="+s.show.ID, nil)["items"].([]any)
		if len(mine) != 1 || mine[0].(object)["state"] != "held" {
			t.Errorf("ben has %v", mine)
		}
		s.set(s.now().Add(time.Second))
		s.says(200, "cem", "7")
		q := s.call(201, "ben", "POST", "/v1/quotes", object{"items": []object{{"sku": sku, "quantity": 1}}, "claim": second["id"], "show": s.show.ID})
		if q["expires_at"] != s.now().Add(10*time.Minute-time.Second).Format(time.RFC3339) {
			t.Errorf("the offer holds until %v", q["expires_at"])
		}
		// The show ends: who waits is told, who holds has it until the deadline.
		if _, err := s.app.Shows.End(t.Context(), s.shop.ID, s.show.ID); err != nil {
			t.Fatal(err)
		}
		if got := s.told("cem"); got != "None was left for you" {
			t.Errorf("cem was told %q", got)
		}
		if got := s.openCall(409, sku, object{"keyword": "8"}); got["code"] != "claim.off_air" {
			t.Errorf("after the show: %v", got)
		}
		s.set(s.now().Add(10 * time.Minute))
		if n, err := s.app.Claims.Sweep(t.Context()); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if got := s.told("ben"); got != "Your claim has run out; Yours until 10:11" {
			t.Errorf("ben was told %q", got)
		}
		list := s.call(200, "marlow", "GET", s.desk()+"/claim-calls", nil)["items"].([]any)
		got := []string{}
		for _, k := range list[0].(object)["claims"].([]any) {
			got = append(got, k.(object)["name"].(string)+" "+k.(object)["state"].(string))
		}
		if len(list) != 1 || strings.Join(got, ", ") != "ana released, ben expired, cem closed" {
			t.Errorf("the shop sees %v", got)
		}
		if left, _ := s.app.Stock.Of(t.Context(), sku, stock.Stall); left.Available() != 5 {
			t.Errorf("%d are left", left.Available())
		}
		s.sound()
	})
}

// Five hundred viewers write the keyword at once; on PostgreSQL half of them to
// another process.
func TestFiveHundredCommentsClaimWhatThereIs(t *testing.T) {
	eachStall(t, func(s *stall) {
		t := s.t
		const viewers, pieces = 500, 30
		sku := s.onAir(pieces)
		s.openCall(201, sku, object{"pieces": pieces})
		hosts := []string{s.url}
		if s.database != "" {
			other, err := app.New(t.Context(), config.Serve{Data: t.TempDir(), Database: s.database, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR",
				TimeZone: "Europe/Berlin", TLS: "off", MailFrom: "Market <market@localhost>"}, slog.New(slog.DiscardHandler), app.WithClock(s.now))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(other.Close)
			server := httptest.NewServer(other.Handler())
			t.Cleanup(server.Close)
			hosts = append(hosts, server.URL)
		}
		for i := range viewers {
			s.person(fmt.Sprint("v", i))
		}
		var mu sync.Mutex
		states := map[string]int{}
		var wg sync.WaitGroup
		began := time.Now()
		for i := range viewers {
			at := &stall{t: t, url: hosts[i%len(hosts)], tokens: s.tokens}
			wg.Go(func() {
				res := at.send(fmt.Sprint("v", i), "POST", "/v1/shows/"+s.show.ID+"/comments", strings.NewReader(`{"text":"7"}`), "Content-Type", "application/json")
				state := fmt.Sprint(res.StatusCode)
				if res.StatusCode == 200 {
					state, _ = at.answer(200, "comment", res)["claim"].(object)["state"].(string)
				}
				mu.Lock()
				defer mu.Unlock()
				states[state]++
			})
		}
		wg.Wait()
		t.Logf("%d comments on %d processes in %v", viewers, len(hosts), time.Since(began).Round(time.Millisecond))
		if states["held"] != pieces || states["waiting"] != viewers-pieces {
			t.Errorf("answers %v", states)
		}
		claims := s.call(200, "marlow", "GET", s.desk()+"/claim-calls", nil)["items"].([]any)[0].(object)["claims"].([]any)
		for i, k := range claims {
			want := "waiting"
			if i < pieces {
				want = "held"
			}
			if k.(object)["state"] != want {
				t.Fatalf("number %d is %v", i+1, k)
			}
		}
		if len(claims) != viewers {
			t.Errorf("%d claims", len(claims))
		}
		s.sound()
	})
}

// Deadlines and the wait list are in the database: a process that dies leaves them
// to the next one.
func TestClaimsOutliveTheProcess(t *testing.T) {
	eachStall(t, func(s *stall) {
		t := s.t
		sku := s.onAir(1)
		s.openCall(201, sku, nil)
		for _, who := range []string{"ana", "ben"} {
			s.person(who)
			s.says(200, who, "7")
		}
		s.told("ana")
		s.set(s.now().Add(11 * time.Minute))
		next, err := app.New(t.Context(), config.Serve{Data: s.data, Database: s.database, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR",
			TimeZone: "Europe/Berlin", TLS: "off", MailFrom: "Market <market@localhost>"}, slog.New(slog.DiscardHandler), app.WithClock(s.now))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(next.Close)
		s.app = next
		server := httptest.NewServer(next.Handler())
		t.Cleanup(server.Close)
		s.url = server.URL
		if n, err := next.Claims.Sweep(t.Context()); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if got := s.told("ana"); got != "Your claim has run out; Yours until 10:10" {
			t.Errorf("ana was told %q", got)
		}
		if got := s.told("ben"); got != "Yours until 10:21" {
			t.Errorf("ben was told %q", got)
		}
		s.sound()
	})
}
