package lead

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with. All are required.
type Parts struct {
	DB      *db.DB
	Bus     *bus.Bus
	Shops   *shop.Service
	Catalog *catalog.Service
	// Moment says what a show knows of an instant.
	Moment func(ctx context.Context, show string, at time.Time) (order.Moment, error)
	Log    *slog.Logger
	Now    clock.Now
}

// Service keeps leads. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service.
func New(p Parts) *Service { return &Service{p} }

// Draft is what a person says about a product.
type Draft struct {
	Key      string // Idempotency-Key
	Person   account.Person
	Product  string
	Name     string // empty: as the account says
	Phone    string // kept when the account has none
	Wish     Wish
	Slot     string // id; for a viewing, may be empty
	Words    string
	Version  string // of the consent, as shown
	Language string // in which it was shown
	Source   Source
}

// digest tells two drafts under one key apart.
func (d Draft) digest() string {
	var b []byte
	for _, s := range []string{d.Product, d.Name, d.Phone, string(d.Wish), d.Slot, d.Words, d.Version, d.Language} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Leave keeps a person's interest in a product and the slot they want. The same
// key and draft get the same lead; [ErrOpen] when they have an open one about the
// product, [shop.ErrSlotGone] when somebody else has the slot.
func (s *Service) Leave(ctx context.Context, d Draft) (Lead, error) {
	key := d.Person.ID + ":" + d.Key
	if l, ok, err := s.repeated(ctx, key, d); ok || err != nil {
		return l, err
	}
	l, slot, err := s.draft(ctx, d)
	if err != nil {
		return Lead{}, err
	}
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if slot != nil {
			if err := shop.TakeSlots(ctx, tx, l.Shop, *slot, 1); err != nil {
				return err
			}
		}
		if err := insert(ctx, tx, l, key, d.digest()); err != nil {
			return err
		}
		return s.noted(ctx, tx, l, Event{At: l.CreatedAt, Event: string(Fresh)})
	})
	if db.IsUnique(err) {
		if l, ok, err := s.repeated(ctx, key, d); ok || err != nil {
			return l, err
		}
		return Lead{}, ErrOpen
	}
	if err != nil {
		return Lead{}, fmt.Errorf("leave lead: %w", err)
	}
	s.Log.InfoContext(ctx, "lead left", "lead", l.ID, "shop", l.Shop, "product", l.Product)
	return l, nil
}

// repeated answers a key that was used before.
func (s *Service) repeated(ctx context.Context, key string, d Draft) (Lead, bool, error) {
	l, hash, err := byKey(ctx, s.DB, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return Lead{}, false, nil
	case err != nil:
		return Lead{}, false, err
	case hash != d.digest():
		return Lead{}, false, order.ErrKeyReused
	}
	return l, true, nil
}

// draft checks what a person says and makes the lead of it, with the slot that
// has to be taken.
func (s *Service) draft(ctx context.Context, d Draft) (Lead, *shop.Slot, error) {
	p, sh, err := s.asked(ctx, d.Product)
	if err != nil {
		return Lead{}, nil, err
	}
	now := s.Now()
	l := Lead{ID: id.New("led", now), Shop: sh.ID, Product: p.ID, Person: d.Person.ID, Name: text.Line(d.Name), Email: d.Person.Email, Phone: d.Person.Phone,
		Wish: d.Wish, Words: text.Lines(d.Words), State: Fresh, CreatedAt: now, EraseAt: now.AddDate(0, KeepMonths, 0), Version: 1}
	l.Price.Currency = sh.Currency
	if l.Consent, err = agreed(consentOf(sh, p), d.Version, d.Language, now); err != nil {
		return Lead{}, nil, err
	}
	if l.Name == "" {
		l.Name = d.Person.Name
	}
	if l.Name == "" || utf8.RuneCountInString(l.Name) > maxName {
		return Lead{}, nil, ErrName
	}
	if utf8.RuneCountInString(l.Words) > maxWords {
		return Lead{}, nil, ErrWords
	}
	if phone := text.Line(d.Phone); l.Phone == "" && len(phone) <= maxPhone {
		l.Phone = phone
	}
	var slot *shop.Slot
	switch d.Wish {
	case Call:
		if l.Phone == "" {
			return Lead{}, nil, ErrPhone
		}
	case View:
		if slot, err = slotOf(sh, d.Slot, now); err != nil {
			return Lead{}, nil, err
		}
		l.Slot = slot
	case Write:
	default:
		return Lead{}, nil, ErrWish
	}
	l.Source, err = s.sourceOf(ctx, sh.ID, d.Source, now)
	return l, slot, err
}

// slotOf returns the wanted slot as [shop.TakeSlots] takes it, nil for none. One
// that has begun is gone: nobody can come to its beginning.
func slotOf(sh shop.Shop, want string, now time.Time) (*shop.Slot, error) {
	if want == "" {
		return nil, nil
	}
	slot, err := shop.SlotOf(sh, want, now)
	if err == nil && !slot.StartsAt.After(now) {
		err = shop.ErrSlotGone
	}
	return &slot, err
}

// sourceOf notes the second of the show that the person saw: of a running show
// by our clock, of a replay as the player says. Another shop's show is left out:
// what a browser says is not believed.
func (s *Service) sourceOf(ctx context.Context, shopID string, src Source, now time.Time) (Source, error) {
	if src.Page != PageRoom && src.Page != PageVideo {
		src.Page = PageProduct
	}
	if src.Show == "" {
		src.Second = 0
		return src, nil
	}
	m, err := s.Moment(ctx, src.Show, now)
	if errs.KindOf(err) == errs.NotFound || err == nil && m.Shop != shopID {
		src.Show, src.Second = "", 0
		return src, nil
	}
	if m.Live {
		src.Second = m.Second
	}
	src.Second = max(0, src.Second)
	return src, err
}

// noted writes a step into the history of l and tells of it. It counts as a
// version.
func (s *Service) noted(ctx context.Context, tx *db.Tx, l Lead, e Event) error {
	if err := insertEvent(ctx, tx, l.ID, l.Version, e); err != nil {
		return err
	}
	told := Told{Lead: l.ID, Shop: l.Shop, Product: l.Product, Person: l.Person, Show: l.Source.Show, Share: l.Source.Share, State: l.State, Event: e.Event, At: clock.Millis(e.At)}
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: l.ID, Payload: told.JSON()})
}

// Mine lists the leads of a person, the newest first; what was erased is not
// theirs any more.
func (s *Service) Mine(ctx context.Context, person string, after page.Cursor, n int) (page.Of[Lead], error) {
	rows, err := mine(ctx, s.DB, person, after, n+1)
	return cut(rows, n), err
}

func cut(rows []Lead, n int) page.Of[Lead] {
	return page.Cut(rows, n, func(l Lead) page.Cursor { return page.Cursor{At: clock.Millis(l.CreatedAt), ID: l.ID} })
}

// Withdraw erases what a person gave with a lead and frees its slot. What became
// a sale stays: [ErrStep]. Without such a lead it returns [ErrNotFound]; so does
// a second call.
func (s *Service) Withdraw(ctx context.Context, person, lead string) error {
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		l, err := lock(ctx, tx, lead)
		if err != nil {
			return err
		}
		if person == "" || l.Person != person {
			return ErrNotFound
		}
		if l.State == Won {
			return ErrStep
		}
		return s.erase(ctx, tx, l, string(Withdrawn))
	})
}

// EraseDue erases the leads whose time is over. An open one is lost by that.
func (s *Service) EraseDue(ctx context.Context) error {
	for {
		ids, err := due(ctx, s.DB, s.Now(), 100)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, lead := range ids {
			err := s.DB.InTx(ctx, func(tx *db.Tx) error {
				l, err := lock(ctx, tx, lead)
				if err != nil || !l.ErasedAt.IsZero() || l.EraseAt.IsZero() || l.EraseAt.After(s.Now()) {
					return err
				}
				return s.erase(ctx, tx, l, Erased)
			})
			if err != nil {
				return fmt.Errorf("erase lead %s: %w", lead, err)
			}
		}
	}
}

// erase takes the person out of a lead. Its history goes with them, as notes are
// about them.
func (s *Service) erase(ctx context.Context, tx *db.Tx, l Lead, event string) error {
	now := s.Now()
	if err := freeSlot(ctx, tx, l, now); err != nil {
		return err
	}
	if l.State.Open() {
		l.State, l.Reason, l.ClosedAt = Lost, Expired, now
	}
	if event == string(Withdrawn) {
		l.State, l.Reason = Withdrawn, ""
	}
	l.ErasedAt, l.Version = now, l.Version+1
	if err := forget(ctx, tx, l); err != nil {
		return err
	}
	return s.noted(ctx, tx, l, Event{At: now, Event: event})
}

// freeSlot gives a slot back that is still to come.
func freeSlot(ctx context.Context, tx *db.Tx, l Lead, now time.Time) error {
	if l.Slot == nil || !l.State.Open() || !l.Slot.StartsAt.After(now) {
		return nil
	}
	return shop.ReturnSlot(ctx, tx, l.Shop, l.Slot.ID)
}
