package app

import (
	"context"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// meetingNotice tells somebody who follows them; of one person it is told once,
// and once more when the two are friends.
func (a *App) meetingNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	m, err := bus.Decode[social.Met](e)
	if err != nil {
		return err
	}
	p, err := account.GetIn(ctx, tx, m.Person)
	if err != nil {
		return err
	}
	d := notice.Draft{Person: m.Other, Kind: notice.People, Key: "follows:" + p.ID, URL: "/people/" + p.ID,
		Title: text.Both(p.Shown()+" follows you", p.Shown()+"关注了你"), Body: text.Both("Follow back and you are friends.", "回关即成为朋友。")}
	if m.Friends {
		d.Key, d.Title = "friends:"+p.ID, text.Both(p.Shown()+" and you are friends", p.Shown()+"和你成为了朋友")
		d.Body = text.Both("You follow each other now.", "你们已互相关注。")
	}
	return a.Notices.Give(ctx, tx, d)
}

// sentNotice tells somebody that a friend sent them something.
func (a *App) sentNotice(ctx context.Context, tx *db.Tx, e bus.Event) error {
	l, err := bus.Decode[social.Delivered](e)
	if err != nil {
		return err
	}
	p, err := account.GetIn(ctx, tx, l.From)
	if err != nil {
		return err
	}
	return a.Notices.Give(ctx, tx, notice.Draft{Person: l.To, Kind: notice.People, Key: "letter:" + l.Letter, URL: "/me/inbox",
		Title: text.Both(p.Shown()+" sent you a video", p.Shown()+"给你发了一个视频"), Body: text.Both(l.Words, l.Words)})
}
