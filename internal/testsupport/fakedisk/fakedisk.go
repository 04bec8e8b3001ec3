// Package fakedisk plays the disk below SQLite: one that loses its power, fills up
// or breaks at a chosen call.
//
// It stands where SQLite meets the system, as the VFS that a database is opened
// with when nobody asks for another, so what is under test is the engine of the
// product, opened as the product opens it. Files in the folder of a [Disk] lie in
// memory; all others are the system's as before.
//
// The one idea needed to read it: a write is only safe after a sync. A file has what
// the last sync left and the list of what was done to it since; when the power goes,
// each of these is kept, dropped or torn after some sectors, whatever its order. Making
// and deleting a file is safe at once, what is safe does not rot, and what surrounds a
// write is left alone, as SQLite expects of the disks of today (its "powersafe
// overwrite", which the VFS of the product promises too).
package fakedisk

import (
	"math/rand/v2"
	"path/filepath"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"
)

// Sector is what a disk writes in one piece, in bytes.
const Sector = 512

// Fault is what goes wrong with a disk.
type Fault int

const (
	// PowerCut ends everything: what was not synced may be lost, every further
	// call fails.
	PowerCut Fault = iota + 1
	// Full is a write for which there is no room.
	Full
	// Broken is a call that the hardware did not carry out.
	Broken
)

// Disk holds the files of one folder in memory. Its methods are safe for concurrent
// use.
type Disk struct {
	mu     sync.Mutex
	dir    string
	r      *rand.Rand
	files  map[string]*file
	era    int // how often the power has come back; handles of an era before are dead
	off    bool
	steady bool // the power never fails
	fault  Fault
	left   int // calls until it
	length int // calls that it lasts
	calls  int // writes, truncations, syncs and deletions so far
}

// file is what is in a file now, and what would be left of it without power.
type file struct {
	now   []byte
	safe  []byte
	since []change // the last sync
	locks locks
	index *index
}

// change is bytes at an offset, or a new size where there are none.
type change struct {
	at   int64
	data []byte
}

var (
	disksMu sync.RWMutex
	disks   = map[string]*Disk{}
)

// New puts a disk in the place of a folder, an absolute path without symbolic links.
// The seed decides what is lost when the power goes. [Disk.Remove] takes it out.
func New(dir string, seed uint64) (*Disk, error) {
	if err := register(); err != nil {
		return nil, err
	}
	d := &Disk{dir: filepath.Clean(dir), r: rand.New(rand.NewPCG(seed, 0xd15c)), files: map[string]*file{}}
	disksMu.Lock()
	defer disksMu.Unlock()
	disks[d.dir] = d
	return d, nil
}

// NewSteady is [New] for a disk that never fails: memory instead of files.
func NewSteady(dir string) (*Disk, error) {
	d, err := New(dir, 0)
	if err == nil {
		d.steady = true
	}
	return d, err
}

// Remove takes the disk out. Close the databases on it first.
func (d *Disk) Remove() {
	disksMu.Lock()
	defer disksMu.Unlock()
	delete(disks, d.dir)
}

// In returns the disk in the place of a folder; nil for none.
func In(dir string) *Disk {
	disksMu.RLock()
	defer disksMu.RUnlock()
	return disks[dir]
}

// at returns the disk on which a path lies, and its name there.
func at(path string) (*Disk, string) {
	disksMu.RLock()
	defer disksMu.RUnlock()
	return disks[filepath.Dir(path)], filepath.Base(path)
}

// Put writes a whole file, safely.
func (d *Disk) Put(name string, content []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[name] = &file{now: append([]byte(nil), content...), safe: append([]byte(nil), content...)}
}

// Files returns copies of all files as programs see them.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string][]byte{}
	for name, f := range d.files {
		all[name] = append([]byte(nil), f.now...)
	}
	return all
}

// After lets something go wrong at the n-th write, truncation, sync or deletion from
// now, 1 being the next, and at the length-1 that follow. A power cut lasts until [Disk.On].
func (d *Disk) After(n int, what Fault, length int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.left, d.length = what, n, length
}

// Mend takes back what [Disk.After] ordered.
func (d *Disk) Mend() { d.After(0, 0, 0) }

// Cut ends the power now, if it has not gone before.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
}

// Calls returns how many writes, truncations, syncs and deletions there were.
func (d *Disk) Calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// Unsafe returns how many changes of a file would be at risk if the power went now.
func (d *Disk) Unsafe(name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[name]; f != nil {
		return len(f.since)
	}
	return 0
}

// Off reports whether the power has gone.
func (d *Disk) Off() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// On brings the power back after a cut, with what is left of the files. Whoever had
// them open has lost them.
func (d *Disk) On() {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Sometimes a disk had written everything, sometimes nothing of it.
	keep := []int{0, 10, 50, 90, 100}[d.r.IntN(5)]
	for _, name := range sorted(d.files) {
		f := d.files[name]
		for _, c := range f.since {
			if d.r.IntN(100) < keep {
				f.safe = c.on(f.safe)
			} else if torn := d.tear(c); len(torn.data) > 0 {
				f.safe = torn.on(f.safe)
			}
		}
		d.files[name] = &file{now: append([]byte(nil), f.safe...), safe: f.safe}
	}
	d.off, d.fault = false, 0
	d.era++
}

// tear returns the sectors of a lost write that were written all the same: none, or
// some at its beginning.
func (d *Disk) tear(c change) change {
	if d.r.IntN(2) == 0 {
		return change{}
	}
	return change{c.at, c.data[:Sector*d.r.IntN(len(c.data)/Sector+1)]}
}

// on returns content after a change.
func (c change) on(content []byte) []byte {
	if c.data == nil {
		if c.at < int64(len(content)) {
			return content[:c.at]
		}
		return append(content, make([]byte, c.at-int64(len(content)))...)
	}
	if end := c.at + int64(len(c.data)); end > int64(len(content)) {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	copy(content[c.at:], c.data)
	return content
}

// call counts one and returns what goes wrong with it; 0 for nothing.
func (d *Disk) call() Fault {
	d.calls++
	if d.fault == 0 {
		return 0
	}
	if d.left--; d.left > 0 {
		return 0
	}
	what := d.fault
	if d.left <= 1-d.length {
		d.fault = 0
	}
	if what == PowerCut {
		d.off = true
	}
	return what
}

// dead reports whether nothing can be done with a handle any more.
func (h *handle) dead() bool { return h.disk.off || h.disk.era != h.era }

func (h *handle) write(b []byte, at int64) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.dead() {
		return sqlite3.SQLITE_IOERR_WRITE
	}
	if h.disk.steady {
		h.file.now = change{at, b}.on(h.file.now)
		return sqlite3.SQLITE_OK
	}
	c := change{at, append(make([]byte, 0, len(b)), b...)}
	what := h.disk.call()
	if what == Full || what == Broken {
		c = h.disk.tear(c)
	}
	if len(c.data) > 0 {
		h.file.do(c)
	}
	switch what {
	case 0:
		return sqlite3.SQLITE_OK
	case Full:
		return sqlite3.SQLITE_FULL
	}
	return sqlite3.SQLITE_IOERR_WRITE
}

func (h *handle) truncate(size int64) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.dead() {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	if h.disk.steady {
		h.file.now = change{at: size}.on(h.file.now)
		return sqlite3.SQLITE_OK
	}
	what := h.disk.call()
	if what == Broken {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	h.file.do(change{at: size})
	if what == PowerCut {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	return sqlite3.SQLITE_OK
}

func (h *handle) sync() int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.dead() {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	if what := h.disk.call(); what == PowerCut || what == Broken {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	for _, c := range h.file.since {
		h.file.safe = c.on(h.file.safe)
	}
	h.file.since = h.file.since[:0]
	return sqlite3.SQLITE_OK
}

// do makes a change that is not safe yet.
func (f *file) do(c change) {
	f.now = c.on(f.now)
	f.since = append(f.since, c)
}

// read fills b from an offset. What lies behind the end is zero.
func (h *handle) read(b []byte, at int64) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.dead() {
		return sqlite3.SQLITE_IOERR_READ
	}
	n := 0
	if at < int64(len(h.file.now)) {
		n = copy(b, h.file.now[at:])
	}
	if n < len(b) {
		clear(b[n:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

func (h *handle) size() (int64, int32) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.dead() {
		return 0, sqlite3.SQLITE_IOERR_FSTAT
	}
	return int64(len(h.file.now)), sqlite3.SQLITE_OK
}

// open returns a handle of a file, which is made when missing and asked for.
func (d *Disk) open(name string, make bool) *handle {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[name]
	if d.off || f == nil && !make {
		return nil
	}
	if f == nil {
		f = &file{}
		d.files[name] = f
	}
	return &handle{disk: d, file: f, era: d.era}
}

func (d *Disk) remove(name string) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	if what := d.call(); what == PowerCut || what == Broken {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	if d.files[name] == nil {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	delete(d.files, name)
	return sqlite3.SQLITE_OK
}

func (d *Disk) has(name string) (found, off bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, d.off
}
