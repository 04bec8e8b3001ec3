package stream

import (
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

// Stream is one live stream. It is safe for concurrent use.
type Stream struct {
	id  string
	reg *Registry
	opt Options

	mu      sync.Mutex
	state   State
	closed  bool
	pub     *Publisher
	tracks  *Tracks
	line    timeline
	ring    ring
	readers map[*Reader]struct{}
	grace   *time.Timer
	linger  *time.Timer
	count   counters

	// calls is what the observer has not yet heard; nil in it ends the goroutine.
	calls  []func(Observer)
	called *sync.Cond
}

func newStream(r *Registry, t Ticket) *Stream {
	o := t.Options
	if o.PartTarget <= 0 {
		o.PartTarget = 500 * time.Millisecond
	}
	if o.Grace <= 0 {
		o.Grace = r.cfg.Grace
	}
	s := &Stream{id: t.Stream, reg: r, opt: o, readers: map[*Reader]struct{}{}}
	s.called = sync.NewCond(&s.mu)
	return s
}

// ID returns the stream's name.
func (s *Stream) ID() string { return s.id }

// Options returns the options with defaults filled in.
func (s *Stream) Options() Options { return s.opt }

// State returns where the stream is in its life.
func (s *Stream) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// WallClock returns when the picture at stream time at was received. It is zero
// before the first frame.
func (s *Stream) WallClock(at time.Duration) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.line.started {
		return time.Time{}
	}
	return s.line.epoch.Add(at)
}

// End ends the stream by its owner's word and disconnects the publisher. Ending
// twice is ending once.
func (s *Stream) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish()
}

// finish moves to Ended. The caller holds the mutex.
func (s *Stream) finish() {
	if s.state == Ended || s.closed {
		return
	}
	if s.state != Idle {
		s.tell(func(o Observer) { o.Ended(s) })
	}
	s.state = Ended
	s.drop(ErrEnded)
	s.stopGrace()
	s.wakeReaders()
	s.tell(nil)
	s.linger = time.AfterFunc(s.reg.cfg.Linger, func() { s.reg.forget(s) })
}

// close disconnects everyone without ending the stream.
func (s *Stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.linger != nil {
		s.linger.Stop()
	}
	if s.state == Ended || s.closed {
		return
	}
	s.drop(ErrClosed)
	s.stopGrace()
	s.closed = true
	s.wakeReaders()
	s.tell(nil)
}

func (s *Stream) stopGrace() {
	if s.grace != nil {
		s.grace.Stop()
		s.grace = nil
	}
}

// attach makes a publisher the present one, if policy allows.
func (s *Stream) attach(holder string, src Source) (*Publisher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state == Ended:
		return nil, ErrEnded
	case s.closed:
		return nil, ErrClosed
	}
	now := s.reg.cfg.Now()
	if old := s.pub; old != nil {
		silent := now.Sub(old.heard) > silence
		same := holder != "" && holder == old.holder
		if s.opt.Takeover == TakeoverNever || s.opt.Takeover == TakeoverIfSilent && !silent && !same {
			return nil, ErrBusy
		}
		s.drop(ErrReplaced)
	}
	s.pub = &Publisher{s: s, src: src, holder: holder, heard: now, since: now}
	s.count.publishers++
	return s.pub, nil
}

// drop detaches the present publisher, if there is one, and tells it why. The
// caller holds the mutex.
func (s *Stream) drop(cause error) {
	p := s.pub
	if p == nil {
		return
	}
	s.pub = nil
	p.err = cause
	p.pending = nil
	if p.src.Kick != nil {
		p.src.Kick(cause)
	}
	s.line.detach()
	if !p.started || s.state == Ended {
		return
	}
	s.state = Away
	s.push(Frame{Kind: Pause, DTS: s.line.end, PTS: s.line.end, Arrived: s.reg.cfg.Now(), Tracks: s.tracks})
	s.tell(func(o Observer) { o.Away(s, cause) })
	s.stopGrace()
	var timer *time.Timer
	timer = time.AfterFunc(s.opt.Grace, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.grace == timer {
			s.finish()
		}
	})
	s.grace = timer
}

// goLive is called with a publisher's first frames. The caller holds the mutex.
func (s *Stream) goLive(t *Tracks) {
	first := s.state == Idle
	s.state = Live
	s.stopGrace()
	if first {
		s.tracks = t
		s.tell(func(o Observer) { o.Live(s, t) })
		return
	}
	s.tell(func(o Observer) { o.Back(s) })
	s.retrack(t)
}

// retrack makes t the tracks from the next frame on and reports whether they
// differ from the present ones. The caller holds the mutex.
func (s *Stream) retrack(t *Tracks) bool {
	if sameTracks(s.tracks, t) {
		return false
	}
	s.tracks = t
	s.tell(func(o Observer) { o.CodecChanged(s, t) })
	return true
}

func sameTracks(a, b *Tracks) bool {
	switch {
	case (a.Video == nil) != (b.Video == nil), (a.Audio == nil) != (b.Audio == nil):
		return false
	case a.Video != nil && !sameVideo(a.Video, b.Video):
		return false
	}
	return a.Audio == nil || sameAudio(a.Audio, b.Audio)
}

func sameVideo(a, b *codec.Video) bool {
	return a != nil && b != nil && string(a.Config) == string(b.Config)
}
func sameAudio(a, b *codec.Audio) bool {
	return a != nil && b != nil && string(a.Config) == string(b.Config)
}

func (s *Stream) push(f Frame) {
	s.ring.push(f, s.reg.cfg.RingTime, s.reg.cfg.RingBytes)
	s.wakeReaders()
}

func (s *Stream) wakeReaders() {
	for r := range s.readers {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// tell queues a call to the observer; nil is the last. The caller holds the
// mutex.
func (s *Stream) tell(call func(Observer)) {
	s.calls = append(s.calls, call)
	s.called.Signal()
}

// notify calls the observer until the last call.
func (s *Stream) notify() {
	for {
		s.mu.Lock()
		for len(s.calls) == 0 {
			s.called.Wait()
		}
		calls := s.calls
		s.calls = nil
		s.mu.Unlock()
		for _, call := range calls {
			if call == nil {
				return
			}
			if o := s.reg.cfg.Observer; o != nil {
				call(o)
			}
		}
	}
}
