package wechatpay

import (
	"context"
	"encoding/json"

	"github.com/openstall/openstall/internal/domain/payment"
)

// Open opens a sealed resource, as JSON, with an APIv3 key.
func Open(resource []byte, key string) ([]byte, error) {
	var s sealed
	if err := json.Unmarshal(resource, &s); err != nil {
		return nil, err
	}
	return s.open(key)
}

// ParseBill reads a trade bill.
func ParseBill(b []byte) ([]payment.Booking, error) { return parseBill(b) }

// Genuine reports whether a signature is that of a certificate over lines.
func Genuine(pem []byte, signature string, lines ...string) bool {
	_, key, err := certificate(pem)
	return err == nil && genuine(key, signature, lines...)
}

// About reads what a message had sealed in it.
func (p *Provider) About(ctx context.Context, event string, plain []byte) (payment.Fact, error) {
	return p.about(ctx, event, plain)
}
