package chathttp_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/chat/chathttp"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/web"
)

// deaf is a room that shows nothing.
func nobodyBought(context.Context, string, string) (bool, error) { return false, nil }

type deaf struct{}

func (deaf) Say(chat.Comment)          {}
func (deaf) Hold(chat.Comment)         {}
func (deaf) Remove(string, string)     {}
func (deaf) Pin(string, *chat.Comment) {}

func TestViewersTalkAndOnlyTheShopKeepsOrder(t *testing.T) {
	d := dbtest.SQLite(t, bus.Migrations, account.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, social.Migrations, show.Migrations, chat.Migrations)
	ctx, quiet := t.Context(), slog.New(slog.DiscardHandler)
	b := bus.Open(d, quiet, nil)
	accounts, shops := account.New(d, nil, time.Now), shop.New(d, time.Now)
	people := map[string]string{"": ""}
	for _, name := range []string{"ann", "jo", "eve"} {
		p, err := accounts.Ensure(ctx, name+"@example.org", name, "en")
		if err != nil {
			t.Fatal(err)
		}
		people[name] = p.ID
	}
	open := func(owner string) string {
		t.Helper()
		sh, err := shops.Open(ctx, people[owner], shop.Draft{Name: text.Both("Quay "+owner, "码头"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		return sh.ID
	}
	annShop, eveShop := open("ann"), open("eve")
	shows := show.New(d, b, stock.New(d, b, time.Now), "secret", time.Now)
	live, err := shows.Create(ctx, annShop, show.Plan{Title: text.Both("Evening catch", "晚市")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shows.Start(ctx, annShop, live.ID); err != nil {
		t.Fatal(err)
	}
	chats := chat.New(chat.Parts{DB: d, Shops: shops, Shows: shows, Room: deaf{}, Secret: []byte("s"), Bought: nobodyBought, Now: time.Now})
	t.Cleanup(chats.Close)
	mux := http.NewServeMux()
	chathttp.Mount(web.NewAPI(mux, quiet, "test"), chathttp.Parts{Chat: chats, Shops: shops, Shows: shows, Block: func(ctx context.Context, person, other string) error {
		_, err := social.New(d, b, nil, time.Now).Block(ctx, person, other, true)
		return err
	}})
	server := httptest.NewServer(web.Wrap(web.Config{Log: quiet, Identify: func(_ http.ResponseWriter, r *http.Request) web.Identity {
		return web.Identity{Person: people[r.Header.Get("As")]}
	}}, mux))
	t.Cleanup(server.Close)
	do := func(as, method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("As", as)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		out, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(out)
	}
	public, host := "/v1/shows/"+live.ID, "/v1/merchant/shops/"+annShop+"/shows/"+live.ID
	foreign := "/v1/merchant/shops/" + eveShop + "/shows/" + live.ID // her shop, not her show
	if status, _ := do("", "POST", public+"/comments", `{"text":"hi"}`); status != 401 {
		t.Errorf("nobody: %d", status)
	}
	status, body := do("jo", "POST", public+"/comments", `{"text":"is it fresh?"}`)
	var said chat.View
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != 200 || !said.Mine || said.Person != "" || said.Kind != chat.Viewer {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	one := "/comments/" + said.ID
	for _, step := range []struct {
		as, method, path, body string
		want                   int
	}{
		{"jo", "POST", public + "/comments", `{"text":"too soon"}`, 429},
		{"jo", "POST", public + "/comments", `{"text":"   "}`, 422},
		{"jo", "POST", "/v1/shows/shw_none/comments", `{"text":"hi"}`, 404},
		{"ann", "POST", host + "/comments", `{"text":"Landed at four."}`, 200},
		{"", "PUT", public + one + "/speaker/block", "", 401},
		{"jo", "PUT", public + one + "/speaker/block", "", 422}, // oneself
		{"eve", "PUT", "/v1/shows/shw_none" + one + "/speaker/block", "", 404},
		{"eve", "PUT", public + "/comments/com_none/speaker/block", "", 404},
		{"eve", "PUT", public + one + "/speaker/block", "", 200},
		{"eve", "PUT", public + one + "/speaker/block", "", 200},
		{"ann", "POST", host + one + "/pin", "", 204},
		{"ann", "DELETE", host + one + "/pin", "", 204},
		{"ann", "POST", host + one + "/let-through", "", 200},
		{"ann", "DELETE", host + one, "", 204},
		{"eve", "PUT", public + one + "/speaker/block", "", 404}, // removed
		{"ann", "DELETE", host + "/comments/com_none", "", 404},
		{"ann", "POST", host + "/mutes", `{"person":"` + people["jo"] + `","minutes":10,"reason":"rude"}`, 204},
		{"ann", "POST", host + "/mutes", `{"person":"` + people["jo"] + `","minutes":-1,"reason":""}`, 422},
		{"jo", "POST", public + "/comments", `{"text":"sorry"}`, 403},
		{"ann", "PUT", "/v1/merchant/shops/" + annShop + "/held-words", `{"words":["rude"]}`, 200},
		{"ann", "PUT", "/v1/merchant/shops/" + annShop + "/held-words", `{"words":["--"]}`, 422},
		{"ann", "GET", "/v1/merchant/shops/" + annShop + "/held-words", "", 200},
		{"", "GET", "/v1/merchant/shops/" + annShop + "/held-words", "", 401},
		{"jo", "GET", "/v1/merchant/shops/" + annShop + "/held-words", "", 404},
		{"eve", "PUT", "/v1/merchant/shops/" + annShop + "/held-words", `{"words":[]}`, 404},
	} {
		if status, body := do(step.as, step.method, step.path, step.body); status != step.want {
			t.Errorf("%s %s as %s: %d %s, want %d", step.method, step.path, step.as, status, body, step.want)
		}
	}
	for _, try := range []struct{ method, path string }{
		{"GET", "/comments"}, {"POST", "/comments"}, {"DELETE", one}, {"POST", one + "/pin"}, {"DELETE", one + "/pin"},
		{"POST", one + "/let-through"}, {"POST", "/mutes"},
	} {
		body := `{"text":"x","person":"p","minutes":1,"reason":""}`
		switch try.path {
		case "/comments":
			body = `{"text":"x"}`
		case "/mutes":
			body = `{"person":"p","minutes":1,"reason":""}`
		}
		for as, base := range map[string]string{"": host, "jo": host, "eve": foreign} {
			if status, answer := do(as, try.method, base+try.path, body); status != 401 && status != 403 && status != 404 {
				t.Errorf("%s %s as %q: %d %s", try.method, base+try.path, as, status, answer)
			}
		}
	}
	status, body = do("", "GET", public+"/comments?from_second=0&to_second=100", "")
	if status != 200 || strings.Contains(body, "fresh?") || !strings.Contains(body, "Landed at four.") || strings.Contains(body, people["ann"]) {
		t.Errorf("what all see: %d %s", status, body)
	}
	if status, body = do("ann", "GET", host+"/comments", ""); status != 200 || !strings.Contains(body, people["jo"]) || !strings.Contains(body, "removed") {
		t.Errorf("what the host sees: %d %s", status, body)
	}
}
