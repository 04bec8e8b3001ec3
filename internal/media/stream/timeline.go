package stream

import (
	"math"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

const (
	// jump is how far a clock may leap before it counts as another clock.
	jump = time.Second
	// lateStart is how much older than the anchor a track's first frames may be:
	// an encoder of sound that is slow to start sends late what it was given
	// before the first keyframe. A second clock for it would be off by as much.
	lateStart = 5 * time.Second
	// jitter is how far backward a video time may be before that is a leap.
	jitter = 50 * time.Millisecond
	// audioSlack is how far audio may drift from its sample count before the
	// count is corrected.
	audioSlack = 40 * time.Millisecond
	// videoSlack absorbs the rounding of RTMP's milliseconds.
	videoSlack = 2 * time.Millisecond
)

// genesis is stream time zero. Streams count from a common instant rather than
// from their first frame, so that a stream that is continued by a restarted
// server does not go back in time: players and recordings see one clock.
var genesis = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// timeline maps publishers' clocks to the stream's time, which never goes back,
// and skips what the wall clock says was missed while no publisher was there.
type timeline struct {
	epoch    time.Time // the wall clock at stream time zero
	started  bool
	anchored bool // offset is valid for the present publisher
	offset   time.Duration
	anchor   time.Duration // stream time of the last anchoring
	track    [2]trackTime  // by Kind
	end      time.Duration // behind all frames so far
	latest   time.Duration // DTS of the newest frame
	rebased  time.Time     // when a leap last moved the offset
	by       Kind          // the track that leapt
	jumps    int           // leaps so far
}

type trackTime struct {
	seen bool // since the last anchoring
	last time.Duration
	next time.Duration // where the frame after last is expected
	// Frames are counted: count of them since base.
	base  time.Duration
	count int64
}

// detach forgets the publisher's clock.
func (t *timeline) detach() { t.anchored = false }

// anchorAt ties the publisher's time dts to the arrival's place on the timeline.
func (t *timeline) anchorAt(dts time.Duration, arrived time.Time) {
	if !t.started {
		t.started = true
		t.end = max(arrived.Sub(genesis), 0)
		t.epoch = arrived.Add(-t.end)
	}
	t.anchor = max(arrived.Sub(t.epoch), t.end)
	t.offset = t.anchor - dts
	t.anchored = true
	t.latest = t.anchor
	t.track = [2]trackTime{}
}

// place returns the stream time of a frame. brk says that the publisher's clock
// leapt before it, ok is false for a frame to be dropped. anchorAt comes first.
func (t *timeline) place(kind Kind, dts time.Duration, arrived time.Time, tracks *Tracks) (at time.Duration, brk, ok bool) {
	tr := &t.track[kind]
	at = dts + t.offset
	ref := t.anchor
	if tr.seen {
		ref = tr.last
	}
	switch d := at - ref; {
	case !tr.seen && d < 0 && d > -lateStart: // older than the first keyframe
		return 0, false, false
	case d > -jitter && d <= jump:
	case d > 0 && (at-t.latest).Abs() <= jump: // a track that paused or started late
	case !t.rebased.IsZero() && t.by != kind && arrived.Sub(t.rebased) < jump: // left over from before the other track's leap
		return 0, false, false
	default:
		t.jumps++
		t.rebased, t.by = arrived, kind
		t.anchorAt(dts, arrived)
		at, brk = t.anchor, true
	}
	at, ok = t.smooth(kind, at, tracks)
	if !ok {
		return 0, brk, false
	}
	tr.seen, tr.last = true, at
	t.latest = max(t.latest, at)
	t.end = max(t.end, tr.next)
	return at, brk, true
}

// smooth replaces millisecond rounding by the track's own rhythm: audio is
// counted in samples, video snaps to the announced frame rate.
func (t *timeline) smooth(kind Kind, at time.Duration, tracks *Tracks) (time.Duration, bool) {
	tr := &t.track[kind]
	if kind == Audio {
		d := at - tr.next
		if tr.seen && d < -audioSlack {
			return 0, false // more samples than time: leave one frame out
		}
		if tr.seen && d <= audioSlack {
			at = tr.next
		} else {
			tr.base, tr.count = at, 0
		}
		tr.count++
		tr.next = tr.base + codec.Duration(tr.count*codec.SamplesPerFrame, tracks.Audio.SampleRate)
		return at, true
	}
	fps := tracks.Video.FPS
	if fps <= 0 {
		if tr.seen && at <= tr.last {
			at = tr.last + time.Millisecond
		}
		tr.next = at + time.Second/30
		return at, true
	}
	if tr.seen && (at-tr.next).Abs() <= videoSlack {
		at = tr.next
	} else {
		if tr.seen && at <= tr.last {
			at = tr.last + time.Millisecond
		}
		tr.base, tr.count = at, 0
	}
	tr.count++
	tr.next = tr.base + time.Duration(math.Round(float64(tr.count)/fps*float64(time.Second)))
	return at, true
}
