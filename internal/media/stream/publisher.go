package stream

import (
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

const (
	// trackWait is how long a publisher's first frames wait for the
	// configuration of another track.
	trackWait = 300 * time.Millisecond
	// videoWait is how long sound waits for its picture. It is longer, because a
	// stream that turns out to have a picture must start anew.
	videoWait = 2 * time.Second
	// maxPending bounds what waits, in frames.
	maxPending = 600
)

// Publisher feeds a stream. Its methods are safe for concurrent use, and do
// nothing once the publisher is detached.
type Publisher struct {
	s      *Stream
	src    Source
	holder string

	// The stream's mutex guards what follows.
	err     error     // why it is detached
	heard   time.Time // when the last packet came
	since   time.Time
	video   *codec.Video
	audio   *codec.Audio
	started bool
	needKey bool // pictures are dropped until the next keyframe
	stale   bool // video or audio differ from the stream's tracks
	brk     bool // the next frame is a break

	expected             bool // the publisher has named its tracks
	wantVideo, wantAudio bool
	pending              []waiting
	waitSince            time.Time
}

type waiting struct {
	Packet
	key     bool
	arrived time.Time
}

// Expect names the tracks the publisher will send, so that the stream need not
// wait for others.
func (p *Publisher) Expect(video, audio bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.expected, p.wantVideo, p.wantAudio = true, video, audio
}

// Video sets the video track from the next keyframe on.
func (p *Publisher) Video(v *codec.Video) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if sameVideo(p.video, v) {
		return
	}
	p.video, p.needKey, p.stale = v, true, true
}

// Audio sets the audio track. Beside a video track it counts from the next
// keyframe on, because players can only begin there.
func (p *Publisher) Audio(a *codec.Audio) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if sameAudio(p.audio, a) {
		return
	}
	p.audio, p.stale = a, true
}

// Write adds a frame. Frames before the first keyframe, of a track without
// configuration or with broken bytes are left out. The error says why the
// publisher is detached: [ErrReplaced], [ErrEnded], [ErrClosed] or the cause
// given to Close.
func (p *Publisher) Write(pkt Packet) error {
	s := p.s
	key := pkt.Kind == Audio
	if pkt.Kind == Video {
		idr, err := codec.CheckAU(pkt.Data)
		if err != nil {
			return p.skip()
		}
		key = idr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	now := s.reg.cfg.Now()
	p.heard = now
	s.count.received(pkt)
	w := waiting{pkt, key, now}
	if !p.started {
		p.wait(w)
		return nil
	}
	p.accept(w)
	return nil
}

func (p *Publisher) skip() error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.count.dropped++
	return p.err
}

// wait keeps w until the tracks are known, then starts the stream.
func (p *Publisher) wait(w waiting) {
	if p.waitSince.IsZero() {
		p.waitSince = w.arrived
	}
	if w.Kind == Video && w.key {
		// Nothing before a keyframe can be shown with it.
		p.pending = p.pending[:0]
	}
	if w.Kind == Audio || w.key || p.holdsKey() {
		p.pending = append(p.pending, w)
	}
	if len(p.pending) > maxPending {
		p.s.count.dropped += int64(len(p.pending))
		p.pending = p.pending[:0]
	}
	if !p.ready(w.arrived.Sub(p.waitSince)) {
		return
	}
	p.started = true
	p.s.goLive(&Tracks{p.video, p.audio})
	p.needKey, p.stale, p.brk = p.video != nil, false, true
	ws := p.pending
	p.pending = nil
	for _, w := range ws {
		p.accept(w)
	}
}

func (p *Publisher) holdsKey() bool {
	for _, w := range p.pending {
		if w.Kind == Video {
			return true // the first one is a keyframe
		}
	}
	return false
}

// ready reports whether the stream can start after having waited for so long.
func (p *Publisher) ready(waited time.Duration) bool {
	video := p.video != nil && p.holdsKey()
	audio := p.audio != nil
	if p.expected {
		if video && (audio || !p.wantAudio) || audio && !p.wantVideo && p.video == nil {
			return true
		}
	} else if video && audio {
		return true
	}
	return video && waited >= trackWait || audio && p.video == nil && waited >= videoWait
}

// accept puts w on the timeline and into the ring.
func (p *Publisher) accept(w waiting) {
	s := p.s
	if p.needKey && w.Kind == Video {
		if !w.key {
			s.count.dropped++
			return
		}
		p.needKey = false
	}
	if p.stale && (w.Kind == Video && w.key || p.video == nil) {
		p.stale = false
		if s.retrack(&Tracks{p.video, p.audio}) {
			p.brk = true
		}
	}
	if w.Kind == Video && s.tracks.Video == nil || w.Kind == Audio && s.tracks.Audio == nil {
		s.count.dropped++
		return
	}
	if !s.line.anchored {
		s.line.anchorAt(w.DTS, w.arrived)
	}
	at, brk, ok := s.line.place(w.Kind, w.DTS, w.arrived, s.tracks)
	p.brk = p.brk || brk
	if !ok {
		s.count.dropped++
		return
	}
	f := Frame{
		Kind: w.Kind, Key: w.key, Break: p.brk,
		DTS: at, PTS: at + w.Offset, Arrived: w.arrived,
		Data: w.Data, Tracks: s.tracks,
	}
	p.brk = false
	s.count.placed(f)
	s.push(f)
}

// Close detaches the publisher; the stream is away until it returns. Closing
// again does nothing.
func (p *Publisher) Close(cause error) {
	s := p.s
	s.mu.Lock()
	if s.pub == p {
		p.src.Kick = nil // it is the connection that calls
		s.drop(cause)
	}
	idle := s.state == Idle && s.pub == nil
	s.mu.Unlock()
	if idle {
		s.reg.discard(s)
	}
}
