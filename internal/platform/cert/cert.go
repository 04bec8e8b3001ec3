// Package cert gives the binary its TLS certificates.
//
// A market on a public name gets them by ACME. A market in a local network has
// no public name, but phone cameras open only over HTTPS: it makes a small
// authority of its own, whose certificate people install once, and which can
// vouch for local names and private addresses only. Behind a proxy that ends TLS
// nothing is needed here.
package cert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/openstall/openstall/internal/kit/clock"
)

// Modes of TLS.
const (
	Off   = "off"   // plain HTTP: development, or a proxy in front
	Auto  = "auto"  // ACME for public names
	Local = "local" // an authority of our own
)

// Config says which certificates are needed. Mode and Dir are required, and
// Names for Auto.
type Config struct {
	Mode  string
	Names []string // host names; Local adds the machine's private addresses by itself
	Dir   string   // folder for keys and certificates
	Email string   // Auto: where the ACME authority writes to; may be empty
	CA    string   // Auto: directory of the ACME authority. Default: Let's Encrypt
	// Roots are trusted when talking to CA, for an authority inside an
	// organisation. Default: the system's.
	Roots *x509.CertPool
	// HTTPPort and TLSPort are where this process listens, and where ports 80 and
	// 443 of the names lead. Default: 80 and 443.
	HTTPPort, TLSPort int
	Log               *slog.Logger // default: slog.Default
	Now               clock.Now
}

// Keeper holds certificates and renews them.
type Keeper struct {
	tls       *tls.Config
	issuer    *certmagic.ACMEIssuer
	authority *Authority
	obtain    func(ctx context.Context) error
}

// Open readies the certificates of c; see [Keeper.Obtain] for mode Auto. ctx
// ends their renewal.
func Open(ctx context.Context, c Config) (*Keeper, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	switch c.Mode {
	case Off:
		return &Keeper{}, nil
	case Local:
		return openLocal(c)
	case Auto:
		return openAuto(ctx, c)
	}
	return nil, fmt.Errorf("TLS mode %q is none of off, auto, local", c.Mode)
}

func openLocal(c Config) (*Keeper, error) {
	a, err := openAuthority(filepath.Join(c.Dir, "authority.pem"), c.Names, c.Now())
	if err != nil {
		return nil, fmt.Errorf("local authority: %w", err)
	}
	l := &leaves{authority: a, names: c.Names, now: c.Now, addresses: privateAddresses}
	if _, err := l.get(nil); err != nil {
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	return &Keeper{authority: a, tls: &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: l.get,
	}}, nil
}

func openAuto(ctx context.Context, c Config) (*Keeper, error) {
	if len(c.Names) == 0 {
		return nil, errors.New("TLS mode auto needs a host name")
	}
	for _, name := range c.Names {
		if !certmagic.SubjectQualifiesForPublicCert(name) || net.ParseIP(name) != nil {
			return nil, fmt.Errorf("no public authority vouches for %q; use TLS mode local", name)
		}
	}
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
		Logger:           zap.NewNop(),
	})
	context.AfterFunc(ctx, cache.Stop)
	magic = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: filepath.Join(c.Dir, "acme")}, Logger: zap.NewNop(), OnEvent: events(c.Log),
	})
	issuer := certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: c.CA, TrustedRoots: c.Roots, Email: c.Email, Agreed: true, Logger: zap.NewNop(),
		AltHTTPPort: c.HTTPPort, AltTLSALPNPort: c.TLSPort,
	})
	magic.Issuers = []certmagic.Issuer{issuer}
	config := magic.TLSConfig()
	config.NextProtos = append([]string{"h2", "http/1.1"}, config.NextProtos...)
	obtain := func(ctx context.Context) error {
		if err := magic.ManageAsync(ctx, c.Names); err != nil {
			return fmt.Errorf("obtain certificates: %w", err)
		}
		return nil
	}
	return &Keeper{tls: config, issuer: issuer, obtain: obtain}, nil
}

// events tells the operator how the authority answers.
func events(log *slog.Logger) func(context.Context, string, map[string]any) error {
	return func(ctx context.Context, event string, data map[string]any) error {
		switch event {
		case "cert_obtained":
			log.InfoContext(ctx, "certificate obtained", "name", data["identifier"], "renewal", data["renewal"])
		case "cert_failed":
			log.ErrorContext(ctx, "no certificate; it is tried again", "name", data["identifier"], "error", data["error"])
		}
		return nil
	}
}

// Obtain begins to obtain the certificates of mode Auto, and to renew them until
// ctx ends; handshakes fail until they have come. Call it once the ports are
// listened on, because the authority looks there. In other modes it does
// nothing.
func (k *Keeper) Obtain(ctx context.Context) error {
	if k.obtain == nil {
		return nil
	}
	return k.obtain(ctx)
}

// TLS returns the configuration for the HTTPS listener, nil in mode Off.
func (k *Keeper) TLS() *tls.Config { return k.tls }

// Authority returns the local authority, nil in other modes.
func (k *Keeper) Authority() *Authority { return k.authority }

// HTTP returns what port 80 answers: the challenges of ACME, and a redirect to
// HTTPS at port for the rest. In mode Off it is next itself. The addresses in
// open, and those below one that ends in a slash, are answered by next without
// TLS: for people who must first install the authority, and for this machine.
func (k *Keeper) HTTP(next http.Handler, port string, open ...string) http.Handler {
	if k.tls == nil {
		return next
	}
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.ContainsFunc(open, func(o string) bool {
			return o == r.URL.Path || strings.HasSuffix(o, "/") && strings.HasPrefix(r.URL.Path, o)
		}) {
			next.ServeHTTP(w, r)
			return
		}
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if port != "" && port != "443" {
			host = net.JoinHostPort(host, port)
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusMovedPermanently)
	})
	if k.issuer != nil {
		h = k.issuer.HTTPChallengeHandler(h)
	}
	return h
}
