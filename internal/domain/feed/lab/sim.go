package lab

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/openstall/openstall/internal/domain/feed"
)

// Interval is a mean over runs with half the width of its 95 % interval (Student's t).
type Interval struct {
	Mean float64 `json:"mean"`
	Half float64 `json:"half"`
}

// SimResult is one policy over all seeds.
type SimResult struct {
	Name    string              `json:"name"`
	Figures map[string]Interval `json:"figures"`
	Runs    []Outcome           `json:"runs"`
}

// SimReport is the answer of [Simulate].
type SimReport struct {
	World    World       `json:"world"`
	Seeds    int         `json:"seeds"`
	Policies []SimResult `json:"policies"`
	// Gains compare policies with greedy, world by world.
	Gains []Gain `json:"gains"`
}

// Gain is a policy over greedy, of figures that are better when higher.
type Gain struct {
	Name         string   `json:"name"`
	Satisfaction Interval `json:"satisfaction"`
	Value        Interval `json:"value"`
	Engagement   Interval `json:"engagement"`
	Returns      Interval `json:"returns"`
}

// Simulate runs each policy in the same worlds, one for each seed.
func Simulate(ctx context.Context, base World, seeds int) (*SimReport, error) {
	if seeds < 2 {
		return nil, fmt.Errorf("%d seeds: say at least 2", seeds)
	}
	base.Users, base.Creators = orDefault(base.Users, 2500), orDefault(base.Creators, 200)
	base.Arrive, base.Days = orDefault(base.Arrive, 10), orDefault(base.Days, 28)
	r := &SimReport{World: base, Seeds: seeds}
	flat := func(w World) chooser { return newEngineChooser(w, false) }
	for _, p := range []struct {
		name           string
		sybils, buyers int
		make           func(World) chooser
	}{
		{"greedy", 0, 0, func(w World) chooser { return &greedyChooser{newKnown(w)} }},
		{"greedy+5%", 0, 0, func(w World) chooser { return &strayChooser{newKnown(w)} }},
		{"pools", 0, 0, func(w World) chooser { return &poolChooser{newKnown(w)} }},
		{"flat", 0, 0, flat},
		{"bounded", 0, 0, func(w World) chooser { return newEngineChooser(w, true) }},
		{"pools+sybils", 10, 0, func(w World) chooser { return &poolChooser{newKnown(w)} }},
		{"flat+sybils", 10, 0, flat},
		{"pools+bought", 0, 1, func(w World) chooser { return &poolChooser{newKnown(w)} }},
		{"flat+bought", 0, 1, flat},
	} {
		res := SimResult{Name: p.name, Runs: make([]Outcome, seeds), Figures: map[string]Interval{}}
		parallel(seeds, func(i int) {
			if ctx.Err() == nil {
				w := &world{World: base}
				w.Seed, w.Sybils, w.Buyers = base.Seed+uint64(i), p.sybils, p.buyers
				res.Runs[i] = w.run(p.make(w.World))
			}
		})
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, f := range simFigures {
			var xs []float64
			for _, o := range res.Runs {
				xs = append(xs, f.of(o))
			}
			res.Figures[f.name] = interval(xs)
		}
		r.Policies = append(r.Policies, res)
	}
	r.compare()
	return r, nil
}

// compare fills in the gains; the first policy is greedy.
func (r *SimReport) compare() {
	greedy := r.Policies[0].Runs
	for _, p := range r.Policies[1:] {
		over := func(of func(Outcome) float64) Interval {
			var gains []float64
			for i := range greedy {
				gains = append(gains, of(p.Runs[i])/max(of(greedy[i]), 1e-9))
			}
			return interval(gains)
		}
		r.Gains = append(r.Gains, Gain{p.Name,
			over(func(o Outcome) float64 { return o.Satisfaction }), over(func(o Outcome) float64 { return o.Value }),
			over(func(o Outcome) float64 { return o.Engagement }), over(func(o Outcome) float64 { return o.Returns })})
	}
}

var simFigures = []struct {
	name string
	of   func(Outcome) float64
}{
	{"hundred_p50_days", func(o Outcome) float64 { return o.HundredP50 }},
	{"hundred_p90_days", func(o Outcome) float64 { return o.HundredP90 }},
	{"hundred_p99_days", func(o Outcome) float64 { return o.HundredP99 }},
	{"reached", func(o Outcome) float64 { return o.Reached }},
	{"long_rate", func(o Outcome) float64 { return o.LongRate }},
	{"engagement", func(o Outcome) float64 { return o.Engagement }},
	{"satisfaction", func(o Outcome) float64 { return o.Satisfaction }},
	{"value", func(o Outcome) float64 { return o.Value }},
	{"topics", func(o Outcome) float64 { return o.Topics }},
	{"returns", func(o Outcome) float64 { return o.Returns }},
	{"rank_corr", func(o Outcome) float64 { return o.RankCorr }},
	{"creator_gini", func(o Outcome) float64 { return o.CreatorGini }},
	{"fs50", func(o Outcome) float64 { return o.FS50 }},
	{"stay", func(o Outcome) float64 { return o.Stay }},
	{"sybil_share", func(o Outcome) float64 { return o.SybilShare }},
	{"bought_lift", func(o Outcome) float64 { return o.BoughtLift }},
}

// interval uses Student's t for up to 10 runs and 2 beyond.
func interval(xs []float64) Interval {
	t := []float64{0, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26}
	n := float64(len(xs))
	mean, square := 0.0, 0.0
	for _, x := range xs {
		mean += x / n
	}
	for _, x := range xs {
		square += (x - mean) * (x - mean)
	}
	q := 2.0
	if len(xs) <= len(t) {
		q = t[len(xs)-1]
	}
	return Interval{mean, q * math.Sqrt(square/(n-1)/n)}
}

// figures reads a finished world.
func (w *world) figures() Outcome {
	o := Outcome{}
	end := w.Days * ticks
	var days, quality, shows, bought, honest []float64
	due := 0.0
	by := make([]float64, len(w.makers))
	for _, c := range w.clips {
		if c.junk {
			continue
		}
		by[c.creator] += float64(c.shows)
		if c.owed && c.born <= end-2*ticks && c.born > warmUp*ticks {
			due++
			if c.hundred > 0 {
				days = append(days, float64(c.hundred-c.born)/ticks)
			}
		}
		if c.born > end-lifetime*ticks || c.born <= warmUp*ticks {
			continue
		}
		if !c.bought {
			quality, shows = append(quality, c.quality), append(shows, float64(c.shows))
		}
		if c.born >= attackDay*ticks && c.bought {
			bought = append(bought, float64(c.shows))
		} else if c.born >= attackDay*ticks {
			honest = append(honest, float64(c.shows))
		}
	}
	slices.Sort(days)
	o.HundredP50, o.HundredP90, o.HundredP99 = quantile(days, .5), quantile(days, .9), quantile(days, .99)
	o.Reached = float64(len(days)) / max(due, 1)
	o.LongRate = w.sum.long / max(w.sum.shown, 1)
	o.Satisfaction = w.sum.satisfied / max(w.sum.sessions, 1)
	o.Engagement = w.sum.held / max(w.sum.sessions, 1)
	o.Value = w.sum.satisfied / float64(w.Users*(w.Days-warmUp))
	o.Topics = w.sum.topics / max(w.sum.sessions, 1)
	o.Returns = w.sum.back / float64(w.Users) / 7
	o.RankCorr = spearman(quality, shows)
	o.CreatorGini = feed.Gini(by)
	fair, half, left := mean(by), 0.0, 0.0
	for i, n := range by {
		if n >= fair/2 {
			half++
		}
		if w.makers[i].left {
			left++
		}
	}
	o.FS50, o.Stay = half/max(1, float64(len(by))), 1-left/max(1, float64(len(by)))
	o.SybilShare = w.sum.sybil / max(w.sum.late, 1)
	if len(bought) > 0 {
		o.BoughtLift = mean(bought) / max(mean(honest), 1)
	}
	return o
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / max(1, float64(len(xs)))
}

// quantile of sorted values; 0 of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// spearman is the correlation of ranks; ties share their mean rank.
func spearman(a, b []float64) float64 {
	x, y := ranks(a), ranks(b)
	n := float64(len(x))
	mean := (n + 1) / 2
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		xy += (x[i] - mean) * (y[i] - mean)
		xx += (x[i] - mean) * (x[i] - mean)
		yy += (y[i] - mean) * (y[i] - mean)
	}
	return xy / max(math.Sqrt(xx*yy), 1e-12)
}

func ranks(v []float64) []float64 {
	at := make([]int, len(v))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return a - b
	})
	out := make([]float64, len(v))
	for i := 0; i < len(at); {
		j := i
		for j < len(at) && v[at[j]] == v[at[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[at[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

// SimTable writes a report for people.
func SimTable(out io.Writer, r *SimReport) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(w, "policy\t")
	for _, f := range simFigures {
		_, _ = fmt.Fprintf(w, "%s\t", f.name)
	}
	_, _ = fmt.Fprintln(w)
	for _, p := range r.Policies {
		_, _ = fmt.Fprintf(w, "%s\t", p.Name)
		for _, f := range simFigures {
			_, _ = fmt.Fprintf(w, "%.3f±%.3f\t", p.Figures[f.name].Mean, p.Figures[f.name].Half)
		}
		_, _ = fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w, "\nover greedy, world by world\tsatisfaction\tvalue\tengagement\treturns\t")
	for _, g := range r.Gains {
		_, _ = fmt.Fprintf(w, "%s\t", g.Name)
		for _, x := range []Interval{g.Satisfaction, g.Value, g.Engagement, g.Returns} {
			_, _ = fmt.Fprintf(w, "%.3f±%.3f\t", x.Mean, x.Half)
		}
		_, _ = fmt.Fprintln(w)
	}
	return w.Flush()
}
