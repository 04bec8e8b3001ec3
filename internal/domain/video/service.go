package video

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
)

// Coder makes films; the media core has one.
type Coder interface {
	// Make turns the file name in dir, or the part of it that is asked for, into a
	// film in the same folder, and tells how far it is in percent. What the file is
	// to blame for comes back as [ErrFormat] and its like.
	Make(ctx context.Context, dir, name string, from, to time.Duration, progress func(percent int)) (Made, error)
	// Still returns the picture at an offset of a film as a JPEG.
	Still(ctx context.Context, f Film, at time.Duration) ([]byte, error)
	// Look describes a JPEG in the way that films are described.
	Look(jpeg io.Reader) ([]uint64, error)
	// Alike reports whether two films show the same by their hashes.
	Alike(a, b []uint64) bool
}

// Made is a film that was just made.
type Made struct {
	Film   Film                       // without a folder and a playlist
	Master func(folder string) string // the playlist of a film in that folder
	Hashes []uint64
	Cover  string // file name of a picture
}

// Parts are what the service works with.
type Parts struct {
	DB      *db.DB
	Bus     *bus.Bus
	Jobs    *job.Queue // short work
	Slow    *job.Queue // films, few at a time
	Blobs   blob.Store
	Shops   *shop.Service
	Catalog *catalog.Service
	Social  *social.Service
	Coder   Coder
	// HasShow returns an error unless the show is one of the shop.
	HasShow func(ctx context.Context, shop, show string) error
	// Room reports whether the disk has room for n more bytes.
	Room func(n int64) bool
	// Work is a folder for films in the making.
	Work string
	// KeepSources keeps the files that films were made of.
	KeepSources bool
	Log         *slog.Logger
	Now         clock.Now
}

// Service keeps videos. It is safe for concurrent use.
type Service struct {
	Parts
}

// New returns a service. Its jobs run on the queues of p.
func New(p Parts) *Service {
	s := &Service{p}
	job.Handle(p.Slow, s.make)
	job.Handle(p.Jobs, s.publishDue)
	job.Handle(p.Jobs, s.sweep)
	return s
}

// Post is what somebody says when posting a video.
type Post struct {
	Text
	TrimFrom, TrimTo time.Duration
}

var languageTag = regexp.MustCompile(`^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$`)

// cleaned returns the text as it is kept, or what is wrong with it.
func (t Text) cleaned() (Text, error) {
	t.Caption, t.Place, t.Rights.Source = text.Lines(t.Caption), text.Line(t.Place), text.Line(t.Rights.Source)
	if utf8.RuneCountInString(t.Caption) > MaxCaption {
		return Text{}, ErrCaption
	}
	if utf8.RuneCountInString(t.Place) > 80 || utf8.RuneCountInString(t.Rights.Source) > 200 {
		return Text{}, text.ErrTooLong
	}
	topics := []string{}
	for _, topic := range t.Topics {
		topic = asTopic(topic)
		if utf8.RuneCountInString(topic) > MaxTopic {
			return Text{}, ErrTopics
		}
		if topic != "" && !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	t.Topics = topics
	if t.Products == nil {
		t.Products = []string{}
	}
	if t.Photos == nil {
		t.Photos = []string{}
	}
	switch {
	case len(topics) > MaxTopics:
		return Text{}, ErrTopics
	case !languageTag.MatchString(t.Language) || len(t.Language) > 20:
		return Text{}, ErrLanguage
	case t.Rights.Kind != Own && t.Rights.Kind != Licensed, t.Rights.Kind == Licensed && t.Rights.Source == "":
		return Text{}, ErrRights
	case t.Visibility != Public && t.Visibility != Followers && t.Visibility != Friends && t.Visibility != Link && t.Visibility != Lesson:
		return Text{}, ErrVisibility
	case len(t.Products) > MaxProducts:
		return Text{}, ErrProducts
	}
	return t, nil
}

// checked is cleaned, and says whether what it points to is the shop's.
func (s *Service) checked(ctx context.Context, shopID string, t Text) (Text, error) {
	t, err := t.cleaned()
	if err != nil {
		return Text{}, err
	}
	for i, product := range t.Products {
		p, err := s.Catalog.Get(ctx, product)
		if err != nil || p.Shop != shopID || slices.Contains(t.Products[:i], product) {
			return Text{}, ErrProducts
		}
	}
	if err := s.checkPhotos(ctx, shopID, t.Photos); err != nil {
		return Text{}, err
	}
	if t.Show != "" {
		if err := s.HasShow(ctx, shopID, t.Show); err != nil {
			return Text{}, err
		}
	}
	return t, nil
}

func sourceKey(video string) string { return "video/" + video + "/source" }

// Create makes a video of size bytes that file gives, as a person of the shop
// posts it. The film is made afterwards, by a job.
func (s *Service) Create(ctx context.Context, shopID, author string, d Post, file io.Reader, size int64) (Video, error) {
	t, err := s.checked(ctx, shopID, d.Text)
	if err != nil {
		return Video{}, err
	}
	if t.HasPhotos() {
		return Video{}, ErrPhotos
	}
	if d.TrimFrom < 0 || d.TrimTo < 0 || d.TrimTo > 0 && d.TrimTo-d.TrimFrom < time.Second {
		return Video{}, ErrTrim
	}
	if !s.Room(size) {
		return Video{}, ErrNoRoom
	}
	now := s.Now()
	v := Video{ID: id.New("vid", now), Shop: shopID, Author: author, State: Processing, Text: t, TrimFrom: d.TrimFrom, TrimTo: d.TrimTo, CreatedAt: now}
	// The file first: a row without one would be a promise that nobody can keep.
	if err := s.Blobs.Put(ctx, sourceKey(v.ID), file, size, "application/octet-stream"); err != nil {
		return Video{}, fmt.Errorf("keep the file of %s: %w", v.ID, err)
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := insert(ctx, tx, v); err != nil {
			return err
		}
		if err := setTopics(ctx, tx, v.ID, v.Topics); err != nil {
			return err
		}
		return s.Slow.Insert(ctx, tx, makeFilm{v.ID}, job.Unique(v.ID))
	})
	if err != nil {
		_ = s.Blobs.Delete(context.WithoutCancel(ctx), sourceKey(v.ID))
		return Video{}, err
	}
	s.Log.InfoContext(ctx, "video posted", "video", v.ID, "shop", shopID, "bytes", size)
	return v, nil
}

// change locks a video of a shop, lets f change it and saves it; who follows
// published videos is told.
func (s *Service) change(ctx context.Context, shopID, video string, f func(tx *db.Tx, v *Video) error) (Video, error) {
	var v Video
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		was, err := lock(ctx, tx, shopID, video)
		if err != nil {
			return err
		}
		v = was
		if err := f(tx, &v); err != nil {
			return err
		}
		if err := save(ctx, tx, v); err != nil {
			return err
		}
		if !slices.Equal(v.Topics, was.Topics) {
			if err := setTopics(ctx, tx, v.ID, v.Topics); err != nil {
				return err
			}
		}
		return s.tell(ctx, tx, v, was.State)
	})
	return v, err
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, v Video, was State) error {
	topic := TopicPublished
	switch {
	case v.State == Published:
	case was == Published:
		topic = TopicRemoved
	default:
		return nil
	}
	e, err := bus.New(topic, v.ID, Told{Video: v.ID, Shop: v.Shop, Visibility: v.Visibility})
	if err != nil {
		return err
	}
	return s.Bus.Publish(ctx, tx, e)
}

// Update changes what is said of a video: change gets it as it is and returns
// how it should be.
func (s *Service) Update(ctx context.Context, shopID, video string, change func(*Text)) (Video, error) {
	v, err := s.GetOf(ctx, shopID, video)
	if err != nil {
		return Video{}, err
	}
	t := v.Text
	change(&t)
	if t, err = s.checked(ctx, shopID, t); err != nil {
		return Video{}, err
	}
	if t.HasPhotos() != v.HasPhotos() {
		return Video{}, ErrPhotos // a film stays a film
	}
	looks := v.Hashes
	if !slices.Equal(t.Photos, v.Photos) {
		if looks, err = s.looksOf(ctx, t.Photos); err != nil {
			return Video{}, err
		}
	}
	return s.change(ctx, shopID, video, func(tx *db.Tx, v *Video) error {
		was := v.Photos
		change(&v.Text) // once more, on what is there now
		if v.Text, err = v.Text.cleaned(); err != nil || slices.Equal(v.Photos, was) {
			return err
		}
		return s.exhibit(ctx, tx, v, looks)
	})
}

// Publish shows a video from an instant on; at once if it is zero. A video that
// is processing is published when it is ready and its time has come.
func (s *Service) Publish(ctx context.Context, shopID, video string, at time.Time) (Video, error) {
	now := s.Now()
	if at.Before(now) {
		at = now
	}
	if at.After(now.AddDate(1, 0, 0)) {
		return Video{}, ErrSchedule
	}
	return s.change(ctx, shopID, video, func(tx *db.Tx, v *Video) error {
		switch v.State {
		case Failed:
			return ErrState
		case Published:
			return nil // publishing twice is publishing once
		case Processing:
			v.PublishAt = at
			return nil
		}
		return s.show(ctx, tx, v, at)
	})
}

// show publishes a video that is ready, or plans it.
func (s *Service) show(ctx context.Context, tx *db.Tx, v *Video, at time.Time) error {
	now := s.Now()
	if at.After(now) {
		v.State, v.PublishAt = Scheduled, at
		return s.Jobs.Insert(ctx, tx, publishDue{v.ID}, job.At(at))
	}
	v.State, v.PublishAt, v.PublishedAt = Published, time.Time{}, now
	var err error
	v.DuplicateOf, err = s.duplicate(ctx, tx, *v)
	return err
}

// publishDue is the job that publishes a video whose time has come.
type publishDue struct{ Video string }

func (publishDue) Kind() string { return "video.publish" }

func (s *Service) publishDue(ctx context.Context, a publishDue) error {
	_, err := s.change(ctx, "", a.Video, func(tx *db.Tx, v *Video) error {
		if v.State != Scheduled || v.PublishAt.After(s.Now()) {
			return nil // planned anew, or withdrawn
		}
		return s.show(ctx, tx, v, v.PublishAt)
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Unpublish withdraws a video, or its plan; it is a draft then.
func (s *Service) Unpublish(ctx context.Context, shopID, video string) (Video, error) {
	return s.change(ctx, shopID, video, func(_ *db.Tx, v *Video) error {
		if v.State == Scheduled || v.State == Published {
			v.State = Draft
		}
		v.PublishAt = time.Time{}
		return nil
	})
}

// Delete removes a video with what was said to it, for ever.
func (s *Service) Delete(ctx context.Context, shopID, video string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		v, err := lock(ctx, tx, shopID, video)
		if err != nil {
			return err
		}
		if err := remove(ctx, tx, v.ID); err != nil {
			return err
		}
		if err := s.Jobs.Insert(ctx, tx, sweep{v.ID}); err != nil {
			return err
		}
		was := v.State
		v.State = Draft
		return s.tell(ctx, tx, v, was)
	})
}

// Get returns a video.
func (s *Service) Get(ctx context.Context, video string) (Video, error) {
	return byID(ctx, s.DB, video)
}

// GetOf returns a video of a shop.
func (s *Service) GetOf(ctx context.Context, shopID, video string) (Video, error) {
	v, err := byID(ctx, s.DB, video)
	if err == nil && (v.Shop != shopID || v.Visibility == Lesson) {
		return Video{}, ErrNotFound
	}
	return v, err
}

// Seen returns a video that person ("" for nobody) may see: a published one, if
// it is for them, and all of those of a shop in which they work. Otherwise there
// is none.
func (s *Service) Seen(ctx context.Context, video, person string) (Video, error) {
	v, err := byID(ctx, s.DB, video)
	if err != nil {
		return Video{}, err
	}
	if v.Visibility == Lesson {
		return Video{}, ErrNotFound
	}
	if v.State == Published && (v.Visibility == Public || v.Visibility == Link) {
		return v, nil
	}
	if person == "" {
		return Video{}, ErrNotFound
	}
	if v.State == Published {
		seen, err := s.meant(ctx, v, person)
		if err != nil || seen {
			return v, err
		}
	}
	if !v.Ready() || s.Shops.Require(ctx, v.Shop, person, shop.See) != nil {
		return Video{}, ErrNotFound
	}
	return v, nil
}

// meant reports whether a video for followers or friends is for person.
func (s *Service) meant(ctx context.Context, v Video, person string) (bool, error) {
	if v.Visibility == Friends {
		return s.Social.FriendOfOwner(ctx, person, v.Shop)
	}
	f, err := s.Social.Of(ctx, person, v.Shop)
	return f.Following, err
}

// OfShop pages through all videos of a shop, the newest first.
func (s *Service) OfShop(ctx context.Context, shopID string, after page.Cursor, n int) (page.Of[Video], error) {
	rows, err := ofShop(ctx, s.DB, shopID, after, n+1)
	return page.Cut(rows, n, func(v Video) page.Cursor { return page.Cursor{At: clock.Millis(v.CreatedAt), ID: v.ID} }), err
}

// PublishedOf pages through what person ("" for nobody) finds in a shop, the
// newest first.
func (s *Service) PublishedOf(ctx context.Context, shopID, person string, after page.Cursor, n int) (page.Of[Video], error) {
	staff := person != "" && s.Shops.Require(ctx, shopID, person, shop.See) == nil
	rows, err := publishedOf(ctx, s.DB, shopID, person, staff, after, n+1)
	return page.Cut(rows, n, func(v Video) page.Cursor { return page.Cursor{At: clock.Millis(v.PublishedAt), ID: v.ID} }), err
}

// Candidate is a video that a feed may show.
type Candidate struct {
	ID          string
	Shop        string
	Topics      []string
	Language    string
	Place       string
	Pack        string // the shop's line of business
	PublishedAt time.Time
	DuplicateOf string
}

// Eligible goes through the videos that are published for everybody, the oldest
// first.
func (s *Service) Eligible(ctx context.Context) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		packs := map[string]string{}
		const some = 500
		for after := (page.Cursor{}); ; {
			rows, err := eligible(ctx, s.DB, after, some)
			if err != nil {
				yield(Candidate{}, err)
				return
			}
			for _, v := range rows {
				c, err := s.candidate(ctx, v, packs)
				if !yield(c, err) || err != nil {
					return
				}
				after = page.Cursor{At: clock.Millis(v.PublishedAt), ID: v.ID}
			}
			if len(rows) < some {
				return
			}
		}
	}
}

func (s *Service) candidate(ctx context.Context, v Video, packs map[string]string) (Candidate, error) {
	pack, ok := packs[v.Shop]
	if !ok {
		sh, err := s.Shops.Get(ctx, v.Shop)
		if err != nil {
			return Candidate{}, err
		}
		pack = sh.Pack
		packs[v.Shop] = pack
	}
	return Candidate{ID: v.ID, Shop: v.Shop, Topics: v.Topics, Language: v.Language, Place: v.Place, Pack: pack, PublishedAt: v.PublishedAt, DuplicateOf: v.DuplicateOf}, nil
}
