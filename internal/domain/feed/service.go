package feed

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what the service works with.
type Parts struct {
	DB     *db.DB
	Videos *video.Service
	Shops  *shop.Service
	Social *social.Service
	// Secret keys the hashes under which viewers are known here.
	Secret []byte
	// Zone is where the days and nights of viewers are.
	Zone   *time.Location
	Config Config
	Log    *slog.Logger
	Now    clock.Now
}

// Errors that people meet.
var (
	ErrNoBrowser  = errs.New(errs.Invalid, "discover.no_browser", "Discover counts by browser, and this one has not introduced itself. Open a page of the market first.", "请先打开集市的任意页面，再进入“发现”。")
	ErrYoung      = errs.New(errs.Conflict, "discover.young", "This stays off while the viewer is young.", "未成年观众不能打开这一项。")
	ErrYoungThere = errs.New(errs.Conflict, "discover.young_there", "Say under Privacy whether you are under 18.", "是否未满 18 岁，请在“隐私”里说明。")
	ErrTime       = errs.New(errs.Invalid, "discover.time", "A time of day is written like 22:00, and quiet hours begin and end at different times.", "安静时段的开始和结束时间不能相同。")
	ErrTarget     = errs.New(errs.NotFound, "discover.target", "There is nothing here to mute.", "没有可屏蔽的内容。")
	ErrMuted      = errs.New(errs.Conflict, "discover.muted", "A viewer mutes 500 shops and topics at most.", "屏蔽的数量已到上限。")
)

// PageSize is how many items are handed out at once: few, because an item counts
// as shown when it is handed out.
const PageSize = 5

// Service serves Discover. It is safe for concurrent use.
//
// The serving state is in memory: [Service.Restore] reads it from the database,
// [Service.Run] writes every second what was shown to the log, and twice a
// minute adds the log to the figures of videos. Viewers are read when they come and
// forgotten when they have been away for the length of a rest. Several processes
// on one database each keep an engine; they read each other's logs every few
// seconds, and each pays the floor of its own part of owners.
type Service struct {
	Parts
	engine *Engine
	book   *book
	tastes *tastes
	run    string // names this process in the log

	// gate is held for reading by whoever makes the engine log, and for writing
	// to take the batch away.
	gate     sync.RWMutex
	paging   sync.Mutex // guards pending beside the engine's own entries
	pending  batch
	waiting  atomic.Int64 // pages of it
	flushing sync.Mutex   // one writer of the log at a time
	stuck    *batch       // was not written
	seq      int64        // lines of the log
	written  atomic.Int64 // when what was shown until then had been written, in milliseconds
	folding  sync.Mutex
	learned  int64              // until when other processes' changes were read
	heard    []map[string]int64 // up to which line of each, the latest first
	held     uint32             // shares whose floor is paid here; guarded by flushing

	people people
	report reportCache
}

// New returns a service that knows nothing yet; see [Service.Restore].
func New(p Parts) (*Service, error) {
	p.Config = p.Config.filled()
	if err := p.Config.Check(); err != nil {
		return nil, fmt.Errorf("discover: %w", err)
	}
	s := &Service{Parts: p, book: newBook(), run: id.New("run", p.Now()), heard: []map[string]int64{{}}}
	s.tastes = newTastes(s.book)
	s.engine = NewEngine(p.Config, WithTaste(s.tastes), WithLog(s.note))
	s.people.init()
	if s.held = allShares; p.DB.Postgres() {
		s.hold(0)
	}
	return s, nil
}

// Viewer is who looks: a person, or a browser that nobody has signed in to.
type Viewer struct {
	Person  string
	Browser string
}

// Key is under which name a viewer is known here: a keyed hash, so that the log
// names nobody.
func (s *Service) Key(v Viewer) (string, error) {
	name := "person:" + v.Person
	if v.Person == "" {
		if v.Browser == "" {
			return "", ErrNoBrowser
		}
		name = "browser:" + v.Browser
	}
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte(name))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:12]), nil
}

// Shown is one item of a page as its viewer gets it.
type Shown struct {
	Video  string
	Number int // in the session, from 1
	Reason Reason
	// LineFirst says that nothing of this line of business had come up for the
	// viewer before on this day.
	LineFirst bool
	Line      string
}

// Sheet is a page of Discover for a viewer.
type Sheet struct {
	Items []Shown
	Shown int // items of the session with this page
	Of    int
	End   bool // the session is over
	More  bool // and the viewer may begin another at once
	// QuietUntil is set in the quiet hours of the viewer: nothing is shown.
	QuietUntil time.Time
}

// Page hands out the next items. again begins a new session after the end of
// one.
func (s *Service) Page(ctx context.Context, v Viewer, n int, again bool) (Sheet, error) {
	if err := s.keepUp(ctx); err != nil {
		return Sheet{}, err
	}
	g, err := s.guest(ctx, v)
	if err != nil {
		return Sheet{}, err
	}
	defer g.mu.Unlock()
	now := s.Now()
	if until, quiet := g.settings().quiet(now.In(s.Zone)); quiet {
		return Sheet{Of: s.Config.Session, End: true, QuietUntil: until}, nil
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	p := s.engine.Page(Ask{Viewer: g.num, Own: -1, N: min(n, MaxPage), Now: now, More: again, Skip: g.skip(s.book)})
	out := Sheet{Items: make([]Shown, len(p.Items)), Shown: p.Shown, Of: p.Of, End: p.End, More: p.More}
	if len(p.Items) == 0 {
		return out, nil
	}
	if p.Shown == len(p.Items) {
		g.since, g.credited = now, 0
	}
	g.today(now.In(s.Zone))
	text := make([]byte, 0, 48*len(p.Items))
	for i, it := range p.Items {
		f := s.book.film(it.Video)
		first := g.lines&(1<<(f.line%64)) == 0
		g.lines |= 1 << (f.line % 64)
		out.Items[i] = Shown{Video: f.id, Number: p.Shown - len(p.Items) + i + 1, Reason: it.Reason, LineFirst: first, Line: s.book.pack(f.line)}
		text = appendLogged(text, logged{Video: f.id, Kind: it.Reason.Kind, Key: it.Reason.Key, Fits: it.Reason.Fits, Paid: p.Paid>>i&1 == 1, First: first})
	}
	s.paging.Lock()
	defer s.paging.Unlock()
	s.waiting.Add(1)
	s.pending.shares |= p.Shares
	s.pending.pages = append(s.pending.pages, pageRow{Viewer: g.key, At: clock.Millis(now), Shown: int64(p.Shown), Again: int64(p.Again), Taste: int64(g.settings().tenths()), items: string(text), turn: p.Turn})
	return out, nil
}

// behind is how many pages may wait to be written.
const behind = 20_000

// keepUp makes whoever asks wait for the database when it is far behind, so that
// memory stays bounded. One of them writes for all who wait.
func (s *Service) keepUp(ctx context.Context) error {
	if s.waiting.Load() < behind {
		return nil
	}
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if s.waiting.Load() < behind {
		return nil
	}
	return s.flush(ctx)
}

// long is how much of a film is a long view: nine tenths of it, or 18 seconds.
func long(length time.Duration) time.Duration { return min(length*9/10, longView) }

const longView = 18 * time.Second

// Watch takes in for how long a viewer watched a video. It believes at most the
// length of the film, and at most the time that has passed in the session.
func (s *Service) Watch(ctx context.Context, v Viewer, videoID string, watched time.Duration) error {
	num, ok := s.book.video(videoID)
	if !ok {
		return nil // not from Discover
	}
	g, err := s.guest(ctx, v)
	if err != nil {
		return err
	}
	defer g.mu.Unlock()
	now := s.Now()
	length := time.Duration(s.book.film(num).length) * time.Millisecond
	watched = min(watched, length, now.Sub(g.since)-g.credited)
	if watched <= 0 || g.since.IsZero() {
		return nil
	}
	g.credited += watched
	s.gate.RLock()
	defer s.gate.RUnlock()
	if watched >= long(length) && s.engine.Signal(g.num, num, LongView) && g.settings().tenths() > 0 {
		s.learn(g, num)
	}
	s.paging.Lock()
	defer s.paging.Unlock()
	if s.pending.times == nil {
		s.pending.times = map[viewerDay]int64{}
	}
	s.pending.times[viewerDay{g.key, dayIn(now.In(s.Zone))}] += watched.Milliseconds()
	return nil
}

// dayIn is the day on the calendar of an instant's zone, in days since 1970.
func dayIn(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// Capacity is the state of the floor, for the operator.
func (s *Service) Capacity() Capacity { return s.engine.Capacity() }
