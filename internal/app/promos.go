package app

import (
	"context"
	"errors"

	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// followPromos ends what a show hands out with the show, and tells its room what
// changed.
func (a *App) followPromos() {
	a.bus.Inline(show.TopicState, func(ctx context.Context, tx *db.Tx, e bus.Event) error {
		t, err := bus.Decode[show.Told](e)
		if err != nil || t.State.OnAir() || !t.Was.OnAir() {
			return err
		}
		return errors.Join(a.Promos.EndDropIn(ctx, tx, t.Show, ""), a.Promos.EndFlashesIn(ctx, tx, t.Show))
	})
	a.bus.Inline(promo.Dropped, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { a.Rooms.Refresh(e.Key) })
		return nil
	})
}

// onAirOf reports whether a show of a shop is on air.
func (a *App) onAirOf(ctx context.Context, shopID, showID string) (bool, error) {
	s, err := a.Shows.GetOf(ctx, shopID, showID)
	return s.State.OnAir(), err
}

// roomCoupons are what a room hands out now.
func (a *App) roomCoupons(ctx context.Context, showID string) ([]room.Coupon, error) {
	drops, err := a.Promos.Drops(ctx, showID)
	var out []room.Coupon
	for _, d := range drops {
		out = append(out, room.Coupon{Terms: d.Terms(), Until: d.Until})
	}
	return out, err
}

// addFlashes puts what runs in a show into its state: the price and the stock of
// a variant are what an offer would have.
func (a *App) addFlashes(ctx context.Context, st *room.State, s show.Show) error {
	flashes, err := a.Promos.Flashes(ctx, s.Shop, s.ID)
	for _, f := range flashes {
		item, err := a.Stock.Of(ctx, f.SKU, f.ID)
		if err != nil {
			return err
		}
		v := room.Flash{ID: f.ID, SKU: f.SKU, Price: money.Of(f.Price, f.Currency), Was: money.Of(f.Was, f.Currency), Available: item.Available(),
			Quantity: f.Quantity, Restocked: f.Restocked, PerBuyer: f.PerBuyer, EndsAt: f.EndsAt}
		for _, it := range st.Items {
			for i, k := range it.SKUs {
				if k.ID != f.SKU {
					continue
				}
				v.Number = it.Number
				if item.Available() > 0 {
					it.SKUs[i].Price, it.SKUs[i].Available, it.SKUs[i].Total = v.Price, item.Available(), f.Quantity
				}
			}
		}
		st.Flashes = append(st.Flashes, v)
	}
	return err
}

// bucketOf names the stock from which a show sells now.
func (a *App) bucketOf(ctx context.Context, showID string) (string, error) {
	if showID == "" || !a.air.has(showID) {
		return "", nil
	}
	return showID, nil
}
