package feed

import (
	"sync"
	"time"
)

type state uint8

const (
	gone state = iota
	live
	frozen // by reports, until someone has looked
)

type held struct {
	Video
	state   state
	credit  int32 // shows still owed
	shows   uint32
	reports uint32
	rates   evidence
	waits   bool // for a floor that its owner does not use on its day
}

type owner struct {
	videos  []VideoID // live, in the order of their turns
	owed    []VideoID // with credit, in the order of their turns
	day     uint32    // shows today
	floored int       // publications with a floor today
	share   uint8
	waiting []VideoID // for a floor that is not used on its day, the oldest first
}

// Engine holds the serving state in memory. It is safe for concurrent use.
type Engine struct {
	cfg   Config
	taste Taste

	refreshing sync.Mutex // and rank and bar are written under both locks

	mu      sync.Mutex
	videos  []held
	owners  []owner
	viewers []*viewer
	floor   *wheel // owners with credit that is paid here
	shares  uint32 // whose floor that is
	pages   uint64 // made so far
	turns   *wheel // owners with a live video
	best    [groups]*rim
	tiers   [groups]*tiers // turns of videos that others' long views have placed
	rank    [groups]map[int32]uint32
	total   evidence
	lines   map[uint16]int // live videos by line of business
	topics  map[uint16]int // and by topic
	live    int
	today   int64  // day number
	day     uint32 // shows today
	before  uint32 // shows yesterday
	ups     int    // publications with a floor today
	upsYest int
	log     func(Entry)
	bar     [groups]bar
	near    candidates // kept between pages
	claims  candidates
}

// Option changes an engine when it is made.
type Option func(*Engine)

// WithTaste lets viewers who ask for it give a part of the list to t.
func WithTaste(t Taste) Option { return func(e *Engine) { e.taste = t } }

// WithLog hands every publication, show, counted outcome and freeze to f, in order and under
// the engine's lock; f must not call the engine.
func WithLog(f func(Entry)) Option { return func(e *Engine) { e.log = f } }

// NewEngine returns an empty engine.
func NewEngine(cfg Config, opts ...Option) *Engine {
	e := &Engine{cfg: cfg.filled(), shares: allShares, floor: newWheel(), turns: newWheel(), lines: map[uint16]int{}, topics: map[uint16]int{}}
	for g := range groups {
		e.best[g], e.tiers[g] = newRim(), newTiers()
	}
	for _, o := range opts {
		o(e)
	}
	return e
}

// Publication is a video that becomes eligible.
type Publication struct {
	ID    VideoID
	Video Video
	// CopyOf is set where the upload is a near-duplicate: the credit already
	// spent on the original is not given again.
	CopyOf *VideoID
}

// Publish makes a video eligible at an instant and returns the shows it is owed:
// the floor in force, for a copy what is left of the original's, and nothing
// beyond the owner's daily quota: the video then waits for a day on which its
// owner publishes less. Publishing it twice changes nothing. A copy of what pays
// elsewhere is owed nothing.
func (e *Engine) Publish(p Publication, now time.Time) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.roll(now)
	for int(p.ID) >= len(e.videos) {
		e.videos = append(e.videos, held{})
	}
	if e.videos[p.ID].state != gone {
		return int(e.videos[p.ID].credit)
	}
	for int(p.Video.Owner) >= len(e.owners) {
		e.owners = append(e.owners, owner{})
	}
	o := &e.owners[p.Video.Owner]
	credit, waits := 0, o.floored >= e.cfg.FloorPerDay
	if !waits {
		o.floored++
		e.ups++
		credit = e.floorNow()
	}
	if p.CopyOf != nil && int(*p.CopyOf) < len(e.videos) {
		original := &e.videos[*p.CopyOf]
		credit = min(credit, max(0, int(original.credit)))
		if !e.pays(original.Owner) { // what is left of it is known elsewhere; it keeps that
			credit = 0
		}
		e.pay(*p.CopyOf, int32(credit)) // shared out, not doubled
		waits = false
	}
	e.add(p.ID, held{Video: p.Video, credit: int32(credit), waits: waits})
	e.note(Entry{What: Published, Video: p.ID, Owner: p.Video.Owner, N: uint32(credit)})
	return credit
}

func (e *Engine) add(id VideoID, v held) {
	v.state = live
	e.videos[id] = v
	o := &e.owners[v.Owner]
	o.share = v.Share
	o.videos = append(o.videos, id)
	e.turns.push(int32(v.Owner))
	if v.credit > 0 {
		e.owes(id)
	}
	if v.waits {
		o.waiting = append(o.waiting, id)
	}
	e.lines[v.Line]++
	e.topics[v.Topic]++
	e.live++
}

// Remove takes a video out: deleted, hidden, or no longer allowed.
func (e *Engine) Remove(id VideoID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drop(id, gone)
}

// Thaw brings back a video that reports had frozen; they are forgotten.
func (e *Engine) Thaw(id VideoID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v := e.videos[id]; v.state == frozen {
		v.reports = 0
		e.add(id, v)
	}
}

func (e *Engine) drop(id VideoID, to state) {
	v := &e.videos[id]
	if v.state != live {
		if v.state == frozen {
			v.state = to
		}
		return
	}
	v.state = to
	o := &e.owners[v.Owner]
	o.videos, o.owed, o.waiting = without(o.videos, id), without(o.owed, id), without(o.waiting, id)
	if len(o.videos) == 0 {
		e.turns.remove(int32(v.Owner))
	}
	if len(o.owed) == 0 {
		e.floor.remove(int32(v.Owner))
	}
	for g := range groups {
		e.best[g].remove(int32(id))
		e.tiers[g].remove(id)
	}
	e.live--
	if e.lines[v.Line]--; e.lines[v.Line] == 0 {
		delete(e.lines, v.Line)
	}
	if e.topics[v.Topic]--; e.topics[v.Topic] == 0 {
		delete(e.topics, v.Topic)
	}
}

func without(list []VideoID, id VideoID) []VideoID {
	for i, x := range list {
		if x == id {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// roll begins a new day in UTC.
func (e *Engine) roll(now time.Time) {
	day := now.Unix() / 86400
	if day == e.today {
		return
	}
	days := 0 // since the last
	if e.today != 0 {
		days = int(day - e.today)
		e.before, e.upsYest = 0, 0
		if days == 1 {
			e.before, e.upsYest = e.day, e.ups
		}
	}
	e.today, e.day, e.ups = day, 0, 0
	for i := range e.owners {
		o := &e.owners[i]
		for unused := days*e.cfg.FloorPerDay - o.floored; unused > 0 && len(o.waiting) > 0 && e.pays(OwnerID(i)); unused-- {
			e.owe(OwnerID(i), o.waiting[0])
		}
		o.day, o.floored = 0, 0
	}
}

// owe gives a video that waited the floor that its owner did not use on the day
// before.
func (e *Engine) owe(owner OwnerID, id VideoID) {
	o, v := &e.owners[owner], &e.videos[id]
	o.waiting = o.waiting[1:]
	e.ups++
	v.waits, v.credit = false, int32(e.floorNow())
	e.owes(id)
	e.note(Entry{What: Owed, Video: id, Owner: owner, Creator: v.Creator, N: uint32(v.credit)})
}

// Capacity is what the operator is shown of the floor.
type Capacity struct {
	Floor   int // promised
	InForce int // given to a video published now: less when shows do not suffice, for all alike
	Shows   int // of the day before
	Uploads int // with a floor, of the day before
	Owed    int // owners who wait for shows of this process
}

// Capacity returns the state of the floor.
func (e *Engine) Capacity() Capacity {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Capacity{e.cfg.Floor, e.floorNow(), int(e.before), e.upsYest, e.floor.n}
}

// floorNow is the floor in force: the promise, or what the floor's part of
// yesterday's shows gives each of yesterday's publications.
func (e *Engine) floorNow() int {
	if e.upsYest == 0 || e.before == 0 {
		return e.cfg.Floor
	}
	n, all := 0, len(e.cfg.Pattern)
	for _, c := range e.cfg.Pattern {
		if c == 'f' {
			n++
		}
	}
	return max(1, min(e.cfg.Floor, int(e.before)*n/all/e.upsYest))
}

// Stored is what is known of a video from before: kept in the database, or
// learned elsewhere.
type Stored struct {
	ID      VideoID
	Video   Video
	Given   int // shows it was owed in all
	Credit  int // of these, not shown yet
	Shows   int
	Reports int
	Frozen  bool
	Gone    bool   // withdrawn or hidden
	Waits   bool   // for a floor that its owner does not use on its day
	Today   int    // shows of this day
	Floored bool   // published today, with a floor
	Shown   [2]int // by the wheels, to each half of viewers
	Long    [2]int // of these, watched long
}

// Restore puts a video in as it was stored; unlike Publish it asks no quota.
func (e *Engine) Restore(s Stored) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for int(s.ID) >= len(e.videos) {
		e.videos = append(e.videos, held{})
	}
	for int(s.Video.Owner) >= len(e.owners) {
		e.owners = append(e.owners, owner{})
	}
	v := held{Video: s.Video, credit: int32(s.Credit), shows: uint32(s.Shows), reports: uint32(s.Reports), waits: s.Waits}
	for h := range 2 {
		v.rates.halves[h] = rate{uint32(s.Shown[h]), uint32(s.Long[h])}
		e.total.halves[h].shown += uint32(s.Shown[h])
		e.total.halves[h].long += uint32(s.Long[h])
	}
	o := &e.owners[s.Video.Owner]
	o.day += uint32(s.Today)
	if s.Floored {
		o.floored++
	}
	switch {
	case s.Gone:
		e.videos[s.ID] = v // what it had is there if it comes back
	case s.Frozen:
		v.state = frozen
		e.videos[s.ID] = v
	default:
		e.add(s.ID, v)
	}
}

// Half returns the half of viewers, 0 or 1, that a viewer's outcomes are stored
// in; of what is stored the viewer is shown what the other half watched long.
func Half(p ViewerID) int { return half(p) }
