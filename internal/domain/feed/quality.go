package feed

import "math"

// Quality is learned crosswise. Viewers fall into eight groups by their number,
// and what the others watch long orders what a group is shown. So no signal of a
// viewer, and no number of signals, moves the viewer's own list, not even through
// the figures of everybody.
//
// Four groups make a half. Figures are stored by halves: of what is from before
// this process a group is shown what the other half did, of what came since what
// all but itself did.
const groups = 8

// group returns the group a viewer belongs to.
func group(p ViewerID) int {
	h := uint32(p) * 0x9e3779b1
	return int(h >> 29)
}

// half returns the half a viewer belongs to.
func half(p ViewerID) int { return group(p) / (groups / 2) }

// rate is what some viewers did with a video the wheel showed them.
type rate struct{ shown, long uint32 }

// evidence is what viewers did: by halves, and since the process began by groups.
type evidence struct {
	halves [2]rate
	since  [groups]rate
}

// others is what all but group g did.
func (t *evidence) others(g int) rate {
	mine := g / (groups / 2)
	r := t.halves[1-mine]
	for x := mine * groups / 2; x < (mine+1)*groups/2; x++ {
		if x != g {
			r.shown += t.since[x].shown
			r.long += t.since[x].long
		}
	}
	return r
}

func (t *evidence) show(p ViewerID) {
	t.halves[half(p)].shown++
	t.since[group(p)].shown++
}

func (t *evidence) watch(p ViewerID) {
	t.halves[half(p)].long++
	t.since[group(p)].long++
}

// lower is the posterior mean of a long-view rate less one posterior standard
// deviation: prior counts for strength shows of mean.
func (r rate) lower(mean, strength float64) float64 {
	n := float64(r.shown) + strength
	p := (float64(r.long) + mean*strength) / n
	return p - math.Sqrt(p*(1-p)/n)
}

// hopeful is the rate with which a video is placed in a class: what little has
// been seen of it counts little, and an unseen one is as good as the others.
func (r rate) hopeful(mean float64) float64 {
	const strength = 30
	return (float64(r.long) + mean*strength) / (float64(r.shown) + strength)
}

// mean is the long-view rate of everything shown to the others than a group.
func (e *Engine) mean(g int) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.total.others(g)
	return (float64(all.long) + 1) / (float64(all.shown) + 4)
}

// bar is what a video needs to be among the better part for a group.
type bar struct{ mean, lower float64 }
