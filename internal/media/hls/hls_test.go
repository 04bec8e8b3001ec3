package hls_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/hls/hlstest"
	"github.com/openstall/openstall/internal/media/rtmp"
	"github.com/openstall/openstall/internal/media/stream"
)

var update = flag.Bool("update", false, "rewrite golden files")

// house is the media wing from the RTMP port to the HTTP port.
type house struct {
	reg  *stream.Registry
	hls  *hls.Server
	push string // RTMP address with key
	view string // HTTP address of the stream
}

func open(t testing.TB, opt stream.Options, cfg hls.Config) *house {
	t.Helper()
	h := &house{hls: hls.New(cfg)}
	h.reg = stream.NewRegistry(stream.Config{Attach: []func(*stream.Stream){h.hls.Attach}})
	server := rtmp.New(h.reg, func(context.Context, stream.Claim) (stream.Ticket, error) {
		return stream.Ticket{Stream: "show", Holder: "host", Options: opt}, nil
	}, rtmp.Config{Log: slog.New(slog.DiscardHandler)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	web := httptest.NewServer(h.hls)
	h.push = "rtmp://" + l.Addr().String() + "/live/key"
	h.view = web.URL + "/live/show/"
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("rtmp: %v", err)
		}
		h.reg.Close()
		h.hls.Close()
		web.Close()
	})
	return h
}

// stream waits for the stream.
func (h *house) stream(t testing.TB) *stream.Stream {
	t.Helper()
	until(t, "the stream exists", func() bool { _, ok := h.reg.Get("show"); return ok })
	s, _ := h.reg.Get("show")
	return s
}

// until polls for what has no event to wait for.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
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

// missed reports whether all that a publisher sent is there and it is gone: until
// its first frame the stream is away as before.
func missed(s *stream.Stream) bool {
	st := s.Stats()
	return st.State == stream.Away && st.Protocol == ""
}

// decode plays parts with ffmpeg and returns how many pictures and how much sound
// came out.
func decode(t testing.TB, file []byte) (pictures int, sound time.Duration) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "got.mp4")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	codectest.Run(t, "-i", path, "-f", "null", "-")
	for _, line := range strings.Fields(codectest.Probe(t, "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames,sample_rate", "-of", "csv=p=0", path)) {
		f := strings.Split(line, ",")
		n, _ := strconv.Atoi(f[len(f)-1])
		switch f[0] {
		case "h264":
			pictures = n
		case "aac":
			rate, _ := strconv.Atoi(f[1])
			sound = time.Duration(n) * 1024 * time.Second / time.Duration(rate)
		}
	}
	return pictures, sound
}

// follow watches the stream until it ends and returns what came.
func follow(t testing.TB, v *hlstest.Viewer, live bool) (got []hlstest.Got) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := v.Follow(ctx, live, func(g hlstest.Got) error {
		got = append(got, g)
		return nil
	}); err != nil {
		t.Errorf("viewer: %v after %d parts", err, len(got))
	}
	return got
}

// file joins parts from the first independent one on.
func file(parts []hlstest.Got) []byte {
	for len(parts) > 0 && !parts[0].Independent {
		parts = parts[1:]
	}
	if len(parts) == 0 {
		return nil
	}
	out := bytes.Clone(parts[0].Init)
	for _, p := range parts {
		out = append(out, p.Data...)
	}
	return out
}

func TestWhatEncodersSendPlays(t *testing.T) {
	for _, tt := range []struct {
		name string
		clip codectest.Clip
		part time.Duration
	}{
		{"plain", codectest.Clip{}, 0},
		{"short parts", codectest.Clip{}, 200 * time.Millisecond},
		{"B-frames and a keyframe every two seconds", codectest.Clip{BFrames: 2, GOP: 60}, 0},
		{"a keyframe every ten seconds", codectest.Clip{GOP: 300}, 0},
		{"25 frames, 44.1 kHz mono", codectest.Clip{FPS: "25", GOP: 25, Rate: 44100, Channels: 1}, 200 * time.Millisecond},
		{"29.97 frames", codectest.Clip{FPS: "30000/1001"}, 200 * time.Millisecond},
		{"picture only", codectest.Clip{NoAudio: true}, 0},
		{"sound only", codectest.Clip{NoVideo: true}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.clip.Seconds = 3
			h := open(t, stream.Options{PartTarget: tt.part, Grace: 100 * time.Millisecond}, hls.Config{})
			publisher := codectest.Publish(t, tt.clip, h.push)
			h.stream(t)
			got := follow(t, &hlstest.Viewer{Base: h.view, Skip: true}, false)
			if err := publisher.Wait(); err != nil {
				t.Errorf("ffmpeg: %v", err)
			}
			pictures, sound := decode(t, file(got))
			want := 90
			switch {
			case tt.clip.NoVideo:
				want = 0
			case tt.clip.FPS == "25":
				want = 75
			}
			if pictures < want-1 || pictures > want+1 {
				t.Errorf("%d pictures, want %d", pictures, want)
			}
			if !tt.clip.NoAudio && (sound-3*time.Second).Abs() > 100*time.Millisecond {
				t.Errorf("%v of sound", sound)
			}
			checkParts(t, got)
		})
	}
}

// checkParts looks at numbers and order.
func checkParts(t testing.TB, got []hlstest.Got) {
	t.Helper()
	for i, g := range got[1:] {
		p := got[i]
		if g.MSN == p.MSN && g.Index != p.Index+1 || g.MSN != p.MSN && (g.MSN != p.MSN+1 || g.Index != 0) {
			t.Errorf("part %d.%d follows %d.%d", g.MSN, g.Index, p.MSN, p.Index)
		}
	}
}

func TestAReturningPublisherContinuesThePlaylist(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{Grace: 8 * time.Second}, hls.Config{Hold: 500 * time.Millisecond})
	film := codectest.Read(t, codectest.Clip{Seconds: 2}, "a.flv")
	other := codectest.Read(t, codectest.Clip{Seconds: 2, Size: "640x360"}, "b.flv")
	publish := func(film []byte) {
		c, err := rtmp.Dial(t.Context(), h.push)
		if err != nil {
			t.Error(err)
			return
		}
		if err := c.Push(t.Context(), bytes.NewReader(film), 0); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
	var got []hlstest.Got
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		v := &hlstest.Viewer{Base: h.view, Skip: true}
		for {
			if _, _, err := v.Get(t.Context(), "index.m3u8"); err == nil {
				break
			}
		}
		got = follow(t, v, false)
	}()
	publish(film)
	s := h.stream(t)
	until(t, "the publisher is missed", func() bool { return missed(s) })
	gone := time.Now()
	<-time.After(time.Second)
	publish(film)
	until(t, "the publisher is missed again", func() bool { return missed(s) })
	publish(other)
	until(t, "the publisher is missed for the last time", func() bool { return missed(s) })
	s.End()
	<-watched
	var runs [][]hlstest.Got
	for i, g := range got {
		if i == 0 || g.Discontinuity {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], g)
	}
	if len(runs) != 3 {
		t.Fatalf("%d runs, want three", len(runs))
	}
	checkParts(t, got)
	if !bytes.Equal(runs[0][0].Init, runs[1][0].Init) {
		t.Error("equal tracks have two init segments")
	}
	if bytes.Equal(runs[1][0].Init, runs[2][0].Init) {
		t.Error("another picture size has the same init segment")
	}
	for i, run := range runs {
		pictures, _ := decode(t, file(run))
		if pictures < 59 || pictures > 60 {
			t.Errorf("run %d has %d pictures, want 60", i, pictures)
		}
		if !run[0].Independent {
			t.Errorf("run %d does not begin with a keyframe", i)
		}
	}
	if wait := runs[1][0].At.Sub(gone); wait < time.Second || wait > 2500*time.Millisecond {
		t.Errorf("the picture came back %v after it was lost", wait)
	}
}

// TestLateSoundJoinsAtAKeyframe leaves the sound out for a second and a half,
// although the metadata promises it, as encoders do whose microphone is slow.
func TestLateSoundJoinsAtAKeyframe(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{Grace: 100 * time.Millisecond}, hls.Config{})
	r, err := flv.NewReader(bytes.NewReader(codectest.Read(t, codectest.Clip{Seconds: 4}, "a.flv")))
	if err != nil {
		t.Fatal(err)
	}
	c, err := rtmp.Dial(t.Context(), h.push)
	if err != nil {
		t.Fatal(err)
	}
	var header *flv.Tag // of the sound, kept back
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		defer c.Close()
		begin := time.Now()
		for {
			tag, err := r.Next()
			if err != nil {
				return
			}
			if tag.Type == flv.TagAudio && header == nil {
				header = &tag
				continue
			}
			if tag.Type == flv.TagAudio && tag.Time < 1500 {
				continue
			}
			<-time.After(time.Until(begin.Add(time.Duration(tag.Time) * time.Millisecond)))
			if tag.Type == flv.TagAudio && len(header.Data) > 0 {
				header.Time = tag.Time
				if err := c.WriteTag(*header); err != nil {
					t.Error(err)
				}
				header.Data = nil
			}
			if err := c.WriteTag(tag); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	h.stream(t)
	got := follow(t, &hlstest.Viewer{Base: h.view}, false)
	<-sent
	breaks := 0
	for i, g := range got {
		if g.Discontinuity {
			breaks++
			if pictures, sound := decode(t, file(got[:i])); pictures < 55 || sound != 0 {
				t.Errorf("before the sound: %d pictures and %v of sound", pictures, sound)
			}
			if pictures, sound := decode(t, file(got[i:])); pictures < 55 || sound < 1900*time.Millisecond {
				t.Errorf("with the sound: %d pictures and %v of sound", pictures, sound)
			}
		}
	}
	if breaks != 1 {
		t.Errorf("%d discontinuities, want one", breaks)
	}
}

func TestEndedStreamsAreClosedForPlayers(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{Grace: 50 * time.Millisecond}, hls.Config{})
	publisher := codectest.Publish(t, codectest.Clip{Seconds: 1.5}, h.push)
	h.stream(t)
	v := &hlstest.Viewer{Base: h.view}
	follow(t, v, false)
	_ = publisher.Wait()
	list, err := v.Playlist(t.Context(), "")
	if err != nil || !list.Ended || list.Hint != "" {
		t.Errorf("playlist after the end: %+v, %v", list, err)
	}
}

func TestFirstPlaylistOfAnExpectedStreamIsHeldUntilItExists(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{}, hls.Config{Expect: func(id string) bool { return id == "show" }})
	v := &hlstest.Viewer{Base: h.view}
	files := []string{"index.m3u8", "media.m3u8"}
	answers := make(chan error, len(files))
	for _, file := range files {
		go func() {
			body, _, err := v.Get(t.Context(), file)
			if err == nil && !bytes.HasPrefix(body, []byte("#EXTM3U")) {
				err = fmt.Errorf("%s is no playlist: %q", file, body)
			}
			answers <- err
		}()
	}
	until(t, "both playlists are waited for", func() bool { return h.hls.Counters().Waiting == 2 })
	// What a player asks for later, and streams nobody announced, get their answer at once.
	stranger := &hlstest.Viewer{Base: strings.Replace(h.view, "/show/", "/other/", 1)}
	for _, ask := range []struct {
		v    *hlstest.Viewer
		file string
	}{{v, "media.m3u8?_HLS_msn=1"}, {v, "1.0.mp4"}, {stranger, "index.m3u8"}} {
		if _, _, err := ask.v.Get(t.Context(), ask.file); !errors.Is(err, hlstest.StatusError(404)) {
			t.Errorf("%s%s: %v, want 404", ask.v.Base, ask.file, err)
		}
	}
	codectest.Publish(t, codectest.Clip{Seconds: 3}, h.push)
	for range files {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}

func TestExpectedStreamThatDoesNotComeIsNotFound(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{}, hls.Config{Expect: func(string) bool { return true }, Arrival: 300 * time.Millisecond})
	v := &hlstest.Viewer{Base: h.view}
	from := time.Now()
	if _, _, err := v.Get(t.Context(), "index.m3u8"); !errors.Is(err, hlstest.StatusError(404)) {
		t.Errorf("nobody came: %v", err)
	}
	// A publisher that connects and sends nothing is no picture either.
	c, err := rtmp.Dial(t.Context(), h.push)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := v.Get(t.Context(), "media.m3u8"); !errors.Is(err, hlstest.StatusError(404)) {
		t.Errorf("connected without media: %v", err)
	}
	if took := time.Since(from); took < 600*time.Millisecond || took > 10*time.Second {
		t.Errorf("both were refused after %v, want the time of arrival each", took)
	}
	if n := h.hls.Counters().Waiting; n != 0 {
		t.Errorf("%d requests still wait", n)
	}
}

func TestRequestsThatNoPlayerSends(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{}, hls.Config{Hold: 200 * time.Millisecond, TargetDuration: time.Second})
	film := codectest.Read(t, codectest.Clip{Seconds: 2}, "a.flv")
	v := &hlstest.Viewer{Base: h.view}
	if _, _, err := v.Get(t.Context(), "index.m3u8"); !errors.Is(err, hlstest.StatusError(404)) {
		t.Errorf("before the stream: %v", err)
	}
	c, err := rtmp.Dial(t.Context(), h.push)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := v.Get(t.Context(), "media.m3u8"); !errors.Is(err, hlstest.StatusError(404)) {
		t.Errorf("connected without media: %v", err)
	}
	if err := c.Push(t.Context(), bytes.NewReader(film), 0); err != nil {
		t.Fatal(err)
	}
	// The connection stays and is silent: the stream is live and nothing comes.
	list, err := v.Playlist(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	msn, part := list.Last()
	for _, tt := range []struct {
		file string
		want int
	}{
		{"media.m3u8?_HLS_part=1", 400},
		{"media.m3u8?_HLS_msn=x", 400},
		{"media.m3u8?_HLS_msn=-1", 400},
		{fmt.Sprintf("media.m3u8?_HLS_msn=%d", msn+3), 400},
		{fmt.Sprintf("media.m3u8?_HLS_msn=%d&_HLS_part=%d", msn, part+1), 503},
		{list.Hint, 404},
		{fmt.Sprintf("%d.%d.mp4", msn, part+7), 404},
		{fmt.Sprintf("%d.mp4", msn+9), 404},
		{"1.mp4", 404},
		{"init-000000000000.mp4", 404},
		{"..%2f..%2fetc%2fpasswd", 404},
		{"index.html", 404},
	} {
		_, _, err := v.Get(t.Context(), tt.file)
		if !errors.Is(err, hlstest.StatusError(tt.want)) {
			t.Errorf("%s: %v, want %d", tt.file, err, tt.want)
		}
	}
	_ = c.Close()
	var before []byte
	until(t, "the playlist tells of the missing publisher", func() bool {
		if before, _, err = v.Get(t.Context(), "media.m3u8"); err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(before, []byte("#EXT-X-DISCONTINUITY\n#EXT-X-PRELOAD-HINT"))
	})
	if list, err = hlstest.Parse(string(before)); err != nil {
		t.Fatal(err)
	}
	msn, _ = list.Last()
	after, head, err := v.Get(t.Context(), fmt.Sprintf("media.m3u8?_HLS_msn=%d&_HLS_part=0", msn+1))
	if err != nil || !bytes.Equal(before, after) || head.Get("Cache-Control") != "no-store" {
		t.Errorf("waiting for an absent publisher: %v, cached %q, unchanged %v", err, head.Get("Cache-Control"), bytes.Equal(before, after))
	}
}

func TestAllViewersGetTheSameBytesAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{Grace: 50 * time.Millisecond}, hls.Config{})
	publisher := codectest.Publish(t, codectest.Clip{Seconds: 3}, h.push)
	h.stream(t)
	var mu sync.Mutex
	bodies := map[string][]byte{}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 40}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			v := &hlstest.Viewer{Base: h.view, Client: client}
			err := v.Follow(t.Context(), true, func(g hlstest.Got) error {
				mu.Lock()
				defer mu.Unlock()
				if old, ok := bodies[g.URI]; ok && !bytes.Equal(old, g.Data) {
					t.Errorf("two viewers got different bytes for %s", g.URI)
				}
				bodies[g.URI] = g.Data
				return nil
			})
			if err != nil {
				t.Errorf("viewer: %v", err)
			}
		})
	}
	wg.Wait()
	_ = publisher.Wait()
	if c := h.hls.Counters(); c.Waiting != 0 || c.Parts < 100 {
		t.Errorf("counters %+v", c)
	}
}

func TestPracticeIsForTheHost(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{Private: true}, hls.Config{Gate: func(r *http.Request, id string) error {
		if id != "show" || r.Header.Get("Cookie") != "host" {
			return errors.New("not yours")
		}
		return nil
	}})
	film := codectest.Read(t, codectest.Clip{Seconds: 1}, "a.flv")
	c, err := rtmp.Dial(t.Context(), h.push)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Push(t.Context(), bytes.NewReader(film), 0); err != nil {
		t.Fatal(err)
	}
	stranger := &hlstest.Viewer{Base: h.view}
	if _, _, err := stranger.Get(t.Context(), "media.m3u8"); !errors.Is(err, hlstest.StatusError(403)) {
		t.Errorf("a stranger: %v", err)
	}
	host := &hlstest.Viewer{Base: h.view, Client: &http.Client{Transport: cookie("host")}}
	list, err := host.Playlist(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, head, err := host.Get(t.Context(), list.Segments[0].Parts[0].URI)
	if err != nil || !strings.HasPrefix(head.Get("Cache-Control"), "private") {
		t.Errorf("the host: %v, cached %q", err, head.Get("Cache-Control"))
	}
}

type cookie string

func (c cookie) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Cookie", string(c))
	return http.DefaultTransport.RoundTrip(r)
}

// TestPlaylistsLookLikeThis holds what players read against a golden file, at a
// fixed time: before, after a return of the publisher, and as a delta update.
func TestPlaylistsLookLikeThis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := hls.New(hls.Config{})
		later := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC).Sub(time.Now())
		reg := stream.NewRegistry(stream.Config{
			Attach: []func(*stream.Stream){server.Attach},
			Now:    func() time.Time { return time.Now().Add(later) },
		})
		defer server.Close()
		defer reg.Close()
		var all strings.Builder
		look := func(title, file string) {
			synctest.Wait()
			w := httptest.NewRecorder()
			server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/live/show/"+file, nil))
			fmt.Fprintf(&all, "== %s: %s %d %s\n%s", title, file, w.Code, w.Header().Get("Cache-Control"), w.Body)
			if w.Code == 200 && strings.HasPrefix(file, "media") {
				if _, err := hlstest.Parse(w.Body.String()); err != nil {
					t.Error(err)
				}
			}
		}
		shoot := func(width int, length time.Duration) {
			p, err := reg.Publish(stream.Ticket{Stream: "show", Holder: "host"}, stream.Source{})
			if err != nil {
				t.Fatal(err)
			}
			p.Expect(true, true)
			v := &codec.Video{Config: []byte{byte(width)}, Width: width, Height: 720, FPS: 30, Codecs: "avc1.42c01f"}
			a, err := codec.NewAudio(48000, 2)
			if err != nil {
				t.Fatal(err)
			}
			p.Video(v)
			p.Audio(a)
			for i := range int(length.Seconds() * 30) {
				nal := byte(0x41)
				if i%30 == 0 {
					nal = 0x65
				}
				at := time.Duration(i) * time.Second / 30
				if err := p.Write(stream.Packet{Kind: stream.Video, DTS: at, Data: []byte{0, 0, 0, 2, nal, 1}}); err != nil {
					t.Fatal(err)
				}
				if err := p.Write(stream.Packet{Kind: stream.Audio, DTS: at, Data: []byte{1}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second / 30)
			}
			p.Close(io.ErrUnexpectedEOF)
		}
		shoot(1280, 1700*time.Millisecond)
		look("young", "index.m3u8")
		look("away", "media.m3u8")
		time.Sleep(5 * time.Second)
		shoot(720, 30*time.Second)
		look("after a return with another camera", "index.m3u8")
		look("after a return with another camera", "media.m3u8")
		look("after a return with another camera", "media.m3u8?_HLS_skip=YES")
		s, _ := reg.Get("show")
		s.End()
		look("ended", "media.m3u8")
		golden(t, "playlists.txt", all.String())
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wants, gots := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			t.Fatalf("%s line %d: got %q, want %q", path, i+1, gots[i], wants[i])
		}
	}
	if len(wants) != len(gots) {
		t.Errorf("%s: got %d lines, want %d", path, len(gots), len(wants))
	}
}

// TestABreakIsAnnouncedBeforeItsPart follows a break part by part: hls.js stopped
// for ever with "discontinuity sequence mismatch" when a part it had been hinted
// turned out to be behind a discontinuity.
func TestABreakIsAnnouncedBeforeItsPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := hls.New(hls.Config{})
		reg := stream.NewRegistry(stream.Config{Attach: []func(*stream.Stream){server.Attach}})
		defer server.Close()
		defer reg.Close()
		p, err := reg.Publish(stream.Ticket{Stream: "show"}, stream.Source{})
		if err != nil {
			t.Fatal(err)
		}
		p.Expect(true, false)
		p.Video(&codec.Video{Config: []byte{1}, Width: 320, Height: 240, FPS: 30, Codecs: "avc1.42c01f"})
		hinted := map[string]bool{} // part to whether a discontinuity stood before it
		breaks := 0
		for i := range 300 {
			at := time.Duration(i) * time.Second / 30
			if i >= 150 {
				at += time.Hour // the encoder's clock leaps in the middle of a GOP
			}
			nal := byte(0x41)
			if i%40 == 0 {
				nal = 0x65
			}
			if err := p.Write(stream.Packet{Kind: stream.Video, DTS: at, Data: []byte{0, 0, 0, 2, nal, 1}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second / 30)
			synctest.Wait()
			w := httptest.NewRecorder()
			server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/live/show/media.m3u8", nil))
			if i < 15 {
				continue
			}
			list, err := hlstest.Parse(w.Body.String())
			if err != nil {
				t.Fatal(err)
			}
			before := list.Hint != "" && strings.Contains(w.Body.String(), "#EXT-X-DISCONTINUITY\n#EXT-X-PRELOAD-HINT")
			if was, ok := hinted[list.Hint]; ok && was != before {
				t.Errorf("the hint of %s changed its mind", list.Hint)
			}
			hinted[list.Hint] = before
			for _, s := range list.Segments {
				if len(s.Parts) == 0 {
					continue
				}
				if announced, ok := hinted[s.Parts[0].URI]; ok && announced != s.Discontinuity {
					t.Fatalf("part %s: discontinuity %v, announced %v", s.Parts[0].URI, s.Discontinuity, announced)
				}
				if s.Discontinuity {
					breaks++
				}
			}
		}
		if breaks == 0 {
			t.Error("the leap left no discontinuity")
		}
	})
}

// TestARestartedServerContinuesAboveItsOldNumbers publishes to two servers one
// after the other, as after a crash in the middle of a show.
func TestARestartedServerContinuesAboveItsOldNumbers(t *testing.T) {
	t.Parallel()
	film := codectest.Read(t, codectest.Clip{Seconds: 2.2}, "a.flv")
	var last *hlstest.Playlist
	for range 2 {
		h := open(t, stream.Options{}, hls.Config{})
		c, err := rtmp.Dial(t.Context(), h.push)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Push(t.Context(), bytes.NewReader(film), 0); err != nil {
			t.Fatal(err)
		}
		list, err := (&hlstest.Viewer{Base: h.view}).Playlist(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if last != nil {
			before, _ := last.Last()
			if list.Sequence <= before || list.Discontinuities < last.Discontinuities {
				t.Errorf("numbers %d and %d after %d and %d", list.Sequence, list.Discontinuities, before, last.Discontinuities)
			}
		}
		last = list
		_ = c.Close()
	}
}

func TestWallClockAndPictureAgree(t *testing.T) {
	t.Parallel()
	h := open(t, stream.Options{}, hls.Config{})
	film := codectest.Read(t, codectest.Clip{Seconds: 3}, "a.flv")
	c, err := rtmp.Dial(t.Context(), h.push)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	begin := time.Now()
	if err := c.Push(t.Context(), bytes.NewReader(film), 0); err != nil {
		t.Fatal(err)
	}
	list, err := (&hlstest.Viewer{Base: h.view}).Playlist(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	at := begin
	for _, s := range list.Segments {
		if d := s.Wall.Sub(at).Abs(); d > 150*time.Millisecond {
			t.Errorf("segment %d says %v, its picture was sent at %v", s.MSN, s.Wall, at)
		}
		at = at.Add(s.Duration)
	}
}
