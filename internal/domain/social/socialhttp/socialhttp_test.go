package socialhttp_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/social/socialhttp"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/web"
)

func TestLinkLeadsIntoTheAppAndIsRemembered(t *testing.T) {
	d := dbtest.SQLite(t, bus.Migrations, account.Migrations, shop.Migrations, social.Migrations)
	s := social.New(d, bus.Open(d, slog.New(slog.DiscardHandler), nil),
		func(context.Context, social.Kind, string) error { return nil }, time.Now)
	mux := http.NewServeMux()
	socialhttp.Mount(web.NewAPI(mux, slog.New(slog.DiscardHandler), "test"), mux, socialhttp.Parts{
		Social: s, URL: func() string { return "https://quay.example" }, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	server := httptest.NewServer(web.Wrap(web.Config{Log: slog.New(slog.DiscardHandler), Identify: func(http.ResponseWriter, *http.Request) web.Identity {
		return web.Identity{Viewer: "browser"}
	}}, mux))
	t.Cleanup(server.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Post(server.URL+"/v1/shares", "application/json", strings.NewReader(`{"kind":"show","target":"shw_1"}`))
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ URL string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s, %v", res.Status, err)
	}
	res.Body.Close()
	code, ok := strings.CutPrefix(made.URL, "https://quay.example/s/")
	if !ok {
		t.Fatalf("url %q", made.URL)
	}
	if res, err = client.Get(server.URL + "/s/" + code); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/shows/shw_1" {
		t.Errorf("%s to %q", res.Status, res.Header.Get("Location"))
	}
	if c := res.Cookies(); len(c) != 1 || c[0].Name != web.SourceCookie || c[0].Value != code || !c[0].HttpOnly {
		t.Errorf("cookies %v", c)
	}
	if res, err = client.Get(server.URL + "/s/nothing"); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("an unknown link: %s", res.Status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/v1/shops/shp_1/follow", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err = client.Do(req); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("following without signing in: %s", res.Status)
	}
}
