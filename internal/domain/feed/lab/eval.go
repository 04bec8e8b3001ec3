package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Options of an evaluation. The zero value of a field takes its default.
type Options struct {
	K     int    // length of a list, 10
	Seed  uint64 // of the order of users and of everything drawn
	Phase string // "test" (default) judges, "val" is for choosing settings
}

// Report is the answer of [Evaluate].
type Report struct {
	Users    int      `json:"users"` // evaluated: with a positive that training had not shown
	Items    int      `json:"items"`
	Creators int      `json:"creators"`
	K        int      `json:"k"`
	Seed     uint64   `json:"seed"`
	Phase    string   `json:"phase"`
	Policies []Result `json:"policies"`
}

// query is one evaluated user: what the policy may not show and what the judge
// knows.
type query struct {
	user      int
	seen      map[int32]bool
	positives []int32
}

// policy makes lists of k videos. Policies with state see users one after
// another.
type policy interface {
	list(q query, sh *shared) []int32
}

// shared holds what one user's policies have in common, so that EASE is scored
// once.
type shared struct {
	k                   int
	ease, knn, als, exp []float32
	late                []float32 // ease by what the user watched last
	candidates          []int32   // EASE's best, best first
}

func newShared(s *Set, k int) *shared {
	n := len(s.Items)
	return &shared{k: k, ease: make([]float32, n), knn: make([]float32, n), als: make([]float32, n), exp: make([]float32, n), late: make([]float32, n)}
}

func queries(s *Set, o Options) ([]query, error) {
	judge := s.Test
	switch o.Phase {
	case "test":
	case "val":
		judge = s.Val
	default:
		return nil, fmt.Errorf("phase %q: say val or test", o.Phase)
	}
	var all []query
	for u, positives := range judge {
		q := query{user: u, seen: map[int32]bool{}}
		for _, r := range s.Train[u] {
			q.seen[r.Item] = true
		}
		for _, p := range positives {
			if !q.seen[p] {
				q.positives = append(q.positives, p)
			}
		}
		if len(q.positives) > 0 {
			all = append(all, q)
		}
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x7573657273))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all, nil
}

// best returns the n highest scored videos the user may be shown, best first;
// equal scores in order of identifiers.
func best(scores []float32, seen map[int32]bool, n int) []int32 {
	top := make([]int32, 0, n+1)
	for i, v := range scores {
		if len(top) == n && v <= scores[top[n-1]] || seen[int32(i)] {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, v, func(t int32, v float32) int {
			if scores[t] >= v {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, int32(i))
		if len(top) > n {
			top = top[:n]
		}
	}
	return top
}

// named is a policy with its meter.
type named struct {
	name   string
	policy policy
	meter  *meter
	took   time.Duration
}

// Evaluate ranks the whole catalogue for every user with positives in the phase
// and judges each policy: full-catalogue ranking, what training showed the user
// excluded, users one after another in a seeded order.
func Evaluate(ctx context.Context, s *Set, o Options) (*Report, error) {
	if o.K == 0 {
		o.K = 10
	}
	if o.Phase == "" {
		o.Phase = "test"
	}
	if o.K < 1 || o.K > len(s.Items)/2 {
		return nil, fmt.Errorf("k is %d: say 1 to half of the %d videos", o.K, len(s.Items))
	}
	qs, err := queries(s, o)
	if err != nil {
		return nil, err
	}
	if len(qs) == 0 {
		return nil, fmt.Errorf("no user has a positive in phase %s", o.Phase)
	}
	m, err := train(ctx, s, o.Seed)
	if err != nil {
		return nil, err
	}
	all := policies(s, o, m, qs)
	sh := newShared(s, o.K)
	for i := range qs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.score(qs[i], sh)
		for _, n := range all {
			start := time.Now()
			list := n.policy.list(qs[i], sh)
			n.took += time.Since(start)
			if err := check(list, qs[i], o.K); err != nil {
				return nil, fmt.Errorf("%s: user %d: %w", n.name, qs[i].user, err)
			}
			n.meter.add(list, qs[i].positives)
		}
	}
	r := &Report{Users: len(qs), Items: len(s.Items), Creators: s.Creators, K: o.K, Seed: o.Seed, Phase: o.Phase}
	for _, n := range all {
		res := n.meter.result(n.name)
		res.Seconds = n.took.Seconds()
		r.Policies = append(r.Policies, res)
	}
	return r, nil
}

// check holds a policy to the protocol.
func check(list []int32, q query, k int) error {
	if len(list) != k {
		return fmt.Errorf("%d videos, want %d", len(list), k)
	}
	for i, v := range list {
		if q.seen[v] {
			return fmt.Errorf("video %d was shown in training", v)
		}
		if slices.Contains(list[:i], v) {
			return fmt.Errorf("video %d stands twice", v)
		}
	}
	return nil
}
