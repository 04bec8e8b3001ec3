package feed

import (
	"cmp"
	"context"
	"slices"

	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// batch is what happened since the last writing. It is written in one
// transaction, so the log, the figures and the credits of videos always agree; a
// crash loses what the last second has shown, and with it what it has paid.
type batch struct {
	entries []Entry
	pages   []pageRow
	times   []timeRow
	said    map[string]said
	name    func(VideoID) string
}

type timeRow struct {
	viewer  string
	day, ms int64
}

func (b *batch) empty() bool {
	return len(b.entries) == 0 && len(b.pages) == 0 && len(b.times) == 0 && len(b.said) == 0
}

type exposureKey struct {
	day   int64
	video VideoID
	kind  Kind
	half  int
}

type exposure struct {
	day   int64
	video string
	kind  Kind
	half  int
	n     int64
}

type tally struct {
	video                    string
	shows, paid, reports, at int64
	owed                     int64
	frozen                   bool
	shown, long              [2]int64
}

// count adds the entries up.
func (b *batch) count() ([]exposure, []tally) {
	shows, videos := map[exposureKey]int64{}, map[VideoID]*tally{}
	of := func(v VideoID) *tally {
		t := videos[v]
		if t == nil {
			t = &tally{video: b.name(v)}
			videos[v] = t
		}
		return t
	}
	for _, e := range b.entries {
		switch e.What {
		case ShownTo:
			h := half(e.Viewer)
			shows[exposureKey{dayOf(e.At), e.Video, e.Reason.Kind, h}]++
			t := of(e.Video)
			t.shows++
			t.at = max(t.at, e.At)
			if e.N > 0 {
				t.paid++
			}
			if e.Reason.Kind == Floor || e.Reason.Kind == Turn {
				t.shown[h]++
			}
		case WatchedLong:
			of(e.Video).long[half(e.Viewer)]++
		case Reported:
			of(e.Video).reports++
		case Owed:
			of(e.Video).owed = int64(e.N)
		case Frozen:
			of(e.Video).frozen = true
		}
	}
	var exposures []exposure
	for k, n := range shows {
		exposures = append(exposures, exposure{k.day, b.name(k.video), k.kind, k.half, n})
	}
	var tallies []tally
	for _, t := range videos {
		tallies = append(tallies, *t)
	}
	// Processes lock rows in one order.
	slices.SortFunc(tallies, func(a, b tally) int { return cmp.Compare(a.video, b.video) })
	return exposures, tallies
}

// dayOf is the day of an instant in UTC milliseconds, in days since 1970.
func dayOf(ms int64) int64 { return ms / (24 * 3600 * 1000) }

// note is the engine's log; the engine's lock is held, and so is the gate.
func (s *Service) note(e Entry) {
	if e.What != Published {
		s.pending.entries = append(s.pending.entries, e)
	}
}

// Flush writes what happened since the last time. What could not be written is
// kept for the next.
func (s *Service) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.gate.Lock()
	b := s.pending
	s.pending = batch{}
	s.gate.Unlock()
	if b.empty() {
		return nil
	}
	now := s.Now()
	b.name = func(v VideoID) string { return s.book.film(v).id }
	err := s.DB.InTx(ctx, func(tx *db.Tx) error { return b.add(ctx, tx, id.New("fb", now), now) })
	if err != nil {
		s.gate.Lock()
		s.pending.entries = append(b.entries, s.pending.entries...)
		s.pending.pages = append(b.pages, s.pending.pages...)
		s.pending.times = append(b.times, s.pending.times...)
		for key, newer := range s.pending.said {
			if b.said == nil {
				b.said = map[string]said{}
			}
			b.said[key] = newer
		}
		s.pending.said = b.said
		s.gate.Unlock()
	}
	return err
}
