package promo

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Counted is a promotion with what standing orders took off by it.
type Counted struct {
	Promotion
	Uses  int64 // orders
	Given int64 // minor units
}

// Shape returns p as it would be made in a shop: its numbers checked, its goods
// named.
func (s *Service) Shape(ctx context.Context, sh shop.Shop, p Promotion) (Promotion, error) {
	now := s.Now()
	p.Shop, p.Currency, p.CreatedAt, p.Paused = sh.ID, sh.Currency, now, false
	if p.StartsAt.IsZero() {
		p.StartsAt = now
	}
	if err := p.check(now); err != nil {
		return Promotion{}, err
	}
	for _, product := range p.Rule.Products {
		if of, err := s.Catalog.Get(ctx, product); err != nil || of.Shop != sh.ID {
			return Promotion{}, ErrProducts
		}
	}
	for i := range p.Rule.Goods {
		if err := s.name(ctx, sh, &p.Rule.Goods[i]); err != nil {
			return Promotion{}, err
		}
	}
	return p, nil
}

// name completes a variant of a bundle or an add-on. What is weighed is in none:
// there is no one of it.
func (s *Service) name(ctx context.Context, sh shop.Shop, g *Together) error {
	k, of, err := s.Catalog.SKU(ctx, g.SKU)
	if err != nil || of.Shop != sh.ID || of.Measure != catalog.Piece {
		return ErrPromotion.At("goods", "pieces of this shop")
	}
	g.Product, g.Name = of.ID, text.Local{}
	for _, l := range text.Languages {
		g.Name[l] = of.Title.Pick(l)
		if !k.Name.IsEmpty() {
			g.Name[l] += " · " + k.Name.Pick(l)
		}
	}
	return nil
}

// Promote adds a promotion to a shop. [ErrOtherPrice]: a variant has another
// price promotion that is not over.
func (s *Service) Promote(ctx context.Context, sh shop.Shop, p Promotion) (Promotion, error) {
	p, err := s.Shape(ctx, sh, p)
	if err != nil {
		return Promotion{}, err
	}
	now := s.Now()
	p.ID = id.New("prm", now)
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := shop.Hold(ctx, tx, sh.ID); err != nil {
			return err
		}
		n, err := countPromotions(ctx, tx, sh.ID, now)
		if err != nil {
			return err
		}
		if n >= maxPromotions {
			return ErrPromotions
		}
		if err := insertPromotion(ctx, tx, p); err != nil {
			return err
		}
		for _, g := range p.Rule.Goods {
			if ok, err := claimSKU(ctx, tx, g.SKU, p, now); err != nil {
				return err
			} else if !ok {
				return ErrOtherPrice
			}
		}
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: sh.ID})
	})
	return p, err
}

// Promotions lists those of a shop, newest first.
func (s *Service) Promotions(ctx context.Context, shopID string) ([]Counted, error) {
	return promotions(ctx, s.DB, shopID)
}

// sold lists the promotions of a shop that are not over, but those with a variant
// that nobody can buy any more.
func (s *Service) sold(ctx context.Context, shopID string, now time.Time) ([]Promotion, error) {
	all, err := notOver(ctx, s.DB, shopID, now)
	if err != nil {
		return nil, err
	}
	var out []Promotion
	for _, p := range all {
		for _, g := range p.Rule.Goods {
			if _, _, err = s.Catalog.SKU(ctx, g.SKU); err != nil {
				break
			}
		}
		switch {
		case err == nil:
			out = append(out, p)
		case !errors.Is(err, catalog.ErrNoSKU):
			return nil, err
		}
		err = nil
	}
	return out, nil
}

// Running lists what a shop takes off by itself now, the first to end first. A
// promotion of goods that are not sold rests.
func (s *Service) Running(ctx context.Context, shopID string) ([]Promotion, error) {
	o, err := s.offersOf(ctx, shopID)
	now := s.Now()
	return slices.DeleteFunc(slices.Clone(o.promotions), func(p Promotion) bool { return !p.Runs(now) }), err
}

// Pause stops a promotion for new offers, or lets it go on. Offers that were made
// keep it.
func (s *Service) Pause(ctx context.Context, shopID, promotion string, paused bool) (Counted, error) {
	return s.change(ctx, shopID, promotion, func(tx *db.Tx) (bool, error) {
		return pausePromotion(ctx, tx, shopID, promotion, paused, s.Now())
	})
}

// End ends a promotion now. Offers that were made keep it.
func (s *Service) End(ctx context.Context, shopID, promotion string) (Counted, error) {
	return s.change(ctx, shopID, promotion, func(tx *db.Tx) (bool, error) {
		if err := freeSKUs(ctx, tx, shopID, promotion); err != nil {
			return false, err
		}
		return endPromotion(ctx, tx, shopID, promotion, s.Now())
	})
}

func (s *Service) change(ctx context.Context, shopID, promotion string, how func(tx *db.Tx) (bool, error)) (Counted, error) {
	var p Counted
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		ok, err := how(tx)
		if err != nil {
			return err
		}
		if p, err = promotionByID(ctx, tx, shopID, promotion); err != nil {
			return err
		}
		if !ok {
			return ErrPromotionOver
		}
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: shopID})
	})
	return p, err
}

// Usage is what one order took off by one promotion.
type Usage struct {
	Order, Promotion string
	Off              int64 // minor units
}

// Count notes what standing orders take off by promotions, each once.
func Count(ctx context.Context, tx *db.Tx, uses ...Usage) error { return insertUses(ctx, tx, uses) }

// Uncount forgets what an order took off: it came to nothing.
func Uncount(ctx context.Context, tx *db.Tx, order string) error { return deleteUses(ctx, tx, order) }

// Uses lists all that is counted.
func Uses(ctx context.Context, q db.Querier) ([]Usage, error) { return usesOf(ctx, q) }

// Want is a quantity of a variant, in units of its measure.
type Want struct {
	SKU      string
	Quantity int64
}

// Against holds what a shop takes off now against wanted goods at their usual
// prices. What is not sold is passed over. It promises nothing: the offer does.
func (s *Service) Against(ctx context.Context, shopID string, wants []Want) (Outcome, error) {
	ps, err := s.Running(ctx, shopID)
	if err != nil || len(ps) == 0 {
		return Outcome{}, err
	}
	var goods []Goods
	currency := ""
	for _, w := range wants {
		k, p, err := s.Catalog.SKU(ctx, w.SKU)
		if err != nil || p.Shop != shopID || w.Quantity < 1 {
			continue
		}
		total, err := k.Price.Times(w.Quantity, p.Measure.Per())
		if err != nil || total.Minor > maxMinor {
			continue
		}
		g := Goods{SKU: k.ID, Product: p.ID, Unit: k.Price.Minor, Total: total.Minor}
		if p.Measure == catalog.Piece {
			g.Pieces = w.Quantity
		}
		goods, currency = append(goods, g), total.Currency
	}
	return Apply(ps, currency, goods), nil
}

// ProductOf returns the product of a variant that a shop sells.
func (s *Service) ProductOf(ctx context.Context, shopID, sku string) (string, error) {
	_, p, err := s.Catalog.SKU(ctx, sku)
	if err == nil && p.Shop != shopID {
		err = catalog.ErrNoSKU
	}
	return p.ID, err
}

// For reports whether p can take something off an order with a product.
func (p Promotion) For(product string) bool {
	switch p.Kind {
	case Reduction:
		return len(p.Rule.Products) == 0 || slices.Contains(p.Rule.Products, product)
	case Bundle:
		return slices.ContainsFunc(p.Rule.Goods, func(g Together) bool { return g.Product == product })
	}
	return true
}
