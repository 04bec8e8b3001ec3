package shop_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// islands sends small things everywhere in Germany, dearer to its islands, and
// heavy ones to Germany and Austria by the kilogram.
var islands = shop.Parcel{Enabled: true, Templates: []shop.Template{
	{ID: "small", Zones: []shop.Zone{
		{Regions: []string{"DE"}, Rule: shop.Rule{By: shop.ByPiece, First: 2, FirstMinor: 300, Step: 3, StepMinor: 100, FreeFromMinor: 5000}},
		{Regions: []string{"DE-25938", "DE-2599"}, Rule: shop.Rule{By: shop.ByOrder, FirstMinor: 900}},
		{Regions: []string{}, Rule: shop.Rule{By: shop.ByOrder, FirstMinor: 2000}},
	}},
	{ID: "heavy", Zones: []shop.Zone{
		{Regions: []string{"DE", "AT"}, Rule: shop.Rule{By: shop.ByWeight, First: 1000, FirstMinor: 500, Step: 1000, StepMinor: 80}},
	}},
}}

func TestFreightGoesByZoneAndUnit(t *testing.T) {
	book := func(n, goods int64) shop.Load {
		return shop.Load{Template: "small", Pieces: n, Grams: 300 * n, Goods: goods}
	}
	stove := shop.Load{Template: "heavy", Pieces: 1, Grams: 3001, Goods: 9000}
	for _, tt := range []struct {
		name           string
		loads          []shop.Load
		country, place string
		want           int64
	}{
		{"two pieces are the first", []shop.Load{book(2, 900)}, "DE", "10115", 300},
		{"a third begins a step", []shop.Load{book(3, 900)}, "DE", "10115", 400},
		{"five fill it", []shop.Load{book(5, 900)}, "DE", "10115", 400},
		{"six begin another", []shop.Load{book(6, 900)}, "DE", "10115", 500},
		{"lines of one template count together", []shop.Load{book(2, 900), book(1, 400)}, "DE", "10115", 400},
		{"free from a sum", []shop.Load{book(2, 2500), book(4, 2500)}, "DE", "10115", 0},
		{"the longest beginning of a postal code wins", []shop.Load{book(1, 5000)}, "DE", "25 992", 900},
		{"everywhere else", []shop.Load{book(1, 100)}, "JP", "100-0001", 2000},
		{"a gram more is a kilogram more", []shop.Load{stove}, "AT", "", 500 + 3*80},
		{"templates add up", []shop.Load{stove, book(1, 100)}, "DE", "", 740 + 300},
		{"who names none goes by the first", []shop.Load{{Pieces: 1, Goods: 1}}, "DE", "", 300},
		{"who names a lost one goes by the first", []shop.Load{{Template: "gone", Pieces: 1, Goods: 1}}, "DE", "", 300},
		{"nobody asked yet: the first zones", []shop.Load{stove, book(1, 100)}, "", "", 740 + 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := islands.Cost(tt.loads, tt.country, tt.place); err != nil || got != tt.want {
				t.Errorf("Cost = %d, %v; want %d", got, err, tt.want)
			}
		})
	}
}

func TestWhatIsNotSentIsNamed(t *testing.T) {
	_, err := islands.Cost([]shop.Load{{Template: "heavy", Pieces: 1, Grams: 1}, {Template: "small", Pieces: 1}, {Template: "heavy", Pieces: 1}}, "CH", "")
	var e *errs.Error
	if !errors.Is(err, shop.ErrNotSent) || !errors.As(err, &e) || len(e.Fields) != 2 || e.Fields[0].Location != "items[0]" || e.Fields[1].Location != "items[2]" {
		t.Errorf("Cost = %v", err)
	}
	if _, err := islands.Cost([]shop.Load{{Template: "heavy", Pieces: 1}}, "DE", ""); !errors.Is(err, shop.ErrNoWeight) {
		t.Errorf("without a weight: %v", err)
	}
}

var drawRule = rapid.Custom(func(t *rapid.T) shop.Rule {
	r := shop.Rule{By: rapid.SampledFrom([]shop.By{shop.ByOrder, shop.ByPiece, shop.ByWeight}).Draw(t, "by"),
		First: rapid.Int64Range(0, 1_000_000).Draw(t, "first"), FirstMinor: rapid.Int64Range(0, 100_000_000).Draw(t, "first minor"),
		Step: rapid.Int64Range(1, 1_000_000).Draw(t, "step"), StepMinor: rapid.Int64Range(0, 100_000_000).Draw(t, "step minor")}
	return r
})

func TestMoreGoodsNeverGoForLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := shop.Parcel{Enabled: true, Templates: []shop.Template{{ID: "a", Zones: []shop.Zone{{Rule: drawRule.Draw(t, "rule")}}}, {ID: "b", Zones: []shop.Zone{{Rule: drawRule.Draw(t, "rule")}}}}}
		var loads []shop.Load
		was := int64(0)
		for range rapid.IntRange(1, 50).Draw(t, "lines") {
			n := rapid.Int64Range(1, 1_000_000).Draw(t, "pieces")
			loads = append(loads, shop.Load{Template: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "template"), Pieces: n, Grams: rapid.Int64Range(1, 1_000_000).Draw(t, "grams") * n})
			got, err := p.Cost(loads, "DE", "")
			if err != nil || got < was {
				t.Fatalf("%d lines go for %d (%v), one less for %d", len(loads), got, err, was)
			}
			was = got
		}
	})
}

func TestAShopKeepsItsTemplates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		shops := shop.New(d, time.Now)
		sh, err := shops.Open(ctx, "per_1", shop.Draft{Name: text.Both("Fish", "鱼"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		set := func(p shop.Parcel) (shop.Shop, error) {
			return shops.Update(ctx, sh.ID, func(s *shop.Shop) error { s.Parcel = p; return nil })
		}
		p := shop.Parcel{Enabled: true, Templates: []shop.Template{{Name: " Small ", Zones: []shop.Zone{{Regions: []string{"de-259 92", " at"}, Rule: shop.Rule{By: shop.ByOrder, FirstMinor: 5, Step: 3}}}}}}
		if _, err := set(p); err != nil {
			t.Fatal(err)
		}
		got, err := shops.Get(ctx, sh.ID)
		if err != nil || !got.Parcel.Enabled || len(got.Parcel.Templates) != 1 {
			t.Fatalf("Get = %+v, %v", got.Parcel, err)
		}
		kept := got.Parcel.Templates[0]
		if !strings.HasPrefix(kept.ID, "frt_") || kept.Name != "Small" || kept.Zones[0].Regions[0] != "DE-25992" || kept.Zones[0].Regions[1] != "AT" || kept.Zones[0].Rule.Step != 0 {
			t.Errorf("kept %+v", kept)
		}
		rule := shop.Rule{By: shop.ByPiece, First: 1, Step: 1}
		zone := func(regions ...string) shop.Zone { return shop.Zone{Regions: regions, Rule: rule} }
		for name, zones := range map[string][]shop.Zone{
			"no zone":          {},
			"a country twice":  {zone("DE"), zone("AT", "DE")},
			"everywhere twice": {zone(), zone()},
			"no country":       {zone("Germany")},
			"no unit":          {{Rule: shop.Rule{By: "moon"}}},
			"an endless step":  {{Rule: shop.Rule{By: shop.ByPiece, StepMinor: 5}}},
			"a negative price": {{Rule: shop.Rule{By: shop.ByOrder, FirstMinor: -1}}},
		} {
			if _, err := set(shop.Parcel{Enabled: true, Templates: []shop.Template{{Zones: zones}}}); !errors.Is(err, shop.ErrFreight) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := set(shop.Parcel{Enabled: true}); !errors.Is(err, shop.ErrFreight) {
			t.Errorf("parcels without a template: %v", err)
		}
	}, shop.Migrations)
}

func TestTheFlatPriceBecameATemplate(t *testing.T) {
	file, err := os.ReadFile("migrations/2026112601_freight.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, fill, ok := strings.Cut(string(file), "UPDATE ")
	if !ok {
		t.Fatal("the migration fills nothing")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		shops := shop.New(d, time.Now)
		sh, err := shops.Open(ctx, "per_1", shop.Draft{Name: text.Both("Fish", "鱼"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		for parcel, want := range map[string]shop.Rule{
			`{"enabled":true,"price_minor":490,"free_from_minor":6000}`: {By: shop.ByOrder, FirstMinor: 490, FreeFromMinor: 6000},
			`{"enabled":false,"price_minor":0}`:                         {By: shop.ByOrder},
		} {
			if _, err := d.ExecContext(ctx, `UPDATE shop SET parcel = $1`, parcel); err != nil {
				t.Fatal(err)
			}
			if _, err := d.ExecContext(ctx, "UPDATE "+fill); err != nil {
				t.Fatal(err)
			}
			got, err := shops.Get(ctx, sh.ID)
			if err != nil || len(got.Parcel.Templates) != 1 || got.Parcel.Templates[0].ID != shop.Standard || got.Parcel.Templates[0].Zones[0].Rule != want {
				t.Errorf("%s became %+v, %v", parcel, got.Parcel, err)
			}
		}
	}, shop.Migrations)
}

func FuzzRegions(f *testing.F) {
	f.Add("DE-27", "DE", "27498")
	f.Add("gb-sw1a 1", "GB", "SW1A 1AA")
	f.Add("", "", "")
	f.Fuzz(func(t *testing.T, region, country, postcode string) {
		p := shop.Parcel{Enabled: true, Templates: []shop.Template{{ID: "a", Zones: []shop.Zone{{Regions: []string{region}, Rule: shop.Rule{By: shop.ByOrder, FirstMinor: 1}}}}}}
		cost, err := p.Cost([]shop.Load{{Pieces: 1}}, country, postcode)
		if err == nil && cost != 1 || err != nil && !errors.Is(err, shop.ErrNotSent) {
			t.Errorf("%q for %q %q: %d, %v", region, country, postcode, cost, err)
		}
		if err == nil && country != "" && !strings.HasPrefix(region, country) {
			t.Errorf("%q serves %q", region, country)
		}
	})
}
