package order

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
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
	{"I7", "lines and freight add up to the order, and the order to its payment"},
	{"I8", "every balance is the sum of its transfers, and all balances of a currency come to zero"},
	{"I9", "captured money is in escrow, earned or given back, per order"},
	{"I10", "no more is given back than was captured"},
	{"I11", "each message of a provider was acted on once"},
	{"I14", "no unpaid order is older than its deadline and a minute"},
	{"I19", "every order reached its state by its history"},
	{"I20", "the stored quote of each order hashes to what the buyer saw"},
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
	for {
		rows, err := quotesAfter(ctx, q, after, 500)
		if err != nil || len(rows) == 0 {
			return problems, err
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
			sum := quote.Freight.Minor
			for _, l := range quote.Lines {
				sum += l.Total.Minor
			}
			if sum != r.total {
				problems = append(problems, ledger.Problem{Invariant: "I7", Detail: fmt.Sprintf("order %s: the quote adds up to %d, the order is %d", r.order, sum, r.total)})
			}
		}
	}
}
