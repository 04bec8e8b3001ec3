package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// Authority is a certificate authority of this market alone. People who install
// it trust it for local names and private addresses and for nothing else: the
// certificate says so (name constraints, RFC 5280 section 4.2.1.10), so that its
// key is no key to their bank.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// localDomains are never public; names below them need no other permission.
var localDomains = []string{"localhost", "local", "lan", "home.arpa", "internal", "test"}

const authorityFor = 10 * 365 * 24 * time.Hour

// openAuthority reads the authority at path, or makes one that may vouch for
// names.
func openAuthority(path string, names []string, now time.Time) (*Authority, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeAuthority(path, names, now)
	}
	if err != nil {
		return nil, err
	}
	a, err := parseAuthority(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range names {
		if net.ParseIP(name) == nil && !a.permits(name) {
			return nil, fmt.Errorf("the authority in %s was made without %q; remove the file to make another, which everyone installs again", path, name)
		}
	}
	return a, nil
}

func (a *Authority) permits(name string) bool {
	for _, domain := range a.cert.PermittedDNSDomains {
		if strings.EqualFold(name, domain) || strings.HasSuffix(strings.ToLower(name), "."+domain) {
			return true
		}
	}
	return false
}

func makeAuthority(path string, names []string, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	domains := append([]string(nil), localDomains...)
	for _, name := range names {
		if net.ParseIP(name) == nil {
			domains = append(domains, strings.ToLower(name))
		}
	}
	if host != "this machine" {
		domains = append(domains, strings.ToLower(host))
	}
	template := &x509.Certificate{
		SerialNumber:                serial(),
		Subject:                     pkix.Name{CommonName: "Openstall market on " + host, Organization: []string{"Openstall"}},
		NotBefore:                   now.Add(-time.Hour), // phones with a slow clock
		NotAfter:                    now.Add(authorityFor),
		IsCA:                        true,
		MaxPathLenZero:              true,
		BasicConstraintsValid:       true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         domains,
		PermittedIPRanges:           privateRanges,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a buffer takes everything
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := writeSecret(path, out.Bytes()); err != nil {
		return nil, err
	}
	return parseAuthority(out.Bytes())
}

// writeSecret writes a file that only its owner reads, whole or not at all.
func writeSecret(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func parseAuthority(data []byte) (*Authority, error) {
	certBlock, rest := pem.Decode(data)
	keyBlock, _ := pem.Decode(rest)
	if certBlock == nil || keyBlock == nil {
		return nil, errors.New("not a certificate and a key")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("certificate and key do not belong together")
	}
	return &Authority{cert: cert, key: key}, nil
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // never fails
	return n.Add(n, big.NewInt(1))
}

// DER returns the certificate of the authority, as Android takes it (.crt).
func (a *Authority) DER() []byte { return a.cert.Raw }

// PEM returns the certificate of the authority as text, as desktops take it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Fingerprint returns the SHA-256 of the certificate in groups of four, for
// people to compare.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	groups := make([]string, 0, 16)
	for i := 0; i < len(sum); i += 2 {
		groups = append(groups, fmt.Sprintf("%02X%02X", sum[i], sum[i+1]))
	}
	return strings.Join(groups, " ")
}

// MobileConfig returns the certificate as a configuration profile, as iPhones
// take it (application/x-apple-aspen-config). Market is the name people see.
func (a *Authority) MobileConfig(market string) ([]byte, error) {
	sum := sha256.Sum256(a.cert.Raw)
	var out bytes.Buffer
	err := profile.Execute(&out, map[string]string{
		"Market": market,
		"Cert":   base64.StdEncoding.EncodeToString(a.cert.Raw),
		"ID":     fmt.Sprintf("%x", sum[:8]),
		"Inner":  uuid(sum[:16]),
		"Outer":  uuid(sum[16:]),
	})
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return out.Bytes(), nil
}

// uuid shapes 16 bytes as a version 8 UUID (RFC 9562), the same at every call, so
// that a second installation replaces the first.
func uuid(b []byte) string {
	b = bytes.Clone(b)
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var profile = template.Must(template.New("profile").Parse(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadType</key><string>com.apple.security.root</string>
			<key>PayloadVersion</key><integer>1</integer>
			<key>PayloadIdentifier</key><string>market.openstall.{{.ID}}.root</string>
			<key>PayloadUUID</key><string>{{.Inner}}</string>
			<key>PayloadDisplayName</key><string>{{html .Market}}</string>
			<key>PayloadCertificateFileName</key><string>market.cer</string>
			<key>PayloadContent</key><data>{{.Cert}}</data>
		</dict>
	</array>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadVersion</key><integer>1</integer>
	<key>PayloadIdentifier</key><string>market.openstall.{{.ID}}</string>
	<key>PayloadUUID</key><string>{{.Outer}}</string>
	<key>PayloadDisplayName</key><string>{{html .Market}}</string>
	<key>PayloadDescription</key><string>Trusts this market in the local network.</string>
</dict>
</plist>
`))
