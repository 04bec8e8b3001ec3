package stripepay_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/stripepay"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/testsupport/fakestripe"
)

const (
	key    = "sk_test_1"
	secret = "whsec_1"
)

var morning = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func open(t testing.TB, c stripepay.Config) (*stripepay.Provider, *fakestripe.Server) {
	t.Helper()
	fake := fakestripe.New(fakestripe.Config{Key: key, Secrets: []string{secret}, Now: func() time.Time { return morning }})
	fake.Hold()
	s := httptest.NewServer(fake)
	t.Cleanup(func() { s.Close(); fake.Close() })
	c.URL, c.Name, c.Site = s.URL, "Harbour Market", func() string { return "https://market.example" }
	if c.Key == "" {
		c.Key = key
	}
	c.Secrets = []string{secret}
	return stripepay.New(c), fake
}

func intent(id string, a money.Amount) payment.Intent {
	return payment.Intent{ID: "pay_" + id, Order: "ord_" + id, Amount: a, Back: "/orders/ord_" + id + "?paid=1", CreatedAt: morning, ExpiresAt: morning.Add(15 * time.Minute)}
}

func TestEachCurrencyIsCountedAsStripeCounts(t *testing.T) {
	p, fake := open(t, stripepay.Config{})
	for _, tt := range []struct {
		amount money.Amount
		units  int64 // 0: refused
	}{
		{money.Of(1250, "EUR"), 1250},
		{money.Of(1250, "JPY"), 1250},
		{money.Of(1250, "KRW"), 1250},
		{money.Of(12500, "KWD"), 12500},
		{money.Of(12505, "KWD"), 0}, // its last digit must be zero
		{money.Of(1250, "ISK"), 125000},
		{money.Of(1250, "UGX"), 125000},
		{money.Of(5000, "MGA"), 50},
		{money.Of(5050, "MGA"), 0},
		{money.Of(0, "EUR"), 0},
		{money.Of(1<<62, "ISK"), 0},
	} {
		in := intent(tt.amount.String(), tt.amount)
		in.Order = "ord_1"
		page, err := p.Start(t.Context(), in)
		if tt.units == 0 {
			if !errors.Is(err, stripepay.ErrRefused) {
				t.Errorf("%v: %v", tt.amount, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", tt.amount, err)
			continue
		}
		x, _, err := fake.Pay(page.Ref, fakestripe.Good)
		if err != nil || x.Amount != tt.units {
			t.Errorf("%v is %d at Stripe, want %d; %v", tt.amount, x.Amount, tt.units, err)
		}
		in.Ref = page.Ref
		f, err := p.Query(t.Context(), in)
		if err != nil || f.Kind != payment.Succeeded || f.Amount != tt.amount || f.Intent != in.ID || f.Ref == "" {
			t.Errorf("%v comes back as %+v, %v", tt.amount, f, err)
		}
		r := payment.Refund{ID: "rfd_" + tt.amount.String(), Amount: tt.amount}
		if got, err := p.Refund(t.Context(), r, f.Ref); err != nil || got.Kind != payment.GivenBack || got.Amount != tt.amount {
			t.Errorf("refund of %v: %+v, %v", tt.amount, got, err)
		}
	}
}

func TestMoneyInHundredthsComesBackTheSame(t *testing.T) {
	p, fake := open(t, stripepay.Config{})
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		a := money.Of(rapid.Int64Range(50, 99_999_999).Draw(t, "minor"), rapid.SampledFrom([]string{"EUR", "USD", "CNY"}).Draw(t, "currency"))
		n++
		in := intent(strings.Repeat("x", n), a)
		in.ID = "pay_" + rapid.StringMatching(`[a-z]{26}`).Draw(t, "id")
		page, err := p.Start(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := fake.Pay(page.Ref, fakestripe.Good); err != nil {
			t.Fatal(err)
		}
		in.Ref = page.Ref
		if f, err := p.Query(context.Background(), in); err != nil || f.Amount != a {
			t.Fatalf("%v comes back as %v, %v", a, f.Amount, err)
		}
	})
}

func TestASilentStripeIsGivenUpAndAskedAgain(t *testing.T) {
	p, fake := open(t, stripepay.Config{Timeout: 50 * time.Millisecond})
	fake.Fail(fakestripe.Fault{Operation: "POST /v1/checkout/sessions", Kind: fakestripe.Silent, Times: 9})
	in := intent("1", money.Of(1250, "EUR"))
	if _, err := p.Start(t.Context(), in); err == nil {
		t.Fatal("an answer out of nowhere")
	}
	fake.Heal()
	page, err := p.Start(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if all := fake.Sessions(); len(all) != 1 || all[0].ID != page.Ref {
		t.Errorf("sessions %+v, page %s", all, page.Ref)
	}
}

func TestAWrongKeyIsAnErrorAndNoRefusal(t *testing.T) {
	p, _ := open(t, stripepay.Config{Key: "sk_test_wrong"})
	in := intent("1", money.Of(1250, "EUR"))
	if _, err := p.Start(t.Context(), in); err == nil || errors.Is(err, stripepay.ErrRefused) {
		t.Errorf("start: %v", err)
	}
	if f, err := p.Close(t.Context(), in); err == nil {
		t.Errorf("close: %+v", f)
	}
	if f, err := p.Refund(t.Context(), payment.Refund{ID: "rfd_1", Amount: money.Of(1250, "EUR")}, "pi_1"); err == nil {
		t.Errorf("refund: %+v", f)
	}
}

func TestWhatStripeWillNeverGiveBackIsLeftToAPerson(t *testing.T) {
	p, _ := open(t, stripepay.Config{})
	f, err := p.Refund(t.Context(), payment.Refund{ID: "rfd_1", Amount: money.Of(1250, "EUR")}, "pi_unknown")
	if err != nil || f.Kind != payment.NotGivenOut || f.Detail == "" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestEventsOfOthersAreNothing(t *testing.T) {
	p, _ := open(t, stripepay.Config{})
	for _, body := range []string{
		`{"id":"evt_1","type":"customer.created","data":{"object":{}}}`,
		`{"id":"evt_1","type":"payout.paid","data":{"object":{"amount":5}}}`,
		`{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"status":"complete","payment_status":"paid","metadata":{}}}}`,
		`{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"status":"open","payment_status":"unpaid","metadata":{"openstall_intent":"pay_1"}}}}`,
		`{"id":"evt_1","type":"refund.created","data":{"object":{"id":"re_1","status":"succeeded","amount":5,"currency":"eur"}}}`,
		`{"id":"evt_1","livemode":true,"type":"checkout.session.completed","data":{"object":{"status":"complete","payment_status":"paid","amount_total":1250,"currency":"eur","payment_intent":"pi_1","metadata":{"openstall_intent":"pay_1"}}}}`,
	} {
		f, err := p.Read(t.Context(), http.Header{"Stripe-Signature": {fakestripe.Sign([]byte(body), morning, secret)}}, []byte(body), morning)
		if err != nil || f.Kind != payment.Nothing {
			t.Errorf("%s: %+v, %v", body, f, err)
		}
	}
}

func TestPaidLaterIsUnderWayUntilItIsPaid(t *testing.T) {
	p, _ := open(t, stripepay.Config{})
	read := func(typ, payment_status string) payment.Fact {
		t.Helper()
		body := []byte(`{"id":"evt_1","type":"checkout.session.` + typ + `","data":{"object":{"status":"complete","payment_status":"` + payment_status +
			`","amount_total":1250,"currency":"eur","payment_intent":"pi_1","metadata":{"openstall_intent":"pay_1"}}}}`)
		f, err := p.Read(t.Context(), http.Header{"Stripe-Signature": {fakestripe.Sign(body, morning, secret)}}, body, morning)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, tt := range []struct {
		typ, status string
		want        payment.Kind
	}{
		{"completed", "unpaid", payment.InProcess},
		{"async_payment_succeeded", "paid", payment.Succeeded},
		{"async_payment_failed", "unpaid", payment.Declined},
		{"completed", "paid", payment.Succeeded},
	} {
		if f := read(tt.typ, tt.status); f.Kind != tt.want || f.Intent != "pay_1" || f.Message != "evt_1" {
			t.Errorf("%s %s: %+v", tt.typ, tt.status, f)
		}
	}
}

// Whoever does not know the secret gets nothing believed; whoever does can write
// what they like without harm.
func FuzzRead(f *testing.F) {
	p, _ := open(f, stripepay.Config{})
	paid := `{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"status":"complete","payment_status":"paid","amount_total":1250,"currency":"eur","payment_intent":"pi_1","metadata":{"openstall_intent":"pay_1"}}}}`
	f.Add(fakestripe.Sign([]byte(paid), morning, "other"), paid)
	f.Add("t=1,v1=00", `{"id":"evt_1","type":"refund.updated","data":{"object":{"id":"re_1","status":"failed","amount":5,"currency":"kwd","metadata":{"openstall_refund":"rfd_1"}}}}`)
	f.Add(",,=,t=,v1=", `{"id":"","data":{"object":[]}}`)
	f.Add("t=1,t=2", `{"id":"e","type":"checkout.session.completed","data":{"object":{"status":"complete","payment_status":"paid","amount_total":-1,"currency":"€","metadata":{"openstall_intent":"p"}}}}`)
	f.Fuzz(func(t *testing.T, signature, body string) {
		if got, err := p.Read(t.Context(), http.Header{"Stripe-Signature": {signature}}, []byte(body), morning); err == nil || got != (payment.Fact{}) {
			t.Errorf("believed %+v", got)
		}
		got, err := p.Read(t.Context(), http.Header{"Stripe-Signature": {fakestripe.Sign([]byte(body), morning, secret)}}, []byte(body), morning)
		if err != nil || got.Kind == payment.Nothing {
			return
		}
		if got.Message == "" || got.Intent == "" && got.Refund == "" {
			t.Errorf("%+v names nothing", got)
		}
		if got.Kind == payment.Succeeded && (got.Amount.Minor < 0 || !money.ValidCurrency(got.Amount.Currency)) {
			t.Errorf("a sum of %v", got.Amount)
		}
	})
}
