package promo

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const templateColumns = `t.id, t.shop, t.name, t.kind, t.off, t.cap, t.threshold, t.currency, t.new_buyer, t.room_only, t.products,
	t.quota, t.per_buyer, t.claimed, t.starts_at, t.ends_at, t.stopped, t.created_at`

type templateRow struct {
	Template
	name, products        string
	starts, ends, created int64
}

func scanTemplate(r *templateRow) []any {
	return []any{&r.ID, &r.Shop, &r.name, &r.Kind, &r.Off, &r.Cap, &r.Threshold, &r.Currency, &r.NewBuyer, &r.RoomOnly, &r.products,
		&r.Quota, &r.PerBuyer, &r.Claimed, &r.starts, &r.ends, &r.Stopped, &r.created}
}

func (r templateRow) template() (Template, error) {
	t := r.Template
	t.StartsAt, t.EndsAt, t.CreatedAt = clock.Time(r.starts), clock.Time(r.ends), clock.Time(r.created)
	return t, errors.Join(json.Unmarshal([]byte(r.name), &t.Name), json.Unmarshal([]byte(r.products), &t.Products))
}

func templatesOf(rows []templateRow, err error) ([]Template, error) {
	out := make([]Template, 0, len(rows))
	for _, r := range rows {
		t, bad := r.template()
		err = errors.Join(err, bad)
		out = append(out, t)
	}
	return out, err
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func insertTemplate(ctx context.Context, tx *db.Tx, t Template) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO coupon_template (id, shop, name, kind, off, cap, threshold, currency, new_buyer, room_only, products,
			quota, per_buyer, claimed, starts_at, ends_at, stopped, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, FALSE, $16)`,
		t.ID, t.Shop, asJSON(t.Name), t.Kind, t.Off, t.Cap, t.Threshold, t.Currency, t.NewBuyer, t.RoomOnly, asJSON(t.Products),
		t.Quota, t.PerBuyer, clock.Millis(t.StartsAt), clock.Millis(t.EndsAt), clock.Millis(t.CreatedAt))
	return err
}

func countTemplates(ctx context.Context, q db.Querier, shop string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COUNT(*) FROM coupon_template WHERE shop = $1`, shop)
}

func templateByID(ctx context.Context, q db.Querier, id string) (Template, error) {
	r, err := db.One(ctx, q, scanTemplate, `SELECT `+templateColumns+` FROM coupon_template t WHERE t.id = $1`, id)
	if errors.Is(err, db.ErrNoRows) {
		return Template{}, ErrNotFound
	}
	if err != nil {
		return Template{}, err
	}
	return r.template()
}

func templates(ctx context.Context, q db.Querier, shop string) ([]Template, error) {
	return templatesOf(db.All(ctx, q, scanTemplate, `
		SELECT `+templateColumns+` FROM coupon_template t
		WHERE t.shop = $1
		ORDER BY t.created_at DESC, t.id DESC`, shop))
}

func stopTemplate(ctx context.Context, tx *db.Tx, shop, id string) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE coupon_template SET stopped = TRUE WHERE id = $1 AND shop = $2`, id, shop))
}

// takeOne counts a claim: check and write in one statement, so the quota holds
// whoever else claims.
func takeOne(ctx context.Context, tx *db.Tx, id string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		UPDATE coupon_template SET claimed = claimed + 1
		WHERE id = $1 AND claimed < quota AND NOT stopped AND starts_at <= $2 AND ends_at > $2`, id, clock.Millis(now)))
}

const couponColumns = `c.id, c.template, c.shop, c.buyer, c.state, c.order_id, c.show_id, c.claimed_at, c.expires_at`

type couponRow struct {
	Coupon
	claimed, expires int64
}

func scanCoupon(r *couponRow) []any {
	return []any{&r.ID, &r.Template, &r.Shop, &r.Buyer, &r.State, &r.Order, &r.Show, &r.claimed, &r.expires}
}

func (r couponRow) coupon() Coupon {
	c := r.Coupon
	c.ClaimedAt, c.ExpiresAt = clock.Time(r.claimed), clock.Time(r.expires)
	return c
}

func countClaims(ctx context.Context, tx *db.Tx, template, buyer string) (int64, error) {
	return db.One(ctx, tx, db.Column[int64], `SELECT COUNT(*) FROM coupon WHERE template = $1 AND buyer = $2`, template, buyer)
}

func insertCoupon(ctx context.Context, tx *db.Tx, c Coupon, ordinal int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO coupon (id, template, shop, buyer, ordinal, state, order_id, show_id, claimed_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9)`,
		c.ID, c.Template, c.Shop, c.Buyer, ordinal, c.State, c.Show, clock.Millis(c.ClaimedAt), clock.Millis(c.ExpiresAt))
	return err
}

type heldRow struct {
	couponRow
	templateRow
}

func scanHeld(r *heldRow) []any {
	return append(scanCoupon(&r.couponRow), scanTemplate(&r.templateRow)...)
}

// held lists a buyer's coupons with their terms; shop "" for all shops.
func held(ctx context.Context, q db.Querier, buyer, shop string) ([]Held, error) {
	rows, err := db.All(ctx, q, scanHeld, `
		SELECT `+couponColumns+`, `+templateColumns+`
		FROM coupon c JOIN coupon_template t ON t.id = c.template
		WHERE c.buyer = $1 AND ($2 = '' OR c.shop = $2)
		ORDER BY c.expires_at, c.id`, buyer, shop)
	out := make([]Held, 0, len(rows))
	for _, r := range rows {
		t, bad := r.template()
		err = errors.Join(err, bad)
		out = append(out, Held{r.coupon(), t})
	}
	return out, err
}

// askCoupon locks a coupon and reads it.
func askCoupon(ctx context.Context, tx *db.Tx, into *couponRow, id string) error {
	return db.Ask(ctx, tx, into, scanCoupon, `SELECT `+couponColumns+` FROM coupon c WHERE c.id = $1`+tx.ForUpdate(), id)
}

// lockText is the compare-and-set by which an order takes a coupon.
const lockText = `
	UPDATE coupon SET state = 'locked', order_id = $2
	WHERE id = $1 AND buyer = $3 AND state = 'claimed' AND expires_at > $4`

func use(ctx context.Context, tx *db.Tx, coupon, order string) error {
	_, err := tx.ExecContext(ctx, `UPDATE coupon SET state = 'used' WHERE id = $1 AND order_id = $2 AND state = 'locked'`, coupon, order)
	return err
}

func giveBack(ctx context.Context, tx *db.Tx, coupon, order string) error {
	_, err := tx.ExecContext(ctx, `UPDATE coupon SET state = 'claimed', order_id = '' WHERE id = $1 AND order_id = $2`, coupon, order)
	return err
}

func lockAgain(ctx context.Context, tx *db.Tx, coupon, order string) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE coupon SET state = 'locked', order_id = $2 WHERE id = $1 AND state = 'claimed'`, coupon, order))
}

func putDrop(ctx context.Context, tx *db.Tx, template, show string, at, until time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO coupon_drop (template, show_id, at, until)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (show_id, template) DO UPDATE SET at = EXCLUDED.at, until = EXCLUDED.until`, template, show, clock.Millis(at), clock.Millis(until))
	return err
}

func endDrop(ctx context.Context, tx *db.Tx, template, show string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		UPDATE coupon_drop SET until = $3
		WHERE show_id = $1 AND ($2 = '' OR template = $2) AND until > $3`, show, template, clock.Millis(now)))
}

func dropOpen(ctx context.Context, q db.Querier, template, show string, now time.Time) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `
		SELECT EXISTS (SELECT 1 FROM coupon_drop WHERE show_id = $1 AND template = $2 AND until > $3)`, show, template, clock.Millis(now))
}

type dropRow struct {
	templateRow
	show      string
	at, until int64
}

func scanDrop(r *dropRow) []any {
	return append(scanTemplate(&r.templateRow), &r.show, &r.at, &r.until)
}

func drops(ctx context.Context, q db.Querier, show string, now time.Time) ([]Drop, error) {
	rows, err := db.All(ctx, q, scanDrop, `
		SELECT `+templateColumns+`, d.show_id, d.at, d.until
		FROM coupon_drop d JOIN coupon_template t ON t.id = d.template
		WHERE d.show_id = $1 AND d.until > $2
		ORDER BY d.at DESC, t.id`, show, clock.Millis(now))
	out := make([]Drop, 0, len(rows))
	for _, r := range rows {
		t, bad := r.template()
		err = errors.Join(err, bad)
		out = append(out, Drop{Template: t, Show: r.show, At: clock.Time(r.at), Until: clock.Time(r.until)})
	}
	return out, err
}

// dropsOf lists the shows in which a template is handed out now.
func dropsOf(ctx context.Context, q db.Querier, template string, now time.Time) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `SELECT show_id FROM coupon_drop WHERE template = $1 AND until > $2`, template, clock.Millis(now))
}

func changed(res interface{ RowsAffected() (int64, error) }, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

const flashColumns = `id, shop, sku, product, show_id, price, was, currency, quantity, restocked, per_buyer, origin, starts_at, ends_at, ended_at`

type flashRow struct {
	Flash
	starts, ends, ended int64
}

func scanFlash(r *flashRow) []any {
	return []any{&r.ID, &r.Shop, &r.SKU, &r.Product, &r.Show, &r.Price, &r.Was, &r.Currency, &r.Quantity, &r.Restocked, &r.PerBuyer, &r.Origin, &r.starts, &r.ends, &r.ended}
}

func (r flashRow) flash() Flash {
	f := r.Flash
	f.StartsAt, f.EndsAt, f.EndedAt = clock.Time(r.starts), clock.Time(r.ends), clock.Time(r.ended)
	return f
}

func insertFlash(ctx context.Context, tx *db.Tx, f Flash) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO flash (`+flashColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, 0)`,
		f.ID, f.Shop, f.SKU, f.Product, f.Show, f.Price, f.Was, f.Currency, f.Quantity, f.PerBuyer, f.Origin, clock.Millis(f.StartsAt), clock.Millis(f.EndsAt))
	return err
}

func lockFlash(ctx context.Context, tx *db.Tx, id string) (Flash, error) {
	r, err := db.One(ctx, tx, scanFlash, `SELECT `+flashColumns+` FROM flash WHERE id = $1`+tx.ForUpdate(), id)
	if errors.Is(err, db.ErrNoRows) {
		return Flash{}, ErrNoFlash
	}
	return r.flash(), err
}

// running lists flashes that have not been ended, of a shop or of a show.
func running(ctx context.Context, q db.Querier, shop, show string) ([]Flash, error) {
	rows, err := db.All(ctx, q, scanFlash, `
		SELECT `+flashColumns+` FROM flash
		WHERE ended_at = 0 AND ($1 = '' OR shop = $1) AND ($2 = '' OR show_id = $2)
		ORDER BY starts_at DESC, id DESC`, shop, show)
	out := make([]Flash, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.flash())
	}
	return out, err
}

func dueFlashes(ctx context.Context, q db.Querier, now time.Time, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM flash
		WHERE ended_at = 0 AND ends_at <= $1
		ORDER BY ends_at, id
		LIMIT $2`, clock.Millis(now), n)
}

func setRestocked(ctx context.Context, tx *db.Tx, f Flash) error {
	_, err := tx.ExecContext(ctx, `UPDATE flash SET quantity = $2, restocked = $3, origin = $4 WHERE id = $1`, f.ID, f.Quantity, f.Restocked, f.Origin)
	return err
}

func setEnded(ctx context.Context, tx *db.Tx, id string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE flash SET ended_at = $2 WHERE id = $1 AND ended_at = 0`, id, clock.Millis(now)))
}

func taken(ctx context.Context, q db.Querier, flash, buyer string) (int64, error) {
	n, err := db.One(ctx, q, db.Column[int64], `SELECT units FROM flash_take WHERE flash = $1 AND buyer = $2`, flash, buyer)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

func askTaken(ctx context.Context, tx *db.Tx, into *int64, flash, buyer string) error {
	return db.Ask(ctx, tx, into, db.Column[int64], `SELECT units FROM flash_take WHERE flash = $1 AND buyer = $2`+tx.ForUpdate(), flash, buyer)
}

// takeText is check and write in one statement, so a buyer with two phones
// cannot have more than the limit on either engine.
const takeText = `
	INSERT INTO flash_take (flash, buyer, units, per_buyer)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT (flash, buyer) DO UPDATE SET units = flash_take.units + EXCLUDED.units
	WHERE flash_take.units + EXCLUDED.units <= flash_take.per_buyer`

func giveUnits(ctx context.Context, tx *db.Tx, flash, buyer string, units int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE flash_take SET units = units - $3 WHERE flash = $1 AND buyer = $2`, flash, buyer, units)
	return err
}

const promotionColumns = `p.id, p.shop, p.kind, p.rule, p.currency, p.starts_at, p.ends_at, p.paused, p.created_at`

type promotionRow struct {
	Counted
	rule                  string
	starts, ends, created int64
}

func scanPromotion(r *promotionRow) []any {
	return []any{&r.ID, &r.Shop, &r.Kind, &r.rule, &r.Currency, &r.starts, &r.ends, &r.Paused, &r.created}
}

func scanCounted(r *promotionRow) []any { return append(scanPromotion(r), &r.Uses, &r.Given) }

func (r promotionRow) counted() (Counted, error) {
	c := r.Counted
	c.StartsAt, c.EndsAt, c.CreatedAt = clock.Time(r.starts), clock.Time(r.ends), clock.Time(r.created)
	return c, json.Unmarshal([]byte(r.rule), &c.Rule)
}

func insertPromotion(ctx context.Context, tx *db.Tx, p Promotion) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO promotion (id, shop, kind, rule, currency, starts_at, ends_at, paused, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8)`,
		p.ID, p.Shop, p.Kind, asJSON(p.Rule), p.Currency, clock.Millis(p.StartsAt), clock.Millis(p.EndsAt), clock.Millis(p.CreatedAt))
	return err
}

func countPromotions(ctx context.Context, q db.Querier, shop string, now time.Time) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COUNT(*) FROM promotion WHERE shop = $1 AND ends_at > $2`, shop, clock.Millis(now))
}

// claimSKU takes a variant for a promotion, unless another one that is not over
// has it.
func claimSKU(ctx context.Context, tx *db.Tx, sku string, p Promotion, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `
		INSERT INTO promotion_sku (sku, promotion, until)
		VALUES ($1, $2, $3)
		ON CONFLICT (sku) DO UPDATE SET promotion = EXCLUDED.promotion, until = EXCLUDED.until
		WHERE promotion_sku.until <= $4`, sku, p.ID, clock.Millis(p.EndsAt), clock.Millis(now)))
}

func freeSKUs(ctx context.Context, tx *db.Tx, shop, promotion string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM promotion_sku
		WHERE promotion = (SELECT id FROM promotion WHERE id = $1 AND shop = $2)`, promotion, shop)
	return err
}

const countedText = `
	SELECT ` + promotionColumns + `, COUNT(u.off), COALESCE(SUM(u.off), 0)
	FROM promotion p LEFT JOIN promotion_use u ON u.promotion = p.id`

const countedGroup = `
	GROUP BY p.id, p.shop, p.kind, p.rule, p.currency, p.starts_at, p.ends_at, p.paused, p.created_at`

func promotions(ctx context.Context, q db.Querier, shop string) ([]Counted, error) {
	rows, err := db.All(ctx, q, scanCounted, countedText+`
		WHERE p.shop = $1`+countedGroup+`
		ORDER BY p.created_at DESC, p.id DESC
		LIMIT $2`, shop, maxShown)
	out := make([]Counted, 0, len(rows))
	for _, r := range rows {
		c, bad := r.counted()
		err = errors.Join(err, bad)
		out = append(out, c)
	}
	return out, err
}

func promotionByID(ctx context.Context, q db.Querier, shop, id string) (Counted, error) {
	r, err := db.One(ctx, q, scanCounted, countedText+`
		WHERE p.id = $1 AND p.shop = $2`+countedGroup, id, shop)
	if errors.Is(err, db.ErrNoRows) {
		return Counted{}, ErrNoPromotion
	}
	if err != nil {
		return Counted{}, err
	}
	return r.counted()
}

// notOver lists the promotions of a shop that run or will, the first to end first.
func notOver(ctx context.Context, q db.Querier, shop string, now time.Time) ([]Promotion, error) {
	rows, err := db.All(ctx, q, scanPromotion, `
		SELECT `+promotionColumns+` FROM promotion p
		WHERE p.shop = $1 AND p.ends_at > $2
		ORDER BY p.ends_at, p.id`, shop, clock.Millis(now))
	out := make([]Promotion, 0, len(rows))
	for _, r := range rows {
		c, bad := r.counted()
		err = errors.Join(err, bad)
		out = append(out, c.Promotion)
	}
	return out, err
}

func pausePromotion(ctx context.Context, tx *db.Tx, shop, id string, paused bool, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE promotion SET paused = $3 WHERE id = $1 AND shop = $2 AND ends_at > $4`, id, shop, paused, clock.Millis(now)))
}

// endPromotion ends one that is not over.
func endPromotion(ctx context.Context, tx *db.Tx, shop, id string, now time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, `UPDATE promotion SET ends_at = $3 WHERE id = $1 AND shop = $2 AND ends_at > $3`, id, shop, clock.Millis(now)))
}

func insertUses(ctx context.Context, tx *db.Tx, uses []Usage) error {
	rows := make([][]any, len(uses))
	for i, u := range uses {
		rows[i] = []any{u.Order, u.Promotion, u.Off}
	}
	return tx.InsertMany(ctx, "promotion_use", []string{"order_id", "promotion", "off"}, rows)
}

func deleteUses(ctx context.Context, tx *db.Tx, order string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM promotion_use WHERE order_id = $1`, order)
	return err
}

func usesOf(ctx context.Context, q db.Querier) ([]Usage, error) {
	return db.All(ctx, q, func(u *Usage) []any { return []any{&u.Order, &u.Promotion, &u.Off} }, `
		SELECT order_id, promotion, off FROM promotion_use ORDER BY order_id, promotion`)
}
