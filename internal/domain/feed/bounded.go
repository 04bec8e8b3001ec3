package feed

import (
	"fmt"
	"slices"
	"strings"
)

// Bounded mode is for viewers who ask for it. A capped part of the list is
// chosen by taste alone; every other item needs the same claim as in flat mode
// (owed a show, the owner's turn, among what others watched long), and taste
// only says which of those with a claim comes first.

// Taste knows how videos fit viewers. It is asked only for viewers who turned
// bounded mode on; in flat mode nothing calls it. It is called under the
// engine's lock and must not call the engine.
type Taste interface {
	// Near appends up to n videos that may fit to into, in any order.
	Near(viewer ViewerID, n int, into []VideoID) []VideoID
	// Fit puts how well each video fits into out; higher is better, about 0 to 1.
	Fit(viewer ViewerID, videos []VideoID, out []float32)
}

// MaxAffinity is the largest part of a list that taste alone may choose.
const MaxAffinity = 0.4

// Check reports a configuration that would break a promise.
func (c Config) Check() error {
	c = c.filled()
	if err := only(c.Pattern, "fqt"); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	if err := only(c.Bounded, "fqta"); err != nil {
		return fmt.Errorf("bounded pattern: %w", err)
	}
	n := 0
	for _, k := range c.Bounded {
		if k == 'a' {
			n++
		}
	}
	if float64(n) > MaxAffinity*float64(len(c.Bounded)) {
		return fmt.Errorf("bounded pattern: %d of %d by affinity is more than %.0f %%", n, len(c.Bounded), 100*MaxAffinity)
	}
	return nil
}

func only(pattern, letters string) error {
	for _, k := range pattern {
		found := false
		for _, l := range letters {
			found = found || k == l
		}
		if !found {
			return fmt.Errorf("%q is none of %s", k, letters)
		}
	}
	return nil
}

// SetTaste gives n tenths of a viewer's list to taste alone, at most what the
// bounded pattern has; 0 is flat mode. It stays 0 for minors.
func (e *Engine) SetTaste(id ViewerID, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.viewer(id).taste = tenths(n)
}

func tenths(n int) uint8 { return uint8(max(0, min(n, 10*MaxAffinity))) }

// SetMinor says whether a viewer is a minor.
func (e *Engine) SetMinor(id ViewerID, is bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.viewer(id).minor = is
}

func (r *round) bounded() bool { return r.e.taste != nil && r.p.taste > 0 && !r.p.minor }

// wanted is the kind that stands at the viewer's position of the pattern. Places
// for taste beyond what the viewer gave to it are those of flat mode.
func (r *round) wanted() byte {
	flat := r.e.cfg.Pattern[int(r.p.shown)%len(r.e.cfg.Pattern)]
	if !r.bounded() {
		return flat
	}
	at := int(r.p.shown) % len(r.e.cfg.Bounded)
	want := r.e.cfg.Bounded[at]
	if want == 'a' && 10*(strings.Count(r.e.cfg.Bounded[:at], "a")+1) > int(r.p.taste)*len(r.e.cfg.Bounded) {
		return flat
	}
	return want
}

// candidates are videos with how well they fit; the engine's lock guards them.
type candidates struct {
	videos []VideoID
	fit    []float32
}

func (c *candidates) rate(t Taste, id ViewerID) {
	if cap(c.fit) < len(c.videos) {
		c.fit = make([]float32, len(c.videos))
	}
	c.fit = c.fit[:len(c.videos)]
	t.Fit(id, c.videos, c.fit)
}

// near asks taste once a page.
func (r *round) near() *candidates {
	c := &r.e.near
	if !r.asked {
		r.asked = true
		c.videos = slices.DeleteFunc(r.e.taste.Near(r.ask.Viewer, r.e.cfg.Window, c.videos[:0]), func(v VideoID) bool {
			return v < 0 || int(v) >= len(r.e.videos) // taste may remember what is gone
		})
		c.rate(r.e.taste, r.ask.Viewer)
	}
	return c
}

// affinity is the best fit less the price of an owner already shown often.
func (r *round) affinity(good bool) (Item, bool) {
	found, top := VideoID(-1), 0.0
	mean := max(1, float64(r.e.day)) / float64(max(1, r.e.live))
	c := r.near()
	for i, v := range c.videos {
		w := &r.e.videos[v]
		o := &r.e.owners[w.Owner]
		score := float64(c.fit[i]) - r.e.cfg.Price*float64(o.day)/(mean*float64(max(1, len(o.videos))))
		if found >= 0 && score <= top || good && !r.good(w) || !r.allowed(v) {
			continue
		}
		found, top = v, score
	}
	kind := Affinity
	if good {
		kind = Quality
	}
	it, ok := r.claim(found, kind)
	it.Reason.Fits = true
	return it, ok
}

// good reports whether the others watched a video long often enough for it
// to be among the better part.
func (r *round) good(v *held) bool {
	x := v.rates.others(r.group)
	return x.long > 0 && x.lower(r.e.bar[r.group].mean, r.e.cfg.Prior) >= r.e.bar[r.group].lower
}

// fitting is the best fit among the first owners of a wheel.
func (r *round) fitting(w *wheel, owed bool, kind Kind) (Item, bool) {
	c := &r.e.claims
	c.videos = c.videos[:0]
	window := r.e.cfg.Claims
	if !owed {
		window = max(1, window/8) // a turn comes round for everybody
	}
	// Look is the limit of the walk, not the window: owners this page cannot show
	// must not stand before those it can.
	w.walk(8*r.e.cfg.Look, func(o int32) bool {
		list := r.e.owners[o].videos
		if owed {
			list = r.e.owners[o].owed
		}
		if owed && !r.e.pays(OwnerID(o)) {
			return false
		}
		if v := r.firstOf(list); v >= 0 {
			c.videos = append(c.videos, v)
		}
		return len(c.videos) == window
	})
	if len(c.videos) == 0 {
		return Item{}, false
	}
	c.rate(r.e.taste, r.ask.Viewer)
	at := 0
	for i, f := range c.fit {
		if f > c.fit[at] {
			at = i
		}
	}
	it, ok := r.claim(c.videos[at], kind)
	it.Reason.Fits = c.fit[at] > 0
	return it, ok
}
