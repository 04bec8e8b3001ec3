// Package shophttp is the merchants' door to their shop: opening one, its
// settings, its pictures, its staff; and the operator's to all of them.
package shophttp

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/picture"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Shops    *shop.Service
	Accounts *account.Service
	Catalog  *catalog.Service
	Shows    *show.Service
	Shelf    *shelf.Service
	Blobs    blob.Store
	Currency string // of a new shop that does not say
	TimeZone string
	Now      clock.Now
}

type handler struct{ Parts }

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{p}
	web.Handle(api, web.Anyone, "GET /v1/packs", "packs", "Lines of business", h.packs)
	web.Handle(api, web.SignedIn, "POST /v1/merchant/shops", "open-shop", "Open a shop", h.open, web.Status(201))
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}", "my-shop", "Settings of a shop", shop.Guard(h.Shops, shop.See, h.get))
	web.Handle(api, web.SignedIn, "PATCH /v1/merchant/shops/{shop}", "set-shop", "Change a shop", shop.Guard(h.Shops, shop.Manage, h.set))
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}/checklist", "checklist", "What is left to do before the first show", shop.Guard(h.Shops, shop.See, h.checklist))
	web.Handle(api, web.SignedIn, "POST /v1/merchant/shops/{shop}/images", "add-image", "Upload a picture", shop.Guard(h.Shops, shop.Shows, h.addImage), web.Status(201), web.MaxBody(picture.MaxBytes+1<<16))
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}/fulfilment", "fulfilment", "How goods reach buyers", shop.Guard(h.Shops, shop.See, h.fulfilment))
	web.Handle(api, web.SignedIn, "PUT /v1/merchant/shops/{shop}/fulfilment", "set-fulfilment", "Change how goods reach buyers", shop.Guard(h.Shops, shop.Manage, h.setFulfilment))
	web.Handle(api, web.SignedIn, "GET /v1/merchant/shops/{shop}/staff", "staff", "Who works here", shop.Guard(h.Shops, shop.Manage, h.staff))
	web.Handle(api, web.SignedIn, "POST /v1/merchant/shops/{shop}/staff", "add-staff", "Give somebody a role", shop.Guard(h.Shops, shop.Manage, h.addStaff), web.Status(201))
	web.Handle(api, web.SignedIn, "DELETE /v1/merchant/shops/{shop}/staff/{person}", "remove-staff", "End somebody's work here", shop.Guard(h.Shops, shop.Manage, h.removeStaff))
	web.Handle(api, web.Operators, "GET /v1/operator/shops", "operator-shops", "All shops", h.all)
	web.Handle(api, web.Operators, "POST /v1/operator/shops/{id}/licence", "operator-licence", "Record the look at a licence", h.setLicence)
}

// Files serves pictures: GET /img/{id}?w=480.
func Files(blobs blob.Store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		want := 960
		switch r.URL.Query().Get("w") {
		case "160":
			want = 160
		case "480":
			want = 480
		case "1600":
			want = 1600
		}
		key := picture.Key(r.PathValue("id"), picture.Fit(want))
		if !blob.ValidKey(key) {
			web.WriteProblem(w, r, nil, shop.ErrImage)
			return
		}
		info, err := blobs.Stat(r.Context(), key)
		if err != nil {
			web.WriteProblem(w, r, nil, shop.ErrImage)
			return
		}
		w.Header().Set("Content-Type", "image/jpeg")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		content := blob.Content(r.Context(), blobs, info)
		defer content.Close()
		http.ServeContent(w, r, "", time.Time{}, content)
	}
}

type list[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func (h *handler) packs(context.Context, *web.None) (*web.Out[list[shop.Pack]], error) {
	return web.Answer(list[shop.Pack]{shop.Packs()}, nil)
}

// view is a shop as its merchant sees it.
type view struct {
	shelf.ShopCard
	About    text.Local   `json:"about"`
	Licence  shop.Licence `json:"licence"`
	TimeZone string       `json:"time_zone"`
	Currency string       `json:"currency"`
	Pickup   shop.Pickup  `json:"pickup"`
	Parcel   shop.Parcel  `json:"parcel"`
	Tax      shop.Tax     `json:"tax"`
	Cover    *shelf.Image `json:"cover,omitempty"`
}

func (h *handler) viewOf(ctx context.Context, shopID string) (*web.Out[view], error) {
	h.Shelf.ForgetShop(shopID)
	card, sh, err := h.Shelf.Shop(ctx, shopID)
	if err != nil {
		return nil, err
	}
	cover, err := h.Shelf.Picture(ctx, sh.Cover)
	return web.Answer(view{ShopCard: card, About: sh.About, Licence: sh.Licence, TimeZone: sh.TimeZone, Currency: sh.Currency, Pickup: sh.Pickup, Parcel: sh.Parcel, Tax: sh.Tax, Cover: cover}, err)
}

type openInput struct {
	Body struct {
		Name     text.Local `json:"name"`
		Pack     string     `json:"pack" maxLength:"40"`
		Stall    string     `json:"stall,omitempty" maxLength:"20"`
		Currency string     `json:"currency,omitempty" pattern:"^[A-Z]{3}$"`
		TimeZone string     `json:"time_zone,omitempty" maxLength:"60"`
		Color    string     `json:"color,omitempty" maxLength:"7"`
	}
}

func (h *handler) open(ctx context.Context, in *openInput) (*web.Out[view], error) {
	d := shop.Draft{Name: in.Body.Name, Pack: in.Body.Pack, Stall: in.Body.Stall, Currency: in.Body.Currency, TimeZone: in.Body.TimeZone, Color: in.Body.Color}
	if d.Currency == "" {
		d.Currency = h.Currency
	}
	if d.TimeZone == "" {
		d.TimeZone = h.TimeZone
	}
	sh, err := h.Shops.Open(ctx, web.Who(ctx).Person, d)
	if err != nil {
		return nil, err
	}
	return h.viewOf(ctx, sh.ID)
}

func (h *handler) get(ctx context.Context, in *shop.In) (*web.Out[view], error) {
	return h.viewOf(ctx, in.Shop)
}

type setInput struct {
	shop.In
	Body struct {
		Name     *text.Local `json:"name,omitempty"`
		About    *text.Local `json:"about,omitempty"`
		Stall    *string     `json:"stall,omitempty" maxLength:"20"`
		Color    *string     `json:"color,omitempty" maxLength:"7"`
		TimeZone *string     `json:"time_zone,omitempty" maxLength:"60"`
		Avatar   *string     `json:"avatar,omitempty" maxLength:"60"`
		Cover    *string     `json:"cover,omitempty" maxLength:"60"`
		Tax      *shop.Tax   `json:"tax,omitempty"`
		Licence  *struct {
			LegalName *string `json:"legal_name,omitempty" maxLength:"120"`
			Number    *string `json:"number,omitempty" maxLength:"60"`
			Address   *string `json:"address,omitempty" maxLength:"200"`
			Contact   *string `json:"contact,omitempty" maxLength:"120"`
		} `json:"licence,omitempty"`
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (h *handler) set(ctx context.Context, in *setInput) (*web.Out[view], error) {
	b := in.Body
	for _, im := range []*string{b.Avatar, b.Cover} {
		if im != nil && *im != "" {
			if p, err := h.Shelf.Picture(ctx, *im); err != nil || p == nil {
				return nil, shop.ErrImage
			}
		}
	}
	_, err := h.Shops.Update(ctx, in.Shop, func(s *shop.Shop) error {
		set(&s.Name, b.Name)
		set(&s.About, b.About)
		set(&s.Stall, b.Stall)
		set(&s.Color, b.Color)
		set(&s.TimeZone, b.TimeZone)
		set(&s.Avatar, b.Avatar)
		set(&s.Cover, b.Cover)
		set(&s.Tax, b.Tax)
		if l := b.Licence; l != nil {
			set(&s.Licence.LegalName, l.LegalName)
			set(&s.Licence.Number, l.Number)
			set(&s.Licence.Address, l.Address)
			set(&s.Licence.Contact, l.Contact)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h.viewOf(ctx, in.Shop)
}

type step struct {
	Code string `json:"code" enum:"profile,licence,product,fulfilment,show,practice"`
	Done bool   `json:"done"`
}

func (h *handler) checklist(ctx context.Context, in *shop.In) (*web.Out[list[step]], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	goods, err := h.Catalog.OfShop(ctx, in.Shop, false, page.First, 1)
	if err != nil {
		return nil, err
	}
	shows, err := h.Shows.OfShop(ctx, in.Shop, page.First, 20)
	if err != nil {
		return nil, err
	}
	practised := false
	for _, s := range shows.Items {
		practised = practised || s.State == show.Practice || s.State.OnAir() || s.State.Over()
	}
	return web.Answer(list[step]{[]step{
		{"profile", sh.Avatar != "" || !sh.About.IsEmpty()},
		{"licence", sh.Licence.State != shop.LicenceNone},
		{"product", len(goods.Items) > 0},
		{"fulfilment", sh.Pickup.Enabled || sh.Parcel.Enabled},
		{"show", len(shows.Items) > 0},
		{"practice", practised},
	}}, nil)
}

type imageForm struct {
	File huma.FormFile `form:"file" required:"true"`
}

type imageInput struct {
	shop.In
	RawBody huma.MultipartFormFiles[imageForm]
}

func (h *handler) addImage(ctx context.Context, in *imageInput) (*web.Out[shelf.Image], error) {
	file := in.RawBody.Data().File
	defer file.Close()
	im := shop.Image{ID: id.New("img", h.Now()), Shop: in.Shop}
	info, err := picture.Save(ctx, h.Blobs, im.ID, file)
	if err != nil {
		return nil, err
	}
	im.Width, im.Height, im.Color = info.Width, info.Height, info.Color
	if err := h.Shops.SaveImage(ctx, im); err != nil {
		return nil, err
	}
	return web.Answer(shelf.ImageOf(im), nil)
}

type fulfilment struct {
	Pickup       shop.Pickup `json:"pickup"`
	Parcel       shop.Parcel `json:"parcel"`
	Appointments bool        `json:"appointments,omitempty" readOnly:"true" doc:"The hours are those of appointments, not of collecting"`
}

func fulfilmentOf(sh shop.Shop) fulfilment {
	pack, _ := shop.PackOf(sh.Pack) // a shop has one that was there
	return fulfilment{sh.Pickup, sh.Parcel, pack.ByAppointment() || pack.ByLead()}
}

func (h *handler) fulfilment(ctx context.Context, in *shop.In) (*web.Out[fulfilment], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	return web.Answer(fulfilmentOf(sh), err)
}

type setFulfilmentInput struct {
	shop.In
	Body fulfilment
}

func (h *handler) setFulfilment(ctx context.Context, in *setFulfilmentInput) (*web.Out[fulfilment], error) {
	sh, err := h.Shops.Update(ctx, in.Shop, func(s *shop.Shop) error {
		s.Pickup, s.Parcel = in.Body.Pickup, in.Body.Parcel
		return nil
	})
	return web.Answer(fulfilmentOf(sh), err)
}

type member struct {
	Person string    `json:"person"`
	Name   string    `json:"name"`
	To     string    `json:"to"`
	Role   shop.Role `json:"role" enum:"owner,controller,service"`
	Since  time.Time `json:"since"`
}

func (h *handler) staff(ctx context.Context, in *shop.In) (*web.Out[list[member]], error) {
	all, err := h.Shops.Members(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	out := list[member]{Items: []member{}}
	for _, m := range all {
		p, err := h.Accounts.Get(ctx, m.Person)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, member{m.Person, p.Name, p.Email + p.Phone, m.Role, m.Since})
	}
	return web.Answer(out, nil)
}

type addStaffInput struct {
	shop.In
	Body struct {
		To   string    `json:"to" maxLength:"254"`
		Name string    `json:"name,omitempty" maxLength:"80"`
		Role shop.Role `json:"role" enum:"owner,controller,service"`
	}
}

func (h *handler) addStaff(ctx context.Context, in *addStaffInput) (*web.None, error) {
	p, err := h.Accounts.Ensure(ctx, in.Body.To, in.Body.Name, "en")
	if err != nil {
		return nil, err
	}
	return nil, h.Shops.SetMember(ctx, in.Shop, p.ID, in.Body.Role)
}

type staffInput struct {
	shop.In
	Person string `path:"person" maxLength:"60"`
}

func (h *handler) removeStaff(ctx context.Context, in *staffInput) (*web.None, error) {
	return nil, h.Shops.RemoveMember(ctx, in.Shop, in.Person)
}

type operatorShop struct {
	shelf.ShopCard
	Licence   shop.Licence `json:"licence"`
	CreatedAt time.Time    `json:"created_at"`
}

func (h *handler) all(ctx context.Context, in *web.Paged) (*web.Out[page.Of[operatorShop]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Shops.List(ctx, after, 50)
	if err != nil {
		return nil, err
	}
	out := page.Of[operatorShop]{Items: []operatorShop{}, Next: rows.Next}
	for _, sh := range rows.Items {
		card, err := h.Shelf.ShopCard(ctx, sh.ID)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, operatorShop{card, sh.Licence, sh.CreatedAt})
	}
	return web.Answer(out, nil)
}

type licenceInput struct {
	ID   string `path:"id" maxLength:"60"`
	Body struct {
		State shop.LicenceState `json:"state" enum:"none,in_review,verified"`
	}
}

func (h *handler) setLicence(ctx context.Context, in *licenceInput) (*web.None, error) {
	defer h.Shelf.ForgetShop(in.ID)
	return nil, h.Shops.SetLicenceState(ctx, in.ID, in.Body.State)
}
