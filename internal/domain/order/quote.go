package order

import (
	"cmp"
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
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
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
	Buyer    string          // whose coupons; none for guests
	Coupon   string          // id, [NoCoupon], or empty for the best
	Group    groupbuy.Choice // to buy in; empty for alone
	Claim    string          // by comment, that is ordered; it has one item
}

// Item is a wanted quantity of a variant.
type Item struct {
	SKU      string
	Quantity int64 // units of its measure
	// Show and SeenAt are where and when it was put into the cart; empty outside of
	// shows. The offer as a whole has [Ask.Show].
	Show   string
	SeenAt time.Time
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
	Coupons  []promo.Choice // the buyer's, best first
	Next     []promo.Next   // what is missing for more to come off
	aside    string         // the running show whose bucket serves the buyer
	visits   int            // lines that are a time with somebody
	online   int            // lines that are watched here
	packs    []string       // of the lines
	loads    []shop.Load    // of the lines
	classes  []string       // of tax, of the lines
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
	if err := s.addPromotions(ctx, &o); err != nil {
		return Offer{}, err
	}
	if err := s.addCoupon(ctx, &o, a); err != nil {
		return Offer{}, err
	}
	total, err := o.Goods.Add(o.Freight)
	if err != nil || total.Minor > maxTotal {
		return Offer{}, ErrTotal
	}
	if err := s.addTax(ctx, &o, now); err != nil {
		return Offer{}, err
	}
	if o.Total = o.paid(); o.Total.Minor > maxTotal {
		return Offer{}, ErrTotal
	}
	if err := s.addFees(ctx, &o, now); err != nil {
		return Offer{}, err
	}
	o.Terms = termsOf(o.Quote, o.Shop)
	o.Seller = o.Shop.Licence.LegalName
	if o.Payments, err = s.paymentsFor(ctx, o.Quote); err != nil {
		return Offer{}, err
	}
	o.Token, o.Hash = s.sign(o.Quote)
	return o, nil
}

// addFees freezes what the market takes of each line. The table is in memory.
func (s *Service) addFees(ctx context.Context, o *Offer, now time.Time) error {
	if s.fees == nil {
		return nil
	}
	table, err := s.fees.InForce(ctx, now)
	if err != nil {
		return err
	}
	lines := make([]fee.Line, len(o.Lines))
	for i := range o.Lines {
		lines[i] = fee.Line{Pack: o.packs[i], Total: o.net(i)}
	}
	o.FeeTable = table.ID
	for i, minor := range table.Of(o.Goods.Currency, lines) {
		o.Lines[i].Fee = minor
	}
	return nil
}

// maxTotal is the largest order, in minor units.
const maxTotal = 1_000_000_000_00

func (s *Service) addLines(ctx context.Context, o *Offer, a Ask) error {
	held, err := s.claimed(ctx, o, &a)
	if err != nil {
		return err
	}
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
		m, aside, err := s.momentOf(ctx, o, it)
		if err != nil {
			return err
		}
		f, err := promo.Flash{}, error(nil)
		if held.ID == "" { // what was claimed has goods of its own, at the usual price
			f, err = s.flashFor(ctx, o, a, it, aside)
		}
		if err != nil {
			return err
		}
		if f.ID != "" {
			k.Price = money.Of(f.Price, f.Currency)
		}
		total, err := k.Price.Times(it.Quantity, p.Measure.Per())
		if err != nil {
			return ErrTotal
		}
		if o.Goods, err = o.Goods.Add(total); err != nil {
			return ErrTotal
		}
		bucket := cmp.Or(f.ID, held.Call)
		if bucket == "" {
			if bucket, err = stock.BucketOf(ctx, s.db, it.SKU, aside); err != nil {
				return err
			}
		}
		left, err := stock.OfIn(ctx, s.db, it.SKU, bucket)
		if err != nil {
			return err
		}
		available := left.Available() + held.Pieces // nobody else can have those
		if available < it.Quantity {
			return soldOut(at, available)
		}
		pack, err := shop.PackOf(p.Pack)
		if err != nil {
			return err
		}
		if pack.ByLead() {
			return ErrAsked.At(at, "one asks the shop")
		}
		if pack.ByAppointment() {
			if it.Quantity != 1 {
				return ErrItems.At(at, "one appointment at a time")
			}
			o.visits++
		}
		if pack.Online() {
			if it.Quantity != 1 {
				return ErrItems.At(at, "one seat at a time")
			}
			if err := s.offered(ctx, p.ID); err != nil {
				return err
			}
			o.online++
		}
		line := QuoteLine{SKU: k.ID, Product: p.ID, Revision: p.Revision, Bucket: bucket, Title: p.Title, Variant: k.Name, Measure: p.Measure,
			Quantity: it.Quantity, Unit: k.Price, Total: total, Available: available, Rule: pack.ReturnRule, Flash: f.ID, Limit: f.PerBuyer, Claim: held.ID, Seen: m}
		if len(p.Images) > 0 {
			line.Image = p.Images[0]
		}
		if seen, ok := a.Expected[k.ID]; ok && seen != k.Price.Minor {
			o.Changed = append(o.Changed, PriceChange{k.ID, money.Of(seen, k.Price.Currency), k.Price})
		}
		o.Lines, o.packs = append(o.Lines, line), append(o.packs, p.Pack)
		o.classes = append(o.classes, cmp.Or(p.Tax, pack.Tax))
		o.loads = append(o.loads, shop.Load{Template: p.Freight, Pieces: p.Measure.PiecesOf(it.Quantity), Grams: p.Measure.GramsOf(k, it.Quantity), Goods: total.Minor})
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
	if o.online > 0 {
		if o.online < len(o.Lines) {
			return ErrItems.At("items", "what is sent and what is watched here are ordered apart")
		}
		if a.Kind != "" && a.Kind != ByOnline {
			return shop.ErrNoParcel
		}
		o.Kind, o.Freight = ByOnline, money.Of(0, cur)
		o.Ways = []Way{{Kind: ByOnline, Price: o.Freight}}
		return nil
	}
	if sh.Pickup.Enabled {
		slots, err := s.shops.Slots(ctx, sh, 7)
		if err != nil {
			return err
		}
		way := Way{Kind: ByPickup, Price: money.Of(0, cur), Slots: o.afterGroup(slots), Address: sh.Pickup.Address}
		if visit {
			way.Kind = ByAppointment
		}
		o.Ways = append(o.Ways, way)
	}
	if sh.Parcel.Enabled && !visit {
		w, err := o.parcel(a)
		if err == nil {
			o.Ways = append(o.Ways, w)
		} else if a.Kind == ByParcel || len(o.Ways) == 0 {
			return err
		}
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

// parcel is the way by parcel, to the address if there is one yet.
func (o *Offer) parcel(a Ask) (Way, error) {
	to := account.Address{}
	if a.Address != nil && a.Kind != ByPickup {
		to = *a.Address
	}
	cost, err := o.Shop.Parcel.Cost(o.loads, to.Country, to.Postcode)
	if err != nil {
		return Way{}, err
	}
	w := Way{Kind: ByParcel, Price: money.Of(cost, o.Goods.Currency)}
	if from := o.Shop.Parcel.FreeFrom(o.loads, to.Country, to.Postcode); from > 0 {
		m := money.Of(from, o.Goods.Currency)
		w.FreeFrom = &m
	}
	return w, nil
}

// addSlot takes the wanted slot, or the first with room.
func (o *Offer) addSlot(way Way, want string, now time.Time) error {
	if want != "" {
		slot, err := shop.SlotOf(o.Shop, want, now)
		if err != nil {
			return err
		}
		if o.tooSoon(slot) {
			return shop.ErrSlotGone
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

// momentOf says where a line of a cart was seen, and which show's stock serves
// it now. A show of another shop is left out: what a browser says is not
// believed.
func (s *Service) momentOf(ctx context.Context, o *Offer, it Item) (*Seen, string, error) {
	if it.Show == "" {
		return nil, o.aside, nil
	}
	now := s.now()
	if it.SeenAt.IsZero() || it.SeenAt.After(now) {
		it.SeenAt = now
	}
	m, err := s.moment(ctx, it.Show, it.SeenAt)
	if errs.KindOf(err) == errs.NotFound || err == nil && m.Shop != o.Quote.Shop {
		return nil, o.aside, nil
	}
	if err != nil {
		return nil, "", err
	}
	aside := o.aside
	if aside == "" && m.Live {
		aside = it.Show
	}
	return &Seen{it.Show, m.Second, it.SeenAt}, aside, nil
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
		name.Pick("zh")+" 可以给我发送新品和直播消息，我可以随时停止。")})
}

// MarketingTerm is the one term that nobody has to agree to.
const MarketingTerm = "marketing"

// paymentsFor lists how q can be paid.
func (s *Service) paymentsFor(ctx context.Context, q Quote) ([]string, error) {
	var out []string
	if q.Group == nil && q.AtSlot() || q.Total.Minor == 0 { // nothing to pay: nobody to ask for it
		out = append(out, PayAtPickup)
	}
	if q.Total.Minor == 0 {
		return out, nil
	}
	offers, err := s.payments.Offers(ctx, q.Shop)
	for _, p := range offers {
		if _, ok := payUntil(q, p.Wait, s.now()); ok {
			out = append(out, p.Code)
		}
	}
	return out, err
}

// ArriveBefore is how long before a slot money has to be able to come that takes
// days; a slot that begins sooner is paid otherwise.
const ArriveBefore = 24 * time.Hour

// payUntil is when an order of q stops waiting for money that may take wait (0:
// as usual): at its slot at the latest. It reports whether q can wait that way.
func payUntil(q Quote, wait time.Duration, now time.Time) (time.Time, bool) {
	if q.Group != nil {
		return payInGroup(*q.Group, wait, now)
	}
	if wait == 0 {
		return now.Add(PayWithin), true
	}
	until := now.Add(wait)
	if q.AtSlot() && q.Slot != nil {
		if q.Slot.StartsAt.Before(now.Add(ArriveBefore)) {
			return time.Time{}, false
		}
		if q.Slot.StartsAt.Before(until) {
			until = q.Slot.StartsAt
		}
	}
	return until, true
}

// sign returns the quote as a token that only we can make, and its hash.
func (s *Service) sign(q Quote) (token, hash string) {
	text, hash := bodyOf(q)
	body := []byte(text)
	return base64.RawURLEncoding.EncodeToString(body) + "." + s.mac(body), hash
}

// bodyOf returns the text of a quote as it is kept, and its hash.
func bodyOf(q Quote) (body, hash string) {
	b, err := jsonv1.Marshal(q)
	if err != nil {
		panic(err)
	}
	return string(b), HashOf(b)
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
var wayLabels = map[string]text.Local{ByPickup: shop.PickupLabel, ByParcel: shop.ParcelLabel, ByAppointment: shop.VisitLabel, ByOnline: shop.OnlineLabel}

// WayLabel names a way of handing over.
func WayLabel(kind string) text.Local { return wayLabels[kind] }
