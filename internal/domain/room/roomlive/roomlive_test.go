package roomlive_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/room/roomlive"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/hub"
	"github.com/openstall/openstall/internal/platform/hub/hubtest"
)

var errHidden = errs.New(errs.NotFound, "roomtest.hidden", "There is no such show.", "测试。")

// serve runs a room on a hub on a real socket.
func serve(t *testing.T, left *atomic.Int64) (*room.Service, string) {
	t.Helper()
	h, err := hub.New(hub.Config{Identify: func(r *http.Request) (hub.Viewer, error) {
		v := hub.Viewer{ID: r.RemoteAddr, IP: "127.0.0.1"}
		if c, err := r.Cookie("person"); err == nil {
			v.Person = c.Value
		}
		return v, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	rooms := room.New(room.Parts{
		DB: dbtest.SQLite(t, bus.Migrations, room.Migrations), Sink: h,
		Build: func(_ context.Context, id string) (room.State, error) {
			if id != "shw_1" {
				return room.State{}, errHidden
			}
			return room.State{State: show.Live, Items: []room.Item{{Number: 1, Product: "prd_1", SKUs: []room.SKU{{ID: "sku_1", Available: left.Load()}}}}}, nil
		},
		Last:   func(context.Context, string, int) ([]chat.Comment, error) { return nil, nil },
		Pinned: func(context.Context, string) (*chat.Comment, error) { return nil, nil },
		OnAir:  func(context.Context) ([]string, error) { return []string{"shw_1"}, nil },
		Store:  func(context.Context, string, room.Figures) error { return nil },
		Log:    slog.New(slog.DiscardHandler), Now: time.Now,
	})
	roomlive.Mount(h, roomlive.Parts{
		Rooms: rooms,
		Sees: func(_ context.Context, id, _ string) error {
			if id != "shw_1" {
				return errHidden
			}
			return nil
		},
		Hosts: func(_ context.Context, _, person string) error {
			if person != "ann" {
				return errHidden
			}
			return nil
		},
	})
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rooms.Run(ctx) }()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return rooms, "ws" + strings.TrimPrefix(server.URL, "http")
}

func TestViewerIsGreetedHearsFramesAndHasTheState(t *testing.T) {
	var left atomic.Int64
	left.Store(3)
	rooms, url := serve(t, &left)
	viewer, host := hubtest.Connect(t, url, ""), hubtest.Connect(t, url, "ann")
	state := viewer.Subscribe("state:shw_1")
	if state.Subscribe == nil || len(state.Subscribe.Publications) != 1 {
		t.Fatalf("state: %+v", state)
	}
	var first room.State
	if err := json.Unmarshal(state.Subscribe.Publications[0].Data, &first); err != nil || first.Items[0].SKUs[0].Available != 3 {
		t.Fatalf("state %+v, %v", first, err)
	}
	reply := viewer.Subscribe("room:shw_1")
	var greeting room.Greeting
	if err := json.Unmarshal(reply.Subscribe.Data, &greeting); err != nil || greeting.Viewers != 1 || greeting.Comments == nil {
		t.Errorf("greeting %s, %v", reply.Subscribe.Data, err)
	}
	if m := host.Subscribe("host:shw_1"); m.Error != nil {
		t.Errorf("the host: %+v", m.Error)
	}
	if m := viewer.Subscribe("host:shw_1"); m.Error == nil {
		t.Error("a viewer hears the host's channel")
	}
	if m := viewer.Subscribe("room:shw_2"); m.Error == nil || m.Error.Message != "roomtest.hidden" {
		t.Errorf("a hidden show: %+v", m.Error)
	}
	rooms.Say(chat.Comment{ID: "com_1", Show: "shw_1", Name: "Jo", Text: "hello", Kind: chat.Viewer, At: time.Now()})
	rooms.Hold(chat.Comment{ID: "com_2", Show: "shw_1", Person: "per_1", Text: "www.x", State: chat.Held})
	for {
		var f room.Frame
		if err := json.Unmarshal([]byte(viewer.Push("room:shw_1")), &f); err != nil {
			t.Fatal(err)
		}
		if len(f.Chat) == 1 && f.Chat[0].Text == "hello" {
			break
		}
	}
	for !strings.Contains(host.Push("host:shw_1"), `"held"`) {
	}
	left.Store(2)
	rooms.StockChanged("sku_1")
	for version := first.Version; ; {
		var st room.State
		if err := json.Unmarshal([]byte(viewer.Push("state:shw_1")), &st); err != nil {
			t.Fatal(err)
		}
		if st.Version <= version {
			t.Fatalf("version %d after %d", st.Version, version)
		}
		if version = st.Version; st.Items[0].SKUs[0].Available == 2 {
			break
		}
	}
	if m := viewer.Call("like", `{"show":"shw_1","n":5}`); m.RPC == nil || string(m.RPC.Data) != `{"likes":5}` {
		t.Errorf("like: %+v", m)
	}
	for _, bad := range []string{`{"show":"shw_1","n":0}`, `7`, `{"show":"shw_1","n":"x"}`} {
		if m := viewer.Call("like", bad); m.Error == nil || m.Error.Code != 422 {
			t.Errorf("like %s: %+v", bad, m)
		}
	}
}
