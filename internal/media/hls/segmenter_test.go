package hls

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/stream"
)

func testTracks(fps float64, sound bool) *stream.Tracks {
	t := &stream.Tracks{Video: &codec.Video{Config: []byte{1}, Width: 320, Height: 240, FPS: fps, Codecs: "avc1.42c01f"}}
	if sound {
		t.Audio, _ = codec.NewAudio(48000, 2)
	}
	return t
}

// film makes frames in order of arrival: pictures at fps with a key every gop,
// and sound beside them.
func film(t *stream.Tracks, from, length time.Duration, fps float64, gop int, jitter time.Duration) (out []stream.Frame) {
	rnd := rand.New(rand.NewPCG(1, 2))
	picture := time.Duration(float64(time.Second) / fps)
	sound := from
	for i := range int(length.Seconds() * fps) {
		at := from + time.Duration(i)*picture
		if jitter > 0 && i > 0 {
			at += time.Duration(rnd.Int64N(int64(jitter)))
		}
		for t.Audio != nil && sound < at {
			out = append(out, stream.Frame{Kind: stream.Audio, Key: true, DTS: sound, PTS: sound, Tracks: t, Data: []byte{2}})
			sound += t.Audio.FrameDuration()
		}
		out = append(out, stream.Frame{Kind: stream.Video, Key: i%gop == 0, DTS: at, PTS: at, Tracks: t, Data: []byte{1}})
	}
	return out
}

func newSegmenter(wish time.Duration, fps float64) *segmenter {
	return &segmenter{
		wall:       func(d time.Duration) time.Time { return time.Unix(1e9, 0).Add(d) },
		target:     announced(wish, fps),
		maxSegment: 2490 * time.Millisecond,
	}
}

// TestPartsKeepTheirPromises checks the rules of the draft's 4.4.4.9 and our own
// over rates, keyframe distances and part lengths.
func TestPartsKeepTheirPromises(t *testing.T) {
	for _, wish := range []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second} {
		for _, fps := range []float64{10, 12.5, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60} {
			for _, gop := range []int{1, 7, int(fps), int(2 * fps), int(10 * fps)} {
				s := newSegmenter(wish, fps)
				tracks := testTracks(fps, true)
				var parts []*Part
				for _, f := range film(tracks, time.Hour, 8*time.Second, fps, gop, 0) {
					parts = append(parts, s.push(f)...)
				}
				parts = append(parts, s.flush()...)
				next := time.Hour
				var segment time.Duration
				for i, p := range parts {
					if p.Start != next {
						t.Fatalf("%v %v fps gop %d: part %d starts at %v, want %v", wish, fps, gop, i, p.Start, next)
					}
					next += p.Duration
					if p.Duration > s.target {
						t.Errorf("%v %v fps gop %d: part %d lasts %v of %v", wish, fps, gop, i, p.Duration, s.target)
					}
					if !p.Last && float64(p.Duration) < partMin*float64(s.target) {
						t.Errorf("%v %v fps gop %d: part %d lasts only %v of %v", wish, fps, gop, i, p.Duration, s.target)
					}
					if p.First && segment != 0 {
						t.Errorf("%v %v fps gop %d: part %d begins a segment inside another", wish, fps, gop, i)
					}
					segment += p.Duration
					if p.Last {
						if segment.Round(time.Second) > 2*time.Second {
							t.Errorf("%v %v fps gop %d: a segment of %v", wish, fps, gop, segment)
						}
						segment = 0
					}
					if p.Discontinuity {
						t.Errorf("part %d is a discontinuity", i)
					}
				}
				if total := next - time.Hour; (total - 8*time.Second).Abs() > 200*time.Millisecond {
					t.Errorf("%v %v fps gop %d: the parts last %v together", wish, fps, gop, total)
				}
			}
		}
	}
}

func TestSegmentsBeginWithKeyframesWhenThereAreAny(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 30)
	n := 0
	for _, f := range film(testTracks(30, true), 0, 9*time.Second, 30, 60, 0) {
		for _, p := range s.push(f) {
			if !p.First {
				continue
			}
			n++
			if !p.Independent {
				t.Errorf("the segment at %v does not begin with a keyframe", p.Start)
			}
		}
	}
	if n != 5 {
		t.Errorf("%d segments, want 5", n)
	}
}

func TestTheFirstPartComesEarly(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 30)
	for _, f := range film(testTracks(30, true), 0, 2*time.Second, 30, 60, 0) {
		for _, p := range s.push(f) {
			if f.DTS > 440*time.Millisecond || p.Duration < 425*time.Millisecond {
				t.Errorf("the first part lasts %v and is known at %v", p.Duration, f.DTS)
			}
			return
		}
	}
}

func TestWanderingFrameRatesStayBelowTheTarget(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 0)
	for _, f := range film(testTracks(0, false), 0, 8*time.Second, 27, 54, 12*time.Millisecond) {
		for _, p := range s.push(f) {
			if p.Duration > s.target {
				t.Errorf("a part of %v, target %v", p.Duration, s.target)
			}
		}
	}
}

func TestALostPictureDoesNotHoldTheSound(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 30)
	tracks := testTracks(30, true)
	var parts []*Part
	for _, f := range film(tracks, 0, 6*time.Second, 30, 30, 0) {
		if f.Kind == stream.Video && f.DTS > 2*time.Second && f.DTS < 4*time.Second {
			continue
		}
		parts = append(parts, s.push(f)...)
	}
	var end time.Duration
	for i, p := range parts {
		if p.Start != end || p.Duration > s.target || p.Duration <= 0 {
			t.Errorf("part %d from %v lasts %v, want from %v", i, p.Start, p.Duration, end)
		}
		end = p.Start + p.Duration
	}
	if end < 5*time.Second {
		t.Errorf("the parts end at %v", end)
	}
}

func TestABreakIsADiscontinuityAtItsKeyframe(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 30)
	tracks := testTracks(30, true)
	var parts []*Part
	push := func(f stream.Frame) {
		parts = append(parts, s.push(f)...)
	}
	for _, f := range film(tracks, 0, 1700*time.Millisecond, 30, 30, 0) {
		push(f)
	}
	push(stream.Frame{Kind: stream.Pause, DTS: 1700 * time.Millisecond, Tracks: tracks})
	if last := parts[len(parts)-1]; !last.Last {
		t.Error("the pause leaves its segment open")
	}
	before := len(parts)
	again := film(tracks, 10*time.Second, 2*time.Second, 30, 30, 0)
	again[0].Break = true
	again = append([]stream.Frame{{Kind: stream.Video, DTS: 9900 * time.Millisecond, Break: true, Tracks: tracks}}, again...) // no keyframe
	for _, f := range again {
		push(f)
	}
	after := parts[before]
	if !after.Discontinuity || !after.First || !after.Independent || after.Start != 10*time.Second {
		t.Errorf("the part after the break: %+v", after)
	}
	if parts[before+1].Discontinuity {
		t.Error("the second part after the break is a discontinuity too")
	}
}

func TestPartTargets(t *testing.T) {
	for _, tt := range []struct {
		wish time.Duration
		fps  float64
		want time.Duration
	}{
		{500 * time.Millisecond, 30, 500 * time.Millisecond},
		{500 * time.Millisecond, 29.97, 501 * time.Millisecond},
		{500 * time.Millisecond, 25, 480 * time.Millisecond},
		{200 * time.Millisecond, 24, 209 * time.Millisecond},
		{200 * time.Millisecond, 60, 200 * time.Millisecond},
		{200 * time.Millisecond, 4, 250 * time.Millisecond},
		{500 * time.Millisecond, 0, 520 * time.Millisecond},
	} {
		if got := announced(tt.wish, tt.fps); got != tt.want {
			t.Errorf("%v at %v fps: %v, want %v", tt.wish, tt.fps, got, tt.want)
		}
	}
}
