package sim_test

import (
	"strconv"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/db"
)

// callOut is a shop that lets viewers claim pieces by comment.
func (h *history) callOut(s *stall) {
	w := claim.Wish{Key: h.key(), SKU: pick(h, s.skus), Keyword: strconv.Itoa(h.r.IntN(3)), Pieces: 1 + h.r.Int64N(3), Hold: time.Duration(1+h.r.IntN(30)) * time.Minute}
	w.PerPerson = 1 + h.r.Int64N(w.Pieces)
	known := ""
	for range 1 + h.r.IntN(5)/4 {
		c, err := h.w.claims.Open(h.ctx, s.shop.ID, showOf(s.shop.ID), w)
		if !h.mind(err, "%d of %s for who writes %s", w.Pieces, w.SKU, w.Keyword) {
			continue
		}
		if known != "" && known != c.ID {
			h.fail("one key, two calls: %s and %s", known, c.ID)
		}
		if known == "" {
			s.calls = append(s.calls, c.ID)
		}
		known = c.ID
	}
}

// endShows closes what is claimed in the shows, as their end does.
func (h *history) endShows() {
	for _, s := range h.stalls {
		h.must(h.w.d.InTx(h.ctx, func(tx *db.Tx) error { return h.w.claims.CloseIn(h.ctx, tx, showOf(s.shop.ID)) }))
	}
}

// comment is a buyer who writes what may be a keyword, and does something with
// what they have then: orders it, lets it go, or forgets it.
func (h *history) comment(s *stall, buyer account.Person) {
	show := showOf(s.shop.ID)
	open, err := h.w.claims.OpenIn(h.ctx, show)
	if !h.mind(err, "%d keywords", len(open)) || len(open) == 0 {
		return
	}
	words := pick(h, open).Keyword + pick(h, []string{"", "", " x2", "*9", "!"})
	err = h.w.d.InTx(h.ctx, func(tx *db.Tx) error {
		_, err := h.w.claims.Hear(h.ctx, tx, []claim.Said{{Comment: "com_" + h.key(), Show: show, Person: buyer.ID, Name: buyer.Name, Text: words, At: h.w.now()}})
		return err
	})
	h.mind(err, "%s writes %q", buyer.ID, words)
	mine, err := h.w.claims.Mine(h.ctx, buyer.ID, show)
	if !h.mind(err, "%s has %d claims", buyer.ID, len(mine)) || len(mine) == 0 {
		return
	}
	k := pick(h, mine)
	switch n := h.r.IntN(10); {
	case n < 2:
		_, err := h.w.claims.Release(h.ctx, buyer.ID, k.ID)
		h.mind(err, "%s lets %s go", buyer.ID, k.ID)
	case n < 8:
		ask := order.Ask{Buyer: buyer.ID, Kind: order.ByParcel, Address: home, Items: []order.Item{{SKU: k.Of.SKU, Quantity: k.Pieces}}, Claim: k.ID}
		if h.chance(40) {
			ask.Kind, ask.Address = order.ByPickup, nil
		}
		got, err := h.w.orders.Quote(h.ctx, ask)
		if !h.mind(err, "%s wants %s, %s", buyer.ID, k.ID, k.State) {
			return
		}
		if o := (offered{s, buyer, got}); h.chance(20) {
			h.offers = append(h.offers, o)
		} else {
			h.take(o)
		}
	}
}
