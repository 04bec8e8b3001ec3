package order_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// rates sets what Germany takes, and how the shop prices.
func (w *world) rates(rule tax.Rule, ppm map[string]int64) {
	w.t.Helper()
	ctx := context.Background()
	for class, n := range ppm {
		if _, err := w.taxes.Set(ctx, "per_op", tax.Rate{Country: "DE", Class: class, PPM: n}); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	if w.shop, err = w.shops.Update(ctx, w.shop.ID, func(s *shop.Shop) error {
		s.Tax = shop.Tax{Country: "DE", Prices: rule}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
}

// tin adds a piece that is taxed as standard goods.
func (w *world) tin(minor int64) string {
	w.t.Helper()
	p, err := w.goods.Create(context.Background(), w.shop, catalog.Form{Title: text.Both("Tin", "罐头"), Measure: catalog.Piece, State: catalog.Live, Tax: tax.Standard,
		Fields: w.product.Fields, SKUs: []catalog.SKUForm{{PriceMinor: minor}}})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.stock.Record(context.Background(), w.shop.ID, stock.Move{Key: "tins" + p.ID, SKU: p.SKUs[0].ID, Add: 1000, Reason: stock.Landed}); err != nil {
		w.t.Fatal(err)
	}
	return p.SKUs[0].ID
}

func german(postcode string) *account.Address {
	return &account.Address{Name: "R", Line1: "1", City: "T", Postcode: postcode, Country: "DE"}
}

func TestTaxIsFrozenByLineAndRate(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 20)
		ask := order.Ask{Kind: order.ByParcel, Address: german("1"), Items: []order.Item{{SKU: w.sku(), Quantity: 2000}, {SKU: w.tin(1000), Quantity: 3}}}
		o, err := w.offer(ask)
		if err != nil || o.Tax != nil || o.Total.Minor != 2500+3000 {
			t.Fatalf("without rates: %+v of %v, %v", o.Tax, o.Total, err)
		}
		ask.Items[1].Quantity = 1 // 35.00 of goods: the parcel costs 4.90
		w.rates(tax.Added, map[string]int64{tax.Standard: 190_000, tax.Reduced: 70_000})
		if o, err = w.offer(ask); err != nil {
			t.Fatal(err)
		}
		// Fish is reduced goods by its trade: 25.00 at 7 %, 10.00 at 19 %; the freight is
		// shared 25 to 10, 3.50 and 1.40.
		if o.Lines[0].Tax.Tax != 175 || o.Lines[0].Tax.Class != tax.Reduced || o.Lines[1].Tax.Tax != 190 || fmt.Sprint(o.Tax.Freight) != "[{reduced 70000 350 25} {standard 190000 140 27}]" {
			t.Errorf("taxed with %+v and %+v, the freight with %+v", o.Lines[0].Tax, o.Lines[1].Tax, o.Tax.Freight)
		}
		if o.Total.Minor != 2500+1000+490+175+190+25+27 || o.Goods.Minor != 3500 || o.Freight.Minor != 490 {
			t.Errorf("%v of goods %v and freight %v", o.Total, o.Goods, o.Freight)
		}
		if got := fmt.Sprint(o.Taxes()); got != "[{standard 190000 1140 217} {reduced 70000 2850 200}]" {
			t.Errorf("by rate: %s", got)
		}
		ask.Address.Country = "FR"
		if o, err = w.offer(ask); err != nil || o.Tax != nil || o.Total.Minor != 3990 {
			t.Errorf("to a country without rates: %+v of %v, %v", o.Tax, o.Total, err)
		}
		ask.Address.Country = "DE"
		w.rates(tax.Included, nil)
		if o, err = w.offer(ask); err != nil || o.Total.Minor != 3990 || o.Lines[0].Tax.Tax != 164 || o.Lines[1].Tax.Tax != 160 {
			t.Errorf("with tax in the price: %v, %+v, %+v, %v", o.Total, o.Lines[0].Tax, o.Lines[1].Tax, err)
		}
		if o, err = w.offer(order.Ask{Items: ask.Items, Kind: order.ByParcel}); err != nil || o.Tax == nil || o.Tax.Country != "DE" {
			t.Errorf("before there is an address: %+v, %v", o.Tax, err)
		}
		w.rates(tax.Exempt, nil)
		if o, err = w.offer(ask); err != nil || o.Tax != nil || o.Total.Minor != 3990 {
			t.Errorf("of a shop that charges none: %+v of %v, %v", o.Tax, o.Total, err)
		}
	})
}

func TestAddedTaxGoesBackWithTheGoods(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, 20)
		w.rates(tax.Added, map[string]int64{tax.Standard: 190_000, tax.Reduced: 70_000})
		offer, err := w.offer(order.Ask{Kind: order.ByParcel, Address: german("1"), Items: []order.Item{{SKU: w.sku(), Quantity: 300}, {SKU: w.tin(333), Quantity: 3}}})
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.orders.Place(ctx, w.wish(offer, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.goToPay(o)
		if err := w.bankSays("evt_1", o, true); err != nil {
			t.Fatal(err)
		}
		give := func(key string, parts ...order.Part) {
			t.Helper()
			if err := w.d.InTx(ctx, func(tx *db.Tx) error {
				got, err := order.Lock(ctx, tx, o.ID)
				if err != nil {
					return err
				}
				rests, err := order.RestsOf(ctx, tx, got)
				if err != nil {
					return err
				}
				if parts == nil {
					parts = rests.GiveBackAll()
				}
				for i, p := range parts {
					if p.Minor == 0 {
						parts[i].Minor = rests.Lines[p.Position].Share(p.Quantity)
					}
				}
				return w.orders.GiveBack(ctx, tx, &got, key, order.BySeller, parts)
			}); err != nil {
				t.Fatal(err)
			}
			w.sound()
		}
		// 9.99 and 1.90 of tax: one of three goes back for 3.96, two for 7.92.
		give("one", order.Part{Position: 1, Quantity: 1})
		rests, err := order.RestsOf(ctx, w.d, w.get(o))
		if err != nil || rests.Lines[1].BackFor != 396 || rests.Lines[1].Paid != 1189 {
			t.Errorf("%+v left, %v", rests.Lines[1], err)
		}
		give("rest")
		if rests, err = order.RestsOf(ctx, w.d, w.get(o)); err != nil || rests.Total != 0 || rests.Freight.Minor() != 0 {
			t.Errorf("%+v left, %v", rests, err)
		}
	})
}

func TestTaxAddsUpAndGoesBackInAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2000)
		tins := []string{w.tin(1), w.tin(999), w.tin(123_457)}
		rapid.Check(t, func(t *rapid.T) {
			rule := rapid.SampledFrom([]tax.Rule{tax.Included, tax.Added}).Draw(t, "rule")
			w.pass(time.Minute)
			w.rates(rule, map[string]int64{tax.Standard: rapid.Int64Range(0, tax.Million).Draw(t, "standard"), tax.Reduced: rapid.Int64Range(0, tax.Million).Draw(t, "reduced")})
			items := []order.Item{{SKU: w.sku(), Quantity: 100 * rapid.Int64Range(1, 50).Draw(t, "fish")}}
			for _, k := range tins {
				items = append(items, order.Item{SKU: k, Quantity: rapid.Int64Range(1, 9).Draw(t, "tins")})
			}
			o, err := w.offer(order.Ask{Kind: order.ByParcel, Address: german(""), Items: items})
			if err != nil {
				t.Fatal(err)
			}
			sum, gross := o.PaidFreight(), int64(0)
			for i, l := range o.Lines {
				paid := o.PaidFor(i)
				sum += paid
				if rule == tax.Included && paid != l.Total.Minor || rule == tax.Added && paid != l.Total.Minor+l.Tax.Tax {
					t.Fatalf("line %d costs %d: %+v", i, paid, l)
				}
				r, back := order.Rest{Quantity: l.Quantity, Paid: paid}, int64(0)
				for r.Units() > 0 {
					k := rapid.Int64Range(1, r.Units()).Draw(t, "back")
					share := r.Share(k)
					r.Back, r.BackFor, back = r.Back+k, r.BackFor+share, back+share
				}
				if back != paid {
					t.Fatalf("%d of %d went back", back, paid)
				}
			}
			for _, x := range o.Taxes() {
				gross += x.Of
				if rule == tax.Added {
					gross += x.Tax
				}
			}
			if sum != o.Total.Minor || gross != o.Total.Minor {
				t.Fatalf("lines and freight add up to %d, rates to %d, the total is %v", sum, gross, o.Total)
			}
		})
	})
}

func TestTaxThatIsNotOfItsRateIsFound(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, 20)
		w.rates(tax.Added, map[string]int64{tax.Reduced: 70_000, tax.Standard: 190_000})
		offer, err := w.offer(order.Ask{Kind: order.ByParcel, Address: german("1")})
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.orders.Place(ctx, w.wish(offer, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.sound()
		var body string
		if err := d.QueryRowContext(ctx, `SELECT quote_body FROM orders WHERE id = $1`, o.ID).Scan(&body); err != nil {
			t.Fatal(err)
		}
		// A cent moved from the tax of the goods to that of the freight keeps every sum.
		body = strings.NewReplacer(`"of":1250,"tax":88`, `"of":1250,"tax":87`, `"of":490,"tax":34`, `"of":490,"tax":35`).Replace(body)
		if _, err := d.ExecContext(ctx, `UPDATE orders SET quote_body = $2, quote_hash = $3 WHERE id = $1`, o.ID, body, order.HashOf([]byte(body))); err != nil {
			t.Fatal(err)
		}
		problems, err := order.Check(ctx, d, w.now())
		if err != nil || len(problems) != 1 || problems[0].Invariant != "I7" {
			t.Errorf("Check = %v, %v", problems, err)
		}
	})
}

func TestAStepThatIsReachedGivesItsTaxBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		w.rates(tax.Added, map[string]int64{tax.Reduced: 70_000, tax.Standard: 190_000})
		made := w.paidGroup(w.sellToGroups(groupbuy.Wish{Steps: []groupbuy.Step{{People: 2, Price: 1000}, {People: 3, Price: 800}}}), 1, 3)
		w.clocks()
		w.clocks()
		for _, o := range made {
			// 10.00 and 0.70 were paid, 8.00 and 0.56 is the step's price.
			if got := w.get(o); got.Refunded != 214 || got.Total().Minor != 1070+490+34 {
				t.Errorf("%s of %v got %d back", got.Number, got.Total(), got.Refunded)
			}
		}
		w.soundGroups()
	})
}
