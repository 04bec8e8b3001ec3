package fakedisk

import (
	"fmt"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// handle is an open file.
type handle struct {
	disk   *Disk
	file   *file
	era    int
	level  int32 // of its lock
	mapped bool  // it uses the index
	shares [sqlite3.SQLITE_SHM_NLOCK]bool
}

// opened is what SQLite keeps of a handle.
type opened struct {
	methods uintptr
	id      uintptr // in handles
}

var (
	handlesMu sync.RWMutex
	handles   = map[uintptr]*handle{}
	lastID    uintptr
)

// to reads an address of SQLite as a pointer.
func to[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// in sets a field of a table of functions.
func in[F any](field *uintptr, f F) { *(*F)(unsafe.Pointer(field)) = f }

// out is the function in a field of such a table.
func out[F any](field uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{field})) }

// What SQLite calls, as it is in C.
type (
	openFunc   = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	deleteFunc = func(tls *libc.TLS, vfs, name uintptr, dirSync int32) int32
	accessFunc = func(tls *libc.TLS, vfs, name uintptr, flags int32, result uintptr) int32
	pathFunc   = func(tls *libc.TLS, vfs, name uintptr, n int32, result uintptr) int32
)

var (
	system  uintptr // the VFS that was the usual one
	usual   sqlite3.Tsqlite3_vfs
	methods sqlite3.Tsqlite3_io_methods
)

// register makes ours the usual VFS, once.
var register = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	system = sqlite3.Xsqlite3_vfs_find(tls, 0)
	if system == 0 {
		return fmt.Errorf("SQLite has no VFS")
	}
	// What is not about files (the clock, chance, sleep) stays as it is.
	usual = *to[sqlite3.Tsqlite3_vfs](system)
	usual.FpNext = 0
	usual.FszOsFile = max(usual.FszOsFile, int32(unsafe.Sizeof(opened{})))
	name, err := libc.CString("fakedisk")
	if err != nil {
		return err
	}
	usual.FzName = name
	in[openFunc](&usual.FxOpen, xOpen)
	in[deleteFunc](&usual.FxDelete, xDelete)
	in[accessFunc](&usual.FxAccess, xAccess)
	in[pathFunc](&usual.FxFullPathname, xFullPathname)
	m := &methods
	m.FiVersion = 2 // with an index in shared memory, without files mapped into it
	in(&m.FxClose, xClose)
	in(&m.FxRead, xRead)
	in(&m.FxWrite, xWrite)
	in(&m.FxTruncate, xTruncate)
	in(&m.FxSync, xSync)
	in(&m.FxFileSize, xFileSize)
	in(&m.FxLock, xLock)
	in(&m.FxUnlock, xUnlock)
	in(&m.FxCheckReservedLock, xCheckReservedLock)
	in(&m.FxFileControl, xFileControl)
	in(&m.FxSectorSize, xSectorSize)
	in(&m.FxDeviceCharacteristics, xDeviceCharacteristics)
	in(&m.FxShmMap, xShmMap)
	in(&m.FxShmLock, xShmLock)
	in(&m.FxShmBarrier, xShmBarrier)
	in(&m.FxShmUnmap, xShmUnmap)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&usual)), 1); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register a VFS: %d", rc)
	}
	return nil
})

func real() *sqlite3.Tsqlite3_vfs { return to[sqlite3.Tsqlite3_vfs](system) }

func xOpen(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	var d *Disk
	var base string
	if name != 0 { // which has none is a temporary file
		d, base = at(libc.GoString(name))
	}
	if d == nil {
		return out[openFunc](real().FxOpen)(tls, system, name, file, flags, outFlags)
	}
	o := to[opened](file)
	*o = opened{}
	h := d.open(base, flags&sqlite3.SQLITE_OPEN_CREATE != 0)
	if h == nil {
		return sqlite3.SQLITE_CANTOPEN
	}
	if outFlags != 0 {
		*to[int32](outFlags) = flags
	}
	handlesMu.Lock()
	defer handlesMu.Unlock()
	lastID++
	handles[lastID] = h
	*o = opened{methods: uintptr(unsafe.Pointer(&methods)), id: lastID}
	return sqlite3.SQLITE_OK
}

func xDelete(tls *libc.TLS, _, name uintptr, dirSync int32) int32 {
	if d, base := at(libc.GoString(name)); d != nil {
		return d.remove(base)
	}
	return out[deleteFunc](real().FxDelete)(tls, system, name, dirSync)
}

func xAccess(tls *libc.TLS, _, name uintptr, flags int32, result uintptr) int32 {
	d, base := at(libc.GoString(name))
	if d == nil {
		return out[accessFunc](real().FxAccess)(tls, system, name, flags, result)
	}
	found, off := d.has(base)
	if off {
		return sqlite3.SQLITE_IOERR_ACCESS
	}
	*to[int32](result) = libc.Bool32(found)
	return sqlite3.SQLITE_OK
}

func xFullPathname(tls *libc.TLS, _, name uintptr, n int32, result uintptr) int32 {
	path := libc.GoString(name)
	if d, _ := at(path); d == nil || !filepath.IsAbs(path) || len(path) >= int(n) {
		return out[pathFunc](real().FxFullPathname)(tls, system, name, n, result)
	}
	b := unsafe.Slice(to[byte](result), n)
	b[copy(b, path)] = 0
	return sqlite3.SQLITE_OK
}

// of is the handle of an open file.
func of(file uintptr) *handle {
	handlesMu.RLock()
	defer handlesMu.RUnlock()
	return handles[to[opened](file).id]
}

func xClose(tls *libc.TLS, file uintptr) int32 {
	h := of(file)
	h.unmap(tls)
	h.unlock(sqlite3.SQLITE_LOCK_NONE)
	handlesMu.Lock()
	defer handlesMu.Unlock()
	delete(handles, to[opened](file).id)
	return sqlite3.SQLITE_OK
}

func xRead(_ *libc.TLS, file, b uintptr, n int32, at int64) int32 {
	return of(file).read(unsafe.Slice(to[byte](b), n), at)
}

func xWrite(_ *libc.TLS, file, b uintptr, n int32, at int64) int32 {
	return of(file).write(unsafe.Slice(to[byte](b), n), at)
}

func xTruncate(_ *libc.TLS, file uintptr, size int64) int32 { return of(file).truncate(size) }

func xSync(_ *libc.TLS, file uintptr, _ int32) int32 { return of(file).sync() }

func xFileSize(_ *libc.TLS, file, result uintptr) int32 {
	n, rc := of(file).size()
	*to[int64](result) = n
	return rc
}

func xLock(_ *libc.TLS, file uintptr, level int32) int32 { return of(file).lock(level) }

func xUnlock(_ *libc.TLS, file uintptr, level int32) int32 {
	of(file).unlock(level)
	return sqlite3.SQLITE_OK
}

func xCheckReservedLock(_ *libc.TLS, file, result uintptr) int32 {
	*to[int32](result) = libc.Bool32(of(file).reserved())
	return sqlite3.SQLITE_OK
}

func xFileControl(_ *libc.TLS, _ uintptr, _ int32, _ uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }

// The two that follow answer as the VFS of the product on Linux does, because SQLite
// decides by them what it pads and syncs.

func xSectorSize(_ *libc.TLS, _ uintptr) int32 { return 4096 }

func xDeviceCharacteristics(_ *libc.TLS, _ uintptr) int32 {
	return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE | sqlite3.SQLITE_IOCAP_SUBPAGE_READ
}

func xShmMap(tls *libc.TLS, file uintptr, i, size, extend int32, result uintptr) int32 {
	p, rc := of(file).part(tls, int(i), int(size), extend != 0)
	*to[uintptr](result) = p
	return rc
}

func xShmLock(_ *libc.TLS, file uintptr, first, n, flags int32) int32 {
	return of(file).indexLock(int(first), int(n), flags)
}

// xShmBarrier orders what was written into the index before and after it.
func xShmBarrier(_ *libc.TLS, file uintptr) {
	h := of(file)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
}

func xShmUnmap(tls *libc.TLS, file uintptr, _ int32) int32 {
	of(file).unmap(tls)
	return sqlite3.SQLITE_OK
}
