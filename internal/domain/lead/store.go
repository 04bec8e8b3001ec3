package lead

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, shop, product, person, name, email, phone, wish, words, slot, slot_starts_at, slot_ends_at, show_id, second, share, page,
	consent_version, consent_language, consent_text, consent_at, state, assignee, reason, price, currency, created_at, answered_at, closed_at, erase_at, erased_at, version`

type row struct {
	Lead
	slot                                                                string
	starts, ends, consent, created, answered, closed, eraseAt, erasedAt int64
}

func scan(r *row) []any {
	return []any{&r.ID, &r.Shop, &r.Product, &r.Person, &r.Name, &r.Email, &r.Phone, &r.Wish, &r.Words, &r.slot, &r.starts, &r.ends,
		&r.Source.Show, &r.Source.Second, &r.Source.Share, &r.Source.Page, &r.Consent.Version, &r.Consent.Language, &r.Consent.Text, &r.consent,
		&r.State, &r.Assignee, &r.Reason, &r.Price.Minor, &r.Price.Currency, &r.created, &r.answered, &r.closed, &r.eraseAt, &r.erasedAt, &r.Version}
}

func (r row) lead() Lead {
	l := r.Lead
	if r.slot != "" {
		l.Slot = &shop.Slot{ID: r.slot, StartsAt: clock.Time(r.starts), EndsAt: clock.Time(r.ends)}
	}
	l.Consent.At, l.CreatedAt, l.AnsweredAt = clock.Time(r.consent), clock.Time(r.created), clock.Time(r.answered)
	l.ClosedAt, l.EraseAt, l.ErasedAt = clock.Time(r.closed), clock.Time(r.eraseAt), clock.Time(r.erasedAt)
	return l
}

func insert(ctx context.Context, tx *db.Tx, l Lead, key, hash string) error {
	var slot shop.Slot
	if l.Slot != nil {
		slot = *l.Slot
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO lead (`+columns+`, key, key_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, '', '', 0, $22, $23, 0, 0, $24, 0, $25, $26, $27)`,
		l.ID, l.Shop, l.Product, l.Person, l.Name, l.Email, l.Phone, string(l.Wish), l.Words, slot.ID, clock.Millis(slot.StartsAt), clock.Millis(slot.EndsAt),
		l.Source.Show, l.Source.Second, l.Source.Share, l.Source.Page, l.Consent.Version, l.Consent.Language, l.Consent.Text, clock.Millis(l.Consent.At),
		string(l.State), l.Price.Currency, clock.Millis(l.CreatedAt), clock.Millis(l.EraseAt), l.Version, key, hash)
	return err
}

func one(r row, err error) (Lead, error) {
	if errors.Is(err, db.ErrNoRows) {
		err = ErrNotFound
	}
	return r.lead(), err
}

func byID(ctx context.Context, q db.Querier, lead string) (Lead, error) {
	return one(db.One(ctx, q, scan, `SELECT `+columns+` FROM lead WHERE id = $1`, lead))
}

// lock is [byID] that keeps others from changing it until the transaction ends.
func lock(ctx context.Context, tx *db.Tx, lead string) (Lead, error) {
	return one(db.One(ctx, tx, scan, `SELECT `+columns+` FROM lead WHERE id = $1`+tx.ForUpdate(), lead))
}

// byKey returns a lead with the hash of what was asked under its key.
func byKey(ctx context.Context, q db.Querier, key string) (Lead, string, error) {
	type keyed struct {
		row
		hash string
	}
	k, err := db.One(ctx, q, func(k *keyed) []any { return append(scan(&k.row), &k.hash) }, `
		SELECT `+columns+`, key_hash FROM lead WHERE key = $1`, key)
	l, err := one(k.row, err)
	return l, k.hash, err
}

func openOf(ctx context.Context, q db.Querier, person, product string) (string, error) {
	lead, err := db.One(ctx, q, db.Column[string], `
		SELECT id FROM lead
		WHERE person = $1 AND product = $2 AND person <> '' AND state IN ('new', 'assigned', 'contacted', 'viewing')`, person, product)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return lead, err
}

func leads(rows []row, err error) ([]Lead, error) {
	out := make([]Lead, len(rows))
	for i, r := range rows {
		out[i] = r.lead()
	}
	return out, err
}

func mine(ctx context.Context, q db.Querier, person string, after page.Cursor, n int) ([]Lead, error) {
	return leads(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM lead
		WHERE person = $1 AND person <> '' AND (created_at, id) < ($2, $3)
		ORDER BY created_at DESC, id DESC
		LIMIT $4`, person, after.At, after.ID, n))
}

func list(ctx context.Context, q db.Querier, shopID string, f Filter, n int) ([]Lead, error) {
	return leads(db.All(ctx, q, scan, `
		SELECT `+columns+` FROM lead
		WHERE shop = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR assignee = $3) AND ($4 = '' OR show_id = $4) AND (created_at, id) < ($5, $6)
		ORDER BY created_at DESC, id DESC
		LIMIT $7`, shopID, string(f.State), f.Assignee, f.Show, f.After.At, f.After.ID, n))
}

func counts(ctx context.Context, q db.Querier, shopID, show string) (map[State]int64, error) {
	type count struct {
		state State
		n     int64
	}
	rows, err := db.All(ctx, q, func(c *count) []any { return []any{&c.state, &c.n} }, `
		SELECT state, COUNT(*) FROM lead
		WHERE shop = $1 AND ($2 = '' OR show_id = $2)
		GROUP BY state`, shopID, show)
	out := make(map[State]int64, len(rows))
	for _, c := range rows {
		out[c.state] = c.n
	}
	return out, err
}

func countOfShow(ctx context.Context, q db.Querier, show string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COUNT(*) FROM lead WHERE show_id = $1 AND show_id <> ''`, show)
}

func due(ctx context.Context, q db.Querier, now time.Time, n int) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM lead
		WHERE erase_at > 0 AND erased_at = 0 AND erase_at <= $1
		ORDER BY erase_at, id
		LIMIT $2`, clock.Millis(now), n)
}

// save writes what a shop can change.
func save(ctx context.Context, tx *db.Tx, l Lead) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE lead SET state = $2, assignee = $3, reason = $4, price = $5, answered_at = $6, closed_at = $7, erase_at = $8, version = $9
		WHERE id = $1`,
		l.ID, string(l.State), l.Assignee, string(l.Reason), l.Price.Minor, clock.Millis(l.AnsweredAt), clock.Millis(l.ClosedAt), clock.Millis(l.EraseAt), l.Version)
	return err
}

// forget takes out what the person gave, and the history.
func forget(ctx context.Context, tx *db.Tx, l Lead) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM lead_event WHERE lead = $1`, l.ID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE lead SET key = id, key_hash = '', person = '', name = '', email = '', phone = '', words = '', slot = '', slot_starts_at = 0, slot_ends_at = 0,
			second = 0, share = '', consent_version = '', consent_language = '', consent_text = '', consent_at = 0, assignee = '', erase_at = 0,
			state = $2, reason = $3, closed_at = $4, erased_at = $5, version = $6
		WHERE id = $1`,
		l.ID, string(l.State), string(l.Reason), clock.Millis(l.ClosedAt), clock.Millis(l.ErasedAt), l.Version)
	return err
}

func insertEvent(ctx context.Context, tx *db.Tx, lead string, seq int64, e Event) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO lead_event (lead, seq, at, event, who, note)
		VALUES ($1, $2, $3, $4, $5, $6)`, lead, seq, clock.Millis(e.At), e.Event, e.Who, e.Note)
	return err
}

func events(ctx context.Context, q db.Querier, lead string) ([]Event, error) {
	type line struct {
		Event
		at int64
	}
	rows, err := db.All(ctx, q, func(l *line) []any { return []any{&l.at, &l.Event.Event, &l.Who, &l.Note} }, `
		SELECT at, event, who, note FROM lead_event WHERE lead = $1 ORDER BY seq`, lead)
	out := make([]Event, len(rows))
	for i, l := range rows {
		l.At = clock.Time(l.at)
		out[i] = l.Event
	}
	return out, err
}

func halfErased(ctx context.Context, q db.Querier) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT id FROM lead l
		WHERE erased_at > 0 AND (person <> '' OR name <> '' OR email <> '' OR phone <> '' OR words <> '' OR consent_text <> '' OR key <> id
				OR EXISTS (SELECT 1 FROM lead_event e WHERE e.lead = l.id AND e.note <> ''))
			OR erased_at = 0 AND (person = '' OR consent_text = '' OR consent_version = '' OR consent_at = 0 OR state = 'withdrawn')
		ORDER BY id
		LIMIT 100`)
}

// lostSlots lists slots to come that hold fewer than there are open viewings in
// them; orders may hold them, too.
func lostSlots(ctx context.Context, q db.Querier, now time.Time) ([]string, error) {
	return db.All(ctx, q, db.Column[string], `
		SELECT l.shop || '/' || l.slot
		FROM lead l LEFT JOIN slot_use u ON u.shop = l.shop AND u.slot = l.slot
		WHERE l.slot <> '' AND l.slot_starts_at > $1 AND l.state IN ('new', 'assigned', 'contacted', 'viewing')
		GROUP BY l.shop, l.slot, u.used
		HAVING COUNT(*) > COALESCE(u.used, 0)
		ORDER BY 1`, clock.Millis(now))
}
