package app

import (
	"context"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/lead/leadhttp"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/web"
)

func (a *App) mountLeads(api *web.API, mux *http.ServeMux) {
	leadhttp.Mount(api, mux, leadhttp.Parts{Leads: a.Leads, Accounts: a.Accounts, Shops: a.Shops, Shelf: a.Shelf, Log: a.log, Now: a.now})
}

func (a *App) followLeads() {
	a.jobs.Every("lead.erase", time.Hour, a.Leads.EraseDue)
	a.bus.Inline(lead.Changed, a.leadScreens)
	a.bus.Apply(lead.Changed, "lead-notices", a.leadNotice)
}

// stageLead is a lead as the stage shows it while it comes in: what is said in
// confidence stays out of what may be in the picture.
type stageLead struct {
	ID      string     `json:"id"`
	Product string     `json:"product"`
	State   lead.State `json:"state"`
	At      time.Time  `json:"at"`
}

// leadScreens tells the stage of the show, after the commit.
func (a *App) leadScreens(_ context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[lead.Told](e)
	if err != nil || t.Show == "" || t.Event == "note" {
		return err
	}
	tx.AfterCommit(func() {
		a.Rooms.Tell(t.Show, room.News{Type: "lead", Data: stageLead{t.Lead, t.Product, t.State, time.UnixMilli(t.At).UTC()}})
	})
	return nil
}

// leadNotice tells those who can look after a lead that there
// is one.
func (a *App) leadNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[lead.Told](e)
	if err != nil || t.Event != string(lead.Fresh) {
		return err
	}
	p, err := a.Catalog.Get(ctx, t.Product)
	if err != nil {
		return err
	}
	staff, err := a.Leads.Staff(ctx, t.Shop)
	if err != nil {
		return err
	}
	for _, person := range staff {
		err := a.Notices.Give(ctx, tx, notice.Draft{Person: person, Kind: notice.Orders, Key: "lead:" + t.Lead, URL: "/sell/" + t.Shop + "/leads/" + t.Lead,
			Title: text.Both("Somebody is interested", "有人咨询"), Body: p.Title})
		if err != nil {
			return err
		}
	}
	return nil
}
