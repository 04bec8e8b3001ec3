// Package showhttp is the door of shows: the market and shop pages that lead to
// them, the room for viewers, and the stage for merchants.
package showhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/blob"
)

// Parts are what the door works with.
type Parts struct {
	Shows   *show.Service
	Shops   *shop.Service
	Catalog *catalog.Service
	Stock   *stock.Service
	Shelf   *shelf.Service
	Orders  *order.Service
	Social  *social.Service
	Chat    *chat.Service
	Rooms   *room.Service
	Blobs   blob.Store
	Studio  Studio
	// Contacts counts who became a contact of the shop by a show.
	Contacts func(ctx context.Context, show string) (int64, error)
	// Leads counts what was left by people who are interested, in a show.
	Leads func(ctx context.Context, show string) (int64, error)
	URL   func() string // address of the market without a slash at its end
	Now   clock.Now
}

// Studio is where pictures come in and recordings lie; the roof has one.
type Studio interface {
	// Stats tells about the incoming stream of a show.
	Stats(show string) Stats
	// Start lets viewers see what was practised, from now on.
	Start(show string)
	// End ends the stream of a show and makes its replay ready.
	End(show string)
	// Offset returns the second of the replay at which an instant was shown;
	// false when there is no recording of it.
	Offset(show string, at time.Time) (time.Duration, bool)
	// HasPicture reports whether there is a still picture of the show.
	HasPicture(show string) bool
	// Ingest returns the addresses that publishers send to.
	Ingest(host string) (rtmp, whip string)
	// WHIP is the path that browsers publish to.
	WHIP() string
}

// Stats are the figures of an incoming stream.
type Stats struct {
	State         string   `json:"state" enum:"idle,live,away"`
	BitrateKbps   int      `json:"bitrate_kbps"`
	FPS           float64  `json:"fps"`
	Width         int      `json:"width"`
	Height        int      `json:"height"`
	Dropped       int64    `json:"dropped"`
	Warnings      []string `json:"warnings" nullable:"false"`
	BehindSeconds float64  `json:"behind_seconds" doc:"How far viewers are behind the host"`
}

type handler struct{ Parts }

// Card is a show in one picture.
type Card struct {
	ID              string         `json:"id"`
	Title           text.Local     `json:"title"`
	State           show.State     `json:"state" enum:"draft,scheduled,practice,live,interrupted,ended,replay,cancelled"`
	Shop            shelf.ShopCard `json:"shop"`
	StartsAt        *time.Time     `json:"starts_at,omitempty"`
	StartedAt       *time.Time     `json:"started_at,omitempty"`
	EndedAt         *time.Time     `json:"ended_at,omitempty"`
	Poster          string         `json:"poster,omitempty"`
	Viewers         int64          `json:"viewers" doc:"Watching now; for a show that is over, different people"`
	DurationSeconds int64          `json:"duration_seconds"`
}

type bagItem struct {
	Number      int        `json:"number"`
	Product     shelf.Card `json:"product"`
	SetAside    int64      `json:"set_aside,omitempty"`
	ExplainedAt *int64     `json:"explained_at,omitempty" doc:"Second of the show"`
}

type chapter struct {
	Product    string     `json:"product"`
	Number     int        `json:"number"`
	Title      text.Local `json:"title"`
	FromSecond int64      `json:"from_second"`
	ToSecond   *int64     `json:"to_second,omitempty"`
}

type media struct {
	HLS    string `json:"hls,omitempty"`
	Replay string `json:"replay,omitempty"`
}

// View is a show with its room.
type View struct {
	Card
	HostName     string       `json:"host_name"`
	Licence      shop.Licence `json:"licence"`
	Bag          []bagItem    `json:"bag" nullable:"false"`
	Chapters     []chapter    `json:"chapters" nullable:"false"`
	Snapshot     room.State   `json:"state_snapshot"`
	Comments     []chat.View  `json:"comments" nullable:"false"`
	Media        media        `json:"media"`
	Reserved     bool         `json:"reserved"`
	Following    bool         `json:"following"`
	ViewersTotal int64        `json:"viewers_total"`
	Likes        int64        `json:"likes"`
	StartedWall  *time.Time   `json:"started_wall,omitempty"`
	ShareURL     string       `json:"share_url"`
	PartMS       int64        `json:"part_ms"`
}

func (h *handler) cardOf(ctx context.Context, s show.Show) (Card, error) {
	sc, err := h.Shelf.ShopCard(ctx, s.Shop)
	if err != nil {
		return Card{}, err
	}
	c := Card{ID: s.ID, Title: s.Title, State: s.State, Shop: sc, StartsAt: clock.Ptr(s.StartsAt), StartedAt: clock.Ptr(s.StartedAt), EndedAt: clock.Ptr(s.EndedAt),
		Viewers: s.Viewers, DurationSeconds: int64(s.Duration / time.Second)}
	if s.State.OnAir() {
		f, err := h.Rooms.Figures(ctx, s.ID)
		if err != nil {
			return Card{}, err
		}
		c.Viewers = f.Viewers
	}
	if h.Studio.HasPicture(s.ID) {
		c.Poster = "/poster/" + s.ID + ".jpg"
	}
	return c, nil
}

func (h *handler) cards(ctx context.Context, shows []show.Show) ([]Card, error) {
	out := make([]Card, 0, len(shows))
	for _, s := range shows {
		c, err := h.cardOf(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// bucket is where a show's goods are served from.
func bucket(s show.Show) string {
	if s.State.OnAir() {
		return s.ID
	}
	return stock.Stall
}

func (h *handler) bag(ctx context.Context, s show.Show, chapters []show.Chapter) ([]bagItem, error) {
	items, err := h.Shows.Bag(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	out := make([]bagItem, 0, len(items))
	for _, it := range items {
		c, err := h.Shelf.Card(ctx, it.Product, bucket(s))
		if err != nil {
			return nil, err
		}
		b := bagItem{Number: it.Number, Product: c, SetAside: it.SetAside}
		for _, ch := range chapters {
			if ch.Number == it.Number {
				at := h.second(s, ch.From)
				b.ExplainedAt = &at
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// second is where an instant lies: in the replay when there is one, else in the
// show.
func (h *handler) second(s show.Show, at time.Time) int64 {
	if s.HasReplay {
		if d, ok := h.Studio.Offset(s.ID, at); ok {
			return int64(d / time.Second)
		}
	}
	return max(0, int64(at.Sub(s.StartedAt)/time.Second))
}

func (h *handler) chapters(s show.Show, all []show.Chapter) []chapter {
	out := make([]chapter, 0, len(all))
	for _, c := range all {
		v := chapter{Product: c.Product, Number: c.Number, Title: c.Title, FromSecond: h.second(s, c.From)}
		if !c.To.IsZero() {
			to := h.second(s, c.To)
			v.ToSecond = &to
		}
		out = append(out, v)
	}
	return out
}

func (h *handler) viewOf(ctx context.Context, s show.Show, person string) (View, error) {
	c, err := h.cardOf(ctx, s)
	if err != nil {
		return View{}, err
	}
	_, sh, err := h.Shelf.Shop(ctx, s.Shop)
	if err != nil {
		return View{}, err
	}
	chapters, err := h.Shows.Chapters(ctx, s.ID)
	if err != nil {
		return View{}, err
	}
	v := View{Card: c, HostName: s.HostName, Licence: sh.Licence, Chapters: h.chapters(s, chapters), ViewersTotal: s.Viewers, Likes: s.Likes,
		StartedWall: clock.Ptr(s.StartedAt), ShareURL: h.URL() + "/shows/" + s.ID, PartMS: s.PartMS, Comments: []chat.View{}}
	if v.Bag, err = h.bag(ctx, s, chapters); err != nil {
		return View{}, err
	}
	if v.Snapshot, err = h.Rooms.State(ctx, s.ID); err != nil {
		return View{}, err
	}
	comments, err := h.Chat.Last(ctx, s.ID, 30)
	if err != nil {
		return View{}, err
	}
	for _, c := range comments {
		v.Comments = append(v.Comments, c.Public())
	}
	if s.State.OnAir() {
		f, err := h.Rooms.Figures(ctx, s.ID)
		if err != nil {
			return View{}, err
		}
		v.Viewers, v.ViewersTotal, v.Likes = f.Viewers, f.ViewersTotal, f.Likes
		v.Media.HLS = "/live/" + s.ID + "/index.m3u8"
	}
	if s.State == show.Practice {
		v.Media.HLS = "/live/" + PracticeStream(s.ID) + "/index.m3u8"
	}
	if s.HasReplay && s.State.Over() {
		v.Media.Replay = "/replay/" + s.ID + "/index.m3u8"
	}
	if person == "" {
		return v, nil
	}
	f, err := h.Social.Of(ctx, person, s.Shop)
	if err != nil {
		return View{}, err
	}
	v.Following = f.Following
	v.Reserved, err = h.Shows.Reserved(ctx, s.ID, person)
	return v, err
}

// PracticeStream names the stream in which a show is practised: viewers can
// never reach a frame of it, because they watch another stream.
func PracticeStream(show string) string { return "practice-" + show }
