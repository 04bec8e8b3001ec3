package sim_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

// due says when the first of each kind of thing falls due; zero for none.
type due struct {
	jobs, orders, cases, flashes, groups, claims, settles int64 // milliseconds
	open                                                  int64 // orders that a shop has to hand out
}

func (h *history) due() due {
	var d due
	var jobs, unpaid, sent, cases, flashes, groups, over, done, claims, turns, settles sql.NullInt64
	h.must(h.w.d.QueryRowContext(context.Background(), `
		SELECT (SELECT MIN(due_at) FROM job WHERE state <> 'dead'),
			(SELECT MIN(pay_until) FROM orders WHERE state = 'pending_payment'),
			(SELECT MIN(completes_at) FROM orders WHERE completes_at > 0),
			(SELECT MIN(due_at) FROM aftersale_case WHERE due_at > 0),
			(SELECT MIN(ends_at) FROM flash WHERE ended_at = 0),
			(SELECT MIN(ends_at) FROM group_buy WHERE state = 'open'),
			(SELECT MIN(ended_at) FROM group_buy WHERE ended_at > 0 AND settled_at = 0),
			(SELECT MIN(stopped_at) FROM group_offer o WHERE stopped_at > 0 AND closed_at = 0
				AND NOT EXISTS (SELECT 1 FROM group_buy g WHERE g.offer = o.id AND g.settled_at = 0)),
			(SELECT MIN(until_at) FROM claim WHERE state = 'held'),
			(SELECT MIN(k.created_at) FROM claim k JOIN claim_call c ON c.id = k.call AND c.closed_at = 0
				JOIN stock_item i ON i.sku = c.sku AND i.bucket = c.id AND i.on_hand > i.reserved
				WHERE k.state = 'waiting'),
			(SELECT MIN(due_at) FROM settlement WHERE state = 'waiting'),
			(SELECT COUNT(*) FROM orders WHERE shop IN ($1, $2) AND state IN ('placed', 'ready') AND `+free+`)`,
		h.stalls[0].shop.ID, h.stalls[len(h.stalls)-1].shop.ID).Scan(&jobs, &unpaid, &sent, &cases, &flashes, &groups, &over, &done, &claims, &turns, &settles, &d.open))
	d.jobs, d.orders, d.cases, d.flashes, d.settles = jobs.Int64, first(unpaid.Int64, sent.Int64), cases.Int64, flashes.Int64, settles.Int64
	d.claims = first(claims.Int64, turns.Int64)
	d.groups = first(groups.Int64, over.Int64, done.Int64)
	return d
}

// free is an order that waits for no group.
const free = `NOT EXISTS (SELECT 1 FROM group_seat s JOIN group_buy g ON g.code = s.code WHERE s.order_id = orders.id AND g.settled_at = 0)`

// first is the earliest of some instants, of which zero is none.
func first(at ...int64) int64 {
	var least int64
	for _, a := range at {
		if a > 0 && (least == 0 || a < least) {
			least = a
		}
	}
	return least
}

// next is the first of all. A settlement that is overdue waits for a case or a
// hold, which has a clock of its own or somebody who ends it.
func (d due) next(now int64) time.Time {
	if d.settles <= now {
		d.settles = 0
	}
	return clock.Time(first(d.jobs, d.orders, d.cases, d.flashes, d.groups, d.claims, d.settles))
}

// rest lets everything come to its end: nothing fails any more, messages arrive,
// jobs run, people do what they have to and the clocks run out.
func (h *history) rest() {
	h.calm, h.ctx = true, context.Background()
	h.endShows()
	for range 500 {
		if h.broken != "" {
			return
		}
		h.bankEndsAll()
		for _, s := range h.stalls {
			if s.held {
				h.release(s)
			}
		}
		d := h.due()
		if h.runs(d) || h.duties(d) {
			continue
		}
		next := d.next(h.w.clock.Load())
		if next.IsZero() {
			return
		}
		h.w.pass(next.Sub(h.w.now()) + time.Duration(h.r.IntN(3))*time.Hour)
		h.say("until what is due next, and a little")
	}
	h.fail("nothing comes to rest: %+v", h.due())
}

// bankEndsAll delivers what the bank has to say until it has nothing more.
func (h *history) bankEndsAll() {
	b := h.w.bank
	for _, p := range b.pays {
		if p.state == payment.Processing {
			h.bankEnds(p)
		}
	}
	for _, r := range b.backs {
		if r.kind == payment.ToBeGiven {
			h.bankGives(r)
		}
	}
	for len(b.mail) > 0 && h.broken == "" {
		h.post()
	}
}

// runs does what is due at this instant, and reports whether anything was.
func (h *history) runs(d due) bool {
	ctx, w, some := h.ctx, h.w, false
	now := w.clock.Load()
	for _, x := range []struct {
		what string
		at   int64
		run  func(context.Context) (int, error)
	}{
		{"jobs", d.jobs, w.jobs.Drain}, {"orders", d.orders, w.orders.Sweep}, {"cases", d.cases, w.cases.Sweep}, {"flashes", d.flashes, w.promos.Sweep},
		{"groups", d.groups, h.endGroups}, {"claims", d.claims, w.claims.Sweep},
		{"settlements", d.settles, w.settle.Run},
	} {
		if x.at > 0 && x.at <= now {
			n, err := x.run(ctx)
			h.mind(err, "%s that were due: %d", x.what, n)
			some = some || n > 0 || x.at != d.settles
		}
	}
	return some
}

// duties is what people have to do: sellers with paid orders, with transfers and
// with cash that they owe, the operator with refunds that failed. It reports
// whether they had to do anything.
func (h *history) duties(d due) bool {
	ctx, w, some := h.ctx, h.w, false
	for _, o := range h.orders {
		if o.way == transfer.Code {
			some = h.duty(o) || some
		}
	}
	for _, s := range h.stalls {
		if d.open > 0 {
			some = h.handOutAll(s) || some
		}
		if len(h.cases) > 0 {
			owed, err := w.cases.List(ctx, aftersale.Filter{Shop: s.shop.ID, State: aftersale.Owed, After: page.First}, 50)
			h.must(err)
			for _, c := range owed.Items {
				h.step1(c, aftersale.Seller, aftersale.PaidBack)
				some = true
			}
		}
	}
	if !slices.ContainsFunc(w.bank.backs, func(b *back) bool { return b.kind == payment.NotGivenOut }) {
		return some
	}
	failed, err := w.payments.FailedRefunds(ctx)
	h.must(err)
	for _, r := range failed {
		some = true
		if h.mind(w.payments.Settle(ctx, r.ID), "%s settled by hand", r.ID) {
			of := r.Order
			if strings.HasPrefix(r.ID, payment.SurplusPrefix) {
				of = r.ID
			}
			h.byHand[of] += r.Amount.Minor
		}
	}
	return some
}

// duty is a shop that looks at its bank account for an order.
func (h *history) duty(o *bought) bool {
	t, err := h.w.wires.Of(h.ctx, o.id)
	if errors.Is(err, transfer.ErrNotFound) {
		return false
	}
	h.must(err)
	some := false
	if h.wired[o.id] > 0 && !h.found[o.id] {
		h.account(o)
		h.found[o.id], some = true, true
	}
	if t.Owed.Minor > 0 {
		h.sendBack(o)
		some = true
	}
	return some
}

// handOutAll hands out what a shop has been paid for.
func (h *history) handOutAll(s *stall) bool {
	open, err := db.All(h.ctx, h.w.d, func(b *bought) []any { return []any{&b.id, &b.kind} }, `
		SELECT id, fulfilment FROM orders WHERE shop = $1 AND state IN ('placed', 'ready') AND `+free+` ORDER BY id`, s.shop.ID)
	h.must(err)
	for _, o := range open {
		o.stall = s
		h.handOut(&o)
	}
	return len(open) > 0
}

// books are the accounts that all histories of a world share.
type books struct{ clearing, byHand int64 }

func (h *history) balance(a ledger.Account) int64 {
	m, err := ledger.Balance(h.ctx, h.w.d, a)
	h.must(err)
	return m.Minor
}

func (h *history) books() books {
	return books{h.balance(ledger.Clearing("test")), h.balance(ledger.Clearing(payment.ByHand))}
}

// ended is an order as the database has it in the end.
type ended struct {
	id, shop, way, slot, pair string
	state                     order.State
	paid                      order.PayState
	total, refunded           int64
	intent, wanted            string // state of the intent
	captured                  bool
}

// settled holds what came of a history against the bank's books and people's
// memory.
func (h *history) settled() {
	h.payOut()
	h.none("job", `SELECT kind || ' ' || args || ' ' || last_error FROM job`)
	var bank, hand int64
	for _, s := range h.stalls {
		sums := map[ledger.Account]int64{ledger.Escrow(s.shop.ID): 0, ledger.Receivable(s.shop.ID): 0, ledger.Refunds(s.shop.ID): 0,
			ledger.Earned(s.shop.ID): 0, ledger.Own(s.shop.ID): 0, ledger.Free(s.shop.ID): 0, ledger.PayingOut(s.shop.ID): 0, ledger.Cash(s.shop.ID): 0, ledger.Clearing(transfer.Code + ":" + s.shop.ID): 0}
		for _, o := range h.endedOf(s) {
			b, m := h.money(o, sums)
			bank, hand = bank+b, hand+m
		}
		h.paidOut(s, sums)
		for a, want := range sums {
			if got := h.balance(a); got != want {
				h.fail("account %s holds %d, what happened comes to %d", a, got, want)
			}
		}
		h.goodsOf(s)
		h.left(s)
	}
	for _, p := range h.w.bank.twice {
		var gone int64
		for _, r := range h.w.bank.backs {
			switch {
			case !r.ofSurplus() || r.of.intent != p.intent:
			case r.kind == payment.GivenBack:
				gone += r.amount.Minor
			default:
				gone += h.byHand[r.refund]
			}
		}
		if gone != p.amount.Minor {
			h.fail("%s was paid twice, %d of %d went back", p.intent, gone, p.amount.Minor)
		}
	}
	if now := h.books(); now.clearing-h.before.clearing != bank || now.byHand-h.before.byHand != -hand {
		h.fail("the bank holds %d for us, the books say %d; by hand %d, the books say %d", bank, now.clearing-h.before.clearing, hand, h.before.byHand-now.byHand)
	}
}

// left finds what should not be there any more.
func (h *history) left(s *stall) {
	id := s.shop.ID
	h.none("an open case", `
		SELECT id || ' ' || state FROM aftersale_case
		WHERE shop = $1 AND state IN ('requested', 'countered', 'refused', 'escalated', 'returning', 'returned', 'owed')`, id)
	h.none("a refund", `
		SELECT r.id || ' ' || r.state FROM orders o JOIN refund r ON r.order_id = o.id
		WHERE o.shop = $1 AND r.state NOT IN ('done', 'settled')`, id)
	h.none("an order that is not settled", `SELECT order_id FROM settlement WHERE shop = $1 AND state = 'waiting'`, id)
	h.none("a group that has not ended", `
		SELECT g.code || ' ' || g.state FROM group_buy g JOIN group_offer o ON o.id = g.offer
		WHERE o.shop = $1 AND g.settled_at = 0`, id)
	h.none("a claim that is held, or could be", `
		SELECT k.id || ' ' || k.state FROM claim k JOIN claim_call c ON c.id = k.call
		WHERE c.shop = $1 AND (k.state = 'held' OR k.state = 'waiting' AND (c.closed_at > 0
			OR EXISTS (SELECT 1 FROM stock_item i WHERE i.sku = c.sku AND i.bucket = c.id AND i.on_hand > i.reserved)))`, id)
	h.none("goods of an offer that is over", `
		SELECT o.id FROM group_offer o WHERE o.shop = $1 AND o.stopped_at > 0 AND o.closed_at = 0`, id)
	h.none("goods in a bucket that is over", `
		SELECT sku || ' ' || bucket FROM stock_item WHERE shop = $1 AND closed AND (on_hand <> 0 OR reserved <> 0)`, id)
	h.none("a place in a slot that nobody comes to", `
		SELECT u.slot || ' ' || u.used FROM slot_use u
		WHERE u.shop = $1 AND u.used <> (SELECT COUNT(*) FROM orders o WHERE o.shop = u.shop AND o.slot = u.slot AND o.state NOT IN ('cancelled', 'expired'))`, id)
	h.none("what a promotion counts of an order that came to nothing", `
		SELECT u.order_id || ' ' || u.off FROM promotion_use u
		JOIN promotion p ON p.id = u.promotion
		JOIN orders o ON o.id = u.order_id
		WHERE p.shop = $1 AND o.state IN ('cancelled', 'expired')`, id)
	h.none("a piece that was sent although its money had gone back", `
		SELECT x.order_id || ' ' || x.sent FROM (
			SELECT p.order_id, l.position, SUM(l.quantity) AS sent, MAX(p.sent_at) AS last_at
			FROM parcel p JOIN parcel_line l ON l.parcel = p.id
			GROUP BY p.order_id, l.position) x
		JOIN order_line o ON o.order_id = x.order_id AND o.position = x.position
		JOIN orders s ON s.id = x.order_id
		WHERE s.shop = $1 AND x.sent > o.quantity - (
			SELECT COALESCE(SUM(r.quantity - r.came_back), 0) FROM order_refund r
			WHERE r.order_id = x.order_id AND r.position = x.position AND r.created_at < x.last_at)`, id)
	for _, b := range h.buyers {
		h.none("a coupon that an unpaid order holds", `SELECT id || ' ' || order_id FROM coupon WHERE buyer = $1 AND shop = $2 AND state = 'locked'`, b.ID, id)
	}
}

// none fails for every row of a query.
func (h *history) none(what, query string, args ...any) {
	rows, err := db.All(h.ctx, h.w.d, db.Column[string], query, args...)
	h.must(err)
	for _, r := range rows {
		h.fail("%s is left: %s", what, r)
	}
}

func (h *history) endedOf(s *stall) []ended {
	rows, err := db.All(h.ctx, h.w.d, func(o *ended) []any {
		return []any{&o.id, &o.shop, &o.way, &o.slot, &o.state, &o.paid, &o.total, &o.refunded, &o.intent, &o.wanted, &o.captured}
	}, `
		SELECT o.id, o.shop, o.payment, o.slot, o.state, o.pay_state, o.total, o.refunded, COALESCE(i.id, s.intent, ''),
			COALESCE((SELECT g.state FROM payment_intent g WHERE g.id = COALESCE(i.id, s.intent)), ''),
			EXISTS (SELECT 1 FROM capture c WHERE c.intent = COALESCE(i.id, s.intent))
		FROM orders o LEFT JOIN payment_intent i ON i.order_id = o.id LEFT JOIN payment_share s ON s.order_id = o.id
		WHERE o.shop = $1`, s.shop.ID)
	h.must(err)
	return rows
}

// money follows the money of an order and adds it to what the accounts should
// hold. It returns what the bank holds of it and what went back by hand.
func (h *history) money(o ended, sums map[ledger.Account]int64) (bank, hand int64) {
	var came, gone int64
	hand = h.byHand[o.id]
	switch o.way {
	case "test":
		if p := h.w.bank.pay(o.intent); p != nil && p.state == payment.Paid {
			came = o.total
		}
		for _, r := range h.w.bank.backs {
			if r.order == o.id && !r.ofSurplus() && r.kind == payment.GivenBack {
				gone += r.amount.Minor
			}
		}
		bank = came - gone
	case transfer.Code:
		came, gone = h.wired[o.id], h.wiredBack[o.id]
		sums[ledger.Clearing(transfer.Code+":"+o.shop)] += came - gone
	case order.PayAtPickup:
		if o.state == order.Completed {
			came = o.total
		}
		gone = h.cashBack(o.id)
		sums[ledger.Cash(o.shop)] += came - gone
	}
	if o.way != order.PayAtPickup && (came > 0) != o.captured {
		h.fail("order %s: %d came, and we know of it: %v", o.id, came, o.captured)
	}
	if o.wanted == "open" || o.wanted == "failed" || o.wanted == "processing" {
		h.fail("payment %s is still %s", o.intent, o.wanted)
	}
	if gone+hand != o.refunded {
		h.fail("order %s: %d went back and %d by hand, it says %d", o.id, gone, hand, o.refunded)
	}
	want := order.Paid
	switch {
	case o.state == order.Completed:
		h.shares(o, sums)
		if came != o.total {
			h.fail("order %s was handed out for %d of %d", o.id, came, o.total)
		}
	case o.state != order.Cancelled && o.state != order.Expired:
		h.fail("order %s stays %s", o.id, o.state)
	case came != o.refunded:
		h.fail("order %s is %s, %d came and %d went back", o.id, o.state, came, o.refunded)
	default:
		want = order.NoPayment
	}
	if o.refunded > 0 {
		want = order.PartlyRefunded
		if o.refunded == o.total {
			want = order.Refunded
		}
	}
	if o.total > 0 && o.paid != want {
		h.fail("order %s is %s and %s, want %s", o.id, o.state, o.paid, want)
	}
	return bank, hand
}

// cashBack is what was handed back from the till for an order.
func (h *history) cashBack(id string) int64 {
	cases, err := h.w.cases.List(h.ctx, aftersale.Filter{Order: id, After: page.First}, 50)
	h.must(err)
	var sum int64
	for _, c := range cases.Items {
		sum += h.cash[c.ID]
	}
	return sum
}

// goodsOf counts the goods of a shop: what came in is there or was handed out.
func (h *history) goodsOf(s *stall) {
	for _, sku := range s.skus {
		var there, promised, out int64
		err := h.w.d.QueryRowContext(h.ctx, `SELECT SUM(on_hand), SUM(reserved) FROM stock_item WHERE sku = $1`, sku).Scan(&there, &promised)
		err = errors.Join(err, h.w.d.QueryRowContext(h.ctx, `
			SELECT COALESCE(SUM(CASE WHEN o.fulfilment = 'parcel'
				THEN (SELECT COALESCE(SUM(x.quantity), 0) FROM parcel p JOIN parcel_line x ON x.parcel = p.id WHERE p.order_id = o.id AND x.position = l.position)
				ELSE l.quantity END), 0)
			FROM orders o JOIN order_line l ON l.order_id = o.id
			WHERE o.shop = $1 AND o.state = 'completed' AND l.sku = $2`, s.shop.ID, sku).Scan(&out))
		h.must(err)
		if promised != 0 || there != h.landed[sku]-out {
			h.fail("variant %s: %d are there and %d promised, %d came in and %d went out", sku, there, promised, h.landed[sku], out)
		}
	}
}

// sound runs the checker of the product over everything that a world has seen.
func (w *world) sound() error {
	problems, err := app.CheckAt(context.Background(), w.d, w.now())
	if err != nil {
		return err
	}
	for _, p := range problems {
		err = errors.Join(err, fmt.Errorf("%s: %s", p.Invariant, p.Detail))
	}
	return err
}
