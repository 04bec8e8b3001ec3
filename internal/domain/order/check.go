package order

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// Invariants are what [Check] verifies, in words.
var Invariants = []struct{ ID, Words string }{
	{"I1", "no stock item has less on hand than reserved, or a negative reservation"},
	{"I2", "reserved equals the sum of held reservations"},
	{"I3", "on hand equals the sum of movements"},
	{"I4", "what is sold and reserved never exceeds what came in"},
	{"I5", "every key and every quote has at most one order"},
	{"I6", "no order without lines, reservations and history; no such rows without an order"},
	{"I7", "lines and freight, with the tax that is added and is that of their rates, add up to the order, and the order to its payment"},
	{"I8", "every balance is the sum of its transfers, and all balances of a currency come to zero"},
	{"I9", "captured money is in escrow, earned or given back, per order"},
	{"I10", "no more is given back than was captured, per payment, order and line"},
	{"I11", "each message of a provider was acted on once"},
	{"I12", "each coupon is held by one live order, and by the one that took it off"},
	{"I13", "nobody has more of a coupon or a flash price than there is for one"},
	{"I14", "no unpaid order is older than its deadline and a minute"},
	{"I15", "a full group has its paid people and the step's price, a failed one has given everything back, and every seat is an order"},
	{"I18", "what is counted of each promotion is what standing orders took off by it"},
	{"I19", "every order reached its state by its history"},
	{"I20", "the stored quote of each order hashes to what the buyer saw"},
	{"I21", "what is in parcels is what left the stall for them, and no order is on its way without one"},
}

// Check verifies the invariants of stock, orders and money that apply and
// returns every violation.
func Check(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	problems, err := checkRows(ctx, q, now)
	if err != nil {
		return nil, err
	}
	books, err := ledger.Check(ctx, q)
	if err != nil {
		return nil, err
	}
	problems = append(problems, books...)
	quotes, err := checkQuotes(ctx, q)
	return append(problems, quotes...), err
}

// checkQuotes recomputes I7 and I20 from the frozen quotes, a page at a time.
func checkQuotes(ctx context.Context, q db.Querier) ([]ledger.Problem, error) {
	var problems []ledger.Problem
	after := ""
	coupons := map[string]string{} // coupon: the live order that took it off
	units := map[flashKey]int64{}  // of flashes, in live orders
	given := map[promo.Usage]int{} // by promotions, in live orders
	grouped := map[string]Quote{}  // of live orders in groups
	for {
		rows, err := quotesAfter(ctx, q, after, 500)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			limits, err := checkLimits(ctx, q, units)
			if err != nil {
				return nil, err
			}
			counted, err := checkGiven(ctx, q, given)
			problems = slices.Concat(problems, limits, counted)
			if err != nil || len(grouped) == 0 {
				return problems, err
			}
			seats, err := checkSeats(ctx, q, grouped)
			return append(problems, seats...), err
		}
		for _, r := range rows {
			after = r.order
			if HashOf([]byte(r.body)) != r.hash {
				problems = append(problems, ledger.Problem{Invariant: "I20", Detail: fmt.Sprintf("order %s: the quote was changed", r.order)})
				continue
			}
			var quote Quote
			if err := json.Unmarshal([]byte(r.body), &quote); err != nil {
				return nil, err
			}
			if bare(quote.ID) != bare(r.order) {
				problems = append(problems, ledger.Problem{Invariant: "I5", Detail: fmt.Sprintf("order %s was made of the quote %s", r.order, quote.ID)})
			}
			sum := quote.paid().Minor
			if !quote.taxFits() {
				problems = append(problems, ledger.Problem{Invariant: "I7", Detail: fmt.Sprintf("order %s: the tax is not that of its rates", r.order)})
			}
			for i, l := range quote.Lines {
				if full, err := l.Unit.Times(l.Quantity, l.Measure.Per()); err != nil || l.Total.Minor < 0 || full.Minor != l.Total.Minor+l.Off || l.Off != quote.offLine(i) {
					problems = append(problems, ledger.Problem{Invariant: "I7", Detail: fmt.Sprintf("order %s: line %d is %d, less %d, of %d", r.order, i, l.Total.Minor, l.Off, full.Minor)})
				}
			}
			if r.live && quote.Group != nil {
				grouped[r.order] = quote
			}
			if r.live {
				o := Order{ID: r.order, Buyer: r.buyer, Quote: quote}
				for _, u := range o.usages() {
					given[u]++
				}
				_ = o.limited(func(k flashKey, l QuoteLine) error { units[k] += l.Quantity; return nil })
			}
			if c := quote.Coupon(); c != "" && r.live {
				if was := coupons[c]; was != "" || r.coupon != c {
					problems = append(problems, ledger.Problem{Invariant: "I12", Detail: fmt.Sprintf("order %s took off coupon %s, which %q and order %q hold", r.order, c, r.coupon, was)})
				}
				coupons[c] = r.order
			}
			if sum != r.total {
				problems = append(problems, ledger.Problem{Invariant: "I7", Detail: fmt.Sprintf("order %s: the quote adds up to %d, the order is %d", r.order, sum, r.total)})
			}
		}
	}
}

// checkLimits compares what buyers have of flashes with their live orders.
func checkLimits(ctx context.Context, q db.Querier, units map[flashKey]int64) ([]ledger.Problem, error) {
	rows, err := flashTakes(ctx, q)
	var problems []ledger.Problem
	for _, r := range rows {
		if r.units != units[r.flashKey] || r.units > r.limit {
			problems = append(problems, ledger.Problem{Invariant: "I13", Detail: fmt.Sprintf("flash %s: buyer %s has %d, orders have %d, at most %d", r.flash, r.buyer, r.units, units[r.flashKey], r.limit)})
		}
		delete(units, r.flashKey)
	}
	for k, n := range units {
		problems = append(problems, ledger.Problem{Invariant: "I13", Detail: fmt.Sprintf("flash %s: buyer %s has none, orders have %d", k.flash, k.buyer, n)})
	}
	return problems, err
}

// checkGiven compares what is counted of promotions with the live orders.
func checkGiven(ctx context.Context, q db.Querier, given map[promo.Usage]int) ([]ledger.Problem, error) {
	counted, err := promo.Uses(ctx, q)
	var problems []ledger.Problem
	for _, u := range counted {
		if given[u] != 1 {
			problems = append(problems, ledger.Problem{Invariant: "I18", Detail: fmt.Sprintf("promotion %s: %d is counted for order %s, which stands %d times", u.Promotion, u.Off, u.Order, given[u])})
		}
		delete(given, u)
	}
	for u := range given {
		problems = append(problems, ledger.Problem{Invariant: "I18", Detail: fmt.Sprintf("promotion %s: %d of order %s is not counted", u.Promotion, u.Off, u.Order)})
	}
	return problems, err
}

// checkSeats holds the live orders in groups against their seats, and the seats
// against the orders.
func checkSeats(ctx context.Context, q db.Querier, live map[string]Quote) ([]ledger.Problem, error) {
	rows, err := seatRows(ctx, q)
	var problems []ledger.Problem
	say := func(words string, args ...any) {
		problems = append(problems, ledger.Problem{Invariant: "I15", Detail: fmt.Sprintf(words, args...)})
	}
	for _, r := range rows {
		quote, stands := live[r.order]
		delete(live, r.order)
		counts := r.seat == groupbuy.Paid
		switch {
		case r.seat == groupbuy.Left && stands:
			say("order %s has left group %s and stands", r.order, r.code)
		case r.group == groupbuy.Open && r.seat != groupbuy.Left && !stands:
			say("order %s keeps a seat in group %s and is gone", r.order, r.code)
		case counts && stands && r.pay != Paid && r.pay != PartlyRefunded && r.pay != Refunding && r.pay != Refunded:
			say("order %s counts as paid in group %s, it is %s", r.order, r.code, r.pay)
		case r.settled && stands && !(r.group == groupbuy.Full && counts):
			say("group %s is %s, and order %s stands with a seat that is %s", r.code, r.group, r.order, r.seat)
		case r.settled && stands:
			due, err := aboveStep(quote, r.people)
			if err != nil {
				return nil, err
			}
			if r.back != due && r.other == 0 || r.back > due {
				say("order %s got %d of group %s back, it is owed %d", r.order, r.back, r.code, due)
			}
		}
	}
	for order := range live {
		say("order %s has no seat in its group", order)
	}
	return problems, err
}

// aboveStep is what an order of q paid above the price for so many people.
func aboveStep(q Quote, people int64) (int64, error) {
	l := q.Lines[0]
	price, err := money.Of(q.Group.Reached(people), l.Unit.Currency).Times(l.Quantity, l.Measure.Per())
	if q.Tax != nil && q.Tax.Rule == tax.Added && l.Tax != nil {
		price.Minor += q.Tax.Rule.Of(price.Minor, l.Tax.PPM)
	}
	return q.PaidFor(0) - price.Minor, err
}
