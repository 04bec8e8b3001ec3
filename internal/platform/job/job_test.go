package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

type pack struct{ Order string }

func (pack) Kind() string { return "order.pack" }

// world is a queue on a clock that the test turns.
type world struct {
	db  *db.DB
	mu  sync.Mutex
	now time.Time
}

func newWorld(d *db.DB) *world {
	return &world{db: d, now: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) queue(opts ...job.Option) *job.Queue {
	return job.New(w.db, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), append(opts, job.WithClock(w.clock))...)
}

func (w *world) insert(t *testing.T, q *job.Queue, a job.Args, opts ...job.InsertOption) {
	t.Helper()
	err := w.db.InTx(t.Context(), func(tx *db.Tx) error { return q.Insert(t.Context(), tx, a, opts...) })
	if err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, q *job.Queue) int {
	t.Helper()
	n, err := q.Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestJobRunsOnlyWhenItsTransactionCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue()
		var ran []string
		job.Handle(q, func(_ context.Context, p pack) error { ran = append(ran, p.Order); return nil })
		rolledBack := errors.New("rolled back")
		err := d.InTx(t.Context(), func(tx *db.Tx) error {
			if err := q.Insert(t.Context(), tx, pack{"lost"}); err != nil {
				return err
			}
			return rolledBack
		})
		if !errors.Is(err, rolledBack) {
			t.Fatal(err)
		}
		w.insert(t, q, pack{"kept"})
		if drain(t, q); fmt.Sprint(ran) != "[kept]" {
			t.Errorf("ran %q, want only the committed one", ran)
		}
		if n := drain(t, q); n != 0 {
			t.Errorf("%d jobs ran again", n)
		}
	}, job.Migrations)
}

func TestJobWaitsForItsTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue()
		job.Handle(q, func(context.Context, pack) error { return nil })
		w.insert(t, q, pack{"1"}, job.At(w.clock().Add(time.Minute)))
		w.pass(time.Minute - time.Millisecond)
		if n := drain(t, q); n != 0 {
			t.Errorf("%d ran early", n)
		}
		w.pass(time.Millisecond)
		if n := drain(t, q); n != 1 {
			t.Errorf("%d ran at the time, want 1", n)
		}
	}, job.Migrations)
}

func TestFailingJobComesBackLaterAndThenDies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue()
		attempts := 0
		job.Handle(q, func(context.Context, pack) error {
			attempts++
			return errors.New("the printer is out of paper")
		})
		w.insert(t, q, pack{"1"}, job.MaxAttempts(3))
		if drain(t, q); attempts != 1 {
			t.Fatalf("%d attempts at once, want 1", attempts)
		}
		w.pass(time.Second)
		if n := drain(t, q); n != 0 {
			t.Error("it came back within a second")
		}
		for range 5 {
			w.pass(time.Hour)
			drain(t, q)
		}
		dead, err := q.Dead(t.Context(), 10)
		if err != nil || attempts != 3 || len(dead) != 1 {
			t.Fatalf("%d attempts, dead %+v, %v; want 3 and one dead", attempts, dead, err)
		}
		if dead[0].Attempts != 3 || !strings.Contains(dead[0].LastError, "out of paper") || dead[0].Args != `{"Order":"1"}` {
			t.Errorf("dead = %+v", dead[0])
		}
		if err := q.Revive(t.Context(), dead[0].ID); err != nil {
			t.Fatal(err)
		}
		if drain(t, q); attempts != 4 {
			t.Errorf("%d attempts after Revive, want 4", attempts)
		}
	}, job.Migrations)
}

func TestFatalErrorAndPanicAreContained(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue()
		job.Handle(q, func(_ context.Context, p pack) error {
			if p.Order == "panic" {
				panic("a nil map")
			}
			return job.Fatal(errors.New("no such order"))
		})
		w.insert(t, q, pack{"fatal"})
		w.insert(t, q, pack{"panic"}, job.MaxAttempts(1))
		drain(t, q)
		dead, err := q.Dead(t.Context(), 10)
		if err != nil || len(dead) != 2 {
			t.Fatalf("dead = %+v, %v; want both", dead, err)
		}
		due, deadCount, err := q.Depth(t.Context())
		if err != nil || due != 0 || deadCount != 2 {
			t.Errorf("Depth = %d, %d, %v", due, deadCount, err)
		}
	}, job.Migrations)
}

func TestUniqueKeyKeepsOneWaiting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue()
		job.Handle(q, func(context.Context, pack) error { return nil })
		for range 3 {
			w.insert(t, q, pack{"1"}, job.Unique("order 1"))
		}
		w.insert(t, q, pack{"2"}, job.Unique("order 2"))
		if n := drain(t, q); n != 2 {
			t.Errorf("%d ran, want 2", n)
		}
		w.insert(t, q, pack{"1"}, job.Unique("order 1"))
		if n := drain(t, q); n != 1 {
			t.Errorf("%d ran once the first was done, want 1", n)
		}
	}, job.Migrations)
}

func TestManyJobsGoInAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue()
		job.Handle(q, func(context.Context, pack) error { return nil })
		var all []job.Args
		for i := range 200 {
			all = append(all, pack{fmt.Sprint(i)})
		}
		err := d.InTx(t.Context(), func(tx *db.Tx) error { return q.InsertMany(t.Context(), tx, all) })
		if err != nil {
			t.Fatal(err)
		}
		if n := drain(t, q); n != 200 {
			t.Errorf("%d ran, want 200", n)
		}
	}, job.Migrations)
}

func TestKilledWorkersJobIsTakenWhenItsLeaseEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		killed, survivor := w.queue(), w.queue()
		entered, ended := make(chan struct{}), make(chan error, 1)
		job.Handle(killed, func(ctx context.Context, _ pack) error {
			close(entered)
			<-ctx.Done()
			return ctx.Err()
		})
		ran := 0
		job.Handle(survivor, func(context.Context, pack) error { ran++; return nil })
		w.insert(t, killed, pack{"1"})
		ctx, kill := context.WithCancel(t.Context())
		go func() { _, err := killed.Drain(ctx); ended <- err }()
		<-entered
		if n := drain(t, survivor); n != 0 {
			t.Errorf("a running job was taken %d times", n)
		}
		w.pass(time.Minute + time.Second)
		if drain(t, survivor); ran != 1 {
			t.Errorf("ran %d times after the lease, want 1", ran)
		}
		kill()
		<-ended
		// What the first worker records comes too late and must change nothing.
		w.pass(time.Hour)
		if n := drain(t, survivor); n != 0 {
			t.Errorf("the job came back %d times", n)
		}
	}, job.Migrations)
}

func TestLeaseIsRenewedAndItsLossEndsTheHandler(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		slow, other := w.queue(job.WithLease(60*time.Millisecond)), w.queue()
		entered, ended := make(chan struct{}), make(chan error, 1)
		job.Handle(slow, func(ctx context.Context, _ pack) error {
			close(entered)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		})
		job.Handle(other, func(context.Context, pack) error { return nil })
		w.insert(t, slow, pack{"1"})
		go func() { _, _ = slow.Drain(t.Context()) }()
		<-entered
		// Until somebody else takes it, the lease is renewed; then the handler ends.
		for taken := 0; taken == 0; {
			w.pass(time.Second)
			taken = drain(t, other)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "lease") {
			t.Errorf("the handler ended with %v, want the lost lease", err)
		}
	}, job.Migrations)
}

func TestScheduleStrikesOncePerInterval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		var struck atomic.Int64
		var queues []*job.Queue
		for range 2 { // two processes
			q := w.queue()
			q.Every("blob.sweep", time.Hour, func(context.Context) error { struck.Add(1); return nil })
			queues = append(queues, q)
		}
		for _, step := range []struct {
			pass time.Duration
			want int64
		}{{0, 1}, {59 * time.Minute, 1}, {time.Minute, 2}, {5 * time.Hour, 3}, {time.Minute, 3}} {
			w.pass(step.pass)
			for _, q := range queues {
				drain(t, q)
			}
			if got := struck.Load(); got != step.want {
				t.Errorf("after %s more: struck %d times, want %d", step.pass, got, step.want)
			}
		}
	}, job.Migrations)
}

func TestTwoProcessesNeverRunOneJobAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		const jobs = 60
		var mu sync.Mutex
		running, runs := map[string]bool{}, 0
		done := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		var first *job.Queue
		for range 3 {
			q := w.queue(job.WithWorkers(4))
			if first == nil {
				first = q
			}
			job.Handle(q, func(_ context.Context, p pack) error {
				mu.Lock()
				if running[p.Order] {
					t.Errorf("job %s runs twice at once", p.Order)
				}
				running[p.Order] = true
				mu.Unlock()
				mu.Lock()
				defer mu.Unlock()
				running[p.Order] = false
				if runs++; runs == jobs {
					close(done)
				}
				return nil
			})
			workers.Go(func() {
				if err := q.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range jobs {
			w.insert(t, first, pack{fmt.Sprint(i)})
		}
		<-done
		stop()
		workers.Wait()
		if runs != jobs {
			t.Errorf("%d runs of %d jobs", runs, jobs)
		}
	}, job.Migrations)
}

func TestStoppingWaitsForTheHandlerAndGivesBackWhatItCuts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(d)
		q := w.queue(job.WithGrace(10 * time.Millisecond))
		entered, stopped := make(chan struct{}), make(chan error, 1)
		job.Handle(q, func(ctx context.Context, _ pack) error {
			close(entered)
			<-ctx.Done()
			return ctx.Err()
		})
		w.insert(t, q, pack{"1"}, job.MaxAttempts(1))
		ctx, stop := context.WithCancel(t.Context())
		go func() { stopped <- q.Run(ctx) }()
		<-entered
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("Run = %v, want nil when asked to stop", err)
		}
		next := w.queue()
		job.Handle(next, func(context.Context, pack) error { return nil })
		if n := drain(t, next); n != 1 {
			t.Errorf("the next process ran %d jobs, want the interrupted one", n)
		}
	}, job.Migrations)
}
