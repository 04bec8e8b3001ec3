package settle

import (
	"context"
	"errors"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Steps of a hold, in [Told.Event].
const (
	HoldBegan    = "held"
	HoldObjected = "objected"
	HoldReleased = "released"
)

// Hold keeps the money of a shop where it is, for a reason that the shop reads:
// nothing is settled, and nothing that was asked for is sent. A shop that is held
// already stays held for the first reason.
func (s *Service) Hold(ctx context.Context, shop, by, reason string) (Hold, error) {
	reason, err := reasonOf(reason, true)
	if err != nil {
		return Hold{}, err
	}
	now := s.Now()
	h := Hold{ID: id.New("hld", now), Shop: shop, Reason: reason, Since: now, By: by}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		fresh, err := insertHold(ctx, tx, h)
		if err != nil {
			return err
		}
		if !fresh {
			h, err = openHold(ctx, tx, shop)
			return err
		}
		all, err := lockPayouts(ctx, tx, shop, Asked)
		if err != nil {
			return err
		}
		for _, p := range all {
			if err := s.set(ctx, tx, &p, by, Held, reason); err != nil {
				return err
			}
		}
		return s.tellHold(ctx, tx, shop, HoldBegan, reason)
	})
	return h, err
}

// Object lets a held shop say why it should not be; the operators are told. It
// may say it better as long as it is held.
func (s *Service) Object(ctx context.Context, shop, words string) (Hold, error) {
	words, err := reasonOf(words, true)
	if err != nil {
		return Hold{}, err
	}
	var h Hold
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := object(ctx, tx, shop, words, s.Now()); err != nil {
			return err
		}
		if h, err = openHold(ctx, tx, shop); err != nil {
			return err
		}
		return s.tellHold(ctx, tx, shop, HoldObjected, "")
	})
	return h, err
}

// Release ends the hold of a shop: what waited is settled with the next run, and
// payouts that were held with it can be sent. Answer is what the shop is told. It returns [ErrNotHeld]
// for a shop that is not held.
func (s *Service) Release(ctx context.Context, shop, by, answer string) error {
	answer, err := reasonOf(answer, false)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		h, err := openHold(ctx, tx, shop)
		if err != nil {
			return err
		}
		if err := release(ctx, tx, shop, by, answer, s.Now()); err != nil {
			return err
		}
		all, err := lockPayouts(ctx, tx, shop, Held)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Reason != h.Reason || p.ChangedAt.Before(h.Since) {
				continue // it was held for itself
			}
			if err := s.set(ctx, tx, &p, by, Asked, ""); err != nil {
				return err
			}
		}
		return s.tellHold(ctx, tx, shop, HoldReleased, answer)
	})
}

func (s *Service) tellHold(ctx context.Context, tx *db.Tx, shop, event, reason string) error {
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: TopicHold, Key: shop, Payload: Told{ID: shop, Shop: shop, Event: event, Reason: reason, At: clock.Millis(s.Now())}.body()})
}

func notHeld(ctx context.Context, q db.Querier, shop string) error {
	_, err := openHold(ctx, q, shop)
	if errors.Is(err, ErrNotHeld) {
		return nil
	}
	if err == nil {
		err = ErrHeld
	}
	return err
}

// HoldOf returns why the money of a shop is held, or [ErrNotHeld].
func (s *Service) HoldOf(ctx context.Context, shop string) (Hold, error) {
	return openHold(ctx, s.DB, shop)
}

// Holds returns the shops that are held, the longest first.
func (s *Service) Holds(ctx context.Context) ([]Hold, error) { return openHolds(ctx, s.DB) }
