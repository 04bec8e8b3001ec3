package groupbuy

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/platform/db"
)

// Check returns every group whose numbers are not those of its seats (I15); its
// orders are held against it by order.CheckGroups.
func Check(ctx context.Context, q db.Querier, now time.Time) ([]ledger.Problem, error) {
	return checkRows(ctx, q, now)
}
