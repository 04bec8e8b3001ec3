package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/page"
)

// A film takes a machine some seconds, so a new demo market opens with the clips
// that are posted first, and its stalls post the others while it is open.
const beforeOpening = 52

// clipsPerDay is how many of those before the opening are published on each of
// the first two days; the rest is of today.
const clipsPerDay = 13

// posting is a clip on its way.
type posting struct {
	clip
	stall  stall
	n      int // of all
	look   int
	mirror bool
	id     chan string // of its video, once; closed without one when it could not be posted
}

// postings are the first n clips of all; the stalls take turns.
func postings(n int) []*posting {
	var out []*posting
	for i := 0; len(out) < n; i++ {
		before := len(out)
		for _, st := range stalls {
			if list := clips[st.slug]; i < len(list) && len(out) < n {
				f := filming[st.slug]
				out = append(out, &posting{clip: list[i], stall: st, n: len(out), look: f.first + i*f.step, mirror: f.mirror[i%2], id: make(chan string, 1)})
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
}

// poster posts clips for the stalls, and lets people react to them.
type poster struct {
	*app.App
	people map[string]account.Person  // by login
	shops  map[string]shop.Shop       // by slug
	goods  map[string]catalog.Product // by slug/picture
}

// post films a clip and posts it as its owner does. The film is then in the
// making.
func (t *poster) post(ctx context.Context, p *posting) (string, error) {
	dir, err := os.MkdirTemp("", "demo-clip-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "clip.mp4")
	if err := makeClip(ctx, p.look, p.mirror, p.picture, p.stall.cover, path); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	language := "en"
	if p.zh {
		language = "zh"
	}
	place, _, _ := strings.Cut(p.stall.address, ",")
	v, err := t.Videos.Create(ctx, t.shops[p.stall.slug].ID, t.owner(p.stall.slug).ID, video.Post{Text: video.Text{
		Caption: p.words, Topics: p.topics, Language: language, Place: place, Rights: video.Rights{Kind: video.Own}, Visibility: video.Public,
		Products: []string{t.goods[p.stall.slug+"/"+p.picture].ID},
	}}, f, info.Size())
	return v.ID, err
}

// owner returns who owns a stall.
func (t *poster) owner(slug string) account.Person { return t.people[ownerOf(slug)] }

func ownerOf(slug string) string {
	for _, p := range cast {
		if p.works == slug && p.role == "owner" {
			return p.login
		}
	}
	return ""
}

// publish waits for the film of a clip, publishes it and lets people react.
func (t *poster) publish(ctx context.Context, p *posting, id string, random *rand.Rand) error {
	if err := t.made(ctx, id); err != nil {
		return err
	}
	if _, err := t.Videos.Publish(ctx, t.shops[p.stall.slug].ID, id, time.Time{}); err != nil {
		return err
	}
	return t.react(ctx, p, id, random)
}

// made waits for the film of a clip.
func (t *poster) made(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		v, err := t.Videos.Get(ctx, id)
		if err != nil || v.State == video.Draft || v.State == video.Published {
			return err
		}
		if v.State == video.Failed {
			return fmt.Errorf("its film failed: %s", v.Problem)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for its film: %w", ctx.Err())
		}
	}
}

const theWay = "Where exactly do I find you?"

// remarks are what people say to clips.
var remarks = []struct{ who, words string }{
	{"rosa", "Thank you, I did not know that."},
	{"mei", "学到了，谢谢。"},
	{"piet", theWay},
	{"ana", "Tried it last night. It works."},
	{"xiaoan", "周六还在吗？"},
	{"lena", "More of these, please."},
	{"ayong", "讲得真明白。"},
	{"ben", theWay},
}

// react lets some people like a clip, and now and then one say something; the
// owner answers who asks for the way.
func (t *poster) react(ctx context.Context, p *posting, id string, random *rand.Rand) error {
	fond := random.Float64() * 0.7
	for _, who := range shoppers() {
		if random.Float64() < fond {
			if _, err := t.Videos.Like(ctx, id, t.people[who.login].ID, true); err != nil {
				return err
			}
		}
	}
	if p.n%3 != 0 {
		return nil
	}
	r := remarks[p.n/3%len(remarks)]
	said, err := t.Videos.Say(ctx, id, "", t.people[r.who].ID, t.people[r.who].Name, r.words)
	if err != nil || r.words != theWay {
		return err
	}
	owner := t.owner(p.stall.slug)
	_, err = t.Videos.Say(ctx, id, said.ID, owner.ID, owner.Name, p.stall.address)
	return err
}

// postClips begins to post the first clips, while the market goes on.
func (s *seeder) postClips(ctx context.Context) {
	t := s.poster()
	n := s.o.Clips
	if n == 0 {
		n = beforeOpening
	}
	s.posts = postings(n)
	go func() {
		for _, p := range s.posts {
			id, err := t.post(ctx, p)
			if err != nil {
				s.say("clip of %s: %v", p.stall.slug, err)
			} else {
				p.id <- id
			}
			close(p.id)
		}
	}()
}

func (s *seeder) poster() *poster { return &poster{s.App, s.people, s.shops, s.goods} }

// publishClips publishes the next n clips, spread over the time until an
// instant.
func (s *seeder) publishClips(ctx context.Context, n int, until time.Time) error {
	t, n := s.poster(), min(n, len(s.posts))
	apart := until.Sub(s.clock.Now()) / time.Duration(n+1)
	for _, p := range s.posts[:n] {
		id, ok := <-p.id
		if !ok {
			return fmt.Errorf("a clip of %s was not posted", p.stall.slug)
		}
		if err := t.made(ctx, id); err != nil {
			return fmt.Errorf("clip of %s: %w", p.stall.slug, err)
		}
		s.clock.jump(s.clock.Now().Add(apart))
		if err := t.publish(ctx, p, id, s.random); err != nil {
			return fmt.Errorf("clip of %s: %w", p.stall.slug, err)
		}
	}
	s.posts = s.posts[n:]
	return nil
}

// postRest lets the stalls of an open market post what they have not posted yet,
// one clip after the other, up to n in all.
func postRest(ctx context.Context, a *app.App, n int) error {
	t := &poster{a, map[string]account.Person{}, map[string]shop.Shop{}, map[string]catalog.Product{}}
	posted := map[string]bool{}
	for _, p := range cast {
		person, err := a.Accounts.Ensure(ctx, p.email(), p.name, p.locale)
		if err != nil {
			return err
		}
		t.people[p.login] = person
	}
	for _, st := range stalls {
		sh, err := a.Shops.BySlug(ctx, st.slug)
		if err != nil {
			return err
		}
		t.shops[st.slug] = sh
		list, err := a.Catalog.OfShop(ctx, sh.ID, false, page.First, 50)
		if err != nil {
			return err
		}
		for _, w := range st.goods {
			for _, p := range list.Items {
				if p.Title.Pick("en") == w.title.Pick("en") {
					t.goods[st.slug+"/"+w.picture] = p
				}
			}
		}
		videos, err := a.Videos.OfShop(ctx, sh.ID, page.First, 200)
		if err != nil {
			return err
		}
		for _, v := range videos.Items {
			posted[v.Caption] = true
		}
	}
	random := rand.New(rand.NewPCG(1, 2027))
	for _, p := range postings(n) {
		if posted[p.words] || t.goods[p.stall.slug+"/"+p.picture].ID == "" { // a visitor may have taken the ware away
			continue
		}
		id, err := t.post(ctx, p)
		if err == nil {
			err = t.publish(ctx, p, id, random)
		}
		if err != nil {
			return fmt.Errorf("clip of %s: %w", p.stall.slug, err)
		}
	}
	return nil
}
