// Package leadhttp is the door of leads: people say that they are interested and
// take it back, shops work on what was left with them.
package leadhttp

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Leads    *lead.Service
	Accounts *account.Service
	Shops    *shop.Service
	Shelf    *shelf.Service
	Log      *slog.Logger
	Now      clock.Now
}

type handler struct {
	Parts
	leaves *web.Limiter
}

// Mount adds the operations to api, and the export to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	// Nobody is interested in six cars within a minute.
	h := &handler{Parts: p, leaves: web.NewLimiter(time.Minute, 6, p.Now)}
	web.Handle(api, web.Anyone, "GET /v1/products/{id}/lead-form", "lead-form", "What one is asked who is interested", h.form)
	web.Handle(api, web.SignedIn, "POST /v1/products/{id}/leads", "leave-lead", "Say that I am interested", h.leave, web.Status(201))
	web.Handle(api, web.SignedIn, "GET /v1/me/leads", "my-leads", "What I asked shops", h.mine)
	web.Handle(api, web.SignedIn, "DELETE /v1/me/leads/{id}", "withdraw-lead", "Take it back; what I gave is erased", h.withdraw)
	const base = "/v1/merchant/shops/{shop}/leads"
	web.Handle(api, web.SignedIn, "GET "+base, "leads", "Who is interested", shop.Guard(h.Shops, shop.Orders, h.list))
	web.Handle(api, web.SignedIn, "GET "+base+"/{id}", "lead", "One of them, with its history", shop.Guard(h.Shops, shop.Orders, h.get))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/claim", "claim-lead", "Look after it; the first gets it", shop.Guard(h.Shops, shop.Orders, h.claim))
	web.Handle(api, web.SignedIn, "PUT "+base+"/{id}/assignee", "assign-lead", "Give it to somebody of the staff", shop.Guard(h.Shops, shop.Orders, h.assign))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/steps", "move-lead", "Note down what came of it", shop.Guard(h.Shops, shop.Orders, h.move))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/notes", "note-lead", "Add a note", shop.Guard(h.Shops, shop.Orders, h.note))
	mux.HandleFunc("GET "+base+".csv", h.export)
}

// Seen is where a person was. It is exported for the document, as it passes over
// embedded structs that are not.
type Seen struct {
	Show   string `json:"show,omitempty"`
	Second int64  `json:"show_second,omitempty"`
	Share  string `json:"share,omitempty" doc:"Code of the link that brought them"`
	Page   string `json:"page" enum:"room,product,video"`
}

type consentView struct {
	Version  string    `json:"version"`
	Language string    `json:"language"`
	Text     string    `json:"text" doc:"Word by word as it was shown"`
	At       time.Time `json:"at"`
}

// consentOf is nil when what was agreed to is erased.
func consentOf(c lead.Consent) *consentView {
	if c.Version == "" {
		return nil
	}
	return &consentView{c.Version, c.Language, c.Text, c.At}
}

func priceOf(l lead.Lead) *money.Amount {
	if l.State != lead.Won {
		return nil
	}
	return &l.Price
}

// cardOf is nil for a product that is gone.
func (h *handler) cardOf(ctx context.Context, product string) (*shelf.Card, error) {
	c, err := h.Shelf.Card(ctx, product, "")
	if isGone(err) {
		return nil, nil
	}
	return &c, err
}
