// Package ledger keeps the books: double entry, append only.
//
// A journal is a set of transfers from account to account, so it cannot but
// balance (as in TigerBeetle); it has a caller-made reference and is written at
// most once. The balance of an account is kept beside it and equals what was
// transferred to it less what was transferred from it: debits are positive,
// credits negative.
package ledger

import (
	"context"
	"embed"
	"fmt"
	"sort"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "ledger", Files: files}

// Account is what money is in: purpose, then owner ("escrow:shp_01kd…").
type Account string

// Receivable is what buyers owe for orders of a shop.
func Receivable(shop string) Account { return Account("receivable:" + shop) }

// Escrow is what buyers have been promised goods for; it becomes the shop's
// when the order is completed.
func Escrow(shop string) Account { return Account("escrow:" + shop) }

// Earned is what a shop has earned by completed orders.
func Earned(shop string) Account { return Account("earned:" + shop) }

// Cash is what a shop took in cash at the stall.
func Cash(shop string) Account { return Account("cash:" + shop) }

// Clearing is what a payment provider holds for us.
func Clearing(provider string) Account { return Account("clearing:" + provider) }

// Refunds is what has been promised back to buyers and not yet been paid.
func Refunds(shop string) Account { return Account("refunds:" + shop) }

// Accounts are locked in the order of their names, and an order is settled after
// it is earned, so what settlement touches comes behind "earned" in the alphabet.

// Free is what a shop can have paid out; less than nothing is what it owes the
// market.
func Free(shop string) Account { return Account("free:" + shop) }

// Own is what a shop has earned and holds itself, in its till or its bank.
func Own(shop string) Account { return Account("own:" + shop) }

// PayingOut is what a shop has asked for and the market's bank has not sent yet.
func PayingOut(shop string) Account { return Account("paying:" + shop) }

// Commission is what the market has earned; Bank is what it has sent to shops.
const (
	Commission Account = "market:commission"
	Bank       Account = "market:bank"
)

// Entry moves Amount from one account to another: From is credited, To debited.
type Entry struct {
	From, To Account
	Amount   money.Amount
}

// Journal is a set of entries that happen together.
type Journal struct {
	Ref     string // made by the caller, unique for ever: "place:ord_…"
	Entries []Entry
}

// ErrAmount is returned for an entry that moves nothing or less.
var ErrAmount = errs.New(errs.Invalid, "ledger.amount", "Only positive amounts can be booked.", "只能记正数金额。")

// Post writes journals in the caller's transaction. A journal whose reference
// exists already is passed over, so posting twice is posting once.
func Post(ctx context.Context, tx *db.Tx, at time.Time, journals ...Journal) error {
	fresh := make([]Journal, 0, len(journals))
	for _, j := range journals {
		known, err := exists(ctx, tx, j.Ref)
		if err != nil {
			return err
		}
		if !known {
			fresh = append(fresh, j)
		}
	}
	return PostNew(ctx, tx, at, fresh...)
}

// PostNew is [Post] for references that the caller knows to be new, as those of
// orders made in this transaction; a repetition is an error.
func PostNew(ctx context.Context, tx *db.Tx, at time.Time, journals ...Journal) error {
	if len(journals) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(journals))
	type key struct {
		account  Account
		currency string
	}
	sums := map[key]int64{}
	for _, j := range journals {
		for i, e := range j.Entries {
			if e.Amount.Minor <= 0 || e.From == e.To {
				return ErrAmount.Because(fmt.Errorf("%s: %v from %s to %s", j.Ref, e.Amount, e.From, e.To))
			}
			sums[key{e.From, e.Amount.Currency}] -= e.Amount.Minor
			sums[key{e.To, e.Amount.Currency}] += e.Amount.Minor
			rows = append(rows, []any{j.Ref, int64(i), string(e.From), string(e.To), e.Amount.Minor, e.Amount.Currency, at.UnixMilli()})
		}
	}
	if err := insertTransfers(ctx, tx, rows); err != nil {
		return err
	}
	keys := make([]key, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(a, b int) bool { return keys[a].account < keys[b].account }) // one order of locks
	for _, k := range keys {
		if err := addBalance(ctx, tx, k.account, sums[k], k.currency); err != nil {
			return err
		}
	}
	return nil
}

// ErrShort is returned when an account holds less than is asked of it.
var ErrShort = errs.New(errs.Conflict, "ledger.short", "There is not that much.", "余额不足。")

// Require returns [ErrShort] unless at least amount is in the account's favour,
// and keeps others from changing it until the transaction ends.
func Require(ctx context.Context, tx *db.Tx, a Account, amount money.Amount) error {
	return require(ctx, tx, a, amount)
}

// Balance returns what an account holds; debits are positive.
func Balance(ctx context.Context, q db.Querier, a Account) (money.Amount, error) {
	return balance(ctx, q, a)
}

// Problem is a violated invariant, in words.
type Problem struct{ Invariant, Detail string }

// Check verifies I8: every balance is the sum of the transfers to and from its
// account, and all balances of a currency sum to zero.
func Check(ctx context.Context, q db.Querier) ([]Problem, error) { return check(ctx, q) }
