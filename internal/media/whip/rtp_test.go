package whip

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// packets cuts access units of one large slice each (the first byte after the
// header numbers them) as browsers do, with parameter sets before the first.
func packets(n int) (out []*rtp.Packet) {
	payloader := &codecs.H264Payloader{}
	seq := uint16(65530) // wraps soon
	for i := range n {
		nals := [][]byte{append([]byte{0x41, byte(i)}, bytes.Repeat([]byte{byte(i) | 1}, 3000)...)}
		if i == 0 {
			nals = append([][]byte{{0x67, 1, 2, 3}, {0x68, 4}}, append([]byte{0x65, 0}, bytes.Repeat([]byte{1}, 3000)...))
		}
		payloads := payloader.Payload(1200, codec.AnnexB(nals))
		for j, p := range payloads {
			out = append(out, &rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: uint32(i) * 3000, Marker: j == len(payloads)-1}, Payload: p})
			seq++
		}
	}
	return out
}

// receive runs packets through reordering and assembly, a millisecond each.
func receive(ps []*rtp.Packet) (units []unit, whole int) {
	var order reorder
	var a assembler
	now := time.Unix(1e9, 0)
	for _, p := range ps {
		now = now.Add(time.Millisecond)
		due, lost := order.push(p, now)
		if lost {
			a.lose()
		}
		for _, p := range due {
			got, _ := a.push(p)
			units = append(units, got...)
		}
	}
	return units, len(units)
}

func TestAccessUnitsComeBackInAnyOrder(t *testing.T) {
	ps := packets(40)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		shuffled := append([]*rtp.Packet(nil), ps...)
		for i := 1; i+6 < len(shuffled); i += 3 { // packets overtake each other a little
			j := i + rnd.IntN(6)
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		}
		shuffled = append(shuffled, shuffled[3]) // and one comes twice
		units, n := receive(shuffled)
		if n != 40 {
			t.Fatalf("%d units, want 40", n)
		}
		for i, u := range units {
			last := u.nals[len(u.nals)-1]
			if u.stamp != uint32(i)*3000 || last[1] != byte(i) || len(last) != 3002 {
				t.Fatalf("unit %d: stamp %d, %d bytes of unit %d", i, u.stamp, len(last), last[1])
			}
		}
		if len(units[0].nals) != 3 {
			t.Fatalf("the first unit has %d NAL units", len(units[0].nals))
		}
	}
}

// TestALossCostsOnlyWhatItTouches drops each packet in turn: at most the unit it
// belongs to and its neighbour are missing, and none is damaged.
func TestALossCostsOnlyWhatItTouches(t *testing.T) {
	ps := packets(400)
	for drop := 1; drop < 60; drop++ {
		left := append(append([]*rtp.Packet(nil), ps[:drop]...), ps[drop+1:]...)
		units, n := receive(left)
		if n < 398 {
			t.Fatalf("without packet %d: %d units of 400", drop, n)
		}
		for _, u := range units {
			last := u.nals[len(u.nals)-1]
			if len(last) != 3002 || u.stamp != uint32(last[1])*3000 && last[1] != byte(u.stamp/3000) {
				t.Fatalf("without packet %d: unit at %d has %d bytes of unit %d", drop, u.stamp, len(last), last[1])
			}
		}
	}
}

// TestALossAcrossUnitsDamagesNone loses the second slice of one unit together with
// the first of the next: what is left of either must not pass for a whole one.
func TestALossAcrossUnitsDamagesNone(t *testing.T) {
	var ps []*rtp.Packet
	for i := range 400 {
		ps = append(ps, &rtp.Packet{
			Header:  rtp.Header{SequenceNumber: uint16(i), Timestamp: uint32(i/2) * 3000, Marker: i%2 == 1},
			Payload: []byte{0x41, byte(i)},
		})
	}
	units, n := receive(append(append([]*rtp.Packet(nil), ps[:21]...), ps[23:]...))
	if n != 198 {
		t.Errorf("%d units, want 198", n)
	}
	for _, u := range units {
		if len(u.nals) != 2 {
			t.Errorf("the unit at %d has %d slices", u.stamp, len(u.nals))
		}
	}
}

func TestANewNumberingIsFollowed(t *testing.T) {
	ps := packets(4)
	for _, p := range ps[len(ps)/2:] {
		p.SequenceNumber += 20000
	}
	if _, n := receive(ps); n < 2 {
		t.Errorf("%d units", n)
	}
}

func TestClocksWrapAndAgree(t *testing.T) {
	c := clock{rate: 90000}
	first := c.at(0xffffff00, 5*time.Second)
	second := c.at(90000-0x100, 99*time.Second)
	if first != 5*time.Second || second != 6*time.Second {
		t.Errorf("times %v and %v", first, second)
	}
	picture, sound := clock{rate: 90000}, clock{rate: 48000}
	// The sound was 150 ms longer on its way.
	picture.at(1000, 0)
	sound.at(2000, 150*time.Millisecond)
	picture.report = report{true, 1000, 100 * time.Second}
	sound.report = report{true, 2000, 100 * time.Second}
	lipSync(&picture, &sound)
	if got := sound.at(2000, time.Hour); got.Abs() > time.Microsecond {
		t.Errorf("sound is at %v, the picture at 0", got)
	}
}

func FuzzPackets(f *testing.F) {
	f.Add([]byte{2, 0x80, 0x7c, 0x85, 3, 0, 0x7c, 0x45, 9})
	f.Add([]byte{5, 0, 24, 0, 1, 0x67, 0, 4, 1, 0x41, 1, 2})
	f.Fuzz(func(t *testing.T, script []byte) {
		var order reorder
		var a assembler
		now := time.Unix(1e9, 0)
		seq := uint16(0)
		for len(script) > 2 {
			n := min(int(script[0]&15), len(script)-2)
			seq += uint16(int8(script[1])) / 8
			p := &rtp.Packet{
				Header:  rtp.Header{SequenceNumber: seq, Timestamp: uint32(script[1] & 3), Marker: script[0]&0x80 != 0},
				Payload: script[2 : 2+n],
			}
			script = script[2+n:]
			now = now.Add(50 * time.Millisecond)
			due, lost := order.push(p, now)
			if lost {
				a.lose()
			}
			for _, p := range due {
				units, _ := a.push(p)
				for _, u := range units {
					if len(u.nals) == 0 {
						t.Error("an empty unit")
					}
				}
			}
			if len(order.held) > maxHeld {
				t.Errorf("%d packets held", len(order.held))
			}
		}
	})
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:abc\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, _ := parseFragment(text); len(c) > maxCandidates {
			t.Errorf("%d candidates", len(c))
		}
	})
}
