package order_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

var migrations = []db.Migrations{db.SettingMigrations, bus.Migrations, job.Migrations, account.Migrations, tax.Migrations, shop.Migrations,
	catalog.Migrations, stock.Migrations, promo.Migrations, ledger.Migrations, payment.Migrations, groupbuy.Migrations, claim.Migrations, order.Migrations}

// bank is a provider whose messages the test writes itself.
type bank struct{ refunds atomic.Int64 }

func (*bank) Code() string      { return "test" }
func (*bank) Label() text.Local { return text.Both("Test", "测试") }
func (*bank) Start(context.Context, payment.Intent) (payment.Page, error) {
	return payment.Page{Ref: "page", URL: "/page"}, nil
}
func (*bank) Query(context.Context, payment.Intent) (payment.Fact, error) { return payment.Fact{}, nil }
func (*bank) Close(context.Context, payment.Intent) (payment.Fact, error) { return payment.Fact{}, nil }
func (b *bank) Refund(_ context.Context, r payment.Refund, _ string) (payment.Fact, error) {
	b.refunds.Add(1)
	return payment.Fact{Kind: payment.GivenBack, Ref: "back-" + r.ID, Amount: r.Amount}, nil
}
func (*bank) Read(_ context.Context, h http.Header, body []byte, _ time.Time) (payment.Fact, error) {
	if h.Get("Signature") != "ok" {
		return payment.Fact{}, payment.ErrSignature
	}
	f := payment.Fact{Kind: payment.Declined}
	var paid bool
	_, err := fmt.Sscanf(string(body), "%s %s %t %d %s", &f.Message, &f.Intent, &paid, &f.Amount.Minor, &f.Amount.Currency)
	if paid {
		f.Kind = payment.Succeeded
	}
	f.Ref = "ref-" + f.Intent
	return f, err
}

type world struct {
	t        testing.TB
	d        *db.DB
	jobs     *job.Queue
	shops    *shop.Service
	goods    *catalog.Service
	stock    *stock.Service
	payments *payment.Service
	promos   *promo.Service
	groups   *groupbuy.Service
	claims   *claim.Service
	taxes    *tax.Service
	orders   *order.Service
	bank     *bank
	shop     shop.Shop
	product  catalog.Product
	mu       sync.Mutex
	at       time.Time
	keys     atomic.Int64
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// newWorld is a fish stall with n kg of mackerel at 12.50.
func newWorld(t testing.TB, d *db.DB, kilos int64, more ...payment.Provider) *world {
	t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	w := &world{t: t, d: d, bank: &bank{}, at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	w.jobs = job.New(d, quiet, nil, job.WithClock(w.now))
	b := bus.Open(d, quiet, nil, bus.WithClock(w.now))
	w.shops = shop.New(d, w.now)
	w.goods = catalog.New(d, b, w.now)
	w.stock = stock.New(d, b, w.now)
	w.payments = payment.New(d, b, w.jobs, quiet, w.now, append([]payment.Provider{w.bank}, more...)...)
	w.promos = promo.New(promo.Parts{DB: d, Bus: b, Catalog: w.goods, Stock: w.stock, Now: w.now,
		Bought: func(ctx context.Context, shop, person string) (bool, error) {
			return w.orders.HasOrdered(ctx, shop, person)
		}})
	w.groups = groupbuy.New(groupbuy.Parts{DB: d, Catalog: w.goods, Stock: w.stock, Payments: w.payments, Now: w.now})
	w.claims = claim.New(claim.Parts{DB: d, Bus: b, Catalog: w.goods, Stock: w.stock, Now: w.now})
	w.taxes = tax.New(d, w.now)
	w.orders = order.New(order.Parts{DB: d, Bus: b, Shops: w.shops, Catalog: w.goods, Stock: w.stock, Payments: w.payments, Promos: w.promos, Groups: w.groups, Claims: w.claims, Taxes: w.taxes, Carriers: []order.Carrier{courier{}}, Secret: "s", Log: quiet, Now: w.now,
		Moment: func(_ context.Context, show string, _ time.Time) (order.Moment, error) {
			return order.Moment{Shop: w.shop.ID, Live: show == "shw_live", Second: 61}, nil
		}})
	t.Cleanup(w.orders.Close)
	var err error
	w.shop, err = w.shops.Open(ctx, "per_seller", shop.Draft{Name: text.Both("Marlow’s Fish", ""), Pack: "fish", Stall: "12", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	w.shop, err = w.shops.Update(ctx, w.shop.ID, func(s *shop.Shop) error {
		s.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 5000)}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.product, err = w.goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("Mackerel", "鲭鱼"), Measure: catalog.Weight, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"},
		SKUs:   []catalog.SKUForm{{PriceMinor: 1250}}})
	if err != nil {
		t.Fatal(err)
	}
	w.land(kilos)
	return w
}

func (w *world) sku() string { return w.product.SKUs[0].ID }

func (w *world) land(kilos int64) {
	w.t.Helper()
	if _, err := w.stock.Record(context.Background(), w.shop.ID, stock.Move{Key: fmt.Sprint("land", w.keys.Add(1)), SKU: w.sku(), Add: kilos * 1000, Reason: stock.Landed}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) buyer(n int) account.Person {
	return account.Person{ID: fmt.Sprintf("per_%d", n), Name: "Rosa", Email: fmt.Sprintf("b%d@example.org", n)}
}

func (w *world) offer(a order.Ask) (order.Offer, error) {
	if a.Items == nil {
		a.Items = []order.Item{{SKU: w.sku(), Quantity: 1000}}
	}
	return w.orders.Quote(context.Background(), a)
}

func (w *world) wish(o order.Offer, buyer int, pay string) order.Wish {
	return order.Wish{Key: fmt.Sprint("key-", w.keys.Add(1)), Buyer: w.buyer(buyer), Token: o.Token, Hash: o.Hash, Payment: pay, Consents: []string{"return:fresh_exempt"}}
}

func (w *world) place(buyer int, pay string) (order.Order, error) {
	o, err := w.offer(order.Ask{})
	if err != nil {
		return order.Order{}, err
	}
	made, err := w.orders.Place(context.Background(), w.wish(o, buyer, pay))
	if err == nil && pay == "test" {
		w.goToPay(made)
	}
	return made, err
}

// goToPay opens the provider's page as the buyer does.
func (w *world) goToPay(o order.Order) {
	w.t.Helper()
	if page, err := w.orders.PayPage(context.Background(), o.Buyer, o.ID); err != nil || page != "/page" {
		w.t.Errorf("PayPage = %q, %v", page, err)
	}
}

func (w *world) mustPlace(buyer int, pay string) order.Order {
	w.t.Helper()
	o, err := w.place(buyer, pay)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) bankSays(event string, o order.Order, paid bool) error {
	body := fmt.Sprintf("%s pay_%s %t %d EUR", event, o.ID[4:], paid, o.Total().Minor)
	return w.payments.Receive(context.Background(), "test", http.Header{"Signature": {"ok"}}, []byte(body))
}

func (w *world) get(o order.Order) order.Order {
	w.t.Helper()
	got, err := w.orders.GetForOperator(context.Background(), o.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) available() int64 {
	w.t.Helper()
	i, err := w.stock.Of(context.Background(), w.sku(), stock.Stall)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Available()
}

// sound fails the test when an invariant is broken.
func (w *world) sound() {
	w.t.Helper()
	problems, err := order.Check(context.Background(), w.d, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		w.t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func (w *world) runJobs() {
	w.t.Helper()
	if _, err := w.jobs.Drain(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func each(t *testing.T, f func(t *testing.T, d *db.DB)) { dbtest.Each(t, f, migrations...) }

func TestPaidOrderIsCollectedOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		o := w.mustPlace(1, "test")
		if o.State != order.PendingPayment || o.Number != "A-1001" || w.available() != 39_000 {
			t.Fatalf("placed: %s %s, %d g left", o.State, o.Number, w.available())
		}
		if _, err := w.orders.HandOver(context.Background(), w.shop.ID, "", o.Code); !errors.Is(err, order.ErrNotPaid) {
			t.Errorf("unpaid hand-over: %v", err)
		}
		if err := w.bankSays("e1", o, true); err != nil {
			t.Fatal(err)
		}
		if got := w.get(o); got.State != order.Placed || got.PayState != order.Paid {
			t.Fatalf("after payment: %s %s", got.State, got.PayState)
		}
		if _, err := w.orders.HandOver(context.Background(), w.shop.ID, "", " "+o.Code[:4]+"-"+o.Code[4:]); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.HandOver(context.Background(), w.shop.ID, "", o.Code); !errors.Is(err, order.ErrHandedOver) {
			t.Errorf("second hand-over: %v", err)
		}
		if earned, _ := ledger.Balance(context.Background(), d, ledger.Earned(w.shop.ID)); earned.Minor != -1250 {
			t.Errorf("earned = %v", earned)
		}
		w.sound()
	})
}

func TestSameKeyIsSameOrder(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		offer, err := w.offer(order.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		wish := w.wish(offer, 1, "pickup")
		ids := make([]string, 20)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				o, err := w.orders.Place(context.Background(), wish)
				if err != nil {
					t.Error(err)
				}
				ids[i] = o.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] || id == "" {
				t.Errorf("orders %s and %s under one key", id, ids[0])
			}
		}
		wish.Name = "Somebody else"
		if _, err := w.orders.Place(context.Background(), wish); !errors.Is(err, order.ErrKeyReused) {
			t.Errorf("same key, other wish: %v", err)
		}
		again := w.wish(offer, 1, "pickup")
		if _, err := w.orders.Place(context.Background(), again); !errors.Is(err, order.ErrQuoteUsed) {
			t.Errorf("same offer, other key: %v", err)
		}
		w.pass(time.Hour)
		wish.Name = ""
		if o, err := w.orders.Place(context.Background(), wish); err != nil || o.ID != ids[0] {
			t.Errorf("the lost answer, an hour later: %v, %v", o.ID, err)
		}
		w.sound()
	})
}

// straight is a way to pay a shop that the shop can stop offering.
type straight struct {
	bank
	stopped bool
}

func (*straight) Code() string { return "straight" }
func (p *straight) Offer(context.Context, string) (time.Duration, bool, error) {
	return 48 * time.Hour, !p.stopped, nil
}

func TestALostAnswerIsOwedWhenTheWayOfPayingIsGone(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		way := &straight{}
		w := newWorld(t, d, 40, way)
		offer, err := w.offer(order.Ask{Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Hill 1", City: "Kiel", Country: "DE"}})
		if err != nil {
			t.Fatal(err)
		}
		wish := w.wish(offer, 1, "straight")
		o, err := w.orders.Place(context.Background(), wish)
		if err != nil {
			t.Fatal(err)
		}
		way.stopped = true
		if again, err := w.orders.Place(context.Background(), wish); err != nil || again.ID != o.ID {
			t.Errorf("the same key again: %v, %v", again.ID, err)
		}
		wish.Key = "another"
		if _, err := w.orders.Place(context.Background(), wish); !errors.Is(err, order.ErrPayment) {
			t.Errorf("another key: %v", err)
		}
		w.sound()
	})
}

func TestLastPiecesSellOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 5)
		offer, err := w.offer(order.Ask{Slot: ""})
		if err != nil {
			t.Fatal(err)
		}
		_ = offer
		var sold, soldOut atomic.Int64
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				_, err := w.place(i, "test")
				switch {
				case err == nil:
					sold.Add(1)
				case errors.Is(err, stock.ErrSoldOut):
					soldOut.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if sold.Load() != 5 || soldOut.Load() != 35 || w.available() != 0 {
			t.Errorf("sold %d, sold out %d, left %d", sold.Load(), soldOut.Load(), w.available())
		}
		w.sound()
	})
}

func TestFullSlotIsRefusedAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		first, err := w.offer(order.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		var ok, full atomic.Int64
		var wg sync.WaitGroup
		for i := range 30 { // a slot of the fish pack takes 20
			wg.Go(func() {
				offer, err := w.offer(order.Ask{Slot: first.Slot.ID})
				if err == nil {
					_, err = w.orders.Place(context.Background(), w.wish(offer, i, "pickup"))
				}
				switch {
				case err == nil:
					ok.Add(1)
				case errors.Is(err, shop.ErrSlotGone):
					full.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if ok.Load() != 20 || full.Load() != 10 || w.available() != 20_000 {
			t.Errorf("ok %d, full %d, left %d", ok.Load(), full.Load(), w.available())
		}
		w.sound()
	})
}

func TestUnpaidOrderExpiresAndGivesItsGoodsBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		o := w.mustPlace(1, "test")
		w.pass(order.PayWithin)
		if n, err := w.orders.Sweep(context.Background()); err != nil || n != 1 {
			t.Fatalf("sweep: %d, %v", n, err)
		}
		if got := w.get(o); got.State != order.Expired || w.available() != 1000 {
			t.Errorf("%s, %d g left", got.State, w.available())
		}
		w.sound()

		t.Run("a late payment is honoured while the goods are there", func(t *testing.T) {
			if err := w.bankSays("late1", o, true); err != nil {
				t.Fatal(err)
			}
			if got := w.get(o); got.State != order.Placed || got.PayState != order.Paid || w.available() != 0 {
				t.Errorf("%s %s, %d g left", got.State, got.PayState, w.available())
			}
			w.sound()
		})
	})
}

func TestLatePaymentWithoutGoodsGoesBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		o := w.mustPlace(1, "test")
		w.pass(order.PayWithin)
		if _, err := w.orders.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.mustPlace(2, "pickup") // the last kilo is gone
		if err := w.bankSays("late", o, true); err != nil {
			t.Fatal(err)
		}
		if got := w.get(o); got.State != order.Expired || got.PayState != order.Refunding {
			t.Errorf("%s %s", got.State, got.PayState)
		}
		w.runJobs()
		if got := w.get(o); got.PayState != order.Refunded || got.Refunded != 1250 || w.bank.refunds.Load() != 1 {
			t.Errorf("%s, %d given back, %d refunds", got.PayState, got.Refunded, w.bank.refunds.Load())
		}
		w.sound()
	})
}

func TestProviderMessagesTwiceAndOutOfOrderCountOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		o := w.mustPlace(1, "test")
		for _, m := range []struct {
			event string
			paid  bool
		}{{"a", false}, {"b", true}, {"b", true}, {"c", true}, {"d", false}} {
			if err := w.bankSays(m.event, o, m.paid); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.get(o); got.State != order.Placed || got.PayState != order.Paid {
			t.Errorf("%s %s", got.State, got.PayState)
		}
		if held, _ := ledger.Balance(context.Background(), d, ledger.Clearing("test")); held.Minor != 1250 {
			t.Errorf("clearing = %v, want one payment", held)
		}
		w.sound()
	})
}

func TestPaymentBeginsWithItsPage(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx := context.Background()
		offer, err := w.offer(order.Ask{})
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.orders.Place(ctx, w.wish(offer, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.bankSays("early", o, true); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("money for a payment that nobody began: %v", err)
		}
		if _, err := w.orders.PayPage(ctx, "per_2", o.ID); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("somebody else's page: %v", err)
		}
		for range 2 {
			w.goToPay(o)
		}
		if n, err := db.One(ctx, d, db.Column[int64], `SELECT COUNT(*) FROM payment_intent`); err != nil || n != 1 {
			t.Errorf("%d payments, %v", n, err)
		}
		if _, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, "per_1", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.PayPage(ctx, "per_1", o.ID); !errors.Is(err, payment.ErrClosed) {
			t.Errorf("the page of a cancelled order: %v", err)
		}
		w.sound()
	})
}

func TestForgedAndWrongMessagesChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		o := w.mustPlace(1, "test")
		body := fmt.Sprintf("x pay_%s true 1250 EUR", o.ID[4:])
		if err := w.payments.Receive(context.Background(), "test", http.Header{}, []byte(body)); !errors.Is(err, payment.ErrSignature) {
			t.Errorf("unsigned: %v", err)
		}
		for _, sum := range []string{"1 EUR", "1250 USD", "-1250 EUR"} {
			body := fmt.Sprintf("m%s pay_%s true %s", sum[:2], o.ID[4:], sum)
			if err := w.payments.Receive(context.Background(), "test", http.Header{"Signature": {"ok"}}, []byte(body)); !errors.Is(err, payment.ErrMismatch) {
				t.Errorf("%s: %v", sum, err)
			}
		}
		if got := w.get(o); got.State != order.PendingPayment {
			t.Errorf("state = %s", got.State)
		}
		w.sound()
	})
}

func TestCancelGivesGoodsAndMoneyBack(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx := context.Background()
		o := w.mustPlace(1, "test")
		if err := w.bankSays("a", o, true); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, "per_2", ""); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("somebody else's order: %v", err)
		}
		for range 2 {
			if _, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, "per_1", "changed my mind"); err != nil {
				t.Fatal(err)
			}
		}
		w.runJobs()
		w.runJobs()
		if got := w.get(o); got.State != order.Cancelled || got.PayState != order.Refunded || w.available() != 10_000 || w.bank.refunds.Load() != 1 {
			t.Errorf("%s %s, %d g, %d refunds", got.State, got.PayState, w.available(), w.bank.refunds.Load())
		}
		if _, err := w.orders.HandOver(ctx, w.shop.ID, o.ID, ""); !errors.Is(err, order.ErrState) {
			t.Errorf("hand-over of a cancelled order: %v", err)
		}
		w.sound()
	})
}

func TestTamperedOffersAreRefused(t *testing.T) {
	d := dbtest.SQLite(t, migrations...)
	w := newWorld(t, d, 10)
	ctx := context.Background()
	offer, err := w.offer(order.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*order.Wish)
		want   error
	}{
		{"a changed token", func(w *order.Wish) { w.Token = "A" + w.Token[1:] }, order.ErrQuote},
		{"no token", func(w *order.Wish) { w.Token = "" }, order.ErrQuote},
		{"another hash", func(w *order.Wish) { w.Hash = "00" }, order.ErrQuote},
		{"a way of paying that is not offered", func(w *order.Wish) { w.Payment = "gold" }, order.ErrPayment},
		{"no consent to the exemption", func(w *order.Wish) { w.Consents = nil }, order.ErrConsent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wish := w.wish(offer, 1, "pickup")
			tt.change(&wish)
			if _, err := w.orders.Place(ctx, wish); !errors.Is(err, tt.want) {
				t.Errorf("Place = %v, want %v", err, tt.want)
			}
		})
	}
	w.pass(order.QuoteFor + time.Second)
	if _, err := w.orders.Place(ctx, w.wish(offer, 1, "pickup")); !errors.Is(err, order.ErrQuoteOver) {
		t.Errorf("expired: %v", err)
	}
	for _, q := range []int64{0, -1000, 50, 1 << 60} {
		if _, err := w.offer(order.Ask{Items: []order.Item{{SKU: w.sku(), Quantity: q}}}); err == nil {
			t.Errorf("quantity %d was offered", q)
		}
	}
	if w.available() != 10_000 {
		t.Errorf("%d g left", w.available())
	}
}

func TestOfferSaysThatAPriceChanged(t *testing.T) {
	d := dbtest.SQLite(t, migrations...)
	w := newWorld(t, d, 10)
	offer, err := w.offer(order.Ask{Expected: map[string]int64{w.sku(): 1190}})
	if err != nil || len(offer.Changed) != 1 || offer.Changed[0].From.Minor != 1190 || offer.Changed[0].To.Minor != 1250 {
		t.Errorf("%+v, %v", offer.Changed, err)
	}
}

func TestParcelCostsAndIsFreeFromASum(t *testing.T) {
	d := dbtest.SQLite(t, migrations...)
	w := newWorld(t, d, 10)
	for quantity, freight := range map[int64]int64{1000: 490, 4000: 0} {
		offer, err := w.offer(order.Ask{Kind: order.ByParcel, Items: []order.Item{{SKU: w.sku(), Quantity: quantity}}})
		if err != nil || offer.Freight.Minor != freight {
			t.Errorf("%d g: freight %v, %v", quantity, offer.Freight, err)
		}
	}
	offer, _ := w.offer(order.Ask{Kind: order.ByParcel})
	if _, err := w.orders.Place(context.Background(), w.wish(offer, 1, "test")); !errors.Is(err, order.ErrAddress) {
		t.Errorf("parcel to nowhere: %v", err)
	}
	if _, err := w.orders.Place(context.Background(), w.wish(offer, 1, "pickup")); err == nil {
		t.Error("a parcel was to be paid at the stall")
	}
}

func TestSentParcelCompletesByItself(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx := context.Background()
		offer, err := w.offer(order.Ask{Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Mill Street 1", City: "Town", Country: "DE"}})
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.orders.Place(ctx, w.wish(offer, 1, "test"))
		if err != nil {
			t.Fatal(err)
		}
		w.goToPay(o)
		if _, err := w.orders.Ship(ctx, w.shop.ID, o.ID, "T1"); !errors.Is(err, order.ErrState) {
			t.Errorf("unpaid parcel: %v", err)
		}
		if err := w.bankSays("a", o, true); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.Ship(ctx, w.shop.ID, o.ID, "T1"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.orders.Cancel(ctx, o.ID, order.ByBuyer, "per_1", ""); !errors.Is(err, order.ErrState) {
			t.Errorf("cancel after sending: %v", err)
		}
		w.pass(order.CompleteAfter)
		if n, err := w.orders.Sweep(ctx); err != nil || n != 1 {
			t.Fatalf("sweep: %d, %v", n, err)
		}
		if got := w.get(o); got.State != order.Completed || len(got.Parcels) != 1 || got.Parcels[0].Number != "T1" {
			t.Errorf("%s %+v", got.State, got.Parcels)
		}
		w.sound()
	})
}

func TestTheReplayStaysWhileAnOrderMayBeArguedAbout(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 40)
		needs := func(show string, want bool) {
			t.Helper()
			if got, err := w.orders.NeedsReplay(t.Context(), show); err != nil || got != want {
				t.Errorf("needed on %s: %v, %v, want %v", w.now().Format(time.DateOnly), got, err, want)
			}
		}
		needs("shw_live", false)
		offer, err := w.offer(order.Ask{Show: "shw_live"})
		if err != nil {
			t.Fatal(err)
		}
		o, err := w.orders.Place(t.Context(), w.wish(offer, 1, "pickup"))
		if err != nil {
			t.Fatal(err)
		}
		needs("shw_other", false)
		w.pass(100 * 24 * time.Hour)
		needs("shw_live", true) // nobody has come for it yet
		if _, err := w.orders.HandOver(t.Context(), w.shop.ID, o.ID, o.Code); err != nil {
			t.Fatal(err)
		}
		w.pass(order.AfterSale - time.Minute)
		needs("shw_live", true)
		w.pass(2 * time.Minute)
		needs("shw_live", false)
	})
}
