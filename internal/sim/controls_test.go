package sim_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/testsupport/race"
)

// A simulator that finds nothing proves nothing until it finds what is there.
// Each control is a world with one defect; want is a part of the
// finding, where there is one way to find it.
var controls = []struct {
	name string
	rig  rig
	want string
}{
	{"a refund is asked for under a new name at every try", rig{provider: func(b *bank) payment.Provider { return &renaming{bank: b} }}, "went back"},
	{"the bank's signature is not looked at", rig{provider: func(b *bank) payment.Provider { return trusting{b} }}, "forged"},
	{"the sum of a message is not looked at", rig{provider: func(b *bank) payment.Provider { return generous{b} }}, "another sum"},
	{"nobody asks the bank", rig{provider: func(b *bank) payment.Provider { return silent{b} }}, "we know of it: false"},
	{"a capture is told twice", rig{listen: tellTwice}, ""},
	{"goods of an order that is over stay promised", onChange("cancelled", "expired", `
		UPDATE reservation SET state = 'released'
		WHERE line IN (SELECT 'lin_' || SUBSTR(order_id, 5) || '_' || position FROM order_line WHERE order_id = $1)`), "promised"},
	{"a coupon stays with an order that is over", onChange("cancelled", "expired", `
		UPDATE coupon SET state = 'locked', order_id = $1
		WHERE state = 'claimed' AND buyer = (SELECT buyer FROM orders WHERE id = $1) AND shop = (SELECT shop FROM orders WHERE id = $1)
			AND ordinal = 1`), "coupon"},
	{"a promotion counts an order that is over", onChange("cancelled", "expired", `
		INSERT INTO promotion_use (order_id, promotion, off)
		SELECT o.id, MIN(p.id), 1
		FROM orders o JOIN promotion p ON p.shop = o.shop
		WHERE o.id = $1
		GROUP BY o.id`), "promotion"},
	{"a promotion forgets an order that stands", onChange("paid", "paid", `DELETE FROM promotion_use WHERE order_id = $1`), "I18"},
	{"a refund is forgotten", onChange("cancelled", "giving_back", `DELETE FROM job WHERE kind = 'payment.refund' AND $1 <> ''`), "refund"},
	{"a journal is lost", onChange("paid", "refunded", `DELETE FROM transfer WHERE ref = 'place:' || $1`), "I8"},
	{"a shop keeps what has been paid out to it", onTopic(settle.TopicPayout, `
		UPDATE ledger_account SET balance = balance - (SELECT amount FROM payout WHERE id = $1)
		WHERE id = 'free:' || (SELECT shop FROM payout WHERE id = $1 AND state = 'asked')`), "account free:"},
	{"a seat stays with an order that is over", onChange("cancelled", "expired", `UPDATE group_seat SET state = 'paid' WHERE order_id = $1`), "I15"},
	{"a group counts somebody who has not paid", onChange("paid", "paid", `
		UPDATE group_buy SET paid = paid + 1
		WHERE state = 'open' AND paid < seats AND code = (SELECT code FROM group_seat WHERE order_id = $1)`), ""},
	{"a step is reached and nobody gets the difference", onChange("group_full", "group_full", `
		INSERT INTO order_refund (key, order_id, position, quantity, amount, created_at, done_at)
		SELECT 'group:' || $1, $1, 0, 0, 1, 1, 1`), ""},
	{"a piece is in two parcels", onChange("parcel_sent", "shipped", `
		UPDATE parcel_line SET quantity = quantity + 1
		WHERE parcel = (SELECT MIN(id) FROM parcel WHERE order_id = $1)`), ""},
	{"a parcel leaves and stays promised", onChange("parcel_sent", "parcel_sent", `
		UPDATE reservation SET sent = sent + 1
		WHERE state = 'held' AND sent < qty AND line = 'lin_' || SUBSTR($1, 5) || '_0'`), ""},
	{"a claim stays with an order that is over", onChange("cancelled", "expired", `
		UPDATE claim SET state = 'ordered' WHERE order_id = $1`), "C3"},
	{"a claim is forgotten by the order that has it", onChange("paid", "paid", `
		UPDATE claim SET state = 'released' WHERE order_id = $1`), "C3"},
	{"one unit is sold twice", onChange("paid", "paid", `
		UPDATE stock_item SET reserved = reserved - 1
		WHERE reserved > 0 AND sku IN (SELECT sku FROM order_line WHERE order_id = $1)`), ""},
}

// within is how many histories may pass before a defect is found.
const within = 5 * aWorld

func TestBrokenControlsAreCaught(t *testing.T) {
	if race.Enabled {
		t.Skip("one goroutine at a time has no races; without their detector this runs in full")
	}
	alone(t)
	// How soon a defect shows is chance; whether it is seen must not be. The histories
	// of a sound world are the ones that every commit chooses anew.
	const seed = 1
	for _, c := range controls {
		t.Run(c.name, func(t *testing.T) {
			found, n := "", 0
			for found == "" && n < within {
				found, n = findIn(t, c.rig, uint64(seed+n), n)
			}
			if found == "" || !strings.Contains(found, c.want) {
				t.Fatalf("not caught in %d histories from seed %d: %q", n, seed, found)
			}
			first, _, _ := strings.Cut(found, "\n")
			t.Logf("caught in history %d: %s", n, first)
		})
	}
}

// findIn lives through one world and returns the first finding.
func findIn(t *testing.T, r rig, seed uint64, n int) (string, int) {
	t.Helper()
	w := newWorld(t, r)
	defer func() { _ = w.end() }()
	for i := range aWorld {
		if h := live(t, w, seed+uint64(i), false, newTally()); h.broken != "" {
			return h.broken, n + i + 1
		}
	}
	if err := w.sound(); err != nil {
		return err.Error(), n + aWorld
	}
	return "", n + aWorld
}

// renaming gives every request for a refund a name of its own.
type renaming struct {
	*bank
	n int
}

func (p *renaming) Refund(ctx context.Context, r payment.Refund, captured string) (payment.Fact, error) {
	p.n++
	r.ID = fmt.Sprintf("%s-%d", r.ID, p.n)
	return p.bank.Refund(ctx, r, captured)
}

// trusting believes everybody.
type trusting struct{ *bank }

func (p trusting) Read(ctx context.Context, _ http.Header, body []byte, now time.Time) (payment.Fact, error) {
	return p.bank.Read(ctx, header(true), body, now)
}

// generous reads the sum that was asked for.
type generous struct{ *bank }

func (p generous) Read(ctx context.Context, header http.Header, body []byte, now time.Time) (payment.Fact, error) {
	f, err := p.bank.Read(ctx, header, body, now)
	if of := p.pay(f.Intent); of != nil {
		f.Amount = of.amount
	}
	return f, err
}

// silent answers nothing, and its messages get lost.
type silent struct{ *bank }

func (p silent) Query(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	_, err := p.bank.Query(ctx, in)
	return payment.Fact{}, err
}

func (p silent) Close(ctx context.Context, in payment.Intent) (payment.Fact, error) {
	_, err := p.bank.Close(ctx, in)
	return payment.Fact{}, err
}

// tellTwice publishes each capture once more.
func tellTwice(b *bus.Bus) {
	told := map[string]bool{}
	b.Inline(payment.Captured, func(ctx context.Context, tx *db.Tx, e bus.Event) error {
		if told[e.Key] {
			return nil
		}
		told[e.Key] = true
		return b.Publish(ctx, tx, bus.Event{Topic: e.Topic, Key: e.Key, Payload: e.Payload})
	})
}

// onTopic runs a statement in the transaction of an event, whose key it gets.
func onTopic(topic, statement string) rig {
	return rig{listen: func(b *bus.Bus) {
		b.Inline(topic, func(ctx context.Context, tx *db.Tx, e bus.Event) error {
			_, err := tx.ExecContext(ctx, statement, e.Key)
			return err
		})
	}}
}

// onChange runs a statement in the transaction in which one of two things happens
// to an order, whose id it gets.
func onChange(one, other, statement string) rig {
	return rig{listen: func(b *bus.Bus) {
		b.Inline(order.TopicChanged, func(ctx context.Context, tx *db.Tx, e bus.Event) error {
			t, err := bus.Decode[order.Told](e)
			if err != nil || t.Event != one && t.Event != other {
				return err
			}
			_, err = tx.ExecContext(ctx, statement, e.Key)
			return err
		})
	}}
}
