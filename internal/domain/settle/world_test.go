package settle_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

var migrations = []db.Migrations{db.SettingMigrations, bus.Migrations, job.Migrations, account.Migrations, tax.Migrations, shop.Migrations, catalog.Migrations,
	stock.Migrations, promo.Migrations, fee.Migrations, ledger.Migrations, payment.Migrations, order.Migrations, aftersale.Migrations, settle.Migrations}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) }, migrations...)
}

// bank is a provider whose messages the test writes itself; it holds the money
// for the market.
type bank struct{ code string }

func (b bank) Code() string    { return b.code }
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

// direct is a bank through which money goes straight to the shop.
type direct struct{ bank }

func (direct) Offer(context.Context, string) (time.Duration, bool, error) {
	return 72 * time.Hour, true, nil
}

// world is a bookshop: 9.99 and 10.00 a book, 4.90 a parcel; the market takes
// 8 % and 0.30 an order.
type world struct {
	t        testing.TB
	d        *db.DB
	bus      *bus.Bus
	jobs     *job.Queue
	payments *payment.Service
	orders   *order.Service
	cases    *aftersale.Service
	shops    *shop.Service
	taxes    *tax.Service
	fees     *fee.Service
	settle   *settle.Service
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
	w.bus = bus.Open(d, quiet, nil, bus.WithClock(w.now))
	w.shops, w.taxes = shop.New(d, w.now), tax.New(d, w.now)
	goods := catalog.New(d, w.bus, w.now)
	shelf := stock.New(d, w.bus, w.now)
	w.fees = fee.New(d, w.bus, w.now, fee.WithNotice(0))
	w.payments = payment.New(d, w.bus, w.jobs, quiet, w.now, bank{"test"}, direct{bank{"direct"}})
	w.orders = order.New(order.Parts{DB: d, Bus: w.bus, Shops: w.shops, Taxes: w.taxes, Catalog: goods, Stock: shelf, Payments: w.payments, Fees: w.fees, Secret: "s", Log: quiet, Now: w.now,
		Moment: func(context.Context, string, time.Time) (order.Moment, error) { return order.Moment{}, nil }})
	t.Cleanup(w.orders.Close)
	w.cases = aftersale.New(aftersale.Parts{DB: d, Bus: w.bus, Orders: w.orders, Stock: shelf, Log: quiet, Now: w.now,
		Replay:    func(context.Context, order.Quote) (string, error) { return "", nil },
		OwnsPhoto: func(context.Context, string, string) (bool, error) { return false, nil }})
	w.settle = settle.New(settle.Parts{DB: d, Bus: w.bus, Log: quiet, Now: w.now})
	_, err := w.fees.Announce(ctx, fee.Draft{Key: "key-fees", By: "per_op", Currency: "EUR", PPM: 80_000, Fixed: 30})
	w.must(err)
	w.shop, err = w.shops.Open(ctx, "per_seller", shop.Draft{Name: text.Both("Books", ""), Pack: "books", Stall: "12", Currency: "EUR", TimeZone: "Europe/Berlin"})
	w.must(err)
	w.shop, err = w.shops.Update(ctx, w.shop.ID, func(s *shop.Shop) error {
		s.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 0)}
		return nil
	})
	w.must(err)
	w.product, err = goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("A book", "一本书"), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"isbn": "9780140449136", "author": "Marcus Aurelius", "publisher": "Penguin", "condition": "good", "language": "en", "year": "2006"},
		SKUs:   []catalog.SKUForm{{PriceMinor: 999}, {PriceMinor: 1000}}})
	w.must(err)
	for i := range 2 {
		_, err = shelf.Record(ctx, w.shop.ID, stock.Move{Key: fmt.Sprint("land", i), SKU: w.product.SKUs[i].ID, Add: 10_000, Reason: stock.Landed})
		w.must(err)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// completed is an order of so many books of the first kind and of the second
// that was paid in a way and has been handed over.
func (w *world) completed(pay string, quantities ...int64) order.Order {
	w.t.Helper()
	ctx := context.Background()
	ask := order.Ask{Kind: order.ByParcel, Address: &account.Address{Name: "Rosa", Line1: "Mill Street 1", City: "Town", Country: "DE"}}
	if pay == order.PayAtPickup {
		ask.Kind, ask.Address = order.ByPickup, nil
	}
	for i, q := range quantities {
		if q > 0 {
			ask.Items = append(ask.Items, order.Item{SKU: w.product.SKUs[i].ID, Quantity: q})
		}
	}
	offer, err := w.orders.Quote(ctx, ask)
	w.must(err)
	o, err := w.orders.Place(ctx, order.Wish{Key: w.key(), Buyer: account.Person{ID: "per_rosa", Name: "Rosa"}, Token: offer.Token, Hash: offer.Hash, Payment: pay,
		Consents: []string{"return:normal"}})
	w.must(err)
	if pay == order.PayAtPickup {
		o, err = w.orders.HandOver(ctx, w.shop.ID, o.ID, "")
		w.must(err)
		return o
	}
	_, err = w.orders.PayPage(ctx, o.Buyer, o.ID)
	w.must(err)
	w.must(w.payments.Receive(ctx, pay, nil, fmt.Appendf(nil, "%s pay_%s %d EUR", w.key(), o.ID[4:], o.Total().Minor)))
	_, err = w.orders.Ship(ctx, w.shop.ID, o.ID, "T1")
	w.must(err)
	o, err = w.orders.Received(ctx, o.Buyer, o.ID)
	w.must(err)
	return o
}

// due lets the time to report problems pass.
func (w *world) due() { w.pass(aftersale.Window + time.Second) }

func (w *world) run() int {
	w.t.Helper()
	n, err := w.settle.Run(context.Background())
	w.must(err)
	return n
}

// back gives parts of an order back, as the shop does on its own.
func (w *world) back(o order.Order, d aftersale.Deal) {
	w.t.Helper()
	_, err := w.give(o, d)
	w.must(err)
}

func (w *world) give(o order.Order, d aftersale.Deal) (aftersale.Case, error) {
	return w.cases.Give(context.Background(), aftersale.Gift{Key: w.key(), Shop: o.Shop, Person: "per_seller", Order: o.ID, Note: "Sorry.", Deal: d})
}

func units(quantities ...int64) aftersale.Deal {
	d := aftersale.Deal{Kind: aftersale.Refund}
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

func (w *world) bankAccount() {
	w.t.Helper()
	_, err := w.settle.SetAccount(context.Background(), w.shop.ID, "per_seller", settle.Account{Holder: "Books GmbH", Number: "DE89 3704 0044 0532 0130 00"})
	w.must(err)
}

func (w *world) ask(minor int64) (settle.PayoutOf, error) {
	return w.settle.Ask(context.Background(), settle.Wish{Key: w.key(), Shop: w.shop.ID, By: "per_seller", Amount: money.Of(minor, "EUR")})
}

func (w *world) set(p settle.PayoutOf, to settle.PayoutState, reason string) settle.PayoutOf {
	w.t.Helper()
	p, err := w.settle.Set(context.Background(), p.ID, "per_op", to, reason)
	w.must(err)
	return p
}

// holds fails the test unless an account holds so much, in favour of its owner.
func (w *world) holds(a ledger.Account, minor int64) {
	w.t.Helper()
	m, err := ledger.Balance(context.Background(), w.d, a)
	w.must(err)
	if -m.Minor != minor {
		w.t.Errorf("%s holds %d, want %d", a, -m.Minor, minor)
	}
}

// sound fails the test when an invariant is broken.
func (w *world) sound() {
	w.t.Helper()
	for _, p := range w.problems() {
		w.t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func (w *world) problems() []ledger.Problem {
	w.t.Helper()
	problems, err := order.Check(context.Background(), w.d, w.now())
	w.must(err)
	more, err := settle.Check(context.Background(), w.d)
	w.must(err)
	return append(problems, more...)
}
