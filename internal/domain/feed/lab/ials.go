package lab

import (
	"math"
	"math/rand/v2"
)

// ials factorises long views by alternating least squares with a weight for what
// was not watched (Hu, Koren, Volinsky, ICDM 2008), regularised by how much each
// side is seen (Rendle et al., RecSys 2022).
type ials struct{ users, items [][]float32 }

const (
	alsFactors = 64
	alsRounds  = 8
	alsUnseen  = 0.02 // weight of a pair that is no long view
	alsReg     = 0.02
)

// newIALS learns from long views, or from everything shown: what a viewer was
// shown says something of the viewer too.
func newIALS(s *Set, seed uint64, shown bool) *ials {
	of, by := make([][]int32, s.Users()), make([][]int32, len(s.Items))
	for u, list := range s.Train {
		for _, r := range list {
			if r.Long || shown {
				of[u], by[r.Item] = append(of[u], r.Item), append(by[r.Item], int32(u))
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0x616c73))
	m := &ials{users: factors(rng, s.Users()), items: factors(rng, len(s.Items))}
	for range alsRounds {
		solveSide(m.users, m.items, of)
		solveSide(m.items, m.users, by)
	}
	return m
}

func factors(rng *rand.Rand, n int) [][]float32 {
	rows := make([][]float32, n)
	for i := range rows {
		rows[i] = make([]float32, alsFactors)
		for f := range rows[i] {
			rows[i][f] = float32(rng.NormFloat64()) * 0.1
		}
	}
	return rows
}

// solveSide finds each row of to with the rows of from fixed.
func solveSide(to, from [][]float32, pairs [][]int32) {
	gram := newMatrix(alsFactors)
	for _, v := range from {
		addOuter(gram, v, alsUnseen)
	}
	parallel(len(to), func(i int) {
		if len(pairs[i]) == 0 {
			clear(to[i])
			return
		}
		a, b := newMatrix(alsFactors), make([]float32, alsFactors)
		for f := range a {
			copy(a[f], gram[f])
			a[f][f] += alsReg * float32(float64(len(pairs[i]))+alsUnseen*float64(len(from)))
		}
		for _, j := range pairs[i] {
			addOuter(a, from[j], 1)
			for f, x := range from[j] {
				b[f] += x
			}
		}
		solve(a, b)
		copy(to[i], b)
	})
}

// addOuter adds w v vᵀ to the lower triangle.
func addOuter(m matrix, v []float32, w float32) {
	for i, x := range v {
		row, wx := m[i][:i+1], w*x
		for j := range row {
			row[j] += wx * v[j]
		}
	}
}

// solve replaces b by the solution of a x = b, a positive definite in its lower
// triangle, which it uses up.
func solve(a matrix, b []float32) {
	for i := range a {
		for j := range i {
			a[i][j] = (a[i][j] - dot(a[i][:j], a[j][:j])) / a[j][j]
		}
		a[i][i] = float32(math.Sqrt(float64(max(a[i][i]-dot(a[i][:i], a[i][:i]), 1e-12))))
		b[i] = (b[i] - dot(a[i][:i], b[:i])) / a[i][i]
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := i + 1; j < len(a); j++ {
			b[i] -= a[j][i] * b[j]
		}
		b[i] /= a[i][i]
	}
}

func (m *ials) scores(user int, out []float32) {
	for i, v := range m.items {
		out[i] = dot(m.users[user], v)
	}
}
