package payment

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
)

// Service keeps payments. It is safe for concurrent use.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	jobs      *job.Queue
	providers map[string]Provider
	log       *slog.Logger
	now       clock.Now
}

// New returns a service that collects through providers.
func New(d *db.DB, b *bus.Bus, jobs *job.Queue, log *slog.Logger, now clock.Now, providers ...Provider) *Service {
	s := &Service{db: d, bus: b, jobs: jobs, providers: map[string]Provider{}, log: log, now: now}
	for _, p := range providers {
		s.providers[p.Code()] = p
	}
	job.Handle(jobs, s.refund)
	return s
}

// Provider returns a provider by its code, or [ErrProvider].
func (s *Service) Provider(code string) (Provider, error) {
	if p, ok := s.providers[code]; ok {
		return p, nil
	}
	return nil, ErrProvider
}

// Providers lists the codes on offer.
func (s *Service) Providers() []Provider {
	out := make([]Provider, 0, len(s.providers))
	for _, p := range s.providers {
		out = append(out, p)
	}
	return out
}

// Expect notes down that an order is about to be paid. An order has one intent;
// expecting it again changes nothing.
func Expect(ctx context.Context, tx *db.Tx, in Intent) error { return insertIntent(ctx, tx, in) }

// Page returns the provider's page for an intent of a buyer. back is where the
// browser returns to.
func (s *Service) Page(ctx context.Context, intent, buyer, back string) (string, error) {
	in, err := intentByID(ctx, s.db, intent, "")
	if err != nil {
		return "", err
	}
	if in.Buyer != buyer {
		return "", ErrNotFound
	}
	if in.State == Closed || in.State == Paid {
		return "", ErrClosed
	}
	p, err := s.Provider(in.Provider)
	if err != nil {
		return "", err
	}
	return p.Start(ctx, in, back)
}

// Close tells an intent that its money is not wanted any more. A payment that
// comes nevertheless is accepted, see [Service.Receive].
func Close(ctx context.Context, tx *db.Tx, order string) error { return closeIntents(ctx, tx, order) }

// Receive acts on a message of a provider. A message that was seen before is
// answered like the first time and changes nothing.
func (s *Service) Receive(ctx context.Context, provider string, header http.Header, body []byte) error {
	p, err := s.Provider(provider)
	if err != nil {
		return err
	}
	e, err := p.Read(header, body, s.now())
	if err != nil {
		return err
	}
	var refused error // committed, so that the message is kept
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		refused = nil
		fresh, err := insertEvent(ctx, tx, provider, e.ID, string(body), s.now())
		if err != nil || !fresh {
			return err
		}
		outcome, err := s.act(ctx, tx, provider, e)
		if err == ErrMismatch || err == ErrNotFound {
			refused, err = err, nil
			s.log.ErrorContext(ctx, "provider message does not fit", "provider", provider, "event", e.ID, "intent", e.Intent, "error", refused)
		}
		if err != nil {
			return err
		}
		return setOutcome(ctx, tx, provider, e.ID, outcome)
	})
	if err == nil {
		err = refused
	}
	return err
}

// act applies a message and says what it came to.
func (s *Service) act(ctx context.Context, tx *db.Tx, provider string, e Event) (string, error) {
	in, err := intentByID(ctx, tx, e.Intent, tx.ForUpdate())
	if err != nil {
		return "unknown", err
	}
	if in.Provider != provider {
		return "unknown", ErrNotFound
	}
	h := Happened{Intent: in.ID, Order: in.Order, Provider: provider, Amount: in.Amount}
	if !e.Paid {
		if in.State != Open {
			return "ignored", nil // a failure that comes after the payment is old news
		}
		if err := setState(ctx, tx, in.ID, Failed); err != nil {
			return "", err
		}
		return "failed", s.tell(ctx, tx, Failure, h)
	}
	if e.Amount != in.Amount {
		return "mismatch", ErrMismatch
	}
	fresh, err := insertCapture(ctx, tx, in.ID, provider, e.ProviderRef, e.Amount.Minor, s.now())
	if err != nil || !fresh {
		return "ignored", err
	}
	if err := setState(ctx, tx, in.ID, Paid); err != nil {
		return "", err
	}
	return "captured", s.tell(ctx, tx, Captured, h)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, topic string, h Happened) error {
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, bus.Event{Topic: topic, Key: h.Order, Payload: body})
}

// GiveBack promises money of a paid order back, in the caller's transaction;
// the provider is asked right after. The same key is the same refund.
func (s *Service) GiveBack(ctx context.Context, tx *db.Tx, order, key, reason string, amount money.Amount) error {
	in, err := paidIntent(ctx, tx, order)
	if err != nil {
		return err
	}
	given, err := sumRefunds(ctx, tx, in.ID, key)
	if err != nil {
		return err
	}
	if amount.Currency != in.Amount.Currency || amount.Minor <= 0 || given+amount.Minor > in.Amount.Minor {
		return ErrTooMuch
	}
	now := s.now()
	r := Refund{ID: id.New("rfd", now), Intent: in.ID, Order: order, Amount: amount, Reason: reason, State: "pending"}
	fresh, err := insertRefund(ctx, tx, r, key, now)
	if err != nil || !fresh {
		return err
	}
	return s.jobs.Insert(ctx, tx, refundArgs{Refund: r.ID}, job.MaxAttempts(1000))
}

// refundArgs is the job that asks a provider to give money back.
type refundArgs struct {
	Refund string `json:"refund"`
}

// Kind names the job.
func (refundArgs) Kind() string { return "payment.refund" }

// refund asks the provider; the job repeats it until the provider has answered.
func (s *Service) refund(ctx context.Context, a refundArgs) error {
	r, provider, captured, err := refundByID(ctx, s.db, a.Refund)
	if err != nil || r.State == "done" {
		return err
	}
	p, err := s.Provider(provider)
	if err != nil {
		return err
	}
	ref, err := p.Refund(ctx, r, captured)
	if err != nil {
		return fmt.Errorf("refund %s: %w", r.ID, err)
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		fresh, err := finishRefund(ctx, tx, r.ID, ref, s.now())
		if err != nil || !fresh {
			return err
		}
		return s.tell(ctx, tx, Refunded, Happened{Intent: r.Intent, Order: r.Order, Provider: provider, Refund: r.ID, Amount: r.Amount})
	})
}
