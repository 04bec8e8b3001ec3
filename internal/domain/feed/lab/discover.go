package lab

import (
	"slices"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
)

// labTime is when evaluations happen: noon of some day, so no day ends in one.
var labTime = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// discover drives the product's engine: users are viewers, one page each.
type discover struct {
	engine *feed.Engine
	meter  *meter
}

// newDiscover fills an engine with the catalogue, videos that
// training showed fewer than owedBelow times owed a floor of 100, and with the training rows as the outcomes of everybody.
func newDiscover(s *Set, cfg feed.Config, owedBelow int, m *meter, opts ...feed.Option) *discover {
	d := &discover{engine: feed.NewEngine(cfg, opts...), meter: m}
	known := make([]feed.Stored, len(s.Items))
	for u, list := range s.Train {
		h := feed.Half(feed.ViewerID(u))
		for _, r := range list {
			known[r.Item].Shown[h]++
			if r.Long {
				known[r.Item].Long[h]++
			}
		}
	}
	for i, it := range s.Items {
		k := known[i]
		k.ID, k.Credit = feed.VideoID(i), 0
		if k.Shown[0]+k.Shown[1] < owedBelow {
			k.Credit = 100
		}
		k.Video = feed.Video{Creator: feed.CreatorID(it.Creator), Owner: feed.OwnerID(it.Creator), Line: uint16(it.Topic), Topic: uint16(it.Topic)}
		d.engine.Restore(k)
	}
	d.engine.Refresh()
	return d
}

func (d *discover) list(q query, sh *shared) []int32 {
	page := d.engine.Page(feed.Ask{Viewer: feed.ViewerID(q.user), Own: -1, N: sh.k, Now: labTime, Skip: func(v feed.VideoID) bool { return q.seen[int32(v)] }})
	var out []int32
	for i, it := range page.Items {
		if it.Reason.Kind == feed.Floor {
			d.meter.reserve(i)
		}
		out = append(out, int32(it.Video))
	}
	return slices.Clip(out)
}

// everyVideo is an owedBelow that reads the whole catalogue as new.
const everyVideo = 1 << 30

// bounded is discover with every viewer in bounded mode; it is its own taste.
type bounded struct {
	*discover
	all   []feed.VideoID
	blend []float32 // of the user being answered
}

func newBounded(s *Set, cfg feed.Config, owedBelow int, m *meter) *bounded {
	b := &bounded{blend: make([]float32, len(s.Items))}
	for i := range s.Items {
		b.all = append(b.all, feed.VideoID(i))
	}
	b.discover = newDiscover(s, cfg, owedBelow, m, feed.WithTaste(b))
	return b
}

// Chosen on val of the developer set.
const (
	boundedOwed = 18 // training shows below which a video is still owed its floor
	blendEASE   = 0.25
	blendLate   = 1
	blendALS    = 0.5
)

// Near returns the whole catalogue, as the protocol asks.
func (b *bounded) Near(_ feed.ViewerID, _ int, into []feed.VideoID) []feed.VideoID {
	return append(into, b.all...)
}

// Fit blends the collaborative models.
func (b *bounded) Fit(_ feed.ViewerID, videos []feed.VideoID, out []float32) {
	for i, v := range videos {
		out[i] = b.blend[v]
	}
}

func (b *bounded) list(q query, sh *shared) []int32 {
	for i := range b.blend {
		b.blend[i] = sh.exp[i] + blendEASE*sh.ease[i] + blendLate*sh.late[i] + blendALS*sh.als[i]
	}
	b.engine.SetTaste(feed.ViewerID(q.user), 4)
	return b.discover.list(q, sh)
}
