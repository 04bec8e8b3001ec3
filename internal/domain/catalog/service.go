package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps products. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	bus *bus.Bus
	now clock.Now
}

// New returns a service that keeps products in d and tells b what changed.
func New(d *db.DB, b *bus.Bus, now clock.Now) *Service { return &Service{db: d, bus: b, now: now} }

// Form is a product as a merchant writes it.
type Form struct {
	Title   text.Local
	About   text.Local
	Fields  map[string]string
	Measure Measure
	Images  []string
	State   State
	SKUs    []SKUForm
	Freight string // see [Product]
	Tax     string // see [Product]
	later   bool   // required fields may be missing
}

// SKUForm is one variant; ID is empty for a new one.
type SKUForm struct {
	ID         string
	Name       text.Local
	PriceMinor int64
	Grams      int64 // see [SKU]
}

// FormOf is a product as its merchant would write it.
func FormOf(p Product) Form {
	f := Form{Title: p.Title, About: p.About, Fields: p.Fields, Measure: p.Measure, Images: p.Images, State: p.State, Freight: p.Freight, Tax: p.Tax}
	for _, k := range p.SKUs {
		f.SKUs = append(f.SKUs, SKUForm{ID: k.ID, Name: k.Name, PriceMinor: k.Price.Minor, Grams: k.Grams})
	}
	return f
}

// Create adds a product to a shop.
func (s *Service) Create(ctx context.Context, sh shop.Shop, f Form) (Product, error) {
	var p Product
	err := s.db.InTx(ctx, func(tx *db.Tx) (err error) {
		p, err = s.CreateIn(ctx, tx, sh, f)
		return err
	})
	return p, err
}

// List adds a product on the spot, as during a show: what the pack asks for may
// wait.
func (s *Service) List(ctx context.Context, sh shop.Shop, f Form) (Product, error) {
	f.later = true
	return s.Create(ctx, sh, f)
}

// CreateIn is [Service.Create] inside a transaction.
func (s *Service) CreateIn(ctx context.Context, tx *db.Tx, sh shop.Shop, f Form) (Product, error) {
	now := s.now()
	p := Product{ID: id.New("prd", now), Shop: sh.ID, Pack: sh.Pack, Measure: f.Measure, CreatedAt: now, UpdatedAt: now}
	p, err := s.apply(p, sh, f, now)
	if err != nil {
		return Product{}, err
	}
	if err := insertProduct(ctx, tx, p); err != nil {
		return Product{}, err
	}
	return p, s.save(ctx, tx, p, nil)
}

// Update changes a product of a shop as a whole. Variants that the form leaves
// out are no longer sold.
func (s *Service) Update(ctx context.Context, sh shop.Shop, product string, f Form) (Product, error) {
	var p Product
	err := s.db.InTx(ctx, func(tx *db.Tx) (err error) {
		p, err = s.UpdateIn(ctx, tx, sh, product, f)
		return err
	})
	return p, err
}

// UpdateIn is [Service.Update] inside a transaction.
func (s *Service) UpdateIn(ctx context.Context, tx *db.Tx, sh shop.Shop, product string, f Form) (Product, error) {
	was, err := byID(ctx, tx, product)
	if err != nil || was.Shop != sh.ID {
		return Product{}, orNotFound(err)
	}
	if f.Measure != was.Measure {
		return Product{}, ErrMeasure
	}
	p, err := s.apply(was, sh, f, s.now())
	if err != nil {
		return Product{}, err
	}
	if err := updateProduct(ctx, tx, p); err != nil {
		return Product{}, err
	}
	return p, s.save(ctx, tx, p, was.SKUs)
}

// Hide takes a product off the shelf for good; orders keep pointing at it.
func (s *Service) Hide(ctx context.Context, shopID, product string) error {
	return s.db.InTx(ctx, func(tx *db.Tx) error {
		if err := setState(ctx, tx, shopID, product, Hidden, s.now()); err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: product})
	})
}

// apply puts a form on a product.
func (s *Service) apply(p Product, sh shop.Shop, f Form, now time.Time) (Product, error) {
	pack, err := shop.PackOf(p.Pack)
	if err != nil {
		return Product{}, err
	}
	if p.Title, err = f.Title.Clean(80, false); err != nil || p.Title.IsEmpty() {
		return Product{}, ErrTitle
	}
	if p.About, err = f.About.Clean(4000, true); err != nil {
		return Product{}, err
	}
	if f.State == Draft || f.State == Live || f.State == Hidden {
		p.State = f.State
	} else {
		return Product{}, ErrState
	}
	if p.State == Live {
		if err := errors.Join(pack.CheckClaims("title", p.Title), pack.CheckClaims("about", p.About)); err != nil {
			return Product{}, err
		}
	}
	if p.Measure != Piece && p.Measure != Weight {
		return Product{}, ErrMeasure
	}
	if p.State == Live && !f.later {
		p.Fields, err = pack.Check(f.Fields)
	} else {
		p.Fields, err = pack.CheckDraft(f.Fields)
	}
	if err != nil {
		return Product{}, err
	}
	if len(f.SKUs) == 0 || len(f.SKUs) > MaxSKUs {
		return Product{}, ErrSKUs
	}
	p.Images = f.Images
	if len(p.Images) > MaxImages {
		p.Images = p.Images[:MaxImages]
	}
	if f.Tax != "" && !tax.ValidClass(f.Tax) {
		return Product{}, ErrTax
	}
	if t, _ := sh.Parcel.Template(f.Freight); f.Freight != "" && f.Freight != p.Freight && f.Freight != t.ID { // one may be named that was deleted since
		return Product{}, shop.ErrFreight.At("freight", "no such template")
	}
	p.Freight, p.Tax, p.UpdatedAt = f.Freight, f.Tax, now
	old := map[string]bool{}
	for _, k := range p.SKUs {
		old[k.ID] = true
	}
	p.SKUs = nil
	for _, k := range f.SKUs {
		if k.PriceMinor < 0 || k.PriceMinor > MaxPrice {
			return Product{}, ErrPrice
		}
		if k.Grams < 0 || k.Grams > MaxGrams {
			return Product{}, ErrWeight
		}
		name, err := k.Name.Clean(40, false)
		if err != nil {
			return Product{}, err
		}
		if k.ID == "" {
			k.ID = id.New("sku", now)
		} else if !old[k.ID] {
			return Product{}, ErrNoSKU
		}
		p.SKUs = append(p.SKUs, SKU{ID: k.ID, Product: p.ID, Shop: p.Shop, Name: name, Price: money.Of(k.PriceMinor, sh.Currency), Grams: k.Grams, Active: true})
	}
	p.Revision = revisionID(p)
	return p, nil
}

// save writes variants, price history and the revision, and says so.
func (s *Service) save(ctx context.Context, tx *db.Tx, p Product, was []SKU) error {
	old := map[string]SKU{}
	for _, k := range was {
		old[k.ID] = k
	}
	for i, k := range p.SKUs {
		before, known := old[k.ID]
		if err := putSKU(ctx, tx, k, i); err != nil {
			return err
		}
		if !known || before.Price != k.Price {
			if err := insertPrice(ctx, tx, k.ID, p.UpdatedAt, k.Price.Minor); err != nil {
				return err
			}
		}
		delete(old, k.ID)
	}
	for _, gone := range old {
		if err := retireSKU(ctx, tx, gone.ID); err != nil {
			return err
		}
	}
	if err := insertRevision(ctx, tx, p); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, bus.Event{Topic: Changed, Key: p.ID})
}

// revision is what a buyer can see of a product.
type revision struct {
	Title   text.Local        `json:"title"`
	About   text.Local        `json:"about"`
	Fields  map[string]string `json:"fields"`
	Measure Measure           `json:"measure"`
	Images  []string          `json:"images"`
	SKUs    []revisionSKU     `json:"skus"`
}

type revisionSKU struct {
	ID    string       `json:"id"`
	Name  text.Local   `json:"name"`
	Price money.Amount `json:"price"`
}

func bodyOf(p Product) string {
	r := revision{Title: p.Title, About: p.About, Fields: p.Fields, Measure: p.Measure, Images: p.Images}
	for _, k := range p.SKUs {
		r.SKUs = append(r.SKUs, revisionSKU{k.ID, k.Name, k.Price})
	}
	b, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func revisionID(p Product) string {
	sum := sha256.Sum256([]byte(p.ID + "\n" + bodyOf(p)))
	return "rev_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Get returns a product in whatever state it is.
func (s *Service) Get(ctx context.Context, product string) (Product, error) {
	return byID(ctx, s.db, product)
}

// Many returns those of some products that exist, by id.
func (s *Service) Many(ctx context.Context, products []string) (map[string]Product, error) {
	out := make(map[string]Product, len(products))
	if len(products) == 0 {
		return out, nil
	}
	found, err := byIDs(ctx, s.db, products)
	for _, p := range found {
		out[p.ID] = p
	}
	return out, err
}

// ProductIn returns the id of the product that a variant of a shop belongs to.
func ProductIn(ctx context.Context, q db.Querier, shopID, sku string) (string, error) {
	return productOfShop(ctx, q, shopID, sku)
}

// GetIn is [Service.Get] inside a transaction.
func GetIn(ctx context.Context, q db.Querier, product string) (Product, error) {
	return byID(ctx, q, product)
}

// OfShop lists the products of a shop, newest first; drafts and hidden ones
// only when all is set.
func (s *Service) OfShop(ctx context.Context, shopID string, all bool, after page.Cursor, n int) (page.Of[Product], error) {
	rows, err := ofShop(ctx, s.db, shopID, all, after, n+1)
	if err != nil {
		return page.Of[Product]{}, err
	}
	return page.Cut(rows, n, cursor), nil
}

// Live names the newest n products of a shop that are on sale, or those of the
// market when shopID is empty.
func (s *Service) Live(ctx context.Context, shopID string, n int) ([]string, error) {
	if shopID == "" {
		return newestIDs(ctx, s.db, n)
	}
	return idsOfShop(ctx, s.db, shopID, n)
}

func cursor(p Product) page.Cursor {
	return page.Cursor{At: clock.Millis(p.CreatedAt), ID: p.ID}
}

// SKU returns a variant that is sold, with its product.
func (s *Service) SKU(ctx context.Context, sku string) (SKU, Product, error) {
	k, p, err := s.AnySKU(ctx, sku)
	if err == nil && p.State != Live {
		err = ErrNoSKU
	}
	return k, p, err
}

// AnySKU returns a variant of a product in any state.
func (s *Service) AnySKU(ctx context.Context, sku string) (SKU, Product, error) {
	product, err := productOf(ctx, s.db, sku)
	if err != nil {
		return SKU{}, Product{}, err
	}
	p, err := byID(ctx, s.db, product)
	if err != nil {
		return SKU{}, Product{}, err
	}
	for _, k := range p.SKUs {
		if k.ID == sku {
			return k, p, nil
		}
	}
	return SKU{}, Product{}, ErrNoSKU
}

// Revision returns the stored body of a revision, as JSON.
func (s *Service) Revision(ctx context.Context, rev string) (json.RawMessage, error) {
	return revisionBody(ctx, s.db, rev)
}

// PriceFacts is what the price history proves.
type PriceFacts struct {
	Was      int64     // the price before the current one; 0 when there is none or it was lower
	WasUntil time.Time // when it ended
	Lowest   int64     // the lowest price of the last 30 days, the current one included
}

// PriceFactsOf reads the history of variants (Directive 98/6/EC, art. 6a: the
// lowest price of at least 30 days before a reduction).
func (s *Service) PriceFactsOf(ctx context.Context, skus ...string) (map[string]PriceFacts, error) {
	out := make(map[string]PriceFacts, len(skus))
	if len(skus) == 0 {
		return out, nil
	}
	histories, err := pricesSince(ctx, s.db, skus, s.now().AddDate(0, 0, -30))
	for sku, rows := range histories {
		f := PriceFacts{Lowest: rows[0].minor}
		for _, r := range rows {
			f.Lowest = min(f.Lowest, r.minor)
		}
		if len(rows) > 1 && rows[1].minor > rows[0].minor {
			f.Was, f.WasUntil = rows[1].minor, clock.Time(rows[0].since)
		}
		out[sku] = f
	}
	return out, err
}

func orNotFound(err error) error {
	if err == nil {
		return ErrNotFound
	}
	return err
}
