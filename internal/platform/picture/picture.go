// Package picture takes pictures from strangers and keeps what is safe of them:
// the size is read before a pixel is unpacked, the picture is decoded once,
// turned upright, scaled and written anew, so nothing of the uploaded file is
// ever served.
package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoded, served as JPEG
	"image/jpeg"
	_ "image/png"
	"io"
	"strconv"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/blob"
)

// Limits of an upload.
const (
	MaxBytes  = 20 << 20
	MaxPixels = 50_000_000 // 50 MP: today's phones; 200 MB unpacked
	MaxSide   = 12_000
)

// Widths are the sizes in which a picture is kept, in pixels; a smaller picture
// is not enlarged.
var Widths = []int{160, 480, 960, 1600}

// Errors that people meet.
var (
	ErrTooLarge = errs.New(errs.TooLarge, "picture.too_large", "The photo is larger than 20 MB or 50 megapixels. Choose a smaller one.", "照片超过 20 MB 或 5000 万像素，请换一张小一点的。")
	ErrFormat   = errs.New(errs.Invalid, "picture.format", "This is not a photo we can read. Use JPEG, PNG, WebP or GIF.", "读不了这张照片，请用 JPEG、PNG、WebP 或 GIF。")
)

// slots bounds how many pictures are unpacked at once, because one may take
// 200 MB.
var slots = make(chan struct{}, 2)

// Info describes a kept picture.
type Info struct {
	Width, Height int    // of the largest kept size
	Color         string // mean, #rrggbb
}

// Save reads a picture from r and keeps it under id in every width.
func Save(ctx context.Context, s blob.Store, id string, r io.Reader) (Info, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Info{}, fmt.Errorf("read picture: %w", err)
	}
	if len(raw) > MaxBytes {
		return Info{}, ErrTooLarge
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return Info{}, ErrFormat.Because(err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > MaxSide || cfg.Height > MaxSide || cfg.Width*cfg.Height > MaxPixels {
		return Info{}, ErrTooLarge
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return Info{}, ctx.Err()
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return Info{}, ErrFormat.Because(err)
	}
	return keep(ctx, s, id, upright(img, orientation(raw)))
}

func keep(ctx context.Context, s blob.Store, id string, img image.Image) (Info, error) {
	var info Info
	src := img
	for i := len(Widths) - 1; i >= 0; i-- { // each size from the one above: cheaper, and as good
		src = scaled(src, Widths[i])
		if i == len(Widths)-1 {
			info.Width, info.Height = src.Bounds().Dx(), src.Bounds().Dy()
		}
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, src, &jpeg.Options{Quality: 84}); err != nil {
			return Info{}, err
		}
		if err := s.Put(ctx, Key(id, Widths[i]), &buf, int64(buf.Len()), "image/jpeg"); err != nil {
			return Info{}, err
		}
	}
	info.Color = mean(src)
	return info, nil
}

// Key is where a size of a picture lies in the blob store.
func Key(id string, width int) string { return "img/" + id + "/" + strconv.Itoa(width) + ".jpg" }

// Fit returns the kept width that serves a wish best.
func Fit(want int) int {
	for _, w := range Widths {
		if w >= want {
			return w
		}
	}
	return Widths[len(Widths)-1]
}

// scaled returns img on white, at most width wide.
func scaled(img image.Image, width int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w > width {
		h = max(1, h*width/w)
		w = width
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Over, nil)
	return out
}

// mean returns the average colour of a small picture.
func mean(img image.Image) string {
	b := img.Bounds()
	var r, g, bl, n uint64
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			r, g, bl, n = r+uint64(cr>>8), g+uint64(cg>>8), bl+uint64(cb>>8), n+1
		}
	}
	return fmt.Sprintf("#%02x%02x%02x", r/n, g/n, bl/n)
}
