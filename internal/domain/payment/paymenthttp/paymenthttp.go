// Package paymenthttp is the door of the payment area: sending a browser to its
// provider's page, and taking the providers' messages.
package paymenthttp

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/platform/web"
)

// Mount adds the routes to mux. They stand beside the typed operations, because
// a redirect is for browsers and a message needs its raw body.
func Mount(mux *http.ServeMux, s *payment.Service, log *slog.Logger) {
	mux.HandleFunc("GET /pay/{intent}", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		in, err := s.Get(ctx, r.PathValue("intent"))
		if err != nil {
			web.WriteProblem(w, r, log, err)
			return
		}
		page, err := s.Page(ctx, in.ID, web.Who(ctx).Person, "/orders/"+in.Order+"?paid=1")
		if err != nil && in.Buyer == web.Who(ctx).Person && in.State != payment.Open {
			http.Redirect(w, r, "/orders/"+in.Order, http.StatusSeeOther) // paid or given up meanwhile
			return
		}
		if err != nil {
			web.WriteProblem(w, r, log, err)
			return
		}
		http.Redirect(w, r, page, http.StatusSeeOther)
	})
	mux.HandleFunc("POST /v1/payments/{provider}/events", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err == nil {
			err = s.Receive(r.Context(), r.PathValue("provider"), r.Header, body)
		}
		if err != nil {
			web.WriteProblem(w, r, log, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
