package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/web"
)

// stall is a market with a shop, behind a real socket.
type stall struct {
	t       *testing.T
	app     *app.App
	url     string
	now     time.Time
	shop    shop.Shop
	product catalog.Product
	show    show.Show
	tokens  map[string]string // of people by name
}

// eachStall runs f on both engines.
func eachStall(t *testing.T, f func(s *stall)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(newStall(t, "")) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { f(newStall(t, dbtest.PostgresURL(t))) })
	}
}

func newStall(t *testing.T, database string) *stall {
	t.Helper()
	ctx := t.Context()
	s := &stall{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), tokens: map[string]string{}}
	var err error
	if s.app, err = app.New(ctx, config.Serve{Data: t.TempDir(), Database: database, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR",
		TimeZone: "Europe/Berlin", TLS: "off", MailFrom: "Market <market@localhost>"}, slog.New(slog.DiscardHandler), app.WithClock(func() time.Time { return s.now })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.app.Close)
	server := httptest.NewServer(s.app.Handler())
	t.Cleanup(server.Close)
	s.url = server.URL
	marlow := s.person("marlow")
	if s.shop, err = s.app.Shops.Open(ctx, marlow, shop.Draft{Name: text.Both("Marlow’s Fish", ""), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	if s.product, err = s.app.Catalog.Create(ctx, s.shop, catalog.Form{Title: text.Both("Mackerel", "鲭鱼"), Measure: catalog.Weight, State: catalog.Live,
		Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 1250}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.Stock.Record(ctx, s.shop.ID, stock.Move{Key: "land", SKU: s.product.SKUs[0].ID, Add: 9000, Reason: stock.Landed}); err != nil {
		t.Fatal(err)
	}
	if s.show, err = s.app.Shows.Create(ctx, s.shop.ID, show.Plan{Title: text.Both("Landing", "早市"), StartsAt: s.now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	s.person("rosa")
	return s
}

// person signs somebody in and returns their id.
func (s *stall) person(name string) string {
	s.t.Helper()
	p, err := s.app.Accounts.Ensure(s.t.Context(), name+"@example.org", name, "en")
	if err != nil {
		s.t.Fatal(err)
	}
	if s.tokens[name], err = s.app.Accounts.Grant(s.t.Context(), p.ID, account.Device{}); err != nil {
		s.t.Fatal(err)
	}
	return p.ID
}

func (s *stall) work() {
	s.t.Helper()
	if err := s.app.Work(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// send sends a request of somebody ("" for nobody).
func (s *stall) send(who, method, path string, body io.Reader, header ...string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if who != "" {
		req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: s.tokens[who]})
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

type object = map[string]any

// call sends JSON, wants a status and returns the answer.
func (s *stall) call(want int, who, method, path string, body any) object {
	s.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	res := s.send(who, method, path, in, "Content-Type", "application/json")
	out := object{}
	raw, _ := io.ReadAll(res.Body)
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &out)
	}
	if res.StatusCode != want {
		s.t.Fatalf("%s %s: %d, want %d\n%s", method, path, res.StatusCode, want, raw)
	}
	return out
}

// upload sends a file in two pieces and returns the upload's id.
func (s *stall) upload(who string, file []byte) string {
	s.t.Helper()
	res := s.send(who, "POST", "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(len(file)),
		"Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte("a.mp4")))
	if res.StatusCode != http.StatusCreated {
		s.t.Fatalf("create upload: %s", res.Status)
	}
	at := res.Header.Get("Location")
	half := len(file) / 2
	for i, piece := range [][]byte{file[:half], file[half:]} {
		res := s.send(who, "PATCH", at, bytes.NewReader(piece), "Tus-Resumable", "1.0.0", "Upload-Offset", fmt.Sprint(i*half), "Content-Type", "application/offset+octet-stream")
		if res.StatusCode != http.StatusNoContent {
			s.t.Fatalf("piece %d: %s", i, res.Status)
		}
	}
	return at[strings.LastIndexByte(at, '/')+1:]
}

func (s *stall) base() string { return "/v1/merchant/shops/" + s.shop.ID + "/videos" }

// posted posts a file and returns the video's id.
func (s *stall) posted(file []byte, more object) string {
	s.t.Helper()
	body := object{"upload": s.upload("marlow", file), "caption": "Mackerel, this morning", "topics": []string{"#Fish", "fish", "harbour"}, "language": "en",
		"products": []string{s.product.ID}, "show": s.show.ID}
	for k, v := range more {
		body[k] = v
	}
	return s.call(201, "marlow", "POST", s.base(), body)["id"].(string)
}

func (s *stall) get(path string) string {
	s.t.Helper()
	res := s.send("", "GET", path, nil)
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		s.t.Fatalf("GET %s: %s, %v\n%s", path, res.Status, err, b)
	}
	return string(b)
}

func TestVideoGoesFromAPhoneToEverybody(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 4, Size: "360x640"}, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		id := s.posted(film, nil)
		mine := s.base() + "/" + id
		if v := s.call(200, "marlow", "GET", mine, nil); v["state"] != "processing" {
			t.Errorf("state %v before the film is made", v["state"])
		}
		s.call(404, "", "GET", "/v1/videos/"+id, nil)
		s.work()
		v := s.call(200, "marlow", "GET", mine, nil)
		if v["state"] != "draft" || v["hls"] != "/media/videos/"+id+"/master.m3u8" || v["width"] != 360.0 || v["height"] != 640.0 {
			t.Errorf("ready: %v", v)
		}
		s.call(404, "", "GET", "/v1/videos/"+id, nil)
		s.call(404, "", "GET", "/media/videos/"+id+"/master.m3u8", nil)
		s.call(404, "rosa", "GET", "/v1/videos/"+id, nil)
		s.call(200, "marlow", "GET", "/v1/videos/"+id, nil)
		s.call(200, "marlow", "POST", mine+"/publish", object{})

		v = s.call(200, "", "GET", "/v1/videos/"+id, nil)
		products := v["products"].([]any)
		if len(products) != 1 || products[0].(object)["id"] != s.product.ID || v["show"].(object)["id"] != s.show.ID {
			t.Errorf("cards: %v, %v", products, v["show"])
		}
		if got := fmt.Sprint(v["topics"]); got != "[fish harbour]" {
			t.Errorf("topics %s", got)
		}
		if d := v["duration_ms"].(float64); d < 3900 || d > 4200 {
			t.Errorf("it lasts %v ms", d)
		}
		s.get(v["cover"].(object)["url"].(string))
		s.get(v["sprite"].(object)["url"].(string))
		if got := codectest.Probe(t, "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", s.url+v["hls"].(string)); !strings.HasPrefix(got, "h264,360\naac\n") {
			t.Errorf("a player finds %q", got)
		}
		master := s.get(v["hls"].(string))
		playlist := master[strings.LastIndexByte(strings.TrimSpace(master), '\n')+1:]
		res := s.send("", "GET", "/media/videos/"+id+"/"+strings.TrimSpace(strings.Replace(playlist, ".m3u8", ".mp4", 1)), nil, "Range", "bytes=4-7")
		b, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusPartialContent || string(b) != "ftyp" || !strings.Contains(res.Header.Get("Cache-Control"), "public, max-age=31536000, immutable") {
			t.Errorf("range: %s %q %v", res.Status, b, res.Header)
		}
		for _, list := range []string{s.shop.ID, s.shop.Slug} {
			if items := s.call(200, "", "GET", "/v1/shops/"+list+"/videos", nil)["items"].([]any); len(items) != 1 || items[0].(object)["id"] != id {
				t.Errorf("list of %s: %v", list, items)
			}
		}
		n := 0
		for c, err := range s.app.Videos.Eligible(t.Context()) {
			if err != nil || c.ID != id || c.Pack != "fish" || c.Language != "en" {
				t.Errorf("candidate %+v, %v", c, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d candidates", n)
		}
		s.call(200, "marlow", "POST", mine+"/unpublish", nil)
		s.call(404, "", "GET", "/v1/videos/"+id, nil)
		s.call(404, "", "GET", v["hls"].(string), nil)
		s.call(404, "", "GET", v["sprite"].(object)["url"].(string), nil)
		s.call(204, "marlow", "DELETE", mine, nil)
		s.work()
		s.call(404, "marlow", "GET", mine, nil)
	})
}
