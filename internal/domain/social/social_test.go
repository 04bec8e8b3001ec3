package social_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var migrations = []db.Migrations{bus.Migrations, account.Migrations, shop.Migrations, social.Migrations}

type world struct {
	now    time.Time
	social *social.Service
	bus    *bus.Bus
	people []string
	shop   string
	events []string
}

func newWorld(t *testing.T, d *db.DB, people int) *world {
	t.Helper()
	w := &world{now: time.Now(), bus: bus.Open(d, slog.New(slog.DiscardHandler), nil)}
	for _, topic := range []string{social.Followed, social.Unfollowed} {
		w.bus.Subscribe(topic, "test", func(_ context.Context, e bus.Event) error {
			told, err := bus.Decode[social.Told](e)
			w.events = append(w.events, e.Topic+" "+told.Source)
			return err
		})
	}
	accounts := account.New(d, nil, time.Now)
	for i := range people {
		p, err := accounts.Ensure(t.Context(), fmt.Sprintf("p%d@example.org", i), "", "en")
		if err != nil {
			t.Fatal(err)
		}
		w.people = append(w.people, p.ID)
	}
	sh, err := shop.New(d, time.Now).Open(t.Context(), w.people[0], shop.Draft{Name: text.Both("Quay Fish", "码头鲜鱼"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	w.shop = sh.ID
	w.social = social.New(d, w.bus, func(_ context.Context, _ social.Kind, target string) error {
		if target == "gone" {
			return social.ErrTarget
		}
		return nil
	}, func() time.Time { return w.now })
	return w
}

func TestFollowersAreCountedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 8)
		var all sync.WaitGroup
		for _, p := range w.people {
			for range 3 {
				all.Go(func() {
					if f, err := w.social.Follow(t.Context(), p, w.shop, "abc"); err != nil || !f.Following {
						t.Errorf("Follow = %+v, %v", f, err)
					}
				})
			}
		}
		all.Wait()
		if f, err := w.social.Of(t.Context(), w.people[3], w.shop); err != nil || f != (social.Following{Following: true, Followers: 8}) {
			t.Errorf("Of = %+v, %v; want 8 followers", f, err)
		}
		for range 2 {
			if f, err := w.social.Unfollow(t.Context(), w.people[3], w.shop); err != nil || f != (social.Following{Followers: 7}) {
				t.Errorf("Unfollow = %+v, %v", f, err)
			}
		}
		if _, err := w.bus.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(w.events) != 9 || w.events[0] != "social.followed abc" || w.events[8] != "social.unfollowed " {
			t.Errorf("told %q", w.events)
		}
		seen := map[string]bool{}
		for after := ""; ; {
			page, err := w.social.Followers(t.Context(), w.shop, after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				seen[p] = true
			}
			after = page[len(page)-1]
		}
		if len(seen) != 7 || seen[w.people[3]] {
			t.Errorf("went through %d followers, want 7", len(seen))
		}
		if shops, err := w.social.Shops(t.Context(), w.people[0]); err != nil || len(shops) != 1 {
			t.Errorf("Shops = %q, %v", shops, err)
		}
		if _, err := w.social.Follow(t.Context(), w.people[0], "shp_none", ""); err == nil {
			t.Error("a shop that does not exist was followed")
		}
	}, migrations...)
}

func TestLinkCountsBrowsersAndNotOpenings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		s, err := w.social.Share(t.Context(), w.people[0], social.Show, "shw_1")
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.social.Share(t.Context(), w.people[0], social.Show, "shw_1")
		if err != nil || again.Code != s.Code {
			t.Errorf("the same share got %q and %q, %v", s.Code, again.Code, err)
		}
		other, err := w.social.Share(t.Context(), "", social.Show, "shw_1")
		if err != nil || other.Code == s.Code {
			t.Errorf("the anonymous share has the code of a person, %v", err)
		}
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				if got, err := w.social.Open(t.Context(), s.Code, fmt.Sprintf("browser%d", i%3)); err != nil || got.Path() != "/shows/shw_1" {
					t.Errorf("Open = %+v, %v", got, err)
				}
			})
		}
		all.Wait()
		if got, err := w.social.Get(t.Context(), s.Code); err != nil || got.Clicks != 3 || got.Sharer != w.people[0] {
			t.Errorf("Get = %+v, %v; want 3 clicks", got, err)
		}
		if _, err := w.social.Open(t.Context(), "nothing", "b"); err == nil {
			t.Error("a link that does not exist was opened")
		}
		if _, err := w.social.Share(t.Context(), "", social.Show, "gone"); err == nil {
			t.Error("a target that does not exist was shared")
		}
		if _, err := w.social.Share(t.Context(), "", "site", "https://evil.example"); err == nil {
			t.Error("an unknown kind was shared")
		}
	}, migrations...)
}

func TestClicksAreForgottenAfterAWhileAndTheirCountStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		link, err := w.social.Share(t.Context(), w.people[0], social.Shop, "quay")
		if err != nil {
			t.Fatal(err)
		}
		open := func(viewer string) int64 {
			t.Helper()
			if _, err := w.social.Open(t.Context(), link.Code, viewer); err != nil {
				t.Fatal(err)
			}
			sh, err := w.social.Get(t.Context(), link.Code)
			if err != nil {
				t.Fatal(err)
			}
			return sh.Clicks
		}
		trim := func(before time.Time) {
			t.Helper()
			if err := w.social.TrimClicks(t.Context(), before); err != nil {
				t.Fatal(err)
			}
		}
		open("a")
		w.now = w.now.AddDate(0, 0, 30)
		if n := open("b"); n != 2 {
			t.Errorf("%d clicks, want 2", n)
		}
		trim(w.now.AddDate(0, 0, -29))
		if n := open("b"); n != 2 {
			t.Errorf("%d clicks after b came again, want 2", n)
		}
		if n := open("a"); n != 3 {
			t.Errorf("%d clicks after a came back from long ago, want 3", n)
		}
		// Rows from before there was a time count as of now.
		if _, err := d.ExecContext(t.Context(), `UPDATE social_click SET at = 0`); err != nil {
			t.Fatal(err)
		}
		trim(w.now)
		if n := open("a"); n != 3 {
			t.Errorf("%d clicks, want a to be remembered still", n)
		}
		trim(w.now.Add(time.Millisecond))
		if n := open("a"); n != 4 {
			t.Errorf("%d clicks, want a forgotten", n)
		}
	}, migrations...)
}
