package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

// errStumble is a transaction that did not come to its end.
var errStumble = errors.New("the transaction stumbled")

// history is one or two shops, a few buyers and what happens to them, drawn from
// one seed. One thing happens at a time.
type history struct {
	w    *world
	seed uint64
	r    *rand.Rand
	ctx  context.Context // of what is being done
	cut  func()          // ends ctx as soon as the bank has done what it was asked

	rough  int  // how often calls and transactions fail, percent
	calm   bool // nothing fails any more
	sour   bool // mostly about what goes wrong with an order
	loud   bool // keep the trace
	trace  []string
	broken string // what was found wrong first
	keys   int

	stalls  []*stall
	buyers  []account.Person
	offers  []offered
	orders  []*bought
	cases   []string
	payouts []*payout

	landed    map[string]int64 // units that came in or went out by hand, by variant
	restocked map[string]bool  // cases whose goods went on sale again
	wired     map[string]int64 // money on a shop's bank account, by order
	wiredBack map[string]int64
	found     map[string]bool  // in the end, by order
	byHand    map[string]int64 // given back by a person, by order, or by refund of a second payment
	cash      map[string]int64 // handed back from the till, by case
	frozen    map[string]int64 // millionths of a course that were seen when a case was filed
	before    books
}

// stall is a shop with two variants of one product.
type stall struct {
	shop    shop.Shop
	skus    []string
	course  string // a variant that is watched; not among skus
	coupon  string // template
	flashes []string
	groups  []string // offers to groups
	codes   []string // of groups
	calls   []string // for claims
	held    bool

	promotions []string
}

// bought is an order as its buyer remembers it.
type bought struct {
	id    string
	stall *stall
	buyer account.Person
	way   string // of paying
	kind  string
	code  string
	lines int
}

// offered is an offer that its buyer has not taken yet.
type offered struct {
	stall *stall
	buyer account.Person
	order.Offer
}

// begin opens the shops of a history.
func begin(w *world, seed uint64, loud bool) *history {
	h := &history{w: w, seed: seed, loud: loud, r: rand.New(rand.NewPCG(seed, 0x5eed)), ctx: context.Background(),
		landed: map[string]int64{}, restocked: map[string]bool{}, wired: map[string]int64{}, wiredBack: map[string]int64{}, found: map[string]bool{},
		byHand: map[string]int64{}, cash: map[string]int64{}, frozen: map[string]int64{}}
	w.h = h
	w.bank.begin()
	w.clock.Store(morning.UnixMilli())
	h.calm = true
	h.before = h.books()
	for i := range 1 + h.r.IntN(5)/4 {
		s := w.market[seed%uint64(len(w.market))][i]
		h.furnish(&s)
	}
	for i := range 1 + h.r.IntN(3) {
		h.buyers = append(h.buyers, account.Person{ID: fmt.Sprintf("per_%d_%d", seed, i), Name: "Rosa"})
	}
	if h.sour = h.r.IntN(4) == 0; h.sour {
		h.ahead()
	}
	h.calm, h.rough = false, []int{0, 2, 5, 15}[h.r.IntN(4)]
	return h
}

// ahead begins with an order that has been paid, so that there is time for what
// comes after.
func (h *history) ahead() {
	h.want()
	for _, o := range h.orders {
		switch o.way {
		case transfer.Code:
			h.wire(o)
			h.wired[o.id] = h.total(o.id)
			h.account(o)
		case "test":
			h.pay(o)
			h.bankEndsAll()
		}
		for range h.r.IntN(2) {
			h.handOut(o)
		}
	}
}

// furnish draws what a shop has to sell and how it is paid.
func (h *history) furnish(s *stall) {
	w, ctx := h.w, h.ctx
	h.must(w.d.InTx(ctx, func(tx *db.Tx) error {
		for _, sku := range s.skus {
			n := 1 + h.r.Int64N(6)
			h.landed[sku] = n
			if _, err := w.stock.RecordIn(ctx, tx, s.shop.ID, stock.Move{Key: h.key(), SKU: sku, Add: n, Reason: stock.Landed}); err != nil {
				return err
			}
		}
		return nil
	}))
	if h.r.IntN(4) == 0 {
		h.must(w.wires.SetAccount(ctx, s.shop.ID, transfer.Account{Enabled: true, Days: 3, Details: transfer.Details{Holder: "Rosa", Number: "DE00"}}))
	}
	if h.r.IntN(3) == 0 {
		t := promo.Template{Kind: promo.Amount, Off: 300, Quota: 1 + h.r.Int64N(3), PerBuyer: 1, EndsAt: w.now().Add(time.Duration(1+h.r.IntN(72)) * time.Hour)}
		if h.r.IntN(3) == 0 {
			t.Kind, t.Off, t.Cap, t.NewBuyer = promo.Percent, 50, 800, true
		}
		if h.r.IntN(6) == 0 {
			t.Kind, t.Off, t.Cap = promo.Percent, 100, 0
		}
		t, err := w.promos.Create(ctx, s.shop, t)
		h.must(err)
		s.coupon = t.ID
	}
	if h.r.IntN(3) == 0 {
		h.sellToGroups(s)
	}
	if h.r.IntN(4) == 0 {
		h.callOut(s)
	}
	if h.r.IntN(2) == 0 {
		for _, k := range kinds {
			h.promote(s, k)
		}
	}
	h.stalls = append(h.stalls, s)
}

func (h *history) key() string {
	h.keys++
	return fmt.Sprintf("key-%d-%d", h.seed, h.keys)
}

// say keeps a line of the trace.
func (h *history) say(format string, args ...any) {
	if h.loud {
		h.trace = append(h.trace, h.w.now().Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
	}
}

// fail notes what is wrong; the first finding counts, and the history ends. Without
// power, and on a disk that fails, nobody can say what is.
func (h *history) fail(format string, args ...any) {
	if h.broken == "" && !h.w.dark() && !h.ailing(nil) {
		h.broken = fmt.Sprintf(format, args...)
		h.say("BROKEN: %s", h.broken)
	}
}

func (h *history) must(err error) {
	if err != nil {
		h.fail("%v", err)
	}
}

// mind tells a refusal that people are told, or a failure that was arranged,
// from a defect. It reports whether there was no error.
func (h *history) mind(err error, what string, args ...any) bool {
	if h.loud {
		h.say("%s: %v", fmt.Sprintf(what, args...), err)
	}
	if err == nil {
		h.w.told()
		return true
	}
	arranged := errors.Is(err, errLine) || errors.Is(err, errStumble) || errors.Is(err, context.Canceled)
	if h.ailing(err) {
		return false
	}
	if arranged && h.calm || !arranged && errs.KindOf(err) == errs.Internal {
		h.fail("%s: %v", fmt.Sprintf(what, args...), err)
	}
	return false
}

func (h *history) chance(percent int) bool { return h.r.IntN(100) < percent }

func pick[T any](h *history, from []T) T { return from[h.r.IntN(len(from))] }

// line is the fate of a call to the bank: it breaks before the work, after it, or
// not at all. A process that is to be killed dies after the work.
func (h *history) line() (before, after bool) {
	if h.calm {
		return false, false
	}
	if h.cut != nil {
		h.say("  the process dies")
		h.cut()
		h.cut = nil
		return false, false
	}
	n := h.r.IntN(100)
	if n < 2*h.rough {
		h.say("  the line breaks, done: %v", n < h.rough)
	}
	return n >= h.rough && n < 2*h.rough, n < h.rough
}

// lags reports whether the bank does not know yet of money that came at an
// instant.
func (h *history) lags(at time.Time) bool {
	return !h.calm && h.w.now().Sub(at) < 10*time.Minute && h.chance(50)
}

// fate is what becomes of a refund.
func (h *history) fate() payment.Kind {
	switch n := h.r.IntN(10); {
	case n < 6 || h.calm:
		return payment.GivenBack
	case n < 9:
		return payment.ToBeGiven
	}
	return payment.NotGivenOut
}

// copies is how often a message comes.
func (h *history) copies(must bool) int {
	n := []int{0, 0, 1, 1, 1, 1, 1, 2, 2, 3}[h.r.IntN(10)]
	if must {
		n = max(n, 1)
	}
	return n
}

// stumble fails a transaction now and then.
func (h *history) stumble() error {
	if h == nil { // the market is being opened
		return nil
	}
	if !h.calm && h.r.IntN(1000) < 3*h.rough {
		h.say("  the transaction stumbles")
		return errStumble
	}
	return nil
}

// step lets one thing happen.
func (h *history) step() {
	if h.sour && len(h.orders) > 0 && h.chance(60) {
		h.trouble(h.orders[0])
		return
	}
	switch n := h.r.IntN(100); {
	case n < 18 || len(h.orders) == 0 && n < 60:
		h.want()
	case n < 58 && len(h.orders) > 0:
		h.goOn(pick(h, h.orders))
	case n < 70 && len(h.w.bank.mail) > 0:
		h.post()
	case n < 80:
		h.work()
	case n < 88:
		h.wait()
	case n < 93:
		h.sweep()
	case n < 95:
		h.bankDecides()
	case n < 97:
		h.owned(pick(h, h.stalls))
	default:
		h.sell(pick(h, h.stalls))
	}
}

// post delivers a message of the bank, any of them, or one that is a lie.
func (h *history) post() {
	b := h.w.bank
	i, again := h.r.IntN(len(b.mail)), !h.calm && h.chance(10)
	l := b.mail[i]
	if l.fact.Kind == payment.Succeeded && h.chance(5) {
		h.lie(l.fact)
	}
	err := b.deliver(l, header(true))
	h.mind(err, "letter %s: %s %s%s, again: %v", l.fact.Message, l.fact.Kind, l.fact.Intent, l.fact.Refund, again)
	if err == nil {
		h.w.heard(l.fact)
	}
	if errors.Is(err, errStumble) && l.must || h.w.dark() { // the bank sends it until it is taken
		again = true
	}
	if !again {
		b.mail = slices.Delete(b.mail, i, i+1)
	}
}

// lie sends what is not true of a payment: somebody else's words, or a sum that
// nobody asked for.
func (h *history) lie(f payment.Fact) {
	for _, p := range h.w.bank.pays {
		if p.state == payment.Open {
			f.Intent, f.Ref, f.Amount = p.intent, p.ref(), p.amount
		}
	}
	f.Message += "-forged"
	err := h.w.bank.deliver(letter{fact: f}, header(false))
	h.mind(err, "forged letter about %s", f.Intent)
	if !errors.Is(err, payment.ErrSignature) {
		h.fail("a forged message is answered with %v", err)
	}
	f.Message, f.Amount.Minor = f.Message+"-short", f.Amount.Minor-1
	err = h.w.bank.deliver(letter{fact: f}, header(true))
	h.mind(err, "letter about %s with another sum", f.Intent)
	if !errors.Is(err, payment.ErrMismatch) {
		h.fail("a message with another sum is answered with %v", err)
	}
}

// work runs the next job; the process may die in it.
func (h *history) work() {
	if !h.calm && h.r.IntN(200) < h.rough {
		ctx, cancel := context.WithCancel(h.ctx)
		h.ctx, h.cut = ctx, cancel
		defer func() { h.ctx, h.cut = context.Background(), nil }()
		defer cancel()
	}
	some, err := h.w.jobs.Step(h.ctx)
	h.mind(err, "a job, there was one: %v", some)
}

// wait lets time pass: a little, or until just around what is due next.
func (h *history) wait() {
	if next := h.due().next(h.w.clock.Load()); !next.IsZero() && h.chance(60) {
		at := next.Add(time.Duration(h.r.IntN(3)-1) * time.Millisecond)
		if at.After(h.w.now()) {
			h.w.pass(at.Sub(h.w.now()))
			h.say("until what is due next")
			return
		}
	}
	d := []time.Duration{time.Second, time.Minute, 10 * time.Minute, time.Hour, 12 * time.Hour, 72 * time.Hour}[h.r.IntN(6)]
	d += time.Duration(h.r.Int64N(int64(d)))
	h.w.pass(d)
	h.say("later")
}

// sweep lets one of the clocks run out.
func (h *history) sweep() {
	ctx, w := h.ctx, h.w
	switch h.r.IntN(8) {
	case 0, 1:
		n, err := w.orders.Sweep(ctx)
		h.mind(err, "sweep of orders: %d", n)
	case 2:
		n, err := w.cases.Sweep(ctx)
		h.mind(err, "sweep of cases: %d", n)
	case 3:
		n, err := w.promos.Sweep(ctx)
		h.mind(err, "sweep of flashes: %d", n)
	case 4:
		n, err := w.settle.Run(ctx)
		h.mind(err, "settled: %d", n)
	case 5:
		n, err := w.groups.Sweep(ctx)
		h.mind(err, "sweep of groups: %d", n)
	case 6:
		n, err := w.orders.SettleGroups(ctx)
		h.mind(err, "groups settled: %d", n)
	case 7:
		n, err := w.claims.Sweep(ctx)
		h.mind(err, "sweep of claims: %d", n)
	}
}

// bankDecides ends something that the bank was thinking about, or changes its
// mind.
func (h *history) bankDecides() {
	b := h.w.bank
	for _, p := range b.pays {
		switch {
		case p.state == payment.Processing && h.chance(50):
			h.bankEnds(p)
			return
		case p.state == payment.Closed && h.chance(10): // money that was on its way
			h.say("bank takes %s all the same", p.intent)
			b.takes(p)
			return
		case p.state == payment.Paid && h.chance(10):
			h.say("bank takes %s again", p.intent)
			b.takesAgain(p)
			return
		}
	}
	for _, r := range b.backs {
		switch {
		case r.kind == payment.ToBeGiven:
			h.bankGives(r)
			return
		case r.kind == payment.GivenBack && h.chance(10): // the account is closed
			r.kind = payment.NotGivenOut
			h.say("bank has %s back", r.refund)
			b.write(r.fact(), true)
			return
		}
	}
}

func (h *history) bankEnds(p *pay) {
	if h.chance(70) {
		h.say("bank takes %s", p.intent)
		h.w.bank.takes(p)
		return
	}
	h.say("bank declines %s", p.intent)
	h.w.bank.declines(p)
}

func (h *history) bankGives(r *back) {
	r.kind = payment.GivenBack
	if h.chance(20) {
		r.kind = payment.NotGivenOut
	}
	h.say("bank: %s is %s", r.refund, r.kind)
	h.w.bank.write(r.fact(), false)
}
