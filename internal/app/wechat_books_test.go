package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/testsupport/fakewechat"
)

// compared is the first day of the counter, China's, in both books.
func (s *counter) compared() (payment.Compared, error) {
	s.t.Helper()
	zone, err := app.DaysOf("wechat", s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, zone)
	return app.Reconcile(s.t.Context(), s.app.DB, s.cfg, "wechat", func() time.Time { return s.now() }, day, day.AddDate(0, 0, 1))
}

func (s *counter) agree(payments, refunds, foreign int) {
	s.t.Helper()
	c, err := s.compared()
	if err != nil || c.Payments != payments || c.Refunds != refunds || c.Foreign != foreign || len(c.Differences) != 0 {
		s.t.Errorf("%+v, %v", c, err)
	}
}

func TestWeChatsBooksThatAgreeAreSaidToAgree(t *testing.T) {
	eachCounter(t, func(s *counter) {
		for n := range 5 {
			id := s.order()
			s.pays(id)
			s.tell(wxPaid, 204)
			if n%4 == 0 {
				s.cancel(id)
				s.later(fakewechat.RefundTakes)
				s.tell(wxRefunded, 204)
			}
		}
		id := s.order() // and one that was paid twice
		s.cashier(id, agentDesk)
		s.wechat.Fail(fakewechat.Fault{Operation: "POST /v3/pay/partner/transactions/out-trade-no/{number}/close", Kind: fakewechat.Deaf})
		s.cashier(id, agentTel)
		for _, x := range s.wechat.Trades()[5:] {
			if err := s.wechat.Pay(x.Number, "oEager"); err != nil {
				t.Fatal(err)
			}
		}
		s.tell(wxPaid, 204)
		s.later(0)
		s.later(fakewechat.RefundTakes)
		s.tell(wxRefunded, 204)
		s.wechat.EditBill(func(rows []fakewechat.Row) []fakewechat.Row {
			if len(rows) == 0 || rows[0].At.Day() != 23 {
				return rows
			}
			for n := range 30 { // of the shop's own till
				rows = append(rows, fakewechat.Row{At: rows[0].At, Merchant: wxShop, ID: fmt.Sprint("till", n), Number: "till", State: "SUCCESS", Currency: "CNY", Total: 100})
			}
			return rows
		})
		if _, err := s.compared(); err != nil && !strings.Contains(err.Error(), "STATEMENT_CREATING") {
			t.Error(err)
		}
		s.set(time.Date(2026, 11, 24, 1, 59, 0, 0, time.UTC)) // 9:59 in China
		if _, err := s.compared(); err == nil || !strings.Contains(err.Error(), "STATEMENT_CREATING") {
			t.Errorf("before ten: %v", err)
		}
		s.set(s.now().Add(time.Minute))
		s.agree(7, 3, 30)
	})
}

func TestEveryKindOfDifferenceToWeChatsBooksIsFound(t *testing.T) {
	eachCounter(t, func(s *counter) {
		var ids, refs []string
		for n := range 5 {
			id := s.order()
			ids = append(ids, id)
			refs = append(refs, s.pays(id).ID)
			if n > 0 {
				s.set(s.now().Add(time.Second))
			}
		}
		s.tell(wxPaid, 204)
		s.cancel(ids[0])
		s.cancel(ids[1])
		s.later(fakewechat.RefundTakes)
		s.tell(wxRefunded, 204)
		refunds := s.wechat.Refunds()
		s.set(time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC))
		s.agree(5, 2, 0)
		s.wechat.EditBill(func(rows []fakewechat.Row) []fakewechat.Row {
			if len(rows) == 0 { // of the days before
				return nil
			}
			var out []fakewechat.Row
			for _, r := range rows {
				switch {
				case r.ID == refs[2] && r.RefundID == "": // here only
					continue
				case r.ID == refs[3]: // of another sum
					r.Total = 1700
				case r.RefundID == refunds[0].ID: // a refund here only
					continue
				case r.RefundID == refunds[1].ID:
					r.RefundState = "FAIL"
				case r.ID == refs[4]: // given back by hand, and booked a second time
					hand := r
					hand.State, hand.RefundID, hand.RefundNumber, hand.Refund, hand.RefundState = "REFUND", "50000hand", "by-hand", 300, "SUCCESS"
					out = append(out, hand)
				}
				out = append(out, r)
			}
			return append(out, fakewechat.Row{At: rows[0].At, Merchant: wxShop, ID: "42unheard", Number: "wx_unheard", State: "SUCCESS", Currency: "CNY", Total: 700, Attach: "pay_unheard"})
		})
		c, err := s.compared()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range c.Differences {
			order := "none"
			if d.Order != "" {
				order = fmt.Sprint(slices.Index(ids, d.Order))
			}
			got = append(got, order+": "+d.Words)
		}
		slices.Sort(got)
		want := []string{
			"0: refund of 17.40 CNY is in our books, not in theirs",
			"1: refund of 17.40 CNY is done in our books, failed in theirs",
			"2: payment of 17.40 CNY is in our books, not in theirs",
			"3: payment is 17.00 CNY in their books, 17.40 CNY in ours",
			"4: refund of 3.00 CNY is in their books, not in ours",
			"none: payment of 7.00 CNY is in their books, not in ours",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestABillThatWasTamperedWithIsNotRead(t *testing.T) {
	s := newCounter(t, "")
	id := s.order()
	s.pays(id)
	s.tell(wxPaid, 204)
	s.set(s.now().AddDate(0, 0, 1))
	s.wechat.Fail(fakewechat.Fault{Operation: "GET /v3/billdownload/file", Kind: fakewechat.Altered})
	if _, err := s.compared(); err == nil || !strings.Contains(err.Error(), "not what was signed for") {
		t.Errorf("%v", err)
	}
	s.agree(1, 0, 0)
}
