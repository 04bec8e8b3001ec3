package coursehttp

import (
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/web"
)

// Prefix is where the films of lessons are; the next part of a path is a ticket.
const Prefix = "/media/lessons/"

const (
	masterName   = "master.m3u8"
	captionsName = "captions.vtt"
)

// opened returns what the ticket of a request opens. Nothing below a ticket may be
// kept for others, and nothing longer than the ticket is good.
func (h *handler) opened(w http.ResponseWriter, r *http.Request) (course.Lesson, video.Video, bool) {
	l, v, err := h.Courses.FilmFor(r.Context(), r.PathValue("ticket"))
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		web.WriteProblem(w, r, h.Log, err)
		return course.Lesson{}, video.Video{}, false
	}
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	return l, v, true
}

func (h *handler) master(w http.ResponseWriter, r *http.Request) {
	_, v, ok := h.opened(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", video.ContentType(masterName))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(v.Film.Master))
}

func (h *handler) captions(w http.ResponseWriter, r *http.Request) {
	l, _, ok := h.opened(w, r)
	if !ok {
		return
	}
	if l.Captions == "" {
		web.WriteProblem(w, r, h.Log, course.ErrNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/vtt; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(l.Captions))
}

func (h *handler) file(w http.ResponseWriter, r *http.Request) {
	_, v, ok := h.opened(w, r)
	if !ok {
		return
	}
	name := r.PathValue("file")
	info, err := h.Videos.File(r.Context(), v, r.PathValue("folder"), name)
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	w.Header().Set("Content-Type", video.ContentType(name))
	content := blob.Content(r.Context(), h.Blobs, info)
	defer content.Close()
	http.ServeContent(w, r, "", time.Time{}, content)
}
