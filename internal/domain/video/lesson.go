package video

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/openstall/openstall/internal/platform/db"
)

// AddLesson makes the film of a lesson from the span from..to of a file (to 0: to
// its end). It is made like every other, and then only [Service.LessonFilm] has
// it: it is never published, is in no list and has no public address.
func (s *Service) AddLesson(ctx context.Context, shopID, author string, from, to time.Duration, file io.Reader, size int64) (Video, error) {
	return s.Create(ctx, shopID, author, Post{Text: Text{Rights: Rights{Kind: Own}, Visibility: Lesson}, TrimFrom: from, TrimTo: to}, file, size)
}

// LessonFilm returns the film of a lesson, or [ErrNotFound] while it cannot be
// played. Who may see it is the caller's to decide.
func (s *Service) LessonFilm(ctx context.Context, video string) (Video, error) {
	v, err := byID(ctx, s.DB, video)
	if err == nil && (v.Visibility != Lesson || v.Film.Folder == "") {
		return Video{}, ErrNotFound
	}
	return v, err
}

// DropLesson deletes the film of a lesson for ever; what is gone is gone.
func (s *Service) DropLesson(ctx context.Context, tx *db.Tx, video string) error {
	v, err := lock(ctx, tx, "", video)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if v.Visibility != Lesson {
		return ErrNotFound
	}
	if err := remove(ctx, tx, v.ID); err != nil {
		return err
	}
	return s.Jobs.Insert(ctx, tx, sweep{v.ID})
}
