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
