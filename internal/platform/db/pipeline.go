package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipeline is a transaction of PostgreSQL: what nobody waits for yet goes in one
// message, from the begin to the commit.
type pipeline struct {
	batch    pgx.Batch
	begun    bool // the begin is on its way, or has gone
	together bool
	err      error
}

// queue adds a statement to the next message.
func (l *pipeline) queue(query string, args ...any) *pgx.QueuedQuery {
	l.begin()
	return l.batch.Queue(query, args...)
}

func (l *pipeline) begin() {
	if !l.begun {
		l.begun = true
		l.batch.Queue("BEGIN")
	}
}

// errUndone is returned when the server has rolled back what was to be committed.
var errUndone = errors.New("commit: a statement had failed")

func (tx *Tx) inPipeline(ctx context.Context, conn *sql.Conn, fn func(tx *Tx) error) error {
	tx.conn, tx.on, tx.line = conn, conn, &pipeline{}
	defer tx.abandon(ctx)
	if err := fn(tx); err != nil {
		if tx.line.err != nil && errors.Is(err, context.Canceled) { // said by a row that was not asked for any more
			return tx.line.err
		}
		return err
	}
	if !tx.line.begun {
		return nil
	}
	tx.line.queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errUndone
		}
		return nil
	})
	if tx.early {
		tx.line.queue(onDisk)
	}
	return tx.Flush(ctx)
}

// abandon ends a transaction that has not come to its commit. A connection that
// cannot be brought back is given up.
func (tx *Tx) abandon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = tx.raw(func(c *pgx.Conn) error {
		if c.PgConn().TxStatus() == 'I' {
			return nil
		}
		if _, err := c.Exec(ctx, "ROLLBACK"); err != nil {
			return driver.ErrBadConn
		}
		return nil
	})
}

func (tx *Tx) raw(f func(c *pgx.Conn) error) error {
	return tx.conn.Raw(func(c any) error { return f(c.(*stdlib.Conn).Conn()) })
}

// Together lets the writes that only succeed or fail ([Tx.Write],
// [Tx.WriteOne], [Tx.InsertMany]) and the questions of [Ask] and [AskAll] wait
// for the next other statement or for the commit, and go to PostgreSQL in one
// message with it: a transaction of many statements spends its time on the way
// there and back, and holds its locks meanwhile. An error of theirs comes with
// the statement or the commit that sends them. SQLite has no way to save, so
// there they run at once.
func (tx *Tx) Together() {
	if tx.line != nil {
		tx.line.together = true
	}
}

// waits reports whether statements may wait for others.
func (tx *Tx) waits() bool { return tx.line != nil && tx.line.together }

// Write runs a statement of which only success matters.
func (tx *Tx) Write(ctx context.Context, query string, args ...any) error {
	if !tx.waits() {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
	tx.line.queue(query, args...)
	return nil
}

// WriteOne is [Tx.Write] of a statement that must change exactly one row; it
// fails with otherwise when it changed none or more.
func (tx *Tx) WriteOne(ctx context.Context, otherwise error, query string, args ...any) error {
	if !tx.waits() {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(otherwise, err)
		}
		return nil
	}
	// The server has to refuse by itself: the commit may be in the same message.
	tx.line.queue("WITH one AS ("+query+" RETURNING 1) SELECT 1 / (CASE COUNT(*) WHEN 1 THEN 1 ELSE 0 END) FROM one", args...).QueryRow(func(row pgx.Row) error {
		var one int
		err := row.Scan(&one)
		if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == divisionByZero {
			return otherwise
		}
		return err
	})
	return nil
}

// divisionByZero is PostgreSQL's code for it (appendix A of its manual).
const divisionByZero = "22012"

// Ask is [One] into a place that keeps what it has when there is no row. After
// [Tx.Together] it is filled by [Tx.Flush], so that several questions are one
// message.
func Ask[T any](ctx context.Context, tx *Tx, into *T, scan func(*T) []any, query string, args ...any) error {
	none := func(err error) error {
		if errors.Is(err, ErrNoRows) {
			return nil
		}
		return err
	}
	if !tx.waits() {
		return none(tx.QueryRowContext(ctx, query, args...).Scan(scan(into)...))
	}
	tx.line.queue(query, args...).QueryRow(func(row pgx.Row) error { return none(row.Scan(scan(into)...)) })
	return nil
}

// AskAll is [All] into a slice, asked like [Ask].
func AskAll[T any](ctx context.Context, tx *Tx, into *[]T, scan func(*T) []any, query string, args ...any) error {
	if !tx.waits() {
		some, err := All(ctx, tx, scan, query, args...)
		*into = append(*into, some...)
		return err
	}
	tx.line.queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var t T
			if err := rows.Scan(scan(&t)...); err != nil {
				return err
			}
			*into = append(*into, t)
		}
		return rows.Err()
	})
	return nil
}

// Flush sends what waits, if anything does. After a failure it repeats the error:
// the transaction is lost.
func (tx *Tx) Flush(ctx context.Context) error {
	line := tx.line
	if line == nil {
		return nil
	}
	line.begin()
	if line.err == nil && line.batch.Len() > 0 {
		line.err = tx.raw(func(c *pgx.Conn) error { return c.SendBatch(ctx, &line.batch).Close() })
		line.batch = pgx.Batch{}
	}
	return line.err
}
