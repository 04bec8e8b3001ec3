package app_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/text"
)

// photo draws a picture of waves that no other seed draws.
func photo(t *testing.T, seed int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			wave := uint8((x*(seed%5+1)/3 + y*(seed%7+2)/4 + (x/(20+seed))*(y/(15+2*seed))*40) % 256)
			img.Set(x, y, color.RGBA{wave, 255 - wave, uint8(x), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// picture uploads a photo of a shop and returns its id.
func (s *stall) picture(want int, who, shopID string, file []byte) string {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.jpg")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		s.t.Fatal(err)
	}
	_ = form.Close()
	id, _ := s.answer(want, "a picture", s.send(who, "POST", "/v1/merchant/shops/"+shopID+"/images", &body, "Content-Type", form.FormDataContentType()))["id"].(string)
	return id
}

func TestNoteOfPhotosIsAVideoWithoutAFilm(t *testing.T) {
	eachStall(t, func(s *stall) {
		t := s.t
		one, two, three := s.picture(201, "marlow", s.shop.ID, photo(t, 1)), s.picture(201, "marlow", s.shop.ID, photo(t, 2)), s.picture(201, "marlow", s.shop.ID, photo(t, 3))
		id := s.call(201, "marlow", "POST", s.base(), object{"photos": []string{one, two}, "caption": "Two boxes of mackerel", "topics": []string{"fish"}, "products": []string{s.product.ID}})["id"].(string)
		mine := s.base() + "/" + id
		s.call(404, "", "GET", "/v1/videos/"+id, nil)
		if v := s.call(200, "marlow", "GET", mine, nil); v["state"] != "draft" || v["kind"] != "photos" || v["hls"] != nil {
			t.Errorf("ready at once: %v", v)
		}
		s.call(409, "marlow", "POST", mine+"/cover", object{"second": 0})
		s.call(200, "marlow", "PATCH", mine, object{"photos": []string{three, one}})
		s.call(200, "marlow", "POST", mine+"/publish", object{})
		s.work()

		v := s.call(200, "", "GET", "/v1/videos/"+id, nil)
		photos := v["photos"].([]any)
		if len(photos) != 2 || photos[0].(object)["id"] != three || v["cover"].(object)["id"] != three || v["width"] != 320.0 || len(v["products"].([]any)) != 1 {
			t.Errorf("seen: %v", v)
		}
		for _, im := range photos {
			s.get(im.(object)["url"].(string) + "?w=960")
		}
		s.call(404, "", "GET", "/media/videos/"+id+"/master.m3u8", nil)
		for _, list := range []string{"/v1/shops/" + s.shop.ID + "/videos", "/v1/topics/fish/videos"} {
			if items := s.call(200, "", "GET", list, nil)["items"].([]any); len(items) != 1 || items[0].(object)["kind"] != "photos" {
				t.Errorf("%s: %v", list, items)
			}
		}
		if items := s.call(200, "", "GET", "/v1/search?q=mackerel&kind=video", nil)["items"].([]any); len(items) != 1 || items[0].(object)["photos"] != 2.0 {
			t.Errorf("found: %v", items)
		}
		if page := s.get("/videos/" + id); !strings.Contains(page, "/img/"+three) {
			t.Error("the preview card has no picture")
		}
		if v := s.call(200, "rosa", "PUT", "/v1/videos/"+id+"/like", nil); v["likes"] != 1.0 {
			t.Errorf("liked: %v", v)
		}
		if err := s.app.Tell(t.Context(), video.TopicPublished, id); err != nil {
			t.Fatal(err)
		}
		if items := s.call(200, "rosa", "POST", "/v1/discover/pages", object{})["items"].([]any); len(items) != 1 || items[0].(object)["video"].(object)["id"] != id {
			t.Errorf("discovered: %v", items)
		}
		s.call(204, "rosa", "POST", "/v1/videos/"+id+"/watch", object{"seconds": 5})
		s.call(204, "marlow", "DELETE", mine, nil)
		s.work()
		s.call(404, "", "GET", "/v1/videos/"+id, nil)
	})
}

func TestSamePhotosAgainAreACopy(t *testing.T) {
	s := newStall(t, "")
	post := func(seeds ...int) object {
		var photos []string
		for _, seed := range seeds {
			photos = append(photos, s.picture(201, "marlow", s.shop.ID, photo(t, seed)))
		}
		v := s.call(201, "marlow", "POST", s.base(), object{"photos": photos})
		return s.call(200, "marlow", "POST", s.base()+"/"+v["id"].(string)+"/publish", object{})
	}
	first := post(1)
	if v := post(2); v["duplicate_of"] != nil {
		t.Errorf("another photo is a copy of %v", v["duplicate_of"])
	}
	if v := post(1); v["duplicate_of"] != first["id"] {
		t.Errorf("the same photo is a copy of %v, want %v", v["duplicate_of"], first["id"])
	}
}

func TestNoteTakesOneToNinePhotosOfItsShop(t *testing.T) {
	s := newStall(t, "")
	s.picture(422, "marlow", s.shop.ID, []byte("#EXTM3U\nfile:///etc/passwd"))
	s.picture(404, "rosa", s.shop.ID, photo(t, 1))
	var many []string
	for seed := range 10 {
		many = append(many, s.picture(201, "marlow", s.shop.ID, photo(t, seed)))
	}
	other, err := s.app.Shops.Open(t.Context(), s.person("eve"), shop.Draft{Name: text.Both("Eve’s", ""), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	hers := s.picture(201, "eve", other.ID, photo(t, 1))
	for what, photos := range map[string][]string{"ten": many, "twice": {many[0], many[0]}, "nobody’s": {"img_none"}, "another’s": {hers}} {
		if got := s.call(422, "marlow", "POST", s.base(), object{"photos": photos}); what != "ten" && got["code"] != "video.photos" {
			t.Errorf("%s: %v", what, got)
		}
	}
	s.call(422, "marlow", "POST", s.base(), object{"photos": many[:1], "upload": "upl_x"})
	id := s.call(201, "marlow", "POST", s.base(), object{"photos": many[:9]})["id"].(string)
	for _, photos := range [][]string{{}, many} {
		s.call(422, "marlow", "PATCH", s.base()+"/"+id, object{"photos": photos})
	}
	if v := s.call(200, "marlow", "PATCH", s.base()+"/"+id, object{"caption": "Nine"}); fmt.Sprint(len(v["photos"].([]any))) != "9" {
		t.Errorf("words changed the photos: %v", v["photos"])
	}
}
