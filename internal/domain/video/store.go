package video

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, shop, author, state, caption, topics, language, place, rights, source, ai, ad, visibility, products, show,
	trim_from, trim_to, attempts, progress, problem, film, hashes, duplicate_of, cover, likes, comments, publish_at, published_at, created_at, photos`

type row struct {
	Video
	topics, products, film, hashes      string
	photos                              string
	from, to                            int64
	publishAt, publishedAt, createdAtMS int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Shop, &r.Author, &r.State, &r.Caption, &r.topics, &r.Language, &r.Place, &r.Rights.Kind, &r.Rights.Source, &r.AI, &r.Ad, &r.Visibility, &r.products, &r.Show,
		&r.from, &r.to, &r.attempts, &r.Progress, &r.Problem, &r.film, &r.hashes, &r.DuplicateOf, &r.Cover, &r.Likes, &r.Comments, &r.publishAt, &r.publishedAt, &r.createdAtMS, &r.photos}
}

func (r row) video() (Video, error) {
	v := r.Video
	v.TrimFrom, v.TrimTo = time.Duration(r.from)*time.Millisecond, time.Duration(r.to)*time.Millisecond
	v.PublishAt, v.PublishedAt, v.CreatedAt = clock.Time(r.publishAt), clock.Time(r.publishedAt), clock.Time(r.createdAtMS)
	return v, errors.Join(json.Unmarshal([]byte(r.topics), &v.Topics), json.Unmarshal([]byte(r.products), &v.Products),
		json.Unmarshal([]byte(r.film), &v.Film), json.Unmarshal([]byte(r.hashes), &v.Hashes), json.Unmarshal([]byte(r.photos), &v.Photos))
}

func found(r row, err error) (Video, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Video{}, ErrNotFound
	}
	if err != nil {
		return Video{}, err
	}
	return r.video()
}

func videos(rows []row, err error) ([]Video, error) {
	out := make([]Video, len(rows))
	for i, r := range rows {
		var bad error
		if out[i], bad = r.video(); bad != nil {
			return nil, bad
		}
	}
	return out, err
}

// asJSON is for values that cannot fail to encode.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func insert(ctx context.Context, tx *db.Tx, v Video) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO video (`+columns+`, duration_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0, '', '{}', '[]', '', '', 0, 0, 0, 0, $18, $19, 0)`,
		v.ID, v.Shop, v.Author, string(v.State), v.Caption, asJSON(v.Topics), v.Language, v.Place, v.Rights.Kind, v.Rights.Source, v.AI, v.Ad, string(v.Visibility), asJSON(v.Products), v.Show,
		v.TrimFrom.Milliseconds(), v.TrimTo.Milliseconds(), clock.Millis(v.CreatedAt), asJSON(v.Photos))
	return err
}

func byID(ctx context.Context, q db.Querier, id string) (Video, error) {
	return found(db.One(ctx, q, scan, `SELECT `+columns+` FROM video WHERE id = $1`, id))
}

// lock reads a video of a shop ("" for whichever, and for lessons) that nobody
// else changes until the transaction ends.
func lock(ctx context.Context, tx *db.Tx, shop, id string) (Video, error) {
	return found(db.One(ctx, tx, scan, `
		SELECT `+columns+` FROM video
		WHERE id = $1 AND (shop = $2 AND visibility <> 'lesson' OR $2 = '')`+tx.ForUpdate(), id, shop))
}

// save writes what may change of a locked video; counters have their own
// statements.
func save(ctx context.Context, tx *db.Tx, v Video) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE video SET state = $2, caption = $3, topics = $4, language = $5, place = $6, rights = $7, source = $8, ai = $9, ad = $10,
			visibility = $11, products = $12, show = $13, attempts = $14, progress = $15, problem = $16, film = $17, duration_ms = $18,
			hashes = $19, duplicate_of = $20, cover = $21, publish_at = $22, published_at = $23, photos = $24
		WHERE id = $1`,
		v.ID, string(v.State), v.Caption, asJSON(v.Topics), v.Language, v.Place, v.Rights.Kind, v.Rights.Source, v.AI, v.Ad,
		string(v.Visibility), asJSON(v.Products), v.Show, v.attempts, v.Progress, v.Problem, asJSON(v.Film), v.Film.Duration.Milliseconds(),
		asJSON(v.Hashes), v.DuplicateOf, v.Cover, clock.Millis(v.PublishAt), clock.Millis(v.PublishedAt), asJSON(v.Photos))
	return err
}

func setProgress(ctx context.Context, q db.Querier, id string, percent int) error {
	_, err := q.ExecContext(ctx, `
		UPDATE video SET progress = $2
		WHERE id = $1 AND state = 'processing'`, id, percent)
	return err
}

func remove(ctx context.Context, tx *db.Tx, id string) error {
	for _, text := range []string{
		`DELETE FROM video_like WHERE video = $1`,
		`DELETE FROM video_favourite WHERE video = $1`,
		`DELETE FROM video_topic WHERE video = $1`,
		`DELETE FROM video_part WHERE video = $1`,
		`DELETE FROM video_comment WHERE video = $1`,
		`DELETE FROM video WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, text, id); err != nil {
			return err
		}
	}
	return nil
}

func ofShop(ctx context.Context, q db.Querier, shop string, after page.Cursor, n int) ([]Video, error) {
	return videos(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM video
		WHERE shop = $1 AND visibility <> 'lesson' AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, shop, after.At, after.ID, n))
}

// listed is the condition that a video v is in the lists that person $1 ("" for
// nobody) looks at.
const listed = `v.state = 'published' AND (v.visibility = 'public'
	OR v.visibility = 'followers' AND EXISTS (SELECT 1 FROM social_follow f WHERE f.person = $1 AND f.shop = v.shop)
	OR v.visibility = 'friends' AND EXISTS (
		SELECT 1 FROM member m
		JOIN social_tie mine ON mine.person = $1 AND mine.other = m.person
		JOIN social_tie theirs ON theirs.person = m.person AND theirs.other = $1
		WHERE m.shop = v.shop AND m.role = 'owner'))`

// publishedOf lists what person finds in a shop; staff finds all but the videos
// that are in no list.
func publishedOf(ctx context.Context, q db.Querier, shop, person string, staff bool, after page.Cursor, n int) ([]Video, error) {
	return videos(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM video v
		WHERE v.shop = $2 AND v.state = 'published' AND (`+listed+` OR v.visibility <> 'link' AND $3) AND (v.published_at, v.id) < ($4, $5)
		ORDER BY v.published_at DESC, v.id DESC
		LIMIT $6`, person, shop, staff, after.At, after.ID, n))
}

// turned numbers the videos that person sees of the shops they follow: by day, on
// a day by turns, so that a shop with ten films does not hide the one of another.
// The numbers fall from the front of the list to its end.
const turned = `
	SELECT v.id, v.published_at, v.published_at / 86400000 * 100000 - ROW_NUMBER() OVER (
		PARTITION BY v.shop, v.published_at / 86400000 ORDER BY v.published_at DESC, v.id DESC) AS place
	FROM video v JOIN social_follow s ON s.shop = v.shop AND s.person = $1
	WHERE ` + listed

// turn is where a video stands in the list of a follower.
type turn struct {
	id           string
	at, position int64
}

func byTurns(ctx context.Context, q db.Querier, person string, after turn, n int) ([]turn, error) {
	return db.All(ctx, q, func(t *turn) []any { return []any{&t.id, &t.at, &t.position} }, `
		SELECT id, published_at, place FROM (`+turned+`) list
		WHERE (place, published_at, id) < ($2, $3, $4)
		ORDER BY place DESC, published_at DESC, id DESC
		LIMIT $5`, person, after.position, after.at, after.id, n)
}

// told is what friends of person $1 did, who let their friends see it.
const told = `
	SELECT l.video, l.person, 'liked' AS what, l.created_at AS at
	FROM social_tie a
	JOIN social_tie b ON b.person = a.other AND b.other = a.person
	JOIN social_privacy p ON p.person = a.other AND p.likes = 'on' AND NOT p.minor
	JOIN video_like l ON l.person = a.other
	WHERE a.person = $1
	UNION ALL
	SELECT s.target, s.sharer, 'shared', s.created_at
	FROM social_tie a
	JOIN social_tie b ON b.person = a.other AND b.other = a.person
	JOIN social_privacy p ON p.person = a.other AND p.likes = 'on' AND NOT p.minor
	JOIN social_share s ON s.sharer = a.other AND s.kind = 'video'
	WHERE a.person = $1`

// deed is one thing that a friend did with a video.
type deed struct {
	video, person, what string
	at                  int64
}

func scanDeed(d *deed) []any { return []any{&d.video, &d.person, &d.what, &d.at} }

// friendsDid lists videos with the time when a friend last did something with
// them, the newest first.
func friendsDid(ctx context.Context, q db.Querier, person string, after page.Cursor, n int) ([]deed, error) {
	return db.All(ctx, q, scanDeed, `
		SELECT video, '', '', at FROM (
			SELECT d.video AS video, MAX(d.at) AS at FROM (`+told+`) d
			JOIN video v ON v.id = d.video
			WHERE `+listed+`
			GROUP BY d.video) list
		WHERE (at, video) < ($2, $3)
		ORDER BY at DESC, video DESC
		LIMIT $4`, person, after.At, after.ID, n)
}

// deedsWith lists what friends did with a video, the newest first.
func deedsWith(ctx context.Context, q db.Querier, person, video string, n int) ([]deed, error) {
	return db.All(ctx, q, scanDeed, `
		SELECT video, person, what, at FROM (`+told+`) d
		WHERE video = $2
		ORDER BY at DESC, person, what
		LIMIT $3`, person, video, n)
}

// near lists the videos whose place has the words; like is a pattern with \ as
// escape.
func near(ctx context.Context, q db.Querier, person, like string, after page.Cursor, n int) ([]Video, error) {
	return videos(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM video v
		WHERE `+listed+` AND LOWER(v.place) LIKE LOWER($2) ESCAPE '\' AND (v.published_at, v.id) < ($3, $4)
		ORDER BY v.published_at DESC, v.id DESC
		LIMIT $5`, person, like, after.At, after.ID, n))
}

// places lists where public videos were made, the place with most of them first.
func places(ctx context.Context, q db.Querier, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT place FROM video
		WHERE state = 'published' AND visibility = 'public' AND place <> ''
		GROUP BY place
		ORDER BY COUNT(*) DESC, place
		LIMIT $1`, n)
}

func onTopic(ctx context.Context, q db.Querier, person, topic string, after page.Cursor, n int) ([]Video, error) {
	return videos(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM video v
		WHERE `+listed+` AND EXISTS (SELECT 1 FROM video_topic t WHERE t.topic = $2 AND t.video = v.id) AND (v.published_at, v.id) < ($3, $4)
		ORDER BY v.published_at DESC, v.id DESC
		LIMIT $5`, person, topic, after.At, after.ID, n))
}

// setTopics makes the topics of a video findable.
func setTopics(ctx context.Context, tx *db.Tx, video string, topics []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM video_topic WHERE video = $1`, video); err != nil {
		return err
	}
	for _, topic := range topics {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO video_topic (topic, video)
			VALUES ($1, $2)
			ON CONFLICT (topic, video) DO NOTHING`, topic, video); err != nil {
			return err
		}
	}
	return nil
}

// withoutTopics lists videos with topics that are not yet findable.
func withoutTopics(ctx context.Context, q db.Querier, n int) ([]Video, error) {
	return videos(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM video v
		WHERE v.topics <> '[]' AND NOT EXISTS (SELECT 1 FROM video_topic t WHERE t.video = v.id)
		LIMIT $1`, n))
}

func setFavourite(ctx context.Context, tx *db.Tx, video, person string, keep bool, now time.Time) error {
	var err error
	if keep {
		_, err = tx.ExecContext(ctx, `
			INSERT INTO video_favourite (person, video, created_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (person, video) DO NOTHING`, person, video, clock.Millis(now))
	} else {
		_, err = tx.ExecContext(ctx, `
			DELETE FROM video_favourite
			WHERE person = $1 AND video = $2`, person, video)
	}
	return err
}

func isFavourite(ctx context.Context, q db.Querier, video, person string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM video_favourite WHERE person = $1 AND video = $2)`, person, video)
}

// favourites lists what person kept, with the time, the newest first.
func favourites(ctx context.Context, q db.Querier, person string, after page.Cursor, n int) ([]deed, error) {
	return db.All(ctx, q, scanDeed, `
		SELECT k.video, '', '', k.created_at FROM video_favourite k
		JOIN video v ON v.id = k.video
		WHERE k.person = $1 AND v.state = 'published' AND (v.visibility = 'link' OR `+listed+`) AND (k.created_at, k.video) < ($2, $3)
		ORDER BY k.created_at DESC, k.video DESC
		LIMIT $4`, person, after.At, after.ID, n)
}

// eligible lists the published videos for everybody, the oldest first.
func eligible(ctx context.Context, q db.Querier, after page.Cursor, n int) ([]Video, error) {
	return videos(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM video
		WHERE state = 'published' AND visibility = 'public' AND (published_at, id) > ($1, $2)
		ORDER BY published_at, id
		LIMIT $3`, after.At, after.ID, n))
}

type look struct {
	id, hashes string
}

// looks lists the newest published videos but one, with what they look like.
func looks(ctx context.Context, q db.Querier, but string, n int) ([]look, error) {
	return db.All(ctx, q, func(l *look) []any { return []any{&l.id, &l.hashes} }, `
		SELECT id, hashes FROM video
		WHERE state = 'published' AND id <> $1
		ORDER BY published_at DESC, id DESC
		LIMIT $2`, but, n)
}

// setLike returns by how many the likes changed: 1, 0 or -1.
func setLike(ctx context.Context, tx *db.Tx, video, person string, like bool, now time.Time) (int64, error) {
	if like {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO video_like (video, person, created_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (video, person) DO NOTHING`, video, person, clock.Millis(now))
		if err != nil {
			return 0, err
		}
		return res.RowsAffected()
	}
	res, err := tx.ExecContext(ctx, `
		DELETE FROM video_like
		WHERE video = $1 AND person = $2`, video, person)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return -n, err
}

func countLikes(ctx context.Context, tx *db.Tx, video string, change int64) (int64, error) {
	n, err := db.One(ctx, tx, db.Column[int64], `
		UPDATE video SET likes = likes + $2
		WHERE id = $1
		RETURNING likes`, video, change)
	if errors.Is(err, db.ErrNoRows) {
		return 0, ErrNotFound
	}
	return n, err
}

func liked(ctx context.Context, q db.Querier, video, person string) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM video_like WHERE video = $1 AND person = $2)`, video, person)
}

func countComments(ctx context.Context, tx *db.Tx, video string, change int64) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE video SET comments = comments + $2
		WHERE id = $1`, video, change)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

func countReplies(ctx context.Context, tx *db.Tx, parent string, change int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE video_comment SET replies = replies + $2
		WHERE id = $1`, parent, change)
	return err
}

const commentColumns = `id, video, parent, person, name, body, host, replies, created_at`

type commentRow struct {
	Comment
	at int64
}

func scanComment(r *commentRow) []any {
	return []any{&r.ID, &r.Video, &r.Parent, &r.Person, &r.Name, &r.Text, &r.Host, &r.Replies, &r.at}
}

func (r commentRow) comment() Comment {
	r.At = clock.Time(r.at)
	return r.Comment
}

// insertComment adds c unless its author has said something since the given
// time.
func insertComment(ctx context.Context, tx *db.Tx, c Comment, since time.Time) error {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO video_comment (`+commentColumns+`)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BOOLEAN), 0, CAST($8 AS BIGINT)
		WHERE NOT EXISTS (SELECT 1 FROM video_comment WHERE person = $4 AND created_at > $9)`,
		c.ID, c.Video, c.Parent, c.Person, c.Name, c.Text, c.Host, clock.Millis(c.At), clock.Millis(since))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrSlow)
	}
	return nil
}

func comment(ctx context.Context, q db.Querier, video, id string) (Comment, error) {
	r, err := db.One(ctx, q, scanComment, `
		SELECT `+commentColumns+` FROM video_comment
		WHERE id = $1 AND video = $2`, id, video)
	if errors.Is(err, db.ErrNoRows) {
		return Comment{}, ErrNoComment
	}
	return r.comment(), err
}

// comments leaves out those of people whom the reader has blocked.
func comments(ctx context.Context, q db.Querier, video, parent, reader string, after page.Cursor, n int) ([]Comment, error) {
	rows, err := db.All(ctx, q, scanComment, `
		SELECT `+commentColumns+` FROM video_comment
		WHERE video = $1 AND parent = $2 AND (created_at, id) < ($3, $4)
			AND NOT EXISTS (SELECT 1 FROM social_block b WHERE b.person = $6 AND b.other = video_comment.person)
		ORDER BY created_at DESC, id DESC
		LIMIT $5`, video, parent, after.At, after.ID, n, reader)
	out := make([]Comment, len(rows))
	for i, r := range rows {
		out[i] = r.comment()
	}
	return out, err
}

// deleteComments removes a comment and its answers and returns how many.
func deleteComments(ctx context.Context, tx *db.Tx, id string) (int64, error) {
	res, err := tx.ExecContext(ctx, `
		DELETE FROM video_comment
		WHERE id = $1 OR parent = $1`, id)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

const seriesColumns = `id, shop, title, created_at`

type seriesRow struct {
	Series
	at int64
}

func scanSeries(r *seriesRow) []any { return []any{&r.ID, &r.Shop, &r.Title, &r.at} }

func (r seriesRow) series() Series {
	r.CreatedAt = clock.Time(r.at)
	return r.Series
}

func foundSeries(r seriesRow, err error) (Series, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Series{}, ErrNoSeries
	}
	return r.series(), err
}

// insertSeries adds a series unless its shop has most of them.
func insertSeries(ctx context.Context, tx *db.Tx, x Series, most int) error {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO video_series (`+seriesColumns+`)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT)
		WHERE (SELECT COUNT(*) FROM video_series WHERE shop = $2) < $5`, x.ID, x.Shop, x.Title, clock.Millis(x.CreatedAt), most)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrManySets)
	}
	return nil
}

func renameSeries(ctx context.Context, tx *db.Tx, x Series) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE video_series SET title = $2
		WHERE id = $1`, x.ID, x.Title)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNoSeries)
	}
	return nil
}

// setParts replaces the parts of a series; a video stays where it is in another.
func setParts(ctx context.Context, tx *db.Tx, series string, videos []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM video_part WHERE series = $1`, series); err != nil {
		return err
	}
	for i, v := range videos {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO video_part (video, series, position)
			VALUES ($1, $2, $3)
			ON CONFLICT (video) DO NOTHING`, v, series, i+1)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrInSeries)
		}
	}
	return nil
}

func removeSeries(ctx context.Context, tx *db.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM video_part WHERE series = $1`, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM video_series WHERE id = $1`, id)
	return err
}

func seriesBy(ctx context.Context, q db.Querier, id string) (Series, error) {
	return foundSeries(db.One(ctx, q, scanSeries, `SELECT `+seriesColumns+` FROM video_series WHERE id = $1`, id))
}

func seriesWith(ctx context.Context, q db.Querier, video string) (Series, error) {
	return foundSeries(db.One(ctx, q, scanSeries, `
		SELECT `+seriesColumns+` FROM video_series
		WHERE id = (SELECT series FROM video_part WHERE video = $1)`, video))
}

func seriesOfShop(ctx context.Context, q db.Querier, shop string, n int) ([]Series, error) {
	rows, err := db.All(ctx, q, scanSeries, `
		SELECT `+seriesColumns+` FROM video_series
		WHERE shop = $1
		ORDER BY created_at DESC, id DESC
		LIMIT $2`, shop, n)
	out := make([]Series, len(rows))
	for i, r := range rows {
		out[i] = r.series()
	}
	return out, err
}

func parts(ctx context.Context, q db.Querier, series string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT video FROM video_part
		WHERE series = $1
		ORDER BY position`, series)
}

// seenParts lists the parts of a series that person finds.
func seenParts(ctx context.Context, q db.Querier, person, series string) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT v.id FROM video_part p
		JOIN video v ON v.id = p.video
		WHERE p.series = $2 AND `+listed+`
		ORDER BY p.position`, person, series)
}
