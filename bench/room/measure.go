package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/openstall/openstall/bench/gauge"
)

// Measured is one run in one way.
type Measured struct {
	Way            string  `json:"way"`
	Published      int64   `json:"published"`
	Delivered      int64   `json:"delivered"` // events times viewers
	Missing        int64   `json:"missing"`
	CPU            float64 `json:"server_cpu_seconds"`
	PerCPUSecond   float64 `json:"delivered_per_cpu_second"`
	Seconds        float64 `json:"seconds"`
	LastAfter      float64 `json:"last_event_with_everybody_after_ms"`
	WritesPerEvent float64 `json:"writes_per_delivered_event"`
	BytesPerSecond float64 `json:"bytes_per_viewer_and_second"`
}

const (
	// patience is how long the last event may take to reach everybody.
	patience = 10 * time.Second
	// piece is how much is published before everybody must have it, one by one.
	piece = 100 * time.Millisecond
)

// measure starts a server, lets n viewers in and makes a show happen.
func measure(ctx context.Context, way string, mix Mix, n int, length time.Duration, profile string) (Measured, error) {
	p, err := launch(ctx, "-serve", way, "-profile", profile)
	if err != nil {
		return Measured{}, err
	}
	defer p.Stop()
	all, err := crowd(p.addr, n)
	defer func() {
		for _, v := range all {
			_ = v.conn.Close()
		}
	}()
	if err != nil {
		return Measured{}, fmt.Errorf("viewers: %w", err)
	}
	time.Sleep(2 * time.Second) // counts and first frames are out
	before, err := p.CPU()
	if err != nil {
		return Measured{}, err
	}
	was, _, err := together(all)
	if err != nil {
		return Measured{}, err
	}
	begin := time.Now()
	// A room gathers by itself. One by one, a server that falls behind would gather
	// too, by writing what waits together: it gets the next piece when everybody has
	// the one before, and then takes longer.
	pieces := 1
	if way != byRoom {
		pieces = int(length / piece)
	}
	published := int64(0)
	var ended time.Time
	var is tally
	for range pieces {
		o := order{mix, length / time.Duration(pieces)}
		if err := p.run(ctx, o); err != nil {
			return Measured{}, err
		}
		ended = time.Now()
		published += int64(o.events())
		if is, err = arrival(all, published); err != nil {
			return Measured{}, err
		}
	}
	arrived := time.Now()
	took := arrived.Sub(begin)
	after, err := p.CPU()
	if err != nil {
		return Measured{}, err
	}
	m := Measured{
		Way: way, Published: published, Delivered: is.Lines + is.Likes + is.Left, CPU: (after - before).Seconds(), Seconds: took.Seconds(),
		LastAfter:      float64(arrived.Sub(ended).Milliseconds()),
		BytesPerSecond: float64(is.Bytes-was.Bytes) / float64(n) / took.Seconds(),
	}
	m.WritesPerEvent = float64(is.Writes-was.Writes) / float64(m.Delivered)
	m.Missing = published*int64(n) - m.Delivered
	m.PerCPUSecond = float64(m.Delivered) / m.CPU
	return m, nil
}

// arrival waits until everybody knows of so many events, and returns what they
// heard all together.
func arrival(all []*viewer, events int64) (tally, error) {
	is, least, err := together(all)
	for end := time.Now().Add(patience); err == nil && least < events && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
		is, least, err = together(all)
	}
	return is, err
}

// crowd joins n viewers, a few at a time.
func crowd(addr string, n int) ([]*viewer, error) {
	var mu sync.Mutex
	var all []*viewer
	var failed error
	var joining sync.WaitGroup
	turns := make(chan struct{}, 32)
	for range n {
		turns <- struct{}{}
		joining.Go(func() {
			defer func() { <-turns }()
			v, err := join(addr)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = errors.Join(failed, err)
				return
			}
			all = append(all, v)
			go v.watch()
		})
	}
	joining.Wait()
	return all, failed
}

// together adds up what all viewers heard, with Left as the number of sales
// heard of, and returns how many events the one knows who knows least.
func together(all []*viewer) (sum tally, least int64, err error) {
	least = 1 << 62
	for _, v := range all {
		t, err := v.now()
		if err != nil {
			return sum, 0, fmt.Errorf("a viewer was cut off: %w", err)
		}
		sum.Lines += t.Lines
		sum.Likes += t.Likes
		sum.Left += inStock - t.Left
		sum.Writes += t.Writes
		sum.Bytes += t.Bytes
		least = min(least, t.events())
	}
	return sum, least, nil
}

// process is a running child.
type process struct {
	*gauge.Child
	addr string
}

func launch(ctx context.Context, args ...string) (*process, error) {
	p := &process{}
	var err error
	p.Child, err = gauge.Launch(ctx, &p.addr, args...)
	return p, err
}

func (p *process) run(ctx context.Context, o order) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+"/run", bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("run: status %d: %s", res.StatusCode, text)
	}
	return nil
}
