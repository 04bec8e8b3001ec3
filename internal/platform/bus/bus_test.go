package bus_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// clock is turned by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)} }

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open(d *db.DB, c *clock) *bus.Bus {
	return bus.Open(d, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), bus.WithClock(c.read))
}

func publish(t *testing.T, d *db.DB, b *bus.Bus, topic, key string, numbers ...int) {
	t.Helper()
	var events []bus.Event
	for _, n := range numbers {
		e, err := bus.New(topic, key, n)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if err := d.InTx(t.Context(), func(tx *db.Tx) error { return b.Publish(t.Context(), tx, events...) }); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, b *bus.Bus) int {
	t.Helper()
	n, err := b.Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// heard collects what a handler was given, as "key:number".
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) add(e bus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, e.Key+":"+string(e.Payload))
}

func (h *heard) is(t *testing.T, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.all, want) {
		t.Errorf("heard %q, want %q", h.all, want)
	}
}

func TestEachSubscriberHearsEachEventOnceInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(d, newClock())
		var notices, contacts heard
		b.Subscribe("order.placed", "notice", func(_ context.Context, e bus.Event) error { notices.add(e); return nil })
		b.Apply("order.placed", "crm", func(_ context.Context, _ *db.Tx, e bus.Event) error { contacts.add(e); return nil })
		publish(t, d, b, "order.placed", "a", 1, 2, 3)
		publish(t, d, b, "order.placed", "a", 4)
		publish(t, d, b, "nobody.listens", "a", 5)
		if n := drain(t, b); n != 8 {
			t.Errorf("%d deliveries, want 8", n)
		}
		notices.is(t, "a:1", "a:2", "a:3", "a:4")
		contacts.is(t, "a:1", "a:2", "a:3", "a:4")
		if n := drain(t, b); n != 0 {
			t.Errorf("%d delivered again", n)
		}
	}, bus.Migrations)
}

func TestRolledBackTransactionPublishesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(d, newClock())
		var h heard
		b.Subscribe("order.placed", "notice", func(_ context.Context, e bus.Event) error { h.add(e); return nil })
		refused := errors.New("refused")
		b.Inline("order.placed", func(_ context.Context, _ *db.Tx, e bus.Event) error {
			if string(e.Payload) == "13" {
				return refused
			}
			return nil
		})
		err := d.InTx(t.Context(), func(tx *db.Tx) error {
			return b.Publish(t.Context(), tx, bus.Event{Topic: "order.placed", Key: "a", Payload: []byte("13")})
		})
		if !errors.Is(err, refused) {
			t.Errorf("Publish = %v, want the listener's refusal", err)
		}
		publish(t, d, b, "order.placed", "a", 14)
		drain(t, b)
		h.is(t, "a:14")
	}, bus.Migrations)
}

func TestFailureHoldsItsKeyAndNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		b := open(d, c)
		var called, applied heard
		broken := true
		b.Subscribe("order.placed", "caller", func(_ context.Context, e bus.Event) error {
			if broken && string(e.Payload) == "1" {
				return errors.New("mail server is away")
			}
			called.add(e)
			return nil
		})
		b.Apply("order.placed", "applier", func(_ context.Context, _ *db.Tx, e bus.Event) error {
			if broken && string(e.Payload) == "1" {
				panic("a nil map")
			}
			applied.add(e)
			return nil
		})
		publish(t, d, b, "order.placed", "a", 1)
		publish(t, d, b, "order.placed", "b", 2)
		publish(t, d, b, "order.placed", "a", 3)
		publish(t, d, b, "order.placed", "b", 4)
		drain(t, b)
		called.is(t, "b:2", "b:4")
		applied.is(t, "b:2", "b:4")
		broken = false
		if n := drain(t, b); n != 0 {
			t.Errorf("%d came back at once, want a pause", n)
		}
		c.pass(time.Minute)
		drain(t, b)
		called.is(t, "b:2", "b:4", "a:1", "a:3")
		applied.is(t, "b:2", "b:4", "a:1", "a:3")
	}, bus.Migrations)
}

func TestAppliedWritesHappenExactlyOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.ExecContext(t.Context(), `CREATE TABLE tally (n BIGINT NOT NULL)`); err != nil {
			t.Fatal(err)
		}
		b := open(d, newClock())
		tries := 0
		b.Apply("x", "tally", func(ctx context.Context, tx *db.Tx, e bus.Event) error {
			if _, err := tx.ExecContext(ctx, `INSERT INTO tally (n) VALUES ($1)`, len(e.Payload)); err != nil {
				return err
			}
			if tries++; tries == 7 {
				return errors.New("once in the middle of the batch")
			}
			return nil
		})
		publish(t, d, b, "x", "k", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		drain(t, b)
		n, err := db.One(t.Context(), d, db.Column[int], `SELECT COUNT(*) FROM tally`)
		if err != nil || n != 10 {
			t.Errorf("%d writes, %v; want 10", n, err)
		}
	}, bus.Migrations)
}

func TestHopelessEventIsParkedAndLetsTheNextPass(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		b := open(d, c)
		var h heard
		b.Subscribe("x", "picky", func(_ context.Context, e bus.Event) error {
			if string(e.Payload) == "1" {
				return errors.New("cannot read this")
			}
			h.add(e)
			return nil
		})
		publish(t, d, b, "x", "k", 1, 2)
		for range 30 {
			drain(t, b)
			c.pass(5 * time.Hour)
		}
		h.is(t, "k:2")
		parked, err := b.Parked(t.Context(), 10)
		if err != nil || len(parked) != 1 || parked[0].LastError != "cannot read this" || parked[0].Subscriber != "picky" {
			t.Fatalf("parked %+v, %v", parked, err)
		}
		if err := b.Trim(t.Context(), c.read()); err != nil {
			t.Fatal(err)
		}
		if parked, _ = b.Parked(t.Context(), 10); len(parked) != 0 {
			t.Errorf("after Trim %d are parked", len(parked))
		}
		if n, err := b.Waiting(t.Context()); n != 0 || err != nil {
			t.Errorf("%d wait, %v", n, err)
		}
	}, bus.Migrations)
}

func TestTwoProcessesShareTheWorkAndKeepTheOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const events = 40
		var h heard
		done := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		var first *bus.Bus
		for range 2 {
			b := bus.Open(d, slog.New(slog.DiscardHandler), nil)
			if first == nil {
				first = b
			}
			b.Subscribe("x", "one", func(_ context.Context, e bus.Event) error {
				h.add(e)
				h.mu.Lock()
				defer h.mu.Unlock()
				if len(h.all) == events {
					close(done)
				}
				return nil
			})
			running.Go(func() {
				if err := b.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		var want []string
		for i := range events {
			publish(t, d, first, "x", "k", i)
			want = append(want, fmt.Sprintf("k:%d", i))
		}
		<-done
		stop()
		running.Wait()
		h.is(t, want...)
	}, bus.Migrations)
}
