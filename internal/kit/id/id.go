// Package id makes names for things: a word that says what it is, then 26
// letters that sort by birth (ord_01kd3v…).
package id

import (
	"crypto/rand"
	"encoding/base32"
	"time"
)

// Crockford's alphabet in lower case: no i, l, o, u, and it sorts as it counts.
var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns a fresh id for a thing of the given kind born at now: 48 bits of
// milliseconds and 80 random bits, as a ULID.
func New(kind string, now time.Time) string {
	var b [16]byte
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	_, _ = rand.Read(b[6:]) // crypto/rand never fails since Go 1.24
	return kind + "_" + encoding.EncodeToString(b[:])
}

// Secret returns n random bytes as text, for tokens and keys.
func Secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return encoding.EncodeToString(b)
}
