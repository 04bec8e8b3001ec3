// Package upload takes large files from people over lines that break, by the
// tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload) with its
// extensions creation, termination and expiration.
//
// An upload is two files in one folder: what has arrived, whose length is the
// offset, and a note of whose it is and how long it shall become. What was
// acknowledged is on the disk, so a lost line, a closed tab or a stopped server
// cost only what was under way. Uploads lie on the disk of the process that took
// them.
package upload

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
)

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "upload.not_found", "There is no such upload, or its time is over.", "没有这个上传，或已过期。")
	ErrTooLarge = errs.New(errs.TooLarge, "upload.too_large", "This file is larger than this market takes.", "文件超过本集市的上限。")
	ErrMany     = errs.New(errs.TooMany, "upload.many", "You have many unfinished uploads. Finish or delete one first.", "未完成的上传太多。请先完成或删除一个。")
	ErrNoRoom   = errs.New(errs.Unavailable, "upload.no_room", "The market has no room for this file now. Try again later.", "集市暂时没有空间存放这个文件，请稍后再试。")
	ErrOffset   = errs.New(errs.Conflict, "upload.offset", "Part of this file has arrived already. Ask for the offset and go on from there.", "这个文件的一部分已经收到，请先询问偏移量再继续。")
	ErrOpen     = errs.New(errs.Conflict, "upload.unfinished", "This upload is not finished.", "上传还没有完成。")
	ErrRequest  = errs.New(errs.Invalid, "upload.request", "This is not an upload request by tus 1.0.0.", "这不是 tus 1.0.0 的上传请求。")
	ErrEmpty    = errs.New(errs.Invalid, "upload.empty", "This file is empty.", "这个文件是空的。")
)

// Config has useful zero values but for Dir.
type Config struct {
	// Dir is where uploads lie.
	Dir string
	// MaxSize is the largest file in bytes, 2 GiB if zero.
	MaxSize int64
	// Keep is how long an upload is kept after its last byte, 48 hours if zero.
	Keep time.Duration
	// MaxOpen is how many uploads a person may have at once, 10 if zero.
	MaxOpen int
	// Silence is how long a line may say nothing before it is given up, a minute
	// if zero.
	Silence time.Duration
	// Free returns the bytes left on the disk of Dir; nobody looks if nil.
	Free func() int64
	// KeepFree is how many bytes uploads leave to the rest of the program.
	KeepFree int64
	// Now is time.Now if nil.
	Now clock.Now
	// Log is slog.Default if nil.
	Log *slog.Logger
}

// Info describes an upload.
type Info struct {
	ID    string    `json:"id"`
	Owner string    `json:"owner"` // person
	Size  int64     `json:"size"`  // bytes it shall have
	Name  string    `json:"name"`  // as the sender calls the file; never a path of ours
	Type  string    `json:"type"`  // as the sender says; never believed
	Began time.Time `json:"began"`

	Offset  int64     `json:"-"` // bytes that have arrived
	Touched time.Time `json:"-"` // when the last one did
}

// Done reports whether everything has arrived.
func (i Info) Done() bool { return i.Offset == i.Size }

// Store keeps uploads. It is safe for concurrent use.
type Store struct {
	cfg Config

	mu    sync.Mutex
	lines map[string]*line // who writes to an upload now
}

// line is a request that writes to an upload.
type line struct {
	cut  func()        // ends the reading
	gone chan struct{} // closed when it has let go
}

// Open returns the store of a folder, which is made if it does not exist.
func Open(cfg Config) (*Store, error) {
	if cfg.MaxSize <= 0 {
		cfg.MaxSize = 2 << 30
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 48 * time.Hour
	}
	if cfg.MaxOpen <= 0 {
		cfg.MaxOpen = 10
	}
	if cfg.Silence <= 0 {
		cfg.Silence = time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make upload folder: %w", err)
	}
	return &Store{cfg: cfg, lines: map[string]*line{}}, nil
}

const (
	noteSuffix = ".json"
	dataSuffix = ".part"
)

func (s *Store) note(id string) string { return filepath.Join(s.cfg.Dir, id+noteSuffix) }
func (s *Store) data(id string) string { return filepath.Join(s.cfg.Dir, id+dataSuffix) }

// validID says whether id may be one of ours; it becomes a file name.
func validID(id string) bool {
	rest, ok := strings.CutPrefix(id, "upl_")
	if !ok || len(rest) != 26 {
		return false
	}
	for _, c := range []byte(rest) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Create begins an upload of size bytes. It returns [ErrEmpty], [ErrTooLarge],
// [ErrMany] or [ErrNoRoom].
func (s *Store) Create(owner, name, contentType string, size int64) (Info, error) {
	now := s.cfg.Now().UTC()
	i := Info{ID: id.New("upl", now), Owner: owner, Size: size, Name: name, Type: contentType, Began: now, Touched: now}
	switch {
	case size <= 0:
		return Info{}, ErrEmpty
	case size > s.cfg.MaxSize:
		return Info{}, ErrTooLarge
	case !s.room(size):
		return Info{}, ErrNoRoom
	}
	s.mu.Lock()
	defer s.mu.Unlock() // two requests at once count each other
	all, err := s.list()
	if err != nil {
		return Info{}, err
	}
	open := 0
	for _, other := range all {
		if other.Owner == owner && !s.over(other) {
			open++
		}
	}
	if open >= s.cfg.MaxOpen {
		return Info{}, ErrMany
	}
	note, err := json.Marshal(i)
	if err != nil {
		return Info{}, err
	}
	if err := os.WriteFile(s.data(i.ID), nil, 0o640); err != nil {
		return Info{}, err
	}
	if err := os.WriteFile(s.note(i.ID), note, 0o640); err != nil {
		_ = os.Remove(s.data(i.ID))
		return Info{}, err
	}
	return i, nil
}

// room says whether n more bytes leave enough.
func (s *Store) room(n int64) bool {
	return s.cfg.Free == nil || s.cfg.Free()-n >= s.cfg.KeepFree
}

func (s *Store) over(i Info) bool { return s.cfg.Now().Sub(i.Touched) > s.cfg.Keep }

// Get returns an upload of owner; to others it does not exist.
func (s *Store) Get(owner, id string) (Info, error) {
	if !validID(id) {
		return Info{}, ErrNotFound
	}
	i, err := s.read(id)
	if errors.Is(err, os.ErrNotExist) || err == nil && (i.Owner != owner || s.over(i)) {
		return Info{}, ErrNotFound
	}
	return i, err
}

func (s *Store) read(id string) (Info, error) {
	b, err := os.ReadFile(s.note(id))
	if err != nil {
		return Info{}, err
	}
	var i Info
	if err := json.Unmarshal(b, &i); err != nil {
		return Info{}, fmt.Errorf("upload %s: %w", id, err)
	}
	st, err := os.Stat(s.data(id))
	if err != nil {
		return Info{}, err
	}
	i.Offset, i.Touched = st.Size(), st.ModTime()
	return i, nil
}

// File opens a finished upload of owner. It returns [ErrNotFound] or [ErrOpen].
func (s *Store) File(owner, id string) (*os.File, Info, error) {
	i, err := s.Get(owner, id)
	if err != nil {
		return nil, Info{}, err
	}
	if !i.Done() {
		return nil, Info{}, ErrOpen
	}
	f, err := os.Open(s.data(id))
	return f, i, err
}

// Delete removes an upload of owner and ends who writes to it.
func (s *Store) Delete(owner, id string) error {
	if _, err := s.Get(owner, id); err != nil {
		return err
	}
	release := s.hold(id, func() {})
	defer release()
	return s.remove(id)
}

func (s *Store) remove(id string) error {
	err := errors.Join(os.Remove(s.note(id)), os.Remove(s.data(id)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// hold makes the caller the one line of an upload: whoever wrote to it, on a
// line that may be long dead, is cut off first. The caller must call release.
func (s *Store) hold(id string, cut func()) (release func()) {
	mine := &line{cut: cut, gone: make(chan struct{})}
	for {
		s.mu.Lock()
		other := s.lines[id]
		if other == nil {
			s.lines[id] = mine
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.lines, id)
				s.mu.Unlock()
				close(mine.gone)
			}
		}
		s.mu.Unlock()
		other.cut()
		<-other.gone
	}
}

// list reads every upload; one that cannot be read is left out.
func (s *Store) list() ([]Info, error) {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return nil, err
	}
	var out []Info
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), noteSuffix)
		if !ok || !validID(id) {
			continue
		}
		if i, err := s.read(id); err == nil {
			out = append(out, i)
		}
	}
	return out, nil
}

// Sweep deletes uploads whose time is over, and halves that a crash left.
func (s *Store) Sweep() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // gone in the meantime
		}
		uploadID, _, _ := strings.Cut(e.Name(), ".")
		if !validID(uploadID) {
			continue // not ours to delete
		}
		touched := info.ModTime()
		if i, err := s.read(uploadID); err == nil {
			touched = i.Touched
		}
		if s.cfg.Now().Sub(touched) > s.cfg.Keep {
			release := s.hold(uploadID, func() {})
			failed = append(failed, s.remove(uploadID))
			release()
		}
	}
	return errors.Join(failed...)
}
