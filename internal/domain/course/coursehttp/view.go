// Package coursehttp is the door of courses: what a course has in it for
// everybody, watching for who has bought it, teaching for shops, and the films for
// players.
package coursehttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/order"
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
	Courses *course.Service
	Orders  *order.Service
	Videos  *video.Service
	Uploads *upload.Store
	Shops   *shop.Service
	Shows   *show.Service
	Catalog *catalog.Service
	Shelf   *shelf.Service
	Blobs   blob.Store
	// Clip copies what it takes to decode the span from..to of a show's recording
	// into a file, which the caller removes, and says where in it the span begins.
	Clip func(ctx context.Context, show string, from, to time.Duration) (path string, begins time.Duration, err error)
	Log  *slog.Logger
	Now  clock.Now
}

type handler struct {
	Parts
	notes *web.Limiter
}

// Mount adds the operations to api, and the films to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{p, web.NewLimiter(2*time.Second, 60, p.Now)}
	web.Handle(api, web.Anyone, "GET /v1/products/{id}/lessons", "product-lessons", "What a course has in it", h.syllabus)
	web.Handle(api, web.Anyone, "POST /v1/lessons/{id}/watch", "watch-lesson", "Open a lesson: its film gets an address for some minutes", h.watch)
	web.Handle(api, web.SignedIn, "GET /v1/me/courses", "my-courses", "Courses that I have bought, the newest first", h.mine)
	web.Handle(api, web.SignedIn, "GET /v1/me/courses/{id}", "my-course", "A course that I have bought", h.get)
	web.Handle(api, web.SignedIn, "PUT /v1/me/courses/{id}/lessons/{lesson}/progress", "note-progress", "Note what I have seen of a lesson", h.note)
	web.Handle(api, web.SignedIn, "GET /v1/orders/{id}/courses", "order-courses", "Courses that an order of mine has opened", h.ofOrder)
	h.merchant(api)
	mux.HandleFunc("GET "+Prefix+"{ticket}/"+masterName, h.master)
	mux.HandleFunc("GET "+Prefix+"{ticket}/"+captionsName, h.captions)
	mux.HandleFunc("GET "+Prefix+"{ticket}/{folder}/{file}", h.file)
	mux.HandleFunc(Prefix, func(w http.ResponseWriter, r *http.Request) { web.WriteProblem(w, r, h.Log, course.ErrNotFound) })
}

// Lesson is a lesson as everybody sees it.
type Lesson struct {
	ID       string       `json:"id"`
	Title    text.Local   `json:"title"`
	Preview  bool         `json:"preview" doc:"For everybody"`
	Ready    bool         `json:"ready"`
	HasFilm  bool         `json:"has_film"`
	LengthMS int64        `json:"length_ms" doc:"Of its film; what a lesson without one counts for"`
	Cover    *shelf.Image `json:"cover,omitempty"`
}

func (h *handler) lessonOf(ctx context.Context, l course.Lesson) (Lesson, error) {
	im, err := h.Shelf.Picture(ctx, l.Film.Cover)
	return Lesson{ID: l.ID, Title: l.Title, Preview: l.Preview, Ready: l.Ready(), HasFilm: l.Video != "", LengthMS: l.Length().Milliseconds(), Cover: im}, err
}

func (h *handler) lessonsOf(ctx context.Context, all []course.Lesson) ([]Lesson, error) {
	out := make([]Lesson, len(all))
	for i, l := range all {
		var err error
		if out[i], err = h.lessonOf(ctx, l); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// learning is a lesson with how far its learner is.
type learning struct {
	Lesson
	SeenMS int64 `json:"seen_ms"`
	AtMS   int64 `json:"at_ms" doc:"Where to go on"`
	Done   bool  `json:"done"`
}

// standing is how far a learner has come.
type standing struct {
	SeenMS int64 `json:"seen_ms" doc:"Of the paid lessons"`
	OfMS   int64 `json:"of_ms"`
	Used   int64 `json:"used" doc:"The share of the paid lessons that was seen, in millionths: what a change of mind does not bring back"`
	Done   int   `json:"done" doc:"Lessons"`
}

func standingOf(s course.Standing) standing {
	return standing{s.Seen.Milliseconds(), s.Of.Milliseconds(), s.Used, s.Done}
}

// Course is a bought course as its learner sees it.
type Course struct {
	ID       string         `json:"id"`
	Order    string         `json:"order"`
	Product  string         `json:"product"`
	Title    text.Local     `json:"title"`
	Image    *shelf.Image   `json:"image,omitempty"`
	Shop     shelf.ShopCard `json:"shop"`
	State    string         `json:"state" enum:"open,paused,over,ended" doc:"Paused while it is being given back; over when the time is; ended when the money went back"`
	Until    *time.Time     `json:"until,omitempty"`
	BoughtAt time.Time      `json:"bought_at"`
	OpenedAt *time.Time     `json:"opened_at,omitempty"`
	Standing standing       `json:"standing"`
	Lessons  []learning     `json:"lessons" nullable:"false"`
}

func stateOf(e course.Enrolment, now time.Time) string {
	switch {
	case e.Open(now):
		return "open"
	case !e.EndedAt.IsZero():
		return "ended"
	case e.Paused:
		return "paused"
	}
	return "over"
}

func (h *handler) courseOf(ctx context.Context, c course.Course) (Course, error) {
	p, err := h.Catalog.Get(ctx, c.Product)
	if err != nil {
		return Course{}, err
	}
	card, err := h.Shelf.ShopCard(ctx, c.Shop)
	if err != nil {
		return Course{}, err
	}
	v := Course{ID: c.ID, Order: c.Order, Product: c.Product, Title: p.Title, Shop: card, State: stateOf(c.Enrolment, h.Now()), Until: clock.Ptr(c.Until),
		BoughtAt: c.BoughtAt, OpenedAt: clock.Ptr(c.OpenedAt), Standing: standingOf(c.Standing), Lessons: make([]learning, len(c.Lessons))}
	if len(p.Images) > 0 {
		if v.Image, err = h.Shelf.Picture(ctx, p.Images[0]); err != nil {
			return Course{}, err
		}
	}
	for i, l := range c.Lessons {
		view, err := h.lessonOf(ctx, l)
		if err != nil {
			return Course{}, err
		}
		seen := c.Progress[l.ID]
		v.Lessons[i] = learning{view, seen.Time.Milliseconds(), seen.At.Milliseconds(), l.Done(seen)}
	}
	return v, nil
}

func (h *handler) coursesOf(ctx context.Context, all []course.Course) ([]Course, error) {
	out := make([]Course, len(all))
	for i, c := range all {
		var err error
		if out[i], err = h.courseOf(ctx, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addressOf is where a file of an opened lesson is.
func addressOf(ticket, name string) string { return Prefix + ticket + "/" + name }
