package account

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const personColumns = `p.id, p.name, p.email, p.phone, p.locale, p.operator, p.moderator, p.created_at`

type personRow struct {
	Person
	created int64
}

func scanPerson(r *personRow) []any {
	return []any{&r.ID, &r.Name, &r.Email, &r.Phone, &r.Locale, &r.Operator, &r.Moderator, &r.created}
}

func (r personRow) person() Person {
	r.CreatedAt = clock.Time(r.created)
	return r.Person
}

// personBy finds a person by "id", "email" or "sms" (phone).
func personBy(ctx context.Context, q db.Querier, by, value string) (Person, error) {
	query := map[string]string{
		"id":    `SELECT ` + personColumns + ` FROM person p WHERE p.id = $1`,
		"email": `SELECT ` + personColumns + ` FROM person p WHERE p.email = $1`,
		"sms":   `SELECT ` + personColumns + ` FROM person p WHERE p.phone = $1`,
	}[by]
	r, err := db.One(ctx, q, scanPerson, query, value)
	if errors.Is(err, db.ErrNoRows) {
		return Person{}, ErrNoPerson
	}
	return r.person(), err
}

// insertPerson adds a person; false when the address is taken.
func insertPerson(ctx context.Context, tx *db.Tx, p Person) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO person (id, name, email, phone, locale, operator, moderator, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`,
		p.ID, p.Name, p.Email, p.Phone, p.Locale, p.Operator, p.Moderator, clock.Millis(p.CreatedAt))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func setProfile(ctx context.Context, tx *db.Tx, person, name, locale string) error {
	_, err := tx.ExecContext(ctx, `UPDATE person SET name = $2, locale = $3 WHERE id = $1`, person, name, locale)
	return err
}

func setRoles(ctx context.Context, tx *db.Tx, person string, operator, moderator bool) error {
	res, err := tx.ExecContext(ctx, `UPDATE person SET operator = $2, moderator = $3 WHERE id = $1`, person, operator, moderator)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrNoPerson
	}
	return nil
}

func countOperators(ctx context.Context, q db.Querier) (int64, error) {
	return db.One(ctx, q, db.Column[int64], `SELECT COUNT(*) FROM person WHERE operator`)
}

func staff(ctx context.Context, q db.Querier) ([]Person, error) {
	rows, err := db.All(ctx, q, scanPerson, `
		SELECT `+personColumns+`
		FROM person p
		WHERE p.operator OR p.moderator
		ORDER BY p.created_at`)
	people := make([]Person, len(rows))
	for i, r := range rows {
		people[i] = r.person()
	}
	return people, err
}

// putCode stores a code unless one was sent a moment ago.
func putCode(ctx context.Context, tx *db.Tx, address, hash string, now, expires time.Time) error {
	res, err := tx.ExecContext(ctx, `
		INSERT INTO login_code (address, code_hash, tries, created_at, expires_at)
		VALUES ($1, $2, 0, $3, $4)
		ON CONFLICT (address) DO UPDATE
		SET code_hash = excluded.code_hash, tries = 0, created_at = excluded.created_at, expires_at = excluded.expires_at
		WHERE login_code.created_at <= $5`,
		address, hash, clock.Millis(now), clock.Millis(expires), clock.Millis(now.Add(-ResendIn)))
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return ErrTooSoon
	}
	return nil
}

// tryCode counts a try and returns the hash to compare with.
func tryCode(ctx context.Context, tx *db.Tx, address string, now time.Time) (string, error) {
	var hash string
	var tries int64
	err := tx.QueryRowContext(ctx, `
		UPDATE login_code SET tries = tries + 1
		WHERE address = $1 AND expires_at > $2
		RETURNING code_hash, tries`, address, clock.Millis(now)).Scan(&hash, &tries)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return "", ErrCode
	case err != nil:
		return "", err
	case tries > CodeTries:
		return "", ErrTooMany
	}
	return hash, nil
}

func dropCode(ctx context.Context, tx *db.Tx, address string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM login_code WHERE address = $1`, address)
	return err
}

func insertSession(ctx context.Context, tx *db.Tx, tokenHash string, s Session) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO session (token_hash, id, person, device, ip, created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tokenHash, s.ID, s.Person, s.Device, s.IP, clock.Millis(s.CreatedAt), clock.Millis(s.SeenAt), clock.Millis(s.ExpiresAt))
	return err
}

func sessionBy(ctx context.Context, q db.Querier, tokenHash string) (Person, Session, error) {
	type row struct {
		personRow
		sessionRow
	}
	r, err := db.One(ctx, q, func(r *row) []any { return append(scanPerson(&r.personRow), scanSession(&r.sessionRow)...) }, `
		SELECT `+personColumns+`, `+sessionColumns+`
		FROM session s JOIN person p ON p.id = s.person
		WHERE s.token_hash = $1`, tokenHash)
	if errors.Is(err, db.ErrNoRows) {
		return Person{}, Session{}, ErrNoSession
	}
	return r.person(), r.session(), err
}

const sessionColumns = `s.id, s.person, s.device, s.ip, s.created_at, s.seen_at, s.expires_at`

type sessionRow struct {
	s                      Session
	created, seen, expires int64
}

func scanSession(r *sessionRow) []any {
	return []any{&r.s.ID, &r.s.Person, &r.s.Device, &r.s.IP, &r.created, &r.seen, &r.expires}
}

func (r sessionRow) session() Session {
	r.s.CreatedAt, r.s.SeenAt, r.s.ExpiresAt = clock.Time(r.created), clock.Time(r.seen), clock.Time(r.expires)
	return r.s
}

func sessionsOf(ctx context.Context, q db.Querier, person string, now time.Time) ([]Session, error) {
	rows, err := db.All(ctx, q, scanSession, `
		SELECT `+sessionColumns+`
		FROM session s
		WHERE s.person = $1 AND s.expires_at > $2
		ORDER BY s.seen_at DESC`, person, clock.Millis(now))
	out := make([]Session, len(rows))
	for i, r := range rows {
		out[i] = r.session()
	}
	return out, err
}

func touchSession(ctx context.Context, q db.Querier, session string, seen, expires time.Time) error {
	_, err := q.ExecContext(ctx, `UPDATE session SET seen_at = $2, expires_at = $3 WHERE id = $1`, session, clock.Millis(seen), clock.Millis(expires))
	return err
}

func deleteSession(ctx context.Context, q db.Querier, person, session string) error {
	return oneRow(q.ExecContext(ctx, `DELETE FROM session WHERE id = $1 AND person = $2`, session, person))(ErrNoSession)
}

func addressesOf(ctx context.Context, q db.Querier, person string) ([]Address, error) {
	return db.All(ctx, q, func(a *Address) []any {
		return []any{&a.ID, &a.Name, &a.Phone, &a.Line1, &a.Line2, &a.Postcode, &a.City, &a.Country}
	}, `
		SELECT id, name, phone, line1, line2, postcode, city, country
		FROM address
		WHERE person = $1
		ORDER BY created_at DESC, id DESC`, person)
}

func insertAddress(ctx context.Context, q db.Querier, person string, a Address, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO address (id, person, name, phone, line1, line2, postcode, city, country, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, person, a.Name, a.Phone, a.Line1, a.Line2, a.Postcode, a.City, a.Country, clock.Millis(now))
	return err
}

func updateAddress(ctx context.Context, q db.Querier, person string, a Address) error {
	return oneRow(q.ExecContext(ctx, `
		UPDATE address SET name = $3, phone = $4, line1 = $5, line2 = $6, postcode = $7, city = $8, country = $9
		WHERE id = $1 AND person = $2`,
		a.ID, person, a.Name, a.Phone, a.Line1, a.Line2, a.Postcode, a.City, a.Country))(ErrNoAddress)
}

func deleteAddress(ctx context.Context, q db.Querier, person, address string) error {
	return oneRow(q.ExecContext(ctx, `DELETE FROM address WHERE id = $1 AND person = $2`, address, person))(ErrNoAddress)
}

func insertCeremony(ctx context.Context, q db.Querier, ceremony, person, data string, expires time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO passkey_ceremony (id, person, data, expires_at) VALUES ($1, $2, $3, $4)`,
		ceremony, person, data, clock.Millis(expires))
	return err
}

// takeCeremony returns the data of a ceremony once.
func takeCeremony(ctx context.Context, q *db.Tx, ceremony, person string, now time.Time) (string, error) {
	var data string
	err := q.QueryRowContext(ctx, `
		DELETE FROM passkey_ceremony
		WHERE id = $1 AND person = $2 AND expires_at > $3
		RETURNING data`, ceremony, person, clock.Millis(now)).Scan(&data)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrPasskey
	}
	return data, err
}

func insertPasskey(ctx context.Context, q db.Querier, person string, p Passkey, credential string) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO passkey (id, person, name, credential, created_at, used_at) VALUES ($1, $2, $3, $4, $5, 0)`,
		p.ID, person, p.Name, credential, clock.Millis(p.CreatedAt))
	return err
}

func usePasskey(ctx context.Context, q db.Querier, passkey, credential string, now time.Time) error {
	_, err := q.ExecContext(ctx, `UPDATE passkey SET credential = $2, used_at = $3 WHERE id = $1`, passkey, credential, clock.Millis(now))
	return err
}

type passkeyRow struct {
	Passkey
	credential    string
	created, used int64
}

func passkeysOf(ctx context.Context, q db.Querier, person string) ([]passkeyRow, error) {
	rows, err := db.All(ctx, q, func(r *passkeyRow) []any {
		return []any{&r.ID, &r.Name, &r.credential, &r.created, &r.used}
	}, `SELECT id, name, credential, created_at, used_at FROM passkey WHERE person = $1 ORDER BY created_at`, person)
	for i := range rows {
		rows[i].CreatedAt, rows[i].UsedAt = clock.Time(rows[i].created), clock.Time(rows[i].used)
	}
	return rows, err
}

func deletePasskey(ctx context.Context, q db.Querier, person, passkey string) error {
	return oneRow(q.ExecContext(ctx, `DELETE FROM passkey WHERE id = $1 AND person = $2`, passkey, person))(ErrNoPasskey)
}

// oneRow turns "no row was touched" into none.
func oneRow(res interface{ RowsAffected() (int64, error) }, err error) func(none error) error {
	return func(none error) error {
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return none
		}
		return nil
	}
}

// forgetExpired deletes what has run out.
func forgetExpired(ctx context.Context, q db.Querier, now time.Time) error {
	for _, query := range []string{
		`DELETE FROM session WHERE expires_at <= $1`,
		`DELETE FROM login_code WHERE expires_at <= $1`,
		`DELETE FROM passkey_ceremony WHERE expires_at <= $1`,
	} {
		if _, err := q.ExecContext(ctx, query, clock.Millis(now)); err != nil {
			return err
		}
	}
	return nil
}
