package app

import (
	"context"
	"net/http"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Handler is what the market serves.
func (a *App) Handler() http.Handler { return a.handler }

// Blobs is where its files lie.
func (a *App) Blobs() blob.Store { return a.blobs }

// Hear delivers the events that wait.
func (a *App) Hear(ctx context.Context) error {
	_, err := a.bus.Drain(ctx)
	return err
}

// FillSearch makes an empty index.
func (a *App) FillSearch(ctx context.Context) error { return a.fillSearch(ctx) }

// Forget does what is done once a day.
func (a *App) Forget(ctx context.Context) error { return a.forget(ctx) }

// Work does the jobs that are due, films too.
func (a *App) Work(ctx context.Context) error {
	if _, err := a.films.Drain(ctx); err != nil {
		return err
	}
	_, err := a.jobs.Drain(ctx)
	return err
}

// Tell says that videos were published, as their service does, and has everybody
// hear of it.
func (a *App) Tell(ctx context.Context, topic string, videos ...string) error {
	for _, v := range videos {
		e, err := bus.New(topic, v, video.Told{Video: v})
		if err != nil {
			return err
		}
		if err := a.DB.InTx(ctx, func(tx *db.Tx) error { return a.bus.Publish(ctx, tx, e) }); err != nil {
			return err
		}
	}
	_, err := a.bus.Drain(ctx)
	return err
}
