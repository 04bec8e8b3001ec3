package lead

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Filter narrows a shop's list of leads; empty fields do not.
type Filter struct {
	State    State
	Assignee string
	Show     string
	After    page.Cursor
}

// List pages through the leads of a shop, the newest first.
func (s *Service) List(ctx context.Context, shopID string, f Filter, n int) (page.Of[Lead], error) {
	rows, err := list(ctx, s.DB, shopID, f, n+1)
	return cut(rows, n), err
}

// Counts says how many leads of a shop, or of one show of it, are in each state.
func (s *Service) Counts(ctx context.Context, shopID, show string) (map[State]int64, error) {
	return counts(ctx, s.DB, shopID, show)
}

// OfShow counts the leads that were left in a show, erased ones too.
func (s *Service) OfShow(ctx context.Context, show string) (int64, error) {
	return countOfShow(ctx, s.DB, show)
}

// GetForShop returns a lead of a shop with its history, or [ErrNotFound].
func (s *Service) GetForShop(ctx context.Context, shopID, lead string) (Lead, error) {
	l, err := byID(ctx, s.DB, lead)
	if err == nil && l.Shop != shopID {
		err = ErrNotFound
	}
	if err != nil {
		return Lead{}, err
	}
	l.Events, err = events(ctx, s.DB, lead)
	return l, err
}

// Staff lists who can look after the leads of a shop.
func (s *Service) Staff(ctx context.Context, shopID string) ([]string, error) {
	all, err := s.Shops.Members(ctx, shopID)
	out := []string{}
	for _, m := range all {
		if m.Role == shop.Owner || m.Role == shop.Care {
			out = append(out, m.Person)
		}
	}
	return out, err
}

// staff returns the role of a person in a shop, or [ErrStaff] when they may not
// look after leads.
func (s *Service) staff(ctx context.Context, shopID, person string) (shop.Role, error) {
	all, err := s.Shops.Members(ctx, shopID)
	for _, m := range all {
		if m.Person == person && (m.Role == shop.Owner || m.Role == shop.Care) {
			return m.Role, nil
		}
	}
	if err == nil {
		err = ErrStaff
	}
	return "", err
}

// Claim gives a new lead to who asks for it first; the others get [ErrTaken].
// Whoever has it may ask again.
func (s *Service) Claim(ctx context.Context, shopID, lead, who string) (Lead, error) {
	if _, err := s.staff(ctx, shopID, who); err != nil {
		return Lead{}, err
	}
	return s.change(ctx, shopID, lead, func(l *Lead) (*Event, error) {
		switch {
		case l.Assignee == who && l.State.Open():
			return nil, nil
		case l.Assignee != "" && l.State.Open():
			return nil, ErrTaken
		case l.State != Fresh:
			return nil, ErrStep
		}
		l.State, l.Assignee = Assigned, who
		return &Event{Event: string(Assigned), Who: who}, nil
	})
}

// Assign gives an open lead to a member of the staff. An owner may take it from
// whoever has it; others may hand on what is theirs or nobody's.
func (s *Service) Assign(ctx context.Context, shopID, lead, by, to string) (Lead, error) {
	role, err := s.staff(ctx, shopID, by)
	if err != nil {
		return Lead{}, err
	}
	_, bad := s.staff(ctx, shopID, to)
	return s.change(ctx, shopID, lead, func(l *Lead) (*Event, error) {
		switch {
		case bad != nil:
			return nil, bad
		case !l.State.Open():
			return nil, ErrStep
		case l.Assignee == to:
			return nil, nil
		case l.Assignee != "" && l.Assignee != by && role != shop.Owner:
			return nil, ErrTaken
		}
		l.Assignee = to
		if l.State == Fresh {
			l.State = Assigned
		}
		return &Event{Event: string(Assigned), Who: to}, nil
	})
}

// Step is what came of talking to a person.
type Step struct {
	To     State // Contacted, Viewing, Won or Lost
	Reason Reason
	Price  int64 // minor units; of a sale
	Note   string
}

// next are the steps that may follow each state.
var next = map[State][]State{
	Assigned:  {Contacted, Viewing, Won, Lost},
	Contacted: {Viewing, Won, Lost},
	Viewing:   {Won, Lost},
}

// reasons are those that a shop can give.
var reasons = []Reason{Price, Elsewhere, Sold, Unreachable, Junk, Duplicate, Other}

func (t Step) check() error {
	won, lost := t.To == Won, t.To == Lost
	if won != (t.Price > 0) || lost != (t.Reason != "") || lost && !slices.Contains(reasons, t.Reason) {
		return ErrOutcome
	}
	return nil
}

// Move takes a lead one step on, by who looks after it or an owner. A lead that
// is there already stays as it is.
func (s *Service) Move(ctx context.Context, shopID, lead, who string, t Step) (Lead, error) {
	role, err := s.staff(ctx, shopID, who)
	if err != nil {
		return Lead{}, err
	}
	now := s.Now()
	return s.change(ctx, shopID, lead, func(l *Lead) (*Event, error) {
		note, bad := noteOf(t.Note)
		if bad == nil {
			bad = t.check()
		}
		switch {
		case bad != nil:
			return nil, bad
		case l.Assignee != who && role != shop.Owner && l.ErasedAt.IsZero():
			return nil, ErrOthers
		case l.State == t.To:
			return nil, nil
		case !slices.Contains(next[l.State], t.To):
			return nil, ErrStep
		}
		if l.AnsweredAt.IsZero() {
			l.AnsweredAt = now
		}
		l.State, l.Reason, l.Price.Minor = t.To, t.Reason, t.Price
		if !t.To.Open() {
			l.ClosedAt = now
		}
		if t.To == Won {
			l.EraseAt = time.Time{}
		}
		return &Event{Event: string(t.To), Who: who, Note: note}, nil
	})
}

// Note adds words to the history of a lead.
func (s *Service) Note(ctx context.Context, shopID, lead, who, words string) (Lead, error) {
	return s.change(ctx, shopID, lead, func(l *Lead) (*Event, error) {
		note, err := noteOf(words)
		if err != nil || note == "" {
			return nil, ErrWords
		}
		if !l.ErasedAt.IsZero() { // nothing is written about somebody who is gone
			return nil, ErrStep
		}
		return &Event{Event: "note", Who: who, Note: note}, nil
	})
}

func noteOf(s string) (string, error) {
	s = text.Lines(s)
	if utf8.RuneCountInString(s) > maxWords {
		return "", ErrWords
	}
	return s, nil
}

// change lets edit change a lead of a shop, keeps it and notes the step down; a
// nil step leaves it as it is.
func (s *Service) change(ctx context.Context, shopID, lead string, edit func(*Lead) (*Event, error)) (Lead, error) {
	var out Lead
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		l, err := lock(ctx, tx, lead)
		if err == nil && l.Shop != shopID {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		was := l
		e, err := edit(&l)
		if err != nil || e == nil {
			out = l
			return err
		}
		e.At = s.Now()
		if !l.State.Open() {
			if err := freeSlot(ctx, tx, was, e.At); err != nil {
				return err
			}
		}
		l.Version++
		if err := save(ctx, tx, l); err != nil {
			return err
		}
		out = l
		return s.noted(ctx, tx, l, *e)
	})
	if err != nil {
		return Lead{}, err
	}
	out.Events, err = events(ctx, s.DB, lead)
	return out, err
}
