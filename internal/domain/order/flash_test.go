package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

func (w *world) flash(x promo.FlashWish) promo.Flash {
	w.t.Helper()
	x.SKU = w.sku()
	if x.Lasts == 0 {
		x.Lasts = 5 * time.Minute
	}
	f, err := w.promos.StartFlash(context.Background(), w.shop.ID, "shw_live", x)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) leftIn(bucket string) int64 {
	w.t.Helper()
	i, err := w.stock.Of(context.Background(), w.sku(), bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Available()
}

// inRoom asks for parcels, because a pickup time has room for few.
func inRoom() order.Ask {
	return order.Ask{Show: "shw_live", Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}}
}

func TestAFlashPriceIsOfItsRoomAndItsTime(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		f := w.flash(promo.FlashWish{Price: 900, Quantity: 5000})
		if w.available() != 35_000 || w.leftIn(f.ID) != 5000 {
			t.Errorf("stall %d, flash %d", w.available(), w.leftIn(f.ID))
		}
		if _, err := w.promos.StartFlash(context.Background(), w.shop.ID, "shw_live", promo.FlashWish{SKU: w.sku(), Price: 800, Quantity: 1000, Lasts: time.Minute}); !errors.Is(err, promo.ErrFlashOn) {
			t.Errorf("a second one: %v", err)
		}
		o := w.offerTo(1, inRoom())
		if l := o.Lines[0]; l.Unit.Minor != 900 || l.Bucket != f.ID || l.Flash != f.ID || o.ExpiresAt != f.EndsAt || l.Available != 5000 {
			t.Errorf("in the room: %+v until %v", l, o.ExpiresAt)
		}
		elsewhere := inRoom()
		elsewhere.Show = ""
		if o := w.offerTo(1, elsewhere); o.Lines[0].Unit.Minor != 1250 {
			t.Errorf("elsewhere: %d", o.Lines[0].Unit.Minor)
		}
		w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200}))
		if o := w.offerTo(1, inRoom()); o.Quote.Coupon() != "" {
			t.Error("a coupon went below a flash price")
		}
		made, err := w.orders.Place(context.Background(), w.wish(o, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.goToPay(made)
		if err := w.bankSays("e1", made, true); err != nil {
			t.Fatal(err)
		}
		late := w.offerTo(2, inRoom())
		w.pass(5*time.Minute + time.Second)
		if _, err := w.orders.Place(context.Background(), w.wish(late, 2, "test")); !errors.Is(err, order.ErrQuoteOver) {
			t.Errorf("after the end: %v", err)
		}
		if o := w.offerTo(2, inRoom()); o.Lines[0].Unit.Minor != 1250 {
			t.Errorf("before the sweep: %d", o.Lines[0].Unit.Minor)
		}
		if n, err := w.promos.Sweep(context.Background()); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		if w.available() != 39_000 || w.leftIn(f.ID) != 0 {
			t.Errorf("after the end: stall %d, flash %d", w.available(), w.leftIn(f.ID))
		}
		if got := w.get(made); got.Lines[0].Unit.Minor != 900 {
			t.Errorf("the order's price is %d", got.Lines[0].Unit.Minor)
		}
		// What is given back later goes to the stall.
		if _, err := w.orders.Cancel(context.Background(), made.ID, order.BySeller, w.shop.ID, ""); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		if w.available() != 40_000 {
			t.Errorf("after the cancellation: %d", w.available())
		}
		w.sound()
	})
}

func TestAFlashTakesFromWhatTheShowSetAsideAndGivesItBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		if err := d.InTx(context.Background(), func(tx *db.Tx) error {
			return w.stock.Aside(context.Background(), tx, w.shop.ID, w.sku(), "shw_live", 10_000)
		}); err != nil {
			t.Fatal(err)
		}
		f := w.flash(promo.FlashWish{Price: 900, Quantity: 4000})
		if f, err := w.promos.Restock(context.Background(), w.shop.ID, f.ID, 1000); err != nil || f.Quantity != 5000 || f.Restocked != 1000 {
			t.Errorf("restocked: %+v, %v", f, err)
		}
		if _, err := w.promos.Restock(context.Background(), w.shop.ID, f.ID, 6000); !errors.Is(err, stock.ErrSoldOut) {
			t.Errorf("more than there is: %v", err)
		}
		if w.available() != 30_000 || w.leftIn("shw_live") != 5000 || w.leftIn(f.ID) != 5000 {
			t.Errorf("stall %d, show %d, flash %d", w.available(), w.leftIn("shw_live"), w.leftIn(f.ID))
		}
		for range 2 { // ending twice is ending once
			if err := w.promos.EndFlash(context.Background(), w.shop.ID, f.ID); err != nil {
				t.Fatal(err)
			}
		}
		if w.available() != 30_000 || w.leftIn("shw_live") != 10_000 || w.leftIn(f.ID) != 0 {
			t.Errorf("after: stall %d, show %d, flash %d", w.available(), w.leftIn("shw_live"), w.leftIn(f.ID))
		}
		w.sound()
	})
}

// Sixty-four taps of one buyer with sixteen phones' worth of offers get two
// units; others in the same batches get theirs.
func TestTheLimitOfABuyerHoldsInARace(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 100)
		f := w.flash(promo.FlashWish{Price: 900, Quantity: 50_000, PerBuyer: 2000})
		var wishes []order.Wish
		for range 64 {
			wishes = append(wishes, w.wish(w.offerTo(1, inRoom()), 1, "test"))
		}
		for n := range 20 {
			wishes = append(wishes, w.wish(w.offerTo(n+2, inRoom()), n+2, "test"))
		}
		var mine, others, refused atomic.Int64
		var wg sync.WaitGroup
		for _, wish := range wishes {
			wg.Go(func() {
				_, err := w.orders.Place(context.Background(), wish)
				switch {
				case err == nil && wish.Buyer.ID == w.buyer(1).ID:
					mine.Add(1)
				case err == nil:
					others.Add(1)
				case errors.Is(err, promo.ErrFlashLimit):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if mine.Load() != 2 || others.Load() != 20 || refused.Load() != 62 || w.leftIn(f.ID) != 28_000 {
			t.Errorf("%d of one, %d of others, %d refused, %d left", mine.Load(), others.Load(), refused.Load(), w.leftIn(f.ID))
		}
		w.sound()
		// Whose orders run out may buy again; meanwhile the ordinary price is theirs.
		if o := w.offerTo(1, inRoom()); o.Lines[0].Unit.Minor != 1250 {
			t.Errorf("who had their share: %d", o.Lines[0].Unit.Minor)
		}
	})
}

func TestAnExpiredOrderGivesItsShareOfAFlashBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 100)
		w.flash(promo.FlashWish{Price: 900, Quantity: 50_000, PerBuyer: 1000, Lasts: time.Hour})
		place := func() order.Order {
			t.Helper()
			o, err := w.orders.Place(context.Background(), w.wish(w.offerTo(1, inRoom()), 1, "test"))
			if err != nil {
				t.Fatal(err)
			}
			w.goToPay(o)
			return o
		}
		first := place()
		two := inRoom()
		two.Buyer, two.Items = w.buyer(2).ID, []order.Item{{SKU: w.sku(), Quantity: 2000}}
		if _, err := w.offer(two); !errors.Is(err, promo.ErrFlashLimit) {
			t.Errorf("two at once: %v", err)
		}
		w.pass(order.PayWithin + time.Second)
		if n, err := w.orders.Sweep(context.Background()); n != 1 || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		second := place()
		if err := w.bankSays("late", first, true); err != nil {
			t.Fatal(err)
		}
		if o := w.get(first); o.PayState != order.Refunding {
			t.Errorf("a late payment took a second share: %s %s", o.State, o.PayState)
		}
		if err := w.bankSays("paid", second, true); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		w.sound()
	})
}

func TestWhatIsAskedForHasNoFlashPriceAndNoOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		ctx := context.Background()
		cars, err := w.shops.Open(ctx, "per_leo", shop.Draft{Name: text.Both("Leo’s Cars", ""), Pack: "cars", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		pack, err := shop.PackOf("cars")
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{}
		for _, f := range pack.Fields {
			fields[f.Key] = map[string]string{"number": "1", "date": "2020-01-01", "time": "10:00", "bool": "true", "text": "x"}[f.Kind]
			if len(f.Choices) > 0 {
				fields[f.Key] = f.Choices[0].Value
			}
		}
		car, err := w.goods.Create(ctx, cars, catalog.Form{Title: text.Both("A small car", ""), Measure: catalog.Piece, State: catalog.Live, Fields: fields, SKUs: []catalog.SKUForm{{PriceMinor: 900_000}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.stock.Record(ctx, cars.ID, stock.Move{Key: "car", SKU: car.SKUs[0].ID, Add: 1, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.promos.StartFlash(ctx, cars.ID, "shw_live", promo.FlashWish{SKU: car.SKUs[0].ID, Price: 1, Quantity: 1, Lasts: time.Minute}); !errors.Is(err, promo.ErrAsked) {
			t.Errorf("a flash price: %v", err)
		}
		if _, err := w.orders.Quote(ctx, order.Ask{Items: []order.Item{{SKU: car.SKUs[0].ID, Quantity: 1}}}); !errors.Is(err, order.ErrAsked) {
			t.Errorf("an offer: %v", err)
		}
	})
}
