package fmp4_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/fmp4"
)

var wall = time.Date(2026, 11, 22, 20, 0, 0, 123456789, time.UTC)

// accessUnits splits ffmpeg's byte stream; every picture there is one slice.
func accessUnits(t testing.TB, seconds float64) (*codec.Video, []fmp4.Sample) {
	t.Helper()
	nals := codec.SplitAnnexB(codectest.Read(t, codectest.Clip{Seconds: seconds, NoAudio: true}, "a.h264"))
	v, err := codec.NewVideo(codec.ParameterSets(nals))
	if err != nil {
		t.Fatal(err)
	}
	var out []fmp4.Sample
	for _, n := range nals {
		if kind := n[0] & 0x1f; kind == 1 || kind == 5 {
			out = append(out, fmp4.Sample{Data: codec.AVCC([][]byte{n}), Duration: 3000, Key: kind == 5})
		}
	}
	return v, out
}

func adtsFrames(t testing.TB, seconds float64) (*codec.Audio, []fmp4.Sample) {
	t.Helper()
	b := codectest.Read(t, codectest.Clip{Seconds: seconds, NoVideo: true}, "a.aac")
	a, err := codec.NewAudio(48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	var out []fmp4.Sample
	for len(b) > 0 {
		h, err := codec.ParseADTS(b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmp4.Sample{Data: b[h.HeaderSize:h.FrameSize], Duration: 1024, Key: true})
		b = b[h.FrameSize:]
	}
	return a, out
}

func TestOtherProgramsPlayOurFragments(t *testing.T) {
	v, pictures := accessUnits(t, 2)
	a, sound := adtsFrames(t, 2)
	file := fmp4.Init(v, a)
	const hour = 3600 * 90000 // far from zero, as live streams are
	for i := 0; i < len(pictures); i += 15 {
		n := min(15, len(pictures)-i)
		j, k := min(i*len(sound)/len(pictures), len(sound)), min((i+n)*len(sound)/len(pictures), len(sound))
		file = append(file, fmp4.Fragment(uint32(i/15+1), wall,
			fmp4.Run{Base: uint64(hour + i*3000), Samples: pictures[i : i+n]},
			fmp4.Run{Base: uint64(3600*48000 + j*1024), Samples: sound[j:k]})...)
	}
	path := filepath.Join(t.TempDir(), "ours.mp4")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	codectest.Run(t, "-i", path, "-f", "null", "-")
	got := codectest.Probe(t, "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames,avg_frame_rate", "-of", "csv=p=0", path)
	for _, want := range []string{"h264,320,240,30/1,60", "aac"} {
		if !strings.Contains(got, want) {
			t.Errorf("ffprobe sees %q, want %q", got, want)
		}
	}
}

func TestFragmentsComeBack(t *testing.T) {
	video := fmp4.Run{Base: 1 << 40, Samples: []fmp4.Sample{
		{Data: []byte{1, 2, 3}, Duration: 3000, CTS: 6000, Key: true},
		{Data: []byte{4, 5}, Duration: 3001},
	}}
	audio := fmp4.Run{Base: 77, Samples: []fmp4.Sample{{Data: []byte{6}, Duration: 1024, Key: true}}}
	file := fmp4.Fragment(9, wall, video, audio)
	var types []string
	var moof fmp4.Box
	r := bytes.NewReader(file)
	end, err := fmp4.Walk(r, r.Size(), func(b fmp4.Box) error {
		types = append(types, b.Type)
		raw, err := fmp4.ReadBox(r, b)
		if err != nil {
			return err
		}
		switch b.Type {
		case "prft":
			got, err := fmp4.ParsePRFT(raw)
			if err != nil || got.Sub(wall).Abs() > time.Nanosecond {
				t.Errorf("wall clock %v, want %v: %v", got, wall, err)
			}
		case "moof":
			moof = b
			tracks, err := fmp4.ParseMoof(raw)
			if err != nil {
				return err
			}
			if len(tracks) != 2 {
				return fmt.Errorf("%d tracks", len(tracks))
			}
			for i, run := range []fmp4.Run{video, audio} {
				if tracks[i].Base != run.Base || len(tracks[i].Samples) != len(run.Samples) {
					t.Errorf("track %d: %+v", i, tracks[i])
				}
				for j, s := range tracks[i].Samples {
					at := moof.Offset + s.Offset
					w := run.Samples[j]
					if data := file[at : at+int64(s.Size)]; !bytes.Equal(data, w.Data) {
						t.Errorf("track %d sample %d is %x", i, j, data)
					}
					if s.Duration != w.Duration || s.CTS != w.CTS || s.Key != w.Key {
						t.Errorf("track %d sample %d is %+v", i, j, s)
					}
				}
			}
		}
		return nil
	})
	if err != nil || end != r.Size() {
		t.Fatalf("walked to %d of %d: %v", end, r.Size(), err)
	}
	if got := strings.Join(types, " "); got != "prft moof mdat" {
		t.Errorf("boxes %s", got)
	}
}

func TestInitComesBack(t *testing.T) {
	v, _ := accessUnits(t, 0.2)
	for _, config := range [][]byte{{0x11, 0x90}, {0x12, 0x08}, {0xeb, 0x09, 0x88, 0}} {
		a, err := codec.ParseAudioSpecificConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		v2, a2, err := fmp4.ParseInit(fmp4.Init(v, a))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(v2.Config, v.Config) || !bytes.Equal(a2.Config, a.Config) {
			t.Errorf("configs %x and %x", v2.Config, a2.Config)
		}
	}
	v2, a2, err := fmp4.ParseInit(fmp4.Init(v, nil))
	if err != nil || v2 == nil || a2 != nil {
		t.Errorf("video only: %v, %v, %v", v2, a2, err)
	}
}

func TestWalkStopsAtATornTail(t *testing.T) {
	one := fmp4.Fragment(1, wall, fmp4.Run{Samples: []fmp4.Sample{{Data: make([]byte, 50), Duration: 1}}}, fmp4.Run{})
	two := append(bytes.Clone(one), one...)
	for n := range len(two) {
		end, err := fmp4.Walk(bytes.NewReader(two[:n]), int64(n), func(fmp4.Box) error { return nil })
		if err != nil || end > int64(n) {
			t.Fatalf("%d bytes: walked to %d, %v", n, end, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	a, err := codec.NewAudio(48000, 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fmp4.Init(nil, a))
	f.Add(fmp4.Fragment(1, wall, fmp4.Run{Samples: []fmp4.Sample{{Data: []byte{1}, Duration: 1}}}, fmp4.Run{}))
	f.Add([]byte{0, 0, 0, 1, 'm', 'd', 'a', 't', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, err := fmp4.ParseInit(b)
		if err != nil && !errors.Is(err, fmp4.ErrMalformed) && !errors.Is(err, codec.ErrMalformed) && !errors.Is(err, codec.ErrUnsupported) {
			t.Errorf("unexpected error %v", err)
		}
		r := bytes.NewReader(b)
		end, err := fmp4.Walk(r, r.Size(), func(box fmp4.Box) error {
			raw, err := fmp4.ReadBox(r, box)
			if err != nil {
				return err
			}
			_, _ = fmp4.ParsePRFT(raw)
			_, _ = fmp4.ParseMoof(raw)
			return nil
		})
		if err != nil || end > r.Size() {
			t.Errorf("walked to %d of %d: %v", end, r.Size(), err)
		}
	})
}
