package codec_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The parameter sets are x264's.
var parameterSets = []struct {
	name          string
	sps, pps      string
	width, height int
	fps           float64
	reorder       int
	codecs        string
}{
	{"baseline 720p30", "6742c01fda014016ec0440000003004000000f23c60ca8", "68ce0fc8", 1280, 720, 30, 0, "avc1.42c01f"},
	{"high 1080p25 with B-frames and cropping", "67640028acd940780227e5c044000003000400000300c83c60c658", "68ebe3cb22c0", 1920, 1080, 25, 2, "avc1.640028"},
	{"main portrait 29.97", "674d401fd900881efb88c04400000fa40003a9803c60c920", "68ebc3cb20", 540, 962, 29.97, 0, "avc1.4d401f"},
	{"high 4:4:4 at 15", "67f4000c919b28283f60220000030002000003003c1e28532c", "68ebe3c44844", 320, 240, 15, 2, "avc1.f4000c"},
	{"high with HRD at 50", "67640020acd940500bbf2e0220000003002000000c8c08001e848003d0949a701f162d96", "68fba3cb22c0", 1280, 720, 50, 2, "avc1.640020"},
}

func TestVideoIsDescribedByItsParameterSets(t *testing.T) {
	for _, tt := range parameterSets {
		t.Run(tt.name, func(t *testing.T) {
			v, err := codec.NewVideo([][]byte{unhex(t, tt.sps)}, [][]byte{unhex(t, tt.pps)})
			if err != nil {
				t.Fatal(err)
			}
			if v.Width != tt.width || v.Height != tt.height || math.Abs(v.FPS-tt.fps) > 0.01 || v.Reorder != tt.reorder || v.Codecs != tt.codecs {
				t.Errorf("got %dx%d at %v, reorder %d, %s", v.Width, v.Height, v.FPS, v.Reorder, v.Codecs)
			}
			again, size, err := codec.ParseAVCC(v.Config)
			if err != nil || size != 4 {
				t.Fatalf("own record: length size %d, %v", size, err)
			}
			if !bytes.Equal(again.Config, v.Config) {
				t.Errorf("record does not come back: %x", again.Config)
			}
		})
	}
}

func TestEncodersParameterSetsMatchTheirSettings(t *testing.T) {
	annexB := codectest.Read(t, codectest.Clip{Seconds: 0.5, Size: "426x240", FPS: "24", NoAudio: true}, "a.h264")
	nals := codec.SplitAnnexB(annexB)
	v, err := codec.NewVideo(codec.ParameterSets(nals))
	if err != nil {
		t.Fatal(err)
	}
	if v.Width != 426 || v.Height != 240 || v.FPS != 24 || v.Reorder != 0 {
		t.Errorf("got %dx%d at %v, reorder %d", v.Width, v.Height, v.FPS, v.Reorder)
	}
	idr, err := codec.CheckAU(codec.AVCC(nals[:4]))
	if err != nil || !idr {
		t.Errorf("first access unit: idr %v, %v", idr, err)
	}
}

func TestAnnexBAndAVCCCarryTheSameUnits(t *testing.T) {
	nals := [][]byte{{0x67, 1, 2}, {0x68, 3}, {0x65, 0, 0, 3, 1}}
	split := codec.SplitAnnexB(codec.AnnexB(nals))
	fromAVCC, err := codec.NALs(codec.AVCC(nals))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range nals {
		if !bytes.Equal(n, split[i]) || !bytes.Equal(n, fromAVCC[i]) {
			t.Errorf("unit %d: %x, %x, want %x", i, split[i], fromAVCC[i], n)
		}
	}
}

func TestDelimitersAreLeftOut(t *testing.T) {
	au := codec.AVCC([][]byte{{0x09, 0xf0}, {0x41, 1}})
	if want := []byte{0, 0, 0, 2, 0x41, 1}; !bytes.Equal(au, want) {
		t.Errorf("AVCC = %x, want %x", au, want)
	}
}

func TestShortLengthsAreWidened(t *testing.T) {
	got, err := codec.WidenLengths([]byte{0, 2, 0x65, 1, 0, 1, 0x41}, 2)
	if want := []byte{0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 0x41}; err != nil || !bytes.Equal(got, want) {
		t.Errorf("widened to %x, %v", got, err)
	}
	got, err = codec.WidenLengths([]byte{1, 0x41}, 1)
	if want := []byte{0, 0, 0, 1, 0x41}; err != nil || !bytes.Equal(got, want) {
		t.Errorf("widened to %x, %v", got, err)
	}
	if _, err := codec.WidenLengths([]byte{0, 9, 1}, 2); !errors.Is(err, codec.ErrMalformed) {
		t.Errorf("a cut unit: %v", err)
	}
}

func TestCutAccessUnitsAreRefused(t *testing.T) {
	whole := codec.AVCC([][]byte{{0x65, 1, 2, 3}, {0x41, 1}})
	for n := range len(whole) {
		if n == 8 {
			continue // ends between the two units
		}
		if _, err := codec.CheckAU(whole[:n]); err == nil {
			t.Errorf("%d bytes of %d pass", n, len(whole))
		}
	}
}

func FuzzParseAVCC(f *testing.F) {
	for _, s := range parameterSets {
		v, err := codec.NewVideo([][]byte{unhex(f, s.sps)}, [][]byte{unhex(f, s.pps)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(v.Config)
	}
	f.Add([]byte{1, 100, 0, 40, 0xff, 0xe1, 0xff, 0xff, 0x67})
	f.Fuzz(func(t *testing.T, record []byte) {
		v, _, err := codec.ParseAVCC(record)
		if err != nil {
			return
		}
		if v.Width <= 0 || v.Width > 1<<15 || v.Height <= 0 || v.Height > 1<<16 {
			t.Errorf("%dx%d", v.Width, v.Height)
		}
		if _, _, err := codec.ParseAVCC(v.Config); err != nil {
			t.Errorf("own record: %v", err)
		}
	})
}

func FuzzAccessUnit(f *testing.F) {
	f.Add([]byte{0, 0, 0, 2, 0x65, 1}, byte(4))
	f.Add([]byte{0, 2, 0x65, 1}, byte(2))
	f.Add([]byte{0, 0, 1, 0x65, 1, 0, 0, 0, 1, 0x41}, byte(1))
	f.Fuzz(func(t *testing.T, b []byte, size byte) {
		codec.SplitAnnexB(b)
		_, _ = codec.WidenLengths(b, []int{1, 2, 4}[int(size)%3])
		if _, err := codec.CheckAU(b); err == nil {
			if nals, err := codec.NALs(b); err != nil || len(nals) == 0 {
				t.Errorf("a checked access unit has %d units, %v", len(nals), err)
			}
		}
	})
}
