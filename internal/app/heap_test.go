package app

import "testing"

func TestTheHeapMayGrowWhileTheMarketIsBusyAndNoLonger(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		percent, rounds int
		live            uint64
		want            int
	}{
		{restful, 10, 20 * mib, hasty},   // a crowd
		{hasty, 2, 20 * mib, hasty},      // fewer rounds because of it
		{hasty, 0, 20 * mib, restful},    // the crowd has gone
		{restful, 3, 20 * mib, restful},  // a little work
		{restful, 10, 128 * mib, 200},    // a large market has less headroom
		{restful, 10, 1024 * mib, 100},   // a very large one none
		{hasty, 10, 1024 * mib, restful}, // not even when it was small before
		{restful, 10, 0, hasty},          // before the first round
	} {
		if got := collectAt(tt.percent, uint64(tt.rounds), tt.live); got != tt.want {
			t.Errorf("at %d %% after %d rounds with %d MiB: %d %%, want %d", tt.percent, tt.rounds, tt.live/mib, got, tt.want)
		}
	}
}
