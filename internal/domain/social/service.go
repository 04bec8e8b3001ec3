package social

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps follows and links. It is safe for concurrent use.
type Service struct {
	db     *db.DB
	bus    *bus.Bus
	exists func(ctx context.Context, kind Kind, target string) error
	now    clock.Now
}

// New returns a service. Exists says whether a target can be shared; it returns
// the target's own not-found error otherwise.
func New(d *db.DB, b *bus.Bus, exists func(ctx context.Context, kind Kind, target string) error, now clock.Now) *Service {
	return &Service{db: d, bus: b, exists: exists, now: now}
}

// Follow makes a person follow a shop. Doing it again changes nothing.
func (s *Service) Follow(ctx context.Context, person, shopID, source string) (Following, error) {
	return s.set(ctx, person, shopID, source, true)
}

// Unfollow is the opposite of [Service.Follow].
func (s *Service) Unfollow(ctx context.Context, person, shopID string) (Following, error) {
	return s.set(ctx, person, shopID, "", false)
}

func (s *Service) set(ctx context.Context, person, shopID, source string, follow bool) (Following, error) {
	out := Following{Following: follow}
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		if _, err := shop.GetIn(ctx, tx, shopID); err != nil {
			return err
		}
		now := s.now()
		// The counter's row is locked first, so that it and the rows agree.
		if err := lockCounter(ctx, tx, shopID); err != nil {
			return err
		}
		changed, err := setFollow(ctx, tx, person, shopID, follow, now)
		if err != nil {
			return err
		}
		if out.Followers, err = count(ctx, tx, shopID, changed); err != nil || changed == 0 {
			return err
		}
		topic := Followed
		if !follow {
			topic = Unfollowed
		}
		return s.publish(ctx, tx, topic, shopID, Told{Shop: shopID, Person: person, Source: source, At: clock.Millis(now)})
	})
	if err != nil {
		return Following{}, fmt.Errorf("follow %s: %w", shopID, err)
	}
	return out, nil
}

// Of says how a person ("" for nobody) stands to a shop.
func (s *Service) Of(ctx context.Context, person, shopID string) (Following, error) {
	return of(ctx, s.db, person, shopID)
}

// Followers lists at most n followers of a shop after the given one, in a fixed
// order, for work that goes through all of them.
func (s *Service) Followers(ctx context.Context, shopID, after string, n int) ([]string, error) {
	return followers(ctx, s.db, shopID, after, n)
}

// Shops lists the shops that a person follows, the newest first.
func (s *Service) Shops(ctx context.Context, person string) ([]string, error) {
	return followed(ctx, s.db, person)
}

// Share returns the link of a sharer to a target, the same at every call.
func (s *Service) Share(ctx context.Context, sharer string, kind Kind, target string) (Share, error) {
	if kind != Show && kind != Product && kind != Shop && kind != Video {
		return Share{}, ErrTarget
	}
	if err := s.exists(ctx, kind, target); err != nil {
		return Share{}, err
	}
	fresh := Share{Code: id.Secret(6), Kind: kind, Target: target, Sharer: sharer, CreatedAt: s.now()}
	var out Share
	err := s.db.InTx(ctx, func(tx *db.Tx) (err error) {
		out, err = keepShare(ctx, tx, fresh)
		return err
	})
	return out, err
}

// Open follows a link for a browser, counts it once, and returns where it leads.
func (s *Service) Open(ctx context.Context, code, viewer string) (Share, error) {
	sh, err := s.Get(ctx, code)
	if err != nil || viewer == "" {
		return sh, err
	}
	err = s.db.InTx(ctx, func(tx *db.Tx) error { return click(ctx, tx, code, viewer, s.now()) })
	return sh, err
}

// Get returns a link without counting.
func (s *Service) Get(ctx context.Context, code string) (Share, error) {
	sh, err := shareBy(ctx, s.db, code)
	if errors.Is(err, db.ErrNoRows) {
		return Share{}, ErrNoLink
	}
	return sh, err
}

// trimAtOnce is how many rows one statement deletes: other writers wait for it.
const trimAtOnce = 1000

// TrimClicks forgets which browsers opened links before the given time. The
// counts stay; a browser that comes again after that long counts again.
func (s *Service) TrimClicks(ctx context.Context, before time.Time) error {
	if err := stampClicks(ctx, s.db, s.now()); err != nil {
		return fmt.Errorf("trim clicks: %w", err)
	}
	for {
		n, err := trimClicks(ctx, s.db, before, trimAtOnce)
		if err != nil {
			return fmt.Errorf("trim clicks: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}
