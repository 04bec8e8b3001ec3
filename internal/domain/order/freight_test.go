package order_test

import (
	"context"
	"errors"
	"testing"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

func TestFreightIsOfTheTemplatesAndTheAddress(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 20)
		ctx := context.Background()
		var err error
		w.shop, err = w.shops.Update(ctx, w.shop.ID, func(s *shop.Shop) error {
			s.Parcel.Templates = append(s.Parcel.Templates, shop.Template{ID: "iced", Zones: []shop.Zone{
				{Regions: []string{"DE"}, Rule: shop.Rule{By: shop.ByWeight, First: 1000, FirstMinor: 700, Step: 500, StepMinor: 50}}}})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		tin, err := w.goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("Smoked tin", "罐头"), Measure: catalog.Piece, State: catalog.Live, Freight: "iced",
			Fields: w.product.Fields, SKUs: []catalog.SKUForm{{PriceMinor: 500, Grams: 400}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.stock.Record(ctx, w.shop.ID, stock.Move{Key: "tins", SKU: tin.SKUs[0].ID, Add: 50, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		to := func(country string, items ...order.Item) (order.Offer, error) {
			return w.offer(order.Ask{Kind: order.ByParcel, Items: items, Address: &account.Address{Name: "R", Line1: "1", City: "T", Country: country}})
		}
		fish, tins := order.Item{SKU: w.sku(), Quantity: 1000}, order.Item{SKU: tin.SKUs[0].ID, Quantity: 4}
		o, err := to("DE", fish, tins)
		if err != nil || o.Freight.Minor != 490+700+2*50 || o.Total.Minor != 1250+2000+1290 {
			t.Errorf("to Germany: %v of %v, %v", o.Freight, o.Total, err)
		}
		var e *errs.Error
		if _, err = to("FR", fish, tins); !errors.Is(err, shop.ErrNotSent) || !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Location != "items[1]" {
			t.Errorf("to France: %v", err)
		}
		if o, err = to("FR", fish); err != nil || o.Freight.Minor != 490 {
			t.Errorf("fish to France: %v, %v", o.Freight, err)
		}
		if o, err = w.offer(order.Ask{Kind: order.ByParcel, Items: []order.Item{fish, tins}}); err != nil || o.Freight.Minor != 1290 {
			t.Errorf("to nowhere yet: %v, %v", o.Freight, err)
		}
	})
}
