package feed

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/text"
)

// Settings are a viewer's own.
type Settings struct {
	Autoplay     bool   `json:"autoplay,omitempty"`
	TastePercent int    `json:"taste,omitempty"` // of the list, in tenths
	QuietFrom    string `json:"from,omitempty"`  // time of day, "" for no quiet hours
	QuietTo      string `json:"to,omitempty"`
	Young        bool   `json:"young,omitempty"`
}

// said is all that a viewer told Discover.
type said struct {
	Settings Settings           `json:"settings"`
	Shops    []string           `json:"shops,omitempty"`  // muted
	Topics   []string           `json:"topics,omitempty"` // muted
	Videos   []string           `json:"videos,omitempty"` // not interested
	Likes    map[string]float64 `json:"likes,omitempty"`  // topics watched long, only of who asked for taste
	own      []string           // shops in which the viewer works
}

func (s Settings) tenths() int {
	if s.Young {
		return 0
	}
	return s.TastePercent / 10
}

// Night of young viewers who did not choose their own.
const nightFrom, nightTo = "22:00", "06:00"

// clockOf reads a time of day as minutes.
func clockOf(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == 5
}

// quiet says whether now is in the quiet hours, and when they end.
func (s Settings) quiet(now time.Time) (time.Time, bool) {
	from, ok := clockOf(s.QuietFrom)
	to, _ := clockOf(s.QuietTo)
	if !ok {
		return time.Time{}, false
	}
	at := now.Hour()*60 + now.Minute()
	in := from <= at && at < to
	if from > to {
		in = at >= from || at < to
	}
	end := time.Date(now.Year(), now.Month(), now.Day(), to/60, to%60, 0, 0, now.Location())
	if !end.After(now) {
		end = time.Date(now.Year(), now.Month(), now.Day()+1, to/60, to%60, 0, 0, now.Location())
	}
	return end, in
}

// checked returns the settings as they are kept. What is off for young viewers
// cannot be switched on.
func (s Settings) checked() (Settings, error) {
	s.TastePercent = max(0, min(s.TastePercent, 100*MaxAffinity)) / 10 * 10
	if s.Young {
		if s.Autoplay || s.TastePercent > 0 {
			return s, ErrYoung
		}
		if s.QuietFrom == "" && s.QuietTo == "" {
			s.QuietFrom, s.QuietTo = nightFrom, nightTo
		}
	}
	if s.QuietFrom == "" && s.QuietTo == "" {
		return s, nil
	}
	from, ok := clockOf(s.QuietFrom)
	to, ok2 := clockOf(s.QuietTo)
	if !ok || !ok2 || from == to {
		return s, ErrTime
	}
	return s, nil
}

// Settings returns a viewer's settings.
func (s *Service) Settings(ctx context.Context, v Viewer) (Settings, error) {
	g, err := s.guest(ctx, v)
	if err != nil {
		return Settings{}, err
	}
	defer g.mu.Unlock()
	return g.settings(), nil
}

// change lets f change what a viewer said, keeps it, and makes it count at once.
func (s *Service) change(ctx context.Context, v Viewer, f func(*said) error) error {
	g, err := s.guest(ctx, v)
	if err != nil {
		return err
	}
	defer g.mu.Unlock()
	next := g.said
	next.Shops, next.Topics, next.Videos = slices.Clone(next.Shops), slices.Clone(next.Topics), slices.Clone(next.Videos)
	if err := f(&next); err != nil {
		return err
	}
	// What taste has learned and waits to be written is older than this.
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.paging.Lock()
	delete(s.pending.said, g.key)
	if s.stuck != nil {
		delete(s.stuck.said, g.key)
	}
	s.paging.Unlock()
	if err := saveViewer(ctx, s.DB, g.key, next, s.Now()); err != nil {
		return err
	}
	g.said = next
	s.apply(g)
	return nil
}

// apply tells the engine what a guest said.
func (s *Service) apply(g *guest) {
	s.engine.Wish(g.num, s.wishes(g))
}

// wishes are what the engine is to know of what a guest said; the rest is kept
// here.
func (s *Service) wishes(g *guest) Wishes {
	g.topics = s.book.topicsOf(g.said.Topics)
	s.tastes.set(g.num, s.book.weights(g.said.Likes))
	now := g.settings()
	return Wishes{Videos: s.book.videosOf(g.said.Videos), Creators: s.book.creatorsOf(slices.Concat(g.said.Shops, g.said.own)), Minor: now.Young, Taste: now.tenths()}
}

// SetSettings replaces a viewer's settings. Giving nothing to taste forgets what
// was learned for it. Whether somebody signed in is young is not said here, but
// with their privacy ([ErrYoungThere]).
func (s *Service) SetSettings(ctx context.Context, v Viewer, next Settings) (Settings, error) {
	now, err := s.Settings(ctx, v)
	if err != nil {
		return Settings{}, err
	}
	if v.Person != "" && next.Young != now.Young {
		return Settings{}, ErrYoungThere
	}
	if next, err = next.checked(); err != nil {
		return Settings{}, err
	}
	return next, s.change(ctx, v, func(said *said) error {
		said.Settings = next
		said.Settings.Young = next.Young && v.Person == ""
		if next.tenths() == 0 {
			said.Likes = nil
		}
		return nil
	})
}

// Limits of what a viewer may take away; of videos the oldest are forgotten.
const (
	maxMutes  = 500
	maxVideos = 500
)

func with(list []string, x string, on bool) []string {
	i := slices.Index(list, x)
	switch {
	case on && i < 0:
		return append(list, x)
	case !on && i >= 0:
		return slices.Delete(list, i, i+1)
	}
	return list
}

// NotInterested takes a video out of a viewer's Discover, or lets it in again.
func (s *Service) NotInterested(ctx context.Context, v Viewer, videoID string, on bool) error {
	if _, err := s.Videos.Get(ctx, videoID); err != nil && on {
		return err
	}
	return s.change(ctx, v, func(said *said) error {
		said.Videos = with(said.Videos, videoID, on)
		if n := len(said.Videos) - maxVideos; n > 0 {
			said.Videos = said.Videos[n:]
		}
		return nil
	})
}

// Muted lists what a viewer has muted: shops by id, and topics.
func (s *Service) Muted(ctx context.Context, v Viewer) (shops, topics []string, err error) {
	g, err := s.guest(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	defer g.mu.Unlock()
	return slices.Clone(g.said.Shops), slices.Clone(g.said.Topics), nil
}

// MuteShop takes a shop out of a viewer's Discover, or lets it in again.
func (s *Service) MuteShop(ctx context.Context, v Viewer, shopID string, on bool) error {
	if _, err := s.Shops.Get(ctx, shopID); err != nil && on {
		return err
	}
	return s.change(ctx, v, func(said *said) error {
		said.Shops = with(said.Shops, shopID, on)
		return said.full()
	})
}

// MuteTopic takes the videos of a topic out of a viewer's Discover, or lets them
// in again.
func (s *Service) MuteTopic(ctx context.Context, v Viewer, topic string, on bool) error {
	topic = strings.ToLower(text.Line(topic))
	if topic == "" || utf8.RuneCountInString(topic) > 30 {
		return ErrTarget
	}
	return s.change(ctx, v, func(said *said) error {
		said.Topics = with(said.Topics, topic, on)
		return said.full()
	})
}

func (s *said) full() error {
	if len(s.Shops)+len(s.Topics) > maxMutes {
		return ErrMuted
	}
	return nil
}
