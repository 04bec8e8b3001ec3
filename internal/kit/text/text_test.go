package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/text"
)

func TestLineIsOneCleanLine(t *testing.T) {
	for in, want := range map[string]string{
		"  Hake,\n whole ": "Hake, whole",
		"a\x00b\u202ec":    "abc",
		"cafe\u0301":       "café",
		"鲜\u3000鱼":         "鲜 鱼",
	} {
		if got := text.Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\n\nb")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Line(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00") || text.Line(got) != got {
			t.Errorf("Line(%q) = %q", s, got)
		}
		if got := text.Lines(s); text.Lines(got) != got {
			t.Errorf("Lines(%q) is not settled: %q", s, got)
		}
	})
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{"Marlow’s Fish": "marlows-fish", "Ångström & Söhne": "angstrom-sohne", "阿珍水产": "", "--a--": "a"} {
		if got := text.Slug(in); got != want {
			t.Errorf("Slug(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanDropsUnknownLanguages(t *testing.T) {
	got, err := text.Local{"en": " Hake ", "xx": "nope", "zh": ""}.Clean(10, false)
	if err != nil || len(got) != 1 || got["en"] != "Hake" {
		t.Errorf("Clean = %v, %v", got, err)
	}
	if _, err := (text.Local{"en": strings.Repeat("a", 11)}).Clean(10, false); err == nil {
		t.Error("11 characters passed for 10")
	}
}

func FuzzCellNeverRuns(f *testing.F) {
	for _, s := range []string{"=1", "+1", "-1", "@a", "\t=1", "+49 151 234", "", "  ", "a=1", "\r\n=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := text.Cell(s)
		if out != s && out != "'"+s {
			t.Errorf("%q became %q", s, out)
		}
		trimmed := strings.TrimLeft(out, " ")
		if trimmed == "" {
			return
		}
		if strings.ContainsRune("=-@\t\r\n", rune(trimmed[0])) || trimmed[0] == '+' && strings.Trim(trimmed, "+0123456789 ") != "" {
			t.Errorf("%q would run", out)
		}
	})
}
