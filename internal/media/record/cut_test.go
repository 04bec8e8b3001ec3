package record_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/media/transcode"
)

// TestAClipBeginsWithItsPicture gives each picture of a show its own brightness
// and looks for the one at which a clip begins, between keyframes and across
// runs.
func TestAClipBeginsWithItsPicture(t *testing.T) {
	t.Parallel()
	film := filepath.Join(t.TempDir(), "a.flv")
	codectest.Run(t, "-f", "lavfi", "-i", "nullsrc=size=64x64:rate=30,geq=lum='16+mod(N*7,200)':cb=128:cr=128", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "8",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-g", "60", "-tune", "zerolatency", "-c:a", "aac", film)
	b, err := os.ReadFile(film)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, t.TempDir(), record.Config{RunLength: 2 * time.Second})
	s.shoot(t, b)
	s.end(t)
	for _, picture := range []int{0, 45, 61, 102, 119, 120, 200} {
		from := time.Duration(picture) * time.Second / 30
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, "src"))
		if err != nil {
			t.Fatal(err)
		}
		begins, err := s.store.Cut("rec_1", from, from+time.Second, f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		made, err := transcode.Make(t.Context(), dir, "src", transcode.Span{From: begins, To: begins + time.Second}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := made.Duration - time.Second; d.Abs() > 60*time.Millisecond {
			t.Errorf("the clip from picture %d lasts %v", picture, made.Duration)
		}
		raw := filepath.Join(dir, "first.gray")
		codectest.Run(t, "-i", filepath.Join(dir, made.Rungs[0].Name+".mp4"), "-frames:v", "1", "-vf", "extractplanes=y", "-f", "rawvideo", raw)
		grey, err := os.ReadFile(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := int(grey[32*64+32]), 16+picture*7%200; got < want-2 || got > want+2 {
			t.Errorf("the clip from picture %d begins with brightness %d, want %d", picture, got, want)
		}
	}
}

func TestAClipOfWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), record.Config{})
	film := codectest.Read(t, codectest.Clip{Seconds: 2}, "a.flv")
	s.shoot(t, film)
	s.shoot(t, film)
	s.end(t)
	for _, tt := range []struct {
		name     string
		show     string
		from, to time.Duration
		want     error
	}{
		{"before the beginning", "rec_1", -time.Second, time.Second, record.ErrNotFound},
		{"behind the end", "rec_1", time.Second, time.Hour, record.ErrNotFound},
		{"backwards", "rec_1", time.Second, time.Second / 2, record.ErrNotFound},
		{"of another show", "rec_2", 0, time.Second, record.ErrNotFound},
		{"outside of the folder", "../rec_1", 0, time.Second, record.ErrBadName},
		{"over the hole", "rec_1", time.Second, 3 * time.Second, record.ErrHole},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.store.Cut(tt.show, tt.from, tt.to, io.Discard); !errors.Is(err, tt.want) {
				t.Errorf("Cut = %v, want %v", err, tt.want)
			}
		})
	}
	var b bytes.Buffer
	if begins, err := s.store.Cut("rec_1", 1100*time.Millisecond, 1500*time.Millisecond, &b); err != nil || b.Len() < 1000 || begins < 0 || begins > time.Second {
		t.Errorf("beside the hole: %d bytes, %v, %v", b.Len(), begins, err)
	}
}
