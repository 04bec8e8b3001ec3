package order_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/db"
)

func TestNumbersHaveNoGapsWhereOrdersAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 5)
		var mu sync.Mutex
		var got []string
		crowd := func(n int) {
			var wishes []order.Wish
			for i := range n {
				o, err := w.offer(order.Ask{Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Mill Street 1", Postcode: "1", City: "Town", Country: "DE"}})
				if err != nil {
					t.Fatal(err)
				}
				wishes = append(wishes, w.wish(o, i, "test"))
			}
			var wg sync.WaitGroup
			for _, wish := range wishes {
				wg.Go(func() {
					if o, err := w.orders.Place(context.Background(), wish); err == nil {
						mu.Lock()
						got = append(got, o.Number)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
		}
		crowd(40) // five get a kilo
		w.land(3)
		crowd(20) // three more
		want := make([]string, 8)
		for i := range want {
			want[i] = fmt.Sprintf("A-%d", 1001+i)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("numbers %v, want %v", got, want)
		}
		w.sound()
	})
}
