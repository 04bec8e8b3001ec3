// Package demo makes a town market out of nothing: people, shops of every trade,
// goods, orders in every state, past shows with recordings, and a show that is
// on air now.
//
// Everything goes through the same services and doors that people use, on a
// clock that tells the days before today, so the books, the promises and the
// recordings of a demo market are as true as those of any other. Its people are
// played; its counters are not: who watches is whoever is there.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db"
)

// Errors of this package.
var (
	ErrNotEmpty = errors.New("there is a market already; a demo market needs an empty data folder and an empty database")
	ErrBroken   = errors.New("an earlier seeding of this demo market was cut off; empty the PostgreSQL database and begin again")
	ErrBusy     = errors.New("another process is making this demo market")
)

// Options of a demo market. The zero value is the market that everybody gets.
type Options struct {
	Seed uint64    // 0: 1
	Out  io.Writer // where progress is told, a line a step; nowhere if nil
	Part time.Duration
	// Part is how long each product is shown in the past shows, 15 s if zero.
	// Tests take less.
	Clips int // short videos before the market opens, 52 if zero
}

// Config returns the settings of a demo market: codes are read in the outbox,
// payments are tests, and the market has a name.
func Config(cfg config.Serve) config.Serve {
	cfg.Demo, cfg.Outbox, cfg.TestPayment = true, true, true
	if cfg.Name == "Openstall" {
		cfg.Name, cfg.NameZH = "Harbour Market", "港湾集市"
	}
	return cfg
}

// Settings that remember how far a demo market has come.
const (
	begun = "demo.begun"
	done  = "demo.done"
)

var errUnset = errors.New("not set")

// isSet reports whether a setting has a value.
func isSet(ctx context.Context, d *db.DB, key string) (bool, error) {
	_, err := d.Setting(ctx, key, func() (string, error) { return "", errUnset })
	if errors.Is(err, errUnset) {
		return false, nil
	}
	return err == nil, err
}

func set(ctx context.Context, d *db.DB, key, value string) error {
	_, err := d.Setting(ctx, key, func() (string, error) { return value, nil })
	return err
}

// Seeded reports whether the market of cfg is a demo market already. It fails
// with [ErrNotEmpty] when the market is somebody's, and on PostgreSQL with
// [ErrBroken] after a seeding that was cut off.
func Seeded(ctx context.Context, cfg config.Serve) (bool, error) {
	unlock, err := lock(cfg)
	if err != nil {
		return false, err
	}
	defer unlock()
	return seeded(ctx, cfg)
}

// seeded is [Seeded] for the holder of the lock.
func seeded(ctx context.Context, cfg config.Serve) (bool, error) {
	if kept(cfg) {
		if err := settle(cfg); err != nil {
			return false, err
		}
		if ok, err := vacant(cfg); ok || err != nil {
			return false, err
		}
	}
	d, err := app.OpenDB(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer d.Close()
	if ok, err := isSet(ctx, d, done); ok || err != nil {
		return ok, err
	}
	if ok, err := isSet(ctx, d, begun); ok || err != nil {
		return false, errors.Join(err, ErrBroken)
	}
	some, err := shop.New(d, time.Now).List(ctx, page.First, 1)
	if err == nil && (kept(cfg) || len(some.Items) > 0) {
		err = ErrNotEmpty
	}
	return false, err
}

// quiet are the settings with which a market is filled: its doors are open to
// this machine alone, and its letters name the address it will have.
func quiet(cfg config.Serve) config.Serve {
	cfg = Config(cfg)
	if kept(cfg) {
		cfg.Data = cfg.Path(making)
	}
	cfg.Demo, cfg.Outbox, cfg.PublicURL = false, false, "http://localhost"
	if _, port, err := net.SplitHostPort(cfg.HTTP); err == nil && port != "0" && port != "80" {
		cfg.PublicURL += ":" + port
	}
	cfg.HTTP, cfg.RTMP, cfg.WebRTC, cfg.Metrics, cfg.TLS, cfg.SMTP, cfg.Operator = "127.0.0.1:0", "127.0.0.1:0", "off", "off", "off", "", ""
	cfg.FeeNotice = 0 // the first table holds at once
	return cfg
}

// Seed fills an empty market. Done twice it changes nothing; cut off, it begins
// again.
func Seed(ctx context.Context, cfg config.Serve, log *slog.Logger, o Options) error {
	unlock, err := lock(cfg)
	if err != nil {
		return err
	}
	defer unlock()
	if ok, err := seeded(ctx, cfg); ok || err != nil {
		return err
	}
	if err := os.RemoveAll(cfg.Path(making)); err != nil {
		return err
	}
	if err := fill(ctx, cfg, log, o); err != nil {
		return err
	}
	if !kept(cfg) {
		return nil
	}
	if err := os.Rename(cfg.Path(making), cfg.Path(complete)); err != nil {
		return err
	}
	return settle(cfg)
}

// fill makes the market and closes it.
func fill(ctx context.Context, cfg config.Serve, log *slog.Logger, o Options) error {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Part == 0 {
		o.Part = 15 * time.Second
	}
	clock := newClock(founding(time.Now(), cfg.TimeZone))
	a, err := app.New(ctx, quiet(cfg), log, app.WithClock(clock.Now))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	stop := func() error { cancel(); return <-ran }
	select {
	case <-a.Ready():
	case err := <-ran:
		cancel()
		return err
	}
	s := newSeeder(a, cfg, clock, o)
	if err := s.run(ctx); err != nil {
		return errors.Join(fmt.Errorf("seed demo market: %w", err), stop())
	}
	return stop()
}
