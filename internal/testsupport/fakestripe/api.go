package fakestripe

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// problem is an error as Stripe writes it (docs.stripe.com/api/errors).
type problem struct {
	status           int
	typ, code, param string
	message          string
}

func invalid(param, code, message string) *problem {
	return &problem{http.StatusBadRequest, "invalid_request_error", code, param, message}
}

func (p *problem) body() []byte {
	e := map[string]any{"type": p.typ, "message": p.message}
	if p.code != "" {
		e["code"] = p.code
	}
	if p.param != "" {
		e["param"] = p.param
	}
	b, _ := json.Marshal(map[string]any{"error": e})
	return b
}

// operation does what is asked with the state locked.
type operation func(r *http.Request, form url.Values) (any, *problem)

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.api("POST /v1/checkout/sessions", sessionParams, s.createSession)
	s.api("GET /v1/checkout/sessions/{id}", nil, s.getSession)
	s.api("POST /v1/checkout/sessions/{id}/expire", nil, s.expireSession)
	s.api("POST /v1/refunds", refundParams, s.createRefund)
	s.api("GET /v1/refunds", listParams, s.listRefunds)
	s.api("GET /v1/balance_transactions", listParams, s.listBookings)
	s.mux.HandleFunc("GET /c/pay/{id}", s.page)
	s.mux.HandleFunc("POST /c/pay/{id}", s.pay)
	s.mux.HandleFunc("POST /_fake/faults", s.setFaults)
	s.mux.HandleFunc("POST /_fake/bookings", s.setBooking)
}

// ServeHTTP answers API calls, shows payment pages and takes orders for bad days.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) api(pattern string, allowed *regexp.Regexp, do operation) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.count(pattern)
		if p := s.admit(r, allowed); p != nil {
			answer(w, p.status, p.body())
			return
		}
		form := r.Form
		fault := s.fault(pattern)
		if fault.before(w) {
			return
		}
		status, body := s.once(w, r, form, do)
		fault.after(w, r, func() { answer(w, status, body) })
	})
}

func (s *Server) count(pattern string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[pattern]++
}

// admit checks what comes before any work: the key, the version, the parameters.
func (s *Server) admit(r *http.Request, allowed *regexp.Regexp) *problem {
	key, _, basic := r.BasicAuth()
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		key = bearer
	} else if !basic {
		return &problem{http.StatusUnauthorized, "invalid_request_error", "", "", "You did not provide an API key."}
	}
	if key != s.cfg.Key {
		return &problem{http.StatusUnauthorized, "invalid_request_error", "", "", "Invalid API Key provided."}
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\d(\.\w+)?$`).MatchString(r.Header.Get("Stripe-Version")) {
		return invalid("", "", "A Stripe-Version is expected of this client.")
	}
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return invalid("", "", "The request body is not form-encoded.")
	}
	r.Body = http.MaxBytesReader(nil, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		return invalid("", "", "The request cannot be read.")
	}
	for name, values := range r.Form {
		if allowed == nil || !allowed.MatchString(name) {
			return invalid(name, "parameter_unknown", "Received unknown parameter: "+name)
		}
		if len(values) != 1 || values[0] == "" {
			return invalid(name, "parameter_invalid_empty", "You passed an empty or repeated value for "+name)
		}
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_"+strconv.FormatInt(time.Now().UnixNano(), 36))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

var sessionParams = regexp.MustCompile(`^(mode|client_reference_id|success_url|cancel_url|expires_at|locale|payment_method_types\[0\]|metadata\[\w{1,40}\]|` +
	`adaptive_pricing\[enabled\]|line_items\[0\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name))\]|` +
	`payment_intent_data\[(transfer_group|metadata\]\[\w{1,40})\])$`)

// zeroDecimal and threeDecimal are from docs.stripe.com/currencies.
const (
	zeroDecimal  = " bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf "
	threeDecimal = " bhd jod kwd omr tnd "
	supported    = zeroDecimal + threeDecimal + " eur usd gbp cny hkd chf isk ugx sek dkk nok pln "
)

func (s *Server) createSession(r *http.Request, f url.Values) (any, *problem) {
	for _, need := range []string{"success_url", "mode", "line_items[0][quantity]", "line_items[0][price_data][currency]", "line_items[0][price_data][unit_amount]", "line_items[0][price_data][product_data][name]"} {
		if f.Get(need) == "" {
			return nil, invalid(need, "parameter_missing", "Missing required param: "+need)
		}
	}
	if f.Get("mode") != "payment" {
		return nil, invalid("mode", "", "This account takes payments only.")
	}
	for _, link := range []string{"success_url", "cancel_url"} {
		if u, err := url.Parse(f.Get(link)); f.Get(link) != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			return nil, invalid(link, "url_invalid", "Not a valid URL")
		}
	}
	currency := f.Get("line_items[0][price_data][currency]")
	amount, err := strconv.ParseInt(f.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	n, err2 := strconv.ParseInt(f.Get("line_items[0][quantity]"), 10, 64)
	if err != nil || err2 != nil || amount < 0 || n < 1 || amount > 99_999_999 {
		return nil, invalid("line_items[0][price_data][unit_amount]", "parameter_invalid_integer", "Invalid integer")
	}
	if amount *= n; !strings.Contains(supported, " "+currency+" ") {
		return nil, invalid("line_items[0][price_data][currency]", "", "Invalid currency: "+currency)
	}
	if strings.Contains(threeDecimal, " "+currency+" ") && amount%10 != 0 {
		return nil, invalid("line_items[0][price_data][unit_amount]", "", "The last digit has to be 0 for this currency")
	}
	if (currency == "eur" || currency == "usd") && amount < 50 { // docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
		return nil, invalid("", "amount_too_small", "The Checkout Session's total amount due must add up to at least 0.50")
	}
	now := s.cfg.Now()
	expires := now.Add(24 * time.Hour)
	if at := f.Get("expires_at"); at != "" {
		sec, err := strconv.ParseInt(at, 10, 64)
		expires = time.Unix(sec, 0)
		// "30 minutes to 24 hours after Checkout Session creation".
		if err != nil || expires.Before(now.Add(30*time.Minute).Truncate(time.Second)) || expires.After(now.Add(24*time.Hour)) {
			return nil, invalid("expires_at", "", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.")
		}
	}
	x := &Session{ID: s.id("cs_test"), Reference: f.Get("client_reference_id"), Payment: s.id("pi"), Currency: currency, Status: "open", PaymentStatus: "unpaid",
		Name: f.Get("line_items[0][price_data][product_data][name]"), SuccessURL: f.Get("success_url"), CancelURL: f.Get("cancel_url"),
		Amount: amount, Metadata: metadata(f, "metadata["), Created: now, ExpiresAt: expires}
	site := "http://" + r.Host
	if s.cfg.Site != nil {
		site = s.cfg.Site()
	}
	x.page = site + "/c/pay/" + x.ID
	s.sessions[x.ID] = x
	s.payments[x.Payment] = &Payment{ID: x.Payment, Charge: s.id("ch"), Currency: currency, Status: "requires_payment_method", Amount: amount,
		Metadata: metadata(f, "payment_intent_data[metadata]["), Created: now}
	return s.viewSession(x), nil
}

func metadata(f url.Values, prefix string) map[string]string {
	out := map[string]string{}
	for k := range f {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			out[strings.TrimSuffix(rest, "]")] = f.Get(k)
		}
	}
	return out
}

func (s *Server) viewSession(x *Session) map[string]any {
	v := map[string]any{"id": x.ID, "object": "checkout.session", "mode": "payment", "livemode": false, "status": x.Status, "payment_status": x.PaymentStatus,
		"amount_total": x.Amount, "amount_subtotal": x.Amount, "currency": x.Currency, "client_reference_id": x.Reference, "metadata": x.Metadata,
		"created": x.Created.Unix(), "expires_at": x.ExpiresAt.Unix(), "success_url": x.SuccessURL, "cancel_url": x.CancelURL, "url": nil, "payment_intent": nil}
	if x.Status == "open" {
		v["url"] = x.page
	}
	if x.Status == "complete" { // made when the session is confirmed, since 2022-08-01
		v["payment_intent"] = x.Payment
	}
	return v
}

// expire ends a session whose time is over.
func (s *Server) expire(x *Session) {
	if x.Status == "open" && !s.cfg.Now().Before(x.ExpiresAt) {
		x.Status = "expired"
		s.emit("checkout.session.expired", s.viewSession(x))
	}
}

func (s *Server) session(id string) (*Session, *problem) {
	x := s.sessions[id]
	if x == nil {
		return nil, &problem{http.StatusNotFound, "invalid_request_error", "resource_missing", "session", "No such checkout.session: " + id}
	}
	s.expire(x)
	return x, nil
}

func (s *Server) getSession(r *http.Request, _ url.Values) (any, *problem) {
	x, p := s.session(r.PathValue("id"))
	if p != nil {
		return nil, p
	}
	return s.viewSession(x), nil
}

func (s *Server) expireSession(r *http.Request, _ url.Values) (any, *problem) {
	x, p := s.session(r.PathValue("id"))
	if p != nil {
		return nil, p
	}
	if x.Status != "open" {
		return nil, invalid("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `"+x.Status+"`.")
	}
	x.Status = "expired"
	s.emit("checkout.session.expired", s.viewSession(x))
	return s.viewSession(x), nil
}

var refundParams = regexp.MustCompile(`^(payment_intent|amount|reason|metadata\[\w{1,40}\])$`)

func (s *Server) createRefund(_ *http.Request, f url.Values) (any, *problem) {
	p := s.payments[f.Get("payment_intent")]
	if p == nil || p.Status != "succeeded" {
		return nil, invalid("payment_intent", "resource_missing", "No such successful payment_intent")
	}
	amount := p.Amount - p.Refunded
	if a := f.Get("amount"); a != "" {
		var err error
		if amount, err = strconv.ParseInt(a, 10, 64); err != nil || amount <= 0 {
			return nil, invalid("amount", "parameter_invalid_integer", "Invalid positive integer")
		}
	}
	if p.Refunded == p.Amount {
		return nil, invalid("", "charge_already_refunded", "Charge "+p.Charge+" has already been refunded.")
	}
	if amount > p.Amount-p.Refunded {
		return nil, invalid("amount", "", fmt.Sprintf("Refund amount (%d) is greater than unrefunded amount on charge (%d)", amount, p.Amount-p.Refunded))
	}
	x := &Refund{ID: s.id("re"), Payment: p.ID, Currency: p.Currency, Status: "succeeded", Amount: amount, Metadata: metadata(f, "metadata["), Created: s.cfg.Now()}
	if p.Card == PendingRefund {
		x.Status = "pending"
	}
	p.Refunded += amount
	s.refunds[x.ID] = x
	s.book(Booking{Type: "refund", Source: x.ID, Payment: p.ID, Metadata: x.Metadata, Currency: x.Currency, Amount: -amount})
	s.emit("refund.created", viewRefund(x))
	s.emit("charge.refunded", map[string]any{"id": p.Charge, "object": "charge", "amount_refunded": p.Refunded, "payment_intent": p.ID, "metadata": p.Metadata})
	answer := viewRefund(x)
	if p.Card == FailedRefund {
		s.fail(x)
	}
	return answer, nil
}

func viewRefund(x *Refund) map[string]any {
	v := map[string]any{"id": x.ID, "object": "refund", "amount": x.Amount, "currency": x.Currency, "payment_intent": x.Payment, "status": x.Status,
		"metadata": x.Metadata, "created": x.Created.Unix(), "reason": nil}
	if x.Status == "failed" {
		v["failure_reason"] = "expired_or_canceled_card"
	}
	return v
}

// FinishRefund decides on a refund: the bank has taken the money or has not, be
// it after it was said to have succeeded.
func (s *Server) FinishRefund(id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.refunds[id]
	if ok {
		x.Status = "succeeded"
		s.emit("refund.updated", viewRefund(x))
		return
	}
	s.fail(x)
}

// fail lets the bank return a refund.
func (s *Server) fail(x *Refund) {
	x.Status = "failed"
	s.payments[x.Payment].Refunded -= x.Amount
	s.book(Booking{Type: "refund_failure", Source: x.ID, Payment: x.Payment, Metadata: x.Metadata, Currency: x.Currency, Amount: x.Amount})
	s.emit("refund.updated", viewRefund(x))
	s.emit("refund.failed", viewRefund(x))
}

var listParams = regexp.MustCompile(`^(payment_intent|limit|starting_after|type|created\[(gte|lt)\]|expand\[\d\])$`)

// list pages as Stripe does: newest first, after an id
// (docs.stripe.com/api/pagination).
func list(f url.Values, ids []string, view func(i int) any) (any, *problem) {
	limit := 10
	if l := f.Get("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > 100 {
			return nil, invalid("limit", "parameter_invalid_integer", "Between 1 and 100")
		}
		limit = n
	}
	start := 0
	if after := f.Get("starting_after"); after != "" {
		if start = slices.Index(ids, after) + 1; start == 0 {
			return nil, invalid("starting_after", "resource_missing", "No such object")
		}
	}
	end := min(len(ids), start+limit)
	data := []any{}
	for i := start; i < end; i++ {
		data = append(data, view(i))
	}
	return map[string]any{"object": "list", "url": "/v1/list", "has_more": end < len(ids), "data": data}, nil
}

func (s *Server) listRefunds(_ *http.Request, f url.Values) (any, *problem) {
	var found []*Refund
	for _, x := range s.refunds {
		if f.Get("payment_intent") == "" || x.Payment == f.Get("payment_intent") {
			found = append(found, x)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].ID > found[j].ID })
	ids := make([]string, len(found))
	for i, x := range found {
		ids[i] = x.ID
	}
	return list(f, ids, func(i int) any { return viewRefund(found[i]) })
}

func (s *Server) listBookings(_ *http.Request, f url.Values) (any, *problem) {
	from, err := strconv.ParseInt(cmp.Or(f.Get("created[gte]"), "0"), 10, 64)
	to, err2 := strconv.ParseInt(cmp.Or(f.Get("created[lt]"), "99999999999"), 10, 64)
	if err != nil || err2 != nil {
		return nil, invalid("created", "parameter_invalid_integer", "Invalid timestamp")
	}
	var found []Booking
	var ids []string
	for _, b := range slices.Backward(s.books) {
		if at := b.Created.Unix(); at >= from && at < to && (f.Get("type") == "" || f.Get("type") == b.Type) {
			found, ids = append(found, b), append(ids, b.ID)
		}
	}
	return list(f, ids, func(i int) any {
		b := found[i]
		return map[string]any{"id": b.ID, "object": "balance_transaction", "type": b.Type, "source": source(f, b), "amount": b.Amount, "fee": b.Fee,
			"net": b.Amount - b.Fee, "currency": b.Currency, "created": b.Created.Unix(), "status": "available"}
	})
}

// source is the charge or refund of a booking, whole when that is asked for.
func source(f url.Values, b Booking) any {
	if f.Get("expand[0]") != "data.source" {
		return b.Source
	}
	object, amount := "charge", b.Amount
	if strings.HasPrefix(b.Type, "refund") {
		object, amount = "refund", max(b.Amount, -b.Amount)
	}
	return map[string]any{"id": b.Source, "object": object, "amount": amount, "currency": b.Currency, "payment_intent": b.Payment, "metadata": b.Metadata, "created": b.Created.Unix()}
}
