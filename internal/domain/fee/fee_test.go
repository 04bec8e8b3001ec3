package fee_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

func TestCommissionIsSharedOutToTheLastCent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := fee.Table{Currency: "EUR", PPM: rapid.Int64Range(0, fee.MaxPPM).Draw(t, "ppm"), Fixed: rapid.Int64Range(0, fee.MaxFixed).Draw(t, "fixed"),
			Packs: []fee.PackRate{{Pack: "fish", PPM: rapid.Int64Range(0, fee.MaxPPM).Draw(t, "fish")}}}
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fee.Line {
			return fee.Line{Pack: rapid.SampledFrom([]string{"fish", "books"}).Draw(t, "pack"),
				Total: rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 1_000_000_000)).Draw(t, "total")}
		}), 1, 50).Draw(t, "lines")
		var goods, sum, exact int64
		for _, l := range lines {
			goods += l.Total
			exact += l.Total * table.RateOf(l.Pack)
		}
		for i, part := range table.Of("EUR", lines) {
			if part < 0 || part > lines[i].Total {
				t.Fatalf("line %d of %d pays %d", i, lines[i].Total, part)
			}
			sum += part
		}
		if want := min(goods, (exact+500_000)/1_000_000+table.Fixed); sum != want {
			t.Fatalf("the lines pay %d, the order %d", sum, want)
		}
	})
}

func TestWhatStaysOfACommissionDependsOnWhatWentBackOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(1, 1_000_000).Draw(t, "price")
		commission := rapid.Int64Range(0, price).Draw(t, "commission")
		back := rapid.Int64Range(0, price).Draw(t, "back")
		kept := fee.Kept(commission, price, back)
		if kept < 0 || kept > commission || back == price && kept != 0 || back == 0 && kept != commission {
			t.Fatalf("Kept(%d, %d, %d) = %d", commission, price, back, kept)
		}
		if more := fee.Kept(commission, price, min(price, back+1)); more > kept {
			t.Fatalf("more goes back and more is kept: %d, %d", kept, more)
		}
		if kept > price-back {
			t.Fatalf("%d is kept of %d", kept, price-back)
		}
	})
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newService(d *db.DB) (*fee.Service, *clock) {
	c := &clock{time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	return fee.New(d, bus.Open(d, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, bus.WithClock(c.now)), c.now), c
}

var migrations = []db.Migrations{db.SettingMigrations, bus.Migrations, fee.Migrations}

func TestARiseIsAnnouncedThirtyDaysBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s, c := newService(d)
		n, day := 0, c.at
		announce := func(in time.Duration, ppm, fish int64) (fee.Table, error) {
			n++
			c.at = c.at.Add(time.Second)
			return s.Announce(ctx, fee.Draft{Key: fmt.Sprint("key-", n), By: "per_1", From: day.Add(in), Currency: "EUR", PPM: ppm, Packs: []fee.PackRate{{Pack: "fish", PPM: fish}}})
		}
		for _, tt := range []struct {
			name      string
			in        time.Duration
			ppm, fish int64
			want      error
		}{
			{"a rise holds in thirty days", fee.Notice + time.Minute, 50_000, 50_000, nil},
			{"a rise tomorrow is refused", 24 * time.Hour, 50_000, 0, fee.ErrNotice},
			{"a rise for one kind of goods alone is a rise", 24 * time.Hour, 0, 1, fee.ErrNotice},
			{"a part of an announced rise is no way to have it earlier", 24 * time.Hour, 10_000, 0, fee.ErrNotice},
			{"yesterday is over", -24 * time.Hour, 0, 0, fee.ErrPast},
			{"more than a half is no fee", fee.Notice, 500_001, 0, fee.ErrTable},
			{"what was announced can be taken back", fee.Notice + time.Minute, 0, 0, nil},
		} {
			if _, err := announce(tt.in, tt.ppm, tt.fish); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		first, err := announce(fee.Notice+time.Hour, 80_000, 30_000)
		if err != nil {
			t.Fatal(err)
		}
		if next, err := s.Next(ctx); err != nil || len(next) != 2 || next[0].PPM != 0 || next[1].ID != first.ID || !next[1].Rise {
			t.Errorf("next: %+v, %v", next, err)
		}
		if now, _ := s.InForce(ctx, c.at); now.ID != "" || now.RateOf("fish") != 0 {
			t.Errorf("before the first table: %+v", now)
		}
		c.at = c.at.Add(fee.Notice + 2*time.Hour)
		if now, _ := s.InForce(ctx, c.at); now.ID != first.ID || now.RateOf("fish") != 30_000 || now.RateOf("books") != 80_000 {
			t.Errorf("after its date: %+v", now)
		}
		less, err := announce(fee.Notice+3*time.Hour, 10_000, 10_000)
		c.at = less.From
		if now, _ := s.InForce(ctx, c.at); err != nil || now.ID != less.ID || now.Rise {
			t.Errorf("a fall holds at once: %+v, %v", now, err)
		}
	}, migrations...)
}

func TestTheSameKeyIsTheSameTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s, c := newService(d)
		draft := fee.Draft{Key: "key-12345", By: "per_1", From: c.at.Add(fee.Notice), Currency: "EUR", PPM: 1000}
		one, err := s.Announce(ctx, draft)
		if err != nil {
			t.Fatal(err)
		}
		c.at = c.at.Add(time.Hour)
		two, err := s.Announce(ctx, draft)
		if err != nil || two.ID != one.ID {
			t.Errorf("%v, %v, %v", one, two, err)
		}
		draft.PPM = 2000
		if _, err := s.Announce(ctx, draft); !errors.Is(err, fee.ErrKeyReused) {
			t.Errorf("another table under the key: %v", err)
		}
	}, migrations...)
}
