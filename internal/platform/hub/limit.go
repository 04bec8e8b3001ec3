package hub

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// perIP counts open sockets by address.
type perIP struct {
	mu   sync.Mutex
	open map[string]int
}

// take counts one more socket of ip and returns what counts it out again, or
// false when there are limit already.
func (p *perIP) take(ip string, limit int) (release func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[ip] >= limit {
		return nil, false
	}
	if p.open == nil {
		p.open = map[string]int{}
	}
	p.open[ip]++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open[ip]--; p.open[ip] == 0 {
			delete(p.open, ip)
		}
	}), true
}

// countedWriter releases its count when the socket closes, or when the handler
// returns without having taken the connection over.
type countedWriter struct {
	http.ResponseWriter
	release  func()
	hijacked bool
}

// Hijack takes the connection over.
func (w *countedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("open socket: %w", err)
	}
	w.hijacked = true
	return &countedConn{Conn: conn, release: w.release}, rw, nil
}

// Unwrap lets [http.ResponseController] reach the writer below.
func (w *countedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *countedWriter) returned() {
	if !w.hijacked {
		w.release()
	}
}

type countedConn struct {
	net.Conn
	release func()
}

func (c *countedConn) Close() error {
	c.release()
	return c.Conn.Close()
}
