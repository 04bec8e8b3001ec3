package fakestripe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/testsupport/fakestripe"
)

const session = "mode=payment&success_url=https%3A%2F%2Fa.example&line_items[0][quantity]=1&line_items[0][price_data][currency]=eur" +
	"&line_items[0][price_data][product_data][name]=Fish&line_items[0][price_data][unit_amount]="

func ask(t *testing.T, url, key, idem, form string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/v1/checkout/sessions", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Stripe-Version", fakestripe.Version)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Idempotency-Key", idem)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

func TestAKeyIsOneAnswerToOneQuestion(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := fakestripe.New(fakestripe.Config{Key: "sk", Now: func() time.Time { return now }})
	defer s.Close()
	server := httptest.NewServer(s)
	defer server.Close()
	for _, tt := range []struct {
		name, key, idem, form string
		status                int
		says                  string
	}{
		{"no right", "other", "a", session + "500", 401, "Invalid API Key"},
		{"not valid, so not kept", "sk", "a", session + "500&expires_at=1800000060", 400, "30 minutes"},
		{"the first", "sk", "a", session + "500", 200, "cs_test_"},
		{"the same", "sk", "a", session + "500", 200, "cs_test_"},
		{"another sum", "sk", "a", session + "501", 400, "same parameters"},
		{"another key", "sk", "b", session + "501", 200, "cs_test_"},
		{"an unknown word", "sk", "c", session + "500&colour=red", 400, "parameter_unknown"},
		{"too little", "sk", "c", session + "49", 400, "amount_too_small"},
	} {
		if status, body := ask(t, server.URL, tt.key, tt.idem, tt.form); status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %s", tt.name, status, body)
		}
	}
	if n := len(s.Sessions()); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
	now = now.Add(25 * time.Hour)
	if status, _ := ask(t, server.URL, "sk", "a", session+"500"); status != 200 || len(s.Sessions()) != 3 {
		t.Error("a key is remembered for ever")
	}
}

func TestAnEventIsSentUntilItIsTaken(t *testing.T) {
	var mu sync.Mutex
	tries := map[string]int{}
	taken := make(chan string, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		tries[string(body)]++
		if tries[string(body)] < 3 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if strings.Contains(string(body), `"checkout.session.completed"`) {
			taken <- r.Header.Get("Stripe-Signature")
		}
	}))
	defer shop.Close()
	s := fakestripe.New(fakestripe.Config{Key: "sk", Secrets: []string{"x", "y"}, Endpoint: func() string { return shop.URL }, Retry: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}})
	defer s.Close()
	server := httptest.NewServer(s)
	defer server.Close()
	ask(t, server.URL, "sk", "a", session+"500")
	if _, _, err := s.Pay(s.Sessions()[0].ID, fakestripe.Good); err != nil {
		t.Fatal(err)
	}
	if got := <-taken; strings.Count(got, ",v1=") != 2 {
		t.Errorf("signed %q", got)
	}
}
