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

// newDiscover fills an engine with the catalogue, every video owed its floor,
// and with the training rows as the outcomes of everybody.
func newDiscover(s *Set, cfg feed.Config, m *meter, opts ...feed.Option) *discover {
	d := &discover{engine: feed.New(cfg, opts...), meter: m}
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
		k.ID, k.Credit = feed.VideoID(i), max(100, cfg.Floor)
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
