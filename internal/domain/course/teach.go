package course

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Words are what a teacher says of a lesson.
type Words struct {
	Title   text.Local
	Notes   text.Local
	Preview bool
}

func (w Words) cleaned() (Words, error) {
	var err error
	if w.Title, err = w.Title.Clean(maxTitle, false); err != nil || w.Title.IsEmpty() {
		return Words{}, ErrTitle
	}
	if w.Notes, err = w.Notes.Clean(maxNotes, true); err != nil {
		return Words{}, ErrNotes
	}
	return w, nil
}

// courseOfShop returns [ErrNoCourse] unless a product of the shop is watched here.
func (s *Service) courseOfShop(ctx context.Context, shopID, product string) error {
	p, err := s.Catalog.Get(ctx, product)
	if errors.Is(err, catalog.ErrNotFound) || err == nil && (p.Shop != shopID || !online(p)) {
		return ErrNoCourse
	}
	return err
}

// LessonsOf lists the lessons of a course to its shop.
func (s *Service) LessonsOf(ctx context.Context, shopID, product string) ([]Lesson, error) {
	if err := s.courseOfShop(ctx, shopID, product); err != nil {
		return nil, err
	}
	return s.Syllabus(ctx, product)
}

// AddLesson puts a lesson at the end of a course.
func (s *Service) AddLesson(ctx context.Context, shopID, product string, w Words) (Lesson, error) {
	if err := s.courseOfShop(ctx, shopID, product); err != nil {
		return Lesson{}, err
	}
	w, err := w.cleaned()
	if err != nil {
		return Lesson{}, err
	}
	now := s.Now()
	l := Lesson{ID: id.New("les", now), Shop: shopID, Product: product, Title: w.Title, Notes: w.Notes, Preview: w.Preview}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		all, err := lessonsOf(ctx, tx, product)
		if err != nil {
			return err
		}
		n := 0
		for _, other := range all {
			l.Position = max(l.Position, other.Position+1)
			if !other.gone {
				n++
			}
		}
		if n >= MaxLessons {
			return ErrMany
		}
		return insertLesson(ctx, tx, l, now)
	})
	return l, err
}

// change locks a lesson of a shop, lets f change it and saves it.
func (s *Service) change(ctx context.Context, shopID, lesson string, f func(tx *db.Tx, l *Lesson) error) (Lesson, error) {
	var l Lesson
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := lockLesson(ctx, tx, lesson); err != nil {
			return err
		}
		var err error
		if l, err = lessonByID(ctx, tx, lesson); err != nil {
			return err
		}
		if l.Shop != shopID {
			return ErrNotFound
		}
		if err := f(tx, &l); err != nil {
			return err
		}
		return saveLesson(ctx, tx, l)
	})
	if err != nil {
		return Lesson{}, err
	}
	return lessonByID(ctx, s.DB, lesson)
}

// SetWords changes what is said of a lesson: f gets it as it is.
func (s *Service) SetWords(ctx context.Context, shopID, lesson string, f func(*Words)) (Lesson, error) {
	return s.change(ctx, shopID, lesson, func(_ *db.Tx, l *Lesson) error {
		w := Words{l.Title, l.Notes, l.Preview}
		f(&w)
		w, err := w.cleaned()
		l.Title, l.Notes, l.Preview = w.Title, w.Notes, w.Preview
		return err
	})
}

// Arrange puts the lessons of a course into an order that names each once.
func (s *Service) Arrange(ctx context.Context, shopID, product string, order []string) ([]Lesson, error) {
	if err := s.courseOfShop(ctx, shopID, product); err != nil {
		return nil, err
	}
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		all, err := lessonsOf(ctx, tx, product)
		if err != nil {
			return err
		}
		n := 0
		for _, l := range all {
			if l.gone {
				continue
			}
			n++
			at := slices.Index(order, l.ID)
			if at < 0 {
				return ErrOrder
			}
			l.Position = int64(at)
			if err := saveLesson(ctx, tx, l); err != nil {
				return err
			}
		}
		if n != len(order) {
			return ErrOrder
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Syllabus(ctx, product)
}

// SetFilm gives a lesson the span from..to (to 0: to its end) of a file of size
// bytes as its film; the one before it is gone at once.
func (s *Service) SetFilm(ctx context.Context, shopID, author, lesson string, from, to time.Duration, file io.Reader, size int64) (Lesson, error) {
	l, err := s.OfShop(ctx, shopID, lesson)
	if err != nil {
		return Lesson{}, err
	}
	v, err := s.Videos.AddLesson(ctx, shopID, author, from, to, file, size)
	if err != nil {
		return Lesson{}, err
	}
	l, err = s.change(ctx, shopID, lesson, func(tx *db.Tx, l *Lesson) error {
		was := l.Video
		l.Video, l.Captions = v.ID, ""
		if was == "" {
			return nil
		}
		return s.Videos.DropLesson(ctx, tx, was)
	})
	if err != nil {
		_ = s.DB.InTx(context.WithoutCancel(ctx), func(tx *db.Tx) error { return s.Videos.DropLesson(ctx, tx, v.ID) })
	}
	return l, err
}

// SetCaptions gives the film of a lesson captions in WebVTT; none for no text.
func (s *Service) SetCaptions(ctx context.Context, shopID, lesson, vtt string) (Lesson, error) {
	return s.change(ctx, shopID, lesson, func(_ *db.Tx, l *Lesson) error {
		l.Captions = ""
		if vtt == "" {
			return nil
		}
		var err error
		l.Captions, err = cleanCaptions(vtt)
		return err
	})
}

// Remove takes a lesson out of its course, with its film, for ever. Who has seen
// it has seen it.
func (s *Service) Remove(ctx context.Context, shopID, lesson string) error {
	_, err := s.OfShop(ctx, shopID, lesson)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := lockLesson(ctx, tx, lesson); err != nil {
			return err
		}
		l, err := lessonByID(ctx, tx, lesson)
		if err != nil {
			return err
		}
		if l.Video != "" {
			if err := s.Videos.DropLesson(ctx, tx, l.Video); err != nil {
				return err
			}
		}
		return takeOut(ctx, tx, l.ID, s.Now())
	})
}

// OfShop returns a lesson to its shop.
func (s *Service) OfShop(ctx context.Context, shopID, lesson string) (Lesson, error) {
	l, err := lessonByID(ctx, s.DB, lesson)
	if err == nil && l.Shop != shopID {
		return Lesson{}, ErrNotFound
	}
	return l, err
}
