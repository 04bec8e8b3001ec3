package leadhttp

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// IDPath names what is asked for.
type IDPath struct {
	ID string `path:"id" maxLength:"60"`
}

type formView struct {
	Pack    string      `json:"pack" doc:"Code of the line of business"`
	Version string      `json:"consent_version" doc:"To be sent back with the consent"`
	Consent text.Local  `json:"consent" doc:"To be shown and agreed to"`
	Slots   []shop.Slot `json:"slots" nullable:"false" doc:"Times at which the shop shows it"`
	Open    string      `json:"open,omitempty" doc:"Who asks has asked about it already"`
}

func (h *handler) form(ctx context.Context, in *IDPath) (*web.Out[formView], error) {
	f, err := h.Leads.Form(ctx, web.Who(ctx).Person, in.ID)
	if f.Slots == nil {
		f.Slots = []shop.Slot{}
	}
	return web.Answer(formView(f), err)
}

type leaveLeadInput struct {
	IDPath
	web.Key
	Body struct {
		Name     string `json:"name,omitempty" maxLength:"80" doc:"As the account says when absent"`
		Phone    string `json:"phone,omitempty" maxLength:"20" doc:"For an account without one"`
		Wish     string `json:"wish" enum:"call,write,viewing"`
		Slot     string `json:"slot,omitempty" maxLength:"20" doc:"For a viewing or test drive"`
		Words    string `json:"words,omitempty" maxLength:"2000"`
		Version  string `json:"consent_version" maxLength:"40" doc:"Of the words that were agreed to"`
		Language string `json:"consent_language" maxLength:"8" doc:"In which they were shown"`
		Page     string `json:"page" enum:"room,product,video"`
		Show     string `json:"show,omitempty" maxLength:"60"`
		Second   int64  `json:"show_second,omitempty" minimum:"0" maximum:"1000000" doc:"Of the replay; during a show the server knows better"`
	}
}

// myLead is a lead as who left it sees it: what the shop thinks of it is not
// theirs to read.
type myLead struct {
	ID          string         `json:"id"`
	Product     *shelf.Card    `json:"product,omitempty"`
	Shop        shelf.ShopCard `json:"shop"`
	Name        string         `json:"name"`
	Email       string         `json:"email,omitempty"`
	Phone       string         `json:"phone,omitempty"`
	Wish        lead.Wish      `json:"wish" enum:"call,write,viewing"`
	Slot        *shop.Slot     `json:"slot,omitempty"`
	Words       string         `json:"words,omitempty"`
	State       string         `json:"state" enum:"sent,in_touch,closed"`
	Consent     *consentView   `json:"consent,omitempty"`
	CreatedAt   time.Time      `json:"created_at"`
	ErasedAfter *time.Time     `json:"erased_after,omitempty" doc:"Absent when it is kept, as a sale is"`
}

func stateOf(s lead.State) string {
	switch s {
	case lead.Fresh, lead.Assigned:
		return "sent"
	case lead.Contacted, lead.Viewing:
		return "in_touch"
	}
	return "closed"
}

func isGone(err error) bool { return errors.Is(err, catalog.ErrNotFound) }

func (h *handler) myLeadOf(ctx context.Context, l lead.Lead) (myLead, error) {
	v := myLead{ID: l.ID, Name: l.Name, Email: l.Email, Phone: l.Phone, Wish: l.Wish, Slot: l.Slot, Words: l.Words, State: stateOf(l.State),
		Consent: consentOf(l.Consent), CreatedAt: l.CreatedAt, ErasedAfter: clock.Ptr(l.EraseAt)}
	var err error
	if v.Product, err = h.cardOf(ctx, l.Product); err != nil {
		return myLead{}, err
	}
	v.Shop, err = h.Shelf.ShopCard(ctx, l.Shop)
	return v, err
}

func (h *handler) leave(ctx context.Context, in *leaveLeadInput) (*web.Out[myLead], error) {
	who := web.Who(ctx)
	if err := h.leaves.Allow(who.Person); err != nil {
		return nil, err
	}
	p, err := h.Accounts.Known(ctx, who.Person)
	if err != nil {
		return nil, err
	}
	b := in.Body
	l, err := h.Leads.Leave(ctx, lead.Draft{Key: in.Key.Key, Person: p, Product: in.ID, Name: b.Name, Phone: b.Phone, Wish: lead.Wish(b.Wish), Slot: b.Slot, Words: b.Words,
		Version: b.Version, Language: b.Language, Source: lead.Source{Show: b.Show, Second: b.Second, Share: who.Source, Page: b.Page}})
	if err != nil {
		return nil, err
	}
	return web.Answer(h.myLeadOf(ctx, l))
}

type mineInput struct {
	web.Paged
}

func (h *handler) mine(ctx context.Context, in *mineInput) (*web.Out[page.Of[myLead]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Leads.Mine(ctx, web.Who(ctx).Person, after, 20)
	if err != nil {
		return nil, err
	}
	out := page.Of[myLead]{Items: []myLead{}, Next: rows.Next}
	for _, l := range rows.Items {
		v, err := h.myLeadOf(ctx, l)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return web.Answer(out, nil)
}

func (h *handler) withdraw(ctx context.Context, in *IDPath) (*web.None, error) {
	return nil, h.Leads.Withdraw(ctx, web.Who(ctx).Person, in.ID)
}
