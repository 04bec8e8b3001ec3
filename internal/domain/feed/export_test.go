package feed

// Group returns the group of a viewer.
func Group(p ViewerID) int { return group(p) }

// Ranked reports whether a video is among the best that a viewer's group is shown.
func (e *Engine) Ranked(p ViewerID, v VideoID) bool { return e.rank[group(p)][int32(v)] > 0 }
