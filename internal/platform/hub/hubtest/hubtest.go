// Package hubtest is a viewer for tests: it speaks the JSON protocol of the
// browser library over a real socket.
package hubtest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Client speaks the JSON protocol of the browser library.
type Client struct {
	Conn *websocket.Conn
	t    testing.TB
	id   int
	// pushes that came while a reply was awaited
	waiting []Message
	lines   []string
}

// Failure is the error of a reply.
type Failure struct {
	Code    int
	Message string
}

// Publication is what was published to a channel.
type Publication struct {
	Data   json.RawMessage
	Offset uint64
}

// Message is a reply (ID above zero) or a push.
type Message struct {
	ID      int
	Error   *Failure
	Connect *struct {
		Client string
		Subs   map[string]struct {
			Epoch  string
			Offset uint64
		}
	}
	Subscribe *struct {
		Data         json.RawMessage
		Publications []Publication
		Recovered    bool
		Epoch        string
		Offset       uint64
	}
	RPC  *struct{ Data json.RawMessage }
	Push *struct {
		Channel     string
		Pub         *Publication
		Unsubscribe *struct{ Code int }
		Disconnect  *struct{ Code int }
	}
}

// Dial opens a socket whose cookie "person" names a person; "" is nobody.
func Dial(ctx context.Context, url, person string) (*websocket.Conn, error) {
	header := http.Header{}
	if person != "" {
		header.Set("Cookie", "person="+person)
	}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header})
	return conn, err
}

// New is a viewer on an open socket that has not connected yet.
func New(t testing.TB, conn *websocket.Conn) *Client {
	conn.SetReadLimit(1 << 20)
	return &Client{t: t, Conn: conn}
}

// Connect opens a socket and connects.
func Connect(t testing.TB, url, person string) *Client {
	t.Helper()
	conn, err := Dial(t.Context(), url, person)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	c := New(t, conn)
	if m := c.Command(map[string]any{"connect": map[string]any{}}); m.Connect == nil {
		t.Fatalf("connect: %+v", m.Error)
	}
	return c
}

// Send sends a command and returns its id.
func (c *Client) Send(command map[string]any) int {
	c.t.Helper()
	c.id++
	command["id"] = c.id
	data, err := json.Marshal(command)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.Conn.Write(c.t.Context(), websocket.MessageText, data); err != nil {
		c.t.Fatal(err)
	}
	return c.id
}

// Command sends a command and returns its reply.
func (c *Client) Command(command map[string]any) Message {
	c.t.Helper()
	id := c.Send(command)
	for {
		m, err := c.Read()
		if err != nil {
			c.t.Fatal(err)
		}
		if m.ID == id {
			return m
		}
		c.waiting = append(c.waiting, m)
	}
}

// Subscribe asks to listen to a channel.
func (c *Client) Subscribe(channel string) Message {
	c.t.Helper()
	return c.Command(map[string]any{"subscribe": map[string]any{"channel": channel}})
}

// Call calls a method with data as JSON.
func (c *Client) Call(method, data string) Message {
	c.t.Helper()
	return c.Command(map[string]any{"rpc": map[string]any{"method": method, "data": json.RawMessage(data)}})
}

// Read returns the next message; a frame holds one a line.
func (c *Client) Read() (Message, error) {
	for {
		for len(c.lines) > 0 {
			line := c.lines[0]
			c.lines = c.lines[1:]
			if line == "{}" || line == "" { // ping
				continue
			}
			var m Message
			err := json.Unmarshal([]byte(line), &m)
			return m, err
		}
		ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
		_, data, err := c.Conn.Read(ctx)
		cancel()
		if err != nil {
			return Message{}, err
		}
		c.lines = strings.Split(string(data), "\n")
	}
}

// push returns the next Publication of a channel.
func (c *Client) Push(channel string) string {
	c.t.Helper()
	for {
		var m Message
		if len(c.waiting) > 0 {
			m, c.waiting = c.waiting[0], c.waiting[1:]
		} else {
			var err error
			if m, err = c.Read(); err != nil {
				c.t.Fatalf("waiting for %s: %v", channel, err)
			}
		}
		if m.Push != nil && m.Push.Channel == channel && m.Push.Pub != nil {
			return string(m.Push.Pub.Data)
		}
	}
}
