package stock

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// maxUnits bounds every stock figure, so sums cannot overflow.
const maxUnits = 1_000_000_000

// Service keeps stock. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	now clock.Now
}

// New returns a service that keeps stock in d and tells b what changed.
func New(d *db.DB, b *bus.Bus, now clock.Now) *Service { return &Service{db: d, bus: b, now: now} }

// Move is a change of stock by a person. Exactly one of Add and Set counts: Set
// when it is not nil.
type Move struct {
	Key    string // made by the caller; a repetition changes nothing
	SKU    string
	Add    int64
	Set    *int64
	Reason Reason
}

// Record moves the stall's stock of a shop's variant and returns it afterwards.
func (s *Service) Record(ctx context.Context, shop string, m Move) (Item, error) {
	var item Item
	err := s.db.InTx(ctx, func(tx *db.Tx) (err error) {
		item, err = s.RecordIn(ctx, tx, shop, m)
		return err
	})
	return item, err
}

// RecordIn is [Service.Record] inside a transaction.
func (s *Service) RecordIn(ctx context.Context, tx *db.Tx, shop string, m Move) (Item, error) {
	switch m.Reason {
	case Landed, Count, Waste, Return:
	default:
		return Item{}, ErrReason
	}
	item, err := open(ctx, tx, shop, m.SKU, Stall)
	if err != nil {
		return Item{}, err
	}
	done, err := moved(ctx, tx, m.Key, m.SKU, Stall)
	if err != nil || done {
		return item, err
	}
	delta := m.Add
	if m.Set != nil {
		delta = *m.Set - item.OnHand
	}
	if m.Set != nil && *m.Set < 0 || delta > maxUnits || delta < -maxUnits || item.OnHand+delta > maxUnits {
		return Item{}, ErrQuantity
	}
	putUp := item.PutUp
	switch m.Reason {
	case Count:
		putUp = item.OnHand + delta
	default:
		putUp = max(0, putUp+delta)
	}
	item, err = add(ctx, tx, m.SKU, Stall, delta, putUp)
	if err != nil {
		return Item{}, err
	}
	if err := insertMovement(ctx, tx, id.New("mov", s.now()), m.SKU, Stall, delta, m.Reason, m.Key, s.now()); err != nil {
		return Item{}, err
	}
	return item, s.changed(ctx, tx, m.SKU)
}

// Aside moves qty units of the stall into the bucket of a show (negative: back
// again). Only what is not promised can move.
func (s *Service) Aside(ctx context.Context, tx *db.Tx, shop, sku, bucket string, qty int64) error {
	from, to := Stall, bucket
	if qty < 0 {
		from, to, qty = bucket, Stall, -qty
	}
	if qty == 0 {
		return nil
	}
	if qty > maxUnits {
		return ErrQuantity
	}
	if err := LockAll(ctx, tx, sku); err != nil {
		return err
	}
	now := s.now()
	ref := id.New("asd", now)
	for _, side := range []struct {
		bucket string
		delta  int64
	}{{from, -qty}, {to, qty}} {
		item, err := open(ctx, tx, shop, sku, side.bucket)
		if err != nil {
			return err
		}
		if item.Available()+side.delta < 0 {
			return ErrSoldOut
		}
		if _, err := add(ctx, tx, sku, side.bucket, side.delta, max(0, item.PutUp+side.delta)); err != nil {
			return err
		}
		if err := insertMovement(ctx, tx, id.New("mov", now), sku, side.bucket, side.delta, SetAside, ref, now); err != nil {
			return err
		}
	}
	return s.changed(ctx, tx, sku)
}

// CloseBucket ends a bucket: what is not promised goes back to the stall now,
// and what is given back later goes there too.
func (s *Service) CloseBucket(ctx context.Context, tx *db.Tx, bucket string) error {
	skus, err := inBucket(ctx, tx, bucket)
	if err != nil {
		return err
	}
	if err := LockAll(ctx, tx, skus...); err != nil {
		return err
	}
	items, err := closeBucket(ctx, tx, bucket)
	if err != nil {
		return err
	}
	sort.Slice(items, func(i, j int) bool { return items[i].SKU < items[j].SKU })
	for _, i := range items {
		if err := s.Aside(ctx, tx, i.Shop, i.SKU, bucket, -i.Available()); err != nil {
			return err
		}
	}
	return nil
}

// Draw fills a bucket with what is not promised of another, which may be the
// stall.
func (s *Service) Draw(ctx context.Context, tx *db.Tx, shop, sku, from, bucket string, units int64) error {
	if from != Stall {
		if err := s.Aside(ctx, tx, shop, sku, from, -units); err != nil {
			return err
		}
	}
	return s.Aside(ctx, tx, shop, sku, bucket, units)
}

// Undraw closes a bucket that [Service.Draw] filled: what is not promised goes
// back to where it came from, as long as that is there, else to the stall.
func (s *Service) Undraw(ctx context.Context, tx *db.Tx, shop, sku, from, bucket string) error {
	left, err := lock(ctx, tx, sku, bucket)
	if err != nil {
		return err
	}
	if err := s.CloseBucket(ctx, tx, bucket); err != nil {
		return err
	}
	back, err := BucketOf(ctx, tx, sku, from)
	if err != nil || back == Stall {
		return err
	}
	return s.Aside(ctx, tx, shop, sku, back, left.Available())
}

// BucketOf returns the bucket from which a sale in a show is served: the show's
// own when something was set aside, else the stall.
func BucketOf(ctx context.Context, q db.Querier, sku, show string) (string, error) {
	if show == "" {
		return Stall, nil
	}
	ok, err := hasBucket(ctx, q, sku, show)
	if err != nil || !ok {
		return Stall, err
	}
	return show, nil
}

// Open is what the open buckets of a variant hold, by bucket.
type Open map[string]Item

// Serve returns the bucket from which a show is served: its own, or the stall's
// (see [BucketOf]).
func (o Open) Serve(sku, show string) Item {
	for _, bucket := range []string{show, Stall} {
		if i, ok := o[bucket]; ok {
			return i
		}
	}
	return Item{SKU: sku, Bucket: Stall}
}

// OpenOf returns the open buckets of variants.
func OpenOf(ctx context.Context, q db.Querier, skus []string) (map[string]Open, error) {
	out := make(map[string]Open, len(skus))
	for _, k := range skus {
		out[k] = Open{}
	}
	if len(skus) == 0 {
		return out, nil
	}
	items, err := openBuckets(ctx, q, skus)
	for _, i := range items {
		out[i.SKU][i.Bucket] = i
	}
	return out, err
}

// Reserve promises qty units, or fails with [ErrSoldOut] when fewer are left;
// after [db.Tx.Together] that may be told by the commit.
func Reserve(ctx context.Context, tx *db.Tx, sku, bucket string, qty int64) error {
	return reserve(ctx, tx, sku, bucket, qty)
}

// Lock reads an item and keeps others from changing it until the transaction
// ends.
func Lock(ctx context.Context, tx *db.Tx, sku, bucket string) (Item, error) {
	return lock(ctx, tx, sku, bucket)
}

// LockAll locks every shelf of some variants, in the order in which everybody does, so
// that what follows may touch them in any order.
func LockAll(ctx context.Context, tx *db.Tx, skus ...string) error {
	skus = slices.Clone(skus)
	slices.Sort(skus)
	for _, sku := range slices.Compact(skus) {
		if err := lockAll(ctx, tx, sku); err != nil {
			return err
		}
	}
	return nil
}

// AskLock is [Lock] into a place that [db.Tx.Flush] fills.
func AskLock(ctx context.Context, tx *db.Tx, into *Item, sku, bucket string) error {
	return askLock(ctx, tx, into, sku, bucket)
}

// Held notes reservations down that [Reserve] or a batch of it has counted.
func Held(ctx context.Context, tx *db.Tx, rs []Reservation) error {
	return insertReservations(ctx, tx, rs)
}

// Pass lets a line take over what is held for another, with nothing in between;
// it fails with [ErrSoldOut] when so many units are not held. After
// [db.Tx.Together] that may be told by the commit.
func Pass(ctx context.Context, tx *db.Tx, from, to string, units int64) error {
	return tx.WriteOne(ctx, ErrSoldOut, passText, from, to, units)
}

// Release gives back what was promised to lines, once: lines whose reservation
// is not held any more are passed over. Lines of several variants need [LockAll] first.
func (s *Service) Release(ctx context.Context, tx *db.Tx, lines ...string) error {
	return s.settle(ctx, tx, lines, "released", 0)
}

// Ship takes what was promised to lines out of stock, once.
func (s *Service) Ship(ctx context.Context, tx *db.Tx, lines ...string) error {
	return s.settle(ctx, tx, lines, "shipped", -1)
}

// Part is units of a line.
type Part struct {
	Line string
	Qty  int64
}

// ShipPart takes some of what was promised to lines out of stock; the rest stays
// promised. ref names the parcel. It returns [ErrReserved] when fewer units are
// held for a line.
func (s *Service) ShipPart(ctx context.Context, tx *db.Tx, ref string, parts []Part) error {
	sum := map[shelf]int64{}
	now := s.now()
	for _, p := range parts {
		r, err := sendReserved(ctx, tx, p.Line, p.Qty)
		if err != nil {
			return err
		}
		sum[shelf{r.SKU, r.Bucket}] += p.Qty
		if err := insertMovement(ctx, tx, id.New("mov", now), r.SKU, r.Bucket, -p.Qty, Sold, p.Line+":"+ref, now); err != nil {
			return err
		}
	}
	return s.leave(ctx, tx, sum, -1)
}

// shelf is where units of a variant lie.
type shelf struct{ sku, bucket string }

// settle ends held reservations; out is -1 when the goods leave.
func (s *Service) settle(ctx context.Context, tx *db.Tx, lines []string, state string, out int64) error {
	sum := map[shelf]int64{}
	now := s.now()
	for _, line := range lines {
		r, ok, err := endReservation(ctx, tx, line, state)
		if err != nil {
			return err
		}
		if !ok || r.Qty == 0 {
			continue
		}
		sum[shelf{r.SKU, r.Bucket}] += r.Qty
		if out != 0 {
			if err := insertMovement(ctx, tx, id.New("mov", now), r.SKU, r.Bucket, -r.Qty, Sold, line, now); err != nil {
				return err
			}
		}
	}
	return s.leave(ctx, tx, sum, out)
}

// leave ends promises of units, which leave the stall when out is -1.
func (s *Service) leave(ctx context.Context, tx *db.Tx, sum map[shelf]int64, out int64) error {
	order := make([]shelf, 0, len(sum))
	for w := range sum {
		order = append(order, w)
	}
	sort.Slice(order, func(i, j int) bool {
		return order[i].sku < order[j].sku || order[i].sku == order[j].sku && order[i].bucket < order[j].bucket
	})
	for _, w := range order {
		item, closed, err := unreserve(ctx, tx, w.sku, w.bucket, sum[w], out*sum[w])
		if err != nil {
			return err
		}
		if closed && item.Available() > 0 { // the show is over: back to the stall
			if err := s.Aside(ctx, tx, item.Shop, w.sku, w.bucket, -item.Available()); err != nil {
				return err
			}
		}
		if err := s.changed(ctx, tx, w.sku); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, sku string) error {
	return s.bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: sku})
}

// Of returns the stock of a variant in a bucket; nothing counts as zero.
func (s *Service) Of(ctx context.Context, sku, bucket string) (Item, error) {
	return get(ctx, s.db, sku, bucket)
}

// OfIn is [Service.Of] inside a transaction.
func OfIn(ctx context.Context, q db.Querier, sku, bucket string) (Item, error) {
	return get(ctx, q, sku, bucket)
}

// OfShop lists the stock of a shop in every bucket.
func (s *Service) OfShop(ctx context.Context, shop string) ([]Item, error) {
	return ofShop(ctx, s.db, shop)
}

// SoldSince returns how much of each variant of a shop has been promised or
// handed over since an instant and not given back.
func (s *Service) SoldSince(ctx context.Context, shop string, since time.Time) (map[string]int64, error) {
	return soldSince(ctx, s.db, shop, since)
}

// HoldAgain takes a released reservation up again; its units have been counted
// by [Reserve].
func (s *Service) HoldAgain(ctx context.Context, tx *db.Tx, line string) error {
	r, ok, err := holdAgain(ctx, tx, line)
	if err != nil {
		return err
	}
	if !ok {
		return ErrSoldOut
	}
	return s.changed(ctx, tx, r.SKU)
}
