// Package hls serves live streams as Low-Latency HLS
// (draft-pantos-hls-rfc8216bis; sections below refer to it).
//
// After each part the playlist is rendered once and becomes an edition that all
// viewers share: a request finds its answer in the present edition or waits for
// the next. Nothing in a playlist or URI depends on the viewer, so any cache can
// stand in front.
package hls

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
)

// Sink receives the parts of one stream, in order, from one goroutine, which
// must not be kept waiting.
type Sink interface {
	Write(p *Part)
	// Close is the last call. ended is false when the server stops in the middle
	// of the stream.
	Close(ended bool)
}

// Config has useful zero values.
type Config struct {
	// Gate decides whether a request may see a stream; everyone may if nil. Its
	// error is not shown. It is asked for each request.
	Gate func(r *http.Request, streamID string) error
	// Sink opens a sink for a stream, or returns nil.
	Sink func(s *stream.Stream) Sink
	// TargetDuration is EXT-X-TARGETDURATION in whole seconds, 2 s if zero.
	// Segments end at keyframes one second apart or more, and at this length
	// where there is none.
	TargetDuration time.Duration
	// Window is how much a playlist lists, 20 s if zero.
	Window time.Duration
	// Hold is how long a request waits for a stream that is away before it gets
	// the playlist unchanged, 0.6 target durations if zero. hls.js gives up after
	// 0.8 of them (or three parts, if that is longer).
	Hold time.Duration
	// Linger is how long an ended stream is still served, 60 s if zero.
	Linger time.Duration
	// Expect reports whether a stream that is not there, or shows nothing yet, is
	// about to: a show has begun and its publisher is on the way. It is asked when
	// a first playlist is, must not block, and never holds if nil.
	Expect func(streamID string) bool
	// Arrival is how long the first playlist of an expected stream is held, 10 s
	// if zero. Players wait for it a little longer, so that a show that has just
	// begun costs them no failed request.
	Arrival time.Duration
}

// Server serves all streams it is attached to.
type Server struct {
	cfg   Config
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup
	count counters

	mu      sync.RWMutex
	streams map[string]*muxer
	arrived chan struct{} // closed and replaced when a stream is attached
}

// New returns a server without streams.
func New(cfg Config) *Server {
	if cfg.TargetDuration <= 0 {
		cfg.TargetDuration = 2 * time.Second
	}
	if cfg.Window <= 0 {
		cfg.Window = 20 * time.Second
	}
	if cfg.Hold <= 0 {
		cfg.Hold = cfg.TargetDuration * 6 / 10
	}
	if cfg.Linger <= 0 {
		cfg.Linger = time.Minute
	}
	if cfg.Arrival <= 0 {
		cfg.Arrival = 10 * time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Server{cfg: cfg, ctx: ctx, stop: stop, streams: map[string]*muxer{}, arrived: make(chan struct{})}
}

// Attach serves st from its first frame on. It is meant for
// [stream.Config].Attach.
func (s *Server) Attach(st *stream.Stream) {
	m := newMuxer(st, &s.cfg)
	s.mu.Lock()
	s.streams[st.ID()] = m
	close(s.arrived)
	s.arrived = make(chan struct{})
	s.mu.Unlock()
	r := st.Read()
	s.wg.Go(func() {
		if m.run(s.ctx, r) {
			select {
			case <-time.After(s.cfg.Linger):
			case <-s.ctx.Done():
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.streams[st.ID()] == m {
			delete(s.streams, st.ID())
		}
	})
}

// Close stops serving and waits until the sinks are closed. Streams that have
// not ended are left open in their playlists.
func (s *Server) Close() {
	s.stop()
	s.wg.Wait()
}

// muxer returns the muxer of a stream, or nil and what closes when another
// stream arrives.
func (s *Server) muxer(id string) (m *muxer, arrived <-chan struct{}) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.streams[id], s.arrived
}

// Counters are totals since the start.
type Counters struct {
	Playlists, Parts, Segments, Bytes, Refused int64
	// Waiting is how many requests wait at this moment.
	Waiting int64
}

type counters struct {
	playlists, parts, segments, bytes, refused, waiting atomic.Int64
}

// Counters returns the present totals.
func (s *Server) Counters() Counters {
	c := &s.count
	return Counters{
		Playlists: c.playlists.Load(), Parts: c.parts.Load(), Segments: c.segments.Load(),
		Bytes: c.bytes.Load(), Refused: c.refused.Load(), Waiting: c.waiting.Load(),
	}
}
