package app

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/claim/claimhttp"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/web"
)

func (a *App) mountClaims(api *web.API) {
	claimhttp.Mount(api, claimhttp.Parts{Claims: a.Claims, Shops: a.Shops, Shelf: a.Shelf, OnAir: a.onAirOf})
}

// followClaims closes with a show what is claimed in it, and tells its room and
// the people what changed.
func (a *App) followClaims() {
	a.bus.Inline(show.TopicState, func(ctx context.Context, tx *db.Tx, e bus.Event) error {
		t, err := bus.Decode[show.Told](e)
		if err != nil || t.State.OnAir() || !t.Was.OnAir() {
			return err
		}
		return a.Claims.CloseIn(ctx, tx, t.Show)
	})
	a.bus.Inline(claim.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { a.Rooms.Refresh(e.Key) })
		return nil
	})
	a.bus.Apply(claim.TopicTold, "claim-notices", a.claimNotice)
}

// moveClaims ends claims that ran out and lets those who wait have their turn.
func (a *App) moveClaims(ctx context.Context) error {
	for {
		moved, err := a.Claims.Sweep(ctx)
		if moved == 0 || err != nil {
			return err
		}
	}
}

// roomClaims are what a room can claim by comment now.
func (a *App) roomClaims(ctx context.Context, st *room.State) error {
	calls, err := a.Claims.OpenIn(ctx, st.Show)
	for _, c := range calls {
		left, err := a.Stock.Of(ctx, c.SKU, c.ID)
		if err != nil {
			return err
		}
		v := room.Claim{ID: c.ID, SKU: c.SKU, Keyword: c.Keyword, Pieces: c.Pieces, Left: left.Available(), PerPerson: c.PerPerson, HoldSeconds: int64(c.Hold / time.Second)}
		for _, it := range st.Items {
			for _, k := range it.SKUs {
				if k.ID == c.SKU {
					v.Number = it.Number
				}
			}
		}
		st.Claims = append(st.Claims, v)
	}
	return err
}

// claimNotice tells people of their claims. Who has just written the comment sees
// the answer under it, so the list of notices only remembers it.
func (a *App) claimNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[claim.Told](e)
	if err != nil {
		return err
	}
	p, err := a.Catalog.Get(ctx, t.Product)
	if err != nil {
		return err
	}
	sh, err := a.Shops.Get(ctx, t.Shop)
	if err != nil {
		return err
	}
	d := notice.Draft{Person: t.Person, Kind: notice.Orders, Key: fmt.Sprintf("claim:%s:%s", t.Claim, t.Event), URL: "/claims/" + t.Claim}
	zone, err := time.LoadLocation(sh.TimeZone)
	if err != nil {
		return err
	}
	until := time.UnixMilli(t.Until).In(zone).Format("15:04")
	en, zh := p.Title.Pick("en"), p.Title.Pick("zh")
	switch t.Event {
	case "first":
		d.Only = &notice.Channels{InApp: true}
		fallthrough
	case "turn":
		d.Title = text.Both("Yours until "+until, "为你保留到 "+until)
		d.Body = text.Both("“"+en+"” is kept for you until then. Order it now.", "“"+zh+"”已为你保留，请尽快下单。")
	case "expired":
		d.Title = text.Both("Your claim has run out", "保留时间已过")
		d.Body = text.Both("“"+en+"” was not ordered in time and has gone on.", "“"+zh+"”没有按时下单，已让给下一位。")
	case "closed":
		d.Title = text.Both("None was left for you", "没有轮到你")
		d.Body = text.Both("“"+en+"”: the wait list is closed. Nothing was charged.", "“"+zh+"”的候补已结束，没有扣款。")
	default:
		return fmt.Errorf("claim notice: unknown event %q", t.Event)
	}
	return a.Notices.Give(ctx, tx, d)
}
