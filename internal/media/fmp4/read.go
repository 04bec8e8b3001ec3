package fmp4

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

// Limits for files we did not write.
const (
	maxBoxes   = 1 << 20 // top-level boxes in a file
	maxSamples = 1 << 16 // samples in a fragment
	maxDepth   = 10
	// MaxHead bounds a moov or moof that is read into memory, in bytes.
	MaxHead = 4 << 20
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Box is a top-level box of a file.
type Box struct {
	Type string
	// Offset is where the box begins, Size its length with the header.
	Offset, Size int64
	// Head is the length of the header, 8 or 16 bytes.
	Head int64
}

// Walk calls f for each whole top-level box of the first size bytes of r, in
// order, and returns where the last whole box ended. A torn or senseless box
// ends the walk without an error; errors come from r and f.
func Walk(r io.ReaderAt, size int64, f func(Box) error) (end int64, err error) {
	var head [16]byte
	for range maxBoxes {
		if size-end < 8 {
			return end, nil
		}
		n := min(16, size-end)
		if _, err := r.ReadAt(head[:n], end); err != nil && (err != io.EOF) {
			return end, err
		}
		b := Box{Type: string(head[4:8]), Offset: end, Size: int64(binary.BigEndian.Uint32(head[:])), Head: 8}
		if b.Size == 1 && n == 16 {
			large := binary.BigEndian.Uint64(head[8:])
			if large > 1<<62 {
				return end, nil
			}
			b.Size, b.Head = int64(large), 16
		}
		if b.Size < b.Head || b.Size > size-end {
			return end, nil
		}
		if err := f(b); err != nil {
			return end, err
		}
		end += b.Size
	}
	return end, nil
}

// ReadBox reads a whole box, header and all. Boxes above [MaxHead] are refused.
func ReadBox(r io.ReaderAt, b Box) ([]byte, error) {
	if b.Size > MaxHead {
		return nil, malformed("%s of %d bytes", b.Type, b.Size)
	}
	buf := make([]byte, b.Size)
	if n, err := r.ReadAt(buf, b.Offset); n < len(buf) {
		return nil, err
	}
	return buf, nil
}

// children calls f for each box in b, which is the body of a container.
func children(b []byte, f func(name string, body []byte) error) error {
	for len(b) > 0 {
		if len(b) < 8 {
			return malformed("box header is cut")
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if n < 8 || n > uint64(len(b)) {
			return malformed("box of %d bytes in %d", n, len(b))
		}
		if err := f(string(b[4:8]), b[8:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// ParsePRFT returns the wall clock of a producer reference time box (ISO/IEC
// 14496-12, 8.16.5).
func ParsePRFT(box []byte) (time.Time, error) {
	if len(box) < 24 || string(box[4:8]) != "prft" {
		return time.Time{}, malformed("producer reference time")
	}
	return fromNTP(binary.BigEndian.Uint64(box[16:])), nil
}

// TrackFragment is what a moof says about one track.
type TrackFragment struct {
	ID   uint32
	Base uint64
	// Duration is the sum of the samples' durations in ticks of the track.
	Duration uint64
	Samples  []SampleInfo
}

// SampleInfo is a sample without its bytes. Offset counts from the start of the
// moof.
type SampleInfo struct {
	Offset   int64
	Size     uint32
	Duration uint32
	CTS      int32
	Key      bool
}

// ParseMoof reads a whole moof box as [Fragment] writes it: moof-relative
// offsets, one trun in a track fragment, at least durations and sizes for each
// sample.
func ParseMoof(box []byte) ([]TrackFragment, error) {
	if len(box) < 8 || string(box[4:8]) != "moof" || uint64(binary.BigEndian.Uint32(box)) != uint64(len(box)) {
		return nil, malformed("no moof")
	}
	var tracks []TrackFragment
	err := children(box[8:], func(name string, body []byte) error {
		if name != "traf" {
			return nil
		}
		if len(tracks) == 2 {
			return malformed("more than two tracks")
		}
		t, err := parseTraf(body)
		tracks = append(tracks, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return tracks, nil
}

func parseTraf(body []byte) (TrackFragment, error) {
	var t TrackFragment
	var defaults uint32
	err := children(body, func(name string, b []byte) error {
		switch name {
		case "tfhd":
			if len(b) != 12 || binary.BigEndian.Uint32(b)&0xffffff != 0x020020 {
				return malformed("tfhd")
			}
			t.ID, defaults = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		case "tfdt":
			if len(b) != 12 || b[0] != 1 {
				return malformed("tfdt")
			}
			t.Base = binary.BigEndian.Uint64(b[4:])
		case "trun":
			if t.Samples != nil {
				return malformed("second trun")
			}
			return parseTrun(b, defaults, &t)
		}
		return nil
	})
	return t, err
}

func parseTrun(b []byte, defaults uint32, t *TrackFragment) error {
	if len(b) < 12 {
		return malformed("trun is cut")
	}
	flags := binary.BigEndian.Uint32(b) & 0xffffff
	count := binary.BigEndian.Uint32(b[4:])
	offset := int64(int32(binary.BigEndian.Uint32(b[8:])))
	const need = trunDataOffset | trunDuration | trunSize
	if flags&need != need || flags&trunFirstFlags != 0 || count == 0 || count > maxSamples || offset < 0 {
		return malformed("trun")
	}
	size := 8
	if flags&trunFlags != 0 {
		size += 4
	}
	if flags&trunCTS != 0 {
		size += 4
	}
	b = b[12:]
	if len(b) != int(count)*size {
		return malformed("trun of %d samples in %d bytes", count, len(b))
	}
	t.Samples = make([]SampleInfo, 0, count)
	for range count {
		s := SampleInfo{Offset: offset, Duration: binary.BigEndian.Uint32(b), Size: binary.BigEndian.Uint32(b[4:])}
		b = b[8:]
		f := defaults
		if flags&trunFlags != 0 {
			f = binary.BigEndian.Uint32(b)
			b = b[4:]
		}
		if flags&trunCTS != 0 {
			s.CTS = int32(binary.BigEndian.Uint32(b))
			b = b[4:]
		}
		s.Key = f&0x00010000 == 0
		offset += int64(s.Size)
		t.Duration += uint64(s.Duration)
		t.Samples = append(t.Samples, s)
	}
	return nil
}

// ParseInit returns the tracks of an init segment or of a file's moov box, with
// at most one H.264 and one AAC track. Other sample entries return
// [codec.ErrUnsupported].
func ParseInit(b []byte) (v *codec.Video, a *codec.Audio, err error) {
	err = children(b, func(name string, body []byte) error {
		if name != "moov" {
			return nil
		}
		return walkInit(body, 0, &v, &a)
	})
	if err == nil && v == nil && a == nil {
		err = malformed("no track")
	}
	return v, a, err
}

func walkInit(b []byte, depth int, v **codec.Video, a **codec.Audio) error {
	if depth > maxDepth {
		return malformed("boxes nested too deep")
	}
	return children(b, func(name string, body []byte) (err error) {
		switch name {
		case "trak", "mdia", "minf", "stbl":
			return walkInit(body, depth+1, v, a)
		case "stsd":
			if len(body) < 8 {
				return malformed("stsd")
			}
			return walkInit(body[8:], depth+1, v, a)
		case "avc1", "avc3":
			if len(body) < 78 {
				return malformed("%s", name)
			}
			return walkInit(body[78:], depth+1, v, a)
		case "avcC":
			*v, _, err = codec.ParseAVCC(body)
			return err
		case "mp4a":
			if len(body) < 28 {
				return malformed("mp4a")
			}
			return walkInit(body[28:], depth+1, v, a)
		case "esds":
			*a, err = parseESDS(body)
			return err
		case "hvc1", "hev1":
			return codec.ErrHEVC
		}
		return nil
	})
}

// parseESDS finds the AudioSpecificConfig in an ES_Descriptor without optional
// fields (ISO/IEC 14496-1, 7.2.6.5).
func parseESDS(b []byte) (*codec.Audio, error) {
	if len(b) < 4 {
		return nil, malformed("esds")
	}
	b = b[4:]
	for _, d := range []struct {
		tag  byte
		skip int
	}{{3, 3}, {4, 13}, {5, 0}} {
		if len(b) < 2 || b[0] != d.tag {
			return nil, malformed("descriptor %d", d.tag)
		}
		size, i := 0, 1
		for ; i < len(b) && i <= 4; i++ {
			size = size<<7 | int(b[i]&0x7f)
			if b[i]&0x80 == 0 {
				i++
				break
			}
		}
		if size < d.skip || i+size > len(b) {
			return nil, malformed("descriptor %d of %d bytes", d.tag, size)
		}
		b = b[i+d.skip : i+size]
	}
	return codec.ParseAudioSpecificConfig(b)
}
