package chat

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, show, person, name, body, kind, state, second, created_at`

var insertColumns = []string{"id", "show", "person", "name", "body", "kind", "state", "second", "created_at"}

type row struct {
	Comment
	at int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Show, &r.Person, &r.Name, &r.Text, &r.Kind, &r.State, &r.Second, &r.at}
}

func (r row) comment() Comment {
	r.At = clock.Time(r.at)
	return r.Comment
}

func comments(rows []row, err error) ([]Comment, error) {
	out := make([]Comment, len(rows))
	for i, r := range rows {
		out[i] = r.comment()
	}
	return out, err
}

func insertMany(ctx context.Context, tx *db.Tx, cs []Comment) error {
	rows := make([][]any, len(cs))
	for i, c := range cs {
		rows[i] = []any{c.ID, c.Show, c.Person, c.Name, c.Text, string(c.Kind), string(c.State), c.Second, clock.Millis(c.At)}
	}
	return tx.InsertMany(ctx, "chat_comment", insertColumns, rows)
}

// takeTurn notes that a person says c now, or returns [ErrSlow] or
// [ErrDuplicate]. One conditional write is both, so that two processes do not let
// the same person through.
func takeTurn(ctx context.Context, tx *db.Tx, c Comment, wait time.Duration) error {
	now := clock.Millis(c.At)
	words := fold(c.Text)
	res, err := tx.ExecContext(ctx, `
		INSERT INTO chat_turn (show, person, at, words)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (show, person) DO UPDATE
		SET at = excluded.at, words = excluded.words
		WHERE chat_turn.at <= $5 AND (chat_turn.words <> excluded.words OR excluded.words = '' OR chat_turn.at <= $6)`,
		c.Show, c.Person, now, words, now-wait.Milliseconds(), now-again.Milliseconds())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	at, err := db.One(ctx, tx, db.Column[int64], `
		SELECT at FROM chat_turn
		WHERE show = $1 AND person = $2`, c.Show, c.Person)
	if err != nil {
		return err
	}
	if at > now-wait.Milliseconds() {
		return ErrSlow
	}
	return ErrDuplicate
}

func trimTurns(ctx context.Context, q db.Querier, before time.Time) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM chat_turn
		WHERE at < $1`, clock.Millis(before))
	return err
}

func get(ctx context.Context, q db.Querier, show, comment string) (Comment, error) {
	r, err := db.One(ctx, q, scan, `
		SELECT `+columns+` FROM chat_comment
		WHERE id = $1 AND show = $2`, comment, show)
	if errors.Is(err, db.ErrNoRows) {
		return Comment{}, ErrNotFound
	}
	return r.comment(), err
}

func last(ctx context.Context, q db.Querier, show string, n int) ([]Comment, error) {
	out, err := comments(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM chat_comment
		WHERE show = $1 AND state = 'shown'
		ORDER BY created_at DESC, id DESC
		LIMIT $2`, show, n))
	slices.Reverse(out)
	return out, err
}

func between(ctx context.Context, q db.Querier, show, reader string, from, to int64, n int) ([]Comment, error) {
	return comments(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM chat_comment
		WHERE show = $1 AND state = 'shown' AND second >= $2 AND second < $3
			AND NOT EXISTS (SELECT 1 FROM social_block b WHERE b.person = $5 AND b.other = chat_comment.person)
		ORDER BY second, id
		LIMIT $4`, show, from, to, n, reader))
}

func blockedBy(ctx context.Context, q db.Querier, person string, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT other FROM social_block
		WHERE person = $1
		ORDER BY created_at DESC, other
		LIMIT $2`, person, n)
}

func forHost(ctx context.Context, q db.Querier, show string, after page.Cursor, n int) ([]Comment, error) {
	return comments(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM chat_comment
		WHERE show = $1 AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, show, after.At, after.ID, n))
}

func setState(ctx context.Context, q db.Querier, show, comment string, state State) error {
	res, err := q.ExecContext(ctx, `
		UPDATE chat_comment SET state = $3
		WHERE id = $1 AND show = $2`, comment, show, string(state))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

func count(ctx context.Context, q db.Querier, show string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `
		SELECT COUNT(*) FROM chat_comment
		WHERE show = $1 AND state = 'shown'`, show)
}

// mutedUntil is for ever where an owner of the shop has blocked the person.
func mutedUntil(ctx context.Context, q db.Querier, shop, person string) (time.Time, error) {
	at, err := db.One(ctx, q, db.Column[int64], `
		SELECT COALESCE(MAX(until_at), 0) FROM (
			SELECT until_at FROM chat_mute
			WHERE shop = $1 AND person = $2
			UNION ALL
			SELECT CAST($3 AS BIGINT) FROM member m
			JOIN social_block b ON b.person = m.person AND b.other = $2
			WHERE m.shop = $1 AND m.role = 'owner') muted`, shop, person, int64(math.MaxInt64))
	return clock.Time(at), err
}

func putMute(ctx context.Context, q db.Querier, shop, person, by, reason string, until, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO chat_mute (shop, person, until_at, reason, by_person, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (shop, person) DO UPDATE
		SET until_at = excluded.until_at, reason = excluded.reason, by_person = excluded.by_person, created_at = excluded.created_at`,
		shop, person, clock.Millis(until), reason, by, clock.Millis(now))
	return err
}

func words(ctx context.Context, q db.Querier, shop string) ([]string, error) {
	raw, err := db.One(ctx, q, db.Column[string], `
		SELECT words FROM chat_words
		WHERE shop = $1`, shop)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	err = json.Unmarshal([]byte(raw), &out)
	return out, err
}

func putWords(ctx context.Context, q db.Querier, shop string, list []string, by string, now time.Time) error {
	raw, _ := json.Marshal(list) // strings always encode
	_, err := q.ExecContext(ctx, `
		INSERT INTO chat_words (shop, words, by_person, changed_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (shop) DO UPDATE
		SET words = excluded.words, by_person = excluded.by_person, changed_at = excluded.changed_at`,
		shop, string(raw), by, clock.Millis(now))
	return err
}

func pin(ctx context.Context, q db.Querier, show, comment string) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO chat_pin (show, comment)
		VALUES ($1, $2)
		ON CONFLICT (show) DO UPDATE SET comment = excluded.comment`, show, comment)
	return err
}

// unpin lets go of the comment, or of whichever is pinned when it is empty.
func unpin(ctx context.Context, q db.Querier, show, comment string) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM chat_pin
		WHERE show = $1 AND (comment = $2 OR $2 = '')`, show, comment)
	return err
}

func pinned(ctx context.Context, q db.Querier, show string) (*Comment, error) {
	r, err := db.One(ctx, q, scan, `
		SELECT `+columns+` FROM chat_comment
		WHERE id = (SELECT comment FROM chat_pin WHERE show = $1) AND state = 'shown'`, show)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	c := r.comment()
	return &c, err
}
