package hls

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
)

// Prefix is where the handler is mounted.
const Prefix = "/live/"

// Header values are made once; net/http does not change them.
var (
	playlistType = []string{"application/vnd.apple.mpegurl"}
	mediaType    = []string{"video/mp4"}

	// A playlist that answers a blocking request is the same for everyone who
	// asked for that part (6.2.5.2), so caches may collapse the requests and
	// keep the answer for latecomers.
	cacheBlocked = []string{"public, max-age=6"}
	cachePlain   = []string{"public, max-age=1"}
	cacheForever = []string{"public, max-age=3600, immutable"}
	cachePrivate = []string{"private, max-age=60"}
	cacheNever   = []string{"no-store"}
)

// question is what a playlist request asks for (6.2.5). Numbers are -1 if absent.
type question struct {
	msn  int64
	part int
	skip bool
}

func ask(query string) (q question, ok bool) {
	q = question{msn: -1, part: -1}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		var err error
		switch name {
		case "_HLS_msn":
			q.msn, err = strconv.ParseInt(value, 10, 64)
			if q.msn < 0 {
				return q, false
			}
		case "_HLS_part":
			q.part, err = strconv.Atoi(value)
			if q.part < 0 {
				return q, false
			}
		case "_HLS_skip":
			q.skip = value == "YES" || value == "v2"
		}
		if err != nil {
			return q, false
		}
	}
	return q, q.part < 0 || q.msn >= 0
}

// answered reports whether e holds what q asks for.
func (e *edition) answered(q question) bool {
	if e.ended || q.msn < 0 {
		return len(e.segs) > 0
	}
	msn, part := e.next()
	if q.part < 0 {
		return msn > q.msn
	}
	// A part behind the last one of a segment is the first of the next.
	if s := e.find(q.msn); s != nil && s.complete && q.part >= len(s.parts) {
		q.msn, q.part = q.msn+1, 0
	}
	return msn > q.msn || msn == q.msn && part > q.part
}

// tooFar reports whether q asks for what no player can expect yet (6.2.5.2).
func (e *edition) tooFar(q question) bool {
	if len(e.segs) == 0 {
		return false
	}
	msn, _ := e.next()
	return q.msn > msn+1
}

// ServeHTTP answers below [Prefix].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, http.StatusMethodNotAllowed)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, Prefix)
	id, file, ok2 := strings.Cut(path, "/")
	if !ok || !ok2 || !stream.ValidID(id) {
		s.refuse(w, http.StatusNotFound)
		return
	}
	if s.cfg.Gate != nil && s.cfg.Gate(r, id) != nil {
		s.refuse(w, http.StatusForbidden)
		return
	}
	if first(file, r.URL.RawQuery) && s.cfg.Expect != nil && s.cfg.Expect(id) {
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Arrival)
		defer cancel()
		r = r.WithContext(ctx)
		s.arrival(ctx, id)
	}
	m, _ := s.muxer(id)
	if m == nil {
		s.refuse(w, http.StatusNotFound)
		return
	}
	switch file {
	case "index.m3u8":
		s.master(w, r, m)
	case "media.m3u8":
		s.media(w, r, m)
	default:
		s.file(w, r, m, file)
	}
}

// first reports whether a request is one that a player opens a stream with. A
// player that follows a playlist asks for its next part, and gives up sooner
// than a stream arrives.
func first(file, query string) bool {
	return file == "index.m3u8" || file == "media.m3u8" && query == ""
}

// arrival waits until a stream is there and shows something, or until ctx ends.
func (s *Server) arrival(ctx context.Context, id string) {
	s.count.waiting.Add(1)
	defer s.count.waiting.Add(-1)
	for {
		m, arrived := s.muxer(id)
		var shown <-chan struct{}
		if m != nil {
			e := m.now.Load()
			if e.master != nil {
				return
			}
			shown = e.replaced
		}
		select {
		case <-arrived:
		case <-shown:
		case <-ctx.Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// refuse answers with a bare status: no player shows more.
func (s *Server) refuse(w http.ResponseWriter, status int) {
	s.count.refused.Add(1)
	w.Header()["Cache-Control"] = cacheNever
	w.WriteHeader(status)
}

// wait returns the first edition that satisfies enough, or the present one when
// the time for waiting is over or the request is.
func (s *Server) wait(ctx context.Context, m *muxer, enough func(*edition) bool) (e *edition, ok bool) {
	if e = m.now.Load(); enough(e) {
		return e, true
	}
	s.count.waiting.Add(1)
	defer s.count.waiting.Add(-1)
	timer := time.NewTimer(s.limit(e))
	defer timer.Stop()
	for {
		select {
		case <-e.replaced:
		case <-timer.C:
			return m.now.Load(), false
		case <-ctx.Done():
			return m.now.Load(), false
		case <-s.ctx.Done():
			return m.now.Load(), false
		}
		old := e
		if e = m.now.Load(); enough(e) {
			return e, true
		}
		if e.away != old.away {
			timer.Reset(s.limit(e))
		}
	}
}

// limit is how long a request may wait: three target durations (6.2.5.2), or
// Hold while the publisher is away, since an unchanged playlist keeps players
// calm and a silent server does not.
func (s *Server) limit(e *edition) time.Duration {
	if e.away {
		return s.cfg.Hold
	}
	return 3 * s.cfg.TargetDuration
}

func (s *Server) master(w http.ResponseWriter, r *http.Request, m *muxer) {
	e, ok := s.wait(r.Context(), m, func(e *edition) bool { return e.master != nil })
	if !ok {
		s.refuse(w, http.StatusNotFound) // connected, and nothing to show yet
		return
	}
	s.count.playlists.Add(1)
	s.send(w, r, m, playlistType, cachePlain, e.master)
}

func (s *Server) media(w http.ResponseWriter, r *http.Request, m *muxer) {
	q, ok := ask(r.URL.RawQuery)
	if !ok || m.now.Load().tooFar(q) {
		s.refuse(w, http.StatusBadRequest)
		return
	}
	e, ok := s.wait(r.Context(), m, func(e *edition) bool { return e.answered(q) })
	cache := cachePlain
	switch {
	case ok && q.msn >= 0 && !e.ended:
		cache = cacheBlocked
	case !ok && e.media == nil:
		s.refuse(w, http.StatusNotFound)
		return
	case !ok && !e.away:
		s.refuse(w, http.StatusServiceUnavailable)
		return
	case !ok:
		cache = cacheNever
	}
	s.count.playlists.Add(1)
	body := e.media
	if q.skip && e.delta != nil {
		body = e.delta
	}
	s.send(w, r, m, playlistType, cache, body)
}

// file serves init segments, parts ("msn.part.mp4") and segments ("msn.mp4").
func (s *Server) file(w http.ResponseWriter, r *http.Request, m *muxer, name string) {
	stem, ok := strings.CutSuffix(name, ".mp4")
	if !ok {
		s.refuse(w, http.StatusNotFound)
		return
	}
	if strings.HasPrefix(stem, "init-") {
		s.init(w, r, m, name)
		return
	}
	first, second, isPart := strings.Cut(stem, ".")
	msn, err := strconv.ParseInt(first, 10, 64)
	part := 0
	if err == nil && isPart {
		part, err = strconv.Atoi(second)
	}
	if err != nil || part < 0 {
		s.refuse(w, http.StatusNotFound)
		return
	}
	if isPart {
		s.part(w, r, m, msn, part)
		return
	}
	seg := m.now.Load().find(msn)
	if seg == nil || !seg.complete {
		s.refuse(w, http.StatusNotFound)
		return
	}
	s.count.segments.Add(1)
	bodies := make([][]byte, len(seg.parts))
	for i, p := range seg.parts {
		bodies[i] = p.Data
	}
	s.send(w, r, m, mediaType, cacheForever, bodies...)
}

func (s *Server) init(w http.ResponseWriter, r *http.Request, m *muxer, name string) {
	e := m.now.Load()
	for i := range e.segs {
		if p := e.segs[i].parts; len(p) > 0 && p[0].Init.Name == name {
			s.send(w, r, m, mediaType, cacheForever, p[0].Init.Data)
			return
		}
	}
	s.refuse(w, http.StatusNotFound)
}

// part serves a part, or waits for it if the preload hint names it (6.2.6).
func (s *Server) part(w http.ResponseWriter, r *http.Request, m *muxer, msn int64, part int) {
	q := question{msn: msn, part: part}
	e := m.now.Load()
	if nextMSN, nextPart := e.next(); !e.ended && msn == nextMSN && part == nextPart {
		e, _ = s.wait(r.Context(), m, func(e *edition) bool { return e.ended || e.answered(q) })
	}
	seg := e.find(msn)
	if seg == nil || part >= len(seg.parts) {
		s.refuse(w, http.StatusNotFound)
		return
	}
	s.count.parts.Add(1)
	s.send(w, r, m, mediaType, cacheForever, seg.parts[part].Data)
}

// send writes bodies one after the other.
func (s *Server) send(w http.ResponseWriter, r *http.Request, m *muxer, kind, cache []string, bodies ...[]byte) {
	if m.private {
		if cache = cachePrivate; kind[0] == playlistType[0] {
			cache = cacheNever
		}
	}
	size := 0
	for _, b := range bodies {
		size += len(b)
	}
	h := w.Header()
	h["Content-Type"] = kind
	h["Cache-Control"] = cache
	h["Content-Length"] = []string{strconv.Itoa(size)}
	if r.Method == http.MethodHead {
		return
	}
	s.count.bytes.Add(int64(size))
	for _, b := range bodies {
		if _, err := w.Write(b); err != nil {
			return // the viewer left
		}
	}
}
