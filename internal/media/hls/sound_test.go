package hls

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/fmp4"
	"github.com/openstall/openstall/internal/media/stream"
)

// late holds back the sound of a film by some time of its pictures.
func late(film []stream.Frame, by func(at time.Duration) time.Duration) (out []stream.Frame) {
	var sound []stream.Frame
	for _, f := range film {
		if f.Kind == stream.Audio {
			sound = append(sound, f)
			continue
		}
		for len(sound) > 0 && sound[0].DTS+by(sound[0].DTS) <= f.DTS {
			out = append(out, sound[0])
			sound = sound[1:]
		}
		out = append(out, f)
	}
	return out
}

// soundOf returns from where to where a part has sound, and how many of its
// frames are silence.
func soundOf(t *testing.T, p *Part) (from, to time.Duration, silent int) {
	t.Helper()
	data := p.Data
	_, err := fmp4.Walk(bytes.NewReader(data), int64(len(data)), func(b fmp4.Box) error {
		if b.Type == "mdat" {
			silent = bytes.Count(data[b.Offset:b.Offset+b.Size], p.Init.Tracks.Audio.Silence())
		}
		if b.Type != "moof" {
			return nil
		}
		tracks, err := fmp4.ParseMoof(data[b.Offset : b.Offset+b.Size])
		for _, f := range tracks {
			if f.ID != fmp4.AudioTrack {
				continue
			}
			from, to = codec.Duration(int64(f.Base), 48000), codec.Duration(int64(f.Base+f.Duration), 48000)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return from, to, silent
}

// reels pushes frames and fails if a part's sound does not go on where that of
// the part before ended, or ends before the part does: hls.js stands still for
// ever after a segment that brings a picture without its sound.
func reels(t *testing.T, s *segmenter, frames []stream.Frame) (parts []*Part, silent int) {
	t.Helper()
	for _, f := range frames {
		parts = append(parts, s.push(f)...)
	}
	parts = append(parts, s.flush()...)
	const grain = time.Millisecond / 10 // of rounding to ticks
	var heard time.Duration
	for i, p := range parts {
		from, to, n := soundOf(t, p)
		silent += n
		if i > 0 && (from-heard).Abs() > grain && !p.Discontinuity {
			t.Errorf("part %d: the sound goes on at %v, that before ended at %v", i, from, heard)
		}
		if (from - p.Start).Abs() > 25*time.Millisecond {
			t.Errorf("part %d from %v has sound from %v", i, p.Start, from)
		}
		if to < p.Start+p.Duration-grain {
			t.Errorf("part %d from %v to %v has sound to %v", i, p.Start, p.Start+p.Duration, to)
		}
		heard = to
	}
	return parts, silent
}

func TestAPartWaitsForItsSound(t *testing.T) {
	tracks := testTracks(30, true)
	frames := late(film(tracks, time.Hour, 6*time.Second, 30, 60, 0), func(time.Duration) time.Duration { return 150 * time.Millisecond })
	if _, silent := reels(t, newSegmenter(500*time.Millisecond, 30), frames); silent > 10 {
		t.Errorf("%d frames of silence; only the end has none of its own", silent)
	}
}

// TestASegmentOfOneMomentHasItsSound: a browser sends a keyframe because it was
// asked to, and another a moment later with its picture larger.
func TestASegmentOfOneMomentHasItsSound(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 30)
	small := testTracks(30, true)
	large := &stream.Tracks{Video: &codec.Video{Config: []byte{2}, Width: 640, Height: 480, FPS: 30}, Audio: small.Audio}
	frames := film(small, time.Hour, 4*time.Second, 30, 60, 0)
	broken := false
	for i := range frames {
		f := &frames[i]
		if f.DTS < time.Hour+2050*time.Millisecond {
			continue
		}
		f.Tracks = large
		if f.Kind == stream.Video && !broken {
			f.Break, f.Key, broken = true, true, true
		}
	}
	parts, silent := reels(t, s, late(frames, func(time.Duration) time.Duration { return 120 * time.Millisecond }))
	if silent > 10 {
		t.Errorf("%d frames of silence", silent)
	}
	i := slices.IndexFunc(parts, func(p *Part) bool { return p.Discontinuity })
	if i < 1 || parts[i-1].Duration > 100*time.Millisecond || !parts[i-1].First || !parts[i-1].Last {
		t.Fatalf("no moment before the break at part %d", i)
	}
}

func TestAMicrophoneThatIsGoneLeavesSilence(t *testing.T) {
	var frames []stream.Frame
	for _, f := range film(testTracks(30, true), time.Hour, 8*time.Second, 30, 60, 0) {
		if f.Kind == stream.Video || f.DTS < time.Hour+2*time.Second || f.DTS > time.Hour+5*time.Second {
			frames = append(frames, f)
		}
	}
	var behind time.Duration
	probe := newSegmenter(500*time.Millisecond, 30)
	for _, f := range frames {
		for _, p := range probe.push(f) {
			behind = max(behind, f.DTS-p.Start-p.Duration)
		}
	}
	if behind > stall+50*time.Millisecond {
		t.Errorf("a part came %v after its pictures", behind)
	}
	if _, silent := reels(t, newSegmenter(500*time.Millisecond, 30), frames); silent < 130 || silent > 150 {
		t.Errorf("%d frames of silence in three seconds", silent)
	}
}

func TestSoundThatIsVeryLateIsWaitedForLonger(t *testing.T) {
	by := func(at time.Duration) time.Duration {
		if at > time.Hour+2*time.Second {
			return 1200 * time.Millisecond
		}
		return 0
	}
	frames := late(film(testTracks(30, true), time.Hour, 20*time.Second, 30, 60, 0), by)
	if _, silent := reels(t, newSegmenter(500*time.Millisecond, 30), frames); silent > 150 {
		t.Errorf("%d frames of silence: what is late is not heard any more", silent)
	}
}

func TestABreakKeepsTheOrderOfItsAnnouncement(t *testing.T) {
	s := newSegmenter(500*time.Millisecond, 30)
	frames := late(film(testTracks(30, true), time.Hour, 3*time.Second, 30, 30, 0), func(time.Duration) time.Duration { return 200 * time.Millisecond })
	announced := false
	for i, f := range frames {
		if f.Kind == stream.Video && f.Key && i > 0 {
			f.Break = true
		}
		for _, p := range s.push(f) {
			if p.Discontinuity != announced {
				t.Errorf("the part from %v: discontinuity %v, announced %v", p.Start, p.Discontinuity, announced)
			}
		}
		announced = s.breaks()
	}
}
