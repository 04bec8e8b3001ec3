package app_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/platform/config"
)

// A market with three shows that ended long ago and one of yesterday; a buyer of
// the second has not yet come for the fish.
func TestOldRecordingsAreDeletedUnlessAnOrderNeedsThem(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	data := t.TempDir()
	cfg := config.Serve{Data: data, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR",
		TimeZone: "Europe/Berlin", TLS: "off", MailFrom: "Market <market@localhost>", KeepRecordings: 60}
	a, err := app.New(ctx, cfg, slog.New(slog.NewTextHandler(io.Discard, nil)), app.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	sh, err := a.Shops.Open(ctx, "per_seller", shop.Draft{Name: text.Both("Marlow’s Fish", ""), Pack: "fish", Stall: "12", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Catalog.Create(ctx, sh, catalog.Form{Title: text.Both("Mackerel", "鲭鱼"), Measure: catalog.Weight, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 1250}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Stock.Record(ctx, sh.ID, stock.Move{Key: "land", SKU: p.SKUs[0].ID, Add: 9000, Reason: stock.Landed}); err != nil {
		t.Fatal(err)
	}
	buy := func(showID string) {
		offer, err := a.Orders.Quote(ctx, order.Ask{Items: []order.Item{{SKU: p.SKUs[0].ID, Quantity: 1000}}, Show: showID})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Orders.Place(ctx, order.Wish{Key: "k", Buyer: account.Person{ID: "per_rosa", Name: "Rosa"}, Token: offer.Token, Hash: offer.Hash, Payment: order.PayAtPickup, Consents: []string{"return:fresh_exempt"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	broadcast := func(during func(showID string)) string {
		s, err := a.Shows.Create(ctx, sh.ID, show.Plan{Title: text.Both("Landing", "早市")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Shows.Start(ctx, sh.ID, s.ID); err != nil {
			t.Fatal(err)
		}
		if during != nil {
			during(s.ID)
		}
		keep(t, data, s.ID)
		if _, err := a.EndShow(ctx, sh.ID, s.ID); err != nil {
			t.Fatal(err)
		}
		now = now.Add(24 * time.Hour)
		return s.ID
	}
	old, bought := broadcast(nil), broadcast(buy)
	keep(t, data, "shw_of_nobody")
	now = now.AddDate(0, 0, 70)
	fresh := broadcast(nil)

	if err := a.TrimRecordings(ctx); err != nil {
		t.Fatal(err)
	}
	for showID, want := range map[string]bool{old: false, bought: true, fresh: true, "shw_of_nobody": true} {
		_, err := a.Recording(showID)
		if (err == nil) != want || err != nil && !errors.Is(err, record.ErrNotFound) {
			t.Errorf("recording of %s: %v, want it kept: %v", showID, err, want)
		}
	}
	if s, err := a.Shows.Get(ctx, old); err != nil || s.HasReplay || s.State != show.Ended {
		t.Errorf("the show without its recording: %+v, %v", s, err)
	}
	if s, err := a.Shows.Get(ctx, bought); err != nil || !s.HasReplay || s.State != show.Replay {
		t.Errorf("the show that sold: %+v, %v", s, err)
	}
}

// keep puts a recording of a second there, as the recorder leaves it when the
// server is killed.
func keep(t *testing.T, data, name string) {
	t.Helper()
	dir := filepath.Join(data, "recordings", name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	const index = `{"t":"init","run":0,"size":700}` + "\n" + `{"t":"part","run":0,"offset":700,"size":90,"duration_ns":1000000000,"key":true,"wall_ms":1}` + "\n" + `{"t":"end","run":0}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "index.jsonl"), []byte(index), 0o640); err != nil {
		t.Fatal(err)
	}
}
