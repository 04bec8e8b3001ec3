package fakestripe

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// keyed is what is kept under an Idempotency-Key.
type keyed struct {
	hash    [32]byte
	running bool
	status  int
	body    []byte
	at      time.Time
}

// keysFor is how long a key is remembered: "at least 24 hours"
// (docs.stripe.com/api/idempotent_requests).
const keysFor = 24 * time.Hour

// once does what is asked, under a key once: the first answer is given again,
// other parameters are refused, and what did not pass validation is not kept.
func (s *Server) once(w http.ResponseWriter, r *http.Request, form url.Values, do operation) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	if r.Method != http.MethodPost || key == "" {
		return s.run(r, form, do)
	}
	if len(key) > 255 {
		return http.StatusBadRequest, (&problem{typ: "idempotency_error", message: "Keys are at most 255 characters."}).body()
	}
	hash := sha256.Sum256([]byte(r.URL.Path + "?" + form.Encode()))
	if k := s.keys[key]; k != nil && s.cfg.Now().Sub(k.at) < keysFor {
		if k.hash != hash {
			return http.StatusBadRequest, (&problem{typ: "idempotency_error",
				message: "Keys for idempotent requests can only be used with the same parameters they were first used with."}).body()
		}
		if k.running {
			return http.StatusConflict, (&problem{typ: "invalid_request_error", code: "idempotency_key_in_use", message: "There is currently another in-progress request using this key."}).body()
		}
		w.Header().Set("Idempotent-Replayed", "true")
		return k.status, k.body
	}
	k := &keyed{hash: hash, running: true, at: s.cfg.Now()}
	s.keys[key] = k
	k.status, k.body = s.run(r, form, do)
	k.running = false
	if k.status == http.StatusBadRequest {
		delete(s.keys, key)
	}
	return k.status, k.body
}

func (s *Server) run(r *http.Request, form url.Values, do operation) (int, []byte) {
	v, p := do(r, form)
	if p != nil {
		return p.status, p.body()
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return http.StatusOK, b
}
