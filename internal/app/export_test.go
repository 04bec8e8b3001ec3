package app

import (
	"context"
	"net/http"

	"github.com/openstall/openstall/internal/platform/blob"
)

// Handler is what the market serves.
func (a *App) Handler() http.Handler { return a.handler }

// Blobs is where its files lie.
func (a *App) Blobs() blob.Store { return a.blobs }

// Work does the jobs that are due, films too.
func (a *App) Work(ctx context.Context) error {
	if _, err := a.films.Drain(ctx); err != nil {
		return err
	}
	_, err := a.jobs.Drain(ctx)
	return err
}
