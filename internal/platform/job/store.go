package job

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

var columns = []string{"id", "kind", "args", "state", "due_at", "attempt", "max_attempts", "unique_key", "last_error", "created_at"}

func row(jobID, args string, i insertion, now time.Time) []any {
	var key any
	if i.key != "" {
		key = i.key
	}
	return []any{jobID, i.args.Kind(), args, "ready", clock.Millis(i.at), 0, i.maxAttempts, key, "", clock.Millis(now)}
}

func insert(ctx context.Context, q db.Querier, jobID, args string, i insertion, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO job (id, kind, args, state, due_at, attempt, max_attempts, unique_key, last_error, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT DO NOTHING`, row(jobID, args, i, now)...)
	return err
}

func insertMany(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return tx.InsertMany(ctx, "job", columns, rows)
}

// taken is a job under our lease. Attempt is the fencing token: whoever takes
// the job after us has a higher one.
type taken struct {
	id, kind, args       string
	attempt, maxAttempts int64
}

// take leases at most n due jobs of the given kinds until the given time.
func take(ctx context.Context, tx *db.Tx, kinds []string, n int, now, until time.Time) ([]taken, error) {
	args := []any{clock.Millis(now), clock.Millis(until), n}
	marks := make([]string, len(kinds))
	for i, kind := range kinds {
		args = append(args, kind)
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	// The CTE is materialised so that PostgreSQL locks each row once, and passes
	// over rows that another process is taking.
	jobs, err := db.All(ctx, tx, func(j *taken) []any {
		return []any{&j.id, &j.kind, &j.args, &j.attempt, &j.maxAttempts}
	}, `
		WITH due AS MATERIALIZED (
			SELECT id FROM job
			WHERE state <> 'dead' AND due_at <= $1 AND kind IN (`+strings.Join(marks, ", ")+`)
			ORDER BY due_at, id
			LIMIT $3`+tx.SkipLocked()+`
		)
		UPDATE job SET state = 'running', attempt = attempt + 1, due_at = $2
		FROM due
		WHERE job.id = due.id
		RETURNING job.id, job.kind, job.args, job.attempt, job.max_attempts`, args...)
	// RETURNING keeps no order; ids are in the order of insertion.
	slices.SortFunc(jobs, func(a, b taken) int { return cmp.Compare(a.id, b.id) })
	return jobs, err
}

// renew says whether the job was still ours.
func renew(ctx context.Context, q db.Querier, j taken, until time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `
		UPDATE job SET due_at = $3
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, j.id, j.attempt, clock.Millis(until))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func finish(ctx context.Context, q db.Querier, j taken) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM job
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, j.id, j.attempt)
	return err
}

// release puts the job back, to be taken at the given time as attempt + 1.
func release(ctx context.Context, q db.Querier, j taken, attempt int64, state, lastError string, at time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE job SET state = $3, attempt = $4, due_at = $5, last_error = $6
		WHERE id = $1 AND attempt = $2 AND state = 'running'`,
		j.id, j.attempt, state, attempt, clock.Millis(at), lastError)
	return err
}

// strike says whether the schedule was due, and moves it on if so.
func strike(ctx context.Context, tx *db.Tx, name string, now, next time.Time) (bool, error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO job_schedule (name, next_at)
		VALUES ($1, 0)
		ON CONFLICT DO NOTHING`, name); err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `
		UPDATE job_schedule SET next_at = $3
		WHERE name = $1 AND next_at <= $2`, name, clock.Millis(now), clock.Millis(next))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// dueSchedules reads when each schedule strikes next; one that is missing has
// never struck.
func dueSchedules(ctx context.Context, q db.Querier) (map[string]time.Time, error) {
	type entry struct {
		name string
		at   int64
	}
	rows, err := db.All(ctx, q, func(e *entry) []any { return []any{&e.name, &e.at} }, `
		SELECT name, next_at FROM job_schedule`)
	next := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		next[r.name] = clock.Time(r.at)
	}
	return next, err
}

func anyDue(ctx context.Context, q db.Querier, now time.Time) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (SELECT 1 FROM job WHERE state <> 'dead' AND due_at <= $1)`, clock.Millis(now))
}

func listDead(ctx context.Context, q db.Querier, n int) ([]Dead, error) {
	type line struct {
		d  Dead
		at int64
	}
	rows, err := db.All(ctx, q, func(l *line) []any {
		return []any{&l.d.ID, &l.d.Kind, &l.d.Args, &l.d.Attempts, &l.d.LastError, &l.at}
	}, `
		SELECT id, kind, args, attempt, last_error, created_at FROM job
		WHERE state = 'dead'
		ORDER BY created_at DESC, id DESC
		LIMIT $1`, n)
	dead := make([]Dead, len(rows))
	for i, r := range rows {
		dead[i] = r.d
		dead[i].CreatedAt = clock.Time(r.at)
	}
	return dead, err
}

func revive(ctx context.Context, q db.Querier, jobID string, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE job SET state = 'ready', attempt = 0, due_at = $2
		WHERE id = $1 AND state = 'dead' AND NOT EXISTS (
			SELECT 1 FROM job AS other
			WHERE other.kind = job.kind AND other.unique_key = job.unique_key AND other.state <> 'dead'
		)`, jobID, clock.Millis(now))
	return err
}

func depth(ctx context.Context, q db.Querier, now time.Time) (due, dead int, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT
			(SELECT COUNT(*) FROM job WHERE state <> 'dead' AND due_at <= $1),
			(SELECT COUNT(*) FROM job WHERE state = 'dead')`, clock.Millis(now)).Scan(&due, &dead)
	return due, dead, err
}
