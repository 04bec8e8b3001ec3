package chat_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var migrations = []db.Migrations{bus.Migrations, account.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, social.Migrations, show.Migrations, chat.Migrations}

// screen notes what the room was told.
type screen struct {
	mu   sync.Mutex
	said []string
}

func (s *screen) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, what)
}
func (s *screen) Say(c chat.Comment)       { s.note("say " + c.Text) }
func (s *screen) Hold(c chat.Comment)      { s.note("hold " + c.Text) }
func (s *screen) Remove(_, comment string) { s.note("remove") }
func (s *screen) Pin(_ string, c *chat.Comment) {
	if c == nil {
		s.note("unpin")
		return
	}
	s.note("pin " + c.Text)
}

// world is a live show of a shop with a host and some viewers.
type world struct {
	t      *testing.T
	chat   *chat.Service
	shops  *shop.Service
	shows  *show.Service
	bought map[string]bool
	screen *screen
	shop   string
	show   string
	host   string
	people []string
	mu     sync.Mutex
	at     time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, screen: &screen{}, bought: map[string]bool{}, at: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)}
	events := bus.Open(d, slog.New(slog.DiscardHandler), nil, bus.WithClock(w.now))
	accounts := account.New(d, nil, w.now)
	for i := range 5 {
		p, err := accounts.Ensure(t.Context(), fmt.Sprintf("p%d@example.org", i), fmt.Sprintf("P%d", i), "en")
		if err != nil {
			t.Fatal(err)
		}
		w.people = append(w.people, p.ID)
	}
	w.host, w.people = w.people[0], w.people[1:]
	shops := shop.New(d, w.now)
	sh, err := shops.Open(t.Context(), w.host, shop.Draft{Name: text.Both("Quay Fish", "码头鲜鱼"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	w.shop, w.shops = sh.ID, shops
	w.shows = show.New(d, events, stock.New(d, events, w.now), "secret", w.now)
	live, err := w.shows.Create(t.Context(), w.shop, show.Plan{Title: text.Both("Evening catch", "晚市"), HostName: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	w.show = live.ID
	if _, err := w.shows.Start(t.Context(), w.shop, w.show); err != nil {
		t.Fatal(err)
	}
	w.chat = chat.New(chat.Parts{DB: d, Shops: shops, Shows: w.shows, Room: w.screen, Secret: []byte("secret"), Words: []string{"scam", "假货"}, Now: w.now,
		Bought: func(_ context.Context, _, person string) (bool, error) { return w.bought[person], nil }})
	t.Cleanup(w.chat.Close)
	return w
}

func (w *world) say(person, words string) (chat.Comment, error) {
	return w.chat.Say(w.t.Context(), w.show, person, words)
}

func (w *world) must(person, words string) chat.Comment {
	w.t.Helper()
	c, err := w.say(person, words)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) shown() []string {
	w.t.Helper()
	all, err := w.chat.Between(w.t.Context(), w.show, "", 0, 1<<40)
	if err != nil {
		w.t.Fatal(err)
	}
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = fmt.Sprintf("%d %s %s: %s", c.Second, c.Kind, c.Name, c.Text)
	}
	return out
}

func TestEverythingSaidIsStoredWithItsSecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.pass(90 * time.Second)
		w.must(w.people[0], "  is the mackerel\nfresh? ")
		w.pass(5 * time.Second)
		w.must(w.host, "Landed at four.")
		w.bought[w.people[0]] = true
		w.pass(5 * time.Second)
		w.must(w.people[0], "bought!")
		want := "[90 viewer P1: is the mackerel fresh? 95 host Ann: Landed at four. 100 buyer P1: bought!]"
		if got := fmt.Sprint(w.shown()); got != want {
			t.Errorf("stored %s\nwant   %s", got, want)
		}
		part, err := w.chat.Between(t.Context(), w.show, "", 95, 100)
		if err != nil || len(part) != 1 || part[0].Text != "Landed at four." {
			t.Errorf("seconds 95 to 100: %+v, %v", part, err)
		}
		last, err := w.chat.Last(t.Context(), w.show, 2)
		if err != nil || len(last) != 2 || last[1].Text != "bought!" {
			t.Errorf("last two: %+v, %v", last, err)
		}
		if fmt.Sprint(w.screen.said) != "[say is the mackerel fresh? say Landed at four. say bought!]" {
			t.Errorf("screen %q", w.screen.said)
		}
	}, migrations...)
}

func TestTurnsAreTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.people[0], w.people[1]
		w.must(a, "hello")
		for _, step := range []struct {
			pass   time.Duration
			person string
			words  string
			want   error
		}{
			{0, a, "again at once", chat.ErrSlow},
			{0, b, "hello", nil}, // another person may say the same
			{2 * time.Second, a, "H e l l o !", chat.ErrDuplicate},
			{30 * time.Second, a, "hello", nil},
			{2 * time.Second, a, "", chat.ErrText},
			{0, a, strings.Repeat("鱼", 201), chat.ErrText},
			{0, a, strings.Repeat("鱼", 200), nil},
		} {
			w.pass(step.pass)
			if _, err := w.say(step.person, step.words); !errors.Is(err, step.want) {
				t.Errorf("%.20q: %v, want %v", step.words, err, step.want)
			}
		}
		slow := 20 * time.Second
		if _, err := w.shows.SetRoom(t.Context(), w.shop, w.show, &slow, nil); err != nil {
			t.Fatal(err)
		}
		w.pass(10 * time.Second)
		if _, err := w.say(a, "too early"); !errors.Is(err, chat.ErrSlow) {
			t.Errorf("in slow mode: %v", err)
		}
		w.must(w.host, "one")
		w.must(w.host, "two") // the host need not wait
		off := true
		if _, err := w.shows.SetRoom(t.Context(), w.shop, w.show, nil, &off); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		if _, err := w.say(a, "anyone?"); !errors.Is(err, chat.ErrOff) {
			t.Errorf("comments off: %v", err)
		}
		w.must(w.host, "later")
		if _, err := w.shows.End(t.Context(), w.shop, w.show); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{a, w.host} {
			if _, err := w.say(p, "after the end"); !errors.Is(err, chat.ErrClosed) {
				t.Errorf("after the end: %v", err)
			}
		}
	}, migrations...)
}

func TestLinksAndWordsWaitForTheHost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, words := range []string{
			"cheaper at https://evil.example/x", "see WWW.evil", "evil . com now", "evil[dot]shop", "write me@evil.example", "t.me/evil", "add @evil_wx",
			"what a S-C-A-M", "ｓｃａｍ", "这是 假 货", "ｗｗｗ.evil",
		} {
			w.pass(time.Minute)
			if c := w.must(w.people[0], words); c.State != chat.Held {
				t.Errorf("%q is %s, want held", words, c.State)
			}
		}
		for _, words := range []string{"2.5 kg please", "fresh.nice", "10.50?", "P. Company", "好新鲜", "scallops"} {
			w.pass(time.Minute)
			if c := w.must(w.people[0], words); c.State != chat.Shown {
				t.Errorf("%q is %s, want shown", words, c.State)
			}
		}
		w.must(w.host, "our shop: https://quay.example") // the host may
		all, err := w.chat.ForHost(t.Context(), w.show, page.First, 50)
		if err != nil || len(all.Items) != 18 {
			t.Fatalf("%d for the host, %v; want 18", len(all.Items), err)
		}
		held := all.Items[17]
		if _, err := w.chat.LetThrough(t.Context(), w.show, held.ID); err != nil {
			t.Fatal(err)
		}
		if got := w.shown(); len(got) != 8 || !strings.Contains(got[0], "cheaper") {
			t.Errorf("shown %q", got)
		}
	}, migrations...)
}

func TestHostKeepsOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := t.Context()
		bad := w.must(w.people[0], "rude")
		if err := w.chat.Pin(ctx, w.show, bad.ID); err != nil {
			t.Fatal(err)
		}
		if c, err := w.chat.Pinned(ctx, w.show); err != nil || c == nil || c.ID != bad.ID {
			t.Errorf("Pinned = %+v, %v", c, err)
		}
		if err := w.chat.Remove(ctx, w.show, bad.ID); err != nil {
			t.Fatal(err)
		}
		if c, err := w.chat.Pinned(ctx, w.show); err != nil || c != nil {
			t.Errorf("a removed comment is still pinned: %+v, %v", c, err)
		}
		if err := w.chat.Pin(ctx, w.show, bad.ID); !errors.Is(err, chat.ErrNotFound) {
			t.Errorf("pinning what was removed: %v", err)
		}
		if len(w.shown()) != 0 {
			t.Errorf("shown %q", w.shown())
		}
		if err := w.chat.Mute(ctx, w.shop, w.people[0], w.host, "rude", time.Hour); err != nil {
			t.Fatal(err)
		}
		w.pass(59 * time.Minute)
		if _, err := w.say(w.people[0], "sorry"); !errors.Is(err, chat.ErrMuted) {
			t.Errorf("muted: %v", err)
		}
		w.pass(time.Minute)
		w.must(w.people[0], "sorry")
		if err := w.chat.Mute(ctx, w.shop, w.host, w.host, "", time.Hour); !errors.Is(err, chat.ErrMute) {
			t.Errorf("muting the host: %v", err)
		}
		for _, f := range []func() error{
			func() error { return w.chat.Remove(ctx, "shw_other", bad.ID) },
			func() error { return w.chat.Remove(ctx, w.show, "com_none") },
			func() error { _, err := w.chat.LetThrough(ctx, "shw_other", bad.ID); return err },
		} {
			if err := f(); !errors.Is(err, chat.ErrNotFound) {
				t.Errorf("another show's comment: %v", err)
			}
		}
		if got := fmt.Sprint(w.screen.said); got != "[say rude pin rude remove say sorry]" {
			t.Errorf("screen %s", got)
		}
	}, migrations...)
}

func TestManyTalkAtOnceAndNothingIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const each = 50
		var all sync.WaitGroup
		for i := range each {
			all.Go(func() { w.must(w.host, fmt.Sprintf("line %d", i)) })
		}
		all.Wait()
		if n, err := w.chat.Count(t.Context(), w.show); err != nil || n != each {
			t.Errorf("%d stored, %v; want %d", n, err, each)
		}
		w.chat.Close()
		if _, err := w.say(w.host, "too late"); err == nil {
			t.Error("a comment was taken after Close")
		}
	}, migrations...)
}

func FuzzSayingNeverPanics(f *testing.F) {
	for _, s := range []string{"hello", "www.a", "a . com", "@abc", "\xff\xfe", "鱼\u202e", strings.Repeat("a.", 100)} {
		f.Add(s)
	}
	catches := chat.Catches("scam")
	f.Fuzz(func(t *testing.T, s string) {
		if !catches(s + " https://a.example") {
			t.Errorf("a link behind %q was not seen", s)
		}
	})
}

func TestSlowModeHoldsOverProcesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		other := chat.New(chat.Parts{DB: d, Bought: func(context.Context, string, string) (bool, error) { return false, nil },
			Shops: w.shops, Shows: w.shows, Room: w.screen, Now: w.now})
		t.Cleanup(other.Close)
		slow := 20 * time.Second
		if _, err := w.shows.SetRoom(t.Context(), w.shop, w.show, &slow, nil); err != nil {
			t.Fatal(err)
		}
		jo := w.people[0]
		there := func(words string) error {
			_, err := other.Say(t.Context(), w.show, jo, words)
			return err
		}
		w.must(jo, "hello")
		w.pass(19 * time.Second)
		if err := there("hello again"); !errors.Is(err, chat.ErrSlow) {
			t.Errorf("in the other process after 19 s: %v", err)
		}
		w.pass(time.Second)
		if err := there("hello"); !errors.Is(err, chat.ErrDuplicate) {
			t.Errorf("the same words in the other process: %v", err)
		}
		// A refusal does not begin the wait anew.
		if err := there("hello again"); err != nil {
			t.Errorf("in the other process after 20 s: %v", err)
		}
		w.pass(20 * time.Second)
		// Both at one instant: one of them.
		var at atomic.Int64
		var both sync.WaitGroup
		for i, s := range []*chat.Service{w.chat, other} {
			both.Go(func() {
				if _, err := s.Say(t.Context(), w.show, jo, fmt.Sprintf("from %d", i)); err == nil {
					at.Add(1)
				} else if !errors.Is(err, chat.ErrSlow) {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if at.Load() != 1 {
			t.Errorf("%d of two comments at one instant were taken, want 1", at.Load())
		}
		w.pass(25 * time.Hour)
		if err := w.chat.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := db.One(t.Context(), d, db.Column[int], `SELECT COUNT(*) FROM chat_turn`); err != nil || n != 0 {
			t.Errorf("%d turns are kept after a day, %v", n, err)
		}
	}, migrations...)
}

func TestShopHoldsCommentsForWordsOfItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		list, err := w.chat.SetWords(t.Context(), w.shop, w.host, []string{" Rival Stall ", "rival-stall", "对手"})
		if err != nil || len(list) != 2 || list[0] != "Rival Stall" {
			t.Fatalf("SetWords = %q, %v", list, err)
		}
		for i, tt := range []struct {
			words string
			want  chat.State
		}{
			{"go to the R.I.V.A.L stall", chat.Held}, {"去对手那里", chat.Held}, {"what a stall", chat.Shown}, {"a scam", chat.Held},
		} {
			if c := w.must(w.people[i], tt.words); c.State != tt.want {
				t.Errorf("%q is %s, want %s", tt.words, c.State, tt.want)
			}
		}
		if c := w.must(w.host, "we are no rival stall"); c.State != chat.Shown {
			t.Errorf("the host is %s", c.State)
		}
		for _, bad := range [][]string{{""}, {" -- "}, {strings.Repeat("x", 41)}} {
			if _, err := w.chat.SetWords(t.Context(), w.shop, w.host, bad); !errors.Is(err, chat.ErrWords) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		many := make([]string, chat.MaxWords+1)
		for i := range many {
			many[i] = fmt.Sprintf("w%d", i)
		}
		if _, err := w.chat.SetWords(t.Context(), w.shop, w.host, many); !errors.Is(err, chat.ErrWords) {
			t.Errorf("%d words: %v", len(many), err)
		}
		if list, err := w.chat.Words(t.Context(), w.shop); err != nil || len(list) != 2 {
			t.Errorf("after refusals: %q, %v", list, err)
		}
	}, migrations...)
}

func TestBlockedPeopleAreNotHeard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		people := social.New(d, bus.Open(d, slog.New(slog.DiscardHandler), nil), nil, w.now)
		loud, still := w.people[0], w.people[1]
		w.must(loud, "Do not buy here")
		w.must(still, "Why not?")
		block := func(who string, on bool) {
			t.Helper()
			if _, err := people.Block(t.Context(), who, loud, on); err != nil {
				t.Fatal(err)
			}
		}
		count := func(reader string) int {
			t.Helper()
			all, err := w.chat.Between(t.Context(), w.show, reader, 0, 1<<40)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		block(still, true)
		if n, all := count(still), count(""); n != 1 || all != 2 {
			t.Errorf("who blocked reads %d lines, everybody %d", n, all)
		}
		w.pass(time.Minute)
		w.must(loud, "Hello?") // a viewer's block is the viewer's alone
		block(w.host, true)
		w.pass(time.Minute)
		if _, err := w.say(loud, "Hello?!"); !errors.Is(err, chat.ErrMuted) {
			t.Errorf("blocked by the owner: %v", err)
		}
		block(w.host, false)
		w.pass(time.Minute)
		w.must(loud, "Thanks")
	}, migrations...)
}

func TestMarkTellsAPersonInOneRoomOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first := w.must(w.people[0], "Is it fresh?").Public()
		w.pass(time.Minute)
		second, other := w.must(w.people[0], "And now?").Public(), w.must(w.people[1], "Yes").Public()
		if first.By == "" || first.By != second.By || first.By == other.By || first.Person != "" {
			t.Errorf("marks %q and %q of one, %q of another", first.By, second.By, other.By)
		}
		if host := w.must(w.host, "An hour old").Public(); host.By != "" {
			t.Errorf("the shop has a mark: %q", host.By)
		}
		rows, err := w.chat.Last(t.Context(), w.show, 10)
		if err != nil || rows[0].Public().By != first.By {
			t.Errorf("read again the mark is %q, %v", rows[0].By, err)
		}
		if _, err := social.New(d, bus.Open(d, slog.New(slog.DiscardHandler), nil), nil, w.now).Block(t.Context(), w.people[1], w.people[0], true); err != nil {
			t.Fatal(err)
		}
		if here, err := w.chat.BlockedIn(t.Context(), w.show, w.people[1]); err != nil || len(here) != 1 || here[0] != first.By {
			t.Errorf("blocked here: %v, %v", here, err)
		}
		if there, err := w.chat.BlockedIn(t.Context(), "shw_other", w.people[1]); err != nil || len(there) != 1 || there[0] == first.By {
			t.Errorf("the mark is the same in another show: %v, %v", there, err)
		}
	}, migrations...)
}
