package review_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/review"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

var migrations = []db.Migrations{db.SettingMigrations, bus.Migrations, job.Migrations, account.Migrations, shop.Migrations,
	catalog.Migrations, stock.Migrations, ledger.Migrations, payment.Migrations, order.Migrations, review.Migrations}

// world is a bookshop whose buyers pay at the stall.
type world struct {
	*testing.T
	d       *db.DB
	orders  *order.Service
	reviews *review.Service
	shop    shop.Shop
	product catalog.Product
	at      time.Time
	n       int
}

func each(t *testing.T, f func(w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		w := &world{T: t, d: d, at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return w.at }
		jobs := job.New(d, quiet, nil, job.WithClock(now))
		b := bus.Open(d, quiet, nil, bus.WithClock(now))
		shops, goods, shelves := shop.New(d, now), catalog.New(d, b, now), stock.New(d, b, now)
		w.orders = order.New(order.Parts{DB: d, Bus: b, Shops: shops, Catalog: goods, Stock: shelves, Payments: payment.New(d, b, jobs, quiet, now), Secret: "s", Log: quiet, Now: now})
		t.Cleanup(w.orders.Close)
		w.reviews = review.New(review.Parts{DB: d, Bus: b, Shops: shops, Now: now, OwnsPhoto: func(_ context.Context, person, photo string) (bool, error) {
			return strings.HasPrefix(photo, "img_of_"+person), nil
		}})
		var err error
		w.shop, err = shops.Open(ctx, "per_nell", shop.Draft{Name: text.Both("Books", ""), Pack: "books", Stall: "12", Currency: "EUR", TimeZone: "Europe/Berlin"})
		w.must(err)
		w.product, err = goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("A book", "一本书"), Measure: catalog.Piece, State: catalog.Live,
			Fields: map[string]string{"isbn": "9780140449136", "author": "Marcus Aurelius", "publisher": "Penguin", "condition": "good", "language": "en", "year": "2006"},
			SKUs:   []catalog.SKUForm{{PriceMinor: 999}}})
		w.must(err)
		_, err = shelves.Record(ctx, w.shop.ID, stock.Move{Key: "land", SKU: w.product.SKUs[0].ID, Add: 100, Reason: stock.Landed})
		w.must(err)
		f(w)
	}, migrations...)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) order(buyer string) order.Order {
	w.Helper()
	offer, err := w.orders.Quote(w.Context(), order.Ask{Items: []order.Item{{SKU: w.product.SKUs[0].ID, Quantity: 2}}})
	w.must(err)
	w.n++
	o, err := w.orders.Place(w.Context(), order.Wish{Key: fmt.Sprint("key-", w.n), Buyer: account.Person{ID: buyer, Name: "Rosa Luz"}, Token: offer.Token, Hash: offer.Hash,
		Payment: order.PayAtPickup, Consents: []string{"return:normal"}})
	w.must(err)
	return o
}

func (w *world) received(buyer string) order.Order {
	w.Helper()
	o := w.order(buyer)
	o, err := w.orders.HandOver(w.Context(), w.shop.ID, o.ID, o.Code)
	w.must(err)
	return o
}

func (w *world) write(o order.Order, change func(*review.Draft)) (review.Review, error) {
	d := review.Draft{Buyer: "per_rosa", Order: o.ID, Stars: 4, Words: "Good paper.", Photos: []string{"img_of_per_rosa_1"}}
	if change != nil {
		change(&d)
	}
	return w.reviews.Write(w.Context(), d)
}

func TestOnlyWhoGotTheGoodsReviewsThem(t *testing.T) {
	each(t, func(w *world) {
		o := w.order("per_rosa")
		if _, err := w.write(o, nil); !errors.Is(err, review.ErrNotYours) {
			w.Errorf("before the hand-over: %v", err)
		}
		got := w.received("per_rosa")
		own := w.received("per_nell")
		for _, tt := range []struct {
			name   string
			order  order.Order
			change func(*review.Draft)
			want   error
		}{
			{"a stranger", got, func(d *review.Draft) { d.Buyer, d.Photos = "per_mallory", nil }, order.ErrNotFound},
			{"another line", got, func(d *review.Draft) { d.Position = 1 }, review.ErrNotYours},
			{"a line below the first", got, func(d *review.Draft) { d.Position = -1 }, review.ErrNotYours},
			{"no stars", got, func(d *review.Draft) { d.Stars = 0 }, review.ErrStars},
			{"six stars", got, func(d *review.Draft) { d.Stars = 6 }, review.ErrStars},
			{"another's photo", got, func(d *review.Draft) { d.Photos = []string{"img_of_per_mallory"} }, review.ErrPhotos},
			{"a novel", got, func(d *review.Draft) { d.Words = strings.Repeat("语", 1001) }, review.ErrWords},
			{"the shop itself", own, func(d *review.Draft) { d.Buyer, d.Photos = "per_nell", nil }, review.ErrOwnShop},
		} {
			if _, err := w.write(tt.order, tt.change); !errors.Is(err, tt.want) {
				w.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		r, err := w.write(got, nil)
		w.must(err)
		if r.Name() != "R…" || r.Title.Pick("en") != "A book" || r.Refunded {
			w.Errorf("written: %+v", r)
		}
	})
}

func TestAReviewIsOneAndChangesForAMonth(t *testing.T) {
	each(t, func(w *world) {
		o := w.received("per_rosa")
		first, err := w.write(o, nil)
		w.must(err)
		w.at = w.at.Add(review.EditFor)
		second, err := w.write(o, func(d *review.Draft) { d.Stars = 2 })
		w.must(err)
		if second.ID != first.ID || !second.UpdatedAt.After(second.CreatedAt) {
			w.Errorf("changed: %+v", second)
		}
		w.at = w.at.Add(time.Second)
		if _, err := w.write(o, nil); !errors.Is(err, review.ErrTooLate) {
			w.Errorf("after the month: %v", err)
		}
		sum, err := w.reviews.Sum(w.Context(), review.Filter{Product: w.product.ID})
		w.must(err)
		if sum.Count != 1 || sum.Sum != 2 || sum.Stars[1] != 1 {
			w.Errorf("sum %+v", sum)
		}
	})
}

func TestTheShopAnswersOnce(t *testing.T) {
	each(t, func(w *world) {
		r, err := w.write(w.received("per_rosa"), nil)
		w.must(err)
		if _, err := w.reviews.Answer(w.Context(), "shp_other", r.ID, "Thanks."); !errors.Is(err, review.ErrNotFound) {
			w.Errorf("another shop answers: %v", err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.reviews.Answer(context.Background(), w.shop.ID, r.ID, fmt.Sprint("Thanks ", i)) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), review.ErrAnswered) {
			w.Errorf("two answers: %v", errs)
		}
		rows, err := w.reviews.List(w.Context(), review.Filter{Shop: w.shop.ID, After: page.First}, 10)
		w.must(err)
		if len(rows.Items) != 1 || !strings.HasPrefix(rows.Items[0].Answer, "Thanks") {
			w.Errorf("listed %+v", rows.Items)
		}
		again, err := w.reviews.Answer(w.Context(), w.shop.ID, r.ID, rows.Items[0].Answer)
		w.must(err)
		if again.Answer != rows.Items[0].Answer {
			w.Error("the same answer again is refused")
		}
	})
}

func TestAReviewOfRefundedGoodsSaysSo(t *testing.T) {
	each(t, func(w *world) {
		before, after := w.received("per_rosa"), w.received("per_rosa")
		_, err := w.write(before, nil)
		w.must(err)
		for _, o := range []order.Order{before, after} {
			w.must(w.d.InTx(w.Context(), func(tx *db.Tx) error {
				o, err := order.Lock(w.Context(), tx, o.ID)
				if err != nil {
					return err
				}
				return w.orders.GiveBack(w.Context(), tx, &o, "k:"+o.ID, order.BySeller, []order.Part{{Quantity: 1, Minor: 999}})
			}))
		}
		_, err = w.write(after, nil)
		w.must(err)
		for _, o := range []order.Order{before, after} {
			got, err := w.reviews.OfOrder(w.Context(), o.ID)
			w.must(err)
			if !got[0].Refunded {
				w.Errorf("the review of %s does not tell", o.Number)
			}
		}
	})
}

func TestTheOperatorTakesWordsDownAndStarsStay(t *testing.T) {
	each(t, func(w *world) {
		r, err := w.write(w.received("per_rosa"), nil)
		w.must(err)
		if _, err := w.reviews.Hide(w.Context(), "rev_none", "No."); !errors.Is(err, review.ErrNotFound) {
			w.Errorf("hiding nothing: %v", err)
		}
		r, err = w.reviews.Hide(w.Context(), r.ID, "An address of somebody else.")
		w.must(err)
		sum, err := w.reviews.Sum(w.Context(), review.Filter{Shop: w.shop.ID})
		w.must(err)
		if r.Hidden == "" || sum.Sum != 4 {
			w.Errorf("hidden %q, stars %d", r.Hidden, sum.Sum)
		}
	})
}
