package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/platform/mail"
	"github.com/openstall/openstall/internal/platform/push"
)

// Parts are what a service is made of. All are required except where it says so.
type Parts struct {
	DB     *db.DB
	Jobs   *job.Queue
	Mail   mail.Sender
	Texts  mail.Texter
	Push   *push.Sender
	Secret []byte        // signs stop links; the same in every process
	Market text.Local    // name in subjects and greetings
	URL    func() string // address of the market without a slash at its end
	// Tell sends a notice to the open apps of a person, after the commit. Nil:
	// they see it when they look.
	Tell func(n Notice)
	Log  *slog.Logger
	Now  clock.Now
}

// Service gives notices. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service and registers its jobs.
func New(p Parts) *Service {
	s := &Service{Parts: p}
	job.Handle(p.Jobs, s.sendCode)
	job.Handle(p.Jobs, s.sendMail)
	job.Handle(p.Jobs, s.sendPush)
	return s
}

// Give gives a notice in the caller's transaction, unless the person has had one
// with the same key.
func (s *Service) Give(ctx context.Context, tx *db.Tx, d Draft) error {
	way, err := preference(ctx, tx, d.Person, d.Kind)
	if err != nil {
		return fmt.Errorf("give notice: %w", err)
	}
	if d.Only != nil {
		way = Channels{InApp: way.InApp && d.Only.InApp, Email: way.Email && d.Only.Email, Push: way.Push && d.Only.Push}
	}
	now := s.Now()
	n := Notice{ID: id.New("ntc", now), Person: d.Person, Kind: d.Kind, Title: d.Title, Body: d.Body, URL: d.URL, At: now}
	fresh, err := insert(ctx, tx, n, d.Key, way.InApp)
	if err != nil || !fresh {
		return wrap("give notice", err)
	}
	if way.Email {
		if err := s.Jobs.Insert(ctx, tx, mailArgs{n.ID}); err != nil {
			return err
		}
	}
	if way.Push {
		if err := s.pushAll(ctx, tx, n); err != nil {
			return err
		}
	}
	if way.InApp && s.Tell != nil {
		tx.AfterCommit(func() { s.Tell(n) })
	}
	return nil
}

func (s *Service) pushAll(ctx context.Context, tx *db.Tx, n Notice) error {
	subs, err := subscriptions(ctx, tx, n.Person)
	if err != nil {
		return fmt.Errorf("give notice: %w", err)
	}
	// One job each, so that a browser that fails does not repeat to the others.
	jobs := make([]job.Args, len(subs))
	for i, sub := range subs {
		jobs[i] = pushArgs{Notice: n.ID, Endpoint: sub.Endpoint}
	}
	if len(jobs) == 0 {
		return nil
	}
	// After a few hours nobody wants to hear that a show began.
	return s.Jobs.InsertMany(ctx, tx, jobs, job.MaxAttempts(8))
}

// List returns the notices of a person, the newest first.
func (s *Service) List(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Notice], error) {
	rows, err := list(ctx, s.DB, person, after, n+1)
	return page.Cut(rows, n, func(n Notice) page.Cursor { return page.Cursor{At: clock.Millis(n.At), ID: n.ID} }), err
}

// Unread counts the notices that a person has not read.
func (s *Service) Unread(ctx context.Context, person string) (int, error) {
	return unread(ctx, s.DB, person)
}

// MarkRead marks every notice of a person as read.
func (s *Service) MarkRead(ctx context.Context, person string) error {
	return markRead(ctx, s.DB, person, s.Now())
}

// trimAtOnce is how many rows one statement deletes: other writers wait for it.
const trimAtOnce = 1000

// Trim forgets notices that were given before the given time, read or not.
func (s *Service) Trim(ctx context.Context, before time.Time) error {
	for {
		n, err := trim(ctx, s.DB, before, trimAtOnce)
		if n == 0 || err != nil {
			return wrap("trim notices", err)
		}
	}
}

// Preferences returns the channels of each kind of notice.
func (s *Service) Preferences(ctx context.Context, person string) (map[Kind]Channels, error) {
	out := map[Kind]Channels{}
	for _, kind := range Kinds {
		way, err := preference(ctx, s.DB, person, kind)
		if err != nil {
			return nil, err
		}
		out[kind] = way
	}
	return out, nil
}

// SetPreferences changes the channels of the kinds in want; unknown kinds are
// left out.
func (s *Service) SetPreferences(ctx context.Context, person string, want map[Kind]Channels) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		for _, kind := range Kinds {
			way, ok := want[kind]
			if !ok {
				continue
			}
			if err := setPreference(ctx, tx, person, kind, way); err != nil {
				return err
			}
		}
		return nil
	})
}

// Subscribe lets a browser of a person be pushed to. A browser that changes
// hands goes with its new person.
func (s *Service) Subscribe(ctx context.Context, person string, sub push.Subscription) error {
	if err := sub.Check(); err != nil {
		return ErrSubscription.Because(err)
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := putSubscription(ctx, tx, person, sub, s.Now()); err != nil {
			return err
		}
		return trimSubscriptions(ctx, tx, person, maxPush)
	})
}

// Unsubscribe stops pushing to a browser of a person.
func (s *Service) Unsubscribe(ctx context.Context, person, endpoint string) error {
	return deleteSubscription(ctx, s.DB, person, endpoint)
}

type pushArgs struct {
	Notice   string `json:"notice"`
	Endpoint string `json:"endpoint"`
}

// Kind names the job.
func (pushArgs) Kind() string { return "notice.push" }

// shown is what the service worker reads.
type shown struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	URL   string `json:"url"`
	Tag   string `json:"tag"`
	Kind  Kind   `json:"kind"`
}

func (s *Service) sendPush(ctx context.Context, a pushArgs) error {
	n, err := byID(ctx, s.DB, a.Notice)
	if err != nil {
		return orFatal(err)
	}
	sub, err := subscription(ctx, s.DB, n.Person, a.Endpoint)
	if errors.Is(err, db.ErrNoRows) {
		return nil // unsubscribed meanwhile
	}
	if err != nil {
		return err
	}
	p, err := account.GetIn(ctx, s.DB, n.Person)
	if err != nil {
		return orFatal(err)
	}
	payload, err := json.Marshal(shown{Title: n.Title.Pick(p.Locale), Body: n.Body.Pick(p.Locale), URL: n.URL, Tag: n.ID, Kind: n.Kind})
	if err != nil {
		return job.Fatal(err)
	}
	err = s.Push.Send(ctx, sub, push.Message{Payload: payload, Topic: n.ID, Urgent: n.Kind == ShowStarts})
	if errors.Is(err, push.ErrGone) || errors.Is(err, push.ErrSubscription) {
		return deleteSubscription(ctx, s.DB, n.Person, a.Endpoint)
	}
	return err
}

func orFatal(err error) error {
	if errors.Is(err, db.ErrNoRows) || errors.Is(err, account.ErrNoPerson) {
		return job.Fatal(err)
	}
	return err
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
