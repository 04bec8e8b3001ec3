package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/review"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// buildAftersale makes what settles problems with orders, and what buyers say of
// goods.
func (a *App) buildAftersale() {
	a.Cases = aftersale.New(aftersale.Parts{DB: a.DB, Bus: a.bus, Orders: a.Orders, Stock: a.Stock, Log: a.log, Now: a.now,
		Replay: func(ctx context.Context, q order.Quote) (string, error) {
			_, path, err := a.replayOf(ctx, q)
			return path, err
		},
		OwnsPhoto: a.ownsPhoto,
		Used: func(ctx context.Context, q db.Querier, orderID string, position int) (int64, error) {
			return a.Courses.Used(ctx, q, orderID, position)
		}})
	a.Reviews = review.New(review.Parts{DB: a.DB, Bus: a.bus, Shops: a.Shops, OwnsPhoto: a.ownsPhoto, Now: a.now})
}

// ownsPhoto reports whether a person has uploaded a picture.
func (a *App) ownsPhoto(ctx context.Context, person, photo string) (bool, error) {
	owner, err := a.Shops.ImageOwner(ctx, photo)
	if errors.Is(err, shop.ErrImage) {
		return false, nil
	}
	return owner == person, err
}

// needsReplay reports whether the promises of a show may still be argued about.
func (a *App) needsReplay(ctx context.Context, showID string) (bool, error) {
	if needed, err := a.Orders.NeedsReplay(ctx, showID); needed || err != nil {
		return needed, err
	}
	return a.Cases.NeedsReplay(ctx, showID)
}

func (a *App) followCases() {
	a.bus.Inline(aftersale.TopicChanged, a.caseScreens)
	a.bus.Apply(aftersale.TopicChanged, "case-notices", a.caseNotice)
	a.bus.Apply(review.TopicWritten, "review-notices", a.reviewNotice)
	a.bus.Apply(review.TopicAnswered, "review-notices", a.answerNotice)
}

// caseScreens tells the open pages of the buyer, after the commit.
func (a *App) caseScreens(_ context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[aftersale.Told](e)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"type": "case", "data": map[string]any{"case": t.Case, "order": t.Order, "state": t.State}})
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		if err := a.hub.PublishTo(t.Buyer, body); err != nil {
			a.log.Debug("case was not shown", "case", t.Case, "error", err)
		}
	})
	return nil
}

// caseWords are what the buyer is told of a step of others.
var caseWords = map[aftersale.State]text.Local{
	aftersale.Countered: text.Both("The shop proposes something. Accept or refuse it within two days.", "店铺提出了方案，请在两天内接受或拒绝。"),
	aftersale.Refused:   text.Both("The shop refuses. You can ask the market to decide.", "店铺拒绝了，你可以请集市裁决。"),
	aftersale.Returning: text.Both("Agreed. Send the goods back within seven days.", "已同意，请在七天内寄回商品。"),
	aftersale.Owed:      text.Both("Agreed. Collect your money at the stall.", "已同意，请到摊位领取退款。"),
	aftersale.Granted:   text.Both("Settled in your favour.", "已按你的要求处理。"),
	aftersale.Denied:    text.Both("The market decided for the shop. The reason is in the case.", "集市支持店铺，理由见售后单。"),
	aftersale.Closed:    text.Both("Closed, because the time for an answer ran out or the order was cancelled.", "答复超时或订单已取消，售后单已关闭。"),
	aftersale.Escalated: text.Both("The shop asks the market to decide.", "店铺请集市裁决。"),
}

// shopWords are what the shop is told of a step of others.
var shopWords = map[aftersale.State]text.Local{
	aftersale.Requested: text.Both("A buyer says that something is wrong. Answer within two days, or it is granted.", "买家提出问题，请在两天内答复，否则自动同意。"),
	aftersale.Refused:   text.Both("The buyer does not accept your proposal.", "买家没有接受你的方案。"),
	aftersale.Escalated: text.Both("The buyer asks the market to decide.", "买家请集市裁决。"),
	aftersale.Returning: text.Both("Granted. The buyer sends the goods back.", "已同意，买家将寄回商品。"),
	aftersale.Returned:  text.Both("The goods are on their way back. Confirm them within five days.", "商品已寄回，请在五天内确认收货。"),
	aftersale.Owed:      text.Both("Granted. Hand the cash back at the stall.", "已同意，请在摊位退还现金。"),
	aftersale.Granted:   text.Both("Settled.", "已处理完。"),
	aftersale.Denied:    text.Both("The market decided for you.", "集市支持你。"),
	aftersale.Closed:    text.Both("Closed: the buyer did not answer, or the order was cancelled.", "买家未答复或订单已取消，售后单已关闭。"),
	aftersale.Withdrawn: text.Both("The buyer has withdrawn it.", "买家已撤回。"),
}

// caseNotice tells each side of the steps of the others.
func (a *App) caseNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[aftersale.Told](e)
	if err != nil {
		return err
	}
	d := notice.Draft{Kind: notice.Orders, Key: fmt.Sprintf("%s:%d", t.Case, t.Version), Title: text.Both("Problem with order "+t.Number, "订单 "+t.Number+" 的售后")}
	words, ok := caseWords[t.State]
	if t.Event == aftersale.Give {
		words = text.Both("The shop gives money back to you.", "店铺主动给你退款。")
	}
	if ok && t.By != aftersale.Buyer {
		d.Person, d.Body, d.URL = t.Buyer, words, "/cases/"+t.Case
		if err := a.Notices.Give(ctx, tx, d); err != nil {
			return err
		}
	}
	if t.State == aftersale.Escalated {
		if err := a.tellOperators(ctx, tx, d); err != nil {
			return err
		}
	}
	if words, ok = shopWords[t.State]; !ok || t.By == aftersale.Seller {
		return nil
	}
	d.Body, d.URL = words, "/sell/"+t.Shop+"/cases/"+t.Case
	return a.tellStaff(ctx, tx, t.Shop, t.Buyer, d)
}

// tellOperators lets those who run the market know of a case that they decide.
func (a *App) tellOperators(ctx context.Context, tx *db.Tx, d notice.Draft) error {
	all, err := a.Accounts.Staff(ctx)
	if err != nil {
		return err
	}
	d.Key += ":operator"
	d.Body, d.URL = text.Both("Buyer and shop do not agree. Decide within seven days.", "买家和店铺没有谈妥，请在七天内裁决。"), "/console/operator?tab=cases"
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

// tellStaff gives a notice to everybody who answers buyers in a shop, but the
// one whom it is about.
func (a *App) tellStaff(ctx context.Context, tx *db.Tx, shopID, buyer string, d notice.Draft) error {
	members, err := a.Shops.Members(ctx, shopID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if !m.Role.Allows(shop.Orders) || m.Person == buyer {
			continue
		}
		d.Person = m.Person
		if err := a.Notices.Give(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) reviewNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[review.Told](e)
	if err != nil {
		return err
	}
	return a.tellStaff(ctx, tx, t.Shop, t.Buyer, notice.Draft{Kind: notice.Orders, Key: t.Review, Title: text.Both("A new review", "新的评价"),
		Body: text.Both(fmt.Sprintf("%d of 5 stars. You can answer once.", t.Stars), fmt.Sprintf("%d 星（满分 5 星），你可以回复一次。", t.Stars)), URL: "/sell/" + t.Shop + "/reviews"})
}

func (a *App) answerNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[review.Told](e)
	if err != nil {
		return err
	}
	return a.Notices.Give(ctx, tx, notice.Draft{Person: t.Buyer, Kind: notice.Orders, Key: "answered:" + t.Review, Title: text.Both("The shop has answered your review", "店铺回复了你的评价"),
		URL: "/orders/" + t.Order + "/review"})
}
