package promo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var (
	now    = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	stall  = shop.Shop{ID: "shp_1", Currency: "EUR"}
	errTry = errors.New("somebody else")
)

type world struct {
	*promo.Service
	t     *testing.T
	d     *db.DB
	at    time.Time
	drops atomic.Int64 // told of
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{t: t, d: d, at: now}
		clock := func() time.Time { return w.at }
		b := bus.Open(d, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, bus.WithClock(clock))
		b.Inline(promo.Dropped, func(_ context.Context, tx *db.Tx, _ bus.Event) error {
			tx.AfterCommit(func() { w.drops.Add(1) })
			return nil
		})
		w.Service = promo.New(promo.Parts{DB: d, Bus: b, Catalog: catalog.New(d, b, clock), Stock: stock.New(d, b, clock), Now: clock,
			Bought: func(context.Context, string, string) (bool, error) { return false, nil }})
		f(t, w)
	}, bus.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, promo.Migrations)
}

func (w *world) make(t promo.Template) promo.Template {
	w.t.Helper()
	t.Kind, t.Off, t.EndsAt = promo.Amount, 500, now.Add(time.Hour)
	made, err := w.Create(context.Background(), stall, t)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func TestSixtyFourBuyersTenCoupons(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tpl := w.make(promo.Template{Quota: 10, PerBuyer: 1})
		var got, gone atomic.Int64
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				switch _, err := w.Claim(context.Background(), fmt.Sprint("per_", i), tpl.ID, ""); {
				case err == nil:
					got.Add(1)
				case errors.Is(err, promo.ErrGone):
					gone.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		all, err := w.OfShop(context.Background(), stall.ID)
		if err != nil || got.Load() != 10 || gone.Load() != 54 || all[0].Claimed != 10 || all[0].Left() != 0 {
			t.Errorf("%d claimed, %d refused, %+v, %v", got.Load(), gone.Load(), all, err)
		}
	})
}

func TestOneBuyerWhoTapsSixtyFourTimesGetsTheirTwo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tpl := w.make(promo.Template{Quota: 50, PerBuyer: 2})
		var got, had atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				switch _, err := w.Claim(context.Background(), "per_1", tpl.ID, ""); {
				case err == nil:
					got.Add(1)
				case errors.Is(err, promo.ErrHas):
					had.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		mine, err := w.Mine(context.Background(), "per_1")
		all, _ := w.OfShop(context.Background(), stall.ID)
		if err != nil || got.Load() != 2 || had.Load() != 62 || len(mine) != 2 || all[0].Claimed != 2 {
			t.Errorf("%d claimed, %d refused, %d held, %v", got.Load(), had.Load(), len(mine), err)
		}
	})
}

func TestARoomsCouponIsClaimedWhereItIsDropped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		tpl := w.make(promo.Template{Quota: 5, PerBuyer: 1, RoomOnly: true})
		claim := func(buyer, show string) error {
			_, err := w.Claim(ctx, buyer, tpl.ID, show)
			return err
		}
		if err := claim("per_1", "shw_1"); !errors.Is(err, promo.ErrRoomOnly) {
			t.Errorf("before the drop: %v", err)
		}
		if _, err := w.Drop(ctx, "shp_2", tpl.ID, "shw_1", time.Minute); !errors.Is(err, promo.ErrNotFound) {
			t.Errorf("another shop's drop: %v", err)
		}
		if _, err := w.Drop(ctx, stall.ID, tpl.ID, "shw_1", time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := claim("per_1", ""); !errors.Is(err, promo.ErrRoomOnly) {
			t.Errorf("outside: %v", err)
		}
		if err := claim("per_1", "shw_2"); !errors.Is(err, promo.ErrRoomOnly) {
			t.Errorf("in another show: %v", err)
		}
		if err := claim("per_1", "shw_1"); err != nil {
			t.Error(err)
		}
		if ds, err := w.Drops(ctx, "shw_1"); err != nil || len(ds) != 1 || ds[0].Left() != 4 || w.drops.Load() != 2 {
			t.Errorf("%+v, %v, told %d times", ds, err, w.drops.Load())
		}
		if offered, err := w.Offered(ctx, stall.ID); err != nil || len(offered) != 0 {
			t.Errorf("offered outside: %v, %v", offered, err)
		}
		w.at = now.Add(time.Minute)
		if err := claim("per_2", "shw_1"); !errors.Is(err, promo.ErrRoomOnly) {
			t.Errorf("after its end: %v", err)
		}
		if _, err := w.Drop(ctx, stall.ID, tpl.ID, "shw_1", time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := w.EndDrop(ctx, "shw_1", ""); err != nil {
			t.Fatal(err)
		}
		if ds, err := w.Drops(ctx, "shw_1"); err != nil || len(ds) != 0 {
			t.Errorf("after the show: %v, %v", ds, err)
		}
	})
}

func TestTermsThatMakeNoSense(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		good := promo.Template{Kind: promo.Percent, Off: 10, Quota: 5, PerBuyer: 1, EndsAt: now.Add(time.Hour)}
		for name, spoil := range map[string]func(*promo.Template){
			"no kind":               func(t *promo.Template) { t.Kind = "gift" },
			"nothing off":           func(t *promo.Template) { t.Off = 0 },
			"more than everything":  func(t *promo.Template) { t.Off = 101 },
			"a capped amount":       func(t *promo.Template) { t.Kind, t.Cap = promo.Amount, 5 },
			"a negative threshold":  func(t *promo.Template) { t.Threshold = -1 },
			"none":                  func(t *promo.Template) { t.Quota = 0 },
			"more for one than all": func(t *promo.Template) { t.PerBuyer = 6 },
			"over already":          func(t *promo.Template) { t.EndsAt = now },
			"for ever":              func(t *promo.Template) { t.EndsAt = now.AddDate(2, 0, 0) },
			"another shop's goods":  func(t *promo.Template) { t.Products = []string{"prd_x"} },
		} {
			bad := good
			spoil(&bad)
			if _, err := w.Create(context.Background(), stall, bad); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		if _, err := w.Create(context.Background(), stall, good); err != nil {
			t.Error(err)
		}
	})
}

// Whatever a coupon is and whatever is bought, the shares add up to what is
// taken off, no line goes below zero, and what is outside gets nothing.
func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) promo.Line {
			return promo.Line{Product: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "product"), Total: rapid.Int64Range(0, 1_000_000_000_00).Draw(t, "total")}
		}), 1, 50).Draw(t, "lines")
		tpl := promo.Template{Kind: rapid.SampledFrom([]promo.Kind{promo.Amount, promo.Percent}).Draw(t, "kind"),
			Threshold: rapid.Int64Range(0, 1_000_000).Draw(t, "threshold"), Products: rapid.SampledFrom([][]string{nil, {"a"}, {"a", "c"}}).Draw(t, "products")}
		tpl.Off = rapid.Int64Range(1, 1_000_000_000).Draw(t, "off")
		if tpl.Kind == promo.Percent {
			tpl.Off, tpl.Cap = tpl.Off%100+1, rapid.Int64Range(0, 10_000).Draw(t, "cap")
		}
		off, shares, lack := tpl.On(lines)
		var sum, eligible int64
		for i, l := range lines {
			in := tpl.Products == nil || l.Product == "a" || l.Product == "c" && len(tpl.Products) == 2
			if in {
				eligible += l.Total
			}
			if off == 0 {
				continue
			}
			if shares[i] < 0 || shares[i] > l.Total || !in && shares[i] != 0 {
				t.Fatalf("line %d: %d of %d", i, shares[i], l.Total)
			}
			sum += shares[i]
		}
		if sum != off || off > eligible || tpl.Cap > 0 && off > tpl.Cap || off > 0 && eligible < tpl.Threshold {
			t.Fatalf("off %d, shares %d, of %d", off, sum, eligible)
		}
		if (lack > 0) != (eligible < tpl.Threshold) || lack > 0 && off > 0 {
			t.Fatalf("lack %d, eligible %d, threshold %d", lack, eligible, tpl.Threshold)
		}
	})
}

// A coupon walks claimed, locked, used and back; whatever is tried, one order
// holds it at most.
func TestACouponsWays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			tpl := w.make(promo.Template{Quota: 1, PerBuyer: 1})
			buyer := fmt.Sprint("per_", n)
			h, err := w.Claim(ctx, buyer, tpl.ID, "")
			if err != nil {
				rt.Fatal(err)
			}
			state, holder := promo.Claimed, ""
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				o := fmt.Sprintf("ord_%d_%d", n, rapid.IntRange(1, 3).Draw(rt, "order"))
				what := rapid.IntRange(0, 3).Draw(rt, "what")
				err := w.d.InTx(ctx, func(tx *db.Tx) error {
					switch what {
					case 0:
						return promo.Lock(ctx, tx, h.Coupon.ID, o, buyer, w.at, errTry)
					case 1:
						return promo.Use(ctx, tx, h.Coupon.ID, o)
					case 2:
						return promo.Return(ctx, tx, h.Coupon.ID, o)
					}
					_, err := promo.LockAgain(ctx, tx, h.Coupon.ID, o)
					return err
				})
				switch {
				case (what == 0 || what == 3) && state == promo.Claimed:
					state, holder = promo.Locked, o
				case what == 1 && holder == o:
					state = promo.Used
				case what == 2 && holder == o:
					state, holder = promo.Claimed, ""
				case what == 0:
					if !errors.Is(err, errTry) {
						rt.Fatalf("locked twice: %v", err)
					}
					err = nil
				}
				mine, merr := w.Mine(ctx, buyer)
				if err != nil || merr != nil || mine[0].State != state || mine[0].Order != holder {
					rt.Fatalf("step %d: %+v, want %s by %q (%v, %v)", what, mine, state, holder, err, merr)
				}
			}
		})
	})
}
