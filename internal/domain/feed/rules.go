package feed

import "slices"

// allowed is every rule an item must keep for this viewer now. Only the topic
// rule gives way when a page cannot be filled.
func (r *round) allowed(id VideoID) bool {
	v := &r.e.videos[id]
	if v.state != live || v.Creator == r.ask.Own && r.ask.Own >= 0 {
		return false
	}
	if r.p.maySeen(id) || r.p.mutes(v, id) || r.e.capped(v.Owner) {
		return false
	}
	return r.breadth(v) && (r.ask.Skip == nil || !r.ask.Skip(id))
}

// breadth holds any twenty items in a row to one of an author and a quarter of a
// line of business, and any ten to a few of one topic. People tire of a topic, so
// where the page can be filled it comes no oftener in twenty than it is among all
// live videos.
func (r *round) breadth(v *held) bool {
	lines, topics, lately := 0, 0, 0
	for i, x := range r.p.recent[:min(r.p.n, recents-1)] {
		w := &r.e.videos[x]
		if w.Creator == v.Creator || w.Owner == v.Owner {
			return false
		}
		if w.Line == v.Line {
			lines++
		}
		if w.Topic == v.Topic {
			lately++
			if i < 9 {
				topics++
			}
		}
	}
	if lines >= r.e.cfg.LineOf20 && len(r.e.lines) >= 5 {
		return false
	}
	switch {
	case r.slack == anyTopic:
		return true
	case r.slack == 0 && lately >= r.free() && lately*r.e.live >= recents*r.e.topics[v.Topic]:
		return false
	}
	return topics < r.topics()
}

// free is how often any topic may come in twenty: taste may repeat it once.
func (r *round) free() int {
	if r.bounded() {
		return 2
	}
	return 1
}

// anyTopic is the slack at which no topic rule is left.
const anyTopic = 2

// topics is how many of one topic may stand in ten. In bounded mode taste may
// repeat a topic once and what has a claim of its own brings others. A turn is
// held to two like taste: at one, common topics, which taste has mostly taken,
// would never have theirs.
func (r *round) topics() int {
	switch {
	case !r.bounded():
		return r.e.cfg.TopicOf10
	case r.kind == 'f' || r.kind == 'q':
		return 1
	default:
		return min(2, r.e.cfg.TopicOf10)
	}
}

// settled is how many shows a day must have before shares of it mean something.
const settled = 1000

// capped reports whether an owner has had its share of the day: no account has
// more than a twentieth once fifty are live.
func (e *Engine) capped(o OwnerID) bool {
	return e.turns.n >= 50 && e.day >= settled && float64(e.owners[o].day+1) > e.cfg.OwnerShare*float64(e.day)
}

// over reports whether an owner is so far above the mean that quality and
// taste pass it over for the day.
func (e *Engine) over(o OwnerID) bool {
	mean := max(1, float64(e.day)/float64(max(1, e.turns.n)))
	return float64(e.owners[o].day) >= e.cfg.OwnerTimes*mean
}

// Signal is what a viewer does with a video.
type Signal uint8

const (
	// LongView is a view to the end or long enough; it counts once a show, for the
	// other groups of viewers, and only where a wheel had chosen the video.
	LongView Signal = iota + 1
	// NotInterested, MuteCreator and MuteTopic take away, and nothing else.
	NotInterested
	MuteCreator
	MuteTopic
	// Report counts against the video; enough of them freeze it early.
	Report
)

// Signal takes in what a viewer did. Likes, shares, follows and purchases are no
// signals: nothing in Discover listens to them.
//
// It reports whether the signal counted: a long view once a show and where a
// wheel had chosen, a report once, of somebody who was shown the video.
func (e *Engine) Signal(id ViewerID, video VideoID, s Signal) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if int(video) >= len(e.videos) || video < 0 {
		return false
	}
	p, v := e.viewer(id), &e.videos[video]
	switch s {
	case LongView:
		if k := p.take(video); k == Floor || k == Turn {
			v.rates.watch(id)
			e.total.watch(id)
			e.note(Entry{What: WatchedLong, Viewer: id, Video: video})
			return true
		}
		return false
	case Report:
		return e.report(p, v, video)
	case NotInterested, MuteCreator, MuteTopic:
		p.mute(video, v, s)
	}
	return true
}

// Wishes are what a viewer said.
type Wishes struct {
	Videos   []VideoID   // taken away
	Creators []CreatorID // taken away
	Minor    bool
	Taste    int // tenths of the list; see [Engine.SetTaste]
}

// Wish replaces what a viewer said.
func (e *Engine) Wish(id ViewerID, w Wishes) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.viewer(id).wish(w)
}

func (p *viewer) wish(w Wishes) {
	p.minor, p.taste = w.Minor, tenths(w.Taste)
	if p.muted == nil && len(w.Videos)+len(w.Creators) == 0 {
		return
	}
	if p.muted == nil {
		p.muted = &muted{}
	}
	p.muted.videos, p.muted.creators, p.muted.topics = w.Videos, w.Creators, nil
}

func (p *viewer) mute(id VideoID, v *held, s Signal) {
	if p.muted == nil {
		p.muted = &muted{}
	}
	switch m := p.muted; {
	case s == NotInterested && !slices.Contains(m.videos, id):
		m.videos = append(m.videos, id)
	case s == MuteCreator && !slices.Contains(m.creators, v.Creator):
		m.creators = append(m.creators, v.Creator)
	case s == MuteTopic && !slices.Contains(m.topics, v.Topic):
		m.topics = append(m.topics, v.Topic)
	}
}

// report counts a report of someone who was shown the video. A tenth of at least
// FreezeAfter shows freezes it, and at least three people.
func (e *Engine) report(p *viewer, v *held, id VideoID) bool {
	if !p.maySeen(id) || p.muted != nil && slices.Contains(p.muted.reported, id) {
		return false
	}
	p.mute(id, v, NotInterested)
	p.muted.reported = append(p.muted.reported, id)
	v.reports++
	e.note(Entry{What: Reported, Video: id})
	if int(v.shows) >= e.cfg.FreezeAfter && v.reports >= 3 && 10*v.reports >= v.shows {
		e.drop(id, frozen)
		e.note(Entry{What: Frozen, Video: id})
	}
	return true
}
