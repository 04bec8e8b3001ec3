package feed

import "time"

// Past is what is known of a viewer from before.
type Past struct {
	Shows []Item // the oldest first; their reasons as they were given
	Shown int    // items of the last session
	Again int    // sessions in a row begun by a deliberate act
	Last  time.Time
}

// Recall takes up a viewer where the log ends, with what they said. It counts
// nothing.
func (e *Engine) Recall(id ViewerID, past Past, w Wishes) {
	p := &viewer{shown: uint8(min(past.Shown, 255)), again: uint8(past.Again), last: past.Last.Unix()}
	for _, it := range past.Shows {
		p.show(it.Video, 0) // what was watched of it has been counted, or is lost
	}
	p.wish(w)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.viewer(id)
	e.viewers[id] = p
}

// Forget drops what is kept in memory of a viewer, whose number is free then.
func (e *Engine) Forget(id ViewerID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if int(id) < len(e.viewers) {
		e.viewers[id] = nil
	}
}

// Days are the figures of today and of the day before, as they were stored.
type Days struct {
	Now            time.Time
	Uploads        int // today, with a floor
	Shows          int // today
	UploadsBefore  int
	ShowsYesterday int
}

// RestoreDays takes up a day that has begun. It goes before the videos.
func (e *Engine) RestoreDays(d Days) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.today, e.ups, e.day = d.Now.Unix()/86400, d.Uploads, uint32(d.Shows)
	e.upsYest, e.before = d.UploadsBefore, uint32(d.ShowsYesterday)
}

// Adopt takes over what is stored of a video: an unknown one is restored, a known
// one comes, goes or is frozen, and keeps the figures it has here. A stored
// credit is a limit, because the log may hold shows that are not in it yet.
func (e *Engine) Adopt(s Stored) {
	e.mu.Lock()
	known := int(s.ID) < len(e.videos) && e.videos[s.ID] != held{}
	e.mu.Unlock()
	switch {
	case !known:
		e.Restore(s)
	case s.Gone:
		e.Remove(s.ID)
	default:
		e.set(s)
	}
}

func (e *Engine) set(s Stored) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := &e.videos[s.ID]
	if v.waits && !s.Waits { // another process gave the floor; what it has paid of that comes with its log
		v.waits, v.credit = false, int32(s.Given)
		if o := &e.owners[v.Owner]; v.state == live {
			o.waiting = without(o.waiting, s.ID)
			e.owes(s.ID)
		}
	}
	switch {
	case s.Frozen && v.state == gone:
		v.state = frozen
	case s.Frozen:
		e.drop(s.ID, frozen)
	case v.state != live:
		v.reports = uint32(s.Reports)
		e.add(s.ID, *v)
	}
}

// Elsewhere is what another process has shown and counted of a video.
type Elsewhere struct {
	Shows, Paid, Reports int
	Today                int // of the shows
	Shown, Long          [2]int
}

// Hear adds what another process has shown and counted of a video that is known
// here.
func (e *Engine) Hear(id VideoID, x Elsewhere) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := &e.videos[id]
	v.shows += uint32(x.Shows)
	v.reports += uint32(x.Reports)
	for h := range 2 {
		v.rates.halves[h].shown += uint32(x.Shown[h])
		v.rates.halves[h].long += uint32(x.Long[h])
		e.total.halves[h].shown += uint32(x.Shown[h])
		e.total.halves[h].long += uint32(x.Long[h])
	}
	e.owners[v.Owner].day += uint32(x.Today)
	e.day += uint32(x.Today)
	e.pay(id, int32(x.Paid))
}

// pay lowers the credit of a video. It is below nothing for a moment where both
// processes paid, until what this one did is taken back ([Engine.Unpay]).
func (e *Engine) pay(id VideoID, n int32) {
	v := &e.videos[id]
	v.credit -= n
	if o := &e.owners[v.Owner]; n > 0 && v.credit <= 0 && v.state == live {
		o.owed = without(o.owed, id)
		if len(o.owed) == 0 {
			e.floor.remove(int32(v.Owner))
		}
	}
}
