package video

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/picture"
)

// makeFilm is the job that makes a film of a posted file.
type makeFilm struct{ Video string }

func (makeFilm) Kind() string { return "video.make" }

// make runs the job. It may have been cut off anywhere before: each attempt
// works in a fresh folder and becomes visible in one step.
func (s *Service) make(ctx context.Context, a makeFilm) error {
	v, err := s.begin(ctx, a.Video)
	if err != nil || v.State != Processing {
		return err
	}
	dir := filepath.Join(s.Work, v.ID)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o750)); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	made, cover, err := s.film(ctx, v, dir)
	hopeless := slices.ContainsFunc(blames, func(blame *errs.Error) bool { return errors.Is(err, blame) })
	switch {
	case ctx.Err() != nil, errors.Is(err, ErrNoRoom):
		return errors.Join(err, s.giveBack(context.WithoutCancel(ctx), v.ID)) // not the file's fault
	case hopeless, err != nil && v.attempts >= maxAttempts:
		s.Log.WarnContext(ctx, "video could not be used", "video", v.ID, "error", err)
		return s.fail(ctx, v.ID, err)
	case err != nil:
		return err
	}
	return s.ready(ctx, v.ID, made, cover)
}

// begin counts an attempt and clears away what another has left. A video that is
// gone or done is no longer processing.
func (s *Service) begin(ctx context.Context, video string) (Video, error) {
	v, err := s.change(ctx, "", video, func(_ *db.Tx, v *Video) error {
		if v.State == Processing {
			v.attempts++
			v.Progress = 0
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return Video{}, nil
	}
	if err != nil || v.State != Processing {
		return v, err
	}
	if v.attempts > maxAttempts {
		return Video{}, s.fail(ctx, video, ErrBroken)
	}
	return v, s.clear(ctx, "video/"+video+"/", sourceKey(video))
}

// giveBack takes an attempt back that was cut short.
func (s *Service) giveBack(ctx context.Context, video string) error {
	_, err := s.change(ctx, "", video, func(_ *db.Tx, v *Video) error {
		v.attempts = max(0, v.attempts-1)
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// clear deletes the blobs below prefix but one.
func (s *Service) clear(ctx context.Context, prefix, but string) error {
	for info, err := range s.Blobs.List(ctx, prefix) {
		if err != nil {
			return err
		}
		if info.Key == but {
			continue
		}
		if err := s.Blobs.Delete(ctx, info.Key); err != nil {
			return err
		}
	}
	return nil
}

// film makes the film in dir and puts it into the store.
func (s *Service) film(ctx context.Context, v Video, dir string) (Made, shop.Image, error) {
	const source = "source"
	info, err := s.Blobs.Stat(ctx, sourceKey(v.ID))
	if err != nil {
		return Made{}, shop.Image{}, err
	}
	if !s.Room(3 * info.Size) { // a copy to work on, and the film twice
		return Made{}, shop.Image{}, ErrNoRoom
	}
	if err := s.fetch(ctx, sourceKey(v.ID), filepath.Join(dir, source)); err != nil {
		return Made{}, shop.Image{}, err
	}
	made, err := s.Coder.Make(ctx, dir, source, v.TrimFrom, v.TrimTo, func(percent int) {
		if err := setProgress(ctx, s.DB, v.ID, percent); err != nil {
			s.Log.WarnContext(ctx, "progress was not noted", "video", v.ID, "error", err)
		}
	})
	if err != nil {
		return Made{}, shop.Image{}, err
	}
	made.Film.Folder = id.Secret(5)
	made.Film.Master = made.Master(made.Film.Folder)
	for _, name := range made.Film.Files {
		if err := s.put(ctx, filepath.Join(dir, name), fileKey(v.ID, made.Film.Folder, name), ContentType(name)); err != nil {
			return Made{}, shop.Image{}, err
		}
	}
	f, err := os.Open(filepath.Join(dir, made.Cover))
	if err != nil {
		return Made{}, shop.Image{}, err
	}
	defer f.Close()
	cover, err := s.keepCover(ctx, v.Shop, f)
	return made, cover, err
}

func fileKey(video, folder, name string) string { return "video/" + video + "/" + folder + "/" + name }

// ContentType is what a file of a film is, by its name.
func ContentType(name string) string {
	switch filepath.Ext(name) {
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".mp4":
		return "video/mp4"
	}
	return "image/jpeg"
}

func (s *Service) fetch(ctx context.Context, key, path string) error {
	r, err := s.Blobs.Open(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

func (s *Service) put(ctx context.Context, path, key, contentType string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	return s.Blobs.Put(ctx, key, f, st.Size(), contentType)
}

// keepCover keeps a picture as one of the shop's.
func (s *Service) keepCover(ctx context.Context, shopID string, r io.Reader) (shop.Image, error) {
	im := shop.Image{ID: id.New("img", s.Now()), Shop: shopID}
	info, err := picture.Save(ctx, s.Blobs, im.ID, r)
	if err != nil {
		return shop.Image{}, fmt.Errorf("cover: %w", err)
	}
	im.Width, im.Height, im.Color = info.Width, info.Height, info.Color
	return im, s.Shops.SaveImage(ctx, im)
}

// ready says that a film can be played, and shows it if that was wished for.
func (s *Service) ready(ctx context.Context, video string, made Made, cover shop.Image) error {
	v, err := s.change(ctx, "", video, func(tx *db.Tx, v *Video) error {
		if v.State != Processing {
			return ErrState
		}
		v.State, v.Progress, v.Film, v.Hashes, v.Cover = Draft, 100, made.Film, made.Hashes, cover.ID
		if !v.PublishAt.IsZero() {
			return s.show(ctx, tx, v, v.PublishAt)
		}
		var err error
		v.DuplicateOf, err = s.duplicate(ctx, tx, *v)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound): // deleted while it was made
		return s.clear(ctx, "video/"+video+"/", "")
	case err != nil:
		return err
	}
	s.Log.InfoContext(ctx, "video is ready", "video", v.ID, "shop", v.Shop, "length", v.Film.Duration, "duplicate_of", v.DuplicateOf)
	if s.KeepSources {
		return nil
	}
	return s.Blobs.Delete(ctx, sourceKey(video))
}

// fail says in words why a file cannot be used.
func (s *Service) fail(ctx context.Context, video string, because error) error {
	problem := ErrBroken.Code
	var e *errs.Error
	if errors.As(because, &e) {
		problem = e.Code
	}
	_, err := s.change(ctx, "", video, func(_ *db.Tx, v *Video) error {
		v.State, v.Problem = Failed, problem
		return nil
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return s.clear(ctx, "video/"+video+"/", "")
}

// sweep is the job that deletes the files of a video that is gone.
type sweep struct{ Video string }

func (sweep) Kind() string { return "video.sweep" }

func (s *Service) sweep(ctx context.Context, a sweep) error {
	return s.clear(ctx, "video/"+a.Video+"/", "")
}

// compared is with how many published videos a new one is compared, the newest.
const compared = 20_000

// duplicate names a published video that shows the same, or "".
func (s *Service) duplicate(ctx context.Context, q db.Querier, v Video) (string, error) {
	if len(v.Hashes) == 0 {
		return "", nil
	}
	others, err := looks(ctx, q, v.ID, compared)
	if err != nil {
		return "", err
	}
	oldest := ""
	for _, other := range others { // the newest first
		var hashes []uint64
		if err := json.Unmarshal([]byte(other.hashes), &hashes); err != nil {
			return "", err
		}
		if s.Coder.Alike(v.Hashes, hashes) && s.Coder.Alike(hashes, v.Hashes) {
			oldest = other.id
		}
	}
	return oldest, nil
}

// SetCover takes the picture at an offset of the film as the cover.
func (s *Service) SetCover(ctx context.Context, shopID, video string, at time.Duration) (Video, error) {
	v, err := s.GetOf(ctx, shopID, video)
	if err != nil {
		return Video{}, err
	}
	switch {
	case v.Film.Folder == "":
		return Video{}, ErrState
	case at < 0 || at > v.Film.Duration:
		return Video{}, ErrSecond
	}
	f := v.Film
	f.Folder = fileKey(v.ID, f.Folder, "")
	jpeg, err := s.Coder.Still(ctx, f, at)
	if err != nil {
		return Video{}, err
	}
	im, err := s.keepCover(ctx, shopID, bytes.NewReader(jpeg))
	if err != nil {
		return Video{}, err
	}
	return s.change(ctx, shopID, video, func(_ *db.Tx, v *Video) error {
		v.Cover = im.ID
		return nil
	})
}

// File describes a file of the film of a video that was [Service.Seen], or
// returns [ErrNotFound].
func (s *Service) File(ctx context.Context, v Video, folder, name string) (blob.Info, error) {
	if folder != v.Film.Folder || !slices.Contains(v.Film.Files, name) {
		return blob.Info{}, ErrNotFound
	}
	info, err := s.Blobs.Stat(ctx, fileKey(v.ID, folder, name))
	if errors.Is(err, blob.ErrNotFound) {
		return blob.Info{}, ErrNotFound
	}
	return info, err
}
