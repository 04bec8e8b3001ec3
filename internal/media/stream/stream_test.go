package stream_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/stream"
)

const ms = time.Millisecond

var errLost = errors.New("connection reset")

func video(t testing.TB, sps, pps string) *codec.Video {
	t.Helper()
	a, err1 := hex.DecodeString(sps)
	b, err2 := hex.DecodeString(pps)
	v, err := codec.NewVideo([][]byte{a}, [][]byte{b})
	if err := errors.Join(err1, err2, err); err != nil {
		t.Fatal(err)
	}
	return v
}

func video720(t testing.TB) *codec.Video {
	return video(t, "6742c01fda014016ec0440000003004000000f23c60ca8", "68ce0fc8")
}

func video1080(t testing.TB) *codec.Video {
	return video(t, "67640028acd940780227e5c044000003000400000300c83c60c658", "68ebe3cb22c0")
}

func audio48(t testing.TB) *codec.Audio {
	t.Helper()
	a, err := codec.NewAudio(48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func picture(dts time.Duration, key bool) stream.Packet {
	nal := byte(0x41)
	if key {
		nal = 0x65
	}
	return stream.Packet{Kind: stream.Video, DTS: dts, Data: []byte{0, 0, 0, 2, nal, 1}}
}

func sound(dts time.Duration) stream.Packet {
	return stream.Packet{Kind: stream.Audio, DTS: dts, Data: []byte{1, 2, 3}}
}

// diary is an observer that writes down what it hears.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) Live(_ *stream.Stream, t *stream.Tracks) {
	d.add("live video=%v audio=%v", t.Video != nil, t.Audio != nil)
}
func (d *diary) Away(_ *stream.Stream, cause error) { d.add("away: %v", cause) }
func (d *diary) Back(*stream.Stream)                { d.add("back") }
func (d *diary) CodecChanged(_ *stream.Stream, t *stream.Tracks) {
	d.add("codec audio=%v", t.Audio != nil)
}
func (d *diary) Ended(*stream.Stream) { d.add("ended") }

func (d *diary) want(t *testing.T, lines ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !reflect.DeepEqual(d.lines, lines) {
		t.Errorf("observer heard %q, want %q", d.lines, lines)
	}
}

// world is a registry inside a bubble of false time.
func world(t *testing.T, f func(t *testing.T, r *stream.Registry, d *diary)) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		r := stream.NewRegistry(stream.Config{Observer: d})
		defer r.Close()
		f(t, r, d)
	})
}

func publish(t *testing.T, r *stream.Registry, holder string, opt stream.Options) (*stream.Publisher, *stream.Stream) {
	t.Helper()
	p, err := r.Publish(stream.Ticket{Stream: "show", Holder: holder, Options: opt}, stream.Source{Protocol: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := r.Get("show")
	return p, s
}

func write(t *testing.T, p *stream.Publisher, pkts ...stream.Packet) {
	t.Helper()
	for _, pkt := range pkts {
		if err := p.Write(pkt); err != nil {
			t.Fatal(err)
		}
	}
}

// drain reads what is there.
func drain(t *testing.T, r *stream.Reader) (frames []stream.Frame) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for {
		f, lost, err := r.Next(ctx)
		if err != nil {
			return frames
		}
		if lost > 0 {
			t.Errorf("lost %d frames", lost)
		}
		frames = append(frames, f)
	}
}

func TestAStreamOutlivesItsPublisher(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		reader := s.Read()
		defer reader.Close()
		p.Expect(true, false)
		p.Video(video720(t))
		write(t, p, picture(7000*ms, true), picture(7033*ms, false))
		frames := drain(t, reader)
		p.Close(errLost)
		if s.State() != stream.Away {
			t.Fatalf("state %v", s.State())
		}
		frames = append(frames, drain(t, reader)...)
		time.Sleep(20 * time.Second)
		p, again := publish(t, r, "a", stream.Options{})
		if again != s {
			t.Fatal("the returning publisher got another stream")
		}
		p.Expect(true, false)
		p.Video(video720(t))
		write(t, p, picture(0, true), picture(33*ms, false))
		frames = append(frames, drain(t, reader)...)
		if len(frames) != 5 {
			t.Fatalf("%d frames", len(frames))
		}
		if frames[0].DTS != 0 || !frames[0].Break {
			t.Errorf("first frame %+v", frames[0])
		}
		if frames[2].Kind != stream.Pause {
			t.Errorf("third frame is no pause: %+v", frames[2])
		}
		if f := frames[3]; !f.Break || !f.Key || f.DTS != 20*time.Second {
			t.Errorf("first frame after the gap: break %v at %v", f.Break, f.DTS)
		}
		s.End()
		if _, _, err := reader.Next(t.Context()); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		d.want(t, "live video=true audio=false", "away: connection reset", "back", "ended")
		if err := p.Write(picture(66*ms, false)); !errors.Is(err, stream.ErrEnded) {
			t.Errorf("write after the end: %v", err)
		}
	})
}

func TestGraceEndsAnAbandonedStream(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{Grace: 10 * time.Second})
		p.Expect(true, false)
		p.Video(video720(t))
		write(t, p, picture(0, true))
		p.Close(errLost)
		time.Sleep(9 * time.Second)
		quiet, _ := publish(t, r, "a", stream.Options{}) // connects and sends nothing
		time.Sleep(2 * time.Second)
		if s.State() != stream.Ended {
			t.Errorf("state %v", s.State())
		}
		if err := quiet.Write(picture(0, true)); !errors.Is(err, stream.ErrEnded) {
			t.Errorf("write: %v", err)
		}
		d.want(t, "live video=true audio=false", "away: connection reset", "ended")
		time.Sleep(time.Minute)
		if _, ok := r.Get("show"); ok {
			t.Error("an ended stream is kept for ever")
		}
	})
}

func TestNoFramesNoStream(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, _ := publish(t, r, "a", stream.Options{})
		p.Video(video720(t))
		write(t, p, picture(0, false)) // no keyframe
		p.Close(errLost)
		if _, ok := r.Get("show"); ok {
			t.Error("the stream is kept")
		}
		d.want(t)
	})
}

func TestSecondPublisher(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy stream.Takeover
		holder string
		after  time.Duration
		want   error
	}{
		{"another holder is refused", stream.TakeoverIfSilent, "b", 0, stream.ErrBusy},
		{"another holder wins over silence", stream.TakeoverIfSilent, "b", 4 * time.Second, nil},
		{"the same holder wins at once", stream.TakeoverIfSilent, "a", 0, nil},
		{"a ticket without holder is nobody's", stream.TakeoverIfSilent, "", 0, stream.ErrBusy},
		{"always", stream.TakeoverAlways, "b", 0, nil},
		{"never", stream.TakeoverNever, "a", time.Hour, stream.ErrBusy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			world(t, func(t *testing.T, r *stream.Registry, d *diary) {
				var kicked error
				first, err := r.Publish(stream.Ticket{Stream: "show", Holder: "a", Options: stream.Options{Takeover: tt.policy}},
					stream.Source{Kick: func(reason error) { kicked = reason }})
				if err != nil {
					t.Fatal(err)
				}
				first.Expect(true, false)
				first.Video(video720(t))
				write(t, first, picture(0, true))
				time.Sleep(tt.after)
				_, err = r.Publish(stream.Ticket{Stream: "show", Holder: tt.holder}, stream.Source{})
				if !errors.Is(err, tt.want) {
					t.Fatalf("second publisher: %v, want %v", err, tt.want)
				}
				err = first.Write(picture(33*ms, false))
				if tt.want == nil && (!errors.Is(err, stream.ErrReplaced) || !errors.Is(kicked, stream.ErrReplaced)) {
					t.Errorf("the first publisher is told %v and %v", kicked, err)
				}
				if tt.want != nil && (err != nil || kicked != nil) {
					t.Errorf("the first publisher is disturbed: %v, %v", kicked, err)
				}
			})
		})
	}
}

func TestTracksAreWaitedForBriefly(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		p.Expect(true, true)
		p.Video(video720(t))
		write(t, p, picture(0, true))
		time.Sleep(100 * ms)
		write(t, p, picture(100*ms, false))
		if s.State() != stream.Idle {
			t.Fatal("did not wait for the announced audio")
		}
		p.Audio(audio48(t))
		write(t, p, sound(110*ms))
		d.want(t, "live video=true audio=true")
		reader := s.Read()
		defer reader.Close()
		if got := len(drain(t, reader)); got != 3 {
			t.Errorf("%d frames came out of the waiting room, want 3", got)
		}
	})
}

func TestMissingAudioDoesNotHoldThePicture(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		p.Expect(true, true)
		p.Video(video720(t))
		for i := range 10 {
			write(t, p, picture(time.Duration(i)*33*ms, i == 0))
			time.Sleep(33 * ms)
		}
		write(t, p, picture(330*ms, false))
		d.want(t, "live video=true audio=false")
		// The sound comes later and joins at the next keyframe.
		p.Audio(audio48(t))
		reader := s.Read()
		defer reader.Close()
		drain(t, reader)
		write(t, p, sound(340*ms), picture(363*ms, false), picture(396*ms, true), sound(400*ms))
		frames := drain(t, reader)
		if len(frames) != 3 || frames[0].Break || !frames[1].Break || frames[1].Tracks.Audio == nil || frames[2].Kind != stream.Audio {
			t.Errorf("frames around the change: %+v", frames)
		}
		d.want(t, "live video=true audio=false", "codec audio=true")
	})
}

func TestSoundAloneStartsWithoutPicture(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, _ := publish(t, r, "a", stream.Options{})
		p.Expect(false, true)
		p.Audio(audio48(t))
		write(t, p, sound(0))
		d.want(t, "live video=false audio=true")
	})
}

func TestANewParameterSetWaitsForItsKeyframe(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		p.Expect(true, false)
		p.Video(video720(t))
		write(t, p, picture(0, true))
		reader := s.Read()
		defer reader.Close()
		p.Video(video1080(t))
		write(t, p, picture(40*ms, false), picture(80*ms, true))
		frames := drain(t, reader)
		if len(frames) != 2 || !frames[1].Break || frames[1].Tracks.Video.Width != 1920 {
			t.Errorf("frames %+v", frames)
		}
		d.want(t, "live video=true audio=false", "codec audio=false")
	})
}

func TestClockLeapsKeepTheTimeline(t *testing.T) {
	for _, tt := range []struct {
		name string
		leap time.Duration
	}{
		{"forward an hour", time.Hour},
		{"back to zero", -10 * time.Second},
		{"forward two seconds", 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			world(t, func(t *testing.T, r *stream.Registry, d *diary) {
				p, s := publish(t, r, "a", stream.Options{})
				reader := s.Read()
				defer reader.Close()
				p.Expect(true, true)
				p.Video(video720(t))
				p.Audio(audio48(t))
				clock := 10 * time.Second
				for i := range 120 {
					if i == 60 {
						clock += tt.leap
					}
					write(t, p, picture(clock, i%30 == 0), sound(clock+5*ms))
					if i == 60 { // a straggler from before the leap
						write(t, p, sound(clock-tt.leap-10*ms))
					}
					time.Sleep(33 * ms)
					clock += 33 * ms
				}
				var last [2]time.Duration
				breaks := 0
				for i, f := range drain(t, reader) {
					if f.Break {
						breaks++
					}
					if i > 2 && f.DTS <= last[f.Kind] {
						t.Fatalf("%v frame at %v after %v", f.Kind, f.DTS, last[f.Kind])
					}
					if f.DTS-last[f.Kind] > 200*ms {
						t.Errorf("hole from %v to %v", last[f.Kind], f.DTS)
					}
					last[f.Kind] = f.DTS
				}
				if breaks != 2 {
					t.Errorf("%d breaks, want the start and the leap", breaks)
				}
				if got := s.Stats(); got.Jumps != 1 {
					t.Errorf("%d jumps", got.Jumps)
				}
			})
		})
	}
}

// TestSoundThatStartsLateHasTheClockOfThePicture: where Opus becomes AAC the
// encoder is a process, and a busy machine takes its time to start one.
func TestSoundThatStartsLateHasTheClockOfThePicture(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		reader := s.Read()
		defer reader.Close()
		p.Expect(true, true)
		p.Video(video720(t))
		p.Audio(audio48(t))
		const lag = 1500 * ms
		heard := time.Duration(0)
		for at := 2 * time.Second; at < 6*time.Second; at += 40 * ms {
			write(t, p, picture(at, at%(2*time.Second) == 0))
			for ; heard <= at-lag; heard += codec.Duration(codec.SamplesPerFrame, 48000) {
				write(t, p, sound(heard))
			}
			time.Sleep(40 * ms)
		}
		if got := s.Stats(); got.Jumps != 0 {
			t.Errorf("%d jumps", got.Jumps)
		}
		var start, end time.Duration
		for i, f := range drain(t, reader) {
			if f.Break != (i == 0) {
				t.Errorf("frame %d: break %v", i, f.Break)
			}
			if i == 0 {
				start = f.DTS
			}
			if f.Kind == stream.Audio {
				end = f.DTS
			}
		}
		if want := 4*time.Second - lag - 60*ms; end-start < want {
			t.Errorf("sound to %v after the first picture, want %v", end-start, want)
		}
	})
}

func TestMillisecondsBecomeTheFrameGrid(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, _ *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		reader := s.Read()
		defer reader.Close()
		p.Expect(true, true)
		p.Video(video720(t))
		p.Audio(audio48(t))
		for i := range 90 {
			write(t, p, picture(time.Duration(i*1000/30)*ms, i%30 == 0))
			write(t, p, sound(time.Duration(i*1024*1000/48000)*ms))
			time.Sleep(33 * ms)
		}
		var videos, audios int64
		for _, f := range drain(t, reader) {
			scale, n, frame := 90000, &videos, int64(3000)
			if f.Kind == stream.Audio {
				scale, n, frame = 48000, &audios, 1024
			}
			if got, want := codec.Ticks(f.DTS, scale), *n*frame; got != want {
				t.Fatalf("%v frame %d at tick %d, want %d", f.Kind, *n, got, want)
			}
			*n++
		}
	})
}

func TestSlowReadersAreToldWhatTheyLost(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, _ *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		slow := s.Read()
		defer slow.Close()
		p.Expect(true, false)
		p.Video(video720(t))
		for i := range 300 {
			write(t, p, picture(time.Duration(i*1000/30)*ms, i%30 == 0))
			time.Sleep(33 * ms)
		}
		f, lost, err := slow.Next(t.Context())
		if err != nil || lost < 100 || !f.Key {
			t.Errorf("after ten seconds: lost %d, key %v, %v", lost, f.Key, err)
		}
		late := s.Read()
		defer late.Close()
		if f, _, err := late.Next(t.Context()); err != nil || !f.Key || f.DTS.Round(ms) != 9*time.Second {
			t.Errorf("a new reader begins at %v, key %v, %v", f.DTS, f.Key, err)
		}
	})
}

func TestFiguresForTheHost(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, _ *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		p.Expect(true, false)
		p.Video(video1080(t))
		for i := range 250 {
			pkt := picture(time.Duration(i)*40*ms, i%125 == 0)
			pkt.Offset = 40 * ms
			pkt.Data = append(pkt.Data, 0, 0, 3, 0xe2)
			pkt.Data = append(pkt.Data, make([]byte, 994)...)
			write(t, p, pkt)
			time.Sleep(40 * ms)
		}
		got := s.Stats()
		if got.Width != 1920 || got.Height != 1080 || got.FPS < 24 || got.FPS > 26 || got.KeyframeInterval != 5*time.Second || got.Bitrate < 190000 || got.Bitrate > 210000 {
			t.Errorf("figures %+v", got)
		}
		if want := []stream.Warning{stream.GOPTooLong, stream.BFrames, stream.NoAudio}; !reflect.DeepEqual(got.Warnings, want) {
			t.Errorf("warnings %v, want %v", got.Warnings, want)
		}
		time.Sleep(5 * time.Second)
		if got := s.Stats(); got.Warnings[len(got.Warnings)-1] != stream.Silent {
			t.Errorf("warnings %v", got.Warnings)
		}
	})
}

func TestClosingTheServerEndsNoStream(t *testing.T) {
	world(t, func(t *testing.T, r *stream.Registry, d *diary) {
		p, s := publish(t, r, "a", stream.Options{})
		reader := s.Read()
		p.Expect(true, false)
		p.Video(video720(t))
		write(t, p, picture(0, true))
		r.Close()
		drain(t, reader)
		if _, _, err := reader.Next(t.Context()); !errors.Is(err, stream.ErrClosed) {
			t.Errorf("reader: %v", err)
		}
		if err := p.Write(picture(33*ms, false)); !errors.Is(err, stream.ErrClosed) {
			t.Errorf("publisher: %v", err)
		}
		d.want(t, "live video=true audio=false", "away: the server is shutting down")
	})
}

func TestStreamIDsAreSafeInPaths(t *testing.T) {
	for _, id := range []string{"", "..", "a/b", "a b", "é", string(make([]byte, 65))} {
		if stream.ValidID(id) {
			t.Errorf("%q is accepted", id)
		}
	}
	if !stream.ValidID("show_01kd-Z") {
		t.Error("an ordinary id is refused")
	}
}

// FuzzTimeline feeds arbitrary clocks and looks at what comes out: times never
// go back and are never negative.
func FuzzTimeline(f *testing.F) {
	f.Add([]byte{0, 33, 0, 1, 20, 0, 0, 33, 0})
	f.Add([]byte{0, 0, 0x80, 1, 0xff, 0x7f, 0, 0, 0, 1, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		now := time.Unix(1e9, 0)
		r := stream.NewRegistry(stream.Config{Now: func() time.Time { return now }})
		defer r.Close()
		p, err := r.Publish(stream.Ticket{Stream: "x"}, stream.Source{})
		if err != nil {
			t.Fatal(err)
		}
		s, _ := r.Get("x")
		reader := s.Read()
		p.Expect(true, true)
		p.Video(video720(t))
		p.Audio(audio48(t))
		clock := [2]time.Duration{}
		last := [2]time.Duration{-1, -1}
		for len(script) >= 3 {
			kind := stream.Kind(script[0] & 1)
			clock[kind] += time.Duration(int16(uint16(script[1])|uint16(script[2])<<8)) * ms
			now = now.Add(time.Duration(script[0]) * ms)
			pkt := picture(clock[kind], script[0]&2 == 0)
			if kind == stream.Audio {
				pkt = sound(clock[kind])
			}
			if err := p.Write(pkt); err != nil {
				t.Fatal(err)
			}
			for _, f := range drainQuietly(reader) {
				if f.DTS <= last[f.Kind] {
					t.Fatalf("%v at %v after %v", f.Kind, f.DTS, last[f.Kind])
				}
				last[f.Kind] = f.DTS
			}
			script = script[3:]
		}
	})
}

var done = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func drainQuietly(r *stream.Reader) (frames []stream.Frame) {
	for {
		f, _, err := r.Next(done)
		if err != nil {
			return frames
		}
		frames = append(frames, f)
	}
}
