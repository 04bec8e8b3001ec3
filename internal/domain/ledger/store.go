package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// TransferColumns are what placement inserts in bulk.
var TransferColumns = []string{"ref", "seq", "credit", "debit", "amount", "currency", "at"}

func exists(ctx context.Context, tx *db.Tx, ref string) (bool, error) {
	return db.One(ctx, tx, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM transfer WHERE ref = $1)`, ref)
}

func insertTransfers(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return tx.InsertMany(ctx, "transfer", TransferColumns, rows)
}

func addBalance(ctx context.Context, tx *db.Tx, a Account, n int64, currency string) error {
	return tx.WriteOne(ctx, fmt.Errorf("account %s: %w", a, money.ErrCurrency), `
		INSERT INTO ledger_account (id, balance, currency) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET balance = ledger_account.balance + $2
		WHERE ledger_account.currency = $3`, string(a), n, currency)
}

// require locks the row by writing it as it is.
func require(ctx context.Context, tx *db.Tx, a Account, amount money.Amount) error {
	return tx.WriteOne(ctx, ErrShort, `
		UPDATE ledger_account SET balance = balance
		WHERE id = $1 AND currency = $2 AND balance <= $3`, string(a), amount.Currency, -amount.Minor)
}

func balance(ctx context.Context, q db.Querier, a Account) (money.Amount, error) {
	m, err := db.One(ctx, q, func(m *money.Amount) []any { return []any{&m.Minor, &m.Currency} },
		`SELECT balance, currency FROM ledger_account WHERE id = $1`, string(a))
	if errors.Is(err, db.ErrNoRows) {
		return money.Amount{}, nil
	}
	return m, err
}

func check(ctx context.Context, q db.Querier) ([]Problem, error) {
	type row struct {
		name string
		a, b int64
	}
	scan := func(r *row) []any { return []any{&r.name, &r.a, &r.b} }
	var problems []Problem
	for _, c := range []struct{ words, query string }{
		{"account %s holds %d, its transfers come to %d", `
			SELECT a.id, a.balance, COALESCE(SUM(t.amount), 0)
			FROM ledger_account a LEFT JOIN (
				SELECT debit AS account, amount, currency FROM transfer
				UNION ALL
				SELECT credit, -amount, currency FROM transfer
			) t ON t.account = a.id AND t.currency = a.currency
			GROUP BY a.id, a.balance
			HAVING a.balance <> COALESCE(SUM(t.amount), 0)`},
		{"transfer %s is between %d accounts of its currency, want %d", `
			SELECT t.ref, COUNT(a.id), 2
			FROM transfer t LEFT JOIN ledger_account a ON a.id IN (t.debit, t.credit) AND a.currency = t.currency
			GROUP BY t.ref, t.seq
			HAVING COUNT(a.id) <> 2`},
		{"all accounts in %s sum to %d, want %d", `
			SELECT currency, SUM(balance), 0 FROM ledger_account
			GROUP BY currency
			HAVING SUM(balance) <> 0`},
	} {
		rows, err := db.All(ctx, q, scan, c.query)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			problems = append(problems, Problem{"I8", fmt.Sprintf(c.words, r.name, r.a, r.b)})
		}
	}
	return problems, nil
}
