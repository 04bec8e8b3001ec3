package crm_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/crm"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// agree places an order with the tick for messages.
func (w *world) agree(id, person string) order.Order {
	w.t.Helper()
	o := w.order(id, person, 1000)
	o.Consents = []string{order.MarketingTerm}
	o.Quote.Terms = []order.Term{{ID: order.MarketingTerm, Text: text.Both("Write to me about the catch.", "请告诉我渔获。")}}
	o.State, o.PayState = order.Placed, order.Paid
	w.set(o, order.TopicPaid)
	return o
}

func (w *world) log(contact string) string {
	w.t.Helper()
	rows, err := w.contacts.Log(w.t.Context(), w.shop, contact)
	if err != nil {
		w.t.Fatal(err)
	}
	out := ""
	for _, e := range rows {
		out += fmt.Sprintf("%t/%s/%s/%s ", e.Marketing, e.Way, e.Ref, e.Text)
	}
	return out
}

func TestConsentIsTakenBackSignedInAndByLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		jo := w.person("jo@example.org", "Jo")
		w.agree("ord_1", jo)
		if a, err := w.contacts.Agreed(t.Context(), jo); err != nil || len(a) != 1 || a[0].Shop != w.shop || a[0].Text != "Write to me about the catch. / 请告诉我渔获。" || a[0].At.IsZero() {
			t.Fatalf("agreed %+v, %v", a, err)
		}
		contact := w.list("")[0].ID
		w.now = w.now.Add(time.Hour)
		for range 2 {
			if err := w.contacts.Withdraw(t.Context(), jo, w.shop); err != nil {
				t.Fatal(err)
			}
		}
		if c := w.list("")[0].Consent; c != (crm.Consent{At: w.now}) {
			t.Errorf("consent %+v, want none since now", c)
		}
		if a, err := w.contacts.Agreed(t.Context(), jo); err != nil || len(a) != 0 {
			t.Errorf("agreed %+v, %v", a, err)
		}
		w.agree("ord_2", jo)
		token := strings.TrimPrefix(w.contacts.StopURL(contact), "https://quay.example/stop-shop/")
		if at, now, err := w.contacts.ReadStop(t.Context(), token); err != nil || at != w.shop || !now.Marketing {
			t.Errorf("the link reads %s, %+v, %v", at, now, err)
		}
		var taps sync.WaitGroup
		for range 4 { // mail programs follow links more than once
			taps.Go(func() {
				if at, err := w.contacts.Stop(t.Context(), token); err != nil || at != w.shop {
					t.Errorf("Stop = %s, %v", at, err)
				}
			})
		}
		taps.Wait()
		const agreed = "Write to me about the catch. / 请告诉我渔获。 "
		if got, want := w.log(contact), "true/order/ord_1/"+agreed+"false/account// true/order/ord_2/"+agreed+"false/link// "; got != want {
			t.Errorf("log %q, want %q", got, want)
		}
		if rows, err := w.contacts.Log(t.Context(), w.other, contact); !errors.Is(err, crm.ErrNotFound) {
			t.Errorf("the other shop reads %+v, %v", rows, err)
		}
		if err := w.contacts.Withdraw(t.Context(), jo, w.other); err != nil {
			t.Errorf("withdrawn where nothing was agreed: %v", err)
		}
	}, migrations...)
}

// A payment may come hours after the order, and the buyer may have stopped the
// shop's messages in between.
func TestOrderFromBeforeTheWithdrawalGivesNoConsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		jo := w.person("jo@example.org", "Jo")
		w.agree("ord_1", jo)
		late := w.order("ord_2", jo, 1000)
		late.Consents = []string{order.MarketingTerm}
		w.now = w.now.Add(time.Hour)
		if err := w.contacts.Withdraw(t.Context(), jo, w.shop); err != nil {
			t.Fatal(err)
		}
		late.State, late.PayState = order.Placed, order.Paid
		w.set(late, order.TopicPaid)
		c := w.list("")[0]
		if c.Consent.Marketing || c.Orders != 2 {
			t.Errorf("%+v; want no consent", c)
		}
		if log := w.log(c.ID); !strings.Contains(log, "ord_2") {
			t.Errorf("log %q lacks what was ticked", log)
		}
	}, migrations...)
}

func TestWhoNeverBoughtHasSpentNothingInTheShopsCurrency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		jo := w.person("jo@example.org", "Jo")
		w.publish(social.Followed, w.shop, social.Told{Shop: w.shop, Person: jo, At: w.now.UnixMilli()})
		if c := w.list("")[0]; c.Spent != (money.Amount{Currency: "EUR"}) {
			t.Errorf("spent %+v, want 0 EUR", c.Spent)
		}
	}, migrations...)
}

func TestExportHasStopLinksOfThoseWhoAgreed(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	jo, eve := w.person("jo@example.org", "Jo"), w.person("eve@example.org", "Eve")
	w.agree("ord_1", jo)
	w.publish(social.Followed, w.shop, social.Told{Shop: w.shop, Person: eve, At: w.now.UnixMilli()})
	var out bytes.Buffer
	if err := crm.WriteCSV(&out, w.contacts.All(t.Context(), w.shop), w.contacts.StopURL); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "https://quay.example/stop-shop/"); n != 1 {
		t.Errorf("%d links in %s, want one", n, out.String())
	}
}

func FuzzForgedStopLinkStopsNothing(f *testing.F) {
	// Without a database: a token that is not ours must not get that far.
	contacts := &crm.Service{Parts: crm.Parts{Secret: []byte("secret"), URL: func() string { return "" }}}
	for _, s := range []string{"", "~", "con_1", "con_1~", "con_1~AAAAAAAAAAAAAAAAAAAAAA", "~AAAAAAAAAAAAAAAAAAAAAA", "a~b~c", "con_1~====", "\x00~\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, _, err := contacts.ReadStop(t.Context(), token); !errors.Is(err, crm.ErrStopLink) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
