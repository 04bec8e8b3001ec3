package demo_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/app/demo"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/review"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/testsupport/race"
)

var root string

// seedInto names, in the environment, the folder of a seeding that is to be
// killed.
const seedInto = "OPENSTALL_TEST_SEED_INTO"

func TestMain(m *testing.M) {
	if data := os.Getenv(seedInto); data != "" {
		seedToBeKilled(data)
		return
	}
	var err error
	if root, err = os.MkdirTemp("", "demo-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(root)
	os.Exit(code)
}

var quiet = slog.New(slog.DiscardHandler)

func settings(name string) config.Serve {
	return demo.Config(config.Serve{Data: filepath.Join(root, name), HTTP: "127.0.0.1:0", RTMP: "127.0.0.1:0", WebRTC: "off", Metrics: "off", TLS: "off",
		Name: "Openstall", Currency: "EUR", TimeZone: "Europe/Berlin", MailFrom: "Market <market@localhost>", Grace: 20 * time.Second})
}

// short keeps films of three seconds a product, and six clips.
var short = demo.Options{Seed: 1, Part: 3 * time.Second, Clips: 6}

// seeded makes the market that the tests look at, once.
var seeded = sync.OnceValue(func() error { return demo.Seed(context.Background(), settings("market"), quiet, short) })

// market opens the seeded market and runs it.
func market(t *testing.T) *app.App {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("the films are made by ffmpeg, which is not here; CI installs it")
	}
	if err := seeded(); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), settings("market"), quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-a.Ready():
	case err := <-ran:
		ran <- nil
		t.Fatal(err)
	}
	return a
}

func TestEveryTradeHasAShop(t *testing.T) {
	a := market(t)
	shops := map[string]shop.Shop{}
	for _, s := range shopsOf(t, a) {
		shops[s.Pack] = s
	}
	for _, p := range shop.Packs() {
		s, ok := shops[p.Code]
		if !ok {
			t.Errorf("no shop sells %s", p.Code)
			continue
		}
		goods, err := a.Catalog.OfShop(t.Context(), s.ID, false, page.First, 50)
		if err != nil || len(goods.Items) == 0 {
			t.Errorf("%s has no goods: %v", s.Slug, err)
		}
		for _, g := range goods.Items {
			if len(g.Images) == 0 {
				t.Errorf("%s of %s has no picture", g.Title.Pick("en"), s.Slug)
			}
			if _, err := p.Check(g.Fields); err != nil {
				t.Errorf("%s of %s: %v", g.Title.Pick("en"), s.Slug, err)
			}
		}
	}
}

func TestEveryTextIsInBothLanguages(t *testing.T) {
	a := market(t)
	want := func(what string, l text.Local) {
		if l["en"] == "" || l["zh"] == "" || l["en"] == l["zh"] {
			t.Errorf("%s reads %v", what, l)
		}
	}
	for _, s := range shopsOf(t, a) {
		want("name", s.Name)
		want("about "+s.Slug, s.About)
		goods, err := a.Catalog.OfShop(t.Context(), s.ID, true, page.First, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range goods.Items {
			want("title", g.Title)
			want("about "+g.ID, g.About)
		}
		for _, w := range showsOf(t, a, s.ID) {
			want("show", w.Title)
		}
	}
}

func TestOrdersStandInEveryState(t *testing.T) {
	a := market(t)
	states, money := map[order.State]int{}, map[order.PayState]int{}
	for _, o := range ordersOf(t, a) {
		states[o.State]++
		money[o.PayState]++
	}
	for _, s := range []order.State{order.PendingPayment, order.Placed, order.Ready, order.Shipped, order.Completed, order.Cancelled, order.Expired} {
		if states[s] == 0 {
			t.Errorf("no order is %s: %v", s, states)
		}
	}
	for _, s := range []order.PayState{order.DueAtPickup, order.Pending, order.Paid, order.Refunded, order.NoPayment} {
		if money[s] == 0 {
			t.Errorf("no payment is %s: %v", s, money)
		}
	}
}

func TestTheBooksOfADemoMarketBalance(t *testing.T) {
	problems, err := app.Check(t.Context(), market(t).DB)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func TestPastShowsHaveChaptersTalkAndReplay(t *testing.T) {
	a := market(t)
	replays, err := a.Shows.Replays(t.Context(), "")
	if err != nil || len(replays) != 2 {
		t.Fatalf("%d replays, %v", len(replays), err)
	}
	for _, s := range replays {
		chapters, err := a.Shows.Chapters(t.Context(), s.ID)
		if err != nil || len(chapters) != 4 {
			t.Errorf("%s has %d chapters, %v", s.Title.Pick("en"), len(chapters), err)
		}
		said, err := a.Chat.Count(t.Context(), s.ID)
		if err != nil || said < 8 {
			t.Errorf("%s has %d comments, %v", s.Title.Pick("en"), said, err)
		}
		if s.Viewers < 5 || s.StartedAt.After(time.Now().Add(-time.Hour)) {
			t.Errorf("%s had %d people at %s", s.Title.Pick("en"), s.Viewers, s.StartedAt)
		}
		decode(t, a.URL()+"/replay/"+s.ID+"/index.m3u8", s.Duration)
	}
}

// decode lets ffmpeg play an address and expects frames of so much time.
func decode(t *testing.T, address string, length time.Duration) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-select_streams", "v", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", address).CombinedOutput()
	var frames int
	_, scanned := fmt.Sscan(string(out), &frames)
	if err != nil || scanned != nil || time.Duration(frames)*time.Second/30 < length-time.Second {
		t.Errorf("%s of %s: %s %v", address, length, out, err)
	}
}

func TestABuyerOpensTheRecordingAtTheSecondOfThePromise(t *testing.T) {
	a := market(t)
	b := signIn(t, a, "ana@demo.market")
	var orders struct{ Items []struct{ ID string } }
	b.get(t, "/v1/orders", &orders)
	found := false
	for _, o := range orders.Items {
		var one struct {
			Lines []struct{ Promise *struct{ Replay string } }
		}
		b.get(t, "/v1/orders/"+o.ID, &one)
		for _, l := range one.Lines {
			if l.Promise == nil {
				continue
			}
			found = true
			if ok, _ := regexp.MatchString(`^/shows/shw_[0-9a-z]+\?t=[0-9]+$`, l.Promise.Replay); !ok {
				t.Errorf("the promise of %s opens %q", o.ID, l.Promise.Replay)
			}
		}
	}
	if !found {
		t.Error("Ana has no order with a promise")
	}
}

func TestSeedingTwiceChangesNothing(t *testing.T) {
	a := market(t)
	before := digest(t, a)
	if err := demo.Seed(t.Context(), settings("market"), quiet, short); err != nil {
		t.Fatal(err)
	}
	if after := digest(t, a); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestASomebodysMarketIsNotSeeded(t *testing.T) {
	cfg := settings("somebody")
	a, err := app.New(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Accounts.Ensure(t.Context(), "a@b.example", "A", "en")
	if err == nil {
		_, err = a.Shops.Open(t.Context(), p.ID, shop.Draft{Name: text.Both("Mine", "我的"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
	}
	a.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Seed(t.Context(), cfg, quiet, short); !errors.Is(err, demo.ErrNotEmpty) {
		t.Errorf("got %v", err)
	}
}

func TestADemoMarketIsRefusedInPublic(t *testing.T) {
	cfg := settings("public")
	cfg.PublicURL = "https://market.example"
	if err := demo.Serve(t.Context(), cfg, quiet, io.Discard); err == nil || !strings.Contains(err.Error(), "public-url") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(cfg.Data); !os.IsNotExist(err) {
		t.Errorf("the data folder was touched: %v", err)
	}
}

func TestTheHostStaysOnAirAndResumes(t *testing.T) {
	a := market(t)
	first := hosted(t, a, time.Second)
	if second := hosted(t, a, 3*time.Second); second.ID != first.ID {
		t.Errorf("the host began show %s instead of resuming %s", second.ID, first.ID)
	}
	if _, err := a.EndShow(t.Context(), first.Shop, first.ID); err != nil {
		t.Fatal(err)
	}
}

// hosted runs the host until its show is live, explained and recorded so far.
func hosted(t *testing.T, a *app.App, length time.Duration) show.Show {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- demo.Host(ctx, a, settings("market"), quiet, demo.WithClips(0)) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	deadline := time.Now().Add(20 * time.Second)
	for {
		on, err := a.Shows.OnAir(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if len(on) == 1 && on[0].State == show.Live && on[0].Explaining > 0 {
			if x, err := a.Recording(on[0].ID); err == nil && x.Duration() > length {
				return on[0]
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("not on air: %+v", on)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func TestTheStallsPostInBothLanguagesAndGoOn(t *testing.T) {
	a := market(t)
	before := videosOf(t, a)
	languages := map[string]int{}
	for _, v := range before {
		languages[v.Language]++
		if v.State != video.Published || v.Film.Master == "" || len(v.Products) != 1 || v.DuplicateOf != "" || v.Film.Duration < 4*time.Second {
			t.Errorf("video %+v", v)
		}
	}
	if len(before) != short.Clips || languages["en"] == 0 || languages["zh"] == 0 {
		t.Errorf("%d videos, %v", len(before), languages)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- demo.Host(ctx, a, settings("market"), quiet, demo.WithClips(short.Clips+1)) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	deadline := time.Now().Add(time.Minute)
	for {
		now := videosOf(t, a)
		if i := slices.IndexFunc(now, func(v video.Video) bool {
			return v.State == video.Published && !slices.ContainsFunc(before, func(b video.Video) bool { return b.ID == v.ID })
		}); i >= 0 {
			if err := a.Videos.Delete(t.Context(), now[i].Shop, now[i].ID); err != nil { // as it was, for the other tests
				t.Error(err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d videos, as before", len(now))
		}
		time.Sleep(100 * time.Millisecond) // between two looks
	}
}

func videosOf(t *testing.T, a *app.App) []video.Video {
	t.Helper()
	var out []video.Video
	for _, s := range shopsOf(t, a) {
		list, err := a.Videos.OfShop(t.Context(), s.ID, page.First, 200)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, list.Items...)
	}
	return out
}

// A running show that is renewed for ever leaves few recordings, and none but
// its own goes.
func TestTheRunningShowDoesNotFillTheDisk(t *testing.T) {
	a := market(t)
	past, err := a.Shows.Replays(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	past = slices.DeleteFunc(past, func(s show.Show) bool { return s.StartedAt.After(time.Now().Add(-time.Hour)) }) // of other tests
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- demo.Host(ctx, a, settings("market"), quiet, demo.WithLength(2*time.Second), demo.WithClips(0))
	}()
	var begun []show.Show
	deadline := time.Now().Add(60 * time.Second)
	for len(begun) < 5 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond) // between two looks
		begun = slices.DeleteFunc(showsOf(t, a, past[0].Shop), func(s show.Show) bool { return s.CreatedAt.Before(time.Now().Add(-time.Minute)) })
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, s := range begun {
		if _, err := a.Recording(s.ID); err == nil {
			left++
		}
	}
	if len(begun) < 5 || left > 3 {
		t.Errorf("%d recordings are left of %d shows", left, len(begun))
	}
	for _, s := range past {
		if _, err := a.Recording(s.ID); err != nil {
			t.Errorf("recording of %s: %v", s.Title.Pick("en"), err)
		}
	}
	for _, s := range begun {
		if s.State.OnAir() {
			if _, err := a.EndShow(t.Context(), s.Shop, s.ID); err != nil {
				t.Error(err)
			}
		}
	}
}

// seedToBeKilled is what TestMain runs instead of the tests in a process that is to be killed.
func seedToBeKilled(data string) {
	cfg := settings("")
	cfg.Data = data
	o := short
	o.Out = os.Stdout
	if err := demo.Seed(context.Background(), cfg, quiet, o); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// The same seed makes the same market, also where a seeding was cut off before.
func TestASeedingThatWasKilledIsDoneAgain(t *testing.T) {
	if race.Enabled {
		t.Skip("two more markets, made by one goroutine: the suite \"alone\" makes them")
	}
	want := digest(t, market(t))
	for _, after := range []string{"shops and goods", "show: Morning landing"} {
		t.Run(after, func(t *testing.T) {
			cfg := settings("killed " + after)
			if err := os.CopyFS(cfg.Path("demo"), os.DirFS(settings("market").Path("demo"))); err != nil {
				t.Fatal(err)
			}
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), seedInto+"="+cfg.Data)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.HasSuffix(lines.Text(), after) {
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait()
			if ok, err := demo.Seeded(t.Context(), cfg); ok || err != nil {
				t.Fatalf("half a market is there: %v, %v", ok, err)
			}
			err = demo.Seed(t.Context(), cfg, quiet, short)
			// A program that the killed process was just starting has its lock until it has started.
			for errors.Is(err, demo.ErrBusy) && t.Context().Err() == nil {
				time.Sleep(10 * time.Millisecond)
				err = demo.Seed(t.Context(), cfg, quiet, short)
			}
			if err != nil {
				t.Fatal(err)
			}
			same(t, cfg, want)
		})
	}
}

// The power goes while the complete market moves to its place.
func TestAMoveThatWasCutOffGoesOn(t *testing.T) {
	want := digest(t, market(t))
	whole := settings("market")
	for _, moved := range [][]string{{}, {"blobs"}, {"blobs", "posters", "recordings"}, {"blobs", "posters", "recordings", "openstall.db"}} {
		t.Run(fmt.Sprint(moved), func(t *testing.T) {
			cfg := settings("moving " + fmt.Sprint(len(moved)))
			for _, name := range []string{"blobs", "posters", "recordings", "openstall.db"} {
				to := cfg.Path("demo.made", name)
				if slices.Contains(moved, name) {
					to = cfg.Path(name)
				}
				copyTo(t, whole.Path(name), to)
			}
			if err := os.MkdirAll(cfg.Path("demo.made"), 0o750); err != nil {
				t.Fatal(err)
			}
			if ok, err := demo.Seeded(t.Context(), cfg); !ok || err != nil {
				t.Fatalf("seeded: %v, %v", ok, err)
			}
			same(t, cfg, want)
		})
	}
}

// copyTo copies a folder, or a database with its log.
func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if info, err := os.Stat(from); err != nil || info.IsDir() {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		t.Fatal(err)
	}
	d, err := sql.Open("sqlite", from)
	if err == nil {
		_, err = d.Exec(`VACUUM INTO '` + to + `'`) // the market may be open
	}
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
}

// same expects a market with all its recordings and nothing beside it.
func same(t *testing.T, cfg config.Serve, want string) {
	t.Helper()
	a, err := app.New(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if got := digest(t, a); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	replays, err := a.Shows.Replays(t.Context(), "")
	if err != nil || len(replays) < 2 {
		t.Errorf("%d replays, %v", len(replays), err)
	}
	for _, s := range replays[max(0, len(replays)-2):] {
		if x, err := a.Recording(s.ID); err != nil || !x.Ended {
			t.Errorf("recording of %s: %v", s.Title.Pick("en"), err)
		}
	}
	for _, name := range []string{"demo.new", "demo.made"} {
		if _, err := os.Stat(cfg.Path(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestOneProcessMakesADemoMarket(t *testing.T) {
	cfg := settings("locked")
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(cfg.Path("demo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := demo.Seed(t.Context(), cfg, quiet, short); !errors.Is(err, demo.ErrBusy) {
		t.Errorf("got %v", err)
	}
}

func shopsOf(t *testing.T, a *app.App) []shop.Shop {
	t.Helper()
	list, err := a.Shops.List(t.Context(), page.First, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func showsOf(t *testing.T, a *app.App, shopID string) []show.Show {
	t.Helper()
	list, err := a.Shows.OfShop(t.Context(), shopID, page.First, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func ordersOf(t *testing.T, a *app.App) []order.Order {
	t.Helper()
	list, err := a.Orders.List(t.Context(), order.Filter{After: page.First}, 200)
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// digest says what is in a market without what differs from day to day.
func digest(t *testing.T, a *app.App) string {
	t.Helper()
	var lines []string
	for _, s := range shopsOf(t, a) {
		lines = append(lines, "shop "+s.Slug)
		goods, err := a.Catalog.OfShop(t.Context(), s.ID, true, page.First, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range goods.Items {
			lines = append(lines, fmt.Sprintf("goods %s %s", g.Title.Pick("en"), g.SKUs[0].Price))
		}
		f, err := a.Social.Of(t.Context(), "", s.ID)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("followers %s %d", s.Slug, f.Followers))
	}
	for _, v := range videosOf(t, a) {
		lines = append(lines, fmt.Sprintf("video %s, %d likes, %d comments, %s", v.Caption, v.Likes, v.Comments, v.State))
	}
	for _, o := range ordersOf(t, a) {
		lines = append(lines, fmt.Sprintf("order %s %s %s %s", o.BuyerName, o.Quote.Lines[0].Title.Pick("en"), o.Total(), o.State))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// browser is a signed-in visitor.
type browser struct {
	http.Client
	url string
}

func signIn(t *testing.T, a *app.App, address string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{http.Client{Jar: jar, Timeout: 10 * time.Second}, a.URL()}
	b.post(t, "/v1/auth/codes", fmt.Sprintf(`{"to":%q}`, address))
	letter := regexp.MustCompile(`sign-in code is ([0-9]{6})</h2><small>` + regexp.QuoteMeta(address))
	deadline := time.Now().Add(10 * time.Second)
	for {
		if m := letter.FindStringSubmatch(b.page(t, "/outbox")); m != nil {
			b.post(t, "/v1/auth/codes/verify", fmt.Sprintf(`{"to":%q,"code":%q}`, address, m[1]))
			return b
		}
		if time.Now().After(deadline) {
			t.Fatal("no code in the outbox")
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func (b *browser) post(t *testing.T, path, body string) {
	t.Helper()
	res, err := b.Post(b.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		words, _ := io.ReadAll(res.Body)
		t.Fatalf("POST %s: %d %s", path, res.StatusCode, words)
	}
}

func (b *browser) page(t *testing.T, path string) string {
	t.Helper()
	res, err := b.Get(b.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %v", path, res.StatusCode, err)
	}
	return string(body)
}

func (b *browser) get(t *testing.T, path string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(b.page(t, path)), into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

func TestWhatComesAfterASaleIsThere(t *testing.T) {
	a := market(t)
	fish, err := a.Shops.BySlug(t.Context(), "marlows-fish")
	if err != nil {
		t.Fatal(err)
	}
	open, err := a.Cases.Queue(t.Context(), fish.ID, 10)
	if err != nil || len(open) != 1 {
		t.Errorf("%d open cases, %v", len(open), err)
	}
	offered, err := a.Promos.Offered(t.Context(), fish.ID)
	if err != nil || len(offered) != 1 || offered[0].Claimed != 2 {
		t.Errorf("coupons %+v, %v", offered, err)
	}
	for _, slug := range []string{"page-spine", "linden-soap"} {
		sh, err := a.Shops.BySlug(t.Context(), slug)
		if err != nil {
			t.Fatal(err)
		}
		if running, err := a.Promos.Running(t.Context(), sh.ID); err != nil || len(running) != 2 {
			t.Errorf("promotions of %s: %+v, %v", slug, running, err)
		}
	}
	money, err := a.Settle.OverviewOf(t.Context(), fish.ID, fish.Currency)
	if err != nil || money.Free <= 0 || money.PaidOut != 1200 || money.UnderWay != 800 || money.Held <= 0 {
		t.Errorf("money %+v, %v", money, err)
	}
	said := 0
	for _, s := range shopsOf(t, a) {
		sum, err := a.Reviews.Sum(t.Context(), review.Filter{Shop: s.ID})
		if err != nil {
			t.Fatal(err)
		}
		said += int(sum.Count)
	}
	if said < 6 {
		t.Errorf("%d reviews", said)
	}
}
