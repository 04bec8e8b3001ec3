package settle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with.
type Parts struct {
	DB  *db.DB
	Bus *bus.Bus
	// Delay is waited besides the time to report a problem.
	Delay time.Duration
	Log   *slog.Logger
	Now   clock.Now
}

// Service settles. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service that follows orders from their completion on.
func New(p Parts) *Service {
	s := &Service{p}
	p.Bus.Inline(order.TopicChanged, s.follow)
	return s
}

// worth are the steps of a completed order that change what it is worth.
var worth = []string{"handed_over", "received", "opened", "completed", "giving_back"}

// follow writes down what a completed order is worth; when it has been settled
// already, the books are corrected. The order is locked by the step.
func (s *Service) follow(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[order.Told](e)
	if err != nil || t.State != order.Completed || t.Total == 0 || !slices.Contains(worth, t.Event) {
		return err
	}
	o, err := order.Lock(ctx, tx, t.Order)
	if err != nil {
		return err
	}
	rests, err := order.RestsOf(ctx, tx, o)
	if err != nil {
		return err
	}
	gross, kept := rests.Total, feeLeft(o, rests)
	was, err := lockSettlement(ctx, tx, o.ID)
	if errors.Is(err, db.ErrNoRows) {
		own, err := tookItself(ctx, tx, o)
		if err != nil {
			return err
		}
		now := s.Now()
		return insertSettlement(ctx, tx, Settlement{Order: o.ID, Number: o.Number, Shop: o.Shop, Currency: o.Total().Currency,
			Own: own, State: Waiting, Gross: gross, Fee: kept,
			CompletedAt: now, DueAt: now.Add(aftersale.Window + s.Delay)})
	}
	if err != nil || was.Gross == gross {
		return err
	}
	if err := setSums(ctx, tx, o.ID, gross, kept); err != nil || was.State == Waiting {
		return err
	}
	was.Gross, was.Fee = gross-was.Gross, kept-was.Fee
	return s.book(ctx, tx, Refund, fmt.Sprintf("settle_back:%s:%d", o.ID, o.Total().Minor-gross), was)
}

// tookItself reports whether the money of an order went to its shop, at the stall
// or through a provider, and not to the market.
func tookItself(ctx context.Context, q db.Querier, o order.Order) (bool, error) {
	if o.InCash() {
		return true, nil
	}
	return capturedInto(ctx, q, o.ID, ledger.Clearing(o.Payment+":"+o.Shop))
}

// feeLeft is what of the commission on an order is left after its refunds.
func feeLeft(o order.Order, rests order.Rests) int64 {
	var sum int64
	for i, l := range o.Lines {
		r := rests.Lines[i]
		sum += fee.Kept(l.Fee, o.Quote.PaidFor(i), r.BackFor+r.BackOff)
	}
	return sum
}

// batch is how many orders share a transaction; the market's own accounts are
// written once in it.
const batch = 200

// Run settles what is due and returns how many orders that were; call it again
// until it returns zero. Two at once settle nothing twice: each row is claimed by
// one of them.
func (s *Service) Run(ctx context.Context) (int, error) {
	n := 0
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		due, err := claim(ctx, tx, s.Now(), batch)
		if n = len(due); err != nil || n == 0 {
			return err
		}
		return s.bookAll(ctx, tx, Sale, func(d Settlement) string { return "settle:" + d.Order }, due)
	})
	if err != nil {
		return 0, fmt.Errorf("settle: %w", err)
	}
	return n, nil
}

// RunAll settles everything that is due.
func (s *Service) RunAll(ctx context.Context) error {
	for {
		n, err := s.Run(ctx)
		if err != nil || n == 0 {
			return err
		}
		s.Log.InfoContext(ctx, "orders settled", "orders", n)
	}
}

func (s *Service) book(ctx context.Context, tx *db.Tx, kind Kind, ref string, d Settlement) error {
	return s.bookAll(ctx, tx, kind, func(Settlement) string { return ref }, []Settlement{d})
}

// bookAll moves earned money to where it belongs, or back when the sums are
// negative, and writes the moves.
func (s *Service) bookAll(ctx context.Context, tx *db.Tx, kind Kind, ref func(Settlement) string, all []Settlement) error {
	now := s.Now()
	journals, moves := make([]ledger.Journal, 0, len(all)), make([]Move, 0, len(all))
	for _, d := range all {
		if d.Gross == 0 { // all of it went back before
			continue
		}
		m := Move{Ref: ref(d), Shop: d.Shop, At: now, Kind: kind, Order: d.Order, Number: d.Number, Currency: d.Currency, Gross: d.Gross, Fee: d.Fee}
		j := ledger.Journal{Ref: m.Ref}
		add := func(from, to ledger.Account, minor int64) {
			if minor < 0 {
				from, to, minor = to, from, -minor
			}
			if minor > 0 {
				j.Entries = append(j.Entries, ledger.Entry{From: from, To: to, Amount: money.Of(minor, d.Currency)})
			}
		}
		if d.Own {
			m.Own = d.Gross
			add(ledger.Own(d.Shop), ledger.Earned(d.Shop), d.Gross)
			add(ledger.Commission, ledger.Free(d.Shop), d.Fee)
		} else {
			add(ledger.Free(d.Shop), ledger.Earned(d.Shop), d.Gross-d.Fee)
			add(ledger.Commission, ledger.Earned(d.Shop), d.Fee)
		}
		m.Amount = m.Gross - m.Fee - m.Own
		journals, moves = append(journals, j), append(moves, m)
	}
	if err := ledger.PostNew(ctx, tx, now, journals...); err != nil {
		return err
	}
	return insertMoves(ctx, tx, moves)
}
