package lab

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/openstall/openstall/internal/domain/feed"
)

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// Four videos of three creators; two lists of two.
func TestFiguresOfTwoListsByHand(t *testing.T) {
	s := &Set{
		Items:    []Item{{Creator: 0, Topic: 0}, {Creator: 0, Topic: 1}, {Creator: 1, Topic: 0}, {Creator: 2, Topic: 1, New: true}},
		Creators: 3, Topics: 2,
		Train: [][]Shown{{{Item: 0, Long: true}, {Item: 0, Long: true}, {Item: 2, Long: false}}},
	}
	m := newMeter(s, 2)
	m.add([]int32{0, 1}, []int32{1})    // hit at position 2
	m.add([]int32{0, 2}, []int32{3, 1}) // no hit
	m.reserve(6)
	m.reserve(7)
	r := m.result("x")
	near(t, "nDCG", r.NDCG, (1/math.Log2(3))/2)
	near(t, "HR", r.HR, 0.5)
	near(t, "coverage", r.Coverage, 0.75)
	near(t, "creator coverage", r.CreatorCoverage, 2./3)
	near(t, "Gini of 3, 1, 0", r.CreatorGini, 0.5) // mean absolute difference 12/9 over twice the mean
	near(t, "FS50", r.FS50, 2./3)                  // fair is 1 a video: 3 of 2, 1 of 1, 0 of 1
	near(t, "top 1", r.Top1, 0.75)
	near(t, "entropy", r.Entropy, 0.5)
	near(t, "ILD", r.ILD, 0.5)
	near(t, "novelty", r.Novelty, (2*1+1*math.Log2(6)+1*math.Log2(6))/4) // training: 3, 1, 1, 1 of 6
	near(t, "new", r.NewShare, 0)
	near(t, "floor first", r.FloorFirst7, 0.5)
}

func TestGiniOfEqualAndOfOne(t *testing.T) {
	near(t, "equal", feed.Gini([]float64{3, 3, 3, 3}), 0)
	near(t, "one has all", feed.Gini([]float64{0, 0, 0, 8}), 0.75)
	near(t, "none", feed.Gini([]float64{0, 0}), 0)
}

func TestInverseTimesMatrixIsOne(t *testing.T) {
	const n = 150 // more than two blocks
	rng := rand.New(rand.NewPCG(1, 1))
	a, copyOf := newMatrix(n), newMatrix(n)
	for range 3 * n {
		i, j := rng.IntN(n), rng.IntN(n)
		a[i][j]++
		a[j][i]++
	}
	for i := range n {
		a[i][i] += 40
		copy(copyOf[i], a[i])
	}
	p, err := invert(a)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		for j := range n {
			want := 0.0
			if i == j {
				want = 1
			}
			if got := float64(dot(copyOf[i], p[j])); math.Abs(got-want) > 1e-4 {
				t.Fatalf("product at %d, %d is %v", i, j, got)
			}
		}
	}
	bad := newMatrix(2)
	bad[0][0], bad[1][1], bad[1][0], bad[0][1] = 1, 1, 2, 2
	if _, err := invert(bad); err == nil {
		t.Error("a matrix that is not positive definite was inverted")
	}
}

func TestBestIsOrderedAndLeavesOutTheSeen(t *testing.T) {
	got := best([]float32{1, 5, 3, 5, 2}, map[int32]bool{2: true}, 3)
	if len(got) != 3 || got[0] != 1 || got[1] != 3 || got[2] != 4 {
		t.Errorf("best are %v", got)
	}
}
