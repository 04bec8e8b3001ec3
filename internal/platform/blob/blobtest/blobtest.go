// Package blobtest holds every store of blobs to one contract.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/openstall/openstall/internal/platform/blob"
)

// Run tests the stores that open returns, each of which must be empty.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s blob.Store)
	}{
		{"what was put comes back", comesBack},
		{"ranges are cut at the end", ranges},
		{"the last put wins", lastPutWins},
		{"a failed put changes nothing", failedPut},
		{"what is missing is not found", missing},
		{"bad keys are refused everywhere", badKeys},
		{"a list is sorted and stays below its prefix", list},
		{"a reader never sees a mixture", noMixture},
		{"content seeks", contentSeeks},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open(t)) })
	}
}

func put(t *testing.T, s blob.Store, key, text string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(text), int64(len(text)), "text/plain"); err != nil {
		t.Fatal(err)
	}
}

func read(ctx context.Context, s blob.Store, key string, offset, length int64) (string, error) {
	r, err := s.Open(ctx, key, offset, length)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), errors.Join(err, r.Close())
}

func comesBack(t *testing.T, s blob.Store) {
	big := strings.Repeat("0123456789abcdef", 200_000)
	for key, text := range map[string]string{"a": "hello", "shop/x_1/photo-1.jpg": big, "empty": ""} {
		put(t, s, key, text)
		if got, err := read(t.Context(), s, key, 0, -1); err != nil || got != text {
			t.Errorf("%s: got %d bytes, %v; want %d", key, len(got), err, len(text))
		}
		info, err := s.Stat(t.Context(), key)
		if err != nil || info.Key != key || info.Size != int64(len(text)) || info.Modified.IsZero() {
			t.Errorf("Stat(%s) = %+v, %v", key, info, err)
		}
	}
	if err := s.Put(t.Context(), "unknown", strings.NewReader("size"), -1, ""); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context(), s, "unknown", 0, -1); got != "size" {
		t.Errorf("unknown size: %q, %v", got, err)
	}
}

func ranges(t *testing.T, s blob.Store) {
	put(t, s, "a/b", "0123456789")
	for _, tt := range []struct {
		offset, length int64
		want           string
	}{
		{0, 4, "0123"}, {4, 3, "456"}, {8, 100, "89"}, {10, -1, ""}, {50, 5, ""}, {3, -1, "3456789"}, {2, 0, ""},
	} {
		if got, err := read(t.Context(), s, "a/b", tt.offset, tt.length); err != nil || got != tt.want {
			t.Errorf("Open(%d, %d) = %q, %v; want %q", tt.offset, tt.length, got, err, tt.want)
		}
	}
	for _, bad := range [][2]int64{{-1, 3}, {0, -2}} {
		if _, err := read(t.Context(), s, "a/b", bad[0], bad[1]); err == nil {
			t.Errorf("Open(%d, %d) gave no error", bad[0], bad[1])
		}
	}
}

func lastPutWins(t *testing.T, s blob.Store) {
	put(t, s, "k", "a long first text")
	put(t, s, "k", "second")
	if got, err := read(t.Context(), s, "k", 0, -1); got != "second" {
		t.Errorf("got %q, %v", got, err)
	}
}

func failedPut(t *testing.T, s blob.Store) {
	put(t, s, "k", "before")
	broken := errors.New("the phone went under a tunnel")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range map[string]func() error{
		"broken reader": func() error {
			return s.Put(t.Context(), "k", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), 8, "")
		},
		"too short": func() error { return s.Put(t.Context(), "k", strings.NewReader("abc"), 5, "") },
		"too long":  func() error { return s.Put(t.Context(), "k", strings.NewReader("abcdef"), 5, "") },
		"cancelled": func() error { return s.Put(cancelled, "k", strings.NewReader("abcde"), 5, "") },
	} {
		if err := do(); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got, err := read(t.Context(), s, "k", 0, -1); got != "before" {
			t.Errorf("%s: the blob became %q, %v", name, got, err)
		}
	}
	if keys := keysOf(t, s, ""); !slices.Equal(keys, []string{"k"}) {
		t.Errorf("left behind: %q", keys)
	}
}

func missing(t *testing.T, s blob.Store) {
	put(t, s, "dir/file", "x")
	for _, key := range []string{"nothing", "dir", "dir/nothing"} {
		if _, err := read(t.Context(), s, key, 0, -1); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Open(%s): %v, want ErrNotFound", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Stat(%s): %v, want ErrNotFound", key, err)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%s): %v", key, err)
		}
	}
	for range 2 {
		if err := s.Delete(t.Context(), "dir/file"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := s.Stat(t.Context(), "dir/file"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("after Delete: %v, want ErrNotFound", err)
	}
}

func badKeys(t *testing.T, s blob.Store) {
	for _, key := range []string{
		"", "/", "/etc/passwd", "../up", "a/../../up", "a//b", "a/", ".hidden", "a/.hidden", "a\\b", "a b", "a\x00b",
		"ü", "a/./b", strings.Repeat("a/", 300) + "a", "C:file",
	} {
		if err := s.Put(t.Context(), key, strings.NewReader("x"), 1, ""); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("Put(%q): %v, want ErrBadKey", key, err)
		}
		if _, err := s.Open(t.Context(), key, 0, -1); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("Open(%q): %v, want ErrBadKey", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("Stat(%q): %v, want ErrBadKey", key, err)
		}
		if err := s.Delete(t.Context(), key); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("Delete(%q): %v, want ErrBadKey", key, err)
		}
	}
	for _, prefix := range []string{"a", "../", "/", "a//"} {
		for _, err := range s.List(t.Context(), prefix) {
			if !errors.Is(err, blob.ErrBadKey) {
				t.Errorf("List(%q): %v, want ErrBadKey", prefix, err)
			}
		}
	}
}

func keysOf(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

func list(t *testing.T, s blob.Store) {
	all := []string{"a-b/1", "a/1", "a/10", "a/2/x", "a/2/y", "a0", "b"}
	for _, key := range slices.Backward(all) {
		put(t, s, key, key)
	}
	for prefix, want := range map[string][]string{
		"": all, "a/": {"a/1", "a/10", "a/2/x", "a/2/y"}, "a/2/": {"a/2/x", "a/2/y"}, "nothing/": nil, "b/": nil,
	} {
		if got := keysOf(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
	for info := range s.List(t.Context(), "") {
		if info.Size != int64(len(info.Key)) || info.Modified.IsZero() {
			t.Errorf("listed %+v", info)
		}
		break // stopping early is allowed
	}
}

func noMixture(t *testing.T, s blob.Store) {
	texts := []string{strings.Repeat("a", 50_000), strings.Repeat("b", 70_000)}
	put(t, s, "k", texts[0])
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 20 {
				text := texts[(i+w)%2]
				if err := s.Put(t.Context(), "k", strings.NewReader(text), int64(len(text)), ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 40 {
		// A reader that opened one version may be cut by the next in a bucket, but
		// may never see both.
		got, err := read(t.Context(), s, "k", 0, -1)
		if err == nil && !slices.Contains(texts, got) && len(got) != 50_000 {
			t.Errorf("read a mixture of %d bytes", len(got))
		}
	}
	writers.Wait()
}

func contentSeeks(t *testing.T, s blob.Store) {
	var want bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&want, "%04d ", i)
	}
	put(t, s, "k", want.String())
	info, err := s.Stat(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	c := blob.Content(t.Context(), s, info)
	if err := iotest.TestReader(c, want.Bytes()); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
