package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// practice turns the stall into one that sells hours, one person at a time.
func (w *world) practice(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	sh, err := w.shops.Open(ctx, "per_amara", shop.Draft{Name: text.Both("A Quiet Hour", ""), Pack: "consulting", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	w.shop = sh
	w.product, err = w.goods.Create(ctx, sh, catalog.Form{Title: text.Both("One hour", "一小时"), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"practitioner": "Amara Diallo", "licence": "HPG, Kiel", "minutes": "60", "where": "room", "limits": "Not medical treatment"},
		SKUs:   []catalog.SKUForm{{PriceMinor: 5500}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.stock.Record(ctx, sh.ID, stock.Move{Key: "hours", SKU: w.sku(), Add: 100, Reason: stock.Landed}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) hour() order.Ask {
	return order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 1}}}
}

func TestTwoBuyersNeverGetOneAppointment(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		w.practice(t)
		first, err := w.offer(w.hour())
		if err != nil {
			t.Fatal(err)
		}
		if first.Kind != order.ByAppointment || len(first.Ways) != 1 || first.Slot == nil {
			t.Fatalf("offer %s with %d ways", first.Kind, len(first.Ways))
		}
		var ok, gone atomic.Int64
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				ask := w.hour()
				ask.Slot = first.Slot.ID
				offer, err := w.offer(ask)
				if err == nil {
					_, err = w.orders.Place(context.Background(), w.wish(offer, i, order.PayAtPickup))
				}
				switch {
				case err == nil:
					ok.Add(1)
				case errors.Is(err, shop.ErrSlotGone):
					gone.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if ok.Load() != 1 || gone.Load() != 11 {
			t.Errorf("%d got the hour, %d were told that it is gone", ok.Load(), gone.Load())
		}
		w.sound()
	})
}

func TestAnAppointmentIsMovedUntilTheDayBefore(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, 1)
		w.practice(t)
		book := func(buyer int, slot string) order.Order {
			t.Helper()
			ask := w.hour()
			ask.Slot = slot
			offer, err := w.offer(ask)
			if err != nil {
				t.Fatal(err)
			}
			o, err := w.orders.Place(ctx, w.wish(offer, buyer, order.PayAtPickup))
			if err != nil {
				t.Fatal(err)
			}
			return w.get(o)
		}
		slots, err := w.shops.Slots(ctx, w.shop, 7)
		if err != nil || len(slots) < 20 {
			t.Fatalf("%d slots, %v", len(slots), err)
		}
		late := slots[len(slots)-1]
		mine, hers := book(1, slots[16].ID), book(2, slots[17].ID)

		if _, err := w.orders.Move(ctx, hers.Buyer, hers.ID, mine.Quote.Slot.ID); !errors.Is(err, shop.ErrSlotGone) {
			t.Errorf("into a taken hour: %v", err)
		}
		if _, err := w.orders.Move(ctx, hers.Buyer, mine.ID, late.ID); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		if free, err := w.orders.Slots(ctx, mine.Buyer, mine.ID); err != nil || len(free) == 0 || free[0].ID == mine.Quote.Slot.ID {
			t.Errorf("free slots: %d, %v", len(free), err)
		}
		moved, err := w.orders.Move(ctx, mine.Buyer, mine.ID, late.ID)
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.orders.Move(ctx, mine.Buyer, mine.ID, late.ID) // the answer was lost
		if err != nil || again.Version != moved.Version {
			t.Errorf("the same move again: version %d, %v; want %d", again.Version, err, moved.Version)
		}
		if got := w.get(mine); got.Quote.Slot.ID != late.ID || !got.Quote.Slot.StartsAt.Equal(late.StartsAt) || got.Events[len(got.Events)-1].Event != "moved" {
			t.Errorf("kept: %+v, %+v", got.Quote.Slot, got.Events)
		}
		// The hour that was left is free for somebody else, once.
		if _, err := w.orders.Move(ctx, hers.Buyer, hers.ID, mine.Quote.Slot.ID); err != nil {
			t.Errorf("into the hour that was left: %v", err)
		}
		// What is cancelled gives back the hour it has now.
		if _, err := w.orders.Cancel(ctx, mine.ID, order.ByBuyer, mine.Buyer, ""); err != nil {
			t.Fatal(err)
		}
		book(3, late.ID)

		w.pass(hers.Quote.Slot.StartsAt.Sub(w.now()) - order.MoveUntil)
		if _, err := w.orders.Move(ctx, hers.Buyer, hers.ID, slots[20].ID); !errors.Is(err, order.ErrTooLate) {
			t.Errorf("a day before: %v", err)
		}
		w.sound()
	})
}
