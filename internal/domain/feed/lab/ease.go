package lab

import "math"

// scorer ranks the whole catalogue for a user; higher is better. Scores of one
// user are comparable, those of two users are not.
type scorer interface {
	scores(user int, out []float32)
}

// popularity scores by the number of training positives.
type popularity []float32

func newPopularity(s *Set) popularity {
	p := make(popularity, len(s.Items))
	for _, list := range s.Train {
		for _, r := range list {
			if r.Long {
				p[r.Item]++
			}
		}
	}
	return p
}

func (p popularity) scores(_ int, out []float32) { copy(out, p) }

// ease is the linear item model of Steck, "Embarrassingly Shallow Autoencoders
// for Sparse Data" (WWW 2019): B = I - P diag(1/P) with P the inverse of
// XᵀX + lambda I. Items with fewer than minPositives get a popularity prior that
// stays below every modelled score, which keeps the inverse small.
type ease struct {
	set   *Set
	dense []int32 // item -> row of b, -1 none
	items []int32
	b     matrix
	prior []float32
}

const (
	easeLambda   = 200 // the best of 50 to 500 on val
	minPositives = 10
)

func newEASE(s *Set, pop popularity) (*ease, error) {
	e := &ease{set: s, dense: make([]int32, len(s.Items)), prior: make([]float32, len(s.Items))}
	for i, n := range pop {
		e.dense[i] = -1
		e.prior[i] = n * 1e-6
		if n >= minPositives {
			e.dense[i] = int32(len(e.items))
			e.items = append(e.items, int32(i))
		}
	}
	g := newMatrix(len(e.items))
	for u := range s.Train {
		h := e.history(u)
		for _, a := range h {
			for _, b := range h {
				g[a][b]++
			}
		}
	}
	for i := range g {
		g[i][i] += easeLambda
	}
	p, err := invert(g)
	if err != nil {
		return nil, err
	}
	diag := make([]float32, len(p))
	for i := range p {
		diag[i] = p[i][i]
	}
	for i := range p {
		for j := range p[i] {
			p[i][j] /= -diag[j]
		}
		p[i][i] = 0
	}
	e.b = p
	return e, nil
}

// history returns the rows of a user's long views.
func (e *ease) history(user int) []int32 {
	var h []int32
	for _, r := range e.set.Train[user] {
		if d := e.dense[r.Item]; r.Long && d >= 0 {
			h = append(h, d)
		}
	}
	return h
}

// lateHalf is how many of a user's long views back one counts half in lately.
const lateHalf = 10

// lately scores like scores, by what the user watched last: the n-th long view
// from the end counts 2^(-n/lateHalf).
func (e *ease) lately(user int, out []float32) {
	sum := make([]float32, len(e.items))
	h := e.history(user)
	for n, row := range h {
		late := float32(math.Exp2(-float64(len(h)-1-n) / lateHalf))
		for j, w := range e.b[row] {
			sum[j] += late * w
		}
	}
	clear(out)
	for j, i := range e.items {
		out[i] = sum[j]
	}
}

func (e *ease) scores(user int, out []float32) {
	sum := make([]float32, len(e.items))
	for _, h := range e.history(user) {
		for j, w := range e.b[h] {
			sum[j] += w
		}
	}
	copy(out, e.prior)
	for j, i := range e.items {
		out[i] += sum[j]
	}
}
