// Package fmp4 writes and reads fragmented MP4 (ISO/IEC 14496-12): one init
// segment for at most one H.264 and one AAC track, and fragments that carry both
// tracks, so that a player fetches one thing for picture and sound.
//
// Video times count 1/90000 s, audio times count samples.
package fmp4

import (
	"errors"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

// Track identifiers in our files.
const (
	VideoTrack = 1
	AudioTrack = 2
)

// VideoScale is the video time scale in ticks a second.
const VideoScale = 90000

// ErrMalformed is wrapped by errors about bytes that are not the MP4 we read.
var ErrMalformed = errors.New("malformed MP4")

// Sample is one access unit.
type Sample struct {
	Data []byte
	// Duration is in ticks of the track.
	Duration uint32
	// CTS is presentation minus decoding time in ticks.
	CTS int32
	// Key says that decoding can start here. Every audio sample is one.
	Key bool
}

// Run is the consecutive samples of one track in a fragment. A run without
// samples leaves its track out of the fragment.
type Run struct {
	// Base is the decoding time of the first sample in ticks of the track.
	Base    uint64
	Samples []Sample
}

// sample flags (ISO/IEC 14496-12, 8.8.3.1): does not depend on others, or
// depends on others and is no sync sample.
const (
	flagsKey   = 0x02000000
	flagsDelta = 0x01010000
)

// trun flags (ISO/IEC 14496-12, 8.8.8.1).
const (
	trunDataOffset = 0x000001
	trunFirstFlags = 0x000004
	trunDuration   = 0x000100
	trunSize       = 0x000200
	trunFlags      = 0x000400
	trunCTS        = 0x000800
)

// unixInNTP is the start of Unix time in NTP seconds.
const unixInNTP = 2208988800

// ntpEpoch is the start of NTP time.
var ntpEpoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// Init returns the init segment (ftyp, moov) of the given tracks, either of
// which may be nil.
func Init(v *codec.Video, a *codec.Audio) []byte {
	w := &writer{}
	w.box("ftyp", func() {
		w.str("iso6")
		w.u32(0)
		w.str("iso6cmfcmp41")
	})
	w.box("moov", func() {
		w.full("mvhd", 0, 0, func() {
			w.zero(8)
			w.u32(1000)
			w.zero(4)
			w.u32(0x00010000)
			w.u16(0x0100)
			w.zero(10)
			w.matrix()
			w.zero(24)
			w.u32(AudioTrack + 1)
		})
		if v != nil {
			w.track(VideoTrack, VideoScale, v.Width, v.Height, "vide", func() { w.avc1(v) })
		}
		if a != nil {
			w.track(AudioTrack, a.SampleRate, 0, 0, "soun", func() { w.mp4a(a) })
		}
		w.box("mvex", func() {
			if v != nil {
				w.trex(VideoTrack)
			}
			if a != nil {
				w.trex(AudioTrack)
			}
		})
	})
	return w.b
}

// Fragment returns one fragment: prft, moof, mdat. sequence counts fragments
// from 1. wall is the instant at which the first sample of the leading track
// (video if it has samples) was received; players ignore it, a recording's
// index can be rebuilt from it.
func Fragment(sequence uint32, wall time.Time, video, audio Run) []byte {
	size := 256
	for _, r := range []Run{video, audio} {
		for _, s := range r.Samples {
			size += len(s.Data) + 16
		}
	}
	w := &writer{b: make([]byte, 0, size)}
	lead, leadID := video, uint32(VideoTrack)
	if len(video.Samples) == 0 {
		lead, leadID = audio, AudioTrack
	}
	w.full("prft", 1, 0, func() {
		w.u32(leadID)
		w.u64(ntp(wall))
		w.u64(lead.Base)
	})
	moof := len(w.b)
	var videoOffset, audioOffset int
	w.box("moof", func() {
		w.full("mfhd", 0, 0, func() { w.u32(sequence) })
		if len(video.Samples) > 0 {
			videoOffset = w.videoRun(video)
		}
		if len(audio.Samples) > 0 {
			audioOffset = w.audioRun(audio)
		}
	})
	w.box("mdat", func() {
		w.samples(moof, videoOffset, video)
		w.samples(moof, audioOffset, audio)
	})
	return w.b
}

func ntp(t time.Time) uint64 {
	// time.Duration spans 292 years, enough from 1900 to 2192.
	d := t.Sub(ntpEpoch)
	s, frac := uint64(d/time.Second), uint64(d%time.Second)
	return s<<32 | (frac<<32)/uint64(time.Second)
}

func fromNTP(v uint64) time.Time {
	frac := (v&0xffffffff)*uint64(time.Second) + 1<<31
	seconds := v >> 32
	if seconds < unixInNTP {
		seconds += 1 << 32 // the second era, from 2036 (RFC 5905, 6)
	}
	return ntpEpoch.Add(time.Duration(seconds)*time.Second + time.Duration(frac>>32)).UTC()
}
