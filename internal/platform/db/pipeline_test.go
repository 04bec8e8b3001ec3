package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

func TestWritesThatGoTogetherAreOneTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		errNone := errors.New("no such thing")
		add := func(tx *db.Tx, id string, n int64) error {
			return tx.InsertMany(ctx, "thing", []string{"id", "n", "ok", "note"}, [][]any{{id, n, true, "x"}})
		}
		take := func(tx *db.Tx, id string, n int64) error {
			return tx.WriteOne(ctx, errNone, `UPDATE thing SET n = n - $2 WHERE id = $1 AND n >= $2`, id, n)
		}
		count := func(q db.Querier) (sum int64) {
			sum, err := db.One(ctx, q, db.Column[int64], `SELECT COALESCE(SUM(n), 0) FROM thing`)
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}

		// What waits is seen by the next question.
		if err := d.InTx(ctx, func(tx *db.Tx) error {
			tx.Together()
			err := errors.Join(add(tx, "a", 10), take(tx, "a", 3))
			if n := count(tx); n != 7 {
				t.Errorf("inside: %d, want 7", n)
			}
			return errors.Join(err, take(tx, "a", 2), tx.Write(ctx, `UPDATE thing SET note = $1`, "y"))
		}); err != nil || count(d) != 5 {
			t.Errorf("after: %v, %d, want 5", err, count(d))
		}

		// A refusal in the middle leaves nothing, and its reason comes out.
		for name, fn := range map[string]func(tx *db.Tx) error{
			"at the commit": func(tx *db.Tx) error { return nil },
			"before a question": func(tx *db.Tx) error {
				_, err := db.One(ctx, tx, db.Column[int64], `SELECT COUNT(*) FROM thing`)
				if tx.Postgres() && err != nil {
					return nil // the caller may think little of it: the commit knows
				}
				return err
			},
		} {
			err := d.InTx(ctx, func(tx *db.Tx) error {
				tx.Together()
				return errors.Join(add(tx, "b", 1), take(tx, "a", 6), add(tx, "c", 1), fn(tx))
			})
			if !errors.Is(err, errNone) || count(d) != 5 {
				t.Errorf("%s: %v and %d, want the refusal and 5", name, err, count(d))
			}
		}
		err := d.InTx(ctx, func(tx *db.Tx) error {
			tx.Together()
			return errors.Join(add(tx, "d", 1), add(tx, "a", 1))
		})
		if !db.IsUnique(err) || count(d) != 5 {
			t.Errorf("a double: %v and %d, want a unique violation and 5", err, count(d))
		}
	}, thing)
}

// However a transaction ends, its connection comes back clean, and what failed
// inside is not committed because somebody looked away.
func TestATransactionThatFailedIsNotCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		put := func(ctx context.Context, tx *db.Tx, id string) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, n, ok, note) VALUES ($1, 1, TRUE, '')`, id)
			return err
		}
		errNo := errors.New("no")
		ways := map[string]func(ctx context.Context, tx *db.Tx) error{
			"refused": func(ctx context.Context, tx *db.Tx) error { return errors.Join(put(ctx, tx, "x"), errNo) },
			"cancelled": func(ctx context.Context, tx *db.Tx) error {
				ctx, cancel := context.WithCancel(ctx)
				err := put(ctx, tx, "x")
				cancel()
				return errors.Join(err, put(ctx, tx, "y"))
			},
			"a word that is no statement": func(ctx context.Context, tx *db.Tx) error {
				tx.Together()
				err := tx.Write(ctx, `UPDTE thing`)
				// This one must not run on its own when the first cannot be sent.
				var n int64
				scanned := tx.QueryRowContext(ctx, `UPDATE thing SET n = 7 RETURNING n`).Scan(&n)
				return errors.Join(err, scanned)
			},
		}
		if err := d.InTx(ctx, func(tx *db.Tx) error { return put(ctx, tx, "kept") }); err != nil {
			t.Fatal(err)
		}
		for name, way := range ways {
			for range 40 { // more than there are connections
				err := d.InTx(ctx, func(tx *db.Tx) error { return way(ctx, tx) })
				if err == nil || name != "cancelled" && errors.Is(err, context.Canceled) {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		if d.Postgres() { // SQLite fails a statement alone
			err := d.InTx(ctx, func(tx *db.Tx) error {
				_ = put(ctx, tx, "kept")
				return nil
			})
			if err == nil {
				t.Error("a transaction with a failed statement was committed")
			}
		}
		rows, err := db.All(ctx, d, db.Column[string], `SELECT id || n FROM thing ORDER BY id`)
		if err != nil || len(rows) != 1 || rows[0] != "kept1" {
			t.Errorf("%v, %v", rows, err)
		}
	}, thing)
}
