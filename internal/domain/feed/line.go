package feed

import (
	"fmt"
	"strconv"
	"strings"
)

// logged is an item in the log. Its text is the video, a colon, the letter of
// its kind (as in [Config.Pattern]), the key of its reason unless that is 0, and
// marks: "vid_01k…:f97-!". Items of a page are parted by commas.
type logged struct {
	Video string
	Kind  Kind
	Key   uint32
	Fits  bool // +
	Paid  bool // - the show was one of those the video is owed
	First bool // ! of its line of business on this day
}

const kinds = " ftqa" // by Kind

// appendLogged adds an item to the text of a page.
func appendLogged(to []byte, it logged) []byte {
	if len(to) > 0 {
		to = append(to, ',')
	}
	to = append(append(to, it.Video...), ':', kinds[it.Kind])
	if it.Key > 0 {
		to = strconv.AppendUint(to, uint64(it.Key), 10)
	}
	for _, m := range []struct {
		on   bool
		mark byte
	}{{it.Fits, '+'}, {it.Paid, '-'}, {it.First, '!'}} {
		if m.on {
			to = append(to, m.mark)
		}
	}
	return to
}

// eachLogged calls f for the items of a page's text.
func eachLogged(text string, f func(logged)) error {
	for more := text != ""; more; {
		var item string
		item, text, more = strings.Cut(text, ",")
		it, ok := parseLogged(item)
		if !ok {
			return fmt.Errorf("item %q is not one of a page", item)
		}
		f(it)
	}
	return nil
}

func parseLogged(item string) (logged, bool) {
	video, rest, ok := strings.Cut(item, ":")
	if !ok || video == "" || rest == "" {
		return logged{}, false
	}
	it := logged{Video: video, Kind: Kind(max(0, strings.IndexByte(kinds[1:], rest[0])+1))}
	end := 1
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	if end > 1 {
		n, err := strconv.ParseUint(rest[1:end], 10, 32)
		if err != nil || n == 0 || rest[1] == '0' {
			return logged{}, false
		}
		it.Key = uint32(n)
	}
	for marks, at := rest[end:], 0; at < len(marks); at++ {
		order := strings.IndexByte("+-!", marks[at])
		if order < 0 || at > 0 && order <= strings.IndexByte("+-!", marks[at-1]) {
			return logged{}, false
		}
		it.Fits, it.Paid, it.First = it.Fits || order == 0, it.Paid || order == 1, it.First || order == 2
	}
	return it, it.Kind > 0
}

// signal is what moves figures beside pages: "vid_01k…:l0" was watched long by
// somebody of the first half of viewers, "vid_01k…:r" was reported, and
// "vid_01k…:c40" has left forty shows that it was owed to a copy of it.
type signal struct {
	Video string
	What  byte // l, r or c
	N     uint32
}

func appendSignal(to []byte, s signal) []byte {
	if len(to) > 0 {
		to = append(to, ',')
	}
	to = append(append(to, s.Video...), ':', s.What)
	if s.What == 'r' {
		return to
	}
	return strconv.AppendUint(to, uint64(s.N), 10)
}

// eachSignal calls f for the signals of a text.
func eachSignal(text string, f func(signal)) error {
	for more := text != ""; more; {
		var item string
		item, text, more = strings.Cut(text, ",")
		s, ok := parseSignal(item)
		if !ok {
			return fmt.Errorf("%q is not a signal", item)
		}
		f(s)
	}
	return nil
}

func parseSignal(item string) (signal, bool) {
	video, rest, _ := strings.Cut(item, ":")
	if video == "" || rest == "" {
		return signal{}, false
	}
	s := signal{Video: video, What: rest[0]}
	if rest == "r" {
		return s, true
	}
	n, err := strconv.ParseUint(rest[1:], 10, 32)
	s.N = uint32(n)
	if err != nil || strconv.FormatUint(n, 10) != rest[1:] {
		return signal{}, false
	}
	return s, s.What == 'l' && n < 2 || s.What == 'c' && n > 0
}
