package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/fmp4"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/stream"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// parts makes n parts of half a second from a stream time on; every second one is
// independent.
func parts(t testing.TB, from time.Duration, n int) (out []*hls.Part) {
	t.Helper()
	v, err := codec.NewVideo([][]byte{{0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xec, 0x04, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 0x0f, 0x23, 0xc6, 0x0c, 0xa8}}, [][]byte{{0x68, 0xce, 0x0f, 0xc8}})
	if err != nil {
		t.Fatal(err)
	}
	init := &hls.Init{Name: "init", Data: fmp4.Init(v, nil), Tracks: &stream.Tracks{Video: v}}
	for i := range n {
		start := from + time.Duration(i)*500*time.Millisecond
		wall := noon.Add(start)
		out = append(out, &hls.Part{
			Init: init, Start: start, Duration: 500 * time.Millisecond, Wall: wall,
			Independent: i%2 == 0, First: i%2 == 0, Last: i%2 == 1, Discontinuity: i == 0 && from > 0,
			Data: fmp4.Fragment(uint32(i+1), wall, fmp4.Run{
				Base:    uint64(codec.Ticks(start, 90000)),
				Samples: []fmp4.Sample{{Data: []byte{0, 0, 0, 2, 0x65, byte(i)}, Duration: 45000, Key: i%2 == 0}},
			}, fmp4.Run{}),
		})
	}
	return out
}

func newStore(t testing.TB, cfg Config) *Store {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write records parts to the end.
func write(t testing.TB, s *Store, name string, ended bool, ps ...*hls.Part) {
	t.Helper()
	w, err := s.start(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		w.Write(p)
	}
	w.Close(ended)
	s.Close()
}

// same compares what two indexes say about a recording.
func same(a, b *Index) bool {
	if len(a.parts) != len(b.parts) || len(a.gaps) != len(b.gaps) || !reflect.DeepEqual(a.inits, b.inits) || a.Ended != b.Ended {
		return false
	}
	for i := range a.parts {
		if a.parts[i] != b.parts[i] {
			return false
		}
	}
	for i := range a.gaps {
		if a.gaps[i] != b.gaps[i] {
			return false
		}
	}
	return true
}

func TestTheIndexIsRebuiltFromTheRuns(t *testing.T) {
	s := newStore(t, Config{RunLength: time.Second})
	ps := append(parts(t, 0, 7), parts(t, 10*time.Second, 4)...)
	write(t, s, "r", false, ps...)
	before, err := s.Open("r")
	if err != nil || len(before.parts) != 11 || len(before.gaps) != 1 || len(before.inits) != 6 {
		t.Fatalf("recorded %+v, %v", before, err)
	}
	dir, _ := s.folder("r")
	if err := os.Remove(filepath.Join(dir, indexName)); err != nil {
		t.Fatal(err)
	}
	if err := s.Recover("r"); err != nil {
		t.Fatal(err)
	}
	after, err := s.Open("r")
	if err != nil || !same(before, after) {
		t.Errorf("rebuilt %+v, %v\nwant %+v", after, err, before)
	}
}

// TestATornTailCostsOnlyTheTornPart cuts the last run at every byte.
func TestATornTailCostsOnlyTheTornPart(t *testing.T) {
	s := newStore(t, Config{RunLength: time.Second})
	write(t, s, "r", false, parts(t, 0, 4)...)
	dir, _ := s.folder("r")
	last := filepath.Join(dir, runName(1))
	whole, err1 := os.ReadFile(last)
	index, err2 := os.ReadFile(filepath.Join(dir, indexName))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	x, err := s.Open("r")
	if err != nil || len(x.parts) != 4 {
		t.Fatalf("%d parts, %v", len(x.parts), err)
	}
	for n := range whole {
		err := errors.Join(
			os.WriteFile(last, whole[:n], 0o600),
			os.WriteFile(filepath.Join(dir, indexName), index[:len(index)-n%50], 0o600),
			s.Recover("r"))
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		want := 2
		for _, p := range x.parts[2:] {
			if p.Offset+p.Size <= int64(n) {
				want++
			}
		}
		if info, err := os.Stat(last); err == nil && want > 2 && info.Size() != x.parts[want-1].Offset+x.parts[want-1].Size {
			t.Fatalf("cut at %d: the torn part is still there, %d bytes", n, info.Size())
		}
		got, err := s.Open("r")
		if err != nil || len(got.parts) != want {
			t.Fatalf("cut at %d: %d parts, %v, want %d", n, len(got.parts), err, want)
		}
		// It goes on from here, with a free number.
		if n%97 == 0 {
			write(t, s, "r", true, parts(t, time.Minute, 2)...)
			if got, err := s.Open("r"); err != nil || len(got.parts) != want+2 || !got.Ended {
				t.Fatalf("cut at %d, continued: %+v, %v", n, got, err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "0000[1-9].mp4"))
			for _, f := range files {
				_ = os.Remove(f)
			}
		}
	}
}

// fullDisk is a run on a disk with room for a few bytes.
type fullDisk struct {
	output
	left *int
}

func (f fullDisk) Write(p []byte) (int, error) {
	if *f.left < len(p) {
		n, _ := f.output.Write(p[:*f.left])
		*f.left = 0
		return n, syscall.ENOSPC
	}
	*f.left -= len(p)
	return f.output.Write(p)
}

// news is what an observer hears, in order.
type news struct {
	mu    sync.Mutex
	heard []string
	err   error // why it stopped
}

func (n *news) note(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard = append(n.heard, what)
}

func (n *news) Stopped(_ string, err error) { n.err = err; n.note("stopped") }
func (n *news) Resumed(string)              { n.note("resumed") }
func (n *news) Finished(string)             { n.note("finished") }

func (n *news) String() string { return strings.Join(n.heard, " ") }

// A disk that takes no more bytes of picture still takes the line that says
// that the show has ended: what was kept is a replay.
func TestAFullDiskStopsTheRecordingAndKeepsIt(t *testing.T) {
	ps := parts(t, 0, 10)
	for _, room := range []int{0, 100, 900, 1500, 2000} {
		heard := &news{}
		s := newStore(t, Config{Observer: heard})
		left := room
		s.create = func(path string) (output, error) {
			f, err := createFile(path)
			return fullDisk{f, &left}, err
		}
		write(t, s, "r", true, ps...)
		if heard.String() != "stopped finished" || !errors.Is(heard.err, syscall.ENOSPC) {
			t.Errorf("%d bytes: heard %q, %v", room, heard, heard.err)
		}
		before, err := s.Open("r")
		if err != nil || !before.Ended {
			t.Fatalf("%d bytes: ended %v, %v", room, before.Ended, err)
		}
		if err := s.Recover("r"); err != nil {
			t.Fatal(err)
		}
		after, err := s.Open("r")
		if err != nil || len(after.parts) != len(before.parts) {
			t.Errorf("%d bytes: %d parts, recovered %d, %v", room, len(before.parts), len(after.parts), err)
		}
	}
}

func TestAnEndForWhichThereWasNoRoomIsAddedLater(t *testing.T) {
	heard := &news{}
	s := newStore(t, Config{Observer: heard})
	w, err := s.writer("r")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts(t, 0, 10) {
		w.take(p)
	}
	w.rest(syscall.ENOSPC, 5*time.Second)
	w.tell(syscall.ENOSPC)
	dir, away := filepath.Join(s.cfg.Dir, "r"), filepath.Join(t.TempDir(), "away")
	if err := errors.Join(os.Rename(dir, away), os.WriteFile(dir, nil, 0o600)); err != nil { // not even a line can be written
		t.Fatal(err)
	}
	w.Close(true)
	w.run()
	if heard.String() != "stopped finished" {
		t.Errorf("heard %q", heard)
	}
	if err := s.Finish("r"); err == nil {
		t.Error("finished without room")
	}
	if err := errors.Join(os.Remove(dir), os.Rename(away, dir), s.Finish("r")); err != nil {
		t.Fatal(err)
	}
	if x, err := s.Open("r"); err != nil || len(x.parts) != 10 || !x.Ended {
		t.Errorf("kept %+v, %v", x, err)
	}
}

func TestARecordingGoesOnWhenTheDiskHasRoomAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		full func(s *Store, is *bool) // makes the disk full while is holds
	}{
		{"less is free than is kept", func(s *Store, is *bool) {
			s.cfg.KeepFree = 800
			s.cfg.Free = func() int64 {
				if *is {
					return 799
				}
				return 900
			}
		}},
		{"the disk takes nothing", func(s *Store, is *bool) {
			s.create = func(path string) (output, error) {
				f, err := createFile(path)
				return switchedDisk{f, is}, err
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			heard := &news{}
			s := newStore(t, Config{Observer: heard})
			full := false
			tt.full(s, &full)
			w, err := s.writer("r") // not running: the disk changes between two known parts
			if err != nil {
				t.Fatal(err)
			}
			ps := parts(t, 0, 100)
			for i, p := range ps {
				full = i >= 20 && i < 50
				w.take(p)
			}
			w.Close(true)
			w.run()
			if heard.String() != "stopped resumed finished" {
				t.Errorf("heard %q", heard)
			}
			x, err := s.Open("r")
			if err != nil || len(x.gaps) != 1 || !x.Ended {
				t.Fatalf("kept %d parts, gaps %v, ended %v, %v", len(x.parts), x.gaps, x.Ended, err)
			}
			if at, ok := x.OffsetAt(noon.Add(45 * time.Second)); !ok || x.Duration()-at != 5*time.Second {
				t.Errorf("second 45 is at %v of %v, %v", at, x.Duration(), ok)
			}
			if gap := x.gaps[0]; gap.At != 10*time.Second || gap.Length < 15*time.Second || gap.Length > 25*time.Second {
				t.Errorf("gap %+v", gap)
			}
		})
	}
}

// switchedDisk takes nothing while full holds.
type switchedDisk struct {
	output
	full *bool
}

func (d switchedDisk) Write(p []byte) (int, error) {
	if *d.full {
		n, _ := d.output.Write(p[:len(p)/2])
		return n, syscall.ENOSPC
	}
	return d.output.Write(p)
}

func TestARecordingBeginsOnceThereIsRoom(t *testing.T) {
	heard := &news{}
	s := newStore(t, Config{Observer: heard})
	if err := os.WriteFile(filepath.Join(s.cfg.Dir, "r"), nil, 0o600); err != nil { // in the folder's place
		t.Fatal(err)
	}
	w, err := s.writer("r")
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parts(t, 0, 60) {
		if i == 30 {
			_ = os.Remove(filepath.Join(s.cfg.Dir, "r"))
		}
		w.take(p)
	}
	w.Close(true)
	w.run()
	x, err := s.Open("r")
	if err != nil || len(x.parts) == 0 || !x.Ended || !strings.HasSuffix(heard.String(), "resumed finished") {
		t.Errorf("heard %q, %v", heard, err)
	}
}

func TestARecordingContinuesInTheInstantItEnded(t *testing.T) {
	s := newStore(t, Config{})
	free := make(chan struct{})
	s.create = func(path string) (output, error) {
		f, err := createFile(path)
		return slowDisk{f, free}, err
	}
	first, err := s.start("r")
	if err != nil {
		t.Fatal(err)
	}
	first.Write(parts(t, 0, 1)[0])
	first.Close(true) // and the disk has not written a byte
	go close(free)
	write(t, s, "r", true, parts(t, time.Minute, 2)...)
	if x, err := s.Open("r"); err != nil || len(x.parts) != 3 || len(x.gaps) != 1 || !x.Ended {
		t.Errorf("kept %+v, %v", x, err)
	}
}

// slowDisk blocks until it may go on.
type slowDisk struct {
	output
	free chan struct{}
}

func (s slowDisk) Write(p []byte) (int, error) {
	<-s.free
	return s.output.Write(p)
}

func TestASlowDiskDoesNotHoldTheLive(t *testing.T) {
	heard := &news{}
	s := newStore(t, Config{Observer: heard, Queue: 4})
	free := make(chan struct{})
	s.create = func(path string) (output, error) {
		f, err := createFile(path)
		return slowDisk{f, free}, err
	}
	w, err := s.start("r")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts(t, 0, 20) {
		w.Write(p) // never blocks
	}
	close(free)
	for len(w.queue) > 0 { // until the disk has caught up
		runtime.Gosched()
	}
	for _, p := range parts(t, time.Minute, 3) {
		w.Write(p)
	}
	w.Close(true)
	s.Close()
	if heard.String() != "stopped resumed finished" || !errors.Is(heard.err, ErrTooSlow) {
		t.Errorf("heard %q, %v", heard, heard.err)
	}
	x, err := s.Open("r")
	if err != nil || len(x.parts) < 4+3 || len(x.parts) > 10 || len(x.gaps) != 1 || !x.Ended {
		t.Errorf("kept %d parts and %d gaps, %v", len(x.parts), len(x.gaps), err)
	}
}

func TestTheReplayPlaylistLooksLikeThis(t *testing.T) {
	s := newStore(t, Config{RunLength: 4 * time.Second})
	write(t, s, "r", true, append(parts(t, 0, 10), parts(t, time.Minute, 3)...)...)
	x, err := s.Open("r")
	if err != nil {
		t.Fatal(err)
	}
	n := x.parts[0].Size
	init := x.inits[0]
	var want strings.Builder
	fmt.Fprintf(&want, `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="00000.mp4",BYTERANGE="%[1]d@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T12:00:00.000Z
#EXTINF:2.00000,
#EXT-X-BYTERANGE:%[2]d@%[1]d
00000.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T12:00:02.000Z
#EXTINF:2.00000,
#EXT-X-BYTERANGE:%[2]d@%[3]d
00000.mp4
#EXT-X-MAP:URI="00001.mp4",BYTERANGE="%[1]d@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T12:00:04.000Z
#EXTINF:1.00000,
#EXT-X-BYTERANGE:%[4]d@%[1]d
00001.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="00002.mp4",BYTERANGE="%[1]d@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T12:01:00.000Z
#EXTINF:1.50000,
#EXT-X-BYTERANGE:%[5]d@%[1]d
00002.mp4
#EXT-X-ENDLIST
`, init, 4*n, init+4*n, 2*n, 3*n)
	if got := string(x.Playlist()); got != want.String() {
		t.Errorf("got\n%s\nwant\n%s", got, want.String())
	}
}

func FuzzRecover(f *testing.F) {
	s := newStore(f, Config{})
	write(f, s, "r", true, parts(f, 0, 2)...)
	dir, _ := s.folder("r")
	run, err := os.ReadFile(filepath.Join(dir, runName(0)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(run)
	f.Add(run[:len(run)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, runName(0)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := rebuild(dir)
		if err != nil {
			return
		}
		for _, p := range x.parts {
			if p.Offset+p.Size > int64(len(b)) || p.Duration <= 0 {
				t.Errorf("part %+v of %d bytes", p, len(b))
			}
		}
		x.Playlist()
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"t":"init","run":0,"size":700}` + "\n" + `{"t":"part","run":0,"offset":700,"size":90,"duration_ns":500000000,"key":true,"wall_ms":1}` + "\n" + `{"t":"end"}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIndex(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		x.Playlist()
		x.OffsetAt(noon)
		x.WallAt(x.Duration() / 2)
		x.group(x.Duration())
	})
}
