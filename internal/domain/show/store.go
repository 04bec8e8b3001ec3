package show

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, shop, title, state, host_name, starts_at, started_at, ended_at, since, part_ms, pinned, explaining,
	slow_mode, comments_off, version, viewers, likes, duration_ms, replay, created_at`

type row struct {
	Show
	title                                  string
	starts, started, ended, since, created int64
	slow, duration                         int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Shop, &r.title, &r.State, &r.HostName, &r.starts, &r.started, &r.ended, &r.since, &r.PartMS, &r.Pinned, &r.Explaining,
		&r.slow, &r.CommentsOff, &r.Version, &r.Viewers, &r.Likes, &r.duration, &r.HasReplay, &r.created}
}

func (r row) show() (Show, error) {
	s := r.Show
	s.StartsAt, s.StartedAt, s.EndedAt, s.Since, s.CreatedAt = clock.Time(r.starts), clock.Time(r.started), clock.Time(r.ended), clock.Time(r.since), clock.Time(r.created)
	s.SlowMode, s.Duration = time.Duration(r.slow)*time.Millisecond, time.Duration(r.duration)*time.Millisecond
	s.Title = nil
	return s, json.Unmarshal([]byte(r.title), &s.Title)
}

func found(r row, err error) (Show, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Show{}, ErrNotFound
	}
	if err != nil {
		return Show{}, err
	}
	return r.show()
}

func byID(ctx context.Context, q db.Querier, show string) (Show, error) {
	return found(db.One(ctx, q, scan, `SELECT `+columns+` FROM shows WHERE id = $1`, show))
}

func lock(ctx context.Context, tx *db.Tx, show string) (Show, error) {
	return found(db.One(ctx, tx, scan, `SELECT `+columns+` FROM shows WHERE id = $1`+tx.ForUpdate(), show))
}

func all(rows []row, err error) ([]Show, error) {
	if err != nil {
		return nil, err
	}
	out := make([]Show, len(rows))
	for i, r := range rows {
		if out[i], err = r.show(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func ofShop(ctx context.Context, q db.Querier, shop string, after page.Cursor, n int) ([]Show, error) {
	return all(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM shows
		WHERE shop = $1 AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, shop, after.At, after.ID, n))
}

// inStates lists shows in any of up to three states, the latest first.
func inStates(ctx context.Context, q db.Querier, shop string, n int, states ...State) ([]Show, error) {
	for len(states) < 3 {
		states = append(states, states[0])
	}
	return all(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM shows
		WHERE state IN ($1, $2, $3) AND ($4 = '' OR shop = $4)
		ORDER BY started_at DESC, created_at DESC, id DESC
		LIMIT $5`, states[0], states[1], states[2], shop, n))
}

func upcoming(ctx context.Context, q db.Querier, shop string, since time.Time, n int) ([]Show, error) {
	return all(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM shows
		WHERE state = 'scheduled' AND starts_at >= $1 AND ($2 = '' OR shop = $2)
		ORDER BY starts_at, id
		LIMIT $3`, clock.Millis(since), shop, n))
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func insert(ctx context.Context, tx *db.Tx, s Show) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO shows (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		s.ID, s.Shop, asJSON(s.Title), s.State, s.HostName, clock.Millis(s.StartsAt), clock.Millis(s.StartedAt), clock.Millis(s.EndedAt), clock.Millis(s.Since), s.PartMS, s.Pinned, s.Explaining,
		s.SlowMode.Milliseconds(), s.CommentsOff, s.Version, s.Viewers, s.Likes, s.Duration.Milliseconds(), s.HasReplay, clock.Millis(s.CreatedAt))
	return err
}

func update(ctx context.Context, tx *db.Tx, s Show) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE shows SET title = $2, state = $3, host_name = $4, starts_at = $5, started_at = $6, ended_at = $7, since = $8, part_ms = $9,
			pinned = $10, explaining = $11, slow_mode = $12, comments_off = $13, version = $14, duration_ms = $15, replay = $16
		WHERE id = $1`,
		s.ID, asJSON(s.Title), s.State, s.HostName, clock.Millis(s.StartsAt), clock.Millis(s.StartedAt), clock.Millis(s.EndedAt), clock.Millis(s.Since), s.PartMS,
		s.Pinned, s.Explaining, s.SlowMode.Milliseconds(), s.CommentsOff, s.Version, s.Duration.Milliseconds(), s.HasReplay)
	return err
}

func setCounts(ctx context.Context, tx *db.Tx, show string, viewers, likes int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE shows SET viewers = CASE WHEN viewers < $2 THEN $2 ELSE viewers END, likes = CASE WHEN likes < $3 THEN $3 ELSE likes END
		WHERE id = $1`, show, viewers, likes)
	return err
}

func putMinute(ctx context.Context, tx *db.Tx, show string, at time.Time, viewers int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO show_minute (show_id, minute, viewers) VALUES ($1, $2, $3)
		ON CONFLICT (show_id, minute) DO UPDATE SET viewers = CASE WHEN show_minute.viewers < $3 THEN $3 ELSE show_minute.viewers END`,
		show, clock.Millis(at), viewers)
	return err
}

func minutes(ctx context.Context, q db.Querier, show string) ([]Minute, error) {
	type mrow struct {
		Minute
		at int64
	}
	rows, err := db.All(ctx, q, func(m *mrow) []any { return []any{&m.at, &m.Viewers} }, `
		SELECT minute, viewers FROM show_minute WHERE show_id = $1 ORDER BY minute`, show)
	out := make([]Minute, len(rows))
	for i, r := range rows {
		out[i] = Minute{clock.Time(r.at), r.Viewers}
	}
	return out, err
}

func scanItem(i *Item) []any { return []any{&i.Number, &i.Product, &i.SetAside} }

func bag(ctx context.Context, q db.Querier, show string) ([]Item, error) {
	return db.All(ctx, q, scanItem, `SELECT number, product, set_aside FROM bag_item WHERE show_id = $1 ORDER BY number`, show)
}

func bagItem(ctx context.Context, q db.Querier, show string, number int) (Item, error) {
	i, err := db.One(ctx, q, scanItem, `SELECT number, product, set_aside FROM bag_item WHERE show_id = $1 AND number = $2`, show, number)
	if errors.Is(err, db.ErrNoRows) {
		return Item{}, ErrNumber
	}
	return i, err
}

func replaceBag(ctx context.Context, tx *db.Tx, show string, items []Item) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM bag_item WHERE show_id = $1`, show); err != nil {
		return err
	}
	rows := make([][]any, len(items))
	for i, it := range items {
		rows[i] = []any{show, int64(it.Number), it.Product, it.SetAside}
	}
	return tx.InsertMany(ctx, "bag_item", []string{"show_id", "number", "product", "set_aside"}, rows)
}

func insertChapter(ctx context.Context, tx *db.Tx, show string, c Chapter) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO chapter (show_id, number, product, title, from_at, to_at) VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (show_id, from_at) DO UPDATE SET number = excluded.number, product = excluded.product, title = excluded.title, to_at = 0`,
		show, c.Number, c.Product, asJSON(c.Title), clock.Millis(c.From))
	return err
}

func closeChapter(ctx context.Context, tx *db.Tx, show string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE chapter SET to_at = $2 WHERE show_id = $1 AND to_at = 0`, show, clock.Millis(at))
	return err
}

func chapters(ctx context.Context, q db.Querier, show string) ([]Chapter, error) {
	type crow struct {
		Chapter
		title    string
		from, to int64
	}
	rows, err := db.All(ctx, q, func(c *crow) []any { return []any{&c.Number, &c.Product, &c.title, &c.from, &c.to} }, `
		SELECT number, product, title, from_at, to_at FROM chapter WHERE show_id = $1 ORDER BY from_at`, show)
	if err != nil {
		return nil, err
	}
	out := make([]Chapter, len(rows))
	for i, r := range rows {
		out[i] = Chapter{Number: r.Number, Product: r.Product, From: clock.Time(r.from), To: clock.Time(r.to)}
		if err := json.Unmarshal([]byte(r.title), &out[i].Title); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func putReservation(ctx context.Context, tx *db.Tx, show, person string, at time.Time) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO show_reservation (show_id, person, at) VALUES ($1, $2, $3)
		ON CONFLICT (show_id, person) DO NOTHING`, show, person, clock.Millis(at))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func dropReservation(ctx context.Context, q db.Querier, show, person string) error {
	_, err := q.ExecContext(ctx, `DELETE FROM show_reservation WHERE show_id = $1 AND person = $2`, show, person)
	return err
}

func hasReservation(ctx context.Context, q db.Querier, show, person string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM show_reservation WHERE show_id = $1 AND person = $2)`, show, person)
}

func reservations(ctx context.Context, q db.Querier, show string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `SELECT person FROM show_reservation WHERE show_id = $1 ORDER BY person`, show)
}

func keyOf(ctx context.Context, q db.Querier, shop string) (StreamKey, error) {
	type krow struct {
		StreamKey
		created int64
	}
	k, err := db.One(ctx, q, func(k *krow) []any { return []any{&k.Hint, &k.created} }, `SELECT hint, created_at FROM stream_key WHERE shop = $1`, shop)
	k.Exists, k.CreatedAt = true, clock.Time(k.created)
	return k.StreamKey, err
}

func putKey(ctx context.Context, q db.Querier, shop, hash, hint string, at time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO stream_key (shop, hash, hint, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (shop) DO UPDATE SET hash = excluded.hash, hint = excluded.hint, created_at = excluded.created_at`, shop, hash, hint, clock.Millis(at))
	return err
}

func shopByKey(ctx context.Context, q db.Querier, hash string) (string, error) {
	return db.One(ctx, q, db.Column[string], `SELECT shop FROM stream_key WHERE hash = $1`, hash)
}
