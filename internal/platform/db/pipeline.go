package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipeline is the writes of a transaction that nobody waits for yet.
type pipeline struct {
	batch pgx.Batch
	err   error
}

// Together lets the writes that only succeed or fail ([Tx.Write],
// [Tx.WriteOne], [Tx.InsertMany]) and the questions of [Ask] wait for the next other statement or for the
// commit, and go to PostgreSQL in one message: a transaction of many statements
// spends its time on the way there and back, and holds its locks meanwhile. An
// error of theirs comes with the statement or the commit that sends them. SQLite
// has no way to save, so there they run at once.
func (tx *Tx) Together() {
	if tx.db.postgres && tx.line == nil {
		tx.line = &pipeline{}
	}
}

// Write runs a statement of which only success matters.
func (tx *Tx) Write(ctx context.Context, query string, args ...any) error {
	if tx.line == nil {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
	tx.line.batch.Queue(query, args...)
	return nil
}

// WriteOne is [Tx.Write] of a statement that must change exactly one row; it
// fails with otherwise when it changed none or more.
func (tx *Tx) WriteOne(ctx context.Context, otherwise error, query string, args ...any) error {
	if tx.line == nil {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(otherwise, err)
		}
		return nil
	}
	tx.line.batch.Queue(query, args...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != 1 {
			return otherwise
		}
		return nil
	})
	return nil
}

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
	if tx.line == nil {
		return none(tx.QueryRowContext(ctx, query, args...).Scan(scan(into)...))
	}
	tx.line.batch.Queue(query, args...).QueryRow(func(row pgx.Row) error { return none(row.Scan(scan(into)...)) })
	return nil
}

// Flush sends what waits, if anything does.
func (tx *Tx) Flush(ctx context.Context) error { return tx.flush(ctx) }

// flush sends what waits. After a failure it repeats the error: the transaction
// is lost.
func (tx *Tx) flush(ctx context.Context) error {
	if tx.line == nil || tx.line.err != nil {
		return tx.failed()
	}
	if tx.line.batch.Len() == 0 {
		return nil
	}
	tx.line.err = tx.conn.Raw(func(driver any) error {
		return driver.(*stdlib.Conn).Conn().SendBatch(ctx, &tx.line.batch).Close()
	})
	tx.line.batch = pgx.Batch{}
	return tx.line.err
}

func (tx *Tx) failed() error {
	if tx.line == nil {
		return nil
	}
	return tx.line.err
}
