package aftersale

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with.
type Parts struct {
	DB     *db.DB
	Bus    *bus.Bus
	Orders *order.Service
	Stock  *stock.Service
	// Replay returns the path that opens what was promised with an offer, or
	// nothing when there is no recording.
	Replay func(ctx context.Context, q order.Quote) (string, error)
	// OwnsPhoto reports whether a person has uploaded a picture.
	OwnsPhoto func(ctx context.Context, person, photo string) (bool, error)
	// Used returns which share of a line of an order was used, in millionths; asked
	// for lines that are paid back by progress.
	Used func(ctx context.Context, q db.Querier, order string, position int) (int64, error)
	Log  *slog.Logger
	Now  clock.Now
}

// Service settles cases. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service that closes the cases of orders that are cancelled.
func New(p Parts) *Service {
	s := &Service{p}
	p.Bus.Inline(order.TopicChanged, s.orderChanged)
	return s
}

// Request is what a buyer says is wrong.
type Request struct {
	Key    string // Idempotency-Key
	Buyer  string
	Order  string
	Reason Reason
	Words  string
	Photos []string
	Ask    Deal
}

// File opens a case. The same key and request get the same case.
func (s *Service) File(ctx context.Context, r Request) (Case, error) {
	var err error
	if !slices.Contains(Reasons, r.Reason) {
		return Case{}, ErrReason
	}
	if r.Words, err = wordsOf(r.Words); err != nil {
		return Case{}, err
	}
	if err := s.checkPhotos(ctx, r.Buyer, r.Photos); err != nil {
		return Case{}, err
	}
	seen, err := s.Orders.Get(ctx, r.Buyer, r.Order)
	if err != nil {
		return Case{}, err
	}
	shown := shownFor(seen, r.Ask)
	replay, err := s.Replay(ctx, shown)
	if err != nil {
		return Case{}, err
	}
	key, hash := r.Buyer+":"+r.Key, digest(r)
	var c Case
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.Lock(ctx, tx, r.Order)
		if err != nil {
			return err
		}
		if done, err := repeated(ctx, tx, key, hash, &c); done || err != nil {
			return err
		}
		now := s.Now()
		if c, err = s.draft(ctx, tx, o, r, now); err != nil {
			return err
		}
		c.Show, c.Second, c.Replay = shown.Show, shown.Second, replay
		if err := insert(ctx, tx, c, key, hash); err != nil {
			return err
		}
		if err := s.Orders.Note(ctx, tx, &o, "problem_reported", order.ByBuyer); err != nil {
			return err
		}
		return s.record(ctx, tx, &c, Step{At: now, Event: File, By: Buyer, Person: c.Buyer, Note: c.Words, Deal: &c.Ask}, "")
	})
	return c, err
}

// shownFor is the offer as it stood when the first of a deal's goods was seen.
func shownFor(o order.Order, d Deal) order.Quote {
	for _, l := range d.Lines {
		if l.Position >= 0 && l.Position < len(o.Lines) {
			return o.Quote.SeenIn(o.Lines[l.Position].QuoteLine)
		}
	}
	return o.Quote
}

// draft checks a request against the order, which is locked, and makes the case
// of it.
func (s *Service) draft(ctx context.Context, tx *db.Tx, o order.Order, r Request, now time.Time) (Case, error) {
	if !o.Refundable() {
		if o.PayState == order.DueAtPickup || o.PayState == order.Pending || o.PayState == order.PayFailed {
			return Case{}, ErrNotYet
		}
		return Case{}, order.ErrNothingLeft
	}
	if got := receivedAt(o); !got.IsZero() && now.After(got.Add(Window)) {
		return Case{}, ErrTooLate
	}
	rests, err := order.RestsOf(ctx, tx, o)
	if err != nil {
		return Case{}, err
	}
	r.Ask.Freight = false // the freight goes with the last of the goods, or as the shop chooses
	if r.Ask, err = s.byProgress(ctx, tx, o, r.Reason, r.Ask, rests, nil); err != nil {
		return Case{}, err
	}
	ask, err := proposed(r.Ask, rests)
	if err != nil {
		return Case{}, err
	}
	decided, err := deniedOf(ctx, tx, o.ID)
	if err != nil {
		return Case{}, err
	}
	for _, l := range ask.Lines {
		if slices.Contains(decided, l.Position) {
			return Case{}, ErrDecided
		}
		if rule := o.Lines[l.Position].Rule; r.Reason == ChangedMind && rule.Code != "normal" && rule.Code != shop.ByProgress {
			return Case{}, ErrRule
		}
	}
	c := caseOf(o, now)
	c.State, c.Reason, c.Words, c.Photos, c.Ask, c.DueAt = Requested, r.Reason, r.Words, r.Photos, ask, now.Add(SellerAnswers)
	return c, nil
}

func caseOf(o order.Order, now time.Time) Case {
	return Case{ID: id.New("cas", now), Order: o.ID, Number: o.Number, Shop: o.Shop, Buyer: o.Buyer, BuyerName: o.BuyerName, Photos: []string{},
		Currency: o.Total().Currency, InCash: o.InCash(), Show: o.Quote.Show, Second: o.Quote.Second, CreatedAt: now, UpdatedAt: now, Version: 1}
}

// repeated answers a key that was used before.
func repeated(ctx context.Context, tx *db.Tx, key, hash string, c *Case) (bool, error) {
	known, was, err := byKey(ctx, tx, key)
	if err != nil || known == "" {
		return false, err
	}
	if was != hash {
		return false, ErrKeyReused
	}
	*c, err = byID(ctx, tx, known)
	return true, err
}

// digest tells two requests under one key apart.
func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// wordsOf cleans what somebody wrote, line by line.
func wordsOf(s string) (string, error) {
	if utf8.RuneCountInString(s) > maxWords {
		return "", ErrWords
	}
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = text.Line(l)
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), nil
}

func (s *Service) checkPhotos(ctx context.Context, person string, photos []string) error {
	if len(photos) > maxPhotos {
		return ErrPhotos
	}
	for _, p := range photos {
		if own, err := s.OwnsPhoto(ctx, person, p); err != nil || !own {
			if err != nil {
				return err
			}
			return ErrPhotos
		}
	}
	return nil
}

// Get returns a case to its buyer.
func (s *Service) Get(ctx context.Context, buyer, caseID string) (Case, error) {
	return only(byID(ctx, s.DB, caseID))(func(c Case) bool { return c.Buyer == buyer })
}

// GetForShop returns a case to the shop that it is with.
func (s *Service) GetForShop(ctx context.Context, shopID, caseID string) (Case, error) {
	return only(byID(ctx, s.DB, caseID))(func(c Case) bool { return c.Shop == shopID })
}

// GetForOperator returns any case.
func (s *Service) GetForOperator(ctx context.Context, caseID string) (Case, error) {
	return byID(ctx, s.DB, caseID)
}

// only hides what belongs to others.
func only(c Case, err error) func(func(Case) bool) (Case, error) {
	return func(ok func(Case) bool) (Case, error) {
		if err == nil && !ok(c) {
			return Case{}, ErrNotFound
		}
		return c, err
	}
}

// Filter narrows a list of cases; empty fields do not.
type Filter struct {
	Buyer, Shop, Order string
	State              State
	Open               bool // waits for somebody
	After              page.Cursor
}

// List pages through cases, newest first.
func (s *Service) List(ctx context.Context, f Filter, n int) (page.Of[Case], error) {
	rows, err := list(ctx, s.DB, f, n+1)
	return page.Cut(rows, n, func(c Case) page.Cursor { return page.Cursor{At: clock.Millis(c.CreatedAt), ID: c.ID} }), err
}

// Queue lists the open cases of a shop, or the escalated ones of the market when
// shop is empty; the first to run out comes first.
func (s *Service) Queue(ctx context.Context, shop string, n int) ([]Case, error) {
	return queue(ctx, s.DB, shop, n)
}

// Waiting counts the cases that wait for a shop.
func (s *Service) Waiting(ctx context.Context, shop string) (int64, error) {
	return waiting(ctx, s.DB, shop)
}

// NeedsReplay reports whether an open case is about something that was promised
// in a show, so that its recording must stay.
func (s *Service) NeedsReplay(ctx context.Context, show string) (bool, error) {
	return openIn(ctx, s.DB, show)
}

// Options says what can be asked for with an order, or why nothing can.
func (s *Service) Options(ctx context.Context, buyer, orderID string) (order.Order, order.Rests, error) {
	o, err := s.Orders.Get(ctx, buyer, orderID)
	if err != nil {
		return order.Order{}, order.Rests{}, err
	}
	rests, err := order.RestsOf(ctx, s.DB, o)
	return o, rests, err
}

// Until is when a problem with an order can be reported last; zero while the
// goods have not come. Ok is false when nothing can be reported.
func Until(o order.Order) (until time.Time, ok bool) {
	if !o.Refundable() {
		return time.Time{}, false
	}
	if got := receivedAt(o); !got.IsZero() {
		return got.Add(Window), true
	}
	return time.Time{}, true
}
