package settlehttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// Payout is money on its way to a shop.
type Payout struct {
	ID        string             `json:"id"`
	Reference string             `json:"reference" doc:"Written on the transfer"`
	Amount    money.Amount       `json:"amount"`
	Account   settle.Account     `json:"account"`
	State     settle.PayoutState `json:"state" enum:"asked,held,sent,done,returned"`
	Reason    string             `json:"reason,omitempty" doc:"Of being held or returned"`
	AskedAt   time.Time          `json:"asked_at"`
	ChangedAt time.Time          `json:"changed_at"`
}

func payoutOf(p settle.PayoutOf) Payout {
	return Payout{p.ID, p.Reference, money.Of(p.Amount, p.Currency), p.Account, p.State, p.Reason, p.AskedAt, p.ChangedAt}
}

// Hold is why the money of a shop waits.
type Hold struct {
	Reason     string     `json:"reason"`
	Since      time.Time  `json:"since"`
	Objection  string     `json:"objection,omitempty" doc:"What the shop says to it"`
	ObjectedAt *time.Time `json:"objected_at,omitempty"`
}

func holdOf(x settle.Hold) Hold {
	return Hold{x.Reason, x.Since, x.Objection, clock.Ptr(x.ObjectedAt)}
}

type moneyView struct {
	Free     money.Amount    `json:"free" doc:"On hand, can be paid out; less than nothing is owed to the market"`
	Held     money.Amount    `json:"held" doc:"Until the return time of its orders is over, commission taken off"`
	Waiting  int64           `json:"waiting" doc:"Orders that are not settled yet"`
	NextDue  *time.Time      `json:"next_due,omitempty" doc:"When the next of what is held is free"`
	OwnFee   money.Amount    `json:"own_fee" doc:"Commission to come on what the shop took itself"`
	UnderWay money.Amount    `json:"under_way" doc:"Asked for and not arrived"`
	PaidOut  money.Amount    `json:"paid_out"`
	Account  *settle.Account `json:"account,omitempty" doc:"Where payouts go"`
	Hold     *Hold           `json:"hold,omitempty" doc:"Why nothing is paid out"`
	Payouts  []Payout        `json:"payouts" nullable:"false" doc:"The newest"`
	Fees     feesView        `json:"fees"`
	Months   []string        `json:"months" nullable:"false" doc:"With a statement, the newest first"`
}

func (h *handler) money(ctx context.Context, in *shop.In) (*web.Out[moneyView], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	o, err := h.Settle.OverviewOf(ctx, sh.ID, sh.Currency)
	if err != nil {
		return nil, err
	}
	of := func(minor int64) money.Amount { return money.Of(minor, sh.Currency) }
	v := moneyView{Free: of(o.Free), Held: of(o.Held), Waiting: o.Orders, NextDue: clock.Ptr(o.NextDue), OwnFee: of(o.OwnFee), UnderWay: of(o.UnderWay),
		PaidOut: of(o.PaidOut), Payouts: []Payout{}, Months: h.months(sh)}
	for _, p := range o.Payouts {
		v.Payouts = append(v.Payouts, payoutOf(p))
	}
	if o.Hold != nil {
		hold := holdOf(*o.Hold)
		v.Hold = &hold
	}
	a, err := h.Settle.AccountOf(ctx, sh.ID)
	if err == nil {
		v.Account = &a
	} else if !errors.Is(err, settle.ErrNoAccount) {
		return nil, err
	}
	v.Fees, err = h.feesView(ctx)
	return web.Answer(v, err)
}

// zone is where a shop's months begin and end.
func zone(sh shop.Shop) *time.Location {
	z, err := time.LoadLocation(sh.TimeZone)
	if err != nil {
		return time.UTC
	}
	return z
}

// months are those since the shop was opened, at most two years.
func (h *handler) months(sh shop.Shop) []string {
	z := zone(sh)
	now, first := h.Now().In(z), sh.CreatedAt.In(z).Format("2006-01")
	out := []string{}
	for m := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, z); len(out) < 24 && m.Format("2006-01") >= first; m = m.AddDate(0, -1, 0) {
		out = append(out, m.Format("2006-01"))
	}
	return out
}

type settlementView struct {
	Order       string       `json:"order"`
	Number      string       `json:"number"`
	State       settle.State `json:"state" enum:"waiting,settled"`
	Gross       money.Amount `json:"gross" doc:"Paid and not given back"`
	Fee         money.Amount `json:"fee" doc:"Commission on it, frozen when it was ordered"`
	Net         money.Amount `json:"net"`
	Own         bool         `json:"own" doc:"The shop took the money itself"`
	OpenCase    bool         `json:"open_case" doc:"Waits for a case besides"`
	CompletedAt time.Time    `json:"completed_at"`
	DueAt       time.Time    `json:"due_at"`
	SettledAt   *time.Time   `json:"settled_at,omitempty"`
}

type settlementsInput struct {
	shop.In
	State settle.State `query:"state" enum:"waiting,settled" default:"waiting"`
	web.Paged
}

func (h *handler) orders(ctx context.Context, in *settlementsInput) (*web.Out[page.Of[settlementView]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Settle.List(ctx, in.Shop, in.State, after, 50)
	out := page.Of[settlementView]{Items: []settlementView{}, Next: rows.Next}
	for _, s := range rows.Items {
		of := func(minor int64) money.Amount { return money.Of(minor, s.Currency) }
		out.Items = append(out.Items, settlementView{s.Order, s.Number, s.State, of(s.Gross), of(s.Fee), of(s.Gross - s.Fee), s.Own, s.OpenCase, s.CompletedAt, s.DueAt, clock.Ptr(s.SettledAt)})
	}
	return web.Answer(out, err)
}

type payoutAccountInput struct {
	shop.In
	Body settle.Account
}

func (h *handler) setAccount(ctx context.Context, in *payoutAccountInput) (*web.Out[settle.Account], error) {
	return web.Answer(h.Settle.SetAccount(ctx, in.Shop, web.Who(ctx).Person, in.Body))
}

type askPayoutInput struct {
	shop.In
	web.Key
	Body struct {
		Minor int64 `json:"minor" minimum:"1" maximum:"1000000000000" doc:"Minor units of the shop's currency"`
	}
}

func (h *handler) ask(ctx context.Context, in *askPayoutInput) (*web.Out[Payout], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	p, err := h.Settle.Ask(ctx, settle.Wish{Key: in.Key.Key, Shop: sh.ID, By: web.Who(ctx).Person, Amount: money.Of(in.Body.Minor, sh.Currency)})
	return web.Answer(payoutOf(p), err)
}

type objectionInput struct {
	shop.In
	Body struct {
		Words string `json:"words" minLength:"1" maxLength:"1000"`
	}
}

func (h *handler) object(ctx context.Context, in *objectionInput) (*web.Out[Hold], error) {
	x, err := h.Settle.Object(ctx, in.Shop, in.Body.Words)
	return web.Answer(holdOf(x), err)
}

type statementInput struct {
	shop.In
	Month string `query:"month" required:"true" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"Such as 2026-11"`
}

type moveView struct {
	At     time.Time    `json:"at"`
	Kind   settle.Kind  `json:"kind" enum:"sale,refund,payout,payout_back"`
	Order  string       `json:"order,omitempty"`
	Number string       `json:"number" doc:"Of the order, or the reference of the payout"`
	Gross  money.Amount `json:"gross" doc:"Of the order; less than nothing: given back"`
	Fee    money.Amount `json:"fee"`
	Own    money.Amount `json:"own" doc:"Of gross, in the hands of the shop"`
	Amount money.Amount `json:"amount" doc:"What it changed"`
}

type statementView struct {
	Month   string       `json:"month"`
	Shop    string       `json:"shop" doc:"Legal name"`
	Opening money.Amount `json:"opening"`
	Sales   money.Amount `json:"sales"`
	Refunds money.Amount `json:"refunds"`
	Fees    money.Amount `json:"fees"`
	Own     money.Amount `json:"own"`
	Paid    money.Amount `json:"paid"`
	Closing money.Amount `json:"closing"`
	Moves   []moveView   `json:"moves" nullable:"false"`
}

func (h *handler) statementOf(ctx context.Context, shopID, month string) (shop.Shop, settle.Statement, error) {
	sh, err := h.Shops.Get(ctx, shopID)
	if err != nil {
		return sh, settle.Statement{}, err
	}
	from, to, err := settle.Month(month, zone(sh))
	if err != nil {
		return sh, settle.Statement{}, err
	}
	st, err := h.Settle.StatementOf(ctx, sh.ID, sh.Currency, from, to)
	return sh, st, err
}

func (h *handler) statement(ctx context.Context, in *statementInput) (*web.Out[statementView], error) {
	sh, st, err := h.statementOf(ctx, in.Shop, in.Month)
	of := func(minor int64) money.Amount { return money.Of(minor, sh.Currency) }
	v := statementView{Month: in.Month, Shop: sh.Licence.LegalName, Opening: st.Opening, Sales: of(st.Sales), Refunds: of(st.Refunds), Fees: of(st.Fees),
		Own: of(st.Own), Paid: of(st.Paid), Closing: st.Closing, Moves: []moveView{}}
	for _, m := range st.Moves {
		v.Moves = append(v.Moves, moveView{m.At, m.Kind, m.Order, m.Number, of(m.Gross), of(m.Fee), of(m.Own), of(m.Amount)})
	}
	return web.Answer(v, err)
}

func (h *handler) statementFile(w http.ResponseWriter, r *http.Request) {
	ctx, shopID, month := r.Context(), r.PathValue("shop"), r.URL.Query().Get("month")
	err := h.owner(ctx, shopID)
	var sh shop.Shop
	var st settle.Statement
	if err == nil {
		sh, st, err = h.statementOf(ctx, shopID, month)
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	web.Table(w, r, h.Log, "statement-"+month+".csv", func(w io.Writer) error { return settle.WriteStatement(w, st, zone(sh)) })
}
