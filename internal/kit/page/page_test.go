package page_test

import (
	"errors"
	"slices"
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

func TestAllGoesOverThePagesAndEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	list := func(last int) func(page.Cursor) (page.Of[int], error) {
		return func(after page.Cursor) (page.Of[int], error) {
			from := 9
			if after != page.First {
				from = int(after.At) - 1
			}
			if from < last {
				return page.Of[int]{}, broken
			}
			return page.Cut([]int{from, from - 1, from - 2}[:min(3, from+1)], 2, func(i int) page.Cursor { return page.Cursor{At: int64(i), ID: "x"} }), nil
		}
	}
	walk := func(last, most int) (seen []int, err error) {
		for i, e := range page.All(list(last)) {
			if e != nil {
				return seen, e
			}
			if seen = append(seen, i); len(seen) == most {
				break
			}
		}
		return seen, nil
	}
	for _, c := range []struct {
		last, most int
		want       []int
		err        error
	}{
		{0, 99, []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, nil},
		{6, 99, []int{9, 8, 7, 6}, broken},
		{0, 3, []int{9, 8, 7}, nil},
	} {
		if seen, err := walk(c.last, c.most); !slices.Equal(seen, c.want) || !errors.Is(err, c.err) {
			t.Errorf("All down to %d, %d at most: %v, %v", c.last, c.most, seen, err)
		}
	}
}
