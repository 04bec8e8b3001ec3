package hub_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/hub"
	"github.com/openstall/openstall/internal/platform/hub/hubtest"
)

var errClosed = errs.New(errs.Forbidden, "hubtest.closed", "This room is closed.", "测试。")

func TestViewerHearsTheRoomAndNotItsNeighbour(t *testing.T) {
	h, url := serve(t, hub.Config{}, nil)
	c := hubtest.Connect(t, url, "")
	if m := c.Subscribe("room:1"); m.Error != nil {
		t.Fatalf("subscribe: %+v", m.Error)
	}
	if err := h.Publish("room:2", []byte(`{"n":0}`)); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := h.Publish("room:1", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if got, want := c.Push("room:1"), fmt.Sprintf(`{"n":%d}`, i); got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
	}
	if h.Count("room:1") != 1 || h.Count("room:2") != 0 || h.Connections() != 1 {
		t.Errorf("counts %d, %d, %d", h.Count("room:1"), h.Count("room:2"), h.Connections())
	}
}

func TestListenerIsGreetedAndGivenTheState(t *testing.T) {
	h, url := serve(t, hub.Config{}, func(h *hub.Hub) {
		h.Rule("room", hub.Rule{Greet: func(_ context.Context, who hub.Viewer, id string) ([]byte, error) {
			return fmt.Appendf(nil, `{"hello":%q,"room":%q}`, who.ID, id), nil
		}})
		h.Rule("state", hub.Rule{State: func(context.Context, string) (uint64, []byte, error) {
			t.Error("the state was asked for although one is kept")
			return 0, nil, errors.New("none")
		}})
	})
	for version := range 3 {
		if err := h.PublishState("state:1", uint64(version+1), fmt.Appendf(nil, `{"version":%d}`, version+1)); err != nil {
			t.Fatal(err)
		}
	}
	c := hubtest.Connect(t, url, "")
	if m := c.Subscribe("room:7"); m.Subscribe == nil || string(m.Subscribe.Data) != `{"hello":"browser","room":"7"}` {
		t.Errorf("greeting: %+v", m)
	}
	m := c.Subscribe("state:1")
	if m.Subscribe == nil || len(m.Subscribe.Publications) != 1 || string(m.Subscribe.Publications[0].Data) != `{"version":3}` {
		t.Errorf("state: %+v", m)
	}
}

func TestStateNeverGoesBack(t *testing.T) {
	h, url := serve(t, hub.Config{}, func(h *hub.Hub) {
		h.Rule("state", hub.Rule{State: func(context.Context, string) (uint64, []byte, error) {
			return 1, []byte(`{"version":1}`), nil
		}})
	})
	c := hubtest.Connect(t, url, "")
	c.Subscribe("state:1")
	for _, version := range []uint64{5, 4, 5, 3, 6} {
		if err := h.PublishState("state:1", version, fmt.Appendf(nil, `{"version":%d}`, version)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`{"version":5}`, `{"version":6}`} {
		if got := c.Push("state:1"); got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
	}
}

func TestStateIsAskedForOnceAfterARestart(t *testing.T) {
	var asked atomic.Int64
	_, url := serve(t, hub.Config{}, func(h *hub.Hub) {
		h.Rule("state", hub.Rule{State: func(_ context.Context, id string) (uint64, []byte, error) {
			asked.Add(1)
			return 42, fmt.Appendf(nil, `{"id":%q}`, id), nil
		}})
	})
	each(20, func(int) {
		m := hubtest.Connect(t, url, "").Subscribe("state:9")
		if m.Subscribe == nil || len(m.Subscribe.Publications) != 1 || string(m.Subscribe.Publications[0].Data) != `{"id":"9"}` {
			t.Errorf("got %+v", m)
		}
	})
	if n := asked.Load(); n < 1 || n > 5 {
		t.Errorf("asked %d times for 20 listeners", n)
	}
}

func TestPersonHearsWhatWasMissedWhileAway(t *testing.T) {
	h, url := serve(t, hub.Config{}, nil)
	conn, err := hubtest.Dial(t.Context(), url, "ann")
	if err != nil {
		t.Fatal(err)
	}
	c := hubtest.New(t, conn)
	m := c.Command(map[string]any{"connect": map[string]any{}})
	at, ok := m.Connect.Subs["person:ann"]
	if !ok {
		t.Fatalf("no personal channel in %+v", m.Connect)
	}
	if err := h.PublishTo("ann", []byte(`"paid"`)); err != nil {
		t.Fatal(err)
	}
	if got := c.Push("person:ann"); got != `"paid"` {
		t.Errorf("heard %s", got)
	}
	_ = conn.CloseNow()
	if err := h.PublishTo("ann", []byte(`"ready"`)); err != nil {
		t.Fatal(err)
	}
	if conn, err = hubtest.Dial(t.Context(), url, "ann"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	c = hubtest.New(t, conn)
	c.Send(map[string]any{"connect": map[string]any{"subs": map[string]any{
		"person:ann": map[string]any{"recover": true, "epoch": at.Epoch, "offset": at.Offset + 1},
	}}})
	_, raw, err := conn.Read(t.Context())
	if err != nil || !strings.Contains(string(raw), `"ready"`) || strings.Contains(string(raw), `"paid"`) {
		t.Errorf("after the break: %s, %v; want only what was missed", raw, err)
	}
}

// The library answers a subscription before it notes that the client listens, and
// drops a publication without an offset in between, here from inside the write of
// the answer. A host waited for a comment that never came.
func TestWhatIsPublishedRightAfterTheAnswerIsHeard(t *testing.T) {
	answered := make(chan func(), 1)
	h, url := serveOn(t, hub.Config{}, func(h *hub.Hub) { h.Rule("host", hub.Rule{News: true}) }, func(c net.Conn) net.Conn {
		return &watchedConn{c, func(data []byte) {
			if strings.Contains(string(data), `"subscribe":`) {
				(<-answered)()
			}
		}}
	})
	for channel, publish := range map[string]func(string, []byte) error{"host:1": h.PublishNews, "room:1": h.Publish} {
		answered <- func() {
			if err := publish(channel, []byte(`"held"`)); err != nil {
				t.Error(err)
			}
		}
		c := hubtest.Connect(t, url, "ann")
		if m := c.Subscribe(channel); m.Error != nil {
			t.Fatalf("subscribe: %+v", m.Error)
		}
		if got := c.Push(channel); got != `"held"` {
			t.Errorf("heard %s", got)
		}
	}
}

func TestRulesKeepStrangersOut(t *testing.T) {
	_, url := serve(t, hub.Config{}, func(h *hub.Hub) {
		h.Rule("host", hub.Rule{May: func(_ context.Context, who hub.Viewer, _ string) error {
			if who.Person != "ann" {
				return errClosed
			}
			return nil
		}})
	})
	ann, eve := hubtest.Connect(t, url, "ann"), hubtest.Connect(t, url, "eve")
	if m := ann.Subscribe("host:1"); m.Error != nil {
		t.Errorf("ann: %+v", m.Error)
	}
	for channel, code := range map[string]int{"host:1": 403, "person:ann": 103, "nothing:1": 102, "room": 102, "room:": 102} {
		if m := eve.Subscribe(channel); m.Error == nil || m.Error.Code != code {
			t.Errorf("eve on %q: %+v, want %d", channel, m.Error, code)
		}
	}
	for _, command := range []map[string]any{
		{"publish": map[string]any{"channel": "room:1", "data": 1}},
		{"history": map[string]any{"channel": "room:1"}},
		{"presence": map[string]any{"channel": "room:1"}},
	} {
		if m := ann.Command(command); m.Error == nil {
			t.Errorf("%v was allowed", command)
		}
	}
	if _, err := hubtest.Dial(t.Context(), url, "banned"); err == nil {
		t.Error("a refused identity got a socket")
	}
}

func TestNewsIsHeardAfterABreak(t *testing.T) {
	h, url := serve(t, hub.Config{}, func(h *hub.Hub) { h.Rule("host", hub.Rule{News: true}) })
	c := hubtest.Connect(t, url, "ann")
	at := c.Subscribe("host:1").Subscribe
	if err := errors.Join(h.PublishNews("host:1", []byte(`"while away"`)), c.Conn.CloseNow()); err != nil {
		t.Fatal(err)
	}
	m := hubtest.Connect(t, url, "ann").Command(map[string]any{"subscribe": map[string]any{
		"channel": "host:1", "recover": true, "epoch": at.Epoch, "offset": at.Offset,
	}})
	if m.Subscribe == nil || !m.Subscribe.Recovered || len(m.Subscribe.Publications) != 1 || string(m.Subscribe.Publications[0].Data) != `"while away"` {
		t.Errorf("after the break: %+v", m)
	}
}

func TestRemovedPersonHearsNoMore(t *testing.T) {
	h, url := serve(t, hub.Config{}, nil)
	ann := hubtest.Connect(t, url, "ann")
	ann.Subscribe("room:1")
	if err := h.Remove("ann", "room:1"); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := ann.Read()
		if err != nil {
			t.Fatal(err)
		}
		if m.Push != nil && m.Push.Unsubscribe != nil && m.Push.Channel == "room:1" {
			break
		}
	}
	if err := h.Disconnect("ann"); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := ann.Read(); err != nil {
			break
		}
	}
}

func TestCallsAnswerWithCodes(t *testing.T) {
	_, url := serve(t, hub.Config{}, func(h *hub.Hub) {
		h.Handle("echo", func(_ context.Context, who hub.Viewer, data []byte) ([]byte, error) {
			return fmt.Appendf(nil, `{"person":%q,"data":%s}`, who.Person, data), nil
		})
		h.Handle("closed", func(context.Context, hub.Viewer, []byte) ([]byte, error) {
			return nil, fmt.Errorf("like: %w", errClosed)
		})
		h.Handle("broken", func(context.Context, hub.Viewer, []byte) ([]byte, error) {
			return nil, errors.New("the password is hunter2")
		})
	})
	c := hubtest.Connect(t, url, "ann")
	if m := c.Call("echo", "7"); m.RPC == nil || string(m.RPC.Data) != `{"person":"ann","data":7}` {
		t.Errorf("echo: %+v", m)
	}
	if m := c.Call("closed", "7"); m.Error == nil || m.Error.Code != 403 || m.Error.Message != "hubtest.closed" {
		t.Errorf("closed: %+v", m.Error)
	}
	if m := c.Call("broken", "7"); m.Error == nil || m.Error.Code != 100 || strings.Contains(m.Error.Message, "hunter2") {
		t.Errorf("broken: %+v", m.Error)
	}
	if m := c.Call("nothing", "7"); m.Error == nil || m.Error.Code != 104 {
		t.Errorf("nothing: %+v", m.Error)
	}
}

func TestFloodIsRefusedAndThenCutOff(t *testing.T) {
	now := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	_, url := serve(t, hub.Config{CommandsPerSecond: 2, Now: func() time.Time { return now }}, func(h *hub.Hub) {
		h.Handle("like", func(context.Context, hub.Viewer, []byte) ([]byte, error) { return []byte(`1`), nil })
	})
	c := hubtest.Connect(t, url, "")
	answered, refused := 0, 0
	for range 13 {
		if m := c.Call("like", "1"); m.Error == nil {
			answered++
		} else if m.Error.Code == 111 {
			refused++
		}
	}
	if answered != 3 || refused != 10 { // four at once, the connect among them
		t.Errorf("%d answered, %d refused; want 3 and 10", answered, refused)
	}
	c.Send(map[string]any{"rpc": map[string]any{"method": "like"}})
	if _, err := c.Read(); websocket.CloseStatus(err) == -1 {
		t.Errorf("flooding on: %v, want the socket closed", err)
	}
}

func TestOversizedFrameClosesTheSocket(t *testing.T) {
	_, url := serve(t, hub.Config{}, nil)
	c := hubtest.Connect(t, url, "")
	// The server may close before everything is written.
	_ = c.Conn.Write(t.Context(), websocket.MessageText, []byte(`{"id":2,"rpc":{"method":"like","data":"`+strings.Repeat("x", 5000)+`"}}`))
	if m, err := c.Read(); err == nil {
		t.Errorf("5000 bytes were answered with %+v", m)
	}
}

func TestOneAddressGetsABoundedNumberOfSockets(t *testing.T) {
	h, url := serve(t, hub.Config{ConnectionsPerIP: 3}, nil)
	var open []*hubtest.Client
	for range 3 {
		open = append(open, hubtest.Connect(t, url, ""))
	}
	if _, err := hubtest.Dial(t.Context(), url, ""); err == nil {
		t.Fatal("a fourth socket was opened")
	}
	_ = open[0].Conn.CloseNow()
	for { // the server hears of the end a moment later
		conn, err := hubtest.Dial(t.Context(), url, "")
		if err == nil {
			_ = conn.CloseNow()
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the place of a closed socket was not given back")
		}
	}
	if h.Connections() > 3 {
		t.Errorf("%d connections", h.Connections())
	}
}

func TestOtherSitesCannotOpenASocket(t *testing.T) {
	_, url := serve(t, hub.Config{Origins: []string{"https://market.example"}}, nil)
	host := strings.TrimPrefix(url, "ws://")
	for origin, want := range map[string]bool{
		"http://" + host: true, "https://market.example": true, "https://evil.example": false, "null": false,
		"https://market.example.evil.example": false,
	} {
		conn, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if (err == nil) != want {
			t.Errorf("origin %s: %v, want allowed %t", origin, err, want)
		}
		if conn != nil {
			_ = conn.CloseNow()
		}
	}
}

func TestManyViewersHearEveryFrameAlthoughOneIsStuck(t *testing.T) {
	h, url := serve(t, hub.Config{QueueSize: 64 << 10}, nil)
	const viewers, frames = 150, 40
	stuck := hubtest.Connect(t, url, "")
	stuck.Subscribe("room:1") // and never reads again
	clients := make([]*hubtest.Client, viewers)
	each(viewers, func(i int) {
		clients[i] = hubtest.Connect(t, url, "")
		if m := clients[i].Subscribe("room:1"); m.Error != nil {
			t.Errorf("viewer %d: %+v", i, m.Error)
		}
	})
	if t.Failed() {
		return
	}
	// Large enough that the stuck one's kernel buffers fill: 40 frames of 200 KB.
	padding := strings.Repeat("x", 200<<10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range frames {
			if err := h.Publish("room:2", fmt.Appendf(nil, `{"n":%d,"p":%q}`, i, padding)); err != nil {
				t.Error(err)
			}
			if err := h.Publish("room:1", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
				t.Error(err)
			}
		}
	}()
	if m := stuck.Subscribe("room:2"); m.Error != nil {
		t.Fatalf("stuck: %+v", m.Error)
	}
	each(viewers, func(i int) {
		for n := range frames {
			if got, want := clients[i].Push("room:1"), fmt.Sprintf(`{"n":%d}`, n); got != want {
				t.Errorf("viewer %d heard %s, want %s", i, got, want)
				return
			}
		}
	})
	<-done
}

// TEST_REDIS_URL names a server for this test.
func TestTwoProcessesAreOneRoom(t *testing.T) {
	redis := os.Getenv("TEST_REDIS_URL")
	if redis == "" {
		t.Skip("TEST_REDIS_URL is not set")
	}
	room := fmt.Sprintf("room:%d", time.Now().UnixNano())
	first, firstURL := serve(t, hub.Config{RedisURL: redis}, nil)
	second, secondURL := serve(t, hub.Config{RedisURL: redis}, nil)
	other, otherURL := serve(t, hub.Config{RedisURL: redis, Market: "other"}, nil)
	a, b, c := hubtest.Connect(t, firstURL, ""), hubtest.Connect(t, secondURL, ""), hubtest.Connect(t, otherURL, "")
	a.Subscribe(room)
	b.Subscribe(room)
	c.Subscribe(room)
	if err := first.Publish(room, []byte(`1`)); err != nil {
		t.Fatal(err)
	}
	if got := a.Push(room) + b.Push(room); got != "11" {
		t.Errorf("heard %s, want it on both", got)
	}
	if err := other.Publish(room, []byte(`2`)); err != nil {
		t.Fatal(err)
	}
	if got := c.Push(room); got != "2" {
		t.Errorf("heard %s in another market on the same Redis", got)
	}
	for second.Count(room) != 2 || first.Count(room) != 2 {
		select {
		case <-t.Context().Done():
			t.Fatal("the counts never came together")
		case <-time.After(50 * time.Millisecond): // the shares travel every three seconds
		}
	}
}
