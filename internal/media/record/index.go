package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// indexName is the index of a recording: a line of JSON for each entry. The last
// line may be torn.
const indexName = "index.jsonl"

// maxIndex bounds an index that is read, in bytes; a week of show is 170 MB.
const maxIndex = 256 << 20

// entry types.
const (
	typeInit = "init" // a run begins with an init segment
	typePart = "part"
	typeGap  = "gap" // nothing was received for Wall..Wall+Duration
	typeEnd  = "end" // the show has ended
)

// entry is a line of the index.
type entry struct {
	Type   string `json:"t"`
	Run    int    `json:"run"`
	Offset int64  `json:"offset,omitempty"`
	Size   int64  `json:"size,omitempty"`
	// Start is the stream time in nanoseconds, Duration its length.
	Start    time.Duration `json:"start_ns,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	Key      bool          `json:"key,omitempty"`
	WallMS   int64         `json:"wall_ms,omitempty"`
}

func (e entry) wall() time.Time { return time.UnixMilli(e.WallMS).UTC() }

// part is a fragment of the recording.
type part struct {
	entry
	at time.Duration // in the playback, gaps not counted
}

// Gap is a hole in the recording.
type Gap struct {
	// At is where in the playback the hole is.
	At time.Duration
	// Wall is when it began, Length how long it lasted.
	Wall   time.Time
	Length time.Duration
}

// Index is a recording's table of contents. It is not changed after it is made,
// unless the recording goes on, and then it grows in another copy.
type Index struct {
	parts []part
	inits []int64 // size of the init segment of each run, 0 for none
	gaps  []Gap
	// breaks are the runs before which the playback is not continuous.
	breaks map[int]bool
	length time.Duration
	// Ended says that nothing will be added.
	Ended bool
}

// add appends an entry.
func (x *Index) add(e entry) error {
	switch e.Type {
	case typeInit:
		if e.Run < len(x.inits) || e.Run > len(x.inits)+maxSkippedRuns || e.Size <= 0 {
			return fmt.Errorf("run %d after %d", e.Run, len(x.inits))
		}
		for len(x.inits) < e.Run {
			x.inits = append(x.inits, 0)
		}
		x.inits = append(x.inits, e.Size)
		x.Ended = false
	case typePart:
		if e.Run != len(x.inits)-1 || e.Size <= 0 || e.Duration <= 0 {
			return fmt.Errorf("part of run %d", e.Run)
		}
		x.parts = append(x.parts, part{e, x.length})
		x.length += e.Duration
	case typeGap:
		x.gaps = append(x.gaps, Gap{x.length, e.wall(), e.Duration})
		if x.breaks == nil {
			x.breaks = map[int]bool{}
		}
		x.breaks[e.Run] = true
	case typeEnd:
		x.Ended = true
	}
	return nil
}

// maxSkippedRuns is how many numbers may be missing because a run held nothing.
const maxSkippedRuns = 1000

// clone returns a copy that is safe to read while x grows.
func (x *Index) clone() *Index {
	c := *x
	c.parts = x.parts[:len(x.parts):len(x.parts)]
	c.inits = x.inits[:len(x.inits):len(x.inits)]
	c.gaps = x.gaps[:len(x.gaps):len(x.gaps)]
	c.breaks = map[int]bool{}
	for k := range x.breaks {
		c.breaks[k] = true
	}
	return &c
}

// Duration returns the length of the playback, gaps not counted.
func (x *Index) Duration() time.Duration { return x.length }

// Gaps returns the holes in order.
func (x *Index) Gaps() []Gap { return x.gaps }

// Start returns when the recording began. It is zero if there is nothing.
func (x *Index) Start() time.Time {
	if len(x.parts) == 0 {
		return time.Time{}
	}
	return x.parts[0].wall()
}

// OffsetAt returns where in the playback the picture of an instant is. For an
// instant in a gap it is the last picture before it, which is what viewers saw
// then. ok is false before the beginning and after the end, with the nearer of
// the two as offset.
func (x *Index) OffsetAt(wall time.Time) (offset time.Duration, ok bool) {
	i := sort.Search(len(x.parts), func(i int) bool { return x.parts[i].wall().After(wall) }) - 1
	if i < 0 {
		return 0, false
	}
	p := x.parts[i]
	into := wall.Sub(p.wall())
	// Walls are whole milliseconds; between two parts that touch nothing is lost.
	if into <= p.Duration+time.Millisecond || i+1 < len(x.parts) {
		return p.at + min(into, p.Duration), true
	}
	return x.length, false
}

// WallAt returns when the picture at an offset of the playback was received. ok is
// false outside the recording.
func (x *Index) WallAt(offset time.Duration) (wall time.Time, ok bool) {
	p, ok := x.partAt(offset)
	if !ok {
		return time.Time{}, false
	}
	return p.wall().Add(offset - p.at), true
}

func (x *Index) partAt(offset time.Duration) (part, bool) {
	i := sort.Search(len(x.parts), func(i int) bool { return x.parts[i].at > offset }) - 1
	if i < 0 || offset > x.length {
		return part{}, false
	}
	return x.parts[i], true
}

// group returns the parts from the last keyframe at or before an offset up to the
// next, which is what it takes to decode the picture there.
func (x *Index) group(offset time.Duration) []part {
	i := sort.Search(len(x.parts), func(i int) bool { return x.parts[i].at > offset }) - 1
	if i < 0 {
		return nil
	}
	first := i
	for first > 0 && !x.parts[first].Key && x.parts[first-1].Run == x.parts[first].Run {
		first--
	}
	last := i + 1
	for last < len(x.parts) && !x.parts[last].Key && x.parts[last].Run == x.parts[i].Run {
		last++
	}
	return x.parts[first:last]
}

// readIndex reads the index of a folder. A torn last line is ignored.
func readIndex(dir string) (*Index, error) {
	f, err := os.Open(filepath.Join(dir, indexName))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > maxIndex {
		return nil, fmt.Errorf("index of %v bytes: %w", info, err)
	}
	return parseIndex(bufio.NewReaderSize(f, 64<<10))
}

func parseIndex(r *bufio.Reader) (*Index, error) {
	x := &Index{}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil { // torn, or the end
			if errors.Is(err, bufio.ErrBufferFull) {
				return nil, errors.New("index line is too long")
			}
			return x, nil
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
		if err := x.add(e); err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
	}
}

func appendEntry(b []byte, e entry) []byte {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // entry has nothing that cannot be marshalled
	}
	return append(append(b, line...), '\n')
}

// appendLine adds one entry to the index of a folder and makes it durable.
func appendLine(dir string, e entry) error {
	f, err := os.OpenFile(filepath.Join(dir, indexName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(appendEntry(nil, e))
	return errors.Join(err, f.Sync(), f.Close())
}

// writeIndex replaces the index of a folder as a whole.
func writeIndex(dir string, entries []entry) error {
	var b bytes.Buffer
	for _, e := range entries {
		b.Write(appendEntry(nil, e))
	}
	name := filepath.Join(dir, indexName)
	f, err := os.Create(name + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
