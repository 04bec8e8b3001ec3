package stream

import (
	"context"
	"io"
	"time"
)

// ring is the last frames of a stream, numbered from zero without end. The
// stream's mutex guards it.
type ring struct {
	frames []Frame
	first  int64 // number of frames[0]
	bytes  int
}

func (r *ring) end() int64 { return r.first + int64(len(r.frames)) }

// push appends f and lets go of what is older than keep or too much for limit.
func (r *ring) push(f Frame, keep time.Duration, limit int) {
	r.frames = append(r.frames, f)
	r.bytes += len(f.Data)
	n := 0
	for n < len(r.frames)-1 && (r.bytes > limit || f.DTS-r.frames[n].DTS > keep) {
		r.bytes -= len(r.frames[n].Data)
		r.frames[n] = Frame{}
		n++
	}
	r.frames = r.frames[n:]
	r.first += int64(n)
}

// lastKey returns the number of the last frame at which decoding can start, or
// the end.
func (r *ring) lastKey() int64 {
	for i := len(r.frames) - 1; i >= 0; i-- {
		if r.frames[i].starts() {
			return r.first + int64(i)
		}
	}
	return r.end()
}

// nextKey returns the number of the first frame at which decoding can start, or
// the end.
func (r *ring) nextKey() int64 {
	for i := range r.frames {
		if r.frames[i].starts() {
			return r.first + int64(i)
		}
	}
	return r.end()
}

func (f *Frame) starts() bool {
	return f.Key && (f.Kind == Video || f.Tracks != nil && f.Tracks.Video == nil)
}

// Reader is a cursor in a stream. It is used by one goroutine at a time.
type Reader struct {
	s    *Stream
	next int64
	wake chan struct{}
}

// Read returns a reader that begins with the last keyframe.
func (s *Stream) Read() *Reader {
	r := &Reader{s: s, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.next = s.ring.lastKey()
	s.readers[r] = struct{}{}
	return r
}

// Close lets go of the stream.
func (r *Reader) Close() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	delete(r.s.readers, r)
}

// Next waits for the next frame. A reader that was too slow continues at a
// keyframe and is told how many frames it lost. After the last frame of an ended
// stream the error is io.EOF, when the server shuts down it is [ErrClosed].
func (r *Reader) Next(ctx context.Context) (f Frame, lost int, err error) {
	for {
		f, lost, ok, err := r.take()
		if ok || err != nil {
			return f, lost, err
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return Frame{}, 0, ctx.Err()
		}
	}
}

func (r *Reader) take() (f Frame, lost int, ok bool, err error) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.next < s.ring.first {
		to := s.ring.nextKey()
		lost = int(to - r.next)
		r.next = to
	}
	if r.next < s.ring.end() {
		f = s.ring.frames[r.next-s.ring.first]
		r.next++
		return f, lost, true, nil
	}
	switch {
	case s.state == Ended:
		return Frame{}, lost, false, io.EOF
	case s.closed:
		return Frame{}, lost, false, ErrClosed
	}
	return Frame{}, lost, false, nil
}
