package order

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// Ask is what a buyer wants an offer for.
type Ask struct {
	Items    []Item
	Kind     string // empty: the shop's first way
	Slot     string // id; empty: the next free one
	Address  *account.Address
	Show     string           // the room it is asked from
	Second   int64            // what the buyer's player showed, for a replay
	Expected map[string]int64 // price per SKU that the buyer saw, minor units
	Source   string
}

// Item is a wanted quantity of a variant.
type Item struct {
	SKU      string
	Quantity int64 // units of its measure
}

// Offer is a quote with what the buyer may still choose.
type Offer struct {
	Quote
	Token    string // the signed quote, to be sent back
	Hash     string
	Shop     shop.Shop
	Ways     []Way
	Payments []string // provider codes and PayAtPickup
	Changed  []PriceChange
	aside    string // the running show whose bucket serves the buyer
	visits   int    // lines that are a time with somebody
}

// Way is one way to hand the goods over.
type Way struct {
	Kind     string
	Price    money.Amount
	FreeFrom *money.Amount
	Slots    []shop.Slot
	Address  string
}

// PriceChange says that a price is not what the buyer saw.
type PriceChange struct {
	SKU      string
	From, To money.Amount
}

// Quote makes an offer. Prices and terms hold until it expires; stock is only
// promised when the order is placed.
func (s *Service) Quote(ctx context.Context, a Ask) (Offer, error) {
	if len(a.Items) == 0 || len(a.Items) > 50 {
		return Offer{}, ErrItems
	}
	now := s.now()
	o := Offer{Quote: Quote{ID: id.New("quo", now), ShownAt: now, ExpiresAt: now.Add(QuoteFor), Show: a.Show, Source: a.Source}}
	if err := s.addMoment(ctx, &o, a, now); err != nil {
		return Offer{}, err
	}
	if err := s.addLines(ctx, &o, a); err != nil {
		return Offer{}, err
	}
	if err := s.addWays(ctx, &o, a, now); err != nil {
		return Offer{}, err
	}
	total, err := o.Goods.Add(o.Freight)
	if err != nil || total.Minor > maxTotal {
		return Offer{}, ErrTotal
	}
	o.Total = total
	o.Terms = termsOf(o.Quote, o.Shop)
	o.Seller = o.Shop.Licence.LegalName
	o.Payments = s.paymentsFor(o.Quote)
	o.Token, o.Hash = s.sign(o.Quote)
	return o, nil
}

// maxTotal is the largest order, in minor units.
const maxTotal = 1_000_000_000_00

func (s *Service) addLines(ctx context.Context, o *Offer, a Ask) error {
	seen := map[string]bool{}
	for i, it := range a.Items {
		at := fmt.Sprintf("items[%d]", i)
		if seen[it.SKU] {
			return ErrItems.At(at, "named twice")
		}
		seen[it.SKU] = true
		k, p, err := s.catalog.SKU(ctx, it.SKU)
		if err != nil {
			return err
		}
		if err := p.Measure.CheckQuantity(it.Quantity); err != nil {
			return err
		}
		if i == 0 {
			if o.Shop, err = s.shops.Get(ctx, p.Shop); err != nil {
				return err
			}
			if a.Show != "" && p.Shop != o.Quote.Shop {
				return ErrItems.At("show", "another shop's show")
			}
			o.Quote.Shop = p.Shop
			o.Goods = money.Of(0, k.Price.Currency)
		} else if p.Shop != o.Quote.Shop {
			return ErrItems.At(at, "another shop")
		}
		total, err := k.Price.Times(it.Quantity, p.Measure.Per())
		if err != nil {
			return ErrTotal
		}
		if o.Goods, err = o.Goods.Add(total); err != nil {
			return ErrTotal
		}
		bucket, err := stock.BucketOf(ctx, s.db, it.SKU, o.aside)
		if err != nil {
			return err
		}
		left, err := stock.OfIn(ctx, s.db, it.SKU, bucket)
		if err != nil {
			return err
		}
		if left.Available() < it.Quantity {
			return soldOut(at, left.Available())
		}
		pack, err := shop.PackOf(p.Pack)
		if err != nil {
			return err
		}
		if pack.ByAppointment() {
			if it.Quantity != 1 {
				return ErrItems.At(at, "one appointment at a time")
			}
			o.visits++
		}
		line := QuoteLine{SKU: k.ID, Product: p.ID, Revision: p.Revision, Bucket: bucket, Title: p.Title, Variant: k.Name, Measure: p.Measure,
			Quantity: it.Quantity, Unit: k.Price, Total: total, Available: left.Available(), Rule: pack.ReturnRule}
		if len(p.Images) > 0 {
			line.Image = p.Images[0]
		}
		if seen, ok := a.Expected[k.ID]; ok && seen != k.Price.Minor {
			o.Changed = append(o.Changed, PriceChange{k.ID, money.Of(seen, k.Price.Currency), k.Price})
		}
		o.Lines = append(o.Lines, line)
	}
	return nil
}

// soldOut names how much is left.
func soldOut(at string, left int64) error {
	return stock.ErrSoldOut.At(at, fmt.Sprintf("%d left", max(0, left)))
}

// addWays lists how the goods can be handed over and picks one.
func (s *Service) addWays(ctx context.Context, o *Offer, a Ask, now time.Time) error {
	sh := o.Shop
	cur := o.Goods.Currency
	visit := o.visits > 0
	if visit && o.visits < len(o.Lines) {
		return ErrItems.At("items", "goods and appointments are ordered apart")
	}
	if sh.Pickup.Enabled {
		slots, err := s.shops.Slots(ctx, sh, 7)
		if err != nil {
			return err
		}
		way := Way{Kind: ByPickup, Price: money.Of(0, cur), Slots: slots, Address: sh.Pickup.Address}
		if visit {
			way.Kind = ByAppointment
		}
		o.Ways = append(o.Ways, way)
	}
	if sh.Parcel.Enabled && !visit {
		w := Way{Kind: ByParcel, Price: money.Of(sh.Parcel.Cost(o.Goods.Minor), cur)}
		if sh.Parcel.FreeFromMinor > 0 {
			m := money.Of(sh.Parcel.FreeFromMinor, cur)
			w.FreeFrom = &m
		}
		o.Ways = append(o.Ways, w)
	}
	if len(o.Ways) == 0 {
		return shop.ErrNoParcel
	}
	way := o.Ways[0]
	if a.Kind != "" {
		found := false
		for _, w := range o.Ways {
			if w.Kind == a.Kind {
				way, found = w, true
			}
		}
		if !found {
			return shop.ErrNoParcel
		}
	}
	o.Kind, o.Freight = way.Kind, way.Price
	if way.Kind == ByParcel {
		o.Address = a.Address
		return nil
	}
	o.Place = way.Address
	return o.addSlot(way, a.Slot, now)
}

// addSlot takes the wanted slot, or the first with room.
func (o *Offer) addSlot(way Way, want string, now time.Time) error {
	if want != "" {
		slot, err := shop.SlotOf(o.Shop, want, now)
		if err != nil {
			return err
		}
		o.Slot, o.Capacity = &slot, slot.Left
		return nil
	}
	for _, slot := range way.Slots {
		if slot.Left > 0 {
			whole, err := shop.SlotOf(o.Shop, slot.ID, now)
			if err != nil {
				return err
			}
			o.Slot, o.Capacity = &whole, whole.Left
			return nil
		}
	}
	return nil // the buyer has to choose; placement asks for it
}

// Moment is what a show knows of an instant.
type Moment struct {
	Shop   string
	Live   bool
	Second int64 // of the show at that instant
}

// addMoment notes which second of the show the buyer saw.
func (s *Service) addMoment(ctx context.Context, o *Offer, a Ask, now time.Time) error {
	if a.Show == "" {
		return nil
	}
	m, err := s.moment(ctx, a.Show, now)
	if err != nil {
		return err
	}
	o.Quote.Shop, o.Second = m.Shop, m.Second
	if m.Live {
		o.aside = a.Show
	} else { // a replay sells from the stall
		o.Second = max(0, a.Second)
	}
	return nil
}

// termsOf says what the buyer is told before paying.
func termsOf(q Quote, sh shop.Shop) []Term {
	terms := []Term{}
	seen := map[string]bool{}
	for _, l := range q.Lines {
		if !seen[l.Rule.Code] {
			seen[l.Rule.Code] = true
			terms = append(terms, Term{ID: "return:" + l.Rule.Code, Text: l.Rule.Text, Required: l.Rule.NeedsConsent})
		}
	}
	name := sh.Name
	return append(terms, Term{ID: MarketingTerm, Text: text.Both(
		name.Pick("en")+" may write to me about new goods and shows. I can stop this at any time.",
		name.Pick("zh")+" 可以给我发送新品和直播消息,我可以随时停止。")})
}

// MarketingTerm is the one term that nobody has to agree to.
const MarketingTerm = "marketing"

// paymentsFor lists how q can be paid.
func (s *Service) paymentsFor(q Quote) []string {
	var out []string
	if q.AtSlot() {
		out = append(out, PayAtPickup)
	}
	if q.Total.Minor > 0 {
		for _, p := range s.payments.Providers() {
			out = append(out, p.Code())
		}
	}
	return out
}

// sign returns the quote as a token that only we can make, and its hash.
func (s *Service) sign(q Quote) (token, hash string) {
	body, err := jsonv1.Marshal(q)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(body) + "." + s.mac(body), HashOf(body)
}

func (s *Service) mac(body []byte) string {
	m := hmac.New(sha256.New, s.secret)
	m.Write(body)
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}

// HashOf is the hash of a quote's body as shown to the buyer and stored with
// the order.
func HashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// wordless passes over what is written for people: most of a quote, and nothing
// that placing it depends on.
var wordless = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ *text.Local) error { return d.SkipValue() }))

// open verifies a token and returns the quote without its words, its body and
// hash.
func (s *Service) open(token string) (Quote, string, string, error) {
	head, mac, ok := strings.Cut(token, ".")
	body, err := base64.RawURLEncoding.DecodeString(head)
	if !ok || err != nil || !hmac.Equal([]byte(mac), []byte(s.mac(body))) {
		return Quote{}, "", "", ErrQuote
	}
	var q Quote
	if err := json.Unmarshal(body, &q, wordless); err != nil {
		return Quote{}, "", "", ErrQuote
	}
	return q, string(body), HashOf(body), nil
}

// Labels of ways and terms.
var wayLabels = map[string]text.Local{ByPickup: shop.PickupLabel, ByParcel: shop.ParcelLabel, ByAppointment: shop.VisitLabel}

// WayLabel names a way of handing over.
func WayLabel(kind string) text.Local { return wayLabels[kind] }
