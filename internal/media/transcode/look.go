package transcode

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"math/bits"
	"time"

	"golang.org/x/image/draw"
)

const (
	hashCount    = 8
	spriteWidth  = 160
	spriteColumn = 6
	spriteMost   = 36
)

// light are the limits of small work on what was made here.
var light = Limits{Time: 5 * time.Minute, Memory: 2 << 30, Output: 16 << 20, Nice: 15}

// drawSprite draws a picture a second, 36 at most.
func drawSprite(ctx context.Context, dir string, r Rung, length time.Duration) (Sprite, error) {
	n := min(spriteMost, max(1, int(length/time.Second)))
	s := Sprite{Columns: min(n, spriteColumn), Count: n, Width: spriteWidth, Height: max(2, r.Height*spriteWidth/r.Width&^1), Every: length / time.Duration(n)}
	s.Rows = (n + s.Columns - 1) / s.Columns
	_, err := Run(ctx, Job{Input: r.Name + ".mp4", Dir: dir, demux: "mov", Limits: light, Args: []string{
		"-an", "-vf", fmt.Sprintf("fps=%d/%.3f:round=up,scale=%d:%d,tile=%dx%d", n, length.Seconds(), s.Width, s.Height, s.Columns, s.Rows),
		"-frames:v", "1", "-q:v", "6", "-f", "image2", "-update", "1", SpriteName}})
	return s, err
}

// hashes describes pictures that are spread evenly over a film.
func hashes(ctx context.Context, dir, name string, length time.Duration) ([]uint64, error) {
	raw, err := Run(ctx, Job{Input: name, Dir: dir, demux: "mov", Limits: light, Args: []string{
		"-an", "-vf", fmt.Sprintf("fps=%d/%.3f:round=up,scale=9:8:flags=area,format=gray", hashCount, length.Seconds()),
		"-frames:v", fmt.Sprint(hashCount), "-f", "rawvideo", "pipe:1"}})
	if err != nil {
		return nil, err
	}
	var out []uint64
	for ; len(raw) >= 72; raw = raw[72:] {
		out = append(out, difference(raw[:72]))
	}
	return out, nil
}

// difference is the 64-bit difference hash (dHash) of 9x8 grey values: each bit
// says whether a value is darker than the one to its right.
func difference(grey []byte) (h uint64) {
	for y := range 8 {
		for x := range 8 {
			h <<= 1
			if grey[y*9+x] < grey[y*9+x+1] {
				h |= 1
			}
		}
	}
	return h
}

// Look describes a picture by the differences along its rows and along its
// columns: two hashes, so that [Alike] can tell a single picture from another.
func Look(img image.Image) []uint64 {
	var grey, turned [72]byte
	rows, columns := image.NewGray(image.Rect(0, 0, 9, 8)), image.NewGray(image.Rect(0, 0, 8, 9))
	draw.BiLinear.Scale(rows, rows.Bounds(), img, img.Bounds(), draw.Src, nil)
	draw.BiLinear.Scale(columns, columns.Bounds(), img, img.Bounds(), draw.Src, nil)
	copy(grey[:], rows.Pix)
	for y := range 9 {
		for x := range 8 {
			turned[x*9+y] = columns.Pix[y*8+x]
		}
	}
	return []uint64{difference(grey[:]), difference(turned[:])}
}

// Alike reports whether most of the pictures of a are in b too, by at most 10
// bits of difference. Flat pictures (black, a wall) say nothing and do not count;
// a film of nothing else is like no other.
func Alike(a, b []uint64) bool {
	told, same := 0, 0
	for _, x := range a {
		if flat(x) {
			continue
		}
		told++
		for _, y := range b {
			if !flat(y) && bits.OnesCount64(x^y) <= 10 {
				same++
				break
			}
		}
	}
	return told >= 2 && 2*same > told
}

func flat(h uint64) bool {
	n := bits.OnesCount64(h)
	return n < 8 || n > 56
}

// still decodes the picture at an offset as a JPEG; near the end it looks a
// little earlier.
func still(ctx context.Context, j Job, at time.Duration) ([]byte, error) {
	j.demux, j.Limits = "mov", light
	for {
		j.Args = []string{"-ss", fmt.Sprintf("%.3f", at.Seconds()), "-an", "-frames:v", "1", "-q:v", "3", "-f", "mjpeg", "pipe:1"}
		jpeg, err := Run(ctx, j)
		if err != nil || len(jpeg) > 0 {
			return jpeg, err
		}
		if at == 0 || j.Stdin != nil {
			return nil, ErrNoPicture
		}
		at = max(0, at-time.Second/2)
	}
}

// Still decodes the picture that is into a segment of a rung, init segment in
// front, as a JPEG. The offset is from the beginning of the film.
func Still(ctx context.Context, s Segment, at time.Duration, bytesOf func(offset, length int64) (io.ReadCloser, error)) ([]byte, error) {
	var in bytes.Buffer
	for _, part := range [][2]int64{{0, s.Init}, {s.Offset, s.Size}} {
		r, err := bytesOf(part[0], part[1])
		if err != nil {
			return nil, err
		}
		_, err = io.CopyN(&in, r, part[1])
		_ = r.Close()
		if err != nil {
			return nil, err
		}
	}
	for into := max(0, at-s.At); ; into = max(0, into-s.Duration/4) {
		jpeg, err := still(ctx, Job{Stdin: bytes.NewReader(in.Bytes())}, into)
		if err == nil || into == 0 {
			return jpeg, err
		}
	}
}
