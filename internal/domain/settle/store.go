package settle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `s.order_id, s.number, s.shop, s.currency, s.own, s.state, s.gross, s.fee, s.completed_at, s.due_at, s.settled_at`

type row struct {
	Settlement
	completed, due, settled int64
}

func scan(r *row) []any {
	return []any{&r.Order, &r.Number, &r.Shop, &r.Currency, &r.Own, &r.State, &r.Gross, &r.Fee, &r.completed, &r.due, &r.settled}
}

func scanWithCase(r *row) []any { return append(scan(r), &r.OpenCase) }

func (r row) settlement() Settlement {
	r.CompletedAt, r.DueAt, r.SettledAt = clock.Time(r.completed), clock.Time(r.due), clock.Time(r.settled)
	return r.Settlement
}

func settlements(rows []row, err error) ([]Settlement, error) {
	out := make([]Settlement, len(rows))
	for i, r := range rows {
		out[i] = r.settlement()
	}
	return out, err
}

func insertSettlement(ctx context.Context, tx *db.Tx, s Settlement) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO settlement (order_id, number, shop, currency, own, state, gross, fee, completed_at, due_at, settled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`,
		s.Order, s.Number, s.Shop, s.Currency, s.Own, s.State, s.Gross, s.Fee, clock.Millis(s.CompletedAt), clock.Millis(s.DueAt))
	return err
}

// lockSettlement returns [db.ErrNoRows] for an order that has none.
func lockSettlement(ctx context.Context, tx *db.Tx, order string) (Settlement, error) {
	r, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM settlement s WHERE s.order_id = $1`+tx.ForUpdate(), order)
	return r.settlement(), err
}

func capturedInto(ctx context.Context, q db.Querier, order string, a ledger.Account) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM transfer WHERE ref = 'capture:' || $1 AND debit = $2)`, order, string(a))
}

func setSums(ctx context.Context, tx *db.Tx, order string, gross, fee int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE settlement SET gross = $2, fee = $3 WHERE order_id = $1`, order, gross, fee)
	return err
}

// openCase holds for a settlement s of whose order something is being settled.
const openCase = `EXISTS (
	SELECT 1 FROM aftersale_case c
	WHERE c.order_id = s.order_id AND c.state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned'))`

// claim marks up to n orders as settled: due, without an open case, of shops that
// are not held. Rows that another run is claiming are passed over.
func claim(ctx context.Context, tx *db.Tx, now time.Time, n int) ([]Settlement, error) {
	return settlements(db.All(ctx, tx, scan, `
		UPDATE settlement AS s SET state = 'settled', settled_at = $1
		WHERE s.state = 'waiting' AND s.order_id IN (
			SELECT s.order_id FROM settlement s
			WHERE s.state = 'waiting' AND s.due_at <= $1
				AND NOT EXISTS (SELECT 1 FROM settle_hold h WHERE h.shop = s.shop AND h.released_at = 0)
				AND NOT `+openCase+`
			ORDER BY s.due_at, s.order_id
			LIMIT $2`+tx.SkipLocked()+`)
		RETURNING `+strings.ReplaceAll(columns, "s.", "")+``, clock.Millis(now), n))
}

func insertMoves(ctx context.Context, tx *db.Tx, moves []Move) error {
	rows := make([][]any, len(moves))
	for i, m := range moves {
		rows[i] = []any{m.Ref, m.Shop, clock.Millis(m.At), string(m.Kind), m.Order, m.Number, m.Payout, m.Currency, m.Gross, m.Fee, m.Own, m.Paid, m.Amount}
	}
	return tx.InsertMany(ctx, "settle_move", []string{"ref", "shop", "at", "kind", "order_id", "number", "payout", "currency", "gross", "fee", "own", "paid", "amount"}, rows)
}

type moveRow struct {
	Move
	at int64
}

func scanMove(r *moveRow) []any {
	return []any{&r.Ref, &r.Shop, &r.at, &r.Kind, &r.Order, &r.Number, &r.Payout, &r.Currency, &r.Gross, &r.Fee, &r.Own, &r.Paid, &r.Amount}
}

// moves returns what moved from an instant until another, oldest first.
func moves(ctx context.Context, q db.Querier, shop string, from, to time.Time) ([]Move, error) {
	rows, err := db.All(ctx, q, scanMove, `
		SELECT ref, shop, at, kind, order_id, number, payout, currency, gross, fee, own, paid, amount FROM settle_move
		WHERE shop = $1 AND at >= $2 AND at < $3
		ORDER BY at, ref`, shop, clock.Millis(from), clock.Millis(to))
	out := make([]Move, len(rows))
	for i, r := range rows {
		out[i] = r.Move
		out[i].At = clock.Time(r.at)
	}
	return out, err
}

// before sums what moved before an instant.
func before(ctx context.Context, q db.Querier, shop string, at time.Time) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COALESCE(SUM(amount), 0) FROM settle_move WHERE shop = $1 AND at < $2`, shop, clock.Millis(at))
}

// list returns the settlements of a shop in a state, the next due or the last
// settled first.
func list(ctx context.Context, q db.Querier, shop string, state State, after int64, afterID string, n int) ([]Settlement, error) {
	paging := "(s.due_at, s.order_id) > ($3, $4) ORDER BY s.due_at, s.order_id"
	if state == Settled {
		paging = "(s.settled_at, s.order_id) < ($3, $4) ORDER BY s.settled_at DESC, s.order_id DESC"
	}
	return settlements(db.All(ctx, q, scanWithCase, `
		SELECT `+columns+`, s.state = 'waiting' AND `+openCase+`
		FROM settlement s
		WHERE s.shop = $1 AND s.state = $2 AND `+paging+`
		LIMIT $5`, shop, string(state), after, afterID, n))
}

// sums are what waits, and what was asked for.
type sums struct {
	held, ownFee, orders, nextDue int64 // held is the market's less its commission; ownFee the one on what the shop took itself
	underWay, paid                int64
}

func sumsOf(ctx context.Context, q db.Querier, shop string) (sums, error) {
	s, err := db.One(ctx, q, func(s *sums) []any { return []any{&s.held, &s.ownFee, &s.orders, &s.nextDue} }, `
		SELECT COALESCE(SUM(CASE WHEN own THEN 0 ELSE gross - fee END), 0), COALESCE(SUM(CASE WHEN own THEN fee ELSE 0 END), 0), COUNT(*),
			COALESCE(MIN(CASE WHEN own THEN NULL ELSE due_at END), 0)
		FROM settlement
		WHERE shop = $1 AND state = 'waiting'`, shop)
	if err != nil {
		return s, err
	}
	p, err := db.One(ctx, q, func(s *sums) []any { return []any{&s.underWay, &s.paid} }, `
		SELECT COALESCE(SUM(CASE WHEN state IN ('asked', 'held', 'sent') THEN amount ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 'done' THEN amount ELSE 0 END), 0)
		FROM payout
		WHERE shop = $1`, shop)
	s.underWay, s.paid = p.underWay, p.paid
	return s, err
}

func setAccount(ctx context.Context, tx *db.Tx, shop, by string, a Account, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO payout_account (shop, holder, number, bank, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (shop) DO UPDATE SET holder = $2, number = $3, bank = $4, changed_at = $5, changed_by = $6`,
		shop, a.Holder, a.Number, a.Bank, clock.Millis(now), by)
	return err
}

func accountOf(ctx context.Context, q db.Querier, shop string) (Account, error) {
	a, err := db.One(ctx, q, func(a *Account) []any { return []any{&a.Holder, &a.Number, &a.Bank} },
		`SELECT holder, number, bank FROM payout_account WHERE shop = $1`, shop)
	if errors.Is(err, db.ErrNoRows) {
		return Account{}, ErrNoAccount
	}
	return a, err
}

const payoutColumns = `id, shop, reference, amount, currency, holder, number, bank, state, reason, asked_at, asked_by, changed_at, changed_by, version`

type payoutRow struct {
	PayoutOf
	asked, changed int64
}

func scanPayout(r *payoutRow) []any {
	return []any{&r.ID, &r.Shop, &r.Reference, &r.Amount, &r.Currency, &r.Account.Holder, &r.Account.Number, &r.Account.Bank, &r.State, &r.Reason,
		&r.asked, &r.AskedBy, &r.changed, &r.ChangedBy, &r.Version}
}

func (r payoutRow) payout() PayoutOf {
	r.AskedAt, r.ChangedAt = clock.Time(r.asked), clock.Time(r.changed)
	return r.PayoutOf
}

func payouts(rows []payoutRow, err error) ([]PayoutOf, error) {
	out := make([]PayoutOf, len(rows))
	for i, r := range rows {
		out[i] = r.payout()
	}
	return out, err
}

func insertPayout(ctx context.Context, tx *db.Tx, p PayoutOf, key, hash string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO payout (key, key_hash, `+payoutColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		key, hash, p.ID, p.Shop, p.Reference, p.Amount, p.Currency, p.Account.Holder, p.Account.Number, p.Account.Bank, p.State, p.Reason,
		clock.Millis(p.AskedAt), p.AskedBy, clock.Millis(p.ChangedAt), p.ChangedBy, p.Version)
	return err
}

// payoutByKey returns the payout that a key has made and the hash of its wish, or
// nothing.
func payoutByKey(ctx context.Context, q db.Querier, key string) (PayoutOf, string, error) {
	var hash string
	r, err := db.One(ctx, q, func(r *payoutRow) []any { return append(scanPayout(r), &hash) }, `SELECT `+payoutColumns+`, key_hash FROM payout WHERE key = $1`, key)
	if errors.Is(err, db.ErrNoRows) {
		return PayoutOf{}, "", nil
	}
	return r.payout(), hash, err
}

func payoutByID(ctx context.Context, tx *db.Tx, payout string) (PayoutOf, error) {
	r, err := db.One(ctx, tx, scanPayout, `SELECT `+payoutColumns+` FROM payout WHERE id = $1`+tx.ForUpdate(), payout)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrNotFound
	}
	return r.payout(), err
}

// movePayout is the compare-and-set of every step.
func movePayout(ctx context.Context, tx *db.Tx, p PayoutOf, was int64) error {
	return tx.WriteOne(ctx, ErrState, `
		UPDATE payout SET state = $3, reason = $4, changed_at = $5, changed_by = $6, version = $7
		WHERE id = $1 AND version = $2`, p.ID, was, p.State, p.Reason, clock.Millis(p.ChangedAt), p.ChangedBy, p.Version)
}

// payoutsIn lists payouts, newest first, of a shop or of all, in some states or
// in any.
func payoutsIn(ctx context.Context, q db.Querier, shop string, open bool, n int) ([]PayoutOf, error) {
	return payouts(db.All(ctx, q, scanPayout, `
		SELECT `+payoutColumns+` FROM payout
		WHERE ($1 = '' OR shop = $1) AND (NOT $2 OR state IN ('asked', 'held', 'sent'))
		ORDER BY asked_at DESC, id DESC
		LIMIT $3`, shop, open, n))
}

// lockPayouts returns the payouts of a shop in a state and keeps others from
// moving them.
func lockPayouts(ctx context.Context, tx *db.Tx, shop string, state PayoutState) ([]PayoutOf, error) {
	return payouts(db.All(ctx, tx, scanPayout, `
		SELECT `+payoutColumns+` FROM payout WHERE shop = $1 AND state = $2 ORDER BY id`+tx.ForUpdate(), shop, string(state)))
}

const holdColumns = `id, shop, reason, since, held_by, objection, objected_at, released_at, released_by, answer`

type holdRow struct {
	Hold
	since, objected, released int64
}

func scanHold(r *holdRow) []any {
	return []any{&r.ID, &r.Shop, &r.Reason, &r.since, &r.By, &r.Objection, &r.objected, &r.released, &r.ReleasedBy, &r.Answer}
}

func (r holdRow) hold() Hold {
	r.Since, r.ObjectedAt, r.ReleasedAt = clock.Time(r.since), clock.Time(r.objected), clock.Time(r.released)
	return r.Hold
}

// openHold returns the hold of a shop that is not released, or [ErrNotHeld].
func openHold(ctx context.Context, q db.Querier, shop string) (Hold, error) {
	r, err := db.One(ctx, q, scanHold, `SELECT `+holdColumns+` FROM settle_hold WHERE shop = $1 AND released_at = 0`, shop)
	if errors.Is(err, db.ErrNoRows) {
		return Hold{}, ErrNotHeld
	}
	return r.hold(), err
}

func openHolds(ctx context.Context, q db.Querier) ([]Hold, error) {
	rows, err := db.All(ctx, q, scanHold, `SELECT `+holdColumns+` FROM settle_hold WHERE released_at = 0 ORDER BY since, id`)
	out := make([]Hold, len(rows))
	for i, r := range rows {
		out[i] = r.hold()
	}
	return out, err
}

// insertHold reports false when the shop is held already.
func insertHold(ctx context.Context, tx *db.Tx, h Hold) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO settle_hold (`+holdColumns+`) VALUES ($1, $2, $3, $4, $5, '', 0, 0, '', '')
		ON CONFLICT DO NOTHING`, h.ID, h.Shop, h.Reason, clock.Millis(h.Since), h.By)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func object(ctx context.Context, tx *db.Tx, shop, words string, now time.Time) error {
	return tx.WriteOne(ctx, ErrNotHeld, `
		UPDATE settle_hold SET objection = $2, objected_at = $3 WHERE shop = $1 AND released_at = 0`, shop, words, clock.Millis(now))
}

func release(ctx context.Context, tx *db.Tx, shop, by, answer string, now time.Time) error {
	return tx.WriteOne(ctx, ErrNotHeld, `
		UPDATE settle_hold SET released_at = $2, released_by = $3, answer = $4 WHERE shop = $1 AND released_at = 0`, shop, clock.Millis(now), by, answer)
}

// worthRow is an order's settlement beside its order and what was booked of it.
type worthRow struct {
	order, body                 string
	state                       State
	gross, fee, total           int64
	sales, movedGross, movedFee int64
}

func worths(ctx context.Context, q db.Querier, after string, n int) ([]worthRow, error) {
	return db.All(ctx, q, func(r *worthRow) []any {
		return []any{&r.order, &r.body, &r.state, &r.gross, &r.fee, &r.total, &r.sales, &r.movedGross, &r.movedFee}
	}, `
		SELECT s.order_id, o.quote_body, s.state, s.gross, s.fee, o.total, COALESCE(m.sales, 0), COALESCE(m.gross, 0), COALESCE(m.fee, 0)
		FROM settlement s JOIN orders o ON o.id = s.order_id
		LEFT JOIN (
			SELECT order_id, SUM(CASE WHEN kind = 'sale' THEN 1 ELSE 0 END) AS sales, SUM(gross) AS gross, SUM(fee) AS fee
			FROM settle_move WHERE order_id <> '' GROUP BY order_id
		) m ON m.order_id = s.order_id
		WHERE s.order_id > $1
		ORDER BY s.order_id
		LIMIT $2`, after, n)
}

type position struct {
	order string
	at    int
}

// backOf sums what went back of the positions of orders, from one to another.
func backOf(ctx context.Context, q db.Querier, first, last string) (map[position]int64, error) {
	type row struct {
		position
		minor int64
	}
	rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.order, &r.at, &r.minor} }, `
		SELECT order_id, position, SUM(amount) FROM order_refund
		WHERE order_id >= $1 AND order_id <= $2
		GROUP BY order_id, position`, first, last)
	out := make(map[position]int64, len(rows))
	for _, r := range rows {
		out[r.position] = r.minor
	}
	return out, err
}

// checkRows runs the invariants that SQL can see. Each query returns the name of
// what is wrong and two numbers that should have been equal.
func checkRows(ctx context.Context, q db.Querier) ([]ledger.Problem, error) {
	type row struct {
		name string
		a, b int64
	}
	var problems []ledger.Problem
	for _, c := range []struct{ id, words, query string }{
		{"I16", "account %s holds %d of commission, the moves come to %d", `
			SELECT 'market:commission', COALESCE((SELECT -balance FROM ledger_account WHERE id = 'market:commission'), 0), SUM(fee)
			FROM settle_move
			HAVING COALESCE((SELECT -balance FROM ledger_account WHERE id = 'market:commission'), 0) <> SUM(fee)`},
		{"I17", "order %s is completed and has %d settlements, want %d", `
			SELECT o.id, 0, 1
			FROM orders o LEFT JOIN settlement s ON s.order_id = o.id
			WHERE o.state = 'completed' AND o.total > 0 AND s.order_id IS NULL`},
		{"I17", "shop %s has earned %d that is not settled, its orders come to %d", `
			SELECT s.shop, COALESCE(-MAX(a.balance), 0), SUM(CASE WHEN s.state = 'waiting' THEN s.gross ELSE 0 END)
			FROM settlement s LEFT JOIN ledger_account a ON a.id = 'earned:' || s.shop
			GROUP BY s.shop
			HAVING COALESCE(-MAX(a.balance), 0) <> SUM(CASE WHEN s.state = 'waiting' THEN s.gross ELSE 0 END)`},
		{"I17", "shop %s has %d on hand, its moves come to %d", `
			SELECT m.shop, COALESCE(-MAX(a.balance), 0), SUM(m.amount)
			FROM settle_move m LEFT JOIN ledger_account a ON a.id = 'free:' || m.shop
			GROUP BY m.shop
			HAVING COALESCE(-MAX(a.balance), 0) <> SUM(m.amount)`},
		{"I17", "shop %s keeps %d itself, its moves come to %d", `
			SELECT m.shop, COALESCE(-MAX(a.balance), 0), SUM(m.own)
			FROM settle_move m LEFT JOIN ledger_account a ON a.id = 'own:' || m.shop
			GROUP BY m.shop
			HAVING COALESCE(-MAX(a.balance), 0) <> SUM(m.own)`},
		{"I17", "move %s says %d, its journal %d", `
			SELECT m.ref, m.amount, COALESCE(SUM(CASE t.credit WHEN 'free:' || m.shop THEN t.amount ELSE 0 END - CASE t.debit WHEN 'free:' || m.shop THEN t.amount ELSE 0 END), 0)
			FROM settle_move m LEFT JOIN transfer t ON t.ref = m.ref
			GROUP BY m.ref, m.amount
			HAVING m.amount <> COALESCE(SUM(CASE t.credit WHEN 'free:' || m.shop THEN t.amount ELSE 0 END - CASE t.debit WHEN 'free:' || m.shop THEN t.amount ELSE 0 END), 0)`},
		{"I17", "payouts of shop %s that wait come to %d, the account to %d", `
			SELECT p.shop, SUM(CASE WHEN p.state IN ('asked', 'held') THEN p.amount ELSE 0 END), COALESCE(-MAX(a.balance), 0)
			FROM payout p LEFT JOIN ledger_account a ON a.id = 'paying:' || p.shop
			GROUP BY p.shop
			HAVING SUM(CASE WHEN p.state IN ('asked', 'held') THEN p.amount ELSE 0 END) <> COALESCE(-MAX(a.balance), 0)`},
		{"I17", "account %s: %d has been sent, payouts come to %d", `
			SELECT 'market:bank', COALESCE((SELECT -balance FROM ledger_account WHERE id = 'market:bank'), 0), SUM(CASE WHEN state IN ('sent', 'done') THEN amount ELSE 0 END)
			FROM payout
			HAVING COALESCE((SELECT -balance FROM ledger_account WHERE id = 'market:bank'), 0) <> SUM(CASE WHEN state IN ('sent', 'done') THEN amount ELSE 0 END)`},
	} {
		rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.name, &r.a, &r.b} }, c.query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.id, err)
		}
		for _, r := range rows {
			problems = append(problems, ledger.Problem{Invariant: c.id, Detail: fmt.Sprintf(c.words, r.name, r.a, r.b)})
		}
	}
	return problems, nil
}
