package hls

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
)

// numbering is where media sequence numbers count from. A stream's first number is
// the half second at which it began; segments last about a second or more, so
// numbers never catch up with the clock, and a server that is restarted in the
// middle of a show, or a second show of the same name, continues above every
// number that players have seen, without anything kept on disk.
//
// Discontinuity numbers do the same with minutes: players keep a table of them,
// so they should be small.
var numbering = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// edition is the state of a stream after one part: everything a request can ask
// for, immutable, the same for all viewers.
type edition struct {
	media, delta, master []byte
	segs                 []segment
	ended                bool
	away                 bool
	// replaced is closed when there is a newer edition.
	replaced chan struct{}
}

// next returns where the part after the last stands.
func (e *edition) next() (msn int64, part int) {
	if len(e.segs) == 0 {
		return -1, 0
	}
	last := &e.segs[len(e.segs)-1]
	return last.msn, len(last.parts)
}

func (e *edition) find(msn int64) *segment {
	if len(e.segs) == 0 {
		return nil
	}
	i := msn - e.segs[0].msn
	if i < 0 || i >= int64(len(e.segs)) {
		return nil
	}
	return &e.segs[i]
}

// muxer turns one stream into editions.
type muxer struct {
	st      *stream.Stream
	cfg     *Config
	private bool
	now     atomic.Pointer[edition]

	// The run goroutine owns what follows.
	cut             segmenter
	timing          timing
	segs            []segment
	discontinuities int64
	peak            int64
	sink            Sink
}

func newMuxer(st *stream.Stream, cfg *Config) *muxer {
	m := &muxer{st: st, cfg: cfg, private: st.Options().Private}
	m.now.Store(&edition{replaced: make(chan struct{})})
	return m
}

// run reads frames until the stream ends or the server stops, and reports which.
func (m *muxer) run(ctx context.Context, r *stream.Reader) (ended bool) {
	defer r.Close()
	if m.cfg.Sink != nil {
		m.sink = m.cfg.Sink(m.st)
	}
	for {
		f, lost, err := r.Next(ctx)
		if err != nil {
			ended = errors.Is(err, io.EOF)
			m.finish(ended)
			return ended
		}
		if lost > 0 {
			f.Break = true
		}
		m.frame(f)
	}
}

func (m *muxer) frame(f stream.Frame) {
	if m.timing.part == 0 && f.Tracks != nil {
		fps := 0.0
		if v := f.Tracks.Video; v != nil {
			fps = v.FPS
		}
		m.timing = timing{target: m.cfg.TargetDuration, part: announced(m.st.Options().PartTarget, fps)}
		m.cut = segmenter{
			wall: m.st.WallClock, target: m.timing.part,
			maxSegment: m.timing.target + 490*time.Millisecond, // rounds to the target
		}
	}
	parts := m.cut.push(f)
	for _, p := range parts {
		m.add(p)
	}
	if len(parts) > 0 || f.Kind == stream.Pause {
		m.publish(false, f.Kind == stream.Pause)
	}
}

// add appends a part to the open segment, or begins the next with it.
func (m *muxer) add(p *Part) {
	if m.sink != nil {
		m.sink.Write(p)
	}
	if len(m.segs) == 0 {
		since := max(p.Wall.Sub(numbering), 0)
		m.segs = append(m.segs, segment{msn: int64(since / (500 * time.Millisecond))})
		m.discontinuities = int64(since / time.Minute)
	}
	s := &m.segs[len(m.segs)-1]
	if len(s.parts) == 0 {
		s.start, s.wall, s.discontinuity = p.Start, p.Wall, p.Discontinuity
	}
	s.parts = append(s.parts, p)
	s.duration += p.Duration
	if p.Duration > 0 {
		m.peak = max(m.peak, int64(float64(len(p.Data)*8)/p.Duration.Seconds()))
	}
	if p.Last {
		s.complete = true
		m.segs = append(m.segs, segment{msn: s.msn + 1})
	}
}

// retire forgets segments that no player can still ask for and returns how many
// of the others are not listed any more. What is unlisted stays for as long as
// three target durations.
func (m *muxer) retire() (hidden int) {
	first, listed := len(m.segs)-1, time.Duration(0)
	for first > 0 && listed < m.cfg.Window {
		first--
		listed += m.segs[first].duration
	}
	keep, spare := first, time.Duration(0)
	for keep > 0 && spare < 3*m.timing.target {
		keep--
		spare += m.segs[keep].duration
	}
	m.discontinuities += countBreaks(m.segs[:keep])
	clear(m.segs[:keep]) // the array may live on, their parts should not
	m.segs = m.segs[keep:]
	return first - keep
}

func countBreaks(segs []segment) (n int64) {
	for i := range segs {
		if segs[i].discontinuity {
			n++
		}
	}
	return n
}

// publish replaces the edition and wakes everyone who waits for it.
func (m *muxer) publish(ended, away bool) {
	if len(m.segs) == 0 {
		return
	}
	hidden := m.retire()
	// Parts are only ever appended, so copies of the segments share them.
	e := &edition{segs: slices.Clone(m.segs), ended: ended, away: away, replaced: make(chan struct{})}
	breaks := m.discontinuities + countBreaks(e.segs[:hidden])
	e.media, _ = renderMedia(m.timing, e.segs, hidden, breaks, ended, m.cut.breaks(), false)
	if delta, ok := renderMedia(m.timing, e.segs, hidden, breaks, ended, m.cut.breaks(), true); ok {
		e.delta = delta
	}
	e.master = renderMaster(m.cut.init, m.peak)
	old := m.now.Swap(e)
	close(old.replaced)
}

// finish publishes the end, or, if the server stops, leaves the list open.
func (m *muxer) finish(ended bool) {
	if ended {
		for _, p := range m.cut.flush() {
			m.add(p)
		}
		m.publish(true, false)
	}
	if m.sink != nil {
		m.sink.Close(ended)
	}
}
