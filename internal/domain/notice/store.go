package notice

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/push"
)

const columns = `id, person, kind, title, body, url, created_at, read_at`

type row struct {
	Notice
	title, body string
	at, read    int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Person, &r.Kind, &r.title, &r.body, &r.URL, &r.at, &r.read}
}

func (r row) notice() (Notice, error) {
	r.At, r.ReadAt = clock.Time(r.at), clock.Time(r.read)
	err := errors.Join(json.Unmarshal([]byte(r.title), &r.Title), json.Unmarshal([]byte(r.body), &r.Body))
	return r.Notice, err
}

func asJSON(l text.Local) string {
	b, _ := json.Marshal(l) // a map of strings always encodes
	return string(b)
}

// insert says whether the notice is the first with its key.
func insert(ctx context.Context, tx *db.Tx, n Notice, key string, inApp bool) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO notice (id, person, kind, unique_key, title, body, url, in_app, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (person, unique_key) DO NOTHING`,
		n.ID, n.Person, n.Kind, key, asJSON(n.Title), asJSON(n.Body), n.URL, inApp, clock.Millis(n.At))
	if err != nil {
		return false, err
	}
	rows, err := res.RowsAffected()
	return rows == 1, err
}

func byID(ctx context.Context, q db.Querier, notice string) (Notice, error) {
	r, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM notice WHERE id = $1`, notice)
	if err != nil {
		return Notice{}, err
	}
	return r.notice()
}

func list(ctx context.Context, q db.Querier, person string, after page.Cursor, n int) ([]Notice, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM notice
		WHERE person = $1 AND in_app AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, person, after.At, after.ID, n)
	if err != nil {
		return nil, err
	}
	out := make([]Notice, len(rows))
	for i, r := range rows {
		if out[i], err = r.notice(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func unread(ctx context.Context, q db.Querier, person string) (int, error) {
	return db.One(ctx, q, db.Column[int], `
		SELECT COUNT(*) FROM notice
		WHERE person = $1 AND in_app AND read_at = 0`, person)
}

func markRead(ctx context.Context, q db.Querier, person string, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE notice SET read_at = $2
		WHERE person = $1 AND in_app AND read_at = 0`, person, clock.Millis(now))
	return err
}

// trim deletes at most n notices that were given before the given time.
func trim(ctx context.Context, q db.Querier, before time.Time, n int) (int64, error) {
	res, err := q.ExecContext(ctx, `
		DELETE FROM notice
		WHERE id IN (SELECT id FROM notice WHERE created_at < $1 ORDER BY created_at LIMIT $2)`,
		clock.Millis(before), n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func preference(ctx context.Context, q db.Querier, person string, kind Kind) (Channels, error) {
	way, err := db.One(ctx, q, func(c *Channels) []any { return []any{&c.InApp, &c.Email, &c.Push} }, `
		SELECT in_app, email, push FROM notice_preference
		WHERE person = $1 AND kind = $2`, person, kind)
	if errors.Is(err, db.ErrNoRows) {
		return byDefault(kind), nil
	}
	return way, err
}

func setPreference(ctx context.Context, tx *db.Tx, person string, kind Kind, way Channels) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO notice_preference (person, kind, in_app, email, push)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (person, kind) DO UPDATE
		SET in_app = excluded.in_app, email = excluded.email, push = excluded.push`,
		person, kind, way.InApp, way.Email, way.Push)
	return err
}

func putSubscription(ctx context.Context, tx *db.Tx, person string, sub push.Subscription, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO notice_push (endpoint, person, p256dh, auth, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (endpoint) DO UPDATE
		SET person = excluded.person, p256dh = excluded.p256dh, auth = excluded.auth, created_at = excluded.created_at`,
		sub.Endpoint, person, sub.P256dh, sub.Auth, clock.Millis(now))
	return err
}

func trimSubscriptions(ctx context.Context, tx *db.Tx, person string, n int) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM notice_push
		WHERE person = $1 AND endpoint NOT IN (
			SELECT endpoint FROM notice_push WHERE person = $1 ORDER BY created_at DESC, endpoint LIMIT $2
		)`, person, n)
	return err
}

func deleteSubscription(ctx context.Context, q db.Querier, person, endpoint string) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM notice_push
		WHERE person = $1 AND endpoint = $2`, person, endpoint)
	return err
}

const subscriptionColumns = `endpoint, p256dh, auth`

func scanSubscription(s *push.Subscription) []any { return []any{&s.Endpoint, &s.P256dh, &s.Auth} }

func subscription(ctx context.Context, q db.Querier, person, endpoint string) (push.Subscription, error) {
	return db.One(ctx, q, scanSubscription, `
		SELECT `+subscriptionColumns+` FROM notice_push
		WHERE person = $1 AND endpoint = $2`, person, endpoint)
}

func subscriptions(ctx context.Context, q db.Querier, person string) ([]push.Subscription, error) {
	return db.All(ctx, q, scanSubscription, `
		SELECT `+subscriptionColumns+` FROM notice_push
		WHERE person = $1
		ORDER BY created_at DESC`, person)
}
