package promo_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/kit/text"
)

// aPromotion draws one of variants a to f, of products pa to pf.
func aPromotion(t *rapid.T, id int) promo.Promotion {
	p := promo.Promotion{ID: fmt.Sprint("prm_", id), Currency: "EUR", Kind: rapid.SampledFrom([]promo.PromotionKind{promo.Reduction, promo.Reduction, promo.Bundle, promo.AddOn, promo.Freight}).Draw(t, "kind")}
	together := func(sku string, units int64) promo.Together {
		return promo.Together{SKU: sku, Product: "p" + sku, Units: units, Name: text.Both(sku, sku)}
	}
	p.Rule.From = rapid.Int64Range(1, 6000).Draw(t, "from")
	switch p.Kind {
	case promo.Reduction:
		p.Rule.Percent = rapid.Bool().Draw(t, "percent")
		from, off := int64(0), int64(0)
		for range rapid.IntRange(1, 3).Draw(t, "steps") {
			from += rapid.Int64Range(30, 3000).Draw(t, "step")
			off += rapid.Int64Range(1, 30).Draw(t, "off")
			p.Rule.Steps = append(p.Rule.Steps, promo.Step{From: from, Off: off})
		}
		if rapid.Bool().Draw(t, "chosen") {
			p.Rule.Products = []string{"pa", "pc", "pd"}
		}
	case promo.Bundle:
		p.Rule.From = 0
		p.Rule.Price = rapid.Int64Range(0, 2500).Draw(t, "price")
		for _, sku := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 1, 3, rapid.ID).Draw(t, "goods") {
			p.Rule.Goods = append(p.Rule.Goods, together(sku, rapid.Int64Range(1, 3).Draw(t, "units")))
		}
	case promo.AddOn:
		p.Rule.Price = rapid.Int64Range(0, 900).Draw(t, "price")
		p.Rule.Goods = []promo.Together{together(rapid.SampledFrom([]string{"d", "e"}).Draw(t, "sku"), rapid.Int64Range(1, 3).Draw(t, "limit"))}
	}
	return p
}

func somePromotions(t *rapid.T) []promo.Promotion {
	var ps []promo.Promotion
	for i := range rapid.IntRange(1, 6).Draw(t, "promotions") {
		ps = append(ps, aPromotion(t, i))
	}
	return ps
}

func someGoods(t *rapid.T) []promo.Goods {
	var goods []promo.Goods
	for _, sku := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 6, rapid.ID).Draw(t, "goods") {
		goods = append(goods, priced(sku, rapid.Int64Range(0, 5).Draw(t, "pieces")))
		if sku != "f" && rapid.IntRange(0, 9).Draw(t, "closed") == 0 {
			goods[len(goods)-1].Closed = true
		}
	}
	return goods
}

// priced is so many pieces of a variant; f is weighed.
func priced(sku string, n int64) promo.Goods {
	unit := map[string]int64{"a": 333, "b": 1000, "c": 50, "d": 799, "e": 401, "f": 1250}[sku]
	g := promo.Goods{SKU: sku, Product: "p" + sku, Unit: unit, Pieces: n, Total: n * unit}
	if sku == "f" {
		g.Pieces, g.Total = 0, (n*unit+1)/2
	}
	return g
}

func offOf(o promo.Outcome) (off int64) {
	for _, t := range o.Taken {
		off += t.Off
	}
	return off
}

func TestPromotionsAddUpAndNeverPassZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		goods := someGoods(t)
		left := make([]int64, len(goods))
		for i, g := range goods {
			left[i] = g.Total
		}
		reductions := 0
		for _, taken := range promo.Apply(somePromotions(t), "EUR", goods).Taken {
			sum := int64(0)
			for i, share := range taken.Shares {
				sum += share
				left[i] -= share
				if share < 0 || left[i] < 0 || goods[i].Closed && share != 0 {
					t.Fatalf("line %d: share %d, %d left", i, share, left[i])
				}
			}
			if sum != taken.Off || taken.Off <= 0 {
				t.Fatalf("off %d, shares %d", taken.Off, sum)
			}
			if taken.Promotion.Kind == promo.Reduction {
				reductions++
			}
		}
		if reductions > 1 {
			t.Fatalf("%d reductions", reductions)
		}
	})
}

// The share of each variant, too, is the same whatever comes first.
func TestTheOrderOfLinesAndPromotionsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps, goods := somePromotions(t), someGoods(t)
		shares := func(ps []promo.Promotion, goods []promo.Goods) map[string]int64 {
			out := map[string]int64{}
			for _, taken := range promo.Apply(ps, "EUR", goods).Taken {
				for i, share := range taken.Shares {
					out[taken.Promotion.ID+goods[i].SKU] = share
				}
			}
			return out
		}
		want := shares(ps, goods)
		if got := shares(rapid.Permutation(ps).Draw(t, "other ps"), rapid.Permutation(goods).Draw(t, "other goods")); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, then %v", want, got)
		}
	})
}

func TestMoreGoodsNeverTakeLessOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps, goods := disjoint(somePromotions(t)), someGoods(t)
		before := promo.Apply(ps, "EUR", goods)
		coupon := promo.Template{Kind: promo.Percent, Off: rapid.Int64Range(1, 100).Draw(t, "coupon"), Cap: rapid.Int64Range(0, 900).Draw(t, "cap"), Threshold: rapid.Int64Range(0, 5000).Draw(t, "threshold")}
		more := slices.Clone(goods)
		sku := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "more")
		i := slices.IndexFunc(more, func(g promo.Goods) bool { return g.SKU == sku })
		switch {
		case i < 0:
			more = append(more, priced(sku, 1))
		case more[i].Closed:
			return
		default:
			unit := priced(sku, 1)
			more[i].Total += unit.Total
			more[i].Pieces += unit.Pieces
		}
		after := promo.Apply(ps, "EUR", more)
		if offOf(after) < offOf(before) {
			t.Fatalf("%d off, with one more %s %d", offOf(before), sku, offOf(after))
		}
		if was, is := withCoupon(coupon, goods, before), withCoupon(coupon, more, after); is < was {
			t.Fatalf("%d off with a coupon, with one more %s %d", was, sku, is)
		}
		if before.Free != nil && after.Free == nil {
			t.Fatal("more goods, and the parcel is not free any more")
		}
	})
}

// withCoupon is what comes off in all when a coupon is used on the rest.
func withCoupon(c promo.Template, goods []promo.Goods, o promo.Outcome) int64 {
	lines := make([]promo.Line, len(goods))
	for i, g := range goods {
		if lines[i].Product = g.Product; g.Closed {
			continue
		}
		lines[i].Total = g.Total
		for _, t := range o.Taken {
			lines[i].Total -= t.Shares[i]
			lines[i].Off += t.Shares[i]
		}
	}
	off, _, _ := c.On(lines)
	return offOf(o) + off
}

// disjoint keeps what one shop can have: a variant has one price promotion.
func disjoint(ps []promo.Promotion) []promo.Promotion {
	seen := map[string]bool{}
	return slices.DeleteFunc(ps, func(p promo.Promotion) bool {
		for _, g := range p.Rule.Goods {
			if seen[g.SKU] {
				return true
			}
		}
		for _, g := range p.Rule.Goods {
			seen[g.SKU] = true
		}
		return false
	})
}

// What a hint says is missing is what is missing: bought, more comes off.
func TestAHintKeepsItsWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := aPromotion(t, 1)
		if p.Kind != promo.Reduction && p.Kind != promo.Freight {
			return
		}
		p.Rule.Products = nil
		goods := someGoods(t)
		was := promo.Apply([]promo.Promotion{p}, "EUR", goods)
		if len(was.Next) == 0 {
			return
		}
		goods = append(goods, promo.Goods{SKU: "z", Product: "pz", Total: was.Next[0].Lack})
		is := promo.Apply([]promo.Promotion{p}, "EUR", goods)
		if offOf(is) <= offOf(was) && (is.Free != nil) == (was.Free != nil) {
			t.Fatalf("%s: %d off, then %d", was.Next[0].Words["en"], offOf(was), offOf(is))
		}
	})
}

func TestPromotionsTakeOff(t *testing.T) {
	spend := promo.Promotion{ID: "prm_spend", Currency: "EUR", Kind: promo.Reduction, Rule: promo.Rule{Steps: []promo.Step{{From: 2000, Off: 200}, {From: 5000, Off: 800}}}}
	tenth := promo.Promotion{ID: "prm_tenth", Currency: "EUR", Kind: promo.Reduction, Rule: promo.Rule{Percent: true, Products: []string{"pa"}, Steps: []promo.Step{{From: 1, Off: 10}}}}
	three := promo.Promotion{ID: "prm_three", Currency: "EUR", Kind: promo.Bundle, Rule: promo.Rule{Price: 800, Goods: []promo.Together{{SKU: "a", Product: "pa", Units: 3, Name: text.Both("A", "甲")}}}}
	addon := promo.Promotion{ID: "prm_addon", Currency: "EUR", Kind: promo.AddOn, Rule: promo.Rule{From: 2000, Price: 100, Goods: []promo.Together{{SKU: "e", Product: "pe", Units: 2, Name: text.Both("E", "戊")}}}}
	free := promo.Promotion{ID: "prm_free", Currency: "EUR", Kind: promo.Freight, Rule: promo.Rule{From: 3000}}
	closed := priced("b", 5)
	closed.Closed = true
	for _, tt := range []struct {
		name  string
		ps    []promo.Promotion
		goods []promo.Goods
		off   []int64 // by promotion
		free  bool
		next  string
	}{
		{"below the first step", []promo.Promotion{spend}, []promo.Goods{priced("b", 1)}, nil, false, "€10.00 more and €2.00 come off"},
		{"at the first step", []promo.Promotion{spend}, []promo.Goods{priced("b", 2)}, []int64{200}, false, "€30.00 more and €8.00 come off"},
		{"the highest step counts once", []promo.Promotion{spend}, []promo.Goods{priced("b", 12)}, []int64{800}, false, ""},
		{"the better of two", []promo.Promotion{tenth, spend}, []promo.Goods{priced("a", 3), priced("b", 2)}, []int64{200}, false, "€20.01 more and €8.00 come off"},
		{"of chosen goods alone", []promo.Promotion{tenth}, []promo.Goods{priced("a", 3), priced("b", 9)}, []int64{99}, false, ""},
		{"as many sets as there are", []promo.Promotion{three}, []promo.Goods{priced("a", 7)}, []int64{398}, false, ""},
		{"a set lacks one", []promo.Promotion{three}, []promo.Goods{priced("a", 2)}, nil, false, "Add A: all together €8.00"},
		{"a bundle that is dearer is left", []promo.Promotion{{ID: "x", Currency: "EUR", Kind: promo.Bundle, Rule: promo.Rule{Price: 9999, Goods: three.Rule.Goods}}}, []promo.Goods{priced("a", 3)}, nil, false, ""},
		{"what is in a set is not in the reduction", []promo.Promotion{three, tenth}, []promo.Goods{priced("a", 4)}, []int64{199, 33}, false, ""},
		{"and stays out of a set for a better step", []promo.Promotion{three, spend}, []promo.Goods{priced("a", 4), priced("b", 4)}, []int64{800}, false, ""},
		{"an add-on, its limit", []promo.Promotion{addon}, []promo.Goods{priced("e", 3), priced("b", 2)}, []int64{602}, false, ""},
		{"an add-on is no reason for itself", []promo.Promotion{addon}, []promo.Goods{priced("e", 5)}, nil, false, ""},
		{"an add-on that was forgotten", []promo.Promotion{addon}, []promo.Goods{priced("b", 2)}, nil, false, "Add E for €1.00"},
		{"a closed price", []promo.Promotion{spend, addon, free}, []promo.Goods{closed, priced("e", 1)}, nil, true, "€15.99 more and €2.00 come off"},
		{"free freight", []promo.Promotion{free}, []promo.Goods{priced("b", 3)}, nil, true, ""},
		{"freight lacks", []promo.Promotion{free}, []promo.Goods{priced("b", 2)}, nil, false, "€10.00 more and delivery is free"},
		{"another currency", []promo.Promotion{{ID: "x", Currency: "USD", Kind: promo.Freight, Rule: promo.Rule{From: 1}}}, []promo.Goods{priced("b", 2)}, nil, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := promo.Apply(tt.ps, "EUR", tt.goods)
			var off []int64
			for _, taken := range out.Taken {
				off = append(off, taken.Off)
			}
			next := ""
			if len(out.Next) > 0 {
				next = slices.MinFunc(out.Next, func(a, b promo.Next) int { return cmp.Compare(b.Promotion, a.Promotion) }).Words["en"]
			}
			if !slices.Equal(off, tt.off) || (out.Free != nil) != tt.free || next != tt.next {
				t.Errorf("off %v, want %v; free %v; next %q, want %q", off, tt.off, out.Free != nil, next, tt.next)
			}
		})
	}
}

func TestHugeQuantitiesAreDecidedAtOnce(t *testing.T) {
	set := promo.Promotion{ID: "prm_1", Currency: "EUR", Kind: promo.Bundle, Rule: promo.Rule{Price: 500, Goods: []promo.Together{{SKU: "a", Units: 2}}}}
	step := promo.Promotion{ID: "prm_2", Currency: "EUR", Kind: promo.Reduction, Rule: promo.Rule{Steps: []promo.Step{{From: 100, Off: 1}}}}
	out := promo.Apply([]promo.Promotion{set, step}, "EUR", []promo.Goods{priced("a", 1_000_001)})
	if offOf(out) != 500_000*166+1 {
		t.Errorf("%+v", out.Taken)
	}
}
