package crmhttp_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/crm"
	"github.com/openstall/openstall/internal/domain/crm/crmhttp"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/web"
)

func TestOnlyTheShopSeesItsContacts(t *testing.T) {
	d := dbtest.SQLite(t, bus.Migrations, account.Migrations, shop.Migrations, crm.Migrations)
	ctx, quiet := t.Context(), slog.New(slog.DiscardHandler)
	b := bus.Open(d, quiet, nil)
	contacts := crm.New(crm.Parts{DB: d, Bus: b, Secret: []byte("secret"), URL: func() string { return "" }, Now: time.Now,
		Order: func(context.Context, string, string) (order.Order, error) { return order.Order{}, order.ErrNotFound }})
	accounts, shops := account.New(d, nil, time.Now), shop.New(d, time.Now)
	people := map[string]string{}
	for _, name := range []string{"ann", "jo"} {
		p, err := accounts.Ensure(ctx, name+"@example.org", name, "en")
		if err != nil {
			t.Fatal(err)
		}
		people[name] = p.ID
	}
	sh, err := shops.Open(ctx, people["ann"], shop.Draft{Name: text.Both("Quay Fish", "码头"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := bus.New(social.Followed, sh.ID, social.Told{Shop: sh.ID, Person: people["jo"], At: time.Now().UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.InTx(ctx, func(tx *db.Tx) error { return b.Publish(ctx, tx, e) }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	crmhttp.Mount(web.NewAPI(mux, quiet, "test"), mux, crmhttp.Parts{Contacts: contacts, Shops: shops, Log: quiet})
	server := httptest.NewServer(web.Wrap(web.Config{Log: quiet, Identify: func(_ http.ResponseWriter, r *http.Request) web.Identity {
		return web.Identity{Person: people[r.Header.Get("As")]}
	}}, mux))
	t.Cleanup(server.Close)
	base := "/v1/merchant/shops/" + sh.ID
	rows, err := contacts.List(ctx, sh.ID, "", page.First, 1)
	if err != nil || len(rows.Items) != 1 {
		t.Fatalf("%d contacts, %v", len(rows.Items), err)
	}
	contact := rows.Items[0].ID
	token := strings.TrimPrefix(contacts.StopURL(contact), "/stop-shop/")
	for _, tt := range []struct {
		as, path string
		status   int
		holds    string
	}{
		{"ann", base + "/contacts/" + contact + "/consents", 200, `"items":[]`},
		{"jo", base + "/contacts/" + contact + "/consents", 0, ""},
		{"jo", "/v1/me/shop-messages", 200, `"items":[]`},
		{"", "/v1/me/shop-messages", 401, ""},
		{"jo", "DELETE /v1/me/shop-messages/" + sh.ID, 204, ""},
		{"", "DELETE /v1/me/shop-messages/" + sh.ID, 401, ""},
		{"", "/v1/shop-messages/" + token, 200, `"stopped":true`},
		{"", "POST /v1/shop-messages/" + token, 200, `"slug":"`},
		{"", "/v1/shop-messages/" + token + "x", 404, "crm.bad_link"},
		{"", "POST /v1/shop-messages/" + contact + "~AAAAAAAAAAAAAAAAAAAAAA", 404, "crm.bad_link"},
		{"ann", base + "/contacts", 200, `"name":"jo"`},
		{"ann", base + "/contacts?q=nobody", 200, `"items":[]`},
		{"ann", base + "/contacts?after=forged", 422, "page.bad_cursor"},
		{"ann", base + "/contacts.csv", 200, "jo"},
		{"ann", "/v1/merchant/shops/shp_none/contacts.csv", 0, ""},
		{"jo", base + "/contacts", 0, ""},
		{"jo", base + "/contacts.csv", 0, ""},
		{"", base + "/contacts", 401, ""},
		{"", base + "/contacts.csv", 401, ""},
	} {
		method, path, ok := strings.Cut(tt.path, " ")
		if !ok {
			method, path = http.MethodGet, tt.path
		}
		req, err := http.NewRequestWithContext(ctx, method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("As", tt.as)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		refused := res.StatusCode == 403 || res.StatusCode == 404
		if err != nil || !strings.Contains(string(body), tt.holds) || tt.status != 0 && res.StatusCode != tt.status || tt.status == 0 && !refused {
			t.Errorf("%s as %q: %s %s, %v", tt.path, tt.as, res.Status, body, err)
		}
	}
}
