package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/web"
	"github.com/openstall/openstall/internal/testsupport/fakestripe"
)

// till is a stall whose buyers pay at the fake of Stripe, each over HTTP of its
// own.
type till struct {
	*stall
	stripe *fakestripe.Server
	fake   string // its address
	n      int
}

const (
	stripeKey = "sk_test_till"
	secretA   = "whsec_aaaaaaaaaaaaaaaa"
	secretB   = "whsec_bbbbbbbbbbbbbbbb"
)

func eachTill(t *testing.T, f func(s *till)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { f(newTill(t, "", secretA)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { f(newTill(t, dbtest.PostgresURL(t, app.Migrations()...), secretA)) })
	}
}

// newTill opens a till that believes messages signed with secrets; the fake signs
// with the first and holds its messages back until the test sends them.
func newTill(t *testing.T, database string, secrets ...string) *till {
	t.Helper()
	s := &till{}
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.stripe.ServeHTTP(w, r) }))
	t.Cleanup(fake.Close)
	s.fake = fake.URL
	s.stall = newStall(t, database, func(c *config.Serve) {
		c.StripeKey, c.StripeSecrets, c.StripeURL = stripeKey, secrets, fake.URL
	})
	s.stripe = fakestripe.New(fakestripe.Config{Key: stripeKey, Secrets: secrets[:1], Now: func() time.Time { return s.now() },
		Endpoint: func() string { return s.url + "/v1/payments/stripe/events" }, Site: func() string { return fake.URL }})
	t.Cleanup(s.stripe.Close)
	s.stripe.Hold()
	var err error
	if s.shop, err = s.app.Shops.Update(t.Context(), s.shop.ID, func(x *shop.Shop) error {
		x.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(490, 0)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

var quay = object{"name": "Rosa", "phone": "+491701234567", "line1": "Quay 1", "line2": "", "postcode": "27472", "city": "Cuxhaven", "country": "DE"}

// order places an order of a kilogram and returns its id.
func (s *till) order() string { return s.orderBy("stripe") }

func (s *till) orderBy(payment string) string {
	s.t.Helper()
	s.n++
	q := s.call(201, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": s.product.SKUs[0].ID, "quantity": 1000}},
		"fulfilment": object{"kind": "parcel", "address": quay}})
	body := object{"quote": q["id"], "hash": q["hash"], "payment": payment, "contact": object{"name": "Rosa"}, "consents": []string{"return:fresh_exempt"}}
	res := s.send("rosa", "POST", "/v1/orders", jsonOf(s.t, body), "Content-Type", "application/json", "Idempotency-Key", fmt.Sprint("order-key-", s.n))
	return s.answer(201, "place", res)["id"].(string)
}

func jsonOf(t *testing.T, v any) io.Reader {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b)
}

func (s *till) seen(id string) order.Order {
	s.t.Helper()
	o, err := s.app.Orders.GetForOperator(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *till) stands(id string, state order.State, pay order.PayState) {
	s.t.Helper()
	if o := s.seen(id); o.State != state || o.PayState != pay {
		s.t.Errorf("order is %s, %s; want %s, %s", o.State, o.PayState, state, pay)
	}
}

// goToPay opens the payment page as a browser does and returns where it is sent.
func (s *till) goToPay(id string) (int, string) {
	s.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/pay/"+id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: s.tokens["rosa"]})
	res, err := browser.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0, ""
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

// session is the newest session at Stripe.
func (s *till) session() fakestripe.Session {
	s.t.Helper()
	all := s.stripe.Sessions()
	if len(all) == 0 {
		s.t.Fatal("no session")
	}
	return all[len(all)-1]
}

// pays opens the page and pays there with a card.
func (s *till) pays(id, card string) {
	s.t.Helper()
	status, page := s.goToPay(id)
	if status != http.StatusSeeOther {
		s.t.Fatalf("pay page: %d", status)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(page, url.Values{"card": {card}})
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	want := s.url + "/orders/" + id + "?paid=1"
	if back := res.Header.Get("Location"); card != fakestripe.Declined && back != want {
		s.t.Errorf("the buyer returns to %q, want %q", back, want)
	}
}

// tell sends the events of a type and wants each answered with status.
func (s *till) tell(typ string, status int) {
	s.t.Helper()
	events := s.stripe.Events(typ)
	if len(events) == 0 {
		s.t.Fatalf("no %s", typ)
	}
	for _, e := range events {
		if got, err := s.stripe.Send(s.t.Context(), e); err != nil || got != status {
			s.t.Errorf("%s: answered %d, want %d; %v", typ, got, status, err)
		}
	}
}

const completed = "checkout.session.completed"

func TestACardPaymentIsCollectedOverStripe(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.stands(id, order.PendingPayment, order.Pending)
		s.pays(id, fakestripe.Good)
		s.stands(id, order.PendingPayment, order.Pending) // the buyer's return is no proof
		s.tell("payment_intent.succeeded", 204)
		s.tell(completed, 204)
		s.stands(id, order.Placed, order.Paid)
		x := s.session()
		if x.Amount != 1740 || x.Currency != "eur" || x.Name != "Harbour Market" {
			t.Errorf("collected %d %s as %q", x.Amount, x.Currency, x.Name)
		}
		if status, to := s.goToPay(id); status != http.StatusSeeOther || to != "/orders/"+id {
			t.Errorf("a paid order leads to %d %s", status, to)
		}
		s.sound()
	})
}

func TestADeclinedCardMayTryAgainOnTheSamePage(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.pays(id, fakestripe.Declined)
		s.tell("payment_intent.payment_failed", 204)
		s.stands(id, order.PendingPayment, order.PayFailed)
		s.pays(id, fakestripe.Good)
		s.tell(completed, 204)
		s.tell("payment_intent.payment_failed", 204)
		s.stands(id, order.Placed, order.Paid)
		if n := len(s.stripe.Sessions()); n != 1 {
			t.Errorf("%d sessions", n)
		}
		s.sound()
	})
}

func TestTheSameMessageTwiceAtOnceCountsOnce(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.pays(id, fakestripe.Good)
		e := s.stripe.Events(completed)[0]
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if status, err := s.stripe.Send(context.Background(), e); err != nil || status != 204 {
					t.Errorf("answered %d, %v", status, err)
				}
			})
		}
		wg.Wait()
		s.stands(id, order.Placed, order.Paid)
		if n := s.count(`SELECT COUNT(*) FROM capture`); n != 1 {
			t.Errorf("%d captures", n)
		}
		s.sound()
	})
}

func TestTwoTabsLeadToOneSessionAndOneCharge(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		pages := make([]string, 4)
		var wg sync.WaitGroup
		for i := range pages {
			wg.Go(func() { _, pages[i] = s.goToPay(id) })
		}
		wg.Wait()
		for _, p := range pages {
			if p != pages[0] || p == "" {
				t.Errorf("pages %v", pages)
			}
		}
		for range 2 {
			s.pays(id, fakestripe.Good)
		}
		s.tell(completed, 204)
		s.stands(id, order.Placed, order.Paid)
		if n := len(s.stripe.Events("payment_intent.succeeded")); n != 1 {
			t.Errorf("%d charges", n)
		}
		s.sound()
	})
}

func TestALostAnswerMakesNoSecondSession(t *testing.T) {
	for _, kind := range []string{fakestripe.Lost, fakestripe.Half, fakestripe.Confused, fakestripe.Cut, fakestripe.Refused, fakestripe.Busy} {
		t.Run(kind, func(t *testing.T) {
			s := newTill(t, "", secretA)
			id := s.order()
			s.stripe.Fail(fakestripe.Fault{Operation: "POST /v1/checkout/sessions", Kind: kind, Times: 9})
			if status, _ := s.goToPay(id); status < 500 {
				t.Errorf("without an answer: %d", status)
			}
			s.stripe.Heal()
			s.set(s.now().Add(5 * time.Minute))
			if status, _ := s.goToPay(id); status != http.StatusSeeOther {
				t.Errorf("with an answer: %d", status)
			}
			if n := len(s.stripe.Sessions()); n != 1 {
				t.Errorf("%d sessions", n)
			}
			s.pays(id, fakestripe.Good)
			s.tell(completed, 204)
			s.stands(id, order.Placed, order.Paid)
			s.sound()
		})
	}
}

func TestAMessageThatComesBeforeTheAnswerIsBelieved(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.stripe.Fail(fakestripe.Fault{Operation: "POST /v1/checkout/sessions", Kind: fakestripe.Lost, Times: 9})
		s.goToPay(id)
		s.stripe.Heal()
		if _, _, err := s.stripe.Pay(s.session().ID, fakestripe.Good); err != nil {
			t.Fatal(err)
		}
		s.tell(completed, 204)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestStripeIsAskedWhenItsMessageNeverComes(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.pays(id, fakestripe.Good)
		s.later(3 * time.Minute)
		s.stands(id, order.Placed, order.Paid)
		s.tell(completed, 204)
		s.later(time.Hour)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestAnOrderPaidInItsLastMinuteDoesNotExpire(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.goToPay(id)
		s.later(13*time.Minute + 30*time.Second)
		if _, _, err := s.stripe.Pay(s.session().ID, fakestripe.Good); err != nil {
			t.Fatal(err)
		}
		s.later(45 * time.Second)
		s.stands(id, order.Placed, order.Paid)
		s.sound()
	})
}

func TestAPageClosesWithItsOrder(t *testing.T) {
	for _, end := range []string{"cancelled", "expired"} {
		t.Run(end, func(t *testing.T) {
			eachTill(t, func(s *till) {
				id := s.order()
				s.goToPay(id)
				if end == "cancelled" {
					s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
					s.later(0)
				} else {
					s.later(16 * time.Minute)
				}
				if x := s.session(); x.Status != "expired" {
					t.Errorf("the session is %s", x.Status)
				}
				if x, _, _ := s.stripe.Pay(s.session().ID, fakestripe.Good); x.PaymentStatus != "unpaid" {
					t.Error("a closed page took money")
				}
				s.stands(id, map[string]order.State{"cancelled": order.Cancelled, "expired": order.Expired}[end], order.NoPayment)
				s.sound()
			})
		})
	}
}

func TestAPageClosesThoughItsAnswerWasLost(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.stripe.Fail(fakestripe.Fault{Operation: "POST /v1/checkout/sessions", Kind: fakestripe.Lost, Times: 9})
		s.goToPay(id)
		s.stripe.Heal()
		s.later(16 * time.Minute)
		if all := s.stripe.Sessions(); len(all) != 1 || all[0].Status != "expired" {
			t.Errorf("sessions %+v", all)
		}
		s.sound()
	})
}

func TestMoneyThatComesAfterTheOrderExpiredIsTakenOrGivenBack(t *testing.T) {
	for _, gone := range []bool{false, true} {
		t.Run(fmt.Sprintf("goods gone %v", gone), func(t *testing.T) {
			eachTill(t, func(s *till) {
				id := s.order()
				s.goToPay(id)
				s.stripe.Fail(fakestripe.Fault{Operation: "POST /v1/checkout/sessions/{id}/expire", Kind: fakestripe.Refused, Times: 100},
					fakestripe.Fault{Operation: "GET /v1/checkout/sessions/{id}", Kind: fakestripe.Refused, Times: 100})
				s.later(16 * time.Minute)
				s.stands(id, order.Expired, order.NoPayment)
				if gone {
					if _, err := s.app.Stock.Record(t.Context(), s.shop.ID, stock.Move{Key: "spoilt", SKU: s.product.SKUs[0].ID, Add: -9000, Reason: stock.Waste}); err != nil {
						t.Fatal(err)
					}
				}
				if x, _, _ := s.stripe.Pay(s.session().ID, fakestripe.Good); x.PaymentStatus != "paid" {
					t.Fatal("the page did not take the money")
				}
				s.stripe.Heal()
				s.tell(completed, 204)
				if !gone {
					s.stands(id, order.Placed, order.Paid)
				} else {
					s.stands(id, order.Expired, order.Refunding)
					s.later(0)
					s.stands(id, order.Expired, order.Refunded)
				}
				s.later(24 * time.Hour)
				s.sound()
			})
		})
	}
}

func TestTheMessageOfARefundMayComeBeforeThatOfThePayment(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.pays(id, fakestripe.Good)
		s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
		s.later(0) // closing finds the money, which goes back
		s.later(0)
		s.tell("refund.created", 204)
		s.tell("charge.refunded", 204)
		s.tell(completed, 204)
		s.stands(id, order.Cancelled, order.Refunded)
		if o := s.seen(id); o.Refunded != 1740 || len(s.stripe.Refunds()) != 1 {
			t.Errorf("given back %d in %d refunds", o.Refunded, len(s.stripe.Refunds()))
		}
		if got := s.stripe.Balance("eur"); got != -51 { // 1.5 % and 0.25 that Stripe keeps
			t.Errorf("Stripe's books say %d", got)
		}
		s.sound()
	})
}

func TestARefundWhoseAnswerIsLostIsNotMadeTwice(t *testing.T) {
	for _, kind := range []string{fakestripe.Lost, fakestripe.Half, fakestripe.Confused, fakestripe.Refused} {
		t.Run(kind, func(t *testing.T) {
			s := newTill(t, "", secretA)
			id := s.order()
			s.pays(id, fakestripe.Good)
			s.tell(completed, 204)
			s.stripe.Fail(fakestripe.Fault{Operation: "POST /v1/refunds", Kind: kind, Times: 9})
			s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
			s.later(0)
			s.stands(id, order.Cancelled, order.Refunding)
			s.stripe.Heal()
			s.later(25 * time.Hour) // the key is forgotten by now
			s.stands(id, order.Cancelled, order.Refunded)
			if n := len(s.stripe.Refunds()); n != 1 {
				t.Errorf("%d refunds", n)
			}
			s.sound()
		})
	}
}

func TestARefundStaysOpenUntilTheBankHasDecided(t *testing.T) {
	eachTill(t, func(s *till) {
		var ids []string
		for range 3 {
			id := s.order()
			ids = append(ids, id)
			s.pays(id, fakestripe.PendingRefund)
			s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
			s.later(0)
			s.later(0)
			s.stands(id, order.Cancelled, order.Refunding)
		}
		r := s.stripe.Refunds()
		s.stripe.FinishRefund(r[0].ID, true)
		s.stripe.FinishRefund(r[1].ID, false)
		s.tell("refund.updated", 204)
		s.stands(ids[0], order.Cancelled, order.Refunded)
		s.stands(ids[1], order.Cancelled, order.Refunding)
		if err := s.app.Accounts.SetRoles(t.Context(), s.person("olga"), true, false); err != nil {
			t.Fatal(err)
		}
		failed := func() []any { return s.call(200, "olga", "GET", "/v1/operator/failed-refunds", nil)["items"].([]any) }
		if got := failed(); len(got) != 1 || got[0].(object)["order"] != ids[1] {
			t.Fatalf("failed refunds %v", got)
		}
		settle := "/v1/operator/failed-refunds/" + failed()[0].(object)["id"].(string) + "/settled"
		settled := func(who string, want int) {
			t.Helper()
			s.answer(want, settle, s.send(who, "POST", settle, nil, "Idempotency-Key", "settle-it-"+who))
		}
		settled("marlow", 404)
		settled("olga", 200)
		settled("olga", 409)
		s.stands(ids[1], order.Cancelled, order.Refunded)
		s.tell("refund.updated", 204) // and news of it change nothing any more
		s.stands(ids[1], order.Cancelled, order.Refunded)
		s.stripe.FinishRefund(r[2].ID, true) // and its message is lost
		s.later(7 * time.Hour)
		s.stands(ids[2], order.Cancelled, order.Refunded)
		s.stripe.FinishRefund(r[0].ID, false) // the bank returns it after all
		s.tell("refund.failed", 204)
		if o := s.seen(ids[0]); o.PayState != order.Refunding || o.Refunded != 0 {
			t.Errorf("returned by the bank: %s, %d given back", o.PayState, o.Refunded)
		}
		settle = "/v1/operator/failed-refunds/" + failed()[0].(object)["id"].(string) + "/settled"
		settled("olga", 200)
		s.stands(ids[0], order.Cancelled, order.Refunded)
		if got, _ := ledger.Balance(t.Context(), s.app.DB, ledger.Clearing(payment.ByHand)); got.Minor != -2*1740 {
			t.Errorf("paid by hand: %v", got)
		}
		if got, _ := ledger.Balance(t.Context(), s.app.DB, ledger.Refunds(s.shop.ID)); got.Minor != 0 {
			t.Errorf("still owed: %v", got)
		}
		s.tell("refund.created", 204)
		s.sound()
	})
}

func TestForgedMessagesAreRefusedAndNotKept(t *testing.T) {
	s := newTill(t, "", secretA)
	id := s.order()
	s.pays(id, fakestripe.Good)
	body := s.stripe.Events(completed)[0].Body
	other := bytes.Replace(body, []byte(`"amount_total":1740`), []byte(`"amount_total":1741`), 1)
	good := fakestripe.Sign(body, s.now(), secretA)
	_, mac, _ := strings.Cut(good, ",")
	for _, tt := range []struct {
		name, signature string
		body            []byte
	}{
		{"unsigned", "", body},
		{"nonsense", "t=,v1=,,=", body},
		{"no stamp", mac, body},
		{"no signature", fmt.Sprintf("t=%d", s.now().Unix()), body},
		{"another secret", fakestripe.Sign(body, s.now(), secretB), body},
		{"an empty secret", fakestripe.Sign(body, s.now(), ""), body},
		{"another body", good, other},
		{"another stamp", fmt.Sprintf("t=%d,%s", s.now().Unix()+1, mac), body},
		{"two stamps", fmt.Sprintf("t=%d,%s", s.now().Unix()+1, good), body},
		{"the old scheme", strings.ReplaceAll(good, "v1=", "v0="), body},
		{"from the future", fakestripe.Sign(body, s.now().Add(6*time.Minute), secretA), body},
		{"from the past", fakestripe.Sign(body, s.now().Add(-6*time.Minute), secretA), body},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, err := s.stripe.SendSigned(t.Context(), tt.body, tt.signature); err != nil || status != 403 {
				t.Errorf("answered %d, %v", status, err)
			}
		})
	}
	if n := s.count(`SELECT COUNT(*) FROM provider_event`); n != 0 {
		t.Errorf("%d messages kept", n)
	}
	s.stands(id, order.PendingPayment, order.Pending)
	s.tell(completed, 204)
	s.stands(id, order.Placed, order.Paid)
}

func TestAnOldMessageReplayedChangesNothing(t *testing.T) {
	eachTill(t, func(s *till) {
		id := s.order()
		s.pays(id, fakestripe.Good)
		e := s.stripe.Events(completed)[0]
		then := fakestripe.Sign(e.Body, s.now(), secretA)
		if status, err := s.stripe.SendSigned(t.Context(), e.Body, then); err != nil || status != 204 {
			t.Fatalf("answered %d, %v", status, err)
		}
		s.answer(200, "cancel", s.send("rosa", "POST", "/v1/orders/"+id+"/cancel", nil, "Idempotency-Key", "cancel-"+id))
		s.later(6 * time.Minute)
		if status, _ := s.stripe.SendSigned(t.Context(), e.Body, then); status != 403 {
			t.Errorf("replayed: %d", status)
		}
		s.tell(completed, 204) // sent again by Stripe, days later
		s.stands(id, order.Cancelled, order.Refunded)
		again := bytes.Replace(e.Body, []byte(e.ID), []byte("evt_another"), 1)
		if status, _ := s.stripe.SendSigned(t.Context(), again, fakestripe.Sign(again, s.now(), secretA)); status != 204 {
			t.Errorf("under another id: %d", status)
		}
		s.stands(id, order.Cancelled, order.Refunded)
		s.sound()
	})
}

func TestASecretIsReplacedWithoutLosingAMessage(t *testing.T) {
	s := newTill(t, "", secretA, secretB) // as configured for the day
	for _, signed := range [][]string{{secretA}, {secretA, secretB}, {secretB, secretA}, {secretB}} {
		s.stripe.SetSecrets(signed...)
		id := s.order()
		s.pays(id, fakestripe.Good)
		s.tell(completed, 204)
		s.stands(id, order.Placed, order.Paid)
	}
	after := newTill(t, "", secretB)
	after.stripe.SetSecrets(secretA)
	id := after.order()
	after.pays(id, fakestripe.Good)
	after.tell(completed, 403)
	after.stands(id, order.PendingPayment, order.Pending)
}

func TestCancellingAndPayingAtOnceLosesNoMoney(t *testing.T) {
	eachTill(t, func(s *till) {
		for range 5 {
			id := s.order()
			s.goToPay(id)
			session := s.session().ID
			var wg sync.WaitGroup
			wg.Go(func() { _, _, _ = s.stripe.Pay(session, fakestripe.Good) })
			wg.Go(func() {
				if _, err := s.app.Orders.Cancel(context.Background(), id, order.BySeller, s.shop.ID, ""); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { _ = s.app.Work(context.Background()) })
			wg.Wait()
			for _, e := range s.stripe.Events(completed) {
				_, _ = s.stripe.Send(t.Context(), e)
			}
			s.later(time.Minute)
			s.later(time.Minute)
			paid := s.session().PaymentStatus == "paid"
			s.stands(id, order.Cancelled, map[bool]order.PayState{true: order.Refunded, false: order.NoPayment}[paid])
		}
		s.sound()
	})
}

func TestASumThatStripeDoesNotTakeIsRefusedInWords(t *testing.T) {
	s := newTill(t, "", secretA)
	var err error
	if s.shop, err = s.app.Shops.Update(t.Context(), s.shop.ID, func(x *shop.Shop) error {
		x.Parcel = shop.Parcel{Enabled: true, Templates: shop.Flat(0, 0)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	sprats, err := s.app.Catalog.Create(t.Context(), s.shop, catalog.Form{Title: text.Both("Sprat", "小鲱鱼"), Measure: catalog.Weight, State: catalog.Live,
		Fields: map[string]string{"species": "Sprattus sprattus", "production": "wild", "origin": "FAO 27", "allergens": "Fish"}, SKUs: []catalog.SKUForm{{PriceMinor: 200}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.Stock.Record(t.Context(), s.shop.ID, stock.Move{Key: "sprat", SKU: sprats.SKUs[0].ID, Add: 1000, Reason: stock.Landed}); err != nil {
		t.Fatal(err)
	}
	q := s.call(201, "rosa", "POST", "/v1/quotes", object{"items": []object{{"sku": sprats.SKUs[0].ID, "quantity": 100}},
		"fulfilment": object{"kind": "parcel", "address": quay}})
	body := object{"quote": q["id"], "hash": q["hash"], "payment": "stripe", "contact": object{"name": "Rosa"}, "consents": []string{"return:fresh_exempt"}}
	id := s.answer(201, "place", s.send("rosa", "POST", "/v1/orders", jsonOf(t, body), "Content-Type", "application/json", "Idempotency-Key", "small-key"))["id"].(string)
	if p := s.answer(409, "pay", s.send("rosa", "GET", "/pay/"+id, nil)); p["code"] != "payment.refused" {
		t.Errorf("problem %v", p)
	}
	s.later(16 * time.Minute)
	s.stands(id, order.Expired, order.NoPayment)
	s.sound()
}
