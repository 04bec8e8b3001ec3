package crm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service is made of. All are required.
type Parts struct {
	DB  *db.DB
	Bus *bus.Bus
	// Order reads an order of a shop, as [order.Service.GetForShop] does.
	Order func(ctx context.Context, shop, order string) (order.Order, error)
	// Lead reads a lead of a shop, as [lead.Service.GetForShop] does.
	Lead   func(ctx context.Context, shop, lead string) (lead.Lead, error)
	Secret []byte        // signs stop links; the same in every process
	URL    func() string // address of the market without a slash at its end
	Now    clock.Now
}

// Service keeps contacts. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service that hears of customers on the bus.
func New(p Parts) *Service {
	s := &Service{p}
	for _, topic := range []string{order.TopicPaid, order.TopicChanged} {
		p.Bus.Apply(topic, "crm", s.ordered)
	}
	p.Bus.Apply(lead.Changed, "crm", s.asked)
	p.Bus.Apply(social.Followed, "crm", s.followed)
	p.Bus.Apply(show.TopicReserved, "crm", s.reserved)
	return s
}

// ordered folds an event of an order. The first one makes the contact and takes
// over what the buyer gave to the shop; each looks what the order counts for now.
// Who never paid has not become a customer.
func (s *Service) ordered(ctx context.Context, tx *db.Tx, e bus.Event) error {
	told, err := bus.Decode[order.Told](e)
	if err != nil || told.Buyer == "" || told.State == order.PendingPayment || told.State == order.Expired {
		return err
	}
	at := clock.Time(told.At)
	c, err := s.contact(ctx, tx, told.Shop, told.Buyer, told.Currency, at)
	if err != nil {
		return err
	}
	src := Source{Kind: FromOrder, Ref: told.Order, At: at, Show: told.Show, Share: told.Source}
	fresh, err := putSource(ctx, tx, c.ID, src)
	if err != nil {
		return err
	}
	o, err := s.Order(ctx, told.Shop, told.Order)
	if err != nil {
		return fmt.Errorf("contact of %s: %w", told.Order, err)
	}
	if fresh {
		c.Name, c.Email, c.Phone = first(o.BuyerName, c.Name), first(o.BuyerEmail, c.Email), first(o.BuyerPhone, c.Phone)
		if slices.Contains(o.Consents, order.MarketingTerm) {
			given := Consent{Marketing: true, At: o.PlacedAt, Text: termText(o)}
			if err := putEntry(ctx, tx, id.New("cns", s.Now()), c.ID, Entry{Consent: given, Way: ByOrder, Ref: o.ID}); err != nil {
				return err
			}
			// We may hear of an order after its buyer has taken the consent back.
			if !given.At.Before(c.Consent.At) {
				c.Consent = given
			}
		}
		if err := setDetails(ctx, tx, c); err != nil {
			return err
		}
	}
	counts := o.Payment != order.ForNothing && o.State != order.Cancelled && o.State != order.Expired && o.PayState != order.Refunded
	return putOrder(ctx, tx, c.ID, told.Order, counts, kept(o))
}

// kept is what the shop has of the buyer's money.
func kept(o order.Order) int64 {
	switch o.PayState {
	case order.Paid, order.PartlyRefunded, order.Refunding, order.Refunded:
		return o.Total().Minor - o.Refunded
	}
	return 0
}

// termText is what the buyer agreed to, in every language it was shown in.
func termText(o order.Order) string {
	for _, t := range o.Quote.Terms {
		if t.ID == order.MarketingTerm {
			return t.Text.All()
		}
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// asked folds a step of a lead: leaving one gives the shop what the person gave
// with it, and erasing it takes that back.
func (s *Service) asked(ctx context.Context, tx *db.Tx, e bus.Event) error {
	told, err := bus.Decode[lead.Told](e)
	if err != nil {
		return err
	}
	switch told.Event {
	case string(lead.Fresh):
		return s.left(ctx, tx, told)
	case string(lead.Withdrawn), lead.Erased:
		return s.forgotten(ctx, tx, told)
	}
	return nil
}

func (s *Service) left(ctx context.Context, tx *db.Tx, told lead.Told) error {
	l, err := s.Lead(ctx, told.Shop, told.Lead)
	if err != nil {
		return fmt.Errorf("contact of %s: %w", told.Lead, err)
	}
	if !l.ErasedAt.IsZero() { // we hear of it after it was taken back
		return nil
	}
	at := clock.Time(told.At)
	c, err := s.contact(ctx, tx, told.Shop, told.Person, "", at)
	if err != nil {
		return err
	}
	if _, err := putSource(ctx, tx, c.ID, Source{Kind: FromLead, Ref: told.Lead, At: at, Show: told.Show, Share: told.Share}); err != nil {
		return err
	}
	c.Name, c.Email, c.Phone = l.Name, first(c.Email, l.Email), first(c.Phone, l.Phone)
	return setDetails(ctx, tx, c)
}

// forgotten takes back what a lead gave: the address when neither an order nor
// another lead gave one, and all of the contact when nothing else made it.
func (s *Service) forgotten(ctx context.Context, tx *db.Tx, told lead.Told) error {
	contact, err := contactOf(ctx, tx, told.Shop, told.Person)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	kinds, err := dropSource(ctx, tx, contact, FromLead, told.Lead)
	if err != nil || slices.Contains(kinds, FromOrder) || slices.Contains(kinds, FromLead) {
		return err
	}
	c, err := byID(ctx, tx, contact)
	if err != nil {
		return err
	}
	p, err := account.GetIn(ctx, tx, told.Person)
	if err != nil {
		return err
	}
	c.Name, c.Email, c.Phone = p.Name, "", ""
	if err := setDetails(ctx, tx, c); err != nil || len(kinds) > 0 {
		return err
	}
	return dropContact(ctx, tx, contact)
}

func (s *Service) followed(ctx context.Context, tx *db.Tx, e bus.Event) error {
	told, err := bus.Decode[social.Told](e)
	if err != nil {
		return err
	}
	at := clock.Time(told.At)
	c, err := s.contact(ctx, tx, told.Shop, told.Person, "", at)
	if err != nil {
		return err
	}
	_, err = putSource(ctx, tx, c.ID, Source{Kind: FromFollow, At: at, Share: told.Source})
	return err
}

func (s *Service) reserved(ctx context.Context, tx *db.Tx, e bus.Event) error {
	told, err := bus.Decode[show.Reservation](e)
	if err != nil {
		return err
	}
	c, err := s.contact(ctx, tx, told.Shop, told.Person, "", e.At)
	if err != nil {
		return err
	}
	_, err = putSource(ctx, tx, c.ID, Source{Kind: FromReservation, Ref: told.Show, At: e.At, Show: told.Show})
	return err
}

// contact finds a person among the contacts of a shop or adds them by name. The
// currency is that of an order, "" when there is none: the shop's stands then.
func (s *Service) contact(ctx context.Context, tx *db.Tx, shopID, person, currency string, at time.Time) (Contact, error) {
	p, err := account.GetIn(ctx, tx, person)
	if err != nil {
		return Contact{}, fmt.Errorf("contact: %w", err)
	}
	sh, err := shop.GetIn(ctx, tx, shopID)
	if err != nil {
		return Contact{}, fmt.Errorf("contact: %w", err)
	}
	return ensure(ctx, tx, Contact{ID: id.New("con", s.Now()), Shop: shopID, Person: person, Name: p.Name, CreatedAt: at, SeenAt: at,
		Spent: money.Amount{Currency: first(currency, sh.Currency)}}, currency)
}

// List returns contacts of a shop whose name, e-mail or phone contains q, the
// last active first.
func (s *Service) List(ctx context.Context, shopID, q string, after page.Cursor, n int) (page.Of[Contact], error) {
	rows, err := list(ctx, s.DB, shopID, fold(q), after, n+1)
	if err != nil {
		return page.Of[Contact]{}, err
	}
	out := page.Cut(rows, n, func(c Contact) page.Cursor { return page.Cursor{At: clock.Millis(c.SeenAt), ID: c.ID} })
	return out, withSources(ctx, s.DB, out.Items)
}

// All goes through every contact of a shop, the last active first.
func (s *Service) All(ctx context.Context, shopID string) iter.Seq2[Contact, error] {
	return page.All(func(after page.Cursor) (page.Of[Contact], error) { return s.List(ctx, shopID, "", after, 200) })
}

// OfShow counts the contacts of a shop that came by a show.
func (s *Service) OfShow(ctx context.Context, showID string) (int64, error) {
	return countOfShow(ctx, s.DB, showID)
}
