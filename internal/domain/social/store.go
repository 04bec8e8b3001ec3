package social

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

func lockCounter(ctx context.Context, tx *db.Tx, shop string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO social_shop (shop, followers)
		VALUES ($1, 0)
		ON CONFLICT (shop) DO UPDATE SET followers = social_shop.followers`, shop)
	return err
}

// setFollow returns by how many the followers changed: 1, 0 or -1.
func setFollow(ctx context.Context, tx *db.Tx, person, shop string, follow bool, now time.Time) (int64, error) {
	if follow {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO social_follow (person, shop, created_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (person, shop) DO NOTHING`, person, shop, clock.Millis(now))
		if err != nil {
			return 0, err
		}
		return res.RowsAffected()
	}
	res, err := tx.ExecContext(ctx, `
		DELETE FROM social_follow
		WHERE person = $1 AND shop = $2`, person, shop)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return -n, err
}

func count(ctx context.Context, tx *db.Tx, shop string, change int64) (int64, error) {
	return db.One(ctx, tx, db.Column[int64], `
		UPDATE social_shop SET followers = followers + $2
		WHERE shop = $1
		RETURNING followers`, shop, change)
}

func of(ctx context.Context, q db.Querier, person, shop string) (Following, error) {
	return db.One(ctx, q, func(f *Following) []any { return []any{&f.Following, &f.Followers} }, `
		SELECT
			EXISTS (SELECT 1 FROM social_follow WHERE person = $1 AND shop = $2),
			COALESCE((SELECT followers FROM social_shop WHERE shop = $2), 0)`, person, shop)
}

func followers(ctx context.Context, q db.Querier, shop, after string, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT person FROM social_follow
		WHERE shop = $1 AND person > $2
		ORDER BY person
		LIMIT $3`, shop, after, n)
}

func followed(ctx context.Context, q db.Querier, person string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT shop FROM social_follow
		WHERE person = $1
		ORDER BY created_at DESC, shop`, person)
}

const shareColumns = `code, kind, target, sharer, clicks, created_at`

type shareRow struct {
	Share
	at int64
}

func scanShare(r *shareRow) []any {
	return []any{&r.Code, &r.Kind, &r.Target, &r.Sharer, &r.Clicks, &r.at}
}

func (r shareRow) share(err error) (Share, error) {
	r.CreatedAt = clock.Time(r.at)
	return r.Share, err
}

// keepShare keeps the share unless its sharer has one to the target, and returns
// the one that is kept.
func keepShare(ctx context.Context, tx *db.Tx, s Share) (Share, error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO social_share (code, kind, target, sharer, clicks, created_at)
		VALUES ($1, $2, $3, $4, 0, $5)
		ON CONFLICT (kind, target, sharer) DO NOTHING`,
		s.Code, s.Kind, s.Target, s.Sharer, clock.Millis(s.CreatedAt)); err != nil {
		return Share{}, err
	}
	r, err := db.One(ctx, tx, scanShare, `
		SELECT `+shareColumns+` FROM social_share
		WHERE kind = $1 AND target = $2 AND sharer = $3`, s.Kind, s.Target, s.Sharer)
	return r.share(err)
}

func shareBy(ctx context.Context, q db.Querier, code string) (Share, error) {
	r, err := db.One(ctx, q, scanShare, `SELECT `+shareColumns+` FROM social_share WHERE code = $1`, code)
	return r.share(err)
}

func click(ctx context.Context, tx *db.Tx, code, viewer string, now time.Time) error {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO social_click (code, viewer, at)
		VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, code, viewer, clock.Millis(now))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE social_share SET clicks = clicks + 1
		WHERE code = $1`, code)
	return err
}

// stampClicks gives clicks without a time the present one.
func stampClicks(ctx context.Context, q db.Querier, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE social_click SET at = $1
		WHERE at = 0`, clock.Millis(now))
	return err
}

// trimClicks deletes at most n clicks from before the given time.
func trimClicks(ctx context.Context, q db.Querier, before time.Time, n int) (int64, error) {
	res, err := q.ExecContext(ctx, `
		DELETE FROM social_click
		WHERE (code, viewer) IN (SELECT code, viewer FROM social_click WHERE at < $1 ORDER BY at LIMIT $2)`,
		clock.Millis(before), n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
