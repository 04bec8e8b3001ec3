package sim_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// A seed that fails has to fail again, alone and in any company.
func TestASeedIsOneHistory(t *testing.T) {
	const n = 60
	trace := func(w *world, seed uint64) []string {
		h := live(t, w, seed, true, newTally())
		if h.broken != "" {
			t.Fatal(h.broken)
		}
		return h.trace
	}
	w := newWorld(t, rig{})
	var first [n][]string
	for i := range n {
		first[i] = trace(w, uint64(i))
	}
	other := newWorld(t, rig{})
	for i := n - 1; i >= 0; i-- {
		again := trace(other, uint64(i))
		if !slices.Equal(first[i], again) {
			for j := range min(len(again), len(first[i])) {
				if first[i][j] != again[j] {
					t.Fatalf("seed %d, line %d: %q, then %q", i, j, first[i][j], again[j])
				}
			}
			t.Fatalf("seed %d: %d lines, then %d", i, len(first[i]), len(again))
		}
	}
	for _, w := range []*world{w, other} {
		if err := w.end(); err != nil {
			t.Error(err)
		}
	}
}

// The same services decide on PostgreSQL with locks of rows and in pipelines.
func TestHistoriesOnPostgres(t *testing.T) {
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		t.Skip("TEST_POSTGRES_URL is not set")
	}
	const n = 40
	seed := firstSeed(t)
	w := open(t, dbtest.Postgres(t, migrations...), rig{})
	defer w.orders.Close()
	w.h = &history{calm: true}
	w.market = w.opens(t, n)
	for i := range uint64(n) {
		if h := live(t, w, seed+i, true, newTally()); h.broken != "" {
			t.Fatalf("seed %d: %s\n\n%s", h.seed, h.broken, strings.Join(h.trace, "\n"))
		}
	}
	if err := w.sound(); err != nil {
		t.Error(err)
	}
}
