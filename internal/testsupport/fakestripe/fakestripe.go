// Package fakestripe plays Stripe over HTTP as far as a shop with Checkout needs
// it: sessions with a page that can be clicked, payments, refunds, balance
// transactions, Idempotency-Keys and signed events. It keeps state and books of
// its own, refuses what Stripe refuses, and has Stripe's bad days on demand.
//
// It is written from docs.stripe.com and shares no code with its clients, so
// that a mistake is not made twice. Rules are cited where they are enforced.
package fakestripe

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// Version is the version of the API that events carry.
const Version = "2026-03-25.dahlia"

// Config of a server. Key and Endpoint are required.
type Config struct {
	Key      string        // that clients authorise with
	Secrets  []string      // that events are signed with, each with a v1 of its own
	Endpoint func() string // where events go
	Site     func() string // our own address, for payment pages; empty: the Host of the request
	Now      func() time.Time
	// Retry is the wait before each further attempt to deliver an event. Default:
	// Stripe's three days, ten thousand times faster.
	Retry []time.Duration
}

// Server is an account at the fake. It is safe for concurrent use.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	client *http.Client

	mu       sync.Mutex
	secrets  []string
	sessions map[string]*Session
	payments map[string]*Payment
	refunds  map[string]*Refund
	books    []Booking
	keys     map[string]*keyed
	faults   []Fault
	events   []Event
	held     bool
	calls    map[string]int // by "METHOD /path", ids as {id}

	sending sync.WaitGroup
	stop    chan struct{}
}

// Session is a Checkout Session.
type Session struct {
	ID, Reference, Payment, Currency string
	Status, PaymentStatus            string
	Name, SuccessURL, CancelURL      string
	Amount                           int64
	Metadata                         map[string]string
	Created, ExpiresAt               time.Time
	page                             string
}

// Payment is a PaymentIntent with its one charge.
type Payment struct {
	ID, Charge, Currency, Status string
	Card                         string
	Amount, Refunded, Fee        int64
	Metadata                     map[string]string
	Created                      time.Time
}

// Refund is a refund of a payment.
type Refund struct {
	ID, Payment, Currency, Status string
	Amount                        int64
	Metadata                      map[string]string
	Created                       time.Time
}

// Booking is a balance transaction. Payment and Metadata are of its source.
type Booking struct {
	ID, Type, Source, Currency string
	Payment                    string
	Metadata                   map[string]string
	Amount, Fee                int64
	Created                    time.Time
}

// New returns a server; it serves HTTP. Close stops its deliveries.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Retry == nil {
		// "Up to three days with an exponential back off" (docs.stripe.com/webhooks#retries).
		for wait := 5 * time.Minute; wait < 36*time.Hour; wait *= 2 {
			c.Retry = append(c.Retry, wait/10_000)
		}
	}
	s := &Server{cfg: c, secrets: c.Secrets, sessions: map[string]*Session{}, payments: map[string]*Payment{}, refunds: map[string]*Refund{},
		keys: map[string]*keyed{}, calls: map[string]int{}, stop: make(chan struct{}), client: &http.Client{Timeout: 10 * time.Second}}
	s.routes()
	return s
}

// Close stops deliveries and waits for those under way.
func (s *Server) Close() {
	close(s.stop)
	s.sending.Wait()
}

// Sessions returns the sessions, oldest first.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Session, 0, len(s.sessions))
	for _, x := range s.sessions {
		s.expire(x)
		out = append(out, *x)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Refunds returns the refunds, oldest first.
func (s *Server) Refunds() []Refund {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Refund, 0, len(s.refunds))
	for _, x := range s.refunds {
		out = append(out, *x)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Charge returns the charge of a payment.
func (s *Server) Charge(payment string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.payments[payment].Charge
}

// Calls returns how often an operation was asked for and answered or cut, as
// "POST /v1/refunds".
func (s *Server) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Balance is what the account holds in a currency, fees taken.
func (s *Server) Balance(currency string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum int64
	for _, b := range s.books {
		if b.Currency == strings.ToLower(currency) {
			sum += b.Amount - b.Fee
		}
	}
	return sum
}

// Book writes a line into the books that no call made, to see whether anybody
// compares them.
func (s *Server) Book(b Booking) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book(b)
}

// Unbook takes the lines of a charge or refund out of the books.
func (s *Server) Unbook(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.books[:0]
	for _, b := range s.books {
		if b.Source != source {
			kept = append(kept, b)
		}
	}
	s.books = kept
}

func (s *Server) book(b Booking) {
	if b.ID == "" {
		b.ID = s.id("txn")
	}
	if b.Created.IsZero() {
		b.Created = s.cfg.Now()
	}
	s.books = append(s.books, b)
}

var counter struct {
	sync.Mutex
	n uint64
}

// id makes an id that sorts by birth.
func (s *Server) id(prefix string) string {
	counter.Lock()
	defer counter.Unlock()
	counter.n++
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	n := counter.n
	return prefix + "_" + strings.ToUpper(hex.EncodeToString([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})) + hex.EncodeToString(b[:])
}
