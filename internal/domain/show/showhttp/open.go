package showhttp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Mount adds the operations, and the calendar file to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{p}
	web.Handle(api, web.Anyone, "GET /v1/market", "market", "What is on: live now, next, to watch again", h.market)
	web.Handle(api, web.Anyone, "GET /v1/shops/{slug}", "shop", "A shop's page", h.shop)
	web.Handle(api, web.Anyone, "GET /v1/shows/{id}", "show", "A show with its room", h.show)
	web.Handle(api, web.SignedIn, "PUT /v1/shows/{id}/reservation", "reserve-show", "Remind me of a show", h.reserve)
	web.Handle(api, web.SignedIn, "DELETE /v1/shows/{id}/reservation", "forget-show", "Do not remind me", h.forget)
	mux.HandleFunc("GET /v1/shows/{id}/calendar.ics", h.calendar)
	h.merchant(api)
}

type marketView struct {
	Live     []Card           `json:"live" nullable:"false"`
	Upcoming []Card           `json:"upcoming" nullable:"false"`
	Replays  []Card           `json:"replays" nullable:"false"`
	Shops    []shelf.ShopCard `json:"shops" nullable:"false"`
	Products []shelf.Card     `json:"products" nullable:"false"`
}

// lists gathers the shows of the market, or of one shop.
func (h *handler) lists(ctx context.Context, shopID string) (live, upcoming, replays []Card, err error) {
	lists, err := h.Shows.Listed(ctx, shopID)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, l := range []struct {
		shows []show.Show
		into  *[]Card
	}{{lists.OnAir, &live}, {lists.Upcoming, &upcoming}, {lists.Replays, &replays}} {
		if *l.into, err = h.cards(ctx, l.shows); err != nil {
			return nil, nil, nil, err
		}
	}
	return live, upcoming, replays, nil
}

func (h *handler) market(ctx context.Context, _ *web.None) (*web.Out[marketView], error) {
	v := marketView{Shops: []shelf.ShopCard{}}
	var err error
	if v.Live, v.Upcoming, v.Replays, err = h.lists(ctx, ""); err != nil {
		return nil, err
	}
	shops, err := h.Shops.List(ctx, page.First, 60)
	if err != nil {
		return nil, err
	}
	for _, sh := range shops.Items {
		c, err := h.Shelf.ShopCard(ctx, sh.ID)
		if err != nil {
			return nil, err
		}
		v.Shops = append(v.Shops, c)
	}
	v.Products, err = h.Shelf.Newest(ctx, "", 24)
	return web.Answer(v, err)
}

type shopView struct {
	shelf.ShopCard
	About     text.Local   `json:"about"`
	Licence   shop.Licence `json:"licence"`
	TimeZone  string       `json:"time_zone"`
	Currency  string       `json:"currency"`
	Following bool         `json:"following"`
	Followers int64        `json:"followers"`
	Pickup    *struct {
		Address string `json:"address"`
	} `json:"pickup,omitempty"`
	Cover *shelf.Image `json:"cover,omitempty"`
}

type shopPage struct {
	Shop     shopView     `json:"shop"`
	Products []shelf.Card `json:"products" nullable:"false"`
	Live     *Card        `json:"live,omitempty"`
	Upcoming []Card       `json:"upcoming" nullable:"false"`
	Replays  []Card       `json:"replays" nullable:"false"`
}

type slugInput struct {
	Slug string `path:"slug" maxLength:"60"`
}

func (h *handler) shop(ctx context.Context, in *slugInput) (*web.Out[shopPage], error) {
	sc, sh, err := h.Shelf.ShopBySlug(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	f, err := h.Social.Of(ctx, web.Who(ctx).Person, sh.ID)
	if err != nil {
		return nil, err
	}
	p := shopPage{Shop: shopView{ShopCard: sc, About: sh.About, Licence: sh.Licence, TimeZone: sh.TimeZone, Currency: sh.Currency, Following: f.Following, Followers: f.Followers}}
	if sh.Pickup.Enabled {
		p.Shop.Pickup = &struct {
			Address string `json:"address"`
		}{sh.Pickup.Address}
	}
	if p.Shop.Cover, err = h.Shelf.Picture(ctx, sh.Cover); err != nil {
		return nil, err
	}
	if p.Products, err = h.Shelf.Newest(ctx, sh.ID, 60); err != nil {
		return nil, err
	}
	live, upcoming, replays, err := h.lists(ctx, sh.ID)
	if err != nil {
		return nil, err
	}
	if len(live) > 0 {
		p.Live = &live[0]
	}
	p.Upcoming, p.Replays = upcoming, replays
	return web.Answer(p, nil)
}

type idInput struct {
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) show(ctx context.Context, in *idInput) (*web.Out[View], error) {
	who := web.Who(ctx)
	s, err := h.Shows.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if s.State == show.Draft || s.State == show.Practice {
		if who.Person == "" || h.Shops.Require(ctx, s.Shop, who.Person, shop.See) != nil {
			if s.State == show.Draft || s.StartsAt.IsZero() {
				return nil, show.ErrNotFound
			}
			s.State = show.Scheduled // outsiders wait; that it is being practised is not their business
			s.Pinned, s.Explaining = 0, 0
		}
	}
	return web.Answer(h.viewOf(ctx, s, who.Person))
}

type reserved struct {
	Reserved bool `json:"reserved"`
}

func (h *handler) reserve(ctx context.Context, in *idInput) (*web.Out[reserved], error) {
	err := h.Shows.Reserve(ctx, in.ID, web.Who(ctx).Person)
	return web.Answer(reserved{true}, err)
}

func (h *handler) forget(ctx context.Context, in *idInput) (*web.Out[reserved], error) {
	err := h.Shows.Forget(ctx, in.ID, web.Who(ctx).Person)
	return web.Answer(reserved{false}, err)
}

// calendar is the show as an iCalendar event (RFC 5545).
func (h *handler) calendar(w http.ResponseWriter, r *http.Request) {
	s, err := h.Shows.Get(r.Context(), r.PathValue("id"))
	if err == nil && (s.StartsAt.IsZero() || s.State == show.Draft || s.State == show.Cancelled) {
		err = show.ErrNotFound
	}
	if err != nil {
		web.WriteProblem(w, r, nil, err)
		return
	}
	sc, err := h.Shelf.ShopCard(r.Context(), s.Shop)
	if err != nil {
		web.WriteProblem(w, r, nil, err)
		return
	}
	lang := web.Language(r.Header.Get("Accept-Language"))
	const stamp = "20060102T150405Z"
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Openstall//Openstall//EN", "METHOD:PUBLISH", "BEGIN:VEVENT",
		"UID:" + s.ID + "@openstall", "DTSTAMP:" + h.Now().UTC().Format(stamp),
		"DTSTART:" + s.StartsAt.Format(stamp), "DTEND:" + s.StartsAt.Add(time.Hour).Format(stamp),
		"SUMMARY:" + icsText(s.Title.Pick(lang)+" · "+sc.Name.Pick(lang)), "URL:" + h.URL() + "/shows/" + s.ID,
		"BEGIN:VALARM", "TRIGGER:-PT10M", "ACTION:DISPLAY", "DESCRIPTION:" + icsText(s.Title.Pick(lang)), "END:VALARM",
		"END:VEVENT", "END:VCALENDAR",
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="show.ics"`)
	for _, l := range lines {
		fmt.Fprint(w, folded(l))
	}
}

// icsText escapes a text value (RFC 5545, 3.3.11).
func icsText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// folded breaks a content line at 75 octets, between characters (RFC 5545, 3.1).
func folded(line string) string {
	var b strings.Builder
	n := 0
	for _, r := range line {
		size := len(string(r))
		if n+size > 75 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteRune(r)
		n += size
	}
	b.WriteString("\r\n")
	return b.String()
}
