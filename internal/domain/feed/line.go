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

// signal is a long view or a report in the log: "vid_01k…:l0" was watched long
// by somebody of the first half of viewers, "vid_01k…:r" was reported.
type signal struct {
	Video string
	Long  bool
	Half  int
}

func appendSignal(to []byte, s signal) []byte {
	if len(to) > 0 {
		to = append(to, ',')
	}
	to = append(append(to, s.Video...), ':')
	if !s.Long {
		return append(to, 'r')
	}
	return append(to, 'l', byte('0'+s.Half))
}

// eachSignal calls f for the signals of a text.
func eachSignal(text string, f func(signal)) error {
	for more := text != ""; more; {
		var item string
		item, text, more = strings.Cut(text, ",")
		video, rest, _ := strings.Cut(item, ":")
		s := signal{Video: video, Long: rest != "r"}
		if rest == "l1" {
			s.Half = 1
		}
		if video == "" || s.Long && rest != "l0" && rest != "l1" {
			return fmt.Errorf("%q is not a signal", item)
		}
		f(s)
	}
	return nil
}
