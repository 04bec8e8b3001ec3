package order_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// bowls puts goods by the piece on the stall, of which pieces are called out.
func (w *world) bowls(onHand, pieces, each int64) (sku string, c claim.Call) {
	w.t.Helper()
	ctx := context.Background()
	p, err := w.goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("Smoked mackerel", "熏鲭鱼"), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"},
		SKUs:   []catalog.SKUForm{{PriceMinor: 3000}}})
	if err != nil {
		w.t.Fatal(err)
	}
	sku = p.SKUs[0].ID
	if _, err := w.stock.Record(ctx, w.shop.ID, stock.Move{Key: "bowls", SKU: sku, Add: onHand, Reason: stock.Landed}); err != nil {
		w.t.Fatal(err)
	}
	c, err = w.claims.Open(ctx, w.shop.ID, "shw_live", claim.Wish{Key: "open", SKU: sku, Keyword: "7", Pieces: pieces, PerPerson: each, Hold: 10 * time.Minute})
	if err != nil {
		w.t.Fatal(err)
	}
	return sku, c
}

// hear lets a buyer write a comment.
func (w *world) hear(buyer int, words string) claim.Claim {
	w.t.Helper()
	ctx := context.Background()
	var out map[string]claim.Claim
	err := w.d.InTx(ctx, func(tx *db.Tx) (err error) {
		out, err = w.claims.Hear(ctx, tx, []claim.Said{{Comment: "com", Show: "shw_live", Person: w.buyer(buyer).ID, Name: "Rosa", Text: words, At: w.now()}})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out["com"]
}

func (w *world) claimNow(k claim.Claim) claim.Claim {
	w.t.Helper()
	k, err := w.claims.Get(context.Background(), k.Person, k.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// offerOfClaim asks for an offer of a claim, as a parcel.
func (w *world) offerOfClaim(k claim.Claim, buyer int, quantity int64) (order.Offer, error) {
	a := inRoom()
	a.Claim, a.Buyer = k.ID, w.buyer(buyer).ID
	a.Items = []order.Item{{SKU: k.Of.SKU, Quantity: quantity}}
	return w.orders.Quote(context.Background(), a)
}

func (w *world) mustOffer(k claim.Claim, buyer int) order.Offer {
	w.t.Helper()
	o, err := w.offerOfClaim(k, buyer, k.Pieces)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) leftOf(sku, bucket string) int64 {
	w.t.Helper()
	i, err := w.stock.Of(context.Background(), sku, bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Available()
}

func (w *world) sweepClaims() {
	w.t.Helper()
	if _, err := w.claims.Sweep(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// claimsSound is [world.sound] with the claims.
func (w *world) claimsSound() {
	w.t.Helper()
	w.sound()
	problems, err := claim.Check(context.Background(), w.d, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		w.t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func TestAnOrderTakesItsClaimOver(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		sku, c := w.bowls(3, 2, 2)
		ctx := context.Background()
		k := w.hear(1, "7 x2")
		second := w.hear(2, "7")
		w.pass(4 * time.Minute)
		// A flash price has goods of its own; what is claimed has the usual price.
		if _, err := w.promos.StartFlash(ctx, w.shop.ID, "shw_live", promo.FlashWish{SKU: sku, Price: 900, Quantity: 1, Lasts: time.Minute}); err != nil {
			t.Fatal(err)
		}
		o := w.mustOffer(k, 1)
		if l := o.Lines[0]; l.Claim != k.ID || l.Bucket != c.ID || l.Unit.Minor != 3000 || l.Available != 2 || o.ExpiresAt != k.Until || l.Seen == nil || !l.Seen.At.Equal(k.At) {
			t.Errorf("offer %+v, until %v", l, o.ExpiresAt)
		}
		for _, tt := range []struct {
			name  string
			claim claim.Claim
			buyer int
			n     int64
			want  error
		}{
			{"somebody else's", k, 2, 2, claim.ErrNotFound},
			{"fewer", k, 1, 1, claim.ErrPieces},
			{"more", k, 1, 3, claim.ErrPieces},
			{"one that waits", second, 2, 1, claim.ErrOver},
		} {
			if _, err := w.offerOfClaim(tt.claim, tt.buyer, tt.n); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		twice := w.mustOffer(k, 1)
		if _, err := w.orders.Place(ctx, w.wish(o, 2, "test")); !errors.Is(err, claim.ErrOver) {
			t.Errorf("somebody else's offer: %v", err)
		}
		made, err := w.orders.Place(ctx, w.wish(o, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.claimsSound()
		if _, err := w.orders.Place(ctx, w.wish(twice, 1, "test")); !errors.Is(err, claim.ErrOver) {
			t.Errorf("a second order: %v", err)
		}
		if got := w.claimNow(k); got.State != claim.Ordered || got.Order != made.ID {
			t.Errorf("claim %+v", got)
		}
		if again := w.hear(1, "7"); again.State != claim.Limit {
			t.Errorf("beyond the share: %+v", again)
		}
		w.pass(11 * time.Minute) // the deadline of a claim that was ordered is the order's
		w.sweepClaims()
		w.claimsSound()
		w.pass(time.Hour)
		if _, err := w.orders.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if got := w.claimNow(k); got.State != claim.Undone {
			t.Errorf("the order expired, the claim is %s", got.State)
		}
		// Two are free again, and the clock has not looked yet: who waits comes before
		// who arrives.
		if third := w.hear(3, "7 x2"); third.State != claim.Held || third.Pieces != 1 {
			t.Errorf("a newcomer has %+v", third)
		}
		if got := w.claimNow(second); got.State != claim.Held || !got.Until.Equal(w.now().Add(10*time.Minute)) {
			t.Errorf("the next is %+v", got)
		}
		if w.leftOf(sku, c.ID) != 0 {
			t.Errorf("%d left", w.leftOf(sku, c.ID))
		}
		w.claimsSound()
	})
}

func TestNoClaimIsOrderedAfterItsTime(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		sku, c := w.bowls(1, 1, 1)
		k := w.hear(1, "7")
		o := w.mustOffer(k, 1)
		w.pass(10 * time.Minute)
		if _, err := w.offerOfClaim(k, 1, 1); !errors.Is(err, claim.ErrOver) {
			t.Errorf("an offer after the deadline: %v", err)
		}
		if _, err := w.orders.Place(context.Background(), w.wish(o, 1, "test")); err == nil {
			t.Error("ordered after the deadline")
		}
		w.sweepClaims()
		if w.leftOf(sku, c.ID) != 1 {
			t.Errorf("%d left", w.leftOf(sku, c.ID))
		}
		w.claimsSound()
	})
}

// Money that comes late takes the goods again when they are there, and never
// somebody else's.
func TestALatePaymentTakesItsClaimAgainOrNothing(t *testing.T) {
	for _, waits := range []bool{false, true} {
		each(t, func(t *testing.T, d *db.DB) {
			w := newWorld(t, d, 1)
			w.bowls(1, 1, 1)
			ctx := context.Background()
			k := w.hear(1, "7")
			var next claim.Claim
			if waits {
				next = w.hear(2, "7")
			}
			made, err := w.orders.Place(ctx, w.wish(w.mustOffer(k, 1), 1, "test"))
			if err != nil {
				t.Fatal(err)
			}
			w.goToPay(made)
			w.pass(16 * time.Minute)
			if _, err := w.orders.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			w.sweepClaims()
			w.claimsSound()
			if err := w.bankSays("late", made, true); err != nil {
				t.Fatal(err)
			}
			w.runJobs()
			got, stands := w.get(made), w.claimNow(k)
			if waits {
				if got.State != order.Expired || stands.State != claim.Undone || w.claimNow(next).State != claim.Held {
					t.Errorf("somebody waited: order %s, claim %s, next %s", got.State, stands.State, w.claimNow(next).State)
				}
			} else if got.State != order.Placed || stands.State != claim.Ordered {
				t.Errorf("nobody waited: order %s, claim %s", got.State, stands.State)
			}
			w.claimsSound()
		})
	}
}

// A late payment that lacks its coupon takes no claim up either.
func TestALatePaymentWithoutItsCouponLeavesItsClaim(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 5)
		w.bowls(1, 1, 1)
		ctx := context.Background()
		w.claim(1, w.coupons(promo.Template{Kind: promo.Amount, Off: 200}))
		k := w.hear(1, "7")
		o := w.mustOffer(k, 1)
		made, err := w.orders.Place(ctx, w.wish(o, 1, "test"))
		if err != nil || o.Quote.Coupon() == "" {
			t.Fatalf("coupon %q, %v", o.Quote.Coupon(), err)
		}
		w.goToPay(made)
		w.pass(16 * time.Minute)
		if _, err := w.orders.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		other := w.offerTo(1, inRoom())
		if _, err := w.orders.Place(ctx, w.wish(other, 1, "test")); err != nil || other.Quote.Coupon() != o.Quote.Coupon() {
			t.Fatalf("the coupon for something else: %q, %v", other.Quote.Coupon(), err)
		}
		if err := w.bankSays("late", made, true); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		if got, stands := w.get(made), w.claimNow(k); got.State != order.Expired || stands.State != claim.Undone {
			t.Errorf("order %s, claim %s", got.State, stands.State)
		}
		w.claimsSound()
	})
}

// Everybody orders what they hold, twice at once, while time runs out for some
// and others let go.
func TestClaimsOrdersAndDeadlinesRace(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		const people, pieces = 40, 10
		sku, c := w.bowls(pieces, pieces, 1)
		var held []claim.Claim
		for i := range people {
			if k := w.hear(i, "7"); k.State == claim.Held {
				held = append(held, k)
			}
		}
		offers := make([]order.Offer, len(held))
		for i, k := range held {
			offers[i] = w.mustOffer(k, i)
		}
		var made atomic.Int64
		var wg sync.WaitGroup
		for i, k := range held {
			for range 2 {
				wg.Go(func() {
					switch _, err := w.orders.Place(context.Background(), w.wish(offers[i], i, "test")); {
					case err == nil:
						made.Add(1)
					case !errors.Is(err, claim.ErrOver) && !errors.Is(err, order.ErrQuoteUsed):
						t.Errorf("order of %d: %v", i, err)
					}
				})
			}
			if i%2 == 0 {
				wg.Go(func() {
					if _, err := w.claims.Release(context.Background(), k.Person, k.ID); err != nil {
						t.Errorf("release of %d: %v", i, err)
					}
				})
			}
			wg.Go(func() {
				if _, err := w.claims.Sweep(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := w.claims.Of(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		n := map[claim.State]int64{}
		for _, k := range all {
			n[k.State]++
		}
		if n[claim.Ordered] != made.Load() || n[claim.Ordered]+n[claim.Held] != pieces || w.leftOf(sku, c.ID) != 0 {
			t.Errorf("%d orders, claims %v, %d left", made.Load(), n, w.leftOf(sku, c.ID))
		}
		w.claimsSound()
	})
}

// Every invariant of claims sees what it is for.
func TestCheckSeesBrokenClaims(t *testing.T) {
	for _, tt := range []struct{ want, breaks string }{
		{"C1", `UPDATE reservation SET qty = 2 WHERE line LIKE 'clm%' AND state = 'held'`},
		{"C1", `UPDATE reservation SET state = 'released' WHERE line LIKE 'clm%'`},
		{"C1", `UPDATE claim SET state = 'released' WHERE state = 'held'`},
		{"C2", `UPDATE claim_call SET pieces = 1`},
		{"C2", `UPDATE claim SET person = 'per_1' WHERE state = 'held'`},
		{"C3", `UPDATE orders SET state = 'cancelled'`},
		{"C3", `UPDATE claim SET state = 'released' WHERE state = 'ordered'`},
		{"C4", `UPDATE claim SET until_at = 1 WHERE state = 'held'`},
		{"C4", `UPDATE claim_call SET closed_at = 1`},
	} {
		each(t, func(t *testing.T, d *db.DB) {
			w := newWorld(t, d, 1)
			w.bowls(2, 2, 1)
			k := w.hear(1, "7")
			w.hear(2, "7")
			w.hear(3, "7")
			if _, err := w.orders.Place(context.Background(), w.wish(w.mustOffer(k, 1), 1, "test")); err != nil {
				t.Fatal(err)
			}
			w.claimsSound()
			if _, err := d.ExecContext(context.Background(), tt.breaks); err != nil {
				t.Fatal(err)
			}
			problems, err := claim.Check(context.Background(), d, w.now())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				if p.Invariant == tt.want {
					return
				}
			}
			t.Errorf("%s: found %v, want %s", tt.breaks, problems, tt.want)
		})
	}
}
