package crm_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/crm"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var migrations = []db.Migrations{bus.Migrations, account.Migrations, shop.Migrations, crm.Migrations}

type world struct {
	t        *testing.T
	d        *db.DB
	bus      *bus.Bus
	contacts *crm.Service
	accounts *account.Service
	now      time.Time
	shop     string
	other    string
	orders   map[string]order.Order
	leads    map[string]lead.Lead
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, d: d, now: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC), orders: map[string]order.Order{}, leads: map[string]lead.Lead{}}
	clock := func() time.Time { return w.now }
	w.bus = bus.Open(d, slog.New(slog.DiscardHandler), nil, bus.WithClock(clock))
	w.accounts = account.New(d, nil, clock)
	w.contacts = crm.New(crm.Parts{DB: d, Bus: w.bus, Secret: []byte("secret"), URL: func() string { return "https://quay.example" }, Now: clock, Order: func(_ context.Context, shopID, id string) (order.Order, error) {
		o, ok := w.orders[id]
		if !ok || o.Shop != shopID {
			return order.Order{}, order.ErrNotFound
		}
		return o, nil
	}, Lead: func(_ context.Context, _, id string) (lead.Lead, error) { return w.leads[id], nil }})
	shops := shop.New(d, clock)
	for _, to := range []*string{&w.shop, &w.other} {
		sh, err := shops.Open(t.Context(), w.person("owner@example.org", "Ann"), shop.Draft{
			Name: text.Both("Quay Fish", "码头鲜鱼"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		*to = sh.ID
	}
	return w
}

func (w *world) person(email, name string) string {
	w.t.Helper()
	p, err := w.accounts.Ensure(w.t.Context(), email, name, "en")
	if err != nil {
		w.t.Fatal(err)
	}
	return p.ID
}

func (w *world) publish(topic, key string, payload any) {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	body, err := json.Marshal(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.d.InTx(w.t.Context(), func(tx *db.Tx) error {
		return w.bus.Publish(w.t.Context(), tx, bus.Event{Topic: topic, Key: key, Payload: body})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.bus.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if parked, _ := w.bus.Parked(w.t.Context(), 1); len(parked) > 0 {
		w.t.Fatal(parked[0].LastError)
	}
	if n, _ := w.bus.Waiting(w.t.Context()); n > 0 {
		w.t.Fatalf("%d events were not taken", n)
	}
}

// set makes the order what it is now and tells of it.
func (w *world) set(o order.Order, topic string) {
	w.t.Helper()
	w.orders[o.ID] = o
	w.now = w.now.Add(time.Minute)
	w.publish(topic, o.ID, order.TellOf(o, topic, w.now))
}

func (w *world) order(id, buyer string, total int64) order.Order {
	return order.Order{
		ID: id, Shop: w.shop, Buyer: buyer, BuyerName: "Jo Miller", BuyerEmail: "jo@example.org", BuyerPhone: "+4915112345678",
		State: order.PendingPayment, PayState: order.Pending, PlacedAt: w.now,
		Quote: order.Quote{Total: money.Amount{Minor: total, Currency: "EUR"}, Show: "shw_1", Source: "abc"},
	}
}

func (w *world) list(q string) []crm.Contact {
	w.t.Helper()
	out, err := w.contacts.List(w.t.Context(), w.shop, q, page.First, 50)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Items
}

func TestContactGathersWhatAPersonDid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		jo := w.person("jo.private@example.org", "Jo")
		w.publish(social.Followed, w.shop, social.Told{Shop: w.shop, Person: jo, Source: "abc", At: w.now.UnixMilli()})
		if c := w.list(""); len(c) != 1 || c[0].Name != "Jo" || c[0].Email != "" {
			t.Fatalf("after following: %+v; want a name and no address", c)
		}
		w.publish(show.TopicReserved, jo, show.Reservation{Show: "shw_1", Shop: w.shop, Person: jo})
		o := w.order("ord_1", jo, 2580)
		o.Consents = []string{order.MarketingTerm}
		o.Quote.Terms = []order.Term{{ID: order.MarketingTerm, Text: text.Both("Write to me about the catch.", "请告诉我渔获。")}}
		o.State, o.PayState = order.PendingPayment, order.Pending
		w.set(o, order.TopicChanged)
		if c := w.list("")[0]; c.Orders != 0 {
			t.Errorf("an order that nobody has paid counts: %+v", c)
		}
		o.State, o.PayState = order.Placed, order.DueAtPickup
		w.set(o, order.TopicPaid)
		if c := w.list("")[0]; c.Orders != 1 || c.Spent.Minor != 0 {
			t.Errorf("before paying: %+v", c)
		}
		o.PayState = order.Paid
		w.set(o, order.TopicChanged)
		c := w.list("")[0]
		if c.Name != "Jo Miller" || c.Email != "jo@example.org" || c.Phone != "+4915112345678" || c.Orders != 1 ||
			c.Spent != (money.Amount{Minor: 2580, Currency: "EUR"}) || !c.SeenAt.After(c.CreatedAt) {
			t.Errorf("after paying: %+v", c)
		}
		if !c.Consent.Marketing || c.Consent.Text != "Write to me about the catch. / 请告诉我渔获。" || c.Consent.At.IsZero() {
			t.Errorf("consent %+v", c.Consent)
		}
		kinds := ""
		for _, s := range c.Sources {
			kinds += fmt.Sprintf("%s/%s/%s ", s.Kind, s.Show, s.Share)
		}
		if kinds != "follow//abc reservation/shw_1/ order/shw_1/abc " {
			t.Errorf("sources %q", kinds)
		}
		o.Refunded = 1000
		w.set(o, order.TopicChanged)
		if c := w.list("")[0]; c.Spent.Minor != 1580 || c.Orders != 1 {
			t.Errorf("after a part was paid back: %+v", c)
		}
		o.State, o.PayState, o.Refunded = order.Cancelled, order.Refunded, 2580
		w.set(o, order.TopicChanged)
		if c := w.list("")[0]; c.Spent.Minor != 0 || c.Orders != 0 {
			t.Errorf("after all was paid back: %+v", c)
		}
		if n, err := w.contacts.OfShow(t.Context(), "shw_1"); err != nil || n != 1 {
			t.Errorf("%d contacts of the show, %v", n, err)
		}
		if out, err := w.contacts.List(t.Context(), w.other, "", page.First, 50); err != nil || len(out.Items) != 0 {
			t.Errorf("the other shop sees %+v, %v", out.Items, err)
		}
	}, migrations...)
}

func TestListIsSearchedAndPaged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		names := []string{"江小鱼", "Émile Zola", "100% Fish", "a_b", "Bob"}
		for i := range 25 {
			p := w.person(fmt.Sprintf("p%d@example.org", i), fmt.Sprintf("%s %d", names[i%5], i))
			w.publish(social.Followed, w.shop, social.Told{Shop: w.shop, Person: p, At: w.now.UnixMilli()})
		}
		for q, want := range map[string]int{"": 25, "小鱼": 5, "émile": 5, "ÉMILE": 5, "%": 5, "_": 5, "\\": 0, "bob 4": 1, "@example": 0, "' OR 1=1 --": 0} {
			if got := w.list(q); len(got) != want {
				t.Errorf("search %q found %d, want %d", q, len(got), want)
			}
		}
		seen := map[string]bool{}
		for after := page.First; ; {
			part, err := w.contacts.List(t.Context(), w.shop, "", after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range part.Items {
				seen[c.ID] = true
			}
			if part.Next == "" {
				break
			}
			if after, err = page.Parse(part.Next); err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != 25 {
			t.Errorf("paging showed %d, want 25", len(seen))
		}
	}, migrations...)
}

func TestExportHoldsEverybodyAndRunsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		bad := []string{`=HYPERLINK("http://evil")`, "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1+1", "＝1+1", `quote " and, comma`}
		for i, name := range bad {
			o := w.order(fmt.Sprint("ord_", i), w.person(fmt.Sprintf("p%d@example.org", i), "x"), 100)
			o.BuyerName, o.State, o.PayState = name, order.Placed, order.DueAtPickup
			w.set(o, order.TopicPaid)
		}
		var out bytes.Buffer
		if err := crm.WriteCSV(&out, w.contacts.All(t.Context(), w.shop), w.contacts.StopURL); err != nil {
			t.Fatal(err)
		}
		body, marked := strings.CutPrefix(out.String(), "\uFEFF")
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || !marked || len(rows) != len(bad)+1 {
			t.Fatalf("%d rows, marked %t, %v", len(rows), marked, err)
		}
		for _, row := range rows[1:] {
			if first := []rune(strings.TrimSpace(row[1]))[0]; strings.ContainsRune("=+-@＝", first) {
				t.Errorf("%q would run", row[1])
			}
			if row[3] != "+4915112345678" || len(row) != len(rows[0]) {
				t.Errorf("row %q", row)
			}
		}
	}, migrations...)
}

func TestALeadGivesAnAddressUntilItIsErased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		leave := func(id, person string) lead.Told {
			w.leads[id] = lead.Lead{ID: id, Shop: w.shop, Person: person, Name: "Jo Miller", Email: "jo@example.org", Phone: "+49151"}
			told := lead.Told{Lead: id, Shop: w.shop, Person: person, Show: "shw_1", Share: "abc", Event: "new", At: w.now.UnixMilli()}
			w.publish(lead.Changed, id, told)
			return told
		}
		gone := func(told lead.Told, event string) {
			told.Event = event
			w.publish(lead.Changed, told.Lead, told)
		}
		jo := w.person("jo.private@example.org", "Jo")
		first, second := leave("led_1", jo), leave("led_2", jo)
		if c := w.list("+49151"); len(c) != 1 || c[0].Name != "Jo Miller" || c[0].Email != "jo@example.org" || c[0].Consent.Marketing ||
			len(c[0].Sources) != 2 || c[0].Sources[0].Kind != crm.FromLead || c[0].Sources[0].Show != "shw_1" || c[0].Sources[0].Share != "abc" {
			t.Fatalf("a lead made %+v", c)
		}
		gone(first, "withdrawn")
		if c := w.list(""); len(c) != 1 || c[0].Email != "jo@example.org" {
			t.Errorf("one of two was taken back: %+v", c)
		}
		gone(second, "erased")
		gone(second, "erased")
		if c := w.list(""); len(c) != 0 {
			t.Errorf("both are gone: %+v", c)
		}
		// Who follows stays by name; who bought stays as a buyer.
		w.publish(social.Followed, w.shop, social.Told{Shop: w.shop, Person: jo, At: w.now.UnixMilli()})
		gone(leave("led_3", jo), "withdrawn")
		if c := w.list(""); len(c) != 1 || c[0].Name != "Jo" || c[0].Email != "" || c[0].Phone != "" || len(w.list("+49151")) != 0 {
			t.Errorf("a follower: %+v", c)
		}
		o := w.order("ord_1", jo, 2580)
		o.State, o.PayState = order.Placed, order.Paid
		w.set(o, order.TopicPaid)
		gone(leave("led_4", jo), "withdrawn")
		if c := w.list(""); len(c) != 1 || c[0].Phone != "+4915112345678" {
			t.Errorf("a buyer: %+v", c)
		}
		// Taken back before we heard of it.
		late := w.person("late@example.org", "Late")
		w.leads["led_5"] = lead.Lead{ID: "led_5", Shop: w.shop, ErasedAt: w.now}
		w.publish(lead.Changed, "led_5", lead.Told{Lead: "led_5", Shop: w.shop, Person: late, Event: "new", At: w.now.UnixMilli()})
		if c := w.list("Late"); len(c) != 0 {
			t.Errorf("a lead that was gone made %+v", c)
		}
	}, migrations...)
}
