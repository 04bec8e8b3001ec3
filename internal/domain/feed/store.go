package feed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// row is a video as Discover keeps it.
type row struct {
	Video, Shop, Owner, Line, State, CopyOf string
	Topics                                  []string
	LengthMS                                int64
	Given, Credit, Shows, Reports           int64
	Shown, Long                             [2]int64
	Day, PublishedAt, ServedAt, ChangedAt   int64

	topics string
}

const columns = `video, shop, owner, line, state, copy_of, topics, length_ms, given, credit, shows, reports, shown0, shown1, long0, long1, day, published_at, served_at, changed_at`

func scanRow(r *row) []any {
	return []any{&r.Video, &r.Shop, &r.Owner, &r.Line, &r.State, &r.CopyOf, &r.topics, &r.LengthMS, &r.Given, &r.Credit, &r.Shows, &r.Reports,
		&r.Shown[0], &r.Shown[1], &r.Long[0], &r.Long[1], &r.Day, &r.PublishedAt, &r.ServedAt, &r.ChangedAt}
}

func (r row) stored(id VideoID, v Video) Stored {
	return Stored{ID: id, Video: v, Given: int(r.Given), Credit: int(r.Credit), Shows: int(r.Shows), Reports: int(r.Reports), Frozen: r.State == stateFrozen, Waits: r.Given == 0 && r.CopyOf == "",
		Gone: r.State == stateGone || r.State == stateHidden, Shown: [2]int{int(r.Shown[0]), int(r.Shown[1])}, Long: [2]int{int(r.Long[0]), int(r.Long[1])}}
}

// asJSON is for values that cannot fail to encode.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// eachVideo calls f for every video, or for those that changed at an instant or
// later.
func eachVideo(ctx context.Context, q db.Querier, since int64, f func(row) error) error {
	text, args := `SELECT `+columns+` FROM feed_video`, []any{}
	if since > 0 {
		text, args = text+` WHERE changed_at >= $1`, []any{since}
	}
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(scanRow(&r)...); err != nil {
			return err
		}
		if r.topics != "[]" {
			if err := json.Unmarshal([]byte(r.topics), &r.Topics); err != nil {
				return err
			}
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

func videoRow(ctx context.Context, q db.Querier, video string) (row, bool, error) {
	r, err := db.One(ctx, q, scanRow, `SELECT `+columns+` FROM feed_video WHERE video = $1`, video)
	if errors.Is(err, db.ErrNoRows) {
		return row{}, false, nil
	}
	if err != nil {
		return row{}, false, err
	}
	return r, true, json.Unmarshal([]byte(r.topics), &r.Topics)
}

func anyVideo(ctx context.Context, q db.Querier) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT EXISTS (SELECT 1 FROM feed_video)`)
}

func insertVideo(ctx context.Context, tx *db.Tx, r row) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO feed_video (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0, 0, 0, $11, $12, 0, $13)
		ON CONFLICT (video) DO NOTHING`,
		r.Video, r.Shop, r.Owner, r.Line, r.State, r.CopyOf, asJSON(r.Topics), r.LengthMS, r.Given, r.Credit, r.Day, r.PublishedAt, r.ChangedAt)
	return err
}

// owe notes the floor that a video has got after its publication; where several
// processes give it, once.
func owe(ctx context.Context, tx *db.Tx, video string, f floorOf, now int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE feed_video SET given = $2, credit = $2, owed_day = $3, changed_at = $4
		WHERE video = $1 AND given = 0`, video, f.n, f.day, now)
	return err
}

func freeze(ctx context.Context, tx *db.Tx, video string, now int64) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE feed_video SET state = 'frozen', changed_at = $2
		WHERE video = $1 AND state = 'live'`, video, now)
	return err
}

// setVideo writes what may change of a video but its figures.
func setVideo(ctx context.Context, q db.Querier, r row) error {
	_, err := q.ExecContext(ctx, `
		UPDATE feed_video SET state = $2, topics = $3, line = $4, changed_at = $5
		WHERE video = $1`, r.Video, r.State, asJSON(r.Topics), r.Line, r.ChangedAt)
	return err
}

func setState(ctx context.Context, q db.Querier, video, state string, now int64) error {
	_, err := q.ExecContext(ctx, `
		UPDATE feed_video SET state = $2, changed_at = $3, reports = CASE WHEN $2 = 'live' THEN 0 ELSE reports END
		WHERE video = $1`, video, state, now)
	return err
}

// stopped lists what reports have frozen or the operator has hidden.
func stopped(ctx context.Context, q db.Querier, n int) ([]row, error) {
	return db.All(ctx, q, scanRow, `
		SELECT `+columns+` FROM feed_video
		WHERE state IN ('frozen', 'hidden')
		ORDER BY changed_at DESC
		LIMIT $1`, n)
}

// ownerOf returns who is one with any of the people, "" if nobody is known.
func ownerOf(ctx context.Context, q db.Querier, person string) (string, error) {
	owner, err := db.One(ctx, q, db.Column[string], `SELECT owner FROM feed_owner WHERE person = $1`, person)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return owner, err
}

func insertOwner(ctx context.Context, tx *db.Tx, person, owner string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO feed_owner (person, owner)
		VALUES ($1, $2)
		ON CONFLICT (person) DO NOTHING`, person, owner)
	return err
}

// showsOn returns how often each video was shown on a day, as far as it is
// folded.
func showsOn(ctx context.Context, q db.Querier, day int64) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT video, n FROM feed_shows
		WHERE day = $1`, day)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var video string
		var n int64
		if err := rows.Scan(&video, &n); err != nil {
			return nil, err
		}
		out[video] = n
	}
	return out, rows.Err()
}

func sumOn(ctx context.Context, q db.Querier, day int64) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM feed_shows WHERE day = $1`, day)
}

// flooredOn counts the floors that were given on a day.
func flooredOn(ctx context.Context, q db.Querier, day int64) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COUNT(*) FROM feed_video WHERE (day = $1 AND given > 0 AND owed_day = 0) OR owed_day = $1`, day)
}

func saveViewer(ctx context.Context, q db.Querier, viewer string, s said, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO feed_viewer (viewer, said, changed_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (viewer) DO UPDATE
		SET said = excluded.said, changed_at = excluded.changed_at`, viewer, asJSON(s), clock.Millis(now))
	return err
}

// insertReport keeps a report; the second of one viewer changes nothing.
func insertReport(ctx context.Context, q db.Querier, r Complaint, viewer string) (bool, error) {
	res, err := q.ExecContext(ctx, `
		INSERT INTO feed_report (video, viewer, reason, words, counted, created_at)
		VALUES ($1, $2, $3, $4, FALSE, $5)
		ON CONFLICT (video, viewer) DO NOTHING`, r.Video, viewer, r.Reason, r.Words, clock.Millis(r.At))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func setCounted(ctx context.Context, q db.Querier, video, viewer string) error {
	_, err := q.ExecContext(ctx, `
		UPDATE feed_report SET counted = TRUE
		WHERE video = $1 AND viewer = $2`, video, viewer)
	return err
}

func complaints(ctx context.Context, q db.Querier, video string, n int) ([]Complaint, error) {
	type found struct {
		Complaint
		at int64
	}
	rows, err := db.All(ctx, q, func(c *found) []any { return []any{&c.Video, &c.Reason, &c.Words, &c.Counted, &c.at} }, `
		SELECT video, reason, words, counted, created_at FROM feed_report
		WHERE video = $1
		ORDER BY created_at DESC
		LIMIT $2`, video, n)
	out := make([]Complaint, len(rows))
	for i, r := range rows {
		out[i] = r.Complaint
		out[i].At = clock.Time(r.at)
	}
	return out, err
}

type dayTime struct{ day, ms int64 }

func timeOf(ctx context.Context, q db.Querier, viewer string, since int64) ([]dayTime, error) {
	return db.All(ctx, q, func(d *dayTime) []any { return []any{&d.day, &d.ms} }, `
		SELECT day, CAST(SUM(ms) AS BIGINT) FROM feed_time
		WHERE viewer = $1 AND day >= $2
		GROUP BY day
		ORDER BY day`, viewer, since)
}

// promised is the floor of the publications of one day.
type promised struct{ day, videos, given, left, done int64 }

func promises(ctx context.Context, q db.Querier, since int64) ([]promised, error) {
	return db.All(ctx, q, func(p *promised) []any { return []any{&p.day, &p.videos, &p.given, &p.left, &p.done} }, `
		SELECT day, COUNT(*), CAST(SUM(given) AS BIGINT), CAST(SUM(credit) AS BIGINT), CAST(SUM(CASE WHEN credit = 0 THEN 1 ELSE 0 END) AS BIGINT) FROM feed_video
		WHERE day >= $1 AND given > 0 AND state = 'live'
		GROUP BY day
		ORDER BY day`, since)
}

type shopCount struct {
	shop string
	n    int64
}

// supply counts the videos that each shop had in Discover at the end of a day.
func supply(ctx context.Context, q db.Querier, day int64) ([]shopCount, error) {
	return db.All(ctx, q, func(c *shopCount) []any { return []any{&c.shop, &c.n} }, `
		SELECT shop, COUNT(*) FROM feed_video
		WHERE day <= $1 AND state = 'live'
		GROUP BY shop`, day)
}

func shopShows(ctx context.Context, q db.Querier, day int64) ([]shopCount, error) {
	return db.All(ctx, q, func(c *shopCount) []any { return []any{&c.shop, &c.n} }, `
		SELECT v.shop, CAST(SUM(e.n) AS BIGINT) FROM feed_shows e JOIN feed_video v ON v.video = e.video
		WHERE e.day = $1
		GROUP BY v.shop`, day)
}

type storedDay struct {
	day    int64
	report string
}

func days(ctx context.Context, q db.Querier, since int64) ([]storedDay, error) {
	return db.All(ctx, q, func(d *storedDay) []any { return []any{&d.day, &d.report} }, `
		SELECT day, report FROM feed_day
		WHERE day >= $1
		ORDER BY day`, since)
}

func saveDay(ctx context.Context, q db.Querier, day int64, report string) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO feed_day (day, report)
		VALUES ($1, $2)
		ON CONFLICT (day) DO UPDATE
		SET report = excluded.report`, day, report)
	return err
}

func daysShown(ctx context.Context, q db.Querier) ([]int64, error) {
	return db.All(ctx, q, db.Column[int64], `SELECT DISTINCT day FROM feed_shows ORDER BY day`)
}

type pageRow struct {
	Run    string
	Seq    int64
	Viewer string
	At     int64
	Shown  int64
	Again  int64
	Taste  int64
	items  string
	turn   uint64 // not kept: the lines of the log are in its order
}

const pageColumns = `run, seq, viewer, at, shown, again, taste, items`

func scanPage(p *pageRow) []any {
	return []any{&p.Run, &p.Seq, &p.Viewer, &p.At, &p.Shown, &p.Again, &p.Taste, &p.items}
}

// viewerOf returns what a viewer said, and their last pages, the newest first. It
// is one statement, because somebody waits for it.
func viewerOf(ctx context.Context, q db.Querier, viewer string, n int) (said, []pageRow, error) {
	rows, err := db.All(ctx, q, func(p *pageRow) []any { return []any{&p.Seq, &p.At, &p.Shown, &p.Again, &p.items} }, `
		SELECT -1, 0, 0, 0, said FROM feed_viewer
		WHERE viewer = $1
		UNION ALL
		SELECT * FROM (
			SELECT seq, at, shown, again, items FROM feed_page
			WHERE viewer = $1
			ORDER BY at DESC, seq DESC
			LIMIT $2) AS p`, viewer, n)
	if err != nil {
		return said{}, nil, err
	}
	slices.SortStableFunc(rows, func(a, b pageRow) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Seq, a.Seq)) })
	var words said
	if last := len(rows) - 1; last >= 0 && rows[last].Seq < 0 {
		err = json.Unmarshal([]byte(rows[last].items), &words)
		rows = rows[:last]
	}
	return words, rows, err
}

// pagesAfter lists pages in the order in which processes answered them.
func pagesAfter(ctx context.Context, q db.Querier, run string, seq int64, n int) ([]pageRow, error) {
	return db.All(ctx, q, scanPage, `
		SELECT `+pageColumns+` FROM feed_page
		WHERE (run, seq) > ($1, $2)
		ORDER BY run, seq
		LIMIT $3`, run, seq, n)
}

// yieldAfter is after how many rows a long reading, or a long writing on SQLite,
// which computes in this process, lets pages go first.
const yieldAfter = 16

func insertPages(ctx context.Context, tx *db.Tx, pages []pageRow) error {
	columns, most := []string{"run", "seq", "viewer", "at", "shown", "again", "taste", "items"}, len(pages)
	if !tx.Postgres() {
		most = yieldAfter
	}
	for some := range slices.Chunk(pages, max(1, most)) {
		rows := make([][]any, len(some))
		for i, p := range some {
			rows[i] = []any{p.Run, p.Seq, p.Viewer, p.At, p.Shown, p.Again, p.Taste, p.items}
		}
		if err := tx.InsertMany(ctx, "feed_page", columns, rows); err != nil {
			return err
		}
		runtime.Gosched()
	}
	return nil
}

func insertTimes(ctx context.Context, tx *db.Tx, times map[viewerDay]int64) error {
	rows := make([][]any, 0, len(times))
	for k, ms := range times {
		rows = append(rows, []any{k.viewer, k.day, ms})
	}
	return tx.InsertMany(ctx, "feed_time", []string{"viewer", "day", "ms"}, rows)
}

// pagesBetween calls f for the pages of a process after one line up to another,
// most of them at most; f must not keep the row.
func pagesBetween(ctx context.Context, q db.Querier, run string, after, upto int64, most int, f func(*pageRow) error) error {
	rows, err := q.QueryContext(ctx, `
		SELECT seq, viewer, at, items FROM feed_page
		WHERE run = $1 AND seq > $2 AND seq <= $3
		ORDER BY seq
		LIMIT $4`, run, after, upto, most)
	if err != nil {
		return err
	}
	defer rows.Close()
	p := pageRow{Run: run}
	for n := 1; rows.Next(); n++ {
		if n%yieldAfter == 0 {
			runtime.Gosched()
		}
		if err := rows.Scan(&p.Seq, &p.Viewer, &p.At, &p.items); err != nil {
			return err
		}
		if err := f(&p); err != nil {
			return fmt.Errorf("page %s/%d: %w", run, p.Seq, err)
		}
	}
	return rows.Err()
}

// signalsBetween does the same for signals.
func signalsBetween(ctx context.Context, q db.Querier, run string, after, upto int64, f func(seq int64, items string) error) error {
	rows, err := q.QueryContext(ctx, `
		SELECT seq, items FROM feed_signal
		WHERE run = $1 AND seq > $2 AND seq <= $3
		ORDER BY seq`, run, after, upto)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var items string
		if err := rows.Scan(&seq, &items); err != nil {
			return err
		}
		if err := f(seq, items); err != nil {
			return fmt.Errorf("signals %s/%d: %w", run, seq, err)
		}
	}
	return rows.Err()
}

func marks(ctx context.Context, q db.Querier) ([]mark, error) {
	return db.All(ctx, q, func(m *mark) []any { return []any{&m.Run, &m.Last, &m.Folded, &m.Folding, &m.Upto, &m.SeenAt} }, `
		SELECT run, last, folded, folding, upto, seen_at FROM feed_run
		ORDER BY run`)
}

// moveMark moves the mark of a process; [errFolded] where it stands elsewhere.
func moveMark(ctx context.Context, tx *db.Tx, from, to mark) error {
	res, err := tx.ExecContext(ctx, `
		UPDATE feed_run SET folded = $2, folding = $3, upto = $4
		WHERE run = $1 AND folded = $5 AND folding = $6 AND upto = $7`, from.Run, to.Folded, to.Folding, to.Upto, from.Folded, from.Folding, from.Upto)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return cmp.Or(err, errFolded)
	}
	return nil
}

// advance notes up to where a process has written its log. It returns false
// where that has been noted: the batch is in.
func advance(ctx context.Context, tx *db.Tx, run string, last, now int64) (bool, error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO feed_run (run, last, folded, folding, upto, seen_at)
		VALUES ($1, 0, 0, 0, '', $2)
		ON CONFLICT (run) DO NOTHING`, run, now); err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `
		UPDATE feed_run SET last = $2, seen_at = $3
		WHERE run = $1 AND last < $2`, run, last, now)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// holding is a share of the floor, who pays it and when that process last wrote to
// its log.
type holding struct {
	share  int
	run    string
	seenAt int64
}

func holdings(ctx context.Context, q db.Querier) ([]holding, error) {
	return db.All(ctx, q, func(h *holding) []any { return []any{&h.share, &h.run, &h.seenAt} }, `
		SELECT s.share, s.run, COALESCE(r.seen_at, 0) FROM feed_share s LEFT JOIN feed_run r ON r.run = s.run
		ORDER BY s.share`)
}

// writers counts the other processes that have written to their logs since an
// instant, and says whether this one has.
func writers(ctx context.Context, q db.Querier, run string, since int64) (others int, here bool, err error) {
	list, err := db.All(ctx, q, db.Column[string], `
		SELECT run FROM feed_run
		WHERE seen_at >= $1`, since)
	for _, r := range list {
		if r == run {
			here = true
		} else {
			others++
		}
	}
	return others, here, err
}

// passShare gives a share that one process has to another, "" for none. It
// returns false where the first has it no longer.
func passShare(ctx context.Context, tx *db.Tx, share int, from, to string) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		UPDATE feed_share SET run = $3
		WHERE share = $1 AND run = $2`, share, from, to)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// sharesOf returns the shares of a process, which stay its own until the
// transaction ends.
func sharesOf(ctx context.Context, tx *db.Tx, run string) (uint32, error) {
	list, err := db.All(ctx, tx, db.Column[int], `
		SELECT share FROM feed_share
		WHERE run = $1
		ORDER BY share`+tx.ForUpdate(), run)
	held := uint32(0)
	for _, s := range list {
		held |= 1 << s
	}
	return held, err
}

func insertSignals(ctx context.Context, tx *db.Tx, run string, seq, now int64, items string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO feed_signal (run, seq, at, items)
		VALUES ($1, $2, $3, $4)`, run, seq, now, items)
	return err
}

func dropSignals(ctx context.Context, tx *db.Tx, run string, folded, before int64) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM feed_signal
		WHERE run = $1 AND seq <= $2 AND at < $3`, run, folded, before)
	return err
}

// addFigures adds tallies to videos.
func addFigures(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return each(ctx, tx, []string{"video", "shows", "paid", "reports", "shown0", "shown1", "long0", "long1", "served_at"}, rows, `
		UPDATE feed_video
		SET shows = feed_video.shows + t.shows, credit = CASE WHEN credit > t.paid THEN credit - t.paid ELSE 0 END, reports = feed_video.reports + t.reports,
			shown0 = feed_video.shown0 + t.shown0, shown1 = feed_video.shown1 + t.shown1, long0 = feed_video.long0 + t.long0, long1 = feed_video.long1 + t.long1,
			served_at = CASE WHEN t.served_at > feed_video.served_at THEN t.served_at ELSE feed_video.served_at END
		FROM `, ` t
		WHERE t.video = feed_video.video`)
}

// addShows adds shows of days.
func addShows(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return each(ctx, tx, []string{"day", "video", "n"}, rows, `
		INSERT INTO feed_shows (day, video, n)
		SELECT t.day, t.video, t.n FROM `, ` t
		WHERE TRUE
		ON CONFLICT (day, video) DO UPDATE
		SET n = feed_shows.n + excluded.n`)
}

// each runs a statement that reads rows of strings and int64s where its text is
// cut: for one row after the other on SQLite, over arrays on PostgreSQL.
func each(ctx context.Context, tx *db.Tx, columns []string, rows [][]any, before, after string) error {
	if len(rows) == 0 {
		return nil
	}
	if tx.Postgres() {
		arrays, casts := make([]any, len(columns)), make([]string, len(columns))
		for c := range columns {
			casts[c] = fmt.Sprintf("$%d::bigint[]", c+1)
			if _, text := rows[0][c].(string); text {
				casts[c] = fmt.Sprintf("$%d::text[]", c+1)
				arrays[c] = gather[string](rows, c)
			} else {
				arrays[c] = gather[int64](rows, c)
			}
		}
		_, err := tx.ExecContext(ctx, before+"unnest("+strings.Join(casts, ", ")+")"+strings.Replace(after, " t", " AS t ("+strings.Join(columns, ", ")+")", 1), arrays...)
		return err
	}
	one := make([]string, len(columns))
	for c, name := range columns {
		one[c] = fmt.Sprintf("$%d AS %s", c+1, name)
	}
	text := before + "(SELECT " + strings.Join(one, ", ") + ")" + after
	for i, r := range rows {
		if _, err := tx.ExecContext(ctx, text, r...); err != nil {
			return err
		}
		if i%yieldAfter == 0 {
			runtime.Gosched()
		}
	}
	return nil
}

func gather[T any](rows [][]any, c int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = r[c].(T)
	}
	return out
}

func trim(ctx context.Context, d *db.DB, before time.Time) error {
	at := clock.Millis(before)
	for _, x := range []struct {
		text string
		arg  int64
	}{
		{`DELETE FROM feed_page WHERE at < $1`, at},
		{`DELETE FROM feed_shows WHERE day < $1`, dayOf(at)},
		{`DELETE FROM feed_time WHERE day < $1`, dayOf(at)},
		{`DELETE FROM feed_run WHERE seen_at < $1 AND folded = last`, at},
	} {
		if _, err := d.ExecContext(ctx, x.text, x.arg); err != nil {
			return err
		}
	}
	return nil
}
