package crm

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// Agreed lists the shops that may write to a person, the newest first.
func (s *Service) Agreed(ctx context.Context, person string) ([]Agreed, error) {
	return agreed(ctx, s.DB, person)
}

// Withdraw ends what a person agreed to with a shop. Without a consent it changes
// nothing.
func (s *Service) Withdraw(ctx context.Context, person, shopID string) error {
	contact, err := contactOf(ctx, s.DB, shopID, person)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("withdraw consent: %w", err)
	}
	return s.withdraw(ctx, contact, ByAccount)
}

func (s *Service) withdraw(ctx context.Context, contact string, way Way) error {
	now := s.Now()
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		ended, err := endConsent(ctx, tx, contact, now)
		if err != nil || !ended {
			return err
		}
		return putEntry(ctx, tx, id.New("cns", now), contact, Entry{Consent: Consent{At: now}, Way: way})
	})
	if err != nil {
		return fmt.Errorf("withdraw consent: %w", err)
	}
	return nil
}

// Log lists what a contact of a shop agreed to and took back, the oldest first, or
// returns [ErrNotFound].
func (s *Service) Log(ctx context.Context, shopID, contact string) ([]Entry, error) {
	c, err := byID(ctx, s.DB, contact)
	if errors.Is(err, db.ErrNoRows) || err == nil && c.Shop != shopID {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return entries(ctx, s.DB, shopID, contact)
}

// StopURL is the address that ends the consent of a contact with one tap, without
// signing in. It never expires: old letters must keep their promise. There is no
// dot in its path, which would make it the address of a file.
func (s *Service) StopURL(contact string) string {
	return s.URL() + "/stop-shop/" + contact + "~" + base64.RawURLEncoding.EncodeToString(s.sign(contact))
}

func (s *Service) sign(contact string) []byte {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte("crm.stop " + contact))
	return mac.Sum(nil)[:16]
}

// ReadStop returns the shop and the present consent that the token of a stop link
// is about, or [ErrStopLink].
func (s *Service) ReadStop(ctx context.Context, token string) (shopID string, now Consent, err error) {
	contact, sig64, _ := strings.Cut(token, "~")
	sig, err := base64.RawURLEncoding.Strict().DecodeString(sig64)
	if err != nil || !hmac.Equal(sig, s.sign(contact)) {
		return "", Consent{}, ErrStopLink
	}
	c, err := byID(ctx, s.DB, contact)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrStopLink
	}
	return c.Shop, c.Consent, err
}

// Stop ends the consent that a token is about, and returns the shop. Doing it
// again changes nothing.
func (s *Service) Stop(ctx context.Context, token string) (shopID string, err error) {
	shopID, _, err = s.ReadStop(ctx, token)
	if err != nil {
		return "", err
	}
	contact, _, _ := strings.Cut(token, "~")
	return shopID, s.withdraw(ctx, contact, ByLink)
}
