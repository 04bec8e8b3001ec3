package lab

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Synth says how large a made-up data set is. The zero value of a field takes
// its default.
type Synth struct {
	Users    int // 600
	Creators int // 400
	Topics   int // 12
	PerUser  int // 40 training rows of each user
	Seed     uint64
}

// Write makes a data set with the layout of [Load] in folder dir: users with a
// few topics they like, videos of skewed popularity and hidden quality, one
// creator in ten without training rows. The same Synth writes the same rows.
func (c Synth) Write(dir string) error {
	c.Users, c.Creators = orDefault(c.Users, 600), orDefault(c.Creators, 400)
	c.Topics, c.PerUser = orDefault(c.Topics, 12), orDefault(c.PerUser, 40)
	rng := rand.New(rand.NewPCG(c.Seed, 0x73796e7468))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	w := synthWorld{Synth: c, rng: rng}
	w.make()
	for _, f := range []struct {
		name string
		rows func(*bufio.Writer)
	}{{"items.tsv.gz", w.items}, {"train.tsv.gz", w.train}, {"eval.tsv.gz", w.eval}} {
		if err := writeRows(filepath.Join(dir, f.name), f.rows); err != nil {
			return err
		}
	}
	return nil
}

func orDefault(v, d int) int {
	if v == 0 {
		return d
	}
	return v
}

type synthVideo struct {
	creator, topic int
	isNew          bool
	quality        float64
	weight         float64 // of being shown, cumulative
}

type synthWorld struct {
	Synth
	rng    *rand.Rand
	videos []synthVideo
	tastes [][3]int
	seen   []map[int]bool
}

func (w *synthWorld) make() {
	total := 0.0
	for c := range w.Creators {
		isNew := w.rng.IntN(10) == 0
		for n := 1 + w.rng.IntN(8)/7; n > 0; n-- {
			total += math.Exp(0.8 * w.rng.NormFloat64())
			w.videos = append(w.videos, synthVideo{c, w.rng.IntN(w.Topics), isNew, w.rng.NormFloat64(), total})
		}
	}
	for range w.Users {
		w.tastes = append(w.tastes, [3]int{w.rng.IntN(w.Topics), w.rng.IntN(w.Topics), w.rng.IntN(w.Topics)})
		w.seen = append(w.seen, map[int]bool{})
	}
}

// draw picks a video the user has not seen, popular ones more often.
func (w *synthWorld) draw(user int, newToo bool) (int, bool) {
	for range 200 {
		x := w.rng.Float64() * w.videos[len(w.videos)-1].weight
		lo, hi := 0, len(w.videos)-1
		for lo < hi {
			if mid := (lo + hi) / 2; w.videos[mid].weight < x {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if !w.seen[user][lo] && (newToo || !w.videos[lo].isNew) {
			w.seen[user][lo] = true
			return lo, true
		}
	}
	return 0, false
}

func (w *synthWorld) likes(user, video int) int {
	z := -2.2 + 0.5*w.videos[video].quality
	for _, t := range w.tastes[user] {
		if t == w.videos[video].topic {
			z += 3
		}
	}
	if w.rng.Float64() < 1/(1+math.Exp(-z)) {
		return 1
	}
	return 0
}

func (w *synthWorld) items(out *bufio.Writer) {
	for i, v := range w.videos {
		isNew, topic := 0, v.topic
		if v.isNew {
			isNew = 1
		}
		if w.rng.IntN(50) == 0 {
			topic = -1
		}
		_, _ = fmt.Fprintf(out, "%d\t%d\t%d\t%d\t%d\n", i, v.creator, topic, isNew, 5000+w.rng.IntN(60000))
	}
}

func (w *synthWorld) train(out *bufio.Writer) {
	for u := range w.Users {
		for order := range w.PerUser {
			if v, ok := w.draw(u, false); ok {
				_, _ = fmt.Fprintf(out, "%d\t%d\t%d\t%d\n", u, v, order, w.likes(u, v))
			}
		}
	}
}

func (w *synthWorld) eval(out *bufio.Writer) {
	at := int64(1650000000000)
	for _, phase := range []string{"val", "test"} {
		for u := range w.Users {
			for range 8 {
				if v, ok := w.draw(u, true); ok {
					at += 1000
					_, _ = fmt.Fprintf(out, "%d\t%d\t%s\t%d\t%d\t0\t0\t%d\n", u, v, phase, at, w.likes(u, v), w.rng.IntN(60000))
				}
			}
		}
	}
}

func writeRows(path string, rows func(*bufio.Writer)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	out := bufio.NewWriter(z)
	rows(out)
	for _, end := range []func() error{out.Flush, z.Close, f.Close} {
		if err := end(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}
