package feed

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// States of a video in Discover.
const (
	stateLive   = "live"
	stateFrozen = "frozen" // by reports, until the operator has looked
	stateHidden = "hidden" // by the operator
	stateGone   = "gone"   // withdrawn or deleted
)

// ErrNoVideo is returned for a video that Discover never had.
var ErrNoVideo = errs.New(errs.NotFound, "discover.no_video", "Discover does not know this video.", "“发现”里没有这个视频。")

// Follow makes the service hear of videos that come and go.
func (s *Service) Follow(b *bus.Bus) {
	heard := func(ctx context.Context, e bus.Event) error { return s.hear(ctx, e.Key) }
	b.Subscribe(video.TopicPublished, "discover", heard)
	b.Subscribe(video.TopicRemoved, "discover", heard)
}

// hear looks at a video of which something was told.
func (s *Service) hear(ctx context.Context, videoID string) error {
	v, err := s.Videos.Get(ctx, videoID)
	if errors.Is(err, video.ErrNotFound) {
		v = video.Video{ID: videoID}
	} else if err != nil {
		return err
	}
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if err := s.flush(ctx); err != nil { // a freeze, for one
		return err
	}
	r, known, err := videoRow(ctx, s.DB, videoID)
	if err != nil {
		return err
	}
	open := v.State == video.Published && v.Visibility == video.Public
	switch {
	case open && !known:
		return s.publish(ctx, v)
	case !known:
		return nil
	}
	// A video has its floor once: one that comes back has what was left.
	r.ChangedAt = clock.Millis(s.Now())
	if !open {
		if r.State == stateLive {
			r.State = stateGone
		}
	} else {
		if r.State == stateGone {
			r.State = stateLive
		}
		r.Topics = v.Topics
	}
	if err := setVideo(ctx, s.DB, r); err != nil {
		return err
	}
	return s.adopt(r)
}

// publish gives a new video its floor.
func (s *Service) publish(ctx context.Context, v video.Video) error {
	sh, err := s.Shops.Get(ctx, v.Shop)
	if err != nil {
		return err
	}
	now := s.Now()
	r := row{Video: v.ID, Shop: v.Shop, Line: sh.Pack, Topics: v.Topics, State: stateLive, CopyOf: v.DuplicateOf, LengthMS: v.Length().Milliseconds(),
		Day: dayOf(clock.Millis(now)), PublishedAt: clock.Millis(v.PublishedAt), ChangedAt: clock.Millis(now)}
	if r.Owner, err = s.identify(ctx, v.Shop); err != nil {
		return err
	}
	num, known := s.book.enter(r)
	p := Publication{ID: num, Video: known}
	if original, ok := s.book.video(v.DuplicateOf); ok && v.DuplicateOf != "" {
		p.CopyOf = &original
	}
	s.gate.RLock()
	r.Given = int64(s.engine.Publish(p, now))
	s.gate.RUnlock()
	r.Credit = r.Given
	s.tastes.add(num)
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		if p.CopyOf != nil && r.Given > 0 {
			if err := s.lend(ctx, tx, v.DuplicateOf, r.Given); err != nil {
				return err
			}
		}
		return insertVideo(ctx, tx, r)
	})
}

// lend logs what an original has left to a copy. Nothing waits to be written
// before it, and the lock of flushing is held.
func (s *Service) lend(ctx context.Context, tx *db.Tx, original string, n int64) error {
	s.seq++
	now := clock.Millis(s.Now())
	if _, err := advance(ctx, tx, s.run, s.seq, now); err != nil {
		return err
	}
	return insertSignals(ctx, tx, s.run, s.seq, now, string(appendSignal(nil, signal{original, 'c', uint32(n)})))
}

// identify returns who has one turn with a shop: shops that share an owner are
// one.
func (s *Service) identify(ctx context.Context, shopID string) (string, error) {
	members, err := s.Shops.Members(ctx, shopID)
	if err != nil {
		return "", err
	}
	owner := ""
	var people []string
	for _, m := range members {
		if m.Role != shop.Owner {
			continue
		}
		people = append(people, m.Person)
		if owner == "" {
			if owner, err = ownerOf(ctx, s.DB, m.Person); err != nil {
				return "", err
			}
		}
	}
	if len(people) == 0 {
		return shopID, nil
	}
	if owner == "" {
		owner = slices.Min(people)
	}
	return owner, s.DB.InTx(ctx, func(tx *db.Tx) error {
		for _, p := range people {
			if err := insertOwner(ctx, tx, p, owner); err != nil {
				return err
			}
		}
		return nil
	})
}

// adopt takes a stored video into the engine.
func (s *Service) adopt(r row) error {
	num, v := s.book.enter(r)
	s.engine.Adopt(r.stored(num, v))
	s.tastes.add(num)
	return nil
}

// Restore reads the serving state, and takes up the shares of the floor that nobody
// pays. The first time it takes in the videos that are published already, whose
// floor begins then.
func (s *Service) Restore(ctx context.Context) error {
	if err := s.read(ctx); err != nil || !s.DB.Postgres() {
		return err
	}
	return s.Learn(ctx)
}

func (s *Service) read(ctx context.Context) error {
	some, err := anyVideo(ctx, s.DB)
	if err != nil {
		return err
	}
	if !some {
		s.hold(allShares) // of nothing yet
		for c, err := range s.Videos.Eligible(ctx) {
			if err != nil {
				return err
			}
			if err := s.hear(ctx, c.ID); err != nil {
				return err
			}
		}
		return nil
	}
	return s.DB.Snapshot(ctx, func(q db.Querier) error { return s.restore(ctx, q) })
}

func (s *Service) restore(ctx context.Context, q db.Querier) error {
	now := s.Now()
	today := dayOf(clock.Millis(now))
	s.learned = clock.Millis(now)
	tail, list, err := unfolded(ctx, q)
	if err != nil {
		return err
	}
	s.hearOf(list)
	if err := s.restoreDays(ctx, q, tail, now, today); err != nil {
		return err
	}
	shows, err := showsOn(ctx, q, today)
	if err != nil {
		return err
	}
	type one struct {
		Stored
		served int64
	}
	var all []one
	last := map[OwnerID]int64{} // an owner's turn was with the video served last
	if err := eachVideo(ctx, q, 0, func(r row) error {
		t := tail.by[r.Video]
		r = r.with(t)
		num, v := s.book.enter(r)
		st := r.stored(num, v)
		st.Today, st.Floored = int(shows[r.Video])+t.on(today), r.Day == today && r.Given > 0
		all = append(all, one{st, r.ServedAt})
		last[v.Owner] = max(last[v.Owner], r.ServedAt)
		return nil
	}); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b one) int {
		return cmp.Or(cmp.Compare(last[a.Video.Owner], last[b.Video.Owner]), cmp.Compare(a.served, b.served), cmp.Compare(a.ID, b.ID))
	})
	for _, st := range all {
		s.engine.Restore(st.Stored)
		if !st.Gone {
			s.tastes.add(st.ID)
		}
	}
	s.engine.Refresh()
	return nil
}

func (s *Service) restoreDays(ctx context.Context, q db.Querier, tail *sums, now time.Time, today int64) error {
	d := Days{Now: now}
	for _, f := range []struct {
		into *int
		read func(context.Context, db.Querier, int64) (int64, error)
		day  int64
	}{
		{&d.Shows, sumOn, today}, {&d.ShowsYesterday, sumOn, today - 1},
		{&d.Uploads, flooredOn, today}, {&d.UploadsBefore, flooredOn, today - 1},
	} {
		n, err := f.read(ctx, q, f.day)
		if err != nil {
			return err
		}
		*f.into = int(n)
	}
	for _, t := range tail.by {
		d.Shows += t.on(today)
		d.ShowsYesterday += t.on(today - 1)
	}
	s.engine.RestoreDays(d)
	return nil
}

// Run writes what is shown every second, adds it to the figures of videos twice a
// minute, orders quality every minute and learns from other processes, until ctx
// ends; then it writes once more.
func (s *Service) Run(ctx context.Context) error {
	second, minute, folding, learn := time.NewTicker(time.Second), time.NewTicker(time.Minute), time.NewTicker(foldEvery), time.NewTicker(learnEvery)
	defer second.Stop()
	defer folding.Stop()
	defer minute.Stop()
	defer learn.Stop()
	// What takes long goes on beside the writing, each of it one at a time: pages
	// wait where the writing falls behind.
	var beside sync.WaitGroup
	defer beside.Wait()
	var folds, orders atomic.Bool
	start := func(busy *atomic.Bool, f func()) {
		if busy.CompareAndSwap(false, true) {
			beside.Go(func() {
				defer busy.Store(false)
				f()
			})
		}
	}
	for {
		select {
		case <-ctx.Done():
			return s.leave(context.WithoutCancel(ctx))
		case <-second.C:
			s.try(ctx, "what Discover has shown was not written", s.Flush)
			s.forgetGuests(crowd)
		case <-learn.C:
			if s.DB.Postgres() {
				s.try(ctx, "what other processes have shown was not read", s.Learn)
			}
		case <-folding.C:
			start(&folds, func() { s.try(ctx, "figures of videos in Discover were not written", s.foldSlowly) })
		case <-minute.C:
			start(&orders, s.engine.Refresh)
		}
	}
}

// Refresh orders quality anew; Run does it every minute.
func (s *Service) Refresh() { s.engine.Refresh() }

func (s *Service) try(ctx context.Context, what string, f func(context.Context) error) {
	if err := f(ctx); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, what, "error", err)
	}
}

// Stopped is a video that reports have frozen or the operator has hidden.
type Stopped struct {
	Video   string
	Shop    string
	Hidden  bool
	Shows   int64
	Since   time.Time
	Reports []Complaint // the newest
}

// Stopped lists what is kept out of Discover, the latest first.
func (s *Service) Stopped(ctx context.Context) ([]Stopped, error) {
	rows, err := stopped(ctx, s.DB, 100)
	if err != nil {
		return nil, err
	}
	out := []Stopped{}
	for _, r := range rows {
		st := Stopped{Video: r.Video, Shop: r.Shop, Hidden: r.State == stateHidden, Shows: r.Shows, Since: clock.Time(r.ChangedAt)}
		if st.Reports, err = complaints(ctx, s.DB, r.Video, 20); err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// Thaw lets a video be shown again; its reports are forgotten.
func (s *Service) Thaw(ctx context.Context, videoID string) error {
	return s.decide(ctx, videoID, stateLive)
}

// Hide keeps a video out of Discover until it is thawed.
func (s *Service) Hide(ctx context.Context, videoID string) error {
	return s.decide(ctx, videoID, stateHidden)
}

func (s *Service) decide(ctx context.Context, videoID, state string) error {
	if err := s.settle(ctx); err != nil { // so that no report comes after the decision
		return err
	}
	s.flushing.Lock()
	defer s.flushing.Unlock()
	r, known, err := videoRow(ctx, s.DB, videoID)
	if err != nil {
		return err
	}
	if !known || r.State == stateGone {
		return ErrNoVideo
	}
	if r.State == state {
		return nil
	}
	v, err := s.Videos.Get(ctx, videoID)
	if errors.Is(err, video.ErrNotFound) || err == nil && (v.State != video.Published || v.Visibility != video.Public) {
		if state == stateLive {
			state = stateGone // withdrawn in the meantime
		}
	} else if err != nil {
		return err
	}
	if err := setState(ctx, s.DB, videoID, state, clock.Millis(s.Now())); err != nil {
		return err
	}
	r.State = state
	if state == stateLive {
		r.Reports = 0
	}
	return s.adopt(r)
}

// Reasons of reports.
var Reasons = []string{"illegal", "fraud", "violent", "sexual", "hateful", "copied", "other"}

// Complaint is a report of a viewer.
type Complaint struct {
	Video   string
	Reason  string
	Words   string
	Counted bool // the reporter had been shown the video here
	At      time.Time
}

// Report keeps a report of a video. It counts towards freezing once for a viewer
// who was shown the video, and takes the video out of the viewer's list.
func (s *Service) Report(ctx context.Context, v Viewer, c Complaint) error {
	if _, err := s.Videos.Get(ctx, c.Video); err != nil {
		return err
	}
	if err := s.NotInterested(ctx, v, c.Video, true); err != nil {
		return err
	}
	g, err := s.guest(ctx, v)
	if err != nil {
		return err
	}
	defer g.mu.Unlock()
	c.At = s.Now()
	fresh, err := insertReport(ctx, s.DB, c, g.key)
	if err != nil || !fresh {
		return err
	}
	num, ok := s.book.video(c.Video)
	if !ok {
		return nil
	}
	s.gate.RLock()
	counted := s.engine.Signal(g.num, num, Report)
	s.gate.RUnlock()
	if counted {
		return setCounted(ctx, s.DB, c.Video, g.key)
	}
	return nil
}

// Trim forgets what was shown before an instant; reports of days stay.
func (s *Service) Trim(ctx context.Context, before time.Time) error {
	if err := s.Fold(ctx); err != nil {
		return err
	}
	return trim(ctx, s.DB, before)
}
