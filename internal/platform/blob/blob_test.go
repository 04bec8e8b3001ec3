package blob_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/blob/blobtest"
)

func TestFolderKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return openFolder(t, t.TempDir()) })
}

func TestS3KeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return openS3(t, "") })
}

func TestS3KeepsTheContractBelowAPrefix(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return openS3(t, "market/one/") })
}

func TestLinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := openFolder(t, dir)
	if r, err := s.Open(t.Context(), "link", 0, -1); err == nil {
		r.Close()
		t.Error("a link led out of the folder")
	}
	if err := s.Put(t.Context(), "link", strings.NewReader("x"), 1, ""); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(outside); string(b) != "secret" {
		t.Errorf("the file outside became %q", b)
	}
}

func TestLeftoversOfACrashAreRemoved(t *testing.T) {
	dir := t.TempDir()
	leftover := filepath.Join(dir, ".tmp", "half")
	if err := os.MkdirAll(filepath.Dir(leftover), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	openFolder(t, dir)
	if _, err := os.Stat(leftover); !os.IsNotExist(err) {
		t.Errorf("leftover: %v, want gone", err)
	}
}

func TestMissingBucketIsNamed(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(server.Close)
	_, err := blob.OpenS3(t.Context(), blob.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "nowhere",
		AccessKey: "key", SecretKey: "secret", Region: "eu-1", Insecure: true,
	})
	if err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v, want an error that names the bucket", err)
	}
}

func FuzzValidKeyStaysInside(f *testing.F) {
	for _, key := range []string{"a", "a/b.jpg", "../a", "a/..", "/a", ".a", "a//b", "a\\..\\b"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if blob.ValidKey(key) && (!filepath.IsLocal(key) || filepath.ToSlash(filepath.Clean(key)) != key) {
			t.Errorf("%q is valid but not a plain path below the root", key)
		}
	})
}

func openFolder(t *testing.T, dir string) blob.Store {
	t.Helper()
	s, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openS3(t *testing.T, prefix string) blob.Store {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("market"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	s, err := blob.OpenS3(t.Context(), blob.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "market", Prefix: prefix,
		AccessKey: "key", SecretKey: "secret", Region: "eu-1", Insecure: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
