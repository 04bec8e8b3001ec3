package aftersale

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Sweep lets run out what is overdue. It returns how many cases it moved; call
// it again until it returns zero. A person who steps at the same instant and the
// clock race for the same rows; one wins. One case that fails does not stop the
// others.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	due, err := overdue(ctx, s.DB, s.Now(), 100)
	if err != nil {
		return 0, err
	}
	moved := 0
	var errs []error
	for _, d := range due {
		ok, err := s.runOut(ctx, d.order, d.id)
		if err != nil {
			errs = append(errs, err)
		}
		if ok {
			moved++
		}
	}
	return moved, errors.Join(errs...)
}

func (s *Service) runOut(ctx context.Context, orderID, caseID string) (moved bool, err error) {
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		moved = false
		o, err := order.Lock(ctx, tx, orderID)
		if err != nil {
			return err
		}
		c, err := lockByID(ctx, tx, caseID)
		if err != nil || c.DueAt.IsZero() || c.DueAt.After(s.Now()) {
			return err
		}
		moved = true
		return s.step(ctx, tx, &o, &c, Move{Event: Silence, By: System}, "")
	})
	return moved && err == nil, err
}

// dueAfter is when the state that a row leads to runs out, or zero.
func dueAfter(now time.Time, r row) time.Time {
	if r.in == 0 {
		return time.Time{}
	}
	return now.Add(r.in)
}

func trackingOf(said, was string) string {
	said = text.Line(said)
	if r := []rune(said); len(r) > 80 {
		said = string(r[:80])
	}
	if said == "" {
		return was
	}
	return said
}

func sortedKeys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }
