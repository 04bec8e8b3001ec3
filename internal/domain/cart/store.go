package cart

import (
	"context"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

type row struct {
	Line
	added int64
}

func scan(r *row) []any {
	return []any{&r.SKU, &r.Quantity, &r.Price, &r.Show, &r.added}
}

func list(ctx context.Context, q db.Querier, person string) ([]Line, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT sku, quantity, price, show_id, added_at FROM cart_line
		WHERE person = $1
		ORDER BY added_at DESC, sku`, person)
	out := make([]Line, 0, len(rows))
	for _, r := range rows {
		r.AddedAt = clock.Time(r.added)
		out = append(out, r.Line)
	}
	return out, err
}

func put(ctx context.Context, tx *db.Tx, person string, l Line) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO cart_line (person, sku, quantity, price, show_id, added_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (person, sku) DO UPDATE SET quantity = EXCLUDED.quantity, price = EXCLUDED.price, show_id = EXCLUDED.show_id, added_at = EXCLUDED.added_at`,
		person, l.SKU, l.Quantity, l.Price, l.Show, clock.Millis(l.AddedAt))
	return err
}

func setQuantity(ctx context.Context, d *db.DB, person, sku string, quantity int64) (bool, error) {
	res, err := d.ExecContext(ctx, `UPDATE cart_line SET quantity = $3 WHERE person = $1 AND sku = $2`, person, sku, quantity)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func remove(ctx context.Context, tx *db.Tx, person, sku string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM cart_line WHERE person = $1 AND sku = $2`, person, sku)
	return err
}
