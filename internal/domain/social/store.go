package social

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
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

func lockPeople(ctx context.Context, tx *db.Tx, a, b string) ([]string, error) {
	return db.All(ctx, tx, db.Column[string], `
		SELECT id FROM person
		WHERE id IN ($1, $2)
		ORDER BY id`+tx.ForUpdate(), a, b)
}

func stance(ctx context.Context, q db.Querier, person, other string) (Stance, error) {
	st, err := db.One(ctx, q, func(s *Stance) []any { return []any{&s.Following, &s.FollowsMe, &s.Blocked} }, `
		SELECT
			EXISTS (SELECT 1 FROM social_tie WHERE person = $1 AND other = $2),
			EXISTS (SELECT 1 FROM social_tie WHERE person = $2 AND other = $1),
			EXISTS (SELECT 1 FROM social_block WHERE person = $1 AND other = $2)`, person, other)
	st.Friend = st.Following && st.FollowsMe
	return st, err
}

func barred(ctx context.Context, q db.Querier, a, b string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (
			SELECT 1 FROM social_block
			WHERE person = $1 AND other = $2 OR person = $2 AND other = $1)`, a, b)
}

// tie says whether the person did not follow the other before.
func tie(ctx context.Context, tx *db.Tx, person, other string, now time.Time) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO social_tie (person, other, created_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (person, other) DO NOTHING`, person, other, clock.Millis(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func untie(ctx context.Context, tx *db.Tx, person, other string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM social_tie
		WHERE person = $1 AND other = $2`, person, other)
	return err
}

func setBlock(ctx context.Context, tx *db.Tx, person, other string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO social_block (person, other, created_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (person, other) DO NOTHING`, person, other, clock.Millis(now))
	return err
}

func unblock(ctx context.Context, tx *db.Tx, person, other string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM social_block
		WHERE person = $1 AND other = $2`, person, other)
	return err
}

func friends(ctx context.Context, q db.Querier, person string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT a.other FROM social_tie a
		JOIN social_tie b ON b.person = a.other AND b.other = a.person
		JOIN person p ON p.id = a.other
		WHERE a.person = $1
		ORDER BY p.name, p.id
		LIMIT 500`, person)
}

func blockedBy(ctx context.Context, q db.Querier, person string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT other FROM social_block
		WHERE person = $1
		ORDER BY created_at DESC, other
		LIMIT 500`, person)
}

func friendOfOwner(ctx context.Context, q db.Querier, person, shop string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (
			SELECT 1 FROM member m
			JOIN social_tie a ON a.person = m.person AND a.other = $1
			JOIN social_tie b ON b.person = $1 AND b.other = m.person
			WHERE m.shop = $2 AND m.role = 'owner')`, person, shop)
}

func privacy(ctx context.Context, q db.Querier, person string) (Privacy, error) {
	p, err := db.One(ctx, q, func(p *Privacy) []any { return []any{&p.Likes, &p.Minor, &p.Findable} }, `
		SELECT likes, minor, findable FROM social_privacy
		WHERE person = $1`, person)
	if errors.Is(err, db.ErrNoRows) {
		return Privacy{Likes: Unset}, nil
	}
	return p, err
}

func setPrivacy(ctx context.Context, tx *db.Tx, person string, p Privacy) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO social_privacy (person, likes, minor, findable)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE
		SET likes = excluded.likes, minor = excluded.minor, findable = excluded.findable`,
		person, string(p.Likes), p.Minor, p.Findable)
	return err
}

func findable(ctx context.Context, q db.Querier, after string, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT person FROM social_privacy
		WHERE findable AND NOT minor AND person > $1
		ORDER BY person
		LIMIT $2`, after, n)
}

func groupsOf(ctx context.Context, q db.Querier, person string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT g.id FROM social_group_member m
		JOIN social_group g ON g.id = m.grp
		WHERE m.person = $1
		ORDER BY g.name, g.id
		LIMIT 200`, person)
}

func groupBy(ctx context.Context, q db.Querier, group string) (Group, error) {
	g, err := db.One(ctx, q, func(g *Group) []any { return []any{&g.ID, &g.Owner, &g.Name} }, `
		SELECT id, owner, name FROM social_group
		WHERE id = $1`, group)
	if errors.Is(err, db.ErrNoRows) {
		return Group{}, ErrNoGroup
	}
	if err != nil {
		return Group{}, err
	}
	g.People, err = db.All(ctx, q, db.Column[string], `
		SELECT person FROM social_group_member
		WHERE grp = $1
		ORDER BY person`, group)
	return g, err
}

// putGroup keeps a group with its people unless its owner has most of them
// already.
func putGroup(ctx context.Context, tx *db.Tx, g Group, most int, now time.Time) error {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO social_group (id, owner, name, created_at)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT)
		WHERE (SELECT COUNT(*) FROM social_group WHERE owner = $2 AND id <> $1) < $5
		ON CONFLICT (id) DO UPDATE SET name = excluded.name`, g.ID, g.Owner, g.Name, clock.Millis(now), most)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrGroup)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM social_group_member WHERE grp = $1`, g.ID); err != nil {
		return err
	}
	for _, p := range g.People {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO social_group_member (grp, person)
			VALUES ($1, $2)`, g.ID, p); err != nil {
			return err
		}
	}
	return nil
}

func removeMember(ctx context.Context, tx *db.Tx, group, person string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM social_group_member
		WHERE grp = $1 AND person = $2`, group, person)
	return err
}

func removeGroup(ctx context.Context, tx *db.Tx, group string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM social_group_member WHERE grp = $1`, group); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM social_group WHERE id = $1`, group)
	return err
}

func insertLetter(ctx context.Context, tx *db.Tx, l Letter) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO social_letter (id, recipient, sender, grp, code, words, created_at, read_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`, l.ID, l.To, l.From, l.Group, l.Share.Code, l.Words, clock.Millis(l.At))
	return err
}

type letterRow struct {
	Letter
	at, read, shared int64
}

func scanLetter(r *letterRow) []any {
	s := &r.Share
	return []any{&r.ID, &r.To, &r.From, &r.Group, &r.Words, &r.at, &r.read, &s.Code, &s.Kind, &s.Target, &s.Sharer, &s.Clicks, &r.shared}
}

func inbox(ctx context.Context, q db.Querier, person string, after page.Cursor, n int) ([]Letter, error) {
	rows, err := db.All(ctx, q, scanLetter, `
		SELECT l.id, l.recipient, l.sender, l.grp, l.words, l.created_at, l.read_at, s.code, s.kind, s.target, s.sharer, s.clicks, s.created_at
		FROM social_letter l
		JOIN social_share s ON s.code = l.code
		WHERE l.recipient = $1 AND (l.created_at, l.id) < ($2, $3)
			AND NOT EXISTS (SELECT 1 FROM social_block b WHERE b.person = $1 AND b.other = l.sender)
		ORDER BY l.created_at DESC, l.id DESC
		LIMIT $4`, person, after.At, after.ID, n)
	out := make([]Letter, len(rows))
	for i, r := range rows {
		r.At, r.ReadAt, r.Share.CreatedAt = clock.Time(r.at), clock.Time(r.read), clock.Time(r.shared)
		out[i] = r.Letter
	}
	return out, err
}

func unread(ctx context.Context, q db.Querier, person string) (int, error) {
	return db.One(ctx, q, db.Column[int], `
		SELECT COUNT(*) FROM social_letter l
		WHERE l.recipient = $1 AND l.read_at = 0
			AND NOT EXISTS (SELECT 1 FROM social_block b WHERE b.person = $1 AND b.other = l.sender)`, person)
}

func readInbox(ctx context.Context, q db.Querier, person string, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE social_letter SET read_at = $2
		WHERE recipient = $1 AND read_at = 0`, person, clock.Millis(now))
	return err
}
