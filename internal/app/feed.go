package app

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/domain/feed/feedhttp"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/domain/video/videohttp"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// buildFeed makes Discover and reads its state.
func (a *App) buildFeed(ctx context.Context) error {
	secret, err := a.secret(ctx, "discover")
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(a.cfg.TimeZone)
	if err != nil {
		return err
	}
	if a.Feed, err = feed.New(feed.Parts{DB: a.DB, Videos: a.Videos, Shops: a.Shops, Social: a.Social, Secret: []byte(secret), Zone: zone, Log: a.log, Now: a.now}); err != nil {
		return err
	}
	a.Feed.Follow(a.bus)
	a.jobs.Every("discover.days", time.Hour, a.Feed.CloseDays)
	began := time.Now()
	if err := a.Feed.Restore(ctx); err != nil {
		return err
	}
	a.log.Debug("discover was read", "took", time.Since(began))
	return nil
}

func (a *App) mountFeed(api *web.API) {
	feedhttp.Mount(api, feedhttp.Parts[videohttp.View]{Feed: a.Feed, View: videohttp.Views(a.videoParts()), Now: a.now,
		Caption: func(ctx context.Context, id string) (string, error) {
			v, err := a.Videos.Get(ctx, id)
			if errors.Is(err, video.ErrNotFound) {
				return "", nil
			}
			return v.Caption, err
		},
		ShopName: func(ctx context.Context, id string) (text.Local, error) {
			sh, err := a.Shops.Get(ctx, id)
			return sh.Name, err
		}})
}
