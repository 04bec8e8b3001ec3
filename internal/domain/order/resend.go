package order

import (
	"context"
	"strconv"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/db"
)

// ForNothing is the payment of an order that replaces goods of another.
const ForNothing = "none"

// Resend makes an order of goods of o that costs nothing and goes the same way
// as o went; the parts name lines and quantities. The goods are reserved in the
// caller's transaction, which has locked o: [stock.ErrSoldOut] when they are
// gone. The same key is the same order.
func (s *Service) Resend(ctx context.Context, tx *db.Tx, o Order, key string, parts []Part) (Order, error) {
	k, known, err := keyOf(ctx, tx, key)
	if err != nil {
		return Order{}, err
	}
	if known {
		return byID(ctx, tx, k.order)
	}
	now := s.now()
	q := o.Quote
	nothing := money.Of(0, o.Total().Currency)
	q.ID, q.Replaces, q.Lines, q.Terms = id.New("quo", now), o.ID, nil, []Term{}
	q.Show, q.Second, q.Source, q.Discounts, q.FeeTable = "", 0, "", nil, "" // it was sold once
	q.Group, q.Tax = nil, nil
	q.Goods, q.Freight, q.Total, q.Slot, q.Capacity, q.ExpiresAt = nothing, nothing, nothing, nil, 0, now
	for _, p := range parts {
		if p.Position < 0 || p.Position >= len(o.Lines) || p.Quantity <= 0 || p.Quantity > o.Lines[p.Position].Quantity {
			return Order{}, ErrItems
		}
		l := o.Lines[p.Position].QuoteLine
		l.Bucket, l.Quantity, l.Unit, l.Total = stock.Stall, p.Quantity, nothing, nothing
		l.Tax = nil
		l.Off, l.Fee, l.Flash, l.Limit, l.Claim, l.Seen = 0, 0, "", 0, "", nil
		q.Lines = append(q.Lines, l)
	}
	if len(q.Lines) == 0 {
		return Order{}, ErrItems
	}
	made := &placing{key: key, hash: key, order: Order{ID: "ord_" + bare(q.ID), Shop: o.Shop, Buyer: o.Buyer, BuyerName: o.BuyerName, BuyerEmail: o.BuyerEmail,
		BuyerPhone: o.BuyerPhone, State: Placed, PayState: Paid, Payment: ForNothing, Quote: q, Consents: []string{}, PlacedAt: now, Version: 1}}
	if q.AtSlot() {
		made.order.Code = handOverCode()
	}
	made.body, made.qhash = bodyOf(q)
	return made.order, s.resend(ctx, tx, made)
}

// resend reserves the goods and writes the order.
func (s *Service) resend(ctx context.Context, tx *db.Tx, made *placing) error {
	want := map[shelfKey]int64{}
	for _, l := range made.order.Quote.Lines {
		want[shelfKey{l.SKU, l.Bucket}] += l.Quantity
	}
	for _, k := range sorted(want) {
		if err := stock.Reserve(ctx, tx, k.sku, k.bucket, want[k]); err != nil {
			return err
		}
	}
	first := int64(-1)
	if err := shop.AskOrderNumbers(ctx, tx, &first, made.order.Shop, 1); err != nil {
		return err
	}
	if first < 0 {
		return shop.ErrNotFound
	}
	made.order.Number = "A-" + strconv.FormatInt(first, 10)
	rows := newRows(1)
	rows.add(made, s.now())
	if err := rows.insert(ctx, tx); err != nil {
		return err
	}
	return s.bus.Publish(ctx, tx, rows.events...)
}
