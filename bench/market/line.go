package market

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Line is one client's connection. It writes requests that were rendered
// beforehand and reads no more of an answer than it must, so that the
// processor belongs to the server and not to its client; pgbench is as frugal.
type Line struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

// Lines opens n connections to the server at a URL.
func Lines(url string, n int) ([]*Line, error) {
	out := make([]*Line, n)
	for i := range out {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			HangUp(out[:i])
			return nil, err
		}
		out[i] = &Line{conn: conn, in: bufio.NewReaderSize(conn, 8<<10)}
	}
	return out, nil
}

// HangUp closes connections.
func HangUp(lines []*Line) {
	for _, l := range lines {
		_ = l.conn.Close()
	}
}

// Send does one exchange; the body is good until the next.
func (l *Line) Send(request []byte) (status int, body []byte, err error) {
	if _, err = l.conn.Write(request); err != nil {
		return 0, nil, err
	}
	length := -1
	chunked := false
	for first := true; ; first = false {
		row, err := l.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		switch row = bytes.TrimRight(row, "\r\n"); {
		case first:
			if len(row) < 12 {
				return 0, nil, fmt.Errorf("answer %q", row)
			}
			status, err = strconv.Atoi(string(row[9:12]))
		case len(row) == 0:
			if chunked {
				err = l.chunks()
				return status, l.body, err
			}
			if length < 0 {
				return status, nil, errors.New("answer without a length")
			}
			l.body = slices.Grow(l.body[:0], length)[:length]
			_, err = io.ReadFull(l.in, l.body)
			return status, l.body, err
		case header(row, "content-length:"):
			length, err = strconv.Atoi(string(bytes.TrimSpace(row[15:])))
		case header(row, "transfer-encoding: chunked"):
			chunked = true
		}
		if err != nil {
			return 0, nil, err
		}
	}
}

// chunks reads a body that comes in pieces.
func (l *Line) chunks() error {
	l.body = l.body[:0]
	for {
		row, err := l.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(row)), 16, 32)
		if err != nil {
			return err
		}
		at := len(l.body)
		l.body = slices.Grow(l.body, int(n)+2)[:at+int(n)+2]
		if _, err := io.ReadFull(l.in, l.body[at:]); err != nil {
			return err
		}
		l.body = l.body[:at+int(n)]
		if n == 0 {
			return nil
		}
	}
}

func header(row []byte, name string) bool {
	return len(row) >= len(name) && bytes.EqualFold(row[:len(name)], []byte(name))
}
