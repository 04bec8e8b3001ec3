// Package job does later what a transaction decided now: a job is inserted in
// the transaction that needs it, and runs after the commit, at least once.
//
// A worker takes a job by a lease that it keeps renewing. A lease that ran out
// (a killed process) lets another worker take the job again, so handlers must
// bear running twice one after the other; they never run twice at the same
// time. A handler that fails is tried again, later each time, and the job is
// dead when its attempts are used up: it stays in the table for a person.
package job

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of this package.
var Migrations = db.Migrations{Area: "job", Files: files}

// Args are what a job needs to know. They travel as JSON, and Kind must not
// depend on the value: Kind names the handler, such as "order.expire".
type Args interface{ Kind() string }

// Queue inserts and runs jobs. Register every handler before Run or Drain.
type Queue struct {
	db        *db.DB
	log       *slog.Logger
	now       clock.Now
	workers   int
	lease     time.Duration
	grace     time.Duration
	backoff   func(n int64) time.Duration
	handlers  map[string]func(ctx context.Context, args []byte) error
	kinds     []string
	schedules []schedule
	wake      chan struct{}
	finished  *prometheus.CounterVec
	took      *prometheus.HistogramVec
}

type schedule struct {
	name  string
	every time.Duration
}

// Option changes a queue.
type Option func(*Queue)

// WithClock makes the queue read the time from now instead of [time.Now].
func WithClock(now clock.Now) Option { return func(q *Queue) { q.now = now } }

// WithWorkers sets how many jobs run at once in this process. Default 4.
func WithWorkers(n int) Option { return func(q *Queue) { q.workers = n } }

// WithLease sets for how long a job stays taken after its worker's last sign of
// life. Default one minute.
func WithLease(d time.Duration) Option { return func(q *Queue) { q.lease = d } }

// WithGrace sets how long Run waits for running handlers when it is told to
// stop, before it cancels them. Default 20 s.
func WithGrace(d time.Duration) Option { return func(q *Queue) { q.grace = d } }

// WithBackoff sets how long a job waits after its n-th failure. Default: 2^n
// seconds, an hour at most, a quarter of it by chance.
func WithBackoff(wait func(n int64) time.Duration) Option { return func(q *Queue) { q.backoff = wait } }

// New returns a queue on d. Its counters go to reg.
func New(d *db.DB, log *slog.Logger, reg prometheus.Registerer, opts ...Option) *Queue {
	q := &Queue{
		db: d, log: log, now: time.Now, workers: 4, lease: time.Minute, grace: 20 * time.Second, backoff: backoff,
		handlers: map[string]func(context.Context, []byte) error{},
		wake:     make(chan struct{}, 1),
		finished: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openstall_jobs_total", Help: "Attempts at jobs by kind and outcome (done, retry, dead, interrupted).",
		}, []string{"kind", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "openstall_job_seconds", Help: "Run time of job handlers.", Buckets: prometheus.ExponentialBuckets(.005, 4, 8),
		}, []string{"kind"}),
	}
	for _, o := range opts {
		o(q)
	}
	if reg != nil {
		reg.MustRegister(q.finished, q.took)
	}
	return q
}

// Handle registers fn for the jobs of A. A second handler of one kind is a
// programming error and panics.
func Handle[A Args](q *Queue, fn func(ctx context.Context, args A) error) {
	var zero A
	q.handle(zero.Kind(), func(ctx context.Context, raw []byte) error {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return Fatal(fmt.Errorf("read arguments: %w", err))
		}
		return fn(ctx, args)
	})
}

// Every runs fn about every interval, once over all processes, beginning with
// the first start. A run that is missed (all processes down) is made up once.
// Name it as a job: "blob.sweep".
func (q *Queue) Every(name string, every time.Duration, fn func(ctx context.Context) error) {
	q.handle(name, func(ctx context.Context, _ []byte) error { return fn(ctx) })
	q.schedules = append(q.schedules, schedule{name, every})
}

func (q *Queue) handle(kind string, fn func(context.Context, []byte) error) {
	if _, taken := q.handlers[kind]; taken {
		panic("job: two handlers of " + kind)
	}
	q.handlers[kind] = fn
	q.kinds = append(q.kinds, kind)
}

// insertion is one job to insert.
type insertion struct {
	args        Args
	at          time.Time
	key         string
	maxAttempts int
}

// InsertOption changes how a job is inserted.
type InsertOption func(*insertion)

// At runs the job not before t. Default: at once.
func At(t time.Time) InsertOption { return func(i *insertion) { i.at = t } }

// Unique inserts nothing while a job of the same kind and key waits or runs.
func Unique(key string) InsertOption { return func(i *insertion) { i.key = key } }

// MaxAttempts sets after how many failures the job is dead. Default 16, which
// is about five hours.
func MaxAttempts(n int) InsertOption { return func(i *insertion) { i.maxAttempts = n } }

// Insert adds a job in the caller's transaction.
func (q *Queue) Insert(ctx context.Context, tx *db.Tx, args Args, opts ...InsertOption) error {
	now := q.now()
	i := insertion{args: args, at: now, maxAttempts: 16}
	for _, o := range opts {
		o(&i)
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("insert job %s: %w", args.Kind(), err)
	}
	if err := insert(ctx, tx, id.New("job", now), string(raw), i, now); err != nil {
		return fmt.Errorf("insert job %s: %w", args.Kind(), err)
	}
	q.wakeAfter(tx)
	return nil
}

// InsertMany adds jobs of one shape in one statement per row or array; opts
// hold for all of them, so Unique has no place here.
func (q *Queue) InsertMany(ctx context.Context, tx *db.Tx, args []Args, opts ...InsertOption) error {
	now := q.now()
	rows := make([][]any, 0, len(args))
	for _, a := range args {
		i := insertion{args: a, at: now, maxAttempts: 16}
		for _, o := range opts {
			o(&i)
		}
		raw, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("insert job %s: %w", a.Kind(), err)
		}
		rows = append(rows, row(id.New("job", now), string(raw), i, now))
	}
	if err := insertMany(ctx, tx, rows); err != nil {
		return fmt.Errorf("insert %d jobs: %w", len(args), err)
	}
	q.wakeAfter(tx)
	return nil
}

func (q *Queue) wakeAfter(tx *db.Tx) {
	tx.AfterCommit(func() {
		select {
		case q.wake <- struct{}{}:
		default: // somebody has rung already
		}
	})
}

// fatal marks an error that trying again cannot mend.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// Fatal makes err end the job at once: it is dead without further attempts.
func Fatal(err error) error { return fatal{err} }

func isFatal(err error) bool {
	var f fatal
	return errors.As(err, &f)
}

// backoff returns how long to wait after the n-th failure: 2^n seconds, an hour
// at most, a quarter of it by chance so that what failed together does not come
// back together.
func backoff(n int64) time.Duration {
	d := time.Hour
	if n < 12 {
		d = time.Second << n
	}
	d = min(d, time.Hour)
	return d*3/4 + rand.N(d/4+1)
}

// Dead is a job that used up its attempts.
type Dead struct {
	ID        string
	Kind      string
	Args      string // JSON
	Attempts  int64
	LastError string
	CreatedAt time.Time
}

// Dead lists at most n dead jobs, the newest first.
func (q *Queue) Dead(ctx context.Context, n int) ([]Dead, error) { return listDead(ctx, q.db, n) }

// Revive gives a dead job a new life of attempts, from now on. It does nothing
// when the job is not dead, or when a living job has its unique key.
func (q *Queue) Revive(ctx context.Context, jobID string) error {
	return q.db.InTx(ctx, func(tx *db.Tx) error {
		q.wakeAfter(tx)
		return revive(ctx, tx, jobID, q.now())
	})
}

// Depth counts the jobs that are due and the dead ones.
func (q *Queue) Depth(ctx context.Context) (due, dead int, err error) {
	return depth(ctx, q.db, q.now())
}
