package whip

import (
	"time"

	"github.com/pion/rtp"
)

const (
	// patience is how long a missing packet is waited for: a retransmission
	// takes a round trip, phones have up to 150 ms.
	patience = 200 * time.Millisecond
	// maxHeld bounds the packets that wait for a missing one.
	maxHeld = 512
	// maxUnit bounds an access unit in bytes and maxNALs its parts.
	maxUnit = 4 << 20
	maxNALs = 512
)

// reorder puts packets into the order of their sequence numbers (RFC 3550, 5.1)
// and gives up on those that do not come.
type reorder struct {
	started bool
	next    uint16
	held    map[uint16]held
}

type held struct {
	packet  *rtp.Packet
	arrived time.Time
}

// push takes a packet and returns those that are due. lost says that one or more
// before the first of them will not come.
func (r *reorder) push(p *rtp.Packet, now time.Time) (due []*rtp.Packet, lost bool) {
	if !r.started {
		r.started, r.next, r.held = true, p.SequenceNumber, map[uint16]held{}
	}
	switch ahead := int16(p.SequenceNumber - r.next); {
	case ahead < 0 && ahead > -maxHeld:
		return nil, false // late, or a repetition
	case ahead < 0 || ahead > maxHeld:
		r.held, r.next, lost = map[uint16]held{}, p.SequenceNumber, true // another numbering
	}
	r.held[p.SequenceNumber] = held{p, now}
	for {
		due = r.take(due)
		if !r.overdue(now) {
			return due, lost
		}
		if len(due) > 0 {
			// Only the first packet can carry the news of a loss; the rest comes
			// with the next push.
			return due, lost
		}
		lost = true
		for {
			r.next++
			if _, ok := r.held[r.next]; ok {
				break
			}
		}
	}
}

func (r *reorder) take(due []*rtp.Packet) []*rtp.Packet {
	for {
		h, ok := r.held[r.next]
		if !ok {
			return due
		}
		delete(r.held, r.next)
		due = append(due, h.packet)
		r.next++
	}
}

// overdue reports whether a held packet has waited for its predecessor too long.
func (r *reorder) overdue(now time.Time) bool {
	if len(r.held) > maxHeld/2 {
		return true
	}
	for _, h := range r.held {
		if now.Sub(h.arrived) > patience {
			return true
		}
	}
	return false
}

// NAL unit types of RTP (RFC 6184, 5.4).
const (
	rtpSTAPA = 24
	rtpFUA   = 28
)

// assembler makes access units of packets in order (RFC 6184, packetization mode
// 1: single NAL units, STAP-A and FU-A).
type assembler struct {
	nals   [][]byte
	frag   []byte // of the NAL unit in transit
	size   int
	stamp  uint32
	open   bool
	broken bool // the unit in the making misses something
	gap    bool // packets are missing before the next one
}

// unit is an access unit.
type unit struct {
	nals  [][]byte
	stamp uint32
}

// lose notes that packets are missing before the next one.
func (a *assembler) lose() { a.gap = true }

// push takes a packet and returns the access units it completes. whole is false if
// one before them had to be thrown away.
func (a *assembler) push(p *rtp.Packet) (units []unit, whole bool) {
	whole = true
	gap := a.gap
	a.gap, a.broken = false, a.broken || gap
	if a.open && p.Timestamp != a.stamp {
		units, whole = a.finish(units)
	}
	a.open, a.stamp = true, p.Timestamp
	// What is missing may be the end of one unit and the beginning of another.
	a.broken = a.broken || gap
	if gap {
		a.frag = nil
	}
	if !a.body(p.Payload) {
		a.broken = true
	}
	if p.Marker {
		var ok bool
		units, ok = a.finish(units)
		whole = whole && ok
	}
	return units, whole
}

// finish closes the unit in the making.
func (a *assembler) finish(units []unit) ([]unit, bool) {
	ok := !a.broken && a.frag == nil
	if ok && len(a.nals) > 0 {
		units = append(units, unit{a.nals, a.stamp})
	}
	*a = assembler{}
	return units, ok
}

func (a *assembler) add(nal []byte) bool {
	if len(nal) == 0 {
		return false
	}
	a.size += len(nal)
	a.nals = append(a.nals, nal)
	return a.size <= maxUnit && len(a.nals) <= maxNALs
}

// body reads a payload; false means that it makes no sense here.
func (a *assembler) body(b []byte) bool {
	if len(b) == 0 {
		return true // padding, which browsers send to probe the bandwidth
	}
	switch kind := b[0] & 31; {
	case kind >= 1 && kind <= 23:
		return a.frag == nil && a.add(b)
	case kind == rtpSTAPA:
		for b = b[1:]; len(b) > 0; {
			if len(b) < 2 {
				return false
			}
			n := int(b[0])<<8 | int(b[1])
			if n > len(b)-2 || !a.add(b[2:2+n]) {
				return false
			}
			b = b[2+n:]
		}
		return a.frag == nil
	case kind == rtpFUA:
		return a.fragment(b)
	}
	return false
}

func (a *assembler) fragment(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	const start, end = 0x80, 0x40
	if b[1]&start != 0 {
		if a.frag != nil {
			return false
		}
		a.frag = append(make([]byte, 0, 4*len(b)), b[0]&0xe0|b[1]&0x1f)
	} else if a.frag == nil {
		return false
	}
	a.frag = append(a.frag, b[2:]...)
	if len(a.frag) > maxUnit {
		return false
	}
	if b[1]&end != 0 {
		nal := a.frag
		a.frag = nil
		return a.add(nal)
	}
	return true
}

// clock turns RTP timestamps into time. Tracks begin at the arrival of their first
// packet; sender reports then move sound to where the picture is.
type clock struct {
	rate    int64
	started bool
	last    int64 // unwrapped
	origin  int64
	offset  time.Duration
	report  report
}

// report is what a sender report says: a timestamp and its wall clock.
type report struct {
	valid bool
	stamp uint32
	wall  time.Duration // NTP time since 1900
}

// at returns the time of a timestamp that arrived at elapsed since the session
// began.
func (c *clock) at(stamp uint32, elapsed time.Duration) time.Duration {
	if !c.started {
		c.started, c.last, c.origin, c.offset = true, int64(stamp), int64(stamp), elapsed
	}
	c.last += int64(int32(stamp - uint32(c.last)))
	return c.time(c.last)
}

func (c *clock) time(unwrapped int64) time.Duration {
	n := unwrapped - c.origin
	return c.offset + time.Duration(n/c.rate)*time.Second + time.Duration(n%c.rate)*time.Second/time.Duration(c.rate)
}

// wallOffset returns the wall clock at time zero, by the last report.
func (c *clock) wallOffset() time.Duration {
	unwrapped := c.last + int64(int32(c.report.stamp-uint32(c.last)))
	return c.report.wall - c.time(unwrapped)
}

// lipSync moves sound so that both clocks agree about the wall clock. It leaves
// alone what nobody can see, and what cannot be true.
func lipSync(picture, sound *clock) {
	if !picture.started || !sound.started || !picture.report.valid || !sound.report.valid {
		return
	}
	off := sound.wallOffset() - picture.wallOffset()
	if d := off.Abs(); d > 20*time.Millisecond && d < 5*time.Second {
		sound.offset += off
	}
}
