package coursehttp

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// IDPath names what is asked for. It is exported because parameters of unexported
// embedded structs are not read.
type IDPath struct {
	ID string `path:"id" maxLength:"60"`
}

type syllabus struct {
	Lessons  []Lesson `json:"lessons" nullable:"false"`
	LengthMS int64    `json:"length_ms"`
	Course   string   `json:"course,omitempty" doc:"Who asks has bought it: the id among their courses"`
}

func (h *handler) syllabus(ctx context.Context, in *IDPath) (*web.Out[syllabus], error) {
	p, err := h.Catalog.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := h.Courses.Syllabus(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	var out syllabus
	if out.Lessons, err = h.lessonsOf(ctx, all); err != nil {
		return nil, err
	}
	for _, l := range out.Lessons {
		out.LengthMS += l.LengthMS
	}
	e, err := h.Courses.BoughtBy(ctx, web.Who(ctx).Person, p.ID)
	switch {
	case err == nil && e.EndedAt.IsZero():
		out.Course = e.ID
	case err != nil && !errors.Is(err, course.ErrNoCourse):
		return nil, err
	}
	return web.Answer(out, nil)
}

// lessonPlay is an opened lesson.
type lessonPlay struct {
	Lesson
	Notes    text.Local `json:"notes"`
	URL      string     `json:"url,omitempty" doc:"Playlist of the film; everything below it is good until then"`
	Captions string     `json:"captions,omitempty" doc:"Address of captions in WebVTT"`
	Until    time.Time  `json:"until" doc:"Ask again before"`
	AtMS     int64      `json:"at_ms" doc:"Where to go on"`
	Course   string     `json:"course,omitempty" doc:"The id among the courses of who asks"`
}

func (h *handler) watch(ctx context.Context, in *IDPath) (*web.Out[lessonPlay], error) {
	p, err := h.Courses.Watch(ctx, web.Who(ctx).Person, in.ID)
	if err != nil {
		return nil, err
	}
	l, err := h.lessonOf(ctx, p.Lesson)
	if err != nil {
		return nil, err
	}
	v := lessonPlay{Lesson: l, Notes: p.Notes, Until: p.Until, AtMS: p.At.Milliseconds(), Course: p.Course}
	if p.Film.Length > 0 {
		v.URL = addressOf(p.Ticket, masterName)
		if p.Lesson.Captions != "" {
			v.Captions = addressOf(p.Ticket, captionsName)
		}
	}
	return web.Answer(v, nil)
}

func (h *handler) mine(ctx context.Context, in *web.Paged) (*web.Out[page.Of[Course]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Courses.Mine(ctx, web.Who(ctx).Person, after, 20)
	if err != nil {
		return nil, err
	}
	vs, err := h.coursesOf(ctx, rows.Items)
	return web.Answer(page.Of[Course]{Items: vs, Next: rows.Next}, err)
}

func (h *handler) get(ctx context.Context, in *IDPath) (*web.Out[Course], error) {
	c, err := h.Courses.Get(ctx, web.Who(ctx).Person, in.ID)
	return h.answer(ctx, c, err)
}

func (h *handler) answer(ctx context.Context, c course.Course, err error) (*web.Out[Course], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.courseOf(ctx, c))
}

type courseList struct {
	Items []Course `json:"items" nullable:"false"`
}

func (h *handler) ofOrder(ctx context.Context, in *IDPath) (*web.Out[courseList], error) {
	person := web.Who(ctx).Person
	if _, err := h.Orders.Get(ctx, person, in.ID); err != nil {
		return nil, err
	}
	all, err := h.Courses.OfOrder(ctx, person, in.ID)
	if err != nil {
		return nil, err
	}
	vs, err := h.coursesOf(ctx, all)
	return web.Answer(courseList{vs}, err)
}

type noteProgressInput struct {
	IDPath
	Lesson string `path:"lesson" maxLength:"60"`
	Body   struct {
		Seen []course.Span `json:"seen" maxItems:"100" nullable:"false" doc:"Parts of the film that were played, in milliseconds"`
		AtMS int64         `json:"at_ms" minimum:"0" doc:"Where to go on"`
	}
}

func (h *handler) note(ctx context.Context, in *noteProgressInput) (*web.Out[Course], error) {
	person := web.Who(ctx).Person
	if err := h.notes.Allow(person); err != nil {
		return nil, err
	}
	c, err := h.Courses.Note(ctx, person, in.ID, in.Lesson, in.Body.Seen, time.Duration(in.Body.AtMS)*time.Millisecond)
	return h.answer(ctx, c, err)
}
