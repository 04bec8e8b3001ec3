package whip

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
	"github.com/pion/webrtc/v4"
)

// Path is the endpoint; sessions are below it.
const Path = "/whip"

const (
	typeOffer   = "application/sdp"
	typeTrickle = "application/trickle-ice-sdpfrag"
	// maxBody bounds an offer or a fragment in bytes.
	maxBody = 64 << 10
	// answerTime bounds the authoriser and the gathering of candidates.
	answerTime = 10 * time.Second
)

// ServeHTTP answers at [Path] and below. The bearer token is the stream key.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path == Path {
		s.endpoint(w, r)
		return
	}
	id, ok := strings.CutPrefix(r.URL.Path, Path+"/")
	if !ok || strings.Contains(id, "/") {
		http.NotFound(w, r)
		return
	}
	s.session(w, r, id)
}

func (s *Server) endpoint(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		s.post(w, r)
	case http.MethodOptions:
		w.Header().Set("Accept-Post", typeOffer)
		w.Header().Set("Allow", "POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		http.Error(w, "WHIP is spoken here by POST", http.StatusMethodNotAllowed)
	}
}

// body reads a request body of the wanted type, or answers why not.
func body(w http.ResponseWriter, r *http.Request, want string) (string, bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != want {
		http.Error(w, "the body must be "+want, http.StatusUnsupportedMediaType)
		return "", false
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the body cannot be read", status)
		return "", false
	}
	return string(b), true
}

// post begins a session (4.2).
func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if key = strings.TrimSpace(key); !strings.EqualFold(scheme, "Bearer") || key == "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "the stream key is missing", http.StatusUnauthorized)
		return
	}
	offer, ok := body(w, r, typeOffer)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	ticket, err := s.auth(ctx, stream.Claim{Protocol: "whip", Key: key, Remote: r.RemoteAddr})
	if err != nil {
		s.cfg.Log.InfoContext(ctx, "whip publisher refused", "remote", r.RemoteAddr, "error", err)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	x, answer, err := s.accept(ctx, ticket, r.RemoteAddr, offer)
	if err != nil {
		s.cfg.Log.InfoContext(ctx, "whip offer refused", "remote", r.RemoteAddr, "stream", ticket.Stream, "error", err)
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", typeOffer)
	w.Header().Set("Location", Path+"/"+x.id)
	w.Header().Set("ETag", x.etag())
	w.Header().Set("Accept-Patch", typeTrickle)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer) // the browser may have left
}

func refuse(w http.ResponseWriter, err error) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{stream.ErrBusy, http.StatusConflict},
		{stream.ErrEnded, http.StatusConflict},
		{errNoH264, http.StatusNotAcceptable},
		{errBadOffer, http.StatusBadRequest},
		{errFull, http.StatusServiceUnavailable},
		{errShutdown, http.StatusServiceUnavailable},
		{stream.ErrClosed, http.StatusServiceUnavailable},
	} {
		if errors.Is(err, c.err) {
			if c.status == http.StatusServiceUnavailable {
				w.Header().Set("Retry-After", "5")
			}
			http.Error(w, c.err.Error(), c.status)
			return
		}
	}
	http.Error(w, "something went wrong", http.StatusInternalServerError)
}

// etag names the ICE session (4.3.1).
func (x *session) etag() string { return `"` + x.id[:16] + `"` }

func (s *Server) session(w http.ResponseWriter, r *http.Request, id string) {
	x := s.find(id)
	if x == nil {
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodDelete: // the deliberate end (4.2)
		x.end(errLeft)
		w.WriteHeader(http.StatusOK)
	case http.MethodPatch:
		x.patch(w, r)
	case http.MethodOptions:
		w.Header().Set("Accept-Patch", typeTrickle)
		w.Header().Set("Allow", "DELETE, PATCH, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "DELETE, PATCH, OPTIONS")
		http.Error(w, "a session is ended by DELETE", http.StatusMethodNotAllowed)
	}
}

// patch takes trickled candidates (4.3.2). ICE restarts are not supported, and are
// answered with 422 as 4.3 asks for: the browser posts a new offer instead, which
// takes over its own stream.
func (x *session) patch(w http.ResponseWriter, r *http.Request) {
	fragment, ok := body(w, r, typeTrickle)
	if !ok {
		return
	}
	switch match := r.Header.Get("If-Match"); match {
	case "":
		http.Error(w, "If-Match is missing", http.StatusPreconditionRequired)
		return
	case "*":
		http.Error(w, "ICE restarts are not supported, post a new offer", http.StatusUnprocessableEntity)
		return
	case x.etag():
	default:
		http.Error(w, "this ICE session is over", http.StatusPreconditionFailed)
		return
	}
	candidates, ufrag := parseFragment(fragment)
	if ufrag != "" && x.ufrag != "" && ufrag != x.ufrag {
		http.Error(w, "ICE restarts are not supported, post a new offer", http.StatusUnprocessableEntity)
		return
	}
	for _, c := range candidates {
		if err := x.pc.AddICECandidate(c); err != nil {
			x.log.Debug("candidate left out", "error", err)
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// maxCandidates bounds those of one fragment.
const maxCandidates = 50

// parseFragment reads the candidates of an SDP fragment (RFC 8840, 9).
func parseFragment(text string) (candidates []webrtc.ICECandidateInit, ufrag string) {
	mid := "0"
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() && len(candidates) < maxCandidates {
		line := strings.TrimSpace(lines.Text())
		switch key, value, _ := strings.Cut(line, ":"); key {
		case "a=mid":
			mid = value
		case "a=ice-ufrag":
			ufrag = value
		case "a=candidate":
			m := mid
			candidates = append(candidates, webrtc.ICECandidateInit{Candidate: "candidate:" + value, SDPMid: &m})
		}
	}
	return candidates, ufrag
}
