package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/web"
)

// stall is a market with a shop, behind a real socket.
type stall struct {
	t        *testing.T
	app      *app.App
	url      string
	data     string
	database string
	clock    atomic.Pointer[time.Time] // the server reads it whenever it likes
	shop     shop.Shop
	product  catalog.Product
	show     show.Show
	tokens   map[string]string // of people by name
	calls    int               // for claims, that were asked for
}

// eachStall runs f on both engines.
func eachStall(t *testing.T, f func(s *stall)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { f(newStall(t, "")) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { f(newStall(t, dbtest.PostgresURL(t, app.Migrations()...))) })
	}
}

func newStall(t *testing.T, database string, set ...func(*config.Serve)) *stall {
	t.Helper()
	ctx := t.Context()
	s := &stall{t: t, data: t.TempDir(), database: database, tokens: map[string]string{}}
	s.set(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	if database == "" {
		dbtest.SQLiteFile(t, filepath.Join(s.data, "openstall.db"), app.Migrations()...)
	}
	cfg := config.Serve{Data: s.data, Database: database, HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR",
		TimeZone: "Europe/Berlin", TLS: "off", MailFrom: "Market <market@localhost>", KeepNotices: 90, KeepVisits: 90}
	for _, f := range set {
		f(&cfg)
	}
	var err error
	if s.app, err = app.New(ctx, cfg, slog.New(slog.DiscardHandler), app.WithClock(s.now)); err != nil {
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
	if s.show, err = s.app.Shows.Create(ctx, s.shop.ID, show.Plan{Title: text.Both("Landing", "早市"), StartsAt: s.now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	s.person("rosa")
	return s
}

func (s *stall) now() time.Time   { return *s.clock.Load() }
func (s *stall) set(to time.Time) { s.clock.Store(&to) }

// later lets time pass as the clocks of the market do.
func (s *stall) later(d time.Duration) {
	s.t.Helper()
	s.set(s.now().Add(d))
	for {
		n, err := s.app.Orders.Sweep(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	s.work()
}

// sound wants every invariant of the market to hold.
func (s *stall) sound() {
	s.t.Helper()
	problems, err := app.CheckAt(s.t.Context(), s.app.DB, s.now())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range problems {
		s.t.Errorf("%s: %s", p.Invariant, p.Detail)
	}
}

func (s *stall) count(query string) int {
	s.t.Helper()
	n, err := db.One(s.t.Context(), s.app.DB, db.Column[int], query)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
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
	return s.callKey(want, who, method, path, "", body)
}

// callKey is [stall.call] with an Idempotency-Key.
func (s *stall) callKey(want int, who, method, path, key string, body any) object {
	s.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	header := []string{"Content-Type", "application/json"}
	if key != "" {
		header = append(header, "Idempotency-Key", key)
	}
	return s.answer(want, method+" "+path, s.send(who, method, path, in, header...))
}

// answer wants a status and returns the body.
func (s *stall) answer(want int, what string, res *http.Response) object {
	s.t.Helper()
	out := object{}
	raw, _ := io.ReadAll(res.Body)
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &out)
	}
	if res.StatusCode != want {
		s.t.Fatalf("%s: %d, want %d\n%s", what, res.StatusCode, want, raw)
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

func TestVideoIsLikedAndTalkedAbout(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 1, Size: "160x120"}, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		id := s.posted(film, nil)
		at := "/v1/videos/" + id
		s.call(404, "rosa", "PUT", at+"/like", nil)
		s.work()
		s.call(200, "marlow", "POST", s.base()+"/"+id+"/publish", object{})
		s.call(401, "", "PUT", at+"/like", nil)
		for range 2 {
			if v := s.call(200, "rosa", "PUT", at+"/like", nil); v["liked"] != true || v["likes"] != 1.0 {
				t.Errorf("liked: %v", v)
			}
		}
		s.call(200, "marlow", "PUT", at+"/like", nil)
		if v := s.call(200, "rosa", "GET", at, nil); v["liked"] != true || v["likes"] != 2.0 {
			t.Errorf("rosa sees liked %v of %v", v["liked"], v["likes"])
		}
		for range 2 {
			if v := s.call(200, "rosa", "DELETE", at+"/like", nil); v["liked"] != false || v["likes"] != 1.0 {
				t.Errorf("no longer liked: %v", v)
			}
		}

		c := s.call(201, "rosa", "POST", at+"/comments", object{"text": " Is it\u202e fresh? "})
		if c["text"] != "Is it fresh?" || c["name"] != "rosa" || c["mine"] != true || c["host"] != false {
			t.Errorf("comment %v", c)
		}
		s.call(429, "rosa", "POST", at+"/comments", object{"text": "hello?"})
		reply := s.call(201, "marlow", "POST", at+"/comments", object{"text": "An hour old.", "parent": c["id"]})
		if reply["name"] != "Marlow’s Fish" || reply["host"] != true {
			t.Errorf("the shop answers as %v", reply["name"])
		}
		s.set(s.now().Add(time.Minute))
		deeper := s.call(201, "rosa", "POST", at+"/comments", object{"text": "Thanks", "parent": reply["id"]})
		if deeper["parent"] != c["id"] {
			t.Errorf("an answer to an answer hangs below %v", deeper["parent"])
		}
		s.call(404, "marlow", "POST", at+"/comments", object{"text": "To whom?", "parent": "vcm_none"})
		top := s.call(200, "", "GET", at+"/comments", nil)["items"].([]any)
		if len(top) != 1 || top[0].(object)["replies"] != 2.0 || top[0].(object)["mine"] != false {
			t.Errorf("comments %v", top)
		}
		answers := s.call(200, "", "GET", at+"/comments?parent="+c["id"].(string), nil)["items"].([]any)
		if len(answers) != 2 {
			t.Errorf("answers %v", answers)
		}
		if v := s.call(200, "", "GET", at, nil); v["comments_count"] != 3.0 {
			t.Errorf("%v comments, want 3", v["comments_count"])
		}
		s.call(404, "rosa", "DELETE", at+"/comments/"+reply["id"].(string), nil)
		s.call(204, "rosa", "DELETE", at+"/comments/"+deeper["id"].(string), nil)
		s.call(204, "marlow", "DELETE", at+"/comments/"+c["id"].(string), nil)
		if v := s.call(200, "", "GET", at, nil); v["comments_count"] != 0.0 {
			t.Errorf("%v comments, want none", v["comments_count"])
		}
	})
}

func TestVideoIsForWhomItIsMeant(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 1, Size: "160x120"}, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		count := func(who string) int {
			return len(s.call(200, who, "GET", "/v1/shops/"+s.shop.ID+"/videos", nil)["items"].([]any))
		}
		link, followers := s.posted(film, object{"visibility": "link"}), s.posted(film, object{"visibility": "followers"})
		for _, id := range []string{link, followers} {
			s.call(200, "marlow", "POST", s.base()+"/"+id+"/publish", object{}) // before the film is made
		}
		s.work()
		s.call(200, "", "GET", "/v1/videos/"+link, nil)
		s.call(404, "", "GET", "/v1/videos/"+followers, nil)
		s.call(404, "rosa", "GET", "/media/videos/"+followers+"/master.m3u8", nil)
		if n := count("") + count("rosa"); n != 0 {
			t.Errorf("%d videos are listed for everybody", n)
		}
		s.call(200, "rosa", "PUT", "/v1/shops/"+s.shop.ID+"/follow", nil)
		s.call(200, "rosa", "GET", "/v1/videos/"+followers, nil)
		res := s.send("rosa", "GET", "/media/videos/"+followers+"/master.m3u8", nil)
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private") {
			t.Errorf("a follower gets %s, cached %q", res.Status, res.Header.Get("Cache-Control"))
		}
		if n := count("rosa"); n != 1 {
			t.Errorf("%d videos are listed for a follower", n)
		}
		for c := range s.app.Videos.Eligible(t.Context()) {
			t.Errorf("a feed gets %s", c.ID)
		}
		s.call(200, "marlow", "PATCH", s.base()+"/"+link, object{"visibility": "public", "ad": true})
		if v := s.call(200, "", "GET", "/v1/videos/"+link, nil); v["labels"].(object)["ad"] != true || count("") != 1 {
			t.Errorf("labels %v, %d listed", v["labels"], count(""))
		}
		for _, bad := range []object{{"visibility": "nobody"}, {"products": []string{"prd_none"}}, {"show": "shw_none"}, {"rights": object{"kind": "licensed"}}, {"language": "<b>"}, {"caption": strings.Repeat("a", 501)}} {
			res := s.send("marlow", "PATCH", s.base()+"/"+link, strings.NewReader(must(json.Marshal(bad))), "Content-Type", "application/json")
			if res.StatusCode != 422 && res.StatusCode != 404 {
				t.Errorf("%v is taken: %s", bad, res.Status)
			}
		}
		s.call(404, "rosa", "PATCH", s.base()+"/"+link, object{"ad": false})
		s.call(404, "rosa", "GET", s.base(), nil)
	})
}

func must(b []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestVideoWaitsForItsHour(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 3, Size: "160x120"}, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		first := s.posted(film, nil)
		second := s.posted(film, object{"trim": object{"from_ms": 1000}})
		s.call(200, "marlow", "POST", s.base()+"/"+first+"/publish", object{"at": s.now().Add(time.Hour)})
		s.work()
		mine := s.call(200, "marlow", "GET", s.base()+"/"+first, nil)
		if mine["state"] != "scheduled" || mine["publish_at"] == nil {
			t.Errorf("planned: %v", mine)
		}
		s.call(404, "", "GET", "/v1/videos/"+first, nil)
		s.call(200, "marlow", "POST", s.base()+"/"+first+"/publish", object{"at": s.now().Add(2 * time.Hour)})
		s.set(s.now().Add(time.Hour + time.Minute))
		s.work()
		s.call(404, "", "GET", "/v1/videos/"+first, nil) // it was planned anew
		s.set(s.now().Add(time.Hour))
		s.work()
		s.call(200, "", "GET", "/v1/videos/"+first, nil)
		s.call(422, "marlow", "POST", s.base()+"/"+second+"/publish", object{"at": s.now().AddDate(2, 0, 0)})

		// The other is made of the same file: its uploader is told, and so is the feed.
		s.call(200, "marlow", "POST", s.base()+"/"+second+"/publish", object{})
		mine = s.call(200, "marlow", "GET", s.base()+"/"+second, nil)
		if mine["duplicate_of"] != first || mine["duration_ms"].(float64) > 2200 {
			t.Errorf("duplicate of %v, %v ms", mine["duplicate_of"], mine["duration_ms"])
		}
		n := 0
		for c := range s.app.Videos.Eligible(t.Context()) {
			if n++; (c.DuplicateOf == first) != (c.ID == second) {
				t.Errorf("candidate %+v", c)
			}
		}
		if n != 2 {
			t.Errorf("%d candidates", n)
		}
		was := mine["cover"].(object)["url"]
		mine = s.call(200, "marlow", "POST", s.base()+"/"+second+"/cover", object{"second": 1.5})
		if is := mine["cover"].(object)["url"].(string); is == was || len(s.get(is)) < 500 {
			t.Errorf("cover %v, was %v", is, was)
		}
		s.call(422, "marlow", "POST", s.base()+"/"+second+"/cover", object{"second": 99})
	})
}

func TestFileThatIsNoFilmIsRefusedInWords(t *testing.T) {
	s := newStall(t, "")
	tone := codectest.Read(t, codectest.Clip{Seconds: 1, NoVideo: true}, "tone.m4a")
	for problem, file := range map[string][]byte{"video.format": []byte("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"), "video.no_picture": tone, "video.broken": tone[:64]} {
		id := s.posted(file, nil)
		s.work()
		v := s.call(200, "marlow", "GET", s.base()+"/"+id, nil)
		if v["state"] != "failed" || v["problem"] != problem || v["problem_detail"] == nil {
			t.Errorf("state %v, problem %v, want %s", v["state"], v["problem"], problem)
		}
		s.call(409, "marlow", "POST", s.base()+"/"+id+"/publish", object{})
		s.call(204, "marlow", "DELETE", s.base()+"/"+id, nil)
	}
	s.call(404, "marlow", "POST", s.base(), object{"upload": "upl_00000000000000000000000000"})
}

// TestFilmIsMadeAfterACrash cuts the work off half-way, again and again, and wants
// one whole film and nothing else left.
func TestFilmIsMadeAfterACrash(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 12, Size: "640x360"}, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		id := s.posted(film, nil)
		for range 4 { // more often than a bad file is tried
			s.cutOff(id)
			s.set(s.now().Add(time.Hour))
		}
		s.work()
		v := s.call(200, "marlow", "GET", s.base()+"/"+id, nil)
		if v["state"] != "draft" {
			t.Fatalf("after the crash: %v", v)
		}
		var keys []string
		for info, err := range s.app.Blobs().List(t.Context(), "video/") {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, info.Key)
		}
		if len(keys) != 3 { // a playlist, a film and the small pictures: no source, no halves
			t.Errorf("left over: %v", keys)
		}
		if left, _ := os.ReadDir(s.data + "/work"); len(left) > 0 {
			t.Errorf("left in the work folder: %v", left)
		}
	})
}

// cutOff ends the work on a video in the middle.
func (s *stall) cutOff(id string) {
	s.t.Helper()
	ctx, kill := context.WithCancel(s.t.Context())
	defer kill()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.app.Work(ctx)
	}()
	for begun := false; ; {
		v := s.call(200, "marlow", "GET", s.base()+"/"+id, nil)
		progress := v["progress"].(float64)
		begun = begun || progress == 0 // what the last attempt told is forgotten
		if begun && progress >= 1 {
			break
		}
		select {
		case <-ended:
			s.t.Fatalf("the film was not cut off: %v", v)
		default:
		}
	}
	kill()
	<-ended
}

func TestClipOfAShowHasItsProducts(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 6, Size: "320x240"}, "a.mp4", "-movflags", "empty_moov+default_base_moof+frag_keyframe")
	eachStall(t, func(s *stall) {
		t := s.t
		ctx := t.Context()
		if _, err := s.app.Shows.SetBag(ctx, s.shop.ID, s.show.ID, []show.Item{{Number: 1, Product: s.product.ID}}); err != nil {
			t.Fatal(err)
		}
		begun := s.now()
		if _, err := s.app.Shows.Start(ctx, s.shop.ID, s.show.ID); err != nil {
			t.Fatal(err)
		}
		s.set(s.now().Add(3 * time.Second))
		if _, err := s.app.Shows.Explain(ctx, s.shop.ID, s.show.ID, 1); err != nil {
			t.Fatal(err)
		}
		dir := s.data + "/recordings/" + s.show.ID
		if err := os.MkdirAll(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		init := bytes.Index(film, []byte("moof")) - 4
		index := fmt.Sprintf(`{"t":"init","run":0,"size":%d}`+"\n"+`{"t":"part","run":0,"offset":%d,"size":%d,"duration_ns":6000000000,"key":true,"wall_ms":%d}`+"\n"+`{"t":"end"}`+"\n",
			init, init, len(film)-init, begun.UnixMilli())
		for name, b := range map[string][]byte{"index.jsonl": []byte(index), "00000.mp4": film} {
			if err := os.WriteFile(dir+"/"+name, b, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		clips := "/v1/merchant/shops/" + s.shop.ID + "/shows/" + s.show.ID + "/clips"
		before := s.call(201, "marlow", "POST", clips, object{"from_second": 0.5, "to_second": 2.5, "caption": "Good morning"})
		with := s.call(201, "marlow", "POST", clips, object{"from_second": 2, "to_second": 4.5})
		for _, bad := range []object{{"from_second": 3, "to_second": 3.5}, {"from_second": 5, "to_second": 60}} {
			if v := s.call(422, "marlow", "POST", clips, bad); v["code"] != "video.clip" {
				t.Errorf("%v: %v", bad, v["code"])
			}
		}
		s.call(404, "rosa", "POST", clips, object{"from_second": 2, "to_second": 4})
		s.work()
		for clip, want := range map[string][2]float64{before["id"].(string): {2000, 0}, with["id"].(string): {2500, 1}} {
			v := s.call(200, "marlow", "GET", s.base()+"/"+clip, nil)
			if d := v["duration_ms"].(float64) - want[0]; v["state"] != "draft" || d < -60 || d > 60 || float64(len(v["products"].([]any))) != want[1] {
				t.Errorf("clip %v of %v ms with %v", v["state"], v["duration_ms"], v["products"])
			}
		}
	})
}
