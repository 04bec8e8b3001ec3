package feed

import (
	"context"
	"runtime"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

const (
	// learnEvery is how often processes read each other's logs.
	learnEvery = 3 * time.Second
	// overlap is by how much a reading begins before the one before it: another
	// process's rows become visible with its commit, not with their stamp.
	overlap = 5 * time.Second
	// lately is how many readings lie in the time in which a video is new to one
	// process while another may have shown it.
	lately = 4
)

// hearOf notes up to where the logs of processes have been read.
func (s *Service) hearOf(list []mark) {
	at := make(map[string]int64, len(list))
	for _, m := range list {
		at[m.Run] = m.Last
	}
	s.heard = append([]map[string]int64{at}, s.heard...)
	s.heard = s.heard[:min(len(s.heard), lately)]
}

// Learn reads what other processes on the same database have logged, and which
// videos came, went or were stopped, and settles whose floor is paid here.
func (s *Service) Learn(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if err := s.flush(ctx); err != nil {
		return err
	}
	shares, err := s.deal(ctx)
	if err != nil {
		return err
	}
	if err := s.DB.Snapshot(ctx, func(q db.Querier) error { return s.catchUp(ctx, q) }); err != nil {
		return err
	}
	s.hold(shares)
	return nil
}

func (s *Service) catchUp(ctx context.Context, q db.Querier) error {
	now := clock.Millis(s.Now())
	fresh := map[string]row{} // videos that came
	if err := eachVideo(ctx, q, max(1, s.learned-overlap.Milliseconds()), func(r row) error {
		if _, known := s.book.video(r.Video); !known {
			fresh[r.Video] = r
			return nil
		}
		return s.adopt(r)
	}); err != nil {
		return err
	}
	list, err := marks(ctx, q)
	if err != nil {
		return err
	}
	all := newSums(nil)
	for _, m := range list {
		if m.Run == s.run {
			continue
		}
		known := s.heard[0][m.Run]
		from := known
		if len(fresh) > 0 {
			from = s.heard[len(s.heard)-1][m.Run]
		}
		all.wants = func(video string, seq int64) bool {
			if _, came := fresh[video]; came {
				return !m.covers(video, seq)
			}
			return seq > known
		}
		if _, err := all.read(ctx, q, m.Run, from, m.Last, allPages); err != nil {
			return err
		}
	}
	for _, r := range fresh {
		if err := s.adopt(r.with(all.by[r.Video])); err != nil {
			return err
		}
	}
	today := dayOf(now)
	n := 0
	for video, t := range all.by {
		if n++; n%piece == 0 {
			runtime.Gosched()
		}
		_, came := fresh[video]
		if num, known := s.book.video(video); known && !came {
			s.engine.Hear(num, t.elsewhere(today))
		}
	}
	s.learned = now
	s.hearOf(list)
	return nil
}

func (t *tally) elsewhere(today int64) Elsewhere {
	x := Elsewhere{Shows: int(t.shows), Paid: int(t.paid), Reports: int(t.reports), Today: t.on(today)}
	for h := range 2 {
		x.Shown[h], x.Long[h] = int(t.shown[h]), int(t.long[h])
	}
	return x
}
