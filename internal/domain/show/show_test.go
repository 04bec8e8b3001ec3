package show_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var migrations = []db.Migrations{bus.Migrations, account.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, show.Migrations}

type world struct {
	t     *testing.T
	ctx   context.Context
	shows *show.Service
	goods *catalog.Service
	stock *stock.Service
	shops *shop.Service
	shop  shop.Shop
	sku   string
	prd   string
	at    time.Time
}

func each(t *testing.T, f func(w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{t: t, ctx: context.Background(), at: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)}
		now := func() time.Time { return w.at }
		b := bus.Open(d, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, bus.WithClock(now))
		w.shops = shop.New(d, now)
		w.goods = catalog.New(d, b, now)
		w.stock = stock.New(d, b, now)
		w.shows = show.New(d, b, w.stock, "secret", now)
		var err error
		if w.shop, err = w.shops.Open(w.ctx, "per_nell", shop.Draft{Name: text.Both("Fish", "鱼"), Pack: "other", Currency: "EUR", TimeZone: "UTC"}); err != nil {
			t.Fatal(err)
		}
		p, err := w.goods.Create(w.ctx, w.shop, catalog.Form{Title: text.Both("Cup", "杯"), Measure: catalog.Piece, State: catalog.Live, SKUs: []catalog.SKUForm{{PriceMinor: 990}}})
		if err != nil {
			t.Fatal(err)
		}
		w.prd, w.sku = p.ID, p.SKUs[0].ID
		if _, err := w.stock.Record(w.ctx, w.shop.ID, stock.Move{Key: "k", SKU: w.sku, Add: 10, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		f(w)
	}, migrations...)
}

func (w *world) plan(starts time.Time) show.Show {
	w.t.Helper()
	s, err := w.shows.Create(w.ctx, w.shop.ID, show.Plan{Title: text.Both("Landing", ""), StartsAt: starts})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.shows.SetBag(w.ctx, w.shop.ID, s.ID, []show.Item{{Number: 3, Product: w.prd, SetAside: 6}}); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) left(bucket string) int64 {
	w.t.Helper()
	i, err := w.stock.Of(w.ctx, w.sku, bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Available()
}

func (w *world) state(id string) show.Show {
	w.t.Helper()
	s, err := w.shows.Get(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestPracticeLeavesNothingBehind(t *testing.T) {
	each(t, func(w *world) {
		s := w.plan(w.at.Add(time.Hour))
		if _, err := w.shows.Practise(w.ctx, w.shop.ID, s.ID); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.shows.Explain(w.ctx, w.shop.ID, s.ID, 3); err != nil {
			w.t.Fatal(err)
		}
		if err := w.shows.Sees(w.ctx, w.shops, s.ID, ""); !errors.Is(err, show.ErrNotFound) {
			w.t.Errorf("a stranger sees the practice: %v", err)
		}
		if err := w.shows.Sees(w.ctx, w.shops, s.ID, "per_nell"); err != nil {
			w.t.Errorf("the owner does not see the practice: %v", err)
		}
		got, err := w.shows.End(w.ctx, w.shop.ID, s.ID)
		if err != nil || got.State != show.Scheduled || got.Pinned != 0 || w.left("") != 10 {
			w.t.Errorf("after the practice: %+v, %v, %d left", got, err, w.left(""))
		}
		if ch, _ := w.shows.Chapters(w.ctx, s.ID); len(ch) != 0 {
			w.t.Errorf("a practice made chapters: %v", ch)
		}
	})
}

func TestAShowFromStartToReplay(t *testing.T) {
	each(t, func(w *world) {
		s := w.plan(time.Time{})
		live, err := w.shows.Start(w.ctx, w.shop.ID, s.ID)
		if err != nil || live.State != show.Live || w.left("") != 4 || w.left(s.ID) != 6 {
			w.t.Fatalf("start: %+v, %v, %d and %d left", live, err, w.left(""), w.left(s.ID))
		}
		if _, err := w.shows.Pin(w.ctx, w.shop.ID, s.ID, 9); !errors.Is(err, show.ErrNumber) {
			w.t.Errorf("pin of nothing: %v", err)
		}
		w.at = w.at.Add(10 * time.Second)
		if got, err := w.shows.Explain(w.ctx, w.shop.ID, s.ID, 3); err != nil || got.Pinned != 3 || got.Version <= live.Version {
			w.t.Errorf("explain: %+v, %v", got, err)
		}
		w.at = w.at.Add(20 * time.Second)
		if err := w.shows.Lost(w.ctx, s.ID); err != nil {
			w.t.Fatal(err)
		}
		if got := w.state(s.ID); got.State != show.Interrupted || !got.Since.Equal(w.at) {
			w.t.Errorf("lost: %+v", got)
		}
		if err := w.shows.Back(w.ctx, s.ID); err != nil {
			w.t.Fatal(err)
		}
		w.at = w.at.Add(5 * time.Second)
		for range 2 { // ending twice is ending once
			if _, err := w.shows.End(w.ctx, w.shop.ID, s.ID); err != nil {
				w.t.Fatal(err)
			}
		}
		ch, err := w.shows.Chapters(w.ctx, s.ID)
		if err != nil || len(ch) != 1 || ch[0].To.Sub(ch[0].From) != 25*time.Second {
			w.t.Errorf("chapters = %+v, %v", ch, err)
		}
		if w.left("") != 10 || w.left(s.ID) != 0 {
			w.t.Errorf("after the show %d and %d left", w.left(""), w.left(s.ID))
		}
		if err := w.shows.Recorded(w.ctx, s.ID, 35*time.Second); err != nil {
			w.t.Fatal(err)
		}
		if got := w.state(s.ID); got.State != show.Replay || got.Duration != 35*time.Second {
			w.t.Errorf("replay: %+v", got)
		}
		for name, f := range map[string]func() error{
			"start":  func() error { _, err := w.shows.Start(w.ctx, w.shop.ID, s.ID); return err },
			"pin":    func() error { _, err := w.shows.Pin(w.ctx, w.shop.ID, s.ID, 3); return err },
			"cancel": func() error { _, err := w.shows.Cancel(w.ctx, w.shop.ID, s.ID); return err },
			"bag":    func() error { _, err := w.shows.SetBag(w.ctx, w.shop.ID, s.ID, nil); return err },
		} {
			if err := f(); !errors.Is(err, show.ErrState) {
				w.t.Errorf("%s after the end: %v", name, err)
			}
		}
	})
}

func TestOneStallOnePicture(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.plan(time.Time{}), w.plan(time.Time{})
		if _, err := w.shows.Start(w.ctx, w.shop.ID, a.ID); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.shows.Start(w.ctx, w.shop.ID, b.ID); !errors.Is(err, show.ErrOther) {
			w.t.Errorf("a second show: %v", err)
		}
		if _, err := w.shows.Start(w.ctx, "shp_other", a.ID); !errors.Is(err, show.ErrNotFound) {
			w.t.Errorf("somebody else's show: %v", err)
		}
	})
}

func TestStreamKeysAreShownOnceAndReplaced(t *testing.T) {
	each(t, func(w *world) {
		key, err := w.shows.RotateKey(w.ctx, w.shop.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.shows.ByKey(w.ctx, key); !errors.Is(err, show.ErrNoShow) {
			w.t.Errorf("without a show: %v", err)
		}
		s := w.plan(w.at.Add(time.Hour))
		if got, err := w.shows.ByKey(w.ctx, key); err != nil || got.ID != s.ID || got.State != show.Practice {
			w.t.Errorf("the next show opens for practice: %+v, %v", got, err)
		}
		fresh, err := w.shows.RotateKey(w.ctx, w.shop.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, k := range []string{key, "", "osk_" + strings.Repeat("0", 32)} {
			if _, err := w.shows.ByKey(w.ctx, k); !errors.Is(err, show.ErrKey) {
				w.t.Errorf("key %q: %v", k, err)
			}
		}
		if d, err := w.shows.KeyOf(w.ctx, w.shop.ID); err != nil || d.Hint != fresh[len(fresh)-4:] {
			w.t.Errorf("KeyOf = %+v, %v", d, err)
		}
	})
}

func TestTicketsOpenOneShowForAWhile(t *testing.T) {
	each(t, func(w *world) {
		s := w.plan(time.Time{})
		ticket := w.shows.Ticket(s.ID)
		if _, err := w.shows.ByTicket(w.ctx, ticket); !errors.Is(err, show.ErrNoShow) {
			w.t.Errorf("before the show opens: %v", err)
		}
		if _, err := w.shows.Practise(w.ctx, w.shop.ID, s.ID); err != nil {
			w.t.Fatal(err)
		}
		if got, err := w.shows.ByTicket(w.ctx, ticket); err != nil || got.ID != s.ID {
			w.t.Errorf("ticket: %+v, %v", got, err)
		}
		for _, bad := range []string{"", "x", ticket + "x", "shw_other" + ticket[len(s.ID):]} {
			if _, err := w.shows.ByTicket(w.ctx, bad); !errors.Is(err, show.ErrKey) {
				w.t.Errorf("ticket %q: %v", bad, err)
			}
		}
		w.at = w.at.Add(13 * time.Hour)
		if _, err := w.shows.ByTicket(w.ctx, ticket); !errors.Is(err, show.ErrKey) {
			w.t.Errorf("old ticket: %v", err)
		}
	})
}

func TestReservationsAreOncePerPerson(t *testing.T) {
	each(t, func(w *world) {
		s := w.plan(w.at.Add(time.Hour))
		for range 2 {
			if err := w.shows.Reserve(w.ctx, s.ID, "per_rosa"); err != nil {
				w.t.Fatal(err)
			}
		}
		if all, err := w.shows.ReservedBy(w.ctx, s.ID); err != nil || len(all) != 1 {
			w.t.Errorf("reserved by %v, %v", all, err)
		}
		if err := w.shows.Forget(w.ctx, s.ID, "per_rosa"); err != nil {
			w.t.Fatal(err)
		}
		if ok, _ := w.shows.Reserved(w.ctx, s.ID, "per_rosa"); ok {
			w.t.Error("still reserved")
		}
	})
}
