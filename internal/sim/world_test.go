package sim_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/testsupport/fakedisk"
)

var migrations = app.Migrations()

// world is the real services over a real SQLite database, with a clock, a bank
// and a power supply of its own. Histories are lived through in it one after the
// other; each leaves nothing behind that is still going on.
type world struct {
	d        *db.DB
	bus      *bus.Bus
	jobs     *job.Queue
	shops    *shop.Service
	goods    *catalog.Service
	stock    *stock.Service
	promos   *promo.Service
	payments *payment.Service
	wires    *transfer.Provider
	orders   *order.Service
	groups   *groupbuy.Service
	claims   *claim.Service
	cases    *aftersale.Service
	fees     *fee.Service
	taxes    *tax.Service
	settle   *settle.Service
	bank     *bank
	clock    atomic.Int64     // milliseconds
	h        *history         // that is being lived through
	crowded  bool             // orders are placed at once
	seen     map[string]int64 // millionths of courses that were seen, by order
	market   [][2]stall       // shops, by the rest of a seed divided by their number
	outages  *outages         // nil where power never fails
}

// rig is how a world differs from the product. Only broken controls differ.
type rig struct {
	provider    func(b *bank) payment.Provider
	listen      func(b *bus.Bus)
	synchronous string // of SQLite, where it is not the product's
}

var morning = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

func (w *world) pass(d time.Duration) { w.clock.Add(d.Milliseconds()) }

func newWorld(t *testing.T, r rig) *world {
	t.Helper()
	m := marketOf(t, aWorld) // two shops for each history
	w := open(t, lite(t, m.file), r)
	w.market = m.stalls
	return w
}

// folder makes one whose path has no symbolic links.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err == nil {
		dir, err = os.MkdirTemp(dir, "world")
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// lite opens an SQLite database that begins as file. It lies in memory, below the
// engine, which then has the system to ask for nothing.
func lite(t *testing.T, file []byte) *db.DB {
	t.Helper()
	ctx := context.Background()
	dir := folder(t)
	disk, err := fakedisk.NewSteady(dir)
	if err != nil {
		t.Fatal(err)
	}
	if file != nil {
		disk.Put("openstall.db", file)
	}
	d, err := db.Open(ctx, filepath.Join(dir, "openstall.db"))
	if err != nil {
		t.Fatal(err)
	}
	// Power never fails here, so nothing waits for the disk.
	if _, err := d.ExecContext(ctx, "PRAGMA synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Migrate(ctx, migrations...), d.Keep(ctx, order.Hot()...)); err != nil {
		t.Fatal(err)
	}
	return d
}

// open puts a world on a database.
func open(t *testing.T, d *db.DB, r rig) *world {
	t.Helper()
	w := &world{seen: map[string]int64{}}
	w.clock.Store(morning.UnixMilli())
	w.bank = &bank{w: w}
	w.start(d, r)
	return w
}

// start puts the services on a database. What is not ours (the bank, the clock, what
// people remember) has been there before.
func (w *world) start(d *db.DB, r rig) {
	quiet := slog.New(slog.DiscardHandler)
	w.d = d
	var provider payment.Provider = w.bank
	if r.provider != nil {
		provider = r.provider(w.bank)
	}
	w.jobs = job.New(d, quiet, nil, job.WithClock(w.now), job.WithBackoff(func(n int64) time.Duration { return time.Second << min(n, 12) }))
	w.bus = bus.Open(d, quiet, nil, bus.WithClock(w.now))
	w.shops = shop.New(d, w.now)
	w.goods = catalog.New(d, w.bus, w.now)
	w.stock = stock.New(d, w.bus, w.now)
	w.wires = transfer.New(d, w.bus, nil, w.now)
	w.payments = payment.New(d, w.bus, w.jobs, quiet, w.now, provider, w.wires)
	w.promos = promo.New(promo.Parts{DB: d, Bus: w.bus, Catalog: w.goods, Stock: w.stock, Now: w.now,
		Bought: func(ctx context.Context, shop, person string) (bool, error) {
			return w.orders.HasOrdered(ctx, shop, person)
		}})
	w.taxes = tax.New(d, w.now)
	w.fees = fee.New(d, w.bus, w.now, fee.WithNotice(0))
	w.groups = groupbuy.New(groupbuy.Parts{DB: d, Catalog: w.goods, Stock: w.stock, Payments: w.payments, Now: w.now})
	w.claims = claim.New(claim.Parts{DB: d, Bus: w.bus, Catalog: w.goods, Stock: w.stock, Now: w.now})
	w.orders = order.New(order.Parts{DB: d, Bus: w.bus, Shops: w.shops, Catalog: w.goods, Stock: w.stock, Payments: w.payments, Promos: w.promos, Fees: w.fees, Taxes: w.taxes, Groups: w.groups, Claims: w.claims,
		Secret: "sim", Log: quiet, Now: w.now, Moment: func(_ context.Context, show string, _ time.Time) (order.Moment, error) {
			return order.Moment{Shop: shopOf(show), Live: true, Second: 61}, nil
		}})
	w.cases = aftersale.New(aftersale.Parts{DB: d, Bus: w.bus, Orders: w.orders, Stock: w.stock, Log: quiet, Now: w.now,
		Replay:    func(context.Context, order.Quote) (string, error) { return "", nil },
		OwnsPhoto: func(context.Context, string, string) (bool, error) { return false, nil },
		Used:      w.used})
	w.settle = settle.New(settle.Parts{DB: d, Bus: w.bus, Log: quiet, Now: w.now})
	for _, topic := range []string{order.TopicPlaced, order.TopicChanged, stock.Changed, payment.Captured, payment.Refunded, aftersale.TopicChanged, groupbuy.TopicStep, claim.TopicTold, claim.Changed, settle.TopicPayout} {
		w.bus.Inline(topic, func(context.Context, *db.Tx, bus.Event) error { return w.h.stumble() })
	}
	if r.listen != nil {
		r.listen(w.bus)
	}
}

// end closes a world and forgets it.
func (w *world) end() error {
	w.orders.Close()
	err := w.d.Close()
	if path := w.d.Path(); path != "" {
		fakedisk.In(filepath.Dir(path)).Remove()
	}
	return err
}

// A shop has one show, which is always on air; it is named like the shop.
const showPrefix = "shw_of_"

func showOf(shop string) string { return showPrefix + shop }

func shopOf(show string) string { return show[len(showPrefix):] }
