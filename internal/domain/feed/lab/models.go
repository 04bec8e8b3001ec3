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
}

func train(_ context.Context, s *Set, _ uint64) (*models, error) {
	m := &models{pop: newPopularity(s)}
	var err error
	m.ease, err = newEASE(s, m.pop)
	return m, err
}

// depth is how many of EASE's best the re-rankers see.
const depth = 500

func (m *models) score(q query, sh *shared) {
	m.ease.scores(q.user, sh.ease)
	sh.candidates = best(sh.ease, q.seen, min(depth, len(sh.ease)-len(q.seen)))
}

func policies(s *Set, o Options, m *models, _ []query) ([]*named, error) {
	flat := newMeter(s, o.K)
	return []*named{
		{name: "random", policy: &random{rand.New(rand.NewPCG(o.Seed, 0x72616e)), len(s.Items)}, meter: newMeter(s, o.K)},
		{name: "popularity", policy: ranked(func(*shared) []float32 { return m.pop }), meter: newMeter(s, o.K)},
		{name: "ease", policy: ranked(func(sh *shared) []float32 { return sh.ease }), meter: newMeter(s, o.K)},
		{name: "flat", policy: newDiscover(s, feed.Config{}, flat), meter: flat},
	}, nil
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
