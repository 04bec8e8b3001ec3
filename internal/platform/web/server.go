// Package web is the door of the binary to HTTP: middleware, problem documents,
// typed operations, static files, limits. It knows nothing of what is served.
package web

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/id"
)

// Cookies.
const (
	SessionCookie = "openstall_session"
	ViewerCookie  = "openstall_viewer"
	SourceCookie  = "openstall_source"
)

// Config of the middleware. The zero value is for direct clients over HTTP.
type Config struct {
	Log *slog.Logger
	// Identify says who sends a request and may set cookies; it must be quick.
	// Nil: nobody.
	Identify func(w http.ResponseWriter, r *http.Request) Identity
	// TrustedProxies may set X-Forwarded-For and X-Forwarded-Proto.
	TrustedProxies []netip.Prefix
	// PublicURL is the address that people type, e.g. https://market.example;
	// empty: whatever Host they used.
	PublicURL string
	// Observe is told of every answer. Nil: nobody is.
	Observe func(route string, status int, took time.Duration)
	Now     func() time.Time
}

// Wrap puts the middleware around next: request id, client address, identity,
// same-origin writes, security headers, recovery and the access log.
func Wrap(cfg Config, next *http.ServeMux) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := cfg.Now()
		ip, https := client(r, cfg.TrustedProxies)
		call := &call{request: id.Secret(8), client: ip, host: r.Host, scheme: "http", language: Language(r.Header.Get("Accept-Language"))}
		if https {
			call.scheme = "https"
		}
		ctx := context.WithValue(r.Context(), callKey, call)
		r = r.WithContext(ctx)
		rec := &recorder{ResponseWriter: w}
		defer func() { // the server does this for its own request only, not for one with another context
			if r.MultipartForm != nil {
				_ = r.MultipartForm.RemoveAll()
			}
		}()
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				cfg.Log.ErrorContext(ctx, "handler panicked", "path", r.URL.Path, "request", call.request, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					WriteProblem(rec, r, nil, ErrInternal)
				}
			}
			took := cfg.Now().Sub(start)
			if cfg.Observe != nil {
				cfg.Observe(r.Pattern, rec.code(), took)
			}
			if cfg.Log.Enabled(ctx, slog.LevelDebug) {
				cfg.Log.DebugContext(ctx, "request served", "method", r.Method, "path", r.URL.Path, "status", rec.code(), "took", took, "request", call.request)
			}
		}()
		h := rec.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Request-Id", call.request)
		if crossSite(r, cfg.PublicURL) {
			WriteProblem(rec, r, cfg.Log, ErrOrigin)
			return
		}
		if cfg.Identify != nil {
			call.who = cfg.Identify(rec, r)
		}
		next.ServeHTTP(rec, r) // fills r.Pattern
	})
}

// crossSite reports a write that a browser sends from another origin. Clients
// that are not browsers send neither header and carry no cookie of ours.
func crossSite(r *http.Request, public string) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == public {
		return false
	}
	_, host, _ := strings.Cut(origin, "://")
	return host != r.Host
}

// client returns the address of the client and whether it came by https.
func client(r *http.Request, trusted []netip.Prefix) (string, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	https := r.TLS != nil
	addr, err := netip.ParseAddr(host)
	if err != nil || !contains(trusted, addr) {
		return host, https
	}
	https = https || r.Header.Get("X-Forwarded-Proto") == "https"
	hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
	for i := len(hops) - 1; i >= 0; i-- { // the last hop that we do not trust is the client
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = hop.String()
		if !contains(trusted, hop) {
			break
		}
	}
	return host, https
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(code int) {
	if w.status == 0 {
		w.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush and Hijack are asked for by type assertion in libraries.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
