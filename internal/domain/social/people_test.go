package social_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

func TestTwoWhoFollowEachOtherAreFriends(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 3)
		ctx, s, a, b := t.Context(), w.social, w.people[0], w.people[1]
		for range 2 {
			if st, err := s.FollowPerson(ctx, a, b, true); err != nil || st != (social.Stance{Following: true}) {
				t.Errorf("a follows b: %+v, %v", st, err)
			}
		}
		if st, err := s.FollowPerson(ctx, b, a, true); err != nil || !st.Friend {
			t.Errorf("b follows a: %+v, %v", st, err)
		}
		if all, err := s.Friends(ctx, a); err != nil || len(all) != 1 || all[0].ID != b {
			t.Errorf("friends of a: %v, %v", all, err)
		}
		if ok, err := s.FriendOfOwner(ctx, b, w.shop); err != nil || !ok {
			t.Errorf("b is a friend of the shop's owner: %v, %v", ok, err)
		}
		if _, err := s.FollowPerson(ctx, a, b, false); err != nil {
			t.Fatal(err)
		}
		if st, err := s.Stance(ctx, a, b); err != nil || st != (social.Stance{FollowsMe: true}) {
			t.Errorf("after a left: %+v, %v", st, err)
		}
		if _, err := s.FollowPerson(ctx, a, a, true); !errors.Is(err, social.ErrSelf) {
			t.Errorf("following oneself: %v", err)
		}
		if _, err := s.FollowPerson(ctx, a, "per_none", true); !errors.Is(err, account.ErrNoPerson) {
			t.Errorf("following nobody: %v", err)
		}
	}, migrations...)
}

func TestBlockEndsAndForbidsFollowing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2)
		ctx, s, a, b := t.Context(), w.social, w.people[0], w.people[1]
		for _, p := range [][2]string{{a, b}, {b, a}} {
			if _, err := s.FollowPerson(ctx, p[0], p[1], true); err != nil {
				t.Fatal(err)
			}
		}
		if st, err := s.Block(ctx, a, b, true); err != nil || st != (social.Stance{Blocked: true}) {
			t.Errorf("Block = %+v, %v", st, err)
		}
		for _, p := range [][2]string{{a, b}, {b, a}} {
			if _, err := s.FollowPerson(ctx, p[0], p[1], true); !errors.Is(err, social.ErrBlocked) {
				t.Errorf("following over a block: %v", err)
			}
		}
		if st, err := s.Stance(ctx, b, a); err != nil || st != (social.Stance{}) {
			t.Errorf("b learns %+v, %v", st, err)
		}
		if all, err := s.BlockedBy(ctx, a); err != nil || len(all) != 1 {
			t.Errorf("blocked %v, %v", all, err)
		}
		if st, err := s.Block(ctx, a, b, false); err != nil || st != (social.Stance{}) {
			t.Errorf("taken back: %+v, %v", st, err)
		}
	}, migrations...)
}

func TestBlockAndFollowAtOnceLeaveNoTie(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2)
		ctx, s, a, b := t.Context(), w.social, w.people[0], w.people[1]
		for range 10 {
			var both sync.WaitGroup
			both.Go(func() {
				if _, err := s.FollowPerson(ctx, b, a, true); err != nil && !errors.Is(err, social.ErrBlocked) {
					t.Error(err)
				}
			})
			both.Go(func() {
				if _, err := s.Block(ctx, a, b, true); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			if st, err := s.Stance(ctx, b, a); err != nil || st.Following {
				t.Fatalf("a blocked person follows: %+v, %v", st, err)
			}
			if _, err := s.Block(ctx, a, b, false); err != nil {
				t.Fatal(err)
			}
		}
	}, migrations...)
}

func TestMinorsStayUnseen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 2)
		ctx, s, a := t.Context(), w.social, w.people[0]
		if p, err := s.Privacy(ctx, a); err != nil || p != (social.Privacy{Likes: social.Unset}) {
			t.Errorf("before a choice: %+v, %v", p, err)
		}
		for _, p := range []social.Privacy{{Likes: social.On, Minor: true}, {Likes: social.Off, Minor: true, Findable: true}} {
			if _, err := s.SetPrivacy(ctx, a, p); !errors.Is(err, social.ErrMinor) {
				t.Errorf("%+v: %v", p, err)
			}
		}
		if p, err := s.SetPrivacy(ctx, a, social.Privacy{Likes: social.Unset, Minor: true}); err != nil || p.Likes != social.Off {
			t.Errorf("a minor: %+v, %v", p, err)
		}
		if _, err := s.SetPrivacy(ctx, w.people[1], social.Privacy{Likes: social.On, Findable: true}); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Findable(ctx, "", 10); err != nil || len(all) != 1 || all[0] != w.people[1] {
			t.Errorf("findable: %v, %v", all, err)
		}
	}, migrations...)
}
