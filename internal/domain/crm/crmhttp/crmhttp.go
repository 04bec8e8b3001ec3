// Package crmhttp is the door of a shop's contacts, and of people to what they
// agreed to.
package crmhttp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/crm"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Contacts *crm.Service
	Shops    *shop.Service
	Log      *slog.Logger
}

type handler struct{ Parts }

// Mount adds the operations to api, and the export to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := handler{p}
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}/contacts", "contacts", "The shop's customers", h.list)
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}/contacts/{contact}/consents", "contact-consents", "What a customer agreed to and took back", h.log)
	web.Handle(api, web.SignedIn, "GET /v1/me/shop-messages", "shop-messages", "Shops that may write to me", h.agreed)
	web.Handle(api, web.SignedIn, "DELETE /v1/me/shop-messages/{shop}", "stop-shop-messages", "Let a shop write to me no more", h.withdraw)
	web.Handle(api, web.Anyone, "GET /v1/shop-messages/{token}", "read-shop-stop-link", "See which shop a stop link is about", h.readStop)
	// Mail programs post here by themselves (RFC 8058), without cookies.
	web.Handle(api, web.Anyone, "POST /v1/shop-messages/{token}", "stop-shop", "Let a shop write no more, with one tap", h.stop, web.Status(http.StatusOK))
	mux.HandleFunc("GET /v1/merchant/shops/{shop}/contacts.csv", h.export)
}

type listInput struct {
	Shop string `path:"shop" maxLength:"40"`
	Q    string `query:"q" maxLength:"80" doc:"Part of a name, e-mail address or phone number"`
	web.Paged
}

type contactView struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Email    string       `json:"email,omitempty"`
	Phone    string       `json:"phone,omitempty"`
	Sources  []sourceView `json:"sources" nullable:"false"`
	Orders   int64        `json:"orders"`
	Spent    money.Amount `json:"spent"`
	Consent  consentView  `json:"consent"`
	LastSeen time.Time    `json:"last_seen_at"`
}

type sourceView struct {
	Kind  crm.SourceKind `json:"kind" enum:"order,follow,reservation,lead"`
	At    time.Time      `json:"at"`
	Show  string         `json:"show,omitempty"`
	Share string         `json:"share,omitempty"`
}

type consentView struct {
	Marketing bool       `json:"marketing"`
	At        *time.Time `json:"at,omitempty"`
	Text      string     `json:"text,omitempty"`
}

func viewOf(c crm.Contact) contactView {
	v := contactView{
		ID: c.ID, Name: c.Name, Email: c.Email, Phone: c.Phone, Sources: []sourceView{}, Orders: c.Orders, Spent: c.Spent,
		Consent: consentView{c.Consent.Marketing, clock.Ptr(c.Consent.At), c.Consent.Text}, LastSeen: c.SeenAt,
	}
	for _, s := range c.Sources {
		v.Sources = append(v.Sources, sourceView{s.Kind, s.At, s.Show, s.Share})
	}
	return v
}

func (h handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[contactView]], error) {
	if err := h.Shops.Require(ctx, in.Shop, web.Who(ctx).Person, shop.Orders); err != nil {
		return nil, err
	}
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Contacts.List(ctx, in.Shop, in.Q, after, 50)
	out := page.Of[contactView]{Items: []contactView{}, Next: rows.Next}
	for _, c := range rows.Items {
		out.Items = append(out.Items, viewOf(c))
	}
	return web.Answer(out, err)
}

// export streams the whole list.
func (h handler) export(w http.ResponseWriter, r *http.Request) {
	ctx, shopID := r.Context(), r.PathValue("shop")
	person, err := web.Person(ctx)
	if err == nil {
		err = h.Shops.Require(ctx, shopID, person, shop.Orders)
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	web.Table(w, r, h.Log, "contacts.csv", func(w io.Writer) error {
		return crm.WriteCSV(w, h.Contacts.All(ctx, shopID), h.Contacts.StopURL)
	})
}
