package payment

import (
	"context"
	"slices"
	"strings"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// GroupPrefix begins the id that stands in place of an order's in an intent for
// several orders.
const GroupPrefix = "grp_"

// ErrApart is returned for orders that cannot be paid at once: one is being paid
// already, or their money goes to different hands.
var ErrApart = errs.New(errs.Conflict, "payment.apart", "These orders are paid one by one.", "这些订单要分别付款。")

// Share is the part of one order in a payment for several.
type Share struct {
	Order, Shop string
	Amount      money.Amount
}

// ExpectTogether notes down that several orders are about to be paid at once;
// in.Order begins with [GroupPrefix] and in.Amount is the sum of the shares. Of
// what comes each order hears its share, as if it had been paid alone. Expecting
// the same again changes nothing; anything else is [ErrApart].
func (s *Service) ExpectTogether(ctx context.Context, tx *db.Tx, in Intent, shares []Share) error {
	p, err := s.Provider(in.Provider)
	if err != nil {
		return err
	}
	if _, direct := p.(Direct); direct {
		return ErrApart
	}
	if was, err := sharesOfGroup(ctx, tx, in.Order); err != nil {
		return err
	} else if len(was) > 0 {
		if !slices.Equal(was, shares) {
			return ErrApart
		}
		return nil
	}
	for _, sh := range shares {
		if alone, err := isExpected(ctx, tx, sh.Order); err != nil {
			return err
		} else if alone {
			return ErrApart
		}
	}
	if err := s.Expect(ctx, tx, in); err != nil {
		return err
	}
	err = insertShares(ctx, tx, in.ID, shares)
	if db.IsUnique(err) {
		return ErrApart
	}
	return err
}

// GroupPage is [Service.Page] of the intent for a group of orders.
func (s *Service) GroupPage(ctx context.Context, group, buyer string) (string, error) {
	intent, err := intentOfGroup(ctx, s.db, group)
	if err != nil {
		return "", err
	}
	return s.Page(ctx, intent, buyer)
}

// GroupOf names the group with which an order is paid, or [ErrNotFound].
func (s *Service) GroupOf(ctx context.Context, order string) (string, error) {
	return groupOf(ctx, s.db, order)
}

// tellOrders tells what happened to an intent to its order, or to each of them.
func (s *Service) tellOrders(ctx context.Context, tx *db.Tx, topic string, h Happened) error {
	if !strings.HasPrefix(h.Order, GroupPrefix) {
		return s.tell(ctx, tx, topic, h)
	}
	shares, err := sharesOfGroup(ctx, tx, h.Order)
	for _, sh := range shares {
		h.Order, h.Amount = sh.Order, sh.Amount
		if err := s.tell(ctx, tx, topic, h); err != nil {
			return err
		}
	}
	return err
}
