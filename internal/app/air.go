package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// air remembers which shows are on air, for questions that come with each part
// of each viewer and must not reach the database.
type air struct {
	mu     sync.RWMutex
	byShow map[string]string // show -> shop
}

func newAir() *air { return &air{byShow: map[string]string{}} }

func (w *air) has(showID string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	_, ok := w.byShow[showID]
	return ok
}

// of returns the running show of a shop, or "".
func (w *air) of(shopID string) string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for showID, s := range w.byShow {
		if s == shopID {
			return showID
		}
	}
	return ""
}

func (w *air) shows() []string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Collect(maps.Keys(w.byShow))
}

func (w *air) set(showID, shopID string, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if on {
		w.byShow[showID] = shopID
	} else {
		delete(w.byShow, showID)
	}
}

// replace takes the database's word, which also brings what other nodes did.
func (w *air) replace(shows []show.Show) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.byShow)
	for _, s := range shows {
		w.byShow[s.ID] = s.Shop
	}
}

func (a *App) refreshAir(ctx context.Context) error {
	shows, err := a.Shows.OnAir(ctx, "")
	if err != nil {
		return err
	}
	a.air.replace(shows)
	return nil
}

// followAir keeps the memory in step with this node's own transitions.
func (a *App) followAir() {
	a.bus.Inline(show.TopicState, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		t, err := bus.Decode[show.Told](e)
		if err != nil {
			return err
		}
		tx.AfterCommit(func() { a.air.set(t.Show, t.Shop, t.State.OnAir()) })
		return nil
	})
}

// clocks moves what time moves: unpaid orders, parcels that have arrived, cases
// that nobody answers.
func (a *App) clocks(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		a.try(ctx, "overdue orders were not moved", func() error {
			for {
				moved, err := a.Orders.Sweep(ctx)
				if moved == 0 || err != nil {
					return err
				}
			}
		})
		a.try(ctx, "flash prices were not ended", func() error { _, err := a.Promos.Sweep(ctx); return err })
		a.try(ctx, "claims were not moved on", func() error { return a.moveClaims(ctx) })
		a.try(ctx, "groups were not ended", func() error { return a.endGroups(ctx) })
		a.try(ctx, "overdue cases were not moved", func() error {
			for {
				moved, err := a.Cases.Sweep(ctx)
				if moved == 0 || err != nil {
					return err
				}
			}
		})
		if a.DB.Postgres() {
			a.try(ctx, "shows on air were not read", func() error { return a.refreshAir(ctx) })
		}
	}
}

// forget deletes what is kept for the time that the operator says.
func (a *App) forget(ctx context.Context) error {
	var errs []error
	trim := func(days int, do func(ctx context.Context, before time.Time) error) {
		if days > 0 {
			errs = append(errs, do(ctx, a.now().AddDate(0, 0, -days)))
		}
	}
	trim(a.cfg.KeepNotices, a.Notices.Trim)
	trim(a.cfg.KeepVisits, a.Social.TrimClicks)
	trim(a.cfg.KeepVisits, a.Rooms.TrimViewers)
	trim(a.cfg.KeepVisits, a.Feed.Trim)
	return errors.Join(append(errs, a.Chat.Tidy(ctx), a.Accounts.Tidy(ctx))...)
}

// try logs what a clock could not do; it is tried again at the next tick.
func (a *App) try(ctx context.Context, what string, f func() error) {
	if err := f(); err != nil && ctx.Err() == nil {
		a.log.Error(what, "error", err)
	}
}

// resume takes up what a stop or a crash interrupted: shows that were on air
// wait for their publishers again, for their grace.
func (a *App) resume(ctx context.Context) {
	a.try(ctx, "shows on air were not read", func() error { return a.refreshAir(ctx) })
	for _, showID := range a.air.shows() {
		a.try(ctx, "show was not interrupted", func() error { return a.Shows.Lost(ctx, showID) })
		a.studio.done.Go(func() { a.studio.expect(showID, a.cfg.Grace) })
	}
}
