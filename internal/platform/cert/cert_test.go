package cert_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/platform/cert"
)

var start = time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)

func open(t *testing.T, c cert.Config) *cert.Keeper {
	t.Helper()
	k, err := cert.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func local(t *testing.T) cert.Config {
	return cert.Config{Mode: cert.Local, Dir: t.TempDir(), Names: []string{"quay.lan", "market.fish.example"}}
}

func pool(t *testing.T, a *cert.Authority) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(a.PEM()) {
		t.Fatal("the authority's PEM is not one")
	}
	return p
}

func TestPhoneThatInstalledTheAuthorityConnects(t *testing.T) {
	k := open(t, local(t))
	l, err := tls.Listen("tcp", "127.0.0.1:0", k.TLS())
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
	t.Cleanup(func() { server.Close() })
	go server.Serve(l)
	address := "https://" + l.Addr().String()
	get := func(name string) error {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(t, k.Authority()), ServerName: name}}}
		defer client.CloseIdleConnections()
		res, err := client.Get(address)
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	for _, name := range []string{"", "quay.lan", "market.fish.example", "localhost"} {
		if err := get(name); err != nil {
			t.Errorf("as %q: %v", name, err)
		}
	}
	if get("other.lan") == nil {
		t.Error("another name was accepted")
	}
}

func TestStolenAuthorityOpensNoBank(t *testing.T) {
	c := local(t)
	c.Now = func() time.Time { return start }
	a := open(t, c).Authority()
	for name, want := range map[string]bool{"quay.lan": true, "market.fish.example": true, "bank.example": false, "fish.example": false} {
		leaf, err := a.Issue([]string{name}, c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = leaf.Leaf.Verify(x509.VerifyOptions{Roots: pool(t, a), DNSName: name, CurrentTime: start})
		if (err == nil) != want {
			t.Errorf("%s: %v, want trusted %t", name, err, want)
		}
	}
	if _, err := a.Issue([]string{"8.8.8.8"}, c); err == nil {
		t.Error("a public address was signed")
	}
}

func TestAuthorityLivesOn(t *testing.T) {
	c := local(t)
	first := open(t, c).Authority().Fingerprint()
	if second := open(t, c).Authority().Fingerprint(); second != first {
		t.Error("the second start made another authority")
	}
	path := filepath.Join(c.Dir, "authority.pem")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	c.Names = append(c.Names, "new.example")
	if _, err := cert.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a name it cannot vouch for: %v, want an error that names the file", err)
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cert.Open(t.Context(), c); err == nil {
		t.Error("a broken authority was accepted or replaced")
	}
}

func TestLeafIsRenewedWithAgeAndAddress(t *testing.T) {
	now, address := start, net.IPv4(192, 168, 1, 10)
	c := local(t)
	c.Now = func() time.Time { return now }
	get, err := cert.Machine(c, func() []net.IP { return []net.IP{address} })
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string {
		leaf, err := get()
		if err != nil {
			t.Fatal(err)
		}
		if left := leaf.Leaf.NotAfter.Sub(now); left < 29*24*time.Hour {
			t.Errorf("the leaf lives for %s", left)
		}
		return leaf.Leaf.SerialNumber.String()
	}
	first := serial()
	now = now.Add(59 * 24 * time.Hour)
	if serial() != first {
		t.Error("renewed early")
	}
	now = now.Add(2 * 24 * time.Hour)
	second := serial()
	if second == first {
		t.Error("not renewed with 29 days left")
	}
	address = net.IPv4(192, 168, 1, 11)
	if serial() != second {
		t.Error("the addresses are read at every handshake")
	}
	now = now.Add(time.Minute)
	leaf, err := get()
	if err != nil || len(leaf.Leaf.IPAddresses) != 1 || !leaf.Leaf.IPAddresses[0].Equal(address) {
		t.Errorf("after the address changed: %v, %v", leaf.Leaf.IPAddresses, err)
	}
}

func TestFormsForPhonesHoldTheSameCertificate(t *testing.T) {
	a := open(t, local(t)).Authority()
	ca, err := x509.ParseCertificate(a.DER())
	if err != nil || !ca.IsCA {
		t.Fatalf("DER: %v", err)
	}
	profile, err := a.MobileConfig(`Quay <"Market"> & 鱼`)
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.MobileConfig(`Quay <"Market"> & 鱼`)
	if err != nil || !bytes.Equal(profile, again) {
		t.Error("the profile changes from call to call")
	}
	d := xml.NewDecoder(bytes.NewReader(profile))
	text := ""
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := tok.(xml.CharData); ok {
			text += string(c)
		}
	}
	if !strings.Contains(text, `Quay <"Market"> & 鱼`) || !strings.Contains(text, "com.apple.security.root") {
		t.Errorf("profile: %s", text)
	}
	if len(a.Fingerprint()) != 16*5-1 {
		t.Errorf("fingerprint %q", a.Fingerprint())
	}
}

func TestPlainPortLeadsToTLS(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "served") })
	get := func(h http.Handler, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://quay.lan:8080"+path, nil))
		return w
	}
	secured := open(t, local(t)).HTTP(next, "8443", "/trust", "/trust/")
	if w := get(secured, "/shows/1?t=2"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "https://quay.lan:8443/shows/1?t=2" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	for _, path := range []string{"/trust", "/trust/openstall.pem"} {
		if w := get(secured, path); w.Body.String() != "served" {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	if w := get(secured, "/trusted"); w.Code != http.StatusMovedPermanently {
		t.Errorf("/trusted: %d", w.Code)
	}
	off := open(t, cert.Config{Mode: cert.Off})
	if w := get(off.HTTP(next, ""), "/"); w.Body.String() != "served" || off.TLS() != nil {
		t.Errorf("off: %d %q", w.Code, w.Body)
	}
}

func TestWrongModesAreRefused(t *testing.T) {
	for name, c := range map[string]cert.Config{
		"unknown mode":       {Mode: "maybe"},
		"auto without name":  {Mode: cert.Auto, Dir: t.TempDir()},
		"auto for localhost": {Mode: cert.Auto, Dir: t.TempDir(), Names: []string{"localhost"}},
		"auto for address":   {Mode: cert.Auto, Dir: t.TempDir(), Names: []string{"192.168.1.1"}},
		"public address":     {Mode: cert.Local, Dir: t.TempDir(), Names: []string{"8.8.8.8"}},
	} {
		if _, err := cert.Open(t.Context(), c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
