package sim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/testsupport/race"
)

// Orders that are placed at once share a transaction, and who is first is not the
// seed's to say. What has to come of it is.
func TestCrowds(t *testing.T) {
	n, seed := 300, firstSeed(t)
	if testing.Short() || race.Enabled {
		n = 80
	}
	total := newTally()
	for at := 0; at < n && !t.Failed(); at += aWorld {
		w := newWorld(t, rig{})
		w.crowded = true
		for i := range min(aWorld, n-at) {
			if h := live(t, w, seed+uint64(at+i), true, total); h.broken != "" {
				t.Fatalf("seed %d, in a crowd: %s\n\n%s", h.seed, h.broken, strings.Join(h.trace, "\n"))
			}
		}
		if err := w.sound(); err != nil {
			t.Error(err)
		}
		if err := w.end(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d histories: %s", n, total)
}

// crowd is some buyers, or one who taps twice, who take offers at once.
func (h *history) crowd() {
	s := pick(h, h.stalls)
	sku := pick(h, s.skus)
	type try struct {
		offered
		wish order.Wish
		got  order.Order
		err  error
	}
	var tries []*try
	for range 2 + h.r.IntN(5) {
		if len(tries) > 0 && h.chance(25) {
			again := *pick(h, tries)
			tries = append(tries, &again)
			continue
		}
		o, ok := h.ask(s, pick(h, h.buyers), order.Item{SKU: sku, Quantity: 1 + h.r.Int64N(2)})
		if ok && len(o.Payments) > 0 {
			tries = append(tries, &try{offered: o, wish: h.wish(o)})
		}
	}
	var wg sync.WaitGroup
	for _, x := range tries {
		wg.Go(func() { x.got, x.err = h.w.orders.Place(h.ctx, x.wish) })
	}
	wg.Wait()
	known := map[string]string{}
	for _, x := range tries {
		if !h.mind(x.err, "%s places %s at once with %d others", x.buyer.ID, x.got.ID, len(tries)-1) {
			continue
		}
		if was := known[x.wish.Key]; was == "" {
			known[x.wish.Key] = x.got.ID
			h.bought(x.offered, x.wish, x.got)
		} else if was != x.got.ID {
			h.fail("one key, two orders: %s and %s", was, x.got.ID)
		}
	}
	h.say("%s", fmt.Sprint(len(known), " of ", len(tries), " tries were placed"))
}
