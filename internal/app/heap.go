package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector runs each time the heap has doubled. A market at rest is small,
// so under a crowd that is ten times a second and an eighth of the processors.
// While it is busy the heap may grow further before the next round; at rest it
// goes back, and the memory with it.
const (
	restful   = 100       // percent of the live heap, Go's own default
	hasty     = 400       // at most, while busy
	headroom  = 256 << 20 // bytes that being busy may cost
	busyAfter = 4         // rounds a second
	restAfter = 3 * time.Second
)

// mindHeap adjusts the collector until ctx ends. It leaves a GOGC of the
// operator's alone.
func mindHeap(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	percent, before := restful, uint64(0)
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	for {
		metrics.Read(samples)
		rounds, live := samples[0].Value.Uint64(), samples[1].Value.Uint64()
		if want := collectAt(percent, rounds-before, live); want != percent {
			percent = want
			debug.SetGCPercent(percent)
		}
		before = rounds
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// collectAt is the percentage after a second of so many rounds over so large a
// heap.
func collectAt(percent int, rounds, live uint64) int {
	switch {
	case rounds >= busyAfter:
		return max(restful, min(hasty, int(headroom*100/max(1, live))))
	case rounds == 0:
		return restful
	}
	return percent
}
