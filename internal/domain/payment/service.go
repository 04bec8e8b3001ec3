package payment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
)

// Service keeps payments. It is safe for concurrent use.
type Service struct {
	db        *db.DB
	bus       *bus.Bus
	jobs      *job.Queue
	providers []Provider
	log       *slog.Logger
	now       clock.Now
}

// New returns a service that collects through providers, offered in this order.
func New(d *db.DB, b *bus.Bus, jobs *job.Queue, log *slog.Logger, now clock.Now, providers ...Provider) *Service {
	s := &Service{db: d, bus: b, jobs: jobs, providers: providers, log: log, now: now}
	job.Handle(jobs, s.ask)
	job.Handle(jobs, s.close)
	job.Handle(jobs, s.refund)
	job.Handle(jobs, s.returnSurplus)
	return s
}

// Provider returns a provider by its code, or [ErrProvider].
func (s *Service) Provider(code string) (Provider, error) {
	for _, p := range s.providers {
		if p.Code() == code {
			return p, nil
		}
	}
	return nil, ErrProvider
}

// Offers lists how a shop can be paid.
func (s *Service) Offers(ctx context.Context, shop string) ([]Offer, error) {
	var out []Offer
	for _, p := range s.providers {
		o, err := s.Offer(ctx, p.Code(), shop)
		if errors.Is(err, ErrProvider) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// Offer returns one way in which a shop can be paid, or [ErrProvider].
func (s *Service) Offer(ctx context.Context, code, shop string) (Offer, error) {
	p, err := s.Provider(code)
	if err != nil {
		return Offer{}, err
	}
	d, ok := p.(Direct)
	if !ok {
		return Offer{Code: code}, nil
	}
	wait, ok, err := d.Offer(ctx, shop)
	if err == nil && !ok {
		err = ErrProvider
	}
	return Offer{Code: code, Wait: wait}, err
}

// Holder names who has the money that was collected for a shop.
func (s *Service) Holder(code, shop string) string {
	if p, err := s.Provider(code); err == nil {
		if _, ok := p.(Direct); ok {
			return code + ":" + shop
		}
	}
	return code
}

// A provider whose message does not come is asked: soon after the buyer went to
// pay, and shortly before the order stops waiting. It is asked once more when
// the payment is closed.
const (
	askAfter  = 2 * time.Minute
	askBefore = time.Minute
)

// Expect notes down that an order is about to be paid. An order has one intent;
// expecting it again changes nothing.
func (s *Service) Expect(ctx context.Context, tx *db.Tx, in Intent) error {
	fresh, err := insertIntent(ctx, tx, in)
	if err != nil || !fresh {
		return err
	}
	for _, at := range []time.Time{in.CreatedAt.Add(askAfter), in.ExpiresAt.Add(-askBefore)} {
		if err := s.jobs.Insert(ctx, tx, askArgs{Intent: in.ID}, job.At(at)); err != nil {
			return err
		}
	}
	return nil
}

// Page returns the provider's page for an intent of a buyer.
func (s *Service) Page(ctx context.Context, intent, buyer string) (string, error) {
	in, err := intentByID(ctx, s.db, intent)
	if err != nil {
		return "", err
	}
	if in.Buyer != buyer {
		return "", ErrNotFound
	}
	if in.State != Open && in.State != Failed {
		return "", ErrClosed
	}
	if in.Page != "" {
		return in.Page, nil
	}
	p, err := s.Provider(in.Provider)
	if err != nil {
		return "", err
	}
	page, err := p.Start(ctx, in)
	if err != nil {
		return "", fmt.Errorf("start payment %s: %w", in.ID, err)
	}
	return page.URL, setPage(ctx, s.db, in.ID, page)
}

// askArgs is the job that asks a provider what it knows of a payment.
type askArgs struct {
	Intent string `json:"intent"`
}

// Kind names the job.
func (askArgs) Kind() string { return "payment.ask" }

func (s *Service) ask(ctx context.Context, a askArgs) error { return s.Ask(ctx, a.Intent) }

// Ask asks the provider of an intent what it knows, and acts on the answer.
func (s *Service) Ask(ctx context.Context, intent string) error {
	in, err := intentByID(ctx, s.db, intent)
	if err != nil || in.State == Paid {
		return err
	}
	p, err := s.Provider(in.Provider)
	if err != nil {
		return err
	}
	f, err := p.Query(ctx, in)
	if err != nil {
		return fmt.Errorf("ask about payment %s: %w", in.ID, err)
	}
	return s.learn(ctx, in.Provider, f)
}

// Close tells an intent that its money is not wanted any more, and the provider
// right after. A payment that comes nevertheless is accepted, see
// [Service.Receive].
func (s *Service) Close(ctx context.Context, tx *db.Tx, order string) error {
	closed, err := closeIntents(ctx, tx, order)
	if err == nil && len(closed) == 0 {
		closed, err = closeShare(ctx, tx, order)
	}
	for _, intent := range closed {
		err = cmp.Or(err, s.jobs.Insert(ctx, tx, closeArgs{Intent: intent}, job.MaxAttempts(1000)))
	}
	return err
}

// closeArgs is the job that makes a provider stop expecting a payment.
type closeArgs struct {
	Intent string `json:"intent"`
}

// Kind names the job.
func (closeArgs) Kind() string { return "payment.close" }

func (s *Service) close(ctx context.Context, a closeArgs) error {
	in, err := intentByID(ctx, s.db, a.Intent)
	if err != nil || in.State == Paid {
		return err
	}
	p, err := s.Provider(in.Provider)
	if err != nil {
		return err
	}
	f, err := p.Close(ctx, in)
	if err != nil {
		return fmt.Errorf("close payment %s: %w", in.ID, err)
	}
	if f.Kind == InProcess {
		return fmt.Errorf("close payment %s: the bank has not decided yet", in.ID)
	}
	return s.learn(ctx, in.Provider, f)
}
