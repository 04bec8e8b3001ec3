package feed

// wheel is a ring of owners or videos by number, each at most once. Whoever was
// served goes to the end; whoever was passed over keeps the place, so a show
// that did not fit one viewer is offered to the next. All steps take O(1).
type wheel struct {
	next, prev []int32 // -1 for who is not on the wheel
	head       int32
	n          int
}

func newWheel() *wheel { return &wheel{head: -1} }

func (w *wheel) has(x int32) bool { return int(x) < len(w.next) && w.next[x] >= 0 }

// push puts x at the end.
func (w *wheel) push(x int32) {
	for int(x) >= len(w.next) {
		w.next, w.prev = append(w.next, -1), append(w.prev, -1)
	}
	if w.next[x] >= 0 {
		return
	}
	w.n++
	if w.head < 0 {
		w.head, w.next[x], w.prev[x] = x, x, x
		return
	}
	tail := w.prev[w.head]
	w.next[tail], w.prev[x] = x, tail
	w.next[x], w.prev[w.head] = w.head, x
}

func (w *wheel) remove(x int32) {
	if !w.has(x) {
		return
	}
	w.n--
	if w.n == 0 {
		w.head = -1
	} else {
		w.next[w.prev[x]], w.prev[w.next[x]] = w.next[x], w.prev[x]
		if w.head == x {
			w.head = w.next[x]
		}
	}
	w.next[x], w.prev[x] = -1, -1
}

// served puts x, which is on the wheel, at the end.
func (w *wheel) served(x int32) {
	if w.head == x {
		w.head = w.next[x]
		return
	}
	w.remove(x)
	w.push(x)
}

// walk calls f from the head on, for at most n, until f returns true. f must not
// change the wheel.
func (w *wheel) walk(n int, f func(x int32) bool) {
	x := w.head
	for range min(n, w.n) {
		if f(x) {
			return
		}
		x = w.next[x]
	}
}

// rim is a wheel of a few among many numbers; memory follows how many they are.
type rim struct {
	wheel wheel           // of places
	place map[int32]int32 // of a number
	at    []int32         // number of a place
	free  []int32
}

func newRim() *rim { return &rim{wheel: wheel{head: -1}, place: map[int32]int32{}} }

func (r *rim) has(x int32) bool {
	_, ok := r.place[x]
	return ok
}

func (r *rim) push(x int32) {
	if r.has(x) {
		return
	}
	p := int32(len(r.at))
	if n := len(r.free); n > 0 {
		p, r.free = r.free[n-1], r.free[:n-1]
	} else {
		r.at = append(r.at, 0)
	}
	r.place[x], r.at[p] = p, x
	r.wheel.push(p)
}

func (r *rim) remove(x int32) {
	if p, ok := r.place[x]; ok {
		delete(r.place, x)
		r.free = append(r.free, p)
		r.wheel.remove(p)
	}
}

func (r *rim) served(x int32) { r.wheel.served(r.place[x]) }

func (r *rim) walk(n int, f func(x int32) bool) {
	r.wheel.walk(n, func(p int32) bool { return f(r.at[p]) })
}
