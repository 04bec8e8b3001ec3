package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits for what strangers send. The message limit holds a keyframe of 8K
// video; encoders use 2 to 8 chunk streams.
const (
	maxMessage  = 8 << 20
	maxChunkIDs = 32
	// maxPartial bounds the announced sizes of messages in transit together.
	maxPartial = 2 * maxMessage
)

const extended = 0xffffff // marks an extended timestamp (section 5.3.1.3)

// errProtocol is wrapped by errors about bytes that are not RTMP.
var errProtocol = errors.New("RTMP protocol error")

func protocol(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

// message is an RTMP message (Adobe RTMP 1.0, section 6.1). Time is in
// milliseconds and wraps.
type message struct {
	kind   byte
	stream uint32
	time   uint32
	body   []byte
}

// chunkStream is the state of one chunk stream id (section 5.3.1).
type chunkStream struct {
	time     uint32
	delta    uint32 // what a type 3 chunk that begins a message adds
	ext      bool   // the last header had an extended timestamp
	extValue uint32
	length   int
	kind     byte
	stream   uint32
	known    bool
	body     []byte // of the message in transit, nil between messages
}

// chunkReader puts chunks together to messages.
type chunkReader struct {
	r       *bufio.Reader
	size    int
	streams map[uint32]*chunkStream
	partial int   // announced sizes of messages in transit
	read    int64 // bytes consumed, for acknowledgements
}

func newChunkReader(r *bufio.Reader) *chunkReader {
	return &chunkReader{r: r, size: 128, streams: map[uint32]*chunkStream{}}
}

// next returns the next whole message. Its body is new and belongs to the
// caller. Chunk size and abort messages are obeyed here and also returned.
func (c *chunkReader) next() (message, error) {
	for {
		m, whole, err := c.chunk()
		if err != nil {
			return message{}, err
		}
		if !whole {
			continue
		}
		switch m.kind {
		case typeChunkSize:
			if len(m.body) < 4 {
				return message{}, protocol("chunk size message of %d bytes", len(m.body))
			}
			n := binary.BigEndian.Uint32(m.body)
			if n < 1 || n > 1<<31-1 {
				return message{}, protocol("chunk size %d", n)
			}
			// Buffers follow the size of messages, so a large chunk size costs
			// nothing; some encoders announce the largest there is.
			c.size = int(min(n, maxMessage))
		case typeAbort:
			if len(m.body) >= 4 {
				c.abort(binary.BigEndian.Uint32(m.body))
			}
		}
		return m, nil
	}
}

func (c *chunkReader) abort(id uint32) {
	if s := c.streams[id]; s != nil && s.body != nil {
		c.partial -= s.length
		s.body = nil
	}
}

func (c *chunkReader) bytes(n int) ([]byte, error) {
	b, err := c.r.Peek(n)
	if err != nil {
		return nil, err
	}
	// The slice stays valid until the next read.
	_, err = c.r.Discard(n)
	c.read += int64(n)
	return b, err
}

// basicHeader reads format and chunk stream id (section 5.3.1.1).
func (c *chunkReader) basicHeader() (format byte, id uint32, err error) {
	b, err := c.bytes(1)
	if err != nil {
		return 0, 0, err
	}
	format, id = b[0]>>6, uint32(b[0]&63)
	switch id {
	case 0:
		if b, err = c.bytes(1); err == nil {
			id = 64 + uint32(b[0])
		}
	case 1:
		if b, err = c.bytes(2); err == nil {
			id = 64 + uint32(b[0]) + uint32(b[1])<<8
		}
	}
	return format, id, err
}

// chunk reads one chunk and reports whether it completes a message.
func (c *chunkReader) chunk() (m message, whole bool, err error) {
	format, id, err := c.basicHeader()
	if err != nil {
		return m, false, err
	}
	s := c.streams[id]
	if s == nil {
		if len(c.streams) >= maxChunkIDs {
			return m, false, protocol("more than %d chunk streams", maxChunkIDs)
		}
		s = &chunkStream{}
		c.streams[id] = s
	}
	if err := c.header(format, s); err != nil {
		return m, false, err
	}
	if s.body == nil {
		if s.length > maxMessage || c.partial+s.length > maxPartial {
			return m, false, protocol("message of %d bytes", s.length)
		}
		c.partial += s.length
		s.body = make([]byte, 0, s.length)
	}
	n := min(c.size, s.length-len(s.body))
	at := len(s.body)
	s.body = s.body[:at+n]
	got, err := io.ReadFull(c.r, s.body[at:])
	c.read += int64(got)
	if err != nil || len(s.body) < s.length {
		return m, false, err
	}
	m = message{s.kind, s.stream, s.time, s.body}
	c.partial -= s.length
	s.body = nil
	return m, true, nil
}

// header reads the message header of a format (section 5.3.1.2) into s.
func (c *chunkReader) header(format byte, s *chunkStream) error {
	if format == 3 {
		return c.continued(s)
	}
	if s.body != nil {
		return protocol("a message begins inside another")
	}
	if format > 0 && !s.known {
		return protocol("chunk stream begins with a short header")
	}
	b, err := c.bytes([]int{11, 7, 3}[format])
	if err != nil {
		return err
	}
	t := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	if format < 2 {
		s.length = int(b[3])<<16 | int(b[4])<<8 | int(b[5])
		s.kind = b[6]
	}
	if format == 0 {
		s.stream = binary.LittleEndian.Uint32(b[7:])
	}
	s.ext = t == extended
	if s.ext {
		if b, err = c.bytes(4); err != nil {
			return err
		}
		t = binary.BigEndian.Uint32(b)
		s.extValue = t
	}
	if format == 0 {
		s.time, s.delta = t, 0
		// A type 3 chunk that begins a message after a type 0 chunk repeats its
		// timestamp as a delta (5.3.1.2.4); no encoder does that with live
		// times, and reading it so would double them.
	} else {
		s.time, s.delta = s.time+t, t
	}
	s.known = true
	return nil
}

// continued reads what a type 3 header may have: the extended timestamp again
// (5.3.1.3). Some encoders leave it out, so it is taken only if it is the same.
func (c *chunkReader) continued(s *chunkStream) error {
	if !s.known {
		return protocol("chunk stream begins with a type 3 chunk")
	}
	if s.ext {
		b, err := c.r.Peek(4)
		if err == nil && binary.BigEndian.Uint32(b) == s.extValue {
			_, _ = c.r.Discard(4)
			c.read += 4
		}
	}
	if s.body == nil {
		s.time += s.delta
	}
	return nil
}

// chunkWriter writes messages as chunks.
type chunkWriter struct {
	w    *bufio.Writer
	size int
}

// write sends m on chunk stream id (2 to 63) and flushes.
func (c *chunkWriter) write(id byte, m message) error {
	var h [16]byte
	h[0] = id
	t := m.time
	if t >= extended {
		t = extended
	}
	h[1], h[2], h[3] = byte(t>>16), byte(t>>8), byte(t)
	h[4], h[5], h[6] = byte(len(m.body)>>16), byte(len(m.body)>>8), byte(len(m.body))
	h[7] = m.kind
	binary.LittleEndian.PutUint32(h[8:], m.stream)
	head := h[:12]
	var ext []byte
	if t == extended {
		ext = binary.BigEndian.AppendUint32(nil, m.time)
	}
	body := m.body
	for first := true; first || len(body) > 0; first = false {
		if !first {
			head = []byte{3<<6 | id}
		}
		n := min(c.size, len(body))
		for _, b := range [][]byte{head, ext, body[:n]} {
			if _, err := c.w.Write(b); err != nil {
				return err
			}
		}
		body = body[n:]
	}
	return c.w.Flush()
}
