package payment

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// outcome is what a message came to.
type outcome string

const (
	applied  outcome = "applied"
	ignored  outcome = "ignored"  // old news
	unknown  outcome = "unknown"  // names nothing of ours
	mismatch outcome = "mismatch" // names another sum
)

// refusal is what the sender of a message hears, the first time and every other.
func (o outcome) refusal() error {
	switch o {
	case unknown:
		return ErrNotFound
	case mismatch:
		return ErrMismatch
	}
	return nil
}

// Receive acts on a message of a provider. It is kept before it is acted on; one
// that was seen before is answered like the first time and changes nothing. Of a
// forged one nothing is kept.
func (s *Service) Receive(ctx context.Context, provider string, header http.Header, body []byte) error {
	p, err := s.Provider(provider)
	if err != nil {
		return err
	}
	f, err := p.Read(ctx, header, body, s.now())
	if err != nil || f.Kind == Nothing {
		return err
	}
	var came outcome
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		fresh, err := insertEvent(ctx, tx, provider, f.Message, string(body), s.now())
		if err != nil {
			return err
		}
		if !fresh {
			came, err = outcomeOf(ctx, tx, provider, f.Message)
			return err
		}
		if came, err = s.act(ctx, tx, provider, f); err != nil {
			return err
		}
		return setOutcome(ctx, tx, provider, f.Message, came)
	})
	if err != nil {
		return err
	}
	if err := came.refusal(); err != nil {
		s.log.ErrorContext(ctx, "provider message does not fit", "provider", provider, "event", f.Message, "intent", f.Intent, "refund", f.Refund, "error", err)
		return err
	}
	return nil
}

// learn acts on what a provider or a person of the shop answered.
func (s *Service) learn(ctx context.Context, provider string, f Fact) error {
	if f.Kind == Nothing || f.Kind == ToBeGiven {
		return nil
	}
	var came outcome
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		var err error
		came, err = s.act(ctx, tx, provider, f)
		return err
	})
	if err != nil {
		return err
	}
	return came.refusal()
}

// act applies a fact. Facts come in any order and any number of times: each moves
// an intent or a refund forward or not at all. The order is locked before the
// intent, as everywhere.
func (s *Service) act(ctx context.Context, tx *db.Tx, provider string, f Fact) (outcome, error) {
	switch f.Kind {
	case GivenBack, NotGivenOut, ToBeGiven:
		return s.actOnRefund(ctx, tx, provider, f)
	}
	in, err := intentByID(ctx, tx, f.Intent)
	if errors.Is(err, ErrNotFound) || err == nil && in.Provider != provider {
		return unknown, nil
	}
	if err != nil {
		return "", err
	}
	h := Happened{Intent: in.ID, Order: in.Order, Provider: provider, Holder: s.Holder(provider, in.Shop), Amount: in.Amount}
	switch f.Kind {
	case Declined:
		if in.State != Open && in.State != Processing {
			return ignored, nil // a failure that comes after the payment is old news
		}
		if err := s.tellOrders(ctx, tx, Failure, h); err != nil {
			return "", err
		}
		return applied, setState(ctx, tx, in.ID, Failed)
	case InProcess:
		if in.State != Open && in.State != Failed {
			return ignored, nil
		}
		return applied, setState(ctx, tx, in.ID, Processing)
	case Succeeded:
		if f.Amount != in.Amount {
			return mismatch, nil
		}
		fresh, err := insertCapture(ctx, tx, in.ID, provider, f.Ref, f.Amount.Minor, s.now())
		if err != nil {
			return "", err
		}
		if !fresh {
			other, err := otherCapture(ctx, tx, in.ID, f.Ref)
			if err == nil && other {
				err = s.giveSurplusBack(ctx, tx, in, f)
			}
			return ignored, err
		}
		if err := s.tellOrders(ctx, tx, Captured, h); err != nil {
			return "", err
		}
		return applied, setState(ctx, tx, in.ID, Paid)
	}
	return ignored, nil
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, topic string, h Happened) error {
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, bus.Event{Topic: topic, Key: h.Order, Payload: body})
}
