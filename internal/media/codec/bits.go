package codec

// bits reads big-endian bits. Reading past the end returns zeros and sets over,
// so that a parser checks once at its end.
type bits struct {
	data []byte
	pos  int
	over bool
}

func (b *bits) u(n int) uint32 {
	var v uint32
	for range n {
		v = v<<1 | b.one()
	}
	return v
}

func (b *bits) one() uint32 {
	i := b.pos >> 3
	if i >= len(b.data) {
		b.over = true
		return 0
	}
	v := b.data[i] >> (7 - b.pos&7) & 1
	b.pos++
	return uint32(v)
}

func (b *bits) flag() bool { return b.one() == 1 }

func (b *bits) skip(n int) {
	b.pos += n
	if b.pos > len(b.data)*8 {
		b.over = true
	}
}

// ue reads an unsigned Exp-Golomb code (ITU-T H.264, 9.1).
func (b *bits) ue() uint32 {
	zeros := 0
	for b.one() == 0 {
		zeros++
		if b.over || zeros > 31 {
			b.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + b.u(zeros)
}

// se reads a signed Exp-Golomb code (ITU-T H.264, 9.1.1).
func (b *bits) se() int32 {
	v := b.ue()
	if v&1 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}

// unescape removes the emulation prevention bytes of a NAL unit (ITU-T H.264,
// 7.4.1).
func unescape(nal []byte) []byte {
	out := make([]byte, 0, len(nal))
	zeros := 0
	for _, c := range nal {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}
