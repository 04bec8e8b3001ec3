package wechatpay

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

func merchantOf(ctx context.Context, q db.Querier, shop string) (Merchant, error) {
	m, err := db.One(ctx, q, func(m *Merchant) []any { return []any{&m.Number, &m.Confirmed} }, `
		SELECT sub_mchid, confirmed FROM wechat_merchant WHERE shop = $1`, shop)
	if errors.Is(err, db.ErrNoRows) {
		return Merchant{}, nil
	}
	return m, err
}

// setMerchant changes the number of a shop; the same again stays confirmed.
func setMerchant(ctx context.Context, q db.Querier, shop, number string, at time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO wechat_merchant (shop, sub_mchid, confirmed, changed_at)
		VALUES ($1, $2, FALSE, $3)
		ON CONFLICT (shop) DO UPDATE SET sub_mchid = excluded.sub_mchid, confirmed = FALSE, changed_at = excluded.changed_at
		WHERE wechat_merchant.sub_mchid <> excluded.sub_mchid`, shop, number, clock.Millis(at))
	return err
}

func confirm(ctx context.Context, q db.Querier, shop, number string, confirmed bool, at time.Time) error {
	res, err := q.ExecContext(ctx, `
		UPDATE wechat_merchant SET confirmed = $3, changed_at = $4
		WHERE shop = $1 AND sub_mchid = $2 AND sub_mchid <> ''`, shop, number, confirmed, clock.Millis(at))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, payment.ErrNotFound)
	}
	return nil
}

func merchants(ctx context.Context, q db.Querier) ([]ShopMerchant, error) {
	return db.All(ctx, q, func(m *ShopMerchant) []any { return []any{&m.Shop, &m.Number, &m.Confirmed} }, `
		SELECT shop, sub_mchid, confirmed FROM wechat_merchant
		WHERE sub_mchid <> ''
		ORDER BY confirmed, changed_at, shop
		LIMIT 500`)
}

// insertPayment notes a payment down; one that is there stays as it is.
func insertPayment(ctx context.Context, q db.Querier, p Payment) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO wechat_payment (intent, sub_mchid, amount, back, expires_at, closed)
		VALUES ($1, $2, $3, $4, $5, FALSE)
		ON CONFLICT (intent) DO NOTHING`, p.Intent, p.Merchant, p.Amount.Minor, p.Back, clock.Millis(p.ExpiresAt))
	return err
}

type paymentRow struct {
	Payment
	expires int64
}

func scanPayment(r *paymentRow) []any {
	return []any{&r.Intent, &r.Merchant, &r.Amount.Minor, &r.Back, &r.expires, &r.Closed}
}

func onePayment(r paymentRow, err error) (Payment, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Payment{}, payment.ErrNotFound
	}
	r.ExpiresAt, r.Amount.Currency = clock.Time(r.expires), Currency
	return r.Payment, err
}

func paymentOf(ctx context.Context, q db.Querier, intent string) (Payment, error) {
	return onePayment(db.One(ctx, q, scanPayment, `
		SELECT intent, sub_mchid, amount, back, expires_at, closed FROM wechat_payment WHERE intent = $1`, intent))
}

// paymentByNumber finds the payment of one of its trades.
func paymentByNumber(ctx context.Context, q db.Querier, number string) (Payment, error) {
	return onePayment(db.One(ctx, q, scanPayment, `
		SELECT p.intent, p.sub_mchid, p.amount, p.back, p.expires_at, p.closed
		FROM wechat_payment p JOIN wechat_trade t ON t.intent = p.intent
		WHERE t.number = $1`, number))
}

// closePayment lets no trade be opened any more.
func closePayment(ctx context.Context, q db.Querier, intent string) error {
	_, err := q.ExecContext(ctx, `UPDATE wechat_payment SET closed = TRUE WHERE intent = $1`, intent)
	return err
}

// insertTrade opens a trade: [payment.ErrClosed] when none may be opened, a
// unique violation when one is open.
func insertTrade(ctx context.Context, d *db.DB, t Trade, at time.Time) error {
	return d.InTx(ctx, func(tx *db.Tx) error {
		closed, err := db.One(ctx, tx, db.Column[bool], `SELECT closed FROM wechat_payment WHERE intent = $1`+tx.ForUpdate(), t.Intent)
		if err != nil {
			return err
		}
		if closed {
			return payment.ErrClosed
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO wechat_trade (number, intent, kind, payer, open, answer, answered_at, created_at)
			VALUES ($1, $2, $3, $4, TRUE, '', 0, $5)`, t.Number, t.Intent, t.Kind, t.Payer, clock.Millis(at))
		return err
	})
}

type tradeRow struct {
	Trade
	answered int64
}

func scanTrade(r *tradeRow) []any {
	return []any{&r.Number, &r.Intent, &r.Kind, &r.Payer, &r.Answer, &r.answered}
}

const tradeColumns = `number, intent, kind, payer, answer, answered_at`

// openTrade returns the trade that is open, if one is.
func openTrade(ctx context.Context, q db.Querier, intent string) (Trade, bool, error) {
	r, err := db.One(ctx, q, scanTrade, `SELECT `+tradeColumns+` FROM wechat_trade WHERE intent = $1 AND open`, intent)
	if errors.Is(err, db.ErrNoRows) {
		return Trade{}, false, nil
	}
	r.AnsweredAt = clock.Time(r.answered)
	return r.Trade, err == nil, err
}

// trades returns every trade of an intent, the oldest first.
func trades(ctx context.Context, q db.Querier, intent string) ([]Trade, error) {
	rows, err := db.All(ctx, q, scanTrade, `SELECT `+tradeColumns+` FROM wechat_trade WHERE intent = $1 ORDER BY created_at, number`, intent)
	out := make([]Trade, 0, len(rows))
	for _, r := range rows {
		r.AnsweredAt = clock.Time(r.answered)
		out = append(out, r.Trade)
	}
	return out, err
}

// setAnswer keeps what WeChat has answered, or reports that the trade has been
// closed meanwhile.
func setAnswer(ctx context.Context, q db.Querier, number, answer string, at time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `
		UPDATE wechat_trade SET answer = $2, answered_at = $3
		WHERE number = $1 AND open`, number, answer, clock.Millis(at))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func setClosed(ctx context.Context, q db.Querier, number string) error {
	_, err := q.ExecContext(ctx, `UPDATE wechat_trade SET open = FALSE WHERE number = $1`, number)
	return err
}
