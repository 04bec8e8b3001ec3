package room

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
)

// lines chooses which comments of a tick are shown. The host is always heard.
// Buyers and mentions come next. Of the others at most ten a second are shown,
// and when more talk, each has the same chance (a reservoir, Vitter's R), however
// early in the tick it came.
type lines struct {
	host   []chat.View
	chosen reservoir
	others reservoir
	tokens float64
	filled time.Time
	random *rand.Rand
}

func newLines(now time.Time, random *rand.Rand) lines {
	return lines{
		chosen: reservoir{size: chosenPerTick}, others: reservoir{size: linesPerSec},
		tokens: linesPerSec, filled: now, random: random,
	}
}

func (l *lines) add(v chat.View) {
	switch {
	case v.Kind == chat.Host || v.Kind == chat.System:
		l.host = append(l.host, v)
	case v.Kind == chat.Buyer || strings.Contains(v.Text, "@"):
		l.chosen.add(v, l.random)
	default:
		l.others.add(v, l.random)
	}
}

// remove forgets a line that was taken out before it was shown.
func (l *lines) remove(comment string) {
	is := func(v chat.View) bool { return v.ID == comment }
	l.host = slices.DeleteFunc(l.host, is)
	l.chosen.kept = slices.DeleteFunc(l.chosen.kept, is)
	l.others.kept = slices.DeleteFunc(l.others.kept, is)
}

// take returns the lines of this tick in the order in which they were said.
func (l *lines) take(now time.Time) []chat.View {
	l.tokens = min(linesPerSec, l.tokens+now.Sub(l.filled).Seconds()*linesPerSec)
	l.filled = now
	out := append(l.host, l.chosen.kept...)
	l.tokens = max(0, l.tokens-float64(len(out)))
	others := l.others.kept
	if room := int(l.tokens); len(others) > room {
		l.random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		others = others[:room]
	}
	l.tokens -= float64(len(others))
	out = append(out, others...)
	slices.SortFunc(out, func(a, b chat.View) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	l.host, l.chosen, l.others = nil, reservoir{size: chosenPerTick}, reservoir{size: linesPerSec}
	return out
}

// reservoir keeps a uniform choice of at most size out of all that are added.
type reservoir struct {
	size, seen int
	kept       []chat.View
}

func (r *reservoir) add(v chat.View, random *rand.Rand) {
	r.seen++
	if len(r.kept) < r.size {
		r.kept = append(r.kept, v)
		return
	}
	if i := random.IntN(r.seen); i < r.size {
		r.kept[i] = v
	}
}
