package bus

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

var columns = []string{"id", "subscriber", "seq", "topic", "event_key", "payload", "created_at", "due_at", "attempt"}

const seqColumn = 2

func row(subscriber string, e Event) []any {
	at := clock.Millis(e.At)
	return []any{e.ID, subscriber, int64(0), e.Topic, e.Key, string(e.Payload), at, at, int64(0)}
}

func insertMany(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return tx.InsertMany(ctx, "bus_delivery", columns, rows)
}

func serverMicros(ctx context.Context, tx *db.Tx) (int64, error) {
	return db.One(ctx, tx, db.Column[int64], `SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT`)
}

// delivery is an event on its way to one subscriber.
type delivery struct {
	Event
	attempt int64
}

type deliveryRow struct {
	id, topic, key, payload, subscriber, lastError string
	createdAt, attempt                             int64
}

func (r deliveryRow) event() Event {
	return Event{ID: r.id, Topic: r.topic, Key: r.key, Payload: []byte(r.payload), At: clock.Time(r.createdAt)}
}

// due returns the next deliveries of a subscriber in order. A key whose earlier
// event waits for another attempt is passed over.
func due(ctx context.Context, q db.Querier, subscriber string, now time.Time, n int) ([]delivery, error) {
	rows, err := db.All(ctx, q, func(r *deliveryRow) []any {
		return []any{&r.id, &r.topic, &r.key, &r.payload, &r.createdAt, &r.attempt}
	}, `
		SELECT id, topic, event_key, payload, created_at, attempt FROM bus_delivery AS d
		WHERE subscriber = $1 AND NOT parked AND due_at <= $2 AND NOT EXISTS (
			SELECT 1 FROM bus_delivery AS earlier
			WHERE earlier.subscriber = d.subscriber AND earlier.event_key = d.event_key
				AND NOT earlier.parked AND earlier.seq < d.seq AND earlier.due_at > $2
		)
		ORDER BY seq, id
		LIMIT $3`, subscriber, clock.Millis(now), n)
	out := make([]delivery, len(rows))
	for i, r := range rows {
		out[i] = delivery{Event: r.event(), attempt: r.attempt}
	}
	return out, err
}

// tick removes a delivery and says whether it was still there.
func tick(ctx context.Context, q db.Querier, subscriber, eventID string) (bool, error) {
	res, err := q.ExecContext(ctx, `
		DELETE FROM bus_delivery
		WHERE id = $1 AND subscriber = $2`, eventID, subscriber)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func postpone(ctx context.Context, q db.Querier, subscriber string, d delivery, until time.Time, park bool, why string) error {
	_, err := q.ExecContext(ctx, `
		UPDATE bus_delivery SET attempt = $3, due_at = $4, parked = $5, last_error = $6
		WHERE id = $1 AND subscriber = $2`,
		d.ID, subscriber, d.attempt+1, clock.Millis(until), park, why)
	return err
}

// lease says whether owner may deliver to the subscriber until the given time.
func lease(ctx context.Context, q db.Querier, subscriber, owner string, now, until time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `
		INSERT INTO bus_lease (subscriber, owner, until_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (subscriber) DO UPDATE SET owner = excluded.owner, until_at = excluded.until_at
		WHERE bus_lease.owner = excluded.owner OR bus_lease.until_at <= $4`,
		subscriber, owner, clock.Millis(until), clock.Millis(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func unlease(ctx context.Context, q db.Querier, owner string) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM bus_lease
		WHERE owner = $1`, owner)
	return err
}

func listParked(ctx context.Context, q db.Querier, n int) ([]Parked, error) {
	rows, err := db.All(ctx, q, func(r *deliveryRow) []any {
		return []any{&r.id, &r.topic, &r.key, &r.payload, &r.createdAt, &r.subscriber, &r.lastError}
	}, `
		SELECT id, topic, event_key, payload, created_at, subscriber, last_error FROM bus_delivery
		WHERE parked
		ORDER BY created_at DESC, id DESC
		LIMIT $1`, n)
	out := make([]Parked, len(rows))
	for i, r := range rows {
		out[i] = Parked{Event: r.event(), Subscriber: r.subscriber, LastError: r.lastError}
	}
	return out, err
}

func countWaiting(ctx context.Context, q db.Querier) (int, error) {
	return db.One(ctx, q, db.Column[int], `
		SELECT COUNT(*) FROM bus_delivery
		WHERE NOT parked`)
}

func deleteParked(ctx context.Context, q db.Querier, before time.Time) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM bus_delivery
		WHERE parked AND created_at < $1`, clock.Millis(before))
	return err
}
