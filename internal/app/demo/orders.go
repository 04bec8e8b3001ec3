package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment/testpay"
	"github.com/openstall/openstall/internal/kit/page"
)

// purchase is what a person buys.
type purchase struct {
	who      string
	slug     string
	picture  string // names the ware
	quantity int64  // pieces or grams
	kind     string // order.ByPickup or order.ByParcel
	pay      testpay.Choice
	show     string // id; bought in this room
	promise  bool   // lets the shop write
	group    groupbuy.Choice
}

// Ways to end a purchase that the test provider does not know.
const (
	atStall testpay.Choice = ""        // pays when collecting
	notYet  testpay.Choice = "not_yet" // has not opened the payment page
)

// buy asks for an offer, places it and pays, as the app of a buyer does.
func (s *seeder) buy(ctx context.Context, p purchase) (order.Order, error) {
	product, ok := s.goods[p.slug+"/"+p.picture]
	if !ok {
		return order.Order{}, fmt.Errorf("%s has no %s", p.slug, p.picture)
	}
	buyer := s.people[p.who]
	ask := order.Ask{Items: []order.Item{{SKU: product.SKUs[0].ID, Quantity: p.quantity}}, Kind: p.kind, Show: p.show, Group: p.group, Buyer: buyer.ID, Coupon: order.NoCoupon}
	if p.kind == order.ByParcel {
		homes, err := s.Accounts.Addresses(ctx, buyer.ID)
		if err != nil || len(homes) == 0 {
			return order.Order{}, fmt.Errorf("%s has no address: %w", p.who, err)
		}
		ask.Address = &homes[0]
	}
	offer, err := s.Orders.Quote(ctx, ask)
	if err != nil {
		return order.Order{}, fmt.Errorf("offer of %s to %s: %w", p.picture, p.who, err)
	}
	wish := order.Wish{Key: offer.ID, Buyer: buyer, Token: offer.Token, Hash: offer.Hash, Payment: "test"}
	if p.pay == atStall {
		wish.Payment = order.PayAtPickup
	}
	for _, t := range offer.Terms {
		if t.Required || p.promise && t.ID == order.MarketingTerm {
			wish.Consents = append(wish.Consents, t.ID)
		}
	}
	o, err := s.Orders.Place(ctx, wish)
	if err != nil {
		return order.Order{}, fmt.Errorf("order of %s by %s: %w", p.picture, p.who, err)
	}
	switch p.pay {
	case atStall, notYet:
		return o, nil
	case testpay.Fail:
		return s.settle(ctx, o, p.pay, order.PayFailed)
	}
	return s.settle(ctx, o, p.pay, order.Paid)
}

// settle goes through the page of the provider and waits for its message.
func (s *seeder) settle(ctx context.Context, o order.Order, choice testpay.Choice, want order.PayState) (order.Order, error) {
	form, err := s.Orders.PayPage(ctx, o.Buyer, o.ID)
	if err != nil {
		return o, err
	}
	browser := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(s.URL()+form, url.Values{"choice": {string(choice)}})
	if err != nil {
		return o, err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		return o, fmt.Errorf("the payment page answered %d", res.StatusCode)
	}
	return s.until(ctx, o, want)
}

// until waits for the money of an order.
func (s *seeder) until(ctx context.Context, o order.Order, want order.PayState) (order.Order, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		now, err := s.Orders.GetForOperator(ctx, o.ID)
		if err != nil || now.PayState == want {
			return now, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return now, fmt.Errorf("payment of order %s stays %s: %w", o.Number, now.PayState, ctx.Err())
		}
	}
}

// of returns the order that somebody made in a show.
func (s *seeder) of(ctx context.Context, slug, who string) (order.Order, error) {
	f := order.Filter{Buyer: s.people[who].ID, Shop: s.shops[slug].ID, After: page.First}
	list, err := s.Orders.List(ctx, f, 20)
	if err != nil {
		return order.Order{}, err
	}
	for _, o := range list.Items {
		if o.Quote.Show != "" {
			return o, nil
		}
	}
	return order.Order{}, fmt.Errorf("%s has no order of a show of %s", who, slug)
}

// deed is what becomes of an order of a show.
type deed struct {
	who string
	do  func(ctx context.Context, o order.Order) error
}

func (s *seeder) carryOut(ctx context.Context, slug string, deeds []deed) error {
	for _, d := range deeds {
		o, err := s.of(ctx, slug, d.who)
		if err == nil {
			err = d.do(ctx, o)
		}
		if err != nil {
			return fmt.Errorf("order of %s: %w", d.who, err)
		}
	}
	return nil
}

func (s *seeder) pack(ctx context.Context, o order.Order) error {
	_, err := s.Orders.MarkReady(ctx, o.Shop, o.ID)
	return err
}

func (s *seeder) handOver(ctx context.Context, o order.Order) error {
	_, err := s.Orders.HandOver(ctx, o.Shop, "", o.Code)
	return err
}

func (s *seeder) ship(ctx context.Context, o order.Order) error {
	_, err := s.Orders.Send(ctx, order.Sending{Key: "all:" + o.ID, Shop: o.Shop, Order: o.ID, Carrier: "dhl", Number: "0000000000" + o.Number[2:]})
	return err
}

// shipTwo sends two pieces of an order ahead of the others.
func (s *seeder) shipTwo(ctx context.Context, o order.Order) error {
	_, err := s.Orders.Send(ctx, order.Sending{Key: "two:" + o.ID, Shop: o.Shop, Order: o.ID, Carrier: "gls", Number: "00000000" + o.Number[2:], Lines: []order.ParcelLine{{Quantity: 2}}})
	return err
}

func (s *seeder) receive(ctx context.Context, o order.Order) error {
	_, err := s.Orders.Received(ctx, o.Buyer, o.ID)
	return err
}

func (s *seeder) cancel(by order.By, reason string) func(context.Context, order.Order) error {
	return func(ctx context.Context, o order.Order) error {
		owner := o.Shop
		if by == order.ByBuyer {
			owner = o.Buyer
		}
		if _, err := s.Orders.Cancel(ctx, o.ID, by, owner, reason); err != nil {
			return err
		}
		_, err := s.until(ctx, o, order.Refunded)
		return err
	}
}

// earlyOrders are made in the other stalls on the first day and collected.
func (s *seeder) earlyOrders(ctx context.Context) error {
	people := shoppers()
	s.clock.jump(s.clock.Now().Add(time.Hour))
	for i, st := range stalls[2:] {
		if st.slug == school || st.byLead() {
			continue // a course is bought when its films are made, a car is asked for
		}
		for n := range 1 + s.random.IntN(2) {
			who := people[s.random.IntN(len(people))].login
			w := st.goods[n%len(st.goods)]
			quantity := int64(1)
			if w.weight {
				quantity = 500 + 100*s.random.Int64N(8)
			}
			o, err := s.buy(ctx, purchase{who: who, slug: st.slug, picture: w.picture, quantity: quantity, pay: atStall})
			if err != nil {
				return err
			}
			s.clock.jump(s.clock.Now().Add(7 * time.Minute))
			if i%3 != 2 {
				if err := s.handOver(ctx, o); err != nil {
					return err
				}
			}
			if w.stock == 1 {
				break // sold
			}
		}
	}
	return nil
}

// sendBooks is the work of the bookshop after its show: parcels leave, one buyer
// changes her mind, one never pays.
func (s *seeder) sendBooks(ctx context.Context) error {
	s.clock.jump(s.clock.Now().Add(50 * time.Minute))
	if err := s.sweep(ctx); err != nil {
		return err
	}
	return s.carryOut(ctx, bookStall, []deed{
		{"mei", s.ship}, {"lena", s.ship}, {"xiaoan", s.cancel(order.ByBuyer, "买重了")},
	})
}

// sweep ends what is overdue, as a running market does every other second.
func (s *seeder) sweep(ctx context.Context) error {
	for {
		n, err := s.Orders.Sweep(ctx)
		if n == 0 || err != nil {
			return err
		}
	}
}

// packFish is the work of the fish stall after the morning show.
func (s *seeder) packFish(ctx context.Context) error {
	s.clock.jump(s.clock.Now().Add(40 * time.Minute))
	if err := s.carryOut(ctx, bookStall, []deed{{"mei", s.receive}}); err != nil {
		return err
	}
	return s.carryOut(ctx, fishStall, []deed{
		{"rosa", s.pack}, {"ana", s.handOver}, {"ana", s.reportProblem}, {"piet", s.ship}, {"yusuf", s.cancel(order.BySeller, "The last prawns were soft. Your money goes back.")},
	})
}

// lateOrders wait for the seller, or for the buyer's money.
func (s *seeder) lateOrders(ctx context.Context) error {
	for _, p := range []purchase{
		{who: "ben", slug: fishStall, picture: "mackerel", quantity: 800, kind: order.ByPickup, pay: testpay.Succeed},
		{who: "ayong", slug: "hill-bakery", picture: "bread", quantity: 2, kind: order.ByPickup, pay: atStall},
		{who: "lena", slug: "linden-soap", picture: "soap", quantity: 3, kind: order.ByParcel, pay: testpay.Succeed},
		{who: "rosa", slug: bookStall, picture: "book", quantity: 1, kind: order.ByParcel, pay: notYet},
	} {
		o, err := s.buy(ctx, p)
		if err == nil && p.who == "lena" {
			err = s.shipTwo(ctx, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openGroup leaves a group of three with one seat.
func (s *seeder) openGroup(ctx context.Context) error {
	const slug, picture = "linden-soap", "cream"
	offer, err := s.Groups.Start(ctx, s.shops[slug].ID, groupbuy.Wish{SKU: s.goods[slug+"/"+picture].SKUs[0].ID, Units: 1, Groups: 4, PerBuyer: 1,
		Lasts: groupbuy.MaxLasts, Steps: []groupbuy.Step{{People: 3, Price: 720}}})
	in := groupbuy.Choice{Offer: offer.ID}
	for _, who := range []string{"lena", "rosa"} {
		var o order.Order
		if err == nil {
			o, err = s.buy(ctx, purchase{who: who, slug: slug, picture: picture, quantity: 1, kind: order.ByParcel, pay: testpay.Succeed, group: in})
		}
		if err != nil {
			return fmt.Errorf("group: %w", err)
		}
		in = groupbuy.Choice{Code: o.Quote.Group.Code}
	}
	return nil
}
