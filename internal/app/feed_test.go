package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/web"
)

// fair is a market with many shops, each with videos in Discover.
type fair struct {
	*stall
	shops  []shop.Shop
	videos []string // by shop, perShop each
	cfg    config.Serve
}

// eachFair runs f on both engines with n shops of some videos.
func eachFair(t *testing.T, n, perShop int, f func(f *fair)) {
	t.Helper()
	eachStall(t, func(s *stall) {
		m := &fair{stall: s}
		for i := range n {
			owner := s.person(fmt.Sprintf("owner%d", i))
			sh, err := s.app.Shops.Open(s.t.Context(), owner, draftOf(i))
			if err != nil {
				s.t.Fatal(err)
			}
			m.shops = append(m.shops, sh)
			for range perShop {
				m.film(sh, fmt.Sprintf("topic%d", i%16))
			}
		}
		m.tell(video.TopicPublished, m.videos...)
		f(m)
	})
}

// draftOf is the shop of a number: one of each line of business, again and again.
func draftOf(i int) shop.Draft {
	packs := shop.Packs()
	return shop.Draft{Name: text.Both(fmt.Sprintf("Stall %d", i), ""), Pack: packs[i%len(packs)].Code, Currency: "EUR", TimeZone: "Europe/Berlin"}
}

func (f *fair) tell(topic string, videos ...string) {
	f.t.Helper()
	if err := f.app.Tell(f.t.Context(), topic, videos...); err != nil {
		f.t.Fatal(err)
	}
}

// film puts a published video of 30 seconds into the database.
func (f *fair) film(sh shop.Shop, topic string) string {
	f.t.Helper()
	id := fmt.Sprintf("vid_%s_%d", strings.TrimPrefix(sh.ID, "shp_")[20:], len(f.videos))
	_, err := f.app.DB.ExecContext(f.t.Context(), `
		INSERT INTO video (id, shop, author, state, caption, topics, language, place, rights, source, ai, ad, visibility, products, show, trim_from, trim_to, attempts, progress, problem,
			film, duration_ms, hashes, duplicate_of, cover, likes, comments, publish_at, published_at, created_at)
		VALUES ($1, $2, 'per_x', 'published', 'A film', $3, 'en', '', 'own', '', FALSE, FALSE, 'public', '[]', '', 0, 0, 0, 100, '',
			'{"folder":"f/","duration":30000000000,"width":360,"height":640}', 30000, '[]', '', '', 0, 0, 0, $4, $4)`, id, sh.ID, `["`+topic+`"]`, f.now().UnixMilli())
	if err != nil {
		f.t.Fatal(err)
	}
	f.videos = append(f.videos, id)
	return id
}

// again starts another process on the same data; the one before is left as if
// it were dead.
func (f *fair) again() {
	f.t.Helper()
	if err := f.app.Feed.Flush(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.set(f.now().Add(20 * time.Second)) // or it would wait for the one before to pay the floor
	a, err := app.New(f.t.Context(), config.Serve{Data: f.data, Database: f.database, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR",
		TimeZone: "Europe/Berlin", TLS: "off", MailFrom: "Market <market@localhost>"}, slog.New(slog.DiscardHandler), app.WithClock(f.now))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(a.Close)
	f.app = a
	server := httptest.NewServer(a.Handler())
	f.t.Cleanup(server.Close)
	f.url = server.URL
}

// as sends a request of a browser that nobody signed in to.
func (f *fair) as(want int, browser, method, path, body string) object {
	f.t.Helper()
	res := f.send("", method, path, strings.NewReader(body), "Content-Type", "application/json", "Cookie", web.ViewerCookie+"="+browser)
	return f.answer(want, method+" "+path, res)
}

func browserNo(i int) string { return fmt.Sprintf("browser-%016d", i) }

// sheet asks for a page.
func (f *fair) sheet(browser string, again bool) object {
	f.t.Helper()
	return f.as(http.StatusOK, browser, "POST", "/v1/discover/pages", fmt.Sprintf(`{"again":%v}`, again))
}

func itemsOf(sheet object) []object {
	var out []object
	for _, it := range sheet["items"].([]any) {
		out = append(out, it.(object))
	}
	return out
}

func idOf(item object) string { return item["video"].(object)["id"].(string) }

// session returns the items up to the end.
func (f *fair) session(browser string) []object {
	f.t.Helper()
	var out []object
	for {
		s := f.sheet(browser, false)
		out = append(out, itemsOf(s)...)
		if s["end"] == true {
			return out
		}
	}
}

func ids(items []object) []string {
	var out []string
	for _, it := range items {
		out = append(out, idOf(it))
	}
	return out
}

func TestDiscoverEndsAfterThirtyAndGoesOnWhereItWas(t *testing.T) {
	eachFair(t, 70, 1, func(f *fair) {
		t := f.t
		first := f.session(browserNo(1))
		if len(first) != 30 {
			t.Fatalf("a session has %d items", len(first))
		}
		for i, it := range first {
			if it["number"] != float64(i+1) || it["reason"].(object)["kind"] != "floor" {
				t.Errorf("item %d: number %v, reason %v", i, it["number"], it["reason"])
			}
		}
		if s := f.sheet(browserNo(1), false); len(itemsOf(s)) != 0 || s["end"] != true || s["more"] != true {
			t.Errorf("after the end: %v items, end %v, more %v", len(itemsOf(s)), s["end"], s["more"])
		}
		f.again()
		if s := f.sheet(browserNo(1), false); len(itemsOf(s)) != 0 {
			t.Error("a restart begins a new session")
		}
		next := itemsOf(f.sheet(browserNo(1), true))
		if len(next) != 5 {
			t.Fatalf("asked for more, got %d", len(next))
		}
		seen := map[string]bool{}
		for _, id := range append(ids(first), ids(next)...) {
			if seen[id] {
				t.Errorf("%s is shown twice, also after a restart", id)
			}
			seen[id] = true
		}
		left := f.session(browserNo(2))[0]["reason"].(object)["left"].(float64)
		if left != 100 && left != 99 {
			t.Errorf("after the restart a video is owed %v", left)
		}
	})
}

func TestAVideoInDiscoverGoesWhenItIsWithdrawn(t *testing.T) {
	eachFair(t, 8, 1, func(f *fair) {
		t := f.t
		if _, err := f.app.DB.ExecContext(t.Context(), `UPDATE video SET state = 'draft' WHERE id = $1`, f.videos[3]); err != nil {
			t.Fatal(err)
		}
		f.tell(video.TopicRemoved, f.videos[3])
		if _, err := f.app.DB.ExecContext(t.Context(), `UPDATE video SET visibility = 'followers' WHERE id = $1`, f.videos[4]); err != nil {
			t.Fatal(err)
		}
		f.tell(video.TopicPublished, f.videos[4])
		list := ids(f.session(browserNo(1)))
		if len(list) != 6 {
			t.Errorf("%d of eight are shown: %v", len(list), list)
		}
		if _, err := f.app.DB.ExecContext(t.Context(), `UPDATE video SET state = 'published' WHERE id = $1`, f.videos[3]); err != nil {
			t.Fatal(err)
		}
		f.tell(video.TopicPublished, f.videos[3])
		if got := ids(f.session(browserNo(1))); len(got) != 1 || got[0] != f.videos[3] {
			t.Errorf("back again: %v", got)
		}
	})
}

func TestAFloorThatCameLaterIsKept(t *testing.T) {
	eachFair(t, 3, 2, func(f *fair) {
		t := f.t
		owed := func() (n int) {
			if err := f.app.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM feed_video WHERE given > 0`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := owed(); n != 3 {
			t.Errorf("%d videos are owed shows on the first day, want one of each shop", n)
		}
		f.set(f.now().Add(24 * time.Hour))
		f.session(browserNo(1)) // the day turns; its floor is of the day that begins
		f.set(f.now().Add(24 * time.Hour))
		f.session(browserNo(2))
		f.again()
		if n := owed(); n != 6 {
			t.Errorf("%d videos are owed shows after a day without a publication, want all", n)
		}
		for _, it := range f.session(browserNo(3)) {
			if kind := it["reason"].(object)["kind"]; kind != "floor" {
				t.Errorf("%s is here by %v", idOf(it), kind)
			}
		}
	})
}

func TestWhoHasNoBrowserIsNotCounted(t *testing.T) {
	eachFair(t, 1, 1, func(f *fair) {
		if p := f.call(422, "", "POST", "/v1/discover/pages", object{}); p["code"] != "discover.no_browser" {
			f.t.Errorf("%v", p)
		}
	})
}
