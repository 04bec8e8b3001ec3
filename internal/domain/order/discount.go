package order

import (
	"context"
	"slices"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// Discount is what one coupon or one promotion takes off an offer. It is divided
// over the lines when the offer is made and never computed again.
type Discount struct {
	Kind   string       `json:"kind"` // CouponOff, or a [promo.PromotionKind]
	ID     string       `json:"id"`
	Name   text.Local   `json:"name"`
	Off    money.Amount `json:"off"`
	Shares []int64      `json:"shares,omitempty"` // of Off, by line; none of FreightOff
}

// Kinds of discounts that are more than names here.
const (
	CouponOff  = "coupon"
	FreightOff = string(promo.Freight) // off the freight, not off the goods
)

// NoCoupon asks for an offer without a coupon.
const NoCoupon = "none"

// Coupon is the coupon that q redeems, or "".
func (q Quote) Coupon() string {
	for _, d := range q.Discounts {
		if d.Kind == CouponOff {
			return d.ID
		}
	}
	return ""
}

// Off is what is taken off the goods in all.
func (q Quote) Off() money.Amount {
	off := money.Of(0, q.Total.Currency)
	for _, d := range q.Discounts {
		if d.Kind != FreightOff {
			off.Minor += d.Off.Minor
		}
	}
	return off
}

// usages are what o takes off by promotions.
func (o *Order) usages() []promo.Usage {
	var out []promo.Usage
	for _, d := range o.Quote.Discounts {
		if d.Kind != CouponOff {
			out = append(out, promo.Usage{Order: o.ID, Promotion: d.ID, Off: d.Off.Minor})
		}
	}
	return out
}

// offLine is what the discounts take off line i.
func (q Quote) offLine(i int) int64 {
	var off int64
	for _, d := range q.Discounts {
		if i < len(d.Shares) {
			off += d.Shares[i]
		}
	}
	return off
}

// addPromotions takes off what the shop gives by itself.
func (s *Service) addPromotions(ctx context.Context, o *Offer) error {
	if s.promos == nil {
		return nil
	}
	ps, err := s.promos.Running(ctx, o.Quote.Shop)
	if err != nil || len(ps) == 0 {
		return err
	}
	if !slices.ContainsFunc(o.Ways, func(w Way) bool { return w.Kind == ByParcel }) {
		ps = slices.DeleteFunc(ps, func(p promo.Promotion) bool { return p.Kind == promo.Freight })
	}
	goods := make([]promo.Goods, len(o.Lines))
	for i, l := range o.Lines {
		goods[i] = promo.Goods{SKU: l.SKU, Product: l.Product, Unit: l.Unit.Minor, Total: l.Total.Minor, Closed: l.Flash != ""}
		if l.Measure == catalog.Piece {
			goods[i].Pieces = l.Quantity
		}
	}
	made := promo.Apply(ps, o.Goods.Currency, goods)
	for _, t := range made.Taken {
		d := Discount{Kind: string(t.Promotion.Kind), ID: t.Promotion.ID, Name: t.Words, Off: money.Of(t.Off, o.Goods.Currency), Shares: t.Shares}
		if err := o.takeOff(d); err != nil {
			return err
		}
	}
	o.Next = made.Next
	if made.Free != nil {
		o.freeFreight(*made.Free)
	}
	return nil
}

// freeFreight lets the shop pay for the parcel.
func (o *Offer) freeFreight(p promo.Promotion) {
	for i, w := range o.Ways {
		if w.Kind == ByParcel {
			o.Ways[i].Price.Minor = 0
		}
	}
	if o.Freight.Minor > 0 {
		o.Discounts = append(o.Discounts, Discount{Kind: FreightOff, ID: p.ID, Name: p.Words(), Off: o.Freight})
		o.Freight.Minor = 0
	}
}

// addCoupon takes the wanted coupon of the buyer off, or the best.
func (s *Service) addCoupon(ctx context.Context, o *Offer, a Ask) error {
	if s.promos == nil || a.Buyer == "" {
		return nil
	}
	lines := make([]promo.Line, len(o.Lines))
	for i, l := range o.Lines {
		if lines[i].Product = l.Product; l.Flash == "" { // a flash price goes no lower
			lines[i].Total, lines[i].Off = l.Total.Minor, l.Off
		}
	}
	var err error
	if o.Coupons, err = s.promos.Choices(ctx, o.Quote.Shop, a.Buyer, o.Goods.Currency, lines); err != nil || a.Coupon == NoCoupon {
		return err
	}
	for _, c := range o.Coupons {
		if c.Off == 0 || a.Coupon != "" && a.Coupon != c.Coupon.ID {
			continue
		}
		name := c.Terms.Name
		if name.IsEmpty() {
			name = text.Both("Coupon", "优惠券")
		}
		return o.takeOff(Discount{Kind: CouponOff, ID: c.Coupon.ID, Name: name, Off: money.Of(c.Off, o.Goods.Currency), Shares: c.Shares})
	}
	if a.Coupon != "" {
		return ErrCouponGone
	}
	return nil
}

// takeOff lowers what the lines and the goods cost.
func (o *Offer) takeOff(d Discount) error {
	for i := range o.Lines {
		o.Lines[i].Off += d.Shares[i]
		o.Lines[i].Total.Minor -= d.Shares[i]
		if o.Lines[i].Total.Minor < 0 {
			return ErrTotal
		}
	}
	o.Goods.Minor -= d.Off.Minor
	o.Discounts = append(o.Discounts, d)
	return nil
}
