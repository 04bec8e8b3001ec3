// Package sim_test lives through histories of a market: orders, stock, coupons,
// payments, refunds, cases and payouts, drawn from a seed, with a clock and a bank that
// it makes go wrong, and holds what came of each against the bank's own books.
//
// The one idea needed to read it: everything that a history depends on comes
// from its seed and one thing happens at a time, so a seed that fails fails
// again:
//
//	go test ./internal/sim -run TestHistories -sim.seed=N -sim.histories=1
//
// An area that moves goods or money joins with its service in world_test.go, what
// people do with it in people_test.go, what they have to do in the end, and what
// its accounts hold then, in end_test.go (duties and money), and a world without
// its safeguard in controls_test.go.
package sim_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/testsupport/race"
)

var (
	seedFlag      = flag.Uint64("sim.seed", 0, "seed of the first history; 0 for that of SIM_SEED or one of the day")
	historiesFlag = flag.Int("sim.histories", 0, "how many histories; 0 for as many as there is time for")
	traceFlag     = flag.Bool("sim.trace", false, "print what happens")
)

// aWorld is how many histories are lived through in one world, before the
// checker of the product has looked over it and the next one begins.
const aWorld = 200

// usual is how many histories there are when nobody says, and how much of a
// core they may take together.
func usual() (int, time.Duration) {
	switch {
	case testing.Short():
		return 500, time.Minute
	case race.Enabled: // one goroutine at a time has no races
		return 200, time.Minute
	}
	return 50_000, 75 * time.Second
}

// firstSeed is the seed of the first history: the flag's, the one that a run of all
// suites names, so that what is red is red again, or one of the day.
func firstSeed(t *testing.T) uint64 {
	t.Helper()
	if *seedFlag > 0 {
		return *seedFlag
	}
	if named := os.Getenv("SIM_SEED"); named != "" {
		seed, err := strconv.ParseUint(named, 10, 63)
		if err != nil {
			t.Fatal(err)
		}
		return seed
	}
	return uint64(time.Now().UnixMilli()) * aWorld
}

// TestHistories lives through as many histories as there is time for.
func TestHistories(t *testing.T) {
	n, budget := usual()
	if *historiesFlag > 0 {
		n, budget = *historiesFlag, 1000*time.Hour
	}
	seed := firstSeed(t)
	alone(t)
	begun := used()
	total := newTally()
	done := 0
	for done < n && !t.Failed() && used()-begun < budget {
		done += many(t, rig{}, seed+uint64(done), min(aWorld, n-done), total)
	}
	t.Logf("%d histories from seed %d in %v of one core: %s", done, seed, (used() - begun).Round(time.Millisecond), total)
}

// alone gives the test one core and much memory: one thing happens at a time, and
// a second core would only be told of it.
func alone(t *testing.T) {
	cores, percent := runtime.GOMAXPROCS(1), debug.SetGCPercent(400)
	t.Cleanup(func() {
		runtime.GOMAXPROCS(cores)
		debug.SetGCPercent(percent)
	})
}

// used is the time that the process has had of all cores.
func used() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// many lives through n histories in one world and returns n. One that is broken
// is told again with its trace.
func many(t *testing.T, r rig, seed uint64, n int, total tally) int {
	t.Helper()
	w := newWorld(t, r)
	for i := range n {
		if h := live(t, w, seed+uint64(i), *traceFlag, total); h.broken != "" {
			report(t, r, h)
			break
		}
	}
	if !t.Failed() {
		if err := w.sound(); err != nil {
			suspects(t, r, seed, n, err)
		}
	}
	if err := errors.Join(total.read(w), w.end()); err != nil {
		t.Fatal(err)
	}
	return n
}

// live lives through one history.
func live(t *testing.T, w *world, seed uint64, loud bool, total tally) *history {
	cryptotest.SetGlobalRandom(t, seed)
	h := begin(w, seed, loud)
	deeds := 4 + h.r.IntN(6)*h.r.IntN(6)
	if h.sour {
		deeds += 8
	}
	if h.r.IntN(50) == 0 {
		deeds *= 10
	}
	for range deeds {
		if h.broken == "" {
			h.step()
		}
	}
	h.rest()
	for range h.r.IntN(3) * h.r.IntN(4) {
		if h.broken == "" {
			h.afterwards()
		}
	}
	h.rest()
	if h.broken == "" {
		h.settled()
	}
	total.add(h)
	if *traceFlag {
		fmt.Println(strings.Join(h.trace, "\n"))
	}
	return h
}

// report lives a broken history through again in a world of its own, for its
// trace and to see that it is the seed's doing.
func report(t *testing.T, r rig, h *history) {
	t.Helper()
	w := newWorld(t, r)
	again := live(t, w, h.seed, true, newTally())
	t.Cleanup(func() { t.Logf("seed %d: %s", h.seed, h.broken) }) // the last line is the one that is read
	t.Errorf("seed %d: %s\n\ngo test ./internal/sim -run TestHistories -sim.seed=%d -sim.histories=1\n\n%s", h.seed, h.broken, h.seed, strings.Join(again.trace, "\n"))
	if again.broken != h.broken {
		t.Errorf("seed %d alone: %q; it depends on what was before it", h.seed, again.broken)
	}
	if err := w.end(); err != nil {
		t.Error(err)
	}
}

// suspects finds the history that the checker complains about.
func suspects(t *testing.T, r rig, seed uint64, n int, complaint error) {
	t.Helper()
	for i := range n {
		w := newWorld(t, r)
		h := live(t, w, seed+uint64(i), true, newTally())
		err := w.sound()
		if ended := w.end(); ended != nil {
			t.Fatal(ended)
		}
		if err != nil {
			t.Errorf("seed %d: %v\n\ngo test ./internal/sim -run TestHistories -sim.seed=%d -sim.histories=1\n\n%s", h.seed, err, h.seed, strings.Join(h.trace, "\n"))
			return
		}
	}
	t.Errorf("seeds %d to %d together: %v", seed, seed+uint64(n)-1, complaint)
}

// tally counts what histories were made of.
type tally map[string]int

func newTally() tally { return tally{} }

func (t tally) add(h *history) {
	t["histories"]++
	t["orders"] += len(h.orders)
	t["cases"] += len(h.cases)
	for _, o := range h.orders {
		t["by "+o.way]++
	}
}

// read counts the steps that everything in a world has taken.
func (t tally) read(w *world) error {
	type row struct {
		what string
		n    int
	}
	rows, err := db.All(context.Background(), w.d, func(r *row) []any { return []any{&r.what, &r.n} }, `
		SELECT 'order ' || event, COUNT(*) FROM order_event GROUP BY event
		UNION ALL SELECT 'case ' || event, COUNT(*) FROM aftersale_event GROUP BY event
		UNION ALL SELECT 'message ' || outcome, COUNT(*) FROM provider_event GROUP BY outcome
		UNION ALL SELECT 'refund ' || state, COUNT(*) FROM refund GROUP BY state
		UNION ALL SELECT 'payout ' || state, COUNT(*) FROM payout GROUP BY state
		UNION ALL SELECT 'move ' || kind, COUNT(*) FROM settle_move GROUP BY kind
		UNION ALL SELECT 'second payment ' || state, COUNT(*) FROM payment_surplus GROUP BY state
		UNION ALL SELECT 'share', COUNT(*) FROM payment_share
		UNION ALL SELECT 'coupon ' || state, COUNT(*) FROM coupon GROUP BY state
		UNION ALL SELECT 'promotion ' || p.kind, COUNT(*) FROM promotion_use u JOIN promotion p ON p.id = u.promotion GROUP BY p.kind
		UNION ALL SELECT 'flash share', COUNT(*) FROM flash_take
		UNION ALL SELECT 'replacement', COUNT(*) FROM orders WHERE payment = 'none'`)
	for _, r := range rows {
		t[r.what] += r.n
	}
	return err
}

func (t tally) String() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "\n%8d %s", t[k], k)
	}
	return b.String()
}
