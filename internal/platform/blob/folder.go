package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"syscall"
)

// tempDir holds what is being written. Keys cannot begin with a dot, so it never
// meets one.
const tempDir = ".tmp"

// Folder keeps blobs as files below one directory.
type Folder struct{ root *os.Root }

// OpenFolder returns a store in dir, which is made when it is missing. Leftovers
// of writes that a crash cut off are removed.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	if err := errors.Join(root.RemoveAll(tempDir), root.Mkdir(tempDir, 0o750)); err != nil {
		return nil, errors.Join(fmt.Errorf("open blob folder: %w", err), root.Close())
	}
	return &Folder{root: root}, nil
}

// Close releases the directory.
func (f *Folder) Close() error { return f.root.Close() }

// Put implements [Store]: a temporary file, fsync, rename, fsync of the directory.
func (f *Folder) Put(ctx context.Context, key string, r io.Reader, size int64, _ string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	temp := tempDir + "/" + rand.Text()
	if err := f.write(ctx, temp, r, size); err != nil {
		return errors.Join(fmt.Errorf("put blob %s: %w", key, err), ignoreMissing(f.root.Remove(temp)))
	}
	dir := path.Dir(key)
	if err := f.root.MkdirAll(dir, 0o750); err != nil {
		return errors.Join(fmt.Errorf("put blob %s: %w", key, err), f.root.Remove(temp))
	}
	if err := f.root.Rename(temp, key); err != nil {
		return errors.Join(fmt.Errorf("put blob %s: %w", key, err), f.root.Remove(temp))
	}
	if err := f.syncUp(dir); err != nil {
		return fmt.Errorf("put blob %s: %w", key, err)
	}
	return nil
}

func (f *Folder) write(ctx context.Context, name string, r io.Reader, size int64) (err error) {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	n, err := io.Copy(file, readerUntil{ctx, r})
	if err != nil {
		return err
	}
	if size >= 0 && n != size {
		return fmt.Errorf("%d bytes came, %d were announced", n, size)
	}
	return file.Sync()
}

// syncUp makes the names of dir and of the directories above it durable.
func (f *Folder) syncUp(dir string) error {
	for {
		d, err := f.root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return err
		}
		if dir == "." {
			return nil
		}
		dir = path.Dir(dir)
	}
}

// Open implements [Store].
func (f *Folder) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := errors.Join(checkKey(key), checkRange(offset, length)); err != nil {
		return nil, err
	}
	file, err := f.root.Open(key)
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	if info, err := file.Stat(); err != nil || info.IsDir() {
		return nil, errors.Join(fmt.Errorf("open blob %s: %w", key, ErrNotFound), file.Close())
	}
	if length < 0 {
		length = 1<<63 - 1 - offset
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(file, offset, length), file}, nil
}

// Stat implements [Store].
func (f *Folder) Stat(_ context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	info, err := f.root.Stat(key)
	if err != nil {
		return Info{}, fmt.Errorf("stat blob: %w", err)
	}
	if info.IsDir() {
		return Info{}, fmt.Errorf("stat blob %s: %w", key, ErrNotFound)
	}
	return Info{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, nil
}

// Delete implements [Store].
func (f *Folder) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	// A directory is not a blob, so an empty one must not go either.
	if info, err := f.root.Stat(key); err == nil && info.IsDir() {
		return nil
	}
	if err := ignoreMissing(f.root.Remove(key)); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// List implements [Store].
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Info{}, err)
			return
		}
		start := "."
		if prefix != "" {
			start = strings.TrimSuffix(prefix, "/")
		}
		f.walk(ctx, start, yield)
	}
}

// walk yields the files below dir in the order of their keys and says whether to
// go on. A directory sorts as its name and a slash, as its keys do.
func (f *Folder) walk(ctx context.Context, dir string, yield func(Info, error) bool) bool {
	entries, err := fs.ReadDir(f.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return true
	}
	if err != nil {
		return yield(Info{}, fmt.Errorf("list blobs: %w", err))
	}
	sortAsKeys(entries)
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return yield(Info{}, err)
		}
		key := path.Join(dir, entry.Name())
		switch {
		case !ValidKey(key):
		case entry.IsDir():
			if !f.walk(ctx, key, yield) {
				return false
			}
		default:
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted while we walked
			}
			if err != nil {
				return yield(Info{}, fmt.Errorf("list blobs: %w", err))
			}
			if !yield(Info{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, nil) {
				return false
			}
		}
	}
	return true
}
