package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/search"
	"github.com/openstall/openstall/internal/platform/web"
)

// Kinds of things that the search finds.
const (
	findShop    = "shop"
	findProduct = "product"
	findVideo   = "video"
	findShow    = "show"
	findPerson  = "person"
)

// followSearch keeps the index true: whatever changes is looked at anew, and once
// a day all of it, for names of people change without a word.
func (a *App) followSearch() {
	for topic, kind := range map[string]string{
		shop.Changed: findShop, catalog.Changed: findProduct, video.TopicPublished: findVideo, video.TopicRemoved: findVideo,
		show.TopicChanged: findShow, social.PrivacyChanged: findPerson,
	} {
		a.bus.Subscribe(topic, "search", func(ctx context.Context, e bus.Event) error { return a.reindex(ctx, kind, e.Key) })
	}
	a.jobs.Every("search.sweep", 24*time.Hour, a.reindexAll)
}

// fillSearch makes an empty index.
func (a *App) fillSearch(ctx context.Context) error {
	a.try(ctx, "topics were not filled", func() error { return a.Videos.FillTopics(ctx) })
	a.try(ctx, "the search was not filled", func() error {
		empty, err := a.index.Empty(ctx)
		if err != nil || !empty {
			return err
		}
		return a.reindexAll(ctx)
	})
	return nil
}

// reindexAll looks at everything that can be found.
func (a *App) reindexAll(ctx context.Context) error {
	for after := page.First; ; {
		shops, err := a.Shops.List(ctx, after, 200)
		if err != nil {
			return err
		}
		for _, sh := range shops.Items {
			if err := a.reindexShop(ctx, sh); err != nil {
				return err
			}
		}
		if shops.Next == "" {
			break
		}
		if after, err = page.Parse(shops.Next); err != nil {
			return err
		}
	}
	for c, err := range a.Videos.Eligible(ctx) {
		if err != nil {
			return err
		}
		if err := a.reindex(ctx, findVideo, c.ID); err != nil {
			return err
		}
	}
	for after := ""; ; {
		people, err := a.Social.Findable(ctx, after, 500)
		if err != nil || len(people) == 0 {
			return err
		}
		for _, p := range people {
			if err := a.reindex(ctx, findPerson, p); err != nil {
				return err
			}
			after = p
		}
	}
}

// reindexShop looks at a shop, its goods and its shows.
func (a *App) reindexShop(ctx context.Context, sh shop.Shop) error {
	if err := a.reindex(ctx, findShop, sh.ID); err != nil {
		return err
	}
	for _, kind := range []string{findProduct, findShow} {
		for after := page.First; ; {
			ids, next, err := a.idsOf(ctx, kind, sh.ID, after)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := a.reindex(ctx, kind, id); err != nil {
					return err
				}
			}
			if next == "" {
				break
			}
			if after, err = page.Parse(next); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *App) idsOf(ctx context.Context, kind, shopID string, after page.Cursor) (ids []string, next string, err error) {
	if kind == findProduct {
		rows, err := a.Catalog.OfShop(ctx, shopID, false, after, 200)
		for _, p := range rows.Items {
			ids = append(ids, p.ID)
		}
		return ids, rows.Next, err
	}
	rows, err := a.Shows.OfShop(ctx, shopID, after, 200)
	for _, s := range rows.Items {
		ids = append(ids, s.ID)
	}
	return ids, rows.Next, err
}

// reindex looks at one thing: who may be found by everybody is put into the
// index, all else taken out.
func (a *App) reindex(ctx context.Context, kind, id string) error {
	f, err := a.finding(ctx, kind, id, "")
	if errors.Is(err, errUnfound) {
		return a.index.Delete(ctx, kind, id)
	}
	if err != nil {
		return err
	}
	return a.index.Put(ctx, search.Doc{Kind: kind, ID: id, Title: allWords(f.Title), Body: allWords(f.Shop) + " " + f.body, At: f.at})
}

func allWords(l text.Local) string {
	words := make([]string, 0, len(l))
	for _, tag := range text.Languages {
		words = append(words, l[tag])
	}
	return strings.Join(words, " ")
}

// found is one line of what a search finds.
type found struct {
	Kind       string         `json:"kind" enum:"shop,product,video,show,person"`
	ID         string         `json:"id"`
	Title      text.Local     `json:"title" doc:"Of a video its caption, of a person the name"`
	Shop       text.Local     `json:"shop,omitempty" doc:"Name of the shop"`
	Image      *shelf.Image   `json:"image,omitempty"`
	Color      string         `json:"color,omitempty" doc:"Of a shop"`
	URL        string         `json:"url" doc:"Path of its page"`
	Live       bool           `json:"live" doc:"On air now"`
	Price      *shelf.Price   `json:"price,omitempty"`
	Per        *shelf.Measure `json:"measure,omitempty" doc:"What the price is for"`
	DurationMS int64          `json:"duration_ms,omitempty"`
	Photos     int            `json:"photos,omitempty" doc:"How many photos a note has"`
	StartsAt   *time.Time     `json:"starts_at,omitempty"`

	body string
	at   time.Time
}

// errUnfound is what is not there, or not for who asks.
var errUnfound = errors.New("not to be found")

// finding is a thing as person ("" for nobody) may find it.
func (a *App) finding(ctx context.Context, kind, id, person string) (found, error) {
	f := found{Kind: kind, ID: id}
	var err error
	switch kind {
	case findShop:
		err = a.findingShop(ctx, &f)
	case findProduct:
		err = a.findingProduct(ctx, &f)
	case findVideo:
		err = a.findingVideo(ctx, &f)
	case findShow:
		err = a.findingShow(ctx, &f)
	case findPerson:
		err = a.findingPerson(ctx, &f, person)
	default:
		err = errUnfound
	}
	for _, none := range []error{shop.ErrNotFound, catalog.ErrNotFound, video.ErrNotFound, show.ErrNotFound, account.ErrNoPerson} {
		if errors.Is(err, none) {
			return f, errUnfound
		}
	}
	return f, err
}

func (a *App) findingShop(ctx context.Context, f *found) error {
	sh, err := a.Shops.Get(ctx, f.ID)
	if err != nil {
		return err
	}
	f.Title, f.URL, f.Color, f.body, f.at = sh.Name, "/shops/"+sh.Slug, sh.Color, allWords(sh.About)+" "+sh.Stall, sh.CreatedAt
	f.Live = a.air.of(sh.ID) != ""
	f.Image, err = a.Shelf.Picture(ctx, sh.Avatar)
	return err
}

func (a *App) findingProduct(ctx context.Context, f *found) error {
	p, err := a.Catalog.Get(ctx, f.ID)
	if err != nil {
		return err
	}
	if p.State != catalog.Live {
		return errUnfound
	}
	card, err := a.Shelf.Card(ctx, p.ID, "")
	if err != nil {
		return err
	}
	f.Title, f.Image, f.URL, f.body, f.at = p.Title, card.Image, "/products/"+p.ID, allWords(p.About), p.CreatedAt
	if len(card.SKUs) > 0 {
		f.Price, f.Per = &card.SKUs[0].Price, &card.SKUs[0].Measure
	}
	return a.ofShop(ctx, f, p.Shop)
}

func (a *App) findingVideo(ctx context.Context, f *found) error {
	v, err := a.Videos.Get(ctx, f.ID)
	if err != nil {
		return err
	}
	if v.State != video.Published || v.Visibility != video.Public {
		return errUnfound
	}
	f.Title, f.URL, f.body, f.at, f.DurationMS = text.Local{"en": v.Caption}, "/videos/"+v.ID, strings.Join(v.Topics, " ")+" "+v.Place, v.PublishedAt, v.Film.Duration.Milliseconds()
	f.Photos = len(v.Photos)
	if f.Image, err = a.Shelf.Picture(ctx, v.Cover); err != nil {
		return err
	}
	return a.ofShop(ctx, f, v.Shop)
}

func (a *App) findingShow(ctx context.Context, f *found) error {
	s, err := a.Shows.Get(ctx, f.ID)
	if err != nil {
		return err
	}
	switch s.State {
	case show.Scheduled, show.Live, show.Interrupted, show.Replay:
	default:
		return errUnfound
	}
	f.Title, f.URL, f.body, f.at, f.Live, f.StartsAt = s.Title, "/shows/"+s.ID, s.HostName, s.CreatedAt, s.State.OnAir(), clock.Ptr(s.StartsAt)
	f.DurationMS = s.Duration.Milliseconds()
	return a.ofShop(ctx, f, s.Shop)
}

// findingPerson finds who lets themselves be found, except by those who are
// blocked.
func (a *App) findingPerson(ctx context.Context, f *found, person string) error {
	privacy, err := a.Social.Privacy(ctx, f.ID)
	if err != nil {
		return err
	}
	if !privacy.Findable || privacy.Minor {
		return errUnfound
	}
	if person != "" {
		barred, err := social.Barred(ctx, a.DB, person, f.ID)
		if err != nil {
			return err
		}
		if barred {
			return errUnfound
		}
	}
	p, err := a.Accounts.Get(ctx, f.ID)
	if err != nil {
		return err
	}
	if p.Name == "" {
		return errUnfound
	}
	f.Title, f.URL, f.at = text.Local{"en": p.Name}, "/people/"+p.ID, p.CreatedAt
	return nil
}

func (a *App) ofShop(ctx context.Context, f *found, shopID string) error {
	card, err := a.Shelf.ShopCard(ctx, shopID)
	f.Shop = card.Name
	return err
}

type searchInput struct {
	Question string `query:"q" maxLength:"1000" doc:"What is looked for; whatever it holds is a question, never an error"`
	Kind     string `query:"kind" enum:"shop,product,video,show,person" doc:"All kinds if missing"`
	web.Paged
}

// mountSearch adds the search.
func (a *App) mountSearch(api *web.API) {
	limit := web.NewLimiter(200*time.Millisecond, 50, a.now)
	web.Handle(api, web.Anyone, "GET /v1/search", "search", "Find shops, goods, videos, shows and people by their words", func(ctx context.Context, in *searchInput) (*web.Out[page.Of[found]], error) {
		if err := limit.Allow(web.ClientIP(ctx)); err != nil {
			return nil, err
		}
		after, err := page.Parse(in.After)
		if err != nil {
			return nil, err
		}
		hits, err := a.index.Find(ctx, in.Question, in.Kind, after, 24)
		if err != nil {
			return nil, err
		}
		out := page.Of[found]{Items: []found{}, Next: hits.Next}
		for _, h := range hits.Items {
			f, err := a.finding(ctx, h.Kind, h.ID, web.Who(ctx).Person)
			if errors.Is(err, errUnfound) {
				continue // the index is a moment behind, or it is not for who asks
			}
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, f)
		}
		return web.Answer(out, nil)
	})
}
