package fakedisk

import (
	"maps"
	"slices"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// locks are the locks of a whole file: many share it, one of them may reserve it, and
// have it alone when the others have gone.
type locks struct {
	shared  int
	writer  *handle // reserves it, waits for it or has it
	waiting bool    // nobody new may share
	alone   bool
}

func (h *handle) lock(level int32) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	l := &h.file.locks
	if level <= h.level {
		return sqlite3.SQLITE_OK
	}
	if l.writer != nil && l.writer != h && (level > sqlite3.SQLITE_LOCK_SHARED || l.waiting || l.alone) {
		return sqlite3.SQLITE_BUSY
	}
	if h.level == sqlite3.SQLITE_LOCK_NONE {
		l.shared++
		h.level = sqlite3.SQLITE_LOCK_SHARED
	}
	if level == sqlite3.SQLITE_LOCK_SHARED {
		return sqlite3.SQLITE_OK
	}
	l.writer, h.level = h, sqlite3.SQLITE_LOCK_RESERVED
	if level == sqlite3.SQLITE_LOCK_RESERVED {
		return sqlite3.SQLITE_OK
	}
	l.waiting, h.level = true, sqlite3.SQLITE_LOCK_PENDING
	if l.shared > 1 {
		return sqlite3.SQLITE_BUSY
	}
	l.alone, h.level = true, sqlite3.SQLITE_LOCK_EXCLUSIVE
	return sqlite3.SQLITE_OK
}

func (h *handle) unlock(level int32) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	l := &h.file.locks
	if level >= h.level {
		return
	}
	if l.writer == h {
		l.writer, l.waiting, l.alone = nil, false, false
	}
	if level == sqlite3.SQLITE_LOCK_NONE {
		l.shared--
	}
	h.level = level
}

// reserved reports whether somebody is about to write.
func (h *handle) reserved() bool {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return h.file.locks.writer != nil
}

// index is the memory that connections to a database share: SQLite's index of the
// log, and its locks. It does not outlive the last of them.
type index struct {
	users  int
	parts  []uintptr
	shared [sqlite3.SQLITE_SHM_NLOCK]int
	alone  [sqlite3.SQLITE_SHM_NLOCK]*handle
}

// part returns part i of the index, which is made when missing and asked for, and 0
// otherwise.
func (h *handle) part(tls *libc.TLS, i, size int, make bool) (uintptr, int32) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.file.index == nil {
		h.file.index = &index{}
	}
	x := h.file.index
	if !h.mapped {
		h.mapped = true
		x.users++
	}
	for make && len(x.parts) <= i {
		p := libc.Xcalloc(tls, 1, libc.Tsize_t(size))
		if p == 0 {
			return 0, sqlite3.SQLITE_NOMEM
		}
		x.parts = append(x.parts, p)
	}
	if i >= len(x.parts) {
		return 0, sqlite3.SQLITE_OK
	}
	return x.parts[i], sqlite3.SQLITE_OK
}

// indexLock takes or gives back n locks of the index from the first on, all or none.
func (h *handle) indexLock(first, n int, flags int32) int32 {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	x := h.file.index
	if x == nil || !h.mapped {
		return sqlite3.SQLITE_IOERR_SHMLOCK
	}
	alone := flags&sqlite3.SQLITE_SHM_EXCLUSIVE != 0
	if flags&sqlite3.SQLITE_SHM_UNLOCK != 0 {
		h.give(first, n)
		return sqlite3.SQLITE_OK
	}
	for i := first; i < first+n; i++ {
		others := x.shared[i]
		if h.shares[i] {
			others--
		}
		if x.alone[i] != nil && x.alone[i] != h || alone && others > 0 {
			return sqlite3.SQLITE_BUSY
		}
	}
	for i := first; i < first+n; i++ {
		switch {
		case alone:
			x.alone[i] = h
		case !h.shares[i]:
			h.shares[i] = true
			x.shared[i]++
		}
	}
	return sqlite3.SQLITE_OK
}

// give gives back what a handle has of n locks.
func (h *handle) give(first, n int) {
	x := h.file.index
	for i := first; i < first+n; i++ {
		if x.alone[i] == h {
			x.alone[i] = nil
		}
		if h.shares[i] {
			h.shares[i] = false
			x.shared[i]--
		}
	}
}

// unmap leaves the index.
func (h *handle) unmap(tls *libc.TLS) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if !h.mapped {
		return
	}
	h.give(0, sqlite3.SQLITE_SHM_NLOCK)
	h.mapped = false
	x := h.file.index
	if x.users--; x.users > 0 {
		return
	}
	for _, p := range x.parts {
		libc.Xfree(tls, p)
	}
	h.file.index = nil
}

func sorted(files map[string]*file) []string { return slices.Sorted(maps.Keys(files)) }
