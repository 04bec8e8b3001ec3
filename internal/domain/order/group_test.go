package order_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/db"
)

// sellToGroups offers kilos of mackerel to groups of three at 9.90 instead of
// 12.50, unless the wish says otherwise.
func (w *world) sellToGroups(x groupbuy.Wish) groupbuy.Offer {
	w.t.Helper()
	x.SKU, x.Units, x.Lasts, x.PerBuyer = w.sku(), 1000, 24*time.Hour, max(1, x.PerBuyer)
	if x.Steps == nil {
		x.Steps = []groupbuy.Step{{People: 3, Price: 990}}
	}
	if x.Groups == 0 {
		x.Groups = 2
	}
	o, err := w.groups.Start(context.Background(), w.shop.ID, x)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) askGroup(buyer int, c groupbuy.Choice) (order.Offer, error) {
	return w.orders.Quote(context.Background(), order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 1000}}, Group: c, Buyer: w.buyer(buyer).ID,
		Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}})
}

// into places an order in a group; it is not paid yet.
func (w *world) into(buyer int, c groupbuy.Choice) (order.Order, error) {
	o, err := w.askGroup(buyer, c)
	if err != nil {
		return order.Order{}, err
	}
	made, err := w.orders.Place(context.Background(), w.wish(o, buyer, "test"))
	if err == nil {
		w.goToPay(made)
	}
	return made, err
}

func (w *world) mustInto(buyer int, c groupbuy.Choice) order.Order {
	w.t.Helper()
	o, err := w.into(buyer, c)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) pays(o order.Order) {
	w.t.Helper()
	if err := w.bankSays("paid-"+o.ID, o, true); err != nil {
		w.t.Fatal(err)
	}
}

// paidGroup begins a group and lets n buyers pay, numbered from first on.
func (w *world) paidGroup(offer groupbuy.Offer, first, n int) []order.Order {
	w.t.Helper()
	out := []order.Order{w.mustInto(first, groupbuy.Choice{Offer: offer.ID})}
	for i := 1; i < n; i++ {
		out = append(out, w.mustInto(first+i, groupbuy.Choice{Code: out[0].Quote.Group.Code}))
	}
	for _, o := range out {
		w.pays(o)
	}
	return out
}

// clocks does what the program's clocks do.
func (w *world) clocks() {
	w.t.Helper()
	ctx := context.Background()
	for _, sweep := range []func(context.Context) (int, error){w.orders.Sweep, w.groups.Sweep, w.orders.SettleGroups} {
		for {
			n, err := sweep(ctx)
			if err != nil {
				w.t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
	w.runJobs()
}

func (w *world) group(code string) groupbuy.Group {
	w.t.Helper()
	g, _, _, err := w.groups.Get(context.Background(), code)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// soundGroups is sound, for groups too.
func (w *world) soundGroups() {
	w.t.Helper()
	w.sound()
	problems, err := groupbuy.Check(context.Background(), w.d, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		w.t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func TestThreeMakeAGroupAndEachOrderGoesOn(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		offer := w.sellToGroups(groupbuy.Wish{})
		if w.available() != 34_000 || w.leftIn(offer.ID) != 6000 {
			t.Errorf("stall %d, set aside %d", w.available(), w.leftIn(offer.ID))
		}
		two := w.paidGroup(offer, 1, 2)
		code := two[0].Quote.Group.Code
		if got := w.get(two[0]); got.Total().Minor != 990+490 || !got.Awaits() || got.Can().Ship || got.State != order.Placed {
			t.Errorf("first: %v, awaits %v, can %+v, %s", got.Total(), got.Awaits(), got.Can(), got.State)
		}
		if _, err := w.orders.Ship(ctx, w.shop.ID, two[0].ID, ""); !errors.Is(err, order.ErrAwaits) {
			t.Errorf("sent before the group is full: %v", err)
		}
		w.clocks()
		if g := w.group(code); g.State != groupbuy.Open || g.Paid != 2 {
			t.Errorf("with two: %+v", g)
		}
		third := w.mustInto(3, groupbuy.Choice{Code: code})
		if _, err := w.into(4, groupbuy.Choice{Code: code}); !errors.Is(err, groupbuy.ErrFull) {
			t.Errorf("a fourth while the third pays: %v", err)
		}
		w.pays(third)
		if g := w.group(code); g.State != groupbuy.Full || g.Paid != 3 {
			t.Errorf("with three: %+v", g)
		}
		w.clocks()
		for _, o := range append(two, third) {
			if got := w.get(o); got.Awaits() || !got.Can().Ship || got.PayState != order.Paid || got.Total().Minor != 1480 {
				t.Errorf("%s: awaits %v, %+v, %s", got.Number, got.Awaits(), got.Can(), got.PayState)
			}
			if _, err := w.orders.Ship(ctx, w.shop.ID, o.ID, ""); err != nil {
				t.Error(err)
			}
		}
		if _, err := w.into(4, groupbuy.Choice{Code: code}); !errors.Is(err, groupbuy.ErrFull) {
			t.Errorf("a fourth afterwards: %v", err)
		}
		own := w.mustInto(4, groupbuy.Choice{Offer: offer.ID})
		if own.Quote.Group.Code == code {
			t.Error("the fourth did not start their own")
		}
		w.soundGroups()
	})
}

func TestAGroupThatIsNotFullInTimeGivesEverythingBackOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		offer := w.sellToGroups(groupbuy.Wish{Groups: 1})
		two := w.paidGroup(offer, 1, 2)
		w.pass(24*time.Hour - time.Minute)
		third := w.mustInto(3, groupbuy.Choice{Code: two[0].Quote.Group.Code}) // never pays
		if until := third.PayUntil; !until.Equal(two[0].Quote.Group.EndsAt) {
			t.Errorf("pays until %v, the group ends %v", until, two[0].Quote.Group.EndsAt)
		}
		if _, err := w.into(9, groupbuy.Choice{Offer: offer.ID}); !errors.Is(err, groupbuy.ErrNoMore) {
			t.Errorf("a second of one group: %v", err)
		}
		w.pass(2 * time.Minute)
		var wg sync.WaitGroup
		for range 4 { // two nodes, and a clock that overtakes itself
			wg.Go(func() {
				if _, err := w.groups.Sweep(context.Background()); err != nil {
					t.Error(err)
				}
				if _, err := w.orders.SettleGroups(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.clocks()
		for _, o := range two {
			if got := w.get(o); got.State != order.Cancelled || got.PayState != order.Refunded || got.Refunded != 1480 {
				t.Errorf("%s: %s, %s, %d back", got.Number, got.State, got.PayState, got.Refunded)
			}
		}
		if n := w.bank.refunds.Load(); n != 2 {
			t.Errorf("%d refunds", n)
		}
		if w.leftIn(offer.ID) != 3000 {
			t.Errorf("%d g for groups", w.leftIn(offer.ID))
		}
		w.pays(third) // the money was on its way
		w.clocks()
		if got := w.get(third); got.PayState != order.Refunded || got.State == order.Placed {
			t.Errorf("money after the end: %s, %s", got.State, got.PayState)
		}
		w.mustInto(9, groupbuy.Choice{Offer: offer.ID}) // the goods are there for another
		w.soundGroups()
	})
}

func TestTheLastSeatIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		two := w.paidGroup(w.sellToGroups(groupbuy.Wish{}), 1, 2)
		choice := groupbuy.Choice{Code: two[0].Quote.Group.Code}
		offers := make([]order.Offer, 12)
		for i := range offers {
			var err error
			if offers[i], err = w.askGroup(10+i, choice); err != nil {
				t.Fatal(err)
			}
		}
		var in, full atomic.Int64
		var wg sync.WaitGroup
		for i, o := range offers {
			wg.Go(func() {
				switch _, err := w.orders.Place(context.Background(), w.wish(o, 10+i, "test")); {
				case err == nil:
					in.Add(1)
				case errors.Is(err, groupbuy.ErrFull):
					full.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 || full.Load() != 11 {
			t.Errorf("%d got the last seat, %d were told", in.Load(), full.Load())
		}
		w.soundGroups()
	})
}

func TestASeatThatIsNotPaidIsFreeAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		two := w.paidGroup(w.sellToGroups(groupbuy.Wish{PerBuyer: 2}), 1, 2)
		choice := groupbuy.Choice{Code: two[0].Quote.Group.Code}
		slow := w.mustInto(3, choice)
		w.pass(16 * time.Minute)
		w.clocks()
		if got := w.get(slow); got.State != order.Expired {
			t.Fatalf("unpaid: %s", got.State)
		}
		quick := w.mustInto(4, choice)
		w.pays(slow) // too late: the seat is another's
		w.pays(quick)
		w.clocks()
		if got := w.get(slow); got.State != order.Expired || got.PayState != order.Refunded {
			t.Errorf("late: %s, %s", got.State, got.PayState)
		}
		if g := w.group(choice.Code); g.State != groupbuy.Full {
			t.Errorf("group %+v", g)
		}
		w.soundGroups()

		// Nobody came instead: the late payment takes the seat up again.
		again := w.paidGroup(w.offerOf(), 5, 2)
		late := w.mustInto(7, groupbuy.Choice{Code: again[0].Quote.Group.Code})
		w.pass(16 * time.Minute)
		w.clocks()
		w.pays(late)
		w.clocks()
		if got := w.get(late); got.State != order.Placed || got.Awaits() {
			t.Errorf("late, and the seat was there: %s, awaits %v", got.State, got.Awaits())
		}
		w.soundGroups()
	})
}

// offerOf is what the stall sells to groups.
func (w *world) offerOf() groupbuy.Offer {
	w.t.Helper()
	os, err := w.groups.OfShop(context.Background(), w.shop.ID)
	if err != nil || len(os) == 0 {
		w.t.Fatal(len(os), err)
	}
	return os[0]
}

func TestNobodySitsTwice(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		offer := w.sellToGroups(groupbuy.Wish{Groups: 3, PerBuyer: 2})
		first := w.mustInto(1, groupbuy.Choice{Offer: offer.ID})
		if _, err := w.askGroup(1, groupbuy.Choice{Code: first.Quote.Group.Code}); !errors.Is(err, groupbuy.ErrIn) {
			t.Errorf("the same again: %v", err)
		}
		// Asked for as a guest, ordered by the same person on two phones.
		var guests []order.Offer
		for range 2 {
			o, err := w.orders.Quote(context.Background(), order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 1000}}, Group: groupbuy.Choice{Code: first.Quote.Group.Code},
				Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}})
			if err != nil {
				t.Fatal(err)
			}
			guests = append(guests, o)
		}
		var in atomic.Int64
		var wg sync.WaitGroup
		for _, o := range guests {
			wg.Go(func() {
				_, err := w.orders.Place(context.Background(), w.wish(o, 2, "test"))
				if err == nil {
					in.Add(1)
				} else if !errors.Is(err, groupbuy.ErrIn) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 {
			t.Errorf("%d seats for one", in.Load())
		}
		w.mustInto(1, groupbuy.Choice{Offer: offer.ID}) // a second group is allowed
		if _, err := w.into(1, groupbuy.Choice{Offer: offer.ID}); !errors.Is(err, groupbuy.ErrLimit) {
			t.Errorf("a third: %v", err)
		}
		w.soundGroups()
	})
}

func TestWhoLeavesFreesTheSeatAndAnEmptyGroupIsGone(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		offer := w.sellToGroups(groupbuy.Wish{Groups: 1})
		two := w.paidGroup(offer, 1, 2)
		code := two[0].Quote.Group.Code
		for i, o := range two {
			if _, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, o.Buyer, ""); err != nil {
				t.Fatal(err)
			}
			if g := w.group(code); g.Seats != int64(1-i) || g.Paid != int64(1-i) {
				t.Errorf("%d have left: %+v", i+1, g)
			}
		}
		if g := w.group(code); g.State != groupbuy.Gone {
			t.Errorf("nobody is left: %+v", g)
		}
		if _, err := w.askGroup(3, groupbuy.Choice{Code: code}); !errors.Is(err, groupbuy.ErrOver) {
			t.Errorf("into a group that is gone: %v", err)
		}
		w.mustInto(3, groupbuy.Choice{Offer: offer.ID})
		w.clocks()
		w.soundGroups()
	})
}

func TestAPaymentAndTheDeadlineDecideOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		offer := w.sellToGroups(groupbuy.Wish{Groups: 8})
		for round := range 6 {
			two := w.paidGroup(offer, round*10, 2)
			g := two[0].Quote.Group
			w.pass(24*time.Hour - 5*time.Minute)
			third := w.mustInto(round*10+3, groupbuy.Choice{Code: g.Code})
			w.pass(5 * time.Minute) // the deadline, to the millisecond
			if round%2 == 0 {
				w.pass(-time.Millisecond) // the payment is in time
			}
			var wg sync.WaitGroup
			wg.Go(func() { _ = w.bankSays("race-"+third.ID, third, true) })
			wg.Go(func() {
				_, _ = w.orders.Sweep(context.Background())
				_, _ = w.groups.Sweep(context.Background())
				_, _ = w.orders.SettleGroups(context.Background())
			})
			wg.Wait()
			_ = w.bankSays("race-"+third.ID, third, true) // the provider says it until it is heard
			w.pass(time.Second)
			w.clocks()
			is, got := w.group(g.Code), w.get(third)
			if round%2 == 0 && (is.State != groupbuy.Full || got.Awaits() || got.State != order.Placed) {
				t.Errorf("in time: group %s, order %s", is.State, got.State)
			}
			if round%2 == 1 && (is.State != groupbuy.Failed || got.PayState != order.Refunded) {
				t.Errorf("too late: group %s, order %s, %s", is.State, got.State, got.PayState)
			}
			w.soundGroups()
		}
	})
}

func TestAStoppedOfferKeepsWhatItPromised(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		offer := w.sellToGroups(groupbuy.Wish{Groups: 4})
		if _, err := w.groups.Start(ctx, w.shop.ID, groupbuy.Wish{SKU: w.sku(), Units: 1000, Groups: 1, PerBuyer: 1, Lasts: time.Hour, Steps: []groupbuy.Step{{People: 2, Price: 1000}}}); !errors.Is(err, groupbuy.ErrOn) {
			t.Errorf("a second offer: %v", err)
		}
		two := w.paidGroup(offer, 1, 2)
		late, err := w.askGroup(9, groupbuy.Choice{Offer: offer.ID})
		if err != nil {
			t.Fatal(err)
		}
		if o, err := w.groups.Stop(ctx, w.shop.ID, offer.ID); err != nil || o.StoppedAt.IsZero() || !o.ClosedAt.IsZero() {
			t.Errorf("stopped: %+v, %v", o, err)
		}
		if _, err := w.orders.Place(ctx, w.wish(late, 9, "test")); !errors.Is(err, groupbuy.ErrNoMore) {
			t.Errorf("a new one: %v", err)
		}
		w.pays(w.mustInto(3, groupbuy.Choice{Code: two[0].Quote.Group.Code}))
		w.clocks()
		w.clocks()
		if g := w.group(two[0].Quote.Group.Code); g.State != groupbuy.Full {
			t.Errorf("the open one: %+v", g)
		}
		if w.available() != 37_000 || w.leftIn(offer.ID) != 0 {
			t.Errorf("stall %d, set aside %d", w.available(), w.leftIn(offer.ID))
		}
		w.soundGroups()
	})
}

func TestGroupTermsThatMakeNoSenseAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		good := groupbuy.Wish{SKU: w.sku(), Units: 1000, Groups: 2, PerBuyer: 1, Lasts: time.Hour, Steps: []groupbuy.Step{{People: 2, Price: 1000}, {People: 4, Price: 900}}}
		for _, tt := range []struct {
			name string
			edit func(*groupbuy.Wish)
			want error
		}{
			{"alone", func(x *groupbuy.Wish) { x.Steps[0].People = 1 }, groupbuy.ErrTerms},
			{"as dear as alone", func(x *groupbuy.Wish) { x.Steps[0].Price = 1250 }, groupbuy.ErrTerms},
			{"dearer with more people", func(x *groupbuy.Wish) { x.Steps[1].Price = 1100 }, groupbuy.ErrTerms},
			{"a step down", func(x *groupbuy.Wish) { x.Steps[1].People = 2 }, groupbuy.ErrTerms},
			{"for nothing", func(x *groupbuy.Wish) { x.Steps[1].Price = 0 }, groupbuy.ErrTerms},
			{"a crowd", func(x *groupbuy.Wish) { x.Steps[1].People = 51 }, groupbuy.ErrTerms},
			{"a week", func(x *groupbuy.Wish) { x.Lasts = 7 * 24 * time.Hour }, groupbuy.ErrTerms},
			{"no step", func(x *groupbuy.Wish) { x.Steps = nil }, groupbuy.ErrTerms},
			{"more goods than there are", func(x *groupbuy.Wish) { x.Groups = 11 }, stock.ErrSoldOut},
		} {
			x := good
			x.Steps = append([]groupbuy.Step{}, good.Steps...)
			tt.edit(&x)
			if _, err := w.groups.Start(context.Background(), w.shop.ID, x); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if w.available() != 40_000 {
			t.Errorf("%d g on the stall", w.available())
		}
		if _, err := w.groups.Start(context.Background(), w.shop.ID, good); err != nil {
			t.Error(err)
		}
		w.practice(t)
		good.SKU, good.Units = w.sku(), 1
		if _, err := w.groups.Start(context.Background(), w.shop.ID, good); !errors.Is(err, groupbuy.ErrKind) {
			t.Errorf("an hour with somebody: %v", err)
		}
	})
}

func TestAGroupIsPaidAtOnceAndTakesNoCoupon(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40, &straight{})
		offer := w.sellToGroups(groupbuy.Wish{})
		w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200}))
		o, err := w.askGroup(1, groupbuy.Choice{Offer: offer.ID})
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(o.Payments) != "[test]" || o.Quote.Coupon() != "" {
			t.Errorf("paid by %v with coupon %q", o.Payments, o.Quote.Coupon())
		}
		for _, way := range []string{"pickup", "straight"} {
			if _, err := w.orders.Place(context.Background(), w.wish(o, 1, way)); !errors.Is(err, order.ErrPayment) {
				t.Errorf("paid by %s: %v", way, err)
			}
		}
		// At the stall nobody comes before the group has ended.
		visit, err := w.orders.Quote(context.Background(), order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 1000}}, Group: groupbuy.Choice{Offer: offer.ID}, Kind: order.ByPickup})
		if err != nil || visit.Slot == nil || visit.Slot.StartsAt.Before(visit.Group.EndsAt) {
			t.Errorf("collected at %v, the group ends %v, %v", visit.Slot, visit.Group.EndsAt, err)
		}
		if _, err := w.orders.Quote(context.Background(), order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 2000}}, Group: groupbuy.Choice{Offer: offer.ID}}); !errors.Is(err, groupbuy.ErrQuantity) {
			t.Errorf("two kilos: %v", err)
		}
	})
}

// TestALadderGivesBackToTheCent: whatever the steps, the people and the weight,
// everybody ends with the price of the step that was reached.
func TestALadderGivesBackToTheCent(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 4000)
		next := 0
		rapid.Check(t, func(rt *rapid.T) {
			var steps []groupbuy.Step
			people, price := int64(1), int64(1250)
			for range rapid.IntRange(1, 3).Draw(rt, "steps") {
				people += rapid.Int64Range(1, 2).Draw(rt, "more people")
				price -= rapid.Int64Range(1, 400).Draw(rt, "cheaper")
				steps = append(steps, groupbuy.Step{People: people, Price: price})
			}
			units := 100 * rapid.Int64Range(1, 9).Draw(rt, "hundred grams")
			offer, err := w.groups.Start(context.Background(), w.shop.ID, groupbuy.Wish{SKU: w.sku(), Units: units, Groups: 1, PerBuyer: 1, Lasts: time.Hour, Steps: steps})
			if err != nil {
				rt.Fatal(err)
			}
			n := rapid.IntRange(1, int(people)).Draw(rt, "come")
			var made []order.Order
			choice := groupbuy.Choice{Offer: offer.ID}
			for range n {
				next++
				o, err := w.orders.Quote(context.Background(), order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: units}}, Group: choice, Buyer: w.buyer(next).ID,
					Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}})
				if err != nil {
					rt.Fatal(err)
				}
				x, err := w.orders.Place(context.Background(), w.wish(o, next, "test"))
				if err != nil {
					rt.Fatal(err)
				}
				w.goToPay(x)
				w.pays(x)
				made, choice = append(made, x), groupbuy.Choice{Code: x.Quote.Group.Code}
			}
			if _, err := w.groups.Stop(context.Background(), w.shop.ID, offer.ID); err != nil {
				rt.Fatal(err)
			}
			w.pass(time.Hour)
			w.clocks()
			w.clocks()
			want := int64(0) // all of it comes back
			if int64(n) >= steps[0].People {
				at, err := made[0].Lines[0].Unit, error(nil)
				at.Minor = groupbuy.Reached(steps, int64(n)).Price
				if at, err = at.Times(units, 1000); err != nil {
					rt.Fatal(err)
				}
				want = at.Minor + made[0].Quote.Freight.Minor
			}
			for _, o := range made {
				if got := w.get(o); got.Total().Minor-got.Refunded != want {
					rt.Fatalf("%d of %v for %d g: %s paid %d and keeps %d back, want %d", n, steps, units, got.Number, got.Total().Minor, got.Refunded, want)
				}
			}
		})
		w.soundGroups()
	})
}

// TestAStepIsForTheUnitsThatAreKept: what shop and buyer agreed on before the
// group ended is theirs, and the step gives back its share of the rest.
func TestAStepIsForTheUnitsThatAreKept(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		offer := w.sellToGroups(groupbuy.Wish{Groups: 6, Steps: []groupbuy.Step{{People: 2, Price: 1000}, {People: 3, Price: 800}}})
		for i, tt := range []struct {
			name string
			back order.Part // before the end
			then int64      // at the end
		}{
			{"nothing went back", order.Part{}, 200},
			{"four hundred grams at their price", order.Part{Quantity: 400, Minor: 400}, 120},
			{"four hundred grams for next to nothing", order.Part{Quantity: 400, Minor: 1}, 120},
			{"all of it for next to nothing", order.Part{Quantity: 1000, Minor: 1}, 0},
			{"a part of the price", order.Part{Minor: 300}, 200},
			{"nearly all of the price", order.Part{Minor: 900}, 100},
		} {
			two := w.paidGroup(offer, 10*i+1, 2)
			if tt.back.Minor > 0 {
				err := d.InTx(context.Background(), func(tx *db.Tx) error {
					o, err := order.Lock(context.Background(), tx, two[0].ID)
					if err != nil {
						return err
					}
					return w.orders.GiveBack(context.Background(), tx, &o, "case:"+o.ID, order.BySeller, []order.Part{tt.back})
				})
				if err != nil {
					t.Fatal(err)
				}
				w.runJobs()
			}
			third := w.mustInto(10*i+3, groupbuy.Choice{Code: two[0].Quote.Group.Code})
			w.pays(third)
			w.clocks()
			w.clocks()
			if got := w.get(two[0]); got.Refunded != tt.back.Minor+tt.then {
				t.Errorf("%s: %d came back, want %d", tt.name, got.Refunded, tt.back.Minor+tt.then)
			}
			if got := w.get(third); got.Refunded != 200 {
				t.Errorf("%s: the third got %d back", tt.name, got.Refunded)
			}
		}
		w.soundGroups()
	})
}

// TestACrowdInAndOutOfGroupsWaitsForNobody: placements, payments, cancellations
// and the clock take the same rows, and none of them for ever.
func TestACrowdInAndOutOfGroupsWaitsForNobody(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 400)
		ctx := context.Background()
		offer := w.sellToGroups(groupbuy.Wish{Groups: 40, PerBuyer: 4, Steps: []groupbuy.Step{{People: 3, Price: 990}, {People: 5, Price: 900}}})
		first := w.paidGroup(offer, 1000, 1)[0]
		var codes sync.Map
		codes.Store(0, first.Quote.Group.Code)
		refused := func(err error) bool {
			for _, known := range []error{groupbuy.ErrFull, groupbuy.ErrOver, groupbuy.ErrIn, groupbuy.ErrNoMore, groupbuy.ErrLimit, promo.ErrFlashLimit, order.ErrState} {
				if errors.Is(err, known) {
					return true
				}
			}
			return false
		}
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				for round := range 6 {
					choice := groupbuy.Choice{Offer: offer.ID}
					if code, ok := codes.Load((i + round) % 4); ok && round != 2 {
						choice = groupbuy.Choice{Code: code.(string)}
					}
					o, err := w.into(i, choice)
					if err != nil {
						if !refused(err) {
							t.Errorf("into: %v", err)
						}
						continue
					}
					codes.Store(i%4, o.Quote.Group.Code)
					if (i+round)%3 > 0 {
						if err := w.bankSays("storm-"+o.ID, o, true); err != nil {
							t.Errorf("paid: %v", err)
						}
					}
					if (i+round)%4 == 0 {
						if _, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, o.Buyer, ""); err != nil && !refused(err) {
							t.Errorf("cancel: %v", err)
						}
					}
					if _, err := w.orders.SettleGroups(ctx); err != nil {
						t.Errorf("settle: %v", err)
					}
				}
			})
		}
		wg.Wait()
		w.pass(25 * time.Hour)
		w.clocks()
		w.soundGroups()
	})
}

func TestAnOrderToBeCollectedWaitsForItsGroupAndHearsOfItOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		ctx := context.Background()
		choice := groupbuy.Choice{Offer: w.sellToGroups(groupbuy.Wish{Steps: []groupbuy.Step{{People: 2, Price: 990}, {People: 3, Price: 900}}}).ID}
		var made []order.Order
		for i := range 3 {
			o, err := w.orders.Quote(ctx, order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: 1000}}, Group: choice, Buyer: w.buyer(i).ID, Kind: order.ByPickup})
			if err != nil {
				t.Fatal(err)
			}
			x, err := w.orders.Place(ctx, w.wish(o, i, "test"))
			if err != nil {
				t.Fatal(err)
			}
			w.goToPay(x)
			w.pays(x)
			made, choice = append(made, x), groupbuy.Choice{Code: x.Quote.Group.Code}
			if i == 0 {
				if _, err := w.orders.MarkReady(ctx, w.shop.ID, x.ID); !errors.Is(err, order.ErrAwaits) {
					t.Errorf("packed before: %v", err)
				}
				if _, err := w.orders.HandOver(ctx, w.shop.ID, "", x.Code); !errors.Is(err, order.ErrAwaits) {
					t.Errorf("handed over before: %v", err)
				}
				slots, err := w.orders.Slots(ctx, x.Buyer, x.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range slots {
					if s.StartsAt.Before(x.Quote.Group.EndsAt) {
						t.Errorf("can come at %v, the group ends %v", s.StartsAt, x.Quote.Group.EndsAt)
					}
				}
				early, err := w.offer(order.Ask{Kind: order.ByPickup})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.orders.Move(ctx, x.Buyer, x.ID, early.Slot.ID); !errors.Is(err, shop.ErrSlotGone) {
					t.Errorf("moved before the end: %v", err)
				}
			}
		}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if _, err := w.orders.SettleGroups(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.clocks()
		for _, o := range made {
			got, told := w.get(o), 0
			for _, e := range got.Events {
				if e.Event == "group_full" {
					told++
				}
			}
			if told != 1 || got.Refunded != 90 {
				t.Errorf("%s heard of it %d times, got %d back", got.Number, told, got.Refunded)
			}
			if _, err := w.orders.HandOver(ctx, w.shop.ID, "", o.Code); err != nil {
				t.Error(err)
			}
		}
		w.soundGroups()
	})
}
