package feed

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// batch is what happened since the last writing. It is written in one
// transaction; a crash loses what the last second has shown, and with it what it
// has paid.
type batch struct {
	pages    []pageRow
	signals  []byte
	times    map[viewerDay]int64 // milliseconds watched
	said     map[string]said
	owed     map[string]floorOf // that came later
	frozen   []string
	shares   uint32    // of the floor that pages have paid
	last     int64     // the line it ends with; 0 while it may still grow
	returned []VideoID // credits that were not this process's to give
}

type floorOf struct{ day, n int64 }

type viewerDay struct {
	viewer string
	day    int64
}

func (b *batch) empty() bool {
	return len(b.pages) == 0 && len(b.signals) == 0 && len(b.times) == 0 && len(b.said) == 0 && len(b.owed) == 0 && len(b.frozen) == 0
}

// dayOf is the day of an instant in UTC milliseconds, in days since 1970.
func dayOf(ms int64) int64 { return ms / (24 * 3600 * 1000) }

// note is the engine's log; the engine's lock is held, and so is the gate. Shows
// are in the pages.
func (s *Service) note(e Entry) {
	b := &s.pending
	switch e.What {
	case WatchedLong:
		b.signals = appendSignal(b.signals, signal{s.book.name(e.Video), 'l', uint32(half(e.Viewer))})
	case Reported:
		b.signals = appendSignal(b.signals, signal{Video: s.book.name(e.Video), What: 'r'})
	case Owed:
		if b.owed == nil {
			b.owed = map[string]floorOf{}
		}
		b.owed[s.book.name(e.Video)] = floorOf{dayOf(clock.Millis(s.Now())), int64(e.N)}
	case Frozen:
		b.frozen = append(b.frozen, s.book.name(e.Video))
	}
}

// Flush writes what happened since the last time. What could not be written is
// kept, and written first the next time.
func (s *Service) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	return s.flush(ctx)
}

// flush is for who holds the lock of flushing.
func (s *Service) flush(ctx context.Context) error {
	if s.stuck != nil {
		if err := s.write(ctx, s.stuck); err != nil {
			return err
		}
	}
	s.gate.Lock()
	until := clock.Millis(s.Now())
	b := s.pending
	s.pending = batch{}
	s.waiting.Store(0)
	s.gate.Unlock()
	if b.empty() {
		s.written.Store(until)
		return nil
	}
	// Pages that were made at once may have come here the other way round.
	slices.SortFunc(b.pages, func(x, y pageRow) int { return cmp.Compare(x.turn, y.turn) })
	for i := range b.pages {
		s.seq++
		b.pages[i].Run, b.pages[i].Seq = s.run, s.seq
	}
	s.seq++
	b.last = s.seq
	if err := s.write(ctx, &b); err != nil {
		return err
	}
	s.written.Store(until)
	return nil
}

// write writes a batch once: where a commit went through and the answer did not,
// the mark of the log says so.
func (s *Service) write(ctx context.Context, b *batch) error {
	s.stuck = b
	held := s.held
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		fresh, err := advance(ctx, tx, s.run, b.last, clock.Millis(s.Now()))
		if err != nil || !fresh {
			return err
		}
		if s.DB.Postgres() {
			if held, err = sharesOf(ctx, tx, s.run); err != nil {
				return err
			}
			s.unpay(b, held)
		}
		return b.add(ctx, tx, s.run, s.Now())
	})
	if err != nil {
		return err
	}
	s.stuck = nil
	for _, v := range b.returned {
		s.engine.Unpay(v)
	}
	if s.held&^held != 0 {
		s.hold(s.held & held)
	}
	return nil
}

// add writes a batch in a transaction.
func (b *batch) add(ctx context.Context, tx *db.Tx, run string, now time.Time) error {
	if err := insertPages(ctx, tx, b.pages); err != nil {
		return err
	}
	if len(b.signals) > 0 {
		if err := insertSignals(ctx, tx, run, b.last, clock.Millis(now), string(b.signals)); err != nil {
			return err
		}
	}
	if err := insertTimes(ctx, tx, b.times); err != nil {
		return err
	}
	for video, f := range sorted(b.owed) { // processes lock rows in one order
		if err := owe(ctx, tx, video, f, clock.Millis(now)); err != nil {
			return err
		}
	}
	for _, video := range b.frozen {
		if err := freeze(ctx, tx, video, clock.Millis(now)); err != nil {
			return err
		}
	}
	for viewer, said := range sorted(b.said) {
		if err := saveViewer(ctx, tx, viewer, said, now); err != nil {
			return err
		}
	}
	return nil
}

// sorted goes through a map by its keys.
func sorted[T any](m map[string]T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
