package notice

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/openstall/openstall/internal/platform/db"
)

// Stop is what a stop link ends.
type Stop struct {
	Person  string
	Kind    Kind
	Channel Channel
}

// StopToken returns the word in the link that ends a kind of notice on a
// channel. It never expires: old letters must keep their promise. There is no dot
// in it, which would make the link the address of a file.
func (s *Service) StopToken(person string, kind Kind, way Channel) string {
	body := person + " " + string(kind) + " " + string(way)
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(body)) + "~" + enc.EncodeToString(s.sign(body))
}

func (s *Service) sign(body string) []byte {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte("notice.stop " + body))
	return mac.Sum(nil)[:16]
}

// ReadStop returns what a token ends, or [ErrStopLink].
func (s *Service) ReadStop(token string) (Stop, error) {
	b64, sig64, _ := strings.Cut(token, "~")
	enc := base64.RawURLEncoding.Strict()
	body, err := enc.DecodeString(b64)
	if err != nil {
		return Stop{}, ErrStopLink
	}
	sig, err := enc.DecodeString(sig64)
	if err != nil || !hmac.Equal(sig, s.sign(string(body))) {
		return Stop{}, ErrStopLink
	}
	parts := strings.Split(string(body), " ")
	if len(parts) != 3 || !slices.Contains(Kinds, Kind(parts[1])) {
		return Stop{}, ErrStopLink // a kind that is no more
	}
	return Stop{Person: parts[0], Kind: Kind(parts[1]), Channel: Channel(parts[2])}, nil
}

// Stop ends what a token names. Doing it again changes nothing.
func (s *Service) Stop(ctx context.Context, token string) (Stop, error) {
	stop, err := s.ReadStop(token)
	if err != nil {
		return Stop{}, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		way, err := preference(ctx, tx, stop.Person, stop.Kind)
		if err != nil {
			return err
		}
		switch stop.Channel {
		case InApp:
			way.InApp = false
		case Email:
			way.Email = false
		case Push:
			way.Push = false
		}
		return setPreference(ctx, tx, stop.Person, stop.Kind, way)
	})
	return stop, err
}
