package search

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Limits of what is read.
const (
	maxToken = 40   // characters of one word
	maxWords = 2000 // tokens of one document
	maxQuery = 200  // characters of a question
	maxTerms = 16   // terms of a question
)

// run is characters that belong together: a word, or a row of characters of a
// script that is written without spaces.
type run struct {
	chars []rune
	cjk   bool
}

// runs folds a text (NFKC, lower case, no accents on Latin, Greek and Cyrillic
// letters) and cuts it into words and rows.
func runs(s string) []run {
	var out []run
	var now run
	end := func() {
		if len(now.chars) > 0 {
			out = append(out, now)
		}
		now = run{}
	}
	var base rune
	for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(s, " ")))) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if len(now.chars) > 0 && !unicode.In(base, unicode.Latin, unicode.Greek, unicode.Cyrillic) {
				now.chars = append(now.chars, r)
			}
			continue
		case !unicode.IsLetter(r) && !unicode.IsNumber(r):
			end()
			continue
		}
		base = r
		if cjk := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul); cjk != now.cjk || len(now.chars) == 0 {
			end()
			now.cjk = cjk
		}
		now.chars = append(now.chars, r)
	}
	end()
	for i := range out {
		out[i].chars = []rune(norm.NFC.String(string(out[i].chars)))
	}
	return out
}

func (r run) word() string { return string(r.chars[:min(len(r.chars), maxToken)]) }

func (r run) pairs() []string {
	var out []string
	for i := range len(r.chars) - 1 {
		out = append(out, string(r.chars[i:i+2]))
	}
	return out
}

// tokens are the words under which a text is found: of a row of Chinese
// characters each one, and each two beside each other.
func tokens(s string) []string {
	var out []string
	add := func(t string) {
		if len(out) < maxWords && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	for _, r := range runs(s) {
		if !r.cjk {
			add(r.word())
			continue
		}
		for _, c := range r.chars {
			add(string(c))
		}
		for _, p := range r.pairs() {
			add(p)
		}
	}
	return out
}

// term is one thing that must be in a text.
type term struct {
	word  string
	begin bool // the text's word may go on
}

// terms are what a question asks for: every word, the last of which may be
// unfinished. None for a question without words.
func terms(q string) []term {
	if chars := []rune(q); len(chars) > maxQuery {
		q = string(chars[:maxQuery])
	}
	var out []term
	all := runs(q)
	for i, r := range all {
		switch {
		case !r.cjk:
			out = append(out, term{r.word(), i == len(all)-1})
		case len(r.chars) == 1:
			out = append(out, term{string(r.chars), false})
		default:
			for _, p := range r.pairs() {
				out = append(out, term{p, false})
			}
		}
	}
	return out[:min(len(out), maxTerms)]
}
