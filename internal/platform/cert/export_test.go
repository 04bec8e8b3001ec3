package cert

import (
	"crypto/tls"
	"net"
)

// Machine is a local certificate for addresses that the test changes.
func Machine(c Config, addresses func() []net.IP) (get func() (*tls.Certificate, error), err error) {
	k, err := openLocal(c)
	if err != nil {
		return nil, err
	}
	l := &leaves{authority: k.authority, names: c.Names, now: c.Now, addresses: addresses}
	return func() (*tls.Certificate, error) { return l.get(nil) }, nil
}

// Issue signs for any name, as a thief of the key would.
func (a *Authority) Issue(names []string, c Config) (*tls.Certificate, error) {
	return a.issue(names, nil, c.Now())
}
