package aftersale

import (
	"context"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// all is the whole of a line, in millionths.
const all = 1_000_000

// Unused is what a change of mind brings for a line that is paid back by
// progress.
type Unused struct {
	Used  int64 // share that was used, in millionths
	Minor int64 // price × (1 − progress), rounded half up
}

// UnusedOf says what a line of an order that is paid back by progress would bring
// now; nothing for other lines.
func (s *Service) UnusedOf(ctx context.Context, q db.Querier, o order.Order, position int, left order.Rest) (*Unused, error) {
	if o.Lines[position].Rule.Code != shop.ByProgress {
		return nil, nil
	}
	used, err := s.Used(ctx, q, o.ID, position)
	if err != nil {
		return nil, err
	}
	return unused(left, used)
}

func unused(left order.Rest, used int64) (*Unused, error) {
	used = min(max(used, 0), all)
	rest, err := money.Of(left.Share(left.Units()), "").Times(all-used, all)
	return &Unused{Used: used, Minor: rest.Minor}, err
}

// byProgress holds a deal about what is watched here against its rule: nothing
// of it can be sent back or again, and who changed their mind gets the price less
// what they have seen when they asked. Frozen is what they asked for before, nil
// at first.
func (s *Service) byProgress(ctx context.Context, q db.Querier, o order.Order, why Reason, d Deal, rests order.Rests, frozen *Deal) (Deal, error) {
	lines := make([]DealLine, len(d.Lines))
	for i, l := range d.Lines {
		lines[i] = l
		if l.Position < 0 || l.Position >= len(o.Lines) || o.Lines[l.Position].Rule.Code != shop.ByProgress {
			continue // another rule, or refused later
		}
		if d.Kind != Refund && d.Kind != Difference {
			return Deal{}, ErrDeal
		}
		if why != ChangedMind {
			continue
		}
		left := rests.Lines[l.Position]
		if d.Kind != Refund || l.Quantity != left.Units() {
			return Deal{}, ErrDeal
		}
		u, err := s.unusedThen(ctx, q, o, l.Position, left, frozen)
		if err != nil {
			return Deal{}, err
		}
		if u.Minor == 0 {
			return Deal{}, order.ErrNothingLeft
		}
		lines[i].Used = u.Used
		if l.Minor == 0 || l.Minor > u.Minor {
			lines[i].Minor = u.Minor
		}
	}
	d.Lines = lines
	return d, nil
}

// unusedThen is [Service.UnusedOf] with the progress of a deal that was asked for
// before.
func (s *Service) unusedThen(ctx context.Context, q db.Querier, o order.Order, position int, left order.Rest, frozen *Deal) (*Unused, error) {
	if frozen != nil {
		for _, l := range frozen.Lines {
			if l.Position == position {
				return unused(left, l.Used)
			}
		}
	}
	return s.UnusedOf(ctx, q, o, position, left)
}
