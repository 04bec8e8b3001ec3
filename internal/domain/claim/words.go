package claim

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold makes keywords and comments comparable: full-width signs as ASCII has
// them, small letters, no space around it.
func Fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～': // U+FF01 to U+FF5E stand in the order of ASCII
			return r - '！' + '!'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(strings.ToLower(s))
}

// goodKeyword reports whether a folded keyword can be told from the rest of a
// comment.
func goodKeyword(k string) bool {
	if k == "" || utf8.RuneCountInString(k) > maxKeyword {
		return false
	}
	return !strings.ContainsFunc(k, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// wish is a comment read as a claim.
type wish struct {
	keyword string
	pieces  int64
}

// read returns how a comment can be understood, the likeliest first: the keyword
// alone ("7", "+7"), or with how many ("7 x2", "7*2"). Most comments are no
// claims, so this is all that they cost.
func read(comment string) []wish {
	if utf8.RuneCountInString(comment) > maxKeyword+8 {
		return nil
	}
	s := strings.TrimSpace(strings.TrimPrefix(Fold(comment), "+"))
	var out []wish
	if goodKeyword(s) {
		out = append(out, wish{s, 1})
	}
	at := strings.LastIndexAny(s, "x*×")
	if at <= 0 {
		return out
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	keyword := strings.TrimSpace(s[:at])
	n, err := strconv.ParseInt(strings.TrimSpace(s[at+size:]), 10, 32)
	if err == nil && n > 0 && goodKeyword(keyword) {
		out = append(out, wish{keyword, n})
	}
	return out
}
