// Package goodsfilehttp is the door to goods as a table.
package goodsfilehttp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"github.com/openstall/openstall/internal/domain/goodsfile"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Files *goodsfile.Service
	Shops *shop.Service
	Log   *slog.Logger
}

type handler struct{ Parts }

// Mount adds the operations to api, and the table to mux.
func Mount(api *web.API, mux *http.ServeMux, p Parts) {
	h := &handler{p}
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "POST "+base+"/goods-file/check", "check-goods-file", "What a table of goods would do", shop.Guard(h.Shops, shop.Shows, h.check), web.MaxBody(goodsfile.MaxBytes))
	web.Handle(api, web.SignedIn, "POST "+base+"/goods-file", "take-goods-file", "Take a table of goods in, whole or not at all", shop.Guard(h.Shops, shop.Shows, h.take), web.MaxBody(goodsfile.MaxBytes))
	mux.HandleFunc("GET "+base+"/goods.csv", h.export)
}

// fault is a line that does not fit.
type fault struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty" doc:"The key of the column"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

type report struct {
	goodsfile.Report
	Faults []fault `json:"faults" nullable:"false" doc:"The first 50; with any, nothing is taken in"`
}

func view(ctx context.Context, r goodsfile.Report) report {
	out := report{r, make([]fault, len(r.Faults))}
	for i, f := range r.Faults {
		p := web.ProblemOf(ctx, f.Err)
		out.Faults[i] = fault{f.Line, f.Column, p.Code, p.Detail}
	}
	return out
}

type checkInput struct {
	shop.In
	RawBody []byte `contentType:"text/csv"`
}

func (h *handler) check(ctx context.Context, in *checkInput) (*web.Out[report], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	r, err := h.Files.Check(ctx, sh, in.RawBody)
	return web.Answer(view(ctx, r), err)
}

type takeInput struct {
	shop.In
	web.Key
	RawBody []byte `contentType:"text/csv"`
}

func (h *handler) take(ctx context.Context, in *takeInput) (*web.Out[report], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	r, err := h.Files.Take(ctx, sh, web.Who(ctx).Person, in.Key.Key, in.RawBody)
	return web.Answer(view(ctx, r), err)
}

// export streams all goods.
func (h *handler) export(w http.ResponseWriter, r *http.Request) {
	ctx, shopID := r.Context(), r.PathValue("shop")
	person, err := web.Person(ctx)
	if err == nil {
		err = h.Shops.Require(ctx, shopID, person, shop.Shows)
	}
	var sh shop.Shop
	if err == nil {
		sh, err = h.Shops.Get(ctx, shopID)
	}
	var pack shop.Pack
	if err == nil {
		pack, err = shop.PackOf(sh.Pack)
	}
	var onHand map[string]int64
	if err == nil {
		onHand, err = h.Files.OnHand(ctx, shopID)
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	language := r.URL.Query().Get("language")
	if !slices.Contains(text.Languages, language) {
		language = web.LanguageOf(ctx)
	}
	web.Table(w, r, h.Log, "goods.csv", func(w io.Writer) error {
		return goodsfile.Write(w, pack, language, h.Files.All(ctx, shopID), onHand)
	})
}
