package aftersale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, order_id, number, shop, buyer, buyer_name, state, reason, words, photos, ask, offer, agreed, currency, given, in_cash, came_back,
	tracking, replacement, show_id, second, replay, due_at, created_at, updated_at, version`

type caseRow struct {
	Case
	photos, ask, offer, agreed string
	due, created, updated      int64
}

func scan(r *caseRow) []any {
	return []any{&r.ID, &r.Order, &r.Number, &r.Shop, &r.Buyer, &r.BuyerName, &r.State, &r.Reason, &r.Words, &r.photos, &r.ask, &r.offer, &r.agreed,
		&r.Currency, &r.Given, &r.InCash, &r.CameBack, &r.Tracking, &r.Replacement, &r.Show, &r.Second, &r.Replay, &r.due, &r.created, &r.updated, &r.Version}
}

// text writes v as JSON; nothing for nil.
func textOf[T any](v *T) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func dealOf(s string) (*Deal, error) {
	if s == "" {
		return nil, nil
	}
	var d Deal
	return &d, json.Unmarshal([]byte(s), &d)
}

func insert(ctx context.Context, tx *db.Tx, c Case, key, hash string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO aftersale_case (key, key_hash, `+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`,
		key, hash, c.ID, c.Order, c.Number, c.Shop, c.Buyer, c.BuyerName, c.State, c.Reason, c.Words, textOf(&c.Photos), textOf(&c.Ask), textOf(c.Offer),
		textOf(c.Agreed), c.Currency, c.Given, c.InCash, c.CameBack, c.Tracking, c.Replacement, c.Show, c.Second, c.Replay, clock.Millis(c.DueAt),
		clock.Millis(c.CreatedAt), clock.Millis(c.UpdatedAt), c.Version)
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(c.Ask.Lines))
	for _, p := range c.Positions() {
		rows = append(rows, []any{c.ID, c.Order, int64(p), c.State.Open() && c.Reason != FromSeller})
	}
	err = tx.InsertMany(ctx, "aftersale_line", []string{"case_id", "order_id", "position", "open"}, rows)
	if db.IsUnique(err) {
		return ErrOpenCase
	}
	return err
}

// update is the compare-and-set of every step.
func update(ctx context.Context, tx *db.Tx, c Case, was int64) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE aftersale_case SET state = $3, ask = $4, offer = $5, agreed = $6, came_back = $7, tracking = $8, due_at = $9, updated_at = $10, version = $11
		WHERE id = $1 AND version = $2`,
		c.ID, was, c.State, textOf(&c.Ask), textOf(c.Offer), textOf(c.Agreed), c.CameBack, c.Tracking, clock.Millis(c.DueAt), clock.Millis(c.UpdatedAt), c.Version)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrStep, err)
	}
	return nil
}

// settled writes what a step brought about, and frees the lines of a case that
// waits for nobody.
func settled(ctx context.Context, tx *db.Tx, c Case) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE aftersale_case SET state = $2, agreed = $3, given = $4, replacement = $5
		WHERE id = $1`, c.ID, c.State, textOf(c.Agreed), c.Given, c.Replacement)
	if err != nil || c.State.Open() && c.State != Owed {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE aftersale_line SET open = FALSE WHERE case_id = $1`, c.ID)
	return err
}

func insertStep(ctx context.Context, tx *db.Tx, caseID string, s Step, key string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO aftersale_event (case_id, seq, at, event, by_role, person, note, deal, key)
		SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM aftersale_event WHERE case_id = $1`,
		caseID, clock.Millis(s.At), s.Event, s.By, s.Person, s.Note, textOf(s.Deal), key)
	return err
}

// byKey finds the case that a key has made, and the hash of its request.
func byKey(ctx context.Context, q db.Querier, key string) (caseID, hash string, err error) {
	type row struct{ id, hash string }
	r, err := db.One(ctx, q, func(r *row) []any { return []any{&r.id, &r.hash} }, `SELECT id, key_hash FROM aftersale_case WHERE key = $1`, key)
	if errors.Is(err, db.ErrNoRows) {
		return "", "", nil
	}
	return r.id, r.hash, err
}

// stepOf returns the step that a key has taken, or nothing.
func stepOf(ctx context.Context, q db.Querier, caseID, key string) (string, error) {
	e, err := db.One(ctx, q, db.Column[string], `SELECT event FROM aftersale_event WHERE case_id = $1 AND key = $2`, caseID, key)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return e, err
}

func byID(ctx context.Context, q db.Querier, caseID string) (Case, error) {
	return whole(ctx, q)(db.One(ctx, q, scan, `SELECT `+columns+` FROM aftersale_case WHERE id = $1`, caseID))
}

func lockByID(ctx context.Context, tx *db.Tx, caseID string) (Case, error) {
	return whole(ctx, tx)(db.One(ctx, tx, scan, `SELECT `+columns+` FROM aftersale_case WHERE id = $1`+tx.ForUpdate(), caseID))
}

// bare reads the columns that are JSON and times.
func bare(r caseRow, err error) (Case, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Case{}, ErrNotFound
	}
	if err != nil {
		return Case{}, err
	}
	c := r.Case
	c.DueAt, c.CreatedAt, c.UpdatedAt = clock.Time(r.due), clock.Time(r.created), clock.Time(r.updated)
	err = errors.Join(json.Unmarshal([]byte(r.photos), &c.Photos), json.Unmarshal([]byte(r.ask), &c.Ask))
	var e1, e2 error
	c.Offer, e1 = dealOf(r.offer)
	c.Agreed, e2 = dealOf(r.agreed)
	return c, errors.Join(err, e1, e2)
}

// whole adds the history.
func whole(ctx context.Context, q db.Querier) func(caseRow, error) (Case, error) {
	return func(r caseRow, err error) (Case, error) {
		c, err := bare(r, err)
		if err != nil {
			return Case{}, err
		}
		type row struct {
			Step
			at   int64
			deal string
		}
		rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.at, &r.Event, &r.By, &r.Person, &r.Note, &r.deal} }, `
			SELECT at, event, by_role, person, note, deal FROM aftersale_event WHERE case_id = $1 ORDER BY seq`, c.ID)
		if err != nil {
			return Case{}, err
		}
		for _, r := range rows {
			r.At = clock.Time(r.at)
			if r.Deal, err = dealOf(r.deal); err != nil {
				return Case{}, err
			}
			c.Events = append(c.Events, r.Step)
		}
		return c, nil
	}
}

func cases(ctx context.Context, q db.Querier, rows []caseRow, err error) ([]Case, error) {
	out := make([]Case, 0, len(rows))
	for _, r := range rows {
		c, err := whole(ctx, q)(r, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, err
}

func list(ctx context.Context, q db.Querier, f Filter, n int) ([]Case, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM aftersale_case
		WHERE ($1 = '' OR buyer = $1) AND ($2 = '' OR shop = $2) AND ($3 = '' OR order_id = $3) AND ($4 = '' OR state = $4)
			AND (NOT $5 OR state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned', 'owed'))
			AND (created_at, id) < ($6, $7)
		ORDER BY created_at DESC, id DESC
		LIMIT $8`, f.Buyer, f.Shop, f.Order, string(f.State), f.Open, f.After.At, f.After.ID, n)
	return cases(ctx, q, rows, err)
}

func queue(ctx context.Context, q db.Querier, shop string, n int) ([]Case, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM aftersale_case
		WHERE ($1 = '' AND state = 'escalated' OR shop = $1 AND state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned', 'owed'))
		ORDER BY CASE WHEN state IN ('requested', 'returned', 'owed') OR $1 = '' THEN 0 ELSE 1 END, due_at, id
		LIMIT $2`, shop, n)
	return cases(ctx, q, rows, err)
}

func waiting(ctx context.Context, q db.Querier, shop string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `
		SELECT COUNT(*) FROM aftersale_case WHERE shop = $1 AND state IN ('requested', 'returned', 'owed')`, shop)
}

func openIn(ctx context.Context, q db.Querier, show string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (
			SELECT 1 FROM aftersale_case
			WHERE show_id = $1 AND show_id <> '' AND state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned', 'owed'))`, show)
}

func openOf(ctx context.Context, q db.Querier, order string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM aftersale_case
		WHERE order_id = $1 AND state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned')
		ORDER BY id`, order)
}

// deniedOf are the positions of an order about which the operator has decided for
// the shop.
func deniedOf(ctx context.Context, q db.Querier, order string) ([]int, error) {
	return db.All(ctx, q, db.Column[int], `
		SELECT l.position
		FROM aftersale_line l JOIN aftersale_case c ON c.id = l.case_id
		WHERE l.order_id = $1 AND c.state = 'denied'`, order)
}

type dueRow struct{ id, order string }

func overdue(ctx context.Context, q db.Querier, now time.Time, n int) ([]dueRow, error) {
	return db.All(ctx, q, func(r *dueRow) []any { return []any{&r.id, &r.order} }, `
		SELECT id, order_id FROM aftersale_case
		WHERE due_at > 0 AND due_at <= $1
		ORDER BY due_at, id
		LIMIT $2`, clock.Millis(now), n)
}

// checkRows runs the invariants. Each query returns the name of what is wrong
// and two numbers that should have been equal.
func checkRows(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	type row struct {
		name string
		a, b int64
	}
	var problems []ledger.Problem
	for _, c := range []struct {
		id, words, query string
		args             []any
	}{
		{"A1", "case %s gave %d back, the books of its order say %d", `
			SELECT c.id, c.given, COALESCE(SUM(r.amount), 0)
			FROM aftersale_case c LEFT JOIN order_refund r ON r.key = 'case:' || c.id
			GROUP BY c.id, c.given
			HAVING c.given <> COALESCE(SUM(r.amount), 0)`, nil},
		{"A1", "case %s was granted with %d back and %d replacements", `
			SELECT c.id, c.given, COUNT(o.id)
			FROM aftersale_case c LEFT JOIN orders o ON o.id = c.replacement
			WHERE c.state IN ('granted', 'owed')
			GROUP BY c.id, c.given
			HAVING c.given = 0 AND COUNT(o.id) = 0`, nil},
		{"A1", "refund %s has %d cases, want %d", `
			SELECT r.key, 0, 1
			FROM order_refund r LEFT JOIN aftersale_case c ON 'case:' || c.id = r.key
			WHERE r.key LIKE 'case:%' AND c.id IS NULL`, nil},
		{"A2", "case %s should have run out at %d, it is %d", `
			SELECT id, due_at, CAST($2 AS BIGINT) FROM aftersale_case WHERE due_at > 0 AND due_at < $1`,
			[]any{clock.Millis(now.Add(-time.Minute)), clock.Millis(now)}},
		{"A2", "case %s waits since %d with the clock %d", `
			SELECT id, updated_at, due_at FROM aftersale_case
			WHERE (due_at > 0) <> (state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned'))`, nil},
		{"A3", "case %s: version %d, %d steps of history", `
			SELECT c.id, c.version, COUNT(e.seq)
			FROM aftersale_case c LEFT JOIN aftersale_event e ON e.case_id = c.id
			GROUP BY c.id, c.version
			HAVING c.version <> COUNT(e.seq)`, nil},
	} {
		rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.name, &r.a, &r.b} }, c.query, c.args...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.id, err)
		}
		for _, r := range rows {
			problems = append(problems, ledger.Problem{Invariant: c.id, Detail: fmt.Sprintf(c.words, r.name, r.a, r.b)})
		}
	}
	return problems, nil
}
