package claim

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Offer returns what a person holds, for an offer of it to be made, or
// [ErrOver].
func (s *Service) Offer(ctx context.Context, person, claim string) (Claim, error) {
	k, err := mine(ctx, s.DB, person, claim)
	if err == nil && (k.State != Held || !s.Now().Before(k.Until)) {
		err = ErrOver
	}
	return k, err
}

// Asked is what a transaction has locked of a claim and decides by.
type Asked struct {
	person string
	state  string
	pieces int64
	until  int64
}

// Ask locks and reads a claim, into a place that [db.Tx.Flush] fills. Goods are
// asked before claims.
func Ask(ctx context.Context, tx *db.Tx, into *Asked, claim string) error {
	return askClaim(ctx, tx, into, claim)
}

// Fits returns [ErrOver] unless a person can order so many pieces of the claim.
func (a *Asked) Fits(person string, pieces int64, now time.Time) error {
	if a.state != string(Held) || a.person != person || a.pieces != pieces || now.UnixMilli() >= a.until {
		return ErrOver
	}
	return nil
}

// Count remembers that an order was granted the claim, for the next to ask.
func (a *Asked) Count() { a.state = string(Ordered) }

// Order writes what was granted: the line of the order takes over
// what was reserved. After [db.Tx.Together] a refusal may be told by the commit.
func Order(ctx context.Context, tx *db.Tx, claim, person, order, line string, pieces int64) error {
	if err := tx.WriteOne(ctx, ErrOver, orderText, claim, order, person, pieces); err != nil {
		return err
	}
	return stock.Pass(ctx, tx, claim, line, pieces)
}

// Undo says that the order of a claim came to nothing. The goods are back, or
// will be in the same transaction.
func Undo(ctx context.Context, tx *db.Tx, claim, order string) error {
	return setUndone(ctx, tx, claim, order)
}

// OrderAgain takes up the claim of an order that came to nothing and is paid
// late; false when its person has claimed anew what they may have.
func OrderAgain(ctx context.Context, tx *db.Tx, claim, order string) (bool, error) {
	return setOrderedAgain(ctx, tx, claim, order)
}
