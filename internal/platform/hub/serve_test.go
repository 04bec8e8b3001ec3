package hub_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/platform/hub"
)

// serve runs a hub on a real socket. A cookie "person" says who comes.
func serve(t *testing.T, cfg hub.Config, set func(h *hub.Hub)) (*hub.Hub, string) {
	t.Helper()
	return serveOn(t, cfg, set, nil)
}

// serveOn is serve on connections that pass through wrap.
func serveOn(t *testing.T, cfg hub.Config, set func(h *hub.Hub), wrap func(net.Conn) net.Conn) (*hub.Hub, string) {
	t.Helper()
	if cfg.Identify == nil {
		cfg.Identify = func(r *http.Request) (hub.Viewer, error) {
			v := hub.Viewer{ID: "browser", IP: "127.0.0.1"}
			if c, err := r.Cookie("person"); err == nil {
				if c.Value == "banned" {
					return v, errors.New("banned")
				}
				v.Person = c.Value
			}
			return v, nil
		}
	}
	h, err := hub.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.Rule("room", hub.Rule{})
	if set != nil {
		set(h)
	}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	if wrap != nil {
		server.Listener = wrappedListener{server.Listener, wrap}
	}
	server.Start()
	t.Cleanup(func() {
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return h, "ws" + strings.TrimPrefix(server.URL, "http")
}

type wrappedListener struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrappedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(conn), nil
}

// watchedConn shows each write after it was made and before the hub hears of it.
type watchedConn struct {
	net.Conn
	wrote func(data []byte)
}

func (c *watchedConn) Write(data []byte) (int, error) {
	n, err := c.Conn.Write(data)
	c.wrote(data)
	return n, err
}

// each runs f n times at once.
func each(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}
