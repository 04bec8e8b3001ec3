package codec_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
)

func TestAudioConfigurations(t *testing.T) {
	for _, tt := range []struct {
		name     string
		config   []byte
		rate     int
		channels int
		codecs   string
	}{
		{"LC 48 kHz stereo", []byte{0x11, 0x90}, 48000, 2, "mp4a.40.2"},
		{"LC 44.1 kHz mono", []byte{0x12, 0x08}, 44100, 1, "mp4a.40.2"},
		{"LC 44.1 kHz stereo with an SBR hint behind", []byte{0x12, 0x10, 0x56, 0xe5, 0x00}, 44100, 2, "mp4a.40.2"},
		{"HE 24 kHz core", []byte{0x2b, 0x11, 0x88, 0x00}, 24000, 2, "mp4a.40.5"},
		{"HE v2 24 kHz core", []byte{0xeb, 0x09, 0x88, 0x00}, 24000, 1, "mp4a.40.29"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := codec.ParseAudioSpecificConfig(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			if a.SampleRate != tt.rate || a.Channels != tt.channels || a.Codecs != tt.codecs {
				t.Errorf("got %d Hz, %d channels, %s", a.SampleRate, a.Channels, a.Codecs)
			}
		})
	}
}

func TestForeignAudioIsRefusedWithAReason(t *testing.T) {
	for _, config := range [][]byte{{0x0a, 0x10}, {0x12, 0x00}, {0x12, 0x14}} {
		if _, err := codec.ParseAudioSpecificConfig(config); !errors.Is(err, codec.ErrUnsupported) {
			t.Errorf("%x: %v", config, err)
		}
	}
}

func TestADTSHeadersAreTheEncoders(t *testing.T) {
	for _, c := range []codectest.Clip{{Rate: 44100, Channels: 1}, {Rate: 48000, Channels: 2}} {
		c.Seconds, c.NoVideo = 0.5, true
		stream := codectest.Read(t, c, "a.aac")
		a, err := codec.NewAudio(c.Rate, c.Channels)
		if err != nil {
			t.Fatal(err)
		}
		for len(stream) > 0 {
			h, err := codec.ParseADTS(stream)
			if err != nil || h.FrameSize > len(stream) {
				t.Fatalf("header %+v: %v", h, err)
			}
			if h.SampleRate != c.Rate || h.Channels != c.Channels {
				t.Fatalf("header %+v of %d Hz, %d channels", h, c.Rate, c.Channels)
			}
			ours, err := codec.AppendADTS(nil, a, h.FrameSize-h.HeaderSize)
			if err != nil {
				t.Fatal(err)
			}
			back, err := codec.ParseADTS(ours)
			if err != nil || back != h {
				t.Fatalf("own header %+v, want %+v: %v", back, h, err)
			}
			stream = stream[h.FrameSize:]
		}
	}
}

func TestTicksAndDurationsComeBack(t *testing.T) {
	for _, scale := range []int{90000, 48000, 44100, 1000} {
		for _, n := range []int64{0, 1, 1023, 1024, 123456789, 90000 * 3600 * 24 * 365, -1, -1024} {
			if got := codec.Ticks(codec.Duration(n, scale), scale); got != n {
				t.Errorf("%d ticks of 1/%d come back as %d", n, scale, got)
			}
		}
	}
	if got := codec.Ticks(100*24*time.Hour, 90000); got != 100*24*3600*90000 {
		t.Errorf("a hundred days are %d ticks", got)
	}
}

func FuzzAAC(f *testing.F) {
	f.Add([]byte{0x11, 0x90})
	f.Add([]byte{0xeb, 0x09, 0x88, 0x00})
	f.Add([]byte{0xff, 0xf1, 0x4c, 0x80, 0x02, 0x1f, 0xfc})
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := codec.ParseAudioSpecificConfig(b); err == nil {
			if a.SampleRate < 7350 || a.Channels < 1 || a.Channels > 8 || !bytes.Equal(a.Config, b) {
				t.Errorf("%+v", a)
			}
		}
		if h, err := codec.ParseADTS(b); err == nil && h.FrameSize <= h.HeaderSize {
			t.Errorf("%+v", h)
		}
	})
}

func TestSilenceIsSilent(t *testing.T) {
	for channels := 1; channels <= 2; channels++ {
		track, err := codec.NewAudio(48000, channels)
		if err != nil {
			t.Fatal(err)
		}
		unit := track.Silence()
		head, err := codec.AppendADTS(nil, track, len(unit))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/in.aac", bytes.Repeat(append(head, unit...), 50), 0o600); err != nil {
			t.Fatal(err)
		}
		codectest.Run(t, "-xerror", "-i", dir+"/in.aac", "-f", "s16le", dir+"/out.pcm")
		pcm, err := os.ReadFile(dir + "/out.pcm")
		if err != nil {
			t.Fatal(err)
		}
		if len(pcm) != 50*codec.SamplesPerFrame*2*channels || len(bytes.Trim(pcm, "\x00")) > 0 {
			t.Errorf("%d channels: %d bytes of sound, not all of them zero", channels, len(pcm))
		}
	}
}
