package videohttp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// Mount adds the operations to api, and uploads and films to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{p, web.NewLimiter(5*time.Second, 20, p.Now)}
	web.Handle(api, web.Anyone, "GET /v1/videos/{id}", "video", "A short video", h.get)
	web.Handle(api, web.Anyone, "GET /v1/shops/{shop}/videos", "shop-videos", "The short videos of a shop, the newest first", h.ofShop)
	web.Handle(api, web.SignedIn, "PUT /v1/videos/{id}/like", "like-video", "Like a video", h.like)
	web.Handle(api, web.SignedIn, "DELETE /v1/videos/{id}/like", "unlike-video", "Like it no longer", h.unlike, web.Status(http.StatusOK))
	web.Handle(api, web.Anyone, "GET /v1/videos/{id}/comments", "video-comments", "What is said to a video, the newest first", h.comments)
	web.Handle(api, web.SignedIn, "POST /v1/videos/{id}/comments", "comment-video", "Say something to a video", h.say, web.Status(http.StatusCreated))
	web.Handle(api, web.SignedIn, "DELETE /v1/videos/{id}/comments/{comment}", "remove-video-comment", "Take back an own comment; the shop removes any", h.unsay)
	h.around(api)
	h.inbox(api)
	h.merchant(api)
	h.series(api)
	h.Uploads.Mount(mux)
	mux.HandleFunc("GET "+Prefix+"{id}/"+masterName, h.master)
	mux.HandleFunc("GET "+Prefix+"{id}/{folder}/{file}", h.file)
}

type idInput struct {
	ID string `path:"id" maxLength:"40"`
}

func (h *handler) get(ctx context.Context, in *idInput) (*web.Out[View], error) {
	person := web.Who(ctx).Person
	v, err := h.Videos.Seen(ctx, in.ID, person)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.viewOf(ctx, v, person))
}

type ofShopInput struct {
	Shop string `path:"shop" maxLength:"60" doc:"Id or address of the shop"`
	web.Paged
}

const perPage = 24

func (h *handler) ofShop(ctx context.Context, in *ofShopInput) (*web.Out[page.Of[View]], error) {
	shopID, err := h.shopID(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	return h.views(ctx, in.After, func(ctx context.Context, person string, after page.Cursor, n int) (page.Of[video.Video], error) {
		return h.Videos.PublishedOf(ctx, shopID, person, after, n)
	})
}

// shopID is the id of a shop that is named by its id or its address.
func (h *handler) shopID(ctx context.Context, name string) (string, error) {
	if strings.HasPrefix(name, "shp_") {
		sh, err := h.Shops.Get(ctx, name)
		return sh.ID, err
	}
	sh, err := h.Shops.BySlug(ctx, name)
	return sh.ID, err
}

func (h *handler) like(ctx context.Context, in *idInput) (*web.Out[video.Liking], error) {
	return web.Answer(h.Videos.Like(ctx, in.ID, web.Who(ctx).Person, true))
}

func (h *handler) unlike(ctx context.Context, in *idInput) (*web.Out[video.Liking], error) {
	return web.Answer(h.Videos.Like(ctx, in.ID, web.Who(ctx).Person, false))
}

// Comment is what somebody said to a video.
type Comment struct {
	ID        string    `json:"id"`
	Parent    string    `json:"parent,omitempty" doc:"The comment it answers"`
	Person    string    `json:"person,omitempty" doc:"Who said it; missing when it is the shop"`
	Name      string    `json:"name"`
	Text      string    `json:"text"`
	Host      bool      `json:"host" doc:"Someone of the shop"`
	Mine      bool      `json:"mine"`
	Replies   int64     `json:"replies"`
	CreatedAt time.Time `json:"created_at"`
}

func commentOf(c video.Comment, person string) Comment {
	out := Comment{ID: c.ID, Parent: c.Parent, Name: c.Name, Text: c.Text, Host: c.Host, Mine: c.Person == person, Replies: c.Replies, CreatedAt: c.At}
	if !c.Host {
		out.Person = c.Person
	}
	return out
}

type commentsInput struct {
	ID     string `path:"id" maxLength:"40"`
	Parent string `query:"parent" maxLength:"40" doc:"Answers to this comment instead"`
	web.Paged
}

func (h *handler) comments(ctx context.Context, in *commentsInput) (*web.Out[page.Of[Comment]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	person := web.Who(ctx).Person
	if _, err := h.Videos.Seen(ctx, in.ID, person); err != nil {
		return nil, err
	}
	rows, err := h.Videos.CommentsOf(ctx, in.ID, in.Parent, person, after, 30)
	out := page.Of[Comment]{Items: make([]Comment, len(rows.Items)), Next: rows.Next}
	for i, c := range rows.Items {
		out.Items[i] = commentOf(c, person)
	}
	return web.Answer(out, err)
}

type saying struct {
	Text   string `json:"text" minLength:"1" maxLength:"600"`
	Parent string `json:"parent,omitempty" maxLength:"40" doc:"The comment it answers"`
}

type sayInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body saying
}

func (h *handler) say(ctx context.Context, in *sayInput) (*web.Out[Comment], error) {
	p, err := h.Accounts.Get(ctx, web.Who(ctx).Person)
	if err != nil {
		return nil, err
	}
	c, err := h.Videos.Say(ctx, in.ID, in.Body.Parent, p.ID, p.Shown(), in.Body.Text)
	return web.Answer(commentOf(c, p.ID), err)
}

type commentInput struct {
	ID      string `path:"id" maxLength:"40"`
	Comment string `path:"comment" maxLength:"40"`
}

func (h *handler) unsay(ctx context.Context, in *commentInput) (*web.None, error) {
	return nil, h.Videos.Unsay(ctx, in.ID, in.Comment, web.Who(ctx).Person)
}

// Views returns how this door shows a video that person ("" for nobody) may see;
// false when there is none.
func Views(p Parts) func(ctx context.Context, id, person string) (View, bool, error) {
	h := &handler{Parts: p}
	return func(ctx context.Context, id, person string) (View, bool, error) {
		v, err := h.Videos.Seen(ctx, id, person)
		if errors.Is(err, video.ErrNotFound) {
			return View{}, false, nil
		}
		if err != nil {
			return View{}, false, err
		}
		out, err := h.viewOf(ctx, v, person)
		return out, err == nil, err
	}
}
