package settle

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/db"
)

// Invariants are what [Check] verifies, in words.
var Invariants = []struct{ ID, Words string }{
	{"I16", "the commission on each order is what was frozen with it, less the share of what went back"},
	{"I17", "each completed order is settled once, and what shops have earned waits, is free, is in their hands or is paid out"},
}

// Check returns every violation.
func Check(ctx context.Context, q db.Querier) ([]ledger.Problem, error) {
	problems, err := checkRows(ctx, q)
	if err != nil {
		return nil, err
	}
	orders, err := checkOrders(ctx, q)
	return append(problems, orders...), err
}

// checkOrders recomputes what each order is worth from its frozen quote and its
// refunds, a page at a time.
func checkOrders(ctx context.Context, q db.Querier) ([]ledger.Problem, error) {
	var problems []ledger.Problem
	say := func(id, words string, args ...any) {
		problems = append(problems, ledger.Problem{Invariant: id, Detail: fmt.Sprintf(words, args...)})
	}
	for after := ""; ; {
		rows, err := worths(ctx, q, after, 500)
		if err != nil || len(rows) == 0 {
			return problems, err
		}
		back, err := backOf(ctx, q, rows[0].order, rows[len(rows)-1].order)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			after = r.order
			var quote order.Quote
			if err := json.Unmarshal([]byte(r.body), &quote); err != nil {
				return nil, err
			}
			gross, kept := r.total-back[position{r.order, order.Freight}], int64(0)
			for i, l := range quote.Lines {
				b := back[position{r.order, i}]
				gross -= b
				kept += fee.Kept(l.Fee, quote.PaidFor(i), b)
				if l.Fee < 0 || l.Fee > l.Total.Minor {
					say("I16", "order %s: line %d of %d pays %d", r.order, i, l.Total.Minor, l.Fee)
				}
			}
			if r.gross != gross || r.fee != kept {
				say("I16", "order %s is worth %d and pays %d, it should be %d and %d", r.order, r.gross, r.fee, gross, kept)
			}
			sales := int64(1)
			if r.state == Waiting {
				gross, kept, sales = 0, 0, 0
			} else if r.sales == 0 && gross == 0 { // all of it had gone back before
				sales = 0
			}
			if r.sales != sales || r.movedGross != gross || r.movedFee != kept {
				say("I17", "order %s is %s: %d times booked with %d less %d, want %d with %d less %d", r.order, r.state, r.sales, r.movedGross, r.movedFee, sales, gross, kept)
			}
		}
	}
}
