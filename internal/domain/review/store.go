package review

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, order_id, position, shop, product, title, variant, buyer, buyer_name, stars, words, photos, refunded, answer, answered_at, hidden, created_at, updated_at`

type row struct {
	Review
	title, variant, photos     string
	answered, created, updated int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Order, &r.Position, &r.Shop, &r.Product, &r.title, &r.variant, &r.Buyer, &r.BuyerName, &r.Stars, &r.Words, &r.photos, &r.Refunded, &r.Answer,
		&r.answered, &r.Hidden, &r.created, &r.updated}
}

func whole(r row, err error) (Review, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Review{}, ErrNotFound
	}
	if err != nil {
		return Review{}, err
	}
	out := r.Review
	out.AnsweredAt, out.CreatedAt, out.UpdatedAt = clock.Time(r.answered), clock.Time(r.created), clock.Time(r.updated)
	return out, errors.Join(json.Unmarshal([]byte(r.title), &out.Title), json.Unmarshal([]byte(r.variant), &out.Variant), json.Unmarshal([]byte(r.photos), &out.Photos))
}

func all(rows []row, err error) ([]Review, error) {
	out := make([]Review, 0, len(rows))
	for _, r := range rows {
		v, err := whole(r, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, err
}

func textOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func insert(ctx context.Context, tx *db.Tx, r Review) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO review (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', 0, '', $14, $15)`,
		r.ID, r.Order, r.Position, r.Shop, r.Product, textOf(r.Title), textOf(r.Variant), r.Buyer, r.BuyerName, r.Stars, r.Words, textOf(r.Photos), r.Refunded,
		clock.Millis(r.CreatedAt), clock.Millis(r.UpdatedAt))
	return err
}

func change(ctx context.Context, tx *db.Tx, r Review) error {
	_, err := tx.ExecContext(ctx, `UPDATE review SET stars = $2, words = $3, photos = $4, updated_at = $5 WHERE id = $1`,
		r.ID, r.Stars, r.Words, textOf(r.Photos), clock.Millis(r.UpdatedAt))
	return err
}

// answer is check and write in one statement, so two of the shop cannot both
// answer.
func answer(ctx context.Context, tx *db.Tx, id, words string, at time.Time) error {
	return tx.WriteOne(ctx, ErrAnswered, `
		UPDATE review SET answer = $2, answered_at = $3
		WHERE id = $1 AND answer = ''`, id, words, clock.Millis(at))
}

func hide(ctx context.Context, d *db.DB, id, reason string) error {
	_, err := d.ExecContext(ctx, `UPDATE review SET hidden = $2 WHERE id = $1`, id, reason)
	return err
}

func markRefunded(ctx context.Context, tx *db.Tx, order string, position int) error {
	_, err := tx.ExecContext(ctx, `UPDATE review SET refunded = TRUE WHERE order_id = $1 AND position = $2 AND NOT refunded`, order, position)
	return err
}

func byID(ctx context.Context, q db.Querier, id string) (Review, error) {
	return whole(db.One(ctx, q, scan, `SELECT `+columns+` FROM review WHERE id = $1`, id))
}

func ofLine(ctx context.Context, q db.Querier, order string, position int) (Review, error) {
	return whole(db.One(ctx, q, scan, `SELECT `+columns+` FROM review WHERE order_id = $1 AND position = $2`, order, position))
}

func ofOrder(ctx context.Context, q db.Querier, order string) ([]Review, error) {
	return all(db.All(ctx, q, scan, `SELECT `+columns+` FROM review WHERE order_id = $1 ORDER BY position`, order))
}

func list(ctx context.Context, q db.Querier, f Filter, n int) ([]Review, error) {
	if f.Product != "" {
		return all(db.All(ctx, q, scan, `
			SELECT `+columns+` FROM review
			WHERE product = $1 AND (created_at, id) < ($2, $3)
			ORDER BY created_at DESC, id DESC
			LIMIT $4`, f.Product, f.After.At, f.After.ID, n))
	}
	return all(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM review
		WHERE shop = $1 AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, f.Shop, f.After.At, f.After.ID, n))
}

func sum(ctx context.Context, q db.Querier, f Filter) (Summary, error) {
	type row struct{ stars, n int64 }
	rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.stars, &r.n} }, `
		SELECT stars, COUNT(*) FROM review
		WHERE ($1 <> '' AND product = $1) OR ($2 <> '' AND shop = $2)
		GROUP BY stars`, f.Product, f.Shop)
	s := Summary{Stars: make([]int64, 5)}
	for _, r := range rows {
		s.Stars[r.stars-1] = r.n
		s.Count += r.n
		s.Sum += r.stars * r.n
	}
	return s, err
}
