// Package record keeps live streams on disk and plays them back.
//
// A recording is a folder of runs, files of about a minute that hold an init
// segment and then the very fragments the live viewers got, and an index beside
// them. A playlist over byte ranges makes it a replay the moment the show ends:
// nothing is converted. Where the publisher was away or the server down there is
// a gap; it is marked in the index and skipped in the playback.
//
// The index can be rebuilt from the runs alone (see [Store.Recover]).
package record

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/stream"
)

// Errors of this package.
var (
	ErrNotFound = errors.New("no such recording")
	ErrBadName  = errors.New("a recording's name is 1 to 64 letters, digits, '-' or '_'")
	// ErrTooSlow rests a recording whose disk has fallen behind the stream.
	ErrTooSlow = errors.New("the disk is too slow for the recording")
	// ErrNoRoom rests a recording before the disk is full.
	ErrNoRoom = errors.New("the disk has less room than is to stay free")
)

// Observer hears about recordings. Calls come from the recording's goroutine.
type Observer interface {
	// Stopped says that a recording could not go on, for example because the
	// disk is full. What was written stays; the live goes on.
	Stopped(recording string, err error)
	// Resumed says that a stopped recording goes on behind a gap.
	Resumed(recording string)
	// Finished says that the show has ended and nobody writes any more. The disk
	// may have had no room for the end: [Store.Finish] adds it then.
	Finished(recording string)
}

// Config has useful zero values but for Dir.
type Config struct {
	// Dir is where recordings are kept, one folder each.
	Dir string
	// RunLength is how long a run lasts at least, 60 s if zero.
	RunLength time.Duration
	// SyncEvery is how much may be lost when the power fails, 10 s if zero. A
	// killed process loses at most the part in the making.
	SyncEvery time.Duration
	// Queue is how many parts may wait for the disk, 120 if zero.
	Queue int
	// Free returns the bytes left on the disk of Dir; nobody looks if nil.
	Free func() int64
	// KeepFree is how many bytes recordings leave to the rest of the program: one
	// that meets less stops, and goes on once there is an eighth more.
	KeepFree int64
	// Observer may be nil.
	Observer Observer
	// Gate decides whether a request may see a recording; everyone may if nil.
	Gate func(r *http.Request, recording string) error
	// Log is slog.Default if nil.
	Log *slog.Logger
}

// output is what a run is written to.
type output interface {
	io.Writer
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Store keeps the recordings of one folder. It is safe for concurrent use.
type Store struct {
	cfg    Config
	create func(path string) (output, error)

	mu     sync.Mutex
	active map[string]*writer
	// loaded are the latest indexes read from disk, the most recent in front.
	loaded *list.List
	wg     sync.WaitGroup
}

// maxLoaded bounds the indexes kept in memory; an hour of show takes about 1 MB.
const maxLoaded = 32

// New returns the store of a folder, which is made if it does not exist.
func New(cfg Config) (*Store, error) {
	if cfg.RunLength <= 0 {
		cfg.RunLength = time.Minute
	}
	if cfg.SyncEvery <= 0 {
		cfg.SyncEvery = 10 * time.Second
	}
	if cfg.Queue <= 0 {
		cfg.Queue = 120
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make recording folder: %w", err)
	}
	return &Store{cfg: cfg, create: createFile, active: map[string]*writer{}, loaded: list.New()}, nil
}

func createFile(path string) (output, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
}

// folder returns where a recording is kept.
func (s *Store) folder(recording string) (string, error) {
	if !stream.ValidID(recording) {
		return "", ErrBadName
	}
	return filepath.Join(s.cfg.Dir, recording), nil
}

// Sink records a stream whose options name a recording. It is meant for
// [hls.Config].Sink. A recording that exists is continued after a gap.
func (s *Store) Sink(st *stream.Stream) hls.Sink {
	name := st.Options().Recording
	if name == "" {
		return nil
	}
	w, err := s.start(name)
	if err != nil {
		s.cfg.Log.Error("recording not started", "recording", name, "error", err)
		if s.cfg.Observer != nil {
			s.cfg.Observer.Stopped(name, err)
		}
		return nil
	}
	return w
}

func (s *Store) start(name string) (*writer, error) {
	w, err := s.writer(name)
	if err == nil {
		s.wg.Go(w.run)
	}
	return w, err
}

// writer returns the writer of a recording, which is not running yet.
func (s *Store) writer(name string) (*writer, error) {
	dir, err := s.folder(name)
	if err != nil {
		return nil, err
	}
	if !s.settled(name) {
		return nil, errors.New("already being recorded")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[name] != nil {
		return nil, errors.New("already being recorded")
	}
	w := &writer{
		store: s, name: name, dir: dir, index: &Index{},
		queue: make(chan waiting, s.cfg.Queue), closed: make(chan bool, 1), settled: make(chan struct{}),
		log: s.cfg.Log.With("recording", name),
	}
	if err := w.open(); err != nil {
		w.rest(err, 0) // a full disk may have room later
	}
	s.active[name] = w
	return w, nil
}

// settled waits a moment for the last writer of a recording: a publisher may come
// back in the instant in which its stream ended.
func (s *Store) settled(name string) bool {
	s.mu.Lock()
	w := s.active[name]
	s.mu.Unlock()
	if w == nil {
		return true
	}
	select {
	case <-w.settled:
		return true
	case <-time.After(5 * time.Second):
		return false
	}
}

// resume makes the folder, or recovers the index in it.
func (s *Store) resume(dir string) (*Index, error) {
	err := os.Mkdir(dir, 0o750)
	if err == nil {
		return &Index{}, nil
	}
	if !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return rebuild(dir)
}

func (s *Store) done(w *writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.active, w.name)
	close(w.settled)
}

// Open returns the index of a recording as it is now. It returns [ErrNotFound] or
// [ErrBadName].
func (s *Store) Open(recording string) (*Index, error) {
	dir, err := s.folder(recording)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	w := s.active[recording]
	s.mu.Unlock()
	if w != nil {
		return w.snapshot(), nil
	}
	return s.load(dir)
}

type loadedIndex struct {
	dir   string
	size  int64
	mtime time.Time
	index *Index
}

// load reads an index, unless it is in memory and the file has not changed.
func (s *Store) load(dir string) (*Index, error) {
	info, err := os.Stat(filepath.Join(dir, indexName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.loaded.Front(); e != nil; e = e.Next() {
		l := e.Value.(*loadedIndex)
		if l.dir != dir {
			continue
		}
		if l.size == info.Size() && l.mtime.Equal(info.ModTime()) {
			s.loaded.MoveToFront(e)
			return l.index, nil
		}
		s.loaded.Remove(e)
		break
	}
	index, err := readIndex(dir)
	if err != nil {
		return nil, err
	}
	s.loaded.PushFront(&loadedIndex{dir, info.Size(), info.ModTime(), index})
	if s.loaded.Len() > maxLoaded {
		s.loaded.Remove(s.loaded.Back())
	}
	return index, nil
}

// Recover rebuilds the index of a recording after a crash: torn tails are cut off
// and everything before them is found again. A recording in progress is left
// alone.
func (s *Store) Recover(recording string) error {
	dir, err := s.folder(recording)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[recording] != nil {
		return nil
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return ErrNotFound
	}
	_, err = rebuild(dir)
	return err
}

// RecoverAll recovers all recordings that were not finished. It is called when
// the server starts.
func (s *Store) RecoverAll() error {
	names, err := s.Names()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		if index, err := s.Open(name); err == nil && index.Ended {
			continue
		}
		if err := s.Recover(name); err != nil {
			errs = append(errs, fmt.Errorf("recover recording %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// Finish marks a recording as complete whose show ended while no stream was
// there. Finishing twice is finishing once.
func (s *Store) Finish(recording string) error {
	index, err := s.Open(recording)
	if err != nil || index.Ended {
		return err
	}
	dir, err := s.folder(recording)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[recording] != nil {
		return errors.New("still being recorded")
	}
	if _, err := rebuild(dir); err != nil { // a crash may have torn the last line
		return err
	}
	return appendLine(dir, entry{Type: typeEnd})
}

// Names lists the recordings that there are.
func (s *Store) Names() ([]string, error) {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && stream.ValidID(e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// Unfinished lists the recordings without an end that nobody writes to.
func (s *Store) Unfinished() ([]string, error) {
	names, err := s.Names()
	return slices.DeleteFunc(names, func(name string) bool {
		if s.recording(name) {
			return true
		}
		index, err := s.Open(name)
		return err != nil || index.Ended
	}), err
}

// recording reports whether somebody writes to a recording.
func (s *Store) recording(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active[name] != nil
}

// Delete removes a recording for ever. It fails while it is written to;
// deleting twice is deleting once.
func (s *Store) Delete(recording string) error {
	dir, err := s.folder(recording)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[recording] != nil {
		return errors.New("still being recorded")
	}
	for e := s.loaded.Front(); e != nil; e = e.Next() {
		if e.Value.(*loadedIndex).dir == dir {
			s.loaded.Remove(e)
			break
		}
	}
	return os.RemoveAll(dir)
}

// Close waits for all recordings in progress; their streams must be closed first.
func (s *Store) Close() { s.wg.Wait() }
