package sim_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/cryptotest"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/testsupport/fakedisk"
)

// market is a database with some pairs of shops. It is made once and copied, so that
// opening shops takes no time of a history, and the same in every run.
type market struct {
	file   []byte
	stalls [][2]stall
}

var made = map[int]*market{}

// marketOf has n pairs of shops.
func marketOf(t *testing.T, n int) *market {
	t.Helper()
	if m := made[n]; m != nil {
		return m
	}
	cryptotest.SetGlobalRandom(t, 1)
	w := open(t, lite(t, nil), rig{})
	m := &market{stalls: w.opens(t, n)}
	dir := filepath.Dir(w.d.Path())
	w.orders.Close()
	if err := w.d.Close(); err != nil {
		t.Fatal(err)
	}
	m.file = fakedisk.In(dir).Files()["openstall.db"]
	made[n] = m
	return m
}

// opens opens n pairs of shops in a market that takes 8 % and 0.30 an order.
func (w *world) opens(t *testing.T, n int) [][2]stall {
	t.Helper()
	if _, err := w.fees.Announce(context.Background(), fee.Draft{Key: "key-fees", By: "per_operator", Currency: "EUR", PPM: 80_000, Fixed: 30}); err != nil {
		t.Fatal(err)
	}
	for _, r := range []tax.Rate{{Country: "DE", Class: tax.Standard, PPM: 190_000}, {Country: "DE", Class: tax.Reduced, PPM: 70_000}} {
		if _, err := w.taxes.Set(context.Background(), "per_operator", r); err != nil {
			t.Fatal(err)
		}
	}
	stalls := make([][2]stall, n)
	for i := range stalls {
		stalls[i] = [2]stall{w.open(t, 2*i), w.open(t, 2*i+1)}
	}
	return stalls
}

// parcel is what sending costs: books by the piece, heavy ones by the kilogram,
// and by the order to the coast.
var parcel = shop.Parcel{Enabled: true, Templates: []shop.Template{
	{ID: "books", Zones: []shop.Zone{
		{Regions: []string{"DE"}, Rule: shop.Rule{By: shop.ByPiece, First: 2, FirstMinor: 390, Step: 1, StepMinor: 95, FreeFromMinor: 3000}},
		{Regions: []string{"DE-2"}, Rule: shop.Rule{By: shop.ByOrder, FirstMinor: 490}},
	}},
	{ID: "heavy", Zones: []shop.Zone{{Regions: []string{"DE"}, Rule: shop.Rule{By: shop.ByWeight, First: 1000, FirstMinor: 555, Step: 500, StepMinor: 77}}}},
}}

var bookFields = map[string]string{"isbn": "9780140449136", "author": "Marcus Aurelius", "publisher": "Penguin", "condition": "good", "language": "en", "year": "2006"}

// open opens a shop that sells two books, by parcel and at the stall, and a course
// about them that is watched.
func (w *world) open(t *testing.T, i int) stall {
	t.Helper()
	ctx := context.Background()
	sh, err := w.shops.Open(ctx, "per_seller", shop.Draft{Name: text.Both(fmt.Sprint("Books ", i), ""), Pack: "books", Stall: "12", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	sh, err = w.shops.Update(ctx, sh.ID, func(sh *shop.Shop) error {
		sh.Parcel = parcel
		sh.Tax.Country = "DE"
		if i%2 == 1 {
			sh.Tax.Prices = tax.Added
		}
		sh.Pickup.Days = []shop.Day{{Weekday: 2, From: "10:00", To: "12:00", SlotMinutes: 60, Capacity: 2}, {Weekday: 4, From: "10:00", To: "11:00", SlotMinutes: 60, Capacity: 1}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.goods.Create(ctx, sh, catalog.Form{Title: text.Both("A book", "一本书"), Measure: catalog.Piece, State: catalog.Live,
		Fields: bookFields, SKUs: []catalog.SKUForm{{PriceMinor: 999, Grams: 420}, {PriceMinor: 1000, Grams: 1300}}})
	if err != nil {
		t.Fatal(err)
	}
	atlas, err := w.goods.Create(ctx, sh, catalog.Form{Title: text.Both("An atlas", "一本地图册"), Measure: catalog.Piece, State: catalog.Live, Freight: "heavy", Tax: tax.Standard,
		Fields: bookFields, SKUs: []catalog.SKUForm{{PriceMinor: 2449, Grams: 2100}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.settle.SetAccount(ctx, sh.ID, "per_seller", settle.Account{Holder: "Rosa", Number: "DE89 3704 0044 0532 0130 00"}); err != nil {
		t.Fatal(err)
	}
	school := sh
	school.Pack = "courses"
	lessons, err := w.goods.Create(ctx, school, catalog.Form{Title: text.Both("Reading slowly", "慢慢读"), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"level": "all", "teacher": "Marcus", "access_days": "90"}, SKUs: []catalog.SKUForm{{PriceMinor: 4801}}})
	if err != nil {
		t.Fatal(err)
	}
	s := stall{shop: sh, course: lessons.SKUs[0].ID}
	if _, err := w.stock.Record(ctx, sh.ID, stock.Move{Key: "seats-" + s.course, SKU: s.course, Add: 1000, Reason: stock.Landed}); err != nil {
		t.Fatal(err)
	}
	for _, k := range append(p.SKUs, atlas.SKUs...) {
		s.skus = append(s.skus, k.ID)
	}
	return s
}
