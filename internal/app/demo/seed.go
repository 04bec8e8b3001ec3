package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
)

// seeder fills a market.
type seeder struct {
	*app.App
	cfg    config.Serve
	clock  *clock
	random *rand.Rand
	o      Options
	begin  time.Time

	people map[string]account.Person  // by login
	shops  map[string]shop.Shop       // by slug
	goods  map[string]catalog.Product // by slug/picture
	posts  []*posting
}

func newSeeder(a *app.App, cfg config.Serve, c *clock, o Options) *seeder {
	return &seeder{App: a, cfg: cfg, clock: c, o: o, begin: time.Now(), random: rand.New(rand.NewPCG(o.Seed, 2026)),
		people: map[string]account.Person{}, shops: map[string]shop.Shop{}, goods: map[string]catalog.Product{}}
}

func (s *seeder) say(format string, a ...any) {
	fmt.Fprintf(s.o.Out, "%5.1fs  %s\n", time.Since(s.begin).Seconds(), fmt.Sprintf(format, a...))
}

func (s *seeder) run(ctx context.Context) error {
	if err := set(ctx, s.DB, begun, fmt.Sprint(s.o.Seed)); err != nil {
		return err
	}
	films, start := s.makeFilms(ctx), landing(time.Now(), s.cfg.TimeZone)
	for _, step := range []struct {
		words string
		do    func(context.Context) error
	}{
		{"people", s.addPeople},
		{"shops and goods", s.addStalls},
		{"followers", s.addFollowers},
		{"friends", s.addFriends},
		{"what the market takes", s.addFees},
		{"orders of the weeks before", s.oldOrders},
		{"payouts", s.payOut},
		{"orders of the first days", s.earlyOrders},
		{"cars and houses are asked for", s.askAround},
		{"videos of the first day", func(ctx context.Context) error {
			return s.publishClips(ctx, clipsPerDay, hour(start.AddDate(0, 0, -2), 21, 0))
		}},
		{"videos of the second day", func(ctx context.Context) error {
			return s.publishClips(ctx, clipsPerDay, hour(start.AddDate(0, 0, -1), 17, 0))
		}},
		{"all films", func(context.Context) error { return films() }},
		{"show: " + tenMaps.title.Pick("en"), func(ctx context.Context) error { return s.play(ctx, tenMaps) }},
		{"orders of that evening go out", s.sendBooks},
		{"show: " + morningLanding.title.Pick("en"), func(ctx context.Context) error { return s.play(ctx, morningLanding) }},
		{"orders of the morning are packed", s.packFish},
		{"a course is learnt", s.learn},
		{"what buyers say of it", s.addReviews},
		{"videos of today", func(ctx context.Context) error { return s.publishClips(ctx, len(s.posts), time.Now()) }},
		{"letters between friends", s.addLetters},
		{"shows to come", s.addPlans},
		{"coupons", s.addCoupons},
		{"orders of today", s.lateOrders},
		{"promotions", s.addPromotions},
		{"a group with one seat left", s.openGroup},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.words, err)
		}
		s.say("%s", step.words)
	}
	return set(ctx, s.DB, done, fmt.Sprint(s.o.Seed))
}

// makeFilms begins to make the videos that are not there yet and returns how to
// wait for them.
func (s *seeder) makeFilms(ctx context.Context) func() error {
	if err := os.MkdirAll(s.cfg.Path("demo"), 0o750); err != nil {
		return func() error { return err }
	}
	films := map[string]film{"books": tenMaps.film(s.o.Part), "fish": morningLanding.film(s.o.Part), "live": eveningFilm(s.o.Part)}
	type made struct {
		name string
		err  error
	}
	results, asked := make(chan made, len(films)), 0
	for name, f := range films {
		if _, err := os.Stat(s.filmPath(name)); err == nil {
			continue
		}
		asked++
		go func() { results <- made{name, f.make(ctx, s.filmPath(name))} }()
	}
	return func() error {
		var errs []error
		for range asked {
			m := <-results
			if m.err == nil {
				s.say("film: %s", m.name)
			}
			errs = append(errs, m.err)
		}
		return errors.Join(errs...)
	}
}

func (s *seeder) filmPath(name string) string { return filmPath(s.cfg, name) }

func filmPath(cfg config.Serve, name string) string {
	return filepath.Join(cfg.Path("demo"), name+".flv")
}

func (s *seeder) addPeople(ctx context.Context) error {
	for i, p := range cast {
		person, err := s.Accounts.Ensure(ctx, p.email(), p.name, p.locale)
		if err != nil {
			return fmt.Errorf("%s: %w", p.login, err)
		}
		if p.login == "op" {
			if err := s.Accounts.SetRoles(ctx, person.ID, true, true); err != nil {
				return err
			}
		}
		if p.role == "shopper" {
			if _, err := s.Accounts.SaveAddress(ctx, person.ID, homeOf(p, i)); err != nil {
				return err
			}
		}
		s.people[p.login] = person
	}
	return nil
}

// homeOf is where a shopper lives.
func homeOf(p player, i int) account.Address {
	streets := []string{"Mill Street", "Harbour Road", "School Lane", "Lindenweg"}
	return account.Address{Name: p.name, Phone: fmt.Sprintf("+49401234%03d", i), Line1: fmt.Sprintf("%s %d", streets[i%len(streets)], 3+i),
		Postcode: "20457", City: "Hamburg", Country: "DE"}
}

func (s *seeder) addStalls(ctx context.Context) error {
	for _, st := range stalls {
		if err := s.addStall(ctx, st); err != nil {
			return fmt.Errorf("%s: %w", st.slug, err)
		}
	}
	if err := s.addLessons(ctx); err != nil {
		return fmt.Errorf("lessons: %w", err)
	}
	s.postClips(ctx)
	return nil
}

func (s *seeder) addStall(ctx context.Context, st stall) error {
	owner := s.people[ownerOf(st.slug)]
	sh, err := s.Shops.Open(ctx, owner.ID, shop.Draft{Name: st.name, Pack: st.pack, Stall: st.stall, Color: st.color, Currency: s.cfg.Currency, TimeZone: s.cfg.TimeZone})
	if err != nil {
		return err
	}
	if sh.Slug != st.slug {
		return fmt.Errorf("its address became %s", sh.Slug)
	}
	cover, err := s.picture(ctx, sh.ID, st.cover)
	if err != nil {
		return err
	}
	avatar, err := s.picture(ctx, sh.ID, st.goods[0].picture)
	if err != nil {
		return err
	}
	sh, err = s.Shops.Update(ctx, sh.ID, func(sh *shop.Shop) error {
		sh.About, sh.Cover, sh.Avatar = st.about, cover, avatar
		sh.Licence.LegalName, sh.Licence.Number, sh.Licence.Address, sh.Licence.Contact = st.legal, st.number, st.address, owner.Email
		sh.Pickup.Enabled, sh.Pickup.Address = true, st.address
		if st.parcel > 0 {
			sh.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(st.parcel, 60_00)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// The operator has looked at all licences but the baker's.
	if st.pack != "other" {
		if err := s.Shops.SetLicenceState(ctx, sh.ID, shop.LicenceVerified); err != nil {
			return err
		}
	}
	for _, p := range cast {
		if p.works == st.slug && p.role != "owner" {
			if err := s.Shops.SetMember(ctx, sh.ID, s.people[p.login].ID, shop.Role(p.role)); err != nil {
				return err
			}
		}
	}
	s.shops[st.slug] = sh
	for _, w := range st.goods {
		if err := s.addWare(ctx, sh, w); err != nil {
			return fmt.Errorf("%s: %w", w.picture, err)
		}
	}
	return nil
}

func (s *seeder) addWare(ctx context.Context, sh shop.Shop, w ware) error {
	face, err := s.picture(ctx, sh.ID, w.picture)
	if err != nil {
		return err
	}
	f := catalog.Form{Title: w.title, About: w.about, Fields: w.fields, Measure: catalog.Piece, Images: []string{face}, State: catalog.Live,
		SKUs: []catalog.SKUForm{{Name: text.Local{}, PriceMinor: max(w.price, w.was)}}}
	if w.weight {
		f.Measure = catalog.Weight
	}
	p, err := s.Catalog.Create(ctx, sh, f)
	if err != nil {
		return err
	}
	if w.was > 0 { // the price fell a while after opening, so its history proves it
		s.clock.jump(s.clock.Now().Add(20 * time.Minute))
		f.SKUs = []catalog.SKUForm{{ID: p.SKUs[0].ID, Name: text.Local{}, PriceMinor: w.price}}
		if p, err = s.Catalog.Update(ctx, sh, p.ID, f); err != nil {
			return err
		}
	}
	s.goods[sh.Slug+"/"+w.picture] = p
	if w.stock == 0 {
		return nil
	}
	_, err = s.Stock.Record(ctx, sh.ID, stock.Move{Key: "demo:" + p.ID, SKU: p.SKUs[0].ID, Add: w.stock, Reason: stock.Landed})
	return err
}

func (s *seeder) picture(ctx context.Context, shopID, name string) (string, error) {
	b, err := art.ReadFile("art/" + name + ".jpg")
	if err != nil {
		return "", err
	}
	im, err := s.SavePicture(ctx, shopID, bytes.NewReader(b))
	return im.ID, err
}

func shoppers() []player {
	var out []player
	for _, p := range cast {
		if p.role == "shopper" {
			out = append(out, p)
		}
	}
	return out
}

// addFollowers lets each shopper follow the two stalls with shows or one of
// them, and some others.
func (s *seeder) addFollowers(ctx context.Context) error {
	for i, p := range shoppers() {
		follows := []string{fishStall, stalls[2+s.random.IntN(len(stalls)-2)].slug}
		if i%2 == 0 {
			follows = append(follows, bookStall)
		}
		for _, slug := range follows {
			if _, err := s.Social.Follow(ctx, s.people[p.login].ID, s.shops[slug].ID, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// addFriends makes everybody a friend of Rosa, and each shopper of the next. All
// but Piet let friends see what they like.
func (s *seeder) addFriends(ctx context.Context) error {
	people := shoppers()
	friends := func(a, b player) error {
		if a.login == b.login {
			return nil
		}
		for range 2 {
			if _, err := s.Social.FollowPerson(ctx, s.people[a.login].ID, s.people[b.login].ID, true); err != nil {
				return err
			}
			a, b = b, a
		}
		return nil
	}
	for i, p := range people {
		seen := social.Privacy{Likes: social.On, Findable: true}
		if p.login == "piet" {
			seen = social.Privacy{Likes: social.Off}
		}
		if _, err := s.Social.SetPrivacy(ctx, s.people[p.login].ID, seen); err != nil {
			return err
		}
		if err := errors.Join(friends(people[0], p), friends(p, people[(i+1)%len(people)])); err != nil {
			return err
		}
	}
	return nil
}

// addLetters lets friends send Rosa what they have seen.
func (s *seeder) addLetters(ctx context.Context) error {
	rosa := s.people["rosa"].ID
	for _, l := range []struct{ from, shop, about, words string }{
		{"ana", "hill-bakery", "Two in the morning: the first fold.", "Your bread! Shall we go on Saturday?"},
		{"mei", fishStall, "挑蟹看三处：肚脐、腿毛、分量。越沉越满。", "这个周末一起做吧"},
	} {
		videos, err := s.Videos.OfShop(ctx, s.shops[l.shop].ID, page.First, 200)
		if err != nil {
			return err
		}
		for _, v := range videos.Items {
			if v.Caption != l.about {
				continue
			}
			if _, err := s.Social.Send(ctx, s.people[l.from].ID, social.Video, v.ID, []string{rosa}, nil, l.words); err != nil {
				return err
			}
		}
	}
	_, err := s.Social.MakeGroup(ctx, rosa, "Mill Street", []string{s.people["ana"].ID, s.people["lena"].ID, s.people["mei"].ID})
	return err
}

// addPlans announces what comes today and tomorrow.
func (s *seeder) addPlans(ctx context.Context) error {
	s.clock.jump(time.Now())
	zone, err := time.LoadLocation(s.cfg.TimeZone)
	if err != nil {
		return err
	}
	now := s.clock.Now().In(zone)
	for _, p := range plans {
		at := hour(now.AddDate(0, 0, p.day), p.hour, p.minute)
		if at.Before(now.Add(30 * time.Minute)) {
			at = at.AddDate(0, 0, 1)
		}
		sh := s.shops[p.slug]
		sw, err := s.Shows.Create(ctx, sh.ID, show.Plan{Title: p.title, StartsAt: at.UTC(), HostName: p.host})
		if err != nil {
			return err
		}
		for i, w := range p.goods {
			if _, err := s.Shows.Add(ctx, sh.ID, sw.ID, s.goods[p.slug+"/"+w].ID, 0); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		for i, who := range shoppers() {
			if (i+p.hour)%3 == 0 {
				if err := s.Shows.Reserve(ctx, sw.ID, s.people[who.login].ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
