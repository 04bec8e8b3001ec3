package testpay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/testpay"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
)

type world struct {
	t    *testing.T
	pay  *testpay.Provider
	jobs *job.Queue
	at   time.Time
	mu   sync.Mutex
	came []payment.Fact
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := &world{t: t, at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		now := func() time.Time { return w.at }
		stall := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			f, err := w.pay.Read(t.Context(), r.Header, body, w.at)
			if err != nil {
				t.Error(err)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.came = append(w.came, f)
		}))
		t.Cleanup(stall.Close)
		w.jobs = job.New(d, slog.New(slog.DiscardHandler), nil, job.WithClock(now))
		w.pay = testpay.New(d, w.jobs, "secret", func() string { return stall.URL }, now)
		f(w)
	}, job.Migrations, testpay.Migrations)
}

func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.at = w.at.Add(d)
	if _, err := w.jobs.Drain(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

var intent = payment.Intent{ID: "pay_1", Order: "ord_1", Amount: money.Of(1250, "EUR"), Back: "/orders/ord_1"}

func TestEachChoiceIsToldAsItSays(t *testing.T) {
	for _, tt := range []struct {
		choice testpay.Choice
		told   []payment.Kind
		knows  payment.Kind
	}{
		{testpay.Succeed, []payment.Kind{payment.Succeeded}, payment.Succeeded},
		{testpay.Fail, []payment.Kind{payment.Declined}, payment.Nothing},
		{testpay.AnswerLate, []payment.Kind{payment.Succeeded}, payment.Succeeded},
		{testpay.Twice, []payment.Kind{payment.Succeeded, payment.Succeeded, payment.Succeeded}, payment.Succeeded},
		{testpay.OutOfOrder, []payment.Kind{payment.Succeeded, payment.Declined}, payment.Succeeded},
		{testpay.Silent, nil, payment.Succeeded},
		{testpay.TimeOut, nil, payment.Nothing},
	} {
		t.Run(string(tt.choice), func(t *testing.T) {
			each(t, func(w *world) {
				page, err := w.pay.Start(t.Context(), intent)
				if err != nil {
					t.Fatal(err)
				}
				back, err := w.pay.Choose(t.Context(), page.Ref, tt.choice)
				if err != nil || back != intent.Back {
					t.Fatalf("back to %q, %v", back, err)
				}
				w.later(0)
				w.later(testpay.Late)
				if got, want := fmt.Sprint(kinds(w.came)), fmt.Sprint(tt.told); got != want {
					t.Errorf("told %s, want %s", got, want)
				}
				if f, err := w.pay.Query(t.Context(), intent); err != nil || f.Kind != tt.knows {
					t.Errorf("asked it says %+v, %v", f, err)
				}
			})
		})
	}
}

func kinds(fs []payment.Fact) []payment.Kind {
	var out []payment.Kind
	for _, f := range fs {
		out = append(out, f.Kind)
	}
	return out
}

func TestAClosedPageTakesNoMoney(t *testing.T) {
	each(t, func(w *world) {
		page, err := w.pay.Start(w.t.Context(), intent)
		if err != nil {
			w.t.Fatal(err)
		}
		if f, err := w.pay.Close(w.t.Context(), intent); err != nil || f.Kind != payment.Nothing {
			w.t.Errorf("%+v, %v", f, err)
		}
		if _, err := w.pay.Choose(w.t.Context(), page.Ref, testpay.Succeed); err != nil {
			w.t.Error(err)
		}
		w.later(time.Minute)
		if f, err := w.pay.Query(w.t.Context(), intent); err != nil || f.Kind != payment.Nothing || len(w.came) != 0 {
			w.t.Errorf("%+v, %v, told %v", f, err, w.came)
		}
	})
}

func TestMoneyIsFasterThanClosing(t *testing.T) {
	each(t, func(w *world) {
		page, err := w.pay.Start(w.t.Context(), intent)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.pay.Choose(w.t.Context(), page.Ref, testpay.Silent); err != nil {
			w.t.Fatal(err)
		}
		if f, err := w.pay.Close(w.t.Context(), intent); err != nil || f.Kind != payment.Succeeded || f.Amount != intent.Amount {
			w.t.Errorf("%+v, %v", f, err)
		}
	})
}

func TestAnOldMessageIsNotBelieved(t *testing.T) {
	each(t, func(w *world) {
		body := []byte(`{"id":"tpe_1","type":"payment.succeeded","intent":"pay_1","amount":1250,"currency":"EUR"}`)
		header := w.pay.Signed(body)
		for _, tt := range []struct {
			after time.Duration
			body  []byte
			want  error
		}{
			{0, body, nil}, {testpay.Tolerance, body, nil}, {testpay.Tolerance + time.Second, body, payment.ErrStale}, {-testpay.Tolerance - time.Second, body, payment.ErrStale},
			{0, bytes.Replace(body, []byte("1250"), []byte("1"), 1), payment.ErrSignature},
		} {
			if _, err := w.pay.Read(t.Context(), header, tt.body, w.at.Add(tt.after)); !errors.Is(err, tt.want) {
				w.t.Errorf("after %v: %v, want %v", tt.after, err, tt.want)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	d := dbtest.SQLite(f, job.Migrations, testpay.Migrations)
	p := testpay.New(d, job.New(d, slog.New(slog.DiscardHandler), nil), "secret", nil, func() time.Time { return at })
	f.Add("t=1,v1=00", `{"id":"tpe_1","type":"payment.succeeded","intent":"pay_1","amount":1250,"currency":"EUR"}`)
	f.Add("t=,v1=", `{"id":"tpe_1","type":"payment.failed","intent":"pay_1"}`)
	f.Add("", `[]`)
	f.Fuzz(func(t *testing.T, signature, body string) {
		if got, err := p.Read(t.Context(), http.Header{testpay.SignatureHeader: {signature}}, []byte(body), at); err == nil {
			t.Errorf("believed %+v", got)
		}
		got, err := p.Read(t.Context(), p.Signed([]byte(body)), []byte(body), at)
		if err == nil && (got.Message == "" || got.Intent == "") {
			t.Errorf("%+v names nothing", got)
		}
	})
}
