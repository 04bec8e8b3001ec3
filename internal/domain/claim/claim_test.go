package claim_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var migrations = []db.Migrations{db.SettingMigrations, bus.Migrations, account.Migrations, tax.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, claim.Migrations}

const show = "shw_live"

// world is a shop with smoked fish, and those who want it.
type world struct {
	t      *testing.T
	d      *db.DB
	claims *claim.Service
	stock  *stock.Service
	shop   shop.Shop
	sku    string
	told   []string
	n      int
	mu     sync.Mutex
	at     time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func each(t *testing.T, pieces int64, f func(w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		w := &world{t: t, d: d, at: time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)}
		b := bus.Open(d, slog.New(slog.DiscardHandler), nil, bus.WithClock(w.now))
		b.Inline(claim.TopicTold, func(_ context.Context, tx *db.Tx, e bus.Event) error {
			told, err := bus.Decode[claim.Told](e)
			tx.AfterCommit(func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.told = append(w.told, told.Person+" "+told.Event)
			})
			return err
		})
		shops, goods := shop.New(d, w.now), catalog.New(d, b, w.now)
		w.stock = stock.New(d, b, w.now)
		w.claims = claim.New(claim.Parts{DB: d, Bus: b, Catalog: goods, Stock: w.stock, Now: w.now})
		var err error
		if w.shop, err = shops.Open(ctx, "per_host", shop.Draft{Name: text.Both("Quay", "码头"), Pack: "fish", Currency: "EUR", TimeZone: "Europe/Berlin"}); err != nil {
			t.Fatal(err)
		}
		p, err := goods.Create(ctx, w.shop, catalog.Form{Title: text.Both("Smoked mackerel", "熏鲭鱼"), Measure: catalog.Piece, State: catalog.Live,
			Fields: map[string]string{"species": "Scomber scombrus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 3000}}})
		if err != nil {
			t.Fatal(err)
		}
		w.sku = p.SKUs[0].ID
		if _, err := w.stock.Record(ctx, w.shop.ID, stock.Move{Key: "land", SKU: w.sku, Add: pieces, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		f(w)
	}, migrations...)
}

func (w *world) open(x claim.Wish) claim.Call {
	w.t.Helper()
	c, err := w.tryOpen(x)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) tryOpen(x claim.Wish) (claim.Call, error) {
	if x.Key == "" {
		w.n++
		x.Key = fmt.Sprint("key-", w.n)
	}
	if x.Keyword == "" {
		x.Keyword = "7"
	}
	x.SKU, x.PerPerson, x.Hold = w.sku, max(1, x.PerPerson), max(x.Hold, 10*time.Minute)
	return w.claims.Open(w.t.Context(), w.shop.ID, show, x)
}

// say has people write comments that are committed together: "ana: 7".
func (w *world) say(lines ...string) map[string]claim.Claim {
	w.t.Helper()
	out, err := w.trySay(lines...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) trySay(lines ...string) (out map[string]claim.Claim, err error) {
	var said []claim.Said
	for _, l := range lines {
		who, words, _ := strings.Cut(l, ": ")
		said = append(said, claim.Said{Comment: "com_" + who, Show: show, Person: who, Name: who, Text: words, At: w.now()})
	}
	err = w.d.InTx(context.Background(), func(tx *db.Tx) error {
		out, err = w.claims.Hear(context.Background(), tx, said)
		return err
	})
	return out, err
}

// list is who has what of a call: "ana held 1".
func (w *world) list(c claim.Call) []string {
	w.t.Helper()
	all, err := w.claims.Of(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, k := range all {
		out = append(out, fmt.Sprintf("%s %s %d", k.Person, k.State, k.Pieces))
	}
	return out
}

func (w *world) wants(c claim.Call, want ...string) {
	w.t.Helper()
	if got := w.list(c); !slices.Equal(got, want) {
		w.t.Errorf("claims %q, want %q", got, want)
	}
}

func (w *world) free(bucket string) int64 {
	w.t.Helper()
	i, err := w.stock.Of(w.t.Context(), w.sku, bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Available()
}

func (w *world) release(who string) {
	w.t.Helper()
	mine, err := w.claims.Mine(w.t.Context(), who, show)
	if err != nil || len(mine) != 1 {
		w.t.Fatalf("%s has %v, %v", who, mine, err)
	}
	if _, err := w.claims.Release(w.t.Context(), who, mine[0].ID); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sweep() {
	w.t.Helper()
	for range 10 {
		n, err := w.claims.Sweep(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	w.t.Error("the sweep finds no end")
}

// sound holds claims against stock; orders are another area's.
func (w *world) sound() {
	w.t.Helper()
	for name, query := range map[string]string{
		"held and reserved differ": `
			SELECT COUNT(*) FROM claim k FULL JOIN (SELECT * FROM reservation WHERE state = 'held') r ON r.line = k.id
			WHERE (k.state = 'held' OR r.line IS NOT NULL) AND (k.id IS NULL OR r.line IS NULL OR k.state <> 'held' OR k.qty <> r.qty)`,
		"reserved is not the sum": `
			SELECT COUNT(*) FROM stock_item i
			WHERE i.reserved <> (SELECT COALESCE(SUM(r.qty), 0) FROM reservation r WHERE r.sku = i.sku AND r.bucket = i.bucket AND r.state = 'held')`,
	} {
		n, err := db.One(w.t.Context(), w.d, db.Column[int64], query)
		if err != nil || n != 0 {
			w.t.Errorf("%s: %d times, %v", name, n, err)
		}
	}
}

func TestTheFirstHasItTheNextWaits(t *testing.T) {
	each(t, 5, func(w *world) {
		t := w.t
		c := w.open(claim.Wish{Pieces: 2})
		if w.free(stock.Stall) != 3 || w.free(c.ID) != 2 {
			t.Errorf("stall %d, call %d", w.free(stock.Stall), w.free(c.ID))
		}
		got := w.say("ana: 7", "ben: hello", "ben: +7", "cem: ７ ", "dan: 77", "dan: 7!", "eve: 7")
		if k := got["com_ana"]; k.State != claim.Held || !k.Until.Equal(w.now().Add(10*time.Minute)) || k.Pieces != 1 {
			t.Errorf("ana: %+v", k)
		}
		if k := got["com_cem"]; k.State != claim.Waiting || k.Place != 1 {
			t.Errorf("cem: %+v", k)
		}
		if k := got["com_eve"]; k.State != claim.Waiting || k.Place != 2 {
			t.Errorf("eve: %+v", k)
		}
		if _, ok := got["com_dan"]; ok {
			t.Error("dan said something else")
		}
		w.wants(c, "ana held 1", "ben held 1", "cem waiting 1", "eve waiting 1")
		if k := w.say("eve: 7")["com_eve"]; k.State != claim.Waiting || k.Place != 2 {
			t.Errorf("eve again: %+v", k)
		}
		w.pass(9 * time.Minute)
		w.release("ben")
		w.wants(c, "ana held 1", "ben released 1", "cem held 1", "eve waiting 1")
		w.pass(time.Minute) // ana's time is over, cem's has begun anew
		w.sweep()
		w.wants(c, "ana expired 1", "ben released 1", "cem held 1", "eve held 1")
		w.say("ana: 7")
		w.wants(c, "ana expired 1", "ben released 1", "cem held 1", "eve held 1", "ana waiting 1")
		if got := fmt.Sprint(w.told); got != "[ana first ben first cem turn ana expired eve turn]" {
			t.Errorf("told %s", got)
		}
		w.sound()
	})
}

func TestNobodyGetsMoreThanTheirShareAndNobodyIsOvertaken(t *testing.T) {
	each(t, 5, func(w *world) {
		c := w.open(claim.Wish{Pieces: 5, PerPerson: 2, Keyword: "Ａ7"})
		w.say("ana: a7 x2", "ben: A7*9", "cem: a7×2", "dan: a7 ｘ２", "eve: a7x0", "fay: a7")
		w.wants(c, "ana held 2", "ben held 2", "cem held 1", "dan waiting 2", "fay waiting 1")
		w.release("cem") // one for dan, who wanted two
		w.wants(c, "ana held 2", "ben held 2", "cem released 1", "dan held 1", "fay waiting 1")
		w.release("ana")
		w.wants(c, "ana released 2", "ben held 2", "cem released 1", "dan held 1", "fay held 1")
		if w.free(c.ID) != 1 {
			w.t.Errorf("%d are free", w.free(c.ID))
		}
		w.sound()
	})
}

func TestClosingTellsWhoWaitsAndKeepsWhatIsHeld(t *testing.T) {
	each(t, 5, func(w *world) {
		t := w.t
		ctx := t.Context()
		if err := w.d.InTx(ctx, func(tx *db.Tx) error { return w.stock.Aside(ctx, tx, w.shop.ID, w.sku, show, 4) }); err != nil {
			t.Fatal(err)
		}
		c := w.open(claim.Wish{Pieces: 3})
		if w.free(stock.Stall) != 1 || w.free(show) != 1 {
			t.Errorf("stall %d, show %d", w.free(stock.Stall), w.free(show))
		}
		w.say("ana: 7", "ben: 7")
		if err := w.claims.Close(ctx, "shp_other", c.ID); !errors.Is(err, claim.ErrNotFound) {
			t.Errorf("another shop: %v", err)
		}
		for range 2 {
			if err := w.claims.Close(ctx, w.shop.ID, c.ID); err != nil {
				t.Fatal(err)
			}
		}
		if w.free(stock.Stall) != 1 || w.free(show) != 2 {
			t.Errorf("after closing: stall %d, show %d", w.free(stock.Stall), w.free(show))
		}
		if got := w.say("cem: 7"); len(got) != 0 {
			t.Errorf("after closing: %v", got)
		}
		w.wants(c, "ana held 1", "ben held 1")
		w.release("ana")
		w.pass(10 * time.Minute)
		w.sweep()
		w.wants(c, "ana released 1", "ben expired 1")
		if w.free(c.ID) != 0 || w.free(stock.Stall)+w.free(show) != 5 {
			t.Errorf("in the end: stall %d, show %d, call %d", w.free(stock.Stall), w.free(show), w.free(c.ID))
		}
		// With somebody waiting, and by the end of the show.
		again := w.open(claim.Wish{Pieces: 1})
		w.say("ana: 7", "ben: 7")
		if err := w.d.InTx(ctx, func(tx *db.Tx) error { return w.claims.CloseIn(ctx, tx, show) }); err != nil {
			t.Fatal(err)
		}
		w.wants(again, "ana held 1", "ben closed 1")
		if got := w.told[len(w.told)-1]; got != "ben closed" {
			t.Errorf("told %s", got)
		}
		w.sound()
	})
}

func TestACallIsOpenedOnce(t *testing.T) {
	each(t, 5, func(w *world) {
		t := w.t
		c := w.open(claim.Wish{Key: "k", Pieces: 2})
		if again := w.open(claim.Wish{Key: "k", Pieces: 2}); again.ID != c.ID || w.free(stock.Stall) != 3 {
			t.Errorf("the same key made %s of %s, %d left", again.ID, c.ID, w.free(stock.Stall))
		}
		for _, tt := range []struct {
			name string
			wish claim.Wish
			want error
		}{
			{"the key for something else", claim.Wish{Key: "k", Pieces: 1}, claim.ErrKeyReused},
			{"the keyword in other signs", claim.Wish{Pieces: 1, Keyword: " ７"}, claim.ErrKeyword},
			{"another word for the variant", claim.Wish{Pieces: 1, Keyword: "8"}, claim.ErrOpen},
			{"two words", claim.Wish{Pieces: 1, Keyword: "a 7"}, claim.ErrTerms},
			{"no piece", claim.Wish{Keyword: "8"}, claim.ErrTerms},
			{"more for one than there are", claim.Wish{Pieces: 1, PerPerson: 2, Keyword: "8"}, claim.ErrTerms},
			{"a day", claim.Wish{Pieces: 1, Keyword: "8", Hold: 24 * time.Hour}, claim.ErrTerms},
		} {
			if _, err := w.tryOpen(tt.wish); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		if err := w.claims.Close(t.Context(), w.shop.ID, c.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tryOpen(claim.Wish{Pieces: 6}); !errors.Is(err, stock.ErrSoldOut) {
			t.Errorf("more than there is: %v", err)
		}
		if w.free(stock.Stall) != 5 {
			t.Errorf("a refusal took %d", 5-w.free(stock.Stall))
		}
		w.open(claim.Wish{Pieces: 1, Keyword: "x2"})
		if k := w.say("ana: x2")["com_ana"]; k.State != claim.Held || k.Pieces != 1 {
			t.Errorf("a keyword that looks like a quantity: %+v", k)
		}
		w.sound()
	})
}

// Five hundred people in many transactions at once, while others let go, are
// swept up and the host closes: as many have it as there are pieces.
func TestABurstClaimsEveryPieceOnce(t *testing.T) {
	each(t, 20, func(w *world) {
		t := w.t
		c := w.open(claim.Wish{Pieces: 20})
		const people, lanes = 500, 10
		var wg sync.WaitGroup
		for lane := range lanes {
			wg.Go(func() {
				for i := 0; i < people/lanes; i += 5 {
					var lines []string
					for j := range 5 {
						lines = append(lines, fmt.Sprintf("p%02d-%02d: 7", lane, i+j))
					}
					got, err := w.trySay(lines...)
					if err != nil || len(got) != 5 {
						t.Errorf("%d answers, %v", len(got), err)
					}
					for _, k := range got {
						if k.State == claim.Held && k.Seq%3 == 0 {
							if _, err := w.claims.Release(context.Background(), k.Person, k.ID); err != nil {
								t.Error(err)
							}
						}
					}
				}
			})
		}
		wg.Wait()
		all, err := w.claims.Of(t.Context(), c)
		if err != nil || len(all) != people {
			t.Fatalf("%d claims, %v", len(all), err)
		}
		held, gone, waits := 0, 0, false
		for i, k := range all {
			if k.Seq != int64(i+1) {
				t.Fatalf("number %d came as %d", k.Seq, i+1)
			}
			switch k.State {
			case claim.Held:
				held++
				if waits {
					t.Errorf("%s, number %d, overtook somebody", k.Person, k.Seq)
				}
			case claim.Released:
				gone++
			default:
				waits = true
			}
		}
		if held != 20 || w.free(c.ID) != 0 || w.free(stock.Stall) != 0 {
			t.Errorf("%d held, %d let go, %d left", held, gone, w.free(c.ID))
		}
		w.sound()
	})
}
