package mail

import (
	"context"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

func insertKept(ctx context.Context, q db.Querier, k Kept) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO mail_outbox (id, channel, recipient, subject, body, html, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		k.ID, k.Channel, k.To, k.Subject, k.Text, k.HTML, clock.Millis(k.At))
	return err
}

func trimKept(ctx context.Context, q db.Querier, n int) error {
	_, err := q.ExecContext(ctx, `
		DELETE FROM mail_outbox
		WHERE id NOT IN (SELECT id FROM mail_outbox ORDER BY created_at DESC, id DESC LIMIT $1)`, n)
	return err
}

func listKept(ctx context.Context, q db.Querier, n int) ([]Kept, error) {
	type row struct {
		Kept
		at int64
	}
	rows, err := db.All(ctx, q, func(r *row) []any {
		return []any{&r.ID, &r.Channel, &r.To, &r.Subject, &r.Text, &r.HTML, &r.at}
	}, `
		SELECT id, channel, recipient, subject, body, html, created_at FROM mail_outbox
		ORDER BY created_at DESC, id DESC
		LIMIT $1`, n)
	out := make([]Kept, len(rows))
	for i, r := range rows {
		out[i] = r.Kept
		out[i].At = clock.Time(r.at)
	}
	return out, err
}
