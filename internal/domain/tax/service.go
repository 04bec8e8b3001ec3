package tax

import (
	"context"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps the rates. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	now clock.Now

	mu    sync.Mutex
	rates []Rate // by their dates
	read  time.Time
}

// New returns a service that keeps rates in d.
func New(d *db.DB, now clock.Now) *Service { return &Service{db: d, now: now} }

// fresh is how long what was read is believed: another node may have set a rate.
const fresh = time.Minute

// Rates returns every rate, past ones too, by their dates.
func (s *Service) Rates(ctx context.Context) ([]Rate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.read.IsZero() || now.Sub(s.read) >= fresh || now.Before(s.read) {
		rates, err := all(ctx, s.db)
		if err != nil {
			return nil, err
		}
		s.rates, s.read = rates, now
	}
	return s.rates, nil
}

func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = time.Time{}
}

// In returns the rates of a country that hold at an instant.
func (s *Service) In(ctx context.Context, country string, at time.Time) (Table, error) {
	rates, err := s.Rates(ctx)
	t := Table{}
	for _, r := range rates {
		if r.Country == country && !r.From.After(at) {
			t[r.Class] = r.PPM
		}
	}
	return t, err
}

// Set makes a rate hold from its date on; a zero From is now. One that is still to
// come from the same date is replaced.
func (s *Service) Set(ctx context.Context, by string, r Rate) (Rate, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	if r.From.IsZero() {
		r.From = now
	}
	r.From = r.From.UTC().Truncate(time.Millisecond)
	if err := r.check(); err != nil {
		return Rate{}, err
	}
	if r.From.Before(now) {
		return Rate{}, ErrPast
	}
	return r, s.db.InTx(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(s.forget)
		return put(ctx, tx, r, by, now)
	})
}

// Drop takes a rate back that is still to come, else it returns [ErrHolds].
func (s *Service) Drop(ctx context.Context, country, class string, from time.Time) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(s.forget)
		return drop(ctx, tx, country, class, from, s.now())
	})
}
