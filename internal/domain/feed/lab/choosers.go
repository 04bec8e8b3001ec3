package lab

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
)

// engineChooser is the product's engine, in flat mode or with everybody in
// bounded mode.
type engineChooser struct {
	e       *feed.Engine
	taste   *topicTaste
	creator map[int]feed.CreatorID
	owner   map[int]feed.OwnerID
}

func newEngineChooser(w World, bounded bool) *engineChooser {
	cfg := feed.Config{Floor: promised, Session: simPage * simPages, Rest: time.Minute}
	c := &engineChooser{creator: map[int]feed.CreatorID{}, owner: map[int]feed.OwnerID{}}
	if !bounded {
		c.e = feed.NewEngine(cfg)
		return c
	}
	c.taste = newTopicTaste(w)
	c.e = feed.NewEngine(cfg, feed.WithTaste(c.taste))
	for u := range w.Users {
		c.e.SetTaste(feed.ViewerID(u), 4)
	}
	return c
}

// topicTaste is a simple taste: how long somebody watches a topic, and everybody
// a video, less what of the topic the person was shown of late.
type topicTaste struct {
	known
	late [][simTopics]float64 // shows of a topic, halved in a day
	at   []int                // hour of that
	now  int
}

func newTopicTaste(w World) *topicTaste {
	k := newKnown(w)
	return &topicTaste{known: k, late: make([][simTopics]float64, len(k.seen)), at: make([]int, len(k.seen))}
}

func (t *topicTaste) hour() { t.now++ }

// rest brings what a person was shown of late to the hour.
func (t *topicTaste) rest(user int) *[simTopics]float64 {
	if n := t.now - t.at[user]; n > 0 {
		for i := range t.late[user] {
			t.late[user][i] *= math.Exp2(-float64(n) / ticks)
		}
		t.at[user] = t.now
	}
	return &t.late[user]
}

func (t *topicTaste) watched(user, id int, long bool) {
	t.rest(user)[t.clips[id].topic]++
	t.known.watched(user, id, long)
}

// Near returns the newest videos; nothing of a topic is left out.
func (t *topicTaste) Near(_ feed.ViewerID, n int, into []feed.VideoID) []feed.VideoID {
	for i := len(t.alive) - 1; i >= 0 && len(into) < n; i-- {
		into = append(into, feed.VideoID(t.alive[i]))
	}
	return into
}

func (t *topicTaste) Fit(user feed.ViewerID, videos []feed.VideoID, out []float32) {
	late := t.rest(int(user))
	for i, v := range videos {
		tired := 1 + tires*late[t.clips[v].topic]
		out[i] = float32(t.engagement(int(user), int(v)) / tired)
	}
}

// tires is how much less a topic fits for each show of late.
const tires = 0.2

func number[T ~int32](of map[int]T, id int) T {
	n, ok := of[id]
	if !ok {
		n = T(len(of))
		of[id] = n
	}
	return n
}

func (c *engineChooser) publish(id int, v *clip, owner int, now time.Time) {
	if c.taste != nil {
		c.taste.publish(id, v, owner, now)
	}
	c.e.Publish(feed.Publication{ID: feed.VideoID(id), Video: feed.Video{
		Creator: number(c.creator, v.creator), Owner: number(c.owner, owner), Line: uint16(v.topic), Topic: uint16(v.topic),
	}}, now)
}

func (c *engineChooser) expire(id int) {
	if c.taste != nil {
		c.taste.expire(id)
	}
	c.e.Remove(feed.VideoID(id))
}

func (c *engineChooser) hour() {
	if c.taste != nil {
		c.taste.hour()
	}
	c.e.Refresh()
}

func (c *engineChooser) page(user int, now time.Time) []int {
	var out []int
	for _, it := range c.e.Page(feed.Ask{Viewer: feed.ViewerID(user), Own: -1, N: simPage, Now: now}).Items {
		out = append(out, int(it.Video))
	}
	return out
}

func (c *engineChooser) watched(user, id int, long bool) {
	if c.taste != nil {
		c.taste.watched(user, id, long)
	}
	if long {
		c.e.Signal(feed.ViewerID(user), feed.VideoID(id), feed.LongView)
	}
}

// known is what the other policies keep: rates of videos, and of users by topic.
type known struct {
	rng   *rand.Rand
	clips []*clip
	alive []int
	seen  []map[int]bool
	rates [][2]float64 // of a video: long, shown
	likes [][simTopics][2]float64
}

func newKnown(w World) known {
	users := w.Users + boughtN // views are bought of accounts that watch nothing else
	k := known{rng: rand.New(rand.NewPCG(w.Seed, 0x6b6e6f776e)), likes: make([][simTopics][2]float64, users)}
	for range users {
		k.seen = append(k.seen, map[int]bool{})
	}
	return k
}

func (k *known) publish(id int, v *clip, _ int, _ time.Time) {
	k.clips = append(k.clips, v)
	k.rates = append(k.rates, [2]float64{})
	k.alive = append(k.alive, id)
}

func (k *known) expire(id int) {
	k.alive = slices.DeleteFunc(k.alive, func(x int) bool { return x == id })
}
func (k *known) hour() {}

func (k *known) watched(user, id int, long bool) {
	t := k.clips[id].topic
	k.rates[id][1]++
	k.likes[user][t][1]++
	if long {
		k.rates[id][0]++
		k.likes[user][t][0]++
	}
}

// rate is smoothed; a video nobody has seen ranks below the average.
func rate(r [2]float64, prior, mean float64) float64 { return (r[0] + prior*mean) / (r[1] + prior) }

func (k *known) engagement(user, id int) float64 {
	return rate(k.rates[id], 10, 0.12) * rate(k.likes[user][k.clips[id].topic], 5, 0.2)
}

// top returns the n best videos of those the user has not seen.
func (k *known) top(user, n int, from []int, score func(id int) float64) []int {
	type scoredClip struct {
		id    int
		score float64
	}
	var best []scoredClip
	for _, id := range from {
		if k.seen[user][id] {
			continue
		}
		s := score(id)
		if len(best) == n && s <= best[n-1].score {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, s, func(b scoredClip, s float64) int {
			if b.score >= s {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, at, scoredClip{id, s})
		best = best[:min(n, len(best))]
	}
	var out []int
	for _, b := range best {
		k.seen[user][b.id] = true
		out = append(out, b.id)
	}
	return out
}

// greedyChooser shows what the user will most likely watch long.
type greedyChooser struct{ known }

func (g *greedyChooser) page(user int, _ time.Time) []int {
	return g.top(user, simPage, g.alive, func(id int) float64 { return g.engagement(user, id) })
}

// strayChooser is greedy with one item in twenty by chance.
type strayChooser struct{ known }

func (g *strayChooser) page(user int, _ time.Time) []int {
	var out []int
	if g.rng.IntN(2) == 0 {
		out = g.top(user, 1, g.alive, func(int) float64 { return g.rng.Float64() })
	}
	return append(out, g.top(user, simPage-len(out), g.alive, func(id int) float64 { return g.engagement(user, id) })...)
}

// poolChooser gives new videos a pool of shows and a larger one to those that do
// better than half; the rest of the page is greedy.
type poolChooser struct{ known }

func (p *poolChooser) page(user int, _ time.Time) []int {
	trial := make([]int, 0, 64)
	for _, id := range p.alive {
		r := p.rates[id]
		if r[1] < promised || r[1] < 5*promised && rate(r, 10, 0.12) > 0.2 {
			trial = append(trial, id)
		}
	}
	out := p.top(user, simPage*3/10, trial, func(int) float64 { return p.rng.Float64() })
	return append(out, p.top(user, simPage-len(out), p.alive, func(id int) float64 { return p.engagement(user, id) })...)
}
