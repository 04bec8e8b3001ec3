package claim

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Invariants are what [Check] verifies, in words.
var Invariants = []struct{ ID, Words string }{
	{"C1", "what is held of a call is what is reserved for its claims, claim by claim and in sum"},
	{"C2", "no more is held and ordered of a call than it has pieces, nor by one person than one may have"},
	{"C3", "every claim that was ordered is in a standing order of its person, with all its pieces, and nothing else is taken of a call"},
	{"C4", "no claim is held a minute after its deadline, and nobody waits for what is closed"},
}

// Check returns every violation.
func Check(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	var problems []ledger.Problem
	late := clock.Millis(now.Add(-time.Minute))
	for _, c := range []struct {
		id, words, query string
		args             []any
	}{
		{"C1", "claim %s holds %d pieces, %d are reserved for it", unreservedText, nil},
		{"C1", "of call %s %d pieces are held, %d reserved", sumText, nil},
		{"C1", "claim %s holds %d pieces, %d are reserved in its name", strayText, nil},
		{"C2", "call %s has %d pieces and gave %d", tooManyText, nil},
		{"C2", "call and person %s: %d for one, got %d", tooGreedyText, nil},
		{"C3", "claim %s was ordered, %d pieces; the order has %d", wrongOrderText, nil},
		{"C3", "line %s took goods of a call: %d were claimed, it has %d", unclaimedText, nil},
		{"C4", "claim %s is held until %d, and it is later than %d", lateText, []any{late}},
		{"C4", "claim %s (number %d) waits for what was closed at %d", forgottenText, nil},
	} {
		found, err := violations(ctx, q, c.query, c.args...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.id, err)
		}
		for _, f := range found {
			problems = append(problems, ledger.Problem{Invariant: c.id, Detail: fmt.Sprintf(c.words, f.what, f.a, f.b)})
		}
	}
	return problems, nil
}
