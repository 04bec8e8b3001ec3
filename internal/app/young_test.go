package app_test

import (
	"net/http"
	"testing"

	"github.com/openstall/openstall/internal/domain/video"
)

func TestYoungIsSaidOnceWithPrivacy(t *testing.T) {
	eachFair(t, 12, 1, func(f *fair) {
		t := f.t
		const path, privacy = "/v1/discover/settings", "/v1/me/privacy"
		f.call(http.StatusOK, "rosa", "PUT", path, object{"autoplay": true, "taste_percent": 40, "young": false})
		minor := func(is bool) {
			t.Helper()
			f.call(http.StatusOK, "rosa", "PUT", privacy, object{"likes_visible": "off", "findable": false, "minor": is})
		}
		minor(true)
		s := f.call(http.StatusOK, "rosa", "GET", path, nil)
		if s["young"] != true || s["autoplay"] != false || s["taste_percent"] != 0.0 || s["night_quiet"].(object)["from"] != "22:00" {
			t.Errorf("of a minor: %v", s)
		}
		if p := f.call(http.StatusConflict, "rosa", "PUT", path, object{"autoplay": false, "taste_percent": 0, "young": false}); p["code"] != "discover.young_there" {
			t.Errorf("said here: %v", p)
		}
		f.call(http.StatusConflict, "rosa", "PUT", path, object{"autoplay": true, "taste_percent": 0, "young": true})
		f.tell(video.TopicPublished, f.videos...)
		for _, it := range itemsOf(f.call(http.StatusOK, "rosa", "POST", "/v1/discover/pages", object{})) {
			if r := it["reason"].(object); r["kind"] == "affinity" || r["fits"] == true {
				t.Errorf("chosen by the taste of a minor: %v", r)
			}
		}
		minor(false)
		if s := f.call(http.StatusOK, "rosa", "GET", path, nil); s["young"] != false || s["autoplay"] != true || s["taste_percent"] != 40.0 || s["night_quiet"] != nil {
			t.Errorf("as before: %v", s)
		}
	})
}
