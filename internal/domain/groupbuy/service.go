package groupbuy

import (
	"context"
	"crypto/rand"
	"math/big"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with. All are required.
type Parts struct {
	DB       *db.DB
	Catalog  *catalog.Service
	Stock    *stock.Service
	Payments *payment.Service
	Now      clock.Now
}

// Service keeps offers and groups. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service.
func New(p Parts) *Service { return &Service{p} }

// Wish is what a shop sells to groups.
type Wish struct {
	SKU      string
	Steps    []Step
	Units    int64 // of one seat
	Groups   int64
	PerBuyer int64 // seats
	Lasts    time.Duration
}

// Start offers a variant of a shop to groups and sets the goods of all of them
// aside: [stock.ErrSoldOut] when there are fewer.
func (s *Service) Start(ctx context.Context, shopID string, w Wish) (Offer, error) {
	k, p, err := s.Catalog.SKU(ctx, w.SKU)
	if err != nil {
		return Offer{}, err
	}
	if p.Shop != shopID {
		return Offer{}, catalog.ErrNoSKU
	}
	if err := w.check(k.Price, p); err != nil {
		return Offer{}, err
	}
	if err := s.payable(ctx, shopID); err != nil {
		return Offer{}, err
	}
	now := s.Now()
	o := Offer{ID: id.New("gof", now), Shop: shopID, Product: p.ID, SKU: k.ID, Currency: k.Price.Currency, Was: k.Price.Minor, Steps: w.Steps,
		Units: w.Units, Groups: w.Groups, PerBuyer: w.PerBuyer, Lasts: w.Lasts, StartsAt: now}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := insertOffer(ctx, tx, o); err != nil {
			return err
		}
		return s.Stock.Aside(ctx, tx, shopID, o.SKU, o.ID, o.Groups*o.Size()*o.Units)
	})
	if db.IsUnique(err) {
		err = ErrOn
	}
	return o, err
}

// check says whether the terms make sense for a variant of p at a price.
func (w Wish) check(alone money.Amount, p catalog.Product) error {
	if len(w.Steps) == 0 || len(w.Steps) > maxSteps || w.Lasts < MinLasts || w.Lasts > MaxLasts ||
		w.Groups < 1 || w.Groups > maxGroups || w.PerBuyer < 1 || w.PerBuyer > w.Groups {
		return ErrTerms
	}
	was := Step{People: 1, Price: alone.Minor}
	for _, st := range w.Steps {
		if st.People <= was.People || st.People > MaxPeople || st.Price >= was.Price || st.Price < 1 {
			return ErrTerms
		}
		was = st
	}
	if err := p.Measure.CheckQuantity(w.Units); err != nil {
		return err
	}
	pack, err := shop.PackOf(p.Pack)
	if err != nil {
		return err
	}
	if pack.ByAppointment() || pack.Online() || pack.ByLead() { // a time with somebody, and what begins when it is paid, cannot wait; a lead is not bought
		return ErrKind
	}
	if least, err := money.Of(was.Price, alone.Currency).Times(w.Units, p.Measure.Per()); err != nil || least.Minor < 1 {
		return ErrTerms
	}
	return nil
}

// payable reports by [ErrPay] that a shop cannot be paid at once.
func (s *Service) payable(ctx context.Context, shopID string) error {
	ways, err := s.Payments.Offers(ctx, shopID)
	for _, w := range ways {
		if w.Wait == 0 {
			return nil
		}
	}
	if err == nil {
		err = ErrPay
	}
	return err
}

// Stop ends an offer: no more groups can be begun. Those that are open run to
// their end, and then what is left of the goods goes back to the stall. A second
// call changes nothing.
func (s *Service) Stop(ctx context.Context, shopID, offer string) (Offer, error) {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := offerByID(ctx, tx, offer)
		if err != nil {
			return err
		}
		if o.Shop != shopID {
			return ErrNoOffer
		}
		return stop(ctx, tx, offer, s.Now())
	})
	if err != nil {
		return Offer{}, err
	}
	if _, err := s.close(ctx); err != nil {
		return Offer{}, err
	}
	return offerByID(ctx, s.DB, offer)
}

// close gives back what is left of stopped offers whose groups have all ended.
func (s *Service) close(ctx context.Context) (int, error) {
	due, err := closing(ctx, s.DB, 100)
	for _, offer := range due {
		err := s.DB.InTx(ctx, func(tx *db.Tx) error {
			o, err := offerByID(ctx, tx, offer)
			if err != nil {
				return err
			}
			// Goods come before offers, as in placement.
			if err := stock.LockAll(ctx, tx, o.SKU); err != nil {
				return err
			}
			ok, err := setClosed(ctx, tx, offer, s.Now())
			if err != nil || !ok {
				return err
			}
			return s.Stock.CloseBucket(ctx, tx, offer)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(due), err
}

// Sweep decides the groups whose time is over, once each, and closes offers that
// are done. It returns how many it moved; call it again until it returns zero.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	now := s.Now()
	due, err := dueGroups(ctx, s.DB, now, 100)
	if err != nil {
		return 0, err
	}
	for _, code := range due {
		err := s.DB.InTx(ctx, func(tx *db.Tx) error { return decide(ctx, tx, code, now) })
		if err != nil {
			return 0, err
		}
	}
	n, err := s.close(ctx)
	return n + len(due), err
}

// Ended lists groups whose orders have not all heard of their end.
func Ended(ctx context.Context, q db.Querier, n int) ([]Group, error) { return ended(ctx, q, n) }

// Settled notes that all orders of a group know how it ended. A failed group
// makes room for another. A second call changes nothing.
func Settled(ctx context.Context, tx *db.Tx, g Group, now time.Time) error {
	ok, err := setSettled(ctx, tx, g.Code, now)
	if err != nil || !ok || g.State != Failed {
		return err
	}
	return giveGroup(ctx, tx, g.Offer)
}

// Seats lists who sit in a group, those who sat down first before the others.
func Seats(ctx context.Context, q db.Querier, code string) ([]Seat, error) {
	return seats(ctx, q, code)
}

// Choice says which group a buyer wants into: a new one of an offer, or one by
// its code.
type Choice struct{ Offer, Code string }

// Deal makes a deal of a choice for units of a variant, and says at which offer.
// Nothing is promised by it.
func (s *Service) Deal(ctx context.Context, c Choice, sku, buyer string, units int64) (Deal, Offer, error) {
	now := s.Now()
	d := Deal{Code: c.Code, Offer: c.Offer, Opens: c.Code == ""}
	if !d.Opens {
		g, err := groupByCode(ctx, s.DB, c.Code)
		if err != nil {
			return Deal{}, Offer{}, err
		}
		in, err := seats(ctx, s.DB, g.Code)
		if err != nil {
			return Deal{}, Offer{}, err
		}
		if err := g.joinable(buyer, sitting(in), now); err != nil {
			return Deal{}, Offer{}, err
		}
		d.Offer, d.EndsAt = g.Offer, g.EndsAt
	}
	o, err := offerByID(ctx, s.DB, d.Offer)
	if err != nil {
		return Deal{}, Offer{}, err
	}
	if o.SKU != sku || o.Units != units {
		return Deal{}, Offer{}, ErrQuantity
	}
	if d.Opens {
		if !o.StoppedAt.IsZero() || o.Open >= o.Groups {
			return Deal{}, Offer{}, ErrNoMore
		}
		d.Code, d.EndsAt = newCode(), now.Add(o.Lasts)
	}
	if buyer != "" {
		had, err := promo.Taken(ctx, s.DB, o.ID, buyer)
		if err != nil {
			return Deal{}, Offer{}, err
		}
		if had+units > o.PerBuyer*o.Units {
			return Deal{}, Offer{}, ErrLimit
		}
	}
	d.Steps = o.Steps
	return d, o, nil
}

func sitting(in []Seat) []string {
	var out []string
	for _, x := range in {
		if x.State != Left {
			out = append(out, x.Buyer)
		}
	}
	return out
}

// newCode names a group in its link: ten letters and digits without look-alikes.
func newCode() string {
	const letters = "ACDEFGHJKLMNPQRTUVWXY34679"
	b := make([]byte, 10)
	for i := range b {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err)
		}
		b[i] = letters[n.Int64()]
	}
	return string(b)
}

// Get returns a group with its offer and everybody in it.
func (s *Service) Get(ctx context.Context, code string) (Group, Offer, []Seat, error) {
	g, err := groupByCode(ctx, s.DB, code)
	if err != nil {
		return Group{}, Offer{}, nil, err
	}
	o, err := offerByID(ctx, s.DB, g.Offer)
	if err != nil {
		return Group{}, Offer{}, nil, err
	}
	in, err := seats(ctx, s.DB, code)
	return g, o, in, err
}

// OfProduct lists the offers of a product of which groups can be begun.
func (s *Service) OfProduct(ctx context.Context, product string) ([]Offer, error) {
	return offersOf(ctx, s.DB, product)
}

// OfShop lists the offers of a shop, the newest first.
func (s *Service) OfShop(ctx context.Context, shopID string) ([]Offer, error) {
	return offersOfShop(ctx, s.DB, shopID)
}

// OfOffer lists the groups of an offer, the newest first; open alone when asked.
func (s *Service) OfOffer(ctx context.Context, offer string, open bool, n int) ([]Group, error) {
	return groupsOf(ctx, s.DB, offer, open, s.Now(), n)
}
