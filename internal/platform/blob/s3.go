package blob

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where a bucket is. Endpoint, Bucket, AccessKey and SecretKey are
// required.
type S3Config struct {
	Endpoint  string // host[:port]
	Bucket    string
	Prefix    string // put before every key, ends in a slash; default none
	Region    string // default: asked from the server
	AccessKey string
	SecretKey string
	Insecure  bool // plain HTTP
}

// S3 keeps blobs as objects of one bucket.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string
}

// OpenS3 returns a store in the bucket of c, which must exist.
func OpenS3(ctx context.Context, c S3Config) (*S3, error) {
	if err := checkPrefix(c.Prefix); err != nil {
		return nil, err
	}
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure: !c.Insecure,
		Region: c.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", c.Bucket, err)
	}
	switch ok, err := client.BucketExists(ctx, c.Bucket); {
	case err != nil:
		return nil, fmt.Errorf("open bucket %s: %w", c.Bucket, err)
	case !ok:
		return nil, fmt.Errorf("open bucket %s: %w", c.Bucket, ErrNotFound)
	}
	return &S3{client: client, bucket: c.Bucket, prefix: c.Prefix}, nil
}

// Put implements [Store]. Objects above 16 MiB, and of unknown size, go up in
// parts; a part is held in memory.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if size >= 0 {
		// One byte more than announced shows a reader that gives too much.
		r = &exactReader{r: r, left: size}
	}
	if size == 0 {
		if _, err := r.Read(nil); err != io.EOF {
			return fmt.Errorf("put blob %s: %w", key, err)
		}
		r = strings.NewReader("")
	}
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+key, r, size, minio.PutObjectOptions{
		ContentType: contentType,
		PartSize:    16 << 20,
		// Bodies signed chunk by chunk are a dialect that not every server reads,
		// and add nothing below TLS.
		DisableContentSha256: true,
	})
	if err != nil {
		return fmt.Errorf("put blob %s: %w", key, translate(err))
	}
	return nil
}

// Open implements [Store].
func (s *S3) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := checkRange(offset, length); err != nil {
		return nil, err
	}
	// A range that begins at or after the end is an error in S3 (416), and GET
	// cannot ask for zero bytes, so the size comes first.
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	left := info.Size - offset
	if length < 0 || length > left {
		length = left
	}
	if length <= 0 {
		return io.NopCloser(strings.NewReader("")), nil
	}
	var opts minio.GetObjectOptions
	if err := opts.SetRange(offset, offset+length-1); err != nil {
		return nil, fmt.Errorf("open blob %s: %w", key, err)
	}
	core := minio.Core{Client: s.client}
	body, _, _, err := core.GetObject(ctx, s.bucket, s.prefix+key, opts)
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", key, translate(err))
	}
	return body, nil
}

// Stat implements [Store].
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	o, err := s.client.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, fmt.Errorf("stat blob %s: %w", key, translate(err))
	}
	return Info{Key: key, Size: o.Size, Modified: o.LastModified.UTC()}, nil
}

// Delete implements [Store].
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("delete blob %s: %w", key, translate(err))
	}
	return nil
}

// List implements [Store].
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Info{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // the client's goroutine ends with us
		objects := s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true})
		for o := range objects {
			if o.Err != nil {
				yield(Info{}, fmt.Errorf("list blobs: %w", translate(o.Err)))
				return
			}
			key := strings.TrimPrefix(o.Key, s.prefix)
			if !ValidKey(key) {
				continue
			}
			if !yield(Info{Key: key, Size: o.Size, Modified: o.LastModified.UTC()}, nil) {
				return
			}
		}
	}
}

func translate(err error) error {
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return ErrNotFound
	}
	return err
}

// exactReader fails when r gives more or fewer bytes than were announced.
type exactReader struct {
	r    io.Reader
	left int64
}

func (e *exactReader) Read(p []byte) (int, error) {
	if e.left == 0 {
		var one [1]byte
		if n, _ := io.ReadFull(e.r, one[:]); n > 0 {
			return 0, fmt.Errorf("more bytes came than were announced")
		}
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = fmt.Errorf("%d bytes fewer came than were announced: %w", e.left, io.ErrUnexpectedEOF)
	}
	if err == nil && e.left == 0 {
		// Look now: a client that has its bytes may not read again.
		if _, end := e.Read(nil); end != io.EOF {
			return 0, end
		}
	}
	return n, err
}
