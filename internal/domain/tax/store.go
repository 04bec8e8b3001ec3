package tax

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

type row struct {
	Rate
	from int64
}

func all(ctx context.Context, q db.Querier) ([]Rate, error) {
	rows, err := db.All(ctx, q, func(r *row) []any { return []any{&r.Country, &r.Class, &r.PPM, &r.from} }, `
		SELECT country, class, ppm, from_at FROM tax_rate ORDER BY from_at, country, class`)
	out := make([]Rate, len(rows))
	for i, r := range rows {
		out[i] = r.Rate
		out[i].From = clock.Time(r.from)
	}
	return out, err
}

func put(ctx context.Context, tx *db.Tx, r Rate, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO tax_rate (country, class, from_at, ppm, set_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (country, class, from_at) DO UPDATE
		SET ppm = excluded.ppm, set_by = excluded.set_by, created_at = excluded.created_at`,
		r.Country, r.Class, clock.Millis(r.From), r.PPM, by, clock.Millis(now))
	return err
}

func drop(ctx context.Context, tx *db.Tx, country, class string, from, now time.Time) error {
	res, err := tx.ExecContext(ctx, `
		DELETE FROM tax_rate
		WHERE country = $1 AND class = $2 AND from_at = $3 AND from_at > $4`, country, class, clock.Millis(from), clock.Millis(now))
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrHolds
	}
	return nil
}
