package flv

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Tag types, which are also RTMP message types.
const (
	TagAudio  = 8
	TagVideo  = 9
	TagScript = 18
)

// maxTag bounds a tag in bytes, as RTMP messages are bounded.
const maxTag = 8 << 20

// Tag is one tag of an FLV file.
type Tag struct {
	Type byte
	// Time is in milliseconds.
	Time uint32
	Data []byte
}

// Reader reads an FLV file.
type Reader struct{ r io.Reader }

// NewReader reads the file header.
func NewReader(r io.Reader) (*Reader, error) {
	var head [13]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("read FLV header: %w", err)
	}
	if string(head[:3]) != "FLV" || binary.BigEndian.Uint32(head[5:]) != 9 {
		return nil, malformed("no FLV header")
	}
	return &Reader{r}, nil
}

// Next returns the next tag, or io.EOF after the last. A torn last tag is
// io.ErrUnexpectedEOF.
func (r *Reader) Next() (Tag, error) {
	var head [11]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return Tag{}, err
	}
	size := int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	if size > maxTag {
		return Tag{}, malformed("tag of %d bytes", size)
	}
	t := Tag{Type: head[0] & 31, Time: uint32(head[7])<<24 | uint32(head[4])<<16 | uint32(head[5])<<8 | uint32(head[6])}
	t.Data = make([]byte, size+4)
	if _, err := io.ReadFull(r.r, t.Data); err != nil {
		return Tag{}, io.ErrUnexpectedEOF
	}
	t.Data = t.Data[:size]
	return t, nil
}
