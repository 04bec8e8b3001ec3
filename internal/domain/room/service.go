package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service is made of. All are required.
type Parts struct {
	DB   *db.DB
	Sink Sink
	// Build reads the state of a show from the areas; version, id and server time
	// are set by the room.
	Build func(ctx context.Context, show string) (State, error)
	// Last and Pinned are what newcomers see of the chat; asked once per room.
	Last   func(ctx context.Context, show string, n int) ([]chat.Comment, error)
	Pinned func(ctx context.Context, show string) (*chat.Comment, error)
	// OnAir lists the shows on air, in all processes.
	OnAir func(ctx context.Context) ([]string, error)
	// Store keeps the figures of a show where its report finds them.
	Store func(ctx context.Context, show string, f Figures) error
	Log   *slog.Logger
	Now   clock.Now
}

// Service runs the rooms of this process. It is safe for concurrent use.
type Service struct {
	Parts
	wake chan struct{} // a state is to be sent
	beat chan struct{} // a tick

	mu     sync.Mutex
	rooms  map[string]*room
	dirty  map[string]bool // states to send
	looked time.Time       // for shows on air
}

// New returns a service. Call Run.
func New(p Parts) *Service {
	return &Service{Parts: p, wake: make(chan struct{}, 1), beat: make(chan struct{}, 1), rooms: map[string]*room{}, dirty: map[string]bool{}}
}

// Listen hears on the bus what changes states and what is news in a room.
func (s *Service) Listen(b *bus.Bus) {
	b.Inline(show.TopicChanged, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.Refresh(e.Key) })
		return nil
	})
	b.Inline(stock.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.StockChanged(e.Key) })
		return nil
	})
	// A toast may be missed; it must not cost placement a row in the outbox.
	b.Inline(order.TopicPaid, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		told, err := bus.Decode[order.Told](e)
		if err != nil || told.Show == "" {
			return err
		}
		tx.AfterCommit(func() { s.ordered(told) })
		return nil
	})
}

// Run sends frames and states until ctx ends, then stores the figures.
func (s *Service) Run(ctx context.Context) error {
	var states sync.WaitGroup
	states.Go(func() { s.runStates(ctx) })
	ticker := time.NewTicker(Tick)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			ring(s.beat)
			s.Step(ctx)
		}
	}
	states.Wait()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, r := range s.all() {
		s.store(end, r)
	}
	return nil
}

// Step sends what is due in each room. Run does it every Tick; tests call it.
func (s *Service) Step(ctx context.Context) {
	now := s.Now()
	s.watch(ctx, now)
	for _, r := range s.all() {
		r.mu.Lock()
		look, store := now.Sub(r.viewersAt) >= viewersEvery, now.Sub(r.storedAt) >= storeEvery
		r.mu.Unlock()
		if look {
			r.look(s.Sink.Count(FrameKind+":"+r.id), now)
		}
		if store {
			s.store(ctx, r)
		}
		s.sendFrame(ctx, r, now)
		if r.deserted(now) {
			s.leave(ctx, r, now)
		}
	}
}

func (s *Service) sendFrame(ctx context.Context, r *room, now time.Time) {
	f, some := r.frame(now)
	if !some {
		return
	}
	data, err := json.Marshal(f)
	if err == nil {
		err = errors.Join(s.Sink.Publish(FrameKind+":"+r.id, data), s.Sink.Publish(DeskKind+":"+r.id, data))
	}
	if err != nil {
		s.Log.WarnContext(ctx, "room frame was not sent", "show", r.id, "error", err)
	}
}

// watch opens the rooms of shows on air, so that a sale in this process reaches
// viewers of every other.
func (s *Service) watch(ctx context.Context, now time.Time) {
	s.mu.Lock()
	due := now.Sub(s.looked) >= storeEvery
	if due {
		s.looked = now
	}
	s.mu.Unlock()
	if !due {
		return
	}
	shows, err := s.OnAir(ctx)
	if err != nil {
		s.Log.WarnContext(ctx, "shows on air were not read", "error", err)
		return
	}
	for _, id := range shows {
		if s.known(id) == nil {
			s.Refresh(id)
		}
	}
}

// leave forgets a deserted room, unless somebody came while it was stored.
func (s *Service) leave(ctx context.Context, r *room, now time.Time) {
	if !s.store(ctx, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.close(now) {
		delete(s.rooms, r.id)
	}
}

func (s *Service) all() []*room {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*room, 0, len(s.rooms))
	for _, r := range s.rooms {
		out = append(out, r)
	}
	return out
}

func (s *Service) known(showID string) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[showID]
}

// enter returns the room of a show, opened with what is stored of it.
func (s *Service) enter(ctx context.Context, showID string) (*room, error) {
	if r := s.known(showID); r != nil {
		return r, nil
	}
	r := newRoom(showID, s.Now())
	if _, err := s.snapshot(ctx, showID, r); err != nil {
		return nil, err
	}
	stored, err := figuresOf(ctx, s.DB, showID)
	if err != nil {
		return nil, fmt.Errorf("open room %s: %w", showID, err)
	}
	r.likes, r.likesSent, r.total, r.totalSent = stored.Likes, stored.Likes, stored.ViewersTotal, stored.ViewersTotal
	last, err := s.Last(ctx, showID, lastLines)
	if err != nil {
		return nil, fmt.Errorf("open room %s: %w", showID, err)
	}
	for _, c := range last {
		r.last = append(r.last, c.Public())
	}
	pin, err := s.Pinned(ctx, showID)
	if err != nil {
		return nil, fmt.Errorf("open room %s: %w", showID, err)
	}
	if pin != nil {
		v := pin.Public()
		r.pinned = &v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.rooms[showID]; was != nil {
		return was, nil // somebody was faster
	}
	s.rooms[showID] = r
	return r, nil
}

// Enter lets a browser into the room of a show and returns what it is told.
func (s *Service) Enter(ctx context.Context, showID, viewer string) (Greeting, error) {
	r, err := s.enter(ctx, showID)
	for err == nil && !r.meet(viewer) { // it was closed as we came in
		r, err = s.enter(ctx, showID)
	}
	if err != nil {
		return Greeting{}, err
	}
	return r.greeting(int64(s.Sink.Count(FrameKind+":"+showID)) + 1), nil
}

// EnterDesk lets a screen of the staff into the room of a show. It is not a
// viewer, and not counted.
func (s *Service) EnterDesk(ctx context.Context, showID string) (Greeting, error) {
	r, err := s.enter(ctx, showID)
	if err != nil {
		return Greeting{}, err
	}
	return r.greeting(int64(s.Sink.Count(FrameKind + ":" + showID))), nil
}

// OnAirHere reports whether this process has the room of a show open and on air,
// from memory.
func (s *Service) OnAirHere(showID string) bool {
	r := s.known(showID)
	return r != nil && r.onAir()
}

// Like adds taps of a viewer and returns the total. Taps that come too often, or
// when the show is not on air, are not counted.
func (s *Service) Like(showID, viewer string, n int64) int64 {
	r := s.known(showID)
	if r == nil {
		return 0
	}
	return r.like(viewer, n, s.Now())
}

// Figures returns the numbers of a room; viewers are of the last two seconds.
func (s *Service) Figures(ctx context.Context, showID string) (Figures, error) {
	if r := s.known(showID); r != nil {
		return r.figures(), nil
	}
	return figuresOf(ctx, s.DB, showID)
}

// trimAtOnce is how many rows one statement deletes: other writers wait for it.
const trimAtOnce = 1000

// TrimViewers forgets which browsers were in shows that were last on air before
// the given time. Their number stays.
func (s *Service) TrimViewers(ctx context.Context, before time.Time) error {
	if err := stampFigures(ctx, s.DB, s.Now()); err != nil {
		return fmt.Errorf("trim viewers: %w", err)
	}
	for {
		n, err := trimViewers(ctx, s.DB, before, trimAtOnce)
		if err != nil {
			return fmt.Errorf("trim viewers: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

// Say implements [chat.Room].
func (s *Service) Say(c chat.Comment) {
	if r := s.known(c.Show); r != nil {
		r.say(c.Public())
		return
	}
	s.open(c.Show, func(r *room) { r.say(c.Public()) })
}

// Hold implements [chat.Room].
func (s *Service) Hold(c chat.Comment) { s.Tell(c.Show, News{"held", c.ForHost()}) }

// Remove implements [chat.Room].
func (s *Service) Remove(showID, comment string) {
	s.open(showID, func(r *room) { r.remove(comment) })
}

// Pin implements [chat.Room].
func (s *Service) Pin(showID string, c *chat.Comment) {
	var v *chat.View
	if c != nil {
		view := c.Public()
		v = &view
	}
	s.open(showID, func(r *room) { r.setPin(v) })
}

// open does something in a room, opened when it is not; a comment may be the
// first thing that this process hears of a show.
func (s *Service) open(showID string, do func(r *room)) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r, err := s.enter(ctx, showID)
	if err != nil {
		s.Log.WarnContext(ctx, "room was not opened", "show", showID, "error", err)
		return
	}
	do(r)
}

// Tell sends news to the host of a show.
func (s *Service) Tell(showID string, n News) {
	data, err := json.Marshal(n)
	if err == nil {
		err = s.Sink.PublishNews(HostKind+":"+showID, data)
	}
	if err != nil {
		s.Log.Warn("news for the host were not sent", "show", showID, "error", err)
	}
}

func (s *Service) ordered(told order.Told) {
	r := s.known(told.Show)
	if r == nil {
		return // nobody is in the room
	}
	for _, product := range told.Products {
		r.order(stars(told.BuyerName), product)
	}
}

// stars leaves the first letter of a name.
func stars(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 || first == utf8.RuneError {
		return ""
	}
	return string(first) + "***"
}
