package demo

import (
	"context"
	"sync"
	"time"
)

// clock tells a time of its own: it can be moved forward, and it can run faster
// than the world's. It never goes back.
type clock struct {
	mu    sync.Mutex
	told  time.Time // the time it told ...
	since time.Time // ... at this instant of the world
	rate  float64
}

func newClock(at time.Time) *clock { return &clock{told: at, since: time.Now(), rate: 1} }

// Now tells the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time {
	return c.told.Add(time.Duration(float64(time.Since(c.since)) * c.rate)).UTC()
}

// jump moves the clock to an instant, if that lies ahead.
func (c *clock) jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); to.After(now) {
		c.told, c.since = to, time.Now()
	}
}

// run makes the clock rate times as fast as the world's.
func (c *clock) run(rate float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told, c.since, c.rate = c.now(), time.Now(), rate
}

// wait returns when the clock tells an instant, or ctx's error.
func (c *clock) wait(ctx context.Context, until time.Time) error {
	c.mu.Lock()
	left := time.Duration(float64(until.Sub(c.now())) / c.rate)
	c.mu.Unlock()
	if left <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// opening is when the demo market opens: two days before the morning of which
// it tells, at nine.
func opening(now time.Time, zone string) time.Time {
	return hour(landing(now, zone).AddDate(0, 0, -2), 9, 0)
}

// founding is when the market begins: long enough before its opening days that
// what was sold then is settled.
func founding(now time.Time, zone string) time.Time {
	return opening(now, zone).AddDate(0, 0, -18)
}

// landing is the latest morning at half past seven that is two hours past.
func landing(now time.Time, zone string) time.Time {
	at := now
	if z, err := time.LoadLocation(zone); err == nil {
		at = now.In(z)
	}
	morning := hour(at, 7, 30)
	if now.Sub(morning) < 2*time.Hour {
		morning = morning.AddDate(0, 0, -1)
	}
	return morning
}

// hour is a time of the day of t.
func hour(t time.Time, h, m int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), h, m, 0, 0, t.Location())
}
