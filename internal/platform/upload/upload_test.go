package upload_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/platform/upload"
	"github.com/openstall/openstall/internal/platform/web"
)

// dock is a store behind a real socket; who asks is named by a header.
type dock struct {
	t     *testing.T
	store *upload.Store
	url   string
	free  atomic.Int64
	now   atomic.Int64 // seconds behind the real clock
	dir   string
}

func open(t *testing.T, cfg upload.Config) *dock {
	t.Helper()
	d := &dock{t: t, dir: t.TempDir()}
	d.free.Store(1 << 40)
	cfg.Dir, cfg.Free, cfg.Log = d.dir, d.free.Load, slog.New(slog.DiscardHandler)
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(d.now.Load()) * time.Second) }
	var err error
	if d.store, err = upload.Open(cfg); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	d.store.Mount(mux)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(web.WithIdentity(r.Context(), web.Identity{Person: r.Header.Get("Who")})))
	}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (d *dock) send(method, path string, body io.Reader, header ...string) *http.Response {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Who", "rosa")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func (d *dock) create(size int) string {
	d.t.Helper()
	res := d.send("POST", upload.Path, nil, "Upload-Length", fmt.Sprint(size), "Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte("../../etc/passwd"))+",filetype dmlkZW8vbXA0")
	if res.StatusCode != http.StatusCreated || res.Header.Get("Upload-Expires") == "" {
		d.t.Fatalf("create: %s, expires %q", res.Status, res.Header.Get("Upload-Expires"))
	}
	return res.Header.Get("Location")
}

func (d *dock) patch(at string, offset int, body io.Reader, header ...string) *http.Response {
	d.t.Helper()
	return d.send("PATCH", at, body, append([]string{"Upload-Offset", fmt.Sprint(offset), "Content-Type", "application/offset+octet-stream"}, header...)...)
}

func (d *dock) offset(at string) string {
	d.t.Helper()
	return d.send("HEAD", at, nil).Header.Get("Upload-Offset")
}

func (d *dock) read(at string) string {
	d.t.Helper()
	f, _, err := d.store.File("rosa", strings.TrimPrefix(at, upload.Path+"/"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

func TestFileArrivesInPieces(t *testing.T) {
	d := open(t, upload.Config{})
	at := d.create(10)
	if got := d.offset(at); got != "0" {
		t.Errorf("offset %q at first", got)
	}
	if res := d.patch(at, 0, strings.NewReader("01234")); res.StatusCode != 204 || res.Header.Get("Upload-Offset") != "5" {
		t.Errorf("first piece: %s, offset %s", res.Status, res.Header.Get("Upload-Offset"))
	}
	if _, _, err := d.store.File("rosa", strings.TrimPrefix(at, upload.Path+"/")); !errors.Is(err, upload.ErrOpen) {
		t.Errorf("half a file: %v", err)
	}
	if res := d.patch(at, 0, strings.NewReader("01234")); res.StatusCode != 409 {
		t.Errorf("the same piece again: %s", res.Status)
	}
	if res := d.patch(at, 5, strings.NewReader("56789")); res.StatusCode != 204 {
		t.Errorf("second piece: %s", res.Status)
	}
	if got := d.read(at); got != "0123456789" {
		t.Errorf("the file is %q", got)
	}
	if res := d.send("DELETE", at, nil); res.StatusCode != 204 {
		t.Errorf("delete: %s", res.Status)
	}
	if res := d.send("HEAD", at, nil); res.StatusCode != 404 {
		t.Errorf("after that: %s", res.Status)
	}
	if left, _ := os.ReadDir(d.dir); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// half is a body that sends some bytes and then says nothing until it is closed.
type half struct {
	*bytes.Reader
	gone chan struct{}
}

func (h half) Read(b []byte) (int, error) {
	if h.Len() > 0 {
		return h.Reader.Read(b)
	}
	<-h.gone
	return 0, io.ErrUnexpectedEOF
}

// TestDeadLineDoesNotBarTheNext leaves a request hanging, as a phone does that
// went into a tunnel, and goes on from where it was on another.
func TestDeadLineDoesNotBarTheNext(t *testing.T) {
	d := open(t, upload.Config{})
	file := bytes.Repeat([]byte("abcdefgh"), 1<<15)
	at := d.create(len(file))
	body := half{bytes.NewReader(file[:100_000]), make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		req, _ := http.NewRequest("PATCH", d.url+at, body)
		for k, v := range map[string]string{"Tus-Resumable": "1.0.0", "Who": "rosa", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"} {
			req.Header.Set(k, v)
		}
		req.ContentLength = int64(len(file))
		res, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
		}
		ended <- err
	}()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	arrived := func() int64 {
		i, err := d.store.Get("rosa", strings.TrimPrefix(at, upload.Path+"/"))
		if err != nil {
			t.Fatal(err)
		}
		return i.Offset
	}
	for arrived() == 0 {
		<-tick.C
	}
	var offset int
	if _, err := fmt.Sscan(d.offset(at), &offset); err != nil || offset == 0 {
		t.Fatalf("offset %d, %v", offset, err)
	}
	if res := d.patch(at, offset, bytes.NewReader(file[offset:])); res.StatusCode != 204 {
		t.Fatalf("going on at %d: %s", offset, res.Status)
	}
	close(body.gone)
	<-ended
	if got := d.read(at); got != string(file) {
		t.Errorf("the file has %d bytes and is not what was sent", len(got))
	}
}

func TestBrokenLineKeepsWhatArrived(t *testing.T) {
	d := open(t, upload.Config{})
	at := d.create(1000)
	c, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "PATCH %s HTTP/1.1\r\nHost: x\r\nWho: rosa\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 1000\r\n\r\n%s", at, strings.Repeat("x", 300))
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
	_ = c.Close()
	if got := d.offset(at); got != "300" {
		t.Errorf("offset %q, want 300", got)
	}
}

func TestUploadsAreTheirOwners(t *testing.T) {
	d := open(t, upload.Config{})
	at := d.create(4)
	for _, who := range []string{"mallory", ""} {
		want := 404
		if who == "" {
			want = 401
		}
		for _, res := range []*http.Response{d.send("HEAD", at, nil, "Who", who), d.send("DELETE", at, nil, "Who", who), d.patch(at, 0, strings.NewReader("evil"), "Who", who)} {
			if res.StatusCode != want {
				t.Errorf("%q %s: %s, want %d", who, res.Request.Method, res.Status, want)
			}
		}
	}
	for _, id := range []string{"..", "upl_", "upl_../../../../../etc/pass", "x"} {
		if _, err := d.store.Get("rosa", id); !errors.Is(err, upload.ErrNotFound) {
			t.Errorf("Get(%q) = %v", id, err)
		}
	}
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	d := open(t, upload.Config{MaxSize: 1000, MaxOpen: 2, KeepFree: 500})
	for header, want := range map[string]int{"1001": 413, "0": 422, "-1": 422, "": 422, "1e3": 422, "99999999999999999999": 422} {
		if res := d.send("POST", upload.Path, nil, "Upload-Length", header); res.StatusCode != want {
			t.Errorf("length %q: %s, want %d", header, res.Status, want)
		}
	}
	if res := d.send("POST", upload.Path, nil, "Upload-Length", "5", "Upload-Metadata", "filename *"); res.StatusCode != 422 {
		t.Errorf("metadata that is not Base64: %s", res.Status)
	}
	if res := d.send("POST", upload.Path, nil, "Upload-Length", "5", "Tus-Resumable", "0.2.2"); res.StatusCode != 412 || res.Header.Get("Tus-Version") != "1.0.0" {
		t.Errorf("another version: %s", res.Status)
	}
	d.free.Store(1400)
	if res := d.send("POST", upload.Path, nil, "Upload-Length", "1000"); res.StatusCode != 503 {
		t.Errorf("no room: %s", res.Status)
	}
	d.free.Store(1 << 20)
	at := d.create(5)
	if res := d.patch(at, 0, strings.NewReader("123456")); res.StatusCode != 413 {
		t.Errorf("a byte more than was said: %s", res.Status)
	}
	if got := d.read(at); got != "12345" {
		t.Errorf("kept %q", got)
	}
	if res := d.patch(d.create(5), 0, strings.NewReader("12"), "Content-Type", "video/mp4"); res.StatusCode != 415 {
		t.Errorf("another type: %s", res.Status)
	}
	if res := d.send("POST", upload.Path, nil, "Upload-Length", "5"); res.StatusCode != 429 {
		t.Errorf("the third at once: %s", res.Status)
	}
	if res := d.send("POST", upload.Path, nil, "Upload-Length", "5", "Who", "marlow"); res.StatusCode != 201 {
		t.Errorf("the first of another: %s", res.Status)
	}
}

func TestUploadsEnd(t *testing.T) {
	d := open(t, upload.Config{Keep: time.Hour})
	old, other := d.create(4), d.create(4)
	stray := d.dir + "/notes.txt"
	if err := os.WriteFile(stray, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := d.store.Sweep(); err != nil || d.offset(other) != "0" {
		t.Errorf("young uploads: %v", err)
	}
	d.now.Store(3601)
	if res := d.send("HEAD", old, nil); res.StatusCode != 404 {
		t.Errorf("an old upload: %s", res.Status)
	}
	if err := d.store.Sweep(); err != nil {
		t.Error(err)
	}
	left, _ := os.ReadDir(d.dir)
	if len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Errorf("left over: %v", left)
	}
}

func TestServerSaysWhatItSpeaks(t *testing.T) {
	h := open(t, upload.Config{}).send("OPTIONS", upload.Path, nil).Header
	if h.Get("Tus-Version") != "1.0.0" || h.Get("Tus-Extension") != "creation,termination,expiration" || h.Get("Tus-Max-Size") != "2147483648" {
		t.Errorf("options %v", h)
	}
}
