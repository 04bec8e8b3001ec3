package whip_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/hls/hlstest"
	"github.com/openstall/openstall/internal/media/stream"
	"github.com/openstall/openstall/internal/media/whip"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

const goodKey = "sk_verysecret"

type house struct {
	reg  *stream.Registry
	whip *whip.Server
	web  *httptest.Server
	log  *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func open(t testing.TB, cfg whip.Config) *house {
	t.Helper()
	h := &house{log: &safeBuffer{}}
	live := hls.New(hls.Config{})
	h.reg = stream.NewRegistry(stream.Config{Grace: 3 * time.Second, Attach: []func(*stream.Stream){live.Attach}})
	var err error
	if cfg.UDP, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	cfg.Loopback = true
	cfg.Log = slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.whip, err = whip.New(h.reg, func(_ context.Context, c stream.Claim) (stream.Ticket, error) {
		if c.Key != goodKey {
			return stream.Ticket{}, errors.New("this stream key is not known")
		}
		return stream.Ticket{Stream: "show", Holder: "host", Options: stream.Options{PartTarget: 200 * time.Millisecond}}, nil
	}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(hls.Prefix, live)
	mux.Handle(whip.Path, h.whip)
	mux.Handle(whip.Path+"/", h.whip)
	h.web = httptest.NewServer(mux)
	t.Cleanup(func() {
		if err := h.whip.Close(); err != nil {
			t.Errorf("whip: %v", err)
		}
		h.reg.Close()
		live.Close()
		h.web.Close()
	})
	return h
}

// do sends a request and returns its answer.
func (h *house) do(t testing.TB, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.web.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func (h *house) post(t testing.TB, key, offer string) (*http.Response, string) {
	t.Helper()
	return h.do(t, http.MethodPost, whip.Path, offer, "Authorization", "Bearer "+key, "Content-Type", "application/sdp")
}

// camera is a browser: a peer connection that sends a film.
type camera struct {
	pc       *webrtc.PeerConnection
	video    *webrtc.TrackLocalStaticSample
	audio    *webrtc.TrackLocalStaticSample
	location string
	etag     string
	plis     atomic.Int32
	up       chan struct{}
}

func newCamera(t testing.TB, tcp bool) *camera {
	t.Helper()
	var set webrtc.SettingEngine
	set.SetIncludeLoopbackCandidate(true)
	if tcp {
		set.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(set), defaultMedia(t)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	c := &camera{pc: pc, up: make(chan struct{})}
	t.Cleanup(func() { _ = pc.Close() })
	c.video, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, "video", "camera")
	if err != nil {
		t.Fatal(err)
	}
	c.audio, err = webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "audio", "camera")
	if err != nil {
		t.Fatal(err)
	}
	for _, track := range []webrtc.TrackLocal{c.audio, c.video} {
		tr, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				packets, _, err := tr.Sender().ReadRTCP()
				if err != nil {
					return
				}
				for _, p := range packets {
					if _, ok := p.(*rtcp.PictureLossIndication); ok {
						c.plis.Add(1)
					}
				}
			}
		}()
	}
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(c.up) })
		}
	})
	return c
}

func defaultMedia(t testing.TB) func(*webrtc.API) {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return webrtc.WithMediaEngine(m)
}

func (c *camera) offer(t testing.TB) string {
	t.Helper()
	o, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return c.pc.LocalDescription().SDP
}

// connect posts the offer and waits until the media path is there.
func (c *camera) connect(t testing.TB, h *house) {
	t.Helper()
	resp, answer := h.post(t, goodKey, c.offer(t))
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("Content-Type") != "application/sdp" {
		t.Fatalf("post: %d %s", resp.StatusCode, answer)
	}
	c.location, c.etag = resp.Header.Get("Location"), resp.Header.Get("ETag")
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.up:
	case <-time.After(20 * time.Second):
		t.Fatal("no connection")
	}
}

// film is what a camera sends.
type film struct {
	pictures [][]byte // Annex B access units
	sounds   [][]byte // Opus packets of 20 ms
}

func shoot(t testing.TB, seconds float64) (f film) {
	t.Helper()
	dir := t.TempDir()
	path, ogg := filepath.Join(dir, "a.h264"), filepath.Join(dir, "a.ogg")
	v := codectest.Clip{Seconds: seconds, NoAudio: true}
	codectest.Run(t, append(v.Args(false), "-profile:v", "baseline", "-bsf:v", "dump_extra", path)...)
	a := codectest.Clip{Seconds: seconds, NoVideo: true, Audio: "libopus"}
	codectest.Run(t, append(a.Args(false), "-page_duration", "20000", ogg)...)
	stream, err1 := os.ReadFile(path)
	sound, err2 := os.ReadFile(ogg)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	var unit [][]byte
	for _, n := range codec.SplitAnnexB(stream) {
		unit = append(unit, n)
		if kind := n[0] & 31; kind == 1 || kind == 5 {
			f.pictures = append(f.pictures, codec.AnnexB(unit))
			unit = nil
		}
	}
	for b := sound; len(b) > 27; {
		n := int(b[26])
		size := 0
		for _, l := range b[27 : 27+n] {
			size += int(l)
		}
		f.sounds = append(f.sounds, b[27+n:27+n+size])
		b = b[27+n+size:]
	}
	f.sounds = f.sounds[2:]
	return f
}

// play sends a film at its pace.
func (c *camera) play(t testing.TB, f film) {
	t.Helper()
	begin := time.Now()
	sounds := f.sounds
	for i, p := range f.pictures {
		at := time.Duration(i) * time.Second / 30
		for len(sounds) > 0 && time.Duration(len(f.sounds)-len(sounds))*20*time.Millisecond <= at {
			if err := c.audio.WriteSample(media.Sample{Data: sounds[0], Duration: 20 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
			sounds = sounds[1:]
		}
		if err := c.video.WriteSample(media.Sample{Data: p, Duration: time.Second / 30}); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Until(begin.Add(at + time.Second/30)))
	}
}

func (h *house) stream(t testing.TB) *stream.Stream {
	t.Helper()
	s, ok := h.reg.Get("show")
	if !ok {
		t.Fatal("no stream")
	}
	return s
}

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

// watch follows the stream to its end in the background.
func (h *house) watch(t testing.TB) (wait func() []hlstest.Got) {
	t.Helper()
	var got []hlstest.Got
	done := make(chan struct{})
	go func() {
		defer close(done)
		v := &hlstest.Viewer{Base: h.web.URL + "/live/show/"}
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		defer cancel()
		for {
			if _, _, err := v.Get(ctx, "index.m3u8"); err == nil || ctx.Err() != nil {
				break
			}
		}
		if err := v.Follow(ctx, false, func(g hlstest.Got) error {
			got = append(got, g)
			return nil
		}); err != nil {
			t.Errorf("viewer: %v after %d parts", err, len(got))
		}
	}()
	return func() []hlstest.Got { <-done; return got }
}

func join(got []hlstest.Got) []byte {
	out := bytes.Clone(got[0].Init)
	for _, g := range got {
		out = append(out, g.Data...)
	}
	return out
}

func TestABrowsersPictureAndSoundReachHLS(t *testing.T) {
	h := open(t, whip.Config{})
	f := shoot(t, 4)
	c := newCamera(t, false)
	c.connect(t, h)
	parts := h.watch(t)
	c.play(t, f)
	if n := c.plis.Load(); n < 1 || n > 5 {
		t.Errorf("%d keyframes were asked for in 4 s", n)
	}
	st := h.stream(t)
	if s := st.Stats(); s.Protocol != "whip" || s.Width != 320 || !s.HasAudio || s.FPS < 25 {
		t.Errorf("figures %+v", s)
	}
	resp, _ := h.do(t, http.MethodDelete, c.location, "")
	if resp.StatusCode != http.StatusOK {
		t.Errorf("delete: %d", resp.StatusCode)
	}
	until(t, "the stream is away", func() bool { return st.State() == stream.Away })
	st.End()
	got := parts()
	path := filepath.Join(t.TempDir(), "got.mp4")
	if err := os.WriteFile(path, join(got), 0o600); err != nil {
		t.Fatal(err)
	}
	codectest.Run(t, "-i", path, "-f", "null", "-")
	probe := codectest.Probe(t, "-count_frames", "-show_entries", "stream=codec_name,sample_rate,channels,nb_read_frames", "-of", "csv=p=0", path)
	if !strings.Contains(probe, "h264,1") || !strings.Contains(probe, "aac,48000,2,1") {
		t.Errorf("ffprobe sees %q, want about 115 pictures and 170 AAC frames", probe)
	}
}

func TestABrowserThatPostsAgainContinuesItsShow(t *testing.T) {
	h := open(t, whip.Config{})
	f := shoot(t, 1.5)
	first := newCamera(t, false)
	first.connect(t, h)
	first.play(t, f)
	st := h.stream(t)
	parts := h.watch(t)
	// The second offer comes while the first connection looks alive.
	second := newCamera(t, false)
	second.connect(t, h)
	if h.stream(t) != st {
		t.Fatal("another stream")
	}
	second.play(t, f)
	until(t, "the first session is gone", func() bool { return h.whip.Sessions() == 1 })
	st.End()
	breaks := 0
	for _, g := range parts() {
		if g.Discontinuity {
			breaks++
		}
	}
	if breaks != 1 {
		t.Errorf("%d discontinuities, want one", breaks)
	}
}

func TestALostBrowserLeavesTheStreamAway(t *testing.T) {
	h := open(t, whip.Config{})
	c := newCamera(t, false)
	c.connect(t, h)
	c.play(t, shoot(t, 1))
	_ = c.pc.Close()
	st := h.stream(t)
	until(t, "the stream is away", func() bool { return st.State() == stream.Away })
	until(t, "the session is gone", func() bool { return h.whip.Sessions() == 0 })
}

func TestMediaComesOverTCPToo(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, whip.Config{TCP: l})
	c := newCamera(t, true)
	c.connect(t, h)
	c.play(t, shoot(t, 1))
	if s := h.stream(t).Stats(); s.State != stream.Live || s.Frames < 20 {
		t.Errorf("figures %+v", s)
	}
}

func TestTheEndpointKeepsItsRules(t *testing.T) {
	h := open(t, whip.Config{})
	offer := newCamera(t, false).offer(t)
	auth := []string{"Authorization", "Bearer " + goodKey}
	sdp := append([]string{"Content-Type", "application/sdp"}, auth...)
	noH264 := strings.NewReplacer("H264/90000", "X264/90000").Replace(offer)
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		want                     int
	}{
		{"options", "OPTIONS", "/whip", "", nil, 204},
		{"get", "GET", "/whip", "", auth, 405},
		{"no key", "POST", "/whip", offer, sdp[:2], 401},
		{"wrong key", "POST", "/whip", offer, []string{"Content-Type", "application/sdp", "Authorization", "Bearer sk_wrongsecret"}, 403},
		{"basic authorization", "POST", "/whip", offer, []string{"Content-Type", "application/sdp", "Authorization", "Basic " + goodKey}, 401},
		{"wrong type", "POST", "/whip", offer, append([]string{"Content-Type", "text/plain"}, auth...), 415},
		{"too large", "POST", "/whip", strings.Repeat("a", 70000), sdp, 413},
		{"no SDP", "POST", "/whip", "hello", sdp, 400},
		{"no H.264", "POST", "/whip", noH264, sdp, 406},
		{"unknown session", "DELETE", "/whip/00000000000000000000000000000000", "", auth, 404},
		{"below a session", "DELETE", "/whip/x/y", "", auth, 404},
	} {
		resp, text := h.do(t, tt.method, tt.path, tt.body, tt.header...)
		if resp.StatusCode != tt.want {
			t.Errorf("%s: %d %q, want %d", tt.name, resp.StatusCode, text, tt.want)
		}
	}
	if log := h.log.String(); strings.Contains(log, "secret") {
		t.Errorf("a key is in the log:\n%s", log)
	}
	until(t, "refused sessions are gone", func() bool { return h.whip.Sessions() == 0 })
}

func TestSessionsKeepTheirRules(t *testing.T) {
	h := open(t, whip.Config{})
	resp, _ := h.post(t, goodKey, newCamera(t, false).offer(t))
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("post: %d", resp.StatusCode)
	}
	session, etag := resp.Header.Get("Location"), resp.Header.Get("ETag")
	const fragment = "a=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"
	trickle := []string{"Content-Type", "application/trickle-ice-sdpfrag"}
	for _, tt := range []struct {
		name, method, body string
		header             []string
		want               int
	}{
		{"trickle", "PATCH", fragment, append([]string{"If-Match", etag}, trickle...), 204},
		{"trickle without precondition", "PATCH", fragment, trickle, 428},
		{"trickle of another session", "PATCH", fragment, append([]string{"If-Match", `"x"`}, trickle...), 412},
		{"restart", "PATCH", "a=ice-ufrag:new\r\n", append([]string{"If-Match", "*"}, trickle...), 422},
		{"disguised restart", "PATCH", "a=ice-ufrag:new\r\n", append([]string{"If-Match", etag}, trickle...), 422},
		{"wrong type", "PATCH", fragment, []string{"If-Match", etag}, 415},
		{"get", "GET", "", nil, 405},
		{"options", "OPTIONS", "", nil, 204},
		{"delete", "DELETE", "", nil, 200},
	} {
		resp, text := h.do(t, tt.method, session, tt.body, tt.header...)
		if resp.StatusCode != tt.want {
			t.Errorf("%s: %d %q, want %d", tt.name, resp.StatusCode, text, tt.want)
		}
	}
	until(t, "the session is gone", func() bool { return h.whip.Sessions() == 0 })
	if _, ok := h.reg.Get("show"); ok {
		t.Error("a stream without a frame is kept")
	}
}

func TestBrowsersThatDoNotConnectAreForgotten(t *testing.T) {
	h := open(t, whip.Config{SetupTime: 200 * time.Millisecond, MaxSessions: 1})
	if resp, _ := h.post(t, goodKey, newCamera(t, false).offer(t)); resp.StatusCode != http.StatusCreated {
		t.Fatalf("post: %d", resp.StatusCode)
	}
	if resp, _ := h.post(t, goodKey, newCamera(t, false).offer(t)); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", resp.StatusCode)
	}
	until(t, "the session is gone", func() bool { return h.whip.Sessions() == 0 })
}
