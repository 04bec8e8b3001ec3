package hls

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/fmp4"
	"github.com/openstall/openstall/internal/media/stream"
)

// Init is an init segment. Its name follows from its bytes, so equal tracks
// share one and different tracks never do.
type Init struct {
	Name   string
	Data   []byte
	Tracks *stream.Tracks
}

func newInit(t *stream.Tracks) *Init {
	data := fmp4.Init(t.Video, t.Audio)
	sum := sha256.Sum256(data)
	return &Init{Name: "init-" + hex.EncodeToString(sum[:6]) + ".mp4", Data: data, Tracks: t}
}

// Part is one fragment with picture and sound. It is never changed.
type Part struct {
	Init *Init
	Data []byte
	// Start is the part's place on the stream's timeline.
	Start, Duration time.Duration
	// Wall is when the part's first picture was received, by the timeline.
	Wall time.Time
	// Independent says that decoding can start here.
	Independent bool
	// Discontinuity says that the part does not continue the one before.
	Discontinuity bool
	// First and Last say where the part stands in its segment. Last is only known
	// once the frame after the part is.
	First, Last bool
}

const (
	// minSegment is how long a segment lasts at least before a keyframe ends it.
	minSegment = time.Second
	// partMin is the share of the part target a part must reach unless it is the
	// last of its segment (draft-pantos-hls-rfc8216bis, 4.4.4.9).
	partMin = 0.85
	// stall is how long sound may run ahead of a missing picture.
	stall = 500 * time.Millisecond
	// rounding keeps frames on their grid from crossing a limit by a nanosecond.
	rounding = time.Microsecond
)

// announced returns the PART-TARGET for a wish: a whole number of frames, so that
// each part can reach 85 % of it, and never less than its parts last.
func announced(wish time.Duration, fps float64) time.Duration {
	if fps <= 0 {
		// Cameras wander around their rate.
		return wish + 20*time.Millisecond
	}
	exact := wish.Seconds() * fps
	n := math.Max(1, math.Floor(exact+0.05))
	if n < partMin*exact {
		n++
	}
	return time.Duration(math.Ceil(n/fps*1000)) * time.Millisecond
}

// segmenter cuts a stream's frames into parts and segments. A part is complete
// when the frame after it is known, which tells its last frame's duration and
// whether the segment ends with it, and when its sound is there (see sound).
type segmenter struct {
	wall       func(time.Duration) time.Time
	target     time.Duration // PART-TARGET
	maxSegment time.Duration
	sequence   uint32

	init    *Init
	open    bool // a part is being filled
	broken  bool // the next part is a discontinuity
	any     bool // a part was made
	opening bool // the part being filled begins a segment
	start   time.Duration
	segment time.Duration // start of the segment
	rhythm  time.Duration // last distance of lead frames
	latest  time.Duration // DTS of the last lead frame
	video   []stream.Frame
	waiting []scene // parts that are cut, in order
	sound   sound
}

// scene is a part with the pictures it will have.
type scene struct {
	part  *Part
	video []stream.Frame
	fresh bool // the first one after a break
}

// push takes the next frame and returns the parts it completes.
func (s *segmenter) push(f stream.Frame) []*Part {
	if f.Kind == stream.Pause {
		return s.flush()
	}
	var done []*Part
	if f.Break {
		s.stop(f.DTS)
		if s.init != nil && s.init.Tracks.Audio != f.Tracks.Audio {
			done = s.release(true)
		}
	}
	if f.Kind == stream.Audio {
		s.sound.add(f, s.latest)
	}
	switch {
	case !s.open:
		s.begin(f)
	case f.Kind == stream.Video || s.init.Tracks.Video == nil:
		s.decide(f)
		if f.Kind == stream.Video {
			s.video = append(s.video, f)
		}
	case f.DTS-s.start > s.target+stall:
		s.cut(s.start+s.target, false)
	}
	return append(done, s.release(false)...)
}

// breaks reports whether the part to come does not continue the one before.
func (s *segmenter) breaks() bool {
	if len(s.waiting) > 0 {
		return s.waiting[0].part.Discontinuity
	}
	return s.broken
}

// begin opens the first part after a break, if f is where decoding can start.
func (s *segmenter) begin(f stream.Frame) {
	if f.Kind == stream.Audio && f.Tracks.Video != nil || !f.Key {
		return
	}
	if s.init == nil || s.init.Tracks != f.Tracks {
		s.init = newInit(f.Tracks)
	}
	s.open, s.opening = true, true
	s.start, s.segment = f.DTS, f.DTS
	s.rhythm = time.Second / 30
	if v := f.Tracks.Video; v == nil {
		s.rhythm = f.Tracks.Audio.FrameDuration()
	} else if v.FPS > 0 {
		s.rhythm = time.Duration(float64(time.Second) / v.FPS)
	}
	s.latest = f.DTS
	s.video = nil
	if f.Kind == stream.Video {
		s.video = append(s.video, f)
	}
}

// decide cuts before the lead frame f if it belongs to the next part.
func (s *segmenter) decide(f stream.Frame) {
	if len(s.video) > 0 || s.init.Tracks.Video == nil && f.DTS > s.latest {
		s.rhythm = f.DTS - s.latest
	}
	s.latest = f.DTS
	length := f.DTS - s.start
	if length <= 0 {
		return
	}
	if f.Key && f.DTS-s.segment >= minSegment-20*time.Millisecond {
		s.cut(min(f.DTS, s.start+s.target), true)
		return
	}
	full := length+s.rhythm > s.target+rounding
	if !s.any {
		// The first picture comes as early as the rules allow.
		full = full || float64(length) >= partMin*float64(s.target)
	}
	if !full {
		return
	}
	end := min(f.DTS, s.start+s.target)
	s.cut(end, end-s.segment+s.target > s.maxSegment)
}

// stop cuts what is there; the pictures do not go on from here. Others may begin
// at next.
func (s *segmenter) stop(next time.Duration) {
	if !s.open {
		return
	}
	end := s.start
	for _, f := range s.video {
		end = max(end, f.DTS+s.rhythm)
	}
	end = min(max(end, s.sound.heard), s.start+s.target)
	if next > s.start {
		end = min(end, next)
	}
	s.cut(end, true)
	s.open, s.broken = false, true
}

// flush completes what is there; the stream does not go on from here.
func (s *segmenter) flush() []*Part {
	s.stop(math.MaxInt64)
	done := s.release(true)
	s.sound = sound{}
	return done
}

// cut makes a part of the pictures so far, which ends at end, and opens the next.
// last says that the segment ends too.
func (s *segmenter) cut(end time.Duration, last bool) {
	p := &Part{
		Init: s.init, Start: s.start, Duration: end - s.start, Wall: s.wall(s.start),
		First: s.opening, Last: last, Discontinuity: s.broken && s.any && s.opening,
	}
	if v := s.init.Tracks.Video; v != nil {
		p.Independent = len(s.video) > 0 && s.video[0].Key
	} else {
		p.Independent = true
	}
	s.waiting = append(s.waiting, scene{p, s.video, s.broken || !s.any})
	s.any, s.broken = true, false
	s.video = nil
	s.start, s.opening = end, last
	if last {
		s.segment = end
	}
}

// release returns the parts whose sound is there, or all.
func (s *segmenter) release(all bool) (done []*Part) {
	for len(s.waiting) > 0 {
		c := &s.waiting[0]
		end := c.part.Start + c.part.Duration
		tracks := c.part.Init.Tracks
		if !all && tracks.Video != nil && tracks.Audio != nil && !s.sound.reaches(end, s.latest) {
			break
		}
		if c.fresh {
			s.sound.begin(c.part.Start)
		}
		s.sequence++
		c.part.Data = fmp4.Fragment(s.sequence, c.part.Wall, videoRun(c.video, end), audioRun(s.sound.take(end, tracks)))
		done = append(done, c.part)
		s.waiting[0] = scene{}
		s.waiting = s.waiting[1:]
	}
	return done
}

func videoRun(frames []stream.Frame, end time.Duration) fmp4.Run {
	if len(frames) == 0 {
		return fmp4.Run{}
	}
	run := fmp4.Run{Base: uint64(codec.Ticks(frames[0].DTS, fmp4.VideoScale)), Samples: make([]fmp4.Sample, len(frames))}
	at := int64(run.Base)
	for i, f := range frames {
		next := end
		if i+1 < len(frames) {
			next = frames[i+1].DTS
		}
		to := max(codec.Ticks(next, fmp4.VideoScale), at+1)
		run.Samples[i] = fmp4.Sample{
			Data: f.Data, Key: f.Key,
			Duration: uint32(to - at),
			CTS:      int32(codec.Ticks(f.PTS, fmp4.VideoScale) - codec.Ticks(f.DTS, fmp4.VideoScale)),
		}
		at = to
	}
	return run
}

func audioRun(frames []stream.Frame) fmp4.Run {
	if len(frames) == 0 {
		return fmp4.Run{}
	}
	rate := frames[0].Tracks.Audio.SampleRate
	run := fmp4.Run{Base: uint64(codec.Ticks(frames[0].DTS, rate)), Samples: make([]fmp4.Sample, len(frames))}
	for i, f := range frames {
		n := int64(codec.SamplesPerFrame)
		if i+1 < len(frames) {
			n = codec.Ticks(frames[i+1].DTS, rate) - codec.Ticks(f.DTS, rate)
		}
		run.Samples[i] = fmp4.Sample{Data: f.Data, Duration: uint32(n), Key: true}
	}
	return run
}
