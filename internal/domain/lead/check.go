package lead

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/platform/db"
)

// Invariants are what [Check] verifies, in words.
var Invariants = []struct{ ID, Words string }{
	{"L1", "a lead that was erased names nobody, and every other has what was agreed to"},
	{"L2", "no lead is kept for longer than was agreed to"},
	{"L3", "a slot that is still to come holds every viewing that took it"},
}

// eraseLate is how long after its time a lead may still be there: the clock runs
// every hour, and a market may be down.
const eraseLate = 3 * 24 * time.Hour

// Check returns every violation.
func Check(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	var problems []ledger.Problem
	for _, c := range []struct {
		id, words string
		find      func() ([]string, error)
	}{
		{"L1", "lead %s keeps what it should not, or lacks its consent", func() ([]string, error) { return halfErased(ctx, q) }},
		{"L2", "lead %s should have been erased", func() ([]string, error) { return due(ctx, q, now.Add(-eraseLate), 100) }},
		{"L3", "slot %s holds fewer than took it", func() ([]string, error) { return lostSlots(ctx, q, now) }},
	} {
		found, err := c.find()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.id, err)
		}
		for _, what := range found {
			problems = append(problems, ledger.Problem{Invariant: c.id, Detail: fmt.Sprintf(c.words, what)})
		}
	}
	return problems, nil
}
