package settlehttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

type packRate struct {
	Pack string     `json:"pack"`
	Name text.Local `json:"name"`
	PPM  int64      `json:"ppm"`
}

type feeTable struct {
	ID          string       `json:"id,omitempty" doc:"Absent: nothing has ever been taken"`
	From        *time.Time   `json:"from,omitempty"`
	AnnouncedAt *time.Time   `json:"announced_at,omitempty"`
	PPM         int64        `json:"ppm" doc:"Of the goods after discounts, without freight; parts per million"`
	Fixed       money.Amount `json:"fixed" doc:"Per order"`
	Packs       []packRate   `json:"packs" nullable:"false" doc:"Lines of business with another rate"`
	Note        string       `json:"note,omitempty"`
	Rise        bool         `json:"rise" doc:"Takes more of somebody than the table before"`
}

func (h *handler) table(t fee.Table) feeTable {
	v := feeTable{ID: t.ID, From: clock.Ptr(t.From), AnnouncedAt: clock.Ptr(t.AnnouncedAt), PPM: t.PPM, Fixed: money.Of(t.Fixed, t.Currency), Packs: []packRate{}, Note: t.Note, Rise: t.Rise}
	if t.Currency == "" {
		v.Fixed.Currency = h.Currency
	}
	for _, r := range t.Packs {
		p, err := shop.PackOf(r.Pack)
		if err != nil {
			p.Name = text.Both(r.Pack, r.Pack)
		}
		v.Packs = append(v.Packs, packRate{r.Pack, p.Name, r.PPM})
	}
	return v
}

type feesView struct {
	Now        feeTable   `json:"now"`
	Next       []feeTable `json:"next" nullable:"false" doc:"In the order of their dates"`
	NoticeDays int64      `json:"notice_days" doc:"How long before its date a rise is announced"`
}

func (h *handler) fees(ctx context.Context, _ *web.None) (*web.Out[feesView], error) {
	return web.Answer(h.feesView(ctx))
}

func (h *handler) feesView(ctx context.Context) (feesView, error) {
	now, err := h.Fees.InForce(ctx, h.Now())
	if err != nil {
		return feesView{}, err
	}
	next, err := h.Fees.Next(ctx)
	v := feesView{Now: h.table(now), Next: []feeTable{}, NoticeDays: int64(h.Fees.Notice() / (24 * time.Hour))}
	for _, t := range next {
		v.Next = append(v.Next, h.table(t))
	}
	return v, err
}
