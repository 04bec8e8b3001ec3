package wechatpay

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/errs"
)

// ours reports whether a refund is one that we have asked for; others are made
// by hand on the merchant platform.
func ours(number string) bool {
	return strings.HasPrefix(number, payment.RefundPrefix) || strings.HasPrefix(number, payment.SurplusPrefix)
}

// message is a notification; what it is about is sealed.
type message struct {
	ID       string `json:"id"`
	Type     string `json:"event_type"`
	Resource sealed `json:"resource"`
}

// Read verifies a message, opens it, compares it with what was asked for, and
// says what of it concerns us. WeChat sends messages with a wrong signature now
// and then to see whether anybody looks; they are refused like any other.
func (p *Provider) Read(ctx context.Context, header http.Header, body []byte, _ time.Time) (payment.Fact, error) {
	if err := p.verify(ctx, header, body); err != nil {
		return payment.Fact{}, err
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil || m.ID == "" {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	plain, err := m.Resource.open(p.cfg.APIv3Key)
	if err != nil {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	f, err := p.about(ctx, m.Type, plain)
	if err != nil || f.Kind == payment.Nothing {
		return payment.Fact{}, err
	}
	f.Message = m.ID
	return f, nil
}

// about reads what a message had sealed in it.
func (p *Provider) about(ctx context.Context, event string, plain []byte) (payment.Fact, error) {
	switch {
	case event == "TRANSACTION.SUCCESS":
		return p.readTransaction(ctx, plain)
	case strings.HasPrefix(event, "REFUND."):
		return p.readRefund(ctx, plain)
	}
	return payment.Fact{}, nil
}

func (p *Provider) readTransaction(ctx context.Context, plain []byte) (payment.Fact, error) {
	var x transaction
	if err := json.Unmarshal(plain, &x); err != nil {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	pay, err := paymentByNumber(ctx, p.db, x.Number)
	if errors.Is(err, payment.ErrNotFound) || x.Partner != p.cfg.MchID || x.AppID != p.cfg.AppID {
		return payment.Fact{}, nil // of another business
	}
	if err != nil {
		return payment.Fact{}, err
	}
	return x.fact(pay)
}

func (p *Provider) readRefund(ctx context.Context, plain []byte) (payment.Fact, error) {
	var a refundAnswer
	if err := json.Unmarshal(plain, &a); err != nil {
		return payment.Fact{}, errs.ErrInvalid.Because(err)
	}
	pay, err := paymentByNumber(ctx, p.db, a.Trade)
	if errors.Is(err, payment.ErrNotFound) || a.Partner != p.cfg.MchID || !ours(a.Number) {
		return payment.Fact{}, nil
	}
	if err != nil {
		return payment.Fact{}, err
	}
	if a.Merchant != pay.Merchant {
		return payment.Fact{}, payment.ErrMismatch
	}
	return a.fact(), nil
}
