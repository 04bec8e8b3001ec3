package groupbuy

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

const offerColumns = `id, shop, product, sku, currency, was, steps, units, groups, open, per_buyer, lasts, starts_at, stopped_at, closed_at`

type offerRow struct {
	Offer
	steps                          string
	lasts, starts, stopped, closed int64
}

func scanOffer(r *offerRow) []any {
	return []any{&r.ID, &r.Shop, &r.Product, &r.SKU, &r.Currency, &r.Was, &r.steps, &r.Units, &r.Groups, &r.Open, &r.PerBuyer, &r.lasts, &r.starts, &r.stopped, &r.closed}
}

func (r offerRow) offer() (Offer, error) {
	o := r.Offer
	o.Lasts = time.Duration(r.lasts) * time.Millisecond
	o.StartsAt, o.StoppedAt, o.ClosedAt = clock.Time(r.starts), clock.Time(r.stopped), clock.Time(r.closed)
	return o, json.Unmarshal([]byte(r.steps), &o.Steps)
}

func offersFrom(rows []offerRow, err error) ([]Offer, error) {
	out := make([]Offer, 0, len(rows))
	for _, r := range rows {
		o, bad := r.offer()
		err = errors.Join(err, bad)
		out = append(out, o)
	}
	return out, err
}

func insertOffer(ctx context.Context, tx *db.Tx, o Offer) error {
	steps, err := json.Marshal(o.Steps)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO group_offer (id, shop, product, sku, currency, was, steps, size, units, groups, open, per_buyer, lasts, starts_at, stopped_at, closed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13, 0, 0)`,
		o.ID, o.Shop, o.Product, o.SKU, o.Currency, o.Was, string(steps), o.Size(), o.Units, o.Groups, o.PerBuyer, o.Lasts.Milliseconds(), clock.Millis(o.StartsAt))
	return err
}

func offerByID(ctx context.Context, q db.Querier, id string) (Offer, error) {
	r, err := db.One(ctx, q, scanOffer, `SELECT `+offerColumns+` FROM group_offer WHERE id = $1`, id)
	if errors.Is(err, db.ErrNoRows) {
		return Offer{}, ErrNoOffer
	}
	if err != nil {
		return Offer{}, err
	}
	return r.offer()
}

func offersOf(ctx context.Context, q db.Querier, product string) ([]Offer, error) {
	return offersFrom(db.All(ctx, q, scanOffer, `
		SELECT `+offerColumns+` FROM group_offer
		WHERE product = $1 AND stopped_at = 0
		ORDER BY starts_at, id`, product))
}

func offersOfShop(ctx context.Context, q db.Querier, shop string) ([]Offer, error) {
	return offersFrom(db.All(ctx, q, scanOffer, `
		SELECT `+offerColumns+` FROM group_offer
		WHERE shop = $1
		ORDER BY starts_at DESC, id DESC
		LIMIT 200`, shop))
}

func stop(ctx context.Context, tx *db.Tx, id string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE group_offer SET stopped_at = $2 WHERE id = $1 AND stopped_at = 0`, id, clock.Millis(now))
	return err
}

func closing(ctx context.Context, q db.Querier, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT o.id FROM group_offer o
		WHERE o.stopped_at > 0 AND o.closed_at = 0
			AND NOT EXISTS (SELECT 1 FROM group_buy g WHERE g.offer = o.id AND g.settled_at = 0)
		LIMIT $1`, n)
}

func setClosed(ctx context.Context, tx *db.Tx, id string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE group_offer SET closed_at = $2 WHERE id = $1 AND stopped_at > 0 AND closed_at = 0`, id, clock.Millis(now)))
}

// giveGroup makes room for another group.
func giveGroup(ctx context.Context, tx *db.Tx, offer string) error {
	_, err := tx.ExecContext(ctx, `UPDATE group_offer SET open = open - 1 WHERE id = $1`, offer)
	return err
}

const groupColumns = `code, offer, first, size, seats, paid, state, started_at, ends_at, ended_at, settled_at`

type groupRow struct {
	Group
	started, ends, ended, settled int64
}

func scanGroup(r *groupRow) []any {
	return []any{&r.Code, &r.Offer, &r.First, &r.Size, &r.Seats, &r.Group.Paid, &r.State, &r.started, &r.ends, &r.ended, &r.settled}
}

func (r groupRow) group() Group {
	g := r.Group
	g.StartedAt, g.EndsAt, g.EndedAt, g.SettledAt = clock.Time(r.started), clock.Time(r.ends), clock.Time(r.ended), clock.Time(r.settled)
	return g
}

func groupsFrom(rows []groupRow, err error) ([]Group, error) {
	out := make([]Group, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.group())
	}
	return out, err
}

func groupByCode(ctx context.Context, q db.Querier, code string) (Group, error) {
	r, err := db.One(ctx, q, scanGroup, `SELECT `+groupColumns+` FROM group_buy WHERE code = $1`, code)
	if errors.Is(err, db.ErrNoRows) {
		return Group{}, ErrNotFound
	}
	return r.group(), err
}

func groupsOf(ctx context.Context, q db.Querier, offer string, open bool, now time.Time, n int) ([]Group, error) {
	if open {
		return groupsFrom(db.All(ctx, q, scanGroup, `
			SELECT `+groupColumns+` FROM group_buy
			WHERE offer = $1 AND state = 'open' AND ends_at > $2 AND seats < size AND paid > 0
			ORDER BY ends_at, code
			LIMIT $3`, offer, clock.Millis(now), n))
	}
	return groupsFrom(db.All(ctx, q, scanGroup, `
		SELECT `+groupColumns+` FROM group_buy
		WHERE offer = $1 AND state <> 'gone'
		ORDER BY started_at DESC, code
		LIMIT $2`, offer, n))
}

func dueGroups(ctx context.Context, q db.Querier, now time.Time, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT code FROM group_buy
		WHERE state = 'open' AND ends_at <= $1
		ORDER BY ends_at, code
		LIMIT $2`, clock.Millis(now), n)
}

func ended(ctx context.Context, q db.Querier, n int) ([]Group, error) {
	return groupsFrom(db.All(ctx, q, scanGroup, `
		SELECT `+groupColumns+` FROM group_buy
		WHERE ended_at > 0 AND settled_at = 0
		ORDER BY ended_at, code
		LIMIT $1`, n))
}

// decide ends a group whose time is over: check and write in one statement, so a
// payment at the same instant counts or does not.
func decide(ctx context.Context, tx *db.Tx, code string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE group_buy SET state = CASE WHEN paid >= first THEN 'full' ELSE 'failed' END, ended_at = $2
		WHERE code = $1 AND state = 'open' AND ends_at <= $2`, code, clock.Millis(now))
	return err
}

func setSettled(ctx context.Context, tx *db.Tx, code string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE group_buy SET settled_at = $2 WHERE code = $1 AND ended_at > 0 AND settled_at = 0`, code, clock.Millis(now)))
}

func vanish(ctx context.Context, tx *db.Tx, code string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE group_buy SET state = 'gone', ended_at = $2, settled_at = $2 WHERE code = $1`, code, clock.Millis(now))
	return err
}

func askGroup(ctx context.Context, tx *db.Tx, into *Asked, code string) error {
	if err := db.Ask(ctx, tx, &into.group, scanGroup, `SELECT `+groupColumns+` FROM group_buy WHERE code = $1`+tx.ForUpdate(), code); err != nil {
		return err
	}
	return db.AskAll(ctx, tx, &into.buyers, db.Column[string], `SELECT buyer FROM group_seat WHERE code = $1 AND state <> 'gone'`, code)
}

func askOffer(ctx context.Context, tx *db.Tx, into *Asked, offer string) error {
	return db.Ask(ctx, tx, into, func(a *Asked) []any { return []any{&a.offer.groups, &a.offer.open, &a.offer.stopped} },
		`SELECT groups, open, stopped_at FROM group_offer WHERE id = $1`+tx.ForUpdate(), offer)
}

// beginText, takeText and sitText are check and write in one statement each, so
// no group has more people than it is for, and nobody is in one twice, on either
// engine.
const (
	beginText = `
		UPDATE group_offer SET open = open + 1
		WHERE id = $1 AND stopped_at = 0 AND open < groups`
	openText = `
		INSERT INTO group_buy (code, offer, first, size, seats, paid, state, started_at, ends_at, ended_at, settled_at)
		VALUES ($1, $2, $3, $4, 1, 0, 'open', $5, $6, 0, 0)`
	takeText = `
		UPDATE group_buy SET seats = seats + 1
		WHERE code = $1 AND state = 'open' AND seats < size AND ends_at > $2`
	sitText = `
		INSERT INTO group_seat (code, buyer, order_id, name, state)
		VALUES ($1, $2, $3, $4, 'held')
		ON CONFLICT (code, buyer) DO UPDATE SET order_id = EXCLUDED.order_id, name = EXCLUDED.name, state = 'held'
		WHERE group_seat.state = 'gone'`
)

func takeAgain(ctx context.Context, tx *db.Tx, code, order string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		UPDATE group_buy SET seats = seats + 1
		WHERE code = $1 AND state = 'open' AND seats < size AND ends_at > $3
			AND EXISTS (SELECT 1 FROM group_seat WHERE order_id = $2 AND state = 'gone')`, code, order, clock.Millis(now)))
}

// pay counts a paid seat and returns the group afterwards; ok is false when the
// seat does not count.
func pay(ctx context.Context, tx *db.Tx, code, order string, now time.Time) (g Group, ok bool, err error) {
	return groupAfter(db.One(ctx, tx, scanGroup, `
		UPDATE group_buy SET paid = paid + 1,
			state = CASE WHEN paid + 1 >= size THEN 'full' ELSE state END,
			ended_at = CASE WHEN paid + 1 >= size THEN CAST($3 AS BIGINT) ELSE ended_at END
		WHERE code = $1 AND state = 'open' AND ends_at > CAST($3 AS BIGINT)
			AND EXISTS (SELECT 1 FROM group_seat WHERE order_id = $2 AND state = 'held')
		RETURNING `+groupColumns, code, order, clock.Millis(now)))
}

func leave(ctx context.Context, tx *db.Tx, code, order string) (g Group, ok bool, err error) {
	return groupAfter(db.One(ctx, tx, scanGroup, `
		UPDATE group_buy SET seats = seats - 1,
			paid = paid - (SELECT COUNT(*) FROM group_seat WHERE order_id = $2 AND state = 'paid')
		WHERE code = $1 AND state = 'open'
			AND EXISTS (SELECT 1 FROM group_seat WHERE order_id = $2 AND state <> 'gone')
		RETURNING `+groupColumns, code, order))
}

func groupAfter(r groupRow, err error) (Group, bool, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Group{}, false, nil
	}
	return r.group(), err == nil, err
}

func setSeat(ctx context.Context, tx *db.Tx, order string, to SeatState) error {
	_, err := tx.ExecContext(ctx, `UPDATE group_seat SET state = $2 WHERE order_id = $1`, order, string(to))
	return err
}

func seats(ctx context.Context, q db.Querier, code string) ([]Seat, error) {
	return db.All(ctx, q, func(s *Seat) []any { return []any{&s.Code, &s.Buyer, &s.Order, &s.Name, &s.State} }, `
		SELECT code, buyer, order_id, name, state FROM group_seat
		WHERE code = $1
		ORDER BY order_id`, code)
}

func changed(res interface{ RowsAffected() (int64, error) }, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// checkRows runs the invariants that SQL can see. Each query returns the name of
// what is wrong and two numbers that should have been equal.
func checkRows(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	late := clock.Millis(now.Add(-time.Minute))
	type row struct {
		name string
		a, b int64
	}
	var problems []ledger.Problem
	for _, c := range []struct {
		words, query string
		args         []any
	}{
		{"group %s counts %d seats, there are %d", `
			SELECT g.code, g.seats, COUNT(s.code)
			FROM group_buy g LEFT JOIN group_seat s ON s.code = g.code AND s.state <> 'gone'
			GROUP BY g.code, g.seats
			HAVING g.seats <> COUNT(s.code)`, nil},
		{"group %s counts %d paid, %d are", `
			SELECT g.code, g.paid, COUNT(s.code)
			FROM group_buy g LEFT JOIN group_seat s ON s.code = g.code AND s.state = 'paid'
			GROUP BY g.code, g.paid
			HAVING g.paid <> COUNT(s.code)`, nil},
		{"group %s is full with %d people, it takes %d", `
			SELECT code, paid, CASE WHEN ended_at < ends_at THEN size ELSE first END
			FROM group_buy
			WHERE state = 'full' AND (paid < first OR ended_at < ends_at AND paid <> size)`, nil},
		{"group %s failed with %d people, it takes %d", `
			SELECT code, paid, first FROM group_buy WHERE state = 'failed' AND (paid >= first OR ended_at < ends_at)`, nil},
		{"group %s ended at %d, it is %d", `
			SELECT code, ends_at, CAST($2 AS BIGINT) FROM group_buy WHERE state = 'open' AND ends_at < $1`, []any{late, clock.Millis(now)}},
		{"the orders of group %s should know since %d, it is %d", `
			SELECT code, ended_at, CAST($2 AS BIGINT) FROM group_buy WHERE ended_at > 0 AND ended_at < $1 AND settled_at = 0`, []any{late, clock.Millis(now)}},
		{"offer %s counts %d groups, there are %d", `
			SELECT o.id, o.open, COUNT(g.code)
			FROM group_offer o LEFT JOIN group_buy g
				ON g.offer = o.id AND (g.state IN ('open', 'full') OR g.state = 'failed' AND g.settled_at = 0)
			GROUP BY o.id, o.open
			HAVING o.open <> COUNT(g.code)`, nil},
	} {
		rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.name, &r.a, &r.b} }, c.query, c.args...)
		if err != nil {
			return nil, fmt.Errorf("I15: %w", err)
		}
		for _, r := range rows {
			problems = append(problems, ledger.Problem{Invariant: "I15", Detail: fmt.Sprintf(c.words, r.name, r.a, r.b)})
		}
	}
	return problems, nil
}
