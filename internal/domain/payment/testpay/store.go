package testpay

import (
	"context"
	"errors"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

type paymentRow struct {
	ref, intent, currency, back, state string
	amount                             int64
}

// open returns the payment of an intent, made when missing.
func open(ctx context.Context, q db.Querier, ref, intent string, amount money.Amount, back string) (string, error) {
	var out string
	err := q.QueryRowContext(ctx, `SELECT ref FROM testpay_payment WHERE intent = $1`, intent).Scan(&out)
	if !errors.Is(err, db.ErrNoRows) {
		return out, err
	}
	if _, err := q.ExecContext(ctx, `
		INSERT INTO testpay_payment (ref, intent, amount, currency, back, state)
		VALUES ($1, $2, $3, $4, $5, 'open')
		ON CONFLICT (intent) DO NOTHING`, ref, intent, amount.Minor, amount.Currency, back); err != nil {
		return "", err
	}
	err = q.QueryRowContext(ctx, `SELECT ref FROM testpay_payment WHERE intent = $1`, intent).Scan(&out)
	return out, err
}

func byRef(ctx context.Context, q db.Querier, ref string) (paymentRow, error) {
	return known(db.One(ctx, q, scan, `SELECT ref, intent, amount, currency, back, state FROM testpay_payment WHERE ref = $1`, ref))
}

func byIntent(ctx context.Context, q db.Querier, intent string) (paymentRow, error) {
	return known(db.One(ctx, q, scan, `SELECT ref, intent, amount, currency, back, state FROM testpay_payment WHERE intent = $1`, intent))
}

func scan(r *paymentRow) []any {
	return []any{&r.ref, &r.intent, &r.amount, &r.currency, &r.back, &r.state}
}

func known(r paymentRow, err error) (paymentRow, error) {
	if errors.Is(err, db.ErrNoRows) {
		return r, payment.ErrNotFound
	}
	return r, err
}

// closePayment closes what has not been paid; on one that has it does nothing.
func closePayment(ctx context.Context, q db.Querier, intent string) error {
	_, err := q.ExecContext(ctx, `UPDATE testpay_payment SET state = 'closed' WHERE intent = $1 AND state = 'open'`, intent)
	return err
}

func setState(ctx context.Context, tx *db.Tx, ref, state string) error {
	_, err := tx.ExecContext(ctx, `UPDATE testpay_payment SET state = $2 WHERE ref = $1 AND state = 'open'`, ref, state)
	return err
}

func insertRefund(ctx context.Context, q db.Querier, id, ref string, amount int64) error {
	_, err := q.ExecContext(ctx, `INSERT INTO testpay_refund (id, ref, amount) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, id, ref, amount)
	return err
}
