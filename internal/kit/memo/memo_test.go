package memo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shelf is what a memo of the tests reads from.
type shelf struct {
	mu     sync.Mutex
	values map[string]int
	reads  [][]string
	now    time.Time
	fault  error
}

func (s *shelf) clock() time.Time { return s.now }

func (s *shelf) load(_ context.Context, keys []string) (map[string]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, slices.Clone(keys))
	out := map[string]int{}
	for _, k := range keys {
		if v, ok := s.values[k]; ok {
			out[k] = v
		}
	}
	return out, s.fault
}

func newShelf() (*shelf, *Memo[string, int]) {
	s := &shelf{values: map[string]int{"a": 1, "b": 2}, now: time.Unix(1000, 0)}
	return s, New(2*time.Second, s.clock, s.load)
}

func TestAValueIsReadOnceForAsLongAsItMayBeUsed(t *testing.T) {
	s, m := newShelf()
	ctx := t.Context()
	for range 3 {
		if v, ok, err := m.Get(ctx, "a"); v != 1 || !ok || err != nil {
			t.Fatal(v, ok, err)
		}
	}
	got, err := m.Many(ctx, []string{"b", "a", "none", "b"})
	if err != nil || !maps.Equal(got, map[string]int{"a": 1, "b": 2}) {
		t.Fatal(got, err)
	}
	if want := [][]string{{"a"}, {"b", "none"}}; !slices.EqualFunc(s.reads, want, slices.Equal) {
		t.Fatalf("read %v, want %v", s.reads, want)
	}
	s.values["a"] = 7
	s.now = s.now.Add(2 * time.Second)
	if v, _, _ := m.Get(ctx, "a"); v != 7 {
		t.Fatalf("after its time a is %d", v)
	}
}

func TestWhatDoesNotExistOrFailedIsNotKept(t *testing.T) {
	s, m := newShelf()
	ctx := t.Context()
	if _, ok, err := m.Get(ctx, "c"); ok || err != nil {
		t.Fatal(ok, err)
	}
	s.values["c"] = 3
	if v, ok, _ := m.Get(ctx, "c"); v != 3 || !ok {
		t.Fatalf("c came and is not seen: %d %v", v, ok)
	}
	s.fault = errors.New("no disk")
	if _, _, err := m.Get(ctx, "a"); err != s.fault {
		t.Fatal(err)
	}
	s.fault = nil
	if v, ok, err := m.Get(ctx, "a"); v != 1 || !ok || err != nil {
		t.Fatal("a failure was kept")
	}
}

// A reading that began before a change and ends after it must not be served to
// who asks after the change.
func TestAReadingThatAChangeOvertookIsNotServed(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	value := 1
	var reads atomic.Int32
	m := New(time.Hour, time.Now, func(context.Context, []string) (map[string]int, error) {
		read := value
		if reads.Add(1) == 1 {
			close(began)
			<-goOn
		}
		return map[string]int{"a": read}, nil
	})
	early := make(chan int)
	go func() {
		v, _, _ := m.Get(t.Context(), "a")
		early <- v
	}()
	<-began
	value = 2
	m.Forget("a")
	if v, _, _ := m.Get(t.Context(), "a"); v != 2 {
		t.Fatalf("after the change: %d", v)
	}
	close(goOn)
	if v := <-early; v != 1 {
		t.Fatalf("who asked before it got %d", v)
	}
	if v, _, _ := m.Get(t.Context(), "a"); v != 2 {
		t.Fatalf("the old reading took the new one's place: %d", v)
	}
}

func TestACrowdCostsOneReading(t *testing.T) {
	var reads atomic.Int32
	gate := make(chan struct{})
	m := New(time.Hour, time.Now, func(context.Context, []string) (map[string]int, error) {
		reads.Add(1)
		<-gate
		return map[string]int{"a": 1}, nil
	})
	ctx, leave := context.WithCancel(t.Context())
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() {
			if v, ok, err := m.Get(t.Context(), "a"); v != 1 || !ok || err != nil {
				t.Error(v, ok, err)
			}
		})
	}
	crowd.Go(func() { // who leaves does not take the value from the others
		if _, _, err := m.Get(ctx, "a"); err != nil && err != context.Canceled {
			t.Error(err)
		}
	})
	leave()
	close(gate)
	crowd.Wait()
	if n := reads.Load(); n != 1 {
		t.Fatalf("%d readings", n)
	}
}

func TestAPanicWhileReadingLetsTheOthersGo(t *testing.T) {
	m := New(time.Hour, time.Now, func(context.Context, []string) (map[string]int, error) { panic("oh") })
	func() {
		defer func() { _ = recover() }()
		_, _, _ = m.Get(t.Context(), "a")
	}()
	if len(m.entries) != 0 {
		t.Fatal("the promise is still there")
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	m := New(time.Hour, time.Now, func(_ context.Context, keys []int) (map[int]int, error) {
		out := map[int]int{}
		for _, k := range keys {
			out[k] = k
		}
		return out, nil
	})
	for i := range 3 * limit {
		if _, ok, _ := m.Get(t.Context(), i); !ok {
			t.Fatal(i)
		}
	}
	if len(m.entries) > limit {
		t.Fatalf("%d entries", len(m.entries))
	}
}
