package payment

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

func insertIntent(ctx context.Context, tx *db.Tx, in Intent) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO payment_intent (id, order_id, shop, buyer, provider, amount, currency, state, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (order_id) DO NOTHING`,
		in.ID, in.Order, in.Shop, in.Buyer, in.Provider, in.Amount.Minor, in.Amount.Currency, Open, clock.Millis(in.CreatedAt), clock.Millis(in.ExpiresAt))
	return err
}

const intentColumns = `id, order_id, shop, buyer, provider, amount, currency, state, created_at, expires_at`

type intentRow struct {
	Intent
	created, expires int64
}

func scanIntent(r *intentRow) []any {
	return []any{&r.ID, &r.Order, &r.Shop, &r.Buyer, &r.Provider, &r.Amount.Minor, &r.Amount.Currency, &r.State, &r.created, &r.expires}
}

func oneIntent(r intentRow, err error) (Intent, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Intent{}, ErrNotFound
	}
	r.CreatedAt, r.ExpiresAt = clock.Time(r.created), clock.Time(r.expires)
	return r.Intent, err
}

func intentByID(ctx context.Context, q db.Querier, intent, lock string) (Intent, error) {
	return oneIntent(db.One(ctx, q, scanIntent, `SELECT `+intentColumns+` FROM payment_intent WHERE id = $1`+lock, intent))
}

func paidIntent(ctx context.Context, tx *db.Tx, order string) (Intent, error) {
	return oneIntent(db.One(ctx, tx, scanIntent, `
		SELECT `+intentColumns+` FROM payment_intent
		WHERE order_id = $1 AND state = 'paid'`+tx.ForUpdate(), order))
}

func setState(ctx context.Context, tx *db.Tx, intent string, state State) error {
	_, err := tx.ExecContext(ctx, `UPDATE payment_intent SET state = $2 WHERE id = $1`, intent, state)
	return err
}

func closeIntents(ctx context.Context, tx *db.Tx, order string) error {
	_, err := tx.ExecContext(ctx, `UPDATE payment_intent SET state = 'closed' WHERE order_id = $1 AND state IN ('open', 'failed')`, order)
	return err
}

// insertEvent keeps a message; false when it was kept before.
func insertEvent(ctx context.Context, tx *db.Tx, provider, event, body string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO provider_event (provider, event_id, body, outcome, received_at)
		VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (provider, event_id) DO NOTHING`, provider, event, body, clock.Millis(at)))
}

func setOutcome(ctx context.Context, tx *db.Tx, provider, event, outcome string) error {
	_, err := tx.ExecContext(ctx, `UPDATE provider_event SET outcome = $3 WHERE provider = $1 AND event_id = $2`, provider, event, outcome)
	return err
}

func insertCapture(ctx context.Context, tx *db.Tx, intent, provider, ref string, amount int64, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO capture (intent, provider, provider_ref, amount, at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, intent, provider, ref, amount, clock.Millis(at)))
}

func insertRefund(ctx context.Context, tx *db.Tx, r Refund, key string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO refund (id, intent, order_id, amount, currency, reason, key, state, provider_ref, created_at, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', '', $8, 0)
		ON CONFLICT (key) DO NOTHING`,
		r.ID, r.Intent, r.Order, r.Amount.Minor, r.Amount.Currency, r.Reason, key, clock.Millis(at)))
}

// sumRefunds is what was promised back so far, the refund with key left out.
func sumRefunds(ctx context.Context, tx *db.Tx, intent, key string) (int64, error) {
	return db.One(ctx, tx, db.Column[int64], `SELECT COALESCE(SUM(amount), 0) FROM refund WHERE intent = $1 AND key <> $2`, intent, key)
}

func refundByID(ctx context.Context, q db.Querier, refund string) (r Refund, provider, captured string, err error) {
	var amount money.Amount
	err = q.QueryRowContext(ctx, `
		SELECT r.id, r.intent, r.order_id, r.amount, r.currency, r.reason, r.state, r.provider_ref, i.provider, c.provider_ref
		FROM refund r JOIN payment_intent i ON i.id = r.intent JOIN capture c ON c.intent = r.intent
		WHERE r.id = $1`, refund).Scan(&r.ID, &r.Intent, &r.Order, &amount.Minor, &amount.Currency, &r.Reason, &r.State, &r.ProviderRef, &provider, &captured)
	r.Amount = amount
	return r, provider, captured, err
}

func finishRefund(ctx context.Context, tx *db.Tx, refund, ref string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		UPDATE refund SET state = 'done', provider_ref = $2, done_at = $3
		WHERE id = $1 AND state = 'pending'`, refund, ref, clock.Millis(at)))
}

// changed reports whether a statement touched a row.
func changed(res interface{ RowsAffected() (int64, error) }, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
