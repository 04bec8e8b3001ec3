package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Checks are what [Audit] holds the log of Discover to.
var Checks = []struct{ ID, Words string }{
	{"floor", "every show that a new video has paid for went to somebody else"},
	{"owed", "where a reason says what a video is owed, it was owed that, one less each time"},
	{"given", "no video was given more shows of its floor than it was owed, whichever process counted"},
	{"watched", "where a reason says that others watched a video long, somebody had"},
	{"line", "where a reason says that nothing of a line of business had come up on the day, none had"},
	{"breadth", "no owner comes twice in twenty items of a list"},
	{"once", "nobody is shown a video again within two hundred items"},
	{"end", "no list is longer than a session"},
	{"taste", "taste alone chose at most what the viewer gave to it"},
	{"sums", "the figures of days are the sums of the pages"},
}

// Finding is a broken check.
type Finding struct{ Check, Detail string }

// Verdict is what an audit read and found.
type Verdict struct {
	Pages, Shows, Viewers int
	Floors                int // videos with a floor whose whole life is in the log
	Done                  int // of these, with all the shows they were owed
	Since                 time.Time
	Findings              []Finding // fifty at most of each check
}

// Audit proves the promises of Discover from its log alone: it knows nothing of
// the engine. zone is where the days of viewers are.
func Audit(ctx context.Context, d *db.DB, cfg Config, zone *time.Location) (Verdict, error) {
	a := &audit{cfg: cfg.filled(), zone: zone, videos: map[string]*audited{}, viewers: map[string]*followed{}, sums: map[shown]int64{}, broken: map[string]int{}}
	err := d.Snapshot(ctx, func(q db.Querier) error { return a.read(ctx, q) })
	return a.verdict, err
}

func (a *audit) read(ctx context.Context, q db.Querier) error {
	tail, _, err := unfolded(ctx, q)
	if err != nil {
		return err
	}
	if err := eachVideo(ctx, q, 0, func(r row) error {
		a.videos[r.Video] = &audited{row: r.with(tail.by[r.Video]), met: map[string]bool{}}
		return nil
	}); err != nil {
		return err
	}
	run, seq := "", int64(0)
	for {
		const some = 1000
		pages, err := pagesAfter(ctx, q, run, seq, some)
		if err != nil {
			return err
		}
		for _, p := range pages {
			if err := a.page(p); err != nil {
				return err
			}
			run, seq = p.Run, p.Seq
		}
		if len(pages) < some {
			break
		}
	}
	if err := a.days(ctx, q, tail); err != nil {
		return err
	}
	a.floors()
	a.verdict.Viewers = len(a.viewers)
	return nil
}

type shown struct {
	day   int64
	video string
}

// audited is a video as far as the log has been read.
type audited struct {
	row
	met  map[string]bool // viewers it was shown to, as many as it was owed
	run  string
	key  uint32 // of the last floor show in that run that paid
	lent int64  // credit of copies
	n    int64  // shows in the log
	paid int64  // of these
}

// followed is a viewer as far as the log has been read.
type followed struct {
	seen  []string // the last two hundred
	list  []string // owners of this session
	taste []bool   // of this session: chosen by taste alone
	day   int64
	lines map[string]bool
}

type audit struct {
	cfg     Config
	zone    *time.Location
	videos  map[string]*audited
	viewers map[string]*followed
	sums    map[shown]int64
	broken  map[string]int
	verdict Verdict
}

func (a *audit) find(check, detail string, args ...any) {
	if a.broken[check]++; a.broken[check] <= 50 {
		a.verdict.Findings = append(a.verdict.Findings, Finding{check, fmt.Sprintf(detail, args...)})
	}
}

func (a *audit) page(p pageRow) error {
	var items []logged
	if err := eachLogged(p.items, func(it logged) { items = append(items, it) }); err != nil {
		return fmt.Errorf("page %s/%d: %w", p.Run, p.Seq, err)
	}
	at := clock.Time(p.At)
	if a.verdict.Since.IsZero() || at.Before(a.verdict.Since) {
		a.verdict.Since = at
	}
	a.verdict.Pages++
	a.verdict.Shows += len(items)
	v := a.viewers[p.Viewer]
	if v == nil {
		v = &followed{lines: map[string]bool{}}
		a.viewers[p.Viewer] = v
	}
	if int(p.Shown) <= len(items) {
		v.list, v.taste = nil, nil
	}
	if p.Shown > int64(a.cfg.Session) {
		a.find("end", "page %s/%d is item %d of a session of %d", p.Run, p.Seq, p.Shown, a.cfg.Session)
	}
	if day := dayIn(at.In(a.zone)); day != v.day {
		v.day, v.lines = day, map[string]bool{}
	}
	for _, it := range items {
		a.sums[shown{dayOf(p.At), it.Video}]++
		if m := a.videos[it.Video]; m != nil {
			a.item(p, v, m, it)
		}
	}
	return nil
}

func (a *audit) item(p pageRow, v *followed, m *audited, it logged) {
	m.n++
	where := fmt.Sprintf("page %s/%d, video %s", p.Run, p.Seq, it.Video)
	if it.Kind == Floor {
		switch {
		case it.Key == 0, int64(it.Key) > m.Given:
			a.find("owed", "%s: owed %d of %d", where, it.Key, m.Given)
		case m.run == p.Run && it.Key >= m.key:
			a.find("owed", "%s: owed %d after it was owed %d", where, it.Key, m.key)
		}
		if it.Paid {
			m.run, m.key = p.Run, it.Key
		}
	}
	if it.Paid {
		m.paid++
	}
	if it.Kind == Quality && m.Long[0]+m.Long[1] == 0 {
		a.find("watched", "%s: nobody watched it long", where)
	}
	if it.First == v.lines[m.Line] {
		a.find("line", "%s: first of %s is %v", where, m.Line, it.First)
	}
	v.lines[m.Line] = true
	for _, owner := range v.list[max(0, len(v.list)-19):] {
		if owner == m.Owner {
			a.find("breadth", "%s: owner %s twice in twenty", where, m.Owner)
		}
	}
	v.list = append(v.list, m.Owner)
	for _, id := range v.seen {
		if id == it.Video {
			a.find("once", "%s: shown to %s before", where, p.Viewer)
		}
	}
	if v.seen = append(v.seen, it.Video); len(v.seen) > filterFor {
		v.seen = v.seen[1:]
	}
	v.taste = append(v.taste, it.Kind == Affinity)
	n := int64(0)
	for _, alone := range v.taste[max(0, len(v.taste)-10):] {
		if alone {
			n++
		}
	}
	if it.Kind == Affinity && (p.Taste == 0 || n > 10*MaxAffinity) {
		a.find("taste", "%s: %d of ten by taste, %d given", where, n, p.Taste)
	}
	if int64(len(m.met)) < m.Given {
		m.met[p.Viewer] = true
	}
}

// days compares the pages with the figures that the fairness report is made of,
// and with what will be added to them.
func (a *audit) days(ctx context.Context, q db.Querier, tail *sums) error {
	days, err := daysShown(ctx, q)
	if err != nil {
		return err
	}
	for video, t := range tail.by {
		t.days(func(d dayShows) { a.sums[shown{d.day, video}] -= int64(d.n) })
	}
	for _, day := range days {
		counted, err := showsOn(ctx, q, day)
		if err != nil {
			return err
		}
		for video, n := range counted {
			if got := a.sums[shown{day, video}]; got != n && day > dayOf(clock.Millis(a.verdict.Since)) || got > n {
				a.find("sums", "day %d, video %s: %d shows counted, %d in pages", day, video, n, got)
			}
			delete(a.sums, shown{day, video})
		}
	}
	for s, n := range a.sums {
		if n == 0 {
			continue
		}
		a.find("sums", "day %d, video %s: none counted, %d in pages", s.day, s.video, n)
	}
	return nil
}

// floors judges the videos whose whole life is in the log.
func (a *audit) floors() {
	for _, m := range a.videos {
		if original := a.videos[m.CopyOf]; original != nil {
			original.lent += m.Given
		}
	}
	for _, m := range a.videos {
		if m.paid+m.lent > m.Given {
			a.find("given", "video %s was given %d of %d, and its copies %d", m.Video, m.paid, m.Given, m.lent)
		}
		if m.Given == 0 || m.n != m.Shows {
			continue
		}
		a.verdict.Floors++
		if m.Credit == 0 {
			a.verdict.Done++
		}
		if paid := m.Given - m.Credit - m.lent; int64(len(m.met)) < paid {
			a.find("floor", "video %s has paid for %d shows, %d people are in the log", m.Video, paid, len(m.met))
		}
	}
}
