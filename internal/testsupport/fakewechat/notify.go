package fakewechat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Retries are the waits before each further attempt to deliver a message
// [notify]: 15 of them, some 24 hours; then nobody hears of it.
var Retries = []time.Duration{15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 30 * time.Minute,
	30 * time.Minute, time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 6 * time.Hour, 6 * time.Hour}

// Message is something that happened, as it is told to the notify_url.
type Message struct {
	ID, Type, To string
	About        map[string]any // what is sealed in it
	Attempts     int
	Answered     int  // status of the last answer
	Done         bool // taken, or given up
	due          time.Time
	created      time.Time
}

// tell writes a message down; [Server.Deliver] sends it.
func (s *Server) tell(typ, to string, about map[string]any) {
	now := s.cfg.Now()
	raw, err := json.Marshal(about)
	if err != nil {
		panic(err)
	}
	var kept map[string]any // as it is now
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&kept); err != nil {
		panic(err)
	}
	s.messages = append(s.messages, &Message{ID: s.id("EV-"), Type: typ, To: to, About: kept, due: now, created: now})
}

// Messages returns what there is to tell of a type, or of all types when it is
// empty, in the order in which it happened.
func (s *Server) Messages(typ string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	var out []Message
	for _, m := range s.messages {
		if typ == "" || m.Type == typ {
			out = append(out, *m)
		}
	}
	return out
}

// Body is the message as it is sent, sealed with a key.
func (m Message) Body(key string) []byte {
	plain, err := json.Marshal(m.About)
	if err != nil {
		panic(err)
	}
	kind := "transaction"
	if m.Type != "TRANSACTION.SUCCESS" {
		kind = "refund"
	}
	resource := Seal(key, kind, plain)
	resource["original_type"] = kind
	b, err := json.Marshal(map[string]any{"id": m.ID, "create_time": stamp(m.created), "event_type": m.Type, "resource_type": "encrypt-resource", "summary": m.Type, "resource": resource})
	if err != nil {
		panic(err)
	}
	return b
}

// Send delivers a message once, sealed and signed now, and returns the status of
// the answer.
func (s *Server) Send(ctx context.Context, m Message) (int, error) {
	body := m.Body(s.cfg.APIv3Key)
	return s.SendRaw(ctx, m.To, s.signerFor(nil).headers(s.cfg.Now(), body), body)
}

// Signed returns the headers that a signer puts on a body sent at an instant.
func (s *Server) Signed(signer string, at time.Time, body []byte) http.Header {
	return s.keys.all[signer].headers(at, body)
}

// SendRaw delivers a body with headers of any kind.
func (s *Server) SendRaw(ctx context.Context, to string, h http.Header, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	for k, v := range h {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Mozilla/4.0")
	res, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, nil
}

// Deliver sends every message whose time has come, by the table of [Retries],
// and returns how many it sent.
func (s *Server) Deliver(ctx context.Context) int {
	s.mu.Lock()
	s.settle()
	now := s.cfg.Now()
	var due []*Message
	for _, m := range s.messages {
		if !m.Done && !m.due.After(now) {
			due = append(due, m)
		}
	}
	s.mu.Unlock()
	for _, m := range due {
		status, err := s.Send(ctx, *m)
		s.mu.Lock()
		m.Answered = status
		switch {
		case err == nil && (status == 200 || status == 204), m.Attempts == len(Retries):
			m.Done = true
		default:
			m.due = now.Add(Retries[m.Attempts])
		}
		m.Attempts++
		s.mu.Unlock()
	}
	return len(due)
}
