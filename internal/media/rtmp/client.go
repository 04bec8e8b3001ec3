package rtmp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/flv/amf0"
)

// Client publishes FLV tags to an RTMP server.
type Client struct {
	conn net.Conn
	in   *chunkReader
	out  *chunkWriter
	done chan error
}

// Dial connects to an address such as rtmp://host/app/key and begins to publish.
// A server's refusal is returned in its own words.
func Dial(ctx context.Context, address string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "rtmp" {
		return nil, errors.New("not an rtmp:// address")
	}
	app, key, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "1935")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c := &Client{
		conn: conn,
		in:   newChunkReader(bufio.NewReader(conn)),
		out:  &chunkWriter{w: bufio.NewWriterSize(conn, 64<<10), size: 128},
		done: make(chan error, 1),
	}
	if err := c.begin(app, key, "rtmp://"+u.Host+"/"+app); err != nil {
		_ = conn.Close()
		return nil, err
	}
	go func() { c.done <- c.watch() }()
	return c, nil
}

func (c *Client) begin(app, key, tcURL string) error {
	err := offerHandshake(struct {
		io.Reader
		io.Writer
	}{c.in.r, c.conn})
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	const size = 64 << 10
	if err := c.out.write(2, message{kind: typeChunkSize, body: binary.BigEndian.AppendUint32(nil, size)}); err != nil {
		return err
	}
	c.out.size = size
	err = errors.Join(
		c.command(0, "connect", 1, amf0.Object{
			{Key: "app", Value: app}, {Key: "type", Value: "nonprivate"}, {Key: "tcUrl", Value: tcURL},
		}),
		c.command(0, "createStream", 2, nil),
		c.command(mediaStream, "publish", 3, nil, key, "live"))
	if err != nil {
		return err
	}
	for {
		code, description, err := c.status()
		switch {
		case err != nil:
			return err
		case code == "NetStream.Publish.Start":
			return nil
		case code != "":
			return errors.New(description)
		}
	}
}

func (c *Client) command(id uint32, values ...any) error {
	return c.out.write(3, message{kind: typeCommandAMF0, stream: id, body: amf0.Append(nil, values...)})
}

// status reads one message and returns what an onStatus in it says.
func (c *Client) status() (code, description string, err error) {
	m, err := c.in.next()
	if err != nil || m.kind != typeCommandAMF0 {
		return "", "", err
	}
	values, err := amf0.Parse(m.body)
	if err != nil || len(values) < 4 || values[0] != "onStatus" {
		return "", "", err
	}
	o, _ := values[3].(amf0.Object)
	code, _ = o.Get("code").(string)
	description, _ = o.Get("description").(string)
	return code, description, nil
}

// watch reads until the server refuses or closes.
func (c *Client) watch() error {
	for {
		code, description, err := c.status()
		if err != nil {
			return err
		}
		if code != "" {
			return errors.New(description)
		}
	}
}

// Done receives why the server ended the connection: its words, or an I/O error.
func (c *Client) Done() <-chan error { return c.done }

// WriteTag sends a tag.
func (c *Client) WriteTag(t flv.Tag) error {
	id := byte(4)
	if t.Type == flv.TagVideo {
		id = 6
	}
	return c.out.write(id, message{kind: t.Type, stream: mediaStream, time: t.Time, body: t.Data})
}

// Push sends an FLV file at the pace of its timestamps, until its end or ctx's.
// The file's times are moved by shift.
func (c *Client) Push(ctx context.Context, file io.Reader, shift time.Duration) error {
	r, err := flv.NewReader(file)
	if err != nil {
		return err
	}
	begin := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		tag, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		timer.Reset(time.Until(begin.Add(time.Duration(tag.Time) * time.Millisecond)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		tag.Time += uint32(shift / time.Millisecond)
		if err := c.WriteTag(tag); err != nil {
			return err
		}
	}
}

// Close ends the connection without a farewell, as a lost network does.
func (c *Client) Close() error { return c.conn.Close() }
