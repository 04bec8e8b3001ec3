package demo

import "testing"

// The demo market has enough to look at in every trade, in two languages.
func TestEveryStallHasSomethingToShow(t *testing.T) {
	all, seen := postings(1<<20), map[string]bool{}
	if len(all) < 120 || len(all) < beforeOpening {
		t.Errorf("%d clips", len(all))
	}
	for _, st := range stalls {
		zh, en := 0, 0
		for _, p := range all {
			if p.stall.slug != st.slug {
				continue
			}
			sold := false
			for _, w := range st.goods {
				sold = sold || w.picture == p.picture
			}
			if !sold || seen[p.words] || len(p.topics) == 0 {
				t.Errorf("%s: %q shows %s", st.slug, p.words, p.picture)
			}
			seen[p.words] = true
			if p.zh {
				zh++
			} else {
				en++
			}
		}
		if zh < 2 || en < 2 || zh+en < 9 {
			t.Errorf("%s: %d clips in Chinese, %d in English", st.slug, zh, en)
		}
	}
}
