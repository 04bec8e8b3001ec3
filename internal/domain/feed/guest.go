package feed

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
)

// guest is a viewer who is here: the engine's viewer, and what they said. Who
// has one from [Service.guest] holds its lock.
type guest struct {
	mu     sync.Mutex
	key    string
	num    ViewerID
	loaded bool
	gone   bool
	said   said
	topics []uint16 // muted
	used   time.Time

	since    time.Time // begin of the session
	credited time.Duration
	day      int64
	lines    uint64 // of business that have come up on that day
}

// today begins a new day when it has begun.
func (g *guest) today(now time.Time) {
	if d := dayIn(now); d != g.day {
		g.day, g.lines = d, 0
	}
}

// skip leaves out videos of muted topics: the engine knows one topic of a video,
// the book all.
func (g *guest) skip(b *book) func(VideoID) bool {
	if len(g.topics) == 0 {
		return nil
	}
	return func(v VideoID) bool {
		return slices.ContainsFunc(b.film(v).topics, func(t uint16) bool { return slices.Contains(g.topics, t) })
	}
}

// people are the guests of this process.
type people struct {
	mu   sync.Mutex
	by   map[string]*guest
	free [groups][]ViewerID // numbers by group
	next ViewerID
}

func (p *people) init() { p.by = map[string]*guest{} }

// enter returns the guest of a key. A viewer belongs to a group, and so to a half,
// by the key, for ever, so that neither an absence nor a restart shows them what
// their own signals have moved; numbers are handed out so that group says the same.
func (p *people) enter(key string, now time.Time) *guest {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.by[key]
	if g == nil {
		of := groupOf(key)
		for len(p.free[of]) == 0 {
			p.free[group(p.next)] = append(p.free[group(p.next)], p.next)
			p.next++
		}
		last := len(p.free[of]) - 1
		g = &guest{key: key, num: p.free[of][last]}
		p.free[of] = p.free[of][:last]
		p.by[key] = g
	}
	g.used = now
	return g
}

// groupOf returns the group of a key; its first bit is the half.
func groupOf(key string) int { return int(key[0]&1)<<2 | int(key[1]&1)<<1 | int(key[2]&1) }

// away returns the guests who have not been seen since an instant.
func (p *people) away(since time.Time) []*guest {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*guest
	for _, g := range p.by {
		if g.used.Before(since) {
			out = append(out, g)
		}
	}
	return out
}

// leave frees the number of a guest whose lock is held, unless they were seen
// since.
func (p *people) leave(g *guest, since time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.gone || !g.used.Before(since) {
		return false
	}
	g.gone = true
	delete(p.by, g.key)
	return true
}

func (p *people) release(num ViewerID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[group(num)] = append(p.free[group(num)], num)
}

// guest returns a viewer with the lock held; they are read from the database
// when they come.
func (s *Service) guest(ctx context.Context, v Viewer) (*guest, error) {
	key, err := s.Key(v)
	if err != nil {
		return nil, err
	}
	for {
		g := s.people.enter(key, s.Now())
		g.mu.Lock()
		if g.gone {
			g.mu.Unlock()
			continue
		}
		if !g.loaded {
			if err := s.load(ctx, g, v.Person); err != nil {
				g.mu.Unlock()
				return nil, err
			}
			g.loaded = true
		}
		return g, nil
	}
}

// remembered is how many pages of a viewer are read back: those of 200 items.
const remembered = 200 / PageSize

func (s *Service) load(ctx context.Context, g *guest, person string) error {
	var err error
	if g.said, err = viewerSaid(ctx, s.DB, g.key); err != nil {
		return err
	}
	if person != "" {
		mine, err := s.Shops.Of(ctx, person)
		if err != nil {
			return err
		}
		g.said.own = nil
		for _, m := range mine {
			g.said.own = append(g.said.own, m.Shop.ID)
		}
	}
	pages, err := pagesOf(ctx, s.DB, g.key, remembered)
	if err != nil {
		return err
	}
	past := Past{}
	now := s.Now().In(s.Zone)
	g.today(now)
	for i, p := range slices.Backward(pages) {
		var items []logged
		if err := json.Unmarshal([]byte(p.items), &items); err != nil {
			return err
		}
		at := clock.Time(p.At)
		for _, it := range items {
			num, ok := s.book.video(it.Video)
			if !ok {
				continue
			}
			past.Shows = append(past.Shows, Item{Video: num})
			if dayIn(at.In(s.Zone)) == g.day {
				g.lines |= 1 << (s.book.film(num).line % 64)
			}
		}
		if i == 0 {
			past.Shown, past.Again, past.Last = int(p.Shown), int(p.Again), at
		}
	}
	s.engine.Recall(g.num, past)
	g.since = s.Now()
	s.apply(g)
	return nil
}

// forgetGuests drops viewers who have been away for the length of a rest, by
// when what they were shown has been written.
func (s *Service) forgetGuests() {
	since := s.Now().Add(-s.Config.Rest - time.Minute)
	for _, g := range s.people.away(since) {
		g.mu.Lock()
		if s.people.leave(g, since) {
			s.engine.Forget(g.num)
			s.tastes.forget(g.num)
			s.people.release(g.num)
		}
		g.mu.Unlock()
	}
}
