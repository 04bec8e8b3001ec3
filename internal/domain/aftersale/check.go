package aftersale

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/platform/db"
)

// Invariants are what [Check] verifies, in words.
var Invariants = []struct{ ID, Words string }{
	{"A1", "every granted case has its money or its goods, and no money went back without its case"},
	{"A2", "no case is past its deadline and a minute, and each that waits has a clock"},
	{"A3", "every case reached its state by its history"},
}

// Check returns every violation.
func Check(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	return checkRows(ctx, q, now)
}
