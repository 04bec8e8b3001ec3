package promo

import (
	"slices"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
)

// PromotionKind says what a promotion does.
type PromotionKind string

// Kinds of promotions.
const (
	Reduction PromotionKind = "reduction" // so much spent, so much off: the highest step that is reached
	Bundle    PromotionKind = "bundle"    // these goods together for Price
	AddOn     PromotionKind = "addon"     // with other goods of From, one more at Price
	Freight   PromotionKind = "freight"   // with goods of From, the parcel is free
)

// Promotion is a rule by which a shop takes something off by itself, without a
// code. Its rule never changes; it can be paused and ended.
type Promotion struct {
	ID        string
	Shop      string
	Kind      PromotionKind
	Rule      Rule
	Currency  string
	StartsAt  time.Time
	EndsAt    time.Time
	Paused    bool
	CreatedAt time.Time
}

// Rule holds the numbers of a promotion, money in minor units. What its kind
// does not use is empty.
type Rule struct {
	Steps    []Step     `json:"steps,omitempty"`    // of a reduction, the lowest first
	Percent  bool       `json:"percent,omitempty"`  // steps take percent off, else minor units
	Products []string   `json:"products,omitempty"` // that a reduction is for; none: everything
	Goods    []Together `json:"goods,omitempty"`    // one set of a bundle; of an add-on the one variant and how many an order gets
	Price    int64      `json:"price,omitempty"`    // of a set, or of one add-on
	From     int64      `json:"from,omitempty"`     // of an add-on and of free freight
}

// Step is what a reduction gives from a sum on.
type Step struct {
	From int64 `json:"from_minor" minimum:"1" doc:"What the goods must cost at least"`
	Off  int64 `json:"off" minimum:"1" doc:"Minor units, or percent"`
}

// Together is so many pieces of a variant, named as it was when the promotion was
// made.
type Together struct {
	SKU     string     `json:"sku"`
	Product string     `json:"product"`
	Units   int64      `json:"units"`
	Name    text.Local `json:"name"`
}

// Runs reports whether p takes something off at an instant.
func (p Promotion) Runs(now time.Time) bool {
	return !p.Paused && !now.Before(p.StartsAt) && now.Before(p.EndsAt)
}

// Over reports whether p has ended.
func (p Promotion) Over(now time.Time) bool { return !now.Before(p.EndsAt) }

// Limits of promotions.
const (
	maxPromotions = 20 // of a shop, those that are not over
	maxSteps      = 5
	maxTogether   = 5    // variants in a bundle
	maxUnits      = 1000 // of one of them, and of an add-on
	maxShown      = 200  // that a shop is shown
)

// Errors of promotions that people meet.
var (
	ErrPromotion     = errs.New(errs.Invalid, "promo.promotion", "These numbers make no promotion.", "这些数字不能构成一个活动。")
	ErrNoPromotion   = errs.New(errs.NotFound, "promo.no_promotion", "There is no such promotion.", "没有这个活动。")
	ErrPromotions    = errs.New(errs.Conflict, "promo.promotions", "A shop can have 20 promotions that are not over.", "一家店最多同时有 20 个未结束的活动。")
	ErrOtherPrice    = errs.New(errs.Conflict, "promo.other_price", "One of these goods has another price promotion already. End that first.", "其中有商品已参加另一个优惠价活动，请先结束那个活动。")
	ErrPromotionOver = errs.New(errs.Conflict, "promo.promotion_over", "This promotion is over.", "这个活动已经结束。")
)

// check says whether the numbers of p make sense. A higher step gives more, and
// none gives more than it asks for.
func (p *Promotion) check(now time.Time) error {
	r := &p.Rule
	if !p.EndsAt.After(p.StartsAt) || !p.EndsAt.After(now) || p.EndsAt.Sub(p.StartsAt) > maxFor || p.StartsAt.Sub(now) > maxFor {
		return ErrPromotion.At("ends_at", "within a year")
	}
	if r.Price < 0 || r.Price > maxMinor || r.From < 0 || r.From > maxMinor {
		return ErrPromotion
	}
	switch p.Kind {
	case Reduction:
		return r.checkSteps()
	case Bundle:
		units := int64(0)
		for _, g := range r.Goods {
			units += g.Units
		}
		if len(r.Goods) > maxTogether || units < 2 {
			return ErrPromotion.At("goods", "two to five together")
		}
	case AddOn:
		if len(r.Goods) != 1 || r.From < 1 {
			return ErrPromotion.At("goods", "one")
		}
	case Freight:
		if r.From < 1 {
			return ErrPromotion.At("from_minor", "missing")
		}
	default:
		return ErrPromotion.At("kind", "unknown")
	}
	for i, g := range r.Goods {
		if g.Units < 1 || g.Units > maxUnits || slices.ContainsFunc(r.Goods[:i], func(o Together) bool { return o.SKU == g.SKU }) {
			return ErrPromotion.At("goods", "named twice, or not 1 to 1000 of one")
		}
	}
	return nil
}

func (r *Rule) checkSteps() error {
	if len(r.Steps) == 0 || len(r.Steps) > maxSteps {
		return ErrPromotion.At("steps", "one to five")
	}
	for i, s := range r.Steps {
		switch {
		case s.From < 1 || s.From > maxMinor || s.Off < 1:
			return ErrPromotion.At("steps", "missing")
		case r.Percent && s.Off > 100, !r.Percent && s.Off > s.From:
			return ErrPromotion.At("steps", "more than all of it")
		case i > 0 && (s.From <= r.Steps[i-1].From || s.Off <= r.Steps[i-1].Off):
			return ErrPromotion.At("steps", "a higher step gives more")
		}
	}
	slices.Sort(r.Products)
	if r.Products = slices.Compact(r.Products); len(r.Products) > 100 {
		return ErrProducts
	}
	return nil
}
