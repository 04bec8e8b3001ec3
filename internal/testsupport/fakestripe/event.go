package fakestripe

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Event is something that happened, as it is told to the endpoint.
type Event struct {
	ID   string
	Type string
	Body []byte
}

// emit writes an event down and, unless events are held, sends it off.
func (s *Server) emit(typ string, object any) {
	now := s.cfg.Now()
	id := s.id("evt")
	body, err := json.Marshal(map[string]any{"id": id, "object": "event", "api_version": Version, "created": now.Unix(), "type": typ, "livemode": false,
		"pending_webhooks": 1, "request": map[string]any{"id": nil, "idempotency_key": nil}, "data": map[string]any{"object": object}})
	if err != nil {
		panic(err)
	}
	e := Event{ID: id, Type: typ, Body: body}
	s.events = append(s.events, e)
	if !s.held && s.cfg.Endpoint != nil {
		s.sending.Go(func() { s.deliver(e) })
	}
}

// Hold keeps events back from now on: whoever tests sends them, see [Server.Send].
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = true
}

// Events returns what happened so far, of the types that are named or of all.
func (s *Server) Events(types ...string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Event
	for _, e := range s.events {
		for _, t := range types {
			if e.Type == t {
				out = append(out, e)
			}
		}
		if len(types) == 0 {
			out = append(out, e)
		}
	}
	return out
}

// SetSecrets replaces the secrets of the endpoint; with two, each event carries
// both signatures, as for a day after a secret was rolled.
func (s *Server) SetSecrets(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = secrets
}

// Sign returns the signature header of a body sent at an instant.
func Sign(body []byte, at time.Time, secrets ...string) string {
	header := fmt.Sprintf("t=%d", at.Unix())
	for _, secret := range secrets {
		m := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(m, "%d.%s", at.Unix(), body)
		header += ",v1=" + hex.EncodeToString(m.Sum(nil))
	}
	return header + ",v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39" // of test events; to be ignored
}

// Send delivers an event once, signed now, and returns the status of the answer.
func (s *Server) Send(ctx context.Context, e Event) (int, error) {
	s.mu.Lock()
	secrets := s.secrets
	s.mu.Unlock()
	return s.SendSigned(ctx, e.Body, Sign(e.Body, s.cfg.Now(), secrets...))
}

// SendSigned delivers a body with a signature header of any kind.
func (s *Server) SendSigned(ctx context.Context, body []byte, signature string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.Endpoint(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", signature)
	res, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, nil
}

// deliver sends an event until it is taken, each attempt signed anew.
func (s *Server) deliver(e Event) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for attempt := 0; ; attempt++ {
		status, err := s.Send(ctx, e)
		if err == nil && status >= 200 && status < 300 || attempt == len(s.cfg.Retry) {
			return
		}
		select {
		case <-time.After(s.cfg.Retry[attempt]):
		case <-s.stop:
			return
		}
	}
}
