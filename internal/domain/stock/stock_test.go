package stock_test

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

	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

var migrations = []db.Migrations{bus.Migrations, stock.Migrations}

func service(d *db.DB) *stock.Service {
	now := func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	return stock.New(d, bus.Open(d, quiet, nil, bus.WithClock(now)), now)
}

func each(t *testing.T, f func(t *testing.T, d *db.DB, s *stock.Service)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, d, service(d)) }, migrations...)
}

func set(n int64) *int64 { return &n }

func TestTheSameMovementHappensOnce(t *testing.T) {
	each(t, func(t *testing.T, _ *db.DB, s *stock.Service) {
		ctx := context.Background()
		for range 3 {
			i, err := s.Record(ctx, "shp", stock.Move{Key: "k", SKU: "a", Add: 5, Reason: stock.Landed})
			if err != nil || i.OnHand != 5 || i.PutUp != 5 {
				t.Errorf("%+v, %v", i, err)
			}
		}
		i, err := s.Record(ctx, "shp", stock.Move{Key: "k2", SKU: "a", Set: set(3), Reason: stock.Count})
		if err != nil || i.OnHand != 3 || i.PutUp != 3 {
			t.Errorf("count: %+v, %v", i, err)
		}
		for _, m := range []stock.Move{
			{Key: "n", SKU: "a", Add: -4, Reason: stock.Waste},
			{Key: "m", SKU: "a", Set: set(-1), Reason: stock.Count},
			{Key: "o", SKU: "a", Add: 1 << 60, Reason: stock.Landed},
			{Key: "p", SKU: "a", Add: 1, Reason: "gift"},
		} {
			if _, err := s.Record(ctx, "shp", m); err == nil {
				t.Errorf("%+v was accepted", m)
			}
		}
	})
}

func TestFortyBuyersFiveMugs(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, s *stock.Service) {
		ctx := context.Background()
		if _, err := s.Record(ctx, "shp", stock.Move{Key: "k", SKU: "mug", Add: 5, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		var got, out atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				err := d.InTx(ctx, func(tx *db.Tx) error {
					err := stock.Reserve(ctx, tx, "mug", stock.Stall, 1)
					return err
				})
				switch {
				case err == nil:
					got.Add(1)
				case errors.Is(err, stock.ErrSoldOut):
					out.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 5 || out.Load() != 35 {
			t.Errorf("%d mugs sold, %d told sold out", got.Load(), out.Load())
		}
	})
}

func TestWhatWasSetAsideComesBackWhenTheShowEnds(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, s *stock.Service) {
		ctx := context.Background()
		if _, err := s.Record(ctx, "shp", stock.Move{Key: "k", SKU: "a", Add: 10, Reason: stock.Landed}); err != nil {
			t.Fatal(err)
		}
		in := func(f func(tx *db.Tx) error) {
			t.Helper()
			if err := d.InTx(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		left := func(bucket string) int64 {
			i, err := s.Of(ctx, "a", bucket)
			if err != nil {
				t.Fatal(err)
			}
			return i.Available()
		}
		in(func(tx *db.Tx) error { return s.Aside(ctx, tx, "shp", "a", "shw", 6) })
		in(func(tx *db.Tx) error {
			if err := stock.Reserve(ctx, tx, "a", "shw", 2); err != nil {
				return err
			}
			return stock.Held(ctx, tx, []stock.Reservation{{Line: "l1", SKU: "a", Bucket: "shw", Qty: 2}})
		})
		if left("") != 4 || left("shw") != 4 {
			t.Errorf("stall %d, show %d", left(""), left("shw"))
		}
		if err := d.InTx(ctx, func(tx *db.Tx) error { return s.Aside(ctx, tx, "shp", "a", "shw", 5) }); !errors.Is(err, stock.ErrSoldOut) {
			t.Errorf("five more of four: %v", err)
		}
		in(func(tx *db.Tx) error { return s.CloseBucket(ctx, tx, "shw") })
		if left("") != 8 || left("shw") != 0 {
			t.Errorf("after the show: stall %d, show %d", left(""), left("shw"))
		}
		in(func(tx *db.Tx) error { return s.Release(ctx, tx, "l1") }) // cancelled later
		if left("") != 10 || left("shw") != 0 {
			t.Errorf("after the cancellation: stall %d, show %d", left(""), left("shw"))
		}
	})
}

// Whatever happens to stock, the counter equals its rows and never goes below
// what was promised.
func TestCounterEqualsItsRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := service(d)
		ctx := context.Background()
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			sku := fmt.Sprint("sku", n)
			var lines []string
			for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
				key := fmt.Sprint(sku, "-", step)
				qty := rapid.Int64Range(1, 9).Draw(rt, "qty")
				switch rapid.IntRange(0, 4).Draw(rt, "what") {
				case 0:
					_, _ = s.Record(ctx, "shp", stock.Move{Key: key, SKU: sku, Add: qty, Reason: stock.Landed})
				case 1:
					_, _ = s.Record(ctx, "shp", stock.Move{Key: key, SKU: sku, Add: -qty, Reason: stock.Waste})
				case 2:
					err := d.InTx(ctx, func(tx *db.Tx) error {
						if err := stock.Reserve(ctx, tx, sku, stock.Stall, qty); err != nil {
							return err
						}
						return stock.Held(ctx, tx, []stock.Reservation{{Line: key, SKU: sku, Qty: qty}})
					})
					if err == nil {
						lines = append(lines, key)
					}
				default:
					if len(lines) == 0 {
						continue
					}
					line := rapid.SampledFrom(lines).Draw(rt, "line") // sometimes ended before: nothing happens
					end := s.Release
					switch rapid.IntRange(0, 2).Draw(rt, "end") {
					case 1:
						end = s.Ship
					case 2: // some of it leaves, and the rest stays promised
						end = func(ctx context.Context, tx *db.Tx, lines ...string) error {
							err := s.ShipPart(ctx, tx, key, []stock.Part{{Line: lines[0], Qty: qty}})
							if errors.Is(err, stock.ErrReserved) {
								return nil
							}
							return err
						}
					}
					if err := d.InTx(ctx, func(tx *db.Tx) error { return end(ctx, tx, line) }); err != nil {
						rt.Fatal(err)
					}
				}
			}
			i, err := s.Of(ctx, sku, stock.Stall)
			if err != nil {
				rt.Fatal(err)
			}
			moved, err := db.One(ctx, d, db.Column[int64], `SELECT COALESCE(SUM(delta), 0) FROM stock_movement WHERE sku = $1`, sku)
			if err != nil {
				rt.Fatal(err)
			}
			held, err := db.One(ctx, d, db.Column[int64], `SELECT COALESCE(SUM(qty - sent), 0) FROM reservation WHERE sku = $1 AND state = 'held'`, sku)
			if err != nil {
				rt.Fatal(err)
			}
			if i.OnHand != moved || i.Reserved != held || i.Reserved > i.OnHand || i.Reserved < 0 {
				rt.Fatalf("item %+v, moved %d, held %d", i, moved, held)
			}
		})
	}, migrations...)
}
