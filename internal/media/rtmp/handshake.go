package rtmp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"
)

const handshakeSize = 1536

// Keys of the handshake with digests, which Flash Player 9 introduced and some
// encoders still ask for. It is not in Adobe's specification; the keys are
// public knowledge and protect nothing.
var (
	clientKey = append([]byte("Genuine Adobe Flash Player 001"), handshakeTail...)
	serverKey = append([]byte("Genuine Adobe Flash Media Server 001"), handshakeTail...)

	handshakeTail = []byte{
		0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
		0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
	}
)

const (
	clientText = 30 // length of the readable part of clientKey
	serverText = 36
)

// digestAt returns where the digest stands in a handshake packet of the scheme
// whose offset bytes begin at base (8 or 772).
func digestAt(b []byte, base int) int {
	sum := int(b[base]) + int(b[base+1]) + int(b[base+2]) + int(b[base+3])
	return base + 4 + sum%728
}

// digest computes the digest of a packet, leaving out the place where it stands.
func digest(b []byte, at int, key []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(b[:at])
	h.Write(b[at+sha256.Size:])
	return h.Sum(nil)
}

// findDigest returns the scheme and the digest of a packet signed with key.
func findDigest(b, key []byte) (base int, sum []byte) {
	for _, base := range []int{8, 772} {
		at := digestAt(b, base)
		if sum := digest(b, at, key); hmac.Equal(sum, b[at:at+sha256.Size]) {
			return base, sum
		}
	}
	return 0, nil
}

// answer returns S1 and S2 for C1: echoing (section 5.2) or, if C1 is signed,
// signed.
func answer(c1 []byte) (s1, s2 []byte) {
	s1 = make([]byte, handshakeSize)
	_, _ = rand.Read(s1[8:]) // never fails
	base, sum := findDigest(c1, clientKey[:clientText])
	if sum == nil {
		return s1, c1
	}
	copy(s1[4:], []byte{4, 5, 0, 1})
	at := digestAt(s1, base)
	copy(s1[at:], digest(s1, at, serverKey[:serverText]))

	s2 = make([]byte, handshakeSize)
	_, _ = rand.Read(s2)
	h := hmac.New(sha256.New, serverKey)
	h.Write(sum)
	last := handshakeSize - sha256.Size
	h = hmac.New(sha256.New, h.Sum(nil))
	h.Write(s2[:last])
	copy(s2[last:], h.Sum(nil))
	return s1, s2
}

// acceptHandshake is the server's side of section 5.2.
func acceptHandshake(rw io.ReadWriter) error {
	c := make([]byte, 1+handshakeSize)
	if _, err := io.ReadFull(rw, c); err != nil {
		return err
	}
	if c[0] != 3 {
		return protocol("version %d", c[0])
	}
	s1, s2 := answer(c[1:])
	out := append(append([]byte{3}, s1...), s2...)
	if _, err := rw.Write(out); err != nil {
		return err
	}
	_, err := io.ReadFull(rw, c[1:]) // C2, which encoders fill as they like
	return err
}

// offerHandshake is the client's side of section 5.2.
func offerHandshake(rw io.ReadWriter) error {
	c := make([]byte, 1+handshakeSize)
	c[0] = 3
	_, _ = rand.Read(c[9:])
	if _, err := rw.Write(c); err != nil {
		return err
	}
	s := make([]byte, 1+2*handshakeSize)
	if _, err := io.ReadFull(rw, s); err != nil {
		return err
	}
	if s[0] != 3 {
		return protocol("version %d", s[0])
	}
	_, err := rw.Write(s[1 : 1+handshakeSize])
	return err
}
