package rtmp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/flv/amf0"
	"github.com/openstall/openstall/internal/media/stream"
)

const (
	windowSize   = 2500000
	outChunkSize = 4096
	writeTime    = 5 * time.Second
	lingerTime   = time.Second
	mediaStream  = 1 // the id createStream answers
)

// errDone ends a session that said goodbye.
var errDone = errors.New("publisher unpublished")

// refusal ends a session with a reason for the publisher.
type refusal struct {
	code string // of onStatus
	err  error
}

func (r refusal) Error() string { return r.err.Error() }
func (r refusal) Unwrap() error { return r.err }

// session is one connection. One goroutine runs it.
type session struct {
	srv  *Server
	conn net.Conn
	in   *chunkReader
	out  *chunkWriter
	log  *slog.Logger

	app      string
	pub      *stream.Publisher
	window   int64 // the peer wants an acknowledgement for each that many bytes
	acked    int64
	deadline time.Time
	clock    int64 // unwrapped milliseconds of the last media message
	ticking  bool
	meta     flv.Metadata
	nalSize  int

	mu     sync.Mutex
	kicked error
}

func newSession(srv *Server, conn net.Conn) *session {
	return &session{
		srv:  srv,
		conn: conn,
		in:   newChunkReader(bufio.NewReaderSize(conn, 16<<10)),
		out:  &chunkWriter{w: bufio.NewWriterSize(conn, 4<<10), size: 128},
		log:  srv.cfg.Log.With("remote", conn.RemoteAddr().String()),
	}
}

// run serves the connection to its end.
func (s *session) run(ctx context.Context) {
	_ = s.conn.SetDeadline(time.Now().Add(s.srv.cfg.SetupTime))
	err := acceptHandshake(struct {
		io.Reader
		io.Writer
	}{s.in.r, s.conn})
	if err != nil {
		s.log.Debug("rtmp handshake broken", "error", err)
		return
	}
	for err == nil {
		err = s.step(ctx)
	}
	s.mu.Lock()
	kicked := s.kicked
	s.mu.Unlock()
	if kicked != nil {
		err = refusal{"NetStream.Publish.BadName", kicked}
	}
	if s.pub != nil {
		s.pub.Close(err)
	}
	s.farewell(err)
}

// farewell logs why the session ended and tells a refused publisher.
func (s *session) farewell(err error) {
	var r refusal
	switch {
	case errors.As(err, &r):
		s.log.Info("rtmp publisher refused", "error", r.err)
		s.status("error", r.code, r.Error())
		s.drain()
	case errors.Is(err, errDone), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		s.log.Debug("rtmp connection ended")
	case errors.Is(err, errProtocol), errors.Is(err, amf0.ErrMalformed):
		s.log.Warn("rtmp publisher broke the protocol", "error", err)
	default:
		s.log.Debug("rtmp connection lost", "error", err)
	}
}

// drain reads on for a moment, since closing with unread bytes would reset the
// connection and take the reason with it.
func (s *session) drain() {
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, s.conn, 4<<20)
}

// kick is the stream's way to end the session; it must not block.
func (s *session) kick(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kicked = reason
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
}

// patience moves the read deadline along, at most once a second.
func (s *session) patience() {
	if s.pub == nil {
		return
	}
	now := time.Now()
	if s.deadline.Sub(now) > s.srv.cfg.IdleTime-time.Second {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kicked == nil {
		s.deadline = now.Add(s.srv.cfg.IdleTime)
		_ = s.conn.SetReadDeadline(s.deadline)
	}
}

// step handles one message.
func (s *session) step(ctx context.Context) error {
	s.patience()
	m, err := s.in.next()
	if err != nil {
		return err
	}
	if err := s.acknowledge(); err != nil {
		return err
	}
	switch m.kind {
	case typeWindowAck:
		if len(m.body) >= 4 {
			s.window = int64(binary.BigEndian.Uint32(m.body))
		}
	case typeUserControl:
		// A ping is answered with its own time (section 7.1.7).
		if len(m.body) >= 6 && binary.BigEndian.Uint16(m.body) == 6 {
			return s.send(2, message{kind: typeUserControl, body: append([]byte{0, 7}, m.body[2:6]...)})
		}
	case typeCommandAMF3:
		if len(m.body) > 0 {
			return s.command(ctx, m.body[1:])
		}
	case typeCommandAMF0:
		return s.command(ctx, m.body)
	case typeDataAMF0:
		s.data(m.body)
	case typeDataAMF3:
		if len(m.body) > 0 {
			s.data(m.body[1:])
		}
	case typeAudio, typeVideo:
		if s.pub != nil {
			return s.media(m)
		}
	}
	return nil
}

func (s *session) acknowledge() error {
	if s.window <= 0 || s.in.read-s.acked < s.window {
		return nil
	}
	s.acked = s.in.read
	return s.send(2, message{kind: typeAck, body: binary.BigEndian.AppendUint32(nil, uint32(s.in.read))})
}

func (s *session) send(id byte, m message) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTime))
	return s.out.write(id, m)
}

func (s *session) reply(values ...any) error {
	return s.send(3, message{kind: typeCommandAMF0, body: amf0.Append(nil, values...)})
}

// status sends onStatus (section 7.2.2). What it says is for people.
func (s *session) status(level, code, description string) {
	err := s.send(5, message{kind: typeCommandAMF0, stream: mediaStream, body: amf0.Append(nil, "onStatus", 0, nil, amf0.Object{
		{Key: "level", Value: level}, {Key: "code", Value: code}, {Key: "description", Value: description},
	})})
	if err != nil {
		s.log.Debug("rtmp status not sent", "error", err)
	}
}

// command handles a command message (section 7.2).
func (s *session) command(ctx context.Context, body []byte) error {
	values, err := amf0.Parse(body)
	if err != nil && len(values) < 2 {
		return err
	}
	if len(values) < 2 {
		return protocol("command of %d values", len(values))
	}
	name, _ := values[0].(string)
	id, _ := values[1].(float64)
	switch name {
	case "connect":
		return s.connect(id, values)
	case "createStream":
		return s.reply("_result", id, nil, mediaStream)
	case "releaseStream", "FCPublish":
		return s.reply("_result", id, nil, nil)
	case "publish":
		return s.publish(ctx, values)
	case "FCUnpublish", "deleteStream", "closeStream":
		if s.pub != nil {
			return errDone
		}
	case "play", "play2":
		return refusal{"NetStream.Play.Failed", errors.New("this server takes streams and does not play them by RTMP")}
	}
	return nil
}

func (s *session) connect(id float64, values []any) error {
	if len(values) > 2 {
		if o, ok := values[2].(amf0.Object); ok {
			s.app, _ = o.Get("app").(string)
		}
	}
	size := binary.BigEndian.AppendUint32(nil, windowSize)
	for _, m := range []message{
		{kind: typeWindowAck, body: size},
		{kind: typePeerBandwidth, body: append(size[:4:4], 2)},
		{kind: typeChunkSize, body: binary.BigEndian.AppendUint32(nil, outChunkSize)},
	} {
		if err := s.send(2, m); err != nil {
			return err
		}
	}
	s.out.size = outChunkSize
	return s.reply("_result", id,
		amf0.Object{{Key: "fmsVer", Value: "FMS/3,5,7,7009"}, {Key: "capabilities", Value: 31}},
		amf0.Object{
			{Key: "level", Value: "status"}, {Key: "code", Value: "NetConnection.Connect.Success"},
			{Key: "description", Value: "Connected."}, {Key: "objectEncoding", Value: 0},
		})
}

// publish asks the authoriser and attaches to the stream.
func (s *session) publish(ctx context.Context, values []any) error {
	if s.pub != nil {
		return protocol("second publish")
	}
	key := ""
	if len(values) > 3 {
		key, _ = values[3].(string)
	}
	ctx, cancel := context.WithTimeout(ctx, s.srv.cfg.SetupTime)
	defer cancel()
	remote := s.conn.RemoteAddr().String()
	ticket, err := s.srv.auth(ctx, stream.Claim{Protocol: "rtmp", App: s.app, Key: key, Remote: remote})
	if err != nil {
		return refusal{"NetStream.Publish.BadName", err}
	}
	pub, err := s.srv.reg.Publish(ticket, stream.Source{Protocol: "rtmp", Remote: remote, Kick: s.kick})
	if err != nil {
		return refusal{"NetStream.Publish.BadName", err}
	}
	s.pub = pub
	s.log = s.log.With("stream", ticket.Stream)
	s.log.Info("rtmp publisher connected")
	s.status("status", "NetStream.Publish.Start", "Publishing.")
	return nil
}
