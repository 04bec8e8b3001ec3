// Package bus carries events up: a lower area publishes what happened in its own
// transaction, and the roof says who listens.
//
// An inline listener runs in the publisher's transaction and can refuse it. A
// subscriber gets its own copy of the event in the outbox, in the same
// transaction, and is called after the commit: at least once, in order per key,
// again later when it fails. A subscriber that fails for good has the event
// parked, so that one bad event does not hold up a key for ever.
package bus

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"sync"
	"time"

	json "github.com/go-json-experiment/json/v1"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of this package.
var Migrations = db.Migrations{Area: "bus", Files: files}

// Event is something that happened. ID and At are set by Publish.
type Event struct {
	ID      string // the same at every delivery of this event
	Topic   string // "order.placed"
	Key     string // what it happened to; events of one key stay in order
	Payload []byte // JSON
	At      time.Time
}

// New returns an event whose payload is the JSON of v.
func New(topic, key string, v any) (Event, error) {
	payload, err := json.Marshal(v)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", topic, err)
	}
	return Event{Topic: topic, Key: key, Payload: payload}, nil
}

// Decode reads the payload of e.
func Decode[T any](e Event) (T, error) {
	var v T
	if err := json.Unmarshal(e.Payload, &v); err != nil {
		return v, fmt.Errorf("read event %s: %w", e.Topic, err)
	}
	return v, nil
}

// Bus publishes and delivers. Name every listener before the first Publish, and
// the same ones in each process: Publish writes to those it knows.
type Bus struct {
	db          *db.DB
	log         *slog.Logger
	now         clock.Now
	owner       string
	inline      map[string][]func(ctx context.Context, tx *db.Tx, e Event) error
	subscribers map[string]*subscriber
	byTopic     map[string][]*subscriber
	delivered   *prometheus.CounterVec

	mu  sync.Mutex
	seq int64
}

// subscriber is one who listens. Each topic has a call or an apply.
type subscriber struct {
	name  string
	call  map[string]func(ctx context.Context, e Event) error
	apply map[string]func(ctx context.Context, tx *db.Tx, e Event) error
	wake  chan struct{}

	leased time.Time // until then it is ours; used by the one goroutine that delivers
}

func (s *subscriber) ring() {
	select {
	case s.wake <- struct{}{}:
	default: // somebody has rung already
	}
}

// Option changes a bus.
type Option func(*Bus)

// WithClock makes the bus read the time from now instead of [time.Now].
func WithClock(now clock.Now) Option { return func(b *Bus) { b.now = now } }

// Open returns a bus on d. Its counters go to reg, which may be nil.
func Open(d *db.DB, log *slog.Logger, reg prometheus.Registerer, opts ...Option) *Bus {
	b := &Bus{
		db: d, log: log, now: time.Now, owner: id.Secret(10),
		inline:      map[string][]func(context.Context, *db.Tx, Event) error{},
		subscribers: map[string]*subscriber{},
		byTopic:     map[string][]*subscriber{},
		delivered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openstall_bus_deliveries_total",
			Help: "Deliveries of events by subscriber and outcome (done, retry, parked).",
		}, []string{"subscriber", "outcome"}),
	}
	for _, o := range opts {
		o(b)
	}
	if reg != nil {
		reg.MustRegister(b.delivered)
	}
	return b
}

// Inline calls fn inside the publishing transaction, in the order of
// registration. Its error fails the transaction.
func (b *Bus) Inline(topic string, fn func(ctx context.Context, tx *db.Tx, e Event) error) {
	b.inline[topic] = append(b.inline[topic], fn)
}

// Subscribe calls fn after the commit, at least once per event. One name may
// subscribe to several topics and then has them in one order.
func (b *Bus) Subscribe(topic, name string, fn func(ctx context.Context, e Event) error) {
	b.subscriber(topic, name).call[topic] = fn
}

// Apply is Subscribe for what only writes to the database: fn runs in the
// transaction that also ticks the event off, so its writes happen exactly once.
// Events that wait are applied many to a transaction.
func (b *Bus) Apply(topic, name string, fn func(ctx context.Context, tx *db.Tx, e Event) error) {
	b.subscriber(topic, name).apply[topic] = fn
}

func (b *Bus) subscriber(topic, name string) *subscriber {
	s := b.subscribers[name]
	if s == nil {
		s = &subscriber{
			name:  name,
			call:  map[string]func(context.Context, Event) error{},
			apply: map[string]func(context.Context, *db.Tx, Event) error{},
			wake:  make(chan struct{}, 1),
		}
		b.subscribers[name] = s
	}
	if s.call[topic] != nil || s.apply[topic] != nil {
		panic("bus: " + name + " subscribes to " + topic + " twice")
	}
	b.byTopic[topic] = append(b.byTopic[topic], s)
	return s
}

// Publish hands events to the inline listeners and puts them into the outbox,
// all in the caller's transaction.
func (b *Bus) Publish(ctx context.Context, tx *db.Tx, events ...Event) error {
	now := b.now()
	rows := make([][]any, 0, len(events))
	woken := map[*subscriber]bool{}
	for i := range events {
		e := &events[i]
		e.ID, e.At = id.New("evt", now), now.UTC().Truncate(time.Millisecond)
		for _, fn := range b.inline[e.Topic] {
			if err := fn(ctx, tx, *e); err != nil {
				return fmt.Errorf("listen to %s: %w", e.Topic, err)
			}
		}
		for _, s := range b.byTopic[e.Topic] {
			rows = append(rows, row(s.name, *e))
			woken[s] = true
		}
	}
	if len(rows) == 0 {
		return nil
	}
	first, err := b.sequence(ctx, tx, int64(len(rows)))
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	for i := range rows {
		rows[i][seqColumn] = first + int64(i)
	}
	if err := insertMany(ctx, tx, rows); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	tx.AfterCommit(func() {
		for s := range woken {
			s.ring()
		}
	})
	return nil
}

// sequence returns the first of n rising numbers. Transactions that change one
// thing hold its lock, so numbers taken one after the other keep its events in
// order. On SQLite one process writes and counts by itself; on PostgreSQL the
// processes share the clock of the server, in microseconds.
func (b *Bus) sequence(ctx context.Context, tx *db.Tx, n int64) (int64, error) {
	micros := b.now().UnixMicro()
	if tx.Postgres() {
		var err error
		if micros, err = serverMicros(ctx, tx); err != nil {
			return 0, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	first := max(micros, b.seq+1)
	b.seq = first + n - 1
	return first, nil
}

// Parked is a delivery that was given up.
type Parked struct {
	Event      Event
	Subscriber string
	LastError  string
}

// Parked lists at most n given-up deliveries, the newest first.
func (b *Bus) Parked(ctx context.Context, n int) ([]Parked, error) { return listParked(ctx, b.db, n) }

// Waiting counts the deliveries that are still to be made.
func (b *Bus) Waiting(ctx context.Context) (int, error) { return countWaiting(ctx, b.db) }

// Trim forgets deliveries that were parked before the given time.
func (b *Bus) Trim(ctx context.Context, before time.Time) error {
	return deleteParked(ctx, b.db, before)
}
