package course

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with.
type Parts struct {
	DB      *db.DB
	Bus     *bus.Bus
	Shops   *shop.Service
	Catalog *catalog.Service
	Stock   *stock.Service
	Orders  *order.Service
	Videos  *video.Service
	Secret  string // signs tickets; shared by all nodes
	Log     *slog.Logger
	Now     clock.Now
}

// Service keeps courses. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service that enrols who has paid, ends what is given back, and
// puts seats up for courses that do not say how many there are.
func New(p Parts) *Service {
	s := &Service{p}
	p.Bus.Inline(catalog.Changed, s.putUp)
	p.Bus.Apply(order.TopicPaid, "courses", s.paid)
	p.Bus.Inline(order.TopicChanged, s.orderChanged)
	p.Bus.Inline(aftersale.TopicChanged, s.caseChanged)
	return s
}

// putUp gives the variants of a course that never had any their seats.
func (s *Service) putUp(ctx context.Context, tx *db.Tx, e bus.Event) error {
	p, err := catalog.GetIn(ctx, tx, e.Key)
	if err != nil || !online(p) {
		return err
	}
	for _, k := range p.SKUs {
		item, err := stock.OfIn(ctx, tx, k.ID, stock.Stall)
		if err != nil {
			return err
		}
		if item.Version > 0 {
			continue
		}
		if _, err := s.Stock.RecordIn(ctx, tx, p.Shop, stock.Move{Key: "seats:" + k.ID, SKU: k.ID, Add: seats, Reason: stock.Landed}); err != nil {
			return err
		}
	}
	return nil
}

// online reports whether a product is watched here.
func online(p catalog.Product) bool {
	pack, err := shop.PackOf(p.Pack)
	return err == nil && pack.Online()
}

// Offered returns [ErrNoLessons] while there is nothing to pay for in a course.
func (s *Service) Offered(ctx context.Context, product string) error {
	lessons, err := lessonsOf(ctx, s.DB, product)
	if err == nil && paidLength(lessons) == 0 {
		err = ErrNoLessons
	}
	return err
}

// paidLength is how long the lessons are that have to be bought.
func paidLength(lessons []Lesson) time.Duration {
	var sum time.Duration
	for _, l := range lessons {
		if !l.Preview && !l.gone {
			sum += l.Length()
		}
	}
	return sum
}

// paid enrols the buyer of an order.
func (s *Service) paid(ctx context.Context, tx *db.Tx, e bus.Event) error {
	o, err := order.Lock(ctx, tx, e.Key)
	if err != nil || o.Quote.Kind != order.ByOnline || !o.Refundable() {
		return err
	}
	rests, err := order.RestsOf(ctx, tx, o)
	if err != nil {
		return err
	}
	now := s.Now()
	for i, l := range o.Lines {
		if rests.Lines[i].Units() == 0 {
			continue
		}
		lessons, err := lessonsOf(ctx, tx, l.Product)
		if err != nil {
			return err
		}
		until, err := s.accessUntil(ctx, l.Revision, now)
		if err != nil {
			return err
		}
		n := Enrolment{ID: id.New("enr", now), Order: o.ID, Position: int64(i), Shop: o.Shop, Product: l.Product, Person: o.Buyer, Name: o.BuyerName,
			Until: until, BoughtAt: now, length: paidLength(lessons).Milliseconds()}
		if err := insertEnrolment(ctx, tx, n); err != nil {
			return err
		}
		s.Log.InfoContext(ctx, "course bought", "enrolment", n.ID, "order", o.ID, "product", l.Product)
	}
	return nil
}

// accessUntil is when access ends that was promised by a revision of a product;
// zero for access for good.
func (s *Service) accessUntil(ctx context.Context, revision string, now time.Time) (time.Time, error) {
	body, err := s.Catalog.Revision(ctx, revision)
	if err != nil {
		return time.Time{}, err
	}
	var r struct {
		Fields map[string]string `json:"fields"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return time.Time{}, err
	}
	days, _ := strconv.ParseFloat(r.Fields["access_days"], 64)
	if days <= 0 || days > 36500 {
		return time.Time{}, nil
	}
	return now.Add(time.Duration(days * 24 * float64(time.Hour))), nil
}

// orderChanged ends the enrolments whose money goes back. A reduction of the
// price ends nothing.
func (s *Service) orderChanged(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[order.Told](e)
	if err != nil || t.Event != "giving_back" && t.Event != "cancelled" {
		return err
	}
	all, err := enrolmentsOfOrder(ctx, tx, t.Order)
	if err != nil || len(all) == 0 {
		return err
	}
	o, err := order.Lock(ctx, tx, t.Order)
	if err != nil {
		return err
	}
	rests, err := order.RestsOf(ctx, tx, o)
	if err != nil {
		return err
	}
	for _, n := range all {
		if o.State == order.Cancelled || rests.Lines[n.Position].Units() == 0 {
			if err := setEnded(ctx, tx, n.ID, s.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// caseChanged holds a course still while its buyer asks to give it back: the
// progress that they asked with is the one that counts.
func (s *Service) caseChanged(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[aftersale.Told](e)
	if err != nil {
		return err
	}
	return setPaused(ctx, tx, t.Order)
}

// Standing is how far a learner has come with the lessons that they paid for.
type Standing struct {
	Seen time.Duration
	Of   time.Duration
	Used int64 // millionths
	Done int   // lessons
	Last time.Time
}

// doneAt is the share of a lesson, in percent, from which on it counts as seen:
// nobody watches the last seconds.
const doneAt = 90

// Done reports whether who has come so far has taken the lesson.
func (l Lesson) Done(p Progress) bool {
	return l.Length() > 0 && p.Time*100 >= l.Length()*doneAt
}

// standing sums up. The base is never less than when the course was bought, so a
// shop that takes lessons out does not make the rest count for more.
func standing(e Enrolment, lessons []Lesson, seen map[string]Progress) Standing {
	var st Standing
	for _, l := range lessons {
		p := seen[l.ID]
		if !l.gone && l.Done(p) {
			st.Done++
		}
		if !l.Preview {
			st.Seen += p.Time
		}
	}
	st.Of = max(paidLength(lessons), time.Duration(e.length)*time.Millisecond)
	st.Seen = min(st.Seen, st.Of)
	if st.Of > 0 {
		st.Used = st.Seen.Milliseconds() * 1_000_000 / st.Of.Milliseconds()
	}
	return st
}

// Used is the share of a line of an order that was seen, in millionths; nothing
// of it while nobody is enrolled by it.
func (s *Service) Used(ctx context.Context, q db.Querier, orderID string, position int) (int64, error) {
	e, err := enrolmentOfLine(ctx, q, orderID, position)
	if errors.Is(err, ErrNoCourse) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	lessons, err := lessonsOf(ctx, q, e.Product)
	if err != nil {
		return 0, err
	}
	seen, err := progressOf(ctx, q, e.ID)
	if err != nil {
		return 0, err
	}
	return standing(e, lessons, seen).Used, nil
}
