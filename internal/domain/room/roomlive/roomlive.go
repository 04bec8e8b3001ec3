// Package roomlive is the door of rooms to the socket: who may listen to what,
// what a newcomer is told, and likes.
package roomlive

import (
	"context"
	"encoding/json"

	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/hub"
)

// Parts are what the door works with.
type Parts struct {
	Rooms *room.Service
	// Sees says whether a person ("" for nobody) may see a show. It is asked for
	// shows that are not on air here; those are seen by all.
	Sees func(ctx context.Context, show, person string) error
	// Hosts says whether a person works in the shop of a show.
	Hosts func(ctx context.Context, show, person string) error
}

// Mount gives h the rules and calls of rooms.
func Mount(h *hub.Hub, p Parts) {
	sees := func(ctx context.Context, who hub.Viewer, show string) error {
		if p.Rooms.OnAirHere(show) {
			return nil // ten thousand come at once: from memory
		}
		return p.Sees(ctx, show, who.Person)
	}
	h.Rule(room.FrameKind, hub.Rule{May: sees, Greet: func(ctx context.Context, who hub.Viewer, show string) ([]byte, error) {
		g, err := p.Rooms.Enter(ctx, show, who.ID)
		if err != nil {
			return nil, err
		}
		return json.Marshal(g)
	}})
	h.Rule(room.StateKind, hub.Rule{May: sees, State: p.Rooms.StateJSON})
	hosts := func(ctx context.Context, who hub.Viewer, show string) error { return p.Hosts(ctx, show, who.Person) }
	h.Rule(room.HostKind, hub.Rule{News: true, May: hosts})
	h.Rule(room.DeskKind, hub.Rule{May: hosts, Greet: func(ctx context.Context, _ hub.Viewer, show string) ([]byte, error) {
		g, err := p.Rooms.EnterDesk(ctx, show)
		if err != nil {
			return nil, err
		}
		return json.Marshal(g)
	}})
	h.Handle("like", func(_ context.Context, who hub.Viewer, data []byte) ([]byte, error) {
		var in struct {
			Show string `json:"show"`
			N    int64  `json:"n"`
		}
		if err := json.Unmarshal(data, &in); err != nil || in.N < 1 {
			return nil, errs.ErrInvalid
		}
		return json.Marshal(struct {
			Likes int64 `json:"likes"`
		}{p.Rooms.Like(in.Show, who.ID, in.N)})
	})
}
