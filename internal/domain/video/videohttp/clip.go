package videohttp

import (
	"context"
	"os"
	"time"

	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/platform/web"
)

type clipping struct {
	Said
	From float64 `json:"from_second" minimum:"0" doc:"Of the recording; the clip begins with the first picture at or after it"`
	To   float64 `json:"to_second" minimum:"0"`
}

type clipInput struct {
	VideoPath // the id is the show's
	Body      clipping
}

// clip makes a video of a part of a show. Without products it shows those that
// were explained in that part.
func (h *handler) clip(ctx context.Context, in *clipInput) (*web.Out[MerchantView], error) {
	s, err := h.Shows.GetOf(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	from, to := seconds(in.Body.From), seconds(in.Body.To)
	if to-from < time.Second || to-from > video.MaxClip {
		return nil, video.ErrClip
	}
	p := video.Post{Text: in.Body.text()}
	if p.Products == nil {
		if p.Products, err = h.explained(ctx, s, from, to); err != nil {
			return nil, err
		}
	}
	path, begins, err := h.Clip(ctx, s.ID, from, to)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p.TrimFrom, p.TrimTo = begins, begins+to-from
	v, err := h.Videos.Create(ctx, in.Shop, web.Who(ctx).Person, p, f, info.Size())
	return h.answer(ctx, v, err)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// explained lists the products that were explained in a part of a show.
func (h *handler) explained(ctx context.Context, s show.Show, from, to time.Duration) ([]string, error) {
	chapters, err := h.Shows.Chapters(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	out := []string{}
	for _, c := range chapters {
		begins, ends := h.Offset(s.ID, c.From), to
		if !c.To.IsZero() {
			ends = h.Offset(s.ID, c.To)
		}
		if begins < to && ends > from && !seen[c.Product] && len(out) < video.MaxProducts {
			seen[c.Product] = true
			out = append(out, c.Product)
		}
	}
	return out, nil
}
