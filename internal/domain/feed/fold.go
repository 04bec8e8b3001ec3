package feed

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const (
	// foldEvery is how often the log is folded. A start reads what it has not been.
	foldEvery = 30 * time.Second
	// foldMost is how many pages are folded at once, in some 150 bytes for each
	// video on them.
	foldMost = 50_000
	// foldRows is how many videos get their figures in one transaction: on SQLite
	// others wait for it.
	foldRows = 500
	// foldDead is after which silence of a process others fold its log.
	foldDead = 2 * time.Minute
	// foldKeep is for how long signals stay after they are folded, for other
	// processes to read.
	foldKeep = 10 * time.Minute
)

// errFolded is returned where another process has folded in the meantime.
var errFolded = errors.New("folded by another process")

// Fold adds what the log has to the figures of videos: the log of this process,
// and of those that are not heard of. Pages are the truth; what a crash leaves
// unfolded is read with the state and folded later. [Service.Run] does it twice a
// minute.
func (s *Service) Fold(ctx context.Context) error { return s.fold(ctx, 0) }

// foldSlowly leaves two thirds of the time to others: a fold is seconds of writing
// in a busy minute, and people wait for pages.
func (s *Service) foldSlowly(ctx context.Context) error { return s.fold(ctx, 2) }

func (s *Service) fold(ctx context.Context, pauses time.Duration) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	list, err := marks(ctx, s.DB)
	if err != nil {
		return err
	}
	silent := clock.Millis(s.Now().Add(-foldDead))
	for _, m := range list {
		if m.Run != s.run && s.DB.Postgres() && m.SeenAt >= silent {
			continue
		}
		for m.Folded < m.Last && err == nil {
			m, err = fold(ctx, s.DB, m, s.Now(), foldMost, foldRows, pauses)
		}
		if err != nil && !errors.Is(err, errFolded) {
			return err
		}
		err = nil
	}
	return nil
}

// settle brings the figures in the database up to now.
func (s *Service) settle(ctx context.Context) error {
	if err := s.Flush(ctx); err != nil {
		return err
	}
	return s.Fold(ctx)
}

// fold takes up what a fold before it has left, or adds the next lines: most pages
// at most, some videos in a transaction, and pauses in times of a transaction.
func fold(ctx context.Context, d *db.DB, m mark, now time.Time, most, some int, pauses time.Duration) (mark, error) {
	all := newSums(func(video string, seq int64) bool { return !m.covers(video, seq) })
	upto := m.Folding
	if upto == m.Folded { // none was begun
		upto = m.Last
	} else {
		most = allPages
	}
	upto, err := all.read(ctx, d, m.Run, m.Folded, upto, most)
	if err != nil {
		return m, err
	}
	videos := slices.SortedFunc(maps.Keys(all.by), politely(strings.Compare))
	for part := range slices.Chunk(videos, some) {
		next := m
		next.Folding, next.Upto = upto, part[len(part)-1]
		began := time.Now()
		if err := d.InTx(ctx, func(tx *db.Tx) error { return all.add(ctx, tx, part, m, next) }); err != nil {
			return m, err
		}
		m = next
		select {
		case <-ctx.Done():
			return m, ctx.Err()
		case <-time.After(pauses * min(time.Since(began), 20*time.Millisecond)):
		}
	}
	next := m
	next.Folded, next.Folding, next.Upto = upto, upto, ""
	return next, d.InTx(ctx, func(tx *db.Tx) error {
		if err := moveMark(ctx, tx, m, next); err != nil {
			return err
		}
		return dropSignals(ctx, tx, m.Run, upto, clock.Millis(now.Add(-foldKeep)))
	})
}

// add moves the mark and adds the tallies of some videos.
func (s *sums) add(ctx context.Context, tx *db.Tx, videos []string, from, to mark) error {
	if err := moveMark(ctx, tx, from, to); err != nil {
		return err
	}
	var shows [][]any
	figures := make([][]any, len(videos))
	for i, video := range videos {
		t := s.by[video]
		figures[i] = []any{video, int64(t.shows), int64(t.paid), int64(t.reports), int64(t.shown[0]), int64(t.shown[1]), int64(t.long[0]), int64(t.long[1]), t.at}
		t.days(func(d dayShows) { shows = append(shows, []any{d.day, video, int64(d.n)}) })
	}
	if err := addFigures(ctx, tx, figures); err != nil {
		return err
	}
	return addShows(ctx, tx, shows)
}
