// Package clock holds how time is passed around: as a function that is asked,
// so that tests and the simulator own it, and as UTC milliseconds in the
// database.
package clock

import "time"

// Now tells the time. [time.Now] is one.
type Now func() time.Time

// Millis returns t as the database keeps it: milliseconds since 1970 UTC, and 0
// for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of [Millis].
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Ptr returns nil for the zero time, for JSON that leaves an unknown instant
// out.
func Ptr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
