// Package noticehttp is the door of notices: the list in the app, preferences,
// push subscriptions and stop links.
package noticehttp

import (
	"context"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/push"
	"github.com/openstall/openstall/internal/platform/web"
)

type handler struct{ notices *notice.Service }

// Mount registers the operations.
func Mount(a *web.API, s *notice.Service) {
	h := handler{s}
	web.Handle(a, web.SignedIn, "GET /v1/me/notices", "list-notices", "List my notices", h.list)
	web.Handle(a, web.SignedIn, "POST /v1/me/notices/read", "read-notices", "Mark my notices as read", h.read)
	web.Handle(a, web.SignedIn, "GET /v1/me/preferences", "get-preferences", "See how I am told of things", h.preferences)
	web.Handle(a, web.SignedIn, "PUT /v1/me/preferences", "set-preferences", "Choose how I am told of things", h.setPreferences)
	web.Handle(a, web.SignedIn, "PUT /v1/me/push", "subscribe-push", "Push to this browser", h.subscribe)
	web.Handle(a, web.SignedIn, "DELETE /v1/me/push", "unsubscribe-push", "Stop pushing to this browser", h.unsubscribe)
	web.Handle(a, web.Anyone, "GET /v1/unsubscribe/{token}", "read-stop-link", "See what a stop link ends", h.readStop)
	// Mail programs post here by themselves (RFC 8058), without cookies.
	web.Handle(a, web.Anyone, "POST /v1/unsubscribe/{token}", "stop", "Stop with one tap", h.stop, web.Status(http.StatusOK))
}

type noticeView struct {
	ID    string      `json:"id"`
	At    time.Time   `json:"at"`
	Kind  notice.Kind `json:"kind"`
	Title text.Local  `json:"title"`
	Body  text.Local  `json:"body"`
	URL   string      `json:"url"`
	Read  bool        `json:"read"`
}

func (h handler) list(ctx context.Context, in *web.Paged) (*web.Out[page.Of[noticeView]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.notices.List(ctx, web.Who(ctx).Person, after, 50)
	out := page.Of[noticeView]{Items: []noticeView{}, Next: rows.Next}
	for _, n := range rows.Items {
		out.Items = append(out.Items, noticeView{n.ID, n.At, n.Kind, n.Title, n.Body, n.URL, clock.Millis(n.ReadAt) != 0})
	}
	return web.Answer(out, err)
}

func (h handler) read(ctx context.Context, _ *web.None) (*web.None, error) {
	return nil, h.notices.MarkRead(ctx, web.Who(ctx).Person)
}

type preferences struct {
	Notices struct {
		ShowStarts notice.Channels  `json:"show_starts"`
		Orders     notice.Channels  `json:"orders"`
		People     *notice.Channels `json:"people,omitempty" doc:"Stays as it is when missing"`
	} `json:"notices"`
}

func (h handler) preferences(ctx context.Context, _ *web.None) (*web.Out[preferences], error) {
	all, err := h.notices.Preferences(ctx, web.Who(ctx).Person)
	var out preferences
	out.Notices.ShowStarts, out.Notices.Orders = all[notice.ShowStarts], all[notice.Orders]
	people := all[notice.People]
	out.Notices.People = &people
	return web.Answer(out, err)
}

func (h handler) setPreferences(ctx context.Context, in *web.Out[preferences]) (*web.Out[preferences], error) {
	want := map[notice.Kind]notice.Channels{notice.ShowStarts: in.Body.Notices.ShowStarts, notice.Orders: in.Body.Notices.Orders}
	if p := in.Body.Notices.People; p != nil {
		want[notice.People] = *p
	}
	if err := h.notices.SetPreferences(ctx, web.Who(ctx).Person, want); err != nil {
		return nil, err
	}
	return h.preferences(ctx, nil)
}

type subscription struct {
	Endpoint string `json:"endpoint" maxLength:"1000" format:"uri"`
	Keys     struct {
		P256dh string `json:"p256dh" maxLength:"120"`
		Auth   string `json:"auth" maxLength:"40"`
	} `json:"keys"`
	Expiration *int64 `json:"expirationTime,omitempty"`
}

func (h handler) subscribe(ctx context.Context, in *web.Out[subscription]) (*web.None, error) {
	return nil, h.notices.Subscribe(ctx, web.Who(ctx).Person, push.Subscription{
		Endpoint: in.Body.Endpoint, P256dh: in.Body.Keys.P256dh, Auth: in.Body.Keys.Auth,
	})
}

type unsubscribeInput struct {
	Endpoint string `query:"endpoint" required:"true" maxLength:"1000"`
}

func (h handler) unsubscribe(ctx context.Context, in *unsubscribeInput) (*web.None, error) {
	return nil, h.notices.Unsubscribe(ctx, web.Who(ctx).Person, in.Endpoint)
}

type stopInput struct {
	Token string `path:"token" maxLength:"300"`
}

type stopView struct {
	Kind    notice.Kind    `json:"kind"`
	Channel notice.Channel `json:"channel"`
}

func (h handler) readStop(_ context.Context, in *stopInput) (*web.Out[stopView], error) {
	s, err := h.notices.ReadStop(in.Token)
	return web.Answer(stopView{s.Kind, s.Channel}, err)
}

func (h handler) stop(ctx context.Context, in *stopInput) (*web.Out[stopView], error) {
	s, err := h.notices.Stop(ctx, in.Token)
	return web.Answer(stopView{s.Kind, s.Channel}, err)
}
