package crm

import (
	"context"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

const columns = `id, shop, person, name, email, phone, orders, spent, currency, marketing, consent_at, consent_text, created_at, seen_at`

type row struct {
	Contact
	consent, created, seen int64
}

func scan(r *row) []any {
	return []any{
		&r.ID, &r.Shop, &r.Person, &r.Name, &r.Email, &r.Phone, &r.Orders, &r.Spent.Minor, &r.Spent.Currency,
		&r.Consent.Marketing, &r.consent, &r.Consent.Text, &r.created, &r.seen,
	}
}

func (r row) contact() Contact {
	r.Consent.At, r.CreatedAt, r.SeenAt = clock.Time(r.consent), clock.Time(r.created), clock.Time(r.seen)
	return r.Contact
}

// fold makes names comparable in a search.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))) }

func searchOf(c Contact) string { return fold(c.Name + "\n" + c.Email + "\n" + c.Phone) }

// ensure adds the contact unless the shop has the person, and moves its last
// sign of life on. A currency of an order replaces the one that is kept.
func ensure(ctx context.Context, tx *db.Tx, c Contact, currency string) (Contact, error) {
	r, err := db.One(ctx, tx, scan, `
		INSERT INTO crm_contact (`+columns+`, search)
		VALUES ($1, $2, $3, $4, '', '', 0, 0, $5, FALSE, 0, '', $6, $6, $7)
		ON CONFLICT (shop, person) DO UPDATE
		SET seen_at = CASE WHEN crm_contact.seen_at < excluded.seen_at THEN excluded.seen_at ELSE crm_contact.seen_at END,
			currency = CASE WHEN $8 = '' THEN crm_contact.currency ELSE $8 END
		RETURNING `+columns,
		c.ID, c.Shop, c.Person, c.Name, c.Spent.Currency, clock.Millis(c.SeenAt), searchOf(c), currency)
	return r.contact(), err
}

func setDetails(ctx context.Context, tx *db.Tx, c Contact) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE crm_contact SET name = $2, email = $3, phone = $4, marketing = $5, consent_at = $6, consent_text = $7, search = $8
		WHERE id = $1`,
		c.ID, c.Name, c.Email, c.Phone, c.Consent.Marketing, clock.Millis(c.Consent.At), c.Consent.Text, searchOf(c))
	return err
}

// putSource says whether the source is new.
func putSource(ctx context.Context, tx *db.Tx, contact string, s Source) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO crm_source (contact, kind, ref, at, show, share)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, contact, string(s.Kind), s.Ref, clock.Millis(s.At), s.Show, s.Share)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// dropSource takes a source out and returns the kinds of those that are left.
func dropSource(ctx context.Context, tx *db.Tx, contact string, kind SourceKind, ref string) ([]SourceKind, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM crm_source WHERE contact = $1 AND kind = $2 AND ref = $3`, contact, string(kind), ref); err != nil {
		return nil, err
	}
	return db.All(ctx, tx, db.Column[SourceKind], `SELECT kind FROM crm_source WHERE contact = $1`, contact)
}

// dropContact takes a contact out that never agreed to anything.
func dropContact(ctx context.Context, tx *db.Tx, contact string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM crm_contact
		WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM crm_consent WHERE contact = $1)`, contact)
	return err
}

func putOrder(ctx context.Context, tx *db.Tx, contact, order string, counts bool, paid int64) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO crm_order (order_id, contact, counts, paid)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (order_id) DO UPDATE SET counts = excluded.counts, paid = excluded.paid`,
		order, contact, counts, paid); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE crm_contact SET
			orders = (SELECT COUNT(*) FROM crm_order WHERE contact = $1 AND counts),
			spent = (SELECT COALESCE(SUM(paid), 0) FROM crm_order WHERE contact = $1)
		WHERE id = $1`, contact)
	return err
}

// like makes a LIKE pattern of words that may hold its special characters.
func like(q string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q) + "%"
}

func list(ctx context.Context, q db.Querier, shop, search string, after page.Cursor, n int) ([]Contact, error) {
	rows, err := db.All(ctx, q, scan, `
		SELECT `+columns+` FROM crm_contact
		WHERE shop = $1 AND (seen_at, id) < ($2, $3) AND search LIKE $4 ESCAPE '\'
		ORDER BY seen_at DESC, id DESC
		LIMIT $5`, shop, after.At, after.ID, like(search), n)
	out := make([]Contact, len(rows))
	for i, r := range rows {
		out[i] = r.contact()
	}
	return out, err
}

// withSources fills in the sources of contacts, the oldest first.
func withSources(ctx context.Context, q db.Querier, contacts []Contact) error {
	if len(contacts) == 0 {
		return nil
	}
	args := make([]any, len(contacts))
	marks := make([]string, len(contacts))
	index := map[string]int{}
	for i, c := range contacts {
		args[i], marks[i], index[c.ID] = c.ID, "$"+strconv.Itoa(i+1), i
	}
	type line struct {
		Source
		contact string
		at      int64
	}
	rows, err := db.All(ctx, q, func(l *line) []any {
		return []any{&l.contact, &l.Kind, &l.Ref, &l.at, &l.Show, &l.Share}
	}, `
		SELECT contact, kind, ref, at, show, share FROM crm_source
		WHERE contact IN (`+strings.Join(marks, ", ")+`)
		ORDER BY at, kind, ref`, args...)
	for _, l := range rows {
		l.At = clock.Time(l.at)
		c := &contacts[index[l.contact]]
		c.Sources = append(c.Sources, l.Source)
	}
	return err
}

func countOfShow(ctx context.Context, q db.Querier, show string) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `
		SELECT COUNT(DISTINCT contact) FROM crm_source
		WHERE show = $1 AND show <> ''`, show)
}

func byID(ctx context.Context, q db.Querier, contact string) (Contact, error) {
	r, err := db.One(ctx, q, scan, `
		SELECT `+columns+` FROM crm_contact
		WHERE id = $1`, contact)
	return r.contact(), err
}

func contactOf(ctx context.Context, q db.Querier, shop, person string) (string, error) {
	return db.One(ctx, q, db.Column[string], `
		SELECT id FROM crm_contact
		WHERE shop = $1 AND person = $2`, shop, person)
}

func agreed(ctx context.Context, q db.Querier, person string) ([]Agreed, error) {
	type line struct {
		Agreed
		at int64
	}
	rows, err := db.All(ctx, q, func(l *line) []any { return []any{&l.Contact, &l.Shop, &l.at, &l.Text} }, `
		SELECT id, shop, consent_at, consent_text FROM crm_contact
		WHERE person = $1 AND marketing
		ORDER BY consent_at DESC, id DESC`, person)
	out := make([]Agreed, len(rows))
	for i, l := range rows {
		l.At = clock.Time(l.at)
		out[i] = l.Agreed
	}
	return out, err
}

// endConsent says whether there was a consent to end.
func endConsent(ctx context.Context, tx *db.Tx, contact string, now time.Time) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		UPDATE crm_contact SET marketing = FALSE, consent_at = $2, consent_text = ''
		WHERE id = $1 AND marketing`, contact, clock.Millis(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func putEntry(ctx context.Context, tx *db.Tx, id, contact string, e Entry) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO crm_consent (id, contact, at, marketing, text, way, ref)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, contact, clock.Millis(e.At), e.Marketing, e.Text, string(e.Way), e.Ref)
	return err
}

func entries(ctx context.Context, q db.Querier, shop, contact string) ([]Entry, error) {
	type line struct {
		Entry
		at int64
	}
	rows, err := db.All(ctx, q, func(l *line) []any { return []any{&l.at, &l.Marketing, &l.Text, &l.Way, &l.Ref} }, `
		SELECT e.at, e.marketing, e.text, e.way, e.ref FROM crm_consent e JOIN crm_contact c ON c.id = e.contact
		WHERE c.shop = $1 AND c.id = $2
		ORDER BY e.at, e.id`, shop, contact)
	out := make([]Entry, len(rows))
	for i, l := range rows {
		l.At = clock.Time(l.at)
		out[i] = l.Entry
	}
	return out, err
}
