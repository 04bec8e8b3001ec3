package hls

import (
	"time"

	"github.com/openstall/openstall/internal/media/stream"
)

// maxPatience is how long a part waits at most for its sound. hls.js asks again
// for what has not come after 1.6 s.
const maxPatience = 1500 * time.Millisecond

// sound is what was heard beside the pictures and is not yet in a part.
//
// Encoders may be late with it, most of all where Opus becomes AAC, but a part
// must not leave without it: players count as buffered what has picture and
// sound, and hls.js does not look behind a segment that adds nothing to that, so
// one short segment whose sound came later held the picture for ever. A part
// waits for its sound, and where none comes it is given silence.
type sound struct {
	frames   []stream.Frame
	heard    time.Duration // end of the latest frame
	covered  time.Duration // up to where parts have sound
	patience time.Duration // stall, or longer where sound has come later
}

// add takes a frame of sound that comes when the pictures are at latest.
func (s *sound) add(f stream.Frame, latest time.Duration) {
	length := f.Tracks.Audio.FrameDuration()
	if f.DTS < s.covered-length/2 { // there is silence in its place
		s.patience = min(max(s.patience, latest-f.DTS), maxPatience)
		return
	}
	s.frames = append(s.frames, f)
	s.heard = max(s.heard, f.DTS+length)
}

// reaches reports whether the sound before end is there, or has been waited for
// long enough when the pictures are at latest.
func (s *sound) reaches(end, latest time.Duration) bool {
	return s.heard >= end || latest-end > max(s.patience, stall)
}

// begin is called before take for the first part after a break.
func (s *sound) begin(start time.Duration) { s.covered = max(s.covered, start) }

// take returns the sound before end. Beside a picture there is silence where it
// has holes.
func (s *sound) take(end time.Duration, t *stream.Tracks) (out []stream.Frame) {
	if t.Audio == nil {
		return nil
	}
	length := t.Audio.FrameDuration()
	silence := t.Audio.Silence()
	fill := func(until time.Duration) {
		for silence != nil && t.Video != nil && s.covered < until {
			out = append(out, stream.Frame{Kind: stream.Audio, Key: true, DTS: s.covered, PTS: s.covered, Data: silence, Tracks: t})
			s.covered += length
		}
	}
	n := 0
	for ; n < len(s.frames) && s.frames[n].DTS < end; n++ {
		f := s.frames[n]
		if f.DTS < s.covered-length/2 {
			continue
		}
		fill(f.DTS - length/2)
		out = append(out, f)
		s.covered = f.DTS + length
	}
	s.frames = append(s.frames[:0:0], s.frames[n:]...)
	fill(end)
	return out
}
