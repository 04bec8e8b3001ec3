package bus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/platform/db"
)

const (
	poll        = time.Second      // how often a subscriber looks without being woken
	batch       = 100              // events per transaction of Apply
	leaseFor    = time.Minute      // who delivers to a subscriber, and for how long
	callFor     = 20 * time.Second // what a handler may take; must be below half of leaseFor
	maxAttempts = 20               // about two days
)

// Run delivers until ctx ends, then lets running handlers finish and returns
// nil. Each subscriber is served by one process at a time.
func (b *Bus) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range b.subscribers {
		all.Go(func() { b.serve(ctx, s) })
	}
	all.Wait()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := unlease(end, b.db, b.owner); err != nil {
		b.log.WarnContext(end, "bus leases were not given back", "error", err)
	}
	return nil
}

func (b *Bus) serve(ctx context.Context, s *subscriber) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		n, err := b.deliver(ctx, s)
		if err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "events could not be delivered", "subscriber", s.name, "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-ticker.C:
		}
	}
}

// Drain delivers everything that is due and what that publishes, and returns how
// many deliveries succeeded. It is Run for tests, simulations and command lines.
func (b *Bus) Drain(ctx context.Context) (int, error) {
	total := 0
	for {
		round := 0
		for _, s := range b.subscribers {
			n, err := b.deliver(ctx, s)
			if err != nil {
				return total, err
			}
			round += n
		}
		if total += round; round == 0 {
			return total, nil
		}
	}
}

// deliver hands one batch to s and returns how many deliveries succeeded.
func (b *Bus) deliver(ctx context.Context, s *subscriber) (int, error) {
	now := b.now()
	events, err := due(ctx, b.db, s.name, now, batch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	if ours, err := b.hold(ctx, s, now); err != nil || !ours {
		return 0, err
	}
	// Read again: until the lease was ours another process may have delivered.
	if events, err = due(ctx, b.db, s.name, now, batch); err != nil {
		return 0, err
	}
	// A process that is stopping finishes the batch it has begun.
	ctx = context.WithoutCancel(ctx)
	deadline := time.Now().Add(s.leased.Sub(now) - callFor)
	done, held := 0, map[string]bool{}
	for len(events) > 0 && time.Now().Before(deadline) {
		if n := applicable(s, events, held); n > 1 && b.applyAll(ctx, s, events[:n]) == nil {
			done, events = done+n, events[n:]
			continue
		}
		d := events[0]
		events = events[1:]
		if held[d.Key] {
			continue
		}
		ok, err := b.one(ctx, s, d)
		if err != nil {
			return done, err
		}
		if ok {
			done++
		} else {
			held[d.Key] = true
		}
	}
	return done, nil
}

// hold says whether s is ours for half a lease at least, and renews the lease
// when it is not: an idle market writes nothing, a busy one twice a minute.
func (b *Bus) hold(ctx context.Context, s *subscriber, now time.Time) (bool, error) {
	if s.leased.Sub(now) > leaseFor/2 {
		return true, nil
	}
	ours, err := lease(ctx, b.db, s.name, b.owner, now, now.Add(leaseFor))
	if ours {
		s.leased = now.Add(leaseFor)
	}
	return ours, err
}

// applicable counts the events at the head that can go into one transaction.
func applicable(s *subscriber, events []delivery, held map[string]bool) int {
	for i, d := range events {
		if s.apply[d.Topic] == nil || held[d.Key] || d.attempt > 0 {
			return i
		}
	}
	return len(events)
}

func (b *Bus) applyAll(ctx context.Context, s *subscriber, events []delivery) error {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	err := b.db.InTx(ctx, func(tx *db.Tx) error {
		for _, d := range events {
			if err := b.applyOne(ctx, tx, s, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		b.delivered.WithLabelValues(s.name, "done").Add(float64(len(events)))
	}
	return err
}

var errDelivered = errors.New("already delivered")

func (b *Bus) applyOne(ctx context.Context, tx *db.Tx, s *subscriber, d delivery) error {
	there, err := tick(ctx, tx, s.name, d.ID)
	if err != nil {
		return err
	}
	if !there {
		return errDelivered
	}
	return guard(func() error { return s.apply[d.Topic](ctx, tx, d.Event) })
}

// one delivers a single event and says whether the subscriber is done with it.
// The error is the database's.
func (b *Bus) one(ctx context.Context, s *subscriber, d delivery) (bool, error) {
	err := b.hand(ctx, s, d)
	if err == nil || errors.Is(err, errDelivered) {
		b.delivered.WithLabelValues(s.name, "done").Inc()
		return true, nil
	}
	park := d.attempt+1 >= maxAttempts
	outcome, level := "retry", b.log.WarnContext
	if park {
		outcome, level = "parked", b.log.ErrorContext
	}
	level(ctx, "event was not taken", "subscriber", s.name, "topic", d.Topic, "event", d.ID, "outcome", outcome, "error", err)
	b.delivered.WithLabelValues(s.name, outcome).Inc()
	return park, postpone(ctx, b.db, s.name, d, b.now().Add(backoff(d.attempt+1)), park, err.Error())
}

func (b *Bus) hand(ctx context.Context, s *subscriber, d delivery) error {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	if s.apply[d.Topic] != nil {
		return b.db.InTx(ctx, func(tx *db.Tx) error { return b.applyOne(ctx, tx, s, d) })
	}
	call := s.call[d.Topic]
	if call == nil {
		return fmt.Errorf("%s does not listen to %s", s.name, d.Topic)
	}
	if err := guard(func() error { return call(ctx, d.Event) }); err != nil {
		return err
	}
	_, err := tick(ctx, b.db, s.name, d.ID)
	return err
}

func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return fn()
}

// backoff is 2^n seconds, four hours at most, a quarter of it by chance.
func backoff(n int64) time.Duration {
	d := 4 * time.Hour
	if n < 14 {
		d = min(d, time.Second<<n)
	}
	return d*3/4 + rand.N(d/4+1)
}
