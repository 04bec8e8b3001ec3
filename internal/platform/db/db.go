// Package db opens the database: SQLite in one file by default, PostgreSQL by
// address, the same SQL text on both.
//
// SQLite runs WAL with synchronous=FULL, one writer connection whose
// transactions begin IMMEDIATE, and a pool of readers that cannot write. What
// makes one text run on both is written in docs/adr/0001-one-sql-text.md.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

// ErrNoRows is returned by [One] when nothing was found. Stores translate it.
var ErrNoRows = sql.ErrNoRows

// Querier is what a store needs: the database, or a transaction.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is an open database. Reads outside a transaction go to the readers.
type DB struct {
	w, r     *sql.DB
	postgres bool
	dsn      string
	cache    *statements // of the SQLite writer, whose connection lives for ever
	reads    *statements // of the SQLite readers
}

// Open opens dsn: "postgres://…" or the path of an SQLite file, which is made
// when missing. It does not migrate.
func Open(ctx context.Context, dsn string) (*DB, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return openPostgres(ctx, dsn)
	}
	if err := os.MkdirAll(filepath.Dir(dsn), 0o750); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)"
	file := "file:" + (&url.URL{Path: dsn}).EscapedPath() + "?" + pragmas
	w, err := sql.Open("sqlite", file+"&_txlock=immediate&_pragma=cache_size(-16000)")
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	if err := w.PingContext(ctx); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("open %s: %w", dsn, err)
	}
	r, err := sql.Open("sqlite", file+"&_pragma=query_only(1)&_pragma=cache_size(-2000)") // the page cache of the system serves readers
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	r.SetMaxOpenConns(8)
	r.SetMaxIdleConns(8)
	return &DB{w: w, r: r, dsn: dsn, cache: newStatements(w), reads: newStatements(r)}, nil
}

func openPostgres(ctx context.Context, dsn string) (*DB, error) {
	p, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	p.SetMaxOpenConns(32)
	p.SetMaxIdleConns(32)
	if err := p.PingContext(ctx); err != nil {
		_ = p.Close()
		return nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	return &DB{w: p, r: p, postgres: true, dsn: dsn}, nil
}

// Close waits for nothing: stop the users of the database first.
func (d *DB) Close() error {
	if d.postgres {
		return d.w.Close()
	}
	d.cache.close()
	d.reads.close()
	return errors.Join(d.r.Close(), d.w.Close())
}

// Postgres reports whether the engine is PostgreSQL.
func (d *DB) Postgres() bool { return d.postgres }

// Path returns the SQLite file, or "" on PostgreSQL.
func (d *DB) Path() string {
	if d.postgres {
		return ""
	}
	return d.dsn
}

// Ping asks the engine for a sign of life.
func (d *DB) Ping(ctx context.Context) error { return d.r.PingContext(ctx) }

// ExecContext writes one statement in a transaction of its own.
func (d *DB) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := d.w.ExecContext(ctx, query, args...)
	return res, full(err)
}

// QueryContext reads.
func (d *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := d.kept(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return d.r.QueryContext(ctx, query, args...)
}

// QueryRowContext reads one row.
func (d *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := d.kept(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return d.r.QueryRowContext(ctx, query, args...)
}

// kept returns the prepared statement of a text that is read often.
func (d *DB) kept(ctx context.Context, query string) *sql.Stmt {
	if d.postgres {
		return nil
	}
	st, often := d.reads.get(query)
	if often {
		st, _ = d.reads.keep(ctx, query) // what cannot be prepared fails again below, with its reason
	}
	return st
}

// All reads every row into a slice; scan returns where the columns of one row
// go.
func All[T any](ctx context.Context, q Querier, scan func(*T) []any, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var t T
		if err := rows.Scan(scan(&t)...); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// One reads the first row; [ErrNoRows] when there is none.
func One[T any](ctx context.Context, q Querier, scan func(*T) []any, query string, args ...any) (T, error) {
	var t T
	err := q.QueryRowContext(ctx, query, args...).Scan(scan(&t)...)
	return t, err
}

// In renders the inside of "x IN (…)" for values, the first of which is parameter
// first. The last is repeated until there are a power of two: so few texts come of
// it that they stay prepared. There must be at least one value.
func In(first int, values []string) (marks string, args []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	var b strings.Builder
	args = make([]any, n)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
		args[i] = values[min(i, len(values)-1)]
	}
	return b.String(), args
}

// Column is a scan function for rows of one column.
func Column[T any](t *T) []any { return []any{t} }
