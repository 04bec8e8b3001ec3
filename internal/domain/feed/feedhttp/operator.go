package feedhttp

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler[V]) operator(api *web.API) {
	web.Handle(api, web.Operators, "GET /v1/operator/discover", "operator-discover", "Whether Discover can keep its promise, and what is kept out of it", h.overview)
	web.Handle(api, web.Operators, "POST /v1/operator/discover/videos/{id}/thaw", "thaw-video", "Let a video be shown again; its reports are forgotten", h.thaw)
	web.Handle(api, web.Operators, "POST /v1/operator/discover/videos/{id}/hide", "hide-video", "Keep a video out of Discover", h.hide)
}

type capacity struct {
	Floor   int `json:"floor" doc:"Shows promised to a new video"`
	InForce int `json:"in_force" doc:"What a video published now is owed"`
	Shows   int `json:"shows" doc:"Of the day before"`
	Uploads int `json:"uploads" doc:"Of the day before, with a floor"`
	Owed    int `json:"owed" doc:"Owners who wait for shows"`
}

type complaint struct {
	Reason  string    `json:"reason"`
	Words   string    `json:"words"`
	Counted bool      `json:"counted" doc:"Of a viewer who was shown the video in Discover"`
	At      time.Time `json:"at"`
}

type stoppedView struct {
	Video   string      `json:"video"`
	Caption string      `json:"caption" doc:"Empty once the video is deleted"`
	Shop    text.Local  `json:"shop"`
	Hidden  bool        `json:"hidden" doc:"By the operator; else frozen by reports"`
	Shows   int64       `json:"shows"`
	Since   time.Time   `json:"since"`
	Reports []complaint `json:"reports" nullable:"false" doc:"The newest twenty"`
}

type overview struct {
	Capacity capacity      `json:"capacity"`
	Stopped  []stoppedView `json:"stopped" nullable:"false"`
}

func (h *handler[V]) overview(ctx context.Context, _ *web.None) (*web.Out[overview], error) {
	stopped, err := h.Feed.Stopped(ctx)
	if err != nil {
		return nil, err
	}
	c := h.Feed.Capacity()
	out := overview{Capacity: capacity(c), Stopped: []stoppedView{}}
	for _, st := range stopped {
		v := stoppedView{Video: st.Video, Hidden: st.Hidden, Shows: st.Shows, Since: st.Since, Reports: []complaint{}}
		if v.Shop, err = h.ShopName(ctx, st.Shop); err != nil {
			return nil, err
		}
		if v.Caption, err = h.Caption(ctx, st.Video); err != nil {
			return nil, err
		}
		for _, r := range st.Reports {
			v.Reports = append(v.Reports, complaint{r.Reason, r.Words, r.Counted, r.At})
		}
		out.Stopped = append(out.Stopped, v)
	}
	return web.Answer(out, nil)
}

func (h *handler[V]) thaw(ctx context.Context, in *idInput) (*web.None, error) {
	return nil, h.Feed.Thaw(ctx, in.ID)
}

func (h *handler[V]) hide(ctx context.Context, in *idInput) (*web.None, error) {
	return nil, h.Feed.Hide(ctx, in.ID)
}
