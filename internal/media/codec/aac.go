package codec

import (
	"bytes"
	"fmt"
	"slices"
)

var aacRates = []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// AAC object types we carry (ISO/IEC 14496-3, table 1.17).
const (
	aacLC  = 2
	aacSBR = 5
	aacPS  = 29
)

// maxAudioConfig keeps the descriptors around a configuration in one length
// byte; encoders send 2 to 7 bytes.
const maxAudioConfig = 64

// ParseAudioSpecificConfig reads an AudioSpecificConfig (ISO/IEC 14496-3,
// 1.6.2.1). AAC-LC, HE-AAC and HE-AAC v2 with 1 to 8 channels are carried; other
// object types return [ErrUnsupported].
func ParseAudioSpecificConfig(config []byte) (*Audio, error) {
	if len(config) > maxAudioConfig {
		return nil, malformed("audio configuration of %d bytes", len(config))
	}
	b := &bits{data: config}
	object := readObjectType(b)
	rate := readRate(b)
	channelConfig := b.u(4)
	signalled := object
	if object == aacSBR || object == aacPS {
		readRate(b) // the rate after spectral band replication
		object = readObjectType(b)
	}
	if b.over || rate < 7350 || rate > 96000 {
		return nil, malformed("audio configuration")
	}
	if object != aacLC {
		return nil, Unsupported(fmt.Sprintf("AAC object type %d is not supported, set the encoder to AAC-LC", object))
	}
	if b.flag() {
		return nil, Unsupported("AAC frames of 960 samples are not supported")
	}
	if channelConfig == 0 || channelConfig > 7 {
		return nil, Unsupported("AAC channel layouts of their own are not supported, set the encoder to stereo")
	}
	channels := int(channelConfig)
	if channelConfig == 7 {
		channels = 8
	}
	return &Audio{
		Config:     bytes.Clone(config),
		SampleRate: rate,
		Channels:   channels,
		Codecs:     fmt.Sprintf("mp4a.40.%d", signalled),
	}, nil
}

func readObjectType(b *bits) uint32 {
	if t := b.u(5); t != 31 {
		return t
	}
	return 32 + b.u(6)
}

func readRate(b *bits) int {
	i := b.u(4)
	if i == 15 {
		return int(b.u(24))
	}
	if int(i) < len(aacRates) {
		return aacRates[i]
	}
	return 0
}

// NewAudio describes an AAC-LC track. The rate must be one of the standard ones
// and there must be 1 to 6, or 8, channels.
func NewAudio(rate, channels int) (*Audio, error) {
	i := slices.Index(aacRates, rate)
	if i < 0 {
		return nil, malformed("AAC at %d Hz", rate)
	}
	c := channels
	if channels == 8 {
		c = 7
	}
	if c < 1 || c > 7 || channels == 7 {
		return nil, malformed("AAC with %d channels", channels)
	}
	v := uint16(aacLC)<<11 | uint16(i)<<7 | uint16(c)<<3
	return ParseAudioSpecificConfig([]byte{byte(v >> 8), byte(v)})
}

// ADTSSize is the length of the headers that [AppendADTS] writes.
const ADTSSize = 7

// AppendADTS appends the ADTS header (ISO/IEC 14496-3, 1.A.2.2) of an AAC frame
// of size bytes to b.
func AppendADTS(b []byte, a *Audio, size int) ([]byte, error) {
	i := slices.Index(aacRates, a.SampleRate)
	n := size + ADTSSize
	if i < 0 || n >= 1<<13 {
		return b, malformed("ADTS frame of %d bytes at %d Hz", size, a.SampleRate)
	}
	c := a.Channels
	if c == 8 {
		c = 7
	}
	return append(b,
		0xff, 0xf1,
		(aacLC-1)<<6|byte(i)<<2|byte(c>>2),
		byte(c&3)<<6|byte(n>>11),
		byte(n>>3),
		byte(n&7)<<5|0x1f,
		0xfc), nil
}

// ADTSHeader is the header of one ADTS frame.
type ADTSHeader struct {
	SampleRate, Channels int
	// HeaderSize is 7, or 9 with a checksum. FrameSize includes it.
	HeaderSize, FrameSize int
}

// ParseADTS reads the header at the start of b, which needs at least seven bytes.
func ParseADTS(b []byte) (ADTSHeader, error) {
	if len(b) < ADTSSize || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return ADTSHeader{}, malformed("no ADTS header")
	}
	h := ADTSHeader{HeaderSize: 7}
	if b[1]&1 == 0 {
		h.HeaderSize = 9
	}
	if b[2]>>6 != aacLC-1 {
		return ADTSHeader{}, Unsupported("ADTS that is not AAC-LC")
	}
	i := int(b[2] >> 2 & 15)
	if i >= len(aacRates) {
		return ADTSHeader{}, malformed("ADTS sample rate")
	}
	h.SampleRate = aacRates[i]
	h.Channels = int(b[2]&1)<<2 | int(b[3]>>6)
	if h.Channels == 7 {
		h.Channels = 8
	}
	h.FrameSize = int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	if h.FrameSize <= h.HeaderSize || h.Channels == 0 {
		return ADTSHeader{}, malformed("ADTS frame of %d bytes with %d channels", h.FrameSize, h.Channels)
	}
	if b[6]&3 != 0 {
		return ADTSHeader{}, Unsupported("several AAC frames in an ADTS frame")
	}
	return h, nil
}
