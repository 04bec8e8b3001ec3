package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var at = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func post(t *testing.T, d *db.DB, js ...ledger.Journal) error {
	t.Helper()
	return d.InTx(context.Background(), func(tx *db.Tx) error { return ledger.Post(context.Background(), tx, at, js...) })
}

func TestPostingTwiceIsPostingOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := ledger.Journal{Ref: "place:1", Entries: []ledger.Entry{{From: ledger.Escrow("a"), To: ledger.Receivable("a"), Amount: money.Of(1500, "EUR")}}}
		for range 3 {
			if err := post(t, d, j); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := ledger.Balance(context.Background(), d, ledger.Escrow("a")); got != money.Of(-1500, "EUR") {
			t.Errorf("escrow = %v", got)
		}
	}, ledger.Migrations)
}

func TestEntriesThatMoveNothingAreRefused(t *testing.T) {
	d := dbtest.SQLite(t, ledger.Migrations)
	for _, minor := range []int64{0, -5} {
		err := post(t, d, ledger.Journal{Ref: "x", Entries: []ledger.Entry{{From: "a", To: "b", Amount: money.Of(minor, "EUR")}}})
		if !errors.Is(err, ledger.ErrAmount) {
			t.Errorf("%d: %v", minor, err)
		}
	}
	ok := ledger.Journal{Ref: "y", Entries: []ledger.Entry{{From: "a", To: "b", Amount: money.Of(1, "EUR")}}}
	bad := ledger.Journal{Ref: "z", Entries: []ledger.Entry{{From: "a", To: "b", Amount: money.Of(1, "USD")}}}
	if err := post(t, d, ok); err != nil {
		t.Fatal(err)
	}
	if err := post(t, d, bad); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("dollars into a euro account: %v", err)
	}
}

func TestBooksBalanceWhateverIsPosted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			var js []ledger.Journal
			for range rapid.IntRange(1, 5).Draw(rt, "journals") {
				n++
				j := ledger.Journal{Ref: fmt.Sprint("r:", n)}
				for range rapid.IntRange(1, 4).Draw(rt, "entries") {
					from := rapid.IntRange(0, 5).Draw(rt, "from")
					to := (from + rapid.IntRange(1, 5).Draw(rt, "to")) % 6
					j.Entries = append(j.Entries, ledger.Entry{From: ledger.Account(fmt.Sprint("acc:", from)), To: ledger.Account(fmt.Sprint("acc:", to)),
						Amount: money.Of(rapid.Int64Range(1, 1e9).Draw(rt, "minor"), "EUR")})
				}
				js = append(js, j)
			}
			if err := post(t, d, js...); err != nil {
				rt.Fatal(err)
			}
		})
		if problems, err := ledger.Check(context.Background(), d); err != nil || len(problems) != 0 {
			t.Fatal(problems, err)
		}
	}, ledger.Migrations)
}

func TestCheckSeesATamperedBook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		if err := post(t, d, ledger.Journal{Ref: "a", Entries: []ledger.Entry{{From: "x", To: "y", Amount: money.Of(7, "EUR")}}}); err != nil {
			t.Fatal(err)
		}
		if p, err := ledger.Check(ctx, d); err != nil || len(p) != 0 {
			t.Fatalf("clean book: %v, %v", p, err)
		}
		if _, err := d.ExecContext(ctx, `UPDATE transfer SET amount = 8 WHERE debit = 'y'`); err != nil {
			t.Fatal(err)
		}
		if p, err := ledger.Check(ctx, d); err != nil || len(p) != 2 {
			t.Errorf("tampered book: %v, %v", p, err)
		}
	}, ledger.Migrations)
}
