package feed

import "time"

// Ask is one request for a page.
type Ask struct {
	Viewer ViewerID
	Own    CreatorID // the viewer's own account, never shown to its owner; -1 none
	N      int       // items, at most 20
	Now    time.Time
	// More starts the next session after an end: the deliberate act. Three in a
	// row at most.
	More bool
	// Skip leaves out further videos, those a longer memory than the engine's
	// knows as shown. May be nil.
	Skip func(VideoID) bool
}

// MaxPage is the most items of one page.
const MaxPage = 20

// maxAgain is how many sessions may follow each other by request.
const maxAgain = 3

// Page returns the next items for a viewer and counts them as shown.
func (e *Engine) Page(a Ask) Page {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.roll(a.Now)
	p := e.viewer(a.Viewer)
	e.session(p, a)
	e.pages++
	out := Page{Of: e.cfg.Session, Turn: e.pages}
	want := min(a.N, MaxPage, e.cfg.Session-int(p.shown))
	if want > 0 {
		out.Items = make([]Item, 0, want)
	}
	r := round{e: e, p: p, ask: &a, group: group(a.Viewer), page: &out}
	for range want {
		it, ok := r.pick()
		if !ok {
			break
		}
		r.serve(it)
	}
	out.Shown = int(p.shown)
	out.End = out.Shown >= e.cfg.Session || len(out.Items) == 0
	out.Again = int(p.again)
	out.More = out.Shown >= e.cfg.Session && p.again < maxAgain
	return out
}

func (e *Engine) viewer(id ViewerID) *viewer {
	for int(id) >= len(e.viewers) {
		e.viewers = append(e.viewers, nil)
	}
	if e.viewers[id] == nil {
		e.viewers[id] = &viewer{}
	}
	return e.viewers[id]
}

func (e *Engine) session(p *viewer, a Ask) {
	now := a.Now.Unix()
	switch {
	case now-p.last > int64(e.cfg.Rest/time.Second):
		p.shown, p.again = 0, 0
		e.afresh(p)
	case a.More && int(p.shown) >= e.cfg.Session && p.again < maxAgain:
		p.shown = 0
		p.again++
		e.afresh(p)
	}
	p.last = now
}

// afresh begins the next list of a viewer. In a market with few owners breadth
// holds within a list only: over all lists nobody would come up twice.
func (e *Engine) afresh(p *viewer) {
	if e.turns.n < 2*recents {
		p.n = 0
	}
}

// round fills one page.
type round struct {
	e     *Engine
	p     *viewer
	ask   *Ask
	group int
	page  *Page
	slack int  // how far the topic rule is given up; the others never are
	asked bool // taste, for this page
	kind  byte // being tried
}

// pick chooses the next item by the pattern of the position. A kind that has
// nothing for this viewer gives its place to the next; then the topic rule is
// given up, by steps.
func (r *round) pick() (Item, bool) {
	want := r.wanted()
	for r.slack = range anyTopic + 1 {
		for _, k := range []byte(order(want)) {
			if it, ok := r.of(k); ok {
				return it, true
			}
		}
	}
	return Item{}, false
}

// order lists the kinds tried for a position; m is a turn by merit.
func order(want byte) string {
	switch want {
	case 'q':
		return "qfmt"
	case 'a':
		return "aqfmt"
	case 't':
		return "tfq"
	default:
		return "fmtq"
	}
}

func (r *round) of(kind byte) (Item, bool) {
	fits := r.bounded()
	r.kind = kind
	switch {
	case kind == 'a':
		return r.affinity(false)
	case kind == 'q' && fits:
		return r.affinity(true)
	case kind == 'q':
		return r.fromBest()
	case kind == 'f' && fits:
		return r.fitting(r.e.floor, true, Floor)
	case kind == 'f':
		return r.fromFloor()
	case kind == 'm':
		return r.fromTiers()
	case fits:
		return r.fitting(r.e.turns, false, Turn)
	default:
		if it, ok := r.fromTiers(); ok {
			return it, true
		}
		return r.fromTurns()
	}
}

// perOwner is how many of an owner's videos a wheel looks at.
const perOwner = 4

// firstOf returns the first of an owner's videos that may be shown.
func (r *round) firstOf(list []VideoID) VideoID {
	for _, v := range list[:min(perOwner, len(list))] {
		if r.allowed(v) {
			return v
		}
	}
	return -1
}

func (r *round) fromFloor() (Item, bool) {
	found := VideoID(-1)
	r.e.floor.walk(r.e.cfg.Look, func(o int32) bool {
		if r.e.pays(OwnerID(o)) {
			found = r.firstOf(r.e.owners[o].owed)
		}
		return found >= 0
	})
	return r.claim(found, Floor)
}

func (r *round) fromTiers() (Item, bool) {
	return r.claim(r.e.tiers[r.group].pick(r.e.cfg.Look, func(v VideoID) bool { return !r.e.over(r.e.videos[v].Owner) && r.allowed(v) }), Turn)
}

func (r *round) fromTurns() (Item, bool) {
	found := VideoID(-1)
	r.e.turns.walk(r.e.cfg.Look, func(o int32) bool {
		found = r.firstOf(r.e.owners[o].videos)
		return found >= 0
	})
	return r.claim(found, Turn)
}

func (r *round) fromBest() (Item, bool) {
	found := VideoID(-1)
	r.e.best[r.group].walk(r.e.cfg.Look, func(x int32) bool {
		if !r.e.over(r.e.videos[x].Owner) && r.allowed(VideoID(x)) {
			found = VideoID(x)
		}
		return found >= 0
	})
	return r.claim(found, Quality)
}

func (r *round) claim(v VideoID, k Kind) (Item, bool) {
	if v < 0 {
		return Item{}, false
	}
	reason := Reason{Kind: k}
	switch k {
	case Floor:
		reason.Key = uint32(r.e.videos[v].credit)
	case Quality:
		reason.Key = r.e.rank[r.group][int32(v)]
	}
	return Item{Video: v, Reason: reason}, true
}

// serve puts an item on the page and settles it: any show pays one credit where
// its owner's floor is paid here, and who was served goes to the end of the wheel.
func (r *round) serve(it Item) {
	e, v := r.e, &r.e.videos[it.Video]
	o := &e.owners[v.Owner]
	r.page.Items = append(r.page.Items, it)
	r.p.show(it.Video, it.Reason.Kind)
	r.p.shown++
	v.shows++
	o.day++
	e.day++
	e.note(Entry{What: ShownTo, At: r.ask.Now.UnixMilli(), Viewer: r.ask.Viewer, Video: it.Video, Owner: v.Owner, Creator: v.Creator, Reason: it.Reason, N: uint32(v.credit)})
	if it.Reason.Kind == Quality && e.best[r.group].has(int32(it.Video)) {
		e.best[r.group].served(int32(it.Video))
	}
	if it.Reason.Kind == Turn || it.Reason.Kind == Floor {
		v.rates.show(r.ask.Viewer)
		e.total.show(r.ask.Viewer)
	}
	e.turns.served(int32(v.Owner))
	if it.Reason.Kind == Turn {
		e.tiers[r.group].served(it.Video, o.videos)
	}
	toEnd(o.videos, it.Video)
	if v.credit > 0 && e.pays(v.Owner) {
		r.page.Paid |= 1 << (len(r.page.Items) - 1)
		r.page.Shares |= 1 << v.Share
		v.credit--
		toEnd(o.owed, it.Video)
		if v.credit == 0 {
			o.owed = without(o.owed, it.Video)
		}
		if len(o.owed) == 0 {
			e.floor.remove(int32(v.Owner))
		} else {
			e.floor.served(int32(v.Owner))
		}
	}
}

func toEnd(list []VideoID, v VideoID) {
	for i, x := range list {
		if x == v {
			copy(list[i:], list[i+1:])
			list[len(list)-1] = v
			return
		}
	}
}
