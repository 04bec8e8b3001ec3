package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/testsupport/fakestripe"
)

// compared is the day of the till in both books.
func (s *till) compared() payment.Compared {
	s.t.Helper()
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	c, err := app.Reconcile(s.t.Context(), s.app.DB, config.Serve{StripeKey: stripeKey, StripeURL: s.fake}, "stripe", time.Now, day, day.AddDate(0, 0, 1))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func TestBooksThatAgreeAreSaidToAgree(t *testing.T) {
	eachTill(t, func(s *till) {
		for n := range 9 {
			id := s.order()
			s.pays(id, fakestripe.Good)
			s.tell(completed, 204)
			if n%4 == 0 {
				s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
				s.work()
			}
		}
		for n := range 120 { // of another business on the same account; more than a page of them
			s.stripe.Book(fakestripe.Booking{Type: "charge", Source: fmt.Sprint("ch_shop", n), Payment: fmt.Sprint("pi_shop", n), Currency: "eur", Amount: 100, Created: s.now()})
		}
		s.stripe.Book(fakestripe.Booking{Type: "payout", Source: "po_1", Currency: "eur", Amount: -500, Created: s.now()})
		c := s.compared()
		if c.Payments != 9 || c.Refunds != 3 || c.Foreign != 120 || len(c.Differences) != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestEveryKindOfDifferenceIsFoundInBothDirections(t *testing.T) {
	eachTill(t, func(s *till) {
		ours := map[string]string{"openstall_intent": "pay_unheard"}
		var ids, charges []string
		for range 4 {
			id := s.order()
			ids = append(ids, id)
			s.pays(id, fakestripe.PendingRefund)
			s.tell(completed, 204)
			charges = append(charges, s.session().Payment)
		}
		for _, id := range ids[:2] {
			s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
			s.work()
		}
		r := s.stripe.Refunds()
		for _, x := range r {
			s.stripe.FinishRefund(x.ID, true)
		}
		s.tell("refund.updated", 204)
		if c := s.compared(); len(c.Differences) != 0 || c.Payments != 4 || c.Refunds != 2 {
			t.Fatalf("before: %+v", c)
		}
		s.stripe.Book(fakestripe.Booking{Type: "charge", Source: "ch_new", Payment: "pi_new", Metadata: ours, Currency: "eur", Amount: 700}) // there only
		s.stripe.Unbook(s.stripe.Charge(charges[2]))                                                                                         // here only
		s.stripe.Unbook(s.stripe.Charge(charges[3]))                                                                                         // and one of another sum
		s.stripe.Book(fakestripe.Booking{Type: "charge", Source: "ch_other", Payment: charges[3], Metadata: ours, Currency: "eur", Amount: 1700})
		s.stripe.Unbook(r[0].ID)                                                                                                 // a refund here only
		s.stripe.FinishRefund(r[1].ID, false)                                                                                    // a refund that failed, and its message is lost
		s.stripe.Book(fakestripe.Booking{Type: "refund", Source: "re_hand", Payment: charges[2], Currency: "eur", Amount: -300}) // given back by hand in the dashboard
		var got []string
		for _, d := range s.compared().Differences {
			order := "none"
			if d.Order != "" {
				order = fmt.Sprint(slices.Index(ids, d.Order))
			}
			got = append(got, order+": "+d.Words)
		}
		slices.Sort(got)
		want := []string{
			"0: refund of 17.40 EUR is in our books, not in theirs",
			"1: refund of 17.40 EUR is done in our books, failed in theirs",
			"2: payment of 17.40 EUR is in our books, not in theirs",
			"2: refund of 3.00 EUR is in their books, not in ours",
			"3: payment is 17.00 EUR in their books, 17.40 EUR in ours",
			"none: payment of 7.00 EUR is in their books, not in ours",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestAMessageThatComesDaysLaterIsNoDifference(t *testing.T) {
	eachTill(t, func(s *till) {
		s.set(s.now().AddDate(0, 0, -3))
		id := s.order()
		s.pays(id, fakestripe.Good)
		s.set(s.now().AddDate(0, 0, 3))
		s.tell(completed, 204)
		if c := s.compared(); len(c.Differences) != 0 {
			t.Errorf("%+v", c)
		}
	})
}
