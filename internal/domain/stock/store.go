package stock

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Whoever takes locks of several kinds takes them in this order, so that nobody waits
// for somebody who waits for them: an order that exists, or a flash that ends; the
// shelves of all its variants, by variant and bucket; coupons; shares of a flash;
// groups; claims; a shop's count of orders; what listeners keep; slots; the books. An
// order is a transaction of its own, because its books come after its shelves.

const columns = `sku, bucket, shop, on_hand, reserved, put_up, version`

func scan(i *Item) []any {
	return []any{&i.SKU, &i.Bucket, &i.Shop, &i.OnHand, &i.Reserved, &i.PutUp, &i.Version}
}

func get(ctx context.Context, q db.Querier, sku, bucket string) (Item, error) {
	i, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM stock_item WHERE sku = $1 AND bucket = $2`, sku, bucket)
	if errors.Is(err, db.ErrNoRows) {
		return Item{SKU: sku, Bucket: bucket}, nil
	}
	return i, err
}

func lock(ctx context.Context, tx *db.Tx, sku, bucket string) (Item, error) {
	var i Item
	err := askLock(ctx, tx, &i, sku, bucket)
	if err == nil {
		err = tx.Flush(ctx)
	}
	return i, err
}

func askLock(ctx context.Context, tx *db.Tx, into *Item, sku, bucket string) error {
	*into = Item{SKU: sku, Bucket: bucket}
	return db.Ask(ctx, tx, into, scan, `SELECT `+columns+` FROM stock_item WHERE sku = $1 AND bucket = $2`+tx.ForUpdate(), sku, bucket)
}

// lockAll locks every shelf of a variant. SQLite's writer is alone already.
func lockAll(ctx context.Context, tx *db.Tx, sku string) error {
	if !tx.Postgres() {
		return nil
	}
	_, err := db.All(ctx, tx, db.Column[string], `
		SELECT bucket FROM stock_item
		WHERE sku = $1
		ORDER BY bucket`+tx.ForUpdate(), sku)
	return err
}

// inBucket lists the variants of a bucket that is not closed.
func inBucket(ctx context.Context, q db.Querier, bucket string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `SELECT sku FROM stock_item WHERE bucket = $1 AND NOT closed`, bucket)
}

// open makes the row when it is missing, and locks and reads it.
func open(ctx context.Context, tx *db.Tx, shop, sku, bucket string) (Item, error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO stock_item (sku, bucket, shop, on_hand, reserved, put_up, version, closed)
		VALUES ($1, $2, $3, 0, 0, 0, 0, FALSE)
		ON CONFLICT (sku, bucket) DO NOTHING`, sku, bucket, shop); err != nil {
		return Item{}, err
	}
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM stock_item WHERE sku = $1 AND bucket = $2`+tx.ForUpdate(), sku, bucket)
}

// openBuckets lists the open buckets of variants.
func openBuckets(ctx context.Context, q db.Querier, skus []string) ([]Item, error) {
	marks, args := db.In(1, skus)
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM stock_item WHERE sku IN (`+marks+`) AND NOT closed`, args...)
}

func hasBucket(ctx context.Context, q db.Querier, sku, bucket string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM stock_item WHERE sku = $1 AND bucket = $2 AND NOT closed)`, sku, bucket)
}

// add changes on_hand; what is promised must stay covered.
func add(ctx context.Context, tx *db.Tx, sku, bucket string, delta, putUp int64) (Item, error) {
	i, err := db.One(ctx, tx, scan, `
		UPDATE stock_item SET on_hand = on_hand + $3, put_up = $4, version = version + 1
		WHERE sku = $1 AND bucket = $2 AND on_hand + $3 >= reserved
		RETURNING `+columns, sku, bucket, delta, putUp)
	if errors.Is(err, db.ErrNoRows) {
		return Item{}, ErrReserved
	}
	return i, err
}

// ReserveText is the hot statement of placement, for [db.DB.Keep].
const ReserveText = `
	UPDATE stock_item SET reserved = reserved + $3, version = version + 1
	WHERE sku = $1 AND bucket = $2 AND on_hand - reserved >= $3`

// reserve is check and write in one statement, so two buyers cannot take the
// last unit on either engine.
func reserve(ctx context.Context, tx *db.Tx, sku, bucket string, qty int64) error {
	return tx.WriteOne(ctx, ErrSoldOut, ReserveText, sku, bucket, qty)
}

// unreserve ends promises; it returns the item and whether its bucket is
// closed.
func unreserve(ctx context.Context, tx *db.Tx, sku, bucket string, qty, onHand int64) (Item, bool, error) {
	var i Item
	var closed bool
	err := tx.QueryRowContext(ctx, `
		UPDATE stock_item SET reserved = reserved - $3, on_hand = on_hand + $4, version = version + 1
		WHERE sku = $1 AND bucket = $2
		RETURNING `+columns+`, closed`, sku, bucket, qty, onHand).Scan(append(scan(&i), &closed)...)
	return i, closed, err
}

func closeBucket(ctx context.Context, tx *db.Tx, bucket string) ([]Item, error) {
	return db.All(ctx, tx, scan, `
		UPDATE stock_item SET closed = TRUE
		WHERE bucket = $1 AND NOT closed
		RETURNING `+columns, bucket)
}

// ReservationColumns are what a batch inserts, in this order.
var ReservationColumns = []string{"line", "sku", "bucket", "qty", "state"}

func insertReservations(ctx context.Context, tx *db.Tx, rs []Reservation) error {
	rows := make([][]any, len(rs))
	for i, r := range rs {
		rows[i] = []any{r.Line, r.SKU, r.Bucket, r.Qty, "held"}
	}
	return tx.InsertMany(ctx, "reservation", ReservationColumns, rows)
}

const passText = `
	UPDATE reservation SET line = $2
	WHERE line = $1 AND state = 'held' AND qty = $3`

// endReservation moves a held reservation to its end and returns what of it had
// not left yet; ok is false when it was not held. Where all had left there is
// nothing to release: it is shipped.
func endReservation(ctx context.Context, tx *db.Tx, line, state string) (r Reservation, ok bool, err error) {
	r, err = db.One(ctx, tx, func(r *Reservation) []any { return []any{&r.Line, &r.SKU, &r.Bucket, &r.Qty} }, `
		UPDATE reservation SET state = CASE WHEN sent = qty THEN 'shipped' ELSE $2 END
		WHERE line = $1 AND state = 'held'
		RETURNING line, sku, bucket, qty - sent`, line, state)
	if errors.Is(err, db.ErrNoRows) {
		return Reservation{}, false, nil
	}
	return r, err == nil, err
}

// sendReserved counts units of a held reservation as gone: [ErrReserved] when it
// holds fewer.
func sendReserved(ctx context.Context, tx *db.Tx, line string, qty int64) (Reservation, error) {
	r, err := db.One(ctx, tx, func(r *Reservation) []any { return []any{&r.Line, &r.SKU, &r.Bucket} }, `
		UPDATE reservation SET sent = sent + $2
		WHERE line = $1 AND state = 'held' AND sent + $2 <= qty
		RETURNING line, sku, bucket`, line, qty)
	if errors.Is(err, db.ErrNoRows) {
		return Reservation{}, ErrReserved
	}
	r.Qty = qty
	return r, err
}

func insertMovement(ctx context.Context, tx *db.Tx, id, sku, bucket string, delta int64, reason Reason, ref string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO stock_movement (id, sku, bucket, delta, reason, ref, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, sku, bucket, delta, reason, ref, clock.Millis(at))
	return err
}

// moved reports whether a movement with this key was made before.
func moved(ctx context.Context, tx *db.Tx, ref, sku, bucket string) (bool, error) {
	return db.One(ctx, tx, db.Column[bool], `
		SELECT EXISTS (SELECT 1 FROM stock_movement WHERE ref = $1 AND sku = $2 AND bucket = $3)`, ref, sku, bucket)
}

func ofShop(ctx context.Context, q db.Querier, shop string) ([]Item, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM stock_item WHERE shop = $1 ORDER BY sku, bucket`, shop)
}

func soldSince(ctx context.Context, q db.Querier, shop string, since time.Time) (map[string]int64, error) {
	type sold struct {
		sku string
		n   int64
	}
	rows, err := db.All(ctx, q, func(s *sold) []any { return []any{&s.sku, &s.n} }, `
		SELECT m.sku, -SUM(m.delta)
		FROM stock_movement m JOIN stock_item i ON i.sku = m.sku AND i.bucket = m.bucket
		WHERE i.shop = $1 AND m.reason = 'sold' AND m.at >= $2
		GROUP BY m.sku`, shop, clock.Millis(since))
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.sku] = r.n
	}
	return out, err
}

func holdAgain(ctx context.Context, tx *db.Tx, line string) (r Reservation, ok bool, err error) {
	r, err = db.One(ctx, tx, func(r *Reservation) []any { return []any{&r.Line, &r.SKU, &r.Bucket, &r.Qty} }, `
		UPDATE reservation SET state = 'held'
		WHERE line = $1 AND state = 'released' AND sent = 0
		RETURNING line, sku, bucket, qty`, line)
	if errors.Is(err, db.ErrNoRows) {
		return Reservation{}, false, nil
	}
	return r, err == nil, err
}
