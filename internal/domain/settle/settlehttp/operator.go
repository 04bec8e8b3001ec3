package settlehttp

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

type announceFeesInput struct {
	web.Key
	Body struct {
		From  *time.Time     `json:"from,omitempty" doc:"At once when absent; a rise needs notice"`
		PPM   int64          `json:"ppm" minimum:"0" maximum:"500000" doc:"Parts per million"`
		Fixed int64          `json:"fixed_minor,omitempty" minimum:"0" maximum:"100000" doc:"Per order, minor units of the market's currency"`
		Packs []fee.PackRate `json:"packs,omitempty" maxItems:"100"`
		Note  string         `json:"note,omitempty" maxLength:"1000" doc:"Why, for the shops"`
	}
}

func (h *handler) announce(ctx context.Context, in *announceFeesInput) (*web.Out[feesView], error) {
	b := in.Body
	d := fee.Draft{Key: in.Key.Key, By: web.Who(ctx).Person, Currency: h.Currency, PPM: b.PPM, Fixed: b.Fixed, Packs: b.Packs, Note: b.Note}
	if b.From != nil {
		d.From = *b.From
	}
	if _, err := h.Fees.Announce(ctx, d); err != nil {
		return nil, err
	}
	return web.Answer(h.feesView(ctx))
}

type shopPayout struct {
	Payout
	Shop     string     `json:"shop"`
	ShopName text.Local `json:"shop_name"`
}

type shopHold struct {
	Hold
	Shop     string     `json:"shop"`
	ShopName text.Local `json:"shop_name"`
}

type queueView struct {
	Payouts []shopPayout `json:"payouts" nullable:"false"`
	Holds   []shopHold   `json:"holds" nullable:"false"`
}

type queueInput struct {
	All bool `query:"all" doc:"Those that are over too, the newest 500"`
}

func (h *handler) queue(ctx context.Context, in *queueInput) (*web.Out[queueView], error) {
	all, err := h.Settle.Queue(ctx, !in.All)
	if err != nil {
		return nil, err
	}
	holds, err := h.Settle.Holds(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]text.Local{}
	name := func(shopID string) (text.Local, error) {
		if _, ok := names[shopID]; !ok {
			sh, err := h.Shops.Get(ctx, shopID)
			if err != nil {
				return nil, err
			}
			names[shopID] = sh.Name
		}
		return names[shopID], nil
	}
	v := queueView{Payouts: []shopPayout{}, Holds: []shopHold{}}
	for _, p := range all {
		n, err := name(p.Shop)
		if err != nil {
			return nil, err
		}
		v.Payouts = append(v.Payouts, shopPayout{payoutOf(p), p.Shop, n})
	}
	for _, x := range holds {
		n, err := name(x.Shop)
		if err != nil {
			return nil, err
		}
		v.Holds = append(v.Holds, shopHold{holdOf(x), x.Shop, n})
	}
	return web.Answer(v, nil)
}

type payoutStateInput struct {
	ID    string             `path:"id" maxLength:"60"`
	State settle.PayoutState `path:"state" enum:"asked,held,sent,done,returned"`
	web.Key
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Needed for held and returned; the shop reads it"`
	}
}

func (h *handler) set(ctx context.Context, in *payoutStateInput) (*web.Out[Payout], error) {
	p, err := h.Settle.Set(ctx, in.ID, web.Who(ctx).Person, in.State, in.Body.Reason)
	return web.Answer(payoutOf(p), err)
}

type holdShopInput struct {
	shop.In
	web.Key
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"The shop reads it"`
	}
}

func (h *handler) hold(ctx context.Context, in *holdShopInput) (*web.Out[Hold], error) {
	if _, err := h.Shops.Get(ctx, in.Shop); err != nil {
		return nil, err
	}
	x, err := h.Settle.Hold(ctx, in.Shop, web.Who(ctx).Person, in.Body.Reason)
	return web.Answer(holdOf(x), err)
}

type releaseShopInput struct {
	shop.In
	web.Key
	Body struct {
		Answer string `json:"answer,omitempty" maxLength:"1000" doc:"To the shop's objection"`
	}
}

func (h *handler) release(ctx context.Context, in *releaseShopInput) (*web.None, error) {
	return nil, h.Settle.Release(ctx, in.Shop, web.Who(ctx).Person, in.Body.Answer)
}

func (h *handler) queueFile(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if who := web.Who(ctx); !who.Operator {
		err := error(web.ErrNotFound)
		if _, e := web.Person(ctx); e != nil {
			err = e
		}
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	all, err := h.Settle.Queue(ctx, true)
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	web.Table(w, r, h.Log, "payouts.csv", func(w io.Writer) error { return settle.WritePayouts(w, all) })
}
