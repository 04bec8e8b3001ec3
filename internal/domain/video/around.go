package video

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Favourite keeps a video that person may see among their favourites, or no
// longer. Nobody else learns of it. Doing it again changes nothing.
func (s *Service) Favourite(ctx context.Context, video, person string, keep bool) error {
	if keep {
		if _, err := s.Seen(ctx, video, person); err != nil {
			return err
		}
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error { return setFavourite(ctx, tx, video, person, keep, s.Now()) })
}

// IsFavourite reports whether person ("" for nobody) keeps a video.
func (s *Service) IsFavourite(ctx context.Context, video, person string) (bool, error) {
	if person == "" {
		return false, nil
	}
	return isFavourite(ctx, s.DB, video, person)
}

// Favourites pages through what person keeps and may still see, the newest first.
func (s *Service) Favourites(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Video], error) {
	rows, err := favourites(ctx, s.DB, person, after, n+1)
	if err != nil {
		return page.Of[Video]{}, err
	}
	cut := page.Cut(rows, n, deed.cursor)
	out := page.Of[Video]{Items: []Video{}, Next: cut.Next}
	for _, d := range cut.Items {
		v, err := byID(ctx, s.DB, d.video)
		if errors.Is(err, ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return page.Of[Video]{}, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

func (d deed) cursor() page.Cursor { return page.Cursor{At: d.at, ID: d.video} }

// Following pages through the videos of the shops that person follows: the
// newest day first, and on a day the shops take turns.
func (s *Service) Following(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Video], error) {
	from, err := turnOf(after)
	if err != nil {
		return page.Of[Video]{}, err
	}
	rows, err := byTurns(ctx, s.DB, person, from, n+1)
	if err != nil {
		return page.Of[Video]{}, err
	}
	cut := page.Cut(rows, n, turn.cursor)
	out := page.Of[Video]{Items: []Video{}, Next: cut.Next}
	for _, t := range cut.Items {
		v, err := byID(ctx, s.DB, t.id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return page.Of[Video]{}, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

// cursor is where the next page begins: a turn has three parts, a cursor two.
func (t turn) cursor() page.Cursor {
	return page.Cursor{At: t.position, ID: fmt.Sprintf("%d:%s", t.at, t.id)}
}

func turnOf(c page.Cursor) (turn, error) {
	if c == page.First {
		return turn{position: c.At, at: c.At, id: c.ID}, nil
	}
	at, id, ok := strings.Cut(c.ID, ":")
	ms, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return turn{}, page.ErrCursor
	}
	return turn{position: c.At, at: ms, id: id}, nil
}

// Shown is a video with the friends who liked or shared it.
type Shown struct {
	Video  Video
	People []string // who did it, the latest first, five at most
	What   string   // the latest deed: "liked" or "shared"
	At     time.Time
}

// FromFriends pages through what friends of person liked or shared and let their
// friends see, the newest first.
func (s *Service) FromFriends(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Shown], error) {
	rows, err := friendsDid(ctx, s.DB, person, after, n+1)
	if err != nil {
		return page.Of[Shown]{}, err
	}
	cut := page.Cut(rows, n, deed.cursor)
	out := page.Of[Shown]{Items: []Shown{}, Next: cut.Next}
	for _, d := range cut.Items {
		v, err := byID(ctx, s.DB, d.video)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return page.Of[Shown]{}, err
		}
		deeds, err := deedsWith(ctx, s.DB, person, d.video, 10)
		if err != nil {
			return page.Of[Shown]{}, err
		}
		if len(deeds) == 0 {
			continue // taken back meanwhile
		}
		shown := Shown{Video: v, What: deeds[0].what, At: clock.Time(deeds[0].at)}
		for _, d := range deeds {
			if !slices.Contains(shown.People, d.person) && len(shown.People) < 5 {
				shown.People = append(shown.People, d.person)
			}
		}
		out.Items = append(out.Items, shown)
	}
	return out, nil
}

// Nearby pages through the videos made at a place that person chose, by words of
// its name, the newest first. Without words there are none.
func (s *Service) Nearby(ctx context.Context, person, place string, after page.Cursor, n int) (page.Of[Video], error) {
	place = text.Line(place)
	if place == "" {
		return page.Of[Video]{Items: []Video{}}, nil
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(place) + "%"
	rows, err := near(ctx, s.DB, person, like, after, n+1)
	return page.Cut(rows, n, published), err
}

// Places lists at most 50 places of public videos, the most used first.
func (s *Service) Places(ctx context.Context) ([]string, error) { return places(ctx, s.DB, 50) }

// OnTopic pages through the videos of a topic, the newest first.
func (s *Service) OnTopic(ctx context.Context, person, topic string, after page.Cursor, n int) (page.Of[Video], error) {
	rows, err := onTopic(ctx, s.DB, person, asTopic(topic), after, n+1)
	return page.Cut(rows, n, published), err
}

// asTopic is a topic as it is kept.
func asTopic(s string) string { return strings.ToLower(strings.TrimLeft(text.Line(s), "#＃ ")) }

func published(v Video) page.Cursor { return page.Cursor{At: clock.Millis(v.PublishedAt), ID: v.ID} }

// FillTopics makes the topics of older videos findable; the migration cannot, for
// SQL does not look into them.
func (s *Service) FillTopics(ctx context.Context) error {
	for {
		rows, err := withoutTopics(ctx, s.DB, 200)
		if err != nil || len(rows) == 0 {
			return err
		}
		err = s.DB.InTx(ctx, func(tx *db.Tx) error {
			for _, v := range rows {
				if err := setTopics(ctx, tx, v.ID, v.Topics); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
