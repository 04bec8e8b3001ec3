package videohttp

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/platform/web"
)

// series adds videos in an order to be watched in.
func (h *handler) series(api *web.API) {
	const base = "/v1/merchant/shops/{shop}/series"
	web.Handle(api, web.Anyone, "GET /v1/series/{id}", "series", "A series with the parts that one may watch", h.seenSeries)
	web.Handle(api, web.Anyone, "GET /v1/shops/{shop}/series", "shop-series", "The series of a shop, the newest first", h.seriesIn)
	web.Handle(api, web.SignedIn, "GET "+base, "my-series", "All series of a shop, the newest first", shop.Guard(h.Shops, shop.See, h.mySeries))
	web.Handle(api, web.SignedIn, "POST "+base, "make-series", "Make a series", shop.Guard(h.Shops, shop.Shows, h.makeSeries), web.Status(http.StatusCreated))
	web.Handle(api, web.SignedIn, "GET "+base+"/{id}", "one-of-my-series", "A series as its shop sees it", shop.Guard(h.Shops, shop.See, h.oneSeries))
	web.Handle(api, web.SignedIn, "PUT "+base+"/{id}", "set-series", "Say anew what a series is called and what is in it", shop.Guard(h.Shops, shop.Shows, h.setSeries))
	web.Handle(api, web.SignedIn, "DELETE "+base+"/{id}", "delete-series", "Take a series apart; its videos stay", shop.Guard(h.Shops, shop.Shows, h.deleteSeries))
}

// InSeries is where a video stands in a series, as who asks finds it.
type InSeries struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Part     int    `json:"part" doc:"From 1"`
	Of       int    `json:"of"`
	Previous string `json:"previous,omitempty" doc:"Id of the video before"`
	Next     string `json:"next,omitempty" doc:"Id of the video after"`
}

func (h *handler) inSeries(ctx context.Context, v, person string) (*InSeries, error) {
	x, in, err := h.Videos.SeriesWith(ctx, v, person)
	if err != nil || !in {
		return nil, err
	}
	i := slices.Index(x.Parts, v)
	out := InSeries{ID: x.ID, Title: x.Title, Part: i + 1, Of: len(x.Parts)}
	if i > 0 {
		out.Previous = x.Parts[i-1]
	}
	if i+1 < len(x.Parts) {
		out.Next = x.Parts[i+1]
	}
	return &out, nil
}

// SeriesView is a series for those who watch it.
type SeriesView struct {
	ID    string         `json:"id"`
	Title string         `json:"title"`
	Shop  shelf.ShopCard `json:"shop"`
	Parts []View         `json:"parts" nullable:"false" doc:"In order"`
}

func (h *handler) seenSeries(ctx context.Context, in *idInput) (*web.Out[SeriesView], error) {
	person := web.Who(ctx).Person
	x, err := h.Videos.SeenSeries(ctx, in.ID, person)
	if err != nil {
		return nil, err
	}
	out := SeriesView{ID: x.ID, Title: x.Title, Parts: []View{}}
	if out.Shop, err = h.Shelf.ShopCard(ctx, x.Shop); err != nil {
		return nil, err
	}
	for _, part := range x.Parts {
		v, err := h.Videos.Get(ctx, part)
		if errors.Is(err, video.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		view, err := h.viewOf(ctx, v, person)
		if err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, view)
	}
	return web.Answer(out, nil)
}

// SeriesCard is a series in a list.
type SeriesCard struct {
	ID    string       `json:"id"`
	Title string       `json:"title"`
	Count int          `json:"count" doc:"Of its parts that one finds"`
	Cover *shelf.Image `json:"cover,omitempty" doc:"Of the first part"`
	Parts []string     `json:"parts" nullable:"false" doc:"Ids of the videos, in order"`
}

type seriesList struct {
	Items []SeriesCard `json:"items" nullable:"false"`
}

func (h *handler) card(ctx context.Context, x video.Series) (SeriesCard, error) {
	out := SeriesCard{ID: x.ID, Title: x.Title, Count: len(x.Parts), Parts: x.Parts}
	if len(x.Parts) == 0 {
		out.Parts = []string{}
		return out, nil
	}
	v, err := h.Videos.Get(ctx, x.Parts[0])
	if errors.Is(err, video.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return SeriesCard{}, err
	}
	out.Cover, err = h.Shelf.Picture(ctx, v.Cover)
	return out, err
}

func (h *handler) cards(ctx context.Context, all []video.Series, err error) (*web.Out[seriesList], error) {
	out := seriesList{Items: []SeriesCard{}}
	for _, x := range all {
		c, bad := h.card(ctx, x)
		if bad != nil {
			return nil, bad
		}
		out.Items = append(out.Items, c)
	}
	return web.Answer(out, err)
}

type shopInput struct {
	Shop string `path:"shop" maxLength:"60" doc:"Id or address of the shop"`
}

func (h *handler) seriesIn(ctx context.Context, in *shopInput) (*web.Out[seriesList], error) {
	shopID, err := h.shopID(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	all, err := h.Videos.SeriesIn(ctx, shopID, web.Who(ctx).Person)
	return h.cards(ctx, all, err)
}

func (h *handler) mySeries(ctx context.Context, in *shop.In) (*web.Out[seriesList], error) {
	all, err := h.Videos.AllSeries(ctx, in.Shop)
	return h.cards(ctx, all, err)
}

type seriesSaid struct {
	Title string   `json:"title" minLength:"1" maxLength:"120"`
	Parts []string `json:"parts" maxItems:"100" nullable:"false" doc:"Ids of videos of the shop, in order"`
}

type makeSeriesInput struct {
	shop.In
	Body seriesSaid
}

type setSeriesInput struct {
	VideoPath // the id is the series'
	Body      seriesSaid
}

func (h *handler) seriesAnswer(ctx context.Context, x video.Series, err error) (*web.Out[SeriesCard], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.card(ctx, x))
}

func (h *handler) makeSeries(ctx context.Context, in *makeSeriesInput) (*web.Out[SeriesCard], error) {
	x, err := h.Videos.MakeSeries(ctx, in.Shop, in.Body.Title, in.Body.Parts)
	return h.seriesAnswer(ctx, x, err)
}

func (h *handler) oneSeries(ctx context.Context, in *VideoPath) (*web.Out[SeriesCard], error) {
	x, err := h.Videos.SeriesOf(ctx, in.Shop, in.ID)
	return h.seriesAnswer(ctx, x, err)
}

func (h *handler) setSeries(ctx context.Context, in *setSeriesInput) (*web.Out[SeriesCard], error) {
	x, err := h.Videos.ChangeSeries(ctx, in.Shop, in.ID, in.Body.Title, in.Body.Parts)
	return h.seriesAnswer(ctx, x, err)
}

func (h *handler) deleteSeries(ctx context.Context, in *VideoPath) (*web.None, error) {
	return nil, h.Videos.DeleteSeries(ctx, in.Shop, in.ID)
}
