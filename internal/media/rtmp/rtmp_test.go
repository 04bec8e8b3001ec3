package rtmp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/rtmp"
	"github.com/openstall/openstall/internal/media/stream"
)

const goodKey = "sk_verysecret"

// safeBuffer is a log that several goroutines write.
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

type server struct {
	reg     *stream.Registry
	rtmp    *rtmp.Server
	address string
	log     *safeBuffer
	streams chan *stream.Reader
}

func start(t *testing.T, cfg rtmp.Config) *server {
	t.Helper()
	s := &server{log: &safeBuffer{}, streams: make(chan *stream.Reader, 10)}
	cfg.Log = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.reg = stream.NewRegistry(stream.Config{Attach: []func(*stream.Stream){func(st *stream.Stream) { s.streams <- st.Read() }}})
	s.rtmp = rtmp.New(s.reg, func(_ context.Context, c stream.Claim) (stream.Ticket, error) {
		if c.Key != goodKey || c.App != "live" {
			return stream.Ticket{}, errors.New("this stream key is not known, copy it again from your show's page")
		}
		return stream.Ticket{Stream: "show", Holder: "host"}, nil
	}, cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = "rtmp://" + l.Addr().String() + "/live/"
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.rtmp.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		s.reg.Close()
	})
	return s
}

// frames reads until the publisher is lost.
func (s *server) frames(t *testing.T) []stream.Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var r *stream.Reader
	select {
	case r = <-s.streams:
	case <-ctx.Done():
		t.Fatal("no stream")
	}
	defer r.Close()
	var out []stream.Frame
	for {
		f, lost, err := r.Next(ctx)
		if err != nil || lost > 0 {
			t.Fatalf("lost %d: %v", lost, err)
		}
		if f.Kind == stream.Pause {
			return out
		}
		out = append(out, f)
	}
}

func TestFFmpegPublishes(t *testing.T) {
	for _, tt := range []struct {
		name string
		clip codectest.Clip
	}{
		{"picture and sound", codectest.Clip{Seconds: 1}},
		{"B-frames and 44.1 kHz mono", codectest.Clip{Seconds: 1, BFrames: 2, Rate: 44100, Channels: 1}},
		{"picture only", codectest.Clip{Seconds: 1, NoAudio: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, rtmp.Config{})
			cmd := codectest.Publish(t, tt.clip, s.address+goodKey)
			frames := s.frames(t)
			if err := cmd.Wait(); err != nil {
				t.Errorf("ffmpeg: %v", err)
			}
			var n [2]int
			for _, f := range frames {
				n[f.Kind]++
			}
			if n[stream.Video] != 30 || (n[stream.Audio] < 40) != tt.clip.NoAudio {
				t.Errorf("%d pictures, %d audio frames", n[stream.Video], n[stream.Audio])
			}
			if f := frames[0]; f.Kind != stream.Video || !f.Key || !f.Break {
				t.Errorf("the first frame is %v at %v, key %v", f.Kind, f.DTS, f.Key)
			}
		})
	}
}

func TestAWrongKeyIsToldWhyAndNotLogged(t *testing.T) {
	s := start(t, rtmp.Config{})
	_, err := rtmp.Dial(t.Context(), s.address+"sk_wrongsecret")
	if err == nil || !strings.Contains(err.Error(), "copy it again") {
		t.Errorf("dial: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append(codectest.Clip{Seconds: 1}.Args(true), "-f", "flv", s.address+"sk_wrongsecret")...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "copy it again") {
		t.Errorf("ffmpeg: %v\n%s", err, out)
	}
	good, err := rtmp.Dial(t.Context(), s.address+goodKey)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	for _, key := range []string{"wrongsecret", "verysecret"} {
		if strings.Contains(s.log.String(), key) {
			t.Errorf("a key is in the log:\n%s", s.log)
		}
	}
}

func TestForeignCodecsAreToldWhy(t *testing.T) {
	for name, tag := range map[string]flv.Tag{
		"H.265":    {Type: flv.TagVideo, Data: []byte{0x90, 'h', 'v', 'c', '1', 1}},
		"format 2": {Type: flv.TagAudio, Data: []byte{0x2f, 0xff}},
	} {
		s := start(t, rtmp.Config{})
		c, err := rtmp.Dial(t.Context(), s.address+goodKey)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.WriteTag(tag); err != nil {
			t.Fatal(err)
		}
		if err := <-c.Done(); !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the publisher hears %q", name, err)
		}
		_ = c.Close()
	}
}

func TestTheReplacedPublisherIsToldAndTheNewOneStays(t *testing.T) {
	s := start(t, rtmp.Config{})
	first, err := rtmp.Dial(t.Context(), s.address+goodKey)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := rtmp.Dial(t.Context(), s.address+goodKey)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := <-first.Done(); !strings.Contains(err.Error(), "took over") {
		t.Errorf("the first hears %q", err)
	}
	select {
	case err := <-second.Done():
		t.Errorf("the second is closed: %v", err)
	default:
	}
}

func TestSilentConnectionsAreLetGo(t *testing.T) {
	s := start(t, rtmp.Config{SetupTime: 100 * time.Millisecond, IdleTime: 1100 * time.Millisecond})
	host := strings.TrimSuffix(strings.TrimPrefix(s.address, "rtmp://"), "/live/")
	mute, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	if _, err := mute.Read(make([]byte, 1)); err == nil {
		t.Error("a connection without handshake is kept")
	}
	c, err := rtmp.Dial(t.Context(), s.address+goodKey)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := <-c.Done(); err == nil {
		t.Error("a silent publisher is kept")
	}
}

func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	s := start(t, rtmp.Config{PerAddress: 2})
	host := strings.TrimSuffix(strings.TrimPrefix(s.address, "rtmp://"), "/live/")
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	_ = conns[2].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conns[2].Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the third connection: %v", err)
	}
}

func TestPlayingIsRefused(t *testing.T) {
	s := start(t, rtmp.Config{})
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-nostdin", "-v", "error", "-i", s.address+goodKey, "-f", "null", "-").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "does not play") {
		t.Errorf("ffmpeg: %v\n%s", err, out)
	}
}

func TestTimesWrapWithoutAGap(t *testing.T) {
	s := start(t, rtmp.Config{})
	file := codectest.Read(t, codectest.Clip{Seconds: 1}, "a.flv")
	c, err := rtmp.Dial(t.Context(), s.address+goodKey)
	if err != nil {
		t.Fatal(err)
	}
	shift := time.Duration(0xffffffff-500) * time.Millisecond
	if err := c.Push(t.Context(), bytes.NewReader(file), shift); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	frames := s.frames(t)
	var breaks []string
	var end time.Duration
	for _, f := range frames {
		if f.Break {
			breaks = append(breaks, fmt.Sprint(f.DTS))
		}
		end = f.DTS - frames[0].DTS
	}
	if len(breaks) != 1 || end < 900*time.Millisecond || end > 1100*time.Millisecond {
		t.Errorf("breaks at %v, the end at %v", breaks, end)
	}
}
