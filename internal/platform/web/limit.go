package web

import (
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
)

// Limiter is a token bucket per key, in the memory of this process. It is safe
// for concurrent use.
type Limiter struct {
	every time.Duration
	burst int
	now   clock.Now

	mu      sync.Mutex
	buckets map[string]bucket
	swept   time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewLimiter allows burst calls at once and one more each every.
func NewLimiter(every time.Duration, burst int, now clock.Now) *Limiter {
	return &Limiter{every: every, burst: burst, now: now, buckets: map[string]bucket{}}
}

// Allow takes a token of key, or returns [ErrTooMany].
func (l *Limiter) Allow(key string) error {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b, ok := l.buckets[key]
	if !ok {
		b = bucket{tokens: float64(l.burst), at: now}
	}
	b.tokens = min(float64(l.burst), b.tokens+float64(now.Sub(b.at))/float64(l.every))
	b.at = now
	if b.tokens < 1 {
		l.buckets[key] = b
		return ErrTooMany
	}
	b.tokens--
	l.buckets[key] = b
	return nil
}

// sweep forgets full buckets, now and then.
func (l *Limiter) sweep(now time.Time) {
	full := l.every * time.Duration(l.burst)
	if now.Sub(l.swept) < full+time.Second {
		return
	}
	l.swept = now
	for k, b := range l.buckets {
		if now.Sub(b.at) >= full {
			delete(l.buckets, k)
		}
	}
}
