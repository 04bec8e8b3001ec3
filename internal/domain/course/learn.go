package course

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

// Course is a bought course as its learner sees it.
type Course struct {
	Enrolment
	Standing
	Lessons  []Lesson
	Progress map[string]Progress // by lesson
}

// Syllabus lists the lessons of a product in order.
func (s *Service) Syllabus(ctx context.Context, product string) ([]Lesson, error) {
	all, err := lessonsOf(ctx, s.DB, product)
	out := make([]Lesson, 0, len(all))
	for _, l := range all {
		if !l.gone {
			out = append(out, l)
		}
	}
	return out, err
}

// Mine pages through the courses of a person, the newest first.
func (s *Service) Mine(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Course], error) {
	rows, err := ofPerson(ctx, s.DB, person, after, n+1)
	return s.page(ctx, rows, n, err)
}

// Learners pages through who has bought a course of a shop, the newest first.
func (s *Service) Learners(ctx context.Context, shopID, product string, after page.Cursor, n int) (page.Of[Course], error) {
	if err := s.courseOfShop(ctx, shopID, product); err != nil {
		return page.Of[Course]{}, err
	}
	rows, err := ofProduct(ctx, s.DB, shopID, product, after, n+1)
	return s.page(ctx, rows, n, err)
}

func (s *Service) page(ctx context.Context, rows []Enrolment, n int, err error) (page.Of[Course], error) {
	if err != nil {
		return page.Of[Course]{}, err
	}
	cut := page.Cut(rows, n, func(e Enrolment) page.Cursor { return page.Cursor{At: clock.Millis(e.BoughtAt), ID: e.ID} })
	out := page.Of[Course]{Items: make([]Course, len(cut.Items)), Next: cut.Next}
	for i, e := range cut.Items {
		if out.Items[i], err = s.courseOf(ctx, e); err != nil {
			return page.Of[Course]{}, err
		}
	}
	return out, nil
}

func (s *Service) courseOf(ctx context.Context, e Enrolment) (Course, error) {
	lessons, err := lessonsOf(ctx, s.DB, e.Product)
	if err != nil {
		return Course{}, err
	}
	c := Course{Enrolment: e}
	if c.Progress, err = progressOf(ctx, s.DB, e.ID); err != nil {
		return Course{}, err
	}
	c.Standing = standing(e, lessons, c.Progress)
	last, err := lastSeen(ctx, s.DB, e.ID)
	c.Last = clock.Time(last)
	for _, l := range lessons {
		if !l.gone {
			c.Lessons = append(c.Lessons, l)
		}
	}
	return c, err
}

// Get returns a course to who has bought it.
func (s *Service) Get(ctx context.Context, person, enrolment string) (Course, error) {
	e, err := enrolmentByID(ctx, s.DB, enrolment)
	if err == nil && e.Person != person {
		err = ErrNoCourse
	}
	if err != nil {
		return Course{}, err
	}
	return s.courseOf(ctx, e)
}

// OfOrder lists the courses that came of an order, to its buyer.
func (s *Service) OfOrder(ctx context.Context, person, orderID string) ([]Course, error) {
	all, err := enrolmentsOfOrder(ctx, s.DB, orderID)
	out := make([]Course, 0, len(all))
	for _, e := range all {
		if e.Person != person {
			continue
		}
		c, err := s.courseOf(ctx, e)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, err
}

// BoughtBy returns the enrolment with which a person watches a product, or
// [ErrNoCourse].
func (s *Service) BoughtBy(ctx context.Context, person, product string) (Enrolment, error) {
	if person == "" {
		return Enrolment{}, ErrNoCourse
	}
	return bestOf(ctx, s.DB, person, product, s.Now())
}

// Play is a lesson that somebody may watch now.
type Play struct {
	Lesson
	Ticket string // for its addresses
	Until  time.Time
	Course string // the enrolment, when it was bought
	At     time.Duration
}

// Watch opens a lesson to a person ("" for nobody): a preview to everybody, the
// others to who has bought them and to the shop. The first paid lesson that a
// buyer opens hands the course over. It returns [ErrLocked], [ErrOver],
// [ErrPaused] or [ErrNotReady] where it stays closed.
func (s *Service) Watch(ctx context.Context, person, lesson string) (Play, error) {
	l, err := lessonByID(ctx, s.DB, lesson)
	if err != nil {
		return Play{}, err
	}
	p := Play{Lesson: l, Until: s.Now().Add(TicketFor)}
	who, e, err := s.holder(ctx, person, l)
	if err != nil {
		return Play{}, err
	}
	if !l.Ready() {
		return Play{}, ErrNotReady
	}
	if e.ID != "" {
		p.Course = e.ID
		seen, err := progressOf(ctx, s.DB, e.ID)
		if err != nil {
			return Play{}, err
		}
		p.At = seen[l.ID].At
	}
	if who == e.ID {
		if err := s.opened(ctx, e, l); err != nil {
			return Play{}, err
		}
	}
	p.Ticket = Ticket{l.ID, who, p.Until}.sign([]byte(s.Secret))
	return p, nil
}

// holder says for whom a lesson opens when a person asks, and with which
// enrolment if there is one.
func (s *Service) holder(ctx context.Context, person string, l Lesson) (string, Enrolment, error) {
	e, err := s.BoughtBy(ctx, person, l.Product)
	switch {
	case err == nil && e.Open(s.Now()):
		if l.Preview {
			return ForAll, e, nil
		}
		return e.ID, e, nil
	case err != nil && !errors.Is(err, ErrNoCourse):
		return "", Enrolment{}, err
	}
	if person != "" && s.Shops.Require(ctx, l.Shop, person, shop.See) == nil {
		return ForShop, Enrolment{}, nil
	}
	if l.Preview {
		p, err := s.Catalog.Get(ctx, l.Product)
		if err == nil && p.State != catalog.Live {
			err = ErrNotFound
		}
		return ForAll, Enrolment{}, err
	}
	switch {
	case err != nil || !e.EndedAt.IsZero():
		return "", Enrolment{}, ErrLocked
	case e.Paused:
		return "", Enrolment{}, ErrPaused
	}
	return "", Enrolment{}, ErrOver
}

// opened hands a course over with its first paid lesson. A lesson without a film
// is seen when it is opened.
func (s *Service) opened(ctx context.Context, e Enrolment, l Lesson) error {
	read := l.Film.Length == 0
	if !e.OpenedAt.IsZero() && !read {
		return nil
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.Lock(ctx, tx, e.Order)
		if err != nil {
			return err
		}
		if e, err = lockEnrolment(ctx, tx, e.ID); err != nil {
			return err
		}
		if !e.Open(s.Now()) {
			return ErrOver
		}
		if err := s.Orders.Opened(ctx, tx, &o); err != nil {
			return err
		}
		if err := setOpened(ctx, tx, e.ID, s.Now()); err != nil || !read {
			return err
		}
		all := []Span{{0, Reading.Milliseconds()}}
		return putProgress(ctx, tx, e.ID, Progress{Lesson: l.ID, Seen: all, Time: Reading}, s.Now())
	})
}

// Note keeps what a learner has seen of a lesson and where they are; the answer is
// the course with it. What was seen before stays seen.
func (s *Service) Note(ctx context.Context, person, enrolment, lesson string, seen []Span, at time.Duration) (Course, error) {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		e, err := lockEnrolment(ctx, tx, enrolment)
		if err == nil && e.Person != person {
			err = ErrNoCourse
		}
		if err != nil {
			return err
		}
		l, err := lessonByID(ctx, tx, lesson)
		if err != nil {
			return err
		}
		switch {
		case l.Product != e.Product:
			return ErrNotFound
		case e.Paused:
			return ErrPaused
		case !e.Open(s.Now()):
			return ErrOver
		}
		was, err := progressOf(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		p := Progress{Lesson: l.ID, Seen: merge(was[l.ID].Seen, seen, l.Film.Length), At: min(max(at, 0), l.Film.Length)}
		p.Time = time.Duration(total(p.Seen)) * time.Millisecond
		return putProgress(ctx, tx, e.ID, p, s.Now())
	})
	if err != nil {
		return Course{}, err
	}
	return s.Get(ctx, person, enrolment)
}

// FilmFor returns the lesson that a ticket opens, with its film, or [ErrTicket]:
// the ticket is looked at, and whether what it was given for still holds.
func (s *Service) FilmFor(ctx context.Context, ticket string) (Lesson, video.Video, error) {
	now := s.Now()
	t, err := parseTicket([]byte(s.Secret), ticket, now)
	if err != nil {
		return Lesson{}, video.Video{}, err
	}
	l, err := lessonByID(ctx, s.DB, t.Lesson)
	if err != nil {
		return Lesson{}, video.Video{}, err
	}
	switch t.For {
	case ForAll:
		if !l.Preview {
			return Lesson{}, video.Video{}, ErrTicket
		}
	case ForShop:
	default:
		e, err := enrolmentByID(ctx, s.DB, t.For)
		if err != nil {
			return Lesson{}, video.Video{}, err
		}
		if !e.Open(now) || e.Product != l.Product {
			return Lesson{}, video.Video{}, ErrTicket
		}
	}
	v, err := s.Videos.LessonFilm(ctx, l.Video)
	return l, v, err
}
