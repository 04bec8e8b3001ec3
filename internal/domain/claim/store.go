package claim

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const callColumns = `id, shop, show_id, product, sku, keyword, pieces, per_person, hold, origin, opened_at, closed_at`

type callRow struct {
	Call
	hold, opened, closed int64
}

func scanCall(r *callRow) []any {
	return []any{&r.ID, &r.Shop, &r.Show, &r.Product, &r.SKU, &r.Keyword, &r.Pieces, &r.PerPerson, &r.hold, &r.Origin, &r.opened, &r.closed}
}

func (r callRow) call() Call {
	r.Hold, r.OpenedAt, r.ClosedAt = time.Duration(r.hold)*time.Millisecond, clock.Time(r.opened), clock.Time(r.closed)
	return r.Call
}

func oneCall(r callRow, err error) (Call, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Call{}, ErrNotFound
	}
	return r.call(), err
}

func calls(rows []callRow, err error) ([]Call, error) {
	out := make([]Call, len(rows))
	for i, r := range rows {
		out[i] = r.call()
	}
	return out, err
}

func insertCall(ctx context.Context, tx *db.Tx, c Call, key, hash string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO claim_call (`+callColumns+`, key, key_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		c.ID, c.Shop, c.Show, c.Product, c.SKU, c.Keyword, c.Pieces, c.PerPerson, c.Hold.Milliseconds(), c.Origin, clock.Millis(c.OpenedAt), clock.Millis(c.ClosedAt), key, hash)
	return err
}

func getCall(ctx context.Context, q db.Querier, call string) (Call, error) {
	return oneCall(db.One(ctx, q, scanCall, `SELECT `+callColumns+` FROM claim_call WHERE id = $1`, call))
}

// byKey returns what a key has opened, and the hash of what was asked with it.
func byKey(ctx context.Context, q db.Querier, shop, key string) (c Call, hash string, ok bool, err error) {
	type row struct {
		callRow
		hash string
	}
	r, err := db.One(ctx, q, func(r *row) []any { return append(scanCall(&r.callRow), &r.hash) }, `
		SELECT `+callColumns+`, key_hash FROM claim_call WHERE shop = $1 AND key = $2`, shop, key)
	if errors.Is(err, db.ErrNoRows) {
		return Call{}, "", false, nil
	}
	return r.call(), r.hash, err == nil, err
}

func openCalls(ctx context.Context, q db.Querier, show string) ([]Call, error) {
	return calls(db.All(ctx, q, scanCall, `
		SELECT `+callColumns+` FROM claim_call
		WHERE show_id = $1 AND closed_at = 0
		ORDER BY opened_at DESC, id DESC`, show))
}

func callsOf(ctx context.Context, q db.Querier, shop, show string) ([]Call, error) {
	return calls(db.All(ctx, q, scanCall, `
		SELECT `+callColumns+` FROM claim_call
		WHERE shop = $1 AND show_id = $2
		ORDER BY opened_at DESC, id DESC
		LIMIT 200`, shop, show))
}

// setClosed reports whether the call was open until now.
func setClosed(ctx context.Context, tx *db.Tx, call string, now time.Time) (bool, error) {
	return one(tx.ExecContext(ctx, `UPDATE claim_call SET closed_at = $2 WHERE id = $1 AND closed_at = 0`, call, clock.Millis(now)))
}

func one(res interface{ RowsAffected() (int64, error) }, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// due lists calls that time or somebody's giving back has left work to do in:
// held claims that ran out, and people who wait for what is there.
func due(ctx context.Context, q db.Querier, now time.Time, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT call FROM claim WHERE state = 'held' AND until_at <= $1
		UNION
		SELECT c.id FROM claim_call c
		JOIN stock_item i ON i.sku = c.sku AND i.bucket = c.id AND i.on_hand > i.reserved
		WHERE c.closed_at = 0 AND EXISTS (SELECT 1 FROM claim w WHERE w.call = c.id AND w.state = 'waiting')
		LIMIT $2`, clock.Millis(now), n)
}

const claimColumns = `id, call, seq, comment, person, name, qty, state, until_at, order_id, created_at`

type claimRow struct {
	Claim
	until, at int64
}

func scanClaim(r *claimRow) []any {
	return []any{&r.ID, &r.Call, &r.Seq, &r.Comment, &r.Person, &r.Name, &r.Pieces, &r.State, &r.until, &r.Order, &r.at}
}

func (r claimRow) claim(of Call) Claim {
	r.Until, r.At, r.Of = clock.Time(r.until), clock.Time(r.at), of
	return r.Claim
}

func insertClaim(ctx context.Context, tx *db.Tx, c Claim) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO claim (id, call, seq, comment, person, name, qty, state, until_at, order_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10)`,
		c.ID, c.Call, c.Seq, c.Comment, c.Person, c.Name, c.Pieces, string(c.State), clock.Millis(c.Until), clock.Millis(c.At))
	return err
}

// standing is what a call knows when a newcomer arrives.
type standing struct{ last, waiting int64 }

func standingOf(ctx context.Context, tx *db.Tx, call string) (standing, error) {
	return db.One(ctx, tx, func(s *standing) []any { return []any{&s.last, &s.waiting} }, `
		SELECT COALESCE(MAX(seq), 0), COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) FROM claim WHERE call = $1`, call)
}

// liveOf returns what a person holds or waits for in a call.
func liveOf(ctx context.Context, q db.Querier, call Call, person string) (Claim, bool, error) {
	r, err := db.One(ctx, q, scanClaim, `
		SELECT `+claimColumns+` FROM claim
		WHERE call = $1 AND person = $2 AND state IN ('waiting', 'held')`, call.ID, person)
	if errors.Is(err, db.ErrNoRows) {
		return Claim{}, false, nil
	}
	return r.claim(call), err == nil, err
}

func orderedBy(ctx context.Context, q db.Querier, call, person string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `
		SELECT COALESCE(SUM(qty), 0) FROM claim WHERE call = $1 AND person = $2 AND state = 'ordered'`, call, person)
}

func placeOf(ctx context.Context, q db.Querier, call string, seq int64) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `
		SELECT COUNT(*) FROM claim WHERE call = $1 AND state = 'waiting' AND seq <= $2`, call, seq)
}

// mine returns a claim of a person, with its call.
func mine(ctx context.Context, q db.Querier, person, claim string) (Claim, error) {
	r, err := db.One(ctx, q, scanClaim, `SELECT `+claimColumns+` FROM claim WHERE id = $1 AND person = $2`, claim, person)
	if errors.Is(err, db.ErrNoRows) {
		return Claim{}, ErrNotFound
	}
	if err != nil {
		return Claim{}, err
	}
	of, err := getCall(ctx, q, r.Call)
	c := r.claim(of)
	if err == nil && c.State == Waiting {
		c.Place, err = placeOf(ctx, q, c.Call, c.Seq)
	}
	return c, err
}

// liveIn lists what a person holds or waits for in a show, or anywhere.
func liveIn(ctx context.Context, q db.Querier, person, show string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT k.id FROM claim k JOIN claim_call c ON c.id = k.call
		WHERE k.person = $1 AND k.state IN ('waiting', 'held') AND ($2 = '' OR c.show_id = $2)
		ORDER BY k.state, k.until_at, k.id
		LIMIT 50`, person, show)
}

func claimsOf(ctx context.Context, q db.Querier, call Call) ([]Claim, error) {
	rows, err := db.All(ctx, q, scanClaim, `
		SELECT `+claimColumns+` FROM claim WHERE call = $1
		ORDER BY seq
		LIMIT 1000`, call.ID)
	out := make([]Claim, len(rows))
	place := int64(0)
	for i, r := range rows {
		out[i] = r.claim(call)
		if out[i].State == Waiting {
			place++
			out[i].Place = place
		}
	}
	return out, err
}

// first returns who has waited longest in a call.
func first(ctx context.Context, tx *db.Tx, call Call) (Claim, bool, error) {
	r, err := db.One(ctx, tx, scanClaim, `
		SELECT `+claimColumns+` FROM claim WHERE call = $1 AND state = 'waiting'
		ORDER BY seq
		LIMIT 1`, call.ID)
	if errors.Is(err, db.ErrNoRows) {
		return Claim{}, false, nil
	}
	return r.claim(call), err == nil, err
}

// setHeld gives pieces to who waits.
func setHeld(ctx context.Context, tx *db.Tx, c Claim) (bool, error) {
	return one(tx.ExecContext(ctx, `
		UPDATE claim SET state = 'held', qty = $2, until_at = $3
		WHERE id = $1 AND state = 'waiting'`, c.ID, c.Pieces, clock.Millis(c.Until)))
}

// setState is the compare-and-set of every end of a claim.
func setState(ctx context.Context, tx *db.Tx, claim string, from, to State) (bool, error) {
	return one(tx.ExecContext(ctx, `UPDATE claim SET state = $3 WHERE id = $1 AND state = $2`, claim, string(from), string(to)))
}

func overdue(ctx context.Context, tx *db.Tx, call Call, now time.Time) ([]Claim, error) {
	rows, err := db.All(ctx, tx, scanClaim, `
		SELECT `+claimColumns+` FROM claim
		WHERE call = $1 AND state = 'held' AND until_at <= $2
		ORDER BY seq`, call.ID, clock.Millis(now))
	out := make([]Claim, len(rows))
	for i, r := range rows {
		out[i] = r.claim(call)
	}
	return out, err
}

// closeWaiting ends the wait list of a call and returns who was in it.
func closeWaiting(ctx context.Context, tx *db.Tx, call Call) ([]Claim, error) {
	rows, err := db.All(ctx, tx, scanClaim, `
		UPDATE claim SET state = 'closed'
		WHERE call = $1 AND state = 'waiting'
		RETURNING `+claimColumns, call.ID)
	out := make([]Claim, len(rows))
	for i, r := range rows {
		out[i] = r.claim(call)
	}
	return out, err
}

// asked is the row that an order depends on.
func scanAsked(a *Asked) []any { return []any{&a.person, &a.state, &a.pieces, &a.until} }

func askClaim(ctx context.Context, tx *db.Tx, into *Asked, claim string) error {
	return db.Ask(ctx, tx, into, scanAsked, `SELECT person, state, qty, until_at FROM claim WHERE id = $1`+tx.ForUpdate(), claim)
}

const orderText = `
	UPDATE claim SET state = 'ordered', order_id = $2
	WHERE id = $1 AND state = 'held' AND person = $3 AND qty = $4`

func setUndone(ctx context.Context, tx *db.Tx, claim, order string) error {
	_, err := tx.ExecContext(ctx, `UPDATE claim SET state = 'undone' WHERE id = $1 AND order_id = $2 AND state = 'ordered'`, claim, order)
	return err
}

// setOrderedAgain takes an undone claim up again, unless its person has claimed
// anew what they may have.
func setOrderedAgain(ctx context.Context, tx *db.Tx, claim, order string) (bool, error) {
	return one(tx.ExecContext(ctx, `
		UPDATE claim SET state = 'ordered'
		WHERE id = $1 AND order_id = $2 AND state = 'undone'
			AND qty + (SELECT COALESCE(SUM(o.qty), 0) FROM claim o WHERE o.call = claim.call AND o.person = claim.person AND o.state IN ('held', 'ordered'))
				<= (SELECT c.per_person FROM claim_call c WHERE c.id = claim.call)`, claim, order))
}

// found is one violation: what, and two numbers that should have been equal.
type found struct {
	what string
	a, b int64
}

func violations(ctx context.Context, q db.Querier, query string, args ...any) ([]found, error) {
	return db.All(ctx, q, func(f *found) []any { return []any{&f.what, &f.a, &f.b} }, query, args...)
}

// What [Check] looks for.
const (
	unreservedText = `
		SELECT k.id, k.qty, COALESCE(r.qty, 0) FROM claim k
		JOIN claim_call c ON c.id = k.call
		LEFT JOIN reservation r ON r.line = k.id AND r.state = 'held' AND r.sku = c.sku AND r.bucket = c.id
		WHERE k.state = 'held' AND k.qty <> COALESCE(r.qty, 0)`
	sumText = `
		SELECT c.id, COALESCE((SELECT SUM(k.qty) FROM claim k WHERE k.call = c.id AND k.state = 'held'), 0),
			COALESCE((SELECT SUM(r.qty) FROM reservation r WHERE r.bucket = c.id AND r.state = 'held' AND r.line LIKE 'clm\_%' ESCAPE '\'), 0)
		FROM claim_call c
		WHERE COALESCE((SELECT SUM(k.qty) FROM claim k WHERE k.call = c.id AND k.state = 'held'), 0)
			<> COALESCE((SELECT SUM(r.qty) FROM reservation r WHERE r.bucket = c.id AND r.state = 'held' AND r.line LIKE 'clm\_%' ESCAPE '\'), 0)`
	strayText = `
		SELECT r.line, 0, r.qty FROM reservation r
		LEFT JOIN claim k ON k.id = r.line AND (k.state = 'held' OR r.state <> 'held')
		WHERE r.line LIKE 'clm\_%' ESCAPE '\' AND k.id IS NULL`
	tooManyText = `
		SELECT c.id, c.pieces, SUM(k.qty) FROM claim k JOIN claim_call c ON c.id = k.call
		WHERE k.state IN ('held', 'ordered')
		GROUP BY c.id, c.pieces
		HAVING SUM(k.qty) > c.pieces`
	tooGreedyText = `
		SELECT c.id || ' ' || k.person, c.per_person, SUM(k.qty) FROM claim k JOIN claim_call c ON c.id = k.call
		WHERE k.state IN ('held', 'ordered')
		GROUP BY c.id, k.person, c.per_person
		HAVING SUM(k.qty) > c.per_person`
	wrongOrderText = `
		SELECT k.id, k.qty, COALESCE(l.quantity, 0) FROM claim k
		JOIN claim_call c ON c.id = k.call
		LEFT JOIN orders o ON o.id = k.order_id AND o.buyer = k.person AND o.state NOT IN ('cancelled', 'expired')
		LEFT JOIN order_line l ON l.order_id = o.id AND l.sku = c.sku
		WHERE k.state = 'ordered' AND k.qty <> COALESCE(l.quantity, 0)`
	unclaimedText = `
		SELECT r.line, 0, r.qty FROM reservation r JOIN claim_call c ON c.id = r.bucket
		WHERE r.state IN ('held', 'shipped') AND r.line NOT LIKE 'clm\_%' ESCAPE '\'
			AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.call = c.id AND k.state = 'ordered' AND k.qty = r.qty AND k.order_id = 'ord_' || SUBSTR(r.line, 5, 26))`
	lateText = `
		SELECT k.id, k.until_at, CAST($1 AS BIGINT) FROM claim k
		WHERE k.state = 'held' AND k.until_at < $1`
	forgottenText = `
		SELECT k.id, k.seq, c.closed_at FROM claim k JOIN claim_call c ON c.id = k.call
		WHERE k.state = 'waiting' AND c.closed_at > 0`
)
