package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/media/codec/codectest"
)

// published posts a film and shows it.
func (s *stall) published(film []byte, more object) string {
	s.t.Helper()
	id := s.posted(film, more)
	s.work()
	s.call(200, "marlow", "POST", s.base()+"/"+id+"/publish", object{})
	s.set(s.now().Add(time.Minute))
	return id
}

// befriend makes two people follow each other and returns their ids.
func (s *stall) befriend(a, b string) (string, string) {
	s.t.Helper()
	ids := [2]string{s.person(a), s.person(b)}
	s.call(200, a, "PUT", "/v1/people/"+ids[1]+"/follow", nil)
	if st := s.call(200, b, "PUT", "/v1/people/"+ids[0]+"/follow", nil); st["friend"] != true {
		s.t.Fatalf("%s and %s: %v", a, b, st)
	}
	return ids[0], ids[1]
}

// listed are the ids of the videos in a list as who sees it.
func (s *stall) listed(who, path string) []string {
	s.t.Helper()
	var out []string
	for next := ""; ; {
		at := path
		if next != "" {
			at += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "after=" + url.QueryEscape(next)
		}
		p := s.call(200, who, "GET", at, nil)
		for _, it := range p["items"].([]any) {
			v := it.(object)
			if inner, ok := v["video"].(object); ok {
				v = inner
			}
			out = append(out, v["id"].(string))
		}
		if next, _ = p["next"].(string); next == "" {
			return out
		}
	}
}

func same(a []string, b ...string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

var tiny = codectest.Clip{Seconds: 1, Size: "160x120"}

func TestFriendsSeeLikesByConsentOnly(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		rosa, ben := s.befriend("rosa", "ben")
		one, two, hidden := s.published(film, nil), s.published(film, nil), s.published(film, object{"visibility": "link"})
		feed := func() []string { return s.listed("ben", "/v1/friends/videos") }
		s.call(200, "rosa", "PUT", "/v1/videos/"+one+"/like", nil)
		if got := feed(); len(got) != 0 {
			t.Errorf("without consent ben sees %v", got)
		}
		s.call(200, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "off", "minor": false, "findable": true})
		if got := feed(); len(got) != 0 {
			t.Errorf("after a no ben sees %v", got)
		}
		s.call(200, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "on", "minor": false, "findable": false})
		s.set(s.now().Add(time.Minute))
		s.call(200, "rosa", "POST", "/v1/shares", object{"kind": "video", "target": two})
		s.call(200, "rosa", "PUT", "/v1/videos/"+hidden+"/like", nil)
		if got := feed(); !same(got, two, one) {
			t.Errorf("ben sees %v, want %v then %v", got, two, one)
		}
		item := s.call(200, "ben", "GET", "/v1/friends/videos", nil)["items"].([]any)[0].(object)
		if item["what"] != "shared" || fmt.Sprint(item["people"]) != fmt.Sprint([]any{object{"id": rosa, "name": "rosa"}}) {
			t.Errorf("item: %v by %v", item["what"], item["people"])
		}
		if got := s.listed("marlow", "/v1/friends/videos"); len(got) != 0 {
			t.Errorf("a stranger sees %v", got)
		}
		s.call(403, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "on", "minor": true, "findable": false})
		s.call(200, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "unset", "minor": true, "findable": false})
		if got := feed(); len(got) != 0 {
			t.Errorf("of a minor ben sees %v", got)
		}
		s.call(200, "rosa", "PUT", "/v1/me/privacy", object{"likes_visible": "on", "minor": false, "findable": false})
		s.call(200, "ben", "PUT", "/v1/people/"+rosa+"/block", nil)
		if got := feed(); len(got) != 0 {
			t.Errorf("of somebody blocked ben sees %v", got)
		}
		s.call(403, "rosa", "PUT", "/v1/people/"+ben+"/follow", nil)
	})
}

func TestBlockedPeopleAreNotHeard(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		rosa, ben := s.person("rosa"), s.person("ben")
		at := "/v1/videos/" + s.published(film, nil) + "/comments"
		said := s.call(201, "rosa", "POST", at, object{"text": "Fresh?"})["id"]
		s.call(201, "ben", "POST", at, object{"text": "No", "parent": said})
		if c := s.call(201, "marlow", "POST", at, object{"text": "Landed today", "parent": said}); c["person"] != nil {
			t.Errorf("the shop speaks as %v", c["person"])
		}
		if c := s.call(200, "", "GET", at, nil)["items"].([]any)[0].(object); c["person"] != rosa {
			t.Errorf("a comment of %v, want rosa's", c["person"])
		}
		s.call(200, "rosa", "PUT", "/v1/people/"+ben+"/block", nil)
		s.set(s.now().Add(time.Minute))
		s.call(201, "ben", "POST", at, object{"text": "Do not buy"})
		s.set(s.now().Add(time.Minute))
		if p := s.call(403, "ben", "POST", at, object{"text": "Ha", "parent": said}); p["code"] != "social.blocked" {
			t.Errorf("reply: %v", p)
		}
		for who, want := range map[string]int{"rosa": 1, "ben": 2, "": 2} {
			if all := s.call(200, who, "GET", at, nil)["items"].([]any); len(all) != want {
				t.Errorf("%q reads %d comments, want %d", who, len(all), want)
			}
		}
		if all := s.call(200, "rosa", "GET", at+"?parent="+said.(string), nil)["items"].([]any); len(all) != 1 {
			t.Errorf("rosa reads the answers %v", all)
		}
		p := s.call(200, "ben", "GET", "/v1/people/"+rosa, nil)
		if p["name"] != "rosa" || p["blocked"] != false || len(p) != 7 {
			t.Errorf("ben sees of rosa %v", p)
		}
	})
}

func TestShopsTakeTurnsInFollowing(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		first := s.shop
		other, err := s.app.Shops.Open(t.Context(), s.person("marlow"), shop.Draft{Name: text.Both("Quay Books", ""), Pack: "books", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		s.shop = other
		bare := object{"products": []string{}, "show": ""}
		quiet := s.published(film, bare)
		hidden := s.published(film, object{"products": []string{}, "show": "", "visibility": "friends"})
		s.shop = first
		eager := []string{s.published(film, nil), s.published(film, nil), s.published(film, object{"visibility": "followers"})}
		s.shop = other
		if got := s.listed("rosa", "/v1/following/videos"); len(got) != 0 {
			t.Errorf("following nobody shows %v", got)
		}
		for _, sh := range []string{first.ID, other.ID} {
			s.call(200, "rosa", "PUT", "/v1/shops/"+sh+"/follow", nil)
		}
		s.set(s.now().Add(24 * time.Hour))
		tomorrow := s.published(film, bare)
		if got := s.listed("rosa", "/v1/following/videos"); !same(got, tomorrow, eager[2], quiet, eager[1], eager[0]) {
			t.Errorf("following: %v\nwant %v", got, []string{tomorrow, eager[2], quiet, eager[1], eager[0]})
		}
		var paged []string
		for after, n := page.First, 0; n < 9; n++ {
			p, err := s.app.Videos.Following(t.Context(), s.person("rosa"), after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range p.Items {
				paged = append(paged, v.ID)
			}
			if p.Next == "" {
				break
			}
			if after, err = page.Parse(p.Next); err != nil {
				t.Fatal(err)
			}
		}
		if !same(paged, tomorrow, eager[2], quiet, eager[1], eager[0]) {
			t.Errorf("two at a time: %v", paged)
		}
		s.call(422, "rosa", "GET", "/v1/following/videos?after="+page.Cursor{At: 5, ID: "no turn"}.String(), nil)
		s.befriend("rosa", "marlow")
		if got := s.listed("rosa", "/v1/shops/"+other.ID+"/videos"); !same(got, tomorrow, hidden, quiet) {
			t.Errorf("a friend of the owner sees %v", got)
		}
		s.call(200, "rosa", "GET", "/v1/videos/"+hidden, nil)
		s.call(404, "", "GET", "/v1/videos/"+hidden, nil)
		s.person("ben")
		s.call(404, "ben", "GET", "/v1/videos/"+hidden, nil)
	})
}

func TestPlacesTopicsAndFavourites(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		hamburg := s.published(film, object{"place": "Hamburg, Fischmarkt", "topics": []string{"鱼", "a b/c"}})
		ningbo := s.published(film, object{"place": "宁波 100%", "topics": []string{"鱼"}})
		for place, want := range map[string][]string{"hamburg": {hamburg}, "宁波": {ningbo}, "%": {ningbo}, "_": nil, `\`: nil, "": nil, "' OR 1=1 --": nil} {
			if got := s.listed("", "/v1/nearby/videos?place="+url.QueryEscape(place)); !same(got, want...) {
				t.Errorf("near %q: %v, want %v", place, got, want)
			}
		}
		if all := s.call(200, "", "GET", "/v1/places", nil)["items"].([]any); len(all) != 2 {
			t.Errorf("places %v", all)
		}
		for topic, want := range map[string][]string{"鱼": {ningbo, hamburg}, "#鱼": {ningbo, hamburg}, "A b/c": {hamburg}, "none": nil} {
			if got := s.listed("", "/v1/topics/"+url.PathEscape(topic)+"/videos"); !same(got, want...) {
				t.Errorf("topic %q: %v, want %v", topic, got, want)
			}
		}
		s.call(200, "marlow", "PATCH", s.base()+"/"+ningbo, object{"topics": []string{"crab"}})
		if got := s.listed("", "/v1/topics/"+url.PathEscape("鱼")+"/videos"); !same(got, hamburg) {
			t.Errorf("after a topic was taken away: %v", got)
		}
		for range 2 {
			s.call(200, "rosa", "PUT", "/v1/videos/"+hamburg+"/favourite", nil)
		}
		s.set(s.now().Add(time.Minute))
		s.call(200, "rosa", "PUT", "/v1/videos/"+ningbo+"/favourite", nil)
		if got := s.listed("rosa", "/v1/me/favourites"); !same(got, ningbo, hamburg) {
			t.Errorf("favourites %v", got)
		}
		if v := s.call(200, "rosa", "GET", "/v1/videos/"+ningbo, nil); v["favourite"] != true {
			t.Errorf("favourite %v", v["favourite"])
		}
		s.call(200, "marlow", "POST", s.base()+"/"+hamburg+"/unpublish", nil)
		s.call(200, "rosa", "DELETE", "/v1/videos/"+ningbo+"/favourite", nil)
		if got := s.listed("rosa", "/v1/me/favourites"); len(got) != 0 {
			t.Errorf("favourites %v, want none", got)
		}
		s.call(404, "rosa", "PUT", "/v1/videos/"+hamburg+"/favourite", nil)
		s.call(204, "marlow", "DELETE", s.base()+"/"+ningbo, nil)
	})
}

func TestVideoIsSentToFriendsAndGroups(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		rosa, ben := s.befriend("rosa", "ben")
		_, lena := s.befriend("rosa", "lena")
		carl := s.person("carl")
		id := s.published(film, nil)
		send := "/v1/videos/" + id + "/send"
		none := []string{}

		s.call(403, "rosa", "POST", send, object{"people": []string{carl}, "groups": none})
		s.call(422, "rosa", "POST", send, object{"people": none, "groups": none})
		s.call(404, "rosa", "POST", send, object{"people": none, "groups": []string{"grp_none"}})
		s.call(422, "rosa", "POST", send, object{"people": []string{ben}, "groups": none, "words": strings.Repeat("鱼", 301)})
		hidden := s.published(film, object{"visibility": "followers"})
		s.call(404, "rosa", "POST", "/v1/videos/"+hidden+"/send", object{"people": []string{ben}, "groups": none})
		s.call(403, "rosa", "POST", "/v1/me/groups", object{"name": "Cooks", "people": []string{carl}})
		s.call(422, "rosa", "POST", "/v1/me/groups", object{"name": " ", "people": []string{ben}})

		g := s.call(201, "rosa", "POST", "/v1/me/groups", object{"name": " Cooks ", "people": []string{ben, lena, ben}})
		if g["name"] != "Cooks" || g["mine"] != true || len(g["people"].([]any)) != 2 {
			t.Errorf("group %v", g)
		}
		if sent := s.call(200, "rosa", "POST", send, object{"people": []string{ben}, "groups": none, "words": " Look\u202e! "}); sent["people"] != 1.0 {
			t.Errorf("sent %v", sent)
		}
		s.set(s.now().Add(time.Minute))
		// Ben and Lena are no friends, but in one group.
		if sent := s.call(200, "ben", "POST", send, object{"people": none, "groups": []any{g["id"]}}); sent["people"] != 2.0 {
			t.Errorf("sent to the group %v", sent)
		}
		s.call(404, "carl", "POST", send, object{"people": none, "groups": []any{g["id"]}})

		inbox := func(who string) []any { return s.call(200, who, "GET", "/v1/me/inbox", nil)["items"].([]any) }
		got := inbox("ben")
		if len(got) != 1 {
			t.Fatalf("ben has %v", got)
		}
		l := got[0].(object)
		if l["words"] != "Look!" || l["from"].(object)["id"] != rosa || l["video"].(object)["id"] != id || l["read"] != false || l["group"] != nil {
			t.Errorf("letter %v", l)
		}
		if l := inbox("lena")[0].(object); l["group"] != "Cooks" || l["from"].(object)["name"] != "ben" {
			t.Errorf("through the group: %v", l)
		}
		res := s.send("", "GET", l["url"].(string), nil)
		if res.Request.URL.Path != "/videos/"+id {
			t.Errorf("its link leads to %s", res.Request.URL)
		}
		if v := s.call(200, "ben", "GET", "/v1/me/inbox/unread", nil); v["unread"] != float64(len(got)) {
			t.Errorf("%v unread of %d", v["unread"], len(got))
		}
		s.call(204, "ben", "POST", "/v1/me/inbox/read", nil)
		if v := s.call(200, "ben", "GET", "/v1/me/inbox/unread", nil); v["unread"] != 0.0 {
			t.Errorf("%v unread after reading", v["unread"])
		}
		if l := inbox("ben")[0].(object); l["read"] != true {
			t.Errorf("after reading: %v", l["read"])
		}
		if err := s.app.Hear(t.Context()); err != nil {
			t.Fatal(err)
		}
		titles := map[string]bool{}
		for _, n := range s.call(200, "ben", "GET", "/v1/me/notices", nil)["items"].([]any) {
			titles[n.(object)["title"].(object)["en"].(string)] = true
		}
		if !titles["rosa sent you a video"] || !titles["rosa follows you"] {
			t.Errorf("ben is told %v", titles)
		}

		s.call(200, "lena", "PUT", "/v1/people/"+ben+"/block", nil)
		if v := s.call(200, "lena", "GET", "/v1/me/inbox/unread", nil); v["unread"] != 0.0 {
			t.Errorf("%v unread of somebody blocked", v["unread"])
		}
		if got := inbox("lena"); len(got) != 0 {
			t.Errorf("of somebody blocked lena has %v", got)
		}
		s.call(200, "ben", "POST", send, object{"people": none, "groups": []any{g["id"]}})
		s.call(200, "lena", "DELETE", "/v1/people/"+ben+"/block", nil)
		if got := inbox("lena"); len(got) != 1 {
			t.Errorf("what was sent over a block arrived: %v", got)
		}
		s.call(200, "marlow", "POST", s.base()+"/"+id+"/unpublish", nil)
		if l := inbox("ben")[0].(object); l["video"] != nil {
			t.Errorf("a video that is no more: %v", l["video"])
		}
		s.call(404, "ben", "PUT", "/v1/me/groups/"+g["id"].(string), object{"name": "Mine", "people": none})
		s.call(204, "ben", "DELETE", "/v1/me/groups/"+g["id"].(string), nil)
		s.call(404, "ben", "DELETE", "/v1/me/groups/"+g["id"].(string), nil)
		if g := s.call(200, "rosa", "PUT", "/v1/me/groups/"+g["id"].(string), object{"name": "Cook", "people": []string{lena}}); g["name"] != "Cook" || len(g["people"].([]any)) != 1 {
			t.Errorf("changed group %v", g)
		}
		s.call(204, "rosa", "DELETE", "/v1/me/groups/"+g["id"].(string), nil)
		for _, who := range []string{"rosa", "lena"} {
			if all := s.call(200, who, "GET", "/v1/me/groups", nil)["items"].([]any); len(all) != 0 {
				t.Errorf("%s is in %v", who, all)
			}
		}
	})
}
