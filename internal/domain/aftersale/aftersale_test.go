package aftersale_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

func TestOneBadPieceOfThreeGoesBackAsItsShare(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(3, 1)
		c := w.file(o, units(aftersale.Refund, 1))
		if c.Replay != "/shows/shw_1?t=55" || c.State != aftersale.Requested || c.Ask.Worth != 999 || !c.DueAt.Equal(w.now().Add(aftersale.SellerAnswers)) {
			t.Errorf("filed %+v", c)
		}
		w.mustAct(c, aftersale.Seller, aftersale.Agree)
		w.stands(c, aftersale.Granted, 999)
		if got := w.get(o); got.PayState != order.PartlyRefunded || got.Refunded != 0 {
			t.Errorf("order is %s with %d gone before the provider answered", got.PayState, got.Refunded)
		}
		w.runJobs()
		if got := w.get(o); got.PayState != order.PartlyRefunded || got.Refunded != 999 || got.State != order.Completed {
			t.Errorf("order is %s, %s with %d gone", got.State, got.PayState, got.Refunded)
		}
		if earned := w.balance(ledger.Earned(w.shop.ID)); earned != -(o.Total().Minor - 999) {
			t.Errorf("the shop has earned %d", -earned)
		}
		w.sound()
	})
}

func TestFreightGoesBackWithTheLastOfTheGoods(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(2)
		first := w.mustAct(w.file(o, units(aftersale.Refund, 1)), aftersale.Seller, aftersale.Agree)
		second := w.file(o, units(aftersale.Refund, 1))
		if !second.Ask.Freight || second.Ask.Worth != 999+490 {
			t.Errorf("the rest is worth %d, freight %v", second.Ask.Worth, second.Ask.Freight)
		}
		w.mustAct(second, aftersale.Seller, aftersale.Agree)
		w.runJobs()
		if got := w.get(o); got.PayState != order.Refunded || got.Refunded != got.Total().Minor {
			t.Errorf("order is %s with %d gone", got.PayState, got.Refunded)
		}
		if _, err := w.cases.File(t.Context(), w.request(o, units(aftersale.Refund, 1))); !errors.Is(err, order.ErrNothingLeft) {
			t.Errorf("a third case: %v", err)
		}
		w.stands(first, aftersale.Granted, 999)
		w.sound()
	})
}

func TestSellerAddsTheFreight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.file(w.received(3), units(aftersale.Refund, 1))
		w.mustAct(c, aftersale.Seller, aftersale.Agree, func(m *aftersale.Move) { m.Freight = true })
		w.stands(c, aftersale.Granted, 999+490)
		w.sound()
	})
}

func TestSilenceOfTheSellerGrants(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.file(w.received(3), units(aftersale.Refund, 2))
		w.pass(aftersale.SellerAnswers - time.Second)
		if n := w.sweep(); n != 0 {
			t.Fatalf("%d cases ran out a second early", n)
		}
		w.pass(time.Second)
		if n := w.sweep(); n != 1 {
			t.Fatalf("%d cases ran out", n)
		}
		w.stands(c, aftersale.Granted, 1998)
		w.sound()
	})
}

func TestSilenceOfTheBuyerToAProposalCloses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(3)
		c := w.mustAct(w.file(o, units(aftersale.Refund, 2)), aftersale.Seller, aftersale.Counter, with(part(300)))
		w.pass(aftersale.BuyerAnswers)
		w.sweep()
		w.stands(c, aftersale.Closed, 0)
		w.file(o, units(aftersale.Refund, 1)) // the line is free again
		w.sound()
	})
}

func TestProposalsGoBackAndForthUntilOneIsAccepted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.file(w.received(3), units(aftersale.Return, 2))
		c = w.mustAct(c, aftersale.Seller, aftersale.Counter, with(part(300)))
		c = w.mustAct(c, aftersale.Buyer, aftersale.Counter, with(part(600)))
		c = w.mustAct(c, aftersale.Seller, aftersale.Counter, with(part(450)))
		c = w.mustAct(c, aftersale.Buyer, aftersale.Accept)
		w.stands(c, aftersale.Granted, 450)
		if c.Agreed == nil || c.Agreed.Kind != aftersale.Difference {
			t.Errorf("settled on %+v", c.Agreed)
		}
		w.sound()
	})
}

func TestOperatorDecidesWhatTheSellerRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(3, 2)
		for _, tt := range []struct {
			event aftersale.Event
			want  aftersale.State
			given int64
			ask   aftersale.Deal
		}{
			{aftersale.Uphold, aftersale.Granted, 1000, aftersale.Deal{Kind: aftersale.Refund, Lines: []aftersale.DealLine{{Position: 1, Quantity: 1}}}},
			{aftersale.Dismiss, aftersale.Denied, 0, units(aftersale.Refund, 1)},
		} {
			c := w.mustAct(w.file(o, tt.ask), aftersale.Seller, aftersale.Refuse, func(m *aftersale.Move) { m.Note = "It left us whole." })
			if _, err := w.act(c, aftersale.Operator, tt.event); !errors.Is(err, aftersale.ErrStep) {
				t.Errorf("the operator decides unasked: %v", err)
			}
			c = w.mustAct(c, aftersale.Buyer, aftersale.Escalate)
			if _, err := w.act(c, aftersale.Operator, tt.event, func(m *aftersale.Move) { m.Note = " " }); !errors.Is(err, aftersale.ErrNote) {
				t.Errorf("a decision without a reason: %v", err)
			}
			w.mustAct(c, aftersale.Operator, tt.event, func(m *aftersale.Move) { m.Note = "The picture shows it." })
			w.stands(c, tt.want, tt.given)
		}
		if _, err := w.cases.File(t.Context(), w.request(o, units(aftersale.Refund, 2))); !errors.Is(err, aftersale.ErrDecided) {
			t.Errorf("what was decided is asked again: %v", err)
		}
		w.sound()
	})
}

func TestReturnedGoodsGoBackOnSaleWhenTheSellerSaysSo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(3)
		was := w.available(0)
		c := w.mustAct(w.file(o, units(aftersale.Return, 2)), aftersale.Seller, aftersale.Agree)
		w.stands(c, aftersale.Returning, 0)
		c = w.mustAct(c, aftersale.Buyer, aftersale.Sent, func(m *aftersale.Move) { m.Tracking = "BACK-1" })
		c = w.mustAct(c, aftersale.Seller, aftersale.Received, func(m *aftersale.Move) { m.Restock = true })
		if got := w.stands(c, aftersale.Granted, 1998); got.Tracking != "BACK-1" {
			t.Errorf("tracking %q", got.Tracking)
		}
		if got := w.available(0); got != was+2 {
			t.Errorf("%d on sale, want %d", got, was+2)
		}
		w.sound()
	})
}

func TestGoodsBroughtToTheStallNeedNoParcel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.mustAct(w.file(w.received(3), units(aftersale.Return, 1)), aftersale.Seller, aftersale.Agree)
		was := w.available(0)
		w.mustAct(c, aftersale.Seller, aftersale.Received)
		w.stands(c, aftersale.Granted, 999)
		if w.available(0) != was {
			t.Error("written off, and on sale nevertheless")
		}
		w.sound()
	})
}

func TestClocksOfAReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		never := w.mustAct(w.file(w.received(1), units(aftersale.Return, 1)), aftersale.Seller, aftersale.Agree)
		sent := w.mustAct(w.file(w.received(1), units(aftersale.Return, 1)), aftersale.Seller, aftersale.Agree)
		sent = w.mustAct(sent, aftersale.Buyer, aftersale.Sent)
		w.pass(aftersale.SellerConfirms)
		w.sweep()
		w.stands(sent, aftersale.Granted, 999+490)
		w.stands(never, aftersale.Returning, 0)
		w.pass(aftersale.BuyerSends - aftersale.SellerConfirms)
		w.sweep()
		w.stands(never, aftersale.Closed, 0)
		w.sound()
	})
}

func TestWhatCameBackCanBeContested(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.file(w.received(2), units(aftersale.Return, 1))
		c = w.mustAct(c, aftersale.Seller, aftersale.Agree)
		c = w.mustAct(c, aftersale.Buyer, aftersale.Sent)
		c = w.mustAct(c, aftersale.Seller, aftersale.Contest)
		c = w.mustAct(c, aftersale.Operator, aftersale.Uphold)
		w.stands(c, aftersale.Granted, 999) // not sent back a second time
		w.sound()
	})
}

func TestResendIsAnOrderForNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(3)
		was := w.available(0)
		c := w.mustAct(w.file(o, units(aftersale.Resend, 2)), aftersale.Seller, aftersale.Agree)
		if c.State != aftersale.Granted || c.Replacement == "" || w.available(0) != was-2 {
			t.Fatalf("%s, replacement %q, %d of %d available", c.State, c.Replacement, w.available(0), was)
		}
		again, err := w.orders.Get(t.Context(), o.Buyer, c.Replacement)
		w.must(err)
		if again.Total().Minor != 0 || again.Quote.Replaces != o.ID || again.Lines[0].Quantity != 2 || again.Quote.Address == nil || !again.Can().Ship {
			t.Errorf("replacement %+v", again)
		}
		_, err = w.orders.Ship(t.Context(), w.shop.ID, again.ID, "T2")
		w.must(err)
		w.pass(order.CompleteAfter)
		_, err = w.orders.Sweep(t.Context())
		w.must(err)
		if again = w.get(again); again.State != order.Completed {
			t.Errorf("the replacement is %s", again.State)
		}
		w.sound()
	})
}

func TestExchangeSendsAgainWhenTheOldGoodsAreBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.mustAct(w.file(w.received(1), units(aftersale.Exchange, 1)), aftersale.Seller, aftersale.Agree)
		c = w.mustAct(c, aftersale.Buyer, aftersale.Sent)
		c = w.mustAct(c, aftersale.Seller, aftersale.Received, func(m *aftersale.Move) { m.Restock = true })
		if w.stands(c, aftersale.Granted, 0).Replacement == "" {
			t.Error("nothing was sent again")
		}
		w.sound()
	})
}

func TestMoneyComesInsteadOfGoodsThatAreGone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(1, 1)
		c := w.file(o, units(aftersale.Resend, 1))
		w.order("test", w.available(0)) // the last ones
		if _, err := w.act(c, aftersale.Seller, aftersale.Agree); err == nil {
			t.Fatal("goods that are gone were promised")
		}
		w.pass(aftersale.SellerAnswers)
		w.sweep()
		w.stands(c, aftersale.Granted, 999)
		w.sound()
	})
}

func TestCashIsOwedUntilItIsHandedBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.order(order.PayAtPickup, 3)
		if _, err := w.cases.File(t.Context(), w.request(o, units(aftersale.Refund, 1))); !errors.Is(err, aftersale.ErrNotYet) {
			t.Errorf("money back before any came: %v", err)
		}
		o, err := w.orders.HandOver(t.Context(), w.shop.ID, o.ID, o.Code)
		w.must(err)
		c := w.mustAct(w.file(o, units(aftersale.Refund, 1)), aftersale.Seller, aftersale.Agree)
		w.stands(c, aftersale.Owed, 999)
		w.pass(90 * 24 * time.Hour)
		w.sweep()
		w.mustAct(c, aftersale.Seller, aftersale.PaidBack)
		w.stands(c, aftersale.Granted, 999)
		if cash := w.balance(ledger.Cash(w.shop.ID)); cash != o.Total().Minor-999 {
			t.Errorf("%d in the till", cash)
		}
		if got := w.get(o); got.Refunded != 999 || got.PayState != order.PartlyRefunded {
			t.Errorf("order is %s with %d gone", got.PayState, got.Refunded)
		}
		w.sound()
	})
}

func TestShopGivesBackOnItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(3)
		g := aftersale.Gift{Key: w.key(), Shop: w.shop.ID, Order: o.ID, Note: "The price fell.", Deal: part(200)}
		c, err := w.cases.Give(t.Context(), g)
		w.must(err)
		again, err := w.cases.Give(t.Context(), g)
		w.must(err)
		if again.ID != c.ID {
			t.Error("the same gift twice")
		}
		w.stands(c, aftersale.Granted, 200)
		g.Key, g.Deal = w.key(), part(3*999-200+1)
		if _, err := w.cases.Give(t.Context(), g); !errors.Is(err, aftersale.ErrDeal) {
			t.Errorf("more than is left: %v", err)
		}
		// A unit is worth less by what went back of the price.
		if c := w.file(o, units(aftersale.Refund, 3)); c.Ask.Worth != 3*999-200+490 {
			t.Errorf("all units are worth %d", c.Ask.Worth)
		}
		w.sound()
	})
}

func TestCaseBeforeSendingTakesFromEscrow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.order("test", 3)
		c := w.mustAct(w.file(o, part(500)), aftersale.Seller, aftersale.Agree)
		w.stands(c, aftersale.Granted, 500)
		_, err := w.orders.Ship(t.Context(), w.shop.ID, o.ID, "")
		w.must(err)
		_, err = w.orders.Received(t.Context(), o.Buyer, o.ID)
		w.must(err)
		if escrow := w.balance(ledger.Escrow(w.shop.ID)); escrow != 0 {
			t.Errorf("%d stay in escrow", escrow)
		}
		w.sound()
	})
}

func TestCancellingGivesBackOnlyWhatIsLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.order("test", 3)
		w.mustAct(w.file(o, part(500)), aftersale.Seller, aftersale.Agree)
		open := w.file(o, part(100))
		_, err := w.orders.Cancel(t.Context(), o.ID, order.ByBuyer, o.Buyer, "")
		w.must(err)
		w.stands(open, aftersale.Closed, 0)
		w.runJobs()
		if got := w.get(o); got.PayState != order.Refunded || got.Refunded != o.Total().Minor || got.State != order.Cancelled {
			t.Errorf("order is %s, %s with %d gone", got.State, got.PayState, got.Refunded)
		}
		w.sound()
	})
}

func TestAllMoneyBackBeforeSendingCancelsTheOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		was := w.available(0)
		o := w.order("test", 3)
		c := w.mustAct(w.file(o, units(aftersale.Refund, 3)), aftersale.Seller, aftersale.Agree)
		w.stands(c, aftersale.Granted, o.Total().Minor)
		if got := w.get(o); got.State != order.Cancelled || w.available(0) != was {
			t.Errorf("order is %s, %d of %d available", got.State, w.available(0), was)
		}
		w.sound()
	})
}

func TestWhatCannotBeAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(2)
		file := func(change func(*aftersale.Request)) error {
			r := w.request(o, units(aftersale.Refund, 1))
			change(&r)
			_, err := w.cases.File(t.Context(), r)
			return err
		}
		for _, tt := range []struct {
			name   string
			change func(*aftersale.Request)
			want   error
		}{
			{"more than was bought", func(r *aftersale.Request) { r.Ask = units(aftersale.Refund, 3) }, aftersale.ErrDeal},
			{"another's line", func(r *aftersale.Request) { r.Ask.Lines[0].Position = 1 }, aftersale.ErrDeal},
			{"a line below the first", func(r *aftersale.Request) { r.Ask.Lines[0].Position = -1 }, aftersale.ErrDeal},
			{"one line twice", func(r *aftersale.Request) { r.Ask.Lines = append(r.Ask.Lines, r.Ask.Lines[0]) }, aftersale.ErrDeal},
			{"less than nothing", func(r *aftersale.Request) { r.Ask.Lines[0].Quantity = -1 }, aftersale.ErrDeal},
			{"more than the price", func(r *aftersale.Request) { r.Ask = part(2*999 + 1) }, aftersale.ErrDeal},
			{"nothing", func(r *aftersale.Request) { r.Ask.Lines = nil }, aftersale.ErrDeal},
			{"another kind", func(r *aftersale.Request) { r.Ask.Kind = "gift" }, aftersale.ErrDeal},
			{"no reason", func(r *aftersale.Request) { r.Reason = "from_seller" }, aftersale.ErrReason},
			{"another's order", func(r *aftersale.Request) { r.Buyer = "per_mallory" }, order.ErrNotFound},
			{"another's photo", func(r *aftersale.Request) { r.Photos = []string{"img_of_per_mallory"} }, aftersale.ErrPhotos},
			{"a novel", func(r *aftersale.Request) { r.Words = string(make([]rune, 1001)) }, aftersale.ErrWords},
		} {
			if err := file(tt.change); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		w.pass(aftersale.Window + time.Second)
		if err := file(func(*aftersale.Request) {}); !errors.Is(err, aftersale.ErrTooLate) {
			t.Errorf("after the window: %v", err)
		}
		w.sound()
	})
}

func TestRepeatedRequestsAreOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.request(w.received(2), units(aftersale.Refund, 1))
		first, err := w.cases.File(t.Context(), r)
		w.must(err)
		again, err := w.cases.File(t.Context(), r)
		w.must(err)
		if again.ID != first.ID {
			t.Error("filed twice")
		}
		r.Ask = units(aftersale.Refund, 2)
		if _, err := w.cases.File(t.Context(), r); !errors.Is(err, aftersale.ErrKeyReused) {
			t.Errorf("another request under the same key: %v", err)
		}
		r.Key = w.key()
		if _, err := w.cases.File(t.Context(), r); !errors.Is(err, aftersale.ErrOpenCase) {
			t.Errorf("a second case about one line: %v", err)
		}
		same := func(m *aftersale.Move) { m.Key = "once" }
		w.mustAct(first, aftersale.Seller, aftersale.Agree, same)
		w.mustAct(first, aftersale.Seller, aftersale.Agree, same)
		if _, err := w.act(first, aftersale.Seller, aftersale.Refuse, same); !errors.Is(err, aftersale.ErrKeyReused) {
			t.Errorf("another step under the same key: %v", err)
		}
		w.stands(first, aftersale.Granted, 999)
		w.sound()
	})
}

func TestNobodyDecidesOnWhatTheyHaveNotSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.file(w.received(2), units(aftersale.Refund, 1))
		c = w.mustAct(c, aftersale.Seller, aftersale.Counter, with(part(100)))
		old := c
		w.mustAct(c, aftersale.Buyer, aftersale.Counter, with(part(1500)))
		if _, err := w.act(old, aftersale.Seller, aftersale.Agree); !errors.Is(err, aftersale.ErrStale) {
			t.Errorf("the shop agreed to what it has not seen: %v", err)
		}
		for _, m := range []aftersale.Move{
			{By: aftersale.Buyer, Owner: "per_mallory", Event: aftersale.Withdraw},
			{By: aftersale.Seller, Owner: "shp_other", Event: aftersale.Agree},
			{By: aftersale.System, Event: aftersale.Silence},
		} {
			m.Case, m.Key, m.Seen = c.ID, w.key(), 3
			if _, err := w.cases.Act(t.Context(), m); !errors.Is(err, aftersale.ErrNotFound) {
				t.Errorf("%s by a stranger: %v", m.Event, err)
			}
		}
		w.sound()
	})
}

func TestNoMoneyBeyondTheOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.received(2)
		err := w.d.InTx(t.Context(), func(tx *db.Tx) error {
			o, err := order.Lock(t.Context(), tx, o.ID)
			if err != nil {
				return err
			}
			return w.orders.GiveBack(t.Context(), tx, &o, "k", order.BySeller, []order.Part{{Position: 0, Minor: 2*999 + 1}})
		})
		if !errors.Is(err, payment.ErrTooMuch) {
			t.Errorf("more than the line: %v", err)
		}
		w.sound()
	})
}

func TestTheQueueOfAShopBeginsWithWhatRunsOutFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		late := w.file(w.received(1), units(aftersale.Refund, 1))
		w.pass(time.Hour)
		soon := w.file(w.received(1), units(aftersale.Return, 1))
		w.pass(time.Hour)
		theirs := w.mustAct(w.file(w.received(1), units(aftersale.Refund, 1)), aftersale.Seller, aftersale.Counter, with(part(10)))
		w.pass(time.Hour)
		asked := w.mustAct(w.file(w.received(1), units(aftersale.Refund, 1)), aftersale.Seller, aftersale.Refuse)
		asked = w.mustAct(asked, aftersale.Buyer, aftersale.Escalate)
		w.pass(time.Hour)
		done := w.mustAct(w.file(w.received(1), units(aftersale.Refund, 1)), aftersale.Seller, aftersale.Agree)
		ids := func(cs []aftersale.Case, err error) (out []string) {
			t.Helper()
			w.must(err)
			for _, c := range cs {
				out = append(out, c.ID)
			}
			return out
		}
		same := func(what string, got []string, want ...aftersale.Case) {
			t.Helper()
			if wanted := ids(want, nil); !slices.Equal(got, wanted) {
				t.Errorf("%s: %v, want %v", what, got, wanted)
			}
		}
		same("the shop's", ids(w.cases.Queue(t.Context(), w.shop.ID, 10)), late, soon, theirs, asked)
		same("the operator's", ids(w.cases.Queue(t.Context(), "", 10)), asked)
		all, err := w.cases.List(t.Context(), aftersale.Filter{Shop: w.shop.ID, After: page.First}, 2)
		same("the newest", ids(all.Items, err), done, asked)
		mine, err := w.cases.List(t.Context(), aftersale.Filter{Buyer: "per_rosa", Order: soon.Order, Open: true, After: page.First}, 9)
		same("of one order", ids(mine.Items, err), soon)
		if n, err := w.cases.Waiting(t.Context(), w.shop.ID); err != nil || n != 2 {
			t.Errorf("%d wait, %v", n, err)
		}
		if needed, err := w.cases.NeedsReplay(t.Context(), "shw_1"); err != nil || !needed {
			t.Errorf("the recording of an open case: %v, %v", needed, err)
		}
		if _, err := w.cases.GetForShop(t.Context(), "shp_other", late.ID); !errors.Is(err, aftersale.ErrNotFound) {
			t.Errorf("another shop reads it: %v", err)
		}
		if _, err := w.cases.Get(t.Context(), "per_mallory", late.ID); !errors.Is(err, aftersale.ErrNotFound) {
			t.Errorf("another buyer reads it: %v", err)
		}
	})
}

func TestAPartlySentOrderIsSettledPieceByPiece(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		partly := func() order.Order {
			t.Helper()
			o := w.order("test", 3)
			o, err := w.orders.Send(ctx, order.Sending{Key: w.key(), Shop: w.shop.ID, Order: o.ID, Lines: []order.ParcelLine{{Quantity: 2}}})
			w.must(err)
			return o
		}
		// One that was sent comes back: the third is still to be sent.
		o := partly()
		c := w.mustAct(w.file(o, units(aftersale.Return, 1)), aftersale.Seller, aftersale.Agree)
		c = w.mustAct(c, aftersale.Buyer, aftersale.Sent, func(m *aftersale.Move) { m.Tracking = "BACK-1" })
		w.mustAct(c, aftersale.Seller, aftersale.Received)
		if o = w.get(o); o.State != order.Placed || o.Lines[0].Left() != 1 || o.PayState != order.PartlyRefunded {
			t.Errorf("after the return: %s, %s, %d left", o.State, o.PayState, o.Lines[0].Left())
		}
		o, err := w.orders.Ship(ctx, w.shop.ID, o.ID, "")
		w.must(err)
		if o.State != order.Shipped || o.Parcels[1].Lines[0].Quantity != 1 {
			t.Errorf("the rest: %s, %+v", o.State, o.Parcels)
		}
		// The third will not come: its money goes back, and nothing more is sent.
		o = partly()
		w.mustAct(w.file(o, units(aftersale.Refund, 1)), aftersale.Seller, aftersale.Agree)
		if o = w.get(o); o.State != order.Shipped || len(o.Parcels) != 1 {
			t.Errorf("after the refund: %s, %d parcels", o.State, len(o.Parcels))
		}
		// A part of the price takes nothing away.
		o = partly()
		w.mustAct(w.file(o, part(100)), aftersale.Seller, aftersale.Agree)
		if o = w.get(o); o.State != order.Placed || o.Lines[0].Left() != 1 {
			t.Errorf("after a difference: %s, %d left", o.State, o.Lines[0].Left())
		}
		w.sound()
	})
}
