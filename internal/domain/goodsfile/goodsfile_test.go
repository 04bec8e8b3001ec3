package goodsfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/goodsfile"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

type world struct {
	*testing.T
	files *goodsfile.Service
	goods *catalog.Service
	stock *stock.Service
	shop  shop.Shop
	other shop.Shop
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(newWorld(t, d)) },
		bus.Migrations, account.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, goodsfile.Migrations)
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	b := bus.Open(d, slog.New(slog.DiscardHandler), nil)
	w := &world{T: t, goods: catalog.New(d, b, time.Now), stock: stock.New(d, b, time.Now)}
	w.files = goodsfile.New(goodsfile.Parts{DB: d, Catalog: w.goods, Stock: w.stock, Now: time.Now})
	accounts, shops := account.New(d, nil, time.Now), shop.New(d, time.Now)
	for i, to := range []*shop.Shop{&w.shop, &w.other} {
		p, err := accounts.Ensure(t.Context(), fmt.Sprintf("s%d@example.org", i), "Nell", "en")
		if err == nil {
			*to, err = shops.Open(t.Context(), p.ID, shop.Draft{Name: text.Both(fmt.Sprint("Quay ", i), "码头"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) take(key, file string) goodsfile.Report {
	w.Helper()
	r, err := w.files.Take(w.Context(), w.shop, "per_nell", key, []byte(file))
	if err != nil {
		w.Fatalf("%s: %v %+v", key, err, r.Faults)
	}
	return r
}

func (w *world) out(language string) string {
	w.Helper()
	pack, err := shop.PackOf(w.shop.Pack)
	if err != nil {
		w.Fatal(err)
	}
	onHand, err := w.files.OnHand(w.Context(), w.shop.ID)
	if err != nil {
		w.Fatal(err)
	}
	var b bytes.Buffer
	if err := goodsfile.Write(&b, pack, language, w.files.All(w.Context(), w.shop.ID), onHand); err != nil {
		w.Fatal(err)
	}
	return b.String()
}

func (w *world) all() []catalog.Product {
	w.Helper()
	var all []catalog.Product
	for p, err := range w.files.All(w.Context(), w.shop.ID) {
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

const catch = `title_en,title_zh,measure,Listing,variant_en,price,stock,grams,tax,Species,Caught or farmed,Origin,Allergens
Mackerel,鲭鱼,weight,on sale,Whole,12.50,9.4,,reduced,Scomber scombrus,wild,FAO 27,Fish
,,,,Fillet,19,2,,,,,,
Ice,冰,piece,draft,,1,,250,,,,,
`

func TestATableBecomesGoodsAndComesOutTheSame(t *testing.T) {
	each(t, func(w *world) {
		if r := w.take("key-0001", catch); r.New != 2 || r.Counted != 2 || r.Changed+r.Same != 0 {
			w.Fatalf("%+v", r)
		}
		all := w.all()
		if len(all) != 2 {
			w.Fatalf("%d products", len(all))
		}
		for _, p := range all {
			if p.Title["en"] != "Mackerel" {
				continue
			}
			left, err := w.stock.Of(w.Context(), p.SKUs[0].ID, stock.Stall)
			if err != nil || p.State != catalog.Live || len(p.SKUs) != 2 || p.SKUs[0].Price.Minor != 1250 || p.SKUs[1].Price.Minor != 1900 || p.Tax != "reduced" || left.OnHand != 9400 {
				w.Errorf("%+v, %d g, %v", p, left.OnHand, err)
			}
		}
		for _, language := range text.Languages {
			out := w.out(language)
			if r := w.take("key-same-"+language, out); r.Same != 2 || r.New+r.Changed+r.Counted != 0 {
				w.Errorf("%s read back: %+v\n%s", language, r, out)
			}
			// A spreadsheet set to German parts by semicolons and writes decimals with a comma.
			german := strings.NewReplacer(",", ";", "12.50", "12,50").Replace(strings.TrimPrefix(out, "\uFEFF"))
			if r := w.take("key-german-"+language, german); r.Same != 2 || r.New+r.Changed+r.Counted != 0 {
				w.Errorf("%s with semicolons: %+v", language, r)
			}
		}
	})
}

func TestOnlyWhatTheTableNamesChanges(t *testing.T) {
	each(t, func(w *world) {
		w.take("key-0001", catch)
		var fish catalog.Product
		for _, p := range w.all() {
			if len(p.SKUs) == 2 {
				fish = p
			}
		}
		r := w.take("key-0002", "variant,price,stock\n"+fish.SKUs[1].ID+",\"21,90\",\n")
		if r.Changed != 1 || r.New+r.Same+r.Counted != 0 {
			w.Errorf("%+v", r)
		}
		now, err := w.goods.Get(w.Context(), fish.ID)
		if err != nil || now.SKUs[1].Price.Minor != 2190 || now.SKUs[0].Price.Minor != 1250 || now.About["en"] != fish.About["en"] || now.Fields["species"] != fish.Fields["species"] || len(now.SKUs) != 2 {
			w.Errorf("%+v, %v", now, err)
		}
		if r := w.take("key-0003", "商品编号,上架状态\n"+fish.ID+",隐藏\n"); r.Changed != 1 {
			w.Errorf("%+v", r)
		}
		if now, err = w.goods.Get(w.Context(), fish.ID); err != nil || now.State != catalog.Hidden {
			w.Errorf("%s, %v", now.State, err)
		}
	})
}

func TestATableIsTakenWholeOrNotAtAll(t *testing.T) {
	each(t, func(w *world) {
		w.take("key-0001", catch)
		before := w.out("en")
		mine := w.all()[0]
		theirs, err := w.goods.Create(w.Context(), w.other, catalog.Form{Title: text.Both("Crab", ""), Measure: catalog.Piece, State: catalog.Draft, SKUs: []catalog.SKUForm{{PriceMinor: 100}}})
		if err != nil {
			w.Fatal(err)
		}
		for _, tt := range []struct {
			name, file string
			want       error // of the file, or of its last line
		}{
			{"a price in words", "title_en,price\nEel,3\nCod,twelve\n", goodsfile.ErrNumber},
			{"a price below nothing", "title_en,price\nCod,-1\n", goodsfile.ErrNumber},
			{"three decimals", "title_en,price\nCod,1.005\n", goodsfile.ErrNumber},
			{"half a piece", "title_en,measure,price,stock\nCod,piece,1,0.5\n", goodsfile.ErrNumber},
			{"half a gram", "title_en,price,grams\nCod,1,0.5\n", goodsfile.ErrNumber},
			{"no price", "title_en\nCod\n", goodsfile.ErrNumber},
			{"a title that is too long", "title_en,price\n" + strings.Repeat("x", 81) + ",1\n", catalog.ErrTitle},
			{"on sale without what buyers must know", "title_en,price,state\nCod,1,live\n", shop.ErrField},
			{"another's product", "product,price\n" + theirs.ID + ",1\n", catalog.ErrNotFound},
			{"no product", "product,price\nprd_none,1\n", catalog.ErrNotFound},
			{"another's variant", "variant,price\n" + theirs.SKUs[0].ID + ",1\n", catalog.ErrNoSKU},
			{"no variant", "variant,price\nsku_none,1\n", catalog.ErrNoSKU},
			{"a variant of another product", "product,variant,price\n" + w.all()[1].ID + "," + mine.SKUs[0].ID + ",1\n", catalog.ErrNoSKU},
			{"a variant twice", "variant,price\n" + mine.SKUs[0].ID + ",1\n" + mine.SKUs[0].ID + ",2\n", goodsfile.ErrTwice},
			{"sold otherwise now", "product,measure\n" + mine.ID + "," + map[catalog.Measure]string{catalog.Piece: "weight", catalog.Weight: "piece"}[mine.Measure] + "\n", catalog.ErrMeasure},
			{"a state that is none", "product,state\n" + mine.ID + ",sold\n", catalog.ErrState},
			{"a column that is none", "title_en,colour\nCod,red\n", goodsfile.ErrColumn},
			{"a cell without a column", "title_en,price\nCod,1,2\n", goodsfile.ErrColumn},
			{"a column twice", "price,Price\n1,2\n", goodsfile.ErrTwice},
			{"another encoding", "title_en,price\nS\xfc\xdfwasser,1\n", goodsfile.ErrEncoding},
			{"a spreadsheet's own file", "PK\x03\x04\x00\x00", goodsfile.ErrEncoding},
			{"a quote that does not end", "title_en,price\n\"Cod,1\n", goodsfile.ErrFile},
			{"nothing", "", goodsfile.ErrFile},
			{"headings alone", "title_en,price\n", goodsfile.ErrEmpty},
			{"too many lines", "title_en,price\n" + strings.Repeat("Cod,1\n", goodsfile.MaxRows+1), goodsfile.ErrRows},
		} {
			for _, do := range []struct {
				how string
				f   func() (goodsfile.Report, error)
			}{
				{"looked at", func() (goodsfile.Report, error) { return w.files.Check(w.Context(), w.shop, []byte(tt.file)) }},
				{"taken", func() (goodsfile.Report, error) {
					return w.files.Take(w.Context(), w.shop, "per_nell", "key-bad-file", []byte(tt.file))
				}},
			} {
				r, err := do.f()
				if n := len(r.Faults); n > 0 && (err == nil || errors.Is(err, goodsfile.ErrFaults)) {
					err = r.Faults[n-1].Err
				}
				if !errors.Is(err, tt.want) {
					w.Errorf("%s, %s: %v, want %v", tt.name, do.how, err, tt.want)
				}
			}
		}
		if after := w.out("en"); after != before {
			w.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		good := "title_en,price\nCod,1\n"
		if r, err := w.files.Check(w.Context(), w.shop, []byte(good)); err != nil || r.New != 1 || w.out("en") != before {
			w.Errorf("a look changed something: %+v, %v", r, err)
		}
	})
}

func TestOneKeyTakesATableOnce(t *testing.T) {
	each(t, func(w *world) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if r, err := w.files.Take(context.Background(), w.shop, "per_nell", "key-0001", []byte(catch)); err != nil || r.New != 2 {
					w.Errorf("%+v, %v", r, err)
				}
			})
		}
		wg.Wait()
		if n := len(w.all()); n != 2 {
			w.Errorf("%d products", n)
		}
		if _, err := w.files.Take(w.Context(), w.shop, "per_nell", "key-0001", []byte("title_en,price\nCod,1\n")); !errors.Is(err, goodsfile.ErrKey) {
			w.Errorf("another table under the key: %v", err)
		}
	})
}

// A cell that a spreadsheet would run is text in the table, and what it was when
// it is read back.
func TestAFormulaIsTextOnBothWays(t *testing.T) {
	each(t, func(w *world) {
		w.take("key-0001", "title_en,price\n\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",1\n")
		if out := w.out("en"); !strings.Contains(out, `"'=HYPERLINK(`) {
			w.Errorf("a formula: %s", out)
		}
		if r := w.take("key-0002", w.out("en")); r.Same != 1 {
			w.Errorf("%+v", r)
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add([]byte(catch))
	f.Add([]byte("\uFEFFprice;stock\n1;2\n"))
	f.Add([]byte("\"\n,\t;"))
	d := dbtest.SQLite(f, bus.Migrations, account.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, goodsfile.Migrations)
	b := bus.Open(d, slog.New(slog.DiscardHandler), nil)
	files := goodsfile.New(goodsfile.Parts{DB: d, Catalog: catalog.New(d, b, time.Now), Stock: stock.New(d, b, time.Now), Now: time.Now})
	sh, err := shop.New(d, time.Now).Open(f.Context(), "per_nell", shop.Draft{Name: text.Both("Quay", ""), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := files.Check(t.Context(), sh, file); err != nil && errs.KindOf(err) == errs.Internal {
			t.Error(err)
		}
	})
}
