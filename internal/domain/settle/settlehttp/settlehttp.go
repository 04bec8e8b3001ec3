// Package settlehttp is the door of shops' money: the fees in force and to come
// for everybody, what is held, free and paid out for merchants, fees, payouts and
// holds for operators.
package settlehttp

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Settle   *settle.Service
	Fees     *fee.Service
	Shops    *shop.Service
	Currency string // of the fixed fee
	Log      *slog.Logger
	Now      clock.Now
}

type handler struct{ Parts }

// Mount adds the operations to api, and the files to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{p}
	web.Handle(api, web.Anyone, "GET /v1/fees", "fees", "What the market takes of sales, now and from announced dates", h.fees)
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/money", "shop-money", "What is held, on hand and paid out", shop.Guard(h.Shops, shop.Manage, h.money))
	web.Handle(api, web.SignedIn, "GET "+base+"/money/orders", "shop-settlements", "The orders behind the money", shop.Guard(h.Shops, shop.Manage, h.orders))
	web.Handle(api, web.SignedIn, "GET "+base+"/money/statement", "shop-statement", "The statement of a month", shop.Guard(h.Shops, shop.Manage, h.statement))
	web.Handle(api, web.SignedIn, "PUT "+base+"/money/account", "set-payout-account", "Where the shop wants its money", shop.Guard(h.Shops, shop.Manage, h.setAccount))
	web.Handle(api, web.SignedIn, "POST "+base+"/money/payouts", "ask-payout", "Have money paid out", shop.Guard(h.Shops, shop.Manage, h.ask), web.Status(201))
	web.Handle(api, web.SignedIn, "POST "+base+"/money/objection", "object-to-hold", "Say why the money should not be held", shop.Guard(h.Shops, shop.Manage, h.object))
	mux.HandleFunc("GET "+base+"/money/statement.csv", h.statementFile)
	web.Handle(api, web.Operators, "POST /v1/operator/fees", "announce-fees", "Announce what the market takes from a date on", h.announce, web.Status(201))
	web.Handle(api, web.Operators, "GET /v1/operator/payouts", "operator-payouts", "Payouts to carry out, and shops that are held", h.queue)
	web.Handle(api, web.Operators, "POST /v1/operator/payouts/{id}/{state}", "set-payout", "Say where a payout stands", h.set)
	web.Handle(api, web.Operators, "POST /v1/operator/shops/{shop}/hold", "hold-shop", "Hold the money of a shop, for a reason", h.hold)
	web.Handle(api, web.Operators, "POST /v1/operator/shops/{shop}/release", "release-shop", "Hold the money of a shop no longer", h.release)
	mux.HandleFunc("GET /v1/operator/payouts.csv", h.queueFile)
}

// owner returns nil for who manages a shop.
func (h *handler) owner(ctx context.Context, shopID string) error {
	person, err := web.Person(ctx)
	if err == nil {
		err = h.Shops.Require(ctx, shopID, person, shop.Manage)
	}
	return err
}
