package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/hls/hlstest"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/media/rtmp"
	"github.com/openstall/openstall/internal/media/stream"
)

// notes is an observer of recordings.
type notes chan string

func (n notes) Stopped(recording string, err error) {
	n <- fmt.Sprintf("stopped %s: %v", recording, err)
}
func (n notes) Resumed(recording string)  { n <- "resumed " + recording }
func (n notes) Finished(recording string) { n <- "finished " + recording }

// studio is the media wing from the RTMP port to the disk.
type studio struct {
	reg   *stream.Registry
	store *record.Store
	push  string
	web   *httptest.Server
	heard notes
	close func()
}

func open(t testing.TB, dir string, cfg record.Config) *studio {
	t.Helper()
	s := &studio{heard: make(notes, 10)}
	cfg.Dir, cfg.Observer = dir, s.heard
	cfg.Log = slog.New(slog.DiscardHandler)
	var err error
	if s.store, err = record.New(cfg); err != nil {
		t.Fatal(err)
	}
	if err := s.store.RecoverAll(); err != nil {
		t.Fatal(err)
	}
	live := hls.New(hls.Config{Sink: s.store.Sink})
	s.reg = stream.NewRegistry(stream.Config{Attach: []func(*stream.Stream){live.Attach}})
	server := rtmp.New(s.reg, func(context.Context, stream.Claim) (stream.Ticket, error) {
		return stream.Ticket{Stream: "show", Holder: "host", Options: stream.Options{Recording: "rec_1", PartTarget: 200 * time.Millisecond}}, nil
	}, rtmp.Config{Log: cfg.Log})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	s.push = "rtmp://" + l.Addr().String() + "/live/key"
	s.web = httptest.NewServer(s.store)
	closed := false
	s.close = func() {
		if closed {
			return
		}
		closed = true
		cancel()
		if err := <-served; err != nil {
			t.Errorf("rtmp: %v", err)
		}
		s.reg.Close()
		live.Close()
		s.store.Close()
		s.web.Close()
	}
	t.Cleanup(s.close)
	return s
}

// shoot publishes a film and waits until the stream misses its publisher.
func (s *studio) shoot(t testing.TB, film []byte) {
	t.Helper()
	c, err := rtmp.Dial(t.Context(), s.push)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Push(t.Context(), bytes.NewReader(film), 0); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	until(t, "the publisher is missed", func() bool {
		st, ok := s.reg.Get("show")
		if !ok {
			return false
		}
		now := st.Stats() // a publisher that returned has the stream away until its first frame
		return now.State == stream.Away && now.Protocol == ""
	})
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (s *studio) end(t testing.TB) {
	t.Helper()
	st, ok := s.reg.Get("show")
	if !ok {
		t.Fatal("no stream")
	}
	st.End()
	if got := <-s.heard; got != "finished rec_1" {
		t.Fatalf("heard %q", got)
	}
}

// play decodes the replay over HTTP and returns how many pictures it has.
func (s *studio) play(t testing.TB) int {
	t.Helper()
	url := s.web.URL + "/replay/rec_1/index.m3u8"
	codectest.Run(t, "-i", url, "-f", "null", "-")
	out := codectest.Probe(t, "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", url)
	n := 0
	_, err := fmt.Sscan(strings.TrimSpace(strings.Split(out, "\n")[0]), &n)
	if err != nil {
		t.Fatalf("ffprobe says %q", out)
	}
	return n
}

func (s *studio) playlist(t testing.TB) *hlstest.Playlist {
	t.Helper()
	resp, err := http.Get(s.web.URL + "/replay/rec_1/index.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil || resp.StatusCode != 200 {
		t.Fatalf("playlist: %d, %v", resp.StatusCode, err)
	}
	p, err := hlstest.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheReplayIsReadyWhenTheShowEnds(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), record.Config{RunLength: time.Second})
	s.shoot(t, codectest.Read(t, codectest.Clip{Seconds: 4, BFrames: 2}, "a.flv"))
	s.end(t)
	ended := time.Now()
	p := s.playlist(t)
	if took := time.Since(ended); took > time.Second || !p.Ended {
		t.Errorf("the replay took %v, ended %v", took, p.Ended)
	}
	var length time.Duration
	for _, seg := range p.Segments {
		if seg.Discontinuity {
			t.Error("a discontinuity without a gap")
		}
		length += seg.Duration
	}
	if (length - 4*time.Second).Abs() > 100*time.Millisecond {
		t.Errorf("the replay lasts %v", length)
	}
	if n := s.play(t); n < 119 || n > 120 {
		t.Errorf("%d pictures, want 120", n)
	}
	index, err := s.store.Open("rec_1")
	if err != nil || (index.Duration()-length).Abs() > time.Millisecond {
		t.Errorf("the index says %v, %v", index.Duration(), err)
	}
}

func TestGapsAreMarkedAndSkipped(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), record.Config{})
	film := codectest.Read(t, codectest.Clip{Seconds: 2}, "a.flv")
	s.shoot(t, film)
	<-time.After(1500 * time.Millisecond)
	s.shoot(t, film)
	s.end(t)
	index, err := s.store.Open("rec_1")
	if err != nil {
		t.Fatal(err)
	}
	gaps := index.Gaps()
	if len(gaps) != 1 || (gaps[0].Length-1500*time.Millisecond).Abs() > 200*time.Millisecond || (gaps[0].At-2*time.Second).Abs() > 100*time.Millisecond {
		t.Fatalf("gaps %+v", gaps)
	}
	breaks := 0
	for _, seg := range s.playlist(t).Segments {
		if seg.Discontinuity {
			breaks++
		}
	}
	if breaks != 1 {
		t.Errorf("%d discontinuities", breaks)
	}
	if n := s.play(t); n < 118 || n > 120 {
		t.Errorf("%d pictures, want 120", n)
	}

	start := index.Start()
	for _, tt := range []struct {
		name string
		wall time.Time
		want time.Duration
		ok   bool
	}{
		{"before the show", start.Add(-time.Second), 0, false},
		{"in the first half", start.Add(time.Second), time.Second, true},
		{"in the gap", gaps[0].Wall.Add(time.Second), gaps[0].At, true},
		{"in the second half", gaps[0].Wall.Add(gaps[0].Length + time.Second), gaps[0].At + time.Second, true},
		{"after the show", start.Add(time.Hour), index.Duration(), false},
	} {
		got, ok := index.OffsetAt(tt.wall)
		if ok != tt.ok || (got-tt.want).Abs() > 2*time.Millisecond {
			t.Errorf("%s: %v, %v, want %v", tt.name, got, ok, tt.want)
		}
	}
	for at := time.Duration(0); at < index.Duration(); at += 7 * time.Millisecond {
		wall, ok := index.WallAt(at)
		back, ok2 := index.OffsetAt(wall)
		if !ok || !ok2 || (back-at).Abs() > time.Millisecond {
			t.Fatalf("%v is %v is %v", at, wall, back)
		}
	}
}

func TestARestartIsAGap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	film := codectest.Read(t, codectest.Clip{Seconds: 1.5}, "a.flv")
	first := open(t, dir, record.Config{})
	first.shoot(t, film)
	first.close()
	second := open(t, dir, record.Config{})
	if p := second.playlist(t); p.Ended {
		t.Error("a recording cut off by a restart counts as finished")
	}
	second.shoot(t, film)
	second.end(t)
	index, err := second.store.Open("rec_1")
	if err != nil || len(index.Gaps()) != 1 || !index.Ended {
		t.Fatalf("gaps %+v, ended %v, %v", index.Gaps(), index.Ended, err)
	}
	if n := second.play(t); n < 88 || n > 90 {
		t.Errorf("%d pictures, want 90", n)
	}
}

func TestAShowThatEndsWhileNobodyPublishesIsFinished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir, record.Config{})
	first.shoot(t, codectest.Read(t, codectest.Clip{Seconds: 1}, "a.flv"))
	first.close()
	second := open(t, dir, record.Config{})
	for range 2 {
		if err := second.store.Finish("rec_1"); err != nil {
			t.Fatal(err)
		}
	}
	if p := second.playlist(t); !p.Ended {
		t.Error("the replay has no end")
	}
	if err := second.store.Finish("rec_2"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("an unknown recording: %v", err)
	}
}

func TestPosters(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), record.Config{})
	s.shoot(t, codectest.Read(t, codectest.Clip{Seconds: 2.5}, "a.flv"))
	s.end(t)
	seen := map[string]bool{}
	for _, at := range []time.Duration{0, 1200 * time.Millisecond, 2 * time.Second, time.Hour, -time.Second} {
		jpeg, err := s.store.Poster(t.Context(), "rec_1", at)
		if err != nil || !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8}) {
			t.Errorf("at %v: %d bytes, %v", at, len(jpeg), err)
		}
		seen[string(jpeg)] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d different pictures, want 4", len(seen))
	}
}

func TestNobodyLeavesTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "00000.mp4"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := record.New(record.Config{Dir: filepath.Join(dir, "recordings")})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/replay/../00000.mp4", "/replay/..%2f/00000.mp4", "/replay//00000.mp4", "/replay/x/../../00000.mp4", "/replay/./00000.mp4",
		"/replay/rec/index.jsonl", "/replay/rec/0.mp4", "/replay/rec/-0001.mp4", "/replay/rec/00000.mp4/x", "/replay/rec",
	} {
		w := httptest.NewRecorder()
		store.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, name := range []string{"..", "a/b", ""} {
		if _, err := store.Open(name); !errors.Is(err, record.ErrBadName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTheGateGuardsPlaylistAndRuns(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), record.Config{Gate: func(*http.Request, string) error { return errors.New("no") }})
	s.shoot(t, codectest.Read(t, codectest.Clip{Seconds: 1}, "a.flv"))
	for _, file := range []string{"index.m3u8", "00000.mp4"} {
		resp, err := http.Get(s.web.URL + "/replay/rec_1/" + file)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", file, resp.StatusCode)
		}
	}
}
