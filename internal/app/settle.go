package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/settle/settlehttp"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/web"
)

// buildSettle makes what turns earnings into the shops' own money, and lets it
// run by itself.
func (a *App) buildSettle() {
	a.Settle = settle.New(settle.Parts{DB: a.DB, Bus: a.bus, Delay: time.Duration(a.cfg.SettleDelay) * 24 * time.Hour, Log: a.log, Now: a.now})
	a.jobs.Every("settle", 10*time.Minute, a.Settle.RunAll)
}

func (a *App) mountSettle(api *web.API, mux *http.ServeMux) {
	settlehttp.Mount(api, mux, settlehttp.Parts{Settle: a.Settle, Fees: a.Fees, Shops: a.Shops, Currency: a.cfg.Currency, Log: a.log, Now: a.now})
}

func (a *App) followSettle() {
	a.bus.Apply(fee.TopicAnnounced, "fee-notices", a.feeNotice)
	a.bus.Apply(settle.TopicPayout, "money-notices", a.payoutNotice)
	a.bus.Apply(settle.TopicHold, "money-notices", a.holdNotice)
	a.bus.Apply(settle.TopicAccount, "money-notices", a.accountNotice)
}

// feeNotice tells every shop what the market takes from a date on.
func (a *App) feeNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[fee.Table](e)
	if err != nil {
		return err
	}
	from := t.From.In(a.zone())
	d := notice.Draft{Kind: notice.Orders, Key: t.ID, Title: text.Both("The market's fees change", "集市费率有变动"),
		Body: text.Both("The new table holds from "+from.Format("2 January 2006")+". Orders before it keep theirs.", from.Format("2006年1月2日")+"起执行新费率，此前的订单不受影响。")}
	for after := page.First; ; {
		shops, err := a.Shops.List(ctx, after, 200)
		if err != nil {
			return err
		}
		for _, sh := range shops.Items {
			if err := a.tellOwners(ctx, tx, sh.ID, d); err != nil {
				return err
			}
		}
		if shops.Next == "" {
			return nil
		}
		if after, err = page.Parse(shops.Next); err != nil {
			return err
		}
	}
}

// payoutWords are what a shop is told of a payout.
var payoutWords = map[settle.PayoutState]text.Local{
	settle.Held:     text.Both("The market holds a payout. The reason is with your money.", "集市暂缓了一笔提现，原因见“资金”页面。"),
	settle.Sent:     text.Both("%s is on its way to your bank.", "%s 已汇往你的银行账户。"),
	settle.Returned: text.Both("A payout came back. The reason is with your money.", "一笔提现被退回，原因见“资金”页面。"),
}

func (a *App) payoutNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[settle.Told](e)
	if err != nil {
		return err
	}
	d := notice.Draft{Kind: notice.Orders, Key: fmt.Sprintf("%s:%s:%d", t.ID, t.Event, t.At), Title: text.Both("Your money", "你的资金")}
	if t.Event == string(settle.Asked) {
		d.Title, d.Body = text.Both("A shop wants its money", "有店铺申请提现"), text.Both(money.Of(t.Amount, t.Currency).String(), money.Of(t.Amount, t.Currency).String())
		return a.tellMarket(ctx, tx, d)
	}
	words, ok := payoutWords[settle.PayoutState(t.Event)]
	if !ok {
		return nil
	}
	d.Body = words
	if t.Event == string(settle.Sent) {
		amount := money.Of(t.Amount, t.Currency).String()
		d.Body = text.Both(fmt.Sprintf(words.Pick("en"), amount), fmt.Sprintf(words.Pick("zh"), amount))
	}
	return a.tellOwners(ctx, tx, t.Shop, d)
}

func (a *App) holdNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[settle.Told](e)
	if err != nil {
		return err
	}
	d := notice.Draft{Kind: notice.Orders, Key: fmt.Sprintf("hold:%s:%s:%d", t.Shop, t.Event, t.At), Title: text.Both("Your money", "你的资金")}
	switch t.Event {
	case settle.HoldObjected:
		d.Title, d.Body = text.Both("A shop objects to being held", "有店铺对暂缓结算提出异议"), text.Both("Read it beside the payouts.", "请在提现列表旁查看。")
		return a.tellMarket(ctx, tx, d)
	case settle.HoldBegan:
		d.Body = text.Both("The market holds your money: "+t.Reason+" You can object on the page about your money.", "集市暂缓结算："+t.Reason+" 你可以在“资金”页面提出异议。")
	default:
		d.Body = text.Both("The market holds your money no longer. "+t.Reason, "集市已恢复结算。"+t.Reason)
	}
	return a.tellOwners(ctx, tx, t.Shop, d)
}

// accountNotice tells all owners, so that none can be robbed unseen.
func (a *App) accountNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[settle.Told](e)
	if err != nil {
		return err
	}
	return a.tellOwners(ctx, tx, t.Shop, notice.Draft{Kind: notice.Orders, Key: fmt.Sprintf("account:%s:%d", t.Shop, t.At), Title: text.Both("Your money", "你的资金"),
		Body: text.Both("The account for payouts was changed. If that was not you, take the person off your shop and write to the market.", "收款账户已更改。如果不是你本人操作，请移除该成员并联系集市。")})
}

// tellOwners gives a notice about money to everybody who manages a shop.
func (a *App) tellOwners(ctx context.Context, tx *db.Tx, shopID string, d notice.Draft) error {
	members, err := a.Shops.Members(ctx, shopID)
	if err != nil {
		return err
	}
	d.URL = "/sell/" + shopID + "/money"
	d.Key += ":" + shopID
	for _, m := range members {
		if !m.Role.Allows(shop.Manage) {
			continue
		}
		d.Person = m.Person
		if err := a.Notices.Give(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// tellMarket gives a notice about money to every operator.
func (a *App) tellMarket(ctx context.Context, tx *db.Tx, d notice.Draft) error {
	all, err := a.Accounts.Staff(ctx)
	if err != nil {
		return err
	}
	d.URL = "/console/operator?tab=money"
	for _, p := range all {
		if !p.Operator {
			continue
		}
		d.Person = p.ID
		if err := a.Notices.Give(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// zone is the market's; the configuration was checked.
func (a *App) zone() *time.Location {
	z, err := time.LoadLocation(a.cfg.TimeZone)
	if err != nil {
		return time.UTC
	}
	return z
}
