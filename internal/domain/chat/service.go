package chat

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service is made of.
type Parts struct {
	DB    *db.DB
	Shops *shop.Service
	Shows *show.Service
	Room  Room
	// Bought reports whether a person has ordered in a show.
	Bought func(ctx context.Context, show, person string) (bool, error)
	// Claims makes claims of comments; nil: they are words alone.
	Claims *claim.Service
	Secret []byte   // of the marks of people in rooms
	Words  []string // comments with one of them, or of the shop's own, are held for the host
	Now    clock.Now
}

// Service keeps the comments of all rooms. It is safe for concurrent use.
type Service struct {
	Parts
	held  filter
	turns turns
	lane  *lane
}

// New returns a service; Close ends it.
func New(p Parts) *Service {
	s := &Service{Parts: p, held: newFilter(p.Words)}
	s.lane = newLane(p.DB, p.Claims)
	return s
}

// Close waits for the comments on their way and takes no more.
func (s *Service) Close() { s.lane.close() }

// Say takes a comment of a person. It is stored, then shown, or held for the
// host.
func (s *Service) Say(ctx context.Context, showID, person, words string) (Comment, error) {
	words = text.Line(words)
	if n := utf8.RuneCountInString(words); n == 0 || n > MaxLength {
		return Comment{}, ErrText
	}
	sh, err := s.Shows.Get(ctx, showID)
	if err != nil {
		return Comment{}, err
	}
	kind, err := s.kindOf(ctx, sh, person)
	if err != nil {
		return Comment{}, err
	}
	now := s.Now()
	wait, err := s.allowed(ctx, sh, person, kind, words, now)
	if err != nil {
		return Comment{}, err
	}
	p, err := account.GetIn(ctx, s.DB, person)
	if err != nil {
		return Comment{}, err
	}
	c := Comment{
		ID: id.New("com", now), Show: showID, Person: person, Name: nameOf(p), Text: words, Kind: kind,
		State: Shown, Second: secondOf(sh, now), At: now,
	}
	if kind == Host {
		if at, err := s.Shops.Get(ctx, sh.Shop); err == nil && sh.HostName == "" {
			c.Name = at.Name.Pick("en")
		} else if sh.HostName != "" {
			c.Name = sh.HostName
		}
	} else if c.State, err = s.stateOf(ctx, sh.Shop, words); err != nil {
		return Comment{}, err
	}
	if c.Claim, err = s.lane.put(ctx, c, wait); err != nil {
		s.turns.forget(turnOf(sh, person)) // the table knows better
		return Comment{}, fmt.Errorf("say in %s: %w", showID, err)
	}
	c = s.marked([]Comment{c})[0]
	if c.State == Held {
		s.Room.Hold(c)
	} else {
		s.Room.Say(c)
	}
	return c, nil
}

func (s *Service) kindOf(ctx context.Context, sh show.Show, person string) (Kind, error) {
	if s.Shops.Require(ctx, sh.Shop, person, shop.See) == nil {
		return Host, nil
	}
	bought, err := s.Bought(ctx, sh.ID, person)
	if bought {
		return Buyer, err
	}
	return Viewer, err
}

// allowed says how long a person must have been silent, 0 for people of the shop.
// Who talks too fast here is refused without asking the database.
func (s *Service) allowed(ctx context.Context, sh show.Show, person string, kind Kind, words string, now time.Time) (wait time.Duration, err error) {
	if kind == Host {
		if !sh.State.OnAir() && sh.State != show.Practice {
			return 0, ErrClosed
		}
		return 0, nil
	}
	if !sh.State.OnAir() {
		return 0, ErrClosed
	}
	if sh.CommentsOff {
		return 0, ErrOff
	}
	until, err := mutedUntil(ctx, s.DB, sh.Shop, person)
	if err != nil {
		return 0, err
	}
	if now.Before(until) {
		return 0, ErrMuted
	}
	wait = max(sh.SlowMode, pause)
	return wait, s.turns.take(turnOf(sh, person), words, wait, now)
}

func turnOf(sh show.Show, person string) string { return sh.ID + " " + person }

// Tidy forgets turns that no slow mode asks for any more.
func (s *Service) Tidy(ctx context.Context) error {
	return trimTurns(ctx, s.DB, s.Now().Add(-24*time.Hour))
}

func nameOf(p account.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return "Guest " + p.ID[max(0, len(p.ID)-4):]
}

func secondOf(sh show.Show, at time.Time) int64 {
	if sh.StartedAt.IsZero() {
		return 0
	}
	return max(0, int64(at.Sub(sh.StartedAt)/time.Second))
}

// Last returns the newest shown comments of a room, the oldest first.
func (s *Service) Last(ctx context.Context, showID string, n int) ([]Comment, error) {
	all, err := last(ctx, s.DB, showID, n)
	return s.marked(all), err
}

// Between returns what was shown from one second of a show to before another,
// in order, at most 500, without those whom reader ("" for nobody) has blocked.
func (s *Service) Between(ctx context.Context, showID, reader string, from, to int64) ([]Comment, error) {
	all, err := between(ctx, s.DB, showID, reader, from, to, 500)
	return s.marked(all), err
}

// ForHost lists every comment of a show, held and removed ones too, the newest
// first.
func (s *Service) ForHost(ctx context.Context, showID string, after page.Cursor, n int) (page.Of[Comment], error) {
	rows, err := forHost(ctx, s.DB, showID, after, n+1)
	return page.Cut(rows, n, func(c Comment) page.Cursor { return page.Cursor{At: clock.Millis(c.At), ID: c.ID} }), err
}

// Remove takes a comment out of a room and its replay. The record stays.
func (s *Service) Remove(ctx context.Context, showID, comment string) error {
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := setState(ctx, tx, showID, comment, Removed); err != nil {
			return err
		}
		return unpin(ctx, tx, showID, comment)
	})
	if err == nil {
		s.Room.Remove(showID, comment)
	}
	return err
}

// LetThrough shows a held comment.
func (s *Service) LetThrough(ctx context.Context, showID, comment string) (Comment, error) {
	c, err := s.get(ctx, showID, comment)
	if err != nil {
		return Comment{}, err
	}
	if c.State != Held {
		return c, nil
	}
	if err := setState(ctx, s.DB, showID, comment, Shown); err != nil {
		return Comment{}, err
	}
	c.State = Shown
	s.Room.Say(c)
	return c, nil
}

// Pin keeps a shown comment in sight of the room; an empty id lets go.
func (s *Service) Pin(ctx context.Context, showID, comment string) error {
	if comment == "" {
		if err := unpin(ctx, s.DB, showID, ""); err != nil {
			return err
		}
		s.Room.Pin(showID, nil)
		return nil
	}
	c, err := s.get(ctx, showID, comment)
	if err == nil && c.State != Shown {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := pin(ctx, s.DB, showID, comment); err != nil {
		return err
	}
	s.Room.Pin(showID, &c)
	return nil
}

// Pinned returns the pinned comment of a room, nil when there is none.
func (s *Service) Pinned(ctx context.Context, showID string) (*Comment, error) {
	c, err := pinned(ctx, s.DB, showID)
	if c != nil {
		*c = s.marked([]Comment{*c})[0]
	}
	return c, err
}

// Mute keeps a person from commenting in all rooms of a shop; no time ends it.
// People of the shop cannot be muted.
func (s *Service) Mute(ctx context.Context, shopID, person, by, reason string, how time.Duration) error {
	if how < 0 || how > MaxMute || s.Shops.Require(ctx, shopID, person, shop.See) == nil {
		return ErrMute
	}
	if _, err := account.GetIn(ctx, s.DB, person); err != nil {
		return err
	}
	now := s.Now()
	return putMute(ctx, s.DB, shopID, person, by, text.Line(reason), now.Add(how), now)
}

// Words are the words of a shop for which comments are held, besides those of the
// market.
func (s *Service) Words(ctx context.Context, shopID string) ([]string, error) {
	return words(ctx, s.DB, shopID)
}

// SetWords replaces the words of a shop. Words that differ only in case or in what
// is put between the letters are one.
func (s *Service) SetWords(ctx context.Context, shopID, by string, list []string) ([]string, error) {
	kept, seen := []string{}, map[string]bool{}
	for _, w := range list {
		w = text.Line(w)
		key := fold(w)
		if key == "" || utf8.RuneCountInString(w) > MaxWord {
			return nil, ErrWords
		}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, w)
		}
	}
	if len(kept) > MaxWords {
		return nil, ErrWords
	}
	return kept, putWords(ctx, s.DB, shopID, kept, by, s.Now())
}

func (s *Service) stateOf(ctx context.Context, shopID, said string) (State, error) {
	if s.held.catches(said) {
		return Held, nil
	}
	own, err := words(ctx, s.DB, shopID)
	if err != nil {
		return "", err
	}
	if newFilter(own).catches(said) {
		return Held, nil
	}
	return Shown, nil
}

// Count counts the shown comments of a show.
func (s *Service) Count(ctx context.Context, showID string) (int64, error) {
	return count(ctx, s.DB, showID)
}
