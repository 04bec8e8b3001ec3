package room

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/show"
)

// room is what this process knows of one show.
type room struct {
	id string

	mu      sync.Mutex
	state   show.State
	numbers map[string]int  // product: bag number
	skus    map[string]bool // on sale here
	version int64           // of the last state
	stateAt time.Time       // when it went out
	learned int64           // version of the state that numbers and skus are of

	n       int64
	lines   lines
	last    []chat.View // newest lines, for newcomers
	removed []string
	orders  []Order
	more    int
	pin     *pinned
	pinned  *chat.View

	likes     int64 // stored, plus ours since
	likesNew  int64 // ours since the last store
	likesSent int64
	liked     map[string]time.Time

	viewers, viewersSent int64
	viewersAt            time.Time
	total, totalSent     int64          // different viewers: stored, plus ours since
	seen                 map[int64]bool // hashes that this process has met
	fresh                map[int64]bool // of them, not yet stored
	storedAt             time.Time
	untold               bool      // the show has not heard of the stored figures
	quietSince           time.Time // nobody was here
	closed               bool      // the service has forgotten this room
}

// pinned writes null for "let go of".
type pinned struct{ view *chat.View }

// MarshalJSON implements [json.Marshaler].
func (p pinned) MarshalJSON() ([]byte, error) { return json.Marshal(p.view) }

func newRoom(id string, now time.Time) *room {
	return &room{
		id: id, lines: newLines(now, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))),
		liked: map[string]time.Time{}, seen: map[int64]bool{}, fresh: map[int64]bool{},
		storedAt: now, quietSince: now,
	}
}

// learn keeps what the frames need of a state. Two may be read at once; the one
// that was begun earlier and came later knows less, and is passed over.
func (r *room) learn(st State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if st.Version < r.learned {
		return
	}
	r.learned = st.Version
	r.state = st.State
	r.numbers, r.skus = map[string]int{}, map[string]bool{}
	for _, it := range st.Items {
		r.numbers[it.Product] = it.Number
		for _, k := range it.SKUs {
			r.skus[k.ID] = true
		}
	}
}

func (r *room) sells(sku string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.skus[sku]
}

// early says whether a state must wait for the tick, because one went out less
// than stateGap ago, and takes the turn when not.
func (r *room) early(now time.Time, tick bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !tick && now.Sub(r.stateAt) < stateGap {
		return true
	}
	r.stateAt = now
	return false
}

func (r *room) onAir() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.OnAir()
}

func (r *room) say(v chat.View) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines.add(v)
}

func (r *room) remove(comment string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines.remove(comment)
	kept := r.last[:0]
	for _, v := range r.last {
		if v.ID != comment {
			kept = append(kept, v)
		}
	}
	r.last = kept
	r.removed = append(r.removed, comment)
	if r.pinned != nil && r.pinned.ID == comment {
		r.pinned, r.pin = nil, &pinned{}
	}
}

func (r *room) setPin(v *chat.View) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pinned, r.pin = v, &pinned{v}
}

func (r *room) order(name, product string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.orders) >= ordersShown {
		r.more++
		return
	}
	r.orders = append(r.orders, Order{Name: name, Number: r.numbers[product]})
}

// like adds taps of a viewer, once a second and at most maxLike, and returns the
// total.
func (r *room) like(viewer string, n int64, now time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.OnAir() && n > 0 && now.Sub(r.liked[viewer]) >= likeEvery {
		if len(r.liked) > 50_000 {
			clear(r.liked) // a second of grace for everybody, instead of a list without end
		}
		r.liked[viewer] = now
		n = min(n, maxLike)
		r.likes += n
		r.likesNew += n
	}
	return r.likes
}

// meet counts a browser once while the show is on air. It says whether the room
// is still open.
func (r *room) meet(viewer string) bool {
	sum := sha256.Sum256([]byte(r.id + " " + viewer))
	h := int64(binary.BigEndian.Uint64(sum[:8]))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	if viewer != "" && r.state.OnAir() && !r.seen[h] {
		r.seen[h], r.fresh[h] = true, true
	}
	return true
}

// deserted says that nobody has been here for a minute and nothing is on air.
func (r *room) deserted(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Sub(r.quietSince) > time.Minute && !r.state.OnAir()
}

// close shuts the room when it is still deserted and nothing of it is unstored.
func (r *room) close(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = now.Sub(r.quietSince) > time.Minute && !r.state.OnAir() && len(r.fresh) == 0 && r.likesNew == 0
	return r.closed
}

// look notes how many are here.
func (r *room) look(count int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.viewers, r.viewersAt = int64(count), now
	if count > 0 || r.state.OnAir() {
		r.quietSince = now
	}
}

// frame returns what is new, or false when nothing is.
func (r *room) frame(now time.Time) (Frame, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := Frame{T: now.UTC(), Chat: r.lines.take(now), Orders: r.orders, MoreOrders: r.more, Removed: r.removed, PinnedComment: r.pin}
	some := len(f.Chat) > 0 || len(f.Orders) > 0 || len(f.Removed) > 0 || f.PinnedComment != nil
	r.orders, r.more, r.removed, r.pin = nil, 0, nil, nil
	r.last = append(r.last, f.Chat...)
	if drop := len(r.last) - lastLines; drop > 0 {
		r.last = append([]chat.View(nil), r.last[drop:]...)
	}
	if r.likes != r.likesSent {
		f.Likes, r.likesSent, some = r.likes, r.likes, true
	}
	if moved(r.viewersSent, r.viewers) {
		v := r.viewers
		f.Viewers, r.viewersSent, some = &v, v, true
	}
	if r.total != r.totalSent && moved(r.totalSent, r.total) {
		f.ViewersTotal, r.totalSent, some = r.total, r.total, true
	}
	if some {
		r.n = max(r.n+1, now.UnixMilli())
		f.N = r.n
	}
	return f, some
}

// moved says whether a count changed by a hundredth at least.
func moved(was, is int64) bool {
	change := is - was
	if change < 0 {
		change = -change
	}
	return change*100 >= max(was, is) && change > 0
}

func (r *room) figures() Figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Figures{Viewers: r.viewers, ViewersTotal: r.total, Likes: r.likes}
}

func (r *room) greeting(here int64) Greeting {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := Greeting{
		Comments: append([]chat.View{}, r.last...),
		Viewers:  max(here, r.viewers), ViewersTotal: max(r.total, min(here, 1)), Likes: r.likes,
	}
	if r.pinned != nil {
		v := *r.pinned
		g.PinnedComment = &v
	}
	return g
}
