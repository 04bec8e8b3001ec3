package crmhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/crm"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

type entryView struct {
	At        time.Time `json:"at"`
	Marketing bool      `json:"marketing" doc:"Given, or withdrawn"`
	Text      string    `json:"text,omitempty" doc:"The words agreed to"`
	Way       crm.Way   `json:"way" enum:"order,account,link"`
	Order     string    `json:"order,omitempty"`
}

type logInput struct {
	Shop    string `path:"shop" maxLength:"40"`
	Contact string `path:"contact" maxLength:"40"`
}

func (h handler) log(ctx context.Context, in *logInput) (*web.Out[page.Of[entryView]], error) {
	if err := h.Shops.Require(ctx, in.Shop, web.Who(ctx).Person, shop.Orders); err != nil {
		return nil, err
	}
	rows, err := h.Contacts.Log(ctx, in.Shop, in.Contact)
	out := page.Of[entryView]{Items: []entryView{}}
	for _, e := range rows {
		out.Items = append(out.Items, entryView{e.At, e.Marketing, e.Text, e.Way, e.Ref})
	}
	return web.Answer(out, err)
}

// shopView is a shop as a person knows it.
type shopView struct {
	ID   string     `json:"id"`
	Slug string     `json:"slug"`
	Name text.Local `json:"name"`
}

type agreedView struct {
	Shop shopView  `json:"shop"`
	At   time.Time `json:"at"`
	Text string    `json:"text" doc:"The words agreed to"`
}

func (h handler) shop(ctx context.Context, shopID string) (shopView, error) {
	sh, err := h.Shops.Get(ctx, shopID)
	return shopView{sh.ID, sh.Slug, sh.Name}, err
}

func (h handler) agreed(ctx context.Context, _ *web.None) (*web.Out[page.Of[agreedView]], error) {
	rows, err := h.Contacts.Agreed(ctx, web.Who(ctx).Person)
	if err != nil {
		return nil, err
	}
	out := page.Of[agreedView]{Items: []agreedView{}}
	for _, a := range rows {
		sh, err := h.shop(ctx, a.Shop)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, agreedView{sh, a.At, a.Text})
	}
	return web.Answer(out, nil)
}

type withdrawInput struct {
	Shop string `path:"shop" maxLength:"40"`
}

func (h handler) withdraw(ctx context.Context, in *withdrawInput) (*web.None, error) {
	return nil, h.Contacts.Withdraw(ctx, web.Who(ctx).Person, in.Shop)
}

type stopInput struct {
	Token string `path:"token" maxLength:"120"`
}

// stopView says nothing about the person: whoever is sent the letter on has the
// link too.
type stopView struct {
	Shop    shopView `json:"shop"`
	Stopped bool     `json:"stopped"`
}

func (h handler) readStop(ctx context.Context, in *stopInput) (*web.Out[stopView], error) {
	shopID, now, err := h.Contacts.ReadStop(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	sh, err := h.shop(ctx, shopID)
	return web.Answer(stopView{sh, !now.Marketing}, err)
}

func (h handler) stop(ctx context.Context, in *stopInput) (*web.Out[stopView], error) {
	shopID, err := h.Contacts.Stop(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	sh, err := h.shop(ctx, shopID)
	return web.Answer(stopView{sh, true}, err)
}
