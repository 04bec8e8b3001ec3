package db

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Tx is a write transaction. It is not safe for concurrent use.
type Tx struct {
	*sql.Tx
	db    *DB
	after []func()
}

// InTx runs fn in one write transaction: committed when fn returns nil, rolled
// back otherwise. On SQLite it is alone with the database, so fn must be short
// and must not call the network, wait, or open another transaction.
func (d *DB) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	stx, err := d.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{Tx: stx, db: d}
	defer func() { _ = stx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	if err := stx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// AfterCommit runs f once the transaction has been committed, in order; never
// when it was rolled back. A crash in between loses the call, so what must
// happen belongs into the outbox.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// Postgres reports whether the engine is PostgreSQL.
func (tx *Tx) Postgres() bool { return tx.db.postgres }

// ForUpdate returns the clause that locks the rows read; empty on SQLite, whose
// writer is alone already.
func (tx *Tx) ForUpdate() string {
	if tx.db.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// SkipLocked is [Tx.ForUpdate] that passes over rows locked by others.
func (tx *Tx) SkipLocked() string {
	if tx.db.postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// ExecContext writes.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if st := tx.kept(ctx, query); st != nil {
		return st.ExecContext(ctx, args...)
	}
	return tx.Tx.ExecContext(ctx, query, args...)
}

// QueryContext reads inside the transaction.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := tx.kept(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return tx.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext reads one row inside the transaction.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := tx.kept(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return tx.Tx.QueryRowContext(ctx, query, args...)
}

// kept returns the statement that [DB.Keep] prepared, bound to this
// transaction; nil when there is none.
func (tx *Tx) kept(ctx context.Context, query string) *sql.Stmt {
	if tx.db.postgres {
		return nil // pgx keeps its own
	}
	if st := tx.db.cache.get(query); st != nil {
		return tx.StmtContext(ctx, st)
	}
	return nil
}

// maxStatements bounds the cache; a text beyond it is not kept.
const maxStatements = 512

// statements keeps prepared statements of the one SQLite writer.
type statements struct {
	db *sql.DB
	mu sync.RWMutex
	by map[string]*sql.Stmt
}

func newStatements(db *sql.DB) *statements { return &statements{db: db, by: map[string]*sql.Stmt{}} }

func (s *statements) get(query string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.by[query]
}

// Keep prepares queries for the life of the database, so that transactions on
// SQLite do not parse them again. Call it once per hot statement at start, not
// inside a transaction. It does nothing on PostgreSQL.
func (d *DB) Keep(ctx context.Context, queries ...string) error {
	if d.postgres {
		return nil
	}
	for _, q := range queries {
		d.cache.mu.Lock()
		_, known := d.cache.by[q]
		full := len(d.cache.by) >= maxStatements
		d.cache.mu.Unlock()
		if known || full {
			continue
		}
		st, err := d.w.PrepareContext(ctx, q)
		if err != nil {
			return fmt.Errorf("prepare %.60q: %w", q, err)
		}
		d.cache.mu.Lock()
		d.cache.by[q] = st
		d.cache.mu.Unlock()
	}
	return nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.by {
		_ = st.Close()
	}
	s.by = nil
}

// InsertMany inserts rows into table: a prepared row in a loop on SQLite (a
// multi-row VALUES with numbered parameters costs 50 times more per row there),
// one statement over arrays on PostgreSQL. The values of one column must have
// one Go type out of string, int64, int, bool and nil; a nil needs at least one
// typed value beside it.
func (tx *Tx) InsertMany(ctx context.Context, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.db.postgres {
		return tx.insertArrays(ctx, table, columns, rows)
	}
	query := InsertText(table, columns)
	st := tx.kept(ctx, query)
	if st == nil {
		var err error
		if st, err = tx.PrepareContext(ctx, query); err != nil {
			return err
		}
		defer st.Close()
	}
	for _, row := range rows {
		if _, err := st.ExecContext(ctx, row...); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	return nil
}

// InsertText is the statement that [Tx.InsertMany] runs per row on SQLite, to
// be given to [DB.Keep].
func InsertText(table string, columns []string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (")
	for i := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	b.WriteString(")")
	return b.String()
}

func (tx *Tx) insertArrays(ctx context.Context, table string, columns []string, rows [][]any) error {
	args := make([]any, len(columns))
	casts := make([]string, len(columns))
	for c := range columns {
		arg, cast, err := column(rows, c)
		if err != nil {
			return fmt.Errorf("insert into %s: column %s: %w", table, columns[c], err)
		}
		args[c] = arg
		casts[c] = "$" + strconv.Itoa(c+1) + "::" + cast + "[]"
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+
		") SELECT * FROM unnest("+strings.Join(casts, ", ")+")", args...)
	if err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// column gathers column c of rows as an array and names its PostgreSQL type.
func column(rows [][]any, c int) (any, string, error) {
	var sample any
	for _, row := range rows {
		if row[c] != nil {
			sample = row[c]
			break
		}
	}
	switch sample.(type) {
	case int64, int:
		out := make([]*int64, len(rows))
		for i, row := range rows {
			switch v := row[c].(type) {
			case int64:
				out[i] = &v
			case int:
				n := int64(v)
				out[i] = &n
			case nil:
			default:
				return nil, "", fmt.Errorf("mixed types: %T", v)
			}
		}
		return out, "bigint", nil
	case bool:
		return gather[bool](rows, c, "boolean")
	case string, nil:
		return gather[string](rows, c, "text")
	}
	return nil, "", fmt.Errorf("type %T is not known", sample)
}

func gather[T any](rows [][]any, c int, cast string) (any, string, error) {
	out := make([]*T, len(rows))
	for i, row := range rows {
		switch v := row[c].(type) {
		case T:
			out[i] = &v
		case nil:
		default:
			return nil, "", fmt.Errorf("mixed types: %T", v)
		}
	}
	return out, cast, nil
}
