package stream

import "time"

// Warning is a code for something the host should change in the encoder.
type Warning string

// The warnings.
const (
	// GOPTooLong: more than four seconds between keyframes make joining slow.
	GOPTooLong Warning = "gop_too_long"
	// BFrames cannot be carried over WebRTC.
	BFrames Warning = "b_frames"
	NoAudio Warning = "no_audio"
	NoVideo Warning = "no_video"
	// Silent: the publisher is connected and sends nothing.
	Silent Warning = "silent"
	// ClockJumps: the encoder's clock leapt, players may stutter.
	ClockJumps Warning = "clock_jumps"
)

const longGOP = 4 * time.Second

// Stats are the figures of a stream at one moment.
type Stats struct {
	ID       string
	State    State
	Protocol string
	// Since is when the present publisher connected.
	Since time.Time
	// Bitrate is in bits a second and FPS in frames a second, both over the last
	// seconds.
	Bitrate int64
	FPS     float64
	// KeyframeInterval is the last distance of keyframes.
	KeyframeInterval time.Duration
	// LastFrame is when the last frame arrived.
	LastFrame     time.Time
	Width, Height int
	HasVideo      bool
	HasAudio      bool
	Warnings      []Warning

	// Totals since the stream began.
	Frames, Bytes, Dropped int64
	Publishers, Jumps      int
	// Readers is how many parts of the server read the stream.
	Readers int
}

type counters struct {
	frames, bytes, dropped int64
	publishers             int
	lastFrame              time.Time
	lastKey, gop           time.Duration
	sawKey, sawOffset      bool
}

func (c *counters) received(p Packet) {
	c.frames++
	c.bytes += int64(len(p.Data))
	if p.Kind == Video && p.Offset != 0 {
		c.sawOffset = true
	}
}

func (c *counters) placed(f Frame) {
	c.lastFrame = f.Arrived
	if f.Kind != Video || !f.Key {
		return
	}
	if c.sawKey && !f.Break {
		c.gop = f.DTS - c.lastKey
	}
	c.sawKey, c.lastKey = true, f.DTS
}

// Stats returns the present figures.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.reg.cfg.Now()
	c := &s.count
	st := Stats{
		ID: s.id, State: s.state,
		KeyframeInterval: c.gop, LastFrame: c.lastFrame,
		Frames: c.frames, Bytes: c.bytes, Dropped: c.dropped,
		Publishers: c.publishers, Jumps: s.line.jumps, Readers: len(s.readers),
	}
	if s.pub != nil {
		st.Protocol, st.Since = s.pub.src.Protocol, s.pub.since
	}
	if s.state == Live {
		st.Bitrate, st.FPS = s.rates(now)
	}
	if t := s.tracks; t != nil {
		st.HasVideo, st.HasAudio = t.Video != nil, t.Audio != nil
		if t.Video != nil {
			st.Width, st.Height = t.Video.Width, t.Video.Height
		}
	}
	st.Warnings = s.warnings(now)
	return st
}

// rates measures over the ring's frames.
func (s *Stream) rates(now time.Time) (bitrate int64, fps float64) {
	frames := s.ring.frames
	if len(frames) < 2 {
		return 0, 0
	}
	span := max(now.Sub(frames[0].Arrived), frames[len(frames)-1].DTS-frames[0].DTS)
	if span <= 0 {
		return 0, 0
	}
	bytes, pictures := 0, 0
	for i := range frames {
		bytes += len(frames[i].Data)
		if frames[i].Kind == Video {
			pictures++
		}
	}
	return int64(float64(bytes) * 8 / span.Seconds()), float64(pictures) / span.Seconds()
}

func (s *Stream) warnings(now time.Time) []Warning {
	if s.state != Live || s.tracks == nil {
		return nil
	}
	var w []Warning
	c := &s.count
	if s.tracks.Video == nil {
		w = append(w, NoVideo)
	} else {
		if c.gop > longGOP || s.line.latest-c.lastKey > longGOP {
			w = append(w, GOPTooLong)
		}
		if s.tracks.Video.Reorder > 0 || c.sawOffset {
			w = append(w, BFrames)
		}
	}
	if s.tracks.Audio == nil {
		w = append(w, NoAudio)
	}
	if s.pub != nil && now.Sub(s.pub.heard) > silence {
		w = append(w, Silent)
	}
	if s.line.jumps > 0 {
		w = append(w, ClockJumps)
	}
	return w
}
