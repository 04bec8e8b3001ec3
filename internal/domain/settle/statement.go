package settle

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

// Overview is how the money of a shop stands, minor units.
type Overview struct {
	Currency string
	Free     int64 // can be paid out; less than nothing is owed
	Held     int64 // until its orders are settled, commission taken off
	Orders   int64 // that wait to be settled
	NextDue  time.Time
	OwnFee   int64 // that will be owed for what the shop took itself
	UnderWay int64 // asked for and not arrived
	PaidOut  int64
	Hold     *Hold
	Payouts  []PayoutOf
}

// OverviewOf returns how the money of a shop stands.
func (s *Service) OverviewOf(ctx context.Context, shop, currency string) (Overview, error) {
	o := Overview{Currency: currency}
	err := s.DB.Snapshot(ctx, func(q db.Querier) error {
		free, err := ledger.Balance(ctx, q, ledger.Free(shop))
		if err != nil {
			return err
		}
		sums, err := sumsOf(ctx, q, shop)
		if err != nil {
			return err
		}
		o.Free, o.Held, o.Orders, o.OwnFee, o.PaidOut = -free.Minor, sums.held, sums.orders, sums.ownFee, sums.paid
		o.UnderWay = sums.underWay
		if sums.nextDue > 0 {
			o.NextDue = time.UnixMilli(sums.nextDue).UTC()
		}
		if o.Payouts, err = payoutsIn(ctx, q, shop, false, 50); err != nil {
			return err
		}
		h, err := openHold(ctx, q, shop)
		if errors.Is(err, ErrNotHeld) {
			return nil
		}
		o.Hold = &h
		return err
	})
	return o, err
}

// List pages through the settlements of a shop: the next due first, or the last
// settled.
func (s *Service) List(ctx context.Context, shop string, state State, after page.Cursor, n int) (page.Of[Settlement], error) {
	at, id := after.At, after.ID
	if state == Waiting && after == page.First {
		at, id = 0, ""
	}
	rows, err := list(ctx, s.DB, shop, state, at, id, n+1)
	if err != nil {
		return page.Of[Settlement]{}, err
	}
	return page.Cut(rows, n, func(x Settlement) page.Cursor {
		by := x.DueAt
		if state == Settled {
			by = x.SettledAt
		}
		return page.Cursor{At: by.UnixMilli(), ID: x.Order}
	}), nil
}

// Statement is what moved the free money of a shop in a span of time. Opening and
// all moves make Closing.
type Statement struct {
	From, To time.Time
	Opening  money.Amount
	Closing  money.Amount
	Sales    int64 // settled
	Refunds  int64 // after they were settled
	Fees     int64 // commission, less what came back of it
	Own      int64 // of sales and refunds, in the hands of the shop
	Paid     int64 // payouts, less those that came back
	Moves    []Move
}

// StatementOf returns the statement of a shop from an instant until another.
func (s *Service) StatementOf(ctx context.Context, shop, currency string, from, to time.Time) (Statement, error) {
	st := Statement{From: from, To: to}
	err := s.DB.Snapshot(ctx, func(q db.Querier) error {
		opening, err := before(ctx, q, shop, from)
		if err != nil {
			return err
		}
		st.Opening, st.Closing = money.Of(opening, currency), money.Of(opening, currency)
		st.Moves, err = moves(ctx, q, shop, from, to)
		return err
	})
	for _, m := range st.Moves {
		if m.Gross >= 0 {
			st.Sales += m.Gross
		} else {
			st.Refunds -= m.Gross
		}
		st.Fees, st.Own, st.Paid = st.Fees+m.Fee, st.Own+m.Own, st.Paid+m.Paid
		st.Closing.Minor += m.Amount
	}
	return st, err
}

// Month returns the beginning and the end of a month such as "2026-11" where a
// shop is, or [ErrMonth].
func Month(month string, zone *time.Location) (from, to time.Time, err error) {
	from, err = time.ParseInLocation("2006-01", month, zone)
	if err != nil || len(month) != 7 || from.Year() < 2000 {
		return time.Time{}, time.Time{}, ErrMonth
	}
	return from.UTC(), from.AddDate(0, 1, 0).UTC(), nil
}
