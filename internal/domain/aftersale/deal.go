package aftersale

import (
	"slices"

	"github.com/openstall/openstall/internal/domain/order"
)

// givesMoney reports whether a deal ends with money.
func (k Kind) givesMoney() bool { return k == Refund || k == Return || k == Difference }

// proposed checks a deal against what is left of an order and returns it with
// what it is worth. A deal about everything that is left takes the freight along.
func proposed(d Deal, rests order.Rests) (Deal, error) {
	if !slices.Contains(Kinds, d.Kind) || len(d.Lines) == 0 || len(d.Lines) > len(rests.Lines) {
		return Deal{}, ErrDeal
	}
	seen := map[int]bool{}
	for _, l := range d.Lines {
		if l.Position < 0 || l.Position >= len(rests.Lines) || seen[l.Position] {
			return Deal{}, ErrDeal
		}
		seen[l.Position] = true
		if err := fits(d.Kind, l, rests.Lines[l.Position]); err != nil {
			return Deal{}, err
		}
	}
	d.Lines = slices.Clone(d.Lines)
	if !d.Kind.givesMoney() {
		d.Freight, d.Worth = false, 0
		return d, nil
	}
	d.Freight = (d.Freight || d.wantsAll(rests)) && rests.Freight.Minor() > 0
	for _, p := range d.parts(rests) {
		d.Worth += p.Minor
	}
	if d.Worth == 0 {
		return Deal{}, order.ErrNothingLeft
	}
	return d, nil
}

// fits holds one line of a deal against what is left of it.
func fits(k Kind, l DealLine, left order.Rest) error {
	if l.Quantity < 0 || l.Minor < 0 || l.Quantity > left.Units() || l.Minor > left.Minor() {
		return ErrDeal
	}
	switch k {
	case Difference:
		if l.Quantity != 0 || l.Minor == 0 {
			return ErrDeal
		}
	case Refund:
		if l.Quantity == 0 && l.Minor == 0 {
			return ErrDeal
		}
	default:
		if l.Quantity == 0 || l.Minor != 0 && k != Return {
			return ErrDeal
		}
	}
	return nil
}

// wantsAll reports whether a deal takes all units that are left of the order for
// all their money.
func (d Deal) wantsAll(rests order.Rests) bool {
	units := map[int]int64{}
	for _, l := range d.Lines {
		if l.Minor == 0 {
			units[l.Position] = l.Quantity
		}
	}
	for i, r := range rests.Lines {
		if r.Units() > units[i] {
			return false
		}
	}
	return true
}

// parts is the money of a deal, held down to what is left of the order now.
func (d Deal) parts(rests order.Rests) []order.Part {
	var parts []order.Part
	left := rests.Total
	add := func(p order.Part) {
		if p.Minor = min(p.Minor, left); p.Minor > 0 {
			left -= p.Minor
			parts = append(parts, p)
		}
	}
	for _, l := range d.Lines {
		r := rests.Lines[l.Position]
		p := order.Part{Position: l.Position, Quantity: min(l.Quantity, r.Units()), Minor: min(l.Minor, r.Minor()), CameBack: d.Kind == Return}
		if l.Quantity > 0 {
			p.Minor = r.Share(l.Quantity)
			if l.Minor > 0 {
				p.Minor = min(p.Minor, l.Minor)
			}
		}
		add(p)
	}
	if d.Freight {
		add(order.Part{Position: order.Freight, Minor: rests.Freight.Minor()})
	}
	return parts
}

// bySKU sums the goods of a deal by variant; rows of stock are locked in the order
// of their names.
func bySKU(o order.Order, d Deal) map[string]int64 {
	sum := map[string]int64{}
	for _, p := range d.units() {
		sum[o.Lines[p.Position].SKU] += p.Quantity
	}
	return sum
}

// units is the goods of a deal.
func (d Deal) units() []order.Part {
	var parts []order.Part
	for _, l := range d.Lines {
		if l.Quantity > 0 {
			parts = append(parts, order.Part{Position: l.Position, Quantity: l.Quantity})
		}
	}
	return parts
}
