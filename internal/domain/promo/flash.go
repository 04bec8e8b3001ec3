package promo

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Flash is a variant at another price for a while in a show. Its goods are in a
// bucket of their own, named like the flash: what it promises cannot be sold
// elsewhere, and what is left goes back when it ends.
type Flash struct {
	ID        string
	Shop      string
	SKU       string
	Product   string
	Show      string
	Price     int64 // minor units
	Was       int64 // the price when it began
	Currency  string
	Quantity  int64 // units put in so far
	Restocked int64 // of them after the start
	PerBuyer  int64 // units for one buyer; 0: no limit
	Origin    string
	StartsAt  time.Time
	EndsAt    time.Time
	EndedAt   time.Time // zero while it runs
}

// Runs reports whether f can be bought from at an instant.
func (f Flash) Runs(now time.Time) bool { return f.EndedAt.IsZero() && now.Before(f.EndsAt) }

// FlashWish is what a host asks for.
type FlashWish struct {
	SKU      string
	Price    int64 // minor units, below the present one
	Quantity int64 // units
	PerBuyer int64 // units; 0: no limit
	Lasts    time.Duration
}

// How long a flash lasts.
const (
	MinFlash = 30 * time.Second
	MaxFlash = 2 * time.Hour
)

// Errors of a flash that people meet.
var (
	ErrAsked      = errs.New(errs.Invalid, "promo.asked", "People ask the shop about this and do not buy it here, so it has no flash price.", "这件商品要先咨询商家，不能设限时价。")
	ErrFlash      = errs.New(errs.Invalid, "promo.flash", "A flash price is lower than the price, for 30 seconds to 2 hours and some of the goods.", "限时价要低于原价，持续 30 秒到 2 小时，并限定件数。")
	ErrFlashOn    = errs.New(errs.Conflict, "promo.flash_on", "This variant has a flash price in the show already.", "这个规格在本场已有限时价。")
	ErrNoFlash    = errs.New(errs.NotFound, "promo.no_flash", "There is no such flash price.", "没有这个限时价。")
	ErrFlashLimit = errs.New(errs.Conflict, "promo.flash_limit", "This price is for fewer in all for one buyer.", "这个价格每人限购，你要的超过了。")
)

// StartFlash starts a flash in a show of a shop. Its goods come from what was
// set aside for the show, else from the stall.
func (s *Service) StartFlash(ctx context.Context, shopID, show string, w FlashWish) (Flash, error) {
	k, p, err := s.Catalog.SKU(ctx, w.SKU)
	if err != nil {
		return Flash{}, err
	}
	if p.Shop != shopID {
		return Flash{}, catalog.ErrNoSKU
	}
	if pack, err := shop.PackOf(p.Pack); err != nil || pack.ByLead() {
		return Flash{}, errors.Join(err, ErrAsked)
	}
	if w.Lasts < MinFlash || w.Lasts > MaxFlash || w.Price < 0 || w.Price >= k.Price.Minor || w.PerBuyer < 0 || w.PerBuyer > w.Quantity {
		return Flash{}, ErrFlash
	}
	for _, n := range []int64{w.Quantity, max(w.PerBuyer, p.Measure.Step())} {
		if err := p.Measure.CheckQuantity(n); err != nil {
			return Flash{}, err
		}
	}
	now := s.Now()
	f := Flash{ID: id.New("fls", now), Shop: shopID, SKU: k.ID, Product: p.ID, Show: show, Price: w.Price, Was: k.Price.Minor, Currency: k.Price.Currency,
		Quantity: w.Quantity, PerBuyer: w.PerBuyer, StartsAt: now, EndsAt: now.Add(w.Lasts)}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if f.Origin, err = stock.BucketOf(ctx, tx, k.ID, show); err != nil {
			return err
		}
		if err := insertFlash(ctx, tx, f); err != nil {
			return err
		}
		if err := s.Stock.Draw(ctx, tx, f.Shop, f.SKU, f.Origin, f.ID, f.Quantity); err != nil {
			return err
		}
		return s.tellFlash(ctx, tx, f)
	})
	if db.IsUnique(err) {
		err = ErrFlashOn
	}
	return f, err
}

func (s *Service) tellFlash(ctx context.Context, tx *db.Tx, f Flash) error {
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: f.Shop}, bus.Event{Topic: Dropped, Key: f.Show})
}

// Restock puts more units into a running flash; viewers are told how many.
func (s *Service) Restock(ctx context.Context, shopID, flash string, units int64) (Flash, error) {
	var f Flash
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		var err error
		if f, err = lockFlash(ctx, tx, flash); err != nil {
			return err
		}
		if f.Shop != shopID {
			return ErrNoFlash
		}
		if !f.Runs(s.Now()) || units < 1 {
			return ErrFlash
		}
		if f.Origin, err = stock.BucketOf(ctx, tx, f.SKU, f.Origin); err != nil {
			return err
		}
		if err := s.Stock.Draw(ctx, tx, f.Shop, f.SKU, f.Origin, f.ID, units); err != nil {
			return err
		}
		f.Quantity, f.Restocked = f.Quantity+units, f.Restocked+units
		if err := setRestocked(ctx, tx, f); err != nil {
			return err
		}
		return s.tellFlash(ctx, tx, f)
	})
	return f, err
}

// EndFlash ends a flash of a shop; what is left goes back to where it came from.
// A second call changes nothing.
func (s *Service) EndFlash(ctx context.Context, shopID, flash string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		f, err := lockFlash(ctx, tx, flash)
		if err != nil {
			return err
		}
		if f.Shop != shopID {
			return ErrNoFlash
		}
		return s.endFlash(ctx, tx, f)
	})
}

func (s *Service) endFlash(ctx context.Context, tx *db.Tx, f Flash) error {
	ok, err := setEnded(ctx, tx, f.ID, s.Now())
	if err != nil || !ok {
		return err
	}
	if err := stock.LockAll(ctx, tx, f.SKU); err != nil {
		return err
	}
	if err := s.Stock.Undraw(ctx, tx, f.Shop, f.SKU, f.Origin, f.ID); err != nil {
		return err
	}
	return s.tellFlash(ctx, tx, f)
}

// EndFlashesIn ends what runs in a show, when that ends.
func (s *Service) EndFlashesIn(ctx context.Context, tx *db.Tx, show string) error {
	fs, err := running(ctx, tx, "", show)
	for _, f := range fs {
		if err := s.endFlash(ctx, tx, f); err != nil {
			return err
		}
	}
	return err
}

// Sweep ends the flashes whose time is over and returns how many.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	due, err := dueFlashes(ctx, s.DB, s.Now(), 100)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	for _, flash := range due {
		err := s.DB.InTx(ctx, func(tx *db.Tx) error {
			f, err := lockFlash(ctx, tx, flash)
			if err != nil {
				return err
			}
			return s.endFlash(ctx, tx, f)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// Flashes lists what runs in a show.
func (s *Service) Flashes(ctx context.Context, shopID, show string) ([]Flash, error) {
	o, err := s.offersOf(ctx, shopID)
	var out []Flash
	now := s.Now()
	for _, f := range o.flashes {
		if f.Show == show && f.Runs(now) {
			out = append(out, f)
		}
	}
	return out, err
}

// FlashFor returns the flash at which a buyer gets quantity units of a variant
// in a show. Ok is false when there is none, nothing is left of it, or the buyer
// ("" for a guest) has had their share. [ErrFlashLimit]: they may have fewer.
func (s *Service) FlashFor(ctx context.Context, shopID, show, sku, buyer string, quantity int64) (f Flash, ok bool, err error) {
	if show == "" {
		return Flash{}, false, nil
	}
	all, err := s.Flashes(ctx, shopID, show)
	if err != nil {
		return Flash{}, false, err
	}
	for _, f := range all {
		if f.SKU != sku {
			continue
		}
		item, err := stock.OfIn(ctx, s.DB, sku, f.ID)
		if err != nil || item.Available() <= 0 {
			return Flash{}, false, err
		}
		if f.PerBuyer == 0 {
			return f, true, nil
		}
		had := int64(0)
		if buyer != "" {
			if had, err = taken(ctx, s.DB, f.ID, buyer); err != nil {
				return Flash{}, false, err
			}
		}
		switch {
		case had >= f.PerBuyer:
			return Flash{}, false, nil
		case had+quantity > f.PerBuyer:
			return Flash{}, false, ErrFlashLimit
		}
		return f, true, nil
	}
	return Flash{}, false, nil
}

// AskTaken locks and reads how many units of a flash a buyer has, into a place
// that [db.Tx.Flush] fills.
func AskTaken(ctx context.Context, tx *db.Tx, into *int64, flash, buyer string) error {
	return askTaken(ctx, tx, into, flash, buyer)
}

// Take counts units of a flash to a buyer, or fails with [ErrFlashLimit] when
// they would have more than limit; after [db.Tx.Together] that may be told by the
// commit.
func Take(ctx context.Context, tx *db.Tx, flash, buyer string, units, limit int64) error {
	return tx.WriteOne(ctx, ErrFlashLimit, takeText, flash, buyer, units, limit)
}

// GiveBack takes units off what a buyer has of a flash.
func GiveBack(ctx context.Context, tx *db.Tx, flash, buyer string, units int64) error {
	return giveUnits(ctx, tx, flash, buyer, units)
}

// Taken returns how many units of a flash, or of an offer that counts like one, a
// buyer has.
func Taken(ctx context.Context, q db.Querier, flash, buyer string) (int64, error) {
	return taken(ctx, q, flash, buyer)
}
