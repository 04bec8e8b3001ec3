package app_test

import (
	"net/url"
	"sort"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/media/codec/codectest"
)

// finds lists what who finds, as "kind title".
func (s *stall) finds(who, question, kind string) []string {
	s.t.Helper()
	if err := s.app.Hear(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	q := url.Values{"q": {question}}
	if kind != "" {
		q.Set("kind", kind)
	}
	out := []string{}
	for _, it := range s.call(200, who, "GET", "/v1/search?"+q.Encode(), nil)["items"].([]any) {
		f := it.(object)
		out = append(out, f["kind"].(string)+" "+f["title"].(object)["en"].(string))
	}
	sort.Strings(out)
	return out
}

func TestSearchFindsWhatIsPublic(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		ben := s.person("ben")
		id := s.published(film, object{"caption": "How we fillet 鲭鱼", "topics": []string{"recipe"}})
		s.published(film, object{"caption": "Secret mackerel", "visibility": "followers"})
		if _, err := s.app.Shows.Create(t.Context(), s.shop.ID, show.Plan{Title: map[string]string{"en": "Draft mackerel"}}); err != nil {
			t.Fatal(err)
		}
		want := func(who, question, kind string, want ...string) {
			t.Helper()
			if got := s.finds(who, question, kind); !same(got, want...) {
				t.Errorf("%q finds for %q of %q: %v, want %v", who, question, kind, got, want)
			}
		}
		want("", "mackerel", "", "product Mackerel")
		want("", "鲭鱼", "", "product Mackerel", "video How we fillet 鲭鱼")
		want("", "鱼", "video", "video How we fillet 鲭鱼")
		want("", "recipe", "", "video How we fillet 鲭鱼")
		want("", "早市", "", "show Landing")
		want("", "marlow", "shop", "shop Marlow’s Fish")
		want("", "marl fish", "person")
		want("", "rosa", "")
		s.call(200, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "off", "minor": false, "findable": true})
		want("ben", "rosa", "", "person rosa")
		s.call(200, "rosa", "PUT", "/v1/people/"+ben+"/block", nil)
		want("ben", "rosa", "")
		want("", "rosa", "person", "person rosa")
		s.call(200, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "off", "minor": true, "findable": false})
		want("", "rosa", "")
		s.call(200, "marlow", "PATCH", s.base()+"/"+id, object{"visibility": "link"})
		want("", "recipe", "")
		s.call(200, "marlow", "PATCH", s.base()+"/"+id, object{"visibility": "public", "caption": "Hake"})
		want("", "hake", "", "video Hake")
		want("", "fillet", "")
		s.call(204, "marlow", "DELETE", s.base()+"/"+id, nil)
		want("", "hake", "")
		for _, q := range []string{"", `"`, "AND", "* :*", strings.Repeat("x", 1000), "\x00", "'; --"} {
			want("", q, "")
		}
	})
}

func TestEmptyIndexIsMadeAnew(t *testing.T) {
	eachStall(t, func(s *stall) {
		t, ctx := s.t, s.t.Context()
		if err := s.app.Hear(ctx); err != nil {
			t.Fatal(err)
		}
		want := s.finds("", "mackerel", "")
		tables := []string{"search_doc"}
		if !s.app.DB.Postgres() {
			tables = append(tables, "search_fts")
		}
		for _, table := range tables {
			if _, err := s.app.DB.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.finds("", "mackerel", ""); len(got) != 0 {
			t.Errorf("an empty index finds %v", got)
		}
		if err := s.app.FillSearch(ctx); err != nil {
			t.Fatal(err)
		}
		for question, want := range map[string][]string{"mackerel": want, "早市": {"show Landing"}, "marlow": {"product Mackerel", "shop Marlow’s Fish", "show Landing"}} {
			if got := s.finds("", question, ""); !same(got, want...) || len(got) == 0 {
				t.Errorf("%q finds %v, want %v", question, got, want)
			}
		}
	})
}
