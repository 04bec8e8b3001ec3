package chat

import (
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// filter finds what a host should see first: links, and words of a list.
type filter struct{ words []string }

func newFilter(words []string) filter {
	var f filter
	for _, w := range words {
		if w = fold(w); w != "" {
			f.words = append(f.words, w)
		}
	}
	return f
}

// link finds addresses, also without http and with the dot written out.
var link = regexp.MustCompile(`(?i)(https?://|www\.|\b[a-z0-9][a-z0-9-]*\s?(\.|\[dot\]|\(dot\))\s?(com|net|org|cn|io|me|ru|top|xyz|shop|info|link|live|cc|vip|app|site|online|club)\b|\bt\.me/|@[a-z0-9_]{3,}|[\w.+-]+@[\w-]+\.\w+)`)

func (f filter) catches(s string) bool {
	if link.MatchString(norm.NFKC.String(s)) {
		return true
	}
	s = fold(s)
	for _, w := range f.words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// fold makes words comparable: wide and narrow forms, accents, case and what is
// put between letters to hide them are gone.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(s))
}

// turns remembers when and what each person said last, in this process. What
// holds in all of them is in the table of turns.
type turns struct {
	mu    sync.Mutex
	last  map[string]turn
	swept time.Time
}

type turn struct {
	at    time.Time
	words string
}

// take gives a person a turn, or says why not.
func (t *turns) take(who, words string, wait time.Duration, now time.Time) error {
	words = fold(words)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	was, spoke := t.last[who]
	if spoke && now.Sub(was.at) < wait {
		return ErrSlow
	}
	if spoke && words != "" && was.words == words && now.Sub(was.at) < again {
		return ErrDuplicate
	}
	if t.last == nil {
		t.last = map[string]turn{}
	}
	t.last[who] = turn{now, words}
	return nil
}

func (t *turns) forget(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, who)
}

// sweep forgets who was silent longer than any slow mode lasts.
func (t *turns) sweep(now time.Time) {
	const longest = 10 * time.Minute
	if now.Sub(t.swept) < longest {
		return
	}
	t.swept = now
	for who, was := range t.last {
		if now.Sub(was.at) >= longest {
			delete(t.last, who)
		}
	}
}
