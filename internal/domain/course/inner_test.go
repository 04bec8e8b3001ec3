package course

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var secret = []byte("a secret of this market")

func TestATicketOpensItsLessonUntilItsTime(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ticket := Ticket{Lesson: "les_1", For: "enr_1", Until: now.Add(TicketFor)}
	s := ticket.sign(secret)
	got, err := parseTicket(secret, s, now)
	if err != nil || got != ticket {
		t.Fatalf("%q is %+v, %v", s, got, err)
	}
	for _, tt := range []struct {
		name, ticket string
		at           time.Time
	}{
		{"its time is over", s, now.Add(TicketFor)},
		{"another lesson's name on it", strings.Replace(s, "les_1", "les_2", 1), now},
		{"another buyer's name on it", strings.Replace(s, "enr_1", "enr_2", 1), now},
		{"made longer", Ticket{"les_1", "enr_1", now.Add(time.Hour)}.sign(secret)[:len("les_1.enr_1.")] + s[len("les_1.enr_1."):] + "0", now},
		{"signed by another market", ticket.sign([]byte("another")), now},
		{"no proof", "les_1.preview.zzzzzz.", now},
		{"nothing", "", now},
		{"too many parts", s + ".x", now},
		{"a path", "../../" + s, now},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := parseTicket(secret, tt.ticket, tt.at); !errors.Is(err, ErrTicket) {
				t.Errorf("%q opens %+v, %v", tt.ticket, got, err)
			}
		})
	}
}

func FuzzTicket(f *testing.F) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f.Add(Ticket{"les_1", ForAll, now.Add(time.Minute)}.sign(secret))
	f.Add("les_1.preview.t0v2c0.AAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("...")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := parseTicket(secret, s, now); err == nil && got.sign(secret) != s {
			t.Errorf("%q does not come back from %+v", s, got)
		}
	})
}

func span(t *rapid.T) Span {
	return Span{rapid.Int64Range(-1000, 700_000).Draw(t, "from"), rapid.Int64Range(-1000, 700_000).Draw(t, "to")}
}

func TestWhatWasSeenNeverBecomesLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := time.Duration(rapid.Int64Range(0, 600_000).Draw(t, "length")) * time.Millisecond
		var seen []Span
		for range rapid.IntRange(1, 8).Draw(t, "reports") {
			more := rapid.SliceOfN(rapid.Custom(span), 0, 100).Draw(t, "more")
			before := seen
			seen = merge(before, more, length)
			if total(seen) < total(before) || total(seen) > length.Milliseconds() || len(seen) > maxSpans {
				t.Fatalf("%v and %v of %v become %v", before, more, length, seen)
			}
			for i, s := range seen {
				if s.From >= s.To || s.From < 0 || i > 0 && s.From <= seen[i-1].To {
					t.Fatalf("%v is not in order and apart", seen)
				}
			}
			again := merge(seen, more, length)
			if total(again) < total(seen) {
				t.Fatalf("the same report again: %v becomes %v", seen, again)
			}
		}
	})
}

func TestASecondIsSeenOnce(t *testing.T) {
	got := merge([]Span{{0, 10_000}}, []Span{{5_000, 12_000}, {30_000, 90_000}, {12_400, 13_000}, {8, 3}, {-50, 100}}, time.Minute)
	if want := []Span{{0, 13_000}, {30_000, 60_000}}; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("seen %v, want %v", got, want)
	}
}

func TestProgressIsOfWhatWasPaidFor(t *testing.T) {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	lessons := []Lesson{
		{ID: "free", Preview: true, Film: Film{Length: minutes(10)}},
		{ID: "a", Film: Film{Length: minutes(30)}},
		{ID: "b", Film: Film{Length: minutes(10)}},
	}
	seen := map[string]Progress{"free": {Time: minutes(10)}, "a": {Time: minutes(10)}}
	for _, tt := range []struct {
		name    string
		bought  time.Duration
		lessons []Lesson
		used    int64
	}{
		{"a quarter of it was seen", minutes(40), lessons, 250_000},
		{"lessons that come make it less", minutes(40), append(lessons[:3:3], Lesson{ID: "c", Film: Film{Length: minutes(60)}}), 100_000},
		{"lessons that go do not make it more", minutes(40), lessons[:2], 250_000},
		{"a lesson that went was seen all the same", minutes(40), []Lesson{lessons[0], {ID: "a", gone: true}, lessons[2]}, 250_000},
		{"nothing to pay for", 0, lessons[:1], 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := standing(Enrolment{length: tt.bought.Milliseconds()}, tt.lessons, seen); got.Used != tt.used {
				t.Errorf("used %d, want %d", got.Used, tt.used)
			}
		})
	}
}

const captions = "\uFEFFWEBVTT Kind: captions\r\n\r\nSTYLE\r\n::cue { background: url(https://elsewhere.example/x) }\r\n\r\nNOTE a comment\r\n\r\n1\r\n00:01.000 --> 00:04.500 line:0 position:20%\r\n<v Ngozi>Half of a <b>loaf</b>\r\nis two quarters.\r\n\r\n00:00:05.000 --> 00:00:07.000\r\n<script>alert(1)</script>\r\n"

func TestCaptionsKeepTheirWordsOnly(t *testing.T) {
	got, err := cleanCaptions(captions)
	want := "WEBVTT\n\n00:01.000 --> 00:04.500\nHalf of a loaf\nis two quarters.\n\n00:00:05.000 --> 00:00:07.000\nalert(1)\n"
	if err != nil || got != want {
		t.Errorf("%q, %v\nwant %q", got, err, want)
	}
	for _, bad := range []string{"", "1\n00:00:01,000 --> 00:00:02,000\nSubRip\n", "WEBVTT\n\nno cue", "WEBVTTX\n\n00:01.000 --> 00:02.000\nx\n", "WEBVTT\n\n00:01.000 --> 00:61.000\nx\n", strings.Repeat("x", MaxCaptions+1)} {
		if got, err := cleanCaptions(bad); !errors.Is(err, ErrCaptions) {
			t.Errorf("%.40q becomes %q, %v", bad, got, err)
		}
	}
}

func FuzzCaptions(f *testing.F) {
	f.Add(captions)
	f.Add("WEBVTT\n\n00:01.000 --> 00:02.000\n<c>--><")
	f.Fuzz(func(t *testing.T, file string) {
		got, err := cleanCaptions(file)
		if err != nil {
			return
		}
		again, err := cleanCaptions(got)
		if err != nil || again != got {
			t.Errorf("%q is cleaned to %q, that to %q, %v", file, got, again, err)
		}
		if strings.ContainsAny(got, "<") {
			t.Errorf("%q has tags", got)
		}
	})
}
