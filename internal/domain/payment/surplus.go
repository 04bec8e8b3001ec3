package payment

import (
	"context"
	"errors"
	"fmt"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
)

// SurplusPrefix begins the ids of refunds that give back what was paid twice.
const SurplusPrefix = "dup_"

// surplus is a second payment of one intent. It never was the order's, so no
// order hears of it and no account holds it: it goes back as it came.
type surplus struct {
	Refund
	provider, payment string
}

// giveSurplusBack notes a second payment down and has it given back right after.
// The same payment again changes nothing.
func (s *Service) giveSurplusBack(ctx context.Context, tx *db.Tx, in Intent, f Fact) error {
	now := s.now()
	x := surplus{Refund{ID: id.New(SurplusPrefix[:3], now), Intent: in.ID, Order: in.Order, Amount: f.Amount}, in.Provider, f.Ref}
	fresh, err := insertSurplus(ctx, tx, x, now)
	if err != nil || !fresh {
		return err
	}
	s.log.WarnContext(ctx, "paid twice, the second payment goes back", "intent", in.ID, "order", in.Order, "provider", in.Provider, "payment", f.Ref)
	return s.jobs.Insert(ctx, tx, surplusArgs{Surplus: x.ID}, job.MaxAttempts(1000))
}

// surplusArgs is the job that has a second payment given back.
type surplusArgs struct {
	Surplus string `json:"surplus"`
}

// Kind names the job.
func (surplusArgs) Kind() string { return "payment.surplus" }

func (s *Service) returnSurplus(ctx context.Context, a surplusArgs) error {
	x, err := surplusByID(ctx, s.db, a.Surplus)
	if err != nil || x.State != RefundPending {
		return err
	}
	p, err := s.Provider(x.provider)
	if err != nil {
		return err
	}
	f, err := p.Refund(ctx, x.Refund, x.payment)
	if err != nil {
		return fmt.Errorf("give back second payment %s: %w", x.payment, err)
	}
	f.Refund = x.ID
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := s.actOnSurplus(ctx, tx, f); err != nil || f.Kind != ToBeGiven {
			return err
		}
		return s.jobs.Insert(ctx, tx, a, job.At(s.now().Add(askRefundAgain)), job.MaxAttempts(1000))
	})
}

// actOnSurplus applies a fact about the refund of a second payment.
func (s *Service) actOnSurplus(ctx context.Context, tx *db.Tx, f Fact) (outcome, error) {
	x, err := surplusByID(ctx, tx, f.Refund)
	if errors.Is(err, ErrNotFound) {
		return unknown, nil
	}
	if err != nil {
		return "", err
	}
	if f.Amount != x.Amount {
		return mismatch, nil
	}
	to := map[Kind]RefundState{GivenBack: RefundDone, NotGivenOut: RefundFailed, ToBeGiven: RefundPending}[f.Kind]
	moved, err := moveSurplus(ctx, tx, x.ID, to, f.Ref, s.now())
	if err != nil || !moved {
		return ignored, err
	}
	if to == RefundFailed {
		s.log.ErrorContext(ctx, "a second payment was not given back", "intent", x.Intent, "order", x.Order, "provider", x.provider, "payment", x.payment, "detail", f.Detail)
	}
	return applied, nil
}

// settleSurplus notes that a person has given a second payment back.
func (s *Service) settleSurplus(ctx context.Context, tx *db.Tx, refund string) error {
	if _, err := surplusByID(ctx, tx, refund); err != nil {
		return err
	}
	moved, err := moveSurplus(ctx, tx, refund, RefundSettled, "", s.now())
	if err == nil && !moved {
		err = ErrNotFailed
	}
	return err
}
