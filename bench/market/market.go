// Package market is a market to put load on: one shop, two kinds of goods, many
// buyers, made through the real services and served by the built program as a
// child.
package market

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/web"
)

// goods are what a shop shows beside what is measured by itself.
const goods = 24

// Market is a market with a server, or between two.
type Market struct {
	Engine   string // sqlite or postgres
	URL      string
	Server   *exec.Cmd
	Client   *http.Client
	Shop     string
	Slug     string   // of the shop
	Goods    []string // products with a picture
	Owner    string   // session of the shop's owner
	Tokens   []string // sessions of buyers
	Hot      string   // a SKU of which there is always enough
	Rare     string   // one of which there are 500
	Database string   // URL; "" for SQLite

	dir, binary string
	admin       string // URL and schema of what Open made at PostgreSQL
	schema      string
	args        []string
}

// Open makes a market with so many buyers in a folder of its own, or in a schema
// of its own of the database at a PostgreSQL URL, and serves it. Extra are
// further arguments of the server.
func Open(binary, database string, buyers int, extra ...string) (*Market, error) {
	dir, err := os.MkdirTemp("", "openstall-bench")
	if err != nil {
		return nil, err
	}
	m := &Market{Engine: "sqlite", dir: dir, binary: binary,
		Client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 3000}, Timeout: 30 * time.Second}}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	m.URL = "http://127.0.0.1:" + port
	if database != "" {
		m.admin, m.schema = database, "bench_"+strconv.FormatInt(time.Now().UnixNano(), 36)
		if err := PSQL(database, "CREATE SCHEMA "+m.schema); err != nil {
			return nil, err
		}
		m.Engine, m.Database = "postgres", database+"&search_path="+m.schema
	}
	m.args = append([]string{"serve", "--data", dir, "--database", m.Database, "--http", "127.0.0.1:" + port, "--rtmp", "off", "--webrtc", "off",
		"--test-payment", "--trusted-proxy", "127.0.0.0/8", "--log-level", "warn"}, extra...)
	if err := m.seed(buyers); err != nil {
		return nil, err
	}
	return m, m.Up()
}

// PSQL runs a statement at a PostgreSQL URL.
func PSQL(database, statement string) error {
	if out, err := exec.Command("psql", "-q", database, "-c", "SET client_min_messages = warning", "-c", statement).CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

// FreePort is a port that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// Up starts the server and returns when it serves.
func (m *Market) Up() error {
	m.Server = exec.Command(m.binary, m.args...)
	m.Server.Stderr = os.Stderr
	if err := m.Server.Start(); err != nil {
		return err
	}
	for range 400 {
		if res, err := m.Client.Get(m.URL + "/healthz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.Close()
	return errors.New("the server did not get ready")
}

// Kill ends the server without a word.
func (m *Market) Kill() {
	_ = m.Server.Process.Kill()
	_ = m.Server.Wait()
	m.Client.CloseIdleConnections()
}

// Close ends the server and removes what it kept.
func (m *Market) Close() {
	if m.Server != nil && m.Server.Process != nil && m.Server.ProcessState == nil {
		_ = m.Server.Process.Signal(syscall.SIGTERM)
		_ = m.Server.Wait()
	}
	_ = os.RemoveAll(m.dir)
	if m.schema != "" { // or the engine would tidy and count it while the next market is measured
		if err := PSQL(m.admin, "DROP SCHEMA IF EXISTS "+m.schema+" CASCADE"); err != nil {
			fmt.Fprintln(os.Stderr, "market:", err)
		}
	}
}

// Check runs `openstall admin check` and returns its report; an error when
// something is broken.
func (m *Market) Check() (string, error) {
	out, err := exec.Command(m.binary, "admin", "check", "--data", m.dir, "--database", m.Database).CombinedOutput()
	return string(out), err
}

// inside returns the market's services without a server.
func (m *Market) inside(ctx context.Context) (*app.App, error) {
	return app.New(ctx, config.Serve{Data: m.dir, Database: m.Database, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", TLS: "off", Name: "Bench",
		Currency: "EUR", TimeZone: "UTC", MailFrom: "Market <market@localhost>", TestPayment: true}, slog.New(slog.DiscardHandler))
}

// Exec changes the database behind the market's back.
func (m *Market) Exec(ctx context.Context, statement string, args ...any) error {
	a, err := m.inside(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	_, err = a.DB.ExecContext(ctx, statement, args...)
	return err
}

// seed makes shop, goods and buyers.
func (m *Market) seed(buyers int) error {
	ctx := context.Background()
	a, err := m.inside(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	owner, err := a.Accounts.Ensure(ctx, "owner@example.org", "Owner", "en")
	if err != nil {
		return err
	}
	if m.Owner, err = a.Accounts.Grant(ctx, owner.ID, account.Device{}); err != nil {
		return err
	}
	sh, err := a.Shops.Open(ctx, owner.ID, shop.Draft{Name: text.Both("Bench", "Bench"), Pack: "other", Currency: "EUR", TimeZone: "UTC"})
	if err != nil {
		return err
	}
	if sh, err = a.Shops.Update(ctx, sh.ID, func(s *shop.Shop) error {
		s.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 0)}
		return nil
	}); err != nil {
		return err
	}
	m.Shop, m.Slug = sh.ID, sh.Slug
	for _, g := range []struct {
		sku   *string
		units int64
	}{{&m.Hot, 100_000_000}, {&m.Rare, 500}} {
		p, err := a.Catalog.Create(ctx, sh, catalog.Form{Title: text.Both("Cup", "杯"), Measure: catalog.Piece, State: catalog.Live, SKUs: []catalog.SKUForm{{PriceMinor: 990}}})
		if err != nil {
			return err
		}
		*g.sku = p.SKUs[0].ID
		if _, err := a.Stock.Record(ctx, sh.ID, stock.Move{Key: *g.sku, SKU: *g.sku, Add: g.units, Reason: stock.Landed}); err != nil {
			return err
		}
	}
	for i := range goods {
		im := shop.Image{ID: fmt.Sprintf("img_bench%02d", i), Shop: sh.ID, Width: 1200, Height: 1200, Color: "#c0a080"}
		if err := a.Shops.SaveImage(ctx, im); err != nil {
			return err
		}
		p, err := a.Catalog.Create(ctx, sh, catalog.Form{Title: text.Both(fmt.Sprintf("Bowl of the %d. kiln", i+1), fmt.Sprintf("第 %d 窑的碗", i+1)),
			About: text.Both("Thrown by hand, fired twice, safe in the dishwasher. No two are alike.", "手工拉坯，两次烧成，可用洗碗机。每只都不一样。"), Images: []string{im.ID},
			Measure: catalog.Piece, State: catalog.Live, SKUs: []catalog.SKUForm{{PriceMinor: int64(1900 + 100*i)}}})
		if err != nil {
			return err
		}
		m.Goods = append(m.Goods, p.ID)
		if _, err := a.Stock.Record(ctx, sh.ID, stock.Move{Key: p.ID, SKU: p.SKUs[0].ID, Add: 100, Reason: stock.Landed}); err != nil {
			return err
		}
	}
	for i := range buyers {
		p, err := a.Accounts.Ensure(ctx, fmt.Sprintf("b%d@example.org", i), "Buyer", "en")
		if err != nil {
			return err
		}
		token, err := a.Accounts.Grant(ctx, p.ID, account.Device{})
		if err != nil {
			return err
		}
		m.Tokens = append(m.Tokens, token)
	}
	return nil
}

// From is the address that a buyer comes from.
func From(buyer int) string { return fmt.Sprintf("198.18.%d.%d", buyer/250, buyer%250) }

// Cookie is the session of a buyer.
func (m *Market) Cookie(buyer int) string { return web.SessionCookie + "=" + m.Tokens[buyer] }

// Call sends a request with the session of a token, under a key unless that is
// empty.
func (m *Market) Call(method, path, token, from, key string, body any) (int, []byte, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	req, err := http.NewRequest(method, m.URL+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", from)
	req.Header.Set("Cookie", web.SessionCookie+"="+token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := m.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	return res.StatusCode, out, err
}

// Offer is what a quote answers with.
type Offer struct {
	ID    string `json:"id"`
	Hash  string `json:"hash"`
	Buyer int    `json:"-"`
}

// Quote asks for a parcel with so many of a SKU for a buyer.
func (m *Market) Quote(buyer int, sku string, quantity int) (Offer, error) {
	o := Offer{Buyer: buyer}
	status, body, err := m.Call(http.MethodPost, "/v1/quotes", m.Tokens[buyer], From(buyer), "", map[string]any{
		"items":      []any{map[string]any{"sku": sku, "quantity": quantity}},
		"fulfilment": map[string]any{"kind": "parcel", "address": map[string]any{"name": "B", "phone": "", "line1": "Mill Street 1", "postcode": "1", "city": "Town", "country": "DE"}}})
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("quote: %d %s", status, body)
	}
	if err == nil {
		err = json.Unmarshal(body, &o)
	}
	return o, err
}

// Order is the body that places an offer.
func (o Offer) Order() map[string]any {
	return map[string]any{"quote": o.ID, "hash": o.Hash, "payment": "test", "contact": map[string]any{"name": "Buyer"}}
}
