// Package shelf makes what buyers see of goods: cards with title, picture,
// price and what is left, put together from shop, catalog and stock.
//
// What a crowd looks at is prepared once and kept in memory until catalog or
// stock say that it changed; another process's change is seen within a second or
// two.
package shelf

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/memo"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Image is a picture as apps load it; ?w= asks for a width.
type Image struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Color  string `json:"color" doc:"Mean colour, shown while the picture loads"`
}

// ShopCard is a shop in one line.
type ShopCard struct {
	ID     string     `json:"id"`
	Slug   string     `json:"slug"`
	Name   text.Local `json:"name"`
	Pack   string     `json:"pack"`
	Stall  string     `json:"stall,omitempty"`
	Color  string     `json:"color"`
	Avatar *Image     `json:"avatar,omitempty"`
	Live   string     `json:"live,omitempty" doc:"Id of the show that is on air now"`
}

// Measure says how quantities of a product count.
type Measure struct {
	Kind string `json:"kind" enum:"piece,weight"`
	Unit string `json:"unit" enum:"piece,kg"`
	Per  int64  `json:"per" doc:"The price is for this many quantity units (1 piece, 1000 g)"`
	Step int64  `json:"step"`
	Min  int64  `json:"min"`
}

// MeasureOf describes m for apps.
func MeasureOf(m catalog.Measure) Measure {
	unit := "piece"
	if m == catalog.Weight {
		unit = "kg"
	}
	return Measure{Kind: string(m), Unit: unit, Per: m.Per(), Step: m.Step(), Min: m.Step()}
}

// Price is what a variant costs, with what the history proves.
type Price struct {
	Amount       money.Amount  `json:"amount"`
	Was          *money.Amount `json:"was,omitempty"`
	WasUntil     *time.Time    `json:"was_until,omitempty"`
	Lowest30Days *money.Amount `json:"lowest_30_days,omitempty"`
	PlusTax      bool          `json:"plus_tax,omitempty" doc:"Tax comes on top, by where the goods go: the offer says how much"`
}

// SKU is a variant on the shelf.
type SKU struct {
	ID        string     `json:"id"`
	Name      text.Local `json:"name"`
	Price     Price      `json:"price"`
	Measure   Measure    `json:"measure"`
	Available int64      `json:"available" doc:"Quantity units left to sell"`
	Total     int64      `json:"total" doc:"Quantity units put up for sale"`
}

// Card is a product on the shelf.
type Card struct {
	ID      string     `json:"id"`
	Shop    string     `json:"shop"`
	Title   text.Local `json:"title"`
	Image   *Image     `json:"image,omitempty"`
	SKUs    []SKU      `json:"skus" nullable:"false"`
	SoldOut bool       `json:"sold_out"`
	Lead    bool       `json:"lead,omitempty" doc:"Not bought with a tap: one says that one is interested"`
}

// Product is everything a buyer can see of a product.
type Product struct {
	Card
	ShopCard   ShopCard        `json:"shop_card"`
	About      text.Local      `json:"about"`
	Pack       string          `json:"pack"`
	Facts      []shop.Fact     `json:"facts" nullable:"false"`
	Images     []Image         `json:"images" nullable:"false"`
	ReturnRule shop.ReturnRule `json:"return_rule"`
	Revision   string          `json:"revision"`
	State      catalog.State   `json:"state" enum:"draft,live,hidden"`
}

// Service prepares cards. It is safe for concurrent use.
type Service struct {
	live func(shop string) string

	pictures *memo.Memo[string, Image]
	shops    *memo.Memo[string, front]
	slugs    *memo.Memo[string, string]
	lists    *memo.Memo[list, []string]
	products *memo.Memo[string, Product] // without what changes on its own: shop card, tax, stock
	stocks   *memo.Memo[string, stock.Open]
	goods    *catalog.Service
}

// front is a shop with its card.
type front struct {
	card ShopCard
	shop shop.Shop
}

// list names the newest n products of a shop, or of the market ("").
type list struct {
	shop string
	n    int
}

// How long something may be used although another process may have changed it.
const (
	pictureFor = time.Hour // a picture never changes under its id
	cardFor    = 2 * time.Second
	stockFor   = time.Second
)

// New returns a service that hears of changes from b. live names the running
// show of a shop, or "".
func New(d *db.DB, b *bus.Bus, shops *shop.Service, goods *catalog.Service, live func(shop string) string, now clock.Now) *Service {
	s := &Service{live: live, goods: goods}
	s.pictures = memo.New(pictureFor, now, func(ctx context.Context, ids []string) (map[string]Image, error) {
		found, err := shop.Images(ctx, d, ids...)
		out := make(map[string]Image, len(found))
		for id, im := range found {
			out[id] = ImageOf(im)
		}
		return out, err
	})
	s.shops = memo.New(cardFor, now, func(ctx context.Context, ids []string) (map[string]front, error) {
		found, err := shops.Many(ctx, ids)
		if err != nil {
			return nil, err
		}
		out := make(map[string]front, len(found))
		for id, sh := range found {
			avatar, err := s.Picture(ctx, sh.Avatar)
			if err != nil {
				return nil, err
			}
			out[id] = front{shop: sh, card: ShopCard{ID: sh.ID, Slug: sh.Slug, Name: sh.Name, Pack: sh.Pack, Stall: sh.Stall, Color: sh.Color, Avatar: avatar}}
		}
		return out, nil
	})
	s.slugs = memo.New(cardFor, now, func(ctx context.Context, slugs []string) (map[string]string, error) {
		out := map[string]string{}
		for _, slug := range slugs {
			sh, err := shops.BySlug(ctx, slug)
			if err != nil {
				return nil, err
			}
			out[slug] = sh.ID
		}
		return out, nil
	})
	s.lists = memo.New(cardFor, now, func(ctx context.Context, keys []list) (map[list][]string, error) {
		out := map[list][]string{}
		for _, k := range keys {
			ids, err := goods.Live(ctx, k.shop, k.n)
			if err != nil {
				return nil, err
			}
			out[k] = ids
		}
		return out, nil
	})
	s.products = memo.New(cardFor, now, func(ctx context.Context, ids []string) (map[string]Product, error) {
		found, err := goods.Many(ctx, ids)
		if err != nil {
			return nil, err
		}
		faces, err := s.prepare(ctx, slices.Collect(maps.Values(found)))
		out := make(map[string]Product, len(faces))
		for _, p := range faces {
			out[p.ID] = p
		}
		return out, err
	})
	s.stocks = memo.New(stockFor, now, func(ctx context.Context, skus []string) (map[string]stock.Open, error) {
		return stock.OpenOf(ctx, d, skus)
	})
	b.Inline(catalog.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() {
			s.products.Forget(e.Key)
			s.lists.Clear()
		})
		return nil
	})
	b.Inline(stock.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.stocks.Forget(e.Key) })
		return nil
	})
	return s
}

// ForgetShop drops a shop's card after it was changed.
func (s *Service) ForgetShop(shopID string) { s.shops.Forget(shopID) }

// ImageOf describes a picture.
func ImageOf(im shop.Image) Image {
	return Image{ID: im.ID, URL: "/img/" + im.ID, Width: im.Width, Height: im.Height, Color: im.Color}
}

// Picture returns a picture by id, or nil.
func (s *Service) Picture(ctx context.Context, id string) (*Image, error) {
	if id == "" {
		return nil, nil
	}
	im, ok, err := s.pictures.Get(ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	return &im, nil
}

// Shop returns a shop with its card.
func (s *Service) Shop(ctx context.Context, shopID string) (ShopCard, shop.Shop, error) {
	f, ok, err := s.shops.Get(ctx, shopID)
	if err == nil && !ok {
		err = shop.ErrNotFound
	}
	if err != nil {
		return ShopCard{}, shop.Shop{}, err
	}
	f.card.Live = s.live(shopID)
	return f.card, f.shop, nil
}

// ShopBySlug is [Service.Shop] by the name in its address.
func (s *Service) ShopBySlug(ctx context.Context, slug string) (ShopCard, shop.Shop, error) {
	shopID, _, err := s.slugs.Get(ctx, slug)
	if err != nil {
		return ShopCard{}, shop.Shop{}, err
	}
	return s.Shop(ctx, shopID)
}

// ShopCard returns a shop's card.
func (s *Service) ShopCard(ctx context.Context, shopID string) (ShopCard, error) {
	c, _, err := s.Shop(ctx, shopID)
	return c, err
}

// Card returns a product's card with the stock of a bucket ("": the stall).
func (s *Service) Card(ctx context.Context, product, bucket string) (Card, error) {
	p, ok, err := s.products.Get(ctx, product)
	if err == nil && !ok {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return Card{}, err
	}
	return s.card(ctx, p, bucket)
}

// Newest returns the cards of what a shop, or the market (""), began to sell
// last: at most n, the newest first.
func (s *Service) Newest(ctx context.Context, shopID string, n int) ([]Card, error) {
	ids, _, err := s.lists.Get(ctx, list{shopID, n})
	if err != nil {
		return nil, err
	}
	ready, err := s.products.Many(ctx, ids)
	if err != nil {
		return nil, err
	}
	var skus []string
	for _, p := range ready {
		for _, k := range p.SKUs {
			skus = append(skus, k.ID)
		}
	}
	if _, err := s.stocks.Many(ctx, skus); err != nil { // all at once, for the cards to find
		return nil, err
	}
	out := make([]Card, 0, len(ids))
	for _, id := range ids {
		p, ok := ready[id]
		if !ok || p.State != catalog.Live {
			continue
		}
		c, err := s.card(ctx, p, stock.Stall)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Product returns everything a buyer can see of a product, in whatever state it
// is.
func (s *Service) Product(ctx context.Context, product string) (Product, error) {
	p, ok, err := s.products.Get(ctx, product)
	if err == nil && !ok {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return Product{}, err
	}
	return s.complete(ctx, p)
}

// Wholes is [Service.Product] of products that were just read, past every memory
// of them: a merchant must see what he wrote, whichever process he asks.
func (s *Service) Wholes(ctx context.Context, ps ...catalog.Product) ([]Product, error) {
	out, err := s.prepare(ctx, ps)
	if err != nil {
		return nil, err
	}
	for i, p := range out {
		if out[i], err = s.complete(ctx, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Fresh returns a card with the stock of a bucket past every memory, for snapshots
// that must not show old numbers.
func (s *Service) Fresh(ctx context.Context, product, bucket string) (Card, error) {
	s.products.Forget(product)
	p, ok, err := s.products.Get(ctx, product)
	if err == nil && !ok {
		err = catalog.ErrNotFound
	}
	if err != nil {
		return Card{}, err
	}
	for _, k := range p.SKUs {
		s.stocks.Forget(k.ID)
	}
	return s.card(ctx, p, bucket)
}

// prepare makes of products what stays until they are changed.
func (s *Service) prepare(ctx context.Context, ps []catalog.Product) ([]Product, error) {
	var images, skus []string
	for _, p := range ps {
		images = append(images, p.Images...)
		for _, k := range p.SKUs {
			skus = append(skus, k.ID)
		}
	}
	pictures, err := s.pictures.Many(ctx, images)
	if err != nil {
		return nil, err
	}
	facts, err := s.goods.PriceFactsOf(ctx, skus...)
	if err != nil {
		return nil, err
	}
	out := make([]Product, len(ps))
	for i, p := range ps {
		pack, err := shop.PackOf(p.Pack)
		if err != nil {
			return nil, err
		}
		out[i] = Product{About: p.About, Pack: p.Pack, Facts: pack.Facts(p.Fields), Images: []Image{}, ReturnRule: pack.ReturnRule, Revision: p.Revision, State: p.State,
			Card: Card{ID: p.ID, Shop: p.Shop, Title: p.Title, SKUs: make([]SKU, len(p.SKUs)), Lead: pack.ByLead()}}
		for j, id := range p.Images {
			im, ok := pictures[id]
			if !ok {
				continue
			}
			out[i].Images = append(out[i].Images, im)
			if j == 0 {
				out[i].Image = &im
			}
		}
		for j, k := range p.SKUs {
			price := Price{Amount: k.Price}
			if f := facts[k.ID]; f.Was > 0 {
				was, low := money.Of(f.Was, k.Price.Currency), money.Of(f.Lowest, k.Price.Currency)
				price.Was, price.WasUntil, price.Lowest30Days = &was, clock.Ptr(f.WasUntil), &low
			}
			out[i].SKUs[j] = SKU{ID: k.ID, Name: k.Name, Price: price, Measure: MeasureOf(p.Measure)}
		}
	}
	return out, nil
}

// complete fills in what changes without the product.
func (s *Service) complete(ctx context.Context, p Product) (Product, error) {
	var err error
	if p.ShopCard, err = s.ShopCard(ctx, p.Shop); err != nil {
		return Product{}, err
	}
	p.Card, err = s.card(ctx, p, stock.Stall)
	return p, err
}

// card copies a product's card and fills in what is left of it.
func (s *Service) card(ctx context.Context, p Product, bucket string) (Card, error) {
	_, sh, err := s.Shop(ctx, p.Shop)
	if err != nil {
		return Card{}, err
	}
	c := p.Card
	c.SKUs, c.SoldOut = slices.Clone(c.SKUs), true
	for i := range c.SKUs {
		k := &c.SKUs[i]
		open, _, err := s.stocks.Get(ctx, k.ID)
		if err != nil {
			return Card{}, err
		}
		item := open.Serve(k.ID, bucket)
		k.Price.PlusTax = sh.Tax.Prices == tax.Added
		k.Available, k.Total = item.Available(), max(item.PutUp, item.Available())
		c.SoldOut = c.SoldOut && k.Available < k.Measure.Min
	}
	c.SoldOut = c.SoldOut && !c.Lead // nobody counts what is asked for
	return c, nil
}
