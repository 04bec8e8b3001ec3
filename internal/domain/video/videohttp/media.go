package videohttp

import (
	"net/http"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/web"
)

// Prefix is where films are.
const Prefix = "/media/videos/"

const (
	masterName = "master.m3u8"
	spriteName = "sprite.jpg"
)

// seen returns the video of a request, and whether caches on the way may keep
// what belongs to it.
func (h *handler) seen(w http.ResponseWriter, r *http.Request) (video.Video, string, bool) {
	v, err := h.Videos.Seen(r.Context(), r.PathValue("id"), web.Who(r.Context()).Person)
	if err == nil && v.Film.Folder == "" {
		err = video.ErrNotFound
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return video.Video{}, "", false
	}
	if v.State == video.Published && v.Visibility == video.Public {
		return v, "public", true
	}
	return v, "private", true
}

// master is the playlist of a film: short-lived, so that a film that is
// withdrawn is gone everywhere within a minute.
func (h *handler) master(w http.ResponseWriter, r *http.Request) {
	v, who, ok := h.seen(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", video.ContentType(masterName))
	w.Header().Set("Cache-Control", who+", max-age=60")
	w.Header().Set("ETag", `"`+v.Film.Folder+`"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(v.Film.Master))
}

// file serves what never changes under its name: the folder is new with every
// film.
func (h *handler) file(w http.ResponseWriter, r *http.Request) {
	v, who, ok := h.seen(w, r)
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
	w.Header().Set("Cache-Control", who+", max-age=31536000, immutable")
	w.Header().Set("ETag", `"`+v.Film.Folder+"-"+name+`"`)
	content := blob.Content(r.Context(), h.Blobs, info)
	defer content.Close()
	http.ServeContent(w, r, "", time.Time{}, content)
}
