package promo

import (
	"fmt"
	"strings"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// Next is what a buyer misses for more to be taken off.
type Next struct {
	Promotion string
	Lack      int64  // minor units; 0 when a thing is missing
	Product   string // of the thing
	Words     text.Local
}

// signs are those that readers know without the country beside them.
var signs = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥"}

// priced writes an amount for people.
func priced(a money.Amount) string {
	s := a.String()
	if sign, ok := signs[a.Currency]; ok {
		return sign + strings.TrimSuffix(s, " "+a.Currency)
	}
	return s
}

// Words say what p asks and gives, in both languages, from its numbers.
func (p Promotion) Words() text.Local {
	r := p.Rule
	price, from := priced(p.money(r.Price)), priced(p.money(r.From))
	switch p.Kind {
	case Reduction:
		en, zh := make([]string, len(r.Steps)), make([]string, len(r.Steps))
		for i, s := range r.Steps {
			w := p.stepWords(s)
			en[i], zh[i] = w["en"], w["zh"]
		}
		if len(r.Products) > 0 {
			return text.Both(strings.Join(en, ", ")+" (chosen goods)", strings.Join(zh, "，")+"（指定商品）")
		}
		return text.Both(strings.Join(en, ", "), strings.Join(zh, "，"))
	case Bundle:
		return text.Both(r.names("en")+" together for "+price, r.names("zh")+" 一起只要 "+price)
	case AddOn:
		en, zh := fmt.Sprintf("%s for %s with other goods from %s", r.names("en"), price, from), fmt.Sprintf("另购满 %s，%s 只要 %s", from, r.names("zh"), price)
		if n := r.Goods[0].Units; n > 1 {
			return text.Both(fmt.Sprintf("%s, at most %d", en, n), fmt.Sprintf("%s，限 %d 件", zh, n))
		}
		return text.Both(en, zh)
	}
	return text.Both("Free delivery from "+from, "满 "+from+" 免运费")
}

// stepWords say what one step of a reduction asks and gives.
func (p Promotion) stepWords(s Step) text.Local {
	off, from := p.offWords(s), priced(p.money(s.From))
	return text.Both(off+" off from "+from, "满 "+from+" 减 "+off)
}

func (p Promotion) offWords(s Step) string {
	if p.Rule.Percent {
		return fmt.Sprintf("%d%%", s.Off)
	}
	return priced(p.money(s.Off))
}

// names lists what belongs together.
func (r Rule) names(language string) string {
	names := make([]string, len(r.Goods))
	for i, g := range r.Goods {
		names[i] = g.Name.Pick(language)
		if g.Units > 1 && r.From == 0 { // an add-on's units are its limit
			names[i] = fmt.Sprintf("%d × %s", g.Units, names[i])
		}
	}
	return strings.Join(names, " + ")
}

// next lists what is missing for each promotion to take (more) off.
func (b *basket) next() []Next {
	var out []Next
	for _, p := range b.all {
		if n, ok := b.nextOf(p); ok {
			n.Promotion = p.ID
			out = append(out, n)
		}
	}
	return out
}

func (b *basket) nextOf(p Promotion) (Next, bool) {
	r := p.Rule
	switch p.Kind {
	case Reduction:
		base := sum(b.left(p, b.best))
		_, _, has := b.reduction(b.best)
		for _, s := range r.Steps {
			_, gives := r.on(s.From)
			if base > 0 && base < s.From && gives > has {
				lack := s.From - base
				return Next{Lack: lack, Words: text.Both(
					fmt.Sprintf("%s more and %s come off", priced(p.money(lack)), p.offWords(s)),
					fmt.Sprintf("再买 %s 减 %s", priced(p.money(lack)), p.offWords(s)))}, true
			}
		}
	case Bundle:
		return b.nextInSet(p)
	case AddOn:
		name, price := r.Goods[0].Name, priced(p.money(r.Price))
		others := b.others(r.Goods[0].SKU)
		if others < r.From && others > 0 {
			lack := r.From - others
			return Next{Lack: lack, Product: r.Goods[0].Product, Words: text.Both(
				fmt.Sprintf("%s more and %s is %s", priced(p.money(lack)), name.Pick("en"), price),
				fmt.Sprintf("再买 %s，%s 只要 %s", priced(p.money(lack)), name.Pick("zh"), price))}, true
		}
		if others >= r.From && b.find(r.Goods[0].SKU) < 0 {
			return Next{Product: r.Goods[0].Product, Words: text.Both(
				fmt.Sprintf("Add %s for %s", name.Pick("en"), price), fmt.Sprintf("加 %s 换购 %s", price, name.Pick("zh")))}, true
		}
	case Freight:
		if lack := r.From - b.whole(); lack > 0 && b.free() == nil {
			return Next{Lack: lack, Words: text.Both(
				priced(p.money(lack))+" more and delivery is free", "再买 "+priced(p.money(lack))+" 免运费")}, true
		}
	}
	return Next{}, false
}

// nextInSet names the goods that the first set of a bundle lacks, once some of it
// is there.
func (b *basket) nextInSet(p Promotion) (Next, bool) {
	r := p.Rule
	var missing Rule
	some := false
	for _, g := range r.Goods {
		have := int64(0)
		if i := b.find(g.SKU); i >= 0 {
			have = b.goods[i].Pieces
		}
		some = some || have > 0
		if have < g.Units {
			g.Units -= have
			missing.Goods = append(missing.Goods, g)
		}
	}
	if !some || len(missing.Goods) == 0 {
		return Next{}, false
	}
	price := priced(p.money(r.Price))
	return Next{Product: missing.Goods[0].Product, Words: text.Both(
		fmt.Sprintf("Add %s: all together %s", missing.names("en"), price),
		fmt.Sprintf("再加 %s，一起只要 %s", missing.names("zh"), price))}, true
}
