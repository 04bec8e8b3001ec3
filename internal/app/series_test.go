package app_test

import (
	"fmt"
	"strings"
	"testing"
)

// note posts a photo that is published for whom it is meant, and returns its id.
func (s *stall) note(seed int, visibility string) string {
	s.t.Helper()
	photos := []string{s.picture(201, "marlow", s.shop.ID, photo(s.t, seed))}
	id := s.call(201, "marlow", "POST", s.base(), object{"photos": photos, "caption": fmt.Sprint("Step ", seed), "visibility": visibility})["id"].(string)
	s.call(200, "marlow", "POST", s.base()+"/"+id+"/publish", object{})
	return id
}

func TestSeriesShowsEverybodyTheirParts(t *testing.T) {
	eachStall(t, func(s *stall) {
		t := s.t
		at := "/v1/merchant/shops/" + s.shop.ID + "/series"
		one, two, three := s.note(1, "public"), s.note(2, "followers"), s.note(3, "public")
		id := s.call(201, "marlow", "POST", at, object{"title": " Filleting\u202e ", "parts": []string{three, two, one}})["id"].(string)
		s.call(200, "marlow", "PUT", at+"/"+id, object{"title": "Filleting", "parts": []string{one, two, three}})

		in := func(who, video string) string {
			x, _ := s.call(200, who, "GET", "/v1/videos/"+video, nil)["series"].(object)
			if x == nil {
				return ""
			}
			return strings.NewReplacer(one, "one", two, "two", three, "three", "<nil>", "-").Replace(fmt.Sprint(x["title"], " ", x["part"], "/", x["of"], " ", x["previous"], " ", x["next"]))
		}
		if got := in("", three); got != "Filleting 2/2 one -" {
			t.Errorf("everybody finds part three as %q", got)
		}
		s.call(200, "rosa", "PUT", "/v1/shops/"+s.shop.ID+"/follow", nil)
		if got := in("rosa", two); got != "Filleting 2/3 one three" {
			t.Errorf("a follower finds part two as %q", got)
		}
		if parts := s.call(200, "", "GET", "/v1/series/"+id, nil)["parts"].([]any); len(parts) != 2 || parts[1].(object)["id"] != three {
			t.Errorf("the page: %v", parts)
		}
		if items := s.call(200, "rosa", "GET", "/v1/shops/"+s.shop.Slug+"/series", nil)["items"].([]any); len(items) != 1 || items[0].(object)["count"] != 3.0 || items[0].(object)["cover"] == nil {
			t.Errorf("the list: %v", items)
		}

		other := s.call(201, "marlow", "POST", at, object{"title": "Other", "parts": []string{}})["id"].(string)
		if got := s.call(409, "marlow", "PUT", at+"/"+other, object{"title": "Other", "parts": []string{one}}); got["code"] != "video.in_series" {
			t.Errorf("in two series: %v", got)
		}
		s.call(422, "marlow", "PUT", at+"/"+other, object{"title": "Other", "parts": []string{"vid_none"}})
		s.call(422, "marlow", "PUT", at+"/"+id, object{"title": "Twice", "parts": []string{one, one}})
		s.call(422, "marlow", "PUT", at+"/"+id, object{"title": strings.Repeat("a", 61), "parts": []string{one}})
		s.call(404, "", "GET", "/v1/series/"+other, nil)
		s.call(404, "rosa", "PUT", at+"/"+id, object{"title": "Mine", "parts": []string{}})
		if items := s.call(200, "", "GET", "/v1/shops/"+s.shop.ID+"/series", nil)["items"].([]any); len(items) != 1 {
			t.Errorf("an empty series is listed: %v", items)
		}

		s.call(204, "marlow", "DELETE", s.base()+"/"+one, nil)
		if got := in("", three); got != "Filleting 1/1 - -" {
			t.Errorf("without part one part three is %q", got)
		}
		s.call(204, "marlow", "DELETE", at+"/"+id, nil)
		s.call(404, "", "GET", "/v1/series/"+id, nil)
		if got := in("", three); got != "" {
			t.Errorf("still in %q", got)
		}
	})
}
