package video

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/picture"
)

const (
	// MaxPhotos is how many photos a note has at most.
	MaxPhotos = 9
	// PerPhoto is how long a photo counts as, where a film counts by its length:
	// to look at a note for nine tenths of its photos is to look at it long.
	PerPhoto = 3 * time.Second
)

// HasPhotos reports whether the post is a note of photos instead of a film.
func (t Text) HasPhotos() bool { return len(t.Photos) > 0 }

// Ready reports whether there is something to see.
func (v Video) Ready() bool { return v.HasPhotos() || v.Film.Folder != "" }

// Length is how long it takes to see all of it.
func (v Video) Length() time.Duration {
	if v.HasPhotos() {
		return time.Duration(len(v.Photos)) * PerPhoto
	}
	return v.Film.Duration
}

// CreateNote makes a draft of photos that the shop has uploaded, as a person of
// the shop posts it. There is nothing to be made of them: it is ready at once.
func (s *Service) CreateNote(ctx context.Context, shopID, author string, t Text) (Video, error) {
	t, err := s.checked(ctx, shopID, t)
	if err != nil {
		return Video{}, err
	}
	if !t.HasPhotos() {
		return Video{}, ErrPhotos
	}
	now := s.Now()
	v := Video{ID: id.New("vid", now), Shop: shopID, Author: author, State: Draft, Text: t, CreatedAt: now}
	looks, err := s.looksOf(ctx, t.Photos)
	if err != nil {
		return Video{}, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := insert(ctx, tx, v); err != nil {
			return err
		}
		v.State, v.Progress = Draft, 100
		if err := s.exhibit(ctx, tx, &v, looks); err != nil {
			return err
		}
		if err := save(ctx, tx, v); err != nil {
			return err
		}
		return setTopics(ctx, tx, v.ID, v.Topics)
	})
	if err != nil {
		return Video{}, err
	}
	s.Log.InfoContext(ctx, "photos posted", "video", v.ID, "shop", shopID, "photos", len(v.Photos))
	return v, nil
}

// exhibit makes the first photo the cover and looks for the same elsewhere.
func (s *Service) exhibit(ctx context.Context, tx *db.Tx, v *Video, looks []uint64) error {
	v.Cover, v.Hashes = v.Photos[0], looks
	var err error
	v.DuplicateOf, err = s.duplicate(ctx, tx, *v)
	return err
}

// looksOf describes photos as films are described; see [Video].
func (s *Service) looksOf(ctx context.Context, photos []string) ([]uint64, error) {
	out := []uint64{}
	for _, image := range photos {
		r, err := s.Blobs.Open(ctx, picture.Key(image, picture.Widths[0]), 0, -1)
		if err != nil {
			return nil, fmt.Errorf("photo %s: %w", image, err)
		}
		look, err := s.Coder.Look(r)
		_ = r.Close()
		if err != nil {
			return nil, fmt.Errorf("photo %s: %w", image, err)
		}
		out = append(out, look...)
	}
	return out, nil
}

// checkPhotos says whether the photos of a text are those of a note: of the
// shop, each once.
func (s *Service) checkPhotos(ctx context.Context, shopID string, photos []string) error {
	if len(photos) > MaxPhotos {
		return ErrPhotos
	}
	for i, image := range photos {
		owner, err := s.Shops.ImageOwner(ctx, image)
		if err != nil || owner != shopID || slices.Contains(photos[:i], image) {
			return ErrPhotos
		}
	}
	return nil
}
