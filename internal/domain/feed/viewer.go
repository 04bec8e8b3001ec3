package feed

import (
	"math/bits"
	"slices"
)

const (
	recents   = 20  // shows of which author, line and topic count for breadth
	filterLen = 16  // words of one half of the filter
	filterFor = 200 // shows after which the older half is forgotten
)

// viewer is what the engine remembers of one person: a filter of shown videos,
// the last shows for the rules of breadth, the session, and what was muted.
type viewer struct {
	seen   [2][filterLen]uint64 // Bloom halves; at least the last 200 shows stay known
	inHalf uint8                // shows in the half being filled
	half   uint8                // which half is being filled
	taste  uint8                // tenths of the list for taste alone; 0 is flat mode
	minor  bool
	n      uint8 // of recent
	shown  uint8 // items of this session
	again  uint8 // sessions in a row by request
	recent [recents]int32
	by     [recents]Kind
	last   int64 // unix seconds of the last page
	muted  *muted
}

// muted is what a viewer does not want; few have one.
type muted struct {
	creators []CreatorID
	topics   []uint16
	videos   []VideoID
	reported []VideoID
}

func bitsOf(v VideoID) (a, b uint32) {
	h := uint64(v)*0x9e3779b97f4a7c15 + 0x7f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	return uint32(h) % (filterLen * 64), uint32(bits.RotateLeft64(h, 32)) % (filterLen * 64)
}

// maySeen reports whether v was shown; rarely also true for one that was not.
func (p *viewer) maySeen(v VideoID) bool {
	a, b := bitsOf(v)
	for h := range p.seen {
		if p.seen[h][a/64]>>(a%64)&1 == 1 && p.seen[h][b/64]>>(b%64)&1 == 1 {
			return true
		}
	}
	return false
}

func (p *viewer) show(v VideoID, k Kind) {
	if p.inHalf == filterFor {
		p.half, p.inHalf = 1-p.half, 0
		p.seen[p.half] = [filterLen]uint64{}
	}
	a, b := bitsOf(v)
	p.seen[p.half][a/64] |= 1 << (a % 64)
	p.seen[p.half][b/64] |= 1 << (b % 64)
	p.inHalf++
	copy(p.recent[1:], p.recent[:])
	copy(p.by[1:], p.by[:])
	p.recent[0], p.by[0] = int32(v), k
	p.n = min(p.n+1, recents)
}

// take returns by which rule v was among the last shows, once: a second call
// returns 0.
func (p *viewer) take(v VideoID) Kind {
	if i := slices.Index(p.recent[:p.n], int32(v)); i >= 0 {
		k := p.by[i]
		p.by[i] = 0
		return k
	}
	return 0
}

func (p *viewer) mutes(v *held, id VideoID) bool {
	m := p.muted
	return m != nil && (slices.Contains(m.creators, v.Creator) || slices.Contains(m.topics, v.Topic) || slices.Contains(m.videos, id))
}
