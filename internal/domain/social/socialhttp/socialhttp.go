// Package socialhttp is the door of what ties people to shops and to each other,
// and of short links.
package socialhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Social   *social.Service
	Accounts *account.Service
	URL      func() string // address of the market without a slash at its end
	Log      *slog.Logger
	Now      clock.Now
}

// sourceFor is how long an order remembers the link that brought its buyer.
const sourceFor = 30 * 24 * time.Hour

type handler struct {
	Parts
	shares, opens, ties *web.Limiter
}

// Mount adds the operations to api, and GET /s/{code} to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{Parts: p, shares: web.NewLimiter(10*time.Second, 30, p.Now), opens: web.NewLimiter(time.Second, 60, p.Now), ties: web.NewLimiter(2*time.Second, 60, p.Now)}
	web.Handle(api, web.SignedIn, "PUT /v1/shops/{id}/follow", "follow-shop", "Follow a shop", h.follow)
	web.Handle(api, web.SignedIn, "DELETE /v1/shops/{id}/follow", "unfollow-shop", "Stop following a shop", h.unfollow, web.Status(http.StatusOK))
	web.Handle(api, web.Anyone, "POST /v1/shares", "share", "Make a short link", h.share)
	h.people(api)
	h.groups(api)
	mux.HandleFunc("GET /s/{code}", h.open)
}

type shopInput struct {
	ID string `path:"id" maxLength:"40"`
}

func (h *handler) follow(ctx context.Context, in *shopInput) (*web.Out[social.Following], error) {
	who := web.Who(ctx)
	return web.Answer(h.Social.Follow(ctx, who.Person, in.ID, who.Source))
}

func (h *handler) unfollow(ctx context.Context, in *shopInput) (*web.Out[social.Following], error) {
	return web.Answer(h.Social.Unfollow(ctx, web.Who(ctx).Person, in.ID))
}

type shareRequest struct {
	Kind   social.Kind `json:"kind" enum:"show,product,shop,video"`
	Target string      `json:"target" minLength:"1" maxLength:"60" doc:"Id of the show, product or video, slug of the shop"`
}

type shareView struct {
	URL string `json:"url"`
}

func (h *handler) share(ctx context.Context, in *web.Out[shareRequest]) (*web.Out[shareView], error) {
	if err := h.shares.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	s, err := h.Social.Share(ctx, web.Who(ctx).Person, in.Body.Kind, in.Body.Target)
	return web.Answer(shareView{h.URL() + "/s/" + s.Code}, err)
}

// open leads a browser on and lets it remember the way it came. The address
// never leaves the market: it is made of the kind and an id of ours.
func (h *handler) open(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if err := h.opens.Allow(web.ClientIP(ctx)); err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	s, err := h.Social.Open(ctx, r.PathValue("code"), web.Who(ctx).Viewer)
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: web.SourceCookie, Value: s.Code, Path: "/", MaxAge: int(sourceFor.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil || r.URL.Scheme == "https",
	})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, s.Path(), http.StatusFound)
}
