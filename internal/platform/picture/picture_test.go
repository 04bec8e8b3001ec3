package picture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/picture"
)

func store(t testing.TB) blob.Store {
	t.Helper()
	s, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func painted(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{200, 40, 40, 255})
		}
	}
	return img
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPictureIsKeptInEveryWidth(t *testing.T) {
	s := store(t)
	info, err := picture.Save(context.Background(), s, "img_1", bytes.NewReader(asPNG(t, painted(2000, 1000))))
	if err != nil || info.Width != 1600 || info.Height != 800 || info.Color != "#c82828" && !strings.HasPrefix(info.Color, "#c") {
		t.Fatalf("%+v, %v", info, err)
	}
	for _, w := range picture.Widths {
		r, err := s.Open(context.Background(), picture.Key("img_1", w), 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(r)
		_ = r.Close()
		if err != nil || got.Bounds().Dx() != w {
			t.Errorf("width %d: %v, %v", w, got, err)
		}
	}
}

// bomb is a PNG header that promises w x h pixels and holds none.
func bomb(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	ihdr := make([]byte, 17)
	copy(ihdr, "IHDR")
	binary.BigEndian.PutUint32(ihdr[4:], w)
	binary.BigEndian.PutUint32(ihdr[8:], h)
	ihdr[12], ihdr[13] = 8, 2
	b = binary.BigEndian.AppendUint32(b, 13)
	b = append(b, ihdr...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(ihdr))
}

func TestHostilePicturesAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		body io.Reader
		want error
	}{
		{"thirty thousand pixels square", bytes.NewReader(bomb(30_000, 30_000)), picture.ErrTooLarge},
		{"a long strip", bytes.NewReader(bomb(60_000, 10)), picture.ErrTooLarge},
		{"text", strings.NewReader("#EXTM3U\nfile:///etc/passwd"), picture.ErrFormat},
		{"nothing", strings.NewReader(""), picture.ErrFormat},
		{"half a picture", bytes.NewReader(asPNG(t, painted(50, 50))[:60]), picture.ErrFormat},
		{"a vector with a script", strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`), picture.ErrFormat},
		{"too many bytes", io.LimitReader(zeros{}, picture.MaxBytes+10), picture.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := picture.Save(context.Background(), store(t), "img_1", tt.body); !errors.Is(err, tt.want) {
				t.Errorf("Save = %v, want %v", err, tt.want)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// turned is a JPEG with an Exif orientation.
func turned(t testing.TB, img image.Image, o byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), o, 0, 0, 0, 0, 0, 0)
	app1 := append([]byte{0xFF, 0xE1, byte((len(exif) + 2) >> 8), byte(len(exif) + 2)}, exif...)
	raw := b.Bytes()
	return append(append(bytes.Clone(raw[:2]), app1...), raw[2:]...)
}

func TestPhonePicturesStandUpright(t *testing.T) {
	info, err := picture.Save(context.Background(), store(t), "img_1", bytes.NewReader(turned(t, painted(80, 40), 6)))
	if err != nil || info.Width != 40 || info.Height != 80 {
		t.Errorf("%+v, %v; want 40 x 80", info, err)
	}
}

func FuzzSave(f *testing.F) {
	f.Add(bomb(10, 10))
	f.Add(turned(f, painted(8, 8), 8))
	f.Add(asPNG(f, painted(4, 4)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		cfg, _, err := image.DecodeConfig(bytes.NewReader(raw))
		if err == nil && cfg.Width*cfg.Height > 1<<20 {
			return // legal and slow
		}
		_, _ = picture.Save(context.Background(), store(t), "img_1", bytes.NewReader(raw))
	})
}
