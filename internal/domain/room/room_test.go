package room_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

const evening = "shw_evening"

// sink keeps what viewers would have received.
type sink struct {
	mu     sync.Mutex
	frames []room.Frame
	raw    []string
	news   []string
	states []room.State
	here   int
}

func (s *sink) Publish(channel string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if channel == "desk:"+evening {
		return nil
	}
	if channel != "room:"+evening {
		return fmt.Errorf("frame on %s", channel)
	}
	var f room.Frame
	s.frames, s.raw = append(s.frames, f), append(s.raw, string(data))
	return json.Unmarshal(data, &s.frames[len(s.frames)-1])
}

func (s *sink) PublishNews(channel string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if channel != "host:"+evening {
		return fmt.Errorf("news on %s", channel)
	}
	s.news = append(s.news, string(data))
	return nil
}

func (s *sink) PublishState(channel string, version uint64, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st room.State
	if err := json.Unmarshal(data, &st); err != nil {
		return err
	}
	if channel != "state:"+evening || uint64(st.Version) != version {
		return fmt.Errorf("channel %s, version %d", channel, version)
	}
	s.states = append(s.states, st)
	return nil
}

func (s *sink) Count(string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.here
}

// last returns the newest frame and forgets all.
func (s *sink) last(t *testing.T) room.Frame {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.frames) != 1 {
		t.Fatalf("%d frames, want 1: %s", len(s.frames), s.raw)
	}
	f := s.frames[0]
	s.frames, s.raw = nil, nil
	return f
}

func (s *sink) silent(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.frames) != 0 {
		t.Fatalf("frames %s, want none", s.raw)
	}
}

type world struct {
	build   func() room.State // instead of the usual state
	figures room.Figures      // that the show heard of
	storing error             // what the show answers
	told    func()            // while the show hears of figures
	t       *testing.T
	d       *db.DB
	rooms   *room.Service
	bus     *bus.Bus
	sink    *sink
	now     time.Time
	left    int64
	state   show.State
	n       int
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, d: d, sink: &sink{}, now: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC), left: 12, state: show.Live}
	w.start()
	return w
}

// start begins a process on the same database.
func (w *world) start() {
	w.bus = bus.Open(w.d, slog.New(slog.DiscardHandler), nil)
	w.rooms = room.New(room.Parts{
		DB: w.d, Sink: w.sink,
		Build: func(context.Context, string) (room.State, error) {
			if w.build != nil {
				return w.build(), nil
			}
			return room.State{State: w.state, Items: []room.Item{{Number: 7, Product: "prd_mackerel", SKUs: []room.SKU{
				{ID: "sku_whole", Price: money.Amount{Minor: 1290, Currency: "EUR"}, Available: w.left, Total: 12},
			}}}}, nil
		},
		Last:   func(context.Context, string, int) ([]chat.Comment, error) { return nil, nil },
		Pinned: func(context.Context, string) (*chat.Comment, error) { return nil, nil },
		OnAir:  func(context.Context) ([]string, error) { return []string{evening}, nil },
		Store: func(_ context.Context, _ string, f room.Figures) error {
			w.figures = f
			if w.told != nil {
				w.told()
			}
			return w.storing
		},
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
	})
	w.rooms.Listen(w.bus)
	w.step(0)
	w.states()
	w.sink.states = nil
}

func (w *world) step(d time.Duration) {
	w.now = w.now.Add(d)
	w.rooms.Step(w.t.Context())
}

func (w *world) states() bool { return w.rooms.SendStates(w.t.Context(), false) }

func (w *world) comment(kind chat.Kind, words string) chat.Comment {
	w.n++
	return chat.Comment{
		ID: fmt.Sprintf("com_%06d", w.n), Show: evening, Person: "per_secret", Name: "Jo", Text: words, Kind: kind, State: chat.Shown,
		At: w.now.Add(time.Duration(w.n) * time.Microsecond),
	}
}

func (w *world) publish(topic, key string, payload json.RawMessage) {
	w.t.Helper()
	err := w.d.InTx(w.t.Context(), func(tx *db.Tx) error {
		return w.bus.Publish(w.t.Context(), tx, bus.Event{Topic: topic, Key: key, Payload: payload})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.bus.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

var migrations = []db.Migrations{bus.Migrations, room.Migrations}

func TestFrameGathersATickAndSilenceCostsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.step(room.Tick)
		w.sink.silent(t)
		gone := w.comment(chat.Viewer, "rude")
		w.rooms.Say(w.comment(chat.Viewer, "hello"))
		w.rooms.Say(gone)
		w.rooms.Remove(evening, gone.ID)
		w.rooms.Like(evening, "browser", 3)
		for i := range 5 {
			told := order.Told{Order: fmt.Sprint(i), Show: evening, BuyerName: "江小鱼", Products: []string{"prd_mackerel"}}
			w.publish(order.TopicPaid, told.Order, told.JSON())
		}
		w.sink.here = 40
		w.step(2 * time.Second)
		f := w.sink.last(t)
		if len(f.Chat) != 1 || f.Chat[0].Text != "hello" || f.Chat[0].Person != "" || f.Likes != 3 ||
			len(f.Orders) != 3 || f.Orders[0] != (room.Order{Name: "江***", Number: 7}) || f.MoreOrders != 2 ||
			len(f.Removed) != 1 || f.Viewers == nil || *f.Viewers != 40 {
			t.Errorf("frame %+v", f)
		}
		w.rooms.Hold(w.comment(chat.Viewer, "www.evil"))
		if n := len(w.sink.news); n == 0 || !strings.Contains(w.sink.news[n-1], `"type":"held","data":{"id":"com_`) {
			t.Errorf("news %q", w.sink.news)
		}
		w.step(room.Tick)
		w.sink.silent(t)
		pin := w.comment(chat.Host, "Ends at eight.")
		w.rooms.Pin(evening, &pin)
		w.step(room.Tick)
		if f := w.sink.last(t); f.PinnedComment == nil {
			t.Error("the pin was not told")
		}
		g, err := w.rooms.Enter(t.Context(), evening, "browser")
		if err != nil || len(g.Comments) != 1 || g.Likes != 3 || g.PinnedComment == nil || g.Viewers != 41 {
			t.Errorf("greeting %+v, %v", g, err)
		}
		w.rooms.Pin(evening, nil)
		w.step(room.Tick)
		if !strings.Contains(w.sink.raw[0], `"pinned_comment":null`) {
			t.Errorf("letting go: %s", w.sink.raw[0])
		}
	}, migrations...)
}

func TestCrowdIsSampledFairlyAndTheHostIsHeard(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	early, late, viewers, hosts, chosen := 0, 0, 0, 0, 0
	for range 200 {
		for i := range 300 {
			kind, words := chat.Viewer, fmt.Sprintf("early %d", i)
			if i >= 150 {
				words = fmt.Sprintf("late %d", i)
			}
			switch i {
			case 10:
				kind, words = chat.Host, "host"
			case 20:
				kind, words = chat.Buyer, "bought"
			case 30:
				words = "@Ann is it fresh?"
			}
			w.rooms.Say(w.comment(kind, words))
		}
		w.step(room.Tick)
		f := w.sink.last(t)
		for i, v := range f.Chat {
			if i > 0 && v.At.Before(f.Chat[i-1].At) {
				t.Fatal("lines are out of order")
			}
			switch {
			case v.Text == "host":
				hosts++
			case v.Text == "bought" || strings.HasPrefix(v.Text, "@"):
				chosen++
			case strings.HasPrefix(v.Text, "early"):
				early++
			default:
				late++
			}
		}
	}
	viewers = early + late
	if hosts != 200 || chosen != 400 {
		t.Errorf("%d of 200 host lines, %d of 400 chosen lines", hosts, chosen)
	}
	// The host and the chosen use up three lines of every tick's two; the others
	// had the burst of the first second.
	if viewers > 20 {
		t.Errorf("%d lines of viewers beside 15 lines a second", viewers)
	}
	early, late = 0, 0
	for range 500 {
		for i := range 100 {
			words := "early"
			if i >= 50 {
				words = "late"
			}
			w.rooms.Say(w.comment(chat.Viewer, words))
		}
		w.step(time.Second)
		for _, v := range w.sink.last(t).Chat {
			if v.Text == "early" {
				early++
			} else {
				late++
			}
		}
	}
	if early+late != 5000 {
		t.Errorf("%d lines in 500 seconds, want 5000", early+late)
	}
	if early < 2250 || late < 2250 { // five sigma are 177
		t.Errorf("%d early and %d late lines: not uniform", early, late)
	}
}

func TestLikesAreBoundedAndSurviveARestart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for range 5 {
			w.rooms.Like(evening, "a", 1000) // twenty count, and once a second
		}
		if n := w.rooms.Like(evening, "b", 5); n != 25 {
			t.Errorf("%d likes, want 25", n)
		}
		w.now = w.now.Add(time.Second)
		if n := w.rooms.Like(evening, "a", -3); n != 25 {
			t.Errorf("%d likes after a negative one", n)
		}
		w.step(5 * time.Second) // stored
		first := w.rooms
		w.start()
		if n := w.rooms.Like(evening, "c", 5); n != 30 {
			t.Errorf("%d likes after a restart, want 30", n)
		}
		first.Like(evening, "d", 7) // the other process goes on
		w.step(5 * time.Second)
		first.Step(t.Context())
		w.step(5 * time.Second)
		for i, s := range []*room.Service{first, w.rooms} {
			if f, err := s.Figures(t.Context(), evening); err != nil || f.Likes != 37 {
				t.Errorf("process %d has %+v, %v; want 37 likes", i, f, err)
			}
		}
		w.state = show.Ended
		w.rooms.Refresh(evening)
		w.states()
		w.now = w.now.Add(time.Second)
		if n := w.rooms.Like(evening, "e", 5); n != 37 {
			t.Errorf("%d likes after the end", n)
		}
	}, migrations...)
}

func TestBrowsersAreCountedOnceOverProcessesAndRestarts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		enter := func(from, to int) {
			t.Helper()
			for i := from; i < to; i++ {
				if _, err := w.rooms.Enter(t.Context(), evening, fmt.Sprintf("browser %d", i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		enter(0, 100)
		enter(0, 100)
		w.step(5 * time.Second)
		w.start()
		enter(50, 150)
		enter(0, 0)
		w.step(5 * time.Second)
		if f, err := w.rooms.Figures(t.Context(), evening); err != nil || f.ViewersTotal != 150 {
			t.Errorf("%+v, %v; want 150 browsers", f, err)
		}
	}, migrations...)
}

func TestViewersOfOldShowsAreForgottenAndTheirNumberStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		remembered := func() int {
			t.Helper()
			n, err := db.One(t.Context(), d, db.Column[int], `SELECT COUNT(*) FROM room_viewer`)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for i := range 1100 { // more than one statement deletes
			if _, err := w.rooms.Enter(t.Context(), evening, fmt.Sprintf("browser %d", i)); err != nil {
				t.Fatal(err)
			}
		}
		w.step(5 * time.Second)
		for _, tt := range []struct {
			before time.Time
			want   int
		}{{w.now, 1100}, {w.now.Add(time.Millisecond), 0}} {
			if err := w.rooms.TrimViewers(t.Context(), tt.before); err != nil {
				t.Fatal(err)
			}
			if n := remembered(); n != tt.want {
				t.Errorf("%d browsers are remembered, want %d", n, tt.want)
			}
		}
		if f, err := w.rooms.Figures(t.Context(), evening); err != nil || f.ViewersTotal != 1100 {
			t.Errorf("%+v, %v; want 1100 viewers still", f, err)
		}
	}, migrations...)
}

func TestStateIsCurrentCoalescedAndNeverGoesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.now = w.now.Add(time.Second)
		for w.left > 2 {
			w.left--
			w.publish(stock.Changed, "sku_whole", nil)
		}
		w.publish(stock.Changed, "sku_of_another_shop", nil)
		if w.states() || len(w.sink.states) != 1 || w.sink.states[0].Items[0].SKUs[0].Available != 2 {
			t.Fatalf("states %+v, want one with 2 left", w.sink.states)
		}
		w.left = 1
		w.publish(show.TopicChanged, evening, nil)
		if !w.states() || len(w.sink.states) != 1 {
			t.Errorf("%d states within the gap, want the second to wait", len(w.sink.states))
		}
		if w.rooms.SendStates(t.Context(), true) || len(w.sink.states) != 2 || w.sink.states[1].Items[0].SKUs[0].Available != 1 {
			t.Errorf("at the tick: %+v", w.sink.states)
		}
		w.now = w.now.Add(2 * room.Tick)
		w.publish(show.TopicChanged, evening, nil)
		if w.states() || len(w.sink.states) != 3 {
			t.Errorf("%d states after some quiet, want the third at once", len(w.sink.states))
		}
		high := w.sink.states[2].Version
		for range 50 { // many at one instant
			st, err := w.rooms.State(t.Context(), evening)
			if err != nil || st.Version <= high {
				t.Fatalf("version %d after %d, %v", st.Version, high, err)
			}
			high = st.Version
		}
		w.now = w.now.Add(time.Second)
		w.start()
		st, err := w.rooms.State(t.Context(), evening)
		if err != nil || st.Version <= high || st.Show != evening || st.ServerTime.IsZero() {
			t.Errorf("after a restart: %+v, %v; want a version above %d", st, err, high)
		}
	}, migrations...)
}

func TestEmptyRoomIsForgottenAndComesBackWhole(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	w.rooms.Like(evening, "a", 4)
	w.state = show.Ended
	w.rooms.Refresh(evening)
	w.states()
	for range 10 {
		w.step(30 * time.Second)
	}
	if w.rooms.OnAirHere(evening) {
		t.Error("on air after the end")
	}
	g, err := w.rooms.Enter(t.Context(), evening, "a")
	if err != nil || g.Likes != 4 {
		t.Errorf("greeting %+v, %v; want 4 likes", g, err)
	}
}

func TestWhoComesAsALongQuietRoomGoesOnAirIsCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		came := int64(0)
		enter := func() {
			came++
			if _, err := w.rooms.Enter(t.Context(), evening, fmt.Sprint("browser", came)); err != nil {
				t.Error(err)
			}
		}
		turn := func(to show.State) {
			w.state = to
			if _, err := w.rooms.State(t.Context(), evening); err != nil {
				t.Fatal(err)
			}
		}
		turn(show.Scheduled)
		w.now = w.now.Add(12 * time.Minute) // with nobody here
		turn(show.Live)
		w.told = enter // whenever the room stores what it has counted
		w.step(0)
		w.told = nil
		enter()
		w.step(10 * time.Second)
		if w.figures.ViewersTotal != came {
			t.Errorf("%d of %d viewers were counted", w.figures.ViewersTotal, came)
		}
	}, migrations...)
}

func TestAStateReadEarlierAndHeardLaterIsPassedOver(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	begun, release := make(chan struct{}), make(chan struct{})
	w.build = func() room.State {
		close(begun)
		<-release
		return room.State{State: show.Scheduled}
	}
	slow := make(chan error)
	go func() {
		_, err := w.rooms.State(t.Context(), evening)
		slow <- err
	}()
	<-begun
	w.build = func() room.State { return room.State{State: show.Live} }
	if _, err := w.rooms.State(t.Context(), evening); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	if !w.rooms.OnAirHere(evening) {
		t.Error("the older state won: the room thinks that the show has not begun")
	}
}

func TestAShowHearsOfItsFiguresAfterAllWhenItDidNotAtOnce(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	if _, err := w.rooms.Enter(t.Context(), evening, "a"); err != nil {
		t.Fatal(err)
	}
	w.storing = errors.New("busy")
	w.step(10 * time.Second)
	w.state = show.Ended
	w.rooms.Refresh(evening)
	w.states()
	w.figures, w.storing = room.Figures{}, nil
	w.step(10 * time.Second)
	if w.figures.ViewersTotal != 1 {
		t.Errorf("figures %+v, want one viewer", w.figures)
	}
}

func TestTheStaffAreNotViewers(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t, migrations...))
	if _, err := w.rooms.EnterDesk(t.Context(), evening); err != nil {
		t.Fatal(err)
	}
	if _, err := w.rooms.Enter(t.Context(), evening, "a"); err != nil {
		t.Fatal(err)
	}
	w.step(10 * time.Second)
	if w.figures.ViewersTotal != 1 {
		t.Errorf("%d viewers in all, want 1", w.figures.ViewersTotal)
	}
}
