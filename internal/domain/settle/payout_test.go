package settle_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/kit/money"
)

const free = total - commission

// earning is a world whose shop has the money of one order on hand.
func earning(t *testing.T, f func(t *testing.T, w *world)) {
	each(t, func(t *testing.T, w *world) {
		w.completed("test", 2, 1)
		w.due()
		w.run()
		w.bankAccount()
		f(t, w)
	})
}

func TestAPayoutTakesNoMoreThanIsOnHand(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		if _, err := w.ask(free + 1); !errors.Is(err, settle.ErrShort) {
			t.Errorf("more than there is: %v", err)
		}
		if _, err := w.ask(0); !errors.Is(err, settle.ErrAmount) {
			t.Errorf("nothing: %v", err)
		}
		if _, err := w.ask(free); err != nil {
			t.Errorf("all of it: %v", err)
		}
		if _, err := w.ask(1); !errors.Is(err, settle.ErrShort) {
			t.Errorf("one cent more: %v", err)
		}
		w.holds(ledger.Free(w.shop.ID), 0)
		w.holds(ledger.PayingOut(w.shop.ID), free)
		w.sound()
	})
}

func TestAPayoutGoesItsWay(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []settle.PayoutState
		free  int64
		want  error
	}{
		{"sent and arrived", []settle.PayoutState{settle.Sent, settle.Done}, free - 1000, nil},
		{"sent twice is sent once", []settle.PayoutState{settle.Sent, settle.Sent}, free - 1000, nil},
		{"came back from the bank", []settle.PayoutState{settle.Sent, settle.Returned}, free, nil},
		{"came back weeks later", []settle.PayoutState{settle.Sent, settle.Done, settle.Returned, settle.Returned}, free, nil},
		{"given up before it was sent", []settle.PayoutState{settle.Returned}, free, nil},
		{"held and sent after all", []settle.PayoutState{settle.Held, settle.Asked, settle.Sent}, free - 1000, nil},
		{"not sent while it is held", []settle.PayoutState{settle.Held, settle.Sent}, free - 1000, settle.ErrState},
		{"not held once it is sent", []settle.PayoutState{settle.Sent, settle.Held}, free - 1000, settle.ErrState},
		{"never sent again once it came back", []settle.PayoutState{settle.Returned, settle.Sent}, free, settle.ErrState},
	} {
		t.Run(tt.name, func(t *testing.T) {
			earning(t, func(t *testing.T, w *world) {
				p, err := w.ask(1000)
				w.must(err)
				for _, to := range tt.steps {
					p, err = w.settle.Set(context.Background(), p.ID, "per_op", to, "Because.")
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				w.holds(ledger.Free(w.shop.ID), tt.free)
				w.sound()
			})
		})
	}
}

func TestHoldingAndReturningNeedAReason(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		p, err := w.ask(1000)
		w.must(err)
		for _, to := range []settle.PayoutState{settle.Held, settle.Returned} {
			if _, err := w.settle.Set(context.Background(), p.ID, "per_op", to, " \n"); !errors.Is(err, settle.ErrReason) {
				t.Errorf("%s: %v", to, err)
			}
		}
		if _, err := w.settle.Hold(context.Background(), w.shop.ID, "per_op", ""); !errors.Is(err, settle.ErrReason) {
			t.Errorf("a shop: %v", err)
		}
	})
}

func TestTheSameKeyIsTheSamePayout(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		wish := settle.Wish{Key: "key-again", Shop: w.shop.ID, By: "per_seller", Amount: money.Of(free, "EUR")}
		one, err := w.settle.Ask(ctx, wish)
		w.must(err)
		two, err := w.settle.Ask(ctx, wish)
		if err != nil || two.ID != one.ID {
			t.Errorf("%v, %v, %v", one, two, err)
		}
		wish.Amount.Minor--
		if _, err := w.settle.Ask(ctx, wish); !errors.Is(err, settle.ErrKeyReused) {
			t.Errorf("another sum under the key: %v", err)
		}
	})
}

func TestAHeldShopKnowsWhyAndCanObject(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		p, err := w.ask(1000)
		w.must(err)
		w.completed("test", 1)
		_, err = w.settle.Hold(ctx, w.shop.ID, "per_op", "The licence has run out.")
		w.must(err)
		again, err := w.settle.Hold(ctx, w.shop.ID, "per_op2", "Another reason.")
		if err != nil || again.Reason != "The licence has run out." {
			t.Errorf("held twice: %+v, %v", again, err)
		}
		w.due()
		if n := w.run(); n != 0 {
			t.Errorf("%d orders of a held shop settled", n)
		}
		if _, err := w.ask(1000); !errors.Is(err, settle.ErrHeld) {
			t.Errorf("asked while held: %v", err)
		}
		if _, err := w.settle.Set(ctx, p.ID, "per_op", settle.Asked, ""); !errors.Is(err, settle.ErrHeld) {
			t.Errorf("resumed while the shop is held: %v", err)
		}
		_, err = w.settle.Object(ctx, w.shop.ID, "It was renewed on Monday.")
		w.must(err)
		o, err := w.settle.OverviewOf(ctx, w.shop.ID, "EUR")
		if err != nil || o.Hold == nil || o.Hold.Objection == "" || o.Payouts[0].State != settle.Held || o.Payouts[0].Reason != "The licence has run out." {
			t.Errorf("the shop sees %+v, %v", o, err)
		}
		w.must(w.settle.Release(ctx, w.shop.ID, "per_op", "Seen, thank you."))
		if n := w.run(); n != 1 {
			t.Errorf("%d settled after the release", n)
		}
		w.set(p, settle.Sent, "")
		if err := w.settle.Release(ctx, w.shop.ID, "per_op", ""); !errors.Is(err, settle.ErrNotHeld) {
			t.Errorf("released twice: %v", err)
		}
		w.sound()
	})
}

func TestReleasingAShopLeavesAPayoutHeldThatWasHeldForItself(t *testing.T) {
	earning(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		odd, err := w.ask(1000)
		w.must(err)
		w.set(odd, settle.Held, "The name is not that of the shop.")
		w.pass(time.Minute)
		plain, err := w.ask(500)
		w.must(err)
		_, err = w.settle.Hold(ctx, w.shop.ID, "per_op", "The licence has run out.")
		w.must(err)
		w.must(w.settle.Release(ctx, w.shop.ID, "per_op", ""))
		for _, p := range must(w.settle.Payouts(ctx, w.shop.ID)) {
			if want := map[string]settle.PayoutState{odd.ID: settle.Held, plain.ID: settle.Asked}[p.ID]; p.State != want {
				t.Errorf("%d is %s, want %s", p.Amount, p.State, want)
			}
		}
		w.sound()
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestNobodyIsPaidWithoutAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.completed("test", 2, 1)
		w.due()
		w.run()
		if _, err := w.ask(1); !errors.Is(err, settle.ErrNoAccount) {
			t.Errorf("%v", err)
		}
	})
}

func TestAnAccountNumberIsLookedAt(t *testing.T) {
	for in, want := range map[string]string{
		"de89370400440532013000":      "DE89 3704 0044 0532 0130 00",
		" GB29 NWBK 6016 1331 9268 ":  "",
		"GB29 NWBK 6016 1331 9268 19": "GB29 NWBK 6016 1331 9268 19",
		"DE88 3704 0044 0532 0130 00": "", // one digit off
		"6222 0212 3456 7890 123":     "6222 0212 3456 7890 123",
		"040-1234567-89":              "040-1234567-89",
		"=1+1":                        "",
		"my account":                  "",
		"":                            "",
	} {
		got, err := settle.NormalNumber(in)
		if want == "" && in == " GB29 NWBK 6016 1331 9268 " {
			if err == nil {
				t.Errorf("%q is two digits short and became %q", in, got)
			}
			continue
		}
		if got != want || (err == nil) == (want == "") {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
	}
}

func FuzzAccountNumber(f *testing.F) {
	for _, s := range []string{"DE89 3704 0044 0532 0130 00", "040-1234567-89", "=1+1", "６２２２", "DE00", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := settle.NormalNumber(s)
		if err != nil {
			return
		}
		if again, err := settle.NormalNumber(n); err != nil || again != n {
			t.Errorf("%q became %q and then %q, %v", s, n, again, err)
		}
		if len(n) < 4 || len(n) > 60 || strings.ContainsAny(n[:1], "=+-@\t") {
			t.Errorf("%q became %q", s, n)
		}
	})
}

func TestTheStatementIsTheLedger(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.bankAccount()
		zone, _ := time.LoadLocation("Europe/Berlin")
		o := w.completed("test", 2, 1)
		w.completed(order.PayAtPickup, 1)
		w.pass(aftersale.Window)
		w.run() // 7 December
		p, err := w.ask(2000)
		w.must(err)
		w.set(p, settle.Sent, "")
		w.pass(31 * 24 * time.Hour) // 7 January
		w.back(o, units(1))
		var closing money.Amount
		for _, month := range []string{"2026-11", "2026-12", "2027-01"} {
			from, to, err := settle.Month(month, zone)
			w.must(err)
			st, err := w.settle.StatementOf(ctx, w.shop.ID, "EUR", from, to)
			w.must(err)
			if month != "2026-11" && st.Opening != closing {
				t.Errorf("%s opens with %v, the month before closed with %v", month, st.Opening, closing)
			}
			if got := st.Opening.Minor + st.Sales - st.Refunds - st.Fees - st.Own - st.Paid; got != st.Closing.Minor {
				t.Errorf("%s: the sums come to %d, it closes with %d", month, got, st.Closing.Minor)
			}
			closing = st.Closing
			var out bytes.Buffer
			w.must(settle.WriteStatement(&out, st, zone))
			rows, err := csv.NewReader(&out).ReadAll()
			if err != nil || len(rows) != len(st.Moves)+3 {
				t.Errorf("%s: %d rows, %v", month, len(rows), err)
			}
			if last := rows[len(rows)-1]; last[9]+" EUR" != st.Closing.String() {
				t.Errorf("%s: the table closes with %s", month, last[9])
			}
		}
		w.holds(ledger.Free(w.shop.ID), closing.Minor)
		w.sound()
	})
}

func TestAMonthIsWrittenPlainly(t *testing.T) {
	for _, m := range []string{"", "2026", "2026-13", "26-11", "2026-11-01", "1999-12", "２０２６-11"} {
		if _, _, err := settle.Month(m, time.UTC); !errors.Is(err, settle.ErrMonth) {
			t.Errorf("%q: %v", m, err)
		}
	}
}
