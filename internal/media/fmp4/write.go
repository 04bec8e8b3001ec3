package fmp4

import (
	"encoding/binary"

	"github.com/openstall/openstall/internal/media/codec"
)

// writer appends boxes to b.
type writer struct{ b []byte }

func (w *writer) u8(v byte)    { w.b = append(w.b, v) }
func (w *writer) u16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *writer) str(s string) { w.b = append(w.b, s...) }
func (w *writer) zero(n int)   { w.b = append(w.b, make([]byte, n)...) }

// box writes a box whose body is written by body.
func (w *writer) box(name string, body func()) {
	at := len(w.b)
	w.u32(0)
	w.str(name)
	body()
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}

// full writes a box with version and flags.
func (w *writer) full(name string, version byte, flags uint32, body func()) {
	w.box(name, func() {
		w.u32(uint32(version)<<24 | flags)
		body()
	})
}

func (w *writer) matrix() {
	for _, v := range []uint32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000} {
		w.u32(v)
	}
}

func (w *writer) track(id uint32, scale, width, height int, handler string, entry func()) {
	w.box("trak", func() {
		w.full("tkhd", 0, 7, func() {
			w.zero(8)
			w.u32(id)
			w.zero(4 + 4 + 8 + 4)
			if handler == "soun" {
				w.u16(0x0100)
			} else {
				w.u16(0)
			}
			w.zero(2)
			w.matrix()
			w.u32(uint32(width) << 16)
			w.u32(uint32(height) << 16)
		})
		w.box("mdia", func() {
			w.full("mdhd", 0, 0, func() {
				w.zero(8)
				w.u32(uint32(scale))
				w.zero(4)
				w.u16(0x55c4) // "und"
				w.zero(2)
			})
			w.full("hdlr", 0, 0, func() {
				w.zero(4)
				w.str(handler)
				w.zero(12)
				w.zero(1)
			})
			w.box("minf", func() { w.minf(handler, entry) })
		})
	})
}

func (w *writer) minf(handler string, entry func()) {
	if handler == "soun" {
		w.full("smhd", 0, 0, func() { w.zero(4) })
	} else {
		w.full("vmhd", 0, 1, func() { w.zero(8) })
	}
	w.box("dinf", func() {
		w.full("dref", 0, 0, func() {
			w.u32(1)
			w.full("url ", 0, 1, func() {})
		})
	})
	w.box("stbl", func() {
		w.full("stsd", 0, 0, func() {
			w.u32(1)
			entry()
		})
		w.full("stts", 0, 0, func() { w.zero(4) })
		w.full("stsc", 0, 0, func() { w.zero(4) })
		w.full("stsz", 0, 0, func() { w.zero(8) })
		w.full("stco", 0, 0, func() { w.zero(4) })
	})
}

// avc1 writes an AVC sample entry (ISO/IEC 14496-15, 5.4.2.1).
func (w *writer) avc1(v *codec.Video) {
	w.box("avc1", func() {
		w.zero(6)
		w.u16(1)
		w.zero(16)
		w.u16(uint16(v.Width))
		w.u16(uint16(v.Height))
		w.u32(0x480000)
		w.u32(0x480000)
		w.zero(4)
		w.u16(1)
		w.zero(32)
		w.u16(0x18)
		w.u16(0xffff)
		w.box("avcC", func() { w.b = append(w.b, v.Config...) })
	})
}

// mp4a writes an MPEG-4 audio sample entry (ISO/IEC 14496-14, 5.6).
func (w *writer) mp4a(a *codec.Audio) {
	w.box("mp4a", func() {
		w.zero(6)
		w.u16(1)
		w.zero(8)
		w.u16(uint16(a.Channels))
		w.u16(16)
		w.zero(4)
		w.u32(uint32(a.SampleRate) << 16)
		w.full("esds", 0, 0, func() {
			n := len(a.Config)
			w.u8(3) // ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5)
			w.u8(byte(3 + 2 + 13 + 2 + n + 3))
			w.u16(AudioTrack)
			w.u8(0)
			w.u8(4) // DecoderConfigDescriptor
			w.u8(byte(13 + 2 + n))
			w.u8(0x40) // MPEG-4 audio
			w.u8(0x15) // audio stream
			w.zero(3 + 4 + 4)
			w.u8(5) // DecoderSpecificInfo
			w.u8(byte(n))
			w.b = append(w.b, a.Config...)
			w.u8(6) // SLConfigDescriptor
			w.u8(1)
			w.u8(2)
		})
	})
}

func (w *writer) trex(id uint32) {
	w.full("trex", 0, 0, func() {
		w.u32(id)
		w.u32(1)
		w.zero(12)
	})
}

// traf writes one track's part of a moof and returns where its data offset
// stands.
func (w *writer) traf(id, defaultFlags uint32, base uint64, trunFlags uint32, count int, entries func()) (offsetAt int) {
	const defaultBaseIsMoof, defaultSampleFlags = 0x020000, 0x20
	w.box("traf", func() {
		w.full("tfhd", 0, defaultBaseIsMoof|defaultSampleFlags, func() {
			w.u32(id)
			w.u32(defaultFlags)
		})
		w.full("tfdt", 1, 0, func() { w.u64(base) })
		w.full("trun", 1, trunFlags, func() {
			w.u32(uint32(count))
			offsetAt = len(w.b)
			w.u32(0)
			entries()
		})
	})
	return offsetAt
}

func (w *writer) videoRun(r Run) int {
	return w.traf(VideoTrack, flagsDelta, r.Base, trunDataOffset|trunDuration|trunSize|trunFlags|trunCTS, len(r.Samples), func() {
		for _, s := range r.Samples {
			w.u32(s.Duration)
			w.u32(uint32(len(s.Data)))
			if s.Key {
				w.u32(flagsKey)
			} else {
				w.u32(flagsDelta)
			}
			w.u32(uint32(s.CTS))
		}
	})
}

func (w *writer) audioRun(r Run) int {
	return w.traf(AudioTrack, flagsKey, r.Base, trunDataOffset|trunDuration|trunSize, len(r.Samples), func() {
		for _, s := range r.Samples {
			w.u32(s.Duration)
			w.u32(uint32(len(s.Data)))
		}
	})
}

// samples writes the data of a run and sets its data offset, which counts from
// the moof.
func (w *writer) samples(moof, offsetAt int, r Run) {
	if len(r.Samples) == 0 {
		return
	}
	binary.BigEndian.PutUint32(w.b[offsetAt:], uint32(len(w.b)-moof))
	for _, s := range r.Samples {
		w.b = append(w.b, s.Data...)
	}
}
