package app

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/db"
)

// Check verifies the invariants of stock, orders and money.
func Check(ctx context.Context, d *db.DB) ([]ledger.Problem, error) {
	return order.Check(ctx, d, time.Now())
}
