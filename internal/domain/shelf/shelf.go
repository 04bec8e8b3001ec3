// Package shelf makes what buyers see of goods: cards with title, picture,
// price and what is left, put together from shop, catalog and stock.
//
// Cards are prepared once and kept in memory until catalog or stock say that
// they changed; another process's change is seen within a second or two.
package shelf

import (
	"context"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/clock"
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
	db    *db.DB
	shops *shop.Service
	goods *catalog.Service
	now   clock.Now
	live  func(shop string) string

	mu       sync.Mutex
	cards    map[string]cardEntry
	stocks   map[stockKey]stockEntry
	shopByID map[string]shopEntry
}

type stockKey struct{ sku, bucket string }

type cardEntry struct {
	card  Card
	until time.Time
}

type stockEntry struct {
	item  stock.Item
	until time.Time
}

type shopEntry struct {
	card  ShopCard
	shop  shop.Shop
	until time.Time
}

// How long a card may be used although another process may have changed it.
const (
	cardFor  = 2 * time.Second
	stockFor = time.Second
)

// New returns a service that hears of changes from b. live names the running
// show of a shop, or "".
func New(d *db.DB, b *bus.Bus, shops *shop.Service, goods *catalog.Service, live func(shop string) string, now clock.Now) *Service {
	s := &Service{db: d, shops: shops, goods: goods, live: live, now: now,
		cards: map[string]cardEntry{}, stocks: map[stockKey]stockEntry{}, shopByID: map[string]shopEntry{}}
	b.Inline(catalog.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.forgetCard(e.Key) })
		return nil
	})
	b.Inline(stock.Changed, func(_ context.Context, tx *db.Tx, e bus.Event) error {
		tx.AfterCommit(func() { s.forgetStock(e.Key) })
		return nil
	})
	return s
}

func (s *Service) forgetCard(product string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cards, product)
}

func (s *Service) forgetStock(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.stocks {
		if k.sku == sku {
			delete(s.stocks, k)
		}
	}
}

// ForgetShop drops a shop's card after it was changed.
func (s *Service) ForgetShop(shopID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.shopByID, shopID)
}

// ImageOf describes a picture.
func ImageOf(im shop.Image) Image {
	return Image{ID: im.ID, URL: "/img/" + im.ID, Width: im.Width, Height: im.Height, Color: im.Color}
}

// Picture returns a picture by id, or nil.
func (s *Service) Picture(ctx context.Context, id string) (*Image, error) {
	if id == "" {
		return nil, nil
	}
	all, err := shop.Images(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	if im, ok := all[id]; ok {
		v := ImageOf(im)
		return &v, nil
	}
	return nil, nil
}

// Shop returns a shop with its card.
func (s *Service) Shop(ctx context.Context, shopID string) (ShopCard, shop.Shop, error) {
	now := s.now()
	s.mu.Lock()
	e, ok := s.shopByID[shopID]
	s.mu.Unlock()
	if !ok || now.After(e.until) {
		sh, err := s.shops.Get(ctx, shopID)
		if err != nil {
			return ShopCard{}, shop.Shop{}, err
		}
		avatar, err := s.Picture(ctx, sh.Avatar)
		if err != nil {
			return ShopCard{}, shop.Shop{}, err
		}
		e = shopEntry{shop: sh, until: now.Add(cardFor), card: ShopCard{ID: sh.ID, Slug: sh.Slug, Name: sh.Name, Pack: sh.Pack, Stall: sh.Stall, Color: sh.Color, Avatar: avatar}}
		s.mu.Lock()
		s.shopByID[shopID] = e
		s.mu.Unlock()
	}
	e.card.Live = s.live(shopID)
	return e.card, e.shop, nil
}

// ShopCard returns a shop's card.
func (s *Service) ShopCard(ctx context.Context, shopID string) (ShopCard, error) {
	c, _, err := s.Shop(ctx, shopID)
	return c, err
}

// Card returns a product's card with the stock of a bucket ("": the stall).
func (s *Service) Card(ctx context.Context, product, bucket string) (Card, error) {
	now := s.now()
	s.mu.Lock()
	e, ok := s.cards[product]
	s.mu.Unlock()
	if !ok || now.After(e.until) {
		p, err := s.goods.Get(ctx, product)
		if err != nil {
			return Card{}, err
		}
		if e.card, err = s.prepare(ctx, p); err != nil {
			return Card{}, err
		}
		e.until = now.Add(cardFor)
		s.mu.Lock()
		s.cards[product] = e
		s.mu.Unlock()
	}
	return s.withStock(ctx, e.card, bucket)
}

// CardOf returns the card of a product that was just read.
func (s *Service) CardOf(ctx context.Context, p catalog.Product) (Card, error) {
	c, err := s.prepare(ctx, p)
	if err != nil {
		return Card{}, err
	}
	return s.withStock(ctx, c, stock.Stall)
}

// Cards returns the cards of products in their order.
func (s *Service) Cards(ctx context.Context, ps []catalog.Product) ([]Card, error) {
	out := make([]Card, 0, len(ps))
	for _, p := range ps {
		c, err := s.CardOf(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (s *Service) prepare(ctx context.Context, p catalog.Product) (Card, error) {
	pack, err := shop.PackOf(p.Pack)
	if err != nil {
		return Card{}, err
	}
	_, sh, err := s.Shop(ctx, p.Shop)
	if err != nil {
		return Card{}, err
	}
	c := Card{ID: p.ID, Shop: p.Shop, Title: p.Title, SKUs: make([]SKU, 0, len(p.SKUs)), Lead: pack.ByLead()}
	if len(p.Images) > 0 {
		im, err := s.Picture(ctx, p.Images[0])
		if err != nil {
			return Card{}, err
		}
		c.Image = im
	}
	for _, k := range p.SKUs {
		price := Price{Amount: k.Price, PlusTax: sh.Tax.Prices == tax.Added}
		f, err := s.goods.PriceFactsOf(ctx, k.ID)
		if err != nil {
			return Card{}, err
		}
		if f.Was > 0 {
			was, low := money.Of(f.Was, k.Price.Currency), money.Of(f.Lowest, k.Price.Currency)
			price.Was, price.WasUntil, price.Lowest30Days = &was, clock.Ptr(f.WasUntil), &low
		}
		c.SKUs = append(c.SKUs, SKU{ID: k.ID, Name: k.Name, Price: price, Measure: MeasureOf(p.Measure)})
	}
	return c, nil
}

// withStock copies a card and fills in what is left.
func (s *Service) withStock(ctx context.Context, c Card, bucket string) (Card, error) {
	skus := make([]SKU, len(c.SKUs))
	copy(skus, c.SKUs)
	c.SKUs, c.SoldOut = skus, true
	for i := range skus {
		item, err := s.stockOf(ctx, skus[i].ID, bucket)
		if err != nil {
			return Card{}, err
		}
		skus[i].Available, skus[i].Total = item.Available(), max(item.PutUp, item.Available())
		c.SoldOut = c.SoldOut && skus[i].Available < skus[i].Measure.Min
	}
	c.SoldOut = c.SoldOut && !c.Lead // nobody counts what is asked for
	return c, nil
}

func (s *Service) stockOf(ctx context.Context, sku, bucket string) (stock.Item, error) {
	now, k := s.now(), stockKey{sku, bucket}
	s.mu.Lock()
	e, ok := s.stocks[k]
	s.mu.Unlock()
	if ok && now.Before(e.until) {
		return e.item, nil
	}
	served, err := stock.BucketOf(ctx, s.db, sku, bucket)
	if err != nil {
		return stock.Item{}, err
	}
	item, err := stock.OfIn(ctx, s.db, sku, served)
	if err != nil {
		return stock.Item{}, err
	}
	s.mu.Lock()
	s.stocks[k] = stockEntry{item, now.Add(stockFor)}
	s.mu.Unlock()
	return item, nil
}

// Fresh returns the stock of a variant past every memory, for snapshots that
// must not show old numbers.
func (s *Service) Fresh(ctx context.Context, product, bucket string) (Card, error) {
	s.forgetCard(product)
	c, err := s.Card(ctx, product, bucket)
	if err != nil {
		return Card{}, err
	}
	for _, k := range c.SKUs {
		s.forgetStock(k.ID)
	}
	return s.withStock(ctx, c, bucket)
}

// Whole returns everything a buyer can see of a product.
func (s *Service) Whole(ctx context.Context, p catalog.Product) (Product, error) {
	card, err := s.CardOf(ctx, p)
	if err != nil {
		return Product{}, err
	}
	pack, err := shop.PackOf(p.Pack)
	if err != nil {
		return Product{}, err
	}
	sc, err := s.ShopCard(ctx, p.Shop)
	if err != nil {
		return Product{}, err
	}
	out := Product{Card: card, ShopCard: sc, About: p.About, Pack: p.Pack, Facts: pack.Facts(p.Fields), Images: []Image{}, ReturnRule: pack.ReturnRule, Revision: p.Revision, State: p.State}
	for _, id := range p.Images {
		im, err := s.Picture(ctx, id)
		if err != nil {
			return Product{}, err
		}
		if im != nil {
			out.Images = append(out.Images, *im)
		}
	}
	return out, nil
}
