package order

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/money"
)

// Tax is how an offer was taxed.
type Tax struct {
	Rule    tax.Rule `json:"rule"` // Included or Added
	Country string   `json:"country"`
	Freight []Taxed  `json:"freight,omitempty"` // shared out over the rates of the goods
}

// Taxed is a sum and its tax at one rate, in minor units.
type Taxed struct {
	Class string `json:"class"`
	PPM   int64  `json:"ppm"`
	Of    int64  `json:"of"`  // as priced: with the tax in it where that is the rule
	Tax   int64  `json:"tax"` // Rule.Of(Of, PPM)
}

// addTax freezes what of each line and of the freight is tax, or comes on top of
// it. Goods that are sent are taxed where they go, others where the shop is.
func (s *Service) addTax(ctx context.Context, o *Offer, now time.Time) error {
	rule := o.Shop.Tax.Prices
	if s.taxes == nil || rule == tax.Exempt {
		return nil
	}
	if rule == "" {
		rule = tax.Included
	}
	country := o.Shop.Tax.Country
	if o.Kind == ByParcel && o.Address != nil {
		country = o.Address.Country
	}
	table, err := s.taxes.In(ctx, country, now)
	if err != nil {
		return err
	}
	if _, _, ok := table.Of(tax.Standard); !ok {
		return nil
	}
	o.Tax = &Tax{Rule: rule, Country: country}
	for i := range o.Lines {
		l := &o.Lines[i]
		class, ppm, _ := table.Of(o.classes[i])
		l.Tax = &Taxed{Class: class, PPM: ppm, Of: l.Total.Minor, Tax: rule.Of(l.Total.Minor, ppm)}
	}
	o.taxFreight(table)
	return nil
}

// taxFreight shares the freight out over the rates of the goods by their worth:
// sending is taxed as what is sent. Goods worth nothing are sent as standard ones.
func (o *Offer) taxFreight(table tax.Table) {
	if o.Freight.Minor == 0 {
		return
	}
	var weights []int64
	for _, l := range o.Lines {
		if l.Total.Minor == 0 {
			continue
		}
		i := slices.IndexFunc(o.Tax.Freight, func(t Taxed) bool { return t.Class == l.Tax.Class })
		if i < 0 {
			i = len(weights)
			weights, o.Tax.Freight = append(weights, 0), append(o.Tax.Freight, Taxed{Class: l.Tax.Class, PPM: l.Tax.PPM})
		}
		weights[i] += l.Total.Minor
	}
	if len(weights) == 0 {
		class, ppm, _ := table.Of(tax.Standard)
		weights, o.Tax.Freight = []int64{1}, []Taxed{{Class: class, PPM: ppm}}
	}
	for i, part := range o.Freight.Allocate(weights) {
		t := &o.Tax.Freight[i]
		t.Of, t.Tax = part.Minor, o.Tax.Rule.Of(part.Minor, t.PPM)
	}
}

// PaidFor is what the buyer pays for line i: its total, and the tax that is added.
func (q Quote) PaidFor(i int) int64 {
	l := q.Lines[i]
	if q.Tax != nil && q.Tax.Rule == tax.Added && l.Tax != nil {
		return l.Total.Minor + l.Tax.Tax
	}
	return l.Total.Minor
}

// PaidFreight is what the buyer pays for the freight, with the tax that is added.
func (q Quote) PaidFreight() int64 {
	sum := q.Freight.Minor
	if q.Tax != nil && q.Tax.Rule == tax.Added {
		for _, t := range q.Tax.Freight {
			sum += t.Tax
		}
	}
	return sum
}

// paid is what the buyer pays in all.
func (q Quote) paid() money.Amount {
	sum := q.PaidFreight()
	for i := range q.Lines {
		sum += q.PaidFor(i)
	}
	return money.Of(sum, q.Goods.Currency)
}

// net is what line i is worth without tax.
func (q Quote) net(i int) int64 {
	l := q.Lines[i]
	if q.Tax != nil && q.Tax.Rule == tax.Included && l.Tax != nil {
		return l.Total.Minor - l.Tax.Tax
	}
	return l.Total.Minor
}

// Taxes sums what of q is taxed at each rate, the highest first. Nothing when it
// is not taxed.
func (q Quote) Taxes() []Taxed {
	if q.Tax == nil {
		return nil
	}
	sums := slices.Clone(q.Tax.Freight)
	for _, l := range q.Lines {
		if l.Tax != nil {
			sums = append(sums, *l.Tax)
		}
	}
	var out []Taxed
	for _, t := range sums {
		i := slices.IndexFunc(out, func(x Taxed) bool { return x.Class == t.Class })
		if i < 0 {
			out = append(out, t)
			continue
		}
		out[i].Of, out[i].Tax = out[i].Of+t.Of, out[i].Tax+t.Tax
	}
	slices.SortStableFunc(out, func(a, b Taxed) int { return cmp.Compare(b.PPM, a.PPM) })
	return out
}

// taxFits reports whether the tax of q is that of its frozen rates, on sums that
// are its lines and its freight.
func (q Quote) taxFits() bool {
	if q.Tax == nil {
		return !slices.ContainsFunc(q.Lines, func(l QuoteLine) bool { return l.Tax != nil })
	}
	fits := func(t Taxed) bool {
		return t.Of >= 0 && t.Of <= maxTotal && t.PPM >= 0 && t.PPM <= tax.Million && t.Tax == q.Tax.Rule.Of(t.Of, t.PPM)
	}
	freight := q.Freight.Minor
	for _, t := range q.Tax.Freight {
		if freight -= t.Of; !fits(t) {
			return false
		}
	}
	for _, l := range q.Lines {
		if l.Tax == nil || l.Tax.Of != l.Total.Minor || !fits(*l.Tax) {
			return false
		}
	}
	return freight == 0
}
