package record

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/fmp4"
)

// maxInit bounds an init segment; ours have about a kilobyte.
const maxInit = 256 << 10

// touching is how far apart two parts may be by their times, which are rounded to
// ticks, and still continue each other.
const touching = 2 * time.Millisecond

// rebuild makes the index of a folder from its runs, cutting off torn tails, and
// writes it.
func rebuild(dir string) (*Index, error) {
	old, err := readIndex(dir)
	ended := err == nil && old.Ended
	runs, err := listRuns(dir)
	if err != nil {
		return nil, err
	}
	b := &rebuilder{x: &Index{}}
	for _, n := range runs {
		if err := b.run(filepath.Join(dir, runName(n)), n); err != nil {
			return nil, fmt.Errorf("run %d: %w", n, err)
		}
	}
	if ended {
		if err := b.note(entry{Type: typeEnd}); err != nil {
			return nil, err
		}
	}
	return b.x, writeIndex(dir, b.entries)
}

func listRuns(dir string) (runs []int, err error) {
	files, err := os.ReadDir(dir) // in order of name
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		stem, ok := strings.CutSuffix(f.Name(), ".mp4")
		n, err := strconv.Atoi(stem)
		if ok && err == nil && n >= 0 && runName(n) == f.Name() {
			runs = append(runs, n)
		}
	}
	return runs, nil
}

type rebuilder struct {
	x       *Index
	entries []entry
	end     time.Duration // stream time behind the last part
	wall    time.Time     // wall clock behind the last part
	init    []byte        // moov of the last run
}

func (b *rebuilder) note(e entry) error {
	b.entries = append(b.entries, e)
	return b.x.add(e)
}

// run reads one file. A file without a single whole part is removed, because its
// number must be free for the next.
func (b *rebuilder) run(path string, n int) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w := &runWalker{f: f}
	if _, err := fmp4.Walk(f, info.Size(), w.box); err != nil && !errors.Is(err, errTorn) {
		return err
	}
	if len(w.parts) == 0 {
		return os.Remove(path)
	}
	if w.whole < info.Size() {
		if err := errors.Join(f.Truncate(w.whole), f.Sync()); err != nil {
			return err
		}
	}
	first := w.parts[0]
	if !b.wall.IsZero() && ((first.Start-b.end).Abs() > touching || !bytes.Equal(b.init, w.moov)) {
		gap := max(first.wall().Sub(b.wall), 0)
		if err := b.note(entry{Type: typeGap, Run: n, Duration: gap, WallMS: b.wall.UnixMilli()}); err != nil {
			return err
		}
	}
	b.init = w.moov
	if err := b.note(entry{Type: typeInit, Run: n, Size: w.init}); err != nil {
		return err
	}
	for _, p := range w.parts {
		p.Run = n
		if err := b.note(p); err != nil {
			return err
		}
		b.end, b.wall = p.Start+p.Duration, p.wall().Add(p.Duration)
	}
	return nil
}

// errTorn ends a walk at the first thing that is not ours.
var errTorn = errors.New("torn")

// runWalker collects the parts of a run: prft, moof, mdat.
type runWalker struct {
	f     *os.File
	init  int64
	moov  []byte
	whole int64 // behind the last whole part
	video *codec.Video
	audio *codec.Audio
	parts []entry
	next  entry // the part in the making
	state int   // boxes of it seen
}

func (w *runWalker) box(b fmp4.Box) error {
	if w.init == 0 {
		return w.head(b)
	}
	want := []string{"prft", "moof", "mdat"}[w.state]
	if b.Type != want {
		return errTorn
	}
	switch w.state {
	case 0:
		raw, err := fmp4.ReadBox(w.f, b)
		if err != nil {
			return errTorn
		}
		wall, err := fmp4.ParsePRFT(raw)
		if err != nil {
			return errTorn
		}
		w.next = entry{Type: typePart, Offset: b.Offset, WallMS: wall.UnixMilli()}
	case 1:
		raw, err := fmp4.ReadBox(w.f, b)
		if err != nil {
			return errTorn
		}
		if !w.moof(raw) {
			return errTorn
		}
	case 2:
		w.next.Size = b.Offset + b.Size - w.next.Offset
		w.whole = b.Offset + b.Size
		w.parts = append(w.parts, w.next)
	}
	w.state = (w.state + 1) % 3
	return nil
}

// head reads ftyp and moov.
func (w *runWalker) head(b fmp4.Box) error {
	switch {
	case b.Type == "ftyp" && b.Offset == 0:
		return nil
	case b.Type != "moov" || b.Size > maxInit:
		return errTorn
	}
	raw, err := fmp4.ReadBox(w.f, b)
	if err != nil {
		return errTorn
	}
	if w.video, w.audio, err = fmp4.ParseInit(raw); err != nil {
		return errTorn
	}
	w.init, w.moov = b.Offset+b.Size, raw
	return nil
}

// moof takes times and key from the leading track.
func (w *runWalker) moof(raw []byte) bool {
	tracks, err := fmp4.ParseMoof(raw)
	if err != nil || len(tracks) == 0 {
		return false
	}
	t := tracks[0]
	scale := fmp4.VideoScale
	if t.ID == fmp4.AudioTrack {
		if w.audio == nil {
			return false
		}
		scale = w.audio.SampleRate
	}
	if t.Duration == 0 || len(t.Samples) == 0 || t.Base > 1<<62 || t.Duration > 1<<40 {
		return false
	}
	w.next.Start = codec.Duration(int64(t.Base), scale)
	w.next.Duration = codec.Duration(int64(t.Duration), scale)
	// A part of sound beside a picture cannot begin a decoding.
	w.next.Key = t.Samples[0].Key && (t.ID == fmp4.VideoTrack || w.video == nil)
	return true
}
