package promo

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps what is cheaper. It is safe for concurrent use.
type Service struct {
	Parts
	mu  sync.Mutex
	has map[string]offers // by shop
}

// Parts are what a service works with. All are required.
type Parts struct {
	DB      *db.DB
	Bus     *bus.Bus
	Catalog *catalog.Service
	Stock   *stock.Service
	// Bought reports whether a person has an order of a shop that stands.
	Bought func(ctx context.Context, shop, person string) (bool, error)
	Now    clock.Now
}

// offers is what a shop has running, remembered for a moment, so that an offer
// of a shop without any asks for none.
type offers struct {
	coupons    bool // it has ever had one
	flashes    []Flash
	promotions []Promotion // that are not over, and whose goods are sold
	until      time.Time
}

// knownFor is how long another process's news may stay unseen.
const knownFor = time.Second

// New returns a service.
func New(p Parts) *Service {
	s := &Service{Parts: p, has: map[string]offers{}}
	p.Bus.Inline(Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.forget(e.Key) })
		return nil
	})
	return s
}

func (s *Service) forget(shopID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.has, shopID)
}

// offersOf returns what a shop has running.
func (s *Service) offersOf(ctx context.Context, shopID string) (offers, error) {
	now := s.Now()
	s.mu.Lock()
	o, ok := s.has[shopID]
	s.mu.Unlock()
	if ok && now.Before(o.until) {
		return o, nil
	}
	n, err := countTemplates(ctx, s.DB, shopID)
	if err != nil {
		return offers{}, err
	}
	o = offers{coupons: n > 0, until: now.Add(knownFor)}
	if o.flashes, err = running(ctx, s.DB, shopID, ""); err != nil {
		return offers{}, err
	}
	if o.promotions, err = s.sold(ctx, shopID, now); err != nil {
		return offers{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.has) > 10_000 {
		clear(s.has)
	}
	s.has[shopID] = o
	return o, nil
}

// hasCoupons reports whether a shop has ever had a coupon.
func (s *Service) hasCoupons(ctx context.Context, shopID string) (bool, error) {
	o, err := s.offersOf(ctx, shopID)
	return o.coupons, err
}

// Create adds a template to a shop.
func (s *Service) Create(ctx context.Context, sh shop.Shop, t Template) (Template, error) {
	now := s.Now()
	var err error
	if t.Name, err = t.Name.Clean(40, false); err != nil {
		return Template{}, err
	}
	t.ID, t.Shop, t.Currency, t.CreatedAt, t.Claimed, t.Stopped = id.New("cpt", now), sh.ID, sh.Currency, now, 0, false
	if t.StartsAt.IsZero() {
		t.StartsAt = now
	}
	if err := t.check(now); err != nil {
		return Template{}, err
	}
	for _, p := range t.Products {
		if of, err := s.Catalog.Get(ctx, p); err != nil || of.Shop != sh.ID {
			return Template{}, ErrProducts
		}
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := shop.Hold(ctx, tx, sh.ID); err != nil {
			return err
		}
		n, err := countTemplates(ctx, tx, sh.ID)
		if err != nil {
			return err
		}
		if n >= maxTemplates {
			return ErrTooMany
		}
		if err := insertTemplate(ctx, tx, t); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: sh.ID})
	})
	return t, err
}

// check says whether the terms make sense.
func (t *Template) check(now time.Time) error {
	switch {
	case t.Kind != Amount && t.Kind != Percent,
		t.Off < 1 || t.Off > maxMinor || t.Kind == Percent && t.Off > 100,
		t.Cap < 0 || t.Cap > maxMinor || t.Kind == Amount && t.Cap != 0,
		t.Threshold < 0 || t.Threshold > maxMinor,
		t.Quota < 1 || t.Quota > maxQuota,
		t.PerBuyer < 1 || t.PerBuyer > min(maxPerBuyer, t.Quota):
		return ErrTerms
	case !t.EndsAt.After(t.StartsAt) || !t.EndsAt.After(now) || t.EndsAt.Sub(t.StartsAt) > maxFor || t.StartsAt.Sub(now) > maxFor:
		return ErrTerms.At("ends_at", "within a year")
	case len(t.Products) > 100:
		return ErrProducts
	}
	slices.Sort(t.Products)
	t.Products = slices.Compact(t.Products)
	return nil
}

// OfShop lists the templates of a shop, newest first.
func (s *Service) OfShop(ctx context.Context, shopID string) ([]Template, error) {
	return templates(ctx, s.DB, shopID)
}

// Offered lists what anybody can claim in a shop now.
func (s *Service) Offered(ctx context.Context, shopID string) ([]Template, error) {
	some, err := s.hasCoupons(ctx, shopID)
	if err != nil || !some {
		return nil, err
	}
	all, err := templates(ctx, s.DB, shopID)
	now := s.Now()
	return slices.DeleteFunc(all, func(t Template) bool { return t.RoomOnly || !t.Open(now) || t.Left() <= 0 }), err
}

// Stop ends the claiming of a template. What was claimed stays good.
func (s *Service) Stop(ctx context.Context, shopID, template string) (Template, error) {
	var t Template
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		ok, err := stopTemplate(ctx, tx, shopID, template)
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotFound
		}
		if t, err = templateByID(ctx, tx, template); err != nil {
			return err
		}
		if err := s.tellDrops(ctx, tx, template); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: shopID})
	})
	return t, err
}

// tellDrops lets the rooms know where a template is handed out.
func (s *Service) tellDrops(ctx context.Context, tx *db.Tx, template string) error {
	shows, err := dropsOf(ctx, tx, template, s.Now())
	if err != nil {
		return err
	}
	for _, show := range shows {
		if err := s.Bus.Publish(ctx, tx, bus.Event{Topic: Dropped, Key: show}); err != nil {
			return err
		}
	}
	return nil
}

// Drop hands a template of a shop out in a show for a time; again, for another
// time. It may not be longer than [MaxDrop].
func (s *Service) Drop(ctx context.Context, shopID, template, show string, last time.Duration) (Drop, error) {
	if last < MinDrop || last > MaxDrop {
		return Drop{}, ErrDrop
	}
	now := s.Now()
	d := Drop{Show: show, At: now, Until: now.Add(last)}
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		var err error
		if d.Template, err = templateByID(ctx, tx, template); err != nil {
			return err
		}
		switch {
		case d.Shop != shopID:
			return ErrNotFound
		case !d.Open(now):
			return ErrOver
		case d.Left() <= 0:
			return ErrGone
		}
		if d.Until.After(d.EndsAt) {
			d.Until = d.EndsAt
		}
		if err := putDrop(ctx, tx, template, show, d.At, d.Until); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: Dropped, Key: show})
	})
	return d, err
}

// EndDrop stops handing a template out in a show, "" for all that are.
func (s *Service) EndDrop(ctx context.Context, show, template string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error { return s.EndDropIn(ctx, tx, show, template) })
}

// EndDropIn is [Service.EndDrop] inside a transaction.
func (s *Service) EndDropIn(ctx context.Context, tx *db.Tx, show, template string) error {
	some, err := endDrop(ctx, tx, template, show, s.Now())
	if err != nil || !some {
		return err
	}
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: Dropped, Key: show})
}

// Drops lists what is handed out in a show now, the newest first.
func (s *Service) Drops(ctx context.Context, show string) ([]Drop, error) {
	return drops(ctx, s.DB, show, s.Now())
}

// Claim gives a buyer one coupon of a template. Show is where they are, or "".
// [ErrGone]: there are no more. [ErrHas]: this buyer has as many as there are
// for one.
func (s *Service) Claim(ctx context.Context, buyer, template, show string) (Held, error) {
	t, err := templateByID(ctx, s.DB, template)
	if err != nil {
		return Held{}, err
	}
	now := s.Now()
	if !t.Open(now) {
		return Held{}, ErrOver
	}
	if show != "" || t.RoomOnly {
		if open, err := dropOpen(ctx, s.DB, template, show, now); err != nil {
			return Held{}, err
		} else if !open && t.RoomOnly {
			return Held{}, ErrRoomOnly
		} else if !open {
			show = ""
		}
	}
	if t.NewBuyer {
		if bought, err := s.Bought(ctx, t.Shop, buyer); err != nil {
			return Held{}, err
		} else if bought {
			return Held{}, ErrNewBuyer
		}
	}
	c := Coupon{ID: id.New("cpn", now), Template: t.ID, Shop: t.Shop, Buyer: buyer, State: Claimed, Show: show, ClaimedAt: now, ExpiresAt: t.EndsAt}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error { return s.claim(ctx, tx, &t, c) })
	return Held{c, t}, err
}

// claim counts first: that locks the template, so the buyer's own claims are
// counted one after the other, and UNIQUE stands behind.
func (s *Service) claim(ctx context.Context, tx *db.Tx, t *Template, c Coupon) error {
	took, err := takeOne(ctx, tx, t.ID, c.ClaimedAt)
	if err != nil {
		return err
	}
	n, err := countClaims(ctx, tx, t.ID, c.Buyer)
	if err != nil {
		return err
	}
	switch {
	case n >= t.PerBuyer:
		return ErrHas
	case !took:
		return ErrGone
	}
	if err := insertCoupon(ctx, tx, c, n+1); err != nil {
		return err
	}
	t.Claimed++
	return s.tellDrops(ctx, tx, t.ID)
}
