package settle_test

import (
	"context"
	"testing"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/tax"
)

func TestTheCommissionIsOnThePriceWithoutTax(t *testing.T) {
	for _, tt := range []struct {
		rule                   tax.Rule
		total, commission      int64
		backTotal, backPercent int64 // after the 10.00 book went back
	}{
		// 19.98 and 10.00 have 1.31 and 0.65 in them: 8 % of 28.02 is 2.24, and 0.30.
		{tax.Included, total, 254, 2488, 169},
		// They get 1.40 and 0.70 on top, the parcel 0.34.
		{tax.Added, total + 140 + 70 + 34, commission, 2662, 180},
	} {
		t.Run(string(tt.rule), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				ctx := context.Background()
				_, err := w.taxes.Set(ctx, "per_op", tax.Rate{Country: "DE", Class: tax.Standard, PPM: 190_000})
				w.must(err)
				_, err = w.taxes.Set(ctx, "per_op", tax.Rate{Country: "DE", Class: tax.Reduced, PPM: 70_000})
				w.must(err)
				_, err = w.shops.Update(ctx, w.shop.ID, func(s *shop.Shop) error { s.Tax.Prices = tt.rule; return nil })
				w.must(err)
				o := w.completed("test", 2, 1)
				w.due()
				w.run()
				w.holds(ledger.Commission, tt.commission)
				w.holds(ledger.Free(w.shop.ID), tt.total-tt.commission)
				w.sound()
				w.back(o, units(0, 1))
				w.holds(ledger.Commission, tt.backPercent)
				w.holds(ledger.Free(w.shop.ID), tt.backTotal-tt.backPercent)
				w.sound()
			})
		})
	}
}
