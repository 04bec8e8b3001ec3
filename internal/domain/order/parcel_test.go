package order_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// courier is a carrier whose numbers are of capital letters.
type courier struct{}

func (courier) Code() string              { return "courier" }
func (courier) Name() text.Local          { return text.Both("Courier", "快递员") }
func (courier) Page(number string) string { return "https://courier.example/" + number }
func (courier) Read(number string) (string, error) {
	if strings.Trim(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", errBadNumber
	}
	return number, nil
}

var errBadNumber = errs.New(errs.Invalid, "test.number", "Not a number of the courier.", "单号不对。")

// pieces puts a product that is sold by the piece on the shelf, n of it.
func (w *world) pieces(n int64) catalog.Product {
	w.t.Helper()
	p, err := w.goods.Create(context.Background(), w.shop, catalog.Form{Title: text.Both("Smoked tin", "罐头"), Measure: catalog.Piece, State: catalog.Live,
		Fields: w.product.Fields, SKUs: []catalog.SKUForm{{PriceMinor: 500}}})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.stock.Record(context.Background(), w.shop.ID, stock.Move{Key: "tins" + p.ID, SKU: p.SKUs[0].ID, Add: n, Reason: stock.Landed}); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// toSend is a paid order that goes by parcel.
func (w *world) toSend(items ...order.Item) order.Order {
	w.t.Helper()
	offer, err := w.offer(order.Ask{Kind: order.ByParcel, Items: items, Address: &account.Address{Name: "Rosa", Line1: "Mill Street 1", City: "Town", Country: "DE"}})
	if err != nil {
		w.t.Fatal(err)
	}
	o, err := w.orders.Place(context.Background(), w.wish(offer, 1, "test"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.goToPay(o)
	if err := w.bankSays("paid-"+o.ID, o, true); err != nil {
		w.t.Fatal(err)
	}
	return w.get(o)
}

// sending is a parcel of so many units of each line.
func (w *world) sending(o order.Order, quantities ...int64) order.Sending {
	s := order.Sending{Key: fmt.Sprint("parcel-", w.keys.Add(1)), Shop: w.shop.ID, Order: o.ID, Carrier: "courier", Number: "ABC"}
	for i, q := range quantities {
		if q > 0 {
			s.Lines = append(s.Lines, order.ParcelLine{Position: i, Quantity: q})
		}
	}
	return s
}

func (w *world) send(s order.Sending) order.Order {
	w.t.Helper()
	o, err := w.orders.Send(context.Background(), s)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// giveBack promises parts of an order back.
func (w *world) giveBack(o order.Order, parts ...order.Part) error {
	return w.d.InTx(context.Background(), func(tx *db.Tx) error {
		locked, err := order.Lock(context.Background(), tx, o.ID)
		if err != nil {
			return err
		}
		return w.orders.GiveBack(context.Background(), tx, &locked, fmt.Sprint("back-", w.keys.Add(1)), order.BySeller, parts)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// lies is how many pieces lie in the stall and how many of them are promised.
func (w *world) lies(p catalog.Product, onHand, reserved int64) {
	w.t.Helper()
	i, err := w.stock.Of(context.Background(), p.SKUs[0].ID, stock.Stall)
	if err != nil || i.OnHand != onHand || i.Reserved != reserved {
		w.t.Errorf("%d on hand, %d promised, %v; want %d and %d", i.OnHand, i.Reserved, err, onHand, reserved)
	}
}

func TestAnOrderGoesInSeveralParcels(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx, tins := t.Context(), w.pieces(10)
		o := w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 3}, order.Item{SKU: w.sku(), Quantity: 1000})
		for name, refused := range map[string]struct {
			of   order.Sending
			want error
		}{
			"more than was bought":  {w.sending(o, 4), order.ErrNotLeft},
			"fewer than none":       {order.Sending{Key: "n", Shop: w.shop.ID, Order: o.ID, Lines: []order.ParcelLine{{Quantity: -1}}}, order.ErrNotLeft},
			"a line twice":          {order.Sending{Key: "t", Shop: w.shop.ID, Order: o.ID, Lines: []order.ParcelLine{{Quantity: 1}, {Quantity: 1}}}, order.ErrNotLeft},
			"a line that is not":    {order.Sending{Key: "x", Shop: w.shop.ID, Order: o.ID, Lines: []order.ParcelLine{{Position: 2, Quantity: 1}}}, order.ErrNotLeft},
			"a line before all":     {order.Sending{Key: "b", Shop: w.shop.ID, Order: o.ID, Lines: []order.ParcelLine{{Position: -1, Quantity: 1}}}, order.ErrNotLeft},
			"an order of another":   {order.Sending{Key: "o", Shop: "shp_other", Order: o.ID}, order.ErrNotFound},
			"with an unknown one":   {order.Sending{Key: "c", Shop: w.shop.ID, Order: o.ID, Carrier: "pigeon"}, order.ErrCarrier},
			"with a number not his": {order.Sending{Key: "d", Shop: w.shop.ID, Order: o.ID, Carrier: "courier", Number: "12"}, errBadNumber},
		} {
			if _, err := w.orders.Send(ctx, refused.of); !errors.Is(err, refused.want) {
				t.Errorf("%s: %v, want %v", name, err, refused.want)
			}
		}
		w.lies(tins, 10, 3)

		first := w.sending(o, 2)
		o = w.send(first)
		if o.State != order.Placed || o.Lines[0].Left() != 1 || o.Lines[1].Left() != 1000 || !o.CompletesAt.IsZero() || !o.Can().Ship || o.Can().Cancel || o.Can().Receive {
			t.Errorf("after two of three: %s, %+v, %+v", o.State, o.Lines, o.Can())
		}
		w.lies(tins, 8, 1)
		again := w.send(first)
		if len(again.Parcels) != 1 {
			t.Errorf("the same key made %d parcels", len(again.Parcels))
		}
		other := first
		other.Number = "XYZ"
		if _, err := w.orders.Send(ctx, other); !errors.Is(err, order.ErrKeyReused) {
			t.Errorf("the same key for another parcel: %v", err)
		}
		if _, err := w.orders.Received(ctx, o.Buyer, o.ID); !errors.Is(err, order.ErrState) {
			t.Errorf("received before all was sent: %v", err)
		}
		for by, who := range map[order.By]string{order.ByBuyer: o.Buyer, order.BySeller: w.shop.ID} {
			if _, err := w.orders.Cancel(ctx, o.ID, by, who, ""); !errors.Is(err, order.ErrPartlySent) {
				t.Errorf("cancelled by the %s: %v", by, err)
			}
		}
		w.sound()

		w.pass(48 * time.Hour)
		if n, err := w.orders.Sweep(ctx); n != 0 || err != nil {
			t.Errorf("%d orders ended by themselves, %v", n, err)
		}
		o, err := w.orders.Ship(ctx, w.shop.ID, o.ID, "T 2")
		w.must(err)
		if o.State != order.Shipped || o.CompletesAt != w.now().Add(order.CompleteAfter) || len(o.Parcels) != 2 {
			t.Errorf("after the rest: %s until %v, %+v", o.State, o.CompletesAt, o.Parcels)
		}
		got := w.get(o)
		if p := got.Parcels[1]; p.Carrier != order.OtherCarrier || p.Number != "T 2" || len(p.Lines) != 2 || p.Lines[0].Quantity != 1 || p.Lines[1] != (order.ParcelLine{Position: 1, Quantity: 1000}) {
			t.Errorf("the rest: %+v", p)
		}
		w.lies(tins, 7, 0)
		if _, err := w.orders.Send(ctx, w.sending(o, 1)); !errors.Is(err, order.ErrState) {
			t.Errorf("once more: %v", err)
		}
		w.sound()
		w.pass(order.CompleteAfter)
		if n, err := w.orders.Sweep(ctx); n != 1 || err != nil {
			t.Fatalf("%d orders ended by themselves, %v", n, err)
		}
		if got := w.get(o); got.State != order.Completed || len(got.Parcels) != 2 {
			t.Errorf("%s, %d parcels", got.State, len(got.Parcels))
		}
		w.sound()
	})
}

func TestClerksWhoSendAtOnceSendAPieceOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		tins := w.pieces(30)
		for round := range 4 {
			o := w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 5})
			same := w.sending(o, 2)
			wishes := []order.Sending{same, same, w.sending(o, 2), w.sending(o, 2), w.sending(o, 2), w.sending(o, 1)}
			failed := make([]error, len(wishes)+2)
			var wg sync.WaitGroup
			start := make(chan struct{})
			go func() { close(start) }()
			for i, s := range wishes {
				wg.Go(func() { <-start; _, failed[i] = w.orders.Send(context.Background(), s) })
			}
			wg.Go(func() { <-start; _, failed[6] = w.orders.Ship(context.Background(), w.shop.ID, o.ID, "") })
			wg.Go(func() {
				<-start
				_, failed[7] = w.orders.Cancel(context.Background(), o.ID, order.ByBuyer, o.Buyer, "")
			})
			wg.Wait()
			for i, err := range failed {
				if err != nil && !errors.Is(err, order.ErrNotLeft) && !errors.Is(err, order.ErrState) && !errors.Is(err, order.ErrPartlySent) {
					t.Errorf("%d: %v", i, err)
				}
			}
			got := w.get(o)
			var sent int64
			for _, p := range got.Parcels {
				sent += p.Lines[0].Quantity
			}
			if want := map[order.State]int64{order.Shipped: 5, order.Cancelled: 0}[got.State]; sent != want || failed[0] != nil && failed[1] == nil && got.State == order.Placed {
				t.Errorf("round %d: %s with %d of 5 sent, %v", round, got.State, sent, failed)
			}
			w.sound()
		}
	})
}

func TestWhatTheMoneyWentBackForIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx, tins := t.Context(), w.pieces(10)
		o := w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 3})
		w.must(w.giveBack(o, order.Part{Quantity: 1, Minor: 500}))
		if _, err := w.orders.Send(ctx, w.sending(o, 3)); !errors.Is(err, order.ErrNotLeft) {
			t.Errorf("three of two: %v", err)
		}
		if o = w.send(w.sending(o, 2)); o.State != order.Shipped {
			t.Errorf("two of two: %s", o.State)
		}
		w.lies(tins, 8, 0) // the third is for sale again
		w.sound()
		if _, err := w.orders.Received(ctx, o.Buyer, o.ID); err != nil {
			t.Fatal(err)
		}
		w.sound()
	})
}

func TestGivingBackTheRestOfAPartlySentOrderSendsItOnItsWay(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx, tins := t.Context(), w.pieces(10)
		o := w.send(w.sending(w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 3}), 2))
		sentAt := w.now()
		w.pass(time.Hour)
		w.must(w.giveBack(o, order.Part{Quantity: 1, Minor: 500}))
		if o = w.get(o); o.State != order.Shipped || o.PayState != order.PartlyRefunded || o.CompletesAt != sentAt.Add(order.CompleteAfter) {
			t.Errorf("%s, %s, until %v", o.State, o.PayState, o.CompletesAt)
		}
		w.lies(tins, 8, 0)
		w.sound()
		w.runJobs()
		if _, err := w.orders.Received(ctx, o.Buyer, o.ID); err != nil {
			t.Fatal(err)
		}
		w.sound()

		all := w.send(w.sending(w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 3}), 1))
		w.must(w.giveBack(all, order.Part{Quantity: 3, Minor: 1500}, order.Part{Position: order.Freight, Minor: 490}))
		if all = w.get(all); all.State != order.Shipped || all.PayState != order.Refunding {
			t.Errorf("all of the money: %s, %s", all.State, all.PayState)
		}
		w.lies(tins, 7, 0)
		w.runJobs()
		w.pass(order.CompleteAfter)
		if _, err := w.orders.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if all = w.get(all); all.State != order.Completed || all.PayState != order.Refunded {
			t.Errorf("in the end: %s, %s", all.State, all.PayState)
		}
		w.sound()
	})
}

func TestWhatCameBackIsNotSentAgainAndTheRestIs(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		tins := w.pieces(10)
		o := w.send(w.sending(w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 3}), 2))
		w.must(w.giveBack(o, order.Part{Quantity: 1, Minor: 500, CameBack: true}))
		if o = w.get(o); o.State != order.Placed || o.Lines[0].Left() != 1 {
			t.Fatalf("%s, %d left", o.State, o.Lines[0].Left())
		}
		w.must(w.giveBack(o, order.Part{Quantity: 2, Minor: 900, CameBack: true})) // one of them cannot have been sent
		if o = w.get(o); o.State != order.Shipped || o.Lines[0].Left() != 0 {
			t.Errorf("%s, %d left", o.State, o.Lines[0].Left())
		}
		w.sound()
	})
}

// Sending a piece made room for another one, as if what came back had been it.
func TestWhatCannotHaveComeBackIsNotSentLater(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		tins := w.pieces(10)
		o := w.send(w.sending(w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 4}), 1))
		w.must(w.giveBack(o, order.Part{Quantity: 3, Minor: 1500, CameBack: true}))
		if o = w.get(o); o.State != order.Placed || o.Lines[0].Left() != 1 {
			t.Fatalf("%s, %d left", o.State, o.Lines[0].Left())
		}
		if o = w.send(w.sending(o, 1)); o.State != order.Shipped || o.Lines[0].Left() != 0 {
			t.Errorf("%s, %d left of one", o.State, o.Lines[0].Left())
		}
		w.lies(tins, 8, 0)
		w.sound()
	})
}

func TestAnOrderOfWhichNothingIsLeftIsCancelled(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx, tins := t.Context(), w.pieces(10)
		o := w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 1})
		w.must(w.giveBack(o, order.Part{Quantity: 1, Minor: 500}))
		if _, err := w.orders.Ship(ctx, w.shop.ID, o.ID, ""); !errors.Is(err, order.ErrNoneLeft) {
			t.Errorf("an empty parcel: %v", err)
		}
		if can := w.get(o).Can(); can.Ship || !can.Cancel {
			t.Errorf("%+v", can)
		}
		if _, err := w.orders.Cancel(ctx, o.ID, order.BySeller, w.shop.ID, ""); err != nil {
			t.Fatal(err)
		}
		w.runJobs()
		if got := w.get(o); got.PayState != order.Refunded || got.Refunded != 990 {
			t.Errorf("%s, %d", got.PayState, got.Refunded)
		}
		w.lies(tins, 10, 0)
		w.sound()
	})
}

func TestANumberIsCorrectedUntilTheParcelHasCome(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		ctx, tins := t.Context(), w.pieces(10)
		o := w.send(w.sending(w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 2}), 1))
		parcel := o.Parcels[0].ID
		for range 2 { // twice is once
			got, err := w.orders.Readdress(ctx, w.shop.ID, o.ID, parcel, "other", "  NEW\u202e 1 ")
			if err != nil || got.Parcels[0].Number != "NEW 1" || got.Parcels[0].Carrier != order.OtherCarrier || w.orders.TrackingPage(got.Parcels[0]) != "" {
				t.Errorf("%+v, %v", got.Parcels, err)
			}
		}
		got := w.get(o)
		if last := got.Events[len(got.Events)-1]; last.Event != "parcel_corrected" || last.Note != "NEW 1" || got.Events[len(got.Events)-2].Event != "parcel_sent" || got.State != order.Placed {
			t.Errorf("%s, %+v", got.State, got.Events)
		}
		if _, err := w.orders.Readdress(ctx, w.shop.ID, o.ID, "par_other", "other", "1"); !errors.Is(err, order.ErrNoParcel) {
			t.Errorf("of no parcel: %v", err)
		}
		if _, err := w.orders.Readdress(ctx, "shp_other", o.ID, parcel, "other", "1"); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("by another shop: %v", err)
		}
		if _, err := w.orders.Readdress(ctx, w.shop.ID, o.ID, parcel, "courier", "javascript:1"); !errors.Is(err, errBadNumber) {
			t.Errorf("to nonsense: %v", err)
		}
		_, err := w.orders.Ship(ctx, w.shop.ID, o.ID, "")
		w.must(err)
		if got, err = w.orders.Readdress(ctx, w.shop.ID, o.ID, parcel, "courier", "AB"); err != nil || got.CompletesAt != w.now().Add(order.CompleteAfter) || w.orders.TrackingPage(got.Parcels[0]) != "https://courier.example/AB" {
			t.Errorf("on its way: %+v, %v", got, err)
		}
		_, err = w.orders.Received(ctx, o.Buyer, o.ID)
		w.must(err)
		if _, err = w.orders.Readdress(ctx, w.shop.ID, o.ID, parcel, "courier", "CD"); !errors.Is(err, order.ErrState) {
			t.Errorf("when it has come: %v", err)
		}
		w.sound()
	})
}

func TestOrdersSentBeforeParcelsKeepTheirNumber(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		tins := w.pieces(10)
		o := w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 2}, order.Item{SKU: w.sku(), Quantity: 1000})
		sentAt := w.now()
		_, err := w.orders.Ship(t.Context(), w.shop.ID, o.ID, "")
		w.must(err)
		for _, sql := range []string{`DELETE FROM parcel`, `DELETE FROM parcel_line`, `UPDATE orders SET tracking = 'OLD 1'`, `UPDATE reservation SET sent = 0`} {
			_, err := d.ExecContext(t.Context(), sql)
			w.must(err)
		}
		text, err := fs.ReadFile(order.Migrations.Files, "migrations/2026112702_parcel.sql")
		w.must(err)
		_, fill, _ := strings.Cut(string(text), "went in one.")
		for sql := range strings.SplitSeq(strings.TrimSpace(fill), ";\n\n") {
			_, err := d.ExecContext(t.Context(), sql)
			w.must(err)
		}
		got := w.get(o)
		if len(got.Parcels) != 1 || got.Parcels[0].Number != "OLD 1" || got.Parcels[0].SentAt != sentAt || got.Lines[0].Left() != 0 || got.Lines[1].Left() != 0 {
			t.Errorf("%+v", got.Parcels)
		}
		w.sound()
	})
}

func TestCheckSeesAParcelThatDidNotLeave(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 10)
		tins := w.pieces(10)
		o := w.send(w.sending(w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 3}), 2))
		for undo, sql := range map[string]string{
			`UPDATE parcel_line SET quantity = 2`:                          `UPDATE parcel_line SET quantity = 3`,
			`UPDATE parcel SET order_id = '` + o.ID + `'`:                  `UPDATE parcel SET order_id = 'ord_gone'`,
			`UPDATE orders SET state = 'placed' WHERE id = '` + o.ID + `'`: `UPDATE orders SET state = 'shipped'`,
		} {
			if strings.Contains(sql, "shipped") { // an order on its way without a parcel
				sql += ` WHERE id = '` + w.toSend(order.Item{SKU: tins.SKUs[0].ID, Quantity: 1}).ID + `'`
				undo = `SELECT 1`
			}
			_, err := d.ExecContext(t.Context(), sql)
			w.must(err)
			problems, err := order.Check(t.Context(), d, w.now())
			w.must(err)
			found := false
			for _, p := range problems {
				found = found || p.Invariant == "I21"
			}
			if !found {
				t.Errorf("after %s: %v", sql, problems)
			}
			_, err = d.ExecContext(t.Context(), undo)
			w.must(err)
		}
	})
}
