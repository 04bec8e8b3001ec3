package page_test

import (
	"testing"

	"github.com/openstall/openstall/internal/kit/page"
)

func FuzzParse(f *testing.F) {
	f.Add(page.Cursor{At: 7, ID: "ord_1"}.String())
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := page.Parse(s)
		if err != nil {
			return
		}
		if again, err := page.Parse(c.String()); err != nil || again != c {
			t.Errorf("Parse(String(%+v)) = %+v, %v", c, again, err)
		}
	})
}

func TestCutLeavesTheExtraRowForTheNextPage(t *testing.T) {
	key := func(i int) page.Cursor { return page.Cursor{At: int64(i), ID: "x"} }
	p := page.Cut([]int{5, 4, 3}, 2, key)
	if len(p.Items) != 2 || p.Next != key(4).String() {
		t.Errorf("Cut = %+v", p)
	}
	if p := page.Cut([]int{5}, 2, key); p.Next != "" {
		t.Errorf("last page has a next: %+v", p)
	}
	if p := page.Cut[int](nil, 2, key); p.Items == nil {
		t.Error("an empty page is null")
	}
}
