package course

import (
	"strings"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/text"
)

// cleanCaptions reads a WebVTT file (W3C WebVTT, section 6.1: file parsing) and
// writes it anew with what captions need: cues with times and plain lines. What
// else a file may carry (styles, regions, comments, settings, tags) is left out.
// It returns [ErrCaptions] for what is no such file.
func cleanCaptions(file string) (string, error) {
	if len(file) > MaxCaptions || !utf8.ValidString(file) {
		return "", ErrCaptions
	}
	file = strings.TrimPrefix(file, "\uFEFF")
	file = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace(file)
	head, rest, _ := strings.Cut(file, "\n")
	if head != "WEBVTT" && !strings.HasPrefix(head, "WEBVTT ") && !strings.HasPrefix(head, "WEBVTT\t") {
		return "", ErrCaptions
	}
	var out strings.Builder
	out.WriteString("WEBVTT\n")
	cues := 0
	for _, block := range strings.Split(rest, "\n\n") {
		times, words, ok := cue(block)
		if !ok {
			continue
		}
		cues++
		out.WriteString("\n" + times + "\n" + words + "\n")
	}
	if cues == 0 || out.Len() > MaxCaptions {
		return "", ErrCaptions
	}
	return out.String(), nil
}

// cue reads one block; styles, comments and what has no times are none.
func cue(block string) (times, words string, ok bool) {
	lines := strings.Split(strings.Trim(block, "\n"), "\n")
	for i := 0; i < len(lines) && i < 2; i++ { // an identifier may stand first
		from, rest, found := strings.Cut(lines[i], "-->")
		if !found {
			continue
		}
		to, _, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(rest, "\t", " ")), " ")
		from = strings.TrimSpace(from)
		if !isTime(from) || !isTime(to) {
			return "", "", false
		}
		var kept []string
		for _, l := range lines[i+1:] {
			if l = plain(l); l != "" {
				kept = append(kept, l)
			}
		}
		return from + " --> " + to, strings.Join(kept, "\n"), len(kept) > 0
	}
	return "", "", false
}

// isTime reports whether s is [hh:]mm:ss.ttt.
func isTime(s string) bool {
	rest, ms, ok := strings.Cut(s, ".")
	if !ok || !digits(ms, 3, 3) {
		return false
	}
	parts := strings.Split(rest, ":")
	if len(parts) == 3 {
		if !digits(parts[0], 2, 4) {
			return false
		}
		parts = parts[1:]
	}
	return len(parts) == 2 && digits(parts[0], 2, 2) && digits(parts[1], 2, 2) && parts[0] < "60" && parts[1] < "60"
}

func digits(s string, low, high int) bool {
	return len(s) >= low && len(s) <= high && strings.Trim(s, "0123456789") == ""
}

// plain is a line of a cue without tags and what could be taken for an arrow.
func plain(s string) string {
	var out strings.Builder
	for tag := false; s != ""; {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '<':
			tag = true
		case r == '>' && tag:
			tag = false
		case !tag:
			out.WriteRune(r)
		}
		s = s[n:]
	}
	return text.Line(strings.ReplaceAll(out.String(), "-->", "→"))
}
