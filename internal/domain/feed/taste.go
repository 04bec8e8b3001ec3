package feed

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// tastes is the [Taste] of the product, for viewers who asked for it: topics
// they watched long. It keeps nothing of anybody else.
type tastes struct {
	book *book
	mu   sync.RWMutex
	of   map[ViewerID]map[uint16]float32
	by   map[uint16][]VideoID // the newest videos of a topic, the newest last
}

func newTastes(b *book) *tastes {
	return &tastes{book: b, of: map[ViewerID]map[uint16]float32{}, by: map[uint16][]VideoID{}}
}

// perTopic is how many of the newest videos of a topic taste knows.
const perTopic = 128

func (t *tastes) add(v VideoID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, topic := range t.book.film(v).topics {
		list := t.by[topic]
		if slices.Contains(list, v) {
			continue
		}
		if len(list) == perTopic {
			list = slices.Delete(list, 0, 1)
		}
		t.by[topic] = append(list, v)
	}
}

func (t *tastes) set(id ViewerID, weights map[uint16]float32) {
	if len(weights) == 0 && !t.knows(id) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(weights) == 0 {
		delete(t.of, id)
		return
	}
	t.of[id] = weights
}

func (t *tastes) knows(id ViewerID) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.of[id] != nil
}

func (t *tastes) forget(id ViewerID) { t.set(id, nil) }

// Near returns the newest videos of the viewer's topics.
func (t *tastes) Near(id ViewerID, n int, into []VideoID) []VideoID {
	t.mu.RLock()
	defer t.mu.RUnlock()
	w := t.of[id]
	topics := slices.SortedFunc(maps.Keys(w), func(a, b uint16) int {
		return cmp.Or(cmp.Compare(w[b], w[a]), cmp.Compare(a, b))
	})
	for _, topic := range topics {
		for _, v := range slices.Backward(t.by[topic]) {
			if len(into) >= n {
				return into
			}
			into = append(into, v)
		}
	}
	return into
}

// Fit is the weight of the best of a video's topics, between 0 and 1.
func (t *tastes) Fit(id ViewerID, videos []VideoID, out []float32) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	w := t.of[id]
	for i, v := range videos {
		out[i] = 0
		for _, topic := range t.book.film(v).topics {
			out[i] = max(out[i], w[topic])
		}
	}
}

// Of what was watched, the last twenty or so count.
const fade = 0.95

// learn adds a long view to a guest who asked for taste.
func (s *Service) learn(g *guest, v VideoID) {
	likes := map[string]float64{}
	for topic, w := range g.said.Likes {
		if w *= fade; w > 0.05 {
			likes[topic] = w
		}
	}
	for _, topic := range s.book.words(v) {
		likes[topic]++
	}
	g.said.Likes = likes
	s.tastes.set(g.num, s.book.weights(likes))
	s.paging.Lock()
	defer s.paging.Unlock()
	if s.pending.said == nil {
		s.pending.said = map[string]said{}
	}
	s.pending.said[g.key] = g.said
}

// words are the topics of a video.
func (b *book) words(v VideoID) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []string
	for _, t := range b.films[v].topics {
		out = append(out, b.topicNames[t])
	}
	return out
}

// weights numbers topics and brings the greatest weight to 1.
func (b *book) weights(likes map[string]float64) map[uint16]float32 {
	if len(likes) == 0 {
		return nil
	}
	top := slices.Max(slices.Collect(maps.Values(likes)))
	out := map[uint16]float32{}
	for topic, w := range likes {
		out[b.topicsOf([]string{topic})[0]] = float32(w / top)
	}
	return out
}
