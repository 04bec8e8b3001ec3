package payment_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

var sum = money.Of(1250, "EUR")

// bank is a provider that says what the test wants.
type bank struct {
	mu               sync.Mutex
	starts, closes   int
	down             bool // asked, it does not answer
	query, refund    payment.Fact
	closing, message payment.Fact
}

func (*bank) Code() string      { return "bank" }
func (*bank) Label() text.Local { return text.Both("Bank", "银行") }

func (b *bank) Start(_ context.Context, in payment.Intent) (payment.Page, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.starts++
	return payment.Page{Ref: "page-" + in.ID, URL: "https://bank.example/" + in.ID}, nil
}

func (b *bank) answer(f payment.Fact) (payment.Fact, error) {
	if b.down {
		return payment.Fact{}, errors.New("no answer")
	}
	return f, nil
}

func (b *bank) Query(context.Context, payment.Intent) (payment.Fact, error) { return b.answer(b.query) }
func (b *bank) Close(context.Context, payment.Intent) (payment.Fact, error) {
	b.closes++
	return b.answer(b.closing)
}
func (b *bank) Refund(context.Context, payment.Refund, string) (payment.Fact, error) {
	return b.answer(b.refund)
}
func (b *bank) Read(_ context.Context, h http.Header, _ []byte, _ time.Time) (payment.Fact, error) {
	if h.Get("Signature") != "ok" {
		return payment.Fact{}, payment.ErrSignature
	}
	return b.message, nil
}

type world struct {
	t        *testing.T
	d        *db.DB
	bank     *bank
	jobs     *job.Queue
	payments *payment.Service
	at       time.Time
	heard    []string
}

func each(t *testing.T, f func(*world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		w := &world{t: t, d: d, bank: &bank{}, at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return w.at }
		b := bus.Open(d, quiet, nil, bus.WithClock(now))
		w.jobs = job.New(d, quiet, nil, job.WithClock(now))
		w.payments = payment.New(d, b, w.jobs, quiet, now, w.bank)
		for _, topic := range []string{payment.Captured, payment.Failure, payment.Refunded, payment.Unrefunded} {
			b.Inline(topic, func(_ context.Context, _ *db.Tx, e bus.Event) error {
				h, err := bus.Decode[payment.Happened](e)
				word := strings.TrimPrefix(topic, "payment.")
				if h.Undone {
					word += " after all"
				}
				w.heard = append(w.heard, word)
				return err
			})
		}
		f(w)
	}, job.Migrations, bus.Migrations, payment.Migrations)
}

func (w *world) tx(f func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.d.InTx(context.Background(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) expect() {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		return w.payments.Expect(context.Background(), tx, payment.Intent{ID: "pay_1", Order: "ord_1", Shop: "shp_1", Buyer: "per_1", Provider: "bank", Amount: sum,
			CreatedAt: w.at, ExpiresAt: w.at.Add(15 * time.Minute)})
	})
}

func (w *world) closeOrder() {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error { return w.payments.Close(context.Background(), tx, "ord_1") })
}

func (w *world) giveBack(key string, minor int64) error {
	return w.d.InTx(context.Background(), func(tx *db.Tx) error {
		return w.payments.GiveBack(context.Background(), tx, "ord_1", key, "", money.Of(minor, "EUR"))
	})
}

// later lets time pass and does what is due.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.at = w.at.Add(d)
	if _, err := w.jobs.Drain(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) says(f payment.Fact) error {
	w.bank.message = f
	return w.payments.Receive(context.Background(), "bank", http.Header{"Signature": {"ok"}}, []byte("{}"))
}

func (w *world) mustSay(facts ...payment.Fact) {
	w.t.Helper()
	for _, f := range facts {
		if err := w.says(f); err != nil {
			w.t.Fatalf("%+v: %v", f, err)
		}
	}
}

func (w *world) hears(want ...string) {
	w.t.Helper()
	if !slices.Equal(w.heard, want) {
		w.t.Errorf("heard %v, want %v", w.heard, want)
	}
}

func (w *world) one(query string) string {
	w.t.Helper()
	s, err := db.One(context.Background(), w.d, db.Column[string], query)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func paid(message string) payment.Fact {
	return payment.Fact{Message: message, Kind: payment.Succeeded, Intent: "pay_1", Ref: "ch_1", Amount: sum}
}

func TestTheLastWordIsPaidInWhateverOrderMessagesCome(t *testing.T) {
	declined := payment.Fact{Message: "d", Kind: payment.Declined, Intent: "pay_1"}
	process := payment.Fact{Message: "p", Kind: payment.InProcess, Intent: "pay_1"}
	for _, order := range [][]payment.Fact{
		{declined, process, paid("s")}, {declined, paid("s"), process}, {process, declined, paid("s")},
		{process, paid("s"), declined}, {paid("s"), declined, process}, {paid("s"), process, declined},
	} {
		each(t, func(w *world) {
			w.expect()
			w.mustSay(order...)
			w.mustSay(order...)
			if got := w.one(`SELECT state FROM payment_intent`); got != "paid" {
				w.t.Errorf("state = %s", got)
			}
			if n := slices.Index(w.heard, "captured"); n < 0 || slices.Contains(w.heard[n+1:], "captured") || slices.Contains(w.heard[n+1:], "failed") {
				w.t.Errorf("heard %v", w.heard)
			}
		})
	}
}

func TestAMessageIsAnsweredTheSameEveryTime(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		wrong := paid("m1")
		wrong.Amount = money.Of(1250, "USD")
		stranger := paid("m2")
		stranger.Intent = "pay_9"
		for range 3 {
			if err := w.says(wrong); !errors.Is(err, payment.ErrMismatch) {
				w.t.Errorf("another currency: %v", err)
			}
			if err := w.says(stranger); !errors.Is(err, payment.ErrNotFound) {
				w.t.Errorf("another payment: %v", err)
			}
		}
		w.mustSay(paid("m3"), paid("m3"))
		w.hears("captured")
	})
}

func TestOfAForgedMessageNothingIsKept(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		w.bank.message = paid("x")
		if err := w.payments.Receive(context.Background(), "bank", http.Header{}, []byte("{}")); errs.KindOf(err) != errs.Forbidden {
			w.t.Errorf("unsigned: %v", err)
		}
		if err := w.payments.Receive(context.Background(), "nobody", http.Header{}, nil); !errors.Is(err, payment.ErrProvider) {
			w.t.Errorf("no such provider: %v", err)
		}
		if n := w.one(`SELECT CAST(COUNT(*) AS TEXT) FROM provider_event`); n != "0" {
			w.t.Errorf("%s messages kept", n)
		}
	})
}

func TestMoneyIsFoundWhoseMessageNeverCame(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		w.later(2 * time.Minute)
		w.hears()
		w.bank.query = paid("")
		w.later(12 * time.Minute)
		w.hears("captured")
		w.mustSay(paid("late"))
		w.hears("captured")
	})
}

func TestClosingAsksForMoneyThatWasFaster(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		w.closeOrder()
		w.bank.down, w.bank.closing = true, paid("")
		w.later(0)
		w.hears()
		w.bank.down = false
		w.later(time.Hour)
		w.hears("captured")
		if _, err := w.payments.Page(context.Background(), "pay_1", "per_1"); !errors.Is(err, payment.ErrClosed) {
			w.t.Errorf("the page of a paid order: %v", err)
		}
	})
}

func TestAnOrderThatNobodyWentToPayIsNotClosedAnywhere(t *testing.T) {
	each(t, func(w *world) {
		w.closeOrder()
		w.later(time.Hour)
		if w.bank.closes != 0 {
			w.t.Errorf("%d calls", w.bank.closes)
		}
	})
}

func TestTwoTabsGetOnePage(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		pages := map[string]bool{}
		for range 3 {
			p, err := w.payments.Page(context.Background(), "pay_1", "per_1")
			if err != nil {
				w.t.Fatal(err)
			}
			pages[p] = true
		}
		if len(pages) != 1 || w.bank.starts != 1 {
			w.t.Errorf("pages %v, %d starts", pages, w.bank.starts)
		}
		if _, err := w.payments.Page(context.Background(), "pay_1", "per_2"); !errors.Is(err, payment.ErrNotFound) {
			w.t.Errorf("somebody else's: %v", err)
		}
	})
}

func TestARefundWaitsForTheProvidersWord(t *testing.T) {
	fact := func(message string, k payment.Kind, w *world) payment.Fact {
		return payment.Fact{Message: message, Kind: k, Refund: w.one(`SELECT id FROM refund`), Ref: "re_1", Amount: sum}
	}
	for _, tt := range []struct {
		name  string
		says  []payment.Kind
		heard []string
		state string
	}{
		{"done", []payment.Kind{payment.GivenBack, payment.GivenBack}, []string{"refunded"}, "done"},
		{"failed", []payment.Kind{payment.ToBeGiven, payment.NotGivenOut}, []string{"refund_failed"}, "failed"},
		{"returned by the bank", []payment.Kind{payment.GivenBack, payment.NotGivenOut}, []string{"refunded", "refund_failed after all"}, "failed"},
		{"out of order", []payment.Kind{payment.NotGivenOut, payment.GivenBack, payment.ToBeGiven}, []string{"refund_failed"}, "failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.expect()
				w.mustSay(paid("m"))
				w.bank.refund = payment.Fact{Kind: payment.ToBeGiven, Ref: "re_1", Amount: sum}
				if err := w.giveBack("k", 1250); err != nil {
					w.t.Fatal(err)
				}
				w.later(0)
				w.hears("captured")
				for i, k := range tt.says {
					w.mustSay(fact(fmt.Sprint("r", i), k, w))
				}
				w.hears(append([]string{"captured"}, tt.heard...)...)
				if got := w.one(`SELECT state FROM refund`); got != tt.state {
					w.t.Errorf("state = %s, want %s", got, tt.state)
				}
			})
		})
	}
}

func TestARefundWhoseMessageNeverCameIsAskedFor(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		w.mustSay(paid("m"))
		w.bank.refund = payment.Fact{Kind: payment.ToBeGiven, Ref: "re_1", Amount: sum}
		if err := w.giveBack("k", 1250); err != nil {
			w.t.Fatal(err)
		}
		w.later(0)
		w.bank.refund.Kind = payment.GivenBack
		w.later(7 * time.Hour)
		w.hears("captured", "refunded")
		w.later(7 * time.Hour)
		w.hears("captured", "refunded")
	})
}

func TestWhatIsPaidTwiceGoesBack(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		paid := func(message, ref string) payment.Fact {
			return payment.Fact{Message: message, Kind: payment.Succeeded, Intent: "pay_1", Ref: ref, Amount: sum}
		}
		for n, f := range []payment.Fact{paid("m1", "first"), paid("m2", "second"), paid("m3", "second"), paid("m4", "first")} {
			if err := w.says(f); err != nil {
				t.Fatalf("message %d: %v", n, err)
			}
		}
		w.bank.down = true
		w.later(0)
		w.bank.down, w.bank.refund = false, payment.Fact{Kind: payment.ToBeGiven, Ref: "back", Amount: sum}
		w.later(time.Hour)
		where := func() string {
			t.Helper()
			got, err := db.One(t.Context(), w.d, db.Column[string], `SELECT provider_ref || ' ' || state || ' ' || refund_ref FROM payment_surplus`)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := where(); got != "second pending back" {
			t.Errorf("stands at %q", got)
		}
		w.bank.refund.Kind = payment.GivenBack
		w.later(7 * time.Hour)
		id, err := db.One(t.Context(), w.d, db.Column[string], `SELECT id FROM payment_surplus`)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.says(payment.Fact{Message: "m5", Kind: payment.GivenBack, Refund: id, Ref: "back", Amount: sum}); err != nil {
			t.Error(err)
		}
		if got := where(); got != "second done back" || !slices.Equal(w.heard, []string{"captured"}) {
			t.Errorf("stands at %q, heard %v", got, w.heard)
		}
	})
}

func TestASecondPaymentThatTheBankDoesNotTakeBackWaitsForAPerson(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		w.bank.refund = payment.Fact{Kind: payment.GivenBack, Ref: "back", Amount: sum}
		for n, ref := range []string{"first", "second"} {
			if err := w.says(payment.Fact{Message: fmt.Sprint("m", n), Kind: payment.Succeeded, Intent: "pay_1", Ref: ref, Amount: sum}); err != nil {
				t.Fatal(err)
			}
		}
		w.later(0)
		id, err := db.One(t.Context(), w.d, db.Column[string], `SELECT id FROM payment_surplus WHERE state = 'done'`)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.payments.Settle(t.Context(), id); !errors.Is(err, payment.ErrNotFailed) {
			t.Errorf("settled before it failed: %v", err)
		}
		if err := w.says(payment.Fact{Message: "m3", Kind: payment.NotGivenOut, Refund: id, Ref: "back", Amount: sum}); err != nil {
			t.Fatal(err)
		}
		failed, err := w.payments.FailedRefunds(t.Context())
		if err != nil || len(failed) != 1 || failed[0].ID != id || failed[0].Order != "ord_1" || failed[0].Amount != sum {
			t.Fatalf("failed: %+v, %v", failed, err)
		}
		if err := w.payments.Settle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if failed, _ = w.payments.FailedRefunds(t.Context()); len(failed) != 0 || !slices.Equal(w.heard, []string{"captured"}) {
			t.Errorf("settled: %+v is left, heard %v", failed, w.heard)
		}
	})
}

func TestNoMoreIsGivenBackThanCame(t *testing.T) {
	each(t, func(w *world) {
		w.expect()
		if err := w.giveBack("early", 1); !errors.Is(err, payment.ErrNotFound) {
			w.t.Errorf("before any money: %v", err)
		}
		w.mustSay(paid("m"))
		for _, r := range []struct {
			key   string
			minor int64
			want  error
		}{{"a", 1000, nil}, {"a", 1000, nil}, {"b", 251, payment.ErrTooMuch}, {"b", 250, nil}, {"c", 1, payment.ErrTooMuch}, {"d", 0, payment.ErrTooMuch}} {
			if err := w.giveBack(r.key, r.minor); !errors.Is(err, r.want) {
				w.t.Errorf("%s %d: %v, want %v", r.key, r.minor, err, r.want)
			}
		}
	})
}
