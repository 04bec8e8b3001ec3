package feed

import (
	"hash/fnv"
	"math"
	"sync"
)

// film is what serving needs of a video beside the engine's part.
type film struct {
	id      string
	topics  []uint16
	length  int32 // milliseconds
	creator CreatorID
	line    uint16
}

// book gives numbers to names and knows the names again. A number is never given
// twice in the life of a process. Who holds its lock does not call the engine.
type book struct {
	mu       sync.RWMutex
	films    []film
	videos   map[string]VideoID
	creators map[string]CreatorID
	shops    []string
	owners   map[string]OwnerID
	lines    map[string]uint16
	packs    []string
	topics   map[string]uint16
	// topicNames has the first word of each number.
	topicNames []string
}

func newBook() *book {
	return &book{videos: map[string]VideoID{}, creators: map[string]CreatorID{}, owners: map[string]OwnerID{}, lines: map[string]uint16{}, topics: map[string]uint16{}}
}

// enter gives numbers to a video, or new words to one that has a number.
func (b *book) enter(r row) (VideoID, Video) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := film{id: r.Video, length: int32(min(r.LengthMS, math.MaxInt32)), creator: b.creator(r.Shop), line: b.line(r.Line)}
	for _, t := range r.Topics {
		f.topics = append(f.topics, b.topic(t))
	}
	id, ok := b.videos[r.Video]
	if !ok {
		id = VideoID(len(b.films))
		b.videos[r.Video] = id
		b.films = append(b.films, f)
	} else {
		b.films[id] = f
	}
	owner, ok := b.owners[r.Owner]
	if !ok {
		owner = OwnerID(len(b.owners))
		b.owners[r.Owner] = owner
	}
	// A video without topics stands for its line of business.
	topic := b.topic("\x00" + r.Line)
	if len(f.topics) > 0 {
		topic = f.topics[0]
	}
	return id, Video{Creator: f.creator, Owner: owner, Line: f.line, Topic: topic, Share: shareOf(r.Owner)}
}

func (b *book) creator(shop string) CreatorID {
	c, ok := b.creators[shop]
	if !ok {
		c = CreatorID(len(b.shops))
		b.creators[shop] = c
		b.shops = append(b.shops, shop)
	}
	return c
}

func (b *book) line(pack string) uint16 {
	n, ok := b.lines[pack]
	if !ok {
		n = uint16(len(b.packs))
		b.lines[pack] = n
		b.packs = append(b.packs, pack)
	}
	return n
}

// topic numbers words that people make up: beyond 65,535 some share a number.
func (b *book) topic(word string) uint16 {
	n, ok := b.topics[word]
	if ok {
		return n
	}
	if len(b.topics) > math.MaxUint16 {
		h := fnv.New32a()
		_, _ = h.Write([]byte(word))
		return uint16(h.Sum32())
	}
	n = uint16(len(b.topics))
	b.topics[word] = n
	b.topicNames = append(b.topicNames, word)
	return n
}

func (b *book) video(id string) (VideoID, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	v, ok := b.videos[id]
	return v, ok
}

func (b *book) film(v VideoID) film {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.films[v]
}

func (b *book) name(v VideoID) string { return b.film(v).id }

// creatorsOf numbers shops.
func (b *book) creatorsOf(shops []string) []CreatorID {
	return numbersOf(b, shops, b.creators, b.creator)
}

// topicsOf numbers words.
func (b *book) topicsOf(words []string) []uint16 { return numbersOf(b, words, b.topics, b.topic) }

// numbersOf numbers names. Almost all have one, and who comes must not wait for
// everybody who reads: the book is locked only for those that do not.
func numbersOf[T any](b *book, names []string, of map[string]T, enter func(string) T) []T {
	if len(names) == 0 {
		return nil
	}
	out := make([]T, len(names))
	known := func() bool {
		b.mu.RLock()
		defer b.mu.RUnlock()
		for i, name := range names {
			n, ok := of[name]
			if !ok {
				return false
			}
			out[i] = n
		}
		return true
	}
	if known() {
		return out
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, name := range names {
		out[i] = enter(name)
	}
	return out
}

// videosOf numbers those that have a number.
func (b *book) videosOf(ids []string) []VideoID {
	if len(ids) == 0 {
		return nil
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []VideoID
	for _, id := range ids {
		if v, ok := b.videos[id]; ok {
			out = append(out, v)
		}
	}
	return out
}

func (b *book) size() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.films)
}

func (b *book) pack(line uint16) string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.packs[line]
}
