package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// endGroups decides the groups whose time is over and lets their orders follow.
func (a *App) endGroups(ctx context.Context) error {
	for {
		ended, bad := a.Groups.Sweep(ctx)
		settled, err := a.Orders.SettleGroups(ctx)
		if err = errors.Join(bad, err); err != nil || ended+settled == 0 {
			return err
		}
	}
}

// stepNotice tells everybody who has paid in a group that it has reached a step.
func (a *App) stepNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[groupbuy.Told](e)
	if err != nil {
		return err
	}
	seats, err := groupbuy.Seats(ctx, tx, t.Code)
	if err != nil {
		return err
	}
	d := notice.Draft{Kind: notice.Orders, Key: fmt.Sprintf("group:%s:%d", t.Code, t.People), URL: "/g/" + t.Code,
		Title: text.Both("Your group", "你的拼团"),
		Body: text.Both(fmt.Sprintf("You are %d now, and that makes it cheaper. You get the difference back when the group ends.", t.People),
			fmt.Sprintf("已有 %d 人，价格又低了一档，成团后退还差价。", t.People))}
	for _, s := range seats {
		if s.State != groupbuy.Paid {
			continue
		}
		d.Person = s.Buyer
		if err := a.Notices.Give(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}
