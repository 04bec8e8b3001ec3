package app_test

import (
	"io"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/media/codec/codectest"
)

func TestSharedPageHasAPreview(t *testing.T) {
	film := codectest.Read(t, tiny, "a.mp4")
	eachStall(t, func(s *stall) {
		t := s.t
		open := s.published(film, object{"caption": `Fillets "fast" <b>&`})
		closed := s.published(film, object{"caption": "Hidden", "visibility": "followers"})
		code := s.call(200, "rosa", "POST", "/v1/shares", object{"kind": "video", "target": open})["url"].(string)
		page := func(path string, header ...string) string {
			t.Helper()
			res := s.send("", "GET", path, nil, header...)
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'self'") {
				t.Fatalf("%s: %s, %v", path, res.Status, err)
			}
			return string(b)
		}
		for _, path := range []string{"/videos/" + open, code[strings.Index(code, "/s/"):]} {
			got := page(path)
			for _, want := range []string{`<meta property="og:title" content="Fillets &#34;fast&#34; &lt;b&gt;&amp;">`, `<meta property="og:description" content="Marlow’s Fish">`,
				`<meta property="og:site_name" content="Harbour Market">`, `<meta property="og:image" content="` + s.url + `/img/`, "summary_large_image"} {
				if !strings.Contains(got, want) {
					t.Errorf("%s has no %s", path, want)
				}
			}
			if strings.Contains(got, "og:url") {
				t.Errorf("%s names an address that forgets who shared it", path)
			}
		}
		for path, want := range map[string]string{"/products/" + s.product.ID: `og:title" content="鲭鱼"`, "/shows/" + s.show.ID: `og:title" content="早市"`, "/shops/" + s.shop.Slug: `og:title" content="Marlow’s Fish"`} {
			if got := page(path, "Accept-Language", "zh-CN"); !strings.Contains(got, want) {
				t.Errorf("%s has no %s", path, want)
			}
		}
		for _, path := range []string{"/videos/" + closed, "/videos/vid_none", "/", "/me", "/orders/ord_1"} {
			if got := page(path); strings.Contains(got, "og:") {
				t.Errorf("%s has a preview", path)
			}
		}
		if got := page("/videos/"+open, "Sec-Fetch-Dest", "document"); strings.Contains(got, "og:") {
			t.Error("a browser gets the page of a preview")
		}
	})
}
