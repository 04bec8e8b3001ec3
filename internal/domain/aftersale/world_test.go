package aftersale_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

var migrations = []db.Migrations{db.SettingMigrations, bus.Migrations, job.Migrations, account.Migrations, shop.Migrations,
	catalog.Migrations, stock.Migrations, promo.Migrations, ledger.Migrations, payment.Migrations, order.Migrations, aftersale.Migrations}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) }, migrations...)
}

// bank is a provider whose messages the test writes itself.
type bank struct{}

func (bank) Code() string      { return "test" }
func (bank) Label() text.Local { return text.Both("Test", "测试") }
func (bank) Start(context.Context, payment.Intent) (payment.Page, error) {
	return payment.Page{Ref: "page", URL: "/page"}, nil
}
func (bank) Query(context.Context, payment.Intent) (payment.Fact, error) { return payment.Fact{}, nil }
func (bank) Close(context.Context, payment.Intent) (payment.Fact, error) { return payment.Fact{}, nil }
func (bank) Refund(_ context.Context, r payment.Refund, _ string) (payment.Fact, error) {
	return payment.Fact{Kind: payment.GivenBack, Ref: "back-" + r.ID, Amount: r.Amount}, nil
}
func (bank) Read(_ context.Context, _ http.Header, body []byte, _ time.Time) (payment.Fact, error) {
	f := payment.Fact{Kind: payment.Succeeded}
	_, err := fmt.Sscanf(string(body), "%s %s %d %s", &f.Message, &f.Intent, &f.Amount.Minor, &f.Amount.Currency)
	f.Ref = "ref-" + f.Intent
	return f, err
}

// world is a bookshop: 9.99 a book, 4.90 a parcel, free never.
type world struct {
	t        testing.TB
	d        *db.DB
	jobs     *job.Queue
	stock    *stock.Service
	payments *payment.Service
	orders   *order.Service
	cases    *aftersale.Service
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

func (w *world) key() string { return fmt.Sprint("key-", w.keys.Add(1)) }

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	w := &world{t: t, d: d, at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	w.jobs = job.New(d, quiet, nil, job.WithClock(w.now))
	b := bus.Open(d, quiet, nil, bus.WithClock(w.now))
	shops := shop.New(d, w.now)
	goods := catalog.New(d, b, w.now)
	w.stock = stock.New(d, b, w.now)
	w.payments = payment.New(d, b, w.jobs, quiet, w.now, bank{})
	w.orders = order.New(order.Parts{DB: d, Bus: b, Shops: shops, Catalog: goods, Stock: w.stock, Payments: w.payments, Secret: "s", Log: quiet, Now: w.now,
		Moment: func(context.Context, string, time.Time) (order.Moment, error) {
			return order.Moment{Shop: w.shop.ID, Live: true, Second: 61}, nil
		}})
	t.Cleanup(w.orders.Close)
	w.cases = aftersale.New(aftersale.Parts{DB: d, Bus: b, Orders: w.orders, Stock: w.stock, Log: quiet, Now: w.now,
		Replay: func(_ context.Context, q order.Quote) (string, error) {
			if q.Show == "" {
				return "", nil
			}
			return fmt.Sprintf("/shows/%s?t=%d", q.Show, q.Second-6), nil
		},
		OwnsPhoto: func(_ context.Context, person, photo string) (bool, error) {
			return strings.HasPrefix(photo, "img_of_"+person), nil
		}})
	var err error
	w.shop, err = shops.Open(ctx, "per_seller", shop.Draft{Name: text.Both("Books", ""), Pack: "books", Stall: "12", Currency: "EUR", TimeZone: "Europe/Berlin"})
	w.must(err)
	w.shop, err = shops.Update(ctx, w.shop.ID, func(s *shop.Shop) error {
		s.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 0)}
		return nil
	})
	w.must(err)
	w.product, err = goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("A book", "一本书"), Measure: catalog.Piece, State: catalog.Live,
		Fields: bookFields, SKUs: []catalog.SKUForm{{PriceMinor: 999}, {PriceMinor: 1000}}})
	w.must(err)
	for i := range 2 {
		_, err = w.stock.Record(ctx, w.shop.ID, stock.Move{Key: fmt.Sprint("land", i), SKU: w.sku(i), Add: 100, Reason: stock.Landed})
		w.must(err)
	}
	return w
}

var bookFields = map[string]string{"isbn": "9780140449136", "author": "Marcus Aurelius", "publisher": "Penguin", "condition": "good", "language": "en", "year": "2006"}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sku(i int) string { return w.product.SKUs[i].ID }

// order places an order of so many books of the first kind and of the second, and
// pays it unless it is paid at the stall.
func (w *world) order(pay string, quantities ...int64) order.Order {
	w.t.Helper()
	ctx := context.Background()
	ask := order.Ask{Show: "shw_1", Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Mill Street 1", City: "Town", Country: "DE"}}
	if pay == order.PayAtPickup {
		ask.Kind, ask.Address = order.ByPickup, nil
	}
	for i, q := range quantities {
		ask.Items = append(ask.Items, order.Item{SKU: w.sku(i), Quantity: q})
	}
	offer, err := w.orders.Quote(ctx, ask)
	w.must(err)
	o, err := w.orders.Place(ctx, order.Wish{Key: w.key(), Buyer: account.Person{ID: "per_rosa", Name: "Rosa"}, Token: offer.Token, Hash: offer.Hash, Payment: pay,
		Consents: []string{"return:normal"}})
	w.must(err)
	if pay != order.PayAtPickup {
		_, err = w.orders.PayPage(ctx, o.Buyer, o.ID)
		w.must(err)
		w.must(w.payments.Receive(ctx, "test", nil, fmt.Appendf(nil, "%s pay_%s %d EUR", w.key(), o.ID[4:], o.Total().Minor)))
	}
	return w.get(o)
}

// received is an order that has been paid, sent and received.
func (w *world) received(quantities ...int64) order.Order {
	w.t.Helper()
	o := w.order("test", quantities...)
	_, err := w.orders.Ship(context.Background(), w.shop.ID, o.ID, "T1")
	w.must(err)
	o, err = w.orders.Received(context.Background(), o.Buyer, o.ID)
	w.must(err)
	return o
}

func (w *world) get(o order.Order) order.Order {
	w.t.Helper()
	got, err := w.orders.GetForOperator(context.Background(), o.ID)
	w.must(err)
	return got
}

func (w *world) case_(id string) aftersale.Case {
	w.t.Helper()
	c, err := w.cases.GetForOperator(context.Background(), id)
	w.must(err)
	return c
}

func (w *world) request(o order.Order, ask aftersale.Deal) aftersale.Request {
	return aftersale.Request{Key: w.key(), Buyer: o.Buyer, Order: o.ID, Reason: aftersale.Damaged, Words: "The corner is torn.", Ask: ask}
}

func (w *world) file(o order.Order, ask aftersale.Deal) aftersale.Case {
	w.t.Helper()
	c, err := w.cases.File(context.Background(), w.request(o, ask))
	w.must(err)
	return c
}

func units(kind aftersale.Kind, quantities ...int64) aftersale.Deal {
	d := aftersale.Deal{Kind: kind}
	for i, q := range quantities {
		if q > 0 {
			d.Lines = append(d.Lines, aftersale.DealLine{Position: i, Quantity: q})
		}
	}
	return d
}

func part(minor int64) aftersale.Deal {
	return aftersale.Deal{Kind: aftersale.Difference, Lines: []aftersale.DealLine{{Position: 0, Minor: minor}}}
}

// act takes a step on what the sender has just seen.
func (w *world) act(c aftersale.Case, by aftersale.By, e aftersale.Event, more ...func(*aftersale.Move)) (aftersale.Case, error) {
	m := aftersale.Move{Key: w.key(), Case: c.ID, By: by, Event: e, Seen: c.Version, Note: "So it is."}
	switch by {
	case aftersale.Buyer:
		m.Owner = c.Buyer
	case aftersale.Seller:
		m.Owner = c.Shop
	}
	for _, f := range more {
		f(&m)
	}
	return w.cases.Act(context.Background(), m)
}

func (w *world) mustAct(c aftersale.Case, by aftersale.By, e aftersale.Event, more ...func(*aftersale.Move)) aftersale.Case {
	w.t.Helper()
	got, err := w.act(c, by, e, more...)
	if err != nil {
		w.t.Fatalf("%s by %s: %v", e, by, err)
	}
	return got
}

func with(d aftersale.Deal) func(*aftersale.Move) { return func(m *aftersale.Move) { m.Deal = &d } }

func (w *world) sweep() int {
	w.t.Helper()
	n, err := w.cases.Sweep(context.Background())
	w.must(err)
	return n
}

func (w *world) runJobs() {
	w.t.Helper()
	_, err := w.jobs.Drain(context.Background())
	w.must(err)
}

func (w *world) available(i int) int64 {
	w.t.Helper()
	item, err := w.stock.Of(context.Background(), w.sku(i), stock.Stall)
	w.must(err)
	return item.Available()
}

func (w *world) balance(a ledger.Account) int64 {
	w.t.Helper()
	m, err := ledger.Balance(context.Background(), w.d, a)
	w.must(err)
	return m.Minor
}

// sound fails the test when an invariant is broken.
func (w *world) sound() {
	w.t.Helper()
	problems, err := order.Check(context.Background(), w.d, w.now())
	w.must(err)
	more, err := aftersale.Check(context.Background(), w.d, w.now())
	w.must(err)
	for _, p := range append(problems, more...) {
		w.t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func (w *world) stands(c aftersale.Case, want aftersale.State, given int64) aftersale.Case {
	w.t.Helper()
	got := w.case_(c.ID)
	if got.State != want || got.Given != given {
		w.t.Errorf("case is %s with %d given, want %s with %d", got.State, got.Given, want, given)
	}
	return got
}
