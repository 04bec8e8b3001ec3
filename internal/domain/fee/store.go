package fee

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, from_at, announced_at, announced_by, currency, ppm, fixed, packs, note, rise, key_hash`

type row struct {
	Table
	from, announced int64
	packs, hash     string
}

func scan(r *row) []any {
	return []any{&r.ID, &r.from, &r.announced, &r.AnnouncedBy, &r.Currency, &r.PPM, &r.Fixed, &r.packs, &r.Note, &r.Rise, &r.hash}
}

func (r row) table() (Table, error) {
	t := r.Table
	t.From, t.AnnouncedAt = clock.Time(r.from), clock.Time(r.announced)
	return t, json.Unmarshal([]byte(r.packs), &t.Packs)
}

func all(ctx context.Context, q db.Querier) ([]Table, error) {
	rows, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM fee_table ORDER BY from_at, announced_at, id`)
	out := make([]Table, 0, len(rows))
	for _, r := range rows {
		t, bad := r.table()
		out, err = append(out, t), errors.Join(err, bad)
	}
	return out, err
}

// byKey returns the table that a key has made and the hash of its draft, or
// nothing.
func byKey(ctx context.Context, q db.Querier, key string) (Table, string, error) {
	r, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM fee_table WHERE key = $1`, key)
	if errors.Is(err, db.ErrNoRows) {
		return Table{}, "", nil
	}
	if err != nil {
		return Table{}, "", err
	}
	t, err := r.table()
	return t, r.hash, err
}

func insert(ctx context.Context, tx *db.Tx, t Table, key, hash string) error {
	packs := t.Packs
	if packs == nil {
		packs = []PackRate{}
	}
	body, err := json.Marshal(packs)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO fee_table (key, key_hash, id, from_at, announced_at, announced_by, currency, ppm, fixed, packs, note, rise)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		key, hash, t.ID, clock.Millis(t.From), clock.Millis(t.AnnouncedAt), t.AnnouncedBy, t.Currency, t.PPM, t.Fixed, string(body), t.Note, t.Rise)
	return err
}
