package shelf_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// market is one shop, and the database that processes share.
type market struct {
	t    *testing.T
	d    *db.DB
	shop shop.Shop
	at   atomic.Int64
	a, b process
}

// process is what one server of the market has.
type process struct {
	shops *shop.Service
	goods *catalog.Service
	stock *stock.Service
	shelf *shelf.Service
}

func (m *market) now() time.Time { return time.UnixMilli(m.at.Load()).UTC() }

func (m *market) start() process {
	b := bus.Open(m.d, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, bus.WithClock(m.now))
	p := process{shops: shop.New(m.d, m.now), goods: catalog.New(m.d, b, m.now), stock: stock.New(m.d, b, m.now)}
	p.shelf = shelf.New(m.d, b, p.shops, p.goods, func(string) string { return "" }, m.now)
	return p
}

func each(t *testing.T, f func(t *testing.T, m *market)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := &market{t: t, d: d}
		m.at.Store(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).UnixMilli())
		m.a, m.b = m.start(), m.start()
		var err error
		if m.shop, err = m.a.shops.Open(t.Context(), "per_s", shop.Draft{Name: text.Both("Mugs", ""), Pack: "other", Currency: "EUR", TimeZone: "Europe/Berlin"}); err != nil {
			t.Fatal(err)
		}
		f(t, m)
	}, bus.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations)
}

func form(title string, minor int64, images ...string) catalog.Form {
	return catalog.Form{Title: text.Both(title, ""), Measure: catalog.Piece, State: catalog.Live, Images: images, SKUs: []catalog.SKUForm{{PriceMinor: minor}}}
}

// add puts a product with n pieces on the shelf.
func (m *market) add(title string, n int64, images ...string) catalog.Product {
	m.t.Helper()
	m.at.Add(1)
	p, err := m.a.goods.Create(m.t.Context(), m.shop, form(title, 900, images...))
	if err == nil {
		_, err = m.a.stock.Record(m.t.Context(), m.shop.ID, stock.Move{Key: p.ID, SKU: p.SKUs[0].ID, Add: n, Reason: stock.Landed})
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

func (m *market) change(p catalog.Product, title string, minor int64) {
	m.t.Helper()
	f := form(title, minor)
	f.SKUs[0].ID = p.SKUs[0].ID
	if _, err := m.a.goods.Update(m.t.Context(), m.shop, p.ID, f); err != nil {
		m.t.Fatal(err)
	}
}

func (m *market) titles(p process) []string {
	m.t.Helper()
	cards, err := p.shelf.Newest(m.t.Context(), m.shop.ID, 60)
	if err != nil {
		m.t.Fatal(err)
	}
	var out []string
	for _, c := range cards {
		out = append(out, c.Title["en"])
	}
	return out
}

func TestWhatWasChangedIsSeenAtOnceAndElsewhereSoon(t *testing.T) {
	each(t, func(t *testing.T, m *market) {
		ctx := t.Context()
		cup := m.add("Cup", 5)
		m.add("Bowl", 0)
		see := func(p process, want ...string) {
			t.Helper()
			if got := m.titles(p); !slices.Equal(got, want) {
				t.Errorf("on the shelf: %q, want %q", got, want)
			}
		}
		see(m.a, "Bowl", "Cup")
		see(m.b, "Bowl", "Cup")
		m.change(cup, "Mug", 700)
		m.add("Jug", 1)
		see(m.a, "Jug", "Bowl", "Mug")
		card, err := m.a.shelf.Card(ctx, cup.ID, stock.Stall)
		if price := card.SKUs[0].Price; err != nil || price.Amount.Minor != 700 || price.Was == nil || price.Was.Minor != 900 || price.Lowest30Days.Minor != 700 {
			t.Errorf("after the reduction: %+v, %v", price, err)
		}
		m.at.Add(2000)
		see(m.b, "Jug", "Bowl", "Mug")
		if err := m.a.goods.Hide(ctx, m.shop.ID, cup.ID); err != nil {
			t.Fatal(err)
		}
		see(m.a, "Jug", "Bowl")
		if p, err := m.a.shelf.Product(ctx, cup.ID); err != nil || p.State != catalog.Hidden {
			t.Errorf("hidden: %s, %v", p.State, err)
		}
		if _, err := m.a.shelf.Product(ctx, "prd_none"); err != catalog.ErrNotFound {
			t.Errorf("what does not exist: %v", err)
		}
	})
}

func TestAMerchantSeesWhatHeWroteWhicheverProcessHeAsks(t *testing.T) {
	each(t, func(t *testing.T, m *market) {
		ctx := t.Context()
		cup := m.add("Cup", 5)
		if _, err := m.b.shelf.Product(ctx, cup.ID); err != nil {
			t.Fatal(err)
		}
		m.change(cup, "Mug", 700)
		read, err := m.b.goods.Get(ctx, cup.ID)
		if err != nil {
			t.Fatal(err)
		}
		if ps, err := m.b.shelf.Wholes(ctx, read); err != nil || len(ps) != 1 || ps[0].Title["en"] != "Mug" || ps[0].SKUs[0].Price.Amount.Minor != 700 {
			t.Errorf("%+v, %v", ps, err)
		}
	})
}

func TestAShowIsServedFromWhatWasSetAsideForIt(t *testing.T) {
	each(t, func(t *testing.T, m *market) {
		ctx := t.Context()
		cup := m.add("Cup", 10)
		left := func(bucket string) int64 {
			t.Helper()
			c, err := m.a.shelf.Card(ctx, cup.ID, bucket)
			if err != nil {
				t.Fatal(err)
			}
			return c.SKUs[0].Available
		}
		if stall, show := left(stock.Stall), left("shw_1"); stall != 10 || show != 10 {
			t.Errorf("nothing set aside: %d in the stall, %d in the show", stall, show)
		}
		if err := m.d.InTx(ctx, func(tx *db.Tx) error { return m.a.stock.Aside(ctx, tx, m.shop.ID, cup.SKUs[0].ID, "shw_1", 4) }); err != nil {
			t.Fatal(err)
		}
		if stall, show := left(stock.Stall), left("shw_1"); stall != 6 || show != 4 {
			t.Errorf("four set aside: %d in the stall, %d in the show", stall, show)
		}
		if err := m.d.InTx(ctx, func(tx *db.Tx) error { return m.a.stock.CloseBucket(ctx, tx, "shw_1") }); err != nil {
			t.Fatal(err)
		}
		if stall, show := left(stock.Stall), left("shw_1"); stall != 10 || show != 10 {
			t.Errorf("the show is over: %d in the stall, %d in the show", stall, show)
		}
	})
}

func TestACardSaysThatTaxComesOnTopAsSoonAsTheShopDoes(t *testing.T) {
	each(t, func(t *testing.T, m *market) {
		ctx := t.Context()
		cup := m.add("Cup", 10)
		for _, rule := range []tax.Rule{tax.Included, tax.Added, tax.Included} {
			if _, err := m.a.shops.Update(ctx, m.shop.ID, func(s *shop.Shop) error { s.Tax.Prices = rule; return nil }); err != nil {
				t.Fatal(err)
			}
			m.a.shelf.ForgetShop(m.shop.ID)
			if c, err := m.a.shelf.Card(ctx, cup.ID, stock.Stall); err != nil || c.SKUs[0].Price.PlusTax != (rule == tax.Added) {
				t.Errorf("%s: %+v, %v", rule, c.SKUs, err)
			}
		}
	})
}

func TestPicturesStandInTheirOrderAndMissingOnesAreLeftOut(t *testing.T) {
	each(t, func(t *testing.T, m *market) {
		ctx := t.Context()
		for _, id := range []string{"img_1", "img_2"} {
			if err := m.a.shops.SaveImage(ctx, shop.Image{ID: id, Shop: m.shop.ID, Width: 8, Height: 6, Color: "#112233"}); err != nil {
				t.Fatal(err)
			}
		}
		p, err := m.a.shelf.Product(ctx, m.add("Cup", 1, "img_2", "img_1").ID)
		if err != nil || len(p.Images) != 2 || p.Images[0].ID != "img_2" || p.Images[1].ID != "img_1" || p.Image == nil || p.Image.ID != "img_2" || p.Image.URL != "/img/img_2" {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// Whoever looks after a change was answered must not be shown what was before,
// however many look and change at once.
func TestNobodyIsShownAnOldPriceAfterTheNewOneWasAnswered(t *testing.T) {
	each(t, func(t *testing.T, m *market) {
		ctx, stop := context.WithCancel(t.Context())
		cup := m.add("Cup", 5)
		var answered atomic.Int64 // the price that was answered last; prices only rise
		answered.Store(900)
		var crowd sync.WaitGroup
		for range 4 {
			crowd.Go(func() {
				for ctx.Err() == nil {
					least := answered.Load()
					c, err := m.a.shelf.Card(t.Context(), cup.ID, stock.Stall)
					if err != nil {
						t.Error(err)
						return
					}
					if got := c.SKUs[0].Price.Amount.Minor; got < least {
						t.Errorf("shown %d after %d was answered", got, least)
						return
					}
				}
			})
		}
		for i := range int64(60) {
			m.at.Add(1)
			m.change(cup, fmt.Sprint("Cup ", i), 901+i)
			answered.Store(901 + i)
		}
		stop()
		crowd.Wait()
	})
}
