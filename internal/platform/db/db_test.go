package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var thing = db.Migrations{Area: "thing", Files: fstest.MapFS{"migrations/2026112200_thing.sql": {Data: []byte(`-- +goose Up
CREATE TABLE thing (id TEXT PRIMARY KEY, n BIGINT NOT NULL CHECK (n >= 0), ok BOOLEAN NOT NULL, note TEXT);
`)}}}

type row struct {
	id   string
	n    int64
	ok   bool
	note *string
}

func cols(r *row) []any { return []any{&r.id, &r.n, &r.ok, &r.note} }

func TestASnapshotSeesOneStateAndCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		count := func(q db.Querier) (n int64) {
			t.Helper()
			if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM thing`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		const add = `INSERT INTO thing (id, n, ok) VALUES ($1, 1, TRUE)`
		err := d.Snapshot(ctx, func(q db.Querier) error {
			before := count(q)
			if _, err := d.ExecContext(ctx, add, "later"); err != nil {
				t.Fatal(err)
			}
			if after := count(q); after != before {
				t.Errorf("%d rows, then %d", before, after)
			}
			_, err := q.ExecContext(ctx, add, "own")
			return err
		})
		if n := count(d); err == nil || n != 1 {
			t.Errorf("it writes: %v, %d rows", err, n)
		}
	}, thing)
}

func TestOneTextRunsOnBothEngines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.InTx(ctx, func(tx *db.Tx) error {
			return tx.InsertMany(ctx, "thing", []string{"id", "n", "ok", "note"}, [][]any{
				{"a", int64(3), true, "x"}, {"b", int64(5), false, nil},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		// Numbered parameters are positional in any order, and may be used twice.
		got, err := db.All(ctx, d, cols, `SELECT id, n, ok, note FROM thing WHERE n <= $2 AND id >= $1 AND n <= $2 ORDER BY id`, "a", 5)
		if err != nil || len(got) != 2 || got[0].id != "a" || !got[0].ok || got[1].note != nil || *got[0].note != "x" {
			t.Fatalf("All = %+v, %v", got, err)
		}
		var left int64
		if err := d.InTx(ctx, func(tx *db.Tx) error {
			return tx.QueryRowContext(ctx, `UPDATE thing SET n = n - $2 WHERE id = $1 AND n >= $2 RETURNING n`, "a", 2).Scan(&left)
		}); err != nil || left != 1 {
			t.Errorf("left = %d, %v", left, err)
		}
		if _, err := d.ExecContext(ctx, `INSERT INTO thing (id, n, ok) VALUES ($1, $2, $3)`, "a", 1, true); !db.IsUnique(err) {
			t.Errorf("second a: %v, want a unique violation", err)
		}
		if _, err := d.ExecContext(ctx, `UPDATE thing SET n = $1`, -1); !db.IsCheck(err) {
			t.Errorf("n = -1: %v, want a check violation", err)
		}
		if _, err := db.One(ctx, d, cols, `SELECT id, n, ok, note FROM thing WHERE id = $1`, "z"); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("One = %v, want ErrNoRows", err)
		}
	}, thing)
}

func TestAListOfValuesIsOneTextForManyLengths(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var rows [][]any
		for _, id := range []string{"a", "b", "c", "d"} {
			rows = append(rows, []any{id, int64(len(rows)), true})
		}
		if err := d.InTx(ctx, func(tx *db.Tx) error { return tx.InsertMany(ctx, "thing", []string{"id", "n", "ok"}, rows) }); err != nil {
			t.Fatal(err)
		}
		texts := map[string]bool{}
		for _, want := range [][]string{{"b"}, {"a", "c"}, {"a", "b", "d"}, {"a", "b", "c", "d"}} {
			marks, args := db.In(2, want)
			texts[marks] = true
			got, err := db.All(ctx, d, db.Column[string], `SELECT id FROM thing WHERE n >= $1 AND id IN (`+marks+`) ORDER BY id`, append([]any{0}, args...)...)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%v: %v, %v", want, got, err)
			}
		}
		if len(texts) != 3 {
			t.Errorf("four lengths made %d texts: %v", len(texts), texts)
		}
	}, thing)
}

func TestRolledBackMeansNothingHappened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boom, called := errors.New("boom"), false
		err := d.InTx(ctx, func(tx *db.Tx) error {
			tx.AfterCommit(func() { called = true })
			if _, err := tx.ExecContext(ctx, `INSERT INTO thing (id, n, ok) VALUES ('a', 1, TRUE)`); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || called {
			t.Errorf("InTx = %v, after-commit called: %v", err, called)
		}
		n, err := db.One(ctx, d, db.Column[int64], `SELECT COUNT(*) FROM thing`)
		if err != nil || n != 0 {
			t.Errorf("rows = %d, %v", n, err)
		}
	}, thing)
}

func TestForeignDriverOrderOfParametersWouldBeSeen(t *testing.T) {
	d := dbtest.SQLite(t, thing)
	var a, b string
	if err := d.QueryRowContext(context.Background(), `SELECT $2, $1`, "one", "two").Scan(&a, &b); err != nil || a != "two" || b != "one" {
		t.Errorf("SELECT $2, $1 = %s, %s, %v", a, b, err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	d := dbtest.SQLite(t, thing)
	rows, err := d.QueryContext(context.Background(), `INSERT INTO thing (id, n, ok) VALUES ('a', 1, TRUE) RETURNING id`)
	if err == nil {
		rows.Next()
		err = rows.Err()
		_ = rows.Close()
	}
	if err == nil {
		t.Error("the reader pool wrote")
	}
}

func TestKeptStatementsServeManyTransactions(t *testing.T) {
	d := dbtest.SQLite(t, thing)
	ctx := context.Background()
	insert := db.InsertText("thing", []string{"id", "n", "ok"})
	if err := d.Keep(ctx, insert, insert); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 20 {
				if err := d.InTx(ctx, func(tx *db.Tx) error {
					return tx.InsertMany(ctx, "thing", []string{"id", "n", "ok"}, [][]any{{fmt.Sprint(i, "-", k), int64(k), true}})
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, _ := db.One(ctx, d, db.Column[int64], `SELECT COUNT(*) FROM thing`); n != 160 {
		t.Errorf("rows = %d, want 160", n)
	}
}

func TestTwoAreasCannotShareAVersion(t *testing.T) {
	d := dbtest.SQLite(t)
	if err := d.Migrate(context.Background(), thing, db.Migrations{Area: "other", Files: thing.Files}); err == nil {
		t.Error("one version for two areas was accepted")
	}
}

// A disk that is full is told from a mistake, whichever statement met it.
func TestAFullDiskIsAProblemOfItsOwn(t *testing.T) {
	ctx := t.Context()
	d, err := db.Open(ctx, filepath.Join(t.TempDir(), "full.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, q := range []string{`CREATE TABLE filler (body TEXT NOT NULL)`, `PRAGMA max_page_count = 16`} {
		if _, err := d.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	const fill = `INSERT INTO filler (body) VALUES ($1)`
	body := strings.Repeat("x", 100_000)
	if _, err := d.ExecContext(ctx, fill, body); !errors.Is(err, db.ErrFull) {
		t.Errorf("a statement says %v", err)
	}
	err = d.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, fill, body)
		return fmt.Errorf("fill: %w", err)
	})
	if !errors.Is(err, db.ErrFull) || !db.IsFull(err) {
		t.Errorf("a transaction says %v", err)
	}
	if _, err := d.ExecContext(ctx, fill, "small"); err != nil {
		t.Errorf("what fits is refused: %v", err)
	}
	if n, err := db.One(ctx, d, db.Column[int64], `SELECT COUNT(*) FROM filler`); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}
