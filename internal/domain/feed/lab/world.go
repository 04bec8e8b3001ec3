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
	Arrive   int // creators a day [10]
	Days     int // [28]
	Sybils   int // accounts of one identity from day 7 on, each with 20 uploads a day [0]
	Buyers   int // creators who buy 300 views to the end for each of their videos [0]
	Seed     uint64
}

// clip is a simulated video: its topic and what nobody sees, its quality (how
// well it holds people) and its worth (how content they are with having stayed).
type clip struct {
	creator int
	topic   int
	quality float64
	worth   float64
	born    int // tick
	owed    bool
	junk    bool
	bought  bool
	shows   int
	long    int
	hundred int // tick of show 100; 0 never
}

// person has tastes that drift, tires of a topic for about a day, is curious
// about what has not come up for long, and comes more often when content.
type person struct {
	taste [simTopics]float64 // shares of interest
	tired [simTopics]float64
	last  [simTopics]int // tick of the last show
	seen  int            // tick of the last session
	comes float64        // sessions a day
	keen  float64        // stays longer, or less long, with everything; a logit
	mood  float64
}

// What people and videos are like, in logits of a long view, from the training
// rows of KuaiRand-Pure: covariances of two people with one video, of two videos
// with one person, and of two of one topic with one person. What the log's own
// recommender had chosen for somebody is less varied than what there is, so these
// are low rather than high.
const (
	holds    = 0.7  // deviation of videos (.67; .73 in the evaluation rows)
	patience = 0.7  // of people (.70)
	byMaker  = 0.4  // part of a video's quality that is its creator's (.43² of .67²)
	interest = 1.4  // of the dearest topic; a deviation of .35 over topics (.24, and .37 in the evaluation rows)
	worthDev = 0.95 // deviation of videos in the logit of a like
	// kindred is the correlation over videos of what holds people and what they are
	// content with: that of long views and likes (with an interval of .09 to .38). A
	// click on "not for me" is left out: it is too rare to teach anybody.
	kindred = 0.22
)

// The rest of the world is made up. Nothing of it was chosen by looking at a
// policy.
const (
	simTopics  = 32
	ticks      = 24 // of a day: hours
	simPage    = 10
	simPages   = 2 // of a session
	lifetime   = 7 // days a video is eligible
	promised   = 100
	interests  = 0.25 // of the Dirichlet distribution of tastes: few topics matter to one person
	uploadRate = 0.3  // videos of a creator a day
	loyalty    = 3    // days without a show after which a creator leaves
	halfLife   = ticks
	usual      = 0.2 // satisfaction at which people come as often as they are wont to
	warmUp     = 3   // days that only fill the market
	attackDay  = 7   // of sybils and buyers
	boughtN    = 300
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

// maker is a creator: a quality that nobody sees, and when somebody last saw a
// video of theirs.
type maker struct {
	quality float64
	born    int
	shown   int // tick
	floored int // day of the last floor
	buys    bool
	left    bool
}

// world is one run.
type world struct {
	World
	rng    *rand.Rand
	clips  []*clip
	alive  []int
	users  []*person
	makers []*maker
	sum    struct{ long, shown, held, satisfied, sessions, topics, sybil, late, back float64 }
}

// Outcome is what one run reached. Sybils' videos do not count for the first
// hundred shows, nor do those published in the first days or in the last two.
type Outcome struct {
	HundredP50   float64 `json:"hundred_p50_days"`
	HundredP90   float64 `json:"hundred_p90_days"`
	HundredP99   float64 `json:"hundred_p99_days"` // of videos within their creator's daily quota of one floor
	Reached      float64 `json:"reached"`          // share of these with a hundred shows in their life
	LongRate     float64 `json:"long_rate"`        // of shows
	Engagement   float64 `json:"engagement"`       // of a session: long rate + 0.02 x topics watched long
	Satisfaction float64 `json:"satisfaction"`     // the same of long views that were worth it
	Value        float64 `json:"value"`            // satisfaction of a person a day: who stays away has none
	Topics       float64 `json:"topics"`           // watched long a session
	Returns      float64 `json:"returns"`          // sessions of a person a day, in the last week
	RankCorr     float64 `json:"rank_corr"`        // of quality and shows, Spearman, over honest videos past their life
	CreatorGini  float64 `json:"creator_gini"`     // of shows of honest creators
	FS50         float64 `json:"fs50"`             // honest creators with half a fair share at least
	Stay         float64 `json:"stay"`             // creators who did not leave
	SybilShare   float64 `json:"sybil_share"`      // of shows since the sybils came
	BoughtLift   float64 `json:"bought_lift"`      // shows of a bought video over those of an honest one, since buyers came
}

func (w *world) run(c chooser) Outcome {
	w.rng = rand.New(rand.NewPCG(w.Seed, 0x776f726c64))
	for range w.Users {
		p := &person{comes: 0.4 + 1.2*w.rng.Float64(), keen: patience * w.rng.NormFloat64(), mood: usual}
		dirichlet(w.rng, p.taste[:], interests)
		for t := range p.last {
			p.last[t] = -10 * ticks
		}
		w.users = append(w.users, p)
	}
	for range w.Creators {
		w.arrive(0)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for tick := 1; tick <= w.Days*ticks; tick++ {
		now := start.Add(time.Duration(tick) * time.Hour)
		w.uploads(tick, now, c)
		w.expire(tick, c)
		c.hour()
		for u, p := range w.users {
			if w.rng.Float64() < p.comes*(0.5+0.5*p.mood/usual)/ticks {
				w.session(u, tick, now, c)
			}
		}
	}
	return w.figures()
}

// dirichlet fills p with shares that sum to 1 (normalised gamma variates; for a
// shape below 1 by Marsaglia and Tsang 2000, section 8).
func dirichlet(rng *rand.Rand, p []float64, shape float64) {
	sum := 0.0
	for i := range p {
		d := shape + 1 - 1.0/3
		c := 1 / math.Sqrt(9*d)
		for {
			x := rng.NormFloat64()
			v := math.Pow(1+c*x, 3)
			if v > 0 && math.Log(rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
				p[i] = d * v * math.Pow(rng.Float64(), 1/shape)
				break
			}
		}
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}

// arrive adds a creator; few are very good.
func (w *world) arrive(tick int) {
	w.makers = append(w.makers, &maker{quality: w.rng.ExpFloat64() - 1, born: tick, shown: tick, floored: -1, buys: w.Buyers > 0 && w.rng.IntN(40) == 0})
}

// uploads lets creators publish at any hour; who has not been seen for days
// leaves.
func (w *world) uploads(tick int, now time.Time, c chooser) {
	for range w.Arrive {
		if w.rng.IntN(ticks) == 0 {
			w.arrive(tick)
		}
	}
	for creator, m := range w.makers {
		if m.left {
			continue
		}
		if w.rng.Float64() < uploadRate/ticks {
			v := &clip{creator: creator, topic: w.rng.IntN(simTopics), quality: math.Sqrt(byMaker)*m.quality + math.Sqrt(1-byMaker)*w.rng.NormFloat64(), born: tick, owed: m.floored != tick/ticks}
			v.worth = kindred*v.quality + math.Sqrt(1-kindred*kindred)*w.rng.NormFloat64()
			v.bought = m.buys && tick >= attackDay*ticks
			m.floored = tick / ticks
			if m.shown < m.born || m.shown == m.born {
				m.shown = tick // the first upload starts the clock
			}
			w.add(v, creator, now, c)
			if v.bought {
				for i := range boughtN {
					c.watched(w.Users+i, len(w.clips)-1, true)
				}
			}
		}
	}
	if tick < attackDay*ticks {
		return
	}
	for s := range w.Sybils {
		if w.rng.IntN(ticks) < 20 {
			w.add(&clip{creator: 1_000_000 + s, topic: w.rng.IntN(simTopics), quality: -3, worth: -3, born: tick, junk: true}, 1_000_000, now, c)
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
		id := w.alive[0]
		c.expire(id)
		w.alive = w.alive[1:]
	}
	if tick%ticks != 0 {
		return
	}
	has := map[int]bool{}
	for _, id := range w.alive {
		if v := w.clips[id]; v.born < tick-ticks { // it had a day to be shown
			has[v.creator] = true
		}
	}
	for i, m := range w.makers {
		if has[i] && tick-m.shown > loyalty*ticks {
			m.left = true
		}
	}
}

// wants is how much a person likes the topic of a video now, as a logit: taste,
// less tiredness, and curiosity about what has not come up for three days.
func (p *person) wants(v *clip, tick int) float64 {
	z := interest*min(p.taste[v.topic]*simTopics, 6)/6 - 0.25*p.tired[v.topic]
	if tick-p.last[v.topic] > 3*ticks {
		z += 0.3
	}
	return z
}

// stays is the chance of a long view at a place of the page from 0.
func (p *person) stays(v *clip, tick, at int) float64 {
	return logistic(-2.2 + p.keen + holds*v.quality + p.wants(v, tick) - 0.03*float64(at))
}

// content is the chance that a long view was worth it.
func (p *person) content(v *clip, tick int) float64 {
	return logistic(worthDev*v.worth + p.wants(v, tick))
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func (w *world) session(u, tick int, now time.Time, c chooser) {
	p, topics, good := w.users[u], map[int]bool{}, map[int]bool{}
	rested := math.Exp2(-float64(tick-p.seen) / halfLife)
	for t := range p.tired {
		p.tired[t] *= rested
	}
	p.seen = tick
	shown, long, glad := 0.0, 0.0, 0.0
	for range simPages {
		for at, id := range c.page(u, now) {
			v := w.clips[id]
			v.shows++
			shown++
			if v.shows == promised {
				v.hundred = tick
			}
			if !v.junk {
				w.makers[v.creator].shown = tick
			}
			if tick >= attackDay*ticks {
				w.sum.late++
				if v.junk {
					w.sum.sybil++
				}
			}
			yes := w.rng.Float64() < p.stays(v, tick, at)
			if yes {
				v.long++
				long++
				topics[v.topic] = true
				if w.rng.Float64() < p.content(v, tick) {
					glad++
					good[v.topic] = true
				}
			}
			p.tired[v.topic]++
			p.last[v.topic] = tick
			c.watched(u, id, yes)
		}
	}
	if w.rng.IntN(20) == 0 { // an interest wanders
		a, b := w.rng.IntN(simTopics), w.rng.IntN(simTopics)
		p.taste[a], p.taste[b] = p.taste[b], p.taste[a]
	}
	if shown == 0 {
		p.mood *= 0.9
		return
	}
	got := glad/shown + 0.02*float64(len(good))
	p.mood += 0.1 * (min(got, 3*usual) - p.mood)
	if tick > warmUp*ticks {
		w.sum.shown += shown
		w.sum.long += long
		w.sum.sessions++
		w.sum.topics += float64(len(topics))
		w.sum.satisfied += got
		w.sum.held += long/shown + 0.02*float64(len(topics))
	}
	if tick > (w.Days-7)*ticks {
		w.sum.back++
	}
}
