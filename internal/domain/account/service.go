package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Courier carries a sign-in code to an address. It is called inside the
// transaction that stores the code and must only note the message down (a job).
type Courier func(ctx context.Context, tx *db.Tx, to, channel, code, locale string) error

// Service keeps people and their devices. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	send  Courier
	now   clock.Now
	cache *sessions
}

// New returns a service that keeps people in d and sends codes by send.
func New(d *db.DB, send Courier, now clock.Now) *Service {
	return &Service{db: d, send: send, now: now, cache: newSessions()}
}

// SentCode says where a code went. It is the same for known and unknown
// addresses.
type SentCode struct {
	To        string
	Channel   string // "email" or "sms"
	ExpiresAt time.Time
}

// SendCode sends a fresh sign-in code to an e-mail address or phone number.
func (s *Service) SendCode(ctx context.Context, to, locale string) (SentCode, error) {
	address, channel, err := ParseAddress(to)
	if err != nil {
		return SentCode{}, err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return SentCode{}, err
	}
	code := fmt.Sprintf("%06d", n)
	now := s.now()
	sent := SentCode{To: address, Channel: channel, ExpiresAt: now.Add(CodeFor)}
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := putCode(ctx, tx, address, hash(code+address), now, sent.ExpiresAt); err != nil {
			return err
		}
		return s.send(ctx, tx, address, channel, code, locale)
	})
	return sent, err
}

// Device describes the browser that signs in.
type Device struct{ UserAgent, IP, Locale string }

// SignIn exchanges a code for a session. A new address becomes a person with
// the given name. The returned token is the cookie and is kept only as a hash.
func (s *Service) SignIn(ctx context.Context, to, code, name string, dev Device) (Person, string, error) {
	address, channel, err := ParseAddress(to)
	if err != nil {
		return Person{}, "", err
	}
	now := s.now()
	var p Person
	var token string
	var refused error // committed with the count of tries
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		want, err := tryCode(ctx, tx, address, now)
		if errors.Is(err, ErrCode) || errors.Is(err, ErrTooMany) {
			refused = err
			return nil
		}
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(hash(strings.TrimSpace(code)+address))) != 1 {
			refused = ErrCode
			return nil
		}
		if err := dropCode(ctx, tx, address); err != nil {
			return err
		}
		if p, err = s.personAt(ctx, tx, address, channel, name, dev.Locale, now); err != nil {
			return err
		}
		token, err = s.open(ctx, tx, p.ID, dev, now)
		return err
	})
	if err == nil {
		err = refused
	}
	return p, token, err
}

// Grant opens a session of a person without a code, for whoever sits at the
// machine: an operator who has no mail server, the demo market, load programs.
func (s *Service) Grant(ctx context.Context, person string, dev Device) (string, error) {
	var token string
	err := s.db.InTx(ctx, func(tx *db.Tx) (err error) {
		if _, err = personBy(ctx, tx, "id", person); err != nil {
			return err
		}
		token, err = s.open(ctx, tx, person, dev, s.now())
		return err
	})
	return token, err
}

// personAt finds the person of an address or makes one.
func (s *Service) personAt(ctx context.Context, tx *db.Tx, address, channel, name, locale string, now time.Time) (Person, error) {
	name = bounded(text.Line(name), 40)
	p, err := personBy(ctx, tx, channel, address)
	if err == nil {
		if p.Name == "" && name != "" {
			p.Name = name
			return p, setProfile(ctx, tx, p.ID, p.Name, p.Locale)
		}
		return p, nil
	}
	if !errors.Is(err, ErrNoPerson) {
		return Person{}, err
	}
	p = Person{ID: id.New("per", now), Name: name, Locale: locale, CreatedAt: now}
	if channel == "email" {
		p.Email = address
	} else {
		p.Phone = address
	}
	fresh, err := insertPerson(ctx, tx, p)
	if err != nil || fresh {
		return p, err
	}
	return personBy(ctx, tx, channel, address) // somebody was faster with the same address
}

// open starts a session of a device.
func (s *Service) open(ctx context.Context, tx *db.Tx, person string, dev Device, now time.Time) (string, error) {
	token := id.Secret(32)
	return token, insertSession(ctx, tx, hash(token), Session{
		ID: id.New("ses", now), Person: person, Device: bounded(DescribeDevice(dev.UserAgent), 80), IP: dev.IP,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(SessionFor),
	})
}

// Identify returns the person and session behind a cookie, or [ErrNoSession].
// It is cheap enough for every request.
func (s *Service) Identify(ctx context.Context, token string) (Person, Session, error) {
	if token == "" {
		return Person{}, Session{}, ErrNoSession
	}
	h, now := hash(token), s.now()
	if e, ok := s.cache.get(h, now); ok {
		return e.person, e.session, nil
	}
	p, ses, err := sessionBy(ctx, s.db, h)
	if err != nil {
		return Person{}, Session{}, err
	}
	if now.After(ses.ExpiresAt) {
		return Person{}, Session{}, ErrNoSession
	}
	if now.Sub(ses.SeenAt) > 10*time.Minute {
		if err := touchSession(ctx, s.db, ses.ID, now, now.Add(SessionFor)); err != nil {
			return Person{}, Session{}, err
		}
	}
	s.cache.put(h, p, ses, now)
	return p, ses, nil
}

// SignOut ends a session of a person, on whatever device it is.
func (s *Service) SignOut(ctx context.Context, person, session string) error {
	err := deleteSession(ctx, s.db, person, session)
	s.cache.forget(person)
	return err
}

// Sessions lists the devices of a person, last used first.
func (s *Service) Sessions(ctx context.Context, person string) ([]Session, error) {
	return sessionsOf(ctx, s.db, person, s.now())
}

// Get returns a person.
func (s *Service) Get(ctx context.Context, person string) (Person, error) {
	return personBy(ctx, s.db, "id", person)
}

// Known is [Service.Get] that may answer from memory, a few seconds old, for
// whoever is signed in.
func (s *Service) Known(ctx context.Context, person string) (Person, error) {
	if p, ok := s.cache.person(person, s.now()); ok {
		return p, nil
	}
	return s.Get(ctx, person)
}

// GetIn is [Service.Get] inside a transaction.
func GetIn(ctx context.Context, q db.Querier, person string) (Person, error) {
	return personBy(ctx, q, "id", person)
}

// SetProfile changes the shown name and the language; empty leaves as it is.
func (s *Service) SetProfile(ctx context.Context, person, name, locale string) error {
	defer s.cache.forget(person)
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		p, err := personBy(ctx, tx, "id", person)
		if err != nil {
			return err
		}
		if n := bounded(text.Line(name), 40); n != "" {
			p.Name = n
		}
		if locale == "en" || locale == "zh" {
			p.Locale = locale
		}
		return setProfile(ctx, tx, person, p.Name, p.Locale)
	})
}

// SetRoles gives or takes the market-wide roles. The last operator stays.
func (s *Service) SetRoles(ctx context.Context, person string, operator, moderator bool) error {
	defer s.cache.forget(person)
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := setRoles(ctx, tx, person, operator, moderator); err != nil {
			return err
		}
		n, err := countOperators(ctx, tx)
		if err == nil && n == 0 {
			return ErrLastOfKind
		}
		return err
	})
}

// Ensure returns the person of an address, made when missing: for staff who are
// invited, for the first operator and for the demo market.
func (s *Service) Ensure(ctx context.Context, to, name, locale string) (Person, error) {
	address, channel, err := ParseAddress(to)
	if err != nil {
		return Person{}, err
	}
	var p Person
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		p, err = s.personAt(ctx, tx, address, channel, name, locale, s.now())
		return err
	})
	return p, err
}

// Staff lists everyone with a market-wide role.
func (s *Service) Staff(ctx context.Context) ([]Person, error) { return staff(ctx, s.db) }

// Addresses lists where a person lets parcels go, newest first.
func (s *Service) Addresses(ctx context.Context, person string) ([]Address, error) {
	return addressesOf(ctx, s.db, person)
}

// SaveAddress adds an address (no ID) or changes one of the person's own.
func (s *Service) SaveAddress(ctx context.Context, person string, a Address) (Address, error) {
	for _, f := range []*string{&a.Name, &a.Phone, &a.Line1, &a.Line2, &a.Postcode, &a.City} {
		*f = text.Line(*f)
	}
	if a.ID != "" {
		return a, updateAddress(ctx, s.db, person, a)
	}
	a.ID = id.New("adr", s.now())
	return a, insertAddress(ctx, s.db, person, a, s.now())
}

// DeleteAddress forgets an address; orders keep their own copy.
func (s *Service) DeleteAddress(ctx context.Context, person, address string) error {
	return deleteAddress(ctx, s.db, person, address)
}

var phonePattern = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// ParseAddress normalises an e-mail address or a phone number (E.164) and says
// which it is.
func ParseAddress(s string) (address, channel string, err error) {
	s = text.Line(s)
	if strings.Contains(s, "@") {
		a, err := mail.ParseAddress(s)
		if err != nil || a.Address != s || len(s) > 254 || strings.ContainsAny(s, " <>\"") {
			return "", "", ErrAddress
		}
		return strings.ToLower(s), "email", nil
	}
	s = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "/", "").Replace(s)
	if strings.HasPrefix(s, "00") {
		s = "+" + s[2:]
	}
	if !phonePattern.MatchString(s) {
		return "", "", ErrAddress
	}
	return s, "sms", nil
}

// DescribeDevice turns a user agent into words for the device list.
func DescribeDevice(ua string) string {
	pick := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(ua, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := pick("MicroMessenger", "WeChat", "Edg", "Edge", "OPR", "Opera", "Firefox", "Firefox", "Chrome", "Chrome", "Safari", "Safari")
	system := pick("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS", "Mac", "Linux", "Linux")
	switch {
	case browser == "" && system == "":
		return "Unknown"
	case browser == "" || system == "":
		return browser + system
	}
	return browser + ", " + system
}

func bounded(s string, max int) string {
	r := []rune(s)
	if len(r) > max {
		return string(r[:max])
	}
	return s
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Tidy forgets sessions, codes and passkey ceremonies that have run out.
func (s *Service) Tidy(ctx context.Context) error { return forgetExpired(ctx, s.db, s.now()) }
