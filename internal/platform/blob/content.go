package blob

import (
	"context"
	"errors"
	"io"
)

// Content reads a blob as [http.ServeContent] wants it, opening it again at each
// new position. Stat gives the size.
func Content(ctx context.Context, s Store, info Info) io.ReadSeekCloser {
	return &content{ctx: ctx, store: s, info: info}
}

type content struct {
	ctx   context.Context
	store Store
	info  Info
	at    int64
	body  io.ReadCloser
}

func (c *content) Read(p []byte) (int, error) {
	if c.at >= c.info.Size {
		return 0, io.EOF
	}
	if c.body == nil {
		body, err := c.store.Open(c.ctx, c.info.Key, c.at, -1)
		if err != nil {
			return 0, err
		}
		c.body = body
	}
	n, err := c.body.Read(p)
	c.at += int64(n)
	return n, err
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.info.Size
	}
	if offset < 0 {
		return 0, errors.New("blob: seek before the beginning")
	}
	if offset != c.at {
		c.at = offset
		return offset, c.Close()
	}
	return offset, nil
}

func (c *content) Close() error {
	if c.body == nil {
		return nil
	}
	err := c.body.Close()
	c.body = nil
	return err
}
