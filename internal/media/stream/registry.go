package stream

import (
	"log/slog"
	"sync"
	"time"
)

// Config has useful zero values.
type Config struct {
	// Grace is how long a stream waits for its lost publisher, 60 s if zero.
	Grace time.Duration
	// RingTime and RingBytes bound the frames kept of a stream, 5 s and 8 MiB
	// if zero.
	RingTime  time.Duration
	RingBytes int
	// Linger is how long an ended stream can still be looked up, 60 s if zero.
	Linger time.Duration
	// Observer hears about all streams; nobody if nil.
	Observer Observer
	// Attach is called for each new stream before its first frame. It must not
	// block or use the registry; what it starts must stop when its reader
	// returns an error.
	Attach []func(*Stream)
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Log is slog.Default if nil.
	Log *slog.Logger
}

// Registry holds the streams of a server. It is safe for concurrent use.
type Registry struct {
	cfg     Config
	mu      sync.Mutex
	streams map[string]*Stream
	closed  bool
	events  sync.WaitGroup
}

// NewRegistry returns an empty registry.
func NewRegistry(cfg Config) *Registry {
	if cfg.Grace <= 0 {
		cfg.Grace = time.Minute
	}
	if cfg.RingTime <= 0 {
		cfg.RingTime = 5 * time.Second
	}
	if cfg.RingBytes <= 0 {
		cfg.RingBytes = 8 << 20
	}
	if cfg.Linger <= 0 {
		cfg.Linger = time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Registry{cfg: cfg, streams: map[string]*Stream{}}
}

// ValidID reports whether id can name a stream: it appears in URLs and file
// names.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// Publish attaches a publisher to the stream its ticket names, making the stream
// if there is none or the last one of that name has ended. It returns [ErrBadID],
// [ErrBusy] or [ErrClosed].
func (r *Registry) Publish(t Ticket, src Source) (*Publisher, error) {
	if !ValidID(t.Stream) {
		return nil, ErrBadID
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	s := r.streams[t.Stream]
	if s == nil || s.State() == Ended {
		s = newStream(r, t)
		r.streams[t.Stream] = s
		r.events.Go(s.notify)
		for _, attach := range r.cfg.Attach {
			attach(s)
		}
	}
	return s.attach(t.Holder, src)
}

// Get returns the stream named id.
func (r *Registry) Get(id string) (*Stream, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.streams[id]
	return s, ok
}

// Snapshot returns the figures of all streams, in no order.
func (r *Registry) Snapshot() []Stats {
	r.mu.Lock()
	all := make([]*Stream, 0, len(r.streams))
	for _, s := range r.streams {
		all = append(all, s)
	}
	r.mu.Unlock()
	out := make([]Stats, 0, len(all))
	for _, s := range all {
		out = append(out, s.Stats())
	}
	return out
}

// forget removes s unless another stream has taken its name.
func (r *Registry) forget(s *Stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streams[s.id] == s {
		delete(r.streams, s.id)
	}
}

// discard forgets a stream that never had a frame, of which nobody has heard.
func (r *Registry) discard(s *Stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Idle || s.pub != nil || s.closed {
		return
	}
	s.closed = true
	s.wakeReaders()
	s.tell(nil)
	delete(r.streams, s.id)
}

// Close disconnects all publishers and readers without ending the streams, so
// that shows can go on after a restart, and waits for the observer's last call.
func (r *Registry) Close() {
	r.mu.Lock()
	r.closed = true
	all := make([]*Stream, 0, len(r.streams))
	for _, s := range r.streams {
		all = append(all, s)
	}
	r.mu.Unlock()
	for _, s := range all {
		s.close()
	}
	r.events.Wait()
}
