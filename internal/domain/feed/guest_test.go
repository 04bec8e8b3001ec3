package feed

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whoever comes back, whatever number they get, is in the group their key says.
func TestAGroupGoesByTheKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p people
		p.init()
		now := time.Unix(0, 0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := rapid.StringMatching(`[A-Za-z0-9_-]{3}`).Draw(t, "key")
			now = now.Add(time.Second)
			g := p.enter(key, now)
			if group(g.num) != groupOf(key) || half(g.num) != int(key[0]&1) {
				t.Fatalf("%q is number %d in group %d", key, g.num, group(g.num))
			}
			if rapid.Bool().Draw(t, "leaves") && p.leave(g, now.Add(time.Second)) {
				p.release(g.num)
			}
		}
	})
}
