package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
)

const (
	leafFor    = 90 * 24 * time.Hour
	renewUnder = 30 * 24 * time.Hour
	lookEvery  = time.Minute // at the addresses of the machine
)

// leaves makes the certificate of this machine, again when it grows old or when
// the machine gets another address. It lives in memory only.
type leaves struct {
	authority *Authority
	names     []string
	now       clock.Now
	addresses func() []net.IP

	mu     sync.Mutex
	leaf   *tls.Certificate
	ips    []net.IP
	looked time.Time
}

// get is [tls.Config.GetCertificate].
func (l *leaves) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.leaf != nil && now.Sub(l.looked) < lookEvery {
		return l.leaf, nil
	}
	l.looked = now
	ips := l.addresses()
	if l.leaf != nil && l.leaf.Leaf.NotAfter.Sub(now) > renewUnder && sameIPs(ips, l.ips) {
		return l.leaf, nil
	}
	leaf, err := l.authority.issue(l.names, ips, now)
	if err != nil {
		return nil, err
	}
	l.leaf, l.ips = leaf, ips
	return leaf, nil
}

func (a *Authority) issue(names []string, ips []net.IP, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "Openstall"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(leafFor),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  slices.Clone(ips),
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip == nil {
			template.DNSNames = append(template.DNSNames, name)
		} else if private(ip) {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			return nil, fmt.Errorf("%s is not a private address", name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// privateRanges are what a local authority may vouch for.
var privateRanges = ranges("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
	"100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10")

func ranges(texts ...string) []*net.IPNet {
	out := make([]*net.IPNet, len(texts))
	for i, s := range texts {
		_, n, err := net.ParseCIDR(s)
		if err != nil {
			panic(err)
		}
		out[i] = n
	}
	return out
}

func private(ip net.IP) bool {
	return slices.ContainsFunc(privateRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
}

// privateAddresses are those of this machine.
func privateAddresses() []net.IP {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	var out []net.IP
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && private(n.IP) {
			out = append(out, n.IP)
		}
	}
	return out
}

func sameIPs(a, b []net.IP) bool {
	return slices.EqualFunc(a, b, func(x, y net.IP) bool { return x.Equal(y) })
}
