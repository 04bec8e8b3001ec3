// Package stockhttp is the door to goods: products for buyers, and for merchants
// their products and today's stock sheet.
package stockhttp

import (
	"context"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Shops   *shop.Service
	Catalog *catalog.Service
	Stock   *stock.Service
	Shelf   *shelf.Service
	Now     clock.Now
}

type handler struct{ Parts }

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{p}
	web.Handle(api, web.Anyone, "GET /v1/products/{id}", "product", "A product", h.product)
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/products", "my-products", "Products of a shop, drafts too", shop.Guard(h.Shops, shop.See, h.list))
	web.Handle(api, web.SignedIn, "POST "+base+"/products", "add-product", "Add a product", shop.Guard(h.Shops, shop.Shows, h.add), web.Status(201))
	web.Handle(api, web.SignedIn, "GET "+base+"/products/{id}", "my-product", "A product with its fields", shop.Guard(h.Shops, shop.See, h.get))
	web.Handle(api, web.SignedIn, "PATCH "+base+"/products/{id}", "set-product", "Change a product; what is absent stays", shop.Guard(h.Shops, shop.Shows, h.set))
	web.Handle(api, web.SignedIn, "DELETE "+base+"/products/{id}", "hide-product", "Take a product off the shelf", shop.Guard(h.Shops, shop.Shows, h.hide))
	web.Handle(api, web.SignedIn, "GET "+base+"/stock", "stock", "Today's stock sheet", shop.Guard(h.Shops, shop.See, h.sheet))
	web.Handle(api, web.SignedIn, "POST "+base+"/stock/movements", "move-stock", "Goods came, went or were counted", shop.Guard(h.Shops, shop.Shows, h.move))
}

type idInput struct {
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) product(ctx context.Context, in *idInput) (*web.Out[shelf.Product], error) {
	p, err := h.Shelf.Product(ctx, in.ID)
	if err == nil && p.State != catalog.Live {
		err = catalog.ErrNotFound
	}
	return web.Answer(p, err)
}

// merchantProduct is a product with everything its merchant wrote.
type merchantProduct struct {
	shelf.Product
	Fields  map[string]string `json:"fields"`
	Measure shelf.Measure     `json:"measure"`
	Freight string            `json:"freight,omitempty" doc:"The template it is sent by; absent: the shop's first"`
	Tax     string            `json:"tax,omitempty" doc:"Class; absent: that of its line of business"`
	Grams   map[string]int64  `json:"grams,omitempty" doc:"What a piece of each variant weighs, where the shop has said so"`
}

func (h *handler) view(ctx context.Context, p catalog.Product) (merchantProduct, error) {
	vs, err := h.views(ctx, []catalog.Product{p})
	if err != nil {
		return merchantProduct{}, err
	}
	return vs[0], nil
}

func (h *handler) views(ctx context.Context, ps []catalog.Product) ([]merchantProduct, error) {
	wholes, err := h.Shelf.Wholes(ctx, ps...)
	out := make([]merchantProduct, len(wholes))
	for i, whole := range wholes {
		p := ps[i]
		out[i] = merchantProduct{Product: whole, Fields: p.Fields, Measure: shelf.MeasureOf(p.Measure), Freight: p.Freight, Tax: p.Tax, Grams: map[string]int64{}}
		for _, k := range p.SKUs {
			if k.Grams > 0 {
				out[i].Grams[k.ID] = k.Grams
			}
		}
	}
	return out, err
}

type listInput struct {
	shop.In
	web.Paged
}

func (h *handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[merchantProduct]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Catalog.OfShop(ctx, in.Shop, true, after, 50)
	if err != nil {
		return nil, err
	}
	out := page.Of[merchantProduct]{Next: rows.Next}
	out.Items, err = h.views(ctx, rows.Items)
	return web.Answer(out, err)
}

type productForm struct {
	Title   text.Local        `json:"title"`
	About   text.Local        `json:"about,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"`
	Measure catalog.Measure   `json:"measure" enum:"piece,weight"`
	Images  []string          `json:"images,omitempty" maxItems:"12"`
	State   catalog.State     `json:"state" enum:"draft,live,hidden"`
	Freight string            `json:"freight,omitempty" maxLength:"40" doc:"Id of the template it is sent by; absent: the shop's first"`
	Tax     string            `json:"tax,omitempty" maxLength:"20" doc:"Class that it is taxed as; absent: that of its line of business"`
	SKUs    []skuForm         `json:"skus" minItems:"1" maxItems:"50" nullable:"false"`
}

type skuForm struct {
	ID         string     `json:"id,omitempty" maxLength:"60"`
	Name       text.Local `json:"name,omitempty"`
	PriceMinor int64      `json:"price_minor" minimum:"0" maximum:"100000000000000"`
	Grams      *int64     `json:"grams,omitempty" minimum:"0" maximum:"1000000" doc:"What a piece weighs to be sent; absent: as it is"`
	Stock      *int64     `json:"stock,omitempty" minimum:"0" maximum:"1000000000" doc:"Counted stock, in quantity units; only for new variants"`
}

func (f productForm) form() catalog.Form {
	out := catalog.Form{Title: f.Title, About: f.About, Fields: f.Fields, Measure: f.Measure, Images: f.Images, State: f.State, Freight: f.Freight, Tax: f.Tax}
	for _, k := range f.SKUs {
		v := catalog.SKUForm{ID: k.ID, Name: k.Name, PriceMinor: k.PriceMinor}
		put(&v.Grams, k.Grams)
		out.SKUs = append(out.SKUs, v)
	}
	return out
}

type addInput struct {
	shop.In
	Body productForm
}

// ownPictures refuses pictures of other shops.
func (h *handler) ownPictures(ctx context.Context, shopID string, ids []string) error {
	for _, id := range ids {
		owner, err := h.Shops.ImageOwner(ctx, id)
		if err != nil || owner != shopID {
			return shop.ErrImage
		}
	}
	return nil
}

func (h *handler) add(ctx context.Context, in *addInput) (*web.Out[merchantProduct], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	if err := h.ownPictures(ctx, in.Shop, in.Body.Images); err != nil {
		return nil, err
	}
	p, err := h.Catalog.Create(ctx, sh, in.Body.form())
	if err != nil {
		return nil, err
	}
	if err := h.count(ctx, p, in.Body.SKUs); err != nil {
		return nil, err
	}
	return web.Answer(h.view(ctx, p))
}

// count sets the stock of variants that the form counted. The movement's key is
// the variant, so it happens once.
func (h *handler) count(ctx context.Context, p catalog.Product, forms []skuForm) error {
	for i, f := range forms {
		if f.Stock == nil || f.ID != "" || i >= len(p.SKUs) {
			continue
		}
		if _, err := h.Stock.Record(ctx, p.Shop, stock.Move{Key: "first:" + p.SKUs[i].ID, SKU: p.SKUs[i].ID, Set: f.Stock, Reason: stock.Count}); err != nil {
			return err
		}
	}
	return nil
}

type ProductInput struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) get(ctx context.Context, in *ProductInput) (*web.Out[merchantProduct], error) {
	p, err := h.Catalog.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if p.Shop != in.Shop {
		return nil, catalog.ErrNotFound
	}
	return web.Answer(h.view(ctx, p))
}

// productChange is what of a product changes; what is absent stays.
type productChange struct {
	Title   *text.Local        `json:"title,omitempty"`
	About   *text.Local        `json:"about,omitempty"`
	Fields  *map[string]string `json:"fields,omitempty"`
	Measure *catalog.Measure   `json:"measure,omitempty" enum:"piece,weight"`
	Images  *[]string          `json:"images,omitempty" maxItems:"12"`
	State   *catalog.State     `json:"state,omitempty" enum:"draft,live,hidden"`
	Freight *string            `json:"freight,omitempty" maxLength:"40"`
	Tax     *string            `json:"tax,omitempty" maxLength:"20"`
	SKUs    []skuForm          `json:"skus,omitempty" maxItems:"50" doc:"All variants; absent: as they are"`
}

// of returns p as a form with the change in it.
func (c productChange) of(p catalog.Product) catalog.Form {
	f := productForm{Title: p.Title, About: p.About, Fields: p.Fields, Measure: p.Measure, Images: p.Images, State: p.State, Freight: p.Freight, Tax: p.Tax, SKUs: slices.Clone(c.SKUs)}
	put(&f.Title, c.Title)
	put(&f.About, c.About)
	put(&f.Fields, c.Fields)
	put(&f.Measure, c.Measure)
	put(&f.Images, c.Images)
	put(&f.State, c.State)
	put(&f.Freight, c.Freight)
	put(&f.Tax, c.Tax)
	if len(c.SKUs) == 0 {
		for _, k := range p.SKUs {
			f.SKUs = append(f.SKUs, skuForm{ID: k.ID, Name: k.Name, PriceMinor: k.Price.Minor})
		}
	}
	for i, k := range f.SKUs {
		if j := slices.IndexFunc(p.SKUs, func(was catalog.SKU) bool { return was.ID == k.ID }); j >= 0 && k.Grams == nil {
			f.SKUs[i].Grams = &p.SKUs[j].Grams
		}
	}
	return f.form()
}

func put[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

type setInput struct {
	ProductInput
	Body productChange
}

func (h *handler) set(ctx context.Context, in *setInput) (*web.Out[merchantProduct], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	was, err := h.Catalog.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if was.Shop != in.Shop {
		return nil, catalog.ErrNotFound
	}
	if in.Body.Images != nil {
		if err := h.ownPictures(ctx, in.Shop, *in.Body.Images); err != nil {
			return nil, err
		}
	}
	p, err := h.Catalog.Update(ctx, sh, in.ID, in.Body.of(was))
	if err != nil {
		return nil, err
	}
	if err := h.count(ctx, p, in.Body.SKUs); err != nil {
		return nil, err
	}
	return web.Answer(h.view(ctx, p))
}

func (h *handler) hide(ctx context.Context, in *ProductInput) (*web.None, error) {
	return nil, h.Catalog.Hide(ctx, in.Shop, in.ID)
}

type stockRow struct {
	SKU       string        `json:"sku"`
	Product   string        `json:"product"`
	Title     text.Local    `json:"title"`
	Variant   text.Local    `json:"variant"`
	Image     *shelf.Image  `json:"image,omitempty"`
	Measure   shelf.Measure `json:"measure"`
	OnHand    int64         `json:"on_hand"`
	Reserved  int64         `json:"reserved"`
	Available int64         `json:"available"`
	Aside     int64         `json:"set_aside" doc:"Of what is on hand, kept for a show"`
	SoldToday int64         `json:"sold_today" doc:"Handed over or sent since midnight in the shop's time zone"`
}

type sheet struct {
	Items []stockRow `json:"items" nullable:"false"`
}

func (h *handler) sheet(ctx context.Context, in *shop.In) (*web.Out[sheet], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	items, err := h.Stock.OfShop(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	sold, err := h.Stock.SoldSince(ctx, in.Shop, midnight(h.Now(), sh.TimeZone))
	if err != nil {
		return nil, err
	}
	sum := map[string]stock.Item{}
	aside := map[string]int64{}
	for _, i := range items {
		s := sum[i.SKU]
		s.OnHand, s.Reserved = s.OnHand+i.OnHand, s.Reserved+i.Reserved
		sum[i.SKU] = s
		if i.Bucket != stock.Stall {
			aside[i.SKU] += i.OnHand
		}
	}
	out := sheet{Items: []stockRow{}}
	goods, err := h.Catalog.OfShop(ctx, in.Shop, true, page.First, 500)
	if err != nil {
		return nil, err
	}
	for _, p := range goods.Items {
		var face *shelf.Image
		if len(p.Images) > 0 {
			if face, err = h.Shelf.Picture(ctx, p.Images[0]); err != nil {
				return nil, err
			}
		}
		for _, k := range p.SKUs {
			s := sum[k.ID]
			out.Items = append(out.Items, stockRow{SKU: k.ID, Product: p.ID, Title: p.Title, Variant: k.Name, Image: face, Measure: shelf.MeasureOf(p.Measure),
				OnHand: s.OnHand, Reserved: s.Reserved, Available: s.Available(), Aside: aside[k.ID], SoldToday: sold[k.ID]})
		}
	}
	return web.Answer(out, nil)
}

func midnight(now time.Time, zone string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	y, m, d := now.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc)
}

type moveInput struct {
	shop.In
	web.Key
	Body struct {
		SKU    string       `json:"sku" maxLength:"60"`
		Set    *int64       `json:"set,omitempty" minimum:"0" maximum:"1000000000"`
		Add    int64        `json:"add,omitempty" minimum:"-1000000000" maximum:"1000000000"`
		Reason stock.Reason `json:"reason" enum:"landed,count,waste,return"`
	}
}

type moved struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"on_hand"`
	Reserved  int64  `json:"reserved"`
	Available int64  `json:"available"`
}

func (h *handler) move(ctx context.Context, in *moveInput) (*web.Out[moved], error) {
	k, _, err := h.Catalog.AnySKU(ctx, in.Body.SKU)
	if err != nil {
		return nil, err
	}
	if k.Shop != in.Shop {
		return nil, catalog.ErrNoSKU
	}
	i, err := h.Stock.Record(ctx, in.Shop, stock.Move{Key: in.Shop + ":" + in.Key.Key, SKU: k.ID, Set: in.Body.Set, Add: in.Body.Add, Reason: in.Body.Reason})
	return web.Answer(moved{k.ID, i.OnHand, i.Reserved, i.Available()}, err)
}
