package chat_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// withClaims lets viewers of the world claim one tin by writing 7.
func (w *world) withClaims(d *db.DB) *claim.Service {
	w.t.Helper()
	ctx := w.t.Context()
	events := bus.Open(d, slog.New(slog.DiscardHandler), nil, bus.WithClock(w.now))
	goods, stocks := catalog.New(d, events, w.now), stock.New(d, events, w.now)
	sh, err := w.shops.Get(ctx, w.shop)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := goods.Create(ctx, sh, catalog.Form{Title: text.Both("Tin", "罐头"), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 500}}})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := stocks.Record(ctx, w.shop, stock.Move{Key: "tins", SKU: p.SKUs[0].ID, Add: 3, Reason: stock.Landed}); err != nil {
		w.t.Fatal(err)
	}
	claims := claim.New(claim.Parts{DB: d, Bus: events, Catalog: goods, Stock: stocks, Now: w.now})
	if _, err := claims.Open(ctx, w.shop, w.show, claim.Wish{Key: "open", SKU: p.SKUs[0].ID, Keyword: "7", Pieces: 1, PerPerson: 1, Hold: time.Minute}); err != nil {
		w.t.Fatal(err)
	}
	parts := w.chat.Parts
	parts.Claims = claims
	w.chat = chat.New(parts)
	w.t.Cleanup(w.chat.Close)
	return claims
}

var claimMigrations = append(migrations[:len(migrations):len(migrations)], claim.Migrations)

// Comments are kept in the order of their people, so that processes do not wait
// for each other; claims are made in the order of arrival all the same.
func TestWhoCameFirstClaimsFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.withClaims(d)
		var cs []chat.Comment
		for i := len(w.people) - 1; i >= 0; i-- { // ids rise with i
			cs = append(cs, chat.Comment{ID: "com_" + w.people[i], Show: w.show, Person: w.people[i], Name: "P", Text: "7", Kind: chat.Viewer, State: chat.Shown, At: w.now()})
		}
		held, err := w.chat.StoreTogether(cs)
		if err != nil || len(held) != len(cs) || !held[w.people[len(w.people)-1]] {
			t.Errorf("%v of %v, %v", held, w.people, err)
		}
	}, claimMigrations...)
}

// The rules of the chat stand before every claim: who may not speak, or waits for
// the host, claims nothing.
func TestWhatIsNotHeardClaimsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		claims := w.withClaims(d)
		ctx := t.Context()
		if err := w.chat.Mute(ctx, w.shop, w.people[0], w.host, "rude", time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := w.say(w.people[0], "7"); !errors.Is(err, chat.ErrMuted) {
			t.Errorf("muted: %v", err)
		}
		if _, err := w.chat.SetWords(ctx, w.shop, w.host, []string{"7"}); err != nil {
			t.Fatal(err)
		}
		if c := w.must(w.people[1], "7"); c.State != chat.Held || c.Claim != nil {
			t.Errorf("a held comment: %+v", c)
		}
		if _, err := w.chat.SetWords(ctx, w.shop, w.host, nil); err != nil {
			t.Fatal(err)
		}
		if c := w.must(w.host, "7"); c.Claim != nil {
			t.Errorf("the host claimed %+v", c.Claim)
		}
		w.must(w.people[2], "wait")
		if _, err := w.say(w.people[2], "7"); !errors.Is(err, chat.ErrSlow) {
			t.Errorf("too fast: %v", err)
		}
		off := true
		if _, err := w.shows.SetRoom(ctx, w.shop, w.show, nil, &off); err != nil {
			t.Fatal(err)
		}
		if _, err := w.say(w.people[3], "7"); !errors.Is(err, chat.ErrOff) {
			t.Errorf("comments off: %v", err)
		}
		for _, p := range w.people {
			if mine, err := claims.Mine(ctx, p, w.show); err != nil || len(mine) != 0 {
				t.Errorf("%s has %v, %v", p, mine, err)
			}
		}
		on := false
		if _, err := w.shows.SetRoom(ctx, w.shop, w.show, nil, &on); err != nil {
			t.Fatal(err)
		}
		if c := w.must(w.people[3], "7"); c.Claim == nil || c.Claim.State != claim.Held {
			t.Errorf("who may speak: %+v", c.Claim)
		}
	}, claimMigrations...)
}
