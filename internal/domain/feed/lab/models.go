package lab

import (
	"context"
	"math/rand/v2"

	"github.com/openstall/openstall/internal/domain/feed"
)

// models are what training leaves.
type models struct {
	pop  popularity
	ease *ease
	knn  *neighbours
	als  *ials // of long views
	exp  *ials // of everything shown
}

func train(ctx context.Context, s *Set, seed uint64) (*models, error) {
	m := &models{pop: newPopularity(s)}
	var err error
	if m.ease, err = newEASE(s, m.pop); err != nil {
		return nil, err
	}
	m.knn = newNeighbours(s, m.pop)
	m.als, m.exp = newIALS(s, seed, false), newIALS(s, seed, true)
	return m, ctx.Err()
}

// depth is how many of EASE's best the re-rankers see.
const depth = 500

func (m *models) score(q query, sh *shared) {
	m.ease.scores(q.user, sh.ease)
	m.ease.lately(q.user, sh.late)
	m.knn.scores(q.user, sh.knn)
	m.als.scores(q.user, sh.als)
	m.exp.scores(q.user, sh.exp)
	sh.candidates = best(sh.ease, q.seen, min(depth, len(sh.ease)-len(q.seen)))
}

// policies lists what is judged. The settings of the re-rankers were chosen on
// val of the developer set.
func policies(s *Set, o Options, m *models, qs []query) []*named {
	var all []*named
	add := func(name string, p policy) { all = append(all, &named{name: name, policy: p, meter: newMeter(s, o.K)}) }
	add("random", &random{rand.New(rand.NewPCG(o.Seed, 0x72616e)), len(s.Items)})
	add("popularity", ranked(func(*shared) []float32 { return m.pop }))
	add("itemknn", ranked(func(sh *shared) []float32 { return sh.knn }))
	add("ials", ranked(func(sh *shared) []float32 { return sh.als }))
	add("ease", ranked(func(sh *shared) []float32 { return sh.ease }))
	add("mmr", mmr{s, 0.9})
	add("calibrated", calibrated{s, 0.5})
	add("dpp", dpp{s, 4})
	add("fairrec", newFairRec(s, m, qs, o.K))
	flat := newMeter(s, o.K)
	all = append(all, &named{name: "flat", policy: newDiscover(s, feed.Config{}, everyVideo, flat), meter: flat})
	own := newMeter(s, o.K)
	all = append(all, &named{name: "bounded", policy: newBounded(s, feed.Config{}, boundedOwed, own), meter: own})
	return all
}

// random draws without replacement.
type random struct {
	rng   *rand.Rand
	items int
}

func (r *random) list(q query, sh *shared) []int32 {
	out, taken := make([]int32, 0, sh.k), map[int32]bool{}
	for len(out) < sh.k {
		if v := int32(r.rng.IntN(r.items)); !q.seen[v] && !taken[v] {
			taken[v] = true
			out = append(out, v)
		}
	}
	return out
}

// ranked shows the best of some scores.
type ranked func(*shared) []float32

func (r ranked) list(q query, sh *shared) []int32 { return best(r(sh), q.seen, sh.k) }
