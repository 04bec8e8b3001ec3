package show

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// StreamKey describes the key of a shop; the key itself is shown once.
type StreamKey struct {
	Exists    bool
	Hint      string // the last four characters
	CreatedAt time.Time
}

// KeyOf describes a shop's stream key.
func (s *Service) KeyOf(ctx context.Context, shopID string) (StreamKey, error) {
	k, err := keyOf(ctx, s.db, shopID)
	if errors.Is(err, db.ErrNoRows) {
		return StreamKey{}, nil
	}
	return k, err
}

// RotateKey makes a new stream key and returns it, once; the old one is void.
func (s *Service) RotateKey(ctx context.Context, shopID string) (string, error) {
	key := "osk_" + id.Secret(20)
	return key, putKey(ctx, s.db, shopID, hashKey(key), key[len(key)-4:], s.now())
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// ByKey returns the show that a stream key may send to: the shop's open one,
// else its next planned one, which is opened for practice.
func (s *Service) ByKey(ctx context.Context, key string) (Show, error) {
	shopID, err := shopByKey(ctx, s.db, hashKey(key))
	if errors.Is(err, db.ErrNoRows) {
		return Show{}, ErrKey
	}
	if err != nil {
		return Show{}, err
	}
	open, err := inStates(ctx, s.db, shopID, 1, Live, Interrupted, Practice)
	if err != nil {
		return Show{}, err
	}
	if len(open) > 0 {
		return open[0], nil
	}
	next, err := upcoming(ctx, s.db, shopID, s.now().Add(-12*time.Hour), 1)
	if err != nil {
		return Show{}, err
	}
	if len(next) == 0 {
		if next, err = inStates(ctx, s.db, shopID, 1, Draft); err != nil {
			return Show{}, err
		}
	}
	if len(next) == 0 {
		return Show{}, ErrNoShow
	}
	return s.Practise(ctx, shopID, next[0].ID)
}

// ticketFor is how long a publish ticket may start a stream.
const ticketFor = 12 * time.Hour

// Ticket lets the browser of a member send pictures into one show.
func (s *Service) Ticket(show string) string {
	body := show + "." + strconv.FormatInt(s.now().Add(ticketFor).Unix(), 10)
	return body + "." + s.sign(body)
}

// ByTicket returns the show that a ticket may send to.
func (s *Service) ByTicket(ctx context.Context, ticket string) (Show, error) {
	i := strings.LastIndexByte(ticket, '.')
	if i < 0 || !hmac.Equal([]byte(ticket[i+1:]), []byte(s.sign(ticket[:i]))) {
		return Show{}, ErrKey
	}
	show, until, _ := strings.Cut(ticket[:i], ".")
	seconds, err := strconv.ParseInt(until, 10, 64)
	if err != nil || s.now().Unix() > seconds {
		return Show{}, ErrKey
	}
	sh, err := s.Get(ctx, show)
	if err != nil {
		return Show{}, err
	}
	if !sh.State.OnAir() && sh.State != Practice {
		return Show{}, ErrNoShow
	}
	return sh, nil
}

func (s *Service) sign(body string) string {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

// Sees reports whether somebody may see the picture of a show: everybody when it
// is on air or over, members of the shop when it is practised.
func (s *Service) Sees(ctx context.Context, shops *shop.Service, show, person string) error {
	sh, err := s.Get(ctx, show)
	if err != nil {
		return err
	}
	if sh.State.OnAir() || sh.State == Ended || sh.State == Replay {
		return nil
	}
	if person == "" || shops.Require(ctx, sh.Shop, person, shop.See) != nil {
		return ErrNotFound
	}
	return nil
}
