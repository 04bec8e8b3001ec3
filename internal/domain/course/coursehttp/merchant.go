package coursehttp

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler) merchant(api *web.API) {
	const base = "/v1/merchant/shops/{shop}"
	const lessons = base + "/products/{id}/lessons"
	const one = base + "/lessons/{id}"
	web.Handle(api, web.SignedIn, "GET "+lessons, "lessons", "The lessons of a course, as its shop sees them", shop.Guard(h.Shops, shop.See, h.list))
	web.Handle(api, web.SignedIn, "POST "+lessons, "add-lesson", "Put a lesson at the end of a course", shop.Guard(h.Shops, shop.Shows, h.add), web.Status(http.StatusCreated))
	web.Handle(api, web.SignedIn, "PUT "+lessons+"/order", "arrange-lessons", "Put the lessons of a course in order", shop.Guard(h.Shops, shop.Shows, h.arrange))
	web.Handle(api, web.SignedIn, "PATCH "+one, "set-lesson", "Change what is said of a lesson", shop.Guard(h.Shops, shop.Shows, h.set))
	web.Handle(api, web.SignedIn, "PUT "+one+"/film", "set-lesson-film", "Make the film of a lesson of an upload or of a recording", shop.Guard(h.Shops, shop.Shows, h.film))
	web.Handle(api, web.SignedIn, "PUT "+one+"/captions", "set-lesson-captions", "Give the film of a lesson captions", shop.Guard(h.Shops, shop.Shows, h.setCaptions), web.MaxBody(2*course.MaxCaptions))
	web.Handle(api, web.SignedIn, "DELETE "+one, "remove-lesson", "Take a lesson out of its course, with its film, for ever", shop.Guard(h.Shops, shop.Shows, h.remove))
	web.Handle(api, web.SignedIn, "GET "+base+"/products/{id}/learners", "learners", "Who has bought a course, the newest first", shop.Guard(h.Shops, shop.Orders, h.learners))
}

// lessonFilm is where the film of a lesson stands.
type lessonFilm struct {
	State    video.State `json:"state" enum:"processing,failed,draft" doc:"draft: it can be played"`
	Progress int64       `json:"progress" doc:"Percent, while it is made"`
	Problem  string      `json:"problem,omitempty" doc:"Code of why it failed"`
	Words    string      `json:"words,omitempty" doc:"Of the problem"`
}

// Taught is a lesson as its shop sees it.
type Taught struct {
	Lesson
	Notes    text.Local  `json:"notes"`
	Captions bool        `json:"captions" doc:"There are some"`
	Film     *lessonFilm `json:"film,omitempty"`
}

type taughtList struct {
	Items []Taught `json:"items" nullable:"false"`
}

func (h *handler) taughtOf(ctx context.Context, l course.Lesson) (Taught, error) {
	v, err := h.lessonOf(ctx, l)
	out := Taught{Lesson: v, Notes: l.Notes, Captions: l.Captions != ""}
	if l.Film.State != "" {
		out.Film = &lessonFilm{l.Film.State, l.Film.Progress, l.Film.Problem, video.ProblemInWords(l.Film.Problem, web.LanguageOf(ctx))}
	}
	return out, err
}

func (h *handler) taught(ctx context.Context, l course.Lesson, err error) (*web.Out[Taught], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.taughtOf(ctx, l))
}

func (h *handler) taughtAll(ctx context.Context, all []course.Lesson, err error) (*web.Out[taughtList], error) {
	if err != nil {
		return nil, err
	}
	out := taughtList{Items: make([]Taught, len(all))}
	for i, l := range all {
		if out.Items[i], err = h.taughtOf(ctx, l); err != nil {
			return nil, err
		}
	}
	return web.Answer(out, nil)
}

// Path is a course or a lesson of a shop.
type Path struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) list(ctx context.Context, in *Path) (*web.Out[taughtList], error) {
	all, err := h.Courses.LessonsOf(ctx, in.Shop, in.ID)
	return h.taughtAll(ctx, all, err)
}

type addLessonInput struct {
	Path
	Body struct {
		Title   text.Local `json:"title"`
		Notes   text.Local `json:"notes,omitempty"`
		Preview bool       `json:"preview,omitempty" doc:"For everybody"`
	}
}

func (h *handler) add(ctx context.Context, in *addLessonInput) (*web.Out[Taught], error) {
	l, err := h.Courses.AddLesson(ctx, in.Shop, in.ID, course.Words{Title: in.Body.Title, Notes: in.Body.Notes, Preview: in.Body.Preview})
	return h.taught(ctx, l, err)
}

type arrangeLessonsInput struct {
	Path
	Body struct {
		Lessons []string `json:"lessons" maxItems:"200" nullable:"false" doc:"Every lesson of the course, by id, once"`
	}
}

func (h *handler) arrange(ctx context.Context, in *arrangeLessonsInput) (*web.Out[taughtList], error) {
	all, err := h.Courses.Arrange(ctx, in.Shop, in.ID, in.Body.Lessons)
	return h.taughtAll(ctx, all, err)
}

type setLessonInput struct {
	Path
	Body struct {
		Title   *text.Local `json:"title,omitempty"`
		Notes   *text.Local `json:"notes,omitempty"`
		Preview *bool       `json:"preview,omitempty"`
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (h *handler) set(ctx context.Context, in *setLessonInput) (*web.Out[Taught], error) {
	l, err := h.Courses.SetWords(ctx, in.Shop, in.ID, func(w *course.Words) {
		set(&w.Title, in.Body.Title)
		set(&w.Notes, in.Body.Notes)
		set(&w.Preview, in.Body.Preview)
	})
	return h.taught(ctx, l, err)
}

type lessonFilmInput struct {
	Path
	Body struct {
		Upload string  `json:"upload,omitempty" maxLength:"40" doc:"Id of a finished upload"`
		Show   string  `json:"show,omitempty" maxLength:"40" doc:"Or: id of an own show that was recorded"`
		From   float64 `json:"from_second,omitempty" minimum:"0" doc:"Of the file or the recording"`
		To     float64 `json:"to_second,omitempty" minimum:"0" doc:"0: to the end of the file"`
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (h *handler) film(ctx context.Context, in *lessonFilmInput) (*web.Out[Taught], error) {
	from, to := seconds(in.Body.From), seconds(in.Body.To)
	if in.Body.Show != "" {
		return h.filmOfShow(ctx, in, from, to)
	}
	person := web.Who(ctx).Person
	f, info, err := h.Uploads.File(person, in.Body.Upload)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l, err := h.Courses.SetFilm(ctx, in.Shop, person, in.ID, from, to, f, info.Size)
	if err != nil {
		return nil, err
	}
	if err := h.Uploads.Delete(person, info.ID); err != nil {
		h.Log.WarnContext(ctx, "upload was not deleted", "upload", info.ID, "error", err)
	}
	return h.taught(ctx, l, nil)
}

// filmOfShow makes the film of a part of a recording; the copy belongs to the
// course.
func (h *handler) filmOfShow(ctx context.Context, in *lessonFilmInput, from, to time.Duration) (*web.Out[Taught], error) {
	if _, err := h.Courses.OfShop(ctx, in.Shop, in.ID); err != nil {
		return nil, err
	}
	s, err := h.Shows.GetOf(ctx, in.Shop, in.Body.Show)
	if err != nil {
		return nil, err
	}
	if to-from < time.Second {
		return nil, video.ErrTrim
	}
	path, begins, err := h.Clip(ctx, s.ID, from, to)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	l, err := h.Courses.SetFilm(ctx, in.Shop, web.Who(ctx).Person, in.ID, begins, begins+to-from, f, info.Size())
	return h.taught(ctx, l, err)
}

type lessonCaptionsInput struct {
	Path
	Body struct {
		VTT string `json:"vtt" maxLength:"262144" doc:"A WebVTT file; empty: no captions"`
	}
}

func (h *handler) setCaptions(ctx context.Context, in *lessonCaptionsInput) (*web.Out[Taught], error) {
	l, err := h.Courses.SetCaptions(ctx, in.Shop, in.ID, in.Body.VTT)
	return h.taught(ctx, l, err)
}

func (h *handler) remove(ctx context.Context, in *Path) (*web.None, error) {
	return nil, h.Courses.Remove(ctx, in.Shop, in.ID)
}

// learner is who has bought a course: what a teacher needs to know, and no more.
type learner struct {
	Name     string     `json:"name" doc:"As given with the order"`
	Order    string     `json:"order"`
	State    string     `json:"state" enum:"open,paused,over,ended"`
	BoughtAt time.Time  `json:"bought_at"`
	OpenedAt *time.Time `json:"opened_at,omitempty"`
	LastAt   *time.Time `json:"last_at,omitempty" doc:"When they learnt last"`
	Lessons  int        `json:"lessons" doc:"Of the course now"`
	Standing standing   `json:"standing"`
}

type learnersInput struct {
	Path
	web.Paged
}

func (h *handler) learners(ctx context.Context, in *learnersInput) (*web.Out[page.Of[learner]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Courses.Learners(ctx, in.Shop, in.ID, after, 50)
	if err != nil {
		return nil, err
	}
	out := page.Of[learner]{Items: make([]learner, len(rows.Items)), Next: rows.Next}
	for i, c := range rows.Items {
		out.Items[i] = learner{Name: c.Name, Order: c.Order, State: stateOf(c.Enrolment, h.Now()), BoughtAt: c.BoughtAt, OpenedAt: clock.Ptr(c.OpenedAt),
			LastAt: clock.Ptr(c.Last), Lessons: len(c.Lessons), Standing: standingOf(c.Standing)}
	}
	return web.Answer(out, nil)
}
