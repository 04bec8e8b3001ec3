// Package paymenthttp is the door of the payment area: sending a browser to its
// provider's page, and taking the providers' messages.
package paymenthttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/platform/web"
)

// maxMessage is the largest message that is read, in bytes; Stripe's reach 256 KiB.
const maxMessage = 512 << 10

// Mount adds the routes to mux. They stand beside the typed operations, because
// a redirect is for browsers and a message needs its raw body. page returns
// where a buyer pays an order, or [payment.ErrClosed].
func Mount(mux *http.ServeMux, s *payment.Service, page func(ctx context.Context, buyer, order string) (string, error), log *slog.Logger) {
	mux.HandleFunc("GET /pay/{order}", func(w http.ResponseWriter, r *http.Request) {
		order := r.PathValue("order")
		page, err := page(r.Context(), web.Who(r.Context()).Person, order)
		if errors.Is(err, payment.ErrClosed) { // paid or given up meanwhile
			http.Redirect(w, r, "/orders/"+order, http.StatusSeeOther)
			return
		}
		if err != nil {
			web.WriteProblem(w, r, log, err)
			return
		}
		http.Redirect(w, r, page, http.StatusSeeOther)
	})
	mux.HandleFunc("POST /v1/payments/{provider}/events", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
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
