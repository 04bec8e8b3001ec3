package videohttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// inbox adds what people send to each other.
func (h *handler) inbox(api *web.API) {
	web.Handle(api, web.SignedIn, "POST /v1/videos/{id}/send", "send-video", "Send a video to friends and groups", h.send)
	web.Handle(api, web.SignedIn, "GET /v1/me/inbox", "inbox", "What friends sent me, the newest first", h.received)
	web.Handle(api, web.SignedIn, "GET /v1/me/inbox/unread", "unread-inbox", "How much of it I have not seen", h.unread)
	web.Handle(api, web.SignedIn, "POST /v1/me/inbox/read", "read-inbox", "Mark what was sent to me as seen", h.readInbox, web.Status(http.StatusNoContent))
}

type sending struct {
	People []string `json:"people" maxItems:"100" nullable:"false" doc:"Friends, by id"`
	Groups []string `json:"groups" maxItems:"100" nullable:"false" doc:"Groups in which one is, by id"`
	Words  string   `json:"words,omitempty" maxLength:"600"`
}

type sendInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body sending
}

type sentView struct {
	People int `json:"people" doc:"To how many it was sent"`
}

func (h *handler) send(ctx context.Context, in *sendInput) (*web.Out[sentView], error) {
	who := web.Who(ctx).Person
	if err := h.sends.Allow(who); err != nil {
		return nil, err
	}
	n, err := h.Videos.Social.Send(ctx, who, social.Video, in.ID, in.Body.People, in.Body.Groups, in.Body.Words)
	return web.Answer(sentView{n}, err)
}

// Letter is something that a friend sent.
type Letter struct {
	ID    string    `json:"id"`
	From  Friend    `json:"from"`
	Group string    `json:"group,omitempty" doc:"Name of the group through which it came"`
	Words string    `json:"words"`
	At    time.Time `json:"at"`
	Read  bool      `json:"read"`
	URL   string    `json:"url" doc:"The sender's link: what is ordered after it remembers them"`
	Video *View     `json:"video,omitempty" doc:"Missing when it is no more"`
}

func (h *handler) received(ctx context.Context, in *web.Paged) (*web.Out[page.Of[Letter]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	who := web.Who(ctx).Person
	rows, err := h.Videos.Social.Inbox(ctx, who, after, perPage)
	if err != nil {
		return nil, err
	}
	out := page.Of[Letter]{Items: make([]Letter, len(rows.Items)), Next: rows.Next}
	for i, l := range rows.Items {
		if out.Items[i], err = h.letter(ctx, l, who); err != nil {
			return nil, err
		}
	}
	return web.Answer(out, nil)
}

func (h *handler) letter(ctx context.Context, l social.Letter, who string) (Letter, error) {
	p, err := h.Accounts.Known(ctx, l.From)
	if err != nil {
		return Letter{}, err
	}
	out := Letter{ID: l.ID, From: Friend{p.ID, p.Shown()}, Words: l.Words, At: l.At, Read: clock.Millis(l.ReadAt) != 0, URL: "/s/" + l.Share.Code}
	if l.Group != "" {
		if out.Group, err = h.Videos.Social.GroupName(ctx, l.Group); err != nil {
			return Letter{}, err
		}
	}
	v, err := h.Videos.Seen(ctx, l.Share.Target, who)
	if errors.Is(err, video.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return Letter{}, err
	}
	view, err := h.viewOf(ctx, v, who)
	out.Video = &view
	return out, err
}

type unreadView struct {
	Unread int `json:"unread"`
}

func (h *handler) unread(ctx context.Context, _ *web.None) (*web.Out[unreadView], error) {
	n, err := h.Videos.Social.Unread(ctx, web.Who(ctx).Person)
	return web.Answer(unreadView{n}, err)
}

func (h *handler) readInbox(ctx context.Context, _ *web.None) (*web.None, error) {
	return nil, h.Videos.Social.ReadInbox(ctx, web.Who(ctx).Person)
}
