package web

import (
	"io"
	"log/slog"
	"net/http"
)

// Table answers with a CSV file called name, as write writes it, streamed. A
// failure on the way breaks the connection off, so that half a table is not taken
// for a whole one.
func Table(w http.ResponseWriter, r *http.Request, log *slog.Logger, name string, write func(io.Writer) error) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	if err := write(w); err != nil {
		log.ErrorContext(r.Context(), "a table was not written to its end", "path", r.URL.Path, "request", RequestID(r.Context()), "error", err)
		panic(http.ErrAbortHandler)
	}
}
