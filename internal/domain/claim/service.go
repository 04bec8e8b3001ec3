package claim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with. All are required.
type Parts struct {
	DB      *db.DB
	Bus     *bus.Bus
	Catalog *catalog.Service
	Stock   *stock.Service
	Now     clock.Now
}

// Service keeps calls and claims. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service.
func New(p Parts) *Service { return &Service{p} }

// Wish is what a host asks for.
type Wish struct {
	Key       string // Idempotency-Key
	SKU       string
	Keyword   string
	Pieces    int64
	PerPerson int64
	Hold      time.Duration
}

func (w Wish) digest(show string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d\x00%d", show, w.SKU, w.Keyword, w.Pieces, w.PerPerson, w.Hold))
	return hex.EncodeToString(sum[:16])
}

// Open begins a call in a show of a shop that is on air, which the caller has
// checked. Its goods come from what was set aside for the show, else from the
// stall. The same key and wish are the same call.
func (s *Service) Open(ctx context.Context, shopID, show string, w Wish) (Call, error) {
	w.Keyword = Fold(w.Keyword)
	k, p, err := s.Catalog.SKU(ctx, w.SKU)
	if err != nil {
		return Call{}, err
	}
	if p.Shop != shopID {
		return Call{}, catalog.ErrNoSKU
	}
	pack, err := shop.PackOf(p.Pack)
	if err != nil {
		return Call{}, err
	}
	if pack.ByLead() || pack.ByAppointment() || pack.Online() || p.Measure != catalog.Piece {
		return Call{}, ErrKind
	}
	if !goodKeyword(w.Keyword) || w.Pieces < 1 || w.Pieces > MaxPieces || w.PerPerson < 1 || w.PerPerson > w.Pieces || w.Hold < MinHold || w.Hold > MaxHold {
		return Call{}, ErrTerms
	}
	if c, ok, err := s.opened(ctx, shopID, show, w); ok || err != nil {
		return c, err
	}
	now := s.Now()
	c := Call{ID: id.New("cll", now), Shop: shopID, Show: show, Product: p.ID, SKU: k.ID, Keyword: w.Keyword, Pieces: w.Pieces, PerPerson: w.PerPerson, Hold: w.Hold, OpenedAt: now}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := stock.LockAll(ctx, tx, k.ID); err != nil {
			return err
		}
		if c.Origin, err = stock.BucketOf(ctx, tx, k.ID, show); err != nil {
			return err
		}
		if err := insertCall(ctx, tx, c, w.Key, w.digest(show)); err != nil {
			return err
		}
		if err := s.Stock.Draw(ctx, tx, c.Shop, c.SKU, c.Origin, c.ID, c.Pieces); err != nil {
			return err
		}
		return s.changed(ctx, tx, show)
	})
	if !db.IsUnique(err) {
		return c, err
	}
	if again, ok, err := s.opened(ctx, shopID, show, w); ok || err != nil { // the same call, at the same time
		return again, err
	}
	open, err := openCalls(ctx, s.DB, show)
	for _, o := range open {
		if o.Keyword == c.Keyword {
			return Call{}, ErrKeyword
		}
	}
	return Call{}, errors.Join(err, ErrOpen)
}

// opened answers a key that was used before.
func (s *Service) opened(ctx context.Context, shopID, show string, w Wish) (Call, bool, error) {
	c, hash, ok, err := byKey(ctx, s.DB, shopID, w.Key)
	if ok && hash != w.digest(show) {
		err = ErrKeyReused
	}
	return c, ok, err
}

// Close ends a call of a shop: comments count no more, who waits is told, and
// what nobody holds goes back. Held claims stay until their deadline. A second
// call changes nothing.
func (s *Service) Close(ctx context.Context, shopID, call string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		c, err := getCall(ctx, tx, call)
		if err == nil && c.Shop != shopID {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.close(ctx, tx, c)
	})
}

// CloseIn ends what is open in a show, when that ends.
func (s *Service) CloseIn(ctx context.Context, tx *db.Tx, show string) error {
	open, err := openCalls(ctx, tx, show)
	for _, c := range open {
		if err := s.close(ctx, tx, c); err != nil {
			return err
		}
	}
	return err
}

func (s *Service) close(ctx context.Context, tx *db.Tx, c Call) error {
	if _, err := s.lock(ctx, tx, c); err != nil {
		return err
	}
	ok, err := setClosed(ctx, tx, c.ID, s.Now())
	if err != nil || !ok {
		return err
	}
	waiting, err := closeWaiting(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, k := range waiting {
		if err := s.tell(ctx, tx, k, "closed"); err != nil {
			return err
		}
	}
	if err := s.Stock.Undraw(ctx, tx, c.Shop, c.SKU, c.Origin, c.ID); err != nil {
		return err
	}
	return s.changed(ctx, tx, c.Show)
}

// lock keeps others from changing the claims of a call until the transaction
// ends, and says what of it nobody holds. Goods that are given back may go on to
// another shelf, so all of the variant's are locked, in the order that everybody
// locks them in.
func (s *Service) lock(ctx context.Context, tx *db.Tx, c Call) (stock.Item, error) {
	if err := stock.LockAll(ctx, tx, c.SKU); err != nil {
		return stock.Item{}, err
	}
	return stock.Lock(ctx, tx, c.SKU, c.ID)
}

// Release lets go of a claim of a person, held or waiting; the next one gets the
// pieces. A claim that has ended stays as it is.
func (s *Service) Release(ctx context.Context, person, claim string) (Claim, error) {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		k, err := mine(ctx, tx, person, claim)
		if err != nil {
			return err
		}
		if _, err := s.lock(ctx, tx, k.Of); err != nil {
			return err
		}
		held, err := setState(ctx, tx, claim, Held, Released)
		if err != nil {
			return err
		}
		if !held {
			ok, err := setState(ctx, tx, claim, Waiting, Released)
			if err != nil || !ok {
				return err
			}
			return s.changed(ctx, tx, k.Of.Show)
		}
		if err := s.Stock.Release(ctx, tx, claim); err != nil {
			return err
		}
		if err := s.moveOn(ctx, tx, k.Of); err != nil {
			return err
		}
		return s.changed(ctx, tx, k.Of.Show)
	})
	if err != nil {
		return Claim{}, err
	}
	return s.Get(ctx, person, claim)
}

// moveOn gives what nobody holds to those who have waited longest. Who wants
// more than is there gets what is there: nobody is overtaken, and nothing lies
// idle. The caller has locked the call.
func (s *Service) moveOn(ctx context.Context, tx *db.Tx, c Call) error {
	c, err := getCall(ctx, tx, c.ID)
	if err != nil || !c.Open() {
		return err
	}
	item, err := stock.OfIn(ctx, tx, c.SKU, c.ID)
	if err != nil {
		return err
	}
	for left := item.Available(); left > 0; {
		k, ok, err := first(ctx, tx, c)
		if err != nil || !ok {
			return err
		}
		k.Pieces, k.State, k.Until = min(k.Pieces, left), Held, s.Now().Add(c.Hold)
		if ok, err := setHeld(ctx, tx, k); err != nil || !ok {
			return err
		}
		if err := s.reserve(ctx, tx, k); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, k, "turn"); err != nil {
			return err
		}
		left -= k.Pieces
	}
	return nil
}

func (s *Service) reserve(ctx context.Context, tx *db.Tx, k Claim) error {
	if err := stock.Reserve(ctx, tx, k.Of.SKU, k.Call, k.Pieces); err != nil {
		return err
	}
	return stock.Held(ctx, tx, []stock.Reservation{{Line: k.ID, SKU: k.Of.SKU, Bucket: k.Call, Qty: k.Pieces}})
}

// Sweep ends the claims whose time is over and lets the wait lists move; also
// where an order has given its goods back. It returns how many calls it moved;
// call it again until it returns zero. One that fails does not stop the others.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	calls, err := due(ctx, s.DB, s.Now(), 50)
	if err != nil {
		return 0, err
	}
	moved := 0
	var bad []error
	for _, call := range calls {
		if err := s.DB.InTx(ctx, func(tx *db.Tx) error { return s.sweep(ctx, tx, call) }); err != nil {
			bad = append(bad, fmt.Errorf("call %s: %w", call, err))
			continue
		}
		moved++
	}
	return moved, errors.Join(bad...)
}

func (s *Service) sweep(ctx context.Context, tx *db.Tx, call string) error {
	c, err := getCall(ctx, tx, call)
	if err != nil {
		return err
	}
	if _, err := s.lock(ctx, tx, c); err != nil {
		return err
	}
	late, err := overdue(ctx, tx, c, s.Now())
	if err != nil {
		return err
	}
	for _, k := range late {
		ok, err := setState(ctx, tx, k.ID, Held, Expired)
		if err != nil {
			return err
		}
		if !ok { // an order was faster
			continue
		}
		if err := s.Stock.Release(ctx, tx, k.ID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, k, "expired"); err != nil {
			return err
		}
	}
	if err := s.moveOn(ctx, tx, c); err != nil {
		return err
	}
	return s.changed(ctx, tx, c.Show)
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, show string) error {
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: show})
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, k Claim, event string) error {
	e, err := bus.New(TopicTold, k.ID, Told{Claim: k.ID, Person: k.Person, Shop: k.Of.Shop, Product: k.Of.Product, Keyword: k.Of.Keyword, Event: event, Until: clock.Millis(k.Until)})
	if err != nil {
		return err
	}
	return s.Bus.Publish(ctx, tx, e)
}

// Get returns a claim of a person.
func (s *Service) Get(ctx context.Context, person, claim string) (Claim, error) {
	return mine(ctx, s.DB, person, claim)
}

// Mine lists what a person holds or waits for in a show ("" for anywhere).
func (s *Service) Mine(ctx context.Context, person, show string) ([]Claim, error) {
	ids, err := liveIn(ctx, s.DB, person, show)
	if err != nil {
		return nil, err
	}
	out := make([]Claim, 0, len(ids))
	for _, c := range ids {
		k, err := mine(ctx, s.DB, person, c)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// Calls lists the calls of a show of a shop, newest first.
func (s *Service) Calls(ctx context.Context, shopID, show string) ([]Call, error) {
	return callsOf(ctx, s.DB, shopID, show)
}

// OpenIn lists the calls that are open in a show, newest first.
func (s *Service) OpenIn(ctx context.Context, show string) ([]Call, error) {
	return openCalls(ctx, s.DB, show)
}

// Of lists the claims of a call in order of arrival.
func (s *Service) Of(ctx context.Context, c Call) ([]Claim, error) {
	return claimsOf(ctx, s.DB, c)
}
