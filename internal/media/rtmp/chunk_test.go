package rtmp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/flv/amf0"
	"github.com/openstall/openstall/internal/media/stream"
)

func reading(b []byte) *chunkReader {
	return newChunkReader(bufio.NewReaderSize(bytes.NewReader(b), 4096))
}

func TestChunksPutTogether(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want []message
	}{
		{
			"a full header and a continuation",
			append(append([]byte{0x04, 0, 0, 10, 0, 0, 130, 9, 1, 0, 0, 0}, make([]byte, 128)...), 0xc4, 7, 8),
			[]message{{9, 1, 10, append(make([]byte, 128), 7, 8)}},
		},
		{
			"deltas add up",
			[]byte{
				0x04, 0, 0, 10, 0, 0, 1, 8, 1, 0, 0, 0, 'a',
				0x44, 0, 0, 20, 0, 0, 2, 8, 'b', 'c',
				0x84, 0, 0, 5, 'd', 'e',
				0xc4, 'f', 'g',
			},
			[]message{{8, 1, 10, []byte("a")}, {8, 1, 30, []byte("bc")}, {8, 1, 35, []byte("de")}, {8, 1, 40, []byte("fg")}},
		},
		{
			"two and three byte chunk stream ids",
			[]byte{
				0x00, 1, 0, 0, 1, 0, 0, 1, 8, 0, 0, 0, 0, 'a',
				0x01, 1, 1, 0, 0, 2, 0, 0, 1, 8, 0, 0, 0, 0, 'b',
			},
			[]message{{8, 0, 1, []byte("a")}, {8, 0, 2, []byte("b")}},
		},
		{
			"messages interleave on chunk streams",
			append(append(append([]byte{0x04, 0, 0, 1, 0, 0, 129, 9, 1, 0, 0, 0}, make([]byte, 128)...),
				0x05, 0, 0, 2, 0, 0, 1, 8, 1, 0, 0, 0, 'x'), 0xc4, 'y'),
			[]message{{8, 1, 2, []byte("x")}, {9, 1, 1, append(make([]byte, 128), 'y')}},
		},
		{
			"an abort drops the message in transit",
			append(append([]byte{0x04, 0, 0, 1, 0, 0, 200, 9, 1, 0, 0, 0}, make([]byte, 128)...),
				0x02, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 4,
				0x04, 0, 0, 3, 0, 0, 1, 9, 1, 0, 0, 0, 'z'),
			[]message{{2, 0, 0, []byte{0, 0, 0, 4}}, {9, 1, 3, []byte("z")}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := reading(tt.in)
			for i, want := range tt.want {
				got, err := c.next()
				if err != nil {
					t.Fatal(err)
				}
				if got.kind != want.kind || got.stream != want.stream || got.time != want.time || !bytes.Equal(got.body, want.body) {
					t.Errorf("message %d: %+v, want %+v", i, got, want)
				}
			}
			if _, err := c.next(); err != io.EOF {
				t.Errorf("after the last: %v", err)
			}
			if c.partial != 0 {
				t.Errorf("%d bytes still count as in transit", c.partial)
			}
		})
	}
}

func TestExtendedTimestampsWithAndWithoutRepetition(t *testing.T) {
	head := []byte{0x04, 0xff, 0xff, 0xff, 0, 0, 130, 9, 1, 0, 0, 0, 0x01, 0x02, 0x03, 0x04}
	body := bytes.Repeat([]byte{5}, 130)
	for name, repeat := range map[string][]byte{"repeated": {0x01, 0x02, 0x03, 0x04}, "left out": nil} {
		in := append(bytes.Clone(head), body[:128]...)
		in = append(append(in, 0xc4), repeat...)
		in = append(in, body[128:]...)
		m, err := reading(in).next()
		if err != nil || m.time != 0x01020304 || !bytes.Equal(m.body, body) {
			t.Errorf("%s: time %x, %d bytes, %v", name, m.time, len(m.body), err)
		}
	}
}

func TestWrittenChunksComeBack(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 129, 4096, 70000} {
		for _, at := range []uint32{0, 0xfffffe, 0xffffff, 0xfffffff0} {
			var buf bytes.Buffer
			w := &chunkWriter{w: bufio.NewWriter(&buf), size: 128}
			want := message{kind: 9, stream: 1, time: at, body: bytes.Repeat([]byte{7}, size)}
			if err := w.write(6, want); err != nil {
				t.Fatal(err)
			}
			got, err := reading(buf.Bytes()).next()
			if err != nil || got.time != at || got.stream != 1 || !bytes.Equal(got.body, want.body) {
				t.Errorf("%d bytes at %x: %d bytes at %x, %v", size, at, len(got.body), got.time, err)
			}
		}
	}
}

func TestGreedyPeersAreStopped(t *testing.T) {
	var many []byte
	for id := range maxChunkIDs + 1 {
		many = append(many, 0x00, byte(id), 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0)
	}
	var large []byte
	for id := range 3 {
		large = append(large, byte(4+id), 0, 0, 0, 0x7f, 0xff, 0xff, 9, 0, 0, 0, 0)
		large = append(large, make([]byte, 128)...)
	}
	for name, in := range map[string][]byte{
		"chunk stream ids":       many,
		"a message of 16 MB":     {0x04, 0, 0, 0, 0xff, 0xff, 0xff, 9, 0, 0, 0, 0, 0},
		"messages in transit":    large,
		"a chunk size of zero":   {0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0},
		"a message in another":   append(append([]byte{0x04, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0}, make([]byte, 128)...), 0x04, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0),
		"a headless beginning":   {0xc4, 0},
		"a beginning without id": {0x44, 0, 0, 0, 0, 0, 1, 9, 0},
	} {
		c := reading(in)
		var err error
		for err == nil {
			_, err = c.next()
		}
		if !errors.Is(err, errProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClocksAreUnwrapped(t *testing.T) {
	s := &session{}
	for _, tt := range []struct {
		in   uint32
		want int64
	}{{0xffffff00, 0xffffff00}, {0x10, 1<<32 + 0x10}, {0xfffffff0, 0xfffffff0}, {0x20, 1<<32 + 0x20}, {0x1020, 1<<32 + 0x1020}} {
		if s.unwrap(tt.in); s.clock != tt.want {
			t.Errorf("%x: clock %x, want %x", tt.in, s.clock, tt.want)
		}
	}
}

func TestSignedHandshakesAreAnsweredSigned(t *testing.T) {
	for _, base := range []int{8, 772} {
		c1 := make([]byte, handshakeSize)
		_, _ = rand.Read(c1)
		at := digestAt(c1, base)
		sum := digest(c1, at, clientKey[:clientText])
		copy(c1[at:], sum)
		s1, s2 := answer(c1)
		if _, got := findDigest(s1, serverKey[:serverText]); got == nil {
			t.Errorf("scheme %d: S1 is not signed", base)
		}
		h := hmac.New(sha256.New, serverKey)
		h.Write(sum)
		h = hmac.New(sha256.New, h.Sum(nil))
		h.Write(s2[:handshakeSize-32])
		if !hmac.Equal(h.Sum(nil), s2[handshakeSize-32:]) {
			t.Errorf("scheme %d: S2 is not signed", base)
		}
	}
	plain := make([]byte, handshakeSize)
	if _, s2 := answer(plain); !bytes.Equal(s2, plain) {
		t.Error("an unsigned handshake is not echoed")
	}
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte{0x04, 0, 0, 10, 0, 0, 1, 8, 1, 0, 0, 0, 'a', 0x44, 0, 0, 20, 0, 0, 2, 8, 'b', 'c', 0xc4, 'f', 'g'})
	f.Add([]byte{0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 1, 0})
	f.Add([]byte{0x04, 0xff, 0xff, 0xff, 0, 0, 1, 9, 1, 0, 0, 0, 1, 2, 3, 4, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := reading(b)
		for {
			m, err := c.next()
			if c.partial < 0 || c.partial > maxPartial || c.read > int64(len(b)) {
				t.Fatalf("%d bytes in transit, %d read", c.partial, c.read)
			}
			if err != nil {
				return
			}
			if len(m.body) > maxMessage {
				t.Fatalf("message of %d bytes", len(m.body))
			}
		}
	})
}

// tape is a connection that plays bytes and swallows what is sent.
type tape struct{ bytes.Reader }

func (*tape) Write(b []byte) (int, error)      { return len(b), nil }
func (*tape) Close() error                     { return nil }
func (*tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*tape) SetDeadline(time.Time) error      { return nil }
func (*tape) SetReadDeadline(time.Time) error  { return nil }
func (*tape) SetWriteDeadline(time.Time) error { return nil }

func FuzzSession(f *testing.F) {
	var buf bytes.Buffer
	w := &chunkWriter{w: bufio.NewWriter(&buf), size: 128}
	for _, m := range []message{
		{kind: typeCommandAMF0, body: amf0.Append(nil, "connect", 1, amf0.Object{{Key: "app", Value: "live"}})},
		{kind: typeCommandAMF0, body: amf0.Append(nil, "publish", 3, nil, "key", "live")},
		{kind: typeDataAMF0, body: amf0.Append(nil, "@setDataFrame", "onMetaData", amf0.Object{{Key: "width", Value: 320.0}})},
		{kind: typeVideo, body: []byte{0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x1f, 0xff, 0xe1, 0, 1, 0x67}},
		{kind: typeVideo, time: 40, body: []byte{0x17, 1, 0, 0, 0, 0, 0, 0, 2, 0x65, 1}},
		{kind: typeAudio, time: 40, body: []byte{0xaf, 0, 0x11, 0x90}},
	} {
		if err := w.write(3, m); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(buf.Bytes())
	quiet := slog.New(slog.DiscardHandler)
	f.Fuzz(func(t *testing.T, b []byte) {
		reg := stream.NewRegistry(stream.Config{Log: quiet})
		defer reg.Close()
		srv := New(reg, func(context.Context, stream.Claim) (stream.Ticket, error) {
			return stream.Ticket{Stream: "x"}, nil
		}, Config{Log: quiet})
		conn := &tape{}
		hello := append([]byte{3}, make([]byte, 2*handshakeSize)...)
		conn.Reset(append(hello, b...))
		newSession(srv, conn).run(t.Context())
	})
}
