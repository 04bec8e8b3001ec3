package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// Booking is a line in the books of a provider.
type Booking struct {
	Kind    Kind   // Succeeded, GivenBack or NotGivenOut
	Ref     string // the provider's name of the payment or refund
	Payment string // of a refund: the provider's name of its payment
	Ours    bool   // carries our marks; others may use the same account
	Amount  money.Amount
	At      time.Time
}

// Bookkeeper is a provider whose books can be read.
type Bookkeeper interface {
	Provider
	// Books returns what was booked from an instant until before another.
	Books(ctx context.Context, from, to time.Time) ([]Booking, error)
}

// Difference is something on which the provider's books and ours do not agree.
type Difference struct {
	Ref   string
	Order string // "" when it is of no order of ours
	Words string
}

// Compared is the result of [Reconcile].
type Compared struct {
	Payments, Refunds int // of the provider's, that agree
	Foreign           int // of the provider's, that have nothing to do with us
	Differences       []Difference
}

// messages may come this much later than what they tell of.
const lateMessages = 4 * 24 * time.Hour

// Reconcile compares a provider's books with ours, in both directions, for what
// was booked there or noted here from an instant until before another. It
// changes nothing.
func Reconcile(ctx context.Context, q db.Querier, p Bookkeeper, from, to time.Time) (Compared, error) {
	// What is noted here was booked there before, maybe days.
	books, err := p.Books(ctx, from.Add(-lateMessages), to.Add(time.Hour))
	if err != nil {
		return Compared{}, fmt.Errorf("books of %s: %w", p.Code(), err)
	}
	there := map[string]Booking{}
	failed := map[string]bool{}
	for _, b := range books {
		if b.Kind == NotGivenOut {
			failed[b.Ref] = true
		} else {
			there[b.Ref] = b
		}
	}
	var c Compared
	for _, b := range books {
		if b.At.Before(from) || !b.At.Before(to) {
			continue
		}
		if err := c.theirs(ctx, q, p.Code(), b); err != nil {
			return c, err
		}
	}
	ours, err := noted(ctx, q, p.Code(), from, to)
	if err != nil {
		return c, err
	}
	for _, n := range ours {
		what := "payment"
		if n.kind == GivenBack {
			what = "refund"
		}
		if _, ok := there[n.ref]; !ok {
			c.differ(n, fmt.Sprintf("%s of %v is in our books, not in theirs", what, n.amount))
		} else if n.kind == GivenBack && failed[n.ref] {
			c.differ(n, fmt.Sprintf("refund of %v is done in our books, failed in theirs", n.amount))
		}
	}
	return c, nil
}

// theirs looks for a booking of the provider's in our books.
func (c *Compared) theirs(ctx context.Context, q db.Querier, provider string, b Booking) error {
	switch b.Kind {
	case Succeeded:
		n, found, err := capturedAs(ctx, q, provider, b.Ref)
		if err != nil {
			return err
		}
		switch {
		case !found && !b.Ours:
			c.Foreign++
		case !found:
			c.differ(note{ref: b.Ref}, fmt.Sprintf("payment of %v is in their books, not in ours", b.Amount))
		case n.amount != b.Amount:
			c.differ(n, fmt.Sprintf("payment is %v in their books, %v in ours", b.Amount, n.amount))
		default:
			c.Payments++
		}
	case GivenBack:
		n, found, err := refundedAs(ctx, q, provider, b.Ref)
		if err != nil {
			return err
		}
		if found && n.amount == b.Amount {
			c.Refunds++
			return nil
		}
		if found {
			c.differ(n, fmt.Sprintf("refund is %v in their books, %v in ours", b.Amount, n.amount))
			return nil
		}
		paid, ours, err := capturedAs(ctx, q, provider, b.Payment)
		if err != nil {
			return err
		}
		if !ours && !b.Ours {
			c.Foreign++
			return nil
		}
		c.differ(note{ref: b.Ref, order: paid.order}, fmt.Sprintf("refund of %v is in their books, not in ours", b.Amount))
	}
	return nil
}

func (c *Compared) differ(n note, words string) {
	c.Differences = append(c.Differences, Difference{Ref: n.ref, Order: n.order, Words: words})
}

// note is a payment or a refund in our books.
type note struct {
	kind       Kind
	ref, order string
	amount     money.Amount
}
