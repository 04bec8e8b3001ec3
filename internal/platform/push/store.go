package push

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// keepKey keeps the key unless there is one, and returns the one that is kept.
func keepKey(ctx context.Context, tx *db.Tx, key string, now time.Time) (string, error) {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO push_key (id, private_key, created_at)
		VALUES (1, $1, $2)
		ON CONFLICT DO NOTHING`, key, clock.Millis(now)); err != nil {
		return "", err
	}
	return db.One(ctx, tx, db.Column[string], `
		SELECT private_key FROM push_key
		WHERE id = 1`)
}
