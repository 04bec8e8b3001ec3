package claim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

// Said is a comment that everybody reads, and that may be a claim.
type Said struct {
	Comment string
	Show    string
	Person  string
	Name    string
	Text    string
	At      time.Time
}

// hearing is a comment with the call that it is for.
type hearing struct {
	Said
	call   Call
	pieces int64
}

// Hear makes claims of comments in the transaction that keeps them, in the order
// in which they came, and returns them by comment. Who comes when nothing is left
// waits. Who holds or waits for something of the call already hears of that
// again; who has had their share gets [Limit].
func (s *Service) Hear(ctx context.Context, tx *db.Tx, said []Said) (map[string]Claim, error) {
	all, err := s.meant(ctx, tx, said)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	out := make(map[string]Claim, len(all))
	byCall := map[string][]hearing{}
	var order []Call // as placement locks goods
	for _, h := range all {
		if len(byCall[h.call.ID]) == 0 {
			order = append(order, h.call)
		}
		byCall[h.call.ID] = append(byCall[h.call.ID], h)
	}
	slices.SortFunc(order, func(a, b Call) int { return strings.Compare(a.SKU+" "+a.ID, b.SKU+" "+b.ID) })
	for _, c := range order {
		if err := s.hear(ctx, tx, c, byCall[c.ID], out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// meant finds which comments are for which open calls. A market without any, and
// a conversation, ask at most one small question.
func (s *Service) meant(ctx context.Context, tx *db.Tx, said []Said) ([]hearing, error) {
	var out []hearing
	open := map[string][]Call{} // by show
	for _, x := range said {
		ways := read(x.Text)
		if len(ways) == 0 {
			continue
		}
		if _, ok := open[x.Show]; !ok {
			calls, err := openCalls(ctx, tx, x.Show)
			if err != nil {
				return nil, err
			}
			open[x.Show] = calls
		}
		for _, w := range ways {
			i := slices.IndexFunc(open[x.Show], func(c Call) bool { return c.Keyword == w.keyword })
			if i >= 0 {
				out = append(out, hearing{x, open[x.Show][i], w.pieces})
				break
			}
		}
	}
	return out, nil
}

func (s *Service) hear(ctx context.Context, tx *db.Tx, c Call, all []hearing, out map[string]Claim) error {
	// The row of the goods is the lock of the call: among processes, too, the order
	// of arrival is the order in which they come to have it.
	if _, err := stock.Lock(ctx, tx, c.SKU, c.ID); err != nil {
		return err
	}
	c, err := getCall(ctx, tx, c.ID)
	if err != nil || !c.Open() {
		return err
	}
	if err := s.moveOn(ctx, tx, c); err != nil { // who waits comes before who arrives
		return err
	}
	item, err := stock.OfIn(ctx, tx, c.SKU, c.ID)
	if err != nil {
		return err
	}
	st, err := standingOf(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	left, was := item.Available(), st.last
	for _, h := range all {
		k, ok, err := s.before(ctx, tx, c, h)
		if err != nil {
			return err
		}
		if !ok {
			st.last++
			k.Seq = st.last
			if left > 0 {
				k.State, k.Pieces, k.Until = Held, min(k.Pieces, left), s.Now().Add(c.Hold)
				left -= k.Pieces
			} else {
				st.waiting++
				k.Place = st.waiting
			}
			if err := s.keep(ctx, tx, k); err != nil {
				return err
			}
		}
		out[h.Comment] = k
	}
	if st.last == was {
		return nil
	}
	return s.changed(ctx, tx, c.Show)
}

// before returns what a person has of a call already, or else the claim that
// they are about to make.
func (s *Service) before(ctx context.Context, tx *db.Tx, c Call, h hearing) (Claim, bool, error) {
	k, ok, err := liveOf(ctx, tx, c, h.Person)
	if err != nil || ok {
		if ok && k.State == Waiting {
			k.Place, err = placeOf(ctx, tx, c.ID, k.Seq)
		}
		return k, ok, err
	}
	had, err := orderedBy(ctx, tx, c.ID, h.Person)
	if err != nil {
		return Claim{}, false, err
	}
	k = Claim{Call: c.ID, Comment: h.Comment, Person: h.Person, Name: h.Name, Pieces: min(h.pieces, c.PerPerson-had), State: Waiting, At: h.At, Of: c}
	if k.Pieces < 1 {
		k.Pieces, k.State = 0, Limit
		return k, true, nil
	}
	k.ID = id.New("clm", h.At)
	return k, false, nil
}

func (s *Service) keep(ctx context.Context, tx *db.Tx, k Claim) error {
	if err := insertClaim(ctx, tx, k); err != nil || k.State != Held {
		return err
	}
	if err := s.reserve(ctx, tx, k); err != nil {
		return err
	}
	return s.tell(ctx, tx, k, "first")
}
