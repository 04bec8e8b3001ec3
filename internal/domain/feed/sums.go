package feed

import (
	"context"
	"strings"

	"github.com/openstall/openstall/internal/platform/db"
)

// tally is what a part of the log adds to the figures of a video.
type tally struct {
	shows, paid, reports uint32
	shown, long          [2]uint32
	at                   int64 // of the last show
	day                  dayShows
	rest                 []dayShows // of further days
}

type dayShows struct {
	day int64
	n   uint32
}

func (t *tally) show(it logged, half int, at int64) {
	t.shows++
	t.at = max(t.at, at)
	if it.Paid {
		t.paid++
	}
	if it.Kind == Floor || it.Kind == Turn {
		t.shown[half]++
	}
	day := dayOf(at)
	if t.day.n == 0 || t.day.day == day {
		t.day = dayShows{day, t.day.n + 1}
		return
	}
	for i := range t.rest {
		if t.rest[i].day == day {
			t.rest[i].n++
			return
		}
	}
	t.rest = append(t.rest, dayShows{day, 1})
}

// days goes through the days with shows; t may be nil.
func (t *tally) days(f func(dayShows)) {
	if t == nil || t.day.n == 0 {
		return
	}
	f(t.day)
	for _, d := range t.rest {
		f(d)
	}
}

// on returns the shows of a day; t may be nil.
func (t *tally) on(day int64) (n int) {
	t.days(func(d dayShows) {
		if d.day == day {
			n = int(d.n)
		}
	})
	return n
}

// sums are the tallies of videos over a part of the log.
type sums struct {
	by map[string]*tally
	// wants says whether what a process logged of a video is to be added.
	wants func(video string, seq int64) bool
}

func newSums(wants func(video string, seq int64) bool) *sums {
	return &sums{by: map[string]*tally{}, wants: wants}
}

func (s *sums) of(video string) *tally {
	t := s.by[video]
	if t == nil {
		t = &tally{}
		s.by[strings.Clone(video)] = t // the text of the page can go
	}
	return t
}

// halfOf returns the half that a viewer's outcomes are counted in. It goes by the
// key, for ever.
func halfOf(key string) int {
	if key == "" {
		return 0
	}
	return int(key[0]) & 1
}

// read adds the log of a process after one line up to another. It reads no more
// than most lines of pages, and returns up to where it came.
func (s *sums) read(ctx context.Context, q db.Querier, run string, after, upto int64, most int) (int64, error) {
	n, last := 0, after
	if err := pagesBetween(ctx, q, run, after, upto, most, func(p *pageRow) error {
		n, last = n+1, p.Seq
		h := halfOf(p.Viewer)
		return eachLogged(p.items, func(it logged) {
			if s.wants(it.Video, p.Seq) {
				s.of(it.Video).show(it, h, p.At)
			}
		})
	}); err != nil {
		return 0, err
	}
	if n < most {
		last = upto
	}
	return last, signalsBetween(ctx, q, run, after, last, func(seq int64, items string) error {
		return eachSignal(items, func(x signal) {
			switch {
			case !s.wants(x.Video, seq):
			case x.What == 'l':
				s.of(x.Video).long[x.N]++
			case x.What == 'c':
				s.of(x.Video).paid += x.N
			default:
				s.of(x.Video).reports++
			}
		})
	})
}

// mark is how far the log of a process is in the figures of videos.
type mark struct {
	Run                   string
	Last, Folded, Folding int64
	Upto                  string
	SeenAt                int64
}

// covers reports whether a line is in the figures of a video.
func (m mark) covers(video string, seq int64) bool {
	return seq <= m.Folded || seq <= m.Folding && video <= m.Upto
}

// unfolded adds up what is in the log of any process and not in the figures.
func unfolded(ctx context.Context, q db.Querier) (*sums, []mark, error) {
	list, err := marks(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	all := newSums(nil)
	for _, m := range list {
		all.wants = func(video string, seq int64) bool { return !m.covers(video, seq) }
		if _, err := all.read(ctx, q, m.Run, m.Folded, m.Last, allPages); err != nil {
			return nil, nil, err
		}
	}
	return all, list, nil
}

// allPages is a limit beyond every log.
const allPages = 1 << 40

// with returns a row with what a tally adds.
func (r row) with(t *tally) row {
	if t == nil {
		return r
	}
	r.Shows += int64(t.shows)
	r.Credit = max(0, r.Credit-int64(t.paid))
	r.Reports += int64(t.reports)
	for h := range 2 {
		r.Shown[h] += int64(t.shown[h])
		r.Long[h] += int64(t.long[h])
	}
	r.ServedAt = max(r.ServedAt, t.at)
	return r
}
