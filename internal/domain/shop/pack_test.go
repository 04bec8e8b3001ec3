package shop_test

import (
	"errors"
	"testing"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
)

func TestEveryPackIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range shop.Packs() {
		if seen[p.Code] {
			t.Errorf("%s comes twice", p.Code)
		}
		seen[p.Code] = true
		both := map[string]text.Local{"name": p.Name, "example": p.Example, "return rule": p.ReturnRule.Text}
		keys := map[string]bool{}
		for _, f := range p.Fields {
			if keys[f.Key] {
				t.Errorf("%s: field %s comes twice", p.Code, f.Key)
			}
			keys[f.Key] = true
			both["field "+f.Key] = f.Label
			if (f.Kind == "choice") != (len(f.Choices) > 1) {
				t.Errorf("%s: field %s is a %s of %d", p.Code, f.Key, f.Kind, len(f.Choices))
			}
			for _, c := range f.Choices {
				both["choice "+f.Key+" "+c.Value] = c.Label
			}
			if !f.Unit.IsEmpty() {
				both["unit of "+f.Key] = f.Unit
			}
			if !f.Help.IsEmpty() {
				both["help of "+f.Key] = f.Help
			}
		}
		for what, words := range both {
			for _, tag := range text.Languages {
				if words[tag] == "" {
					t.Errorf("%s: %s has no words in %q", p.Code, what, tag)
				}
			}
		}
		if p.Ready && len(p.Fields) == 0 || len(p.Fulfilments) == 0 {
			t.Errorf("%s has %d fields and %d ways", p.Code, len(p.Fields), len(p.Fulfilments))
		}
	}
}

func TestACreamMayNotHeal(t *testing.T) {
	p, err := shop.PackOf("cosmetics")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		words   text.Local
		refused bool
	}{
		{text.Both("It heals dry skin.", ""), true},
		{text.Both("CURES everything", ""), true},
		{text.Both("Soft hands", "三天治愈湿疹"), true},
		{text.Both("Soft hands", "保湿护手"), false},
		{text.Both("The lid secures the cream. Healsome? No.", ""), false},
	} {
		if err := p.CheckClaims("about", tt.words); errors.Is(err, shop.ErrClaim) != tt.refused {
			t.Errorf("%v: %v, refused should be %v", tt.words, err, tt.refused)
		}
	}
	if fish, _ := shop.PackOf("fish"); fish.CheckClaims("about", text.Both("heals", "治愈")) != nil {
		t.Error("another trade has other rules")
	}
}
