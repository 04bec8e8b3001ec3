package show

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/memo"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service runs shows. It is safe for concurrent use.
type Service struct {
	db     *db.DB
	bus    *bus.Bus
	stock  *stock.Service
	secret []byte
	now    clock.Now
	listed *memo.Memo[string, Lists] // by shop; "" for the market
}

// listedFor is how long lists may be used although another process may have
// changed a show of them.
const listedFor = time.Second

// New returns a service that keeps shows in d. secret signs publish tickets.
func New(d *db.DB, b *bus.Bus, st *stock.Service, secret string, now clock.Now) *Service {
	s := &Service{db: d, bus: b, stock: st, secret: []byte(secret), now: now}
	s.listed = memo.New(listedFor, now, s.lists)
	return s
}

// Plan is a show as a merchant writes it.
type Plan struct {
	Title    text.Local
	StartsAt time.Time // zero: no time yet
	HostName string
	PartMS   int64 // 0: 500
}

func (p Plan) onto(sh *Show, now time.Time) (err error) {
	if sh.Title, err = p.Title.Clean(MaxTitle, false); err != nil || sh.Title.IsEmpty() {
		return ErrTitle
	}
	if !p.StartsAt.IsZero() && (p.StartsAt.Before(now.Add(-time.Hour)) || p.StartsAt.After(now.AddDate(1, 0, 0))) && !p.StartsAt.Equal(sh.StartsAt) {
		return ErrPast
	}
	switch p.PartMS {
	case 0:
		sh.PartMS = 500
	case 200, 500:
		sh.PartMS = p.PartMS
	default:
		return ErrPart
	}
	sh.StartsAt = p.StartsAt
	sh.HostName = text.Line(p.HostName)
	if r := []rune(sh.HostName); len(r) > 40 {
		sh.HostName = string(r[:40])
	}
	return nil
}

// Create plans a show. With a starting time it is announced.
func (s *Service) Create(ctx context.Context, shopID string, p Plan) (Show, error) {
	now := s.now()
	sh := Show{ID: id.New("shw", now), Shop: shopID, State: Draft, CreatedAt: now, Version: now.UnixMilli()}
	if err := p.onto(&sh, now); err != nil {
		return Show{}, err
	}
	if !sh.StartsAt.IsZero() {
		sh.State = Scheduled
	}
	return sh, s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := insert(ctx, tx, sh); err != nil {
			return err
		}
		return s.tell(ctx, tx, sh, "")
	})
}

// Update changes the plan of a show.
func (s *Service) Update(ctx context.Context, shopID, show string, p Plan) (Show, error) {
	return s.change(ctx, shopID, show, func(_ *db.Tx, sh *Show) error {
		if err := p.onto(sh, s.now()); err != nil {
			return err
		}
		if sh.State == Draft && !sh.StartsAt.IsZero() {
			sh.State = Scheduled
		}
		return nil
	})
}

// change loads a show of a shop, locks it, lets f change it, writes it with the
// next version and tells.
func (s *Service) change(ctx context.Context, shopID, show string, f func(tx *db.Tx, sh *Show) error) (Show, error) {
	var sh Show
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		var err error
		if sh, err = lock(ctx, tx, show); err != nil {
			return err
		}
		if shopID != "" && sh.Shop != shopID {
			return ErrNotFound
		}
		was, before := sh, asJSON(sh)
		if err := f(tx, &sh); err != nil {
			return err
		}
		if asJSON(sh) == before {
			return nil // nothing changed: no version, no word
		}
		sh.Version = max(sh.Version+1, s.now().UnixMilli())
		if err := update(ctx, tx, sh); err != nil {
			return err
		}
		return s.tell(ctx, tx, sh, was.State)
	})
	return sh, err
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, sh Show, was State) error {
	body, err := json.Marshal(Told{sh.ID, sh.Shop, sh.State, was})
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { s.listed.Forget(sh.Shop, "") })
	events := []bus.Event{{Topic: TopicChanged, Key: sh.ID, Payload: body}}
	if sh.State != was {
		events = append(events, bus.Event{Topic: TopicState, Key: sh.ID, Payload: body})
	}
	return s.bus.Publish(ctx, tx, events...)
}

// Get returns a show.
func (s *Service) Get(ctx context.Context, show string) (Show, error) { return byID(ctx, s.db, show) }

// GetOf returns a show of a shop.
func (s *Service) GetOf(ctx context.Context, shopID, show string) (Show, error) {
	sh, err := byID(ctx, s.db, show)
	if err == nil && sh.Shop != shopID {
		return Show{}, ErrNotFound
	}
	return sh, err
}

// OfShop pages through the shows of a shop, newest first.
func (s *Service) OfShop(ctx context.Context, shopID string, after page.Cursor, n int) (page.Of[Show], error) {
	rows, err := ofShop(ctx, s.db, shopID, after, n+1)
	if err != nil {
		return page.Of[Show]{}, err
	}
	return page.Cut(rows, n, func(sh Show) page.Cursor { return page.Cursor{At: clock.Millis(sh.CreatedAt), ID: sh.ID} }), nil
}

// OnAir lists the shows of the market (or of one shop) that are on air: all of
// them, since what rooms and sales go by must not be cut.
func (s *Service) OnAir(ctx context.Context, shopID string) ([]Show, error) {
	return inStates(ctx, s.db, shopID, math.MaxInt32, Live, Interrupted)
}

// Upcoming lists announced shows, the next first.
func (s *Service) Upcoming(ctx context.Context, shopID string) ([]Show, error) {
	return upcoming(ctx, s.db, shopID, s.now().Add(-6*time.Hour), 20)
}

// Replays lists shows that can be watched again, the latest first.
func (s *Service) Replays(ctx context.Context, shopID string) ([]Show, error) {
	return inStates(ctx, s.db, shopID, 20, Replay)
}

// Lists are the shows of the market, or of one shop, as visitors find them.
type Lists struct{ OnAir, Upcoming, Replays []Show }

// Listed returns the shows of a shop, or of the market (""), as prepared for a
// crowd: what another process changed is seen a second later. Nobody may change
// the lists.
func (s *Service) Listed(ctx context.Context, shopID string) (Lists, error) {
	l, _, err := s.listed.Get(ctx, shopID)
	return l, err
}

func (s *Service) lists(ctx context.Context, shops []string) (map[string]Lists, error) {
	out := make(map[string]Lists, len(shops))
	for _, shop := range shops {
		var l Lists
		var errs [3]error
		l.OnAir, errs[0] = s.OnAir(ctx, shop)
		l.Upcoming, errs[1] = s.Upcoming(ctx, shop)
		l.Replays, errs[2] = s.Replays(ctx, shop)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		out[shop] = l
	}
	return out, nil
}

// Practise opens a show for the shop's eyes only.
func (s *Service) Practise(ctx context.Context, shopID, show string) (Show, error) {
	return s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		if sh.State == Practice {
			return nil
		}
		if sh.State != Draft && sh.State != Scheduled {
			return ErrState
		}
		if err := s.alone(ctx, tx, *sh); err != nil {
			return err
		}
		sh.State = Practice
		return nil
	})
}

// alone refuses a second open show of a shop: one stall, one picture.
func (s *Service) alone(ctx context.Context, tx *db.Tx, sh Show) error {
	open, err := inStates(ctx, tx, sh.Shop, 2, Practice, Live, Interrupted)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.ID != sh.ID {
			return ErrOther
		}
	}
	return nil
}

// Start goes live. What was set aside moves into the show's bucket; what is no
// longer there is left out.
func (s *Service) Start(ctx context.Context, shopID, show string) (Show, error) {
	return s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		if sh.State.OnAir() {
			return nil
		}
		if sh.State.Over() {
			return ErrState
		}
		if err := s.alone(ctx, tx, *sh); err != nil {
			return err
		}
		items, err := bag(ctx, tx, sh.ID)
		if err != nil {
			return err
		}
		for _, it := range items {
			if err := s.setAside(ctx, tx, *sh, it); err != nil {
				return err
			}
		}
		sh.State, sh.StartedAt, sh.Pinned, sh.Explaining = Live, s.now(), 0, 0
		return nil
	})
}

// setAside moves stock of a bag item into the show's bucket.
func (s *Service) setAside(ctx context.Context, tx *db.Tx, sh Show, it Item) error {
	if it.SetAside <= 0 {
		return nil
	}
	p, err := catalog.GetIn(ctx, tx, it.Product)
	if err != nil {
		return err
	}
	for _, k := range p.SKUs {
		have, err := stock.OfIn(ctx, tx, k.ID, stock.Stall)
		if err != nil {
			return err
		}
		if err := s.stock.Aside(ctx, tx, sh.Shop, k.ID, sh.ID, min(it.SetAside, have.Available())); err != nil {
			return err
		}
	}
	return nil
}

// Lost notes that the publisher of a live show has lost its line.
func (s *Service) Lost(ctx context.Context, show string) error {
	_, err := s.change(ctx, "", show, func(_ *db.Tx, sh *Show) error {
		if sh.State == Live {
			sh.State, sh.Since = Interrupted, s.now()
		}
		return nil
	})
	return err
}

// Back notes that the publisher is sending again.
func (s *Service) Back(ctx context.Context, show string) error {
	_, err := s.change(ctx, "", show, func(_ *db.Tx, sh *Show) error {
		if sh.State == Interrupted {
			sh.State, sh.Since = Live, time.Time{}
		}
		return nil
	})
	return err
}

// End ends a show: practice goes back to the plan, a show on air is over and
// what was set aside and not sold goes back to the stall.
func (s *Service) End(ctx context.Context, shopID, show string) (Show, error) {
	return s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		switch {
		case sh.State == Practice:
			sh.Pinned, sh.Explaining = 0, 0
			if sh.State = Draft; !sh.StartsAt.IsZero() {
				sh.State = Scheduled
			}
			return nil
		case sh.State.Over():
			return nil
		case !sh.State.OnAir():
			return ErrState
		}
		now := s.now()
		if err := closeChapter(ctx, tx, sh.ID, now); err != nil {
			return err
		}
		sh.State, sh.EndedAt, sh.Pinned, sh.Explaining, sh.Since = Ended, now, 0, 0, time.Time{}
		return s.stock.CloseBucket(ctx, tx, sh.ID)
	})
}

// Cancel calls an announced show off.
func (s *Service) Cancel(ctx context.Context, shopID, show string) (Show, error) {
	return s.change(ctx, shopID, show, func(_ *db.Tx, sh *Show) error {
		if sh.State == Cancelled {
			return nil
		}
		if sh.State.OnAir() || sh.State.Over() {
			return ErrState
		}
		sh.State = Cancelled
		return nil
	})
}

// Recorded notes that the replay of a show is ready and how long it is.
func (s *Service) Recorded(ctx context.Context, show string, length time.Duration) error {
	_, err := s.change(ctx, "", show, func(_ *db.Tx, sh *Show) error {
		sh.HasReplay, sh.Duration = true, length
		if sh.State == Ended {
			sh.State = Replay
		}
		return nil
	})
	return err
}

// Unrecorded notes that the replay of a show is no longer kept.
func (s *Service) Unrecorded(ctx context.Context, show string) error {
	_, err := s.change(ctx, "", show, func(_ *db.Tx, sh *Show) error {
		sh.HasReplay, sh.Duration = false, 0
		if sh.State == Replay {
			sh.State = Ended
		}
		return nil
	})
	return err
}

// Bag lists what a show sells, by number.
func (s *Service) Bag(ctx context.Context, show string) ([]Item, error) {
	return bag(ctx, s.db, show)
}

// SetBag replaces the bag. What is set aside can be raised and lowered while the
// show is on air.
func (s *Service) SetBag(ctx context.Context, shopID, show string, items []Item) (Show, error) {
	if len(items) > MaxBag {
		return Show{}, ErrBag
	}
	return s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		if sh.State.Over() {
			return ErrState
		}
		was, err := bag(ctx, tx, sh.ID)
		if err != nil {
			return err
		}
		return s.putBag(ctx, tx, sh, was, items)
	})
}

// Add puts a product at the end of the bag and returns its item.
func (s *Service) Add(ctx context.Context, shopID, show, product string, setAside int64) (Item, error) {
	var item Item
	_, err := s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		if sh.State.Over() {
			return ErrState
		}
		was, err := bag(ctx, tx, sh.ID)
		if err != nil {
			return err
		}
		item = Item{Number: 1, Product: product, SetAside: setAside}
		for _, it := range was {
			if it.Product == product {
				item = it
				return nil
			}
			item.Number = max(item.Number, it.Number+1)
		}
		return s.putBag(ctx, tx, sh, was, append(slices.Clone(was), item))
	})
	return item, err
}

func (s *Service) putBag(ctx context.Context, tx *db.Tx, sh *Show, was, items []Item) error {
	numbers, products := map[int]bool{}, map[string]bool{}
	for _, it := range items {
		if it.Number < 1 || it.Number > 999 || numbers[it.Number] || products[it.Product] || it.SetAside < 0 || it.SetAside > catalog.MaxQuantity {
			return ErrBag
		}
		numbers[it.Number], products[it.Product] = true, true
		p, err := catalog.GetIn(ctx, tx, it.Product)
		if err != nil && !errors.Is(err, catalog.ErrNotFound) {
			return err
		}
		if p.Shop != sh.Shop {
			return ErrBag
		}
	}
	if err := replaceBag(ctx, tx, sh.ID, items); err != nil {
		return err
	}
	if sh.State.OnAir() {
		if err := s.moveAside(ctx, tx, *sh, was, items); err != nil {
			return err
		}
	}
	if !numbers[sh.Pinned] {
		sh.Pinned = 0
	}
	sh.Version++ // the bag is not part of the row, but viewers see it
	return nil
}

// moveAside carries what changed between two bags over to the buckets.
func (s *Service) moveAside(ctx context.Context, tx *db.Tx, sh Show, was, items []Item) error {
	before := map[string]int64{}
	for _, it := range was {
		before[it.Product] = it.SetAside
	}
	for _, it := range items {
		more := Item{Product: it.Product, SetAside: it.SetAside - before[it.Product]}
		if err := s.setAside(ctx, tx, sh, more); err != nil {
			return err
		}
	}
	return nil
}

// Pin shows a bag number on top of the picture; 0 takes it away.
func (s *Service) Pin(ctx context.Context, shopID, show string, number int) (Show, error) {
	return s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		if err := onStage(ctx, tx, *sh, number); err != nil {
			return err
		}
		sh.Pinned = number
		return nil
	})
}

// onStage reports whether a number can be pinned or explained now.
func onStage(ctx context.Context, tx *db.Tx, sh Show, number int) error {
	if !sh.State.OnAir() && sh.State != Practice {
		return ErrState
	}
	if number == 0 {
		return nil
	}
	_, err := bagItem(ctx, tx, sh.ID, number)
	return err
}

// Explain starts to explain a number, which pins it and opens a chapter; 0 stops
// and closes it.
func (s *Service) Explain(ctx context.Context, shopID, show string, number int) (Show, error) {
	return s.change(ctx, shopID, show, func(tx *db.Tx, sh *Show) error {
		if err := onStage(ctx, tx, *sh, number); err != nil {
			return err
		}
		if sh.Explaining == number {
			return nil
		}
		now := s.now()
		if sh.State.OnAir() {
			if err := closeChapter(ctx, tx, sh.ID, now); err != nil {
				return err
			}
			if number > 0 {
				if err := s.openChapter(ctx, tx, sh.ID, number, now); err != nil {
					return err
				}
			}
		}
		sh.Explaining = number
		if number > 0 {
			sh.Pinned = number
		}
		return nil
	})
}

func (s *Service) openChapter(ctx context.Context, tx *db.Tx, show string, number int, now time.Time) error {
	it, err := bagItem(ctx, tx, show, number)
	if err != nil {
		return err
	}
	p, err := catalog.GetIn(ctx, tx, it.Product)
	if err != nil {
		return err
	}
	return insertChapter(ctx, tx, show, Chapter{Number: number, Product: it.Product, Title: p.Title, From: now})
}

// Chapters lists what was explained when.
func (s *Service) Chapters(ctx context.Context, show string) ([]Chapter, error) {
	return chapters(ctx, s.db, show)
}

// SetRoom changes the rules of the comments.
func (s *Service) SetRoom(ctx context.Context, shopID, show string, slow *time.Duration, off *bool) (Show, error) {
	return s.change(ctx, shopID, show, func(_ *db.Tx, sh *Show) error {
		if slow != nil {
			sh.SlowMode = min(max(0, *slow), 10*time.Minute)
		}
		if off != nil {
			sh.CommentsOff = *off
		}
		return nil
	})
}

// Count stores the running figures of a show.
func (s *Service) Count(ctx context.Context, show string, viewers, likes, now int64) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := setCounts(ctx, tx, show, viewers, likes); err != nil {
			return err
		}
		return putMinute(ctx, tx, show, s.now().Truncate(time.Minute), now)
	})
}

// Minute is how many people watched in a minute.
type Minute struct {
	At      time.Time
	Viewers int64
}

// Minutes lists the history of a show's viewers.
func (s *Service) Minutes(ctx context.Context, show string) ([]Minute, error) {
	return minutes(ctx, s.db, show)
}

// Reserve asks to be reminded of a show; Forget takes it back.
func (s *Service) Reserve(ctx context.Context, show, person string) error {
	sh, err := s.Get(ctx, show)
	if err != nil {
		return err
	}
	if sh.State.Over() {
		return ErrState
	}
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		fresh, err := putReservation(ctx, tx, show, person, s.now())
		if err != nil || !fresh {
			return err
		}
		body, err := json.Marshal(Reservation{Show: show, Shop: sh.Shop, Person: person})
		if err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{Topic: TopicReserved, Key: person, Payload: body})
	})
}

// TopicReserved is published when somebody asks to be reminded.
const TopicReserved = "show.reserved"

// Reservation is the payload of [TopicReserved].
type Reservation struct {
	Show   string `json:"show"`
	Shop   string `json:"shop"`
	Person string `json:"person"`
}

// Forget takes a reservation back.
func (s *Service) Forget(ctx context.Context, show, person string) error {
	return dropReservation(ctx, s.db, show, person)
}

// Reserved reports whether person wants to be reminded of a show.
func (s *Service) Reserved(ctx context.Context, show, person string) (bool, error) {
	return hasReservation(ctx, s.db, show, person)
}

// ReservedBy lists who wants to be reminded of a show.
func (s *Service) ReservedBy(ctx context.Context, show string) ([]string, error) {
	return reservations(ctx, s.db, show)
}
