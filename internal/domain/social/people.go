package social

import (
	"context"
	"fmt"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Stance is how a person stands to another. Two who follow each other are
// friends.
type Stance struct {
	Following bool `json:"following"`
	FollowsMe bool `json:"follows_me"`
	Friend    bool `json:"friend"`
	Blocked   bool `json:"blocked" doc:"By the person who asks; that one is blocked by another is not told"`
}

// Consent is whether a person's friends see what they liked and shared.
type Consent string

// Consents. Nothing is shown until somebody says yes.
const (
	Unset Consent = "unset"
	On    Consent = "on"
	Off   Consent = "off"
)

// Privacy is what a person lets others see. A minor's likes are never shown and
// a minor is never found, whatever was said before.
type Privacy struct {
	Likes    Consent `json:"likes_visible" enum:"unset,on,off" doc:"Friends see what I liked and shared"`
	Minor    bool    `json:"minor" doc:"Under 18, by their own word"`
	Findable bool    `json:"findable" doc:"The search finds me by my name"`
}

// Topics between people. The key is the one who did it, the payload a [Met] or
// the [Privacy].
const (
	Meeting        = "social.meeting"
	PrivacyChanged = "social.privacy"
)

// Met is told when a person begins to follow another.
type Met struct {
	Person  string `json:"person"`
	Other   string `json:"other"`
	Friends bool   `json:"friends"`
}

// Errors between people.
var (
	ErrSelf    = errs.New(errs.Invalid, "social.self", "That is you.", "这是你自己。")
	ErrBlocked = errs.New(errs.Forbidden, "social.blocked", "That is not possible with this person.", "无法对此人进行这个操作。")
	ErrMinor   = errs.New(errs.Forbidden, "social.minor", "For people under 18 this stays off.", "未满 18 岁时此项保持关闭。")
)

// FollowPerson makes a person follow another, or no longer. Doing it again
// changes nothing. Where one has blocked the other it returns [ErrBlocked].
func (s *Service) FollowPerson(ctx context.Context, person, other string, follow bool) (Stance, error) {
	return s.between(ctx, person, other, func(tx *db.Tx) error {
		if !follow {
			return untie(ctx, tx, person, other)
		}
		switch barred, err := barred(ctx, tx, person, other); {
		case err != nil:
			return err
		case barred:
			return ErrBlocked
		}
		fresh, err := tie(ctx, tx, person, other, s.now())
		if err != nil || !fresh {
			return err
		}
		st, err := stance(ctx, tx, person, other)
		if err != nil {
			return err
		}
		return s.publish(ctx, tx, Meeting, person, Met{Person: person, Other: other, Friends: st.Friend})
	})
}

// Block hides another from a person, or no longer. Who is blocked follows no
// more and is followed no more.
func (s *Service) Block(ctx context.Context, person, other string, block bool) (Stance, error) {
	return s.between(ctx, person, other, func(tx *db.Tx) error {
		if !block {
			return unblock(ctx, tx, person, other)
		}
		if err := setBlock(ctx, tx, person, other, s.now()); err != nil {
			return err
		}
		if err := untie(ctx, tx, person, other); err != nil {
			return err
		}
		return untie(ctx, tx, other, person)
	})
}

// between changes something between two people, whom it locks, so that a block
// and a follow at the same moment come one after the other.
func (s *Service) between(ctx context.Context, person, other string, change func(tx *db.Tx) error) (Stance, error) {
	if person == other {
		return Stance{}, ErrSelf
	}
	var out Stance
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		both, err := lockPeople(ctx, tx, person, other)
		if err != nil {
			return err
		}
		if len(both) != 2 {
			return account.ErrNoPerson
		}
		if err := change(tx); err != nil {
			return err
		}
		out, err = stance(ctx, tx, person, other)
		return err
	})
	return out, err
}

// Stance says how a person ("" for nobody) stands to another.
func (s *Service) Stance(ctx context.Context, person, other string) (Stance, error) {
	if person == "" {
		return Stance{}, nil
	}
	return stance(ctx, s.db, person, other)
}

// Barred reports whether one of two people has blocked the other.
func Barred(ctx context.Context, q db.Querier, a, b string) (bool, error) {
	return barred(ctx, q, a, b)
}

// FriendOfOwner reports whether a person is a friend of somebody who owns a
// shop.
func (s *Service) FriendOfOwner(ctx context.Context, person, shopID string) (bool, error) {
	return friendOfOwner(ctx, s.db, person, shopID)
}

// Friends lists the friends of a person, by name; at most 500.
func (s *Service) Friends(ctx context.Context, person string) ([]account.Person, error) {
	return s.people(ctx, friends, person)
}

// BlockedBy lists whom a person has blocked, the newest first; at most 500.
func (s *Service) BlockedBy(ctx context.Context, person string) ([]account.Person, error) {
	return s.people(ctx, blockedBy, person)
}

func (s *Service) people(ctx context.Context, list func(context.Context, db.Querier, string) ([]string, error), person string) ([]account.Person, error) {
	ids, err := list(ctx, s.db, person)
	if err != nil {
		return nil, err
	}
	out := make([]account.Person, len(ids))
	for i, id := range ids {
		if out[i], err = account.GetIn(ctx, s.db, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Privacy returns what a person lets others see.
func (s *Service) Privacy(ctx context.Context, person string) (Privacy, error) {
	return privacy(ctx, s.db, person)
}

// SetPrivacy changes it. A minor who wants to be seen gets [ErrMinor].
func (s *Service) SetPrivacy(ctx context.Context, person string, p Privacy) (Privacy, error) {
	if p.Minor && (p.Likes == On || p.Findable) {
		return Privacy{}, ErrMinor
	}
	if p.Minor {
		p.Likes = Off
	}
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := setPrivacy(ctx, tx, person, p); err != nil {
			return err
		}
		return s.publish(ctx, tx, PrivacyChanged, person, p)
	})
	return p, err
}

func (s *Service) publish(ctx context.Context, tx *db.Tx, topic, key string, payload any) error {
	e, err := bus.New(topic, key, payload)
	if err != nil {
		return fmt.Errorf("tell %s: %w", topic, err)
	}
	return s.bus.Publish(ctx, tx, e)
}

// Findable lists at most n people who let themselves be found, after the given
// one, in a fixed order.
func (s *Service) Findable(ctx context.Context, after string, n int) ([]string, error) {
	return findable(ctx, s.db, after, n)
}
