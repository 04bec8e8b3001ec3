package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/web"
)

// listen says who hears of what: events come up.
func (a *App) listen() {
	a.followAir()
	a.jobs.Every("bus.trim", 24*time.Hour, func(ctx context.Context) error { return a.bus.Trim(ctx, a.now().AddDate(0, 0, -30)) })
	a.jobs.Every("retention", 24*time.Hour, a.forget)
	a.followSearch()
	a.bus.Apply(social.Meeting, "people-notices", a.meetingNotice)
	a.bus.Apply(social.Sent, "people-notices", a.sentNotice)
	a.Rooms.Listen(a.bus)
	a.followPromos()
	a.followClaims()
	a.bus.Subscribe(show.TopicState, "announce", a.announce)
	a.bus.Inline(order.TopicPlaced, a.orderScreens)
	a.bus.Inline(order.TopicChanged, a.orderScreens)
	a.bus.Apply(order.TopicChanged, "order-notices", a.orderNotice)
	a.bus.Apply(groupbuy.TopicStep, "group-notices", a.stepNotice)
	a.bus.Apply(transfer.TopicRefused, "transfer-notices", a.transferNotice)
	a.followCases()
	a.followSettle()
	a.followLeads()
}

// announce tells everybody who asked for it that a show starts.
func (a *App) announce(ctx context.Context, e bus.Event) error {
	t, err := bus.Decode[show.Told](e)
	if err != nil || t.State != show.Live || t.Was == show.Interrupted {
		return err
	}
	s, err := a.Shows.Get(ctx, t.Show)
	if err != nil {
		return err
	}
	card, err := a.Shelf.ShopCard(ctx, s.Shop)
	if err != nil {
		return err
	}
	people := map[string]bool{}
	reserved, err := a.Shows.ReservedBy(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, p := range reserved {
		people[p] = true
	}
	for after := ""; ; {
		followers, err := a.Social.Followers(ctx, s.Shop, after, 500)
		if err != nil {
			return err
		}
		for _, p := range followers {
			people[p], after = true, p
		}
		if len(followers) < 500 {
			break
		}
	}
	name := card.Name
	title := text.Both(name.Pick("en")+" is live", name.Pick("zh")+" 开播了")
	draft := notice.Draft{Kind: notice.ShowStarts, Key: "starts:" + s.ID, Title: title, Body: s.Title, URL: "/shows/" + s.ID}
	// A few at a time: the show has just begun and buyers need the database too.
	for some := range slices.Chunk(slices.Sorted(maps.Keys(people)), 100) {
		err := a.DB.InTx(ctx, func(tx *db.Tx) error {
			for _, p := range some {
				draft.Person = p
				if err := a.Notices.Give(ctx, tx, draft); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// orderWords are what a buyer is told of a step of an order.
var orderWords = map[string]text.Local{
	"paid":                   text.Both("Your payment has arrived.", "已收到你的付款。"),
	"paid_late":              text.Both("Your payment came late, and the goods were still there.", "付款来晚了，好在商品还在。"),
	"payment_failed":         text.Both("The payment did not work. You can try again.", "付款没有成功，可以再试一次。"),
	"ready":                  text.Both("Packed. You can collect it.", "已备好，可以来取。"),
	"parcel_sent":            text.Both("A parcel with a part of your order is on its way.", "订单的一部分已发货。"),
	"parcel_corrected":       text.Both("The shop corrected the tracking number of your parcel.", "店铺更正了包裹的快递单号。"),
	"shipped":                text.Both("On its way to you.", "已发货。"),
	"handed_over":            text.Both("Handed over. Enjoy.", "已取货。"),
	"completed":              text.Both("Completed.", "已完成。"),
	"cancelled":              text.Both("Cancelled. What you paid comes back.", "已取消，已付的款会退回。"),
	"expired":                text.Both("Not paid in time; the goods are free again.", "超时未付款，订单已关闭。"),
	"refunding_late_payment": text.Both("Your payment came too late; it goes back to you.", "付款到得太晚，正在退回。"),
	"refund_failed":          text.Both("Your bank did not take the money back. We will get in touch.", "银行没有收下退款，我们会与你联系。"),
	"group_full":             text.Both("Your group is full. The shop starts on your order.", "已成团，店铺开始备货。"),
	"group_failed":           text.Both("Your group was not full in time. What you paid comes back.", "拼团未成功，已付的款会原路退回。"),
	"refunded":               text.Both("Your money is on its way back.", "退款已发出。"),
}

// orderScreens tells the open pages of the buyer and the stage, after the
// commit. A screen that misses it reads the truth when it looks again, so no row
// is written for it.
func (a *App) orderScreens(ctx context.Context, tx *db.Tx, e bus.Event) error {
	tx.AfterCommit(func() {
		select {
		case a.screens <- e:
		default: // more orders than anybody can read
		}
	})
	return nil
}

// showScreens sends what orderScreens queued.
func (a *App) showScreens(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-a.screens:
			a.try(ctx, "order was not shown", func() error { return a.showOrder(ctx, e) })
		}
	}
}

func (a *App) showOrder(ctx context.Context, e bus.Event) error {
	t, err := bus.Decode[order.Told](e)
	if err != nil {
		return err
	}
	if t.Event != "placed" { // the buyer has the answer in hand
		body, err := json.Marshal(map[string]any{"type": "order", "data": map[string]any{"order": t.Order, "state": t.State, "pay_state": t.PayState}})
		if err == nil {
			err = a.hub.PublishTo(t.Buyer, body)
		}
		if err != nil {
			return err
		}
	}
	if t.Show == "" {
		return nil
	}
	o, err := a.Orders.GetForOperator(ctx, t.Order)
	if err != nil {
		return err
	}
	a.Rooms.Tell(t.Show, room.News{Type: "order", Data: stageOrder(o)})
	return nil
}

// orderNotice tells the buyer of a step, in the app and as they wish.
func (a *App) orderNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[order.Told](e)
	if err != nil {
		return err
	}
	words, ok := orderWords[t.Event]
	if !ok {
		return nil
	}
	return a.Notices.Give(ctx, tx, notice.Draft{Person: t.Buyer, Kind: notice.Orders, Key: fmt.Sprintf("%s:%s:%d", t.Order, t.Event, t.At),
		Title: text.Both("Order "+t.Number, "订单 "+t.Number), Body: words, URL: "/orders/" + t.Order})
}

// transferNotice tells the buyer that the shop has not found the money.
func (a *App) transferNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	r, err := bus.Decode[transfer.Refusal](e)
	if err != nil {
		return err
	}
	return a.Notices.Give(ctx, tx, notice.Draft{Person: r.Buyer, Kind: notice.Orders, Key: fmt.Sprintf("%s:transfer_refused:%d", r.Order, r.At),
		Title: text.Both("Your transfer has not been found", "没有找到你的转账"), Body: text.Both(r.Reason, r.Reason), URL: "/orders/" + r.Order})
}

// stageLine is an order as the stage shows it while it comes in.
type stageLine struct {
	ID       string         `json:"id"`
	Number   string         `json:"number"`
	Name     string         `json:"name"`
	State    order.State    `json:"state"`
	PayState order.PayState `json:"pay_state"`
	Total    money.Amount   `json:"total"`
	At       time.Time      `json:"at"`
	Kind     string         `json:"kind"`
	SlotAt   *time.Time     `json:"slot_at,omitempty"`
	Items    []stageItem    `json:"items"`
}

type stageItem struct {
	Product  string     `json:"product"`
	Title    text.Local `json:"title"`
	Quantity int64      `json:"quantity"`
	Measure  string     `json:"measure"`
}

func stageOrder(o order.Order) stageLine {
	l := stageLine{ID: o.ID, Number: o.Number, Name: o.BuyerName, State: o.State, PayState: o.PayState, Total: o.Total(), At: o.PlacedAt, Kind: o.Quote.Kind}
	if o.Quote.Slot != nil {
		l.SlotAt = &o.Quote.Slot.StartsAt
	}
	for _, q := range o.Quote.Lines {
		l.Items = append(l.Items, stageItem{q.Product, q.Title, q.Quantity, string(q.Measure)})
	}
	return l
}

// replayOf names the show of an offer and opens its recording a few seconds
// before the offer was made; viewers watch some seconds behind the stage, so
// that is where the promise was heard.
func (a *App) replayOf(ctx context.Context, q order.Quote) (text.Local, string, error) {
	if q.Show == "" {
		return nil, "", nil
	}
	s, err := a.Shows.Get(ctx, q.Show)
	if err != nil {
		return nil, "", err
	}
	second := time.Duration(q.Second) * time.Second
	if q.ShownAt.Before(s.EndedAt) || s.EndedAt.IsZero() {
		d, ok := a.studio.Offset(q.Show, q.ShownAt)
		if !ok {
			return s.Title, "", nil
		}
		second = d
	} else if !s.HasReplay {
		return s.Title, "", nil
	}
	const before = 6 * time.Second
	return s.Title, fmt.Sprintf("/shows/%s?t=%d", q.Show, int64(max(0, second-before)/time.Second)), nil
}

// shareable reports whether a link to something may be made.
func (a *App) shareable(ctx context.Context, kind social.Kind, target string) error {
	var err error
	switch kind {
	case social.Show:
		_, err = a.Shows.Get(ctx, target)
	case social.Product:
		_, err = a.Catalog.Get(ctx, target)
	case social.Shop:
		_, err = a.Shops.Get(ctx, target)
	case social.Video:
		_, err = a.Videos.Seen(ctx, target, "")
	}
	return err
}

// check is one line of the operator's health page.
type check struct {
	Code   string `json:"code"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

type disk struct {
	FreeBytes             int64 `json:"free_bytes"`
	TotalBytes            int64 `json:"total_bytes"`
	RecordingBytesPerHour int64 `json:"recording_bytes_per_hour"`
}

type overview struct {
	Shops       int          `json:"shops"`
	ShowsLive   int          `json:"shows_live"`
	OrdersToday int64        `json:"orders_today"`
	PaidToday   money.Amount `json:"paid_today"`
	Disk        disk         `json:"disk"`
	Checks      []check      `json:"checks" nullable:"false"`
}

// overview is the operator's first page.
func (a *App) overview(api *web.API) {
	web.Handle(api, web.Operators, "GET /v1/operator/overview", "operator-overview", "The market at a glance", func(ctx context.Context, _ *web.None) (*web.Out[overview], error) {
		zone, err := time.LoadLocation(a.cfg.TimeZone)
		if err != nil {
			return nil, err
		}
		y, m, d := a.now().In(zone).Date()
		f, err := a.Orders.OfMarket(ctx, time.Date(y, m, d, 0, 0, 0, 0, zone))
		if err != nil {
			return nil, err
		}
		shops := 0
		for after := page.First; ; {
			p, err := a.Shops.List(ctx, after, 200)
			if err != nil {
				return nil, err
			}
			shops += len(p.Items)
			if p.Next == "" {
				break
			}
			if after, err = page.Parse(p.Next); err != nil {
				return nil, err
			}
		}
		v := overview{Shops: shops, ShowsLive: len(a.air.shows()), OrdersToday: f.Orders, PaidToday: money.Of(f.Paid, a.cfg.Currency), Checks: a.checks(ctx)}
		v.Disk.FreeBytes, v.Disk.TotalBytes = diskSpace(a.cfg.Data)
		var rate int64
		for _, st := range a.studio.reg.Snapshot() {
			rate += st.Bitrate
		}
		v.Disk.RecordingBytesPerHour = rate / 8 * 3600
		return web.Answer(v, nil)
	})
}

func (a *App) checks(ctx context.Context) []check {
	say := func(code string, ok bool, good, bad string) check {
		if ok {
			return check{code, true, good}
		}
		return check{code, false, bad}
	}
	free, _ := diskSpace(a.cfg.Data)
	unrecorded := a.studio.marked(a.studio.unrecorded)
	waiting, err := a.bus.Waiting(ctx)
	due, dead, jobErr := a.jobs.Depth(ctx)
	stuck, refundErr := a.Payments.FailedRefunds(ctx)
	_, ffmpegErr := os.Stat("/usr/bin/ffmpeg")
	return []check{
		say("database", a.DB.Ping(ctx) == nil, "answers", "does not answer"),
		say("disk", free > a.cfg.KeepFree<<20, fmt.Sprintf("%d GiB free", free>>30), "less room than keep-free: recording stops"),
		say("recorder", len(unrecorded) == 0, "every show on air is recorded", "not recorded although on air: "+strings.Join(unrecorded, ", ")),
		say("mail", a.cfg.SMTP != "", a.cfg.SMTP, "no mail server (smtp): codes reach nobody outside this machine"),
		say("public_url", a.cfg.PublicURL != "", a.cfg.PublicURL, "no public address (public-url): links in mail lead to this machine"),
		say("ffmpeg", ffmpegErr == nil, "there", "missing: no sound from phone browsers, no still pictures"),
		say("events", err == nil && waiting < 1000, fmt.Sprintf("%d waiting", waiting), fmt.Sprintf("%d waiting", waiting)),
		say("jobs", jobErr == nil && dead == 0, fmt.Sprintf("%d due", due), fmt.Sprintf("%d given up", dead)),
		say("refunds", refundErr == nil && len(stuck) == 0, "none failed", fmt.Sprintf("%d failed: settle them by hand", len(stuck))),
	}
}
