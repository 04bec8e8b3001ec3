package video

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Liking is how a person stands to a video.
type Liking struct {
	Liked bool  `json:"liked"`
	Likes int64 `json:"likes"`
}

// Like makes person like a video that they may see, or no longer. Doing it again
// changes nothing.
func (s *Service) Like(ctx context.Context, video, person string, like bool) (Liking, error) {
	v, err := s.Seen(ctx, video, person)
	if err != nil {
		return Liking{}, err
	}
	out := Liking{Liked: like}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		changed, err := setLike(ctx, tx, v.ID, person, like, s.Now())
		if err != nil {
			return err
		}
		out.Likes, err = countLikes(ctx, tx, v.ID, changed)
		return err
	})
	return out, err
}

// Liked reports whether person ("" for nobody) likes a video.
func (s *Service) Liked(ctx context.Context, video, person string) (bool, error) {
	if person == "" {
		return false, nil
	}
	return liked(ctx, s.DB, video, person)
}

// Comment is what somebody said to a video, or to another comment.
type Comment struct {
	ID      string
	Video   string
	Parent  string // the comment it answers, or ""
	Person  string
	Name    string // as it was then
	Text    string
	Host    bool // someone of the shop
	Replies int64
	At      time.Time
}

// Say adds a comment of person, called name, to a video; with a parent it
// answers that one. An answer to an answer stands beside it. Who works in the
// shop speaks in its name.
func (s *Service) Say(ctx context.Context, video, parent, person, name, words string) (Comment, error) {
	words = text.Lines(words)
	if n := utf8.RuneCountInString(words); n == 0 || n > MaxComment {
		return Comment{}, ErrComment
	}
	v, err := s.Seen(ctx, video, person)
	if err != nil {
		return Comment{}, err
	}
	if v.State != Published {
		return Comment{}, ErrState
	}
	now := s.Now()
	c := Comment{ID: id.New("vcm", now), Video: v.ID, Parent: parent, Person: person, Name: name, Text: words, At: now}
	if c.Host = s.Shops.Require(ctx, v.Shop, person, shop.See) == nil; c.Host {
		sh, err := s.Shops.Get(ctx, v.Shop)
		if err != nil {
			return Comment{}, err
		}
		c.Name = sh.Name.Pick("en")
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		// The video first: its row is what two comments at once meet in.
		if err := countComments(ctx, tx, v.ID, 1); err != nil {
			return err
		}
		if parent != "" {
			above, err := comment(ctx, tx, v.ID, parent)
			if err != nil {
				return err
			}
			switch barred, err := social.Barred(ctx, tx, above.Person, person); {
			case err != nil:
				return err
			case barred:
				return social.ErrBlocked
			}
			if above.Parent != "" {
				c.Parent = above.Parent
			}
			if err := countReplies(ctx, tx, c.Parent, 1); err != nil {
				return err
			}
		}
		return insertComment(ctx, tx, c, now.Add(-pause))
	})
	return c, err
}

// CommentsOf pages through the comments on a video, the newest first, or with a
// parent through the answers to one. Whom the reader ("" for nobody) has blocked
// is left out.
func (s *Service) CommentsOf(ctx context.Context, video, parent, reader string, after page.Cursor, n int) (page.Of[Comment], error) {
	rows, err := comments(ctx, s.DB, video, parent, reader, after, n+1)
	return page.Cut(rows, n, func(c Comment) page.Cursor { return page.Cursor{At: clock.Millis(c.At), ID: c.ID} }), err
}

// Unsay removes a comment with its answers: its own author may, and whoever runs
// shows in the shop.
func (s *Service) Unsay(ctx context.Context, video, commentID, person string) error {
	v, err := byID(ctx, s.DB, video)
	if err != nil {
		return err
	}
	host := s.Shops.Require(ctx, v.Shop, person, shop.Shows) == nil
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		if _, err := lock(ctx, tx, "", video); err != nil {
			return err
		}
		c, err := comment(ctx, tx, video, commentID)
		if err != nil {
			return err
		}
		if c.Person != person && !host {
			return ErrNoComment
		}
		n, err := deleteComments(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if c.Parent != "" {
			if err := countReplies(ctx, tx, c.Parent, -1); err != nil {
				return err
			}
		}
		return countComments(ctx, tx, video, -n)
	})
}
