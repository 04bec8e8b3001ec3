package payment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
)

// RefundPrefix begins the ids of refunds.
const RefundPrefix = "rfd_"

// GiveBack promises money of a paid order back, in the caller's transaction;
// the provider is asked right after. The same key is the same refund.
func (s *Service) GiveBack(ctx context.Context, tx *db.Tx, order, key, reason string, amount money.Amount) error {
	in, err := capturedIntent(ctx, tx, order)
	if errors.Is(err, ErrNotFound) {
		in, err = capturedShare(ctx, tx, order)
	}
	if err != nil {
		return err
	}
	given, err := sumRefunds(ctx, tx, in.ID, order, key)
	if err != nil {
		return err
	}
	if amount.Currency != in.Amount.Currency || amount.Minor <= 0 || given+amount.Minor > in.Amount.Minor {
		return ErrTooMuch
	}
	now := s.now()
	r := Refund{ID: id.New(RefundPrefix[:3], now), Intent: in.ID, Order: order, Amount: amount, Reason: reason}
	fresh, err := insertRefund(ctx, tx, r, key, now)
	if err != nil || !fresh {
		return err
	}
	return s.jobs.Insert(ctx, tx, refundArgs{Refund: r.ID}, job.MaxAttempts(1000))
}

// FailedRefunds returns the refunds that a person has to settle, oldest first,
// those of second payments among them.
func (s *Service) FailedRefunds(ctx context.Context) ([]Refund, error) {
	return failedRefunds(ctx, s.db)
}

// ByHand holds what a person paid outside every provider.
const ByHand = "by_hand"

// Settle notes that a person has given the money of a failed refund back outside
// the provider, or returns [ErrNotFailed].
func (s *Service) Settle(ctx context.Context, refund string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if strings.HasPrefix(refund, SurplusPrefix) {
			return s.settleSurplus(ctx, tx, refund)
		}
		r, err := refundByID(ctx, tx, refund)
		if err != nil {
			return err
		}
		fresh, err := moveRefund(ctx, tx, r.ID, RefundFailed, RefundSettled, r.ProviderRef, s.now())
		if err != nil {
			return err
		}
		if !fresh {
			return ErrNotFailed
		}
		return s.tell(ctx, tx, Refunded, Happened{Intent: r.Intent, Order: r.Order, Provider: r.provider, Refund: r.ID, Holder: ByHand, Amount: r.Amount})
	})
}

// RefundKey returns the key under which a refund was asked for.
func RefundKey(ctx context.Context, q db.Querier, refund string) (string, error) {
	return refundKey(ctx, q, refund)
}

// refundArgs is the job that asks a provider to give money back.
type refundArgs struct {
	Refund string `json:"refund"`
}

// Kind names the job.
func (refundArgs) Kind() string { return "payment.refund" }

// askRefundAgain is when a provider that has not decided on a refund is asked
// next, should its message not come.
const askRefundAgain = 6 * time.Hour

// refund asks the provider; the job repeats it until the provider has answered.
func (s *Service) refund(ctx context.Context, a refundArgs) error {
	r, err := refundByID(ctx, s.db, a.Refund)
	if err != nil || r.State != RefundPending {
		return err
	}
	p, err := s.Provider(r.provider)
	if err != nil {
		return err
	}
	f, err := p.Refund(ctx, r.Refund, r.captured)
	if err != nil {
		return fmt.Errorf("refund %s: %w", r.ID, err)
	}
	f.Refund = r.ID
	if f.Kind != ToBeGiven {
		return s.learn(ctx, r.provider, f)
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := setRefundRef(ctx, tx, r.ID, f.Ref); err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, a, job.At(s.now().Add(askRefundAgain)), job.MaxAttempts(1000))
	})
}

// AskRefund asks the provider where a refund stands, and acts on the answer.
func (s *Service) AskRefund(ctx context.Context, refund string) error {
	return s.refund(ctx, refundArgs{Refund: refund})
}

// actOnRefund applies a fact about a refund.
func (s *Service) actOnRefund(ctx context.Context, tx *db.Tx, provider string, f Fact) (outcome, error) {
	if strings.HasPrefix(f.Refund, SurplusPrefix) {
		return s.actOnSurplus(ctx, tx, f)
	}
	r, err := refundByID(ctx, tx, f.Refund)
	if errors.Is(err, ErrNotFound) || err == nil && r.provider != provider {
		return unknown, nil
	}
	if err != nil {
		return "", err
	}
	if f.Amount != r.Amount {
		return mismatch, nil
	}
	h := Happened{Intent: r.Intent, Order: r.Order, Provider: provider, Refund: r.ID, Holder: s.Holder(provider, r.shop), Amount: r.Amount}
	now := s.now()
	switch f.Kind {
	case GivenBack:
		fresh, err := moveRefund(ctx, tx, r.ID, RefundPending, RefundDone, f.Ref, now)
		if err != nil || !fresh {
			return ignored, err
		}
		return applied, s.tell(ctx, tx, Refunded, h)
	case NotGivenOut:
		for _, from := range []RefundState{RefundDone, RefundPending} {
			fresh, err := moveRefund(ctx, tx, r.ID, from, RefundFailed, f.Ref, now)
			if err != nil {
				return "", err
			}
			if fresh {
				s.log.ErrorContext(ctx, "refund failed", "refund", r.ID, "order", r.Order, "provider", provider, "detail", f.Detail)
				h.Undone = from == RefundDone
				return applied, s.tell(ctx, tx, Unrefunded, h)
			}
		}
	}
	return ignored, nil
}
