package socialhttp

import (
	"context"
	"net/http"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/platform/web"
)

// people adds what is between people.
func (h *handler) people(api *web.API) {
	web.Handle(api, web.Anyone, "GET /v1/people/{id}", "person", "A person by name, and how one stands to them", h.person)
	web.Handle(api, web.SignedIn, "PUT /v1/people/{id}/follow", "follow-person", "Follow a person; two who follow each other are friends", h.followPerson)
	web.Handle(api, web.SignedIn, "DELETE /v1/people/{id}/follow", "unfollow-person", "Stop following a person", h.unfollowPerson, web.Status(http.StatusOK))
	web.Handle(api, web.SignedIn, "PUT /v1/people/{id}/block", "block-person", "See and hear no more of a person", h.block)
	web.Handle(api, web.SignedIn, "DELETE /v1/people/{id}/block", "unblock-person", "Take the block back", h.unblock, web.Status(http.StatusOK))
	web.Handle(api, web.SignedIn, "GET /v1/me/following", "followed-shops", "The ids of the shops that I follow, the newest first", h.followedShops)
	web.Handle(api, web.SignedIn, "GET /v1/me/friends", "friends", "My friends, by name", h.friends)
	web.Handle(api, web.SignedIn, "GET /v1/me/blocked", "blocked-people", "Whom I have blocked, the newest first", h.blocked)
	web.Handle(api, web.SignedIn, "GET /v1/me/privacy", "get-privacy", "What others see of me", h.privacy)
	web.Handle(api, web.SignedIn, "PUT /v1/me/privacy", "set-privacy", "Choose what others see of me", h.setPrivacy)
}

// Person is a person as others see them.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Mine bool   `json:"mine" doc:"The person who asks"`
	social.Stance
}

type personInput struct {
	ID string `path:"id" maxLength:"40"`
}

func (h *handler) person(ctx context.Context, in *personInput) (*web.Out[Person], error) {
	p, err := h.Accounts.Known(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	who := web.Who(ctx).Person
	st, err := h.Social.Stance(ctx, who, p.ID)
	return web.Answer(Person{p.ID, p.Shown(), p.ID == who, st}, err)
}

func (h *handler) followPerson(ctx context.Context, in *personInput) (*web.Out[social.Stance], error) {
	return h.follows(ctx, in.ID, true)
}

func (h *handler) unfollowPerson(ctx context.Context, in *personInput) (*web.Out[social.Stance], error) {
	return h.follows(ctx, in.ID, false)
}

func (h *handler) follows(ctx context.Context, other string, on bool) (*web.Out[social.Stance], error) {
	who := web.Who(ctx).Person
	if err := h.ties.Allow(who); err != nil {
		return nil, err
	}
	return web.Answer(h.Social.FollowPerson(ctx, who, other, on))
}

func (h *handler) block(ctx context.Context, in *personInput) (*web.Out[social.Stance], error) {
	return web.Answer(h.Social.Block(ctx, web.Who(ctx).Person, in.ID, true))
}

func (h *handler) unblock(ctx context.Context, in *personInput) (*web.Out[social.Stance], error) {
	return web.Answer(h.Social.Block(ctx, web.Who(ctx).Person, in.ID, false))
}

// PersonLine is a person in a list.
type PersonLine struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// People is a list of people.
type People struct {
	Items []PersonLine `json:"items" nullable:"false"`
}

func linesOf(all []account.Person) []PersonLine {
	out := make([]PersonLine, len(all))
	for i, p := range all {
		out[i] = PersonLine{p.ID, p.Shown()}
	}
	return out
}

// ShopIDs names shops.
type ShopIDs struct {
	Shops []string `json:"shops" nullable:"false"`
}

func (h *handler) followedShops(ctx context.Context, _ *web.None) (*web.Out[ShopIDs], error) {
	ids, err := h.Social.Shops(ctx, web.Who(ctx).Person)
	if ids == nil {
		ids = []string{}
	}
	return web.Answer(ShopIDs{ids}, err)
}

func (h *handler) friends(ctx context.Context, _ *web.None) (*web.Out[People], error) {
	all, err := h.Social.Friends(ctx, web.Who(ctx).Person)
	return web.Answer(People{linesOf(all)}, err)
}

func (h *handler) blocked(ctx context.Context, _ *web.None) (*web.Out[People], error) {
	all, err := h.Social.BlockedBy(ctx, web.Who(ctx).Person)
	return web.Answer(People{linesOf(all)}, err)
}

func (h *handler) privacy(ctx context.Context, _ *web.None) (*web.Out[social.Privacy], error) {
	return web.Answer(h.Social.Privacy(ctx, web.Who(ctx).Person))
}

func (h *handler) setPrivacy(ctx context.Context, in *web.Out[social.Privacy]) (*web.Out[social.Privacy], error) {
	return web.Answer(h.Social.SetPrivacy(ctx, web.Who(ctx).Person, in.Body))
}
