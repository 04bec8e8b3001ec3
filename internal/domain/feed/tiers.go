package feed

// tierCount classes of quality, each with tierStep times the turns of the class
// below it: the best have some 128 times those of the last. Few classes with large
// steps would treat unlike videos alike and hardly different ones as if they were.
const (
	tierCount = 48
	tierStep  = 1.109
)

// tiers give every live video its turn, and the better ones more of them: a ring
// for each class of what the others watch long, and the classes by stride
// scheduling (Waldspurger and Weihl 1995): the one with the smallest pass is
// next, and pays the inverse of its weight. When a video is served, all of its
// owner's go to the ends of their rings, so uploads do not multiply turns.
type tiers struct {
	next, prev []int32
	class      []int8 // of each video; -1 in no ring
	head       [tierCount]int32
	n          [tierCount]int
	pass       [tierCount]float64
}

func newTiers() *tiers {
	t := &tiers{}
	for c := range t.head {
		t.head[c] = -1
	}
	return t
}

func (t *tiers) has(v VideoID) bool { return int(v) < len(t.class) && t.class[v] >= 0 }

// put places v in a class, at the end of its ring unless it is there already.
func (t *tiers) put(v VideoID, class int8) {
	for int(v) >= len(t.class) {
		t.next, t.prev, t.class = append(t.next, -1), append(t.prev, -1), append(t.class, -1)
	}
	if t.class[v] == class {
		return
	}
	t.remove(v)
	if t.n[class] == 0 { // it must not make up for the time in which it was empty
		t.pass[class] = max(t.pass[class], t.least())
	}
	t.class[v] = class
	t.n[class]++
	x := int32(v)
	if t.head[class] < 0 {
		t.head[class], t.next[x], t.prev[x] = x, x, x
		return
	}
	head := t.head[class]
	tail := t.prev[head]
	t.next[tail], t.prev[x] = x, tail
	t.next[x], t.prev[head] = head, x
}

// least is the smallest pass of the classes with videos.
func (t *tiers) least() float64 {
	least, some := 0.0, false
	for c := range t.pass {
		if t.n[c] > 0 && (!some || t.pass[c] < least) {
			least, some = t.pass[c], true
		}
	}
	return least
}

func (t *tiers) remove(v VideoID) {
	if !t.has(v) {
		return
	}
	c, x := t.class[v], int32(v)
	t.class[v] = -1
	if t.n[c]--; t.n[c] == 0 {
		t.head[c] = -1
		return
	}
	t.next[t.prev[x]], t.prev[t.next[x]] = t.next[x], t.prev[x]
	if t.head[c] == x {
		t.head[c] = t.next[x]
	}
}

// toEnd puts v at the end of its ring.
func (t *tiers) toEnd(v VideoID) {
	if !t.has(v) {
		return
	}
	c := t.class[v]
	if t.head[c] == int32(v) {
		t.head[c] = t.next[v]
		return
	}
	t.remove(v)
	t.put(v, c)
}

// looks is into how many whole classes a search looks at most.
const looks = 8

// pick returns the video whose turn it is and that is wanted, looking at most
// look videos into each class and at looks times as many in all; -1 for none. It
// does not take the turn.
func (t *tiers) pick(look int, wanted func(VideoID) bool) VideoID {
	var tried [tierCount]bool
	for left := looks * look; left > 0; {
		c := -1
		for i := range tierCount {
			if t.n[i] > 0 && !tried[i] && (c < 0 || t.pass[i] <= t.pass[c]) {
				c = i
			}
		}
		if c < 0 {
			return -1
		}
		tried[c] = true
		x := t.head[c]
		for range min(look, t.n[c], left) {
			if wanted(VideoID(x)) {
				return VideoID(x)
			}
			left--
			x = t.next[x]
		}
	}
	return -1
}

// weights of the classes.
var weights = func() (w [tierCount]float64) {
	w[0] = 1
	for c := 1; c < tierCount; c++ {
		w[c] = w[c-1] * tierStep
	}
	return w
}()

// served takes the turn of v, one of an owner's videos.
func (t *tiers) served(v VideoID, owners []VideoID) {
	if !t.has(v) {
		return
	}
	t.pass[t.class[v]] += 1 / weights[t.class[v]]
	const most = 32
	for _, x := range owners[:min(most, len(owners))] {
		if x != v {
			t.toEnd(x)
		}
	}
	t.toEnd(v)
}
