package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	json "github.com/go-json-experiment/json/v1"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
)

var orderColumns = []string{"id", "key", "key_hash", "number", "shop", "buyer", "buyer_name", "buyer_email", "buyer_phone", "state", "pay_state", "payment",
	"quote_hash", "quote_body", "consents", "goods", "freight", "total", "refunded", "currency", "fulfilment", "slot", "slot_starts_at", "slot_ends_at",
	"code", "tracking", "show_id", "source", "pay_until", "completes_at", "placed_at", "version"}

var lineColumns = []string{"order_id", "position", "sku", "product", "revision", "quantity", "unit_minor", "total"}

// Hot are the statements of placement, for [db.DB.Keep].
func Hot() []string {
	return []string{
		stock.ReserveText, knownOrderText,
		db.InsertText("orders", orderColumns), db.InsertText("order_line", lineColumns),
		db.InsertText("reservation", stock.ReservationColumns), db.InsertText("transfer", ledger.TransferColumns),
	}
}

func orderRow(p *placing) []any {
	o := &p.order
	q := &o.Quote
	consents, err := json.Marshal(o.Consents)
	if err != nil {
		panic(err)
	}
	slot := slotColumns(q.Slot)
	return []any{o.ID, p.key, p.hash, o.Number, o.Shop, o.Buyer, o.BuyerName, o.BuyerEmail, o.BuyerPhone, string(o.State), string(o.PayState), o.Payment,
		p.qhash, p.body, string(consents), q.Total.Minor - q.PaidFreight(), q.PaidFreight(), q.Total.Minor, o.Refunded, q.Total.Currency, q.Kind, slot[0], slot[1], slot[2],
		o.Code, "", q.Show, q.Source, clock.Millis(o.PayUntil), clock.Millis(o.CompletesAt), clock.Millis(o.PlacedAt), o.Version}
}

// slotColumns are the id, start and end of a slot; empty for none.
func slotColumns(s *shop.Slot) []any {
	if s == nil {
		return []any{"", int64(0), int64(0)}
	}
	return []any{s.ID, clock.Millis(s.StartsAt), clock.Millis(s.EndsAt)}
}

// insert writes a batch: stock first, then the order's own rows.
func (r *rows) insert(ctx context.Context, tx *db.Tx) error {
	if err := stock.Held(ctx, tx, r.reservations); err != nil {
		return err
	}
	if err := tx.InsertMany(ctx, "orders", orderColumns, r.orders); err != nil {
		return err
	}
	return tx.InsertMany(ctx, "order_line", lineColumns, r.lines)
}

type keyRow struct{ key, hash, order string }

func scanKey(k *keyRow) []any { return []any{&k.key, &k.hash, &k.order} }

const knownOrderText = `SELECT key, key_hash, id FROM orders WHERE key = $1 OR id = $2`

// askKnown finds the orders that the keys and quotes of a batch have made
// already: one statement on PostgreSQL, where it is on its way with others; a
// prepared one per wish on SQLite.
func askKnown(ctx context.Context, tx *db.Tx, into *[]keyRow, batch []*placing) error {
	if tx.Postgres() {
		keys, orders := make([]string, len(batch)), make([]string, len(batch))
		for i, p := range batch {
			keys[i], orders[i] = p.key, p.order.ID
		}
		return db.AskAll(ctx, tx, into, scanKey, `
			SELECT key, key_hash, id FROM orders WHERE key = ANY($1)
			UNION ALL
			SELECT key, key_hash, id FROM orders WHERE id = ANY($2)`, keys, orders)
	}
	for _, p := range batch {
		if err := db.AskAll(ctx, tx, into, scanKey, knownOrderText, p.key, p.order.ID); err != nil {
			return err
		}
	}
	return nil
}

func keyOf(ctx context.Context, q db.Querier, key string) (keyRow, bool, error) {
	r, err := db.One(ctx, q, scanKey, `SELECT key, key_hash, id FROM orders WHERE key = $1`, key)
	if errors.Is(err, db.ErrNoRows) {
		return keyRow{}, false, nil
	}
	return r, err == nil, err
}

const columns = `id, number, shop, buyer, buyer_name, buyer_email, buyer_phone, state, pay_state, payment,
	quote_body, consents, refunded, code, slot, slot_starts_at, slot_ends_at, pay_until, completes_at, placed_at, version`

type row struct {
	Order
	body, consents, slot        string
	starts, ends                int64
	payUntil, completes, placed int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Number, &r.Shop, &r.Buyer, &r.BuyerName, &r.BuyerEmail, &r.BuyerPhone, &r.State, &r.PayState, &r.Payment,
		&r.body, &r.consents, &r.Refunded, &r.Code, &r.slot, &r.starts, &r.ends, &r.payUntil, &r.completes, &r.placed, &r.Version}
}

func byID(ctx context.Context, q db.Querier, order string) (Order, error) {
	return whole(ctx, q)(db.One(ctx, q, scan, `SELECT `+columns+` FROM orders WHERE id = $1`, order))
}

func lockByID(ctx context.Context, tx *db.Tx, order string) (Order, error) {
	return whole(ctx, tx)(db.One(ctx, tx, scan, `SELECT `+columns+` FROM orders WHERE id = $1`+tx.ForUpdate(), order))
}

func byCode(ctx context.Context, q db.Querier, shop, code string) (string, error) {
	id, err := db.One(ctx, q, db.Column[string], `SELECT id FROM orders WHERE shop = $1 AND code = $2 AND code <> ''`, shop, code)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrCode
	}
	return id, err
}

// placedEvent is the first step of every order; its row is the order itself.
func placedEvent(o Order) Event { return Event{At: o.PlacedAt, Event: "placed", By: ByBuyer} }

// whole adds the frozen quote, the lines and the history.
func whole(ctx context.Context, q db.Querier) func(row, error) (Order, error) {
	return func(r row, err error) (Order, error) {
		if errors.Is(err, db.ErrNoRows) {
			return Order{}, ErrNotFound
		}
		if err != nil {
			return Order{}, err
		}
		o := r.Order
		o.PayUntil, o.CompletesAt, o.PlacedAt = clock.Time(r.payUntil), clock.Time(r.completes), clock.Time(r.placed)
		if err := errors.Join(json.Unmarshal([]byte(r.body), &o.Quote), json.Unmarshal([]byte(r.consents), &o.Consents)); err != nil {
			return Order{}, err
		}
		if r.slot != "" { // it may have been moved since
			o.Quote.Slot = &shop.Slot{ID: r.slot, StartsAt: clock.Time(r.starts), EndsAt: clock.Time(r.ends)}
		}
		for i, l := range o.Quote.Lines {
			o.Lines = append(o.Lines, Line{ID: lineID(o.ID, i), QuoteLine: l})
		}
		if err := withParcels(ctx, q, &o); err != nil {
			return Order{}, err
		}
		type eventRow struct {
			Event
			at int64
		}
		events, err := db.All(ctx, q, func(e *eventRow) []any { return []any{&e.at, &e.Event.Event, &e.By, &e.Note} }, `
			SELECT at, event, by_role, note FROM order_event WHERE order_id = $1 ORDER BY seq`, o.ID)
		o.Events = append(o.Events, placedEvent(o))
		for _, e := range events {
			e.At = clock.Time(e.at)
			o.Events = append(o.Events, e.Event)
		}
		return o, err
	}
}

// withParcels adds what was sent of an order, and what will not be.
func withParcels(ctx context.Context, q db.Querier, o *Order) error {
	if o.Quote.Kind != ByParcel || o.State != Placed && o.State != Shipped && o.State != Completed {
		return nil
	}
	type parcelRow struct {
		Parcel
		ParcelLine
		at int64
	}
	rows, err := db.All(ctx, q, func(r *parcelRow) []any {
		return []any{&r.ID, &r.Carrier, &r.Number, &r.at, &r.Position, &r.Quantity}
	}, `
		SELECT p.id, p.carrier, p.number, p.sent_at, l.position, l.quantity
		FROM parcel p JOIN parcel_line l ON l.parcel = p.id
		WHERE p.order_id = $1
		ORDER BY p.seq, l.position`, o.ID)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if n := len(o.Parcels); n == 0 || o.Parcels[n-1].ID != r.ID {
			r.SentAt = clock.Time(r.at)
			o.Parcels = append(o.Parcels, r.Parcel)
		}
		p := &o.Parcels[len(o.Parcels)-1]
		p.Lines = append(p.Lines, r.ParcelLine)
		o.Lines[r.Position].Sent += r.Quantity
	}
	if o.PayState != PartlyRefunded && o.PayState != Refunding && o.PayState != Refunded {
		return nil
	}
	back, err := refundsOf(ctx, q, o.ID)
	for _, p := range back {
		if p.Position >= 0 && p.Position < len(o.Lines) {
			o.Lines[p.Position].count(p)
		}
	}
	return err
}

// parcelHash returns the hash of the parcel that was sent under a key.
func parcelHash(ctx context.Context, q db.Querier, key string) (hash string, known bool, err error) {
	hash, err = db.One(ctx, q, db.Column[string], `SELECT key_hash FROM parcel WHERE key = $1`, key)
	if errors.Is(err, db.ErrNoRows) {
		return "", false, nil
	}
	return hash, err == nil, err
}

func insertParcel(ctx context.Context, tx *db.Tx, order, key, hash string, seq int, p Parcel) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO parcel (id, key, key_hash, order_id, seq, carrier, number, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, p.ID, key, hash, order, int64(seq), p.Carrier, p.Number, clock.Millis(p.SentAt))
	if err != nil {
		return err
	}
	rows := make([][]any, len(p.Lines))
	for i, l := range p.Lines {
		rows[i] = []any{p.ID, int64(l.Position), l.Quantity}
	}
	return tx.InsertMany(ctx, "parcel_line", []string{"parcel", "position", "quantity"}, rows)
}

func updateParcel(ctx context.Context, tx *db.Tx, p Parcel) error {
	_, err := tx.ExecContext(ctx, `UPDATE parcel SET carrier = $2, number = $3 WHERE id = $1`, p.ID, p.Carrier, p.Number)
	return err
}

// setState is the compare-and-set of every transition.
func setState(ctx context.Context, tx *db.Tx, o Order, from State, version int64) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		UPDATE orders SET state = $4, pay_state = $5, refunded = $6, completes_at = $7, version = $8,
			slot = $9, slot_starts_at = $10, slot_ends_at = $11
		WHERE id = $1 AND state = $2 AND version = $3`,
		append([]any{o.ID, from, version, o.State, o.PayState, o.Refunded, clock.Millis(o.CompletesAt), o.Version}, slotColumns(o.Quote.Slot)...)...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func addEvent(ctx context.Context, tx *db.Tx, order string, e Event) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO order_event (order_id, seq, at, event, by_role, note)
		SELECT $1, COALESCE(MAX(seq), 1) + 1, $2, $3, $4, $5 FROM order_event WHERE order_id = $1`,
		order, clock.Millis(e.At), e.Event, e.By, e.Note)
	return err
}

// insertRefunds notes down what was promised back under a key.
func insertRefunds(ctx context.Context, tx *db.Tx, key, order string, parts []Part, at time.Time) error {
	rows := make([][]any, len(parts))
	for i, p := range parts {
		rows[i] = []any{key, order, int64(p.Position), p.Quantity, p.Minor, clock.Millis(at), int64(0), p.back}
	}
	return tx.InsertMany(ctx, "order_refund", []string{"key", "order_id", "position", "quantity", "amount", "created_at", "done_at", "came_back"}, rows)
}

func refundKnown(ctx context.Context, q db.Querier, key string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM order_refund WHERE key = $1)`, key)
}

func refundsOf(ctx context.Context, q db.Querier, order string) ([]Part, error) {
	return db.All(ctx, q, func(p *Part) []any { return []any{&p.Position, &p.Quantity, &p.Minor, &p.back} }, `
		SELECT position, quantity, amount, came_back FROM order_refund WHERE order_id = $1`, order)
}

// finishRefunds marks what was promised under a key as gone and sums it; zero
// when it had gone before.
func finishRefunds(ctx context.Context, tx *db.Tx, key string, at time.Time) (int64, error) {
	amounts, err := db.All(ctx, tx, db.Column[int64], `
		UPDATE order_refund SET done_at = $2
		WHERE key = $1 AND done_at = 0
		RETURNING amount`, key, clock.Millis(at))
	var sum int64
	for _, a := range amounts {
		sum += a
	}
	return sum, err
}

// oweRefunds takes back that what was promised under a key had gone.
func oweRefunds(ctx context.Context, tx *db.Tx, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE order_refund SET done_at = 0 WHERE key = $1`, key)
	return err
}

func list(ctx context.Context, q db.Querier, f Filter, n int) ([]Order, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM orders
		WHERE ($1 = '' OR buyer = $1) AND ($2 = '' OR shop = $2) AND ($3 = '' OR show_id = $3) AND ($4 = '' OR state = $4)
			AND ($5 = '' OR number = $5 OR code = $5 OR LOWER(buyer_name) LIKE '%' || LOWER($5) || '%')
			AND (placed_at, id) < ($6, $7)
		ORDER BY placed_at DESC, id DESC
		LIMIT $8`, f.Buyer, f.Shop, f.Show, string(f.State), f.Search, f.After.At, f.After.ID, n)
	if err != nil {
		return nil, err
	}
	out := make([]Order, len(rows))
	for i, r := range rows {
		if out[i], err = whole(ctx, q)(r, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func overdue(ctx context.Context, q db.Querier, now time.Time, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM orders
		WHERE state = 'pending_payment' AND pay_until <= $1
		ORDER BY pay_until, id
		LIMIT $2`, clock.Millis(now), n)
}

func completing(ctx context.Context, q db.Querier, now time.Time, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM orders
		WHERE completes_at > 0 AND completes_at <= $1
		ORDER BY completes_at, id
		LIMIT $2`, clock.Millis(now), n)
}

func figures(ctx context.Context, q db.Querier, by, id string, since int64) (Figures, error) {
	const sums = `
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN pay_state IN ('due_at_pickup', 'pending', 'failed') THEN total ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN pay_state IN ('paid', 'partly_refunded') THEN total - refunded ELSE 0 END), 0)
		FROM orders
		WHERE state NOT IN ('cancelled', 'expired') AND payment <> 'none' AND placed_at >= $2 AND `
	query := map[string]string{"show": sums + `show_id = $1`, "shop": sums + `shop = $1`, "market": sums + `$1 = ''`}[by]
	return db.One(ctx, q, func(f *Figures) []any { return []any{&f.Orders, &f.Reserved, &f.Paid} }, query, id, since)
}

func hasBought(ctx context.Context, q db.Querier, show, buyer string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (SELECT 1 FROM orders WHERE show_id = $1 AND buyer = $2 AND show_id <> '' AND state NOT IN ('cancelled', 'expired'))`, show, buyer)
}

func hasOrdered(ctx context.Context, q db.Querier, shop, buyer string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (SELECT 1 FROM orders WHERE buyer = $1 AND shop = $2 AND state NOT IN ('cancelled', 'expired'))`, buyer, shop)
}

// unsettled reports whether an order of a show is not settled, or has a step since.
func unsettled(ctx context.Context, q db.Querier, show string, since time.Time) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (
			SELECT 1 FROM orders
			WHERE show_id = $1 AND show_id <> '' AND (state NOT IN ('completed', 'cancelled', 'expired') OR pay_state IN ('pending', 'refunding')
				OR EXISTS (SELECT 1 FROM order_event e WHERE e.order_id = orders.id AND e.at > $2)))`, show, clock.Millis(since))
}

type quoteRow struct {
	order, buyer, body, hash string
	total                    int64
	live                     bool
	coupon                   string // that names the order as its holder
}

func quotesAfter(ctx context.Context, q db.Querier, after string, n int) ([]quoteRow, error) {
	return db.All(ctx, q, func(r *quoteRow) []any {
		return []any{&r.order, &r.buyer, &r.body, &r.hash, &r.total, &r.live, &r.coupon}
	}, `
		SELECT o.id, o.buyer, o.quote_body, o.quote_hash, o.total, o.state NOT IN ('cancelled', 'expired'), COALESCE(c.id, '')
		FROM orders o LEFT JOIN coupon c ON c.order_id = o.id AND c.order_id <> ''
		WHERE o.id > $1
		ORDER BY o.id
		LIMIT $2`, after, n)
}

type seatRow struct {
	order, code string
	seat        groupbuy.SeatState
	group       groupbuy.State
	settled     bool
	people      int64
	pay         PayState
	back, other int64 // promised back: for the step, and else
}

func seatRows(ctx context.Context, q db.Querier) ([]seatRow, error) {
	return db.All(ctx, q, func(r *seatRow) []any {
		return []any{&r.order, &r.code, &r.seat, &r.group, &r.settled, &r.people, &r.pay, &r.back, &r.other}
	}, `
		SELECT s.order_id, s.code, s.state, g.state, g.settled_at > 0, g.paid, o.pay_state,
			COALESCE((SELECT SUM(r.amount) FROM order_refund r WHERE r.key = 'group:' || o.id), 0),
			COALESCE((SELECT SUM(r.amount) FROM order_refund r WHERE r.order_id = o.id AND r.key <> 'group:' || o.id), 0)
		FROM group_seat s
		JOIN group_buy g ON g.code = s.code
		JOIN orders o ON o.id = s.order_id`)
}

type takeRow struct {
	flashKey
	units, limit int64
}

func flashTakes(ctx context.Context, q db.Querier) ([]takeRow, error) {
	return db.All(ctx, q, func(r *takeRow) []any { return []any{&r.flash, &r.buyer, &r.units, &r.limit} }, `
		SELECT flash, buyer, units, per_buyer FROM flash_take WHERE units > 0 ORDER BY flash, buyer`)
}

// checkRows runs the invariants that SQL can see. Each query returns the name
// of what is wrong and two numbers that should have been equal.
func checkRows(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	late := clock.Millis(now.Add(-time.Minute))
	type row struct {
		name string
		a, b int64
	}
	var problems []ledger.Problem
	for _, c := range []struct {
		id, words, query string
		args             []any
	}{
		{"I1", "stock %s: %d on hand, %d reserved", `
			SELECT sku || '/' || bucket, on_hand, reserved FROM stock_item
			WHERE reserved < 0 OR on_hand < reserved`, nil},
		{"I2", "stock %s: %d reserved, reservations hold %d", `
			SELECT i.sku || '/' || i.bucket, i.reserved, COALESCE(SUM(r.qty - r.sent), 0)
			FROM stock_item i LEFT JOIN reservation r ON r.sku = i.sku AND r.bucket = i.bucket AND r.state = 'held'
			GROUP BY i.sku, i.bucket, i.reserved
			HAVING i.reserved <> COALESCE(SUM(r.qty - r.sent), 0)`, nil},
		{"I3", "stock %s: %d on hand, movements sum to %d", `
			SELECT i.sku || '/' || i.bucket, i.on_hand, COALESCE(SUM(m.delta), 0)
			FROM stock_item i LEFT JOIN stock_movement m ON m.sku = i.sku AND m.bucket = i.bucket
			GROUP BY i.sku, i.bucket, i.on_hand
			HAVING i.on_hand <> COALESCE(SUM(m.delta), 0)`, nil},
		{"I4", "variant %s: %d sold or promised, %d came in", `
			SELECT s.sku, s.sold, COALESCE(m.landed, 0)
			FROM (SELECT sku, SUM(CASE WHEN state = 'released' THEN sent ELSE qty END) AS sold FROM reservation GROUP BY sku) s
			LEFT JOIN (SELECT sku, SUM(delta) AS landed FROM stock_movement WHERE reason NOT IN ('sold', 'set_aside') GROUP BY sku) m ON m.sku = s.sku
			WHERE s.sold > COALESCE(m.landed, 0)`, nil},
		{"I5", "key %s has %d orders, want %d", `
			SELECT key, COUNT(*), 1 FROM orders GROUP BY key HAVING COUNT(*) <> 1`, nil},
		{"I6", "order %s has %d lines, want %d or more", `
			SELECT o.id, 0, 1 FROM orders o LEFT JOIN order_line l ON l.order_id = o.id WHERE l.order_id IS NULL`, nil},
		{"I6", "line of order %s has %d orders and %d reservations", `
			SELECT l.order_id, COUNT(o.id), COUNT(r.line)
			FROM order_line l LEFT JOIN orders o ON o.id = l.order_id
			LEFT JOIN reservation r ON r.line = 'lin_' || SUBSTR(l.order_id, 5) || '_' || CAST(l.position AS TEXT)
			GROUP BY l.order_id, l.position
			HAVING COUNT(o.id) <> 1 OR COUNT(r.line) <> 1`, nil},
		{"I6", "reservation %s has %d lines, want %d", `
			SELECT r.line, 0, 1
			FROM reservation r LEFT JOIN order_line l
				ON l.order_id = 'ord_' || SUBSTR(r.line, 5, 26) AND l.position = CAST('0' || SUBSTR(r.line, 32) AS BIGINT)
			WHERE l.order_id IS NULL AND r.line NOT LIKE 'clm\_%' ESCAPE '\' -- those are claims`, nil},
		{"I6", "step %s of history has %d orders, want %d", `
			SELECT e.order_id, 0, 1 FROM order_event e LEFT JOIN orders o ON o.id = e.order_id WHERE o.id IS NULL`, nil},
		{"I7", "order %s is %d, its lines and freight are %d", `
			SELECT o.id, o.total, o.freight + SUM(l.total)
			FROM orders o JOIN order_line l ON l.order_id = o.id
			GROUP BY o.id, o.total, o.freight
			HAVING o.total <> o.freight + SUM(l.total)`, nil},
		{"I7", "payment %s is %d, its order is %d", `
			SELECT i.id, i.amount, o.total
			FROM payment_intent i JOIN orders o ON o.id = i.order_id
			WHERE i.amount <> o.total OR i.currency <> o.currency`, nil},
		{"I7", "payment %s is %d, its shares are %d", `
			SELECT i.id, i.amount, SUM(s.amount)
			FROM payment_intent i JOIN payment_share s ON s.intent = i.id
			GROUP BY i.id, i.amount
			HAVING i.amount <> SUM(s.amount)`, nil},
		{"I7", "share of order %s is %d, the order is %d", `
			SELECT s.order_id, s.amount, COALESCE(o.total, 0)
			FROM payment_share s LEFT JOIN orders o ON o.id = s.order_id
			WHERE o.id IS NULL OR s.amount <> o.total`, nil},
		{"I9", "order %s: captured %d, booked %d", `
			SELECT i.order_id, c.amount, COALESCE(SUM(t.amount), 0)
			FROM capture c JOIN payment_intent i ON i.id = c.intent
			LEFT JOIN payment_share s ON s.intent = i.id
			LEFT JOIN transfer t ON t.ref = 'capture:' || COALESCE(s.order_id, i.order_id)
			GROUP BY i.order_id, c.amount
			HAVING c.amount <> COALESCE(SUM(t.amount), 0)`, nil},
		{"I9", "escrow of shop %s holds %d, its open orders are worth %d", `
			SELECT o.shop, COALESCE(-MAX(a.balance), 0),
				SUM(CASE WHEN o.state IN ('pending_payment', 'placed', 'ready', 'shipped') THEN o.total - COALESCE(r.back, 0) ELSE 0 END)
			FROM orders o
			LEFT JOIN (SELECT order_id, SUM(amount) AS back FROM order_refund GROUP BY order_id) r ON r.order_id = o.id
			LEFT JOIN ledger_account a ON a.id = 'escrow:' || o.shop
			GROUP BY o.shop
			HAVING COALESCE(-MAX(a.balance), 0)
				<> SUM(CASE WHEN o.state IN ('pending_payment', 'placed', 'ready', 'shipped') THEN o.total - COALESCE(r.back, 0) ELSE 0 END)`, nil},
		{"I10", "payment %s: given back %d, captured %d", `
			SELECT r.intent, SUM(r.amount), COALESCE(MAX(c.amount), 0)
			FROM refund r LEFT JOIN capture c ON c.intent = r.intent
			WHERE r.state <> 'failed'
			GROUP BY r.intent
			HAVING SUM(r.amount) > COALESCE(MAX(c.amount), 0)`, nil},
		{"I10", "order %s: %d promised back, %d is the price", `
			SELECT r.order_id, SUM(r.amount), MAX(o.total)
			FROM order_refund r JOIN orders o ON o.id = r.order_id
			GROUP BY r.order_id
			HAVING SUM(r.amount) > MAX(o.total)`, nil},
		{"I10", "line of order %s: %d promised back, %d is its price", `
			SELECT r.order_id, SUM(r.amount), COALESCE(MAX(l.total), 0)
			FROM order_refund r LEFT JOIN order_line l ON l.order_id = r.order_id AND l.position = r.position
			WHERE r.position >= 0
			GROUP BY r.order_id, r.position
			HAVING SUM(r.amount) > COALESCE(MAX(l.total), 0)`, nil},
		{"I10", "line of order %s: %d units given back, %d bought", `
			SELECT r.order_id, SUM(r.quantity), COALESCE(MAX(l.quantity), 0)
			FROM order_refund r LEFT JOIN order_line l ON l.order_id = r.order_id AND l.position = r.position
			WHERE r.position >= 0
			GROUP BY r.order_id, r.position
			HAVING SUM(r.quantity) > COALESCE(MAX(l.quantity), 0)`, nil},
		{"I10", "order %s: %d has gone back, its steps say %d", `
			SELECT o.id, o.refunded, SUM(CASE WHEN r.done_at > 0 THEN r.amount ELSE 0 END)
			FROM orders o JOIN order_refund r ON r.order_id = o.id
			GROUP BY o.id, o.refunded
			HAVING o.refunded <> SUM(CASE WHEN r.done_at > 0 THEN r.amount ELSE 0 END)`, nil},
		{"I11", "message %s was kept %d times without an outcome, want %d", `
			SELECT provider || '/' || event_id, 1, 0 FROM provider_event WHERE outcome = ''`, nil},
		{"I12", "coupon %s has %d live orders, want %d", `
			SELECT c.id, COUNT(o.id), 1
			FROM coupon c LEFT JOIN orders o ON o.id = c.order_id AND o.state NOT IN ('cancelled', 'expired')
			WHERE c.order_id <> ''
			GROUP BY c.id
			HAVING COUNT(o.id) <> 1`, nil},
		{"I12", "coupons %s: %d counted, %d claimed", `
			SELECT t.id, t.claimed, COUNT(c.id)
			FROM coupon_template t LEFT JOIN coupon c ON c.template = t.id
			GROUP BY t.id, t.claimed
			HAVING t.claimed <> COUNT(c.id) OR t.claimed > MAX(t.quota)`, nil},
		{"I13", "coupons %s: a buyer has %d, at most %d", `
			SELECT t.id, COUNT(*), t.per_buyer
			FROM coupon_template t JOIN coupon c ON c.template = t.id
			GROUP BY t.id, t.per_buyer, c.buyer
			HAVING COUNT(*) > t.per_buyer`, nil},
		{"I14", "order %s should have expired at %d, it is %d", `
			SELECT id, pay_until, CAST($2 AS BIGINT) FROM orders WHERE state = 'pending_payment' AND pay_until < $1`, []any{late, clock.Millis(now)}},
		{"I19", "order %s: version %d, %d steps of history", `
			SELECT o.id, o.version, COUNT(e.seq) + 1
			FROM orders o LEFT JOIN order_event e ON e.order_id = o.id
			GROUP BY o.id, o.version
			HAVING o.version <> COUNT(e.seq) + 1`, nil},
		{"I21", "line %s: %d left the stall, parcels hold %d", `
			SELECT r.line, CASE WHEN r.state = 'shipped' THEN r.qty ELSE r.sent END, p.quantity
			FROM (
				SELECT 'lin_' || SUBSTR(p.order_id, 5) || '_' || CAST(l.position AS TEXT) AS line, SUM(l.quantity) AS quantity
				FROM parcel p JOIN parcel_line l ON l.parcel = p.id
				GROUP BY p.order_id, l.position) p
			JOIN reservation r ON r.line = p.line
			WHERE CASE WHEN r.state = 'shipped' THEN r.qty ELSE r.sent END <> p.quantity`, nil},
		{"I21", "line %s: %d left the stall in parcels, there are %d", `
			SELECT r.line, r.sent, 0
			FROM reservation r
			LEFT JOIN parcel p ON p.order_id = 'ord_' || SUBSTR(r.line, 5, 26)
			WHERE r.sent > 0 AND p.id IS NULL`, nil},
		{"I21", "parcel %s has %d lines, want %d or more", `
			SELECT p.id, 0, 1 FROM parcel p LEFT JOIN parcel_line l ON l.parcel = p.id WHERE l.parcel IS NULL`, nil},
		{"I21", "order %s is on its way in %d parcels, want %d or more", `
			SELECT o.id, 0, 1
			FROM orders o LEFT JOIN parcel p ON p.order_id = o.id
			WHERE o.state = 'shipped' AND p.id IS NULL`, nil},
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

func between(ctx context.Context, q db.Querier, shop string, from, to time.Time) (Figures, error) {
	return db.One(ctx, q, func(f *Figures) []any { return []any{&f.Orders, &f.Paid} }, `
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN pay_state IN ('paid', 'partly_refunded') THEN total - refunded ELSE 0 END), 0)
		FROM orders
		WHERE shop = $1 AND placed_at >= $2 AND placed_at < $3 AND state NOT IN ('cancelled', 'expired') AND payment <> 'none'`,
		shop, clock.Millis(from), clock.Millis(to))
}

func byMinute(ctx context.Context, q db.Querier, show string) (map[int64]int64, error) {
	type row struct{ minute, n int64 }
	rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.minute, &r.n} }, `
		SELECT placed_at / 60000 * 60000, COUNT(*)
		FROM orders
		WHERE show_id = $1 AND state NOT IN ('cancelled', 'expired')
		GROUP BY placed_at / 60000 * 60000`, show)
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.minute] = r.n
	}
	return out, err
}
