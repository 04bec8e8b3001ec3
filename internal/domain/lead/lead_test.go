package lead_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// world is a dealer with one car, and people.
type world struct {
	t        *testing.T
	d        *db.DB
	leads    *lead.Service
	accounts *account.Service
	shops    *shop.Service
	goods    *catalog.Service
	clock    atomic.Pointer[time.Time]
	shop     shop.Shop
	car      catalog.Product
	told     []lead.Told
	n        atomic.Int64
}

func (w *world) now() time.Time { return *w.clock.Load() }
func (w *world) set(t time.Time) {
	w.clock.Store(&t)
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{t: t, d: d}
		w.set(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) // a Monday
		quiet := slog.New(slog.DiscardHandler)
		b := bus.Open(d, quiet, nil, bus.WithClock(w.now))
		w.accounts, w.shops = account.New(d, nil, w.now), shop.New(d, w.now)
		w.goods = catalog.New(d, b, w.now)
		w.leads = lead.New(lead.Parts{DB: d, Bus: b, Shops: w.shops, Catalog: w.goods, Log: quiet, Now: w.now,
			Moment: func(_ context.Context, show string, at time.Time) (order.Moment, error) {
				switch show {
				case "shw_live":
					return order.Moment{Shop: w.shop.ID, Live: true, Second: 125}, nil
				case "shw_replay":
					return order.Moment{Shop: w.shop.ID, Second: 9000}, nil
				case "shw_other":
					return order.Moment{Shop: "shp_other", Live: true, Second: 5}, nil
				}
				return order.Moment{}, shop.ErrNotFound
			}})
		var mu sync.Mutex
		b.Inline(lead.Changed, func(_ context.Context, _ *db.Tx, e bus.Event) error {
			told, err := bus.Decode[lead.Told](e)
			mu.Lock()
			defer mu.Unlock()
			w.told = append(w.told, told)
			return err
		})
		owner := w.person("dana").ID
		var err error
		if w.shop, err = w.shops.Open(t.Context(), owner, shop.Draft{Name: text.Both("Harbour Wheels", "港口车行"), Pack: "cars", Currency: "EUR", TimeZone: "Europe/Berlin"}); err != nil {
			t.Fatal(err)
		}
		w.car = w.sell("Estate, 2019", "旅行车")
		f(w)
	}, bus.Migrations, account.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, lead.Migrations)
}

func (w *world) sell(en, zh string) catalog.Product {
	w.t.Helper()
	p, err := w.goods.Create(w.t.Context(), w.shop, catalog.Form{Title: text.Both(en, zh), Measure: catalog.Piece, State: catalog.Live,
		Fields: map[string]string{"dealer": "Harbour Wheels GmbH", "model": "Estate 1.6", "registered": "2019-04-01", "mileage_km": "78400", "odometer": "records", "owners": "1",
			"vin": "WVWZZZ1KZAW000001", "damage": "Scratch on the left door", "inspection": "TÜV 2026-10", "price_includes": "All fees"},
		SKUs: []catalog.SKUForm{{PriceMinor: 1180000}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) person(name string) account.Person {
	w.t.Helper()
	p, err := w.accounts.Ensure(w.t.Context(), name+"@example.org", name, "en")
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// hire adds somebody of the staff.
func (w *world) hire(name string, role shop.Role) string {
	w.t.Helper()
	p := w.person(name)
	if err := w.shops.SetMember(w.t.Context(), w.shop.ID, p.ID, role); err != nil {
		w.t.Fatal(err)
	}
	return p.ID
}

func (w *world) form(product string) lead.Form {
	w.t.Helper()
	f, err := w.leads.Form(w.t.Context(), "", product)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// draft is a lead that somebody could leave.
func (w *world) draft(who account.Person, wish lead.Wish) lead.Draft {
	return lead.Draft{Key: fmt.Sprint("key-", w.n.Add(1)), Person: who, Product: w.car.ID, Phone: "+49 151 234", Wish: wish, Words: "Is it still there?",
		Version: w.form(w.car.ID).Version, Language: "en", Source: lead.Source{Page: lead.PageProduct}}
}

func (w *world) leave(d lead.Draft) lead.Lead {
	w.t.Helper()
	l, err := w.leads.Leave(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func (w *world) get(l lead.Lead) lead.Lead {
	w.t.Helper()
	out, err := w.leads.GetForShop(w.t.Context(), w.shop.ID, l.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// used says how many hold a slot.
func (w *world) left(slot string) int64 {
	w.t.Helper()
	slots, err := w.shops.Slots(w.t.Context(), w.shop, 14)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range slots {
		if s.ID == slot {
			return s.Left
		}
	}
	w.t.Fatalf("no slot %s", slot)
	return 0
}

func TestWhatWasAgreedToIsKeptWordByWord(t *testing.T) {
	each(t, func(w *world) {
		jo := w.person("jo")
		f := w.form(w.car.ID)
		for _, words := range []string{f.Consent["en"], f.Consent["zh"]} {
			if !strings.Contains(words, fmt.Sprint(lead.KeepMonths)) {
				t.Errorf("%q does not say how long it is kept", words)
			}
		}
		d := w.draft(jo, lead.Call)
		d.Language, d.Source = "zh", lead.Source{Show: "shw_live", Second: 3, Share: "abc", Page: lead.PageRoom}
		l := w.get(w.leave(d))
		if c := l.Consent; c.Text != f.Consent["zh"] || c.Version != f.Version || c.Language != "zh" || !c.At.Equal(w.now()) {
			t.Errorf("kept %+v", c)
		}
		if l.Email != "jo@example.org" || l.Phone != "+49 151 234" || l.Name != "jo" || l.State != lead.Fresh || len(l.Events) != 1 {
			t.Errorf("kept %+v", l)
		}
		if l.Source != (lead.Source{Show: "shw_live", Second: 125, Share: "abc", Page: lead.PageRoom}) {
			t.Errorf("source %+v; a running show knows the second better", l.Source)
		}
		if !l.EraseAt.Equal(w.now().AddDate(0, 6, 0)) {
			t.Errorf("kept until %v", l.EraseAt)
		}
		// Other words are another version: who saw the old ones has not agreed.
		if _, err := w.shops.Update(t.Context(), w.shop.ID, func(s *shop.Shop) error { s.Licence.LegalName = "Somebody Else Ltd"; return nil }); err != nil {
			t.Fatal(err)
		}
		other := d
		other.Key, other.Person = "late", w.person("pat")
		if _, err := w.leads.Leave(t.Context(), other); !errors.Is(err, lead.ErrConsent) {
			t.Errorf("agreed to words that have changed: %v", err)
		}
	})
}

func TestADraftThatDoesNotFitIsRefused(t *testing.T) {
	each(t, func(w *world) {
		jo := w.person("jo")
		for _, tt := range []struct {
			name string
			edit func(d *lead.Draft)
			want error
		}{
			{"a wish that is none", func(d *lead.Draft) { d.Wish = "dance" }, lead.ErrWish},
			{"a call without a number", func(d *lead.Draft) { d.Phone = "" }, lead.ErrPhone},
			{"no name anywhere", func(d *lead.Draft) { d.Person.Name = "" }, lead.ErrName},
			{"a book", func(d *lead.Draft) { d.Words = strings.Repeat("字", 1001) }, lead.ErrWords},
			{"a language that was not shown", func(d *lead.Draft) { d.Language = "fr" }, lead.ErrConsent},
			{"no consent", func(d *lead.Draft) { d.Version = "" }, lead.ErrConsent},
			{"a slot that is none", func(d *lead.Draft) { d.Wish, d.Slot = lead.View, "20990101T1000Z" }, shop.ErrSlotGone},
			{"a slot that has begun", func(d *lead.Draft) { d.Wish, d.Slot = lead.View, "20261123T0900Z" }, shop.ErrSlotGone},
			{"nothing", func(d *lead.Draft) { d.Product = "prd_none" }, catalog.ErrNotFound},
		} {
			d := w.draft(jo, lead.Call)
			tt.edit(&d)
			if _, err := w.leads.Leave(t.Context(), d); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		if rows, err := w.leads.List(t.Context(), w.shop.ID, lead.Filter{After: page.First}, 10); err != nil || len(rows.Items) != 0 {
			t.Errorf("%d leads, %v", len(rows.Items), err)
		}
		d := w.draft(jo, lead.Write)
		d.Source = lead.Source{Show: "shw_other", Second: 7, Page: "moon"}
		if l := w.leave(d); l.Source != (lead.Source{Page: lead.PageProduct}) {
			t.Errorf("another shop's show was believed: %+v", l.Source)
		}
	})
}

func TestOneOpenLeadForAPersonAndProduct(t *testing.T) {
	each(t, func(w *world) {
		jo := w.person("jo")
		d := w.draft(jo, lead.Call)
		first := w.leave(d)
		if again := w.leave(d); again.ID != first.ID {
			t.Errorf("the same key made %s and %s", first.ID, again.ID)
		}
		other := d
		other.Words = "something else"
		if _, err := w.leads.Leave(t.Context(), other); !errors.Is(err, order.ErrKeyReused) {
			t.Errorf("other words under the same key: %v", err)
		}
		if _, err := w.leads.Leave(t.Context(), w.draft(jo, lead.Write)); !errors.Is(err, lead.ErrOpen) {
			t.Errorf("a second one: %v", err)
		}
		if f, err := w.leads.Form(t.Context(), jo.ID, w.car.ID); err != nil || f.Open != first.ID {
			t.Errorf("the form tells of %q, %v", f.Open, err)
		}
		// Ten taps with ten keys, at once.
		pat := w.person("pat")
		drafts := make([]lead.Draft, 10)
		for i := range drafts {
			drafts[i] = w.draft(pat, lead.Call)
		}
		var made, open atomic.Int64
		var wg sync.WaitGroup
		for _, d := range drafts {
			wg.Go(func() {
				switch _, err := w.leads.Leave(t.Context(), d); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, lead.ErrOpen):
					open.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 || open.Load() != 9 {
			t.Errorf("%d made, %d refused", made.Load(), open.Load())
		}
	})
}

func TestTwoPeopleNeverGetOneSlot(t *testing.T) {
	each(t, func(w *world) {
		slot := w.form(w.car.ID).Slots[3].ID
		drafts := make([]lead.Draft, 12)
		for i := range drafts {
			drafts[i] = w.draft(w.person(fmt.Sprint("p", i)), lead.View)
			drafts[i].Slot = slot
		}
		var ok, gone atomic.Int64
		var got atomic.Pointer[lead.Lead]
		var wg sync.WaitGroup
		for _, d := range drafts {
			wg.Go(func() {
				l, err := w.leads.Leave(t.Context(), d)
				switch {
				case err == nil:
					got.Store(&l)
					ok.Add(1)
				case errors.Is(err, shop.ErrSlotGone):
					gone.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if ok.Load() != 1 || gone.Load() != 11 || w.left(slot) != 0 {
			t.Fatalf("%d got the hour, %d did not, %d left", ok.Load(), gone.Load(), w.left(slot))
		}
		for _, s := range w.form(w.car.ID).Slots {
			if s.ID == slot {
				t.Error("the form still offers it")
			}
		}
		// Taken back, it is free for somebody else, once.
		l := *got.Load()
		if err := w.leads.Withdraw(t.Context(), l.Person, l.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.leads.Withdraw(t.Context(), l.Person, l.ID); !errors.Is(err, lead.ErrNotFound) {
			t.Errorf("a second time: %v", err)
		}
		if w.left(slot) != 1 {
			t.Errorf("%d left after it was taken back", w.left(slot))
		}
		d := w.draft(w.person("late"), lead.View)
		d.Slot = slot
		w.leave(d)
	})
}

func TestWhatIsTakenBackIsErased(t *testing.T) {
	each(t, func(w *world) {
		ann := w.hire("ann", shop.Care)
		jo := w.person("jo")
		d := w.draft(jo, lead.Call)
		d.Source = lead.Source{Show: "shw_live", Page: lead.PageRoom, Share: "abc"}
		l := w.leave(d)
		if _, err := w.leads.Claim(t.Context(), w.shop.ID, l.ID, ann); err != nil {
			t.Fatal(err)
		}
		if _, err := w.leads.Note(t.Context(), w.shop.ID, l.ID, ann, "Jo lives in Kiel"); err != nil {
			t.Fatal(err)
		}
		if err := w.leads.Withdraw(t.Context(), w.person("pat").ID, l.ID); !errors.Is(err, lead.ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		if err := w.leads.Withdraw(t.Context(), jo.ID, l.ID); err != nil {
			t.Fatal(err)
		}
		w.nothingOf(l.ID, "jo")
		got := w.get(l)
		if got.State != lead.Withdrawn || len(got.Events) != 1 || got.Events[0].Event != "withdrawn" || got.Source.Show != "shw_live" {
			t.Errorf("what stays: %+v", got)
		}
		if rows, err := w.leads.Mine(t.Context(), jo.ID, page.First, 10); err != nil || len(rows.Items) != 0 {
			t.Errorf("mine: %d, %v", len(rows.Items), err)
		}
		if _, err := w.leads.Note(t.Context(), w.shop.ID, l.ID, ann, "Jo again"); !errors.Is(err, lead.ErrStep) {
			t.Errorf("a note about somebody who is gone: %v", err)
		}
		if n, err := w.leads.OfShow(t.Context(), "shw_live"); err != nil || n != 1 {
			t.Errorf("%d leads of the show, %v", n, err)
		}
		if last := w.told[len(w.told)-1]; last.Event != "withdrawn" || last.Person != jo.ID {
			t.Errorf("told %+v", last)
		}
		w.leave(w.draft(jo, lead.Call)) // and can ask again
	})
}

// nothingOf fails when a column of a lead or of its history names somebody.
func (w *world) nothingOf(id, name string) {
	w.t.Helper()
	for _, q := range []string{
		`SELECT key || key_hash || person || name || email || phone || words || consent_text || consent_version || share || slot FROM lead WHERE id = $1`,
		`SELECT COALESCE(MAX(note), '') FROM lead_event WHERE lead = $1`,
	} {
		all, err := db.One(w.t.Context(), w.d, db.Column[string], q, id)
		if err != nil || all != "" && all != id || strings.Contains(strings.ToLower(all), name) {
			w.t.Errorf("%s: %q, %v", q, all, err)
		}
	}
}

func TestTheClockErasesWhatIsNoSale(t *testing.T) {
	each(t, func(w *world) {
		ann := w.hire("ann", shop.Care)
		slots := w.form(w.car.ID).Slots
		d := w.draft(w.person("jo"), lead.View)
		d.Slot = slots[2].ID
		open := w.leave(d)
		sold, lost := w.leave(w.draft(w.person("pat"), lead.Call)), w.leave(w.draft(w.person("kim"), lead.Call))
		w.move(sold, ann, lead.Step{To: lead.Won, Price: 1150000})
		w.move(lost, ann, lead.Step{To: lead.Lost, Reason: lead.Elsewhere, Note: "Kim found one"})
		w.set(open.EraseAt.Add(-time.Millisecond))
		if err := w.leads.EraseDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l := w.get(open); l.Name != "jo" || !l.ErasedAt.IsZero() {
			t.Fatalf("a moment too early: %+v", l)
		}
		w.set(open.EraseAt)
		for range 2 {
			if err := w.leads.EraseDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.nothingOf(open.ID, "jo")
		w.nothingOf(lost.ID, "kim")
		if l := w.get(open); l.State != lead.Lost || l.Reason != lead.Expired || l.ErasedAt.IsZero() {
			t.Errorf("the open one: %+v", l)
		}
		if l := w.get(lost); l.State != lead.Lost || l.Reason != lead.Elsewhere || l.Version != 4 {
			t.Errorf("the lost one: %+v", l)
		}
		if l := w.get(sold); l.Name != "pat" || l.Price.Minor != 1150000 || l.State != lead.Won {
			t.Errorf("the sale: %+v", l)
		}
		if err := w.leads.Withdraw(t.Context(), sold.Person, sold.ID); !errors.Is(err, lead.ErrStep) {
			t.Errorf("a sale taken back: %v", err)
		}
	})
}

// move takes a lead and one step.
func (w *world) move(l lead.Lead, who string, step lead.Step) lead.Lead {
	w.t.Helper()
	if _, err := w.leads.Claim(w.t.Context(), w.shop.ID, l.ID, who); err != nil {
		w.t.Fatal(err)
	}
	out, err := w.leads.Move(w.t.Context(), w.shop.ID, l.ID, who, step)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestOneOfTheStaffGetsALead(t *testing.T) {
	each(t, func(w *world) {
		l := w.leave(w.draft(w.person("jo"), lead.Call))
		staff := make([]string, 8)
		for i := range staff {
			staff[i] = w.hire(fmt.Sprint("s", i), shop.Care)
		}
		var got, taken atomic.Int64
		var wg sync.WaitGroup
		for _, who := range staff {
			wg.Go(func() {
				switch _, err := w.leads.Claim(t.Context(), w.shop.ID, l.ID, who); {
				case err == nil:
					got.Add(1)
				case errors.Is(err, lead.ErrTaken):
					taken.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 || taken.Load() != 7 {
			t.Fatalf("%d got it, %d were told that it is taken", got.Load(), taken.Load())
		}
		has := w.get(l).Assignee
		if again, err := w.leads.Claim(t.Context(), w.shop.ID, l.ID, has); err != nil || again.Version != 2 {
			t.Errorf("who has it asks again: version %d, %v", again.Version, err)
		}
	})
}

func TestWhoMayDoWhatWithALead(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		dana := w.person("dana").ID
		ann, bob, con := w.hire("ann", shop.Care), w.hire("bob", shop.Care), w.hire("con", shop.Controller)
		l := w.leave(w.draft(w.person("jo"), lead.Call))
		contacted := lead.Step{To: lead.Contacted}
		move := func(who string, s lead.Step) error {
			_, err := w.leads.Move(ctx, w.shop.ID, l.ID, who, s)
			return err
		}
		assign := func(by, to string) error {
			_, err := w.leads.Assign(ctx, w.shop.ID, l.ID, by, to)
			return err
		}
		claim := func(shopID, who string) error {
			_, err := w.leads.Claim(ctx, shopID, l.ID, who)
			return err
		}
		for _, tt := range []struct {
			name string
			do   func() error
			want error
		}{
			{"a controller claims", func() error { return claim(w.shop.ID, con) }, lead.ErrStaff},
			{"a stranger claims", func() error { return claim(w.shop.ID, "per_none") }, lead.ErrStaff},
			{"a step before anybody has it", func() error { return move(dana, contacted) }, lead.ErrStep},
			{"given to a controller", func() error { return assign(dana, con) }, lead.ErrStaff},
			{"ann claims", func() error { return claim(w.shop.ID, ann) }, nil},
			{"bob claims, too", func() error { return claim(w.shop.ID, bob) }, lead.ErrTaken},
			{"bob gives it to himself", func() error { return assign(bob, bob) }, lead.ErrTaken},
			{"bob moves it", func() error { return move(bob, contacted) }, lead.ErrOthers},
			{"ann moves it", func() error { return move(ann, contacted) }, nil},
			{"again", func() error { return move(ann, contacted) }, nil},
			{"ann hands it on", func() error { return assign(ann, bob) }, nil},
			{"the owner moves it", func() error { return move(dana, lead.Step{To: lead.Viewing}) }, nil},
			{"back", func() error { return move(bob, contacted) }, lead.ErrStep},
			{"a sale without a price", func() error { return move(bob, lead.Step{To: lead.Won}) }, lead.ErrOutcome},
			{"no sale without a reason", func() error { return move(bob, lead.Step{To: lead.Lost}) }, lead.ErrOutcome},
			{"the clock's reason", func() error { return move(bob, lead.Step{To: lead.Lost, Reason: lead.Expired}) }, lead.ErrOutcome},
			{"a price without a sale", func() error { return move(bob, lead.Step{To: lead.Lost, Reason: lead.Junk, Price: 5}) }, lead.ErrOutcome},
			{"sold", func() error { return move(bob, lead.Step{To: lead.Won, Price: 1100000, Note: "Cash"}) }, nil},
			{"lost after that", func() error { return move(bob, lead.Step{To: lead.Lost, Reason: lead.Price}) }, lead.ErrStep},
			{"given away after that", func() error { return assign(dana, ann) }, lead.ErrStep},
		} {
			if err := tt.do(); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		got := w.get(l)
		steps := ""
		for _, e := range got.Events {
			steps += e.Event + " "
		}
		if steps != "new assigned contacted assigned viewing won " || got.Assignee != bob || got.Version != 6 {
			t.Errorf("history %q of %+v", steps, got)
		}
		if n, err := w.leads.Counts(ctx, w.shop.ID, ""); err != nil || n[lead.Won] != 1 || len(n) != 1 {
			t.Errorf("counts %v, %v", n, err)
		}
		elsewhere, err := w.shops.Open(ctx, w.person("eve").ID, shop.Draft{Name: text.Both("Elsewhere", "别处"), Pack: "cars", Currency: "EUR", TimeZone: "Europe/Berlin"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.leads.GetForShop(ctx, elsewhere.ID, l.ID); !errors.Is(err, lead.ErrNotFound) {
			t.Errorf("another shop reads it: %v", err)
		}
		if err := claim(elsewhere.ID, w.person("eve").ID); !errors.Is(err, lead.ErrNotFound) {
			t.Errorf("another shop claims it: %v", err)
		}
	})
}

func TestALostViewingFreesItsHour(t *testing.T) {
	each(t, func(w *world) {
		ann := w.hire("ann", shop.Care)
		slots := w.form(w.car.ID).Slots
		for i, step := range []lead.Step{{To: lead.Lost, Reason: lead.Sold}, {To: lead.Won, Price: 1}, {To: lead.Viewing}} {
			d := w.draft(w.person(fmt.Sprint("p", i)), lead.View)
			d.Slot = slots[i+1].ID
			w.move(w.leave(d), ann, step)
			if left, want := w.left(d.Slot), int64(1); (left == want) == (step.To == lead.Viewing) {
				t.Errorf("after %s %d are left", step.To, left)
			}
		}
	})
}

// sound wants these invariants to be broken, and no others.
func (w *world) sound(broken ...string) {
	w.t.Helper()
	problems, err := lead.Check(w.t.Context(), w.d, w.now())
	got := make([]string, len(problems))
	for i, p := range problems {
		got[i] = p.Invariant
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(broken) {
		w.t.Errorf("%v are broken, want %v: %v, %v", got, broken, problems, err)
	}
}

func TestTheCheckSeesWhatIsKeptTooLong(t *testing.T) {
	each(t, func(w *world) {
		d := w.draft(w.person("jo"), lead.View)
		d.Slot = w.form(w.car.ID).Slots[2].ID
		l := w.leave(d)
		gone := w.leave(w.draft(w.person("pat"), lead.Call))
		if err := w.leads.Withdraw(t.Context(), gone.Person, gone.ID); err != nil {
			t.Fatal(err)
		}
		w.sound()
		for _, tt := range []struct{ harm, heal, want string }{
			{`UPDATE lead SET name = 'Pat' WHERE id = $1`, `UPDATE lead SET name = '' WHERE id = $1`, "L1"},
			{`INSERT INTO lead_event (lead, seq, at, event, who, note) VALUES ($1, 9, 0, 'note', '', 'Pat')`, `DELETE FROM lead_event WHERE lead = $1 AND seq = 9`, "L1"},
		} {
			for _, q := range []string{tt.harm, tt.heal} {
				if _, err := w.d.ExecContext(t.Context(), q, gone.ID); err != nil {
					t.Fatal(err)
				}
				if q == tt.harm {
					w.sound(tt.want)
				}
			}
		}
		if _, err := w.d.ExecContext(t.Context(), `UPDATE slot_use SET used = 0 WHERE slot = $1`, l.Slot.ID); err != nil {
			t.Fatal(err)
		}
		w.sound("L3")
		w.set(l.EraseAt.Add(4 * 24 * time.Hour))
		w.sound("L2")
		if err := w.leads.EraseDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.sound()
	})
}
