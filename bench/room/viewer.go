package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// viewer is a frugal one: it speaks just enough WebSocket (RFC 6455) and does
// not decode what it hears, it only looks for what it counts.
type viewer struct {
	conn net.Conn
	in   *bufio.Reader

	mu     sync.Mutex
	heard  tally
	err    error
	buffer []byte
}

// tally is what reached a viewer. Taps and sales are added up by whoever sends
// them, so the newest total says how many of them have arrived.
type tally struct {
	Lines  int64
	Likes  int64 // the newest total
	Left   int64 // of the first product, the lowest heard
	Writes int64 // WebSocket frames
	Bytes  int64
}

// events is how many events the viewer knows of.
func (t tally) events() int64 { return t.Lines + t.Likes + inStock - t.Left }

// join opens a socket and listens to the room and its state.
func join(addr string) (*viewer, error) {
	conn, err := net.DialTimeout("tcp", addr, 30*time.Second)
	if err != nil {
		return nil, err
	}
	v := &viewer{conn: conn, in: bufio.NewReaderSize(conn, 2048), heard: tally{Left: inStock}}
	if err := v.open(addr); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return v, nil
}

func (v *viewer) open(addr string) error {
	_ = v.conn.SetDeadline(time.Now().Add(60 * time.Second))
	// The key of RFC 6455 section 1.2; nobody here needs it to be random.
	if _, err := fmt.Fprintf(v.conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr); err != nil {
		return err
	}
	for first := true; ; first = false {
		text, err := v.in.ReadString('\n')
		if err != nil {
			return err
		}
		if first && !bytes.Contains([]byte(text), []byte(" 101 ")) {
			return fmt.Errorf("answered %q", text)
		}
		if text == "\r\n" {
			break
		}
	}
	for i, command := range []string{
		`{"id":1,"connect":{}}`,
		`{"id":2,"subscribe":{"channel":"state:` + showID + `"}}`,
		`{"id":3,"subscribe":{"channel":"room:` + showID + `"}}`,
	} {
		if err := v.send([]byte(command)); err != nil {
			return err
		}
		for {
			data, err := v.read()
			if err != nil {
				return err
			}
			if bytes.Contains(data, []byte(`"error"`)) {
				return fmt.Errorf("%s: answered %s", command, data)
			}
			if bytes.Contains(data, fmt.Appendf(nil, `"id":%d,`, i+1)) {
				break
			}
		}
	}
	return v.conn.SetDeadline(time.Time{})
}

// send writes a short text message; clients mask (section 5.3), here with zeros.
func (v *viewer) send(data []byte) error {
	head := []byte{0x81, 0x80 | byte(len(data)), 0, 0, 0, 0}
	if len(data) > 125 {
		return errors.New("message too long")
	}
	_, err := v.conn.Write(append(head, data...))
	return err
}

// read returns the next message; it is valid until the next call.
func (v *viewer) read() ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(v.in, head[:2]); err != nil {
		return nil, err
	}
	if head[0] != 0x81 {
		return nil, fmt.Errorf("frame %x is not a whole text message", head[0])
	}
	n := uint64(head[1] & 0x7f)
	switch n {
	case 126:
		if _, err := io.ReadFull(v.in, head[:2]); err != nil {
			return nil, err
		}
		n = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err := io.ReadFull(v.in, head[:8]); err != nil {
			return nil, err
		}
		n = binary.BigEndian.Uint64(head[:8])
	}
	if n > 1<<20 {
		return nil, fmt.Errorf("message of %d bytes", n)
	}
	if uint64(cap(v.buffer)) < n {
		v.buffer = make([]byte, n)
	}
	data := v.buffer[:n]
	_, err := io.ReadFull(v.in, data)
	return data, err
}

// watch counts until the socket closes.
func (v *viewer) watch() {
	for {
		data, err := v.read()
		if err == nil && bytes.Equal(data, []byte("{}")) {
			err = v.send([]byte("{}")) // the hub's ping
			if err == nil {
				continue
			}
		}
		v.mu.Lock()
		if err != nil {
			v.err = err
			v.mu.Unlock()
			return
		}
		v.heard.add(data)
		v.mu.Unlock()
	}
}

var (
	lineMark  = []byte(`"id":"com_`)
	likesMark = []byte(`"likes":`)
	leftMark  = []byte(`"available":`)
)

func (t *tally) add(data []byte) {
	t.Writes++
	t.Bytes += int64(len(data))
	t.Lines += int64(bytes.Count(data, lineMark))
	numbers(data, likesMark, func(n int64) { t.Likes = max(t.Likes, n) })
	numbers(data, leftMark, func(n int64) { t.Left = min(t.Left, n) })
}

// numbers finds the whole numbers that follow a mark.
func numbers(data, mark []byte, found func(n int64)) {
	for {
		i := bytes.Index(data, mark)
		if i < 0 {
			return
		}
		data = data[i+len(mark):]
		end := 0
		for end < len(data) && data[end] >= '0' && data[end] <= '9' {
			end++
		}
		if n, err := strconv.ParseInt(string(data[:end]), 10, 64); err == nil {
			found(n)
		}
	}
}

func (v *viewer) now() (tally, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heard, v.err
}
