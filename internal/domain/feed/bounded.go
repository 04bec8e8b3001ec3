package feed

// Taste knows how videos fit viewers. It is asked only for viewers who turned
// bounded mode on; in flat mode nothing calls it.
type Taste interface {
	// Near returns up to n videos that may fit, in any order.
	Near(viewer ViewerID, n int) []VideoID
	// Fit puts how well each video fits into out, higher is better; about 0 to 1.
	Fit(viewer ViewerID, videos []VideoID, out []float32)
}

// scratch keeps buffers between pages; the engine's lock guards it.
type scratch struct {
	videos []VideoID
	fit    []float32
}

type match struct{}

func (r *round) bounded() bool { return r.e.taste != nil && r.p.taste && !r.p.minor }

func (r *round) affinity() (Item, bool) { return Item{}, false }

func (r *round) fitting() (Item, bool) { return Item{}, false }
