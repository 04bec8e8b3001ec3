package socialhttp

import (
	"context"
	"net/http"

	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/platform/web"
)

// groups adds the groups of friends.
func (h *handler) groups(api *web.API) {
	web.Handle(api, web.SignedIn, "GET /v1/me/groups", "groups", "The groups in which I am, by name", h.listGroups)
	web.Handle(api, web.SignedIn, "POST /v1/me/groups", "make-group", "Make a group of friends", h.makeGroup, web.Status(http.StatusCreated))
	web.Handle(api, web.SignedIn, "PUT /v1/me/groups/{id}", "change-group", "Name a group of mine anew, with who is in it", h.changeGroup)
	web.Handle(api, web.SignedIn, "DELETE /v1/me/groups/{id}", "leave-group", "Leave a group; one's own is no more then", h.leaveGroup)
}

// Group is a group as those in it see it.
type Group struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Mine   bool         `json:"mine" doc:"The person who asks made it"`
	People []PersonLine `json:"people" nullable:"false" doc:"Without the person who asks"`
}

type groupList struct {
	Items []Group `json:"items" nullable:"false"`
}

func (h *handler) groupOf(ctx context.Context, g social.Group, who string) (Group, error) {
	out := Group{ID: g.ID, Name: g.Name, Mine: g.Owner == who, People: []PersonLine{}}
	for _, id := range g.People {
		if id == who {
			continue
		}
		p, err := h.Accounts.Known(ctx, id)
		if err != nil {
			return Group{}, err
		}
		out.People = append(out.People, PersonLine{p.ID, p.Shown()})
	}
	return out, nil
}

func (h *handler) listGroups(ctx context.Context, _ *web.None) (*web.Out[groupList], error) {
	who := web.Who(ctx).Person
	all, err := h.Social.Groups(ctx, who)
	if err != nil {
		return nil, err
	}
	out := groupList{Items: make([]Group, len(all))}
	for i, g := range all {
		if out.Items[i], err = h.groupOf(ctx, g, who); err != nil {
			return nil, err
		}
	}
	return web.Answer(out, nil)
}

type groupRequest struct {
	Name   string   `json:"name" minLength:"1" maxLength:"80"`
	People []string `json:"people" maxItems:"50" nullable:"false" doc:"Friends, by id"`
}

func (h *handler) makeGroup(ctx context.Context, in *web.Out[groupRequest]) (*web.Out[Group], error) {
	who := web.Who(ctx).Person
	g, err := h.Social.MakeGroup(ctx, who, in.Body.Name, in.Body.People)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.groupOf(ctx, g, who))
}

type changeGroupInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body groupRequest
}

func (h *handler) changeGroup(ctx context.Context, in *changeGroupInput) (*web.Out[Group], error) {
	who := web.Who(ctx).Person
	g, err := h.Social.ChangeGroup(ctx, who, in.ID, in.Body.Name, in.Body.People)
	if err != nil {
		return nil, err
	}
	return web.Answer(h.groupOf(ctx, g, who))
}

func (h *handler) leaveGroup(ctx context.Context, in *personInput) (*web.None, error) {
	return nil, h.Social.LeaveGroup(ctx, web.Who(ctx).Person, in.ID)
}
