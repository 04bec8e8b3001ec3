package feed

import (
	"context"
	"runtime"
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
	minor  bool     // by their own word, of who is signed in
	topics []uint16 // muted
	used   time.Time

	newer, older *guest // by when they were last here; guarded by people

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

// crowd is how many guests are kept, at some 750 bytes each; beyond it, who has
// been away for longest is forgotten before the end of a rest.
const crowd = 100_000

// people are the guests of this process, on a ring in the order in which they
// were last here.
type people struct {
	mu   sync.Mutex
	by   map[string]*guest
	ring guest              // newer is who has been away for longest
	free [groups][]ViewerID // numbers by group
	next ViewerID
}

func (p *people) init() {
	p.by = map[string]*guest{}
	p.ring.newer, p.ring.older = &p.ring, &p.ring
}

// seen puts a guest at the young end of the ring.
func (p *people) seen(g *guest) {
	p.unlink(g)
	g.older, g.newer = p.ring.older, &p.ring
	g.older.newer, g.newer.older = g, g
}

func (p *people) unlink(g *guest) {
	if g.newer != nil {
		g.newer.older, g.older.newer = g.older, g.newer
		g.newer, g.older = nil, nil
	}
}

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
	p.seen(g)
	return g
}

// groupOf returns the group of a key; its first bit is the half.
func groupOf(key string) int { return int(key[0]&1)<<2 | int(key[1]&1)<<1 | int(key[2]&1) }

// away returns a thousand guests at most who have not been seen since an instant,
// or, where there are more than most, since a later one. Nobody can enter in the
// meantime, hence the thousand.
func (p *people) away(since, crowded time.Time, most int) []*guest {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*guest
	for g := p.ring.newer; g != &p.ring && len(out) < 1000; g = g.newer {
		if !g.used.Before(since) && (len(p.by)-len(out) <= most || !g.used.Before(crowded)) {
			break
		}
		out = append(out, g)
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
	p.unlink(g)
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
		if err := s.recall(ctx, g, v.Person); err != nil {
			g.mu.Unlock()
			return nil, err
		}
		return g, nil
	}
}

// recall asks again whether a person is a minor: that is said elsewhere.
func (s *Service) recall(ctx context.Context, g *guest, person string) error {
	if person == "" {
		return nil
	}
	p, err := s.Social.Privacy(ctx, person)
	if err != nil || p.Minor == g.minor {
		return err
	}
	g.minor = p.Minor
	s.apply(g)
	return nil
}

// settings are those that count: of a minor some stay as they are whatever was
// said.
func (g *guest) settings() Settings {
	out := g.said.Settings
	if g.minor {
		out.Young = true
	}
	if out.Young {
		out.Autoplay, out.TastePercent = false, 0
		if out.QuietFrom == "" {
			out.QuietFrom, out.QuietTo = nightFrom, nightTo
		}
	}
	return out
}

// remembered is how many pages of a viewer are read back: those of 200 items.
const remembered = 200 / PageSize

func (s *Service) load(ctx context.Context, g *guest, person string) error {
	words, pages, err := viewerOf(ctx, s.DB, g.key, remembered)
	if err != nil {
		return err
	}
	g.said = words
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
	past := Past{}
	now := s.Now().In(s.Zone)
	g.today(now)
	for i, p := range slices.Backward(pages) {
		at := clock.Time(p.At)
		today := dayIn(at.In(s.Zone)) == g.day
		if err := eachLogged(p.items, func(it logged) {
			num, ok := s.book.video(it.Video)
			if !ok {
				return
			}
			past.Shows = append(past.Shows, Item{Video: num})
			if today {
				g.lines |= 1 << (s.book.film(num).line % 64)
			}
		}); err != nil {
			return err
		}
		if i == 0 {
			past.Shown, past.Again, past.Last = int(p.Shown), int(p.Again), at
		}
	}
	s.engine.Recall(g.num, past, s.wishes(g))
	g.since = s.Now()
	return nil
}

// forgetGuests drops viewers who have been away for the length of a rest, and
// those away for longest of a crowd; never before what they were shown has been
// written, and whatever was on the way when it was.
func (s *Service) forgetGuests(most int) {
	written := clock.Time(s.written.Load()).Add(-10 * time.Second)
	rested := s.Now().Add(-s.Config.Rest - time.Minute)
	if written.Before(rested) {
		rested = written
	}
	for {
		list := s.people.away(rested, written, most)
		for i, g := range list {
			if i%yieldAfter == 0 {
				runtime.Gosched()
			}
			g.mu.Lock()
			if s.people.leave(g, written) {
				s.engine.Forget(g.num)
				s.tastes.forget(g.num)
				s.people.release(g.num)
			}
			g.mu.Unlock()
		}
		if len(list) == 0 {
			return
		}
	}
}
