package lab

import (
	"fmt"
	"math"
	"runtime"
	"sync"
)

// matrix is square and dense, one slice a row.
type matrix [][]float32

func newMatrix(n int) matrix {
	all, m := make([]float32, n*n), make(matrix, n)
	for i := range m {
		m[i] = all[i*n : (i+1)*n]
	}
	return m
}

// parallel calls f for 0..n-1 from as many goroutines as there are processors.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	workers := min(n, runtime.GOMAXPROCS(0))
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}

// dot adds four products at a time, so that the additions do not wait for each other.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// cholesky replaces the lower triangle of a, symmetric and positive definite,
// by L with L Lᵀ = a. It works in blocks of columns that fit the cache.
func cholesky(a matrix) error {
	const block = 64
	for from := 0; from < len(a); from += block {
		to := min(from+block, len(a))
		for i := from; i < to; i++ {
			eliminate(a, i, from, i)
			d := a[i][i] - dot(a[i][:i], a[i][:i])
			if d <= 0 || math.IsNaN(float64(d)) {
				return fmt.Errorf("not positive definite at row %d", i)
			}
			a[i][i] = float32(math.Sqrt(float64(d)))
		}
		parallel(len(a)-to, func(i int) { eliminate(a, to+i, from, to) })
	}
	return nil
}

func eliminate(a matrix, i, from, to int) {
	for j := from; j < to; j++ {
		a[i][j] = (a[i][j] - dot(a[i][:j], a[j][:j])) / a[j][j]
	}
}

// invert returns the inverse of a, which it uses up.
func invert(a matrix) (matrix, error) {
	if err := cholesky(a); err != nil {
		return nil, err
	}
	n := len(a)
	const block = 8
	t := newMatrix(n) // t[c] is column c of the inverse of L
	parallel((n+block-1)/block, func(b int) {
		for i := b * block; i < n; i++ {
			for c := b * block; c < min((b+1)*block, i+1); c++ {
				if c == i {
					t[c][i] = 1 / a[i][i]
				} else {
					t[c][i] = -dot(a[i][c:i], t[c][c:i]) / a[i][i]
				}
			}
		}
	})
	const tile = 32
	parallel((n+tile-1)/tile, func(b int) {
		for j := range n {
			for i := max(b*tile, j); i < min((b+1)*tile, n); i++ {
				a[i][j] = dot(t[i][i:], t[j][i:])
			}
		}
	})
	for i := range n {
		for j := range i {
			a[j][i] = a[i][j]
		}
	}
	return a, nil
}
