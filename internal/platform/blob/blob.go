// Package blob keeps files: pictures, recordings, exports. A folder is the
// default, an S3 bucket the grown-up choice, and blobtest holds both to one
// contract.
//
// A blob is written whole and becomes visible whole: a reader never sees half of
// one, also after a crash. Writing a key again replaces it. A key is never the
// folder of another: with a/b there is no blob a.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"
)

// ErrNotFound is returned for a key that holds nothing. It is [fs.ErrNotExist],
// so that callers may test for either.
var ErrNotFound = fs.ErrNotExist

// ErrBadKey is returned for a key that [ValidKey] refuses.
var ErrBadKey = errors.New("bad blob key")

// Store keeps blobs by key. Implementations are safe for concurrent use.
type Store interface {
	// Put stores what r gives under key. Size is the number of bytes in r, or -1
	// when that is not known; a reader that gives another number is an error and
	// leaves the key as it was. The content type is for stores that also serve.
	Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) error

	// Open reads length bytes from offset, to the end when length is -1. A range
	// that reaches past the end is cut there. The caller closes the reader.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

	// Stat tells about a blob without reading it.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes a blob. Removing what is not there is no error.
	Delete(ctx context.Context, key string) error

	// List gives the blobs below prefix in the order of their keys. The prefix is
	// empty (everything) or ends in a slash.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Info describes a blob.
type Info struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

const maxKey = 512

// ValidKey says whether key may name a blob: at most 512 bytes, segments of
// letters, digits, '.', '_' and '-' joined by single slashes, none of them
// beginning with a dot. Such a key is the same file name, URL path and object
// name everywhere, and cannot climb out of a folder.
func ValidKey(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment[0] == '.' || len(segment) > 255 {
			return false
		}
		for i := range len(segment) {
			switch c := segment[i]; {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
			default:
				return false
			}
		}
	}
	return true
}

func checkKey(key string) error {
	if !ValidKey(key) {
		return fmt.Errorf("%w: %q", ErrBadKey, key)
	}
	return nil
}

func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	key, ok := strings.CutSuffix(prefix, "/")
	if !ok || !ValidKey(key) {
		return fmt.Errorf("%w: prefix %q", ErrBadKey, prefix)
	}
	return nil
}

func checkRange(offset, length int64) error {
	if offset < 0 || length < -1 {
		return fmt.Errorf("bad blob range: offset %d, length %d", offset, length)
	}
	return nil
}
