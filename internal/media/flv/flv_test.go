package flv_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/flv/amf0"
)

func TestVideoPayloads(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want flv.Payload
	}{
		{"empty", nil, flv.Payload{}},
		{"sequence header", []byte{0x17, 0, 0, 0, 0, 1}, flv.Payload{Kind: flv.Config, Data: []byte{1}}},
		{"frame with positive offset", []byte{0x27, 1, 0, 0, 67, 9}, flv.Payload{Kind: flv.Frame, Offset: 67 * time.Millisecond, Data: []byte{9}}},
		{"frame with negative offset", []byte{0x27, 1, 0xff, 0xff, 0xfe, 9}, flv.Payload{Kind: flv.Frame, Offset: -2 * time.Millisecond, Data: []byte{9}}},
		{"end of sequence", []byte{0x17, 2, 0, 0, 0}, flv.Payload{}},
		{"command frame", []byte{0x57, 0}, flv.Payload{}},
		{"enhanced H.264 header", []byte{0x90, 'a', 'v', 'c', '1', 1}, flv.Payload{Kind: flv.Config, Data: []byte{1}}},
		{"enhanced H.264 frame", []byte{0x91, 'a', 'v', 'c', '1', 0, 0, 5, 9}, flv.Payload{Kind: flv.Frame, Offset: 5 * time.Millisecond, Data: []byte{9}}},
		{"enhanced H.264 frame without offset", []byte{0x93, 'a', 'v', 'c', '1', 9}, flv.Payload{Kind: flv.Frame, Data: []byte{9}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := flv.ParseVideo(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != tt.want.Kind || got.Offset != tt.want.Offset || !bytes.Equal(got.Data, tt.want.Data) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestForeignCodecsAreRefusedWithAReason(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    func() error
		reason string
	}{
		{"enhanced HEVC", video(0x90, 'h', 'v', 'c', '1'), "H.265"},
		{"Chinese HEVC", video(0x1c, 0, 0, 0, 0), "H.265"},
		{"AV1", video(0x90, 'a', 'v', '0', '1'), `"av01"`},
		{"a FourCC that is no text", video(0x90, 0x1b, '[', '3', '1'), `"?[31"`},
		{"several tracks", video(0x96, 0, 0), "single H.264 track"},
		{"Sorenson", video(0x12, 0), "codec 2"},
		{"MP3", audio(0x2f, 0), "format 2"},
		{"Opus", audio(0x90, 'O', 'p', 'u', 's'), `"Opus"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.err(); !errors.Is(err, codec.ErrUnsupported) || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func video(b ...byte) func() error {
	return func() error { _, err := flv.ParseVideo(b); return err }
}

func audio(b ...byte) func() error {
	return func() error { _, err := flv.ParseAudio(b); return err }
}

func TestMetadataNamesTheTracks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		want  flv.Metadata
		ok    bool
	}{
		{"both tracks", metadata("videocodecid", 7.0, "audiocodecid", 10.0, "framerate", 25.0), flv.Metadata{HasVideo: true, HasAudio: true, FPS: 25}, true},
		{"names instead of numbers", metadata("videocodecid", "avc1", "audiocodecid", "mp4a"), flv.Metadata{HasVideo: true, HasAudio: true}, true},
		{"no audio", metadata("videocodecid", 7.0, "audiocodecid", 0.0), flv.Metadata{HasVideo: true}, true},
		{"no object", 1.0, flv.Metadata{}, false},
	} {
		got, ok := flv.ParseMetadata([]any{"@setDataFrame", "onMetaData", tt.value})
		if ok != tt.ok || got != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, got, ok)
		}
	}
}

func metadata(pairs ...any) amf0.Object {
	var o amf0.Object
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, amf0.Field{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return o
}

func TestAFileIsReadToItsEnd(t *testing.T) {
	file := codectest.Read(t, codectest.Clip{Seconds: 1, BFrames: 2}, "a.flv")
	r, err := flv.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var frames, audioFrames, configs, late int
	for {
		tag, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var p flv.Payload
		switch tag.Type {
		case flv.TagVideo:
			p, err = flv.ParseVideo(tag.Data)
			if p.Kind == flv.Frame {
				frames++
			}
			if p.Offset > 0 {
				late++
			}
		case flv.TagAudio:
			p, err = flv.ParseAudio(tag.Data)
			if p.Kind == flv.Frame {
				audioFrames++
			}
		case flv.TagScript:
			values, err := amf0.Parse(tag.Data)
			if m, ok := flv.ParseMetadata(values); err != nil || !ok || !m.HasVideo || !m.HasAudio || m.FPS != 30 {
				t.Errorf("metadata %+v, %v, %v", m, ok, err)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind == flv.Config {
			configs++
		}
	}
	if frames != 30 || configs != 2 || audioFrames < 45 || late == 0 {
		t.Errorf("%d frames (%d reordered), %d audio frames, %d configs", frames, late, audioFrames, configs)
	}
}

func FuzzPayloads(f *testing.F) {
	f.Add([]byte{0x17, 0, 0, 0, 0, 1})
	f.Add([]byte{0x91, 'a', 'v', 'c', '1', 0, 0, 5, 9})
	f.Add([]byte{0xaf, 1, 0x21})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, parse := range []func([]byte) (flv.Payload, error){flv.ParseVideo, flv.ParseAudio} {
			p, err := parse(b)
			if err == nil && p.Kind != flv.Nothing && len(p.Data) == 0 {
				t.Errorf("%x: %+v", b, p)
			}
			if p.Offset.Abs() > 1<<23*time.Millisecond {
				t.Errorf("offset %v", p.Offset)
			}
		}
		if values, err := amf0.Parse(b); err == nil {
			flv.ParseMetadata(values)
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x09\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x0c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := flv.NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		for err == nil {
			_, err = r.Next()
		}
	})
}
