package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/search"
)

var day = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func fill(t testing.TB, x *search.Index, titles ...string) {
	t.Helper()
	for i, title := range titles {
		if err := x.Put(t.Context(), search.Doc{Kind: "goods", ID: fmt.Sprint(i), Title: title, At: day.Add(time.Duration(i) * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
}

func found(t testing.TB, x *search.Index, question string) []string {
	t.Helper()
	p, err := x.Find(t.Context(), question, "", page.First, 50)
	if err != nil {
		t.Fatalf("Find(%q): %v", question, err)
	}
	ids := []string{}
	for _, h := range p.Items {
		ids = append(ids, h.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestWordsAreFoundInEveryScript(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := search.New(d)
		fill(t, x,
			"Mackerel, line-caught",       // 0
			"夏季新款连衣裙 Summer dress 2026",   // 1
			"手机壳 iPhone 15 透明",            // 2
			"大学生应聘指南",                     // 3
			"Crème brûlée ＡＢＣ",            // 4
			"とても新鮮なサバ",                    // 5
			"Свежая скумбрия",             // 6
			"1e5 12abc 007 x86 3,50",      // 7
			"신선한 고등어",                     // 8
			"don't stop; DROP TABLE fish", // 9
			"裙子 dresses",                  // 10
		)
		for question, want := range map[string][]string{
			"mackerel": {"0"}, "MACK": {"0"}, "line caught": {"0"}, "caught line": {"0"}, "mackerel dress": {}, "ackerel": {},
			"连衣裙": {"1"}, "裙": {"1", "10"}, "dress 连衣": {"1"}, "dress": {"1", "10"}, "summer dresses": {}, "衣连": {},
			"手机壳 iphone": {"2"}, "iph": {"2"}, "手机iphone": {"2"}, "大学生": {"3"}, "应聘": {"3"}, "学应": {},
			"creme brulee": {"4"}, "BRÛLÉE": {"4"}, "abc": {"4"}, "サバ": {"5"}, "скумбрия": {"6"}, "свеж": {"6"},
			"1e5": {"7"}, "12abc": {"7"}, "007": {"7"}, "x86": {"7"}, "3,50": {"7"}, "고등": {"8"},
			"drop table": {"9"}, "don't": {"9"},
		} {
			if got := found(t, x, question); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", question, got, want)
			}
		}
	}, search.Migrations)
}

func TestHostileQuestionsAreAnswered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := search.New(d)
		fill(t, x, "Mackerel")
		for _, q := range []string{"", " ", "!!!", `"`, `""`, `'`, `\`, "*", "AND", "OR NOT", "NEAR(a b)", "title:mackerel", "a*b", "(((", "-mackerel", "^mack", "&|!<->", ":*", "\x00", "\xff\xfe",
			"mackerel\x00", "'; DROP TABLE search_doc; --", strings.Repeat("a", 100_000), strings.Repeat("鱼", 100_000), strings.Repeat("a ", 10_000), "😀", "́", "\u202e", "%", "_", "$1", "{title}"} {
			found(t, x, q)
		}
		if got := found(t, x, "mackerel"); len(got) != 1 {
			t.Errorf("afterwards %v", got)
		}
	}, search.Migrations)
}

func TestDocumentIsFoundByItsPresentWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x, ctx := search.New(d), t.Context()
		if e, err := x.Empty(ctx); err != nil || !e {
			t.Errorf("Empty = %v, %v", e, err)
		}
		for _, title := range []string{"Mackerel", "Mackerel", "Hake"} {
			if err := x.Put(ctx, search.Doc{Kind: "goods", ID: "a", Title: title, Body: "fresh", At: day}); err != nil {
				t.Fatal(err)
			}
		}
		if a, b, c := found(t, x, "mackerel"), found(t, x, "hake"), found(t, x, "hake fresh"); len(a) != 0 || len(b) != 1 || len(c) != 1 {
			t.Errorf("found %v, %v, %v", a, b, c)
		}
		if e, err := x.Empty(ctx); err != nil || e {
			t.Errorf("Empty = %v, %v", e, err)
		}
		for range 2 {
			if err := x.Delete(ctx, "goods", "a"); err != nil {
				t.Fatal(err)
			}
		}
		if got := found(t, x, "hake"); len(got) != 0 {
			t.Errorf("deleted and found: %v", got)
		}
	}, search.Migrations)
}

func TestTitlesComeFirstThenTheNewer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x, ctx := search.New(d), t.Context()
		for i, doc := range []search.Doc{{Kind: "a", Title: "other", Body: "鱼 fish"}, {Kind: "a", Title: "鱼 fish", Body: "x"}, {Kind: "b", Title: "鱼 fish", Body: "x"}} {
			doc.ID, doc.At = fmt.Sprint(i), day.Add(time.Duration(i)*time.Hour)
			if err := x.Put(ctx, doc); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for after := page.First; ; {
			p, err := x.Find(ctx, "fish", "", after, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range p.Items {
				got = append(got, h.ID)
			}
			if p.Next == "" {
				break
			}
			if after, err = page.Parse(p.Next); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, []string{"2", "1", "0"}) {
			t.Errorf("order %v", got)
		}
		if p, err := x.Find(ctx, "鱼", "b", page.First, 10); err != nil || len(p.Items) != 1 || p.Items[0] != (search.Hit{Kind: "b", ID: "2"}) {
			t.Errorf("of kind b: %v, %v", p.Items, err)
		}
		if p, err := x.Find(ctx, "fish", "", page.Cursor{At: -5, ID: "x"}, 10); err != nil || len(p.Items) != 3 {
			t.Errorf("a made-up cursor: %v, %v", p.Items, err)
		}
	}, search.Migrations)
}

// Whatever stands in a text is found by it.
func FuzzTextIsFoundByItself(f *testing.F) {
	for _, s := range []string{"Mackerel 鲭鱼", "1e5", "a\x00b", "ﬁ", "İstanbul", "ｶﾞ", "각", "x\u0301", "'\"\\", "٣", "²", "ß", "ǅ"} {
		f.Add(s)
	}
	d := dbtest.SQLite(f, search.Migrations)
	x := search.New(d)
	f.Fuzz(func(t *testing.T, s string) {
		if err := x.Put(t.Context(), search.Doc{Kind: "f", ID: "f", Title: s, At: day}); err != nil {
			t.Fatal(err)
		}
		p, err := x.Find(t.Context(), s, "f", page.First, 1)
		if err != nil {
			t.Fatal(err)
		}
		if q := search.Words(s); len(p.Items) == 0 && q > 0 {
			t.Errorf("%q is not found by itself (%d words)", s, q)
		}
	})
}
