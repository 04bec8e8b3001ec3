// Package memo keeps what was read for as long as it may be used, so that a
// crowd that looks at one thing costs one reading.
package memo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
)

// limit is how many values are kept at most: a crowd looks at few things, and
// what is forgotten is read again.
const limit = 20_000

// Memo keeps values by key. It is safe for concurrent use.
//
// Who asks after [Memo.Forget] returned never gets what was read before, even
// if that reading ends later.
type Memo[K comparable, V any] struct {
	age  time.Duration
	now  clock.Now
	load func(ctx context.Context, keys []K) (map[K]V, error)

	mu      sync.Mutex
	entries map[K]*entry[V]
}

// entry is a value or the promise of one.
type entry[V any] struct {
	ready chan struct{} // closed when the rest is there
	until time.Time     // zero while it is being read; guarded by the memo
	value V
	found bool
	err   error
}

// New returns a memo whose values may be used for age. Load reads those that are
// asked for and not known; it leaves out what does not exist. Its context ends
// with nobody's request, because others may wait for the same value.
func New[K comparable, V any](age time.Duration, now clock.Now, load func(ctx context.Context, keys []K) (map[K]V, error)) *Memo[K, V] {
	return &Memo[K, V]{age: age, now: now, load: load, entries: map[K]*entry[V]{}}
}

// Get returns the value of a key, and false if there is none. The value is
// shared: nobody may change what it refers to.
func (m *Memo[K, V]) Get(ctx context.Context, key K) (V, bool, error) {
	es := m.claim(ctx, []K{key})
	return wait(ctx, es[0])
}

// Many returns the values of those keys that have one. Values are shared as with
// [Memo.Get].
func (m *Memo[K, V]) Many(ctx context.Context, keys []K) (map[K]V, error) {
	out := make(map[K]V, len(keys))
	for i, e := range m.claim(ctx, keys) {
		v, ok, err := wait(ctx, e)
		if err != nil {
			return nil, err
		}
		if ok {
			out[keys[i]] = v
		}
	}
	return out, nil
}

// Forget drops values that have changed.
func (m *Memo[K, V]) Forget(keys ...K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		delete(m.entries, k)
	}
}

// Clear drops everything.
func (m *Memo[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.entries)
}

// claim returns the entries of keys; what nobody else reads it reads.
func (m *Memo[K, V]) claim(ctx context.Context, keys []K) []*entry[V] {
	now := m.now()
	out := make([]*entry[V], len(keys))
	var mine []K
	m.mu.Lock()
	for i, k := range keys {
		e := m.entries[k]
		if e == nil || !e.until.IsZero() && !now.Before(e.until) {
			if len(m.entries) >= limit {
				clear(m.entries)
			}
			e = &entry[V]{ready: make(chan struct{})}
			m.entries[k] = e
			mine = append(mine, k)
		}
		out[i] = e
	}
	m.mu.Unlock()
	if len(mine) > 0 {
		m.read(ctx, mine, keys, out)
	}
	return out
}

// read fills the entries of mine, which stand in es at the places of their keys.
func (m *Memo[K, V]) read(ctx context.Context, mine, keys []K, es []*entry[V]) {
	var found map[K]V
	err := errPanicked
	own := make(map[K]bool, len(mine))
	for _, k := range mine {
		own[k] = true
	}
	defer func() { // also when load panics: others wait
		until := m.now().Add(m.age)
		m.mu.Lock()
		defer m.mu.Unlock()
		for i, k := range keys {
			if !own[k] {
				continue
			}
			delete(own, k)
			e := es[i]
			e.value, e.found = found[k]
			e.err, e.until = err, until
			if (err != nil || !e.found) && m.entries[k] == e {
				delete(m.entries, k) // neither failures nor what does not exist fills the memory
			}
			close(e.ready)
		}
	}()
	found, err = m.load(context.WithoutCancel(ctx), mine)
}

// errPanicked is told to those who wait for a reading that panicked.
var errPanicked = errors.New("memo: reading a value panicked")

func wait[V any](ctx context.Context, e *entry[V]) (V, bool, error) {
	select {
	case <-e.ready:
		return e.value, e.found, e.err
	default:
	}
	select {
	case <-e.ready:
		return e.value, e.found, e.err
	case <-ctx.Done():
		var none V
		return none, false, ctx.Err()
	}
}
