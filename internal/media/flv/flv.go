// Package flv reads the audio and video payloads of FLV tags, which are also
// those of RTMP messages (Adobe Flash Video File Format 10.1, annex E; Enhanced
// RTMP v1 for FourCC video and v2 for FourCC audio), and FLV files.
package flv

import (
	"errors"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/flv/amf0"
)

// ErrMalformed is wrapped by errors about broken payloads.
var ErrMalformed = errors.New("malformed FLV")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Kind says what a payload carries.
type Kind int

// The kinds of payload.
const (
	// Nothing carries neither frames nor configuration and is skipped.
	Nothing Kind = iota
	// Config carries an AVCDecoderConfigurationRecord or AudioSpecificConfig.
	Config
	// Frame carries one access unit.
	Frame
)

// Payload is a parsed audio or video payload. Data points into the input.
type Payload struct {
	Kind Kind
	// Offset is the composition time: presentation minus decoding time.
	Offset time.Duration
	Data   []byte
}

// Codec identifiers and packet types (annex E.4.2 and E.4.3).
const (
	videoAVC        = 7
	videoHEVCChina  = 12 // used by Chinese encoders before enhanced RTMP
	frameCommand    = 5
	audioAAC        = 10
	audioExHeader   = 9
	packetConfig    = 0
	packetFrame     = 1
	packetFrameNoCT = 3
)

// ParseVideo reads a video payload. A codec other than H.264 is an error that
// wraps [codec.ErrUnsupported].
func ParseVideo(b []byte) (Payload, error) {
	if len(b) == 0 {
		return Payload{}, nil // ffmpeg and some cameras send these
	}
	if b[0]&0x80 != 0 {
		return parseEnhancedVideo(b)
	}
	if b[0]>>4 == frameCommand {
		return Payload{}, nil
	}
	switch id := b[0] & 15; id {
	case videoAVC:
	case videoHEVCChina:
		return Payload{}, codec.ErrHEVC
	default:
		return Payload{}, codec.Unsupported(fmt.Sprintf("FLV video codec %d is not supported, set the encoder to H.264", id))
	}
	if len(b) < 5 {
		return Payload{}, malformed("video payload of %d bytes", len(b))
	}
	p := Payload{Offset: compositionTime(b[2:5]), Data: b[5:]}
	switch b[1] {
	case packetConfig:
		p.Kind, p.Offset = Config, 0
	case packetFrame:
		p.Kind = Frame
	}
	return p.filled()
}

// filled turns a payload without bytes into Nothing.
func (p Payload) filled() (Payload, error) {
	if p.Kind == Nothing || len(p.Data) == 0 {
		return Payload{}, nil
	}
	return p, nil
}

// compositionTime reads a signed 24-bit number of milliseconds.
func compositionTime(b []byte) time.Duration {
	v := int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8
	return time.Duration(v) * time.Millisecond
}

func parseEnhancedVideo(b []byte) (Payload, error) {
	if b[0]>>4&7 == frameCommand {
		return Payload{}, nil
	}
	packet := b[0] & 15
	if packet == 6 || packet == 7 {
		return Payload{}, codec.Unsupported("several tracks or modifiers of enhanced RTMP are not supported, use a single H.264 track")
	}
	if len(b) < 5 {
		return Payload{}, malformed("enhanced video payload of %d bytes", len(b))
	}
	switch cc := string(b[1:5]); cc {
	case "avc1":
	case "hvc1":
		return Payload{}, codec.ErrHEVC
	default:
		return Payload{}, codec.Unsupported(fmt.Sprintf("video codec %q is not supported, set the encoder to H.264", printable(cc)))
	}
	b = b[5:]
	p := Payload{Data: b}
	switch packet {
	case packetConfig:
		p.Kind = Config
	case packetFrame:
		if len(b) < 3 {
			return Payload{}, malformed("composition time is cut")
		}
		p.Kind, p.Offset, p.Data = Frame, compositionTime(b[:3]), b[3:]
	case packetFrameNoCT:
		p.Kind = Frame
	}
	return p.filled()
}

// printable replaces what should not reach a log or a terminal.
func printable(cc string) string {
	out := []byte(cc)
	for i, c := range out {
		if c < ' ' || c > '~' {
			out[i] = '?'
		}
	}
	return string(out)
}

// ParseAudio reads an audio payload. A codec other than AAC is an error that
// wraps [codec.ErrUnsupported].
func ParseAudio(b []byte) (Payload, error) {
	if len(b) == 0 {
		return Payload{}, nil
	}
	switch format := b[0] >> 4; format {
	case audioAAC:
		if len(b) < 2 {
			return Payload{}, malformed("audio payload of %d bytes", len(b))
		}
		return audioPayload(b[1], b[2:])
	case audioExHeader:
		if len(b) < 5 {
			return Payload{}, malformed("enhanced audio payload of %d bytes", len(b))
		}
		if cc := string(b[1:5]); cc != "mp4a" {
			return Payload{}, codec.Unsupported(fmt.Sprintf("audio codec %q is not supported, set the encoder to AAC", printable(cc)))
		}
		return audioPayload(b[0]&15, b[5:])
	default:
		return Payload{}, codec.Unsupported(fmt.Sprintf("FLV audio format %d is not supported, set the encoder to AAC", format))
	}
}

func audioPayload(packet byte, data []byte) (Payload, error) {
	p := Payload{Data: data}
	switch packet {
	case packetConfig:
		p.Kind = Config
	case packetFrame:
		p.Kind = Frame
	}
	return p.filled()
}

// Metadata is what we use of onMetaData (annex E.5). An encoder that sends
// onMetaData names its tracks there.
type Metadata struct {
	HasVideo, HasAudio bool
	// FPS is the announced frame rate, or 0.
	FPS float64
}

// ParseMetadata finds onMetaData in the values of a data message.
func ParseMetadata(values []any) (Metadata, bool) {
	for i, v := range values {
		if v != "onMetaData" || i+1 >= len(values) {
			continue
		}
		o, ok := values[i+1].(amf0.Object)
		if !ok {
			return Metadata{}, false
		}
		var m Metadata
		m.HasVideo = named(o.Get("videocodecid")) || o.Get("width") != nil
		m.HasAudio = named(o.Get("audiocodecid")) || o.Get("audiosamplerate") != nil
		for _, key := range []string{"framerate", "videoframerate"} {
			if fps, ok := o.Get(key).(float64); ok && fps >= 1 && fps <= 300 {
				m.FPS = fps
			}
		}
		return m, true
	}
	return Metadata{}, false
}

// named reports whether a codec id names a codec; some encoders send 0 or an
// empty string for a track they do not have.
func named(v any) bool {
	switch v := v.(type) {
	case float64:
		return v > 0
	case string:
		return v != ""
	}
	return false
}
