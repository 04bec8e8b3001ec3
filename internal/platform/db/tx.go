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
	db    *DB
	on    statementer // where statements go: lite, or conn
	lite  *sql.Tx     // of SQLite
	conn  *sql.Conn   // of PostgreSQL, between a begin and a commit of our own
	after []func()
	again []string // texts that have come often enough to be kept
	line  *pipeline
	early bool // the commit does not wait for the disk, InTx does
}

type statementer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// InTx runs fn in one write transaction: committed when fn returns nil, rolled
// back otherwise. On SQLite it is alone with the database, so fn must be short
// and must not call the network, wait, or open another transaction.
func (d *DB) InTx(ctx context.Context, fn func(tx *Tx) error) error { return full(d.inTx(ctx, fn)) }

func (d *DB) inTx(ctx context.Context, fn func(tx *Tx) error) error {
	conn, err := d.w.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{db: d}
	defer d.settle(ctx, tx) // runs after the connection is free again
	defer conn.Close()
	if d.postgres {
		err = tx.inPipeline(ctx, conn, fn)
	} else {
		err = tx.inLite(ctx, conn, fn)
	}
	if err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

func (tx *Tx) inLite(ctx context.Context, conn *sql.Conn, fn func(tx *Tx) error) error {
	var err error
	if tx.lite, err = conn.BeginTx(ctx, nil); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.lite.Rollback() }()
	tx.on = tx.lite
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.lite.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// ReleaseEarly lets the locks of the transaction go when it commits, not when the
// disk has it: others need not wait for the disk of this one. [DB.InTx] returns,
// and AfterCommit runs, only when the disk has it, and with it everything that
// this transaction has read: what PostgreSQL logs is one sequence. Others may see
// for that moment what a loss of power would undo. SQLite has one writer and is
// left alone. Call it first.
func (tx *Tx) ReleaseEarly(ctx context.Context) error {
	if !tx.db.postgres {
		return nil
	}
	tx.early = true
	return tx.Write(ctx, "SET LOCAL synchronous_commit TO off")
}

// onDisk writes a word into PostgreSQL's log and waits, as the server is set up
// to, until it and everything before it is safe. (A commit of a transaction that
// has logged nothing waits for nothing.)
const onDisk = "SELECT pg_logical_emit_message(true, 'openstall', '')"

// Snapshot lets fn read one state of the database, whatever is written in the
// meantime. It holds up no writer, and cannot write.
func (d *DB) Snapshot(ctx context.Context, fn func(q Querier) error) error {
	var opts *sql.TxOptions // a reader of SQLite keeps the state of its first read
	if d.postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := d.r.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(tx)
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
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	if st := tx.kept(ctx, query); st != nil {
		return st.ExecContext(ctx, args...)
	}
	return tx.on.ExecContext(ctx, query, args...)
}

// QueryContext reads inside the transaction.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	if st := tx.kept(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return tx.on.QueryContext(ctx, query, args...)
}

// QueryRowContext reads one row inside the transaction.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := tx.Flush(ctx); err != nil { // the transaction is lost, and its end tells the reason
		over, cancel := context.WithCancel(ctx)
		cancel()
		ctx = over
	}
	if st := tx.kept(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return tx.on.QueryRowContext(ctx, query, args...)
}

// kept returns the prepared statement of a text, bound to this transaction; nil
// when there is none yet.
func (tx *Tx) kept(ctx context.Context, query string) *sql.Stmt {
	if tx.db.postgres {
		return nil // pgx keeps its own
	}
	st, often := tx.db.cache.get(query)
	if st != nil {
		return tx.lite.StmtContext(ctx, st)
	}
	if often {
		tx.again = append(tx.again, query)
	}
	return nil
}

// statements keeps prepared statements of one pool: SQLite parses a text each
// time otherwise, which costs as much as running it.
type statements struct {
	db *sql.DB
	mu sync.RWMutex
	by map[string]*sql.Stmt
	// seen counts texts that are not kept yet.
	seen map[string]int
}

const (
	maxStatements = 512 // a text beyond it is not kept
	often         = 3   // a text that comes so often is kept
)

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, by: map[string]*sql.Stmt{}, seen: map[string]int{}}
}

// get returns a kept statement, or whether the text deserves to be kept.
func (s *statements) get(query string) (*sql.Stmt, bool) {
	s.mu.RLock()
	st := s.by[query]
	s.mu.RUnlock()
	if st != nil {
		return st, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.by) >= maxStatements || len(s.seen) > 4*maxStatements {
		return nil, false
	}
	s.seen[query]++
	return nil, s.seen[query] >= often
}

// keep prepares a text for the life of the database.
func (s *statements) keep(ctx context.Context, query string) (*sql.Stmt, error) {
	st, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", query, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.by[query]; was != nil || s.by == nil {
		_ = st.Close()
		return was, nil
	}
	s.by[query] = st
	delete(s.seen, query)
	return st, nil
}

// settle keeps what a transaction used often, once its connection is free.
func (d *DB) settle(ctx context.Context, tx *Tx) {
	for _, query := range tx.again {
		_, _ = d.cache.keep(ctx, query) // a text that cannot be prepared has failed already
	}
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.by {
		_ = st.Close()
	}
	s.by = nil
}

// Keep prepares queries of transactions for the life of the database, for those
// that must be quick from the first time. It does nothing on PostgreSQL.
func (d *DB) Keep(ctx context.Context, queries ...string) error {
	if d.postgres {
		return nil
	}
	for _, q := range queries {
		if st, _ := d.cache.get(q); st != nil {
			continue
		}
		if _, err := d.cache.keep(ctx, q); err != nil {
			return err
		}
	}
	return nil
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
		if st, err = tx.lite.PrepareContext(ctx, query); err != nil {
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
	if err := tx.Write(ctx, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+
		") SELECT * FROM unnest("+strings.Join(casts, ", ")+")", args...); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// column gathers column c of rows as an array and names its PostgreSQL type. An
// array without nulls is one of values: the driver encodes those much faster
// than pointers.
func column(rows [][]any, c int) (any, string, error) {
	var sample any
	nulls := false
	for _, row := range rows {
		if row[c] == nil {
			nulls = true
		} else if sample == nil {
			sample = row[c]
		}
	}
	switch sample.(type) {
	case int64:
		return gather[int64](rows, c, nulls, "bigint")
	case int:
		return gather[int](rows, c, nulls, "bigint")
	case bool:
		return gather[bool](rows, c, nulls, "boolean")
	case string, nil:
		return gather[string](rows, c, nulls, "text")
	}
	return nil, "", fmt.Errorf("type %T is not known", sample)
}

func gather[T any](rows [][]any, c int, nulls bool, cast string) (any, string, error) {
	values, refs := make([]T, len(rows)), []*T(nil)
	if nulls {
		refs = make([]*T, len(rows))
	}
	for i, row := range rows {
		v, ok := row[c].(T)
		if !ok {
			if row[c] != nil {
				return nil, "", fmt.Errorf("mixed types: %T", row[c])
			}
			continue
		}
		values[i] = v
		if nulls {
			refs[i] = &values[i]
		}
	}
	if nulls {
		return refs, cast, nil
	}
	return values, cast, nil
}
