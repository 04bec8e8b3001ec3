// Package rtmp takes live streams from encoders such as OBS and ffmpeg by RTMP
// (Adobe, "Real-Time Messaging Protocol 1.0", 2012; sections below refer to it).
// It publishes only; nobody plays by RTMP.
//
// The stream name of the publish command is the secret key. It goes to the
// authoriser and nowhere else.
package rtmp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
)

// Message types (sections 5.4 and 7.1).
const (
	typeChunkSize     = 1
	typeAbort         = 2
	typeAck           = 3
	typeUserControl   = 4
	typeWindowAck     = 5
	typePeerBandwidth = 6
	typeAudio         = 8
	typeVideo         = 9
	typeDataAMF3      = 15
	typeCommandAMF3   = 17
	typeDataAMF0      = 18
	typeCommandAMF0   = 20
)

// Config has useful zero values.
type Config struct {
	// PerAddress bounds the connections of one address, 16 if zero.
	PerAddress int
	// MaxConns bounds all connections, 512 if zero.
	MaxConns int
	// SetupTime is how long a connection may take to begin publishing, 10 s if
	// zero.
	SetupTime time.Duration
	// IdleTime is how long a publisher may send nothing before its connection
	// counts as lost, 10 s if zero.
	IdleTime time.Duration
	// Log is slog.Default if nil.
	Log *slog.Logger
}

// Server accepts publishers.
type Server struct {
	reg  *stream.Registry
	auth stream.Authorize
	cfg  Config

	mu    sync.Mutex
	conns map[net.Conn]string // to the peer's address
	hosts map[string]int
	wg    sync.WaitGroup
}

// New returns a server that feeds the streams of reg with publishers that auth
// lets in.
func New(reg *stream.Registry, auth stream.Authorize, cfg Config) *Server {
	if cfg.PerAddress <= 0 {
		cfg.PerAddress = 16
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 512
	}
	if cfg.SetupTime <= 0 {
		cfg.SetupTime = 10 * time.Second
	}
	if cfg.IdleTime <= 0 {
		cfg.IdleTime = 10 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Server{reg: reg, auth: auth, cfg: cfg, conns: map[net.Conn]string{}, hosts: map[string]int{}}
}

// Serve accepts connections from l until ctx ends, then closes l and all
// connections and waits for them. It returns nil when ctx ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			_ = c.Close()
		}
	})
	defer stop()
	defer s.wg.Wait()
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = c.Close()
			}
			return nil
		case err != nil:
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				continue
			}
			return err
		}
		if !s.admit(ctx, c) {
			_ = c.Close()
			continue
		}
		s.wg.Go(func() {
			defer s.leave(c)
			newSession(s, c).run(ctx)
		})
	}
}

// admit counts c in, unless a limit is reached or the server stops.
func (s *Server) admit(ctx context.Context, c net.Conn) bool {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		host = c.RemoteAddr().String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || len(s.conns) >= s.cfg.MaxConns || s.hosts[host] >= s.cfg.PerAddress {
		return false
	}
	s.conns[c] = host
	s.hosts[host]++
	return true
}

func (s *Server) leave(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	host := s.conns[c]
	delete(s.conns, c)
	if s.hosts[host]--; s.hosts[host] == 0 {
		delete(s.hosts, host)
	}
}

// Connections returns how many connections are open.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}
