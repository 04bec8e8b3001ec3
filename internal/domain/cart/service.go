package cart

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps carts. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	catalog *catalog.Service
	now     clock.Now
}

// New returns a service that keeps carts in d.
func New(d *db.DB, c *catalog.Service, now clock.Now) *Service {
	return &Service{db: d, catalog: c, now: now}
}

// List returns a person's lines, the newest first.
func (s *Service) List(ctx context.Context, person string) ([]Line, error) {
	return list(ctx, s.db, person)
}

// Add puts more of a variant into a cart; where it was seen is the new place.
func (s *Service) Add(ctx context.Context, person string, l Line) error {
	return s.put(ctx, person, l, func(have int64) int64 { return have + l.Quantity })
}

// Set makes the quantity of a line what is asked for; [ErrEmpty] when there is
// no such line.
func (s *Service) Set(ctx context.Context, person, sku string, quantity int64) error {
	if err := s.check(ctx, sku, quantity); err != nil {
		return err
	}
	ok, err := setQuantity(ctx, s.db, person, sku, quantity)
	if err == nil && !ok {
		err = ErrEmpty
	}
	return err
}

// Remove takes variants out of a cart; what is not in it is passed over.
func (s *Service) Remove(ctx context.Context, person string, skus ...string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		for _, sku := range skus {
			if err := remove(ctx, tx, person, sku); err != nil {
				return err
			}
		}
		return nil
	})
}

// Merge takes in what a browser kept for somebody who was not signed in: the
// larger quantity stays. Merging twice is merging once; what is not sold any
// more is passed over.
func (s *Service) Merge(ctx context.Context, person string, lines []Line) error {
	for _, l := range lines {
		err := s.put(ctx, person, l, func(have int64) int64 { return max(have, l.Quantity) })
		if err != nil && s.check(ctx, l.SKU, l.Quantity) == nil {
			return err
		}
	}
	return nil
}

// check says whether a quantity of a variant can be bought at all.
func (s *Service) check(ctx context.Context, sku string, quantity int64) error {
	_, p, err := s.catalog.SKU(ctx, sku)
	if err != nil {
		return err
	}
	return p.Measure.CheckQuantity(quantity)
}

func (s *Service) put(ctx context.Context, person string, l Line, quantity func(have int64) int64) error {
	_, p, err := s.catalog.SKU(ctx, l.SKU)
	if err != nil {
		return err
	}
	now := s.now()
	if l.AddedAt.IsZero() || l.AddedAt.After(now) || now.Sub(l.AddedAt) > 30*24*time.Hour {
		l.AddedAt = now
	}
	l.Price = max(0, min(l.Price, catalog.MaxPrice))
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		lines, err := list(ctx, tx, person)
		if err != nil {
			return err
		}
		have := int64(0)
		for _, x := range lines {
			if x.SKU == l.SKU {
				have = x.Quantity
			}
		}
		if have == 0 && len(lines) >= MaxLines {
			return ErrFull
		}
		l.Quantity = quantity(have)
		if err := p.Measure.CheckQuantity(l.Quantity); err != nil {
			return err
		}
		return put(ctx, tx, person, l)
	})
}
