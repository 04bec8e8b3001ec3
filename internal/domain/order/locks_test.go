package order_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// atOnce runs work at the same time and reports what failed of it.
func atOnce(t *testing.T, work ...func() error) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for _, f := range work {
		wg.Go(func() {
			<-begin
			if err := f(); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	wg.Wait()
}

// A buyer with two phones cancels what they have of a flash and buys more of it, and
// the flash is filled up meanwhile: nobody waits for somebody who waits for them.
func TestCancellingAndPlacingLockInOneOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, 1000)
		f := w.flash(promo.FlashWish{Price: 900, Quantity: 200_000, PerBuyer: 100_000, Lasts: time.Hour})
		place := func() (order.Order, error) {
			return w.orders.Place(ctx, w.wish(w.offerTo(1, inRoom()), 1, "test"))
		}
		for range 6 {
			var work []func() error
			for range 10 {
				o, err := place()
				if err != nil {
					t.Fatal(err)
				}
				wish := w.wish(w.offerTo(1, inRoom()), 1, "test")
				work = append(work,
					func() error {
						_, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, o.Buyer, "")
						return err
					},
					func() error {
						_, err := w.orders.Place(ctx, wish)
						return err
					})
			}
			work = append(work, func() error {
				_, err := w.promos.Restock(ctx, w.shop.ID, f.ID, 1000)
				return err
			})
			atOnce(t, work...)
		}
		w.sound()
	})
}

// Orders of two goods of one shop run out while others of the second are placed: the
// books of the first expiry must not wait for the goods of the next.
func TestExpiryAndPlacingLockInOneOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d, 1000)
		cod, err := w.goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("Cod", "鳕鱼"), Measure: catalog.Weight, State: catalog.Live,
			Fields: map[string]string{"species": "Gadus morhua", "production": "wild", "origin": "FAO 27", "allergens": "Fish"},
			SKUs:   []catalog.SKUForm{{PriceMinor: 1550}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.stock.Record(ctx, w.shop.ID, stock.Move{Key: "cod", SKU: cod.SKUs[0].ID, Add: 1_000_000, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		goods := []string{w.sku(), cod.SKUs[0].ID}
		wish := func(n int) order.Wish {
			a := inRoom()
			a.Buyer, a.Items = w.buyer(n).ID, []order.Item{{SKU: goods[n%2], Quantity: 1000}}
			o, err := w.offer(a)
			if err != nil {
				t.Fatal(err)
			}
			return w.wish(o, n, "test")
		}
		for round := range 4 {
			for n := range 12 {
				if _, err := w.orders.Place(ctx, wish(n)); err != nil {
					t.Fatal(fmt.Errorf("round %d: %w", round, err))
				}
			}
			w.pass(order.PayWithin + time.Second)
			work := []func() error{func() error {
				_, err := w.orders.Sweep(ctx)
				return err
			}}
			for who := range 4 {
				var wishes []order.Wish
				for n := range 10 {
					wishes = append(wishes, wish(2*(100*who+n)+1)) // of the second goods only
				}
				work = append(work, func() error {
					for _, x := range wishes {
						if _, err := w.orders.Place(ctx, x); err != nil {
							return err
						}
					}
					return nil
				})
			}
			atOnce(t, work...)
		}
		w.sound()
	})
}

// Whoever else locks in another order, a buyer's order is placed when they are done.
func TestAnOrderThatLosesADeadlockIsPlacedAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		if !d.Postgres() {
			return // one writer waits for nobody who waits for it
		}
		ctx := context.Background()
		w := newWorld(t, d, 10)
		wish := w.wish(w.offerTo(1, inRoom()), 1, "test")
		placed := make(chan error, 1)
		err := d.InTx(ctx, func(tx *db.Tx) error {
			// The books come last in placement; here they come first.
			if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_account (id, currency, balance) VALUES ($1, 'EUR', 0)`, "escrow:"+w.shop.ID); err != nil {
				return err
			}
			go func() {
				_, err := w.orders.Place(ctx, wish)
				placed <- err
			}()
			for waiting := false; !waiting; {
				if err := d.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.datname = current_database())`).Scan(&waiting); err != nil {
					return err
				}
			}
			_, err := stock.Lock(ctx, tx, w.sku(), stock.Stall)
			return err
		})
		if err != nil && !db.IsDeadlock(err) {
			t.Error(err)
		}
		if err := <-placed; err != nil {
			t.Errorf("the buyer hears %v", err)
		}
		w.sound()
	})
}
