package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// accountOf returns how a shop takes transfers; a shop that never said does not.
func accountOf(ctx context.Context, q db.Querier, shop string) (Account, error) {
	a := Account{Days: UsualDays}
	var details string
	err := q.QueryRowContext(ctx, `SELECT enabled, details, days FROM bank_transfer_account WHERE shop = $1`, shop).Scan(&a.Enabled, &details, &a.Days)
	if errors.Is(err, db.ErrNoRows) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal([]byte(details), &a.Details)
}

func setAccount(ctx context.Context, tx *db.Tx, shop string, a Account, now time.Time) error {
	details, err := json.Marshal(a.Details)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO bank_transfer_account (shop, enabled, details, days, changed_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop) DO UPDATE SET enabled = excluded.enabled, details = excluded.details, days = excluded.days, changed_at = excluded.changed_at`,
		shop, a.Enabled, string(details), a.Days, clock.Millis(now))
	return err
}

// insert notes a transfer down; one that is there stays as it is.
func insert(ctx context.Context, q db.Querier, t Transfer) error {
	details, err := json.Marshal(t.Details)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `
		INSERT INTO bank_transfer (order_id, intent, shop, buyer, reference, details, amount, currency, state, note, proof, reason, told_at, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', '', 0, 0)
		ON CONFLICT (order_id) DO NOTHING`,
		t.Order, t.Intent, t.Shop, t.Buyer, t.Reference, string(details), t.Amount.Minor, t.Amount.Currency, t.State)
	return err
}

type row struct {
	Transfer
	details             string
	told, decided, owed int64
}

func scan(r *row) []any {
	return []any{&r.Order, &r.Intent, &r.Shop, &r.Buyer, &r.Reference, &r.details, &r.Amount.Minor, &r.Amount.Currency, &r.State, &r.Note, &r.Proof, &r.Reason,
		&r.told, &r.decided, &r.owed}
}

const columns = `t.order_id, t.intent, t.shop, t.buyer, t.reference, t.details, t.amount, t.currency, t.state, t.note, t.proof, t.reason, t.told_at, t.decided_at,
	(SELECT COALESCE(SUM(r.amount), 0) FROM bank_transfer_refund r WHERE r.order_id = t.order_id AND r.sent_at = 0)`

func (r row) whole() (Transfer, error) {
	r.ToldAt, r.DecidedAt, r.Owed = clock.Time(r.told), clock.Time(r.decided), money.Of(r.owed, r.Amount.Currency)
	return r.Transfer, json.Unmarshal([]byte(r.details), &r.Transfer.Details)
}

func byOrder(ctx context.Context, q db.Querier, order string) (Transfer, error) {
	r, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM bank_transfer t WHERE t.order_id = $1`, order)
	if errors.Is(err, db.ErrNoRows) {
		return Transfer{}, ErrNotFound
	}
	if err != nil {
		return Transfer{}, err
	}
	return r.whole()
}

func waiting(ctx context.Context, q db.Querier, shop string) ([]Transfer, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM bank_transfer t
		WHERE t.shop = $1 AND (t.state = 'told' OR EXISTS (SELECT 1 FROM bank_transfer_refund o WHERE o.order_id = t.order_id AND o.sent_at = 0))
		ORDER BY t.told_at, t.order_id
		LIMIT 200`, shop)
	if err != nil {
		return nil, err
	}
	out := make([]Transfer, 0, len(rows))
	for _, r := range rows {
		t, err := r.whole()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// tell notes the buyer's word, or reports that the money is there already.
func tell(ctx context.Context, q db.Querier, order, note, proof string, at time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `
		UPDATE bank_transfer SET state = 'told', note = $2, proof = $3, told_at = $4
		WHERE order_id = $1 AND state <> 'received'`, order, note, proof, clock.Millis(at))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// decide notes the shop's word; what has been received stays so.
func decide(ctx context.Context, q db.Querier, order string, s State, reason string, at time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE bank_transfer SET state = $2, reason = $3, decided_at = $4
		WHERE order_id = $1 AND state <> 'received'`, order, s, reason, clock.Millis(at))
	return err
}

// closeTransfer ends the waiting, except where the buyer says that the money is
// on its way: somebody has to look.
func closeTransfer(ctx context.Context, q db.Querier, order string) error {
	_, err := q.ExecContext(ctx, `UPDATE bank_transfer SET state = 'closed' WHERE order_id = $1 AND state IN ('awaited', 'refused')`, order)
	return err
}

// owe notes what a shop has to send back, and reports whether it has.
func owe(ctx context.Context, q db.Querier, refund, order string, amount int64) (bool, error) {
	if _, err := q.ExecContext(ctx, `
		INSERT INTO bank_transfer_refund (id, order_id, amount, sent_at)
		VALUES ($1, $2, $3, 0)
		ON CONFLICT (id) DO NOTHING`, refund, order, amount); err != nil {
		return false, err
	}
	sent, err := db.One(ctx, q, db.Column[int64], `SELECT sent_at FROM bank_transfer_refund WHERE id = $1`, refund)
	return sent > 0, err
}

// sendBack notes that everything owed of an order has been sent, and names it.
func sendBack(ctx context.Context, tx *db.Tx, order string, at time.Time) ([]string, error) {
	return db.All(ctx, tx, db.Column[string], `
		UPDATE bank_transfer_refund SET sent_at = $2
		WHERE order_id = $1 AND sent_at = 0
		RETURNING id`, order, clock.Millis(at))
}
