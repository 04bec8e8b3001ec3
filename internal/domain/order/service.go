package order

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service takes orders. It is safe for concurrent use.
type Service struct {
	db       *db.DB
	bus      *bus.Bus
	shops    *shop.Service
	catalog  *catalog.Service
	stock    *stock.Service
	payments *payment.Service
	promos   *promo.Service
	fees     *fee.Service
	taxes    *tax.Service
	groups   *groupbuy.Service
	carriers []Carrier
	claims   *claim.Service
	moment   func(ctx context.Context, show string, at time.Time) (Moment, error)
	offered  func(ctx context.Context, product string) error
	secret   []byte
	log      *slog.Logger
	now      clock.Now
	lane     *lane
	avail    availability
}

// Parts are what a service works with.
type Parts struct {
	DB       *db.DB
	Bus      *bus.Bus
	Shops    *shop.Service
	Catalog  *catalog.Service
	Stock    *stock.Service
	Payments *payment.Service
	Promos   *promo.Service
	Fees     *fee.Service      // nil: the market takes nothing
	Taxes    *tax.Service      // nil: nothing is taxed
	Groups   *groupbuy.Service // nil: everybody buys alone
	Carriers []Carrier         // that shops can choose from
	Claims   *claim.Service    // nil: nothing is held by comment
	// Moment says what a show knows of an instant.
	Moment func(ctx context.Context, show string, at time.Time) (Moment, error)
	// Offered returns why nobody can have a product that is watched here, as that
	// it has no lessons; nil: everything can be had.
	Offered func(ctx context.Context, product string) error
	Secret  string // signs quotes; shared by all nodes
	Log     *slog.Logger
	Now     clock.Now
}

// New returns a service with a running lane; stop it with [Service.Close].
func New(p Parts) *Service {
	s := &Service{db: p.DB, bus: p.Bus, shops: p.Shops, catalog: p.Catalog, stock: p.Stock, payments: p.Payments, promos: p.Promos, fees: p.Fees, taxes: p.Taxes, groups: p.Groups, claims: p.Claims, carriers: p.Carriers,
		moment: p.Moment, secret: []byte(p.Secret), log: p.Log, now: p.Now, avail: availability{by: map[shelfKey]known{}}}
	s.offered = func(context.Context, string) error { return nil }
	if p.Offered != nil {
		s.offered = p.Offered
	}
	s.bus.Inline(payment.Captured, s.captured)
	s.bus.Inline(payment.Failure, s.payFailed)
	s.bus.Inline(payment.Refunded, s.refunded)
	s.bus.Inline(payment.Unrefunded, s.unrefunded)
	s.bus.Inline(stock.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.avail.forget(e.Key) })
		return nil
	})
	s.lane = newLane(s)
	return s
}

// Close places what is queued and stops.
func (s *Service) Close() { s.lane.close() }

// Wish is a buyer's word on an offer.
type Wish struct {
	Key      string // Idempotency-Key
	Buyer    account.Person
	Token    string
	Hash     string // of the quote, as shown to the buyer
	Payment  string
	Name     string
	Phone    string
	Consents []string
}

// Place makes an order of an offer. The same key and wish get the same order;
// the goods are reserved when it returns. The words of the quote (titles, terms)
// are not in the answer; [Service.Get] has them.
func (s *Service) Place(ctx context.Context, w Wish) (Order, error) {
	q, body, hash, err := s.open(w.Token)
	if err != nil {
		return Order{}, err
	}
	if hash != w.Hash {
		return Order{}, ErrQuote
	}
	p := &placing{ctx: ctx, key: w.Buyer.ID + ":" + w.Key, hash: w.digest(hash), body: body, qhash: hash}
	now := s.now()
	if now.After(q.ExpiresAt) {
		return s.refuse(ctx, p, ErrQuoteOver)
	}
	if p.order, err = s.draft(ctx, w, q, now); err != nil {
		return s.refuse(ctx, p, err)
	}
	for i, l := range q.Lines {
		if left, ok := s.avail.get(shelfKey{l.SKU, l.Bucket}, now); ok && left < l.Quantity && l.Claim == "" {
			return s.refuse(ctx, p, soldOut(fmt.Sprintf("lines[%d]", i), left))
		}
	}
	return s.lane.place(p)
}

// refuse answers a wish that cannot be granted now: if it was before, that
// answer is still owed.
func (s *Service) refuse(ctx context.Context, p *placing, why error) (Order, error) {
	if o, ok, err := s.repeated(ctx, p); ok || err != nil {
		return o, err
	}
	return Order{}, why
}

// digest tells two wishes under one key apart; the quote is in it by its hash.
func (w Wish) digest(quote string) string {
	var b []byte
	for _, s := range append([]string{quote, w.Payment, w.Name, w.Phone}, w.Consents...) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// repeated answers a key that was used before, outside the lane.
func (s *Service) repeated(ctx context.Context, p *placing) (Order, bool, error) {
	k, ok, err := keyOf(ctx, s.db, p.key)
	if err != nil || !ok {
		return Order{}, false, err
	}
	if k.hash != p.hash {
		return Order{}, false, ErrKeyReused
	}
	o, err := byID(ctx, s.db, k.order)
	return o, err == nil, err
}

// draft checks a wish and makes the order it asks for.
func (s *Service) draft(ctx context.Context, w Wish, q Quote, now time.Time) (Order, error) {
	for _, t := range q.Terms {
		if t.Required && !slices.Contains(w.Consents, t.ID) {
			return Order{}, ErrConsent.At("consents", t.ID)
		}
	}
	if q.Kind == ByParcel && (q.Address == nil || q.Address.Country == "") {
		return Order{}, ErrAddress
	}
	if q.AtSlot() && q.Slot == nil {
		return Order{}, ErrSlot
	}
	until, err := s.payable(ctx, w.Payment, q, now)
	if err != nil {
		return Order{}, err
	}
	name := text.Line(w.Name)
	if name == "" {
		name = w.Buyer.Name
	}
	if name == "" || len(name) > 160 {
		return Order{}, ErrName
	}
	if len(w.Consents) > len(q.Terms) {
		return Order{}, ErrConsent
	}
	o := Order{ID: "ord_" + bare(q.ID), Shop: q.Shop, Buyer: w.Buyer.ID, BuyerName: name, BuyerEmail: w.Buyer.Email, BuyerPhone: w.Buyer.Phone,
		Payment: w.Payment, Quote: q, Consents: w.Consents, PlacedAt: now, Version: 1}
	if q.AtSlot() {
		o.Code = handOverCode()
	}
	if phone := text.Line(w.Phone); phone != "" && o.BuyerPhone == "" && len(phone) <= 20 {
		o.BuyerPhone = phone
	}
	if w.Payment == PayAtPickup {
		o.State, o.PayState = Placed, DueAtPickup
		if q.Total.Minor == 0 {
			o.PayState = Paid
			o.CompletesAt = o.openUntil(now)
		}
	} else {
		o.State, o.PayState, o.PayUntil = PendingPayment, Pending, until
	}
	return o, nil
}

// payable returns how long an order of q waits for money that is paid in a way,
// or [ErrPayment].
func (s *Service) payable(ctx context.Context, way string, q Quote, now time.Time) (time.Time, error) {
	if way == PayAtPickup {
		if (!q.AtSlot() || q.Group != nil) && q.Total.Minor > 0 {
			return time.Time{}, ErrPayment
		}
		return time.Time{}, nil
	}
	offer, err := s.payments.Offer(ctx, way, q.Shop)
	if errors.Is(err, payment.ErrProvider) {
		return time.Time{}, ErrPayment
	}
	if err != nil {
		return time.Time{}, err
	}
	until, ok := payUntil(q, offer.Wait, now)
	if !ok || q.Total.Minor == 0 {
		return time.Time{}, ErrPayment
	}
	return until, nil
}

// handOverCode is what the buyer shows at the stall: eight letters and digits
// without look-alikes, unique per shop.
func handOverCode() string {
	const letters = "ACDEFGHJKLMNPQRTUVWXY34679"
	b := make([]byte, 8)
	for i := range b {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err)
		}
		b[i] = letters[n.Int64()]
	}
	return string(b)
}

// NormalCode returns a typed hand-over code as it is stored.
func NormalCode(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text.Line(s)))
}

// journal is one movement of an order's money; the reference makes it once.
func journal(kind, order string, from, to ledger.Account, amount money.Amount) ledger.Journal {
	return ledger.Journal{Ref: kind + ":" + order, Entries: []ledger.Entry{{From: from, To: to, Amount: amount}}}
}

// Get returns an order to its buyer.
func (s *Service) Get(ctx context.Context, buyer, order string) (Order, error) {
	return mine(byID(ctx, s.db, order))(func(o Order) bool { return o.Buyer == buyer })
}

// GetForShop returns an order to the shop it was made in.
func (s *Service) GetForShop(ctx context.Context, shopID, order string) (Order, error) {
	return mine(byID(ctx, s.db, order))(func(o Order) bool { return o.Shop == shopID })
}

// GetForOperator returns any order.
func (s *Service) GetForOperator(ctx context.Context, order string) (Order, error) {
	return byID(ctx, s.db, order)
}

// mine hides what belongs to others.
func mine(o Order, err error) func(func(Order) bool) (Order, error) {
	return func(ok func(Order) bool) (Order, error) {
		if err == nil && !ok(o) {
			return Order{}, ErrNotFound
		}
		return o, err
	}
}

// Filter narrows a list of orders; empty fields do not.
type Filter struct {
	Buyer, Shop, Show string
	State             State
	Search            string // number, name or code
	After             page.Cursor
}

// List pages through orders, newest first.
func (s *Service) List(ctx context.Context, f Filter, n int) (page.Of[Order], error) {
	rows, err := list(ctx, s.db, f, n+1)
	if err != nil {
		return page.Of[Order]{}, err
	}
	return page.Cut(rows, n, func(o Order) page.Cursor { return page.Cursor{At: clock.Millis(o.PlacedAt), ID: o.ID} }), nil
}

// HasBought reports whether a person ordered in a show and stands by it.
func (s *Service) HasBought(ctx context.Context, show, person string) (bool, error) {
	return hasBought(ctx, s.db, show, person)
}

// HasOrdered reports whether a person ordered in a shop and stands by it.
func (s *Service) HasOrdered(ctx context.Context, shopID, person string) (bool, error) {
	return hasOrdered(ctx, s.db, shopID, person)
}

// Figures are what a show or a day sold.
type Figures struct {
	Orders   int64
	Reserved int64 // minor units promised and not yet paid
	Paid     int64
}

// OfShow sums what a show sold; cancelled and expired orders do not count.
func (s *Service) OfShow(ctx context.Context, show string) (Figures, error) {
	return figures(ctx, s.db, "show", show, 0)
}

// AfterSale is how long after the last step of an order its promises may be
// argued about: two weeks to withdraw (directive 2011/83/EU, article 9), two to
// send back (article 14), and a little.
const AfterSale = 30 * 24 * time.Hour

// NeedsReplay reports whether an order made in a show is under way or moved
// within [AfterSale], so that the recording of the show must stay.
func (s *Service) NeedsReplay(ctx context.Context, show string) (bool, error) {
	return unsettled(ctx, s.db, show, s.now().Add(-AfterSale))
}

// OfShop sums what a shop sold since an instant.
func (s *Service) OfShop(ctx context.Context, shopID string, since time.Time) (Figures, error) {
	return figures(ctx, s.db, "shop", shopID, clock.Millis(since))
}

// OfShopBetween sums what a shop sold from an instant until another.
func (s *Service) OfShopBetween(ctx context.Context, shopID string, from, to time.Time) (Figures, error) {
	return between(ctx, s.db, shopID, from, to)
}

// ByMinute counts the orders of a show by the minute in which they were placed
// (milliseconds).
func (s *Service) ByMinute(ctx context.Context, show string) (map[int64]int64, error) {
	return byMinute(ctx, s.db, show)
}

// OfMarket sums what the whole market sold since an instant.
func (s *Service) OfMarket(ctx context.Context, since time.Time) (Figures, error) {
	return figures(ctx, s.db, "market", "", clock.Millis(since))
}

// availability remembers committed truth for a moment, to refuse without asking
// the database. It may only refuse; a release or another process's restock is
// seen when the entry goes stale.
type availability struct {
	mu sync.Mutex
	by map[shelfKey]known
}

type known struct {
	left  int64
	until time.Time
}

const availableFor = time.Second

func (a *availability) get(k shelfKey, now time.Time) (int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.by[k]
	return e.left, ok && now.Before(e.until)
}

func (a *availability) put(k shelfKey, left int64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.by) > 10_000 {
		clear(a.by)
	}
	a.by[k] = known{left, now.Add(availableFor)}
}

func (a *availability) forget(sku string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.by {
		if k.sku == sku {
			delete(a.by, k)
		}
	}
}
