package rtmp

import (
	"errors"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/flv/amf0"
	"github.com/openstall/openstall/internal/media/stream"
)

// data takes the tracks from onMetaData.
func (s *session) data(body []byte) {
	values, _ := amf0.Parse(body) // a torn tail does not matter
	m, ok := flv.ParseMetadata(values)
	if !ok {
		return
	}
	s.meta = m
	if s.pub != nil && (m.HasVideo || m.HasAudio) {
		s.pub.Expect(m.HasVideo, m.HasAudio)
	}
}

// media hands an audio or video message to the stream.
func (s *session) media(m message) error {
	s.unwrap(m.time)
	parse, kind := flv.ParseVideo, stream.Video
	if m.kind == typeAudio {
		parse, kind = flv.ParseAudio, stream.Audio
	}
	p, err := parse(m.body)
	if err == nil {
		switch p.Kind {
		case flv.Config:
			err = s.configure(kind, p.Data)
		case flv.Frame:
			err = s.frame(kind, p)
		}
	}
	if errors.Is(err, codec.ErrUnsupported) {
		return refusal{"NetStream.Publish.Rejected", err}
	}
	if errors.Is(err, flv.ErrMalformed) || errors.Is(err, codec.ErrMalformed) {
		s.log.Debug("rtmp frame left out", "error", err)
		return nil
	}
	return err
}

func (s *session) configure(kind stream.Kind, record []byte) error {
	if kind == stream.Audio {
		a, err := codec.ParseAudioSpecificConfig(record)
		if err == nil {
			s.pub.Audio(a)
		}
		return err
	}
	v, size, err := codec.ParseAVCC(record)
	if err != nil {
		return err
	}
	s.nalSize = size
	if v.FPS == 0 {
		v.FPS = s.meta.FPS
	}
	s.pub.Video(v)
	return nil
}

func (s *session) frame(kind stream.Kind, p flv.Payload) error {
	data := p.Data
	if kind == stream.Video {
		if s.nalSize == 0 {
			return nil // no configuration yet
		}
		var err error
		if data, err = codec.WidenLengths(data, s.nalSize); err != nil {
			return err
		}
	}
	return s.pub.Write(stream.Packet{
		Kind: kind, DTS: time.Duration(s.clock) * time.Millisecond, Offset: p.Offset, Data: data,
	})
}

// unwrap follows the 32-bit clock, which wraps after 49.7 days.
func (s *session) unwrap(t uint32) {
	if !s.ticking {
		s.ticking, s.clock = true, int64(t)
		return
	}
	s.clock += int64(int32(t - uint32(s.clock)))
}
