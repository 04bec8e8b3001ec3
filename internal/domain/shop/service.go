package shop

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps shops and their members. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	now clock.Now
}

// Option changes a service.
type Option func(*Service)

// WithBus makes the service tell [Changed].
func WithBus(b *bus.Bus) Option { return func(s *Service) { s.bus = b } }

// New returns a service that keeps shops in d.
func New(d *db.DB, now clock.Now, opts ...Option) *Service {
	s := &Service{db: d, now: now}
	for _, o := range opts {
		o(s)
	}
	return s
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, shop string) error {
	if s.bus == nil {
		return nil
	}
	return s.bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: shop})
}

// Draft is what somebody says when opening a shop.
type Draft struct {
	Name     text.Local
	Pack     string
	Stall    string
	Color    string // empty: one of ours
	Currency string
	TimeZone string
}

// ours are shop colours, all with a contrast to white above 4.5.
var ours = []string{"#0F5B4A", "#7A3E12", "#1C567F", "#6B2A4A", "#3F5B1C", "#4A3B7C", "#8A3324", "#2B5D66"}

// Open makes a shop that belongs to person.
func (s *Service) Open(ctx context.Context, person string, d Draft) (Shop, error) {
	pack, err := PackOf(d.Pack)
	if err != nil {
		return Shop{}, err
	}
	now := s.now()
	sh := Shop{
		ID: id.New("shp", now), Name: d.Name, About: text.Local{}, Pack: pack.Code, Stall: text.Line(d.Stall), Color: d.Color,
		Currency: d.Currency, TimeZone: d.TimeZone, Licence: Licence{State: LicenceNone}, CreatedAt: now,
	}
	if sh.Color == "" {
		sh.Color = ours[int(now.UnixMilli())%len(ours)]
	}
	if pack.Pickup != nil {
		sh.Pickup = *pack.Pickup
	}
	if sh, err = sh.checked(s.now()); err != nil {
		return Shop{}, err
	}
	base := text.Slug(sh.Name.Pick("en"))
	err = s.db.InTx(ctx, func(tx *db.Tx) error {
		sh.Slug, err = freeSlug(ctx, tx, base, sh.ID)
		if err != nil {
			return err
		}
		if err := insert(ctx, tx, sh); err != nil {
			return err
		}
		if err := putMember(ctx, tx, Member{Shop: sh.ID, Person: person, Role: Owner, Since: now}); err != nil {
			return err
		}
		return s.tell(ctx, tx, sh.ID)
	})
	return sh, err
}

// freeSlug returns base, or base with the tail of the shop's id when it is
// taken or empty.
func freeSlug(ctx context.Context, tx *db.Tx, base, shop string) (string, error) {
	if utf8.RuneCountInString(base) < 2 {
		return "s-" + shop[len(shop)-8:], nil
	}
	_, err := bySlug(ctx, tx, base)
	if errors.Is(err, ErrNotFound) {
		return base, nil
	}
	return base + "-" + shop[len(shop)-4:], err
}

var colorPattern = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// checked returns the shop with clean texts, or what is wrong with it.
func (sh Shop) checked(now time.Time) (Shop, error) {
	var err error
	if sh.Name, err = sh.Name.Clean(40, false); err != nil || utf8.RuneCountInString(sh.Name.Pick("en")) < 2 {
		return Shop{}, ErrName
	}
	if sh.About, err = sh.About.Clean(2000, true); err != nil {
		return Shop{}, err
	}
	if !colorPattern.MatchString(sh.Color) {
		return Shop{}, ErrColor
	}
	sh.Color = darkened(strings.ToUpper(sh.Color))
	if !money.ValidCurrency(sh.Currency) {
		return Shop{}, ErrCurrency
	}
	if _, err := time.LoadLocation(sh.TimeZone); err != nil || sh.TimeZone == "" {
		return Shop{}, ErrTimeZone
	}
	for _, f := range []*string{&sh.Stall, &sh.Licence.LegalName, &sh.Licence.Number, &sh.Licence.Address, &sh.Licence.Contact, &sh.Pickup.Address} {
		*f = text.Line(*f)
	}
	if sh.Pickup.Days == nil {
		sh.Pickup.Days = []Day{}
	}
	if p := sh.Tax.Prices; p != "" && p != tax.Included && p != tax.Added && p != tax.Exempt || sh.Tax.Country != "" && !tax.ValidCountry(sh.Tax.Country) {
		return Shop{}, ErrTax
	}
	if sh.Parcel, err = sh.Parcel.checked(now); err != nil {
		return Shop{}, err
	}
	return sh, sh.Pickup.check()
}

// Update changes a shop: change gets it as it is and returns how it should be.
func (s *Service) Update(ctx context.Context, shop string, change func(*Shop) error) (Shop, error) {
	var sh Shop
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		was, err := byID(ctx, tx, shop)
		if err != nil {
			return err
		}
		sh = was
		if err := change(&sh); err != nil {
			return err
		}
		if sh, err = sh.checked(s.now()); err != nil {
			return err
		}
		l := &sh.Licence
		if l.LegalName != was.Licence.LegalName || l.Number != was.Licence.Number || l.Address != was.Licence.Address {
			l.State = LicenceInReview // somebody has to look again
		}
		if err := update(ctx, tx, sh); err != nil {
			return err
		}
		return s.tell(ctx, tx, sh.ID)
	})
	return sh, err
}

// SetLicenceState records the operator's look at a licence.
func (s *Service) SetLicenceState(ctx context.Context, shop string, state LicenceState) error {
	return setLicenceState(ctx, s.db, shop, state)
}

// Get returns a shop.
func (s *Service) Get(ctx context.Context, shop string) (Shop, error) { return byID(ctx, s.db, shop) }

// GetIn is [Service.Get] inside a transaction.
func GetIn(ctx context.Context, q db.Querier, shop string) (Shop, error) { return byID(ctx, q, shop) }

// BySlug returns the shop at an address.
func (s *Service) BySlug(ctx context.Context, slug string) (Shop, error) {
	return bySlug(ctx, s.db, slug)
}

// Many returns the shops with the given ids, by id.
func (s *Service) Many(ctx context.Context, shops []string) (map[string]Shop, error) {
	out := map[string]Shop{}
	for _, sid := range shops {
		if _, ok := out[sid]; ok {
			continue
		}
		sh, err := byID(ctx, s.db, sid)
		if err != nil {
			return nil, err
		}
		out[sid] = sh
	}
	return out, nil
}

// List pages through all shops, newest first.
func (s *Service) List(ctx context.Context, after page.Cursor, n int) (page.Of[Shop], error) {
	rows, err := list(ctx, s.db, after, n+1)
	if err != nil {
		return page.Of[Shop]{}, err
	}
	return page.Cut(rows, n, func(sh Shop) page.Cursor { return page.Cursor{At: clock.Millis(sh.CreatedAt), ID: sh.ID} }), nil
}

// Membership is a shop with the role of the person who asks.
type Membership struct {
	Shop Shop
	Role Role
}

// Of lists the shops in which person works.
func (s *Service) Of(ctx context.Context, person string) ([]Membership, error) {
	ms, err := membershipsOf(ctx, s.db, person)
	if err != nil {
		return nil, err
	}
	out := make([]Membership, 0, len(ms))
	for _, m := range ms {
		sh, err := byID(ctx, s.db, m.Shop)
		if err != nil {
			return nil, err
		}
		out = append(out, Membership{sh, m.Role})
	}
	return out, nil
}

// Require returns nil when person may do right in shop; [ErrNotFound] for
// strangers, [ErrRole] for members who may not.
func (s *Service) Require(ctx context.Context, shop, person string, right Right) error {
	m, err := member(ctx, s.db, shop, person)
	if err != nil {
		return err
	}
	if !m.Role.Allows(right) {
		return ErrRole
	}
	return nil
}

// Members lists who works in a shop.
func (s *Service) Members(ctx context.Context, shop string) ([]Member, error) {
	return members(ctx, s.db, shop)
}

// SetMember gives person a role; the last owner keeps theirs.
func (s *Service) SetMember(ctx context.Context, shop, person string, role Role) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := putMember(ctx, tx, Member{Shop: shop, Person: person, Role: role, Since: s.now()}); err != nil {
			return err
		}
		return needOwner(ctx, tx, shop)
	})
}

// RemoveMember ends the work of person; the last owner stays.
func (s *Service) RemoveMember(ctx context.Context, shop, person string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := deleteMember(ctx, tx, shop, person); err != nil {
			return err
		}
		return needOwner(ctx, tx, shop)
	})
}

func needOwner(ctx context.Context, tx *db.Tx, shop string) error {
	n, err := countOwners(ctx, tx, shop)
	if err == nil && n == 0 {
		return ErrLastOwner
	}
	return err
}

// Slots lists the times at which sh hands over during the next days, with what
// is left of each.
func (s *Service) Slots(ctx context.Context, sh Shop, days int) ([]Slot, error) {
	zone, err := time.LoadLocation(sh.TimeZone)
	if err != nil {
		return nil, err
	}
	slots := sh.Pickup.slots(zone, s.now(), days)
	used, err := slotUse(ctx, s.db, sh.ID)
	if err != nil {
		return nil, err
	}
	for i := range slots {
		slots[i].Left = max(0, slots[i].capacity-used[slots[i].ID])
	}
	return slots, nil
}

// SlotOf returns one slot of a shop, or [ErrSlotGone] when it is over or was
// never offered.
func SlotOf(sh Shop, slot string, now time.Time) (Slot, error) {
	zone, err := time.LoadLocation(sh.TimeZone)
	if err != nil {
		return Slot{}, err
	}
	for _, s := range sh.Pickup.slots(zone, now, 15) {
		if s.ID == slot {
			return s, nil
		}
	}
	return Slot{}, ErrSlotGone
}

// TakeSlots books n orders into a slot as [SlotOf] returned it (Left is its
// capacity), or [ErrSlotGone] when they do not all fit.
func TakeSlots(ctx context.Context, tx *db.Tx, shop string, slot Slot, n int64) error {
	return takeSlot(ctx, tx, shop, slot.ID, n, slot.Left)
}

// AskSlotUse says how many orders a slot holds; the answer comes with
// [db.Tx.Flush].
func AskSlotUse(ctx context.Context, tx *db.Tx, used *int64, shop, slot string) error {
	return askSlotUse(ctx, tx, used, shop, slot)
}

// ReturnSlot gives a place in a slot back.
func ReturnSlot(ctx context.Context, tx *db.Tx, shop, slot string) error {
	return returnSlot(ctx, tx, shop, slot)
}

// Hold lets nobody else count what a shop has until the transaction ends, so that a
// limit which is counted holds. Call it before the count.
func Hold(ctx context.Context, tx *db.Tx, shop string) error { return hold(ctx, tx, shop) }

// AskOrderNumbers takes n numbers of the shop's own count of orders; the first
// comes with [db.Tx.Flush], and stays as it is when there is no such shop.
func AskOrderNumbers(ctx context.Context, tx *db.Tx, first *int64, shop string, n int64) error {
	return askOrderNumbers(ctx, tx, first, shop, n)
}

// ReturnOrderNumbers gives the last n numbers back, in the transaction that took
// them: until it ends nobody else can take one.
func ReturnOrderNumbers(ctx context.Context, tx *db.Tx, shop string, n int64) error {
	return returnOrderNumbers(ctx, tx, shop, n)
}

// SaveImage notes an uploaded picture down.
func (s *Service) SaveImage(ctx context.Context, im Image) error {
	return insertImage(ctx, s.db, im, s.now())
}

// ImageOwner returns the shop that uploaded a picture.
func (s *Service) ImageOwner(ctx context.Context, image string) (string, error) {
	all, err := images(ctx, s.db, []string{image})
	if err != nil {
		return "", err
	}
	im, ok := all[image]
	if !ok {
		return "", ErrImage
	}
	return im.Shop, nil
}

// Images returns pictures by id; unknown ids are left out.
func Images(ctx context.Context, q db.Querier, ids ...string) (map[string]Image, error) {
	return images(ctx, q, ids)
}
