package shop

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, slug, name, about, pack, stall, color, currency, time_zone, avatar, cover,
	legal_name, licence_number, licence_state, legal_address, contact, pickup, parcel, freight, tax, created_at`

type row struct {
	Shop
	name, about, pickup  string
	parcel, freight, tax string
	created              int64
}

func scan(r *row) []any {
	l := &r.Licence
	return []any{&r.ID, &r.Slug, &r.name, &r.about, &r.Pack, &r.Stall, &r.Color, &r.Currency, &r.TimeZone, &r.Avatar, &r.Cover,
		&l.LegalName, &l.Number, &l.State, &l.Address, &l.Contact, &r.pickup, &r.parcel, &r.freight, &r.tax, &r.created}
}

func (r row) shop() (Shop, error) {
	sh := r.Shop
	sh.CreatedAt = clock.Time(r.created)
	return sh, errors.Join(json.Unmarshal([]byte(r.name), &sh.Name), json.Unmarshal([]byte(r.about), &sh.About),
		json.Unmarshal([]byte(r.pickup), &sh.Pickup), json.Unmarshal([]byte(r.parcel), &sh.Parcel), json.Unmarshal([]byte(r.freight), &sh.Parcel.Templates), json.Unmarshal([]byte(r.tax), &sh.Tax))
}

func byID(ctx context.Context, q db.Querier, id string) (Shop, error) {
	return found(db.One(ctx, q, scan, `SELECT `+columns+` FROM shop WHERE id = $1`, id))
}

func bySlug(ctx context.Context, q db.Querier, slug string) (Shop, error) {
	return found(db.One(ctx, q, scan, `SELECT `+columns+` FROM shop WHERE slug = $1`, slug))
}

func found(r row, err error) (Shop, error) {
	if errors.Is(err, db.ErrNoRows) {
		return Shop{}, ErrNotFound
	}
	if err != nil {
		return Shop{}, err
	}
	return r.shop()
}

func list(ctx context.Context, q db.Querier, after page.Cursor, n int) ([]Shop, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM shop
		WHERE (created_at, id) < ($1, $2)
		ORDER BY created_at DESC, id DESC
		LIMIT $3`, after.At, after.ID, n)
	if err != nil {
		return nil, err
	}
	out := make([]Shop, len(rows))
	for i, r := range rows {
		if out[i], err = r.shop(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// asJSON is for values that cannot fail to encode.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// sends is the column parcel: whether the shop sends at all. What that costs
// stands in freight.
type sends struct {
	Enabled bool `json:"enabled"`
}

func insert(ctx context.Context, tx *db.Tx, sh Shop) error {
	l := sh.Licence
	_, err := tx.ExecContext(ctx, `
		INSERT INTO shop (`+columns+`, next_order)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1001)`,
		sh.ID, sh.Slug, asJSON(sh.Name), asJSON(sh.About), sh.Pack, sh.Stall, sh.Color, sh.Currency, sh.TimeZone, sh.Avatar, sh.Cover,
		l.LegalName, l.Number, l.State, l.Address, l.Contact, asJSON(sh.Pickup), asJSON(sends{sh.Parcel.Enabled}), asJSON(sh.Parcel.Templates), asJSON(sh.Tax), clock.Millis(sh.CreatedAt))
	return err
}

func update(ctx context.Context, tx *db.Tx, sh Shop) error {
	l := sh.Licence
	_, err := tx.ExecContext(ctx, `
		UPDATE shop SET name = $2, about = $3, stall = $4, color = $5, time_zone = $6, avatar = $7, cover = $8,
			legal_name = $9, licence_number = $10, licence_state = $11, legal_address = $12, contact = $13, pickup = $14, parcel = $15, freight = $16, tax = $17
		WHERE id = $1`,
		sh.ID, asJSON(sh.Name), asJSON(sh.About), sh.Stall, sh.Color, sh.TimeZone, sh.Avatar, sh.Cover,
		l.LegalName, l.Number, l.State, l.Address, l.Contact, asJSON(sh.Pickup), asJSON(sends{sh.Parcel.Enabled}), asJSON(sh.Parcel.Templates), asJSON(sh.Tax))
	return err
}

func setLicenceState(ctx context.Context, q db.Querier, shop string, state LicenceState) error {
	res, err := q.ExecContext(ctx, `UPDATE shop SET licence_state = $2 WHERE id = $1`, shop, state)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return nil
}

// hold locks a shop's row. SQLite's writer is alone already.
func hold(ctx context.Context, tx *db.Tx, shop string) error {
	if !tx.Postgres() {
		return nil
	}
	_, err := db.All(ctx, tx, db.Column[string], `SELECT id FROM shop WHERE id = $1`+tx.ForUpdate(), shop)
	return err
}

func askOrderNumbers(ctx context.Context, tx *db.Tx, into *int64, shop string, n int64) error {
	return db.Ask(ctx, tx, into, db.Column[int64], `UPDATE shop SET next_order = next_order + $2 WHERE id = $1 RETURNING next_order - $2`, shop, n)
}

func returnOrderNumbers(ctx context.Context, tx *db.Tx, shop string, n int64) error {
	return tx.Write(ctx, `UPDATE shop SET next_order = next_order - $2 WHERE id = $1`, shop, n)
}

type memberRow struct {
	Member
	since int64
}

func scanMember(r *memberRow) []any { return []any{&r.Shop, &r.Person, &r.Role, &r.since} }

func (r memberRow) member() Member {
	r.Since = clock.Time(r.since)
	return r.Member
}

func member(ctx context.Context, q db.Querier, shop, person string) (Member, error) {
	r, err := db.One(ctx, q, scanMember, `SELECT shop, person, role, since FROM member WHERE shop = $1 AND person = $2`, shop, person)
	if errors.Is(err, db.ErrNoRows) {
		return Member{}, ErrNotFound
	}
	return r.member(), err
}

func members(ctx context.Context, q db.Querier, shop string) ([]Member, error) {
	return memberList(db.All(ctx, q, scanMember, `SELECT shop, person, role, since FROM member WHERE shop = $1 ORDER BY since, person`, shop))
}

func membershipsOf(ctx context.Context, q db.Querier, person string) ([]Member, error) {
	return memberList(db.All(ctx, q, scanMember, `SELECT shop, person, role, since FROM member WHERE person = $1 ORDER BY since, shop`, person))
}

func memberList(rows []memberRow, err error) ([]Member, error) {
	out := make([]Member, len(rows))
	for i, r := range rows {
		out[i] = r.member()
	}
	return out, err
}

func putMember(ctx context.Context, tx *db.Tx, m Member) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO member (shop, person, role, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (shop, person) DO UPDATE SET role = excluded.role`, m.Shop, m.Person, m.Role, clock.Millis(m.Since))
	return err
}

func deleteMember(ctx context.Context, tx *db.Tx, shop, person string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM member WHERE shop = $1 AND person = $2`, shop, person)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrNotFound
	}
	return nil
}

func countOwners(ctx context.Context, tx *db.Tx, shop string) (int64, error) {
	return db.One(ctx, tx, db.Column[int64], `SELECT COUNT(*) FROM member WHERE shop = $1 AND role = 'owner'`, shop)
}

func slotUse(ctx context.Context, q db.Querier, shop string) (map[string]int64, error) {
	type use struct {
		slot string
		n    int64
	}
	rows, err := db.All(ctx, q, func(u *use) []any { return []any{&u.slot, &u.n} }, `SELECT slot, used FROM slot_use WHERE shop = $1`, shop)
	out := make(map[string]int64, len(rows))
	for _, u := range rows {
		out[u.slot] = u.n
	}
	return out, err
}

func askSlotUse(ctx context.Context, tx *db.Tx, into *int64, shop, slot string) error {
	return db.Ask(ctx, tx, into, db.Column[int64], `SELECT used FROM slot_use WHERE shop = $1 AND slot = $2`, shop, slot)
}

func takeSlot(ctx context.Context, tx *db.Tx, shop, slot string, n, capacity int64) error {
	if n > capacity {
		return ErrSlotGone
	}
	return tx.WriteOne(ctx, ErrSlotGone, `
		INSERT INTO slot_use (shop, slot, used) VALUES ($1, $2, $3)
		ON CONFLICT (shop, slot) DO UPDATE SET used = slot_use.used + $3
		WHERE slot_use.used + $3 <= $4`, shop, slot, n, capacity)
}

func returnSlot(ctx context.Context, tx *db.Tx, shop, slot string) error {
	_, err := tx.ExecContext(ctx, `UPDATE slot_use SET used = used - 1 WHERE shop = $1 AND slot = $2 AND used > 0`, shop, slot)
	return err
}

func insertImage(ctx context.Context, q db.Querier, im Image, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO image (id, shop, width, height, color, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		im.ID, im.Shop, im.Width, im.Height, im.Color, clock.Millis(now))
	return err
}

func images(ctx context.Context, q db.Querier, ids []string) (map[string]Image, error) {
	out := make(map[string]Image, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	marks, args := db.In(1, ids)
	found, err := db.All(ctx, q, func(im *Image) []any { return []any{&im.ID, &im.Shop, &im.Width, &im.Height, &im.Color} },
		`SELECT id, shop, width, height, color FROM image WHERE id IN (`+marks+`)`, args...)
	for _, im := range found {
		out[im.ID] = im
	}
	return out, err
}
