package order

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// maxBatch is the most placements that share a commit; more only makes each
// wait longer (measured: 256 to 500 is the flat part of the curve).
const maxBatch = 500

// lane places what queued up while the previous commit ran in one transaction.
// There is no timer: an idle lane adds no latency, a busy one fills itself.
// Correctness does not depend on it; several processes on one PostgreSQL each
// have a lane, and the conditional UPDATE on the stock row decides.
//
// On PostgreSQL three batches overlap: while one is on its way to the disk and
// the next is written, a third is gathered and asks.
type lane struct {
	s     *Service
	queue chan *placing
	turn  chan struct{} // who holds it gathers the next batch
	done  sync.WaitGroup
	stop  chan struct{}
}

// placing is one buyer's wish on its way through the lane.
type placing struct {
	ctx    context.Context
	key    string // idempotency key with the buyer in front
	hash   string // of the request
	order  Order
	body   string // of the quote
	qhash  string
	answer chan placed // buffered: a caller who has left does not stop the lane
}

type placed struct {
	order Order
	err   error
}

func newLane(s *Service) *lane {
	l := &lane{s: s, queue: make(chan *placing, 8192), turn: make(chan struct{}, 1), stop: make(chan struct{})}
	l.turn <- struct{}{}
	overlap := 1
	if s.db.Postgres() {
		overlap = 3
	}
	for range overlap {
		l.done.Go(l.run)
	}
	return l
}

// close refuses newcomers, places what is queued and returns.
func (l *lane) close() {
	close(l.stop)
	l.done.Wait()
}

// place queues p and waits for its answer.
func (l *lane) place(p *placing) (Order, error) {
	p.answer = make(chan placed, 1)
	select {
	case <-l.stop:
		return Order{}, ErrBusy
	default:
	}
	select {
	case l.queue <- p:
	default:
		return Order{}, ErrBusy
	}
	select {
	case a := <-p.answer:
		return a.order, a.err
	case <-p.ctx.Done():
		return Order{}, p.ctx.Err()
	}
}

func (l *lane) run() {
	var batch []*placing
	for {
		<-l.turn
		pass := sync.OnceFunc(func() { l.turn <- struct{}{} })
		batch = l.gather(batch[:0])
		if len(batch) == 0 {
			pass()
			return
		}
		l.commit(batch, pass)
		pass()
	}
}

// gather waits for a placement and takes those behind it; none when the lane is
// closed and empty.
func (l *lane) gather(batch []*placing) []*placing {
	select {
	case p := <-l.queue:
		batch = append(batch, p)
	case <-l.stop:
	}
	for len(batch) < maxBatch {
		select {
		case p := <-l.queue:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

// commit places a batch; when the whole of it fails, each alone, so that only
// the guilty caller hears of it. Decided is called when nothing of the batch
// needs to be asked any more and it only has to be written.
func (l *lane) commit(batch []*placing, decided func()) {
	// The callers' contexts may end while others of the batch still want their
	// orders, so the transaction has its own.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	results, err := l.s.placeAll(ctx, batch, decided)
	if (db.IsUnique(err) || db.IsDeadlock(err)) && len(batch) == 1 {
		// The other batch, or another process, placed the same key meanwhile: now it
		// is there to be found. Or it had locks that we wanted, and we ones that it did.
		results, err = l.s.placeAll(ctx, batch, decided)
	}
	if err != nil && len(batch) > 1 {
		l.s.log.Warn("batch failed, placing one by one", "orders", len(batch), "error", err)
		for _, p := range batch {
			l.commit([]*placing{p}, decided)
		}
		return
	}
	for i, p := range batch {
		if err != nil {
			p.answer <- placed{err: err}
			continue
		}
		p.answer <- results[i]
	}
}

type shelfKey struct{ sku, bucket string }

// placeAll is the transaction: idempotency, stock, slots, then everything that
// makes an order, in bulk.
func (s *Service) placeAll(ctx context.Context, batch []*placing, decided func()) ([]placed, error) {
	var out []placed
	left := map[shelfKey]stock.Item{}
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		b := &batchOf{s: s, tx: tx, now: s.now(), left: left, taken: map[shelfKey]int64{}, slots: map[slotKey]int64{}, used: map[slotKey]int64{}, out: make([]placed, len(batch)), numbers: map[string]*numbers{}, first: map[string]int{}, quotes: map[string]bool{}}
		clear(left)
		out = b.out
		tx.Together()
		if err := tx.ReleaseEarly(ctx); err != nil {
			return err
		}
		if err := b.ask(ctx, batch); err != nil {
			return err
		}
		if err := b.repeats(ctx, batch); err != nil {
			return err
		}
		b.grant(batch)
		if err := b.write(ctx, batch); err != nil {
			return err
		}
		decided()
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range out { // a repetition inside the batch gets the first one's answer
		if out[i].order.ID == "" && out[i].err == nil {
			out[i] = out[indexOf(batch, batch[i].key)]
		}
	}
	for k, item := range left {
		s.avail.put(k, item.Available(), s.now())
	}
	return out, nil
}

func indexOf(batch []*placing, key string) int {
	for i, p := range batch {
		if p.key == key {
			return i
		}
	}
	return 0
}

type slotKey struct{ shop, slot string }

// batchOf is the work on one batch.
type batchOf struct {
	s       *Service
	tx      *db.Tx
	known   []keyRow
	now     time.Time
	left    map[shelfKey]stock.Item // as the database has it after this batch
	taken   map[shelfKey]int64
	slots   map[slotKey]int64 // newly taken
	used    map[slotKey]int64 // taken before
	out     []placed
	numbers map[string]*numbers // by shop
	first   map[string]int      // key -> place in the batch
	quotes  map[string]bool     // orders that this batch makes
	wins    []int
	coupons map[string]*promo.Asked    // that the batch wants; nil for none
	flashes map[flashKey]*int64        // units that buyers have of flashes; nil for none
	groups  map[string]*groupbuy.Asked // that the batch wants into; nil for none
	claims  map[string]*claim.Asked    // that the batch takes over; nil for none
}

// open reports whether place i still waits for a decision.
func (b *batchOf) open(i int) bool { return b.out[i].err == nil && b.out[i].order.ID == "" }

// ask learns in one message all that a batch is decided by: which keys and quotes
// were seen before, what is on the shelves and in the slots, and a number for
// each order. Shelves are locked in one order; what follows them is read under
// the locks. The keys come first, to keep those short: a double of a batch that
// is being committed meanwhile is found by the unique index.
func (b *batchOf) ask(ctx context.Context, batch []*placing) error {
	if err := askKnown(ctx, b.tx, &b.known, batch); err != nil {
		return err
	}
	want := map[shelfKey]bool{}
	used := map[slotKey]*int64{}
	for _, p := range batch {
		for _, l := range p.order.Quote.Lines {
			want[shelfKey{l.SKU, l.Bucket}] = true
		}
		if slot := p.order.Quote.Slot; slot != nil {
			used[slotKey{p.order.Shop, slot.ID}] = new(int64)
		}
		of := b.numbers[p.order.Shop]
		if of == nil {
			of = &numbers{first: -1}
			b.numbers[p.order.Shop] = of
		}
		of.n++
	}
	keys := sorted(want)
	items := make([]stock.Item, len(keys))
	for i, k := range keys {
		if err := stock.AskLock(ctx, b.tx, &items[i], k.sku, k.bucket); err != nil {
			return err
		}
	}
	if err := b.askPromos(ctx, batch); err != nil {
		return err
	}
	if err := b.askGroups(ctx, batch); err != nil {
		return err
	}
	if err := b.askClaims(ctx, batch); err != nil {
		return err
	}
	for k, n := range used {
		if err := shop.AskSlotUse(ctx, b.tx, n, k.shop, k.slot); err != nil {
			return err
		}
	}
	for _, sh := range slices.Sorted(maps.Keys(b.numbers)) {
		if err := shop.AskOrderNumbers(ctx, b.tx, &b.numbers[sh].first, sh, b.numbers[sh].n); err != nil {
			return err
		}
	}
	if err := b.tx.Flush(ctx); err != nil {
		return err
	}
	for i, k := range keys {
		b.left[k] = items[i]
	}
	for k, n := range used {
		b.used[k] = *n
	}
	return nil
}

// repeats answers keys and refuses quotes that were seen before.
func (b *batchOf) repeats(ctx context.Context, batch []*placing) error {
	var err error
	keys, used := map[string]keyRow{}, map[string]bool{}
	for _, k := range b.known {
		keys[k.key], used[k.order] = k, true
	}
	for i, p := range batch {
		if k, ok := keys[p.key]; ok {
			if k.hash != p.hash {
				b.out[i].err = ErrKeyReused
				continue
			}
			if b.out[i].order, err = byID(ctx, b.tx, k.order); err != nil {
				return err
			}
			continue
		}
		if j, ok := b.first[p.key]; ok {
			if batch[j].hash != p.hash {
				b.out[i].err = ErrKeyReused
			}
			continue
		}
		b.first[p.key] = i
		if used[p.order.ID] || b.quotes[p.order.ID] {
			b.out[i].err = ErrQuoteUsed
			continue
		}
		b.quotes[p.order.ID] = true
	}
	return nil
}

// numbers are what a batch took of a shop's count; what is refused gives its own
// back.
type numbers struct{ first, n, used int64 }

func sorted[V any](m map[shelfKey]V) []shelfKey {
	keys := make([]shelfKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].sku < keys[j].sku || keys[i].sku == keys[j].sku && keys[i].bucket < keys[j].bucket
	})
	return keys
}

// grant decides first come first served, in memory.
func (b *batchOf) grant(batch []*placing) {
	for i, p := range batch {
		if !b.open(i) || b.first[p.key] != i {
			continue
		}
		if err := b.fits(p.order.Shop, p.order.Quote); err != nil {
			b.out[i].err = err
			continue
		}
		if err := b.redeem(&p.order); err != nil {
			b.out[i].err = err
			continue
		}
		for _, l := range p.order.Quote.Lines {
			if l.Claim == "" { // else it is counted already
				b.taken[shelfKey{l.SKU, l.Bucket}] += l.Quantity
			}
		}
		if slot := p.order.Quote.Slot; slot != nil {
			b.slots[slotKey{p.order.Shop, slot.ID}]++
		}
		b.wins = append(b.wins, i)
	}
}

// fits says what an offer lacks: goods first, because another pickup time can
// be had and another fish cannot.
func (b *batchOf) fits(shopID string, q Quote) error {
	for i, l := range q.Lines {
		if l.Claim != "" {
			continue
		}
		k := shelfKey{l.SKU, l.Bucket}
		if free := b.left[k].Available() - b.taken[k]; free < l.Quantity {
			return soldOut("lines["+strconv.Itoa(i)+"]", free)
		}
	}
	if q.Slot != nil {
		if k := (slotKey{shopID, q.Slot.ID}); b.used[k]+b.slots[k] >= q.Capacity {
			return shop.ErrSlotGone
		}
	}
	return nil
}

// take counts what was granted down; the rows are locked, so a refusal here
// means that somebody else changed them, and the batch is done again singly.
func (b *batchOf) take(ctx context.Context) error {
	for _, k := range sorted(b.taken) {
		if err := stock.Reserve(ctx, b.tx, k.sku, k.bucket, b.taken[k]); err != nil {
			return err
		}
		item := b.left[k]
		item.Reserved += b.taken[k]
		b.left[k] = item
	}
	return nil
}

// takeSlots books the slots, guarded like stock.
func (b *batchOf) takeSlots(ctx context.Context, batch []*placing) error {
	keys := make([]slotKey, 0, len(b.slots))
	for k := range b.slots {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].shop < keys[j].shop || keys[i].shop == keys[j].shop && keys[i].slot < keys[j].slot
	})
	for _, k := range keys {
		var slot shop.Slot
		for _, i := range b.wins {
			if q := batch[i].order.Quote; batch[i].order.Shop == k.shop && q.Slot != nil && q.Slot.ID == k.slot {
				slot = *q.Slot
				slot.Left = q.Capacity
			}
		}
		if err := shop.TakeSlots(ctx, b.tx, k.shop, slot, b.slots[k]); err != nil {
			return err
		}
	}
	return nil
}

// write makes the rows of every granted order.
func (b *batchOf) write(ctx context.Context, batch []*placing) error {
	if err := b.number(ctx, batch); err != nil || len(b.wins) == 0 {
		return err
	}
	rows := newRows(len(b.wins))
	for _, i := range b.wins {
		rows.add(batch[i], b.now)
		b.out[i].order = batch[i].order
	}
	// What has to be asked is known now; the rest goes in one message. Publishing
	// may ask for the time, so it comes first.
	if err := b.s.bus.Publish(ctx, b.tx, rows.events...); err != nil {
		return err
	}
	if err := b.take(ctx); err != nil {
		return err
	}
	if err := b.takeSlots(ctx, batch); err != nil {
		return err
	}
	if err := b.takePromos(ctx, batch); err != nil {
		return err
	}
	if err := rows.insert(ctx, b.tx); err != nil {
		return err
	}
	return ledger.PostNew(ctx, b.tx, b.now, rows.journals...)
}

// number gives each order the next number of its shop, and the shop those back
// that nobody needs.
func (b *batchOf) number(ctx context.Context, batch []*placing) error {
	for _, i := range b.wins {
		o := &batch[i].order
		of := b.numbers[o.Shop]
		if of.first < 0 {
			return shop.ErrNotFound
		}
		o.Number = "A-" + strconv.FormatInt(of.first+of.used, 10)
		o.PlacedAt = b.now
		of.used++
	}
	for _, sh := range slices.Sorted(maps.Keys(b.numbers)) {
		if of := b.numbers[sh]; of.used < of.n {
			if err := shop.ReturnOrderNumbers(ctx, b.tx, sh, of.n-of.used); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows are the tables' rows of a batch.
type rows struct {
	orders, lines [][]any
	reservations  []stock.Reservation
	journals      []ledger.Journal
	events        []bus.Event
	moved         map[string]bool // variants told of
}

func newRows(n int) *rows {
	return &rows{orders: make([][]any, 0, n), lines: make([][]any, 0, n), moved: map[string]bool{}}
}

func (r *rows) add(p *placing, now time.Time) {
	o := &p.order
	o.Lines = make([]Line, len(o.Quote.Lines))
	r.orders = append(r.orders, orderRow(p))
	for i, l := range o.Quote.Lines {
		o.Lines[i] = Line{ID: lineID(o.ID, i), QuoteLine: l}
		r.lines = append(r.lines, []any{o.ID, int64(i), l.SKU, l.Product, l.Revision, l.Quantity, l.Unit.Minor, o.Quote.PaidFor(i)})
		if l.Claim == "" {
			r.reservations = append(r.reservations, stock.Reservation{Line: o.Lines[i].ID, SKU: l.SKU, Bucket: l.Bucket, Qty: l.Quantity})
		}
	}
	o.Events = []Event{placedEvent(*o)}
	if o.Quote.Total.Minor > 0 {
		r.journals = append(r.journals, journal("place", o.ID, ledger.Escrow(o.Shop), ledger.Receivable(o.Shop), o.Quote.Total))
	}
	told := TellOf(*o, "placed", now).JSON()
	r.events = append(r.events, bus.Event{Topic: TopicPlaced, Key: o.ID, Payload: told})
	if o.State == Placed {
		r.events = append(r.events, bus.Event{Topic: TopicPaid, Key: o.ID, Payload: told})
	}
	for _, l := range o.Quote.Lines {
		if l.Claim != "" && l.Seen != nil {
			r.events = append(r.events, bus.Event{Topic: claim.Changed, Key: l.Seen.Show})
		}
		if !r.moved[l.SKU] {
			r.moved[l.SKU] = true
			r.events = append(r.events, bus.Event{Topic: stock.Changed, Key: l.SKU})
		}
	}
}

// bare is the part of an id that a quote, its order, the order's lines and its
// payment share; so what can exist only once needs no index to find its double.
func bare(id string) string {
	_, rest, _ := strings.Cut(id, "_")
	return rest
}

// lineID names line i of an order.
func lineID(order string, i int) string { return "lin_" + bare(order) + "_" + strconv.Itoa(i) }
