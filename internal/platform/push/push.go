// Package push sends web push messages to browsers.
//
// A message is encrypted for its subscription (RFC 8291) and signed with the
// market's VAPID key (RFC 8292), which is made once and kept in the database:
// browsers bind their subscriptions to it. No account with anybody is needed;
// the push service is the one that the browser names.
package push

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// MaxPayload is the longest message in bytes: one record of 4096 bytes less the
// header, the padding delimiter and the tag (RFC 8291 section 4).
const MaxPayload = 4096 - 86 - 17

// ErrGone is returned when the subscription does not exist any more. Forget it.
var ErrGone = errors.New("push subscription is gone")

// ErrSubscription is returned for a subscription that cannot be one.
var ErrSubscription = errors.New("bad push subscription")

// Subscription is what a browser hands out (PushSubscription.toJSON).
type Subscription struct {
	Endpoint string // https address at the browser's push service
	P256dh   string // public key of the browser, base64url
	Auth     string // 16 secret bytes, base64url
}

// Check says whether s can be sent to: an https endpoint by name, and keys of
// the right form. That the name leads to no private address is checked at each
// connection.
func (s Subscription) Check() error {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(s.Endpoint) > 1000 {
		return fmt.Errorf("%w: endpoint", ErrSubscription)
	}
	_, _, err = s.keys()
	return err
}

// Sender sends to subscriptions. It is safe for concurrent use.
type Sender struct {
	key     *ecdsa.PrivateKey
	public  string
	contact string
	client  *http.Client
	now     clock.Now
}

// Option changes a sender.
type Option func(*Sender)

// WithClient replaces the HTTP client, whose guard against private addresses is
// lost with it.
func WithClient(c *http.Client) Option { return func(s *Sender) { s.client = c } }

// New returns a sender with the key kept in d, which is made when there is none.
// Contact is a mailto: or https: address under which push services reach the
// operator (RFC 8292 section 2.1).
func New(ctx context.Context, d *db.DB, contact string, now clock.Now, opts ...Option) (*Sender, error) {
	key, err := loadKey(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("push key: %w", err)
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("push key: %w", err)
	}
	s := &Sender{
		key: key, public: base64.RawURLEncoding.EncodeToString(public),
		contact: contact, client: guardedClient(), now: now,
	}
	for _, o := range opts {
		o(s)
	}
	return s, nil
}

// loadKey reads the key, or makes it. Two processes that start together agree.
func loadKey(ctx context.Context, d *db.DB) (*ecdsa.PrivateKey, error) {
	kept, err := d.Setting(ctx, "push.key", func() (string, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return "", err
		}
		raw, err := key.Bytes()
		return base64.RawURLEncoding.EncodeToString(raw), err
	})
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
}

// PublicKey is what a browser needs to subscribe (applicationServerKey).
func (s *Sender) PublicKey() string { return s.public }

// Message is what is sent. The zero TTL means a day.
type Message struct {
	Payload []byte        // at most MaxPayload bytes; the service worker reads it
	TTL     time.Duration // how long the push service keeps it for a sleeping phone
	Topic   string        // a later message with the same topic replaces a waiting one
	Urgent  bool          // wake the phone now
}

// Send hands m to the push service of sub. It returns [ErrGone] when the
// subscription must be forgotten.
func (s *Sender) Send(ctx context.Context, sub Subscription, m Message) error {
	if err := sub.Check(); err != nil {
		return err
	}
	body, err := encrypt(sub, m.Payload)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.Endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSubscription, err)
	}
	token, err := s.token(req.URL)
	if err != nil {
		return fmt.Errorf("sign push: %w", err)
	}
	ttl := m.TTL
	if ttl <= 0 {
		ttl = 24 * time.Hour
	}
	req.Header.Set("Authorization", "vapid t="+token+", k="+s.public)
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("TTL", strconv.Itoa(int(ttl.Seconds())))
	if m.Topic != "" {
		req.Header.Set("Topic", topic(m.Topic))
	}
	if m.Urgent {
		req.Header.Set("Urgency", "high")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("send push: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection can be used again
	switch {
	case res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusGone:
		return ErrGone
	}
	return fmt.Errorf("send push: %s answered %s", req.URL.Host, res.Status)
}

// topic maps any text to the 32 base64url characters that RFC 8030 section 5.4
// allows.
func topic(s string) string {
	t := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, s)
	if len(t) > 32 {
		t = t[len(t)-32:] // the end of an id tells more than its beginning
	}
	return t
}
