package course

import (
	"context"
	"fmt"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/platform/db"
)

// Invariants are what [Check] verifies, in words.
var Invariants = []struct{ ID, Words string }{
	{"C1", "no course is open whose money went back, and none without a paid order"},
	{"C2", "what a learner has seen is the sum of its spans"},
}

// Check returns every violation.
func Check(ctx context.Context, q db.Querier) ([]ledger.Problem, error) {
	var problems []ledger.Problem
	say := func(id, words string, args ...any) {
		problems = append(problems, ledger.Problem{Invariant: id, Detail: fmt.Sprintf(words, args...)})
	}
	open, err := openForNothing(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, e := range open {
		say("C1", "course %s is open", e)
	}
	for after := (learnt{}); ; {
		rows, err := learntAfter(ctx, q, after, 500)
		if err != nil || len(rows) == 0 {
			return problems, err
		}
		for _, r := range rows {
			after = r
			p, err := r.progress()
			if err != nil {
				return nil, err
			}
			if sum := total(p.Seen); sum != r.ms {
				say("C2", "enrolment %s, lesson %s: %d ms were seen, its spans are %d", r.enrolment, r.lesson, r.ms, sum)
			}
		}
	}
}
