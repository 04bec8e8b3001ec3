// Package codec knows what is inside a track: it reads H.264 parameter sets and
// AAC configurations, and names codecs the way HLS playlists do.
//
// A [Video] or [Audio] value describes a track and is never changed after it is
// made, so it is shared freely; two tracks with equal Config bytes decode alike.
package codec

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnsupported is wrapped by errors about codecs that the media core
// recognises and does not carry. Its text is meant for the publisher.
var ErrUnsupported = errors.New("unsupported codec")

// ErrMalformed is wrapped by errors about bytes that break their format.
var ErrMalformed = errors.New("malformed")

// ErrHEVC refuses H.265.
var ErrHEVC = Unsupported("H.265 (HEVC) is not supported, set the encoder to H.264")

// Unsupported returns an error that wraps [ErrUnsupported] and tells the
// publisher what to change.
func Unsupported(reason string) error { return fmt.Errorf("%w: %s", ErrUnsupported, reason) }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Video describes an H.264 track.
type Video struct {
	// Config is the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)
	// with four-byte NAL unit lengths.
	Config []byte
	SPS    [][]byte
	PPS    [][]byte
	// Width and Height are the visible size in pixels.
	Width, Height int
	// FPS is the frame rate the encoder announces, or 0.
	FPS float64
	// Reorder is max_num_reorder_frames: 0 means no B-frames, -1 unknown.
	Reorder int
	// Codecs is the RFC 6381 name, for example "avc1.64001f".
	Codecs string
}

// Audio describes an AAC track.
type Audio struct {
	// Config is the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
	Config []byte
	// SampleRate is in Hz, of the core coder (half of the output with SBR).
	SampleRate int
	Channels   int
	// Codecs is the RFC 6381 name, for example "mp4a.40.2".
	Codecs string
}

// SamplesPerFrame is the length of an AAC access unit in samples.
const SamplesPerFrame = 1024

// FrameDuration returns how long one access unit lasts.
func (a *Audio) FrameDuration() time.Duration {
	return Duration(SamplesPerFrame, a.SampleRate)
}

// Silence returns an access unit without sound, or nil where we know none: for
// other than AAC-LC of one or two channels.
func (a *Audio) Silence() []byte {
	switch {
	case a.Codecs != "mp4a.40.2":
	case a.Channels == 1:
		return []byte{0x01, 0x18, 0x20, 0x07}
	case a.Channels == 2:
		return []byte{0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c}
	}
	return nil
}

// Ticks converts d to units of 1/scale seconds, rounded to the nearest.
func Ticks(d time.Duration, scale int) int64 {
	s, rest := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second) / 2
	if rest < 0 {
		half = -half
	}
	return s*int64(scale) + (rest*int64(scale)+half)/int64(time.Second)
}

// Duration converts ticks of 1/scale seconds to a duration, rounded to the
// nearest nanosecond.
func Duration(ticks int64, scale int) time.Duration {
	n := int64(scale)
	s, rest := ticks/n, ticks%n
	half := n / 2
	if rest < 0 {
		half = -half
	}
	return time.Duration(s)*time.Second + time.Duration((rest*int64(time.Second)+half)/n)
}
