package app

import (
	"context"
	"net/http"

	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/course/coursehttp"
	"github.com/openstall/openstall/internal/platform/web"
)

// buildCourses makes what is learnt here. It follows orders, cases and goods, so
// it comes after all of them.
func (a *App) buildCourses(ctx context.Context) error {
	secret, err := a.secret(ctx, "lesson")
	if err != nil {
		return err
	}
	a.Courses = course.New(course.Parts{DB: a.DB, Bus: a.bus, Shops: a.Shops, Catalog: a.Catalog, Stock: a.Stock, Orders: a.Orders, Videos: a.Videos,
		Secret: secret, Log: a.log, Now: a.now})
	return nil
}

func (a *App) mountCourses(api *web.API, mux *http.ServeMux) {
	coursehttp.Mount(api, mux, coursehttp.Parts{Courses: a.Courses, Orders: a.Orders, Videos: a.Videos, Uploads: a.uploads, Shops: a.Shops, Shows: a.Shows, Catalog: a.Catalog,
		Shelf: a.Shelf, Blobs: a.blobs, Clip: a.clip, Log: a.log, Now: a.now})
}
