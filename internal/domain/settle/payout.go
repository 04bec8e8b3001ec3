package settle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Wish is a shop's word that it wants money.
type Wish struct {
	Key    string // Idempotency-Key
	Shop   string
	By     string
	Amount money.Amount
}

// Ask takes an amount off the free money of a shop, for the operator to send. It
// returns [ErrShort] when there is not that much, [ErrNoAccount] when nobody
// knows where it should go and [ErrHeld] when the shop is held. The same key and
// wish are the same payout.
func (s *Service) Ask(ctx context.Context, w Wish) (PayoutOf, error) {
	p, err := s.ask(ctx, w)
	if db.IsUnique(err) { // the same key came twice at once; now it is there to be found
		p, err = s.ask(ctx, w)
	}
	return p, err
}

func (s *Service) ask(ctx context.Context, w Wish) (PayoutOf, error) {
	if w.Amount.Minor <= 0 {
		return PayoutOf{}, ErrAmount
	}
	now := s.Now()
	p := PayoutOf{ID: id.New("pyo", now), Shop: w.Shop, Amount: w.Amount.Minor, Currency: w.Amount.Currency, State: Asked, AskedAt: now, AskedBy: w.By,
		ChangedAt: now, ChangedBy: w.By, Version: 1}
	p.Reference = referenceOf(p.ID)
	key, hash := w.Shop+":"+w.Key, fmt.Sprint(w.Amount)
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		was, is, err := payoutByKey(ctx, tx, key)
		if err != nil || is != "" {
			if p = was; err == nil && is != hash {
				return ErrKeyReused
			}
			return err
		}
		if err := notHeld(ctx, tx, w.Shop); err != nil {
			return err
		}
		if p.Account, err = accountOf(ctx, tx, w.Shop); err != nil {
			return err
		}
		if err := ledger.Require(ctx, tx, ledger.Free(w.Shop), w.Amount); err != nil {
			if errors.Is(err, ledger.ErrShort) {
				return ErrShort
			}
			return err
		}
		if err := insertPayout(ctx, tx, p, key, hash); err != nil {
			return err
		}
		return s.moved(ctx, tx, Payout, p, "payout:"+p.ID, ledger.PayingOut(p.Shop), ledger.Free(p.Shop), p.Amount)
	})
	return p, err
}

// referenceOf is what stands on the transfer: short enough to type.
func referenceOf(payout string) string { return "PO-" + strings.ToUpper(payout[len(payout)-10:]) }

// moved books what goes from one account to another, writes down what it takes
// off the free money, and tells.
func (s *Service) moved(ctx context.Context, tx *db.Tx, kind Kind, p PayoutOf, ref string, from, to ledger.Account, takes int64) error {
	now := s.Now()
	if err := ledger.PostNew(ctx, tx, now, ledger.Journal{Ref: ref, Entries: []ledger.Entry{{From: from, To: to, Amount: money.Of(p.Amount, p.Currency)}}}); err != nil {
		return err
	}
	if takes != 0 {
		if err := insertMoves(ctx, tx, []Move{{Ref: ref, Shop: p.Shop, At: now, Kind: kind, Payout: p.ID, Number: p.Reference, Currency: p.Currency, Paid: takes, Amount: -takes}}); err != nil {
			return err
		}
	}
	return s.tell(ctx, tx, p)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, p PayoutOf) error {
	return s.Bus.Publish(ctx, tx, bus.Event{Topic: TopicPayout, Key: p.ID, Payload: Told{ID: p.ID, Shop: p.Shop, Event: string(p.State), Reason: p.Reason,
		Amount: p.Amount, Currency: p.Currency, At: clock.Millis(s.Now())}.body()})
}

// comesFrom is from where a payout comes to a state by the operator's hand.
var comesFrom = map[PayoutState][]PayoutState{
	Sent:     {Asked},
	Done:     {Sent},
	Held:     {Asked},
	Asked:    {Held},
	Returned: {Asked, Held, Sent, Done},
}

// Set moves a payout to a state: sent when the bank has been told, done when it
// has arrived, held and asked again, returned when the money came back or is not
// sent at all. Held and returned need a reason, which the shop reads. A payout
// that stands there already is left as it is.
func (s *Service) Set(ctx context.Context, payout, by string, to PayoutState, reason string) (PayoutOf, error) {
	reason, err := reasonOf(reason, to == Held || to == Returned)
	if err != nil {
		return PayoutOf{}, err
	}
	var p PayoutOf
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if p, err = payoutByID(ctx, tx, payout); err != nil || p.State == to {
			return err
		}
		if !slices.Contains(comesFrom[to], p.State) {
			return ErrState
		}
		if to == Sent || to == Asked {
			if err := notHeld(ctx, tx, p.Shop); err != nil {
				return err
			}
		}
		return s.set(ctx, tx, &p, by, to, reason)
	})
	return p, err
}

func (s *Service) set(ctx context.Context, tx *db.Tx, p *PayoutOf, by string, to PayoutState, reason string) error {
	from, was := p.State, p.Version
	p.State, p.Reason, p.ChangedAt, p.ChangedBy, p.Version = to, reason, s.Now(), by, was+1
	if err := movePayout(ctx, tx, *p, was); err != nil {
		return err
	}
	switch {
	case to == Sent:
		return s.moved(ctx, tx, Payout, *p, "payout_sent:"+p.ID, ledger.Bank, ledger.PayingOut(p.Shop), 0)
	case to == Returned && (from == Sent || from == Done):
		return s.moved(ctx, tx, PayoutBack, *p, "payout_back:"+p.ID, ledger.Free(p.Shop), ledger.Bank, -p.Amount)
	case to == Returned:
		return s.moved(ctx, tx, PayoutBack, *p, "payout_back:"+p.ID, ledger.Free(p.Shop), ledger.PayingOut(p.Shop), -p.Amount)
	}
	return s.tell(ctx, tx, *p)
}

func reasonOf(s string, needed bool) (string, error) {
	s = text.Lines(s)
	if needed && s == "" || len([]rune(s)) > 1000 {
		return "", ErrReason
	}
	return s, nil
}

// Payouts returns the newest payouts of a shop.
func (s *Service) Payouts(ctx context.Context, shop string) ([]PayoutOf, error) {
	return payoutsIn(ctx, s.DB, shop, false, 100)
}

// Queue returns the payouts of all shops that wait for somebody, or the newest of
// all.
func (s *Service) Queue(ctx context.Context, open bool) ([]PayoutOf, error) {
	return payoutsIn(ctx, s.DB, "", open, 500)
}
