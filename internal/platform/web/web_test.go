package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/web"
)

var errTaken = errs.New(errs.Conflict, "webtest.taken", "Taken.", "测试。")

type hello struct {
	Name string `json:"name" minLength:"1" maxLength:"5"`
}

func server(t *testing.T) *httptest.Server {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	mux := http.NewServeMux()
	api := web.NewAPI(mux, quiet, "test")
	web.Handle(api, web.Anyone, "POST /v1/hello", "hello", "Says hello", func(ctx context.Context, in *struct{ Body hello }) (*web.Out[hello], error) {
		switch in.Body.Name {
		case "taken":
			return nil, errTaken
		case "boom":
			return nil, errors.New("secret cause")
		case "panic":
			panic("x")
		}
		return &web.Out[hello]{Body: hello{Name: web.ClientIP(ctx)}}, nil
	}, web.MaxBody(100))
	web.Handle(api, web.SignedIn, "GET /v1/mine", "mine", "Mine", func(ctx context.Context, _ *web.None) (*web.Out[hello], error) {
		return web.Answer(hello{Name: web.Who(ctx).Person}, nil)
	})
	web.Handle(api, web.Operators, "GET /v1/all", "all", "All", func(context.Context, *web.None) (*web.Out[hello], error) {
		return web.Answer(hello{}, nil)
	})
	h := web.Wrap(web.Config{
		Log: quiet, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Identify: func(_ http.ResponseWriter, r *http.Request) web.Identity {
			return web.Identity{Person: r.Header.Get("X-Test-Person")}
		},
	}, mux)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func call(t *testing.T, s *httptest.Server, method, path, body string, header ...string) (int, web.Problem, http.Header) {
	t.Helper()
	req, _ := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p web.Problem
	_ = json.NewDecoder(res.Body).Decode(&p)
	return res.StatusCode, p, res.Header
}

func TestErrorsAreProblemDocuments(t *testing.T) {
	s := server(t)
	for _, tt := range []struct {
		name, body   string
		status       int
		code, detail string
	}{
		{"a declared problem", `{"name":"taken"}`, 409, "webtest.taken", "Taken."},
		{"our fault shows no cause", `{"name":"boom"}`, 500, "server.error", "Something went wrong on our side."},
		{"a panic is our fault", `{"name":"panic"}`, 500, "server.error", "Something went wrong on our side."},
		{"wrong input names the field", `{"name":"much too long"}`, 422, "input.invalid", errs.ErrInvalid.Message},
		{"not JSON", `{`, 400, "input.malformed", web.ErrMalformed.Message},
		{"too many bytes", `{"name":"` + strings.Repeat("a", 200) + `"}`, 413, "limit.too_large", web.ErrTooLarge.Message},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, p, h := call(t, s, "POST", "/v1/hello", tt.body)
			if status != tt.status || p.Code != tt.code || p.Detail != tt.detail || p.RequestID == "" || h.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %+v (%s)", status, p, h.Get("Content-Type"))
			}
		})
	}
}

func TestGuards(t *testing.T) {
	s := server(t)
	if status, p, _ := call(t, s, "GET", "/v1/mine", ""); status != 401 || p.Code != "auth.sign_in" {
		t.Errorf("nobody: %d %+v", status, p)
	}
	if status, _, _ := call(t, s, "GET", "/v1/mine", "", "X-Test-Person", "p1"); status != 200 {
		t.Errorf("somebody: %d", status)
	}
	if status, _, _ := call(t, s, "GET", "/v1/all", "", "X-Test-Person", "p1"); status != 404 {
		t.Errorf("not an operator: %d, want 404", status)
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	s := server(t)
	for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if status, p, _ := call(t, s, "POST", "/v1/hello", `{"name":"x"}`, h...); status != 403 || p.Code != "auth.origin" {
			t.Errorf("%v: %d %+v", h, status, p)
		}
	}
	if status, _, _ := call(t, s, "POST", "/v1/hello", `{"name":"x"}`, "Origin", s.URL); status != 200 {
		t.Errorf("own origin: %d", status)
	}
}

func TestTrustedProxyNamesTheClient(t *testing.T) {
	s := server(t)
	req, _ := http.NewRequest("POST", s.URL+"/v1/hello", strings.NewReader(`{"name":"x"}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 127.0.0.1")
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got hello
	_ = json.NewDecoder(res.Body).Decode(&got)
	if got.Name != "203.0.113.9" {
		t.Errorf("client = %q, want the last hop that is not ours", got.Name)
	}
}

func TestLimiterRefillsWithTime(t *testing.T) {
	now := time.Unix(0, 0)
	l := web.NewLimiter(time.Second, 2, func() time.Time { return now })
	for i, want := range []bool{true, true, false} {
		if got := l.Allow("a") == nil; got != want {
			t.Errorf("call %d allowed: %v", i, got)
		}
	}
	if l.Allow("b") != nil {
		t.Error("another key shares the bucket")
	}
	now = now.Add(time.Second)
	if l.Allow("a") != nil || l.Allow("a") == nil {
		t.Error("one second should bring one token")
	}
}

func TestStaticServesTheAppForItsRoutes(t *testing.T) {
	h, err := web.Static(fstest.MapFS{
		"index.html": {Data: []byte("<html>")}, "assets/a-1.js": {Data: []byte("js")}, "assets/a-1.js.br": {Data: []byte("brotli")},
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := get("/orders/ord_1"); w.Code != 200 || w.Body.String() != "<html>" || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("route: %d %q", w.Code, w.Body)
	}
	if w := get("/assets/a-1.js", "Accept-Encoding", "gzip, br"); w.Body.String() != "brotli" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("asset: %q %v", w.Body, w.Header())
	}
	if w := get("/assets/gone.js"); w.Code != 404 {
		t.Errorf("missing asset: %d", w.Code)
	}
	tag := get("/").Header().Get("ETag")
	if w := get("/", "If-None-Match", tag); w.Code != 304 {
		t.Errorf("same tag: %d", w.Code)
	}
}

type inner struct {
	Seen bool `json:"seen"`
}

type Outer struct {
	inner
}

type Nullable struct {
	Always *hello `json:"always"`
	Often  *hello `json:"often,omitempty"`
}

func TestViewThatHidesFieldsFromTheDocumentIsRefused(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "inner") {
			t.Errorf("an unexported embedded struct was taken: %v", r)
		}
	}()
	api := web.NewAPI(http.NewServeMux(), slog.New(slog.DiscardHandler), "test")
	web.Handle(api, web.Anyone, "GET /v1/outer", "outer", "Outer", func(context.Context, *web.None) (*web.Out[Outer], error) { return nil, nil })
}

func TestDocumentTellsWhichObjectsAreNull(t *testing.T) {
	api := web.NewAPI(http.NewServeMux(), slog.New(slog.DiscardHandler), "test")
	web.Handle(api, web.Anyone, "GET /v1/nullable", "nullable", "Nullable", func(context.Context, *web.None) (*web.Out[Nullable], error) { return nil, nil })
	doc, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	_, view, _ := strings.Cut(string(doc), "Nullable:\n")
	view, _, _ = strings.Cut(view, "type: object")
	if strings.Count(view, `type: "null"`) != 1 || strings.Index(view, "null") > strings.Index(view, "often:") {
		t.Errorf("always is null at times and often never:\n%s", view)
	}
}

func TestAProblemComesInTheLanguageAskedFor(t *testing.T) {
	for accept, want := range map[string]string{"zh-CN,zh;q=0.9,en;q=0.8": "请先登录。", "en-GB": "Sign in first.", "": "Sign in first.", "fr, zh": "请先登录。"} {
		var told string
		web.Wrap(web.Config{Log: slog.New(slog.DiscardHandler)}, muxOf(func(w http.ResponseWriter, r *http.Request) {
			told = web.ProblemOf(r.Context(), web.ErrUnauthorised).Detail
		})).ServeHTTP(httptest.NewRecorder(), requestIn(accept))
		if told != want {
			t.Errorf("%q is told %q, want %q", accept, told, want)
		}
	}
}

func muxOf(h http.HandlerFunc) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/", h)
	return mux
}

func requestIn(language string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Language", language)
	return r
}

func TestAHalfTableIsNoTable(t *testing.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		web.Table(w, r, quiet, "goods.csv", func(w io.Writer) error {
			io.WriteString(w, strings.Repeat("a,b\n", 10_000))
			if r.URL.Path == "/broken" {
				return errors.New("the store is gone")
			}
			return nil
		})
	})
	identify := func(http.ResponseWriter, *http.Request) web.Identity { return web.Identity{} }
	s := httptest.NewServer(web.Wrap(web.Config{Log: quiet, Identify: identify}, mux))
	t.Cleanup(s.Close)
	get := func(path string) (*http.Response, int, error) {
		t.Helper()
		res, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res, len(body), err
	}
	res, n, err := get("/whole")
	if err != nil || n != 40_000 || res.Header.Get("Content-Type") != "text/csv; charset=utf-8" || res.Header.Get("Content-Disposition") != `attachment; filename="goods.csv"` {
		t.Errorf("%d bytes, %v, %v", n, res.Header, err)
	}
	if _, n, err := get("/broken"); err == nil {
		t.Errorf("a table that broke off came as whole, %d bytes", n)
	}
}

func TestUploadsLeaveNothingInTheTemporaryFolder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	quiet := slog.New(slog.DiscardHandler)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) == 0 {
			t.Errorf("the form is not in a file: %v", err)
		}
		if r.URL.Path == "/panic" {
			panic("x")
		}
	})
	s := httptest.NewServer(web.Wrap(web.Config{Log: quiet, Identify: func(http.ResponseWriter, *http.Request) web.Identity { return web.Identity{} }}, mux))
	t.Cleanup(s.Close)
	for _, path := range []string{"/", "/panic"} {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("file", "a.jpg")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(make([]byte, 20<<20))
		_ = w.Close()
		res, err := http.Post(s.URL+path, w.FormDataContentType(), &form)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
			t.Errorf("%s left %d files: %v", path, len(files), err)
		}
	}
}
