package hub_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/platform/hub"
	"github.com/openstall/openstall/internal/platform/hub/hubtest"
)

// stuckConn takes nothing any more once it is stuck: its writes hang until it is
// torn.
type stuckConn struct {
	net.Conn
	stuck atomic.Bool
	torn  chan struct{}
}

func (c *stuckConn) Write(data []byte) (int, error) {
	if !c.stuck.Load() {
		return c.Conn.Write(data)
	}
	<-c.torn
	return 0, errors.New("torn")
}

// The memory for a viewer who does not read is what may wait in the queue and in
// the write that hangs. Nobody waits for that write: the others hear each message
// before the next is published.
func TestViewerWhoStopsReadingIsCutOffAndDelaysNobody(t *testing.T) {
	const (
		queue   = 64 << 10
		message = 4 << 10
		others  = 10
	)
	var first *stuckConn
	var once sync.Once
	h, url := serveOn(t, hub.Config{QueueSize: queue, WriteDelay: time.Millisecond}, nil, func(c net.Conn) net.Conn {
		once.Do(func() {
			first = &stuckConn{Conn: c, torn: make(chan struct{})}
			c = first
		})
		return c
	})
	hubtest.Connect(t, url, "").Subscribe("room:1")
	first.stuck.Store(true)
	tear := sync.OnceFunc(func() { close(first.torn) })
	defer tear()
	clients := make([]*hubtest.Client, others)
	for i := range clients {
		clients[i] = hubtest.Connect(t, url, "")
		clients[i].Subscribe("room:1")
	}
	padding := strings.Repeat("x", message)
	sent := 0
	publish := func() {
		t.Helper()
		if err := h.Publish("room:1", fmt.Appendf(nil, `{"n":%d,"p":%q}`, sent, padding)); err != nil {
			t.Fatal(err)
		}
		for i, c := range clients {
			if got, want := c.Push("room:1"), fmt.Sprintf(`{"n":%d,`, sent); !strings.HasPrefix(got, want) {
				t.Fatalf("viewer %d heard %.10s, want %s", i, got, want)
			}
		}
		sent++
	}
	const most = 2*queue/message + 1
	for h.Connections() > others {
		if publish(); sent > most {
			t.Fatalf("still here after %d messages of %d bytes, want cut off after %d", sent, message, most)
		}
	}
	tear() // as the time limit of a write does
	for h.Here("room:1") > others {
		publish()
	}
}
