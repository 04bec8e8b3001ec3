package course

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const lessonColumns = `l.id, l.shop, l.product, l.position, l.title, l.notes, l.preview, l.video, l.captions, l.gone_at,
	COALESCE(v.state, ''), COALESCE(v.progress, 0), COALESCE(v.problem, ''), COALESCE(v.duration_ms, 0), COALESCE(v.cover, '')`

const lessonFrom = ` FROM course_lesson l LEFT JOIN video v ON v.id = l.video `

type lessonRow struct {
	Lesson
	title, notes string
	gone, ms     int64
}

func scanLesson(r *lessonRow) []any {
	return []any{&r.ID, &r.Shop, &r.Product, &r.Position, &r.title, &r.notes, &r.Preview, &r.Video, &r.Captions, &r.gone,
		&r.Film.State, &r.Film.Progress, &r.Film.Problem, &r.ms, &r.Film.Cover}
}

func (r lessonRow) lesson() (Lesson, error) {
	l := r.Lesson
	l.gone, l.Film.Length = r.gone > 0, time.Duration(r.ms)*time.Millisecond
	return l, errors.Join(json.Unmarshal([]byte(r.title), &l.Title), json.Unmarshal([]byte(r.notes), &l.Notes))
}

// asJSON is for values that cannot fail to encode.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// lessonsOf lists the lessons of a product in order, those taken out too.
func lessonsOf(ctx context.Context, q db.Querier, product string) ([]Lesson, error) {
	rows, err := db.All(ctx, q, scanLesson, `
		SELECT `+lessonColumns+lessonFrom+`
		WHERE l.product = $1
		ORDER BY l.position, l.id`, product)
	out := make([]Lesson, len(rows))
	for i, r := range rows {
		var bad error
		if out[i], bad = r.lesson(); bad != nil {
			return nil, bad
		}
	}
	return out, err
}

func lessonByID(ctx context.Context, q db.Querier, id string) (Lesson, error) {
	r, err := db.One(ctx, q, scanLesson, `
		SELECT `+lessonColumns+lessonFrom+`
		WHERE l.id = $1 AND l.gone_at = 0`, id)
	if errors.Is(err, db.ErrNoRows) {
		return Lesson{}, ErrNotFound
	}
	if err != nil {
		return Lesson{}, err
	}
	return r.lesson()
}

// lockLesson keeps others from changing a lesson until the transaction ends.
func lockLesson(ctx context.Context, tx *db.Tx, id string) error {
	_, err := db.One(ctx, tx, db.Column[string], `SELECT id FROM course_lesson WHERE id = $1`+tx.ForUpdate(), id)
	if errors.Is(err, db.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

func insertLesson(ctx context.Context, tx *db.Tx, l Lesson, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO course_lesson (id, shop, product, position, title, notes, preview, video, captions, created_at, gone_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', $8, 0)`,
		l.ID, l.Shop, l.Product, l.Position, asJSON(l.Title), asJSON(l.Notes), l.Preview, clock.Millis(now))
	return err
}

func saveLesson(ctx context.Context, tx *db.Tx, l Lesson) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE course_lesson SET position = $2, title = $3, notes = $4, preview = $5, video = $6, captions = $7
		WHERE id = $1`, l.ID, l.Position, asJSON(l.Title), asJSON(l.Notes), l.Preview, l.Video, l.Captions)
	return err
}

func takeOut(ctx context.Context, tx *db.Tx, lesson string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE course_lesson SET gone_at = $2, captions = '', notes = '{}'
		WHERE id = $1`, lesson, clock.Millis(now))
	return err
}

const enrolmentColumns = `id, order_id, position, shop, product, person, person_name, length_ms, until, opened_at, paused, ended_at, created_at`

type enrolmentRow struct {
	Enrolment
	until, opened, ended, created int64
}

func scanEnrolment(r *enrolmentRow) []any {
	return []any{&r.ID, &r.Order, &r.Position, &r.Shop, &r.Product, &r.Person, &r.Name, &r.length, &r.until, &r.opened, &r.Paused, &r.ended, &r.created}
}

func (r enrolmentRow) enrolment() Enrolment {
	e := r.Enrolment
	e.Until, e.OpenedAt, e.EndedAt, e.BoughtAt = clock.Time(r.until), clock.Time(r.opened), clock.Time(r.ended), clock.Time(r.created)
	return e
}

func enrolments(rows []enrolmentRow, err error) ([]Enrolment, error) {
	out := make([]Enrolment, len(rows))
	for i, r := range rows {
		out[i] = r.enrolment()
	}
	return out, err
}

func enrolmentIf(r enrolmentRow, err error) (Enrolment, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Enrolment{}, ErrNoCourse
	}
	return r.enrolment(), err
}

func insertEnrolment(ctx context.Context, tx *db.Tx, e Enrolment) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO course_enrolment (`+enrolmentColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, FALSE, 0, $10)
		ON CONFLICT (order_id, position) DO NOTHING`,
		e.ID, e.Order, e.Position, e.Shop, e.Product, e.Person, e.Name, e.length, clock.Millis(e.Until), clock.Millis(e.BoughtAt))
	return err
}

func enrolmentByID(ctx context.Context, q db.Querier, id string) (Enrolment, error) {
	return enrolmentIf(db.One(ctx, q, scanEnrolment, `SELECT `+enrolmentColumns+` FROM course_enrolment WHERE id = $1`, id))
}

func lockEnrolment(ctx context.Context, tx *db.Tx, id string) (Enrolment, error) {
	return enrolmentIf(db.One(ctx, tx, scanEnrolment, `SELECT `+enrolmentColumns+` FROM course_enrolment WHERE id = $1`+tx.ForUpdate(), id))
}

func enrolmentOfLine(ctx context.Context, q db.Querier, order string, position int) (Enrolment, error) {
	return enrolmentIf(db.One(ctx, q, scanEnrolment, `
		SELECT `+enrolmentColumns+` FROM course_enrolment
		WHERE order_id = $1 AND position = $2`, order, position))
}

func enrolmentsOfOrder(ctx context.Context, q db.Querier, order string) ([]Enrolment, error) {
	return enrolments(db.All(ctx, q, scanEnrolment, `
		SELECT `+enrolmentColumns+` FROM course_enrolment
		WHERE order_id = $1
		ORDER BY position`, order))
}

// ofPerson lists what a person has bought, the newest first.
func ofPerson(ctx context.Context, q db.Querier, person string, after page.Cursor, n int) ([]Enrolment, error) {
	return enrolments(db.All(ctx, q, scanEnrolment, `
		SELECT `+enrolmentColumns+` FROM course_enrolment
		WHERE person = $1 AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, person, after.At, after.ID, n))
}

// ofProduct lists who has bought a course, the newest first.
func ofProduct(ctx context.Context, q db.Querier, shop, product string, after page.Cursor, n int) ([]Enrolment, error) {
	return enrolments(db.All(ctx, q, scanEnrolment, `
		SELECT `+enrolmentColumns+` FROM course_enrolment
		WHERE shop = $1 AND product = $2 AND (created_at, id) < ($3, $4)
		ORDER BY created_at DESC, id DESC
		LIMIT $5`, shop, product, after.At, after.ID, n))
}

// bestOf is the enrolment with which a person watches a product: an open one, the
// newest of them.
func bestOf(ctx context.Context, q db.Querier, person, product string, now time.Time) (Enrolment, error) {
	return enrolmentIf(db.One(ctx, q, scanEnrolment, `
		SELECT `+enrolmentColumns+` FROM course_enrolment
		WHERE person = $1 AND product = $2
		ORDER BY CASE WHEN ended_at = 0 AND NOT paused AND (until = 0 OR until > $3) THEN 0 WHEN ended_at = 0 THEN 1 ELSE 2 END, created_at DESC, id DESC
		LIMIT 1`, person, product, clock.Millis(now)))
}

func setOpened(ctx context.Context, tx *db.Tx, id string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE course_enrolment SET opened_at = $2
		WHERE id = $1 AND opened_at = 0`, id, clock.Millis(now))
	return err
}

func setEnded(ctx context.Context, tx *db.Tx, id string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE course_enrolment SET ended_at = $2
		WHERE id = $1 AND ended_at = 0`, id, clock.Millis(now))
	return err
}

// setPaused pauses the enrolments of an order whose lines somebody is giving
// back, and lets the others go on.
func setPaused(ctx context.Context, tx *db.Tx, order string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE course_enrolment SET paused = EXISTS (
			SELECT 1 FROM aftersale_line l JOIN aftersale_case c ON c.id = l.case_id
			WHERE l.order_id = course_enrolment.order_id AND l.position = course_enrolment.position AND l.open AND c.reason = 'changed_mind')
		WHERE order_id = $1`, order)
	return err
}

type progressRow struct {
	lesson, seen string
	ms, at       int64
}

func scanProgress(r *progressRow) []any { return []any{&r.lesson, &r.seen, &r.ms, &r.at} }

func (r progressRow) progress() (Progress, error) {
	p := Progress{Lesson: r.lesson, Time: time.Duration(r.ms) * time.Millisecond, At: time.Duration(r.at) * time.Millisecond}
	return p, json.Unmarshal([]byte(r.seen), &p.Seen)
}

// progressOf returns how far an enrolment has come, by lesson.
func progressOf(ctx context.Context, q db.Querier, enrolment string) (map[string]Progress, error) {
	rows, err := db.All(ctx, q, scanProgress, `
		SELECT lesson, seen, seen_ms, at_ms FROM course_progress
		WHERE enrolment = $1`, enrolment)
	out := make(map[string]Progress, len(rows))
	for _, r := range rows {
		p, bad := r.progress()
		if bad != nil {
			return nil, bad
		}
		out[p.Lesson] = p
	}
	return out, err
}

// putProgress keeps how far a learner is; the time that was seen never becomes
// less.
func putProgress(ctx context.Context, tx *db.Tx, enrolment string, p Progress, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO course_progress (enrolment, lesson, seen, seen_ms, at_ms, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (enrolment, lesson) DO UPDATE
		SET seen = excluded.seen, seen_ms = excluded.seen_ms, at_ms = excluded.at_ms, updated_at = excluded.updated_at
		WHERE course_progress.seen_ms <= excluded.seen_ms`,
		enrolment, p.Lesson, asJSON(p.Seen), p.Time.Milliseconds(), p.At.Milliseconds(), clock.Millis(now))
	return err
}

// lastSeen is when somebody learnt last with an enrolment, or 0.
func lastSeen(ctx context.Context, q db.Querier, enrolment string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COALESCE(MAX(updated_at), 0) FROM course_progress WHERE enrolment = $1`, enrolment)
}

// openForNothing lists the enrolments that are not ended although their order is
// not paid, or their line has gone back.
func openForNothing(ctx context.Context, q db.Querier) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT e.id
		FROM course_enrolment e
		LEFT JOIN orders o ON o.id = e.order_id
		LEFT JOIN order_line l ON l.order_id = e.order_id AND l.position = e.position
		WHERE e.ended_at = 0 AND (o.id IS NULL OR o.state NOT IN ('placed', 'completed') OR l.quantity <= (
			SELECT COALESCE(SUM(r.quantity), 0) FROM order_refund r WHERE r.order_id = e.order_id AND r.position = e.position))
		ORDER BY e.id`)
}

// learnt is a row of progress with whose it is.
type learnt struct {
	progressRow
	enrolment string
}

func scanLearnt(r *learnt) []any {
	return []any{&r.enrolment, &r.lesson, &r.seen, &r.ms, &r.at}
}

func learntAfter(ctx context.Context, q db.Querier, after learnt, n int) ([]learnt, error) {
	return db.All(ctx, q, scanLearnt, `
		SELECT enrolment, lesson, seen, seen_ms, at_ms FROM course_progress
		WHERE (enrolment, lesson) > ($1, $2)
		ORDER BY enrolment, lesson
		LIMIT $3`, after.enrolment, after.lesson, n)
}
