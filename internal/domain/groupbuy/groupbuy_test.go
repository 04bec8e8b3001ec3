package groupbuy_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/groupbuy"
)

func TestOthersSeeAFirstNameOrLess(t *testing.T) {
	for _, tt := range []struct{ name, whole, want string }{
		{"a first name", "Rosa Blum", "Rosa"},
		{"one with a hyphen", "Anna-Lena Vogt", "Anna-Lena"},
		{"a Chinese name", "林小雨", "林**"},
		{"a Japanese name", "さくら 田中", "さ**"},
		{"an address of mail", "rosa@example.org", "r**"},
		{"a number", "+49 151 2345", "+**"},
		{"nothing", "  ", "*"},
		{"signs alone", "\u202e\u200b", "*"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := groupbuy.Masked(tt.whole); got != tt.want {
				t.Errorf("Masked(%q) = %q, want %q", tt.whole, got, tt.want)
			}
		})
	}
}

func FuzzMasked(f *testing.F) {
	for _, s := range []string{"Rosa Blum", "林小雨", "rosa@example.org", "\xff\xfe", "O’Brien 7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := groupbuy.Masked(name)
		if got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > 20 || strings.ContainsAny(got, "@ \n0123456789") && !strings.HasSuffix(got, "**") {
			t.Errorf("Masked(%q) = %q", name, got)
		}
	})
}

func TestAStepIsReachedByItsPeople(t *testing.T) {
	steps := []groupbuy.Step{{People: 3, Price: 990}, {People: 5, Price: 900}}
	for people, want := range map[int64]int64{0: 990, 2: 990, 3: 990, 4: 990, 5: 900, 9: 900} {
		if got := groupbuy.Reached(steps, people).Price; got != want {
			t.Errorf("%d people pay %d, want %d", people, got, want)
		}
	}
}
