package lab

import (
	"math"
	"math/rand/v2"
	"time"
)

// World sets the simulator. The zero value of a field takes the default in
// brackets.
type World struct {
	Users    int // [2500]
	Creators int // at the start [200]
	Arrive   int // creators a day [6]
	Days     int // [14]
	Sybils   int // accounts of one identity from day 3 on, each with 20 uploads a day [0]
	Seed     uint64
}

// clip is a simulated video: its topic and what nobody sees, its quality.
type clip struct {
	creator int
	topic   int
	quality float64
	born    int // tick
	junk    bool
	shows   int
	long    int
	hundred int // tick of show 100; 0 never
}

// person has tastes that drift slowly and tires of a topic within a session.
type person struct {
	taste [simTopics]float64
	comes int // sessions in a hundred half days
}

const (
	simTopics = 16
	ticks     = 24 // of a day: hours
	simPage   = 10
	simPages  = 2 // of a session
	lifetime  = 7 // days a video is eligible
	promised  = 100
)

// chooser is a policy in the simulator. It sees videos as they appear and what
// viewers do, never taste or quality.
type chooser interface {
	publish(id int, c *clip, owner int, now time.Time)
	expire(id int)
	page(user int, now time.Time) []int
	watched(user, id int, long bool)
	hour()
}

// world is one run.
type world struct {
	World
	rng   *rand.Rand
	clips []*clip
	alive []int
	users []*person
	makes []float64 // quality of each creator
	sum   struct{ long, shown, satisfied, sessions, sybil, late float64 }
}

// Outcome is what one run reached. Only videos with a day left to reach their
// first hundred count for reach; sybils' do not.
type Outcome struct {
	HundredP50   float64 `json:"hundred_p50_days"`
	HundredP99   float64 `json:"hundred_p99_days"`
	Reached      float64 `json:"reached"`      // share with a hundred shows
	LongRate     float64 `json:"long_rate"`    // of shows
	Satisfaction float64 `json:"satisfaction"` // long rate + 0.02 x topics watched long a session
	RankCorr     float64 `json:"rank_corr"`    // of quality and shows, Spearman, over honest videos past their life
	CreatorGini  float64 `json:"creator_gini"` // of shows of honest creators
	SybilShare   float64 `json:"sybil_share"`  // of shows since the sybils came
}

func (w *world) run(c chooser) Outcome {
	w.rng = rand.New(rand.NewPCG(w.Seed, 0x776f726c64))
	for range w.Users {
		p := &person{comes: 20 + w.rng.IntN(60)}
		for t := range p.taste {
			p.taste[t] = math.Pow(w.rng.ExpFloat64(), 2) / 3 // a few topics far above the rest
		}
		w.users = append(w.users, p)
	}
	for range w.Creators {
		w.arrive()
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for tick := 1; tick <= w.Days*ticks; tick++ {
		now := start.Add(time.Duration(tick) * time.Hour)
		w.uploads(tick, now, c)
		w.expire(tick, c)
		c.hour()
		for u := range w.users {
			if w.rng.IntN(ticks*100) < w.users[u].comes*2 {
				w.session(u, tick, now, c)
			}
		}
	}
	return w.figures()
}

func (w *world) arrive() { w.makes = append(w.makes, w.rng.NormFloat64()) }

// uploads lets each creator publish about one video every three days, at any hour.
func (w *world) uploads(tick int, now time.Time, c chooser) {
	for range w.Arrive {
		if w.rng.IntN(ticks) == 0 {
			w.arrive()
		}
	}
	for creator, q := range w.makes {
		if w.rng.IntN(3*ticks) == 0 {
			w.add(&clip{creator: creator, topic: w.rng.IntN(simTopics), quality: q*0.6 + w.rng.NormFloat64()*0.8, born: tick}, creator, now, c)
		}
	}
	if tick < 3*ticks {
		return
	}
	for s := range w.Sybils {
		if w.rng.IntN(ticks) < 20 {
			w.add(&clip{creator: 1_000_000 + s, topic: w.rng.IntN(simTopics), quality: -3, born: tick, junk: true}, 1_000_000, now, c)
		}
	}
}

func (w *world) add(v *clip, owner int, now time.Time, c chooser) {
	w.clips = append(w.clips, v)
	w.alive = append(w.alive, len(w.clips)-1)
	c.publish(len(w.clips)-1, v, owner, now)
}

func (w *world) expire(tick int, c chooser) {
	for len(w.alive) > 0 && w.clips[w.alive[0]].born < tick-lifetime*ticks {
		c.expire(w.alive[0])
		w.alive = w.alive[1:]
	}
}

// session watches pages; what was just watched long tires a little.
func (w *world) session(u, tick int, now time.Time, c chooser) {
	p, tired, topics := w.users[u], [simTopics]float64{}, map[int]bool{}
	shown, long := 0.0, 0.0
	for range simPages {
		for at, id := range c.page(u, now) {
			v := w.clips[id]
			v.shows++
			shown++
			if v.shows == promised {
				v.hundred = tick
			}
			if tick >= 3*ticks {
				w.sum.late++
				if v.junk {
					w.sum.sybil++
				}
			}
			z := -2.2 + 1.1*v.quality + 1.2*min(p.taste[v.topic], 2) - 0.6*tired[v.topic] - 0.02*float64(at)
			yes := w.rng.Float64() < 1/(1+math.Exp(-z))
			if yes {
				v.long++
				long++
				topics[v.topic] = true
			}
			tired[v.topic]++
			c.watched(u, id, yes)
		}
	}
	p.taste[w.rng.IntN(simTopics)] *= 0.97 + 0.06*w.rng.Float64()
	if shown > 0 && tick > 2*ticks { // the first two days only fill the market
		w.sum.shown += shown
		w.sum.long += long
		w.sum.sessions++
		w.sum.satisfied += long/shown + 0.02*float64(len(topics))
	}
}
