package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, shop, title, about, pack, fields, measure, images, state, revision, freight, tax, created_at, updated_at`

type row struct {
	Product
	title, about, fields, images string
	created, updated             int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Shop, &r.title, &r.about, &r.Pack, &r.fields, &r.Measure, &r.images, &r.State, &r.Revision, &r.Freight, &r.Tax, &r.created, &r.updated}
}

func (r row) product() (Product, error) {
	p := r.Product
	p.CreatedAt, p.UpdatedAt = clock.Time(r.created), clock.Time(r.updated)
	return p, errors.Join(json.Unmarshal([]byte(r.title), &p.Title), json.Unmarshal([]byte(r.about), &p.About),
		json.Unmarshal([]byte(r.fields), &p.Fields), json.Unmarshal([]byte(r.images), &p.Images))
}

func byID(ctx context.Context, q db.Querier, product string) (Product, error) {
	r, err := db.One(ctx, q, scan, `SELECT `+columns+` FROM product WHERE id = $1`, product)
	if errors.Is(err, db.ErrNoRows) {
		return Product{}, ErrNotFound
	}
	if err != nil {
		return Product{}, err
	}
	all, err := wholes(ctx, q, []row{r}, nil)
	if err != nil {
		return Product{}, err
	}
	return all[0], nil
}

func byIDs(ctx context.Context, q db.Querier, ids []string) ([]Product, error) {
	marks, args := db.In(1, ids)
	rows, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM product WHERE id IN (`+marks+`)`, args...)
	return wholes(ctx, q, rows, err)
}

// wholes adds the variants.
func wholes(ctx context.Context, q db.Querier, found []row, err error) ([]Product, error) {
	if err != nil || len(found) == 0 {
		return nil, err
	}
	out := make([]Product, len(found))
	at := make(map[string]int, len(found))
	ids := make([]string, len(found))
	for i, r := range found {
		if out[i], err = r.product(); err != nil {
			return nil, err
		}
		ids[i], at[r.ID] = r.ID, i
	}
	type skuRow struct {
		SKU
		name string
	}
	marks, args := db.In(1, ids)
	rows, err := db.All(ctx, q, func(k *skuRow) []any {
		return []any{&k.ID, &k.Product, &k.Shop, &k.name, &k.Price.Minor, &k.Price.Currency, &k.Grams, &k.Active}
	}, `
		SELECT id, product, shop, name, price_minor, currency, grams, active
		FROM sku
		WHERE product IN (`+marks+`) AND active
		ORDER BY product, position`, args...)
	if err != nil {
		return nil, err
	}
	for _, k := range rows {
		if err := json.Unmarshal([]byte(k.name), &k.Name); err != nil {
			return nil, err
		}
		p := &out[at[k.Product]]
		p.SKUs = append(p.SKUs, k.SKU)
	}
	return out, nil
}

// idsOfShop and newestIDs name what buyers see, newest first.
func idsOfShop(ctx context.Context, q db.Querier, shop string, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM product
		WHERE shop = $1 AND state = 'live'
		ORDER BY created_at DESC, id DESC
		LIMIT $2`, shop, n)
}

func newestIDs(ctx context.Context, q db.Querier, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM product
		WHERE state = 'live'
		ORDER BY created_at DESC, id DESC
		LIMIT $1`, n)
}

func ofShop(ctx context.Context, q db.Querier, shop string, all bool, after page.Cursor, n int) ([]Product, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM product
		WHERE shop = $1 AND (state = 'live' OR $2) AND (created_at, id) < ($3, $4)
		ORDER BY created_at DESC, id DESC
		LIMIT $5`, shop, all, after.At, after.ID, n)
	return wholes(ctx, q, rows, err)
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// list is JSON of a slice that is never null.
func list(s []string) string {
	if s == nil {
		s = []string{}
	}
	return asJSON(s)
}

func insertProduct(ctx context.Context, tx *db.Tx, p Product) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO product (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		p.ID, p.Shop, asJSON(p.Title), asJSON(p.About), p.Pack, asJSON(p.Fields), p.Measure, list(p.Images), p.State, p.Revision, p.Freight, p.Tax,
		clock.Millis(p.CreatedAt), clock.Millis(p.UpdatedAt))
	return err
}

func updateProduct(ctx context.Context, tx *db.Tx, p Product) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE product SET title = $2, about = $3, fields = $4, images = $5, state = $6, revision = $7, freight = $8, tax = $9, updated_at = $10
		WHERE id = $1`,
		p.ID, asJSON(p.Title), asJSON(p.About), asJSON(p.Fields), list(p.Images), p.State, p.Revision, p.Freight, p.Tax, clock.Millis(p.UpdatedAt))
	return err
}

func setState(ctx context.Context, tx *db.Tx, shop, product string, state State, now time.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE product SET state = $3, updated_at = $4 WHERE id = $1 AND shop = $2`, product, shop, state, clock.Millis(now))
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return nil
}

func putSKU(ctx context.Context, tx *db.Tx, k SKU, position int) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO sku (id, product, shop, name, price_minor, currency, position, grams, active)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE)
		ON CONFLICT (id) DO UPDATE
		SET name = excluded.name, price_minor = excluded.price_minor, currency = excluded.currency, position = excluded.position, grams = excluded.grams, active = TRUE`,
		k.ID, k.Product, k.Shop, asJSON(k.Name), k.Price.Minor, k.Price.Currency, position, k.Grams)
	return err
}

func retireSKU(ctx context.Context, tx *db.Tx, sku string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sku SET active = FALSE WHERE id = $1`, sku)
	return err
}

func insertPrice(ctx context.Context, tx *db.Tx, sku string, since time.Time, minor int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO price_history (sku, since, price_minor) VALUES ($1, $2, $3)
		ON CONFLICT (sku, since) DO UPDATE SET price_minor = excluded.price_minor`, sku, clock.Millis(since), minor)
	return err
}

func insertRevision(ctx context.Context, tx *db.Tx, p Product) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO product_revision (id, product, body, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`, p.Revision, p.ID, bodyOf(p), clock.Millis(p.UpdatedAt))
	return err
}

func revisionBody(ctx context.Context, q db.Querier, rev string) (json.RawMessage, error) {
	body, err := db.One(ctx, q, db.Column[string], `SELECT body FROM product_revision WHERE id = $1`, rev)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	return json.RawMessage(body), err
}

func productOf(ctx context.Context, q db.Querier, sku string) (string, error) {
	p, err := db.One(ctx, q, db.Column[string], `SELECT product FROM sku WHERE id = $1`, sku)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNoSKU
	}
	return p, err
}

func productOfShop(ctx context.Context, q db.Querier, shop, sku string) (string, error) {
	p, err := db.One(ctx, q, db.Column[string], `SELECT product FROM sku WHERE id = $1 AND shop = $2`, sku, shop)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNoSKU
	}
	return p, err
}

type priceRow struct {
	sku          string
	since, minor int64
}

// pricesSince returns the prices of variants that held at or after since, each
// variant's newest first.
func pricesSince(ctx context.Context, q db.Querier, skus []string, since time.Time) (map[string][]priceRow, error) {
	marks, args := db.In(2, skus)
	rows, err := db.All(ctx, q, func(r *priceRow) []any { return []any{&r.sku, &r.since, &r.minor} }, `
		SELECT sku, since, price_minor FROM price_history p
		WHERE sku IN (`+marks+`) AND since >= COALESCE((SELECT MAX(since) FROM price_history WHERE sku = p.sku AND since <= $1), 0)
		ORDER BY sku, since DESC`, append([]any{clock.Millis(since)}, args...)...)
	out := make(map[string][]priceRow, len(skus))
	for _, r := range rows {
		out[r.sku] = append(out[r.sku], r)
	}
	return out, err
}
