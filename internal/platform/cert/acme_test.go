package cert_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/openstall/openstall/internal/platform/cert"
)

// authority is an ACME authority that looks for its proofs at two ports of this
// machine, whatever the name.
type authority struct {
	directory string
	roots     *x509.CertPool // of its own address
	issued    *x509.CertPool // what its certificates lead to
	orders    atomic.Int64
}

func newAuthority(t *testing.T, httpPort, tlsPort int) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0") // a repetition would count as an order
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	front := wfe.New(quiet, store, va.New(quiet, httpPort, tlsPort, false, nameServer(t), store), issuer, []string{"authority.example"}, false, false, 1, 1)
	a := &authority{roots: x509.NewCertPool(), issued: x509.NewCertPool()}
	handler := front.Handler()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "order-plz") {
			a.orders.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.directory = server.URL + wfe.DirectoryPath
	a.roots.AddCert(server.Certificate())
	if !a.issued.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()) {
		t.Fatal("the authority has no root")
	}
	return a
}

// nameServer says that every name is this machine.
func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
		}
		_ = w.WriteMsg(m)
	})}
	go s.ActivateAndServe()
	t.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

func listen(t *testing.T) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

// serve lets the keeper answer on both ports.
func serve(t *testing.T, k *cert.Keeper, plain, secure net.Listener) {
	t.Helper()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the market") })
	for l, h := range map[net.Listener]http.Handler{plain: k.HTTP(next, ""), tls.NewListener(secure, k.TLS()): next} {
		s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
		t.Cleanup(func() { s.Close() })
		go s.Serve(l)
	}
}

// handshake returns the certificate that a visitor of a name accepts.
func handshake(address, name string, roots *x509.CertPool) (*x509.Certificate, error) {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

// awaitLeaf looks until a visitor accepts the certificate: it is obtained, and
// read again, beside the serving.
func awaitLeaf(t *testing.T, l net.Listener, name string, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) { // between two looks
		leaf, err := handshake(l.Addr().String(), name, roots)
		if err == nil {
			return leaf
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestAPublicNameGetsItsCertificateByItself(t *testing.T) {
	const name = "market.example.com"
	plain, httpPort := listen(t)
	secure, tlsPort := listen(t)
	a := newAuthority(t, httpPort, tlsPort)
	c := cert.Config{Mode: cert.Auto, Names: []string{name}, Dir: t.TempDir(), Email: "op@example.com", CA: a.directory, Roots: a.roots,
		HTTPPort: httpPort, TLSPort: tlsPort, Log: slog.New(slog.DiscardHandler)}
	k := open(t, c)
	serve(t, k, plain, secure)
	if _, err := handshake(secure.Addr().String(), name, a.issued); err == nil {
		t.Fatal("there is a certificate before anybody asked for it")
	}
	if err := k.Obtain(t.Context()); err != nil {
		t.Fatal(err)
	}
	leaf := awaitLeaf(t, secure, name, a.issued)
	if a.orders.Load() != 1 {
		t.Errorf("%d orders for one certificate", a.orders.Load())
	}
	if _, err := handshake(secure.Addr().String(), "other.example.com", a.issued); err == nil {
		t.Error("another name was answered")
	}

	// After a restart it is read from the folder; the authority counts orders.
	again := open(t, c)
	if err := again.Obtain(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, _ := listen(t)
	third, _ := listen(t)
	serve(t, again, third, second)
	if same := awaitLeaf(t, second, name, a.issued); same.SerialNumber.Cmp(leaf.SerialNumber) != 0 || a.orders.Load() != 1 {
		t.Errorf("after a restart: another certificate, %d orders", a.orders.Load())
	}
}

func TestARefusalOfTheAuthorityIsTold(t *testing.T) {
	told := make(chan string, 100)
	_, httpPort := listen(t) // nobody answers there
	_, tlsPort := listen(t)
	a := newAuthority(t, httpPort, tlsPort)
	k := open(t, cert.Config{Mode: cert.Auto, Names: []string{"market.example.com"}, Dir: t.TempDir(), CA: a.directory, Roots: x509.NewCertPool(), // its address is not trusted
		HTTPPort: httpPort, TLSPort: tlsPort, Log: slog.New(slog.NewTextHandler(lines(told), nil))})
	if err := k.Obtain(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-told:
		if !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "market.example.com") {
			t.Errorf("told %q", line)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing was told")
	}
}

// lines hands each line of a log on.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}
