package goodsfile

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// errKnown says that a file came under this key before.
var errKnown = errors.New("known")

// begin notes a file, or returns errKnown. Of two at once the second waits for the
// first.
func begin(ctx context.Context, tx *db.Tx, shopID, key, digest, by string, at time.Time) error {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO goods_import (shop, key, digest, by, report, at) VALUES ($1, $2, $3, $4, '', $5)
		ON CONFLICT (shop, key) DO NOTHING`, shopID, key, digest, by, clock.Millis(at))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errKnown
}

func end(ctx context.Context, tx *db.Tx, shopID, key string, r Report) error {
	text, err := json.Marshal(r)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE goods_import SET report = $3 WHERE shop = $1 AND key = $2`, shopID, key, string(text))
	}
	return err
}

func reportOf(ctx context.Context, q db.Querier, shopID, key, digest string) (Report, error) {
	var text, was string
	if err := q.QueryRowContext(ctx, `SELECT report, digest FROM goods_import WHERE shop = $1 AND key = $2`, shopID, key).Scan(&text, &was); err != nil {
		return Report{}, err
	}
	if was != digest {
		return Report{}, ErrKey
	}
	var r Report
	return r, json.Unmarshal([]byte(text), &r)
}
