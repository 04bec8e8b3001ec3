package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// Site is where a passkey lives: the host that the browser sees and the origin
// it came from (WebAuthn Level 3, 5.1.2: the relying party id).
type Site struct{ Host, Origin string }

// Ceremony is the first half of a WebAuthn exchange: options for the browser
// and the id to finish with.
type Ceremony struct {
	ID      string          `json:"ceremony"`
	Options json.RawMessage `json:"options"`
}

const ceremonyFor = 5 * time.Minute

// holder makes a person usable by the library.
type holder struct {
	person Person
	keys   []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.person.ID) }
func (h holder) WebAuthnName() string                       { return h.person.Email + h.person.Phone }
func (h holder) WebAuthnDisplayName() string                { return h.person.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func relyingParty(site Site) (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{RPID: site.Host, RPDisplayName: "Openstall", RPOrigins: []string{site.Origin}})
}

func (s *Service) holder(ctx context.Context, q db.Querier, person string) (holder, error) {
	p, err := personBy(ctx, q, "id", person)
	if err != nil {
		return holder{}, err
	}
	rows, err := passkeysOf(ctx, q, person)
	if err != nil {
		return holder{}, err
	}
	h := holder{person: p}
	for _, r := range rows {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(r.credential), &c); err != nil {
			return holder{}, fmt.Errorf("passkey %s: %w", r.ID, err)
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

// BeginPasskey starts to add a passkey to a person who is signed in.
func (s *Service) BeginPasskey(ctx context.Context, person string, site Site) (Ceremony, error) {
	rp, err := relyingParty(site)
	if err != nil {
		return Ceremony{}, err
	}
	h, err := s.holder(ctx, s.db, person)
	if err != nil {
		return Ceremony{}, err
	}
	var known []protocol.CredentialDescriptor
	for _, k := range h.keys {
		known = append(known, k.Descriptor())
	}
	options, data, err := rp.BeginRegistration(h, webauthn.WithExclusions(known),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired))
	if err != nil {
		return Ceremony{}, err
	}
	return s.begin(ctx, person, options, data)
}

// FinishPasskey stores the passkey that the browser made.
func (s *Service) FinishPasskey(ctx context.Context, person, ceremony, name string, credential json.RawMessage, site Site) error {
	rp, err := relyingParty(site)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(credential))
	if err != nil {
		return ErrPasskey.Because(err)
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		h, data, err := s.resume(ctx, tx, ceremony, person, person)
		if err != nil {
			return err
		}
		c, err := rp.CreateCredential(h, data, parsed)
		if err != nil {
			return ErrPasskey.Because(err)
		}
		raw, err := json.Marshal(c)
		if err != nil {
			return err
		}
		return insertPasskey(ctx, tx, person, Passkey{ID: keyID(c.ID), Name: name, CreatedAt: s.now()}, string(raw))
	})
}

// BeginPasskeySignIn starts a sign-in in which the browser names the person.
func (s *Service) BeginPasskeySignIn(ctx context.Context, site Site) (Ceremony, error) {
	rp, err := relyingParty(site)
	if err != nil {
		return Ceremony{}, err
	}
	options, data, err := rp.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, err
	}
	return s.begin(ctx, "", options, data)
}

// FinishPasskeySignIn opens a session for the holder of a passkey.
func (s *Service) FinishPasskeySignIn(ctx context.Context, ceremony string, credential json.RawMessage, site Site, dev Device) (Person, string, error) {
	rp, err := relyingParty(site)
	if err != nil {
		return Person{}, "", err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBody(bytes.NewReader(credential))
	if err != nil {
		return Person{}, "", ErrPasskey.Because(err)
	}
	var p Person
	var token string
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		h, data, err := s.resume(ctx, tx, ceremony, "", string(parsed.Response.UserHandle))
		if err != nil {
			return ErrPasskey.Because(err)
		}
		find := func([]byte, []byte) (webauthn.User, error) { return h, nil }
		c, err := rp.ValidateDiscoverableLogin(find, data, parsed)
		if err != nil {
			return ErrPasskey.Because(err)
		}
		if c.Authenticator.CloneWarning {
			return ErrPasskey
		}
		raw, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if err := usePasskey(ctx, tx, keyID(c.ID), string(raw), s.now()); err != nil {
			return err
		}
		p = h.person
		token, err = s.open(ctx, tx, p.ID, dev, s.now())
		return err
	})
	return p, token, err
}

// Passkeys lists the passkeys of a person.
func (s *Service) Passkeys(ctx context.Context, person string) ([]Passkey, error) {
	rows, err := passkeysOf(ctx, s.db, person)
	keys := make([]Passkey, len(rows))
	for i, r := range rows {
		keys[i] = r.Passkey
	}
	return keys, err
}

// DeletePasskey forgets a passkey of a person.
func (s *Service) DeletePasskey(ctx context.Context, person, passkey string) error {
	return deletePasskey(ctx, s.db, person, passkey)
}

func (s *Service) begin(ctx context.Context, person string, options any, data *webauthn.SessionData) (Ceremony, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Ceremony{}, err
	}
	o, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	c := Ceremony{ID: id.New("cer", s.now()), Options: o}
	return c, insertCeremony(ctx, s.db, c.ID, person, string(raw), s.now().Add(ceremonyFor))
}

// resume takes a ceremony up again, once, and loads the holder.
func (s *Service) resume(ctx context.Context, tx *db.Tx, ceremony, owner, person string) (holder, webauthn.SessionData, error) {
	var data webauthn.SessionData
	raw, err := takeCeremony(ctx, tx, ceremony, owner, s.now())
	if err != nil {
		return holder{}, data, err
	}
	if err := json.Unmarshal([]byte(raw), &data); err != nil {
		return holder{}, data, err
	}
	h, err := s.holder(ctx, tx, person)
	return h, data, err
}

func keyID(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// SiteAt returns the site of an address such as "market.example:8080".
func SiteAt(host, scheme string) Site {
	bare, _, err := net.SplitHostPort(host)
	if err != nil {
		bare = host
	}
	return Site{Host: bare, Origin: scheme + "://" + host}
}
