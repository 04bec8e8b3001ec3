package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/chat/chathttp"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/room/roomlive"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/hub"
	"github.com/openstall/openstall/internal/platform/web"
)

// buildRoom makes the socket, the rooms behind it and their chat.
func (a *App) buildRoom(ctx context.Context) error {
	marks, err := a.secret(ctx, "room")
	if err != nil {
		return err
	}
	market, err := a.DB.Setting(ctx, "market", func() (string, error) { return id.Secret(8), nil })
	if err != nil {
		return err
	}
	a.hub, err = hub.New(hub.Config{Log: a.log, Metrics: a.reg, Now: a.now, RedisURL: a.cfg.Redis, Market: market, Identify: func(r *http.Request) (hub.Viewer, error) {
		i := a.browser(r)
		return hub.Viewer{Person: i.Person, ID: i.Viewer, IP: web.ClientIP(r.Context())}, nil
	}})
	if err != nil {
		return err
	}
	a.Rooms = room.New(room.Parts{DB: a.DB, Sink: a.hub, Build: a.roomState, Log: a.log, Now: a.now,
		Last: func(ctx context.Context, show string, n int) ([]chat.Comment, error) {
			return a.Chat.Last(ctx, show, n)
		},
		Pinned: func(ctx context.Context, show string) (*chat.Comment, error) { return a.Chat.Pinned(ctx, show) },
		OnAir:  func(context.Context) ([]string, error) { return a.air.shows(), nil },
		Store: func(ctx context.Context, show string, f room.Figures) error {
			return a.Shows.Count(ctx, show, f.ViewersTotal, f.Likes, f.Viewers)
		}})
	a.Chat = chat.New(chat.Parts{DB: a.DB, Shops: a.Shops, Shows: a.Shows, Room: a.Rooms, Bought: a.Orders.HasBought, Claims: a.Claims, Secret: []byte(marks), Now: a.now})
	roomlive.Mount(a.hub, roomlive.Parts{Rooms: a.Rooms,
		Sees: func(ctx context.Context, show, person string) error { return a.enters(ctx, show, person) },
		Hosts: func(ctx context.Context, showID, person string) error {
			s, err := a.Shows.Get(ctx, showID)
			if err != nil {
				return err
			}
			return a.Shops.Require(ctx, s.Shop, person, shop.See)
		}})
	return a.hub.Start()
}

// enters lets people wait in the room of an announced show, and everybody into
// one that is on air or over; a draft or a practice is for the shop.
func (a *App) enters(ctx context.Context, showID, person string) error {
	s, err := a.Shows.Get(ctx, showID)
	if err != nil {
		return err
	}
	if s.State == show.Scheduled || s.State == show.Cancelled {
		return nil
	}
	return a.Shows.Sees(ctx, a.Shops, showID, person)
}

// roomState reads everything of a room that viewers must have right.
func (a *App) roomState(ctx context.Context, showID string) (room.State, error) {
	s, err := a.Shows.Get(ctx, showID)
	if err != nil {
		return room.State{}, err
	}
	items, err := a.Shows.Bag(ctx, showID)
	if err != nil {
		return room.State{}, err
	}
	st := room.State{State: s.State, Since: clock.Ptr(s.Since), Pinned: s.Pinned, SlowMode: int64(s.SlowMode.Seconds()), CommentsOff: s.CommentsOff,
		DelayHint: 4 * float64(s.PartMS) / 1000}
	if s.Explaining > 0 {
		st.Explaining = &room.Explain{Number: s.Explaining, Since: s.StartedAt}
		chapters, err := a.Shows.Chapters(ctx, showID)
		if err != nil {
			return room.State{}, err
		}
		if n := len(chapters); n > 0 {
			st.Explaining.Since = chapters[n-1].From
		}
	}
	bucket := ""
	if s.State.OnAir() {
		bucket = s.ID
		if st.Coupons, err = a.roomCoupons(ctx, showID); err != nil {
			return room.State{}, err
		}
	}
	for _, it := range items {
		c, err := a.Shelf.Fresh(ctx, it.Product, bucket)
		if err != nil {
			return room.State{}, err
		}
		item := room.Item{Number: it.Number, Product: it.Product, SKUs: []room.SKU{}}
		for _, k := range c.SKUs {
			item.SKUs = append(item.SKUs, room.SKU{ID: k.ID, Price: k.Price.Amount, Available: k.Available, Total: k.Total})
		}
		st.Items = append(st.Items, item)
	}
	if s.State.OnAir() {
		st.Show = showID
		err = errors.Join(a.addFlashes(ctx, &st, s), a.roomClaims(ctx, &st))
	}
	return st, err
}

// mountRoom adds the door of comments.
func (a *App) mountRoom(api *web.API) {
	chathttp.Mount(api, chathttp.Parts{Chat: a.Chat, Shops: a.Shops, Shows: a.Shows, Block: func(ctx context.Context, person, other string) error {
		_, err := a.Social.Block(ctx, person, other, true)
		return err
	}})
}

// tellPerson sends a notice to the open apps of a person.
func (a *App) tellPerson(n notice.Notice) {
	body, err := json.Marshal(map[string]any{"type": "notice", "data": map[string]any{
		"id": n.ID, "at": n.At, "kind": n.Kind, "title": n.Title, "body": n.Body, "url": n.URL}})
	if err != nil {
		a.log.Error("notice was not sent", "error", err)
		return
	}
	if err := a.hub.PublishTo(n.Person, body); err != nil {
		a.log.Warn("notice was not sent", "error", err)
	}
}
