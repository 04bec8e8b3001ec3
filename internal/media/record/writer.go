package record

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/hls"
)

// writer records one stream. The muxer hands it parts and never waits; its own
// goroutine meets the disk.
type writer struct {
	store   *Store
	name    string
	dir     string
	log     *slog.Logger
	queue   chan waiting
	closed  chan bool
	settled chan struct{} // closed when the files are
	missed  bool          // parts since the last in the queue found it full; only the muxer's goroutine sees this

	mu    sync.Mutex
	index *Index

	// The run goroutine owns what follows.
	resting error         // why nothing is written now, nil while recording
	rested  time.Duration // stream time of the last attempt
	told    bool          // that it has stopped
	looks   int
	running bool // a run is open
	num     int
	data    output
	lines   output
	size    int64 // of the run
	began   time.Duration
	init    *hls.Init
	end     time.Duration // stream time behind the last part
	last    time.Time     // wall clock behind the last part
	synced  time.Duration
}

func runName(n int) string { return fmt.Sprintf("%05d.mp4", n) }

// waiting is a part on its way to the disk.
type waiting struct {
	*hls.Part
	missed bool // parts before it found no place in the queue
}

// Write takes a part without waiting; one that finds the queue full is lost.
func (w *writer) Write(p *hls.Part) {
	select {
	case w.queue <- waiting{p, w.missed}:
		w.missed = false
	default:
		w.missed = true
	}
}

// Close is the muxer's last call.
func (w *writer) Close(ended bool) {
	w.closed <- ended
	close(w.queue)
}

func (w *writer) snapshot() *Index {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.index.clone()
}

// Looking after the disk.
const (
	lookEvery  = 10               // parts between two looks at the room that is left
	retryAfter = 10 * time.Second // of stream, between two attempts to go on
)

// run writes until the stream is closed.
func (w *writer) run() {
	ended, err := w.record()
	w.store.done(w)
	switch {
	case err != nil:
		w.tell(err)
	case ended:
		w.log.Info("recording finished", "length", w.index.length)
	}
	if o := w.store.cfg.Observer; ended && o != nil {
		o.Finished(w.name)
	}
}

// record takes parts until there are no more, and says whether the stream has
// ended. A disk that fails, fills up or falls behind makes the recording rest,
// not end.
func (w *writer) record() (ended bool, err error) {
	for p := range w.queue {
		if p.missed && w.resting == nil {
			w.rest(ErrTooSlow, w.end)
			w.tell(ErrTooSlow)
		}
		w.take(p.Part)
	}
	ended = <-w.closed
	return ended, w.finish(ended)
}

// take writes a part, or passes it over while the disk has no room.
func (w *writer) take(p *hls.Part) {
	if w.resting != nil && !w.wake(p) {
		w.tell(w.resting)
		return
	}
	err := w.room()
	if err == nil {
		err = w.part(p)
	}
	if err != nil {
		w.rest(err, p.Start)
		w.tell(err)
		return
	}
	if w.told {
		w.told = false
		w.log.Warn("recording goes on behind a gap")
		if o := w.store.cfg.Observer; o != nil {
			o.Resumed(w.name)
		}
	}
}

// room looks at the disk now and then.
func (w *writer) room() error {
	c := w.store.cfg
	if w.looks++; c.Free == nil || w.looks%lookEvery != 1 || c.Free() >= c.KeepFree {
		return nil
	}
	return ErrNoRoom
}

// rest closes the files after err, at a time of the stream.
func (w *writer) rest(err error, at time.Duration) {
	_ = w.shut() // what it could say, err has said
	w.resting, w.rested = err, at
}

// wake makes the recording go on with p, if the disk lets it.
func (w *writer) wake(p *hls.Part) bool {
	c := w.store.cfg
	if !p.First || !p.Independent || p.Start >= w.rested && p.Start-w.rested < retryAfter {
		return false
	}
	w.rested = p.Start
	if c.Free != nil && c.Free() < c.KeepFree+c.KeepFree/8 {
		return false
	}
	if err := w.open(); err != nil {
		_ = w.shut()
		return false
	}
	w.resting, w.looks = nil, 0
	return true
}

// tell says once that the recording has stopped.
func (w *writer) tell(err error) {
	if w.told {
		return
	}
	w.told = true
	w.log.Error("RECORDING STOPPED: the live goes on without one, nothing was deleted", "error", err)
	if o := w.store.cfg.Observer; o != nil {
		o.Stopped(w.name, err)
	}
}

// finish closes the files, and marks the end if the stream has ended.
func (w *writer) finish(ended bool) error {
	if w.resting != nil && ended {
		if err := w.open(); err != nil { // the end is a line; it may find room
			return errors.Join(w.resting, w.shut())
		}
	}
	if w.lines == nil {
		return nil
	}
	err := w.closeRun()
	if err == nil && ended {
		err = w.note(entry{Type: typeEnd})
	}
	return errors.Join(err, w.shut())
}

// open makes the folder or recovers the index in it, opens the index for
// appending and finds where an earlier recording ended.
func (w *writer) open() error {
	index, err := w.store.resume(w.dir)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(w.dir, indexName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	w.lines = f
	w.num = len(index.inits) - 1
	if n := len(index.parts); n > 0 {
		p := index.parts[n-1]
		w.last = p.wall().Add(p.Duration)
	}
	w.mu.Lock()
	w.index = index
	w.mu.Unlock()
	return syncFolder(w.dir)
}

// shut closes what is open.
func (w *writer) shut() error {
	err := w.closeRun()
	if w.lines != nil {
		err = errors.Join(err, w.lines.Sync(), w.lines.Close())
		w.lines = nil
	}
	return err
}

// part appends a part to the present run, or to a new one.
func (w *writer) part(p *hls.Part) error {
	broken := p.Discontinuity || !w.running || p.Init != w.init
	if broken || p.First && p.Independent && p.Start-w.began >= w.store.cfg.RunLength {
		if err := w.next(p, broken); err != nil {
			return err
		}
	}
	offset := w.size
	n, err := w.data.Write(p.Data)
	if err != nil {
		// Leave no torn part behind, if the disk allows.
		return errors.Join(err, w.data.Truncate(w.size))
	}
	w.size += int64(n)
	w.end, w.last = p.Start+p.Duration, p.Wall.Add(p.Duration)
	err = w.note(entry{
		Type: typePart, Run: w.num, Offset: offset, Size: int64(n),
		Start: p.Start, Duration: p.Duration, Key: p.Independent, WallMS: p.Wall.UnixMilli(),
	})
	if err == nil && w.end-w.synced >= w.store.cfg.SyncEvery {
		err = w.sync()
	}
	return err
}

// next begins a run with p's init segment. broken says that p does not continue
// the part before.
func (w *writer) next(p *hls.Part, broken bool) error {
	if err := w.closeRun(); err != nil {
		return err
	}
	w.num++
	if broken && !w.last.IsZero() {
		gap := max(p.Wall.Sub(w.last), 0)
		if err := w.note(entry{Type: typeGap, Run: w.num, Duration: gap, WallMS: w.last.UnixMilli()}); err != nil {
			return err
		}
	}
	f, err := w.store.create(filepath.Join(w.dir, runName(w.num)))
	if err != nil {
		return err
	}
	w.running, w.data, w.size, w.began, w.init = true, f, 0, p.Start, p.Init
	n, err := f.Write(p.Init.Data)
	if err != nil {
		return err
	}
	w.size = int64(n)
	if err := w.note(entry{Type: typeInit, Run: w.num, Size: w.size}); err != nil {
		return err
	}
	return syncFolder(w.dir)
}

// note adds an entry to the index on disk and in memory.
func (w *writer) note(e entry) error {
	if _, err := w.lines.Write(appendEntry(nil, e)); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.index.add(e)
}

func (w *writer) sync() error {
	w.synced = w.end
	return errors.Join(w.data.Sync(), w.lines.Sync())
}

func (w *writer) closeRun() error {
	if !w.running {
		return nil
	}
	w.running = false
	return errors.Join(w.sync(), w.data.Close())
}
