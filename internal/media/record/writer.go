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
	queue   chan *hls.Part
	closed  chan bool
	settled chan struct{} // closed when the files are
	full    bool          // the queue overflowed; only the muxer's goroutine sees this

	mu    sync.Mutex
	index *Index

	// The run goroutine owns what follows.
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

// Write takes a part without waiting.
func (w *writer) Write(p *hls.Part) {
	if w.full {
		return
	}
	select {
	case w.queue <- p:
	default:
		w.full = true
		close(w.queue)
	}
}

// Close is the muxer's last call.
func (w *writer) Close(ended bool) {
	if !w.full {
		w.closed <- ended
		close(w.queue)
	}
}

func (w *writer) snapshot() *Index {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.index.clone()
}

// run writes until the stream is closed or the disk fails.
func (w *writer) run() {
	err := w.record()
	w.store.done(w)
	o := w.store.cfg.Observer
	switch {
	case err != nil:
		w.log.Error("recording stopped", "error", err)
		if o != nil {
			o.Stopped(w.name, err)
		}
	case w.index.Ended:
		w.log.Info("recording finished", "length", w.index.length)
		if o != nil {
			o.Finished(w.name)
		}
	}
}

func (w *writer) record() (err error) {
	if err := w.open(); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, w.closeRun(), w.lines.Sync(), w.lines.Close())
	}()
	for p := range w.queue {
		if err := w.part(p); err != nil {
			return err
		}
	}
	select {
	case ended := <-w.closed:
		if ended {
			return w.note(entry{Type: typeEnd})
		}
		return nil
	default:
		return ErrTooSlow
	}
}

// open opens the index for appending and finds where an earlier recording ended.
func (w *writer) open() error {
	f, err := os.OpenFile(filepath.Join(w.dir, indexName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	w.lines = f
	w.num = len(w.index.inits) - 1
	if n := len(w.index.parts); n > 0 {
		p := w.index.parts[n-1]
		w.last = p.wall().Add(p.Duration)
	}
	return syncFolder(w.dir)
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
