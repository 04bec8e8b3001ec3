package transcode

import (
	"encoding/binary"
	"io"
)

// oggWriter writes an Opus stream into Ogg (RFC 3533, RFC 7845), one page a
// packet, so that a reader waits for nothing.
type oggWriter struct {
	w        io.Writer
	page     uint32
	position int64 // samples at 48 kHz so far
}

// oggSerial is the serial number of the only stream.
const oggSerial = 1

// page header types (RFC 3533, 6).
const (
	oggFirst = 2
	oggNext  = 0
)

var oggTable = func() (t [256]uint32) {
	for i := range t {
		v := uint32(i) << 24
		for range 8 {
			if v&(1<<31) != 0 {
				v = v<<1 ^ 0x04c11db7
			} else {
				v <<= 1
			}
		}
		t[i] = v
	}
	return t
}()

func oggChecksum(b []byte) (sum uint32) {
	for _, c := range b {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^c]
	}
	return sum
}

// header writes the two header packets (RFC 7845, 5).
func (o *oggWriter) header(channels byte) error {
	head := append([]byte("OpusHead"), 1, channels, 0, 0)
	head = binary.LittleEndian.AppendUint32(head, opusRate)
	head = append(head, 0, 0, 0)
	if err := o.write(oggFirst, 0, head); err != nil {
		return err
	}
	tags := append([]byte("OpusTags"), 0, 0, 0, 0, 0, 0, 0, 0)
	return o.write(oggNext, 0, tags)
}

// packet writes an Opus packet of samples at 48 kHz.
func (o *oggWriter) packet(p []byte, samples int) error {
	o.position += int64(samples)
	return o.write(oggNext, o.position, p)
}

func (o *oggWriter) write(kind byte, position int64, p []byte) error {
	b := make([]byte, 0, 27+len(p)/255+1+len(p))
	b = append(b, "OggS\x00"...)
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint64(b, uint64(position))
	b = binary.LittleEndian.AppendUint32(b, oggSerial)
	b = binary.LittleEndian.AppendUint32(b, o.page)
	b = append(b, 0, 0, 0, 0, byte(len(p)/255+1))
	for n := len(p); ; n -= 255 {
		b = append(b, byte(min(n, 255)))
		if n < 255 {
			break
		}
	}
	b = append(b, p...)
	binary.LittleEndian.PutUint32(b[22:], oggChecksum(b))
	o.page++
	_, err := o.w.Write(b)
	return err
}
