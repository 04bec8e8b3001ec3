package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// NAL unit types we look at (ITU-T H.264, table 7-1).
const (
	nalIDR = 5
	nalSPS = 7
	nalPPS = 8
	nalAUD = 9
)

// maxSets bounds the parameter sets of one record.
const maxSets = 32

// ParseAVCC reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1).
// lengthSize is the width of the NAL unit lengths in the track's samples; the
// returned track always says four, see [WidenLengths].
func ParseAVCC(record []byte) (v *Video, lengthSize int, err error) {
	if len(record) < 7 || record[0] != 1 {
		return nil, 0, malformed("AVC decoder configuration")
	}
	lengthSize = int(record[4]&3) + 1
	if lengthSize == 3 {
		return nil, 0, malformed("NAL unit lengths of three bytes")
	}
	rest := record[5:]
	sets, rest, err := readSets(rest, 0x1f)
	if err != nil {
		return nil, 0, err
	}
	pps, _, err := readSets(rest, 0xff)
	if err != nil {
		return nil, 0, err
	}
	v, err = NewVideo(sets, pps)
	return v, lengthSize, err
}

func readSets(b []byte, mask byte) (sets [][]byte, rest []byte, err error) {
	if len(b) < 1 {
		return nil, nil, malformed("AVC decoder configuration is cut")
	}
	n := int(b[0] & mask)
	if n > maxSets {
		return nil, nil, malformed("%d parameter sets", n)
	}
	b = b[1:]
	for range n {
		if len(b) < 2 {
			return nil, nil, malformed("parameter set is cut")
		}
		size := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if size == 0 || size > len(b) {
			return nil, nil, malformed("parameter set of %d bytes", size)
		}
		sets = append(sets, bytes.Clone(b[:size]))
		b = b[size:]
	}
	return sets, b, nil
}

// NewVideo describes a track by its parameter sets (NAL units without lengths or
// start codes). There must be at least one of each.
func NewVideo(spsList, ppsList [][]byte) (*Video, error) {
	if len(spsList) == 0 || len(ppsList) == 0 || len(spsList) > 31 || len(ppsList) > maxSets {
		return nil, malformed("%d sequence and %d picture parameter sets", len(spsList), len(ppsList))
	}
	for _, set := range [][][]byte{spsList, ppsList} {
		for _, nal := range set {
			if len(nal) == 0 || len(nal) > 0xffff {
				return nil, malformed("parameter set of %d bytes", len(nal))
			}
		}
	}
	s, err := parseSPS(spsList[0])
	if err != nil {
		return nil, err
	}
	return &Video{
		Config: buildAVCC(s, spsList, ppsList),
		SPS:    spsList, PPS: ppsList,
		Width: s.width, Height: s.height, FPS: s.fps, Reorder: s.reorder,
		Codecs: fmt.Sprintf("avc1.%02x%02x%02x", s.profile, s.compat, s.level),
	}, nil
}

func buildAVCC(s sps, spsList, ppsList [][]byte) []byte {
	b := []byte{1, s.profile, s.compat, s.level, 0xfc | 3, 0xe0 | byte(len(spsList))}
	for _, nal := range spsList {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(nal))), nal...)
	}
	b = append(b, byte(len(ppsList)))
	for _, nal := range ppsList {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(nal))), nal...)
	}
	return b
}

// WidenLengths rewrites an access unit whose NAL unit lengths have size bytes (1
// or 2) to four. With size 4 it returns au itself.
func WidenLengths(au []byte, size int) ([]byte, error) {
	if size == 4 {
		return au, nil
	}
	out := make([]byte, 0, len(au)+16)
	for len(au) > 0 {
		if len(au) < size {
			return nil, malformed("NAL unit length is cut")
		}
		n := int(au[0])
		if size == 2 {
			n = int(binary.BigEndian.Uint16(au))
		}
		au = au[size:]
		if n > len(au) {
			return nil, malformed("NAL unit of %d bytes in %d", n, len(au))
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(n)), au[:n]...)
		au = au[n:]
	}
	return out, nil
}

// NALs returns the NAL units of an access unit in AVCC form (four-byte lengths)
// without copying them. Empty units are left out.
func NALs(au []byte) ([][]byte, error) {
	var nals [][]byte
	for len(au) > 0 {
		if len(au) < 4 {
			return nil, malformed("NAL unit length is cut")
		}
		n := binary.BigEndian.Uint32(au)
		au = au[4:]
		if uint64(n) > uint64(len(au)) {
			return nil, malformed("NAL unit of %d bytes in %d", n, len(au))
		}
		if n > 0 {
			nals = append(nals, au[:n])
		}
		au = au[n:]
	}
	return nals, nil
}

// CheckAU reports whether an access unit in AVCC form is whole, and whether it
// holds an IDR slice, that is, whether decoding can start here.
func CheckAU(au []byte) (idr bool, err error) {
	some := false
	for len(au) > 0 {
		if len(au) < 4 {
			return false, malformed("NAL unit length is cut")
		}
		n := binary.BigEndian.Uint32(au)
		au = au[4:]
		if uint64(n) > uint64(len(au)) {
			return false, malformed("NAL unit of %d bytes in %d", n, len(au))
		}
		if n > 0 {
			some = true
			idr = idr || au[0]&0x1f == nalIDR
		}
		au = au[n:]
	}
	if !some {
		return false, malformed("access unit without NAL units")
	}
	return idr, nil
}

// AVCC joins NAL units to an access unit in AVCC form. Access unit delimiters
// and empty units are left out; parameter sets stay.
func AVCC(nals [][]byte) []byte {
	size := 0
	for _, n := range nals {
		size += 4 + len(n)
	}
	out := make([]byte, 0, size)
	for _, n := range nals {
		if len(n) == 0 || n[0]&0x1f == nalAUD {
			continue
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(n))), n...)
	}
	return out
}

// ParameterSets returns the SPS and PPS among nals.
func ParameterSets(nals [][]byte) (spsList, ppsList [][]byte) {
	for _, n := range nals {
		if len(n) == 0 {
			continue
		}
		switch n[0] & 0x1f {
		case nalSPS:
			spsList = append(spsList, bytes.Clone(n))
		case nalPPS:
			ppsList = append(ppsList, bytes.Clone(n))
		}
	}
	return spsList, ppsList
}

// SplitAnnexB returns the NAL units of a byte stream with start codes (ITU-T
// H.264, annex B) without copying them. Bytes before the first start code are
// ignored.
func SplitAnnexB(b []byte) [][]byte {
	var nals [][]byte
	start := -1
	for i := 0; i+2 < len(b); {
		if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
			i++
			continue
		}
		if start >= 0 {
			if nal := bytes.TrimRight(b[start:i], "\x00"); len(nal) > 0 {
				nals = append(nals, nal)
			}
		}
		i += 3
		start = i
	}
	if start >= 0 {
		if nal := bytes.TrimRight(b[start:], "\x00"); len(nal) > 0 {
			nals = append(nals, nal)
		}
	}
	return nals
}

// AnnexB joins NAL units with four-byte start codes.
func AnnexB(nals [][]byte) []byte {
	var out []byte
	for _, n := range nals {
		out = append(append(out, 0, 0, 0, 1), n...)
	}
	return out
}
