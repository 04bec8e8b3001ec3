// Package stream keeps live streams: one ring of frames each, filled by at most
// one publisher and read by any number of readers.
//
// A stream is not a connection. It goes live with its publisher's first
// keyframe, is away while the publisher is lost, continues on the same timeline
// when the publisher returns, and ends when its grace has run out or its owner
// says so. Frames are immutable and shared by all readers.
package stream

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

// Errors that publishers and readers meet. Their texts may be shown to people.
var (
	ErrBadID    = errors.New("a stream id is 1 to 64 letters, digits, '-' or '_'")
	ErrBusy     = errors.New("another publisher is live on this stream")
	ErrReplaced = errors.New("another publisher took over this stream")
	ErrEnded    = errors.New("this stream has ended")
	ErrClosed   = errors.New("the server is shutting down")
)

// Kind says what a frame is.
type Kind uint8

// The kinds of frames.
const (
	// Video is an H.264 access unit in AVCC form with four-byte lengths.
	Video Kind = iota
	// Audio is an AAC access unit without a header.
	Audio
	// Pause has no data: the publisher was lost at this point of the timeline.
	Pause
)

// Tracks describes what a stream carries; either may be nil. It is never changed,
// so a new pointer means new tracks.
type Tracks struct {
	Video *codec.Video
	Audio *codec.Audio
}

// Frame is one access unit on the stream's timeline.
type Frame struct {
	Kind Kind
	// Key says that decoding can start here.
	Key bool
	// Break says that this frame does not continue its predecessors: the
	// publisher returned, its clock jumped, or the tracks are new. Pictures
	// after a break decode from the next keyframe on.
	Break bool
	// DTS and PTS are stream time, see [Stream.WallClock].
	DTS, PTS time.Duration
	// Arrived is when the frame was received.
	Arrived time.Time
	// Data is shared and must not be changed.
	Data   []byte
	Tracks *Tracks
}

// State is where a stream is in its life.
type State uint8

// The states, in the order of life; Live and Away alternate.
const (
	Idle State = iota
	Live
	Away
	Ended
)

// String returns the state's name in lower case.
func (s State) String() string { return [...]string{"idle", "live", "away", "ended"}[s] }

// Takeover is what happens when a second publisher arrives.
type Takeover uint8

const (
	// TakeoverIfSilent lets the newer publisher win if it is the same holder or
	// the older one has sent nothing for three seconds; otherwise the newer one
	// is refused with [ErrBusy].
	TakeoverIfSilent Takeover = iota
	// TakeoverAlways lets the newer publisher win.
	TakeoverAlways
	// TakeoverNever refuses the newer publisher.
	TakeoverNever
)

// silence is how long a publisher may send nothing before another holder may
// take its place.
const silence = 3 * time.Second

// Options belong to one stream and are taken from the ticket of its first
// publisher.
type Options struct {
	// PartTarget is the length of an LL-HLS part, 500 ms if zero.
	PartTarget time.Duration
	// Grace is how long the stream waits for its publisher to return; the
	// registry's if zero.
	Grace time.Duration
	// Takeover is the policy for a second publisher.
	Takeover Takeover
	// Private keeps shared caches away from the stream's media.
	Private bool
	// Recording names the recording to keep, none if empty.
	Recording string
}

// Ticket is the right to publish one stream.
type Ticket struct {
	// Stream is the stream's id.
	Stream string
	// Holder says whose ticket it is, so that a publisher that dials again
	// replaces its own half-dead connection. It is not the stream key.
	Holder  string
	Options Options
}

// Claim is what a publisher shows at the door.
type Claim struct {
	// Protocol is "rtmp" or "whip".
	Protocol string
	// App is the RTMP application name, empty for WHIP.
	App string
	// Key is the secret: the RTMP stream name or the WHIP bearer token. It must
	// not be logged.
	Key    string
	Remote string
}

// LogValue keeps the key out of logs.
func (c Claim) LogValue() slog.Value {
	return slog.GroupValue(slog.String("protocol", c.Protocol), slog.String("remote", c.Remote))
}

// Authorize decides who may publish. The text of its error is shown to the
// publisher.
type Authorize func(ctx context.Context, c Claim) (Ticket, error)

// Observer hears about a stream's life. One goroutine per stream calls it, in
// order; it may take its time, since media does not wait for it.
type Observer interface {
	// Live is the first keyframe of the stream.
	Live(s *Stream, t *Tracks)
	// Away says that the publisher was lost.
	Away(s *Stream, cause error)
	// Back says that a publisher returned.
	Back(s *Stream)
	// CodecChanged says that the tracks are new.
	CodecChanged(s *Stream, t *Tracks)
	// Ended is the last call for the stream.
	Ended(s *Stream)
}

// Source is a publisher's connection.
type Source struct {
	Protocol, Remote string
	// Kick closes the connection and tells the publisher why. It must not block
	// and may be called more than once.
	Kick func(reason error)
}

// Packet is a frame as its publisher sends it.
type Packet struct {
	Kind Kind
	// DTS is the decoding time by the publisher's clock, common to its tracks.
	DTS time.Duration
	// Offset is presentation minus decoding time; some encoders send negative ones.
	Offset time.Duration
	// Data belongs to the stream from now on.
	Data []byte
}
