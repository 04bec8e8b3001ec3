package wechatpay

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
)

// skew is how far from now the stamp of an answer or a message may be, either
// way.
const skew = 5 * time.Minute

// Platform certificates are fetched again after half a day, so that a new one is
// known before it is used, and when a serial is met that is not known; that not
// more often than once a minute, because anybody can make one up.
const (
	certificatesLive = 12 * time.Hour
	certificatesRest = time.Minute
)

// ring holds the keys with which WeChat Pay signs: its public key, whose id
// begins with PUB_KEY_ID_, and platform certificates by their serial. While a
// merchant moves from the one to the other, both occur.
type ring struct {
	mu      sync.Mutex
	certs   map[string]cert
	fetched time.Time // when certificates came
	tried   time.Time // when they were last asked for
}

type cert struct {
	key         *rsa.PublicKey
	from, until time.Time
}

// verify checks the signature headers of an answer or a message over its raw
// body: who signed it, then when.
func (p *Provider) verify(ctx context.Context, h http.Header, body []byte) error {
	serial, stamp, nonce := h.Get("Wechatpay-Serial"), h.Get("Wechatpay-Timestamp"), h.Get("Wechatpay-Nonce")
	if kind := h.Get("Wechatpay-Signature-Type"); kind != "" && kind != "WECHATPAY2-SHA256-RSA2048" {
		return payment.ErrSignature
	}
	signature := h.Get("Wechatpay-Signature")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || serial == "" || nonce == "" || signature == "" || strings.HasPrefix(signature, "WECHATPAY/SIGNTEST/") {
		return payment.ErrSignature
	}
	key, err := p.keyOf(ctx, serial)
	if err != nil {
		return err
	}
	if !genuine(key, signature, stamp, nonce, string(body)) {
		return payment.ErrSignature
	}
	if age := p.now().Sub(time.Unix(seconds, 0)); age >= skew || age <= -skew {
		return payment.ErrStale
	}
	return nil
}

// keyOf returns the key of a serial.
func (p *Provider) keyOf(ctx context.Context, serial string) (*rsa.PublicKey, error) {
	if strings.HasPrefix(serial, "PUB_KEY_ID_") {
		if p.cfg.PublicKey == nil || serial != p.cfg.PublicKeyID {
			return nil, payment.ErrSignature
		}
		return p.cfg.PublicKey, nil
	}
	p.ring.mu.Lock()
	defer p.ring.mu.Unlock()
	now := p.now()
	c, known := p.ring.certs[serial]
	if (!known || now.Sub(p.ring.fetched) >= certificatesLive) && now.Sub(p.ring.tried) >= certificatesRest {
		p.ring.tried = now
		certs, err := p.certificates(ctx)
		if err == nil {
			p.ring.certs, p.ring.fetched = certs, now
		} else if !known {
			return nil, fmt.Errorf("platform certificates: %w", err)
		}
		c, known = p.ring.certs[serial]
	}
	if !known || now.Before(c.from) || now.After(c.until) {
		return nil, payment.ErrSignature
	}
	return c.key, nil
}

// certificates fetches the platform certificates. What they are believed on is
// that they open with the APIv3 key, which only WeChat Pay and we know; the
// answer is verified after that, with one of those it brought, or with the public
// key.
func (p *Provider) certificates(ctx context.Context) (map[string]cert, error) {
	header, body, err := p.exchange(ctx, http.MethodGet, "/v3/certificates", nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Data []struct {
			Serial  string `json:"serial_no"`
			Content sealed `json:"encrypt_certificate"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	certs := map[string]cert{}
	for _, d := range list.Data {
		plain, err := d.Content.open(p.cfg.APIv3Key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", d.Serial, err)
		}
		c, key, err := certificate(plain)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", d.Serial, err)
		}
		if serial := fmt.Sprintf("%X", c.SerialNumber); serial != strings.TrimLeft(strings.ToUpper(d.Serial), "0") {
			return nil, fmt.Errorf("certificate %s says that it is %s", d.Serial, serial)
		}
		certs[d.Serial] = cert{key, c.NotBefore, c.NotAfter}
	}
	serial := header.Get("Wechatpay-Serial")
	key := certs[serial].key
	if strings.HasPrefix(serial, "PUB_KEY_ID_") && serial == p.cfg.PublicKeyID {
		key = p.cfg.PublicKey
	}
	if key == nil || !genuine(key, header.Get("Wechatpay-Signature"), header.Get("Wechatpay-Timestamp"), header.Get("Wechatpay-Nonce"), string(body)) {
		return nil, payment.ErrSignature
	}
	return certs, nil
}
