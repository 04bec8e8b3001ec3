package demo

import (
	"context"
	"fmt"

	"github.com/openstall/openstall/internal/domain/promo"
)

// addPromotions lets two stalls take something off by themselves.
func (s *seeder) addPromotions(ctx context.Context) error {
	const soap = "linden-soap"
	some := func(ware string, units int64) promo.Together {
		return promo.Together{SKU: s.goods[ware].SKUs[0].ID, Units: units}
	}
	for _, p := range []struct {
		slug string
		kind promo.PromotionKind
		rule promo.Rule
	}{
		{bookStall, promo.Reduction, promo.Rule{Steps: []promo.Step{{From: 40_00, Off: 5_00}, {From: 80_00, Off: 12_00}}}},
		{bookStall, promo.Bundle, promo.Rule{Price: 38_00, Goods: []promo.Together{some(bookStall+"/book", 1), some(bookStall+"/novel", 1)}}},
		{soap, promo.AddOn, promo.Rule{From: 8_00, Price: 6_00, Goods: []promo.Together{some(soap+"/cream", 1)}}},
		{soap, promo.Freight, promo.Rule{From: 20_00}},
	} {
		_, err := s.Promos.Promote(ctx, s.shops[p.slug], promo.Promotion{Kind: p.kind, Rule: p.rule, EndsAt: s.clock.Now().AddDate(0, 1, 0)})
		if err != nil {
			return fmt.Errorf("promotion of %s: %w", p.slug, err)
		}
	}
	return nil
}
