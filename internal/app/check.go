package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/stripepay"
	"github.com/openstall/openstall/internal/domain/payment/wechatpay"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db"
)

// Reconcile compares the books of a provider, "stripe" or "wechat", with ours
// for a span of time.
func Reconcile(ctx context.Context, d *db.DB, cfg config.Serve, provider string, now func() time.Time, from, to time.Time) (payment.Compared, error) {
	var books payment.Bookkeeper
	switch {
	case provider == stripepay.Code && cfg.StripeKey != "":
		books = stripeOf(cfg, nil)
	case provider == wechatpay.Code && cfg.WeChatMchID != "":
		p, err := wechatOf(cfg, d, nil, nil, now)
		if err != nil {
			return payment.Compared{}, err
		}
		books = p
	default:
		return payment.Compared{}, fmt.Errorf("%s is not set up", provider)
	}
	return payment.Reconcile(ctx, d, books, from, to)
}

// DaysOf is the zone in which a provider's days end: the market's, or the
// provider's own.
func DaysOf(provider string, cfg config.Serve) (*time.Location, error) {
	if provider == wechatpay.Code {
		return wechatpay.Zone(), nil
	}
	return time.LoadLocation(cfg.TimeZone)
}

// Invariant is something that [Check] verifies.
type Invariant struct{ ID, Words string }

// Invariants lists what [Check] verifies.
func Invariants() []Invariant {
	var all []Invariant
	for _, i := range order.Invariants {
		all = append(all, Invariant(i))
	}
	for _, i := range aftersale.Invariants {
		all = append(all, Invariant(i))
	}
	for _, i := range settle.Invariants {
		all = append(all, Invariant(i))
	}
	for _, i := range course.Invariants {
		all = append(all, Invariant(i))
	}
	for _, i := range claim.Invariants {
		all = append(all, Invariant(i))
	}
	for _, i := range lead.Invariants {
		all = append(all, Invariant(i))
	}
	return all
}

// Check verifies the invariants of stock, orders, money, cases, courses,
// claims and leads.
func Check(ctx context.Context, d *db.DB) ([]ledger.Problem, error) {
	return CheckAt(ctx, d, time.Now())
}

// CheckAt is [Check] for a database in which it is now.
func CheckAt(ctx context.Context, d *db.DB, now time.Time) ([]ledger.Problem, error) {
	problems, err := order.Check(ctx, d, now)
	if err != nil {
		return nil, err
	}
	more, err := aftersale.Check(ctx, d, now)
	if err != nil {
		return nil, err
	}
	shares, err := settle.Check(ctx, d)
	if err != nil {
		return nil, err
	}
	groups, err := groupbuy.Check(ctx, d, now)
	if err != nil {
		return nil, err
	}
	courses, err := course.Check(ctx, d)
	if err != nil {
		return nil, err
	}
	claims, err := claim.Check(ctx, d, now)
	if err != nil {
		return nil, err
	}
	leads, err := lead.Check(ctx, d, now)
	return slices.Concat(problems, more, shares, groups, courses, claims, leads), err
}
