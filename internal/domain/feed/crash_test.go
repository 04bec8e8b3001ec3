package feed

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

// town is a market on one database, with as many processes as a test opens.
type town struct {
	t      *testing.T
	d      *db.DB
	now    time.Time
	shops  []shop.Shop
	videos []string
	vids   *video.Service
	houses *shop.Service
}

func eachTown(t *testing.T, shops int, f func(w *town)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &town{t: t, d: d, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		clock := func() time.Time { return w.now }
		log := slog.New(slog.DiscardHandler)
		w.houses = shop.New(d, clock)
		w.vids = video.New(video.Parts{DB: d, Jobs: job.New(d, log, nil), Slow: job.New(d, log, nil), Shops: w.houses, Log: log, Now: clock})
		accounts := account.New(d, nil, clock)
		packs := shop.Packs()
		for i := range shops {
			p, err := accounts.Ensure(t.Context(), fmt.Sprintf("p%d@example.org", i), "", "en")
			if err != nil {
				t.Fatal(err)
			}
			sh, err := w.houses.Open(t.Context(), p.ID, shop.Draft{Name: text.Both(fmt.Sprintf("Stall %d", i), ""), Pack: packs[i%len(packs)].Code, Currency: "EUR", TimeZone: "Europe/Berlin"})
			if err != nil {
				t.Fatal(err)
			}
			w.shops = append(w.shops, sh)
		}
		f(w)
	}, account.Migrations, shop.Migrations, video.Migrations, job.Migrations, Migrations)
}

// open starts a process, which pays the whole floor. A process before it is left as
// a kill leaves it.
func (w *town) open() *Service {
	w.t.Helper()
	s := w.made()
	if w.d.Postgres() {
		w.exec(`UPDATE feed_share SET run = $1`, s.run)
		w.try(s.Learn(w.t.Context()))
	}
	return s
}

// made starts a process that takes what nobody pays.
func (w *town) made() *Service {
	w.t.Helper()
	s, err := New(Parts{DB: w.d, Videos: w.vids, Shops: w.houses, Secret: []byte("town"), Zone: time.UTC, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
		Config: Config{Floor: 7, FreezeAfter: 3, Session: 20}})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.Restore(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *town) exec(text string, args ...any) {
	w.t.Helper()
	if _, err := w.d.ExecContext(w.t.Context(), text, args...); err != nil {
		w.t.Fatal(err)
	}
}

// film publishes a video of a shop.
func (w *town) film(s *Service, sh int) {
	w.t.Helper()
	id := fmt.Sprintf("vid_%04d", len(w.videos))
	w.exec(`
		INSERT INTO video (id, shop, author, state, caption, topics, language, place, rights, source, ai, ad, visibility, products, show, trim_from, trim_to, attempts, progress, problem,
			film, duration_ms, hashes, duplicate_of, cover, likes, comments, publish_at, published_at, created_at)
		VALUES ($1, $2, 'per_x', 'published', 'A film', $3, 'en', '', 'own', '', FALSE, FALSE, 'public', '[]', '', 0, 0, 0, 100, '',
			'{"folder":"f/","duration":30000000000,"width":360,"height":640}', 30000, '[]', '', '', 0, 0, 0, $4, $4)`,
		id, w.shops[sh].ID, fmt.Sprintf(`["topic%d"]`, len(w.videos)%9), w.now.UnixMilli())
	w.videos = append(w.videos, id)
	w.hear(s, id)
}

func (w *town) hear(s *Service, id string) {
	w.t.Helper()
	if err := s.hear(w.t.Context(), id); err != nil {
		w.t.Fatal(err)
	}
}

func viewerNo(i int) Viewer { return Viewer{Browser: fmt.Sprintf("browser-%d", i)} }

func (w *town) page(s *Service, viewer, n int) Sheet {
	w.t.Helper()
	p, err := s.Page(w.t.Context(), viewerNo(viewer), n, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// act does one thing that happens in a market.
func (w *town) act(s *Service, r *rand.Rand) {
	w.t.Helper()
	w.now = w.now.Add(time.Duration(1+r.IntN(40)) * time.Second)
	switch n := r.IntN(100); {
	case n < 62:
		viewer := r.IntN(12)
		p := w.page(s, viewer, 1+r.IntN(8))
		for _, it := range p.Items {
			w.now = w.now.Add(time.Duration(r.IntN(25)) * time.Second)
			if r.IntN(3) == 0 {
				if err := s.Watch(w.t.Context(), viewerNo(viewer), it.Video, 20*time.Second); err != nil {
					w.t.Fatal(err)
				}
			}
			if r.IntN(30) == 0 {
				if err := s.Report(w.t.Context(), viewerNo(viewer), Complaint{Video: it.Video, Reason: "other"}); err != nil {
					w.t.Fatal(err)
				}
			}
		}
	case n < 72:
		w.film(s, r.IntN(len(w.shops)))
	case n < 78 && len(w.videos) > 0: // withdrawn, or back
		id := w.videos[r.IntN(len(w.videos))]
		w.exec(`UPDATE video SET state = CASE WHEN state = 'draft' THEN 'published' ELSE 'draft' END WHERE id = $1`, id)
		w.hear(s, id)
	case n < 80 && len(w.videos) > 0:
		if err := s.Thaw(w.t.Context(), w.videos[r.IntN(len(w.videos))]); err != nil && !errors.Is(err, ErrNoVideo) {
			w.t.Fatal(err)
		}
	case n < 82 && len(w.videos) > 0:
		if err := s.Hide(w.t.Context(), w.videos[r.IntN(len(w.videos))]); err != nil && !errors.Is(err, ErrNoVideo) {
			w.t.Fatal(err)
		}
	case n < 84:
		w.now = w.now.Add(time.Duration(r.IntN(30)) * time.Hour)
		w.page(s, 100, 1) // the day turns with somebody who looks
	case n < 92:
		w.try(s.Flush(w.t.Context()))
	case n < 96:
		w.try(s.settle(w.t.Context()))
	default: // the fold ends somewhere
		w.try(s.Flush(w.t.Context()))
		w.cut(r.IntN(60))
	}
}

func (w *town) try(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// cut folds in small parts and is killed at some point.
func (w *town) cut(after int) {
	w.t.Helper()
	list, err := marks(w.t.Context(), w.d)
	w.try(err)
	ctx, end := context.WithCancel(w.t.Context())
	defer end()
	c := &killed{Context: ctx, end: end}
	c.left.Store(int64(after))
	for _, m := range list {
		for m.Folded < m.Last && err == nil {
			m, err = fold(c, w.d, m, w.now, 7, 3, 0)
		}
	}
	if err != nil && ctx.Err() == nil {
		w.t.Fatal(err)
	}
	// The driver may notice only now that a connection ended with the fold.
	for w.d.Postgres() && errors.Is(w.d.Ping(w.t.Context()), driver.ErrBadConn) {
	}
}

// killed is a context that ends after it was looked at a number of times.
type killed struct {
	context.Context
	end  func()
	left atomic.Int64
}

func (k *killed) Done() <-chan struct{} {
	if k.left.Add(-1) < 0 {
		k.end()
	}
	return k.Context.Done()
}

// figures of a video, and the totals, by name.
type figuresOf struct {
	State                      state
	Credit, Shows, Reports     int
	Rates                      [2]rate
	Waits                      bool
	OwnerDay, OwnerFloored     int
	Owned, OwedOf, WaitingOf   []string
	OnTurns, OnFloor           bool
	Live, Day, Before, Ups, UY int
	Total                      [2]rate
}

// known is what a process knows, by the names of videos.
func known(s *Service) map[string]figuresOf {
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	names := func(list []VideoID) (out []string) {
		for _, v := range list {
			out = append(out, s.book.name(v))
		}
		slices.Sort(out)
		return out
	}
	out := map[string]figuresOf{"": {Live: e.live, Day: int(e.day), Before: int(e.before), Ups: e.ups, UY: e.upsYest, Total: e.total.halves}}
	for id := range e.videos {
		v := &e.videos[id]
		o := &e.owners[v.Owner]
		out[s.book.name(VideoID(id))] = figuresOf{State: v.state, Credit: int(v.credit), Shows: int(v.shows), Reports: int(v.reports), Rates: v.rates.halves, Waits: v.waits && v.state == live,
			OwnerDay: int(o.day), OwnerFloored: o.floored, Owned: names(o.videos), OwedOf: names(o.owed), WaitingOf: names(o.waiting),
			OnTurns: e.turns.has(int32(v.Owner)), OnFloor: e.floor.has(int32(v.Owner))}
	}
	return out
}

// differ lists in what two processes differ, "" if in nothing.
func differ[T any](a, b map[string]T) string {
	out := ""
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !reflect.DeepEqual(a[name], b[name]) {
			out += fmt.Sprintf("%q\n- %+v\n+ %+v\n", name, a[name], b[name])
		}
	}
	if len(a) != len(b) {
		out += fmt.Sprintf("%d and %d videos\n", len(a), len(b))
	}
	return out
}

// A process that is killed between the log and the figures, or in the middle of
// adding one to the other, is followed by one that knows what it knew.
func TestWhatIsReadBackIsWhatWasKnown(t *testing.T) {
	eachTown(t, 9, func(w *town) {
		for seed := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, 3))
			s := w.open()
			for life := range 6 {
				for range 40 {
					w.act(s, r)
				}
				w.try(s.Flush(w.t.Context()))
				if life%2 == 1 {
					w.cut(r.IntN(200))
				}
				next := w.open()
				if diff := differ(known(s), known(next)); diff != "" {
					w.t.Fatalf("seed %d, life %d: - known, + read back\n%s", seed, life, diff)
				}
				s = next
			}
			w.honest(s)
		}
	})
}

// honest audits the log, and compares figures that were folded at all sorts of
// times with those of one fold.
func (w *town) honest(s *Service) {
	w.t.Helper()
	verdict, err := Audit(w.t.Context(), w.d, s.Config, time.UTC)
	w.try(err)
	for _, f := range verdict.Findings {
		w.t.Errorf("%s: %s", f.Check, f.Detail)
	}
	if verdict.Shows == 0 {
		w.t.Error("nothing was shown")
	}
}

// What was not written is written once, also where only the answer was lost.
func TestABatchIsWrittenOnce(t *testing.T) {
	eachTown(t, 9, func(w *town) {
		s := w.open()
		for i := range w.shops {
			w.film(s, i)
		}
		w.page(s, 1, 5)
		ctx, stop := context.WithCancel(w.t.Context())
		stop()
		if err := s.Flush(ctx); err == nil {
			w.t.Fatal("written after the end")
		}
		w.page(s, 2, 5)
		lost := *s.stuck
		w.try(s.Flush(w.t.Context()))
		w.try(s.write(w.t.Context(), &lost)) // it had gone through
		w.try(s.Fold(w.t.Context()))
		w.honest(s)
		if diff := differ(known(s), known(w.open())); diff != "" {
			w.t.Errorf("- known, + read back\n%s", diff)
		}
	})
}

// Two processes fold each other's log at once; each line counts once.
func TestFoldingTwiceCountsOnce(t *testing.T) {
	eachTown(t, 9, func(w *town) {
		s := w.open()
		for i := range w.shops {
			w.film(s, i)
		}
		for v := range 40 {
			w.page(s, v, 5)
		}
		w.try(s.Flush(w.t.Context()))
		list, err := marks(w.t.Context(), w.d)
		w.try(err)
		done := make(chan error, 4)
		for range cap(done) {
			go func() {
				_, err := fold(w.t.Context(), w.d, list[0], w.now, foldMost, 2, 0)
				done <- err
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil && !errors.Is(err, errFolded) {
				w.t.Error(err)
			}
		}
		w.try(s.Fold(w.t.Context()))
		w.honest(s)
		if diff := differ(known(s), known(w.open())); diff != "" {
			w.t.Errorf("- known, + read back\n%s", diff)
		}
	})
}

// Processes that read each other's logs know the same in the end, and so does
// one that starts later.
func TestProcessesThatHearEachOtherKnowTheSame(t *testing.T) {
	eachTown(t, 9, func(w *town) {
		if !w.d.Postgres() {
			return // one process has a file of its own
		}
		a, b := w.open(), w.open()
		r := rand.New(rand.NewPCG(5, 6))
		for i := range 200 {
			s := []*Service{a, b}[i%2]
			w.now = w.now.Add(time.Second)
			switch n := r.IntN(10); {
			case n == 0:
				w.film(s, r.IntN(len(w.shops)))
			case n == 1:
				w.try(s.settle(w.t.Context()))
			default:
				w.page(s, 1000*(i%2)+r.IntN(300), 5)
			}
			w.try(a.Learn(w.t.Context()))
			w.try(b.Learn(w.t.Context()))
			w.try(a.Learn(w.t.Context()))
		}
		ours := func(s *Service) map[string]string {
			out := map[string]string{}
			for name, f := range known(s) {
				out[name] = fmt.Sprint(f.State, f.Credit, f.Shows, f.Rates, f.OwnerDay, f.Day)
			}
			return out
		}
		third := ours(w.open())
		for _, s := range []*Service{a, b} {
			if diff := differ(third, ours(s)); diff != "" {
				w.t.Errorf("- read back, + heard\n%s", diff)
			}
		}
		w.honest(a)
	})
}

// Of a crowd those leave who have been away for longest, once what they were
// shown is written; when they come again they are shown nothing twice.
func TestACrowdIsForgottenAndNotShownAgain(t *testing.T) {
	eachTown(t, 40, func(w *town) {
		s := w.open()
		for i := range w.shops {
			w.film(s, i)
		}
		seen := map[string]bool{}
		for _, it := range w.page(s, 0, 10).Items {
			seen[it.Video] = true
		}
		for v := 1; v < 50; v++ {
			w.now = w.now.Add(time.Second)
			w.page(s, v, 1)
		}
		s.forgetGuests(20)
		if n := len(s.people.by); n != 50 {
			w.t.Errorf("%d of 50 are known before anything was written", n)
		}
		w.try(s.Flush(w.t.Context()))
		s.forgetGuests(20)
		if n := len(s.people.by); n != 20 {
			w.t.Errorf("%d guests are kept, want 20", n)
		}
		for _, v := range s.engine.viewers[:50] {
			if v != nil && v.last < w.now.Add(-20*time.Second).Unix() {
				w.t.Errorf("somebody away for %d s is kept", w.now.Unix()-v.last)
			}
		}
		for _, it := range w.page(s, 0, 10).Items {
			if seen[it.Video] {
				w.t.Errorf("%s is shown again", it.Video)
			}
		}
		w.now = w.now.Add(time.Hour)
		w.page(s, 1, 1)
		w.try(s.Flush(w.t.Context()))
		s.forgetGuests(crowd)
		if n := len(s.people.by); n != 1 {
			w.t.Errorf("%d are kept after a rest, want the one who is here", n)
		}
	})
}
