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
