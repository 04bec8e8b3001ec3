package fakestripe

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// Cards with a fate (docs.stripe.com/testing). Any other number of 16 digits is
// declined as well.
const (
	Good          = "4242424242424242"
	Declined      = "4000000000000002"
	PendingRefund = "4000000000007726" // its refunds wait, see [Server.FinishRefund]
	FailedRefund  = "4000000000005126" // its refunds succeed, and then the bank returns them
)

var pageText = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Pay {{.Name}}</title>
<style>body{font:16px/24px system-ui,sans-serif;max-width:400px;margin:32px auto;padding:0 16px}input,button{font:inherit;padding:12px;width:100%;box-sizing:border-box;margin:8px 0}</style>
</head><body><h1>{{.Name}}</h1><p><b>{{.Sum}}</b></p>
{{if .Over}}<p role="status">{{.Over}}</p><p><a href="{{.Back}}">Return to the shop</a></p>{{else}}
{{if .Problem}}<p role="alert">{{.Problem}}</p>{{end}}
<form method="post"><label>Card number <input name="card" inputmode="numeric" value="4242 4242 4242 4242"></label><button>Pay</button></form>
<p><a href="{{.Back}}">Back</a></p>{{end}}</body></html>`))

func (s *Server) show(w http.ResponseWriter, x Session, problem string) {
	over := ""
	switch x.Status {
	case "complete":
		over = "You have paid."
	case "expired":
		over = "This page has expired."
	}
	unit, decimals := 100.0, 2
	if strings.Contains(zeroDecimal, " "+x.Currency+" ") {
		unit, decimals = 1, 0
	} else if strings.Contains(threeDecimal, " "+x.Currency+" ") {
		unit, decimals = 1000, 3
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageText.Execute(w, map[string]any{"Name": x.Name, "Over": over, "Back": x.CancelURL, "Problem": problem,
		"Sum": fmt.Sprintf("%.*f %s", decimals, float64(x.Amount)/unit, strings.ToUpper(x.Currency))})
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	x, p := s.session(r.PathValue("id"))
	var seen Session
	if p == nil {
		seen = *x
	}
	s.mu.Unlock()
	if p != nil {
		http.Error(w, p.message, p.status)
		return
	}
	s.show(w, seen, "")
}

func (s *Server) pay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
	seen, problem, err := s.Pay(r.PathValue("id"), strings.ReplaceAll(r.PostFormValue("card"), " ", ""))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if seen.Status == "complete" {
		http.Redirect(w, r, seen.SuccessURL, http.StatusSeeOther)
		return
	}
	s.show(w, seen, problem)
}

// Pay does what the page's button does: pays a session with a card. It returns
// the session afterwards and what the buyer reads when the card was declined.
// One that is complete or expired stays as it is.
func (s *Server) Pay(session, card string) (Session, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, p := s.session(session)
	if p != nil {
		return Session{}, "", fmt.Errorf("%s", p.message)
	}
	if x.Status != "open" {
		return *x, "", nil
	}
	pay := s.payments[x.Payment]
	if card != Good && card != PendingRefund && card != FailedRefund {
		s.emit("payment_intent.payment_failed", viewPayment(pay, "Your card was declined."))
		return *x, "Your card was declined.", nil
	}
	x.Status, x.PaymentStatus = "complete", "paid"
	pay.Status, pay.Card, pay.Fee = "succeeded", card, pay.Amount*15/1000+25
	s.book(Booking{Type: "charge", Source: pay.Charge, Payment: pay.ID, Metadata: pay.Metadata, Currency: pay.Currency, Amount: pay.Amount, Fee: pay.Fee, Created: s.cfg.Now().Truncate(time.Second)})
	s.emit("payment_intent.succeeded", viewPayment(pay, ""))
	s.emit("checkout.session.completed", s.viewSession(x))
	return *x, "", nil
}

func viewPayment(p *Payment, failure string) map[string]any {
	v := map[string]any{"id": p.ID, "object": "payment_intent", "amount": p.Amount, "currency": p.Currency, "status": p.Status, "latest_charge": p.Charge,
		"metadata": p.Metadata, "created": p.Created.Unix(), "livemode": false, "last_payment_error": nil}
	if failure != "" {
		v["last_payment_error"] = map[string]any{"type": "card_error", "code": "card_declined", "message": failure}
	}
	return v
}
