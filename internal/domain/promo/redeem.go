package promo

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// Held is a coupon with its terms.
type Held struct {
	Coupon
	Terms Template
}

// Line is a position of what a buyer wants.
type Line struct {
	Product string
	Total   int64 // minor units
	Off     int64 // taken off it before; a threshold counts it
}

// Choice is a coupon held against what a buyer wants.
type Choice struct {
	Held
	Off    int64   // minor units in all; 0 when it cannot be used
	Shares []int64 // of Off, by line
	Lack   int64   // minor units missing from the threshold
}

// Mine lists a buyer's coupons, those that end first before the others.
func (s *Service) Mine(ctx context.Context, buyer string) ([]Held, error) {
	return held(ctx, s.DB, buyer, "")
}

// Choices holds a buyer's open coupons of a shop against what they want: the one
// that takes most off first, those that take nothing last.
func (s *Service) Choices(ctx context.Context, shopID, buyer, currency string, lines []Line) ([]Choice, error) {
	if buyer == "" {
		return nil, nil
	}
	if some, err := s.hasCoupons(ctx, shopID); err != nil || !some {
		return nil, err
	}
	mine, err := held(ctx, s.DB, buyer, shopID)
	if err != nil {
		return nil, err
	}
	var out []Choice
	now := s.Now()
	for _, h := range mine {
		if h.At(now) != Claimed || h.Terms.Currency != currency {
			continue
		}
		if h.Terms.NewBuyer {
			if bought, err := s.Bought(ctx, shopID, buyer); err != nil {
				return nil, err
			} else if bought {
				continue
			}
		}
		out = append(out, h.against(lines))
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Off != out[j].Off {
			return out[i].Off > out[j].Off
		}
		return out[i].Lack < out[j].Lack
	})
	return out, nil
}

func (h Held) against(lines []Line) Choice {
	c := Choice{Held: h}
	c.Off, c.Shares, c.Lack = h.Terms.On(lines)
	return c
}

// On returns what t takes off lines, in all and by line, or what they lack of
// its threshold. The shares add up to off and none is more than its line.
func (t Template) On(lines []Line) (off int64, shares []int64, lack int64) {
	weights := make([]int64, len(lines))
	var sum, shown int64
	for i, l := range lines {
		if len(t.Products) == 0 || slices.Contains(t.Products, l.Product) {
			weights[i] = l.Total
			sum += l.Total
			shown += l.Total + l.Off
		}
	}
	if shown < t.Threshold || sum == 0 {
		return 0, nil, max(0, t.Threshold-shown)
	}
	off = min(t.Off, sum)
	if t.Kind == Percent {
		off = percent(sum, t.Off)
		if t.Cap > 0 {
			off = min(off, t.Cap)
		}
	}
	return off, Divide(off, weights), 0
}

// percent rounds down, in favour of the seller's books and never above sum.
func percent(sum, p int64) int64 { return sum/100*p + sum%100*p/100 }

// Divide shares off among lines by weight with the largest-remainder rule.
func Divide(off int64, weights []int64) []int64 {
	shares := make([]int64, len(weights))
	if off == 0 {
		return shares
	}
	for i, part := range (money.Amount{Minor: off}).Allocate(weights) {
		shares[i] = part.Minor
	}
	return shares
}

// Asked is a coupon that a transaction has locked.
type Asked struct{ row couponRow }

// AskCoupon locks a coupon and reads it into a place that [db.Tx.Flush] fills.
func AskCoupon(ctx context.Context, tx *db.Tx, into *Asked, coupon string) error {
	return askCoupon(ctx, tx, &into.row, coupon)
}

// Fits reports whether the coupon is a buyer's to use at an instant.
func (a Asked) Fits(buyer string, now time.Time) bool {
	c := a.row.coupon()
	return c.ID != "" && c.Buyer == buyer && c.At(now) == Claimed
}

// Lock takes a buyer's coupon for an order, or fails with gone; after
// [db.Tx.Together] that may be told by the commit.
func Lock(ctx context.Context, tx *db.Tx, coupon, order, buyer string, now time.Time, gone error) error {
	return tx.WriteOne(ctx, gone, lockText, coupon, order, buyer, now.UnixMilli())
}

// Use notes that the order which holds a coupon is paid. A second call changes
// nothing.
func Use(ctx context.Context, tx *db.Tx, coupon, order string) error {
	return use(ctx, tx, coupon, order)
}

// Return gives a coupon back that an order held. A second call changes nothing.
func Return(ctx context.Context, tx *db.Tx, coupon, order string) error {
	return giveBack(ctx, tx, coupon, order)
}

// LockAgain takes a coupon for an order that had given it back; not when another
// order has it. Its time does not matter: the buyer paid for what they were
// offered.
func LockAgain(ctx context.Context, tx *db.Tx, coupon, order string) (bool, error) {
	return lockAgain(ctx, tx, coupon, order)
}
