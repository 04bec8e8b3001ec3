package payment

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// insertIntent notes an intent down; false when its order has one, or is paid
// with others.
func insertIntent(ctx context.Context, tx *db.Tx, in Intent) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO payment_intent (id, order_id, shop, buyer, provider, amount, currency, state, back, created_at, expires_at)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
		WHERE NOT EXISTS (SELECT 1 FROM payment_share WHERE order_id = $2)
		ON CONFLICT (order_id) DO NOTHING`,
		in.ID, in.Order, in.Shop, in.Buyer, in.Provider, in.Amount.Minor, in.Amount.Currency, Open, in.Back, clock.Millis(in.CreatedAt), clock.Millis(in.ExpiresAt)))
}

const intentColumns = `id, order_id, shop, buyer, provider, amount, currency, state, provider_ref, page, back, created_at, expires_at`

type intentRow struct {
	Intent
	created, expires int64
}

func scanIntent(r *intentRow) []any {
	return []any{&r.ID, &r.Order, &r.Shop, &r.Buyer, &r.Provider, &r.Amount.Minor, &r.Amount.Currency, &r.State, &r.Ref, &r.Page, &r.Back, &r.created, &r.expires}
}

func oneIntent(r intentRow, err error) (Intent, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Intent{}, ErrNotFound
	}
	r.CreatedAt, r.ExpiresAt = clock.Time(r.created), clock.Time(r.expires)
	return r.Intent, err
}

func intentByID(ctx context.Context, q db.Querier, intent string) (Intent, error) {
	return oneIntent(db.One(ctx, q, scanIntent, `SELECT `+intentColumns+` FROM payment_intent WHERE id = $1`, intent))
}

// capturedIntent locks the intent of an order whose money has come.
func capturedIntent(ctx context.Context, tx *db.Tx, order string) (Intent, error) {
	return oneIntent(db.One(ctx, tx, scanIntent, `
		SELECT `+intentColumns+` FROM payment_intent
		WHERE order_id = $1 AND EXISTS (SELECT 1 FROM capture WHERE capture.intent = payment_intent.id)`+tx.ForUpdate(), order))
}

func setPage(ctx context.Context, q db.Querier, intent string, p Page) error {
	_, err := q.ExecContext(ctx, `UPDATE payment_intent SET provider_ref = $2, page = $3 WHERE id = $1`, intent, p.Ref, p.URL)
	return err
}

// setState moves an intent on that has not been paid.
func setState(ctx context.Context, tx *db.Tx, intent string, state State) error {
	_, err := tx.ExecContext(ctx, `UPDATE payment_intent SET state = $2 WHERE id = $1 AND state <> 'paid'`, intent, state)
	return err
}

// closeIntents closes what an order still waits for and names it.
func closeIntents(ctx context.Context, tx *db.Tx, order string) ([]string, error) {
	return db.All(ctx, tx, db.Column[string], `
		UPDATE payment_intent SET state = 'closed'
		WHERE order_id = $1 AND state IN ('open', 'failed', 'processing')
		RETURNING id`, order)
}

// insertEvent keeps a message; false when it was kept before.
func insertEvent(ctx context.Context, tx *db.Tx, provider, event, body string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO provider_event (provider, event_id, body, outcome, received_at)
		VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (provider, event_id) DO NOTHING`, provider, event, body, clock.Millis(at)))
}

func setOutcome(ctx context.Context, tx *db.Tx, provider, event string, o outcome) error {
	_, err := tx.ExecContext(ctx, `UPDATE provider_event SET outcome = $3 WHERE provider = $1 AND event_id = $2`, provider, event, o)
	return err
}

func outcomeOf(ctx context.Context, q db.Querier, provider, event string) (outcome, error) {
	return db.One(ctx, q, db.Column[outcome], `SELECT outcome FROM provider_event WHERE provider = $1 AND event_id = $2`, provider, event)
}

func insertCapture(ctx context.Context, tx *db.Tx, intent, provider, ref string, amount int64, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO capture (intent, provider, provider_ref, amount, at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, intent, provider, ref, amount, clock.Millis(at)))
}

// otherCapture reports whether an intent was paid by another payment than ref.
func otherCapture(ctx context.Context, tx *db.Tx, intent, ref string) (bool, error) {
	n, err := db.One(ctx, tx, db.Column[int], `SELECT COUNT(*) FROM capture WHERE intent = $1 AND provider_ref <> $2`, intent, ref)
	return n > 0, err
}

func insertRefund(ctx context.Context, tx *db.Tx, r Refund, key string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO refund (id, intent, order_id, amount, currency, reason, key, state, provider_ref, created_at, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', '', $8, 0)
		ON CONFLICT (key) DO NOTHING`,
		r.ID, r.Intent, r.Order, r.Amount.Minor, r.Amount.Currency, r.Reason, key, clock.Millis(at)))
}

// sumRefunds is what was promised back of an order so far; the refund with key
// and those that failed are left out.
func sumRefunds(ctx context.Context, tx *db.Tx, intent, order, key string) (int64, error) {
	return db.One(ctx, tx, db.Column[int64], `
		SELECT COALESCE(SUM(amount), 0) FROM refund
		WHERE intent = $1 AND key <> $2 AND order_id = $3 AND state <> 'failed'`, intent, key, order)
}

// refundRow is a refund with the provider and its name of the payment.
type refundRow struct {
	Refund
	shop, provider, captured string
	created                  int64
}

func refundByID(ctx context.Context, q db.Querier, refund string) (refundRow, error) {
	r, err := db.One(ctx, q, func(r *refundRow) []any {
		return []any{&r.ID, &r.Intent, &r.Order, &r.Amount.Minor, &r.Amount.Currency, &r.Reason, &r.State, &r.ProviderRef, &r.created, &r.shop, &r.provider, &r.captured}
	}, `
		SELECT r.id, r.intent, r.order_id, r.amount, r.currency, r.reason, r.state, r.provider_ref, r.created_at, i.shop, i.provider, c.provider_ref
		FROM refund r JOIN payment_intent i ON i.id = r.intent JOIN capture c ON c.intent = r.intent
		WHERE r.id = $1`, refund)
	if errors.Is(err, db.ErrNoRows) {
		return r, ErrNotFound
	}
	r.CreatedAt = clock.Time(r.created)
	return r, err
}

func refundKey(ctx context.Context, q db.Querier, refund string) (string, error) {
	return db.One(ctx, q, db.Column[string], `SELECT key FROM refund WHERE id = $1`, refund)
}

func setRefundRef(ctx context.Context, q db.Querier, refund, ref string) error {
	_, err := q.ExecContext(ctx, `UPDATE refund SET provider_ref = $2 WHERE id = $1`, refund, ref)
	return err
}

// moveRefund takes a refund from one state to the next, or reports that it
// stands elsewhere.
func moveRefund(ctx context.Context, tx *db.Tx, refund string, from, to RefundState, ref string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		UPDATE refund SET state = $3, provider_ref = $4, done_at = $5
		WHERE id = $1 AND state = $2`, refund, from, to, ref, clock.Millis(at)))
}

func failedRefunds(ctx context.Context, q db.Querier) ([]Refund, error) {
	rows, err := db.All(ctx, q, func(r *refundRow) []any {
		return []any{&r.ID, &r.Intent, &r.Order, &r.Amount.Minor, &r.Amount.Currency, &r.Reason, &r.State, &r.ProviderRef, &r.created}
	}, `
		SELECT id, intent, order_id, amount, currency, reason, state, provider_ref, created_at
		FROM refund WHERE state = 'failed'
		UNION ALL
		SELECT s.id, s.intent, i.order_id, s.amount, i.currency, '', s.state, s.refund_ref, s.at
		FROM payment_surplus s JOIN payment_intent i ON i.id = s.intent
		WHERE s.state = 'failed'
		ORDER BY created_at, id
		LIMIT 200`)
	out := make([]Refund, 0, len(rows))
	for _, r := range rows {
		r.CreatedAt = clock.Time(r.created)
		out = append(out, r.Refund)
	}
	return out, err
}

// changed reports whether a statement touched a row.
func changed(res interface{ RowsAffected() (int64, error) }, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// isExpected reports whether an order is being paid on its own.
func isExpected(ctx context.Context, tx *db.Tx, order string) (bool, error) {
	return db.One(ctx, tx, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM payment_intent WHERE order_id = $1)`, order)
}

func insertShares(ctx context.Context, tx *db.Tx, intent string, shares []Share) error {
	rows := make([][]any, len(shares))
	for i, sh := range shares {
		rows[i] = []any{sh.Order, intent, sh.Shop, sh.Amount.Minor, true}
	}
	return tx.InsertMany(ctx, "payment_share", []string{"order_id", "intent", "shop", "amount", "wanted"}, rows)
}

// sharesOfGroup lists the shares of a group by order.
func sharesOfGroup(ctx context.Context, q db.Querier, group string) ([]Share, error) {
	return db.All(ctx, q, func(s *Share) []any { return []any{&s.Order, &s.Shop, &s.Amount.Minor, &s.Amount.Currency} }, `
		SELECT s.order_id, s.shop, s.amount, i.currency
		FROM payment_share s JOIN payment_intent i ON i.id = s.intent
		WHERE i.order_id = $1
		ORDER BY s.order_id`, group)
}

func intentOfGroup(ctx context.Context, q db.Querier, group string) (string, error) {
	id, err := db.One(ctx, q, db.Column[string], `SELECT id FROM payment_intent WHERE order_id = $1`, group)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNotFound
	}
	return id, err
}

func groupOf(ctx context.Context, q db.Querier, order string) (string, error) {
	id, err := db.One(ctx, q, db.Column[string], `
		SELECT i.order_id FROM payment_share s JOIN payment_intent i ON i.id = s.intent
		WHERE s.order_id = $1`, order)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNotFound
	}
	return id, err
}

// capturedShare locks the intent of a group whose money has come, as far as it is
// one order's.
func capturedShare(ctx context.Context, tx *db.Tx, order string) (Intent, error) {
	in, err := oneIntent(db.One(ctx, tx, scanIntent, `
		SELECT `+intentColumns+` FROM payment_intent
		WHERE id = (SELECT intent FROM payment_share WHERE order_id = $1)
			AND EXISTS (SELECT 1 FROM capture WHERE capture.intent = payment_intent.id)`+tx.ForUpdate(), order))
	if err != nil {
		return Intent{}, err
	}
	in.Amount.Minor, err = db.One(ctx, tx, db.Column[int64], `SELECT amount FROM payment_share WHERE order_id = $1`, order)
	return in, err
}

// closeShare notes that an order of a group waits no more, and closes and names
// the intent that nobody waits for.
func closeShare(ctx context.Context, tx *db.Tx, order string) ([]string, error) {
	intents, err := db.All(ctx, tx, db.Column[string], `UPDATE payment_share SET wanted = FALSE WHERE order_id = $1 AND wanted RETURNING intent`, order)
	if err != nil || len(intents) == 0 {
		return nil, err
	}
	// Two orders that give up at once see each other: the second waits here.
	if _, err := db.One(ctx, tx, db.Column[string], `SELECT id FROM payment_intent WHERE id = $1`+tx.ForUpdate(), intents[0]); err != nil {
		return nil, err
	}
	return db.All(ctx, tx, db.Column[string], `
		UPDATE payment_intent SET state = 'closed'
		WHERE id = $1 AND state IN ('open', 'failed', 'processing')
			AND NOT EXISTS (SELECT 1 FROM payment_share s WHERE s.intent = payment_intent.id AND s.wanted)
		RETURNING id`, intents[0])
}

func scanNote(n *note) []any {
	return []any{&n.kind, &n.ref, &n.order, &n.amount.Minor, &n.amount.Currency}
}

func oneNote(n note, err error) (note, bool, error) {
	if errors.Is(err, db.ErrNoRows) {
		return n, false, nil
	}
	return n, err == nil, err
}

func capturedAs(ctx context.Context, q db.Querier, provider, ref string) (note, bool, error) {
	return oneNote(db.One(ctx, q, scanNote, `
		SELECT 'succeeded', c.provider_ref, i.order_id, c.amount, i.currency
		FROM capture c JOIN payment_intent i ON i.id = c.intent
		WHERE c.provider = $1 AND c.provider_ref = $2
		UNION ALL
		SELECT 'succeeded', s.provider_ref, i.order_id, s.amount, i.currency
		FROM payment_surplus s JOIN payment_intent i ON i.id = s.intent
		WHERE s.provider = $1 AND s.provider_ref = $2`, provider, ref))
}

func refundedAs(ctx context.Context, q db.Querier, provider, ref string) (note, bool, error) {
	return oneNote(db.One(ctx, q, scanNote, `
		SELECT 'given_back', r.provider_ref, r.order_id, r.amount, r.currency
		FROM refund r JOIN payment_intent i ON i.id = r.intent
		WHERE i.provider = $1 AND r.provider_ref = $2
		UNION ALL
		SELECT 'given_back', s.refund_ref, i.order_id, s.amount, i.currency
		FROM payment_surplus s JOIN payment_intent i ON i.id = s.intent
		WHERE s.provider = $1 AND s.refund_ref = $2`, provider, ref))
}

// noted are the payments and the refunds that were noted in a span of time.
func noted(ctx context.Context, q db.Querier, provider string, from, to time.Time) ([]note, error) {
	return db.All(ctx, q, scanNote, `
		SELECT 'succeeded', c.provider_ref, i.order_id, c.amount, i.currency
		FROM capture c JOIN payment_intent i ON i.id = c.intent
		WHERE c.provider = $1 AND c.at >= $2 AND c.at < $3
		UNION ALL
		SELECT 'given_back', r.provider_ref, r.order_id, r.amount, r.currency
		FROM refund r JOIN payment_intent i ON i.id = r.intent
		WHERE i.provider = $1 AND r.state = 'done' AND r.done_at >= $2 AND r.done_at < $3
		UNION ALL
		SELECT 'succeeded', s.provider_ref, i.order_id, s.amount, i.currency
		FROM payment_surplus s JOIN payment_intent i ON i.id = s.intent
		WHERE s.provider = $1 AND s.at >= $2 AND s.at < $3
		UNION ALL
		SELECT 'given_back', s.refund_ref, i.order_id, s.amount, i.currency
		FROM payment_surplus s JOIN payment_intent i ON i.id = s.intent
		WHERE s.provider = $1 AND s.state = 'done' AND s.done_at >= $2 AND s.done_at < $3`,
		provider, clock.Millis(from), clock.Millis(to))
}

func insertSurplus(ctx context.Context, tx *db.Tx, x surplus, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO payment_surplus (id, intent, provider, provider_ref, amount, state, refund_ref, at, done_at)
		VALUES ($1, $2, $3, $4, $5, 'pending', '', $6, 0)
		ON CONFLICT (provider, provider_ref) DO NOTHING`, x.ID, x.Intent, x.provider, x.payment, x.Amount.Minor, clock.Millis(at)))
}

func surplusByID(ctx context.Context, q db.Querier, surplusID string) (surplus, error) {
	x, err := db.One(ctx, q, func(x *surplus) []any {
		return []any{&x.ID, &x.Intent, &x.Order, &x.provider, &x.payment, &x.Amount.Minor, &x.Amount.Currency, &x.State}
	}, `
		SELECT s.id, s.intent, i.order_id, s.provider, s.provider_ref, s.amount, i.currency, s.state
		FROM payment_surplus s JOIN payment_intent i ON i.id = s.intent
		WHERE s.id = $1`, surplusID)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrNotFound
	}
	return x, err
}

// moveSurplus takes the refund of a second payment on. What has been given may
// come back, and a person settles what has failed.
func moveSurplus(ctx context.Context, tx *db.Tx, surplusID string, to RefundState, ref string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		UPDATE payment_surplus SET state = $2, refund_ref = CASE WHEN $3 = '' THEN refund_ref ELSE $3 END, done_at = $4
		WHERE id = $1 AND (state = 'pending' AND $2 <> 'settled' OR state = 'done' AND $2 = 'failed' OR state = 'failed' AND $2 = 'settled')`,
		surplusID, to, ref, clock.Millis(at)))
}
