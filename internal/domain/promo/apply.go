package promo

import (
	"slices"
	"strings"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// Goods is a position of what a buyer wants, at the prices they are shown.
type Goods struct {
	SKU     string
	Product string
	Unit    int64 // minor units for a piece
	Pieces  int64 // 0 for what is weighed: it is in no bundle
	Total   int64 // minor units
	Closed  bool  // at a price that goes no lower
}

// TakenOff is what one promotion takes off.
type TakenOff struct {
	Promotion Promotion
	Off       int64      // minor units
	Shares    []int64    // of Off, by position
	Words     text.Local // what it was for
}

// Outcome is what running promotions make of goods.
type Outcome struct {
	Taken []TakenOff // each more than nothing
	Free  *Promotion
	Next  []Next
}

// ways is how many combinations of sets are tried at most, so that no cart
// keeps a processor busy. Beyond it as many goods as can be are in bundles.
const ways = 4096

// Apply holds promotions of one shop against goods.
//
// Every unit has one price promotion at most, a bundle or an add-on; the
// reduction that takes most off counts for the units that have none, once. How
// many units go where is chosen so that most is taken off in all. Thresholds
// count prices as shown; goods at a closed price count for freight alone. The
// order of the goods and of the promotions does not matter, and more goods never
// take less off (see ways).
func Apply(ps []Promotion, currency string, goods []Goods) Outcome {
	ps = slices.DeleteFunc(slices.Clone(ps), func(p Promotion) bool { return p.Currency != currency })
	if len(ps) == 0 || len(goods) == 0 {
		return Outcome{}
	}
	slices.SortFunc(ps, func(a, b Promotion) int { return strings.Compare(a.ID, b.ID) })
	b := newBasket(ps, goods)
	b.choose()
	var out Outcome
	for i, s := range b.sets {
		if n := b.best[i]; n > 0 {
			out.Taken = append(out.Taken, b.taken(s.p, n*s.save, b.weights(s, n), s.p.Words()))
		}
	}
	if r, step, off := b.reduction(b.best); off > 0 {
		out.Taken = append(out.Taken, b.taken(*r, off, b.left(*r, b.best), r.stepWords(step)))
	}
	out.Free = b.free()
	out.Next = b.next()
	return out
}

// set is a price promotion that the goods reach.
type set struct {
	p    Promotion
	of   map[int]int64 // units of one, by position
	save int64
	most int64
}

// reduction is a promotion off the units that no set has.
type reduction struct {
	p    Promotion
	base int64   // what the goods cost that it is for
	each []int64 // of it that one of each set takes away
}

// basket is goods in the order of their variants, with what reaches for them.
type basket struct {
	goods      []Goods
	at         []int // where each was
	sets       []set
	reductions []reduction
	all        []Promotion
	best       []int64 // of each set
}

func newBasket(ps []Promotion, goods []Goods) *basket {
	b := &basket{all: ps}
	for i := range goods {
		b.at = append(b.at, i)
	}
	slices.SortStableFunc(b.at, func(x, y int) int { return strings.Compare(goods[x].SKU, goods[y].SKU) })
	for _, i := range b.at {
		b.goods = append(b.goods, goods[i])
	}
	taken := map[int]bool{}
	for _, p := range ps {
		s, ok := b.reach(p)
		for i := range s.of {
			ok = ok && !taken[i]
		}
		if !ok {
			continue
		}
		for i := range s.of {
			taken[i] = true
		}
		b.sets = append(b.sets, s)
	}
	for _, p := range ps {
		if p.Kind == Reduction {
			b.reductions = append(b.reductions, b.reduce(p))
		}
	}
	return b
}

// reduce notes what p counts, so that a way is tried without looking at every
// line.
func (b *basket) reduce(p Promotion) reduction {
	r := reduction{p: p, base: sum(b.left(p, make([]int64, len(b.sets))))}
	for _, s := range b.sets {
		each := int64(0)
		for i, units := range s.of {
			if p.For(b.goods[i].Product) {
				each += units * b.goods[i].Unit
			}
		}
		r.each = append(r.each, each)
	}
	return r
}

// reach returns how often p can be taken, if at all.
func (b *basket) reach(p Promotion) (set, bool) {
	if p.Kind != Bundle && p.Kind != AddOn {
		return set{}, false
	}
	s := set{p: p, of: map[int]int64{}, save: -p.Rule.Price, most: -1}
	for _, g := range p.Rule.Goods {
		i := b.find(g.SKU)
		if i < 0 {
			return set{}, false
		}
		units, most := g.Units, b.goods[i].Pieces/g.Units
		if p.Kind == AddOn {
			units, most = 1, min(b.goods[i].Pieces, g.Units)
		}
		s.of[i], s.save = units, s.save+units*b.goods[i].Unit
		if s.most < 0 || most < s.most {
			s.most = most
		}
	}
	if p.Kind == AddOn && b.others(p.Rule.Goods[0].SKU) < p.Rule.From {
		return set{}, false
	}
	return s, s.most > 0 && s.save > 0
}

// find returns the position of a variant that is open to promotions, or -1.
func (b *basket) find(sku string) int {
	return slices.IndexFunc(b.goods, func(g Goods) bool { return g.SKU == sku && !g.Closed })
}

// others is what the open goods but one variant cost.
func (b *basket) others(sku string) (sum int64) {
	for _, g := range b.goods {
		if !g.Closed && g.SKU != sku {
			sum += g.Total
		}
	}
	return sum
}

// choose finds how many of each set take most off together with the reduction;
// more sets win a tie.
func (b *basket) choose() {
	n := make([]int64, len(b.sets))
	all := int64(1)
	for i, s := range b.sets {
		n[i] = s.most
		if all <= ways {
			all *= s.most + 1
		}
	}
	b.best = slices.Clone(n)
	if all > ways || len(b.reductions) == 0 {
		return
	}
	most := int64(-1)
	for {
		_, _, off := b.reduction(n)
		for i, s := range b.sets {
			off += n[i] * s.save
		}
		if off > most {
			most, b.best = off, slices.Clone(n)
		}
		i := 0
		for ; i < len(n) && n[i] == 0; i++ {
			n[i] = b.sets[i].most
		}
		if i == len(n) {
			return
		}
		n[i]--
	}
}

// left is what the units cost that p is for and that no set has, by position.
func (b *basket) left(p Promotion, n []int64) []int64 {
	left := make([]int64, len(b.goods))
	for i, g := range b.goods {
		if !g.Closed && p.For(g.Product) {
			left[i] = g.Total
		}
	}
	for k, s := range b.sets {
		for i, units := range s.of {
			left[i] = max(0, left[i]-n[k]*units*b.goods[i].Unit)
		}
	}
	return left
}

// reduction returns the reduction that takes most off what n sets leave, and its
// step.
func (b *basket) reduction(n []int64) (best *Promotion, step Step, off int64) {
	for i, r := range b.reductions {
		rest := r.base
		for k, each := range r.each {
			rest -= n[k] * each
		}
		if s, o := r.p.Rule.on(rest); o > off {
			best, step, off = &b.reductions[i].p, s, o
		}
	}
	return best, step, off
}

// on returns the highest step that a sum reaches, and what it takes off.
func (r Rule) on(sum int64) (step Step, off int64) {
	for _, s := range r.Steps {
		if sum >= s.From {
			step = s
		}
	}
	if r.Percent {
		return step, percent(sum, step.Off)
	}
	return step, min(step.Off, sum)
}

// weights are what n sets of s cost, by position.
func (b *basket) weights(s set, n int64) []int64 {
	w := make([]int64, len(b.goods))
	for i, units := range s.of {
		w[i] = n * units * b.goods[i].Unit
	}
	return w
}

// taken shares off, in the order in which the goods came.
func (b *basket) taken(p Promotion, off int64, weights []int64, words text.Local) TakenOff {
	t := TakenOff{Promotion: p, Off: off, Shares: make([]int64, len(b.goods)), Words: words}
	for i, share := range Divide(off, weights) {
		t.Shares[b.at[i]] = share
	}
	return t
}

// free is the promotion that pays for the parcel.
func (b *basket) free() *Promotion {
	var free *Promotion
	for i, p := range b.all {
		if p.Kind == Freight && b.whole() >= p.Rule.From && (free == nil || p.Rule.From < free.Rule.From) {
			free = &b.all[i]
		}
	}
	return free
}

// whole is what all goods cost.
func (b *basket) whole() (sum int64) {
	for _, g := range b.goods {
		sum += g.Total
	}
	return sum
}

func sum(parts []int64) (sum int64) {
	for _, p := range parts {
		sum += p
	}
	return sum
}

func (p Promotion) money(minor int64) money.Amount { return money.Of(minor, p.Currency) }
