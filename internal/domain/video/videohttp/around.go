package videohttp

import (
	"context"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// around adds the lists that people and places make of videos.
func (h *handler) around(api *web.API) {
	web.Handle(api, web.SignedIn, "PUT /v1/videos/{id}/favourite", "keep-video", "Keep a video among the favourites", h.keep)
	web.Handle(api, web.SignedIn, "DELETE /v1/videos/{id}/favourite", "drop-video", "Keep it no longer", h.drop, web.Status(http.StatusOK))
	web.Handle(api, web.SignedIn, "GET /v1/me/favourites", "favourites", "The videos that I keep, the newest first", h.favourites)
	web.Handle(api, web.SignedIn, "GET /v1/following/videos", "following-videos", "The videos of the shops that I follow: by day, on a day by turns", h.following)
	web.Handle(api, web.SignedIn, "GET /v1/friends/videos", "friends-videos", "What friends liked or shared and let their friends see, the newest first", h.friends)
	web.Handle(api, web.Anyone, "GET /v1/nearby/videos", "nearby-videos", "The videos of a place that one chose, the newest first", h.nearby)
	web.Handle(api, web.Anyone, "GET /v1/places", "places", "Where public videos were made, the most used first", h.places)
	web.Handle(api, web.Anyone, "GET /v1/topics/{topic}/videos", "topic-videos", "The videos of a topic, the newest first", h.topic)
}

type favourite struct {
	Favourite bool `json:"favourite"`
}

func (h *handler) keep(ctx context.Context, in *idInput) (*web.Out[favourite], error) {
	return web.Answer(favourite{true}, h.Videos.Favourite(ctx, in.ID, web.Who(ctx).Person, true))
}

func (h *handler) drop(ctx context.Context, in *idInput) (*web.Out[favourite], error) {
	return web.Answer(favourite{false}, h.Videos.Favourite(ctx, in.ID, web.Who(ctx).Person, false))
}

func (h *handler) favourites(ctx context.Context, in *web.Paged) (*web.Out[page.Of[View]], error) {
	return h.views(ctx, in.After, h.Videos.Favourites)
}

func (h *handler) following(ctx context.Context, in *web.Paged) (*web.Out[page.Of[View]], error) {
	return h.views(ctx, in.After, h.Videos.Following)
}

type nearbyInput struct {
	Place string `query:"place" maxLength:"80" doc:"Words of the place's name. It is not kept"`
	web.Paged
}

func (h *handler) nearby(ctx context.Context, in *nearbyInput) (*web.Out[page.Of[View]], error) {
	return h.views(ctx, in.After, func(ctx context.Context, person string, after page.Cursor, n int) (page.Of[video.Video], error) {
		return h.Videos.Nearby(ctx, person, in.Place, after, n)
	})
}

type topicInput struct {
	Topic string `path:"topic" maxLength:"120"`
	web.Paged
}

func (h *handler) topic(ctx context.Context, in *topicInput) (*web.Out[page.Of[View]], error) {
	return h.views(ctx, in.After, func(ctx context.Context, person string, after page.Cursor, n int) (page.Of[video.Video], error) {
		return h.Videos.OnTopic(ctx, person, in.Topic, after, n)
	})
}

type places struct {
	Items []string `json:"items" nullable:"false"`
}

func (h *handler) places(ctx context.Context, _ *web.None) (*web.Out[places], error) {
	all, err := h.Videos.Places(ctx)
	if all == nil {
		all = []string{}
	}
	return web.Answer(places{all}, err)
}

// views answers a page of videos for who asks.
func (h *handler) views(ctx context.Context, from string, rows func(ctx context.Context, person string, after page.Cursor, n int) (page.Of[video.Video], error)) (*web.Out[page.Of[View]], error) {
	after, err := page.Parse(from)
	if err != nil {
		return nil, err
	}
	person := web.Who(ctx).Person
	found, err := rows(ctx, person, after, perPage)
	if err != nil {
		return nil, err
	}
	out := page.Of[View]{Items: []View{}, Next: found.Next}
	for _, v := range found.Items {
		view, err := h.viewOf(ctx, v, person)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, view)
	}
	return web.Answer(out, nil)
}

// Friend is a person by name.
type Friend struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// FromFriends is a video with the friends who led to it.
type FromFriends struct {
	Video  View      `json:"video"`
	People []Friend  `json:"people" nullable:"false" doc:"The latest first, five at most"`
	What   string    `json:"what" enum:"liked,shared"`
	At     time.Time `json:"at"`
}

func (h *handler) friends(ctx context.Context, in *web.Paged) (*web.Out[page.Of[FromFriends]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	person := web.Who(ctx).Person
	rows, err := h.Videos.FromFriends(ctx, person, after, perPage)
	if err != nil {
		return nil, err
	}
	out := page.Of[FromFriends]{Items: []FromFriends{}, Next: rows.Next}
	names := map[string]account.Person{}
	for _, s := range rows.Items {
		v, err := h.viewOf(ctx, s.Video, person)
		if err != nil {
			return nil, err
		}
		item := FromFriends{Video: v, What: s.What, At: s.At}
		for _, id := range s.People {
			p, ok := names[id]
			if !ok {
				if p, err = h.Accounts.Get(ctx, id); err != nil {
					return nil, err
				}
				names[id] = p
			}
			item.People = append(item.People, Friend{p.ID, p.Shown()})
		}
		out.Items = append(out.Items, item)
	}
	return web.Answer(out, nil)
}
