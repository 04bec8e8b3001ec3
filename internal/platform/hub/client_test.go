package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openstall/openstall/internal/platform/hub"
)

// serve runs a hub on a real socket. A cookie "person" says who comes.
func serve(t *testing.T, cfg hub.Config, set func(h *hub.Hub)) (*hub.Hub, string) {
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
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return h, "ws" + strings.TrimPrefix(server.URL, "http")
}

// client speaks the JSON protocol of the browser library.
type client struct {
	t    testing.TB
	conn *websocket.Conn
	id   int
	// pushes that came while a reply was awaited
	waiting []message
	lines   []string
}

type failure struct {
	Code    int
	Message string
}

type publication struct {
	Data   json.RawMessage
	Offset uint64
}

type message struct {
	ID      int
	Error   *failure
	Connect *struct {
		Client string
		Subs   map[string]struct {
			Epoch  string
			Offset uint64
		}
	}
	Subscribe *struct {
		Data         json.RawMessage
		Publications []publication
		Recovered    bool
	}
	RPC  *struct{ Data json.RawMessage }
	Push *struct {
		Channel     string
		Pub         *publication
		Unsubscribe *struct{ Code int }
		Disconnect  *struct{ Code int }
	}
}

func dial(ctx context.Context, url, person string) (*websocket.Conn, error) {
	header := http.Header{}
	if person != "" {
		header.Set("Cookie", "person="+person)
	}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header})
	return conn, err
}

func connect(t testing.TB, url, person string) *client {
	t.Helper()
	conn, err := dial(t.Context(), url, person)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	c := &client{t: t, conn: conn}
	if m := c.command(map[string]any{"connect": map[string]any{}}); m.Connect == nil {
		t.Fatalf("connect: %+v", m.Error)
	}
	return c
}

func (c *client) send(command map[string]any) int {
	c.t.Helper()
	c.id++
	command["id"] = c.id
	data, err := json.Marshal(command)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, data); err != nil {
		c.t.Fatal(err)
	}
	return c.id
}

func (c *client) command(command map[string]any) message {
	c.t.Helper()
	id := c.send(command)
	for {
		m, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		if m.ID == id {
			return m
		}
		c.waiting = append(c.waiting, m)
	}
}

func (c *client) subscribe(channel string) message {
	c.t.Helper()
	return c.command(map[string]any{"subscribe": map[string]any{"channel": channel}})
}

func (c *client) call(method, data string) message {
	c.t.Helper()
	return c.command(map[string]any{"rpc": map[string]any{"method": method, "data": json.RawMessage(data)}})
}

// read returns the next message; a frame holds one a line.
func (c *client) read() (message, error) {
	for {
		for len(c.lines) > 0 {
			line := c.lines[0]
			c.lines = c.lines[1:]
			if line == "{}" || line == "" { // ping
				continue
			}
			var m message
			err := json.Unmarshal([]byte(line), &m)
			return m, err
		}
		ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
		_, data, err := c.conn.Read(ctx)
		cancel()
		if err != nil {
			return message{}, err
		}
		c.lines = strings.Split(string(data), "\n")
	}
}

// push returns the next publication of a channel.
func (c *client) push(channel string) string {
	c.t.Helper()
	for {
		var m message
		if len(c.waiting) > 0 {
			m, c.waiting = c.waiting[0], c.waiting[1:]
		} else {
			var err error
			if m, err = c.read(); err != nil {
				c.t.Fatalf("waiting for %s: %v", channel, err)
			}
		}
		if m.Push != nil && m.Push.Channel == channel && m.Push.Pub != nil {
			return string(m.Push.Pub.Data)
		}
	}
}

// each runs f n times at once.
func each(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}
