package sim_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/testsupport/fakedisk"
	"github.com/openstall/openstall/internal/testsupport/race"
)

var cutsFlag = flag.Int("sim.cuts", 0, "how often the power fails; 0 for 2,000 times")

const (
	ofPower    = 20 // times that the power fails in one history
	stallPairs = 4  // of a market in which it does
)

// outages is a world's power supply: the disk on which its database lies, and what
// people have been told, which has to outlive every cut.
type outages struct {
	disk    *fakedisk.Disk
	fault   fakedisk.Fault // that the disk may have now, other than a cut
	path    string
	rig     rig
	stopped bool
	copying int              // cuts while the log was being copied into the database
	marks   marks            // when something was last said to be done
	mail    map[string]bool  // messages of the bank that were taken
	last    *order.Wish      // that became an order,
	became  string           // which is this one
	total   map[string]int64 // of orders that were placed
}

// marks is how far each table had come to which what is done adds rows that nobody
// takes away.
type marks [12]int64

var marked = [len(marks{})]string{"orders", "order_event", "order_line", "transfer", "capture", "refund", "provider_event", "aftersale_event",
	"stock_movement", "payout", "settle_move", "payment_intent"}

var markQuery = func() string {
	var each []string
	for _, table := range marked {
		each = append(each, "(SELECT COALESCE(MAX(rowid), 0) FROM "+table+")")
	}
	return "SELECT " + strings.Join(each, ", ")
}()

func (w *world) read() (m marks, err error) {
	var to []any
	for i := range m {
		to = append(to, &m[i])
	}
	return m, w.d.QueryRowContext(context.Background(), markQuery).Scan(to...)
}

// dark reports whether the power has gone.
func (w *world) dark() bool { return w.outages != nil && w.outages.disk.Off() }

// ailing reports whether the disk fails calls just now, so that what people are
// answered says nothing about us; only that it is full has to be told in words.
func (h *history) ailing(err error) bool {
	if h.w.outages == nil || h.w.outages.fault == 0 {
		return false
	}
	if db.IsFull(err) && !errors.Is(err, db.ErrFull) && h.broken == "" {
		h.broken = fmt.Sprintf("the disk is full, and people hear %v", err)
	}
	return true
}

// told notes that somebody was told that something is done.
func (w *world) told() {
	if w.outages == nil {
		return
	}
	if m, err := w.read(); err == nil {
		w.outages.marks = m
	}
}

// heard notes that the bank was told that its message was taken.
func (w *world) heard(f payment.Fact) {
	if w.outages != nil {
		w.outages.mail[f.Message] = true
	}
}

// placed notes that a buyer was told of an order.
func (w *world) placed(wish order.Wish, o order.Order) {
	if w.outages != nil {
		w.outages.last, w.outages.became = &wish, o.ID
		w.outages.total[o.ID] = o.Total().Minor
	}
}

// openOnDisk opens a world whose power can fail, on files that begin as these.
func openOnDisk(t *testing.T, r rig, seed uint64, files map[string][]byte) *world {
	t.Helper()
	dir := folder(t)
	disk, err := fakedisk.New(dir, seed)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		disk.Put(name, content)
	}
	o := &outages{disk: disk, path: filepath.Join(dir, "openstall.db"), rig: r, mail: map[string]bool{}, total: map[string]int64{}}
	d, err := o.open()
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, d, r)
	w.market, w.outages, w.crowded = marketOf(t, stallPairs).stalls, o, true
	return w
}

// leave ends a world with a cut.
func (w *world) leave() {
	w.outages.disk.Cut()
	w.stop()
	w.outages.disk.Remove()
}

// stop stops the program, if it runs. In the dark nothing can be closed.
func (w *world) stop() {
	if !w.outages.stopped {
		w.orders.Close()
		_ = w.d.Close()
	}
	w.outages.stopped = true
}

var long map[string][]byte

// longLog is a market whose log is about to be copied into its database.
func longLog(t *testing.T) map[string][]byte {
	t.Helper()
	if long != nil {
		return long
	}
	m := marketOf(t, stallPairs)
	w := openOnDisk(t, rig{}, 1, map[string][]byte{"openstall.db": m.file})
	defer w.leave()
	s := m.stalls[0][0]
	const frame = 24 + 4096
	for i := 0; len(w.outages.disk.Files()["openstall.db-wal"]) < 940*frame; i++ {
		if _, err := w.stock.Record(context.Background(), s.shop.ID, stock.Move{Key: fmt.Sprint("long-", i), SKU: s.course, Add: 1, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
	}
	long = w.outages.disk.Files()
	return long
}

// open opens the database as the product does.
func (o *outages) open() (*db.DB, error) {
	ctx := context.Background()
	d, err := db.Open(ctx, o.path)
	if err != nil {
		return nil, err
	}
	if o.rig.synchronous != "" {
		_, err = d.ExecContext(ctx, "PRAGMA synchronous = "+o.rig.synchronous)
	}
	if err := errors.Join(err, d.Keep(ctx, order.Hot()...)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// restart brings the power and the services back, and holds what is left against what
// people have been told.
func (w *world) restart() error {
	o := w.outages
	o.disk.Cut()
	w.stop()
	o.disk.On()
	d, err := o.open()
	if err != nil {
		return fmt.Errorf("after the power came back: %w", err)
	}
	w.start(d, o.rig)
	o.stopped = false
	if err := errors.Join(w.whole(), w.kept()); err != nil {
		return err
	}
	return errors.Join(w.clocks(), w.sound())
}

// clocks lets run out what ran out in the dark, as the product does when it starts.
func (w *world) clocks() (err error) {
	defer func(was bool) { w.h.calm = was }(w.h.calm)
	w.h.calm = true
	for _, run := range []func(context.Context) (int, error){w.orders.Sweep, w.cases.Sweep, w.promos.Sweep, w.groups.Sweep, w.claims.Sweep, w.orders.SettleGroups, w.settle.Run} {
		_, e := run(context.Background())
		err = errors.Join(err, e)
	}
	return err
}

// whole asks the engine about its file.
func (w *world) whole() error {
	words, err := db.All(context.Background(), w.d, db.Column[string], "PRAGMA integrity_check")
	if err == nil && (len(words) != 1 || words[0] != "ok") {
		err = fmt.Errorf("the database is damaged: %s", words)
	}
	return err
}

// kept returns what was acknowledged and is not there.
func (w *world) kept() error {
	ctx, o := context.Background(), w.outages
	now, err := w.read()
	for i, was := range o.marks {
		if now[i] < was {
			err = errors.Join(err, fmt.Errorf("acknowledged and lost: %s had %d rows and has %d", marked[i], was, now[i]))
		}
	}
	for _, x := range w.h.orders {
		var total, lines int64
		e := w.d.QueryRowContext(ctx, `SELECT COALESCE(SUM(total), 0), (SELECT COUNT(*) FROM order_line WHERE order_id = $1) FROM orders WHERE id = $1`, x.id).Scan(&total, &lines)
		if e == nil && (total != o.total[x.id] || int(lines) != x.lines) {
			e = fmt.Errorf("acknowledged and lost: order %s of %d in %d lines, there are %d in %d", x.id, o.total[x.id], x.lines, total, lines)
		}
		err = errors.Join(err, e)
	}
	for message := range o.mail {
		var there bool
		e := w.d.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM provider_event WHERE event_id = $1)`, message).Scan(&there)
		if e == nil && !there {
			e = fmt.Errorf("acknowledged and lost: message %s", message)
		}
		err = errors.Join(err, e)
	}
	if o.last != nil {
		again, e := w.orders.Place(ctx, *o.last)
		if e != nil || again.ID != o.became {
			err = errors.Join(err, fmt.Errorf("acknowledged and lost: order %s; its buyer asks again and gets %q, %v", o.became, again.ID, e))
		}
		o.last = nil
	}
	return err
}

// endures lives through a history in which the power fails n times, and says what was
// found after one of them.
func endures(t *testing.T, r rig, seed uint64, n int, loud bool) *history {
	files := map[string][]byte{"openstall.db": marketOf(t, stallPairs).file}
	if seed%4 == 0 {
		files = longLog(t)
	}
	cryptotest.SetGlobalRandom(t, seed)
	w := openOnDisk(t, r, seed, files)
	defer w.leave()
	h := begin(w, seed, loud)
	for range n {
		if h.chance(20) {
			h.ails()
		}
		h.goesDark()
		if h.broken != "" {
			return h
		}
	}
	h.rest()
	h.ends()
	return h
}

// ends holds what everything came to against the bank's own books, which no cut has
// touched.
func (h *history) ends() {
	h.none("job", `SELECT kind || ' ' || args || ' ' || last_error FROM job`)
	for _, s := range h.stalls {
		h.left(s)
	}
	for _, p := range h.w.bank.pays {
		var known bool
		h.must(h.w.d.QueryRowContext(h.ctx, `SELECT EXISTS (SELECT 1 FROM capture WHERE intent = $1)`, p.intent).Scan(&known))
		if took := p.state == payment.Paid; took != known {
			h.fail("payment %s: the bank took it: %v, we know of it: %v", p.intent, took, known)
		}
	}
	for _, r := range h.w.bank.backs {
		h.none("money that went back and is owed", `SELECT id FROM refund WHERE id = $1 AND state NOT IN ('done', 'settled')`, r.refund)
	}
	h.must(h.w.sound())
}

// goesDark is some time until the power fails, and after it.
func (h *history) goesDark() {
	disk := h.w.outages.disk
	h.refill()
	disk.After(1+h.r.IntN(10)*h.r.IntN(10)*(1+h.r.IntN(8)), fakedisk.PowerCut, 1)
	if h.chance(15) { // the program is stopped, and puts its log away
		disk.After(1+h.r.IntN(120), fakedisk.PowerCut, 1)
		h.say("THE PROGRAM STOPS")
		h.w.stop()
	} else {
		h.busy(disk.Off)
	}
	h.say("THE POWER FAILS, at call %d", disk.Calls())
	if disk.Unsafe("openstall.db") > 0 {
		h.w.outages.copying++
	}
	if err := h.w.restart(); err != nil {
		h.fail("%v", err)
		return
	}
	for _, s := range h.stalls { // who held a shop and had no answer looks whether it is held
		h.must(h.w.d.QueryRowContext(h.ctx, `SELECT EXISTS (SELECT 1 FROM settle_hold WHERE shop = $1 AND released_at = 0)`, s.shop.ID).Scan(&s.held))
	}
}

// ails is some time in which the disk is full or carries some calls out badly. It
// leaves what was acknowledged before, and goes on when it is over.
func (h *history) ails() {
	o := h.w.outages
	o.fault = []fakedisk.Fault{fakedisk.Full, fakedisk.Broken}[h.r.IntN(2)]
	soon, calls, before := 1+h.r.IntN(60), 1+h.r.IntN(12), o.disk.Calls()
	o.disk.After(soon, o.fault, calls)
	h.say("THE DISK FAILS, %d times, as %d", calls, o.fault)
	h.busy(func() bool { return o.disk.Calls() >= before+soon+calls })
	o.disk.Mend()
	h.say("THE DISK IS WELL")
	o.fault = 0
	if err := h.w.kept(); err != nil {
		h.fail("%v", err)
	}
}

// busy is a market at its busiest, until something is over.
func (h *history) busy(over func() bool) {
	for range 200 {
		switch n := h.r.IntN(10); {
		case n < 2:
			h.crowd()
		case n < 4 && len(h.orders) > 0:
			if o := h.orders[len(h.orders)-1]; o.way == "test" {
				h.pay(o)
			}
		case n < 6 && len(h.w.bank.mail) > 0:
			h.post()
		default:
			h.step()
		}
		if over() || h.broken != "" {
			return
		}
	}
}

// refill lands goods, so that there is always something to buy.
func (h *history) refill() {
	for _, s := range h.stalls {
		for _, sku := range s.skus {
			h.land(s, sku, 1+h.r.Int64N(3), stock.Landed)
		}
	}
}

// What was acknowledged outlives a cut of the power at any write, sync or truncation,
// and what was not acknowledged is there as a whole or not at all.
func TestPowerCuts(t *testing.T) {
	if race.Enabled {
		t.Skip("one thing happens at a time but for crowds, which TestCrowds looks at; without the race detector this runs in full")
	}
	n := 2000
	if testing.Short() {
		n = 200
	}
	if *cutsFlag > 0 {
		n = *cutsFlag
	}
	alone(t)
	seed, begun := firstSeed(t), used()
	orders, mail, copying := 0, 0, 0
	for done := 0; done < n; done += ofPower {
		at := seed + uint64(done/ofPower)
		h := endures(t, rig{}, at, ofPower, true)
		if h.broken != "" {
			t.Fatalf("%s\n\nseed %d: %s\n\ngo test ./internal/sim -run 'TestPowerCuts$' -sim.seed=%d -sim.cuts=%d\n", strings.Join(h.trace, "\n"), at, h.broken, at, ofPower)
		}
		orders += len(h.orders)
		mail += len(h.w.outages.mail)
		copying += h.w.outages.copying
	}
	t.Logf("%d cuts from seed %d in %v of one core, %d of them while the log was being copied; %d orders and %d messages acknowledged, none lost",
		n, seed, used()-begun, copying, orders, mail)
	if n >= 200 && (orders < n/2 || mail < n/20 || copying < n/50) {
		t.Error("hardly anything happened")
	}
}

// A harness that loses nothing proves nothing until it finds what is lost.
func TestPowerCutsWithoutSyncsAreCaught(t *testing.T) {
	if race.Enabled {
		t.Skip("without the race detector this runs in full")
	}
	alone(t)
	for _, mode := range []string{"NORMAL", "OFF"} {
		t.Run(mode, func(t *testing.T) {
			const most = 40
			lost, other := 0, 0
			for seed := range uint64(most) {
				switch h := endures(t, rig{synchronous: mode}, 1+seed, ofPower, false); {
				case h.broken == "":
				case strings.Contains(h.broken, "acknowledged and lost"):
					lost++
				default:
					other++
				}
			}
			if lost == 0 {
				t.Errorf("not caught in %d histories", most)
			}
			t.Logf("%d of %d histories lost what was acknowledged, %d broke otherwise", lost, most, other)
		})
	}
}

// What the bank took in the dark and told nobody of is found in the end.
func TestPowerCutsEndInTheBanksBooks(t *testing.T) {
	if race.Enabled {
		t.Skip("without the race detector this runs in full")
	}
	alone(t)
	for seed := range uint64(40) {
		h := endures(t, rig{provider: func(b *bank) payment.Provider { return silent{b} }}, 1+seed, ofPower, false)
		if strings.Contains(h.broken, "we know of it: false") {
			t.Logf("caught in history %d: %s", seed+1, h.broken)
			return
		}
		if h.broken != "" {
			t.Logf("history %d: %s", seed+1, h.broken)
		}
	}
	t.Error("not caught in 40 histories")
}
