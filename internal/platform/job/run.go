package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// poll is how often a queue looks without being woken: for jobs of other
// processes, jobs whose time has come, and leases that ran out.
const poll = time.Second

var errInterrupted = errors.New("interrupted: the process is stopping")

// Run works until ctx ends, then stops taking jobs, waits for the running ones
// and returns nil. A database that does not answer is asked again every second.
func (q *Queue) Run(ctx context.Context) error {
	work, interrupt := context.WithCancelCause(context.WithoutCancel(ctx))
	defer interrupt(nil)
	slots := make(chan struct{}, q.workers)
	var running sync.WaitGroup
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		free := q.workers - len(slots)
		jobs, err := q.next(ctx, free)
		if err != nil && ctx.Err() == nil {
			q.log.WarnContext(ctx, "jobs could not be taken", "error", err)
		}
		for _, j := range jobs {
			slots <- struct{}{}
			running.Go(func() {
				defer func() {
					<-slots
					q.ring() // there is room for another
				}()
				q.run(work, j)
			})
		}
		if free > 0 && len(jobs) == free {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-ticker.C:
		}
	}
	stop := time.AfterFunc(q.grace, func() { interrupt(errInterrupted) })
	defer stop.Stop()
	running.Wait()
	return nil
}

func (q *Queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Drain runs every job that is due now, and those that they make due, one after
// the other, and returns how many it ran. It is Run for tests, simulations and
// command lines; a failing job waits for its next attempt as always.
func (q *Queue) Drain(ctx context.Context) (int, error) {
	for n := 0; ; n++ {
		if some, err := q.Step(ctx); err != nil || !some {
			return n, err
		}
	}
}

// Step runs the next job that is due now and reports whether there was one.
func (q *Queue) Step(ctx context.Context) (bool, error) {
	jobs, err := q.next(ctx, 1)
	if err != nil || len(jobs) == 0 {
		return false, err
	}
	q.run(ctx, jobs[0])
	return true, nil
}

// next strikes the schedules and leases at most n due jobs.
func (q *Queue) next(ctx context.Context, n int) ([]taken, error) {
	if len(q.kinds) == 0 || n <= 0 {
		return nil, nil
	}
	if err := q.strikeSchedules(ctx); err != nil {
		return nil, err
	}
	now := q.now()
	// A look by a reader first: an idle queue must not take the writer every second.
	if due, err := anyDue(ctx, q.db, now); err != nil || !due {
		return nil, err
	}
	var jobs []taken
	err := q.db.InTx(ctx, func(tx *db.Tx) (err error) {
		jobs, err = take(ctx, tx, q.kinds, n, now, now.Add(q.lease))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take jobs: %w", err)
	}
	return jobs, nil
}

func (q *Queue) strikeSchedules(ctx context.Context) error {
	if len(q.schedules) == 0 {
		return nil
	}
	next, err := dueSchedules(ctx, q.db)
	if err != nil {
		return fmt.Errorf("read schedules: %w", err)
	}
	now := q.now()
	for _, s := range q.schedules {
		if next[s.name].After(now) {
			continue
		}
		err := q.db.InTx(ctx, func(tx *db.Tx) error {
			due, err := strike(ctx, tx, s.name, now, now.Add(s.every))
			if err != nil || !due {
				return err
			}
			// The next strike replaces what failed, so a few attempts are enough.
			i := insertion{args: scheduled(s.name), at: now, key: s.name, maxAttempts: 3}
			return insert(ctx, tx, id.New("job", now), "{}", i, now)
		})
		if err != nil {
			return fmt.Errorf("strike schedule %s: %w", s.name, err)
		}
	}
	return nil
}

type scheduled string

func (s scheduled) Kind() string { return string(s) }

// run runs a job under its lease and records what came out.
func (q *Queue) run(ctx context.Context, j taken) {
	begun := time.Now()
	err := q.attempt(ctx, j)
	q.took.WithLabelValues(j.kind).Observe(time.Since(begun).Seconds())
	// The outcome must be written also when ctx is what ended the handler.
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	outcome, saved := q.record(record, ctx, j, err)
	q.finished.WithLabelValues(j.kind, outcome).Inc()
	if saved != nil {
		// The lease runs out and the job runs again.
		q.log.ErrorContext(ctx, "job outcome was not recorded", "job", j.id, "kind", j.kind, "outcome", outcome, "error", saved)
	}
}

func (q *Queue) record(ctx, handlerCtx context.Context, j taken, err error) (string, error) {
	now := q.now()
	switch {
	case err == nil:
		return "done", finish(ctx, q.db, j)
	case handlerCtx.Err() != nil:
		// Being stopped is not the job's fault and costs no attempt.
		return "interrupted", release(ctx, q.db, j, j.attempt-1, "ready", err.Error(), now)
	case isFatal(err) || j.attempt >= j.maxAttempts:
		q.log.ErrorContext(ctx, "job died", "job", j.id, "kind", j.kind, "attempt", j.attempt, "error", err)
		return "dead", release(ctx, q.db, j, j.attempt, "dead", err.Error(), now)
	}
	wait := q.backoff(j.attempt)
	q.log.WarnContext(ctx, "job failed", "job", j.id, "kind", j.kind, "attempt", j.attempt, "again_in", wait, "error", err)
	return "retry", release(ctx, q.db, j, j.attempt, "ready", err.Error(), now.Add(wait))
}

// attempt calls the handler. Its context ends when the lease is lost.
func (q *Queue) attempt(ctx context.Context, j taken) (err error) {
	if j.attempt > j.maxAttempts {
		return Fatal(errors.New("the process died at every attempt"))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		q.keep(ctx, j, cancel)
	}()
	defer func() {
		cancel(nil)
		<-renewed
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return q.handlers[j.kind](ctx, []byte(j.args))
}

// keep renews the lease in thirds of its length until ctx ends. When it cannot,
// it ends the handler before anybody else may take the job.
func (q *Queue) keep(ctx context.Context, j taken, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(q.lease / 3)
	defer ticker.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		ours, err := renew(ctx, q.db, j, q.now().Add(q.lease))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if failures++; failures >= 2 {
				lost(fmt.Errorf("renew lease: %w", err))
				return
			}
		case !ours:
			lost(errors.New("the lease was lost"))
			return
		default:
			failures = 0
		}
	}
}
