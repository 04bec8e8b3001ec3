// Package videohttp is the door of short videos: for those who watch them, for
// the shops that post them, and for the players that load their films.
package videohttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/upload"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Videos   *video.Service
	Uploads  *upload.Store
	Shops    *shop.Service
	Shows    *show.Service
	Shelf    *shelf.Service
	Accounts *account.Service
	Blobs    blob.Store
	// Clip copies what it takes to decode the span from..to of a show's recording
	// into a file, which the caller removes, and says where in it the span begins.
	// It returns [video.ErrClip] where that cannot be done.
	Clip func(ctx context.Context, show string, from, to time.Duration) (path string, begins time.Duration, err error)
	// Offset is where in a show's recording an instant is, or the nearest place.
	Offset func(show string, at time.Time) time.Duration
	Log    *slog.Logger
	Now    clock.Now
}

type handler struct {
	Parts
	sends *web.Limiter
}

type labels struct {
	AI bool `json:"ai" doc:"Made by a machine"`
	Ad bool `json:"ad" doc:"Somebody paid for it"`
}

type sprite struct {
	URL     string `json:"url"`
	Columns int    `json:"columns"`
	Rows    int    `json:"rows"`
	Count   int    `json:"count"`
	Width   int    `json:"width" doc:"Of one picture, in pixels"`
	Height  int    `json:"height"`
	EveryMS int64  `json:"every_ms" doc:"Time from one picture to the next"`
}

type showCard struct {
	ID       string     `json:"id"`
	State    show.State `json:"state" enum:"draft,scheduled,practice,live,interrupted,ended,replay,cancelled"`
	Title    text.Local `json:"title"`
	StartsAt *time.Time `json:"starts_at,omitempty"`
	Reserved bool       `json:"reserved" doc:"The person who asks is reminded of it"`
}

// Playable is what a video and its page in the console have in common.
type Playable struct {
	ID         string           `json:"id"`
	Kind       string           `json:"kind" enum:"film,photos" doc:"photos: a note of photos, without a film"`
	Caption    string           `json:"caption"`
	Topics     []string         `json:"topics" nullable:"false"`
	Language   string           `json:"language"`
	Place      string           `json:"place"`
	Labels     labels           `json:"labels"`
	Rights     video.Rights     `json:"rights"`
	Visibility video.Visibility `json:"visibility" enum:"public,followers,friends,link"`
	DurationMS int64            `json:"duration_ms"`
	Width      int              `json:"width"`
	Height     int              `json:"height"`
	Cover      *shelf.Image     `json:"cover,omitempty"`
	Photos     []shelf.Image    `json:"photos" nullable:"false" doc:"Of a note, in order"`
	HLS        string           `json:"hls,omitempty" doc:"Playlist of the film; missing until there is one"`
	Sprite     *sprite          `json:"sprite,omitempty" doc:"Small pictures of the film, a row after the other"`
	Likes      int64            `json:"likes"`
	Comments   int64            `json:"comments_count"`
	CreatedAt  time.Time        `json:"created_at"`
}

// View is a video for those who watch it.
type View struct {
	Playable
	Shop        shelf.ShopCard `json:"shop"`
	Products    []shelf.Card   `json:"products" nullable:"false"`
	Show        *showCard      `json:"show,omitempty"`
	Series      *InSeries      `json:"series,omitempty"`
	Liked       bool           `json:"liked"`
	Favourite   bool           `json:"favourite" doc:"The person who asks keeps it"`
	Following   bool           `json:"following" doc:"The person who asks follows the shop"`
	PublishedAt *time.Time     `json:"published_at,omitempty"`
}

func (h *handler) playable(ctx context.Context, v video.Video) (Playable, error) {
	cover, err := h.Shelf.Picture(ctx, v.Cover)
	p := Playable{ID: v.ID, Kind: "film", Photos: []shelf.Image{}, Caption: v.Caption, Topics: v.Topics, Language: v.Language, Place: v.Place, Labels: labels{v.AI, v.Ad}, Rights: v.Rights, Visibility: v.Visibility,
		DurationMS: v.Film.Duration.Milliseconds(), Width: v.Film.Width, Height: v.Film.Height, Cover: cover, Likes: v.Likes, Comments: v.Comments, CreatedAt: v.CreatedAt}
	for _, image := range v.Photos {
		im, err := h.Shelf.Picture(ctx, image)
		if err != nil || im == nil {
			return Playable{}, errors.Join(err, fmt.Errorf("photo %s of %s", image, v.ID))
		}
		p.Photos = append(p.Photos, *im)
	}
	if v.HasPhotos() {
		p.Kind, p.Width, p.Height = "photos", p.Photos[0].Width, p.Photos[0].Height
	}
	if v.Film.Folder != "" {
		p.HLS = Prefix + v.ID + "/" + masterName
		s := v.Film.Sprite
		p.Sprite = &sprite{Prefix + v.ID + "/" + v.Film.Folder + "/" + spriteName, s.Columns, s.Rows, s.Count, s.Width, s.Height, s.Every.Milliseconds()}
	}
	return p, err
}

// viewOf prepares a video that person may see.
func (h *handler) viewOf(ctx context.Context, v video.Video, person string) (View, error) {
	p, err := h.playable(ctx, v)
	if err != nil {
		return View{}, err
	}
	out := View{Playable: p, PublishedAt: clock.Ptr(v.PublishedAt)}
	if out.Shop, err = h.Shelf.ShopCard(ctx, v.Shop); err != nil {
		return View{}, err
	}
	if out.Products, err = h.goods(ctx, v.Products, true); err != nil {
		return View{}, err
	}
	if out.Show, err = h.showOf(ctx, v.Show, person); err != nil {
		return View{}, err
	}
	if out.Series, err = h.inSeries(ctx, v.ID, person); err != nil {
		return View{}, err
	}
	if out.Liked, err = h.Videos.Liked(ctx, v.ID, person); err != nil {
		return View{}, err
	}
	if out.Favourite, err = h.Videos.IsFavourite(ctx, v.ID, person); err != nil {
		return View{}, err
	}
	f, err := h.Videos.Social.Of(ctx, person, v.Shop)
	out.Following = f.Following
	return out, err
}

// goods are the products of a video; those that nobody can buy any more are left
// out for shoppers.
func (h *handler) goods(ctx context.Context, products []string, open bool) ([]shelf.Card, error) {
	out := []shelf.Card{}
	for _, product := range products {
		p, err := h.Shelf.Product(ctx, product)
		if errors.Is(err, catalog.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if open && p.State != catalog.Live {
			continue
		}
		out = append(out, p.Card)
	}
	return out, nil
}

// showOf is the show that a video leads to, unless there is nothing to see.
func (h *handler) showOf(ctx context.Context, showID, person string) (*showCard, error) {
	if showID == "" {
		return nil, nil
	}
	s, err := h.Shows.Get(ctx, showID)
	if errors.Is(err, show.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch s.State {
	case show.Draft, show.Cancelled, show.Ended:
		return nil, nil
	case show.Practice:
		if s.StartsAt.IsZero() {
			return nil, nil
		}
		s.State = show.Scheduled // that it is being practised is nobody's business
	}
	c := &showCard{ID: s.ID, State: s.State, Title: s.Title, StartsAt: clock.Ptr(s.StartsAt)}
	if person != "" {
		c.Reserved, err = h.Shows.Reserved(ctx, s.ID, person)
	}
	return c, err
}

// MerchantView is a video as its shop sees it.
type MerchantView struct {
	Playable
	State       video.State  `json:"state" enum:"processing,failed,draft,scheduled,published"`
	Progress    int64        `json:"progress" doc:"Percent of the film that is made"`
	Problem     string       `json:"problem,omitempty" doc:"Code of why the file cannot be used"`
	Detail      string       `json:"problem_detail,omitempty" doc:"The same in words, in the language that Accept-Language asks for"`
	Products    []shelf.Card `json:"products" nullable:"false"`
	Show        *showCard    `json:"show,omitempty"`
	DuplicateOf string       `json:"duplicate_of,omitempty" doc:"A published video that shows the same"`
	PublishAt   *time.Time   `json:"publish_at,omitempty"`
	PublishedAt *time.Time   `json:"published_at,omitempty"`
}

func (h *handler) merchantView(ctx context.Context, v video.Video) (MerchantView, error) {
	p, err := h.playable(ctx, v)
	if err != nil {
		return MerchantView{}, err
	}
	out := MerchantView{Playable: p, State: v.State, Progress: v.Progress, Problem: v.Problem, Detail: video.ProblemInWords(v.Problem, web.LanguageOf(ctx)), DuplicateOf: v.DuplicateOf, PublishAt: clock.Ptr(v.PublishAt)}
	if v.State == video.Published {
		out.PublishedAt = clock.Ptr(v.PublishedAt)
	}
	if out.Products, err = h.goods(ctx, v.Products, false); err != nil {
		return MerchantView{}, err
	}
	out.Show, err = h.showOf(ctx, v.Show, "")
	return out, err
}
