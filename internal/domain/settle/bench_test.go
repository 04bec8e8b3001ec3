package settle_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// BenchmarkSettling settles due orders of twenty shops; one operation is one
// order.
func BenchmarkSettling(b *testing.B) {
	w := newWorld(b, dbtest.SQLite(b, migrations...))
	ctx := context.Background()
	rows := make([][]any, b.N)
	for i := range rows {
		rows[i] = []any{fmt.Sprintf("ord_%026d", i), fmt.Sprint("A-", i), fmt.Sprint("shp_", i%20), "EUR", false, "waiting", int64(3488), int64(270), int64(1), int64(1), int64(0)}
	}
	w.must(w.d.InTx(ctx, func(tx *db.Tx) error {
		return tx.InsertMany(ctx, "settlement", []string{"order_id", "number", "shop", "currency", "own", "state", "gross", "fee", "completed_at", "due_at", "settled_at"}, rows)
	}))
	b.ResetTimer()
	w.must(w.settle.RunAll(ctx))
}
