package social

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Group is people whom one sends things to together. Who made it says who is in
// it; everybody in it may send.
type Group struct {
	ID     string
	Owner  string
	Name   string
	People []string // with the owner, in a fixed order
}

// Letter is something that was sent to one person.
type Letter struct {
	ID     string
	To     string
	From   string
	Group  string // id of the group it came through, or ""
	Share  Share  // what was sent, by the sender's link
	Words  string
	At     time.Time
	ReadAt time.Time
}

// Sent is told for each letter; the key is the recipient, the payload a
// [Delivered].
const Sent = "social.sent"

// Delivered names a letter.
type Delivered struct {
	Letter string `json:"letter"`
	From   string `json:"from"`
	To     string `json:"to"`
	Words  string `json:"words"`
}

// Limits.
const (
	MaxGroup     = 50  // people in a group, its owner too
	maxGroups    = 50  // groups of one owner
	maxAddressed = 100 // people to whom something is sent at once
	maxWords     = 300 // characters
)

// Errors of sending.
var (
	ErrNoGroup   = errs.New(errs.NotFound, "social.no_group", "There is no such group.", "没有这个群组。")
	ErrGroup     = errs.New(errs.Invalid, "social.group", "A group has a name of 1 to 40 characters and up to 50 people.", "群组名称为 1 到 40 个字，最多 50 人。")
	ErrNotFriend = errs.New(errs.Forbidden, "social.not_friend", "Only friends can be written to.", "只能发给朋友。")
	ErrNobody    = errs.New(errs.Invalid, "social.nobody", "Choose whom to send it to, up to 100 people.", "请选择发给谁，最多 100 人。")
	ErrWords     = errs.New(errs.Invalid, "social.words", "A message has at most 300 characters.", "留言最多 300 个字。")
)

// Groups lists the groups in which a person is, by name.
func (s *Service) Groups(ctx context.Context, person string) ([]Group, error) {
	ids, err := groupsOf(ctx, s.db, person)
	if err != nil {
		return nil, err
	}
	out := make([]Group, len(ids))
	for i, id := range ids {
		if out[i], err = groupBy(ctx, s.db, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// MakeGroup makes a group of a person with friends of theirs.
func (s *Service) MakeGroup(ctx context.Context, owner, name string, people []string) (Group, error) {
	g := Group{ID: id.New("grp", s.now()), Owner: owner}
	return s.keepGroup(ctx, g, nil, name, people)
}

// ChangeGroup says anew who is in a group of a person. Who is in it may stay
// without being a friend any longer.
func (s *Service) ChangeGroup(ctx context.Context, owner, group, name string, people []string) (Group, error) {
	g, err := groupBy(ctx, s.db, group)
	if err != nil {
		return Group{}, err
	}
	if g.Owner != owner {
		return Group{}, ErrNoGroup
	}
	return s.keepGroup(ctx, g, g.People, name, people)
}

func (s *Service) keepGroup(ctx context.Context, g Group, had []string, name string, people []string) (Group, error) {
	g.Name = text.Line(name)
	g.People = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(people), g.Owner))))
	if n := utf8.RuneCountInString(g.Name); n == 0 || n > 40 || len(g.People) > MaxGroup {
		return Group{}, ErrGroup
	}
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		for _, p := range g.People {
			if p == g.Owner || slices.Contains(had, p) {
				continue
			}
			if err := mustBeFriends(ctx, tx, g.Owner, p); err != nil {
				return err
			}
		}
		return putGroup(ctx, tx, g, maxGroups, s.now())
	})
	return g, err
}

func mustBeFriends(ctx context.Context, tx *db.Tx, a, b string) error {
	st, err := stance(ctx, tx, a, b)
	if err == nil && !st.Friend {
		return ErrNotFriend
	}
	return err
}

// LeaveGroup takes a person out of a group; when its owner leaves, it is no more.
func (s *Service) LeaveGroup(ctx context.Context, person, group string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		g, err := groupBy(ctx, tx, group)
		if err != nil {
			return err
		}
		switch {
		case !slices.Contains(g.People, person):
			return ErrNoGroup
		case g.Owner == person:
			return removeGroup(ctx, tx, group)
		}
		return removeMember(ctx, tx, group, person)
	})
}

// Send sends something that everybody may see to friends and groups, with the
// sender's link, and returns to how many people. Who has blocked the sender, or
// is blocked, gets nothing, and the sender does not learn of it.
func (s *Service) Send(ctx context.Context, sender string, kind Kind, target string, people, groups []string, words string) (int, error) {
	words = text.Lines(words)
	if utf8.RuneCountInString(words) > maxWords {
		return 0, ErrWords
	}
	if len(people)+len(groups) == 0 || len(people)+len(groups) > maxAddressed {
		return 0, ErrNobody
	}
	sh, err := s.Share(ctx, sender, kind, target)
	if err != nil {
		return 0, err
	}
	sent := 0
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		to, err := s.addressed(ctx, tx, sender, people, groups)
		if err != nil {
			return err
		}
		sent = len(to)
		return s.deliver(ctx, tx, sender, sh, words, to)
	})
	return sent, err
}

// addressed are the people to whom something goes, with the group through which.
func (s *Service) addressed(ctx context.Context, tx *db.Tx, sender string, people, groups []string) (map[string]string, error) {
	to := map[string]string{}
	for _, group := range groups {
		g, err := groupBy(ctx, tx, group)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(g.People, sender) {
			return nil, ErrNoGroup
		}
		for _, p := range g.People {
			to[p] = g.ID
		}
	}
	for _, p := range people {
		if err := mustBeFriends(ctx, tx, sender, p); err != nil {
			return nil, err
		}
		to[p] = ""
	}
	delete(to, sender)
	if len(to) > maxAddressed {
		return nil, ErrNobody
	}
	return to, nil
}

func (s *Service) deliver(ctx context.Context, tx *db.Tx, sender string, sh Share, words string, to map[string]string) error {
	now := s.now()
	for p, group := range to {
		hidden, err := barred(ctx, tx, sender, p)
		if err != nil {
			return err
		}
		if hidden {
			continue
		}
		l := Letter{ID: id.New("let", now), To: p, From: sender, Group: group, Share: sh, Words: words, At: now}
		if err := insertLetter(ctx, tx, l); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, Sent, p, Delivered{Letter: l.ID, From: sender, To: p, Words: words}); err != nil {
			return err
		}
	}
	return nil
}

// Inbox pages through what was sent to a person, the newest first. What came from
// somebody blocked since is left out.
func (s *Service) Inbox(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Letter], error) {
	rows, err := inbox(ctx, s.db, person, after, n+1)
	return page.Cut(rows, n, func(l Letter) page.Cursor { return page.Cursor{At: clock.Millis(l.At), ID: l.ID} }), err
}

// Unread counts what a person finds in their inbox and has not seen.
func (s *Service) Unread(ctx context.Context, person string) (int, error) {
	return unread(ctx, s.db, person)
}

// ReadInbox marks what was sent to a person as seen.
func (s *Service) ReadInbox(ctx context.Context, person string) error {
	return readInbox(ctx, s.db, person, s.now())
}

// GroupName is the name of a group, or "" when it is no more.
func (s *Service) GroupName(ctx context.Context, group string) (string, error) {
	g, err := groupBy(ctx, s.db, group)
	if errors.Is(err, ErrNoGroup) {
		return "", nil
	}
	return g.Name, err
}
