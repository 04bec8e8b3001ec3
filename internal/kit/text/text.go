// Package text holds words that people wrote: cleaned, bounded and, where a
// seller speaks to several audiences, in several languages.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openstall/openstall/internal/kit/errs"
)

// Local is a seller's text by language tag ("en", "zh"). Apps show the reader's
// language, else English, else any.
type Local map[string]string

// Languages are the tags that a Local may hold.
var Languages = []string{"en", "zh"}

// Pick returns the words for the reader of locale.
func (l Local) Pick(locale string) string {
	for _, tag := range []string{locale, "en", "zh"} {
		if s := l[tag]; s != "" {
			return s
		}
	}
	return ""
}

// All returns the words of every language, for a record of what was shown.
func (l Local) All() string {
	var all []string
	for _, tag := range Languages {
		if s := l[tag]; s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, " / ")
}

// Both returns a text that is known in English and Chinese.
func Both(en, zh string) Local { return Local{"en": en, "zh": zh} }

// ErrTooLong and ErrEmpty are refused texts.
var (
	ErrTooLong = errs.New(errs.Invalid, "text.too_long", "This text is too long.", "这段文字太长。")
	ErrEmpty   = errs.New(errs.Invalid, "text.empty", "This text is missing.", "这里还没有填写。")
)

// Clean returns l with every text passed through [Line] (or [Lines] when
// several is set), without unknown languages. It fails with [ErrTooLong] when
// one has more than max characters.
func (l Local) Clean(max int, several bool) (Local, error) {
	out := Local{}
	for _, tag := range Languages {
		s := l[tag]
		if several {
			s = Lines(s)
		} else {
			s = Line(s)
		}
		if utf8.RuneCountInString(s) > max {
			return nil, ErrTooLong
		}
		if s != "" {
			out[tag] = s
		}
	}
	return out, nil
}

// IsEmpty reports whether no language has words.
func (l Local) IsEmpty() bool { return l.Pick("en") == "" }

// Line returns s as one clean line: NFC, no control or bidirectional override
// characters, runs of white space folded to one space.
func Line(s string) string {
	return strings.Join(strings.Fields(strip(s, false)), " ")
}

// Lines is [Line] that keeps line breaks, at most two in a row.
func Lines(s string) string {
	lines := strings.Split(strip(strings.ReplaceAll(s, "\r\n", "\n"), true), "\n")
	var out []string
	for _, line := range lines {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

func strip(s string, keepNewline bool) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	s = norm.NFC.String(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && keepNewline:
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
			return -1 // overrides can make a price read backwards
		}
		return r
	}, s)
}

// Slug returns s as a short address: lower-case ASCII letters, digits and
// hyphens, at most 40; "" when nothing of that is left (Chinese names).
func Slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		default:
			dash = true
		}
		if b.Len() >= 40 {
			break
		}
	}
	return b.String()
}

// Cell puts an apostrophe before what a spreadsheet would run: a customer called
// =HYPERLINK(…) must not send the seller's table away. A phone number keeps its
// plus.
func Cell(s string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " "))
	switch r {
	case '=', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return "'" + s
	case '+':
		if strings.Trim(s, "+0123456789 ") != "" {
			return "'" + s
		}
	}
	return s
}
