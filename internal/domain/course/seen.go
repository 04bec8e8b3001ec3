package course

import (
	"cmp"
	"slices"
	"time"
)

// Span is a part of a film, in milliseconds.
type Span struct {
	From int64 `json:"from" minimum:"0"`
	To   int64 `json:"to" minimum:"0"`
}

const (
	// slack between two spans is no gap: players report whole seconds.
	slack = 500
	// maxSpans bounds what is kept of one lesson; of more, the nearest become one.
	maxSpans = 200
)

// merge returns spans with more of a film of length, in order and apart. What was
// in it stays in it.
func merge(spans, more []Span, length time.Duration) []Span {
	end := length.Milliseconds()
	all := slices.Clone(spans)
	for _, s := range more {
		if s.From, s.To = max(s.From, 0), min(s.To, end); s.From < s.To {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && s.From <= out[n-1].To+slack {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	for len(out) > maxSpans {
		nearest := 1
		for i := 2; i < len(out); i++ {
			if out[i].From-out[i-1].To < out[nearest].From-out[nearest-1].To {
				nearest = i
			}
		}
		out[nearest-1].To = out[nearest].To
		out = slices.Delete(out, nearest, nearest+1)
	}
	return out
}

// total is how much time spans hold that are in order and apart, in milliseconds.
func total(spans []Span) int64 {
	var sum int64
	for _, s := range spans {
		sum += s.To - s.From
	}
	return sum
}
