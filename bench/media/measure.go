package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/internal/media/hls/hlstest"
	"github.com/openstall/openstall/internal/media/rtmp"
)

// first is how long it takes from the publisher's dial to the first part in the
// viewer's hands.
type first struct {
	PartMS int64        `json:"part_ms"`
	MS     gauge.Spread `json:"ms"`
}

var errEnough = errors.New("enough")

func measureFirst(ctx context.Context, film []byte, runs int, part time.Duration) (*first, error) {
	p, err := launch(ctx, "-serve", "ours")
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	var ms []float64
	for i := range runs {
		took, err := firstPart(ctx, p, film, fmt.Sprintf("first%d", i), part)
		if err != nil {
			return nil, err
		}
		ms = append(ms, float64(took.Microseconds())/1000)
	}
	return &first{part.Milliseconds(), gauge.Sum(ms)}, nil
}

func firstPart(ctx context.Context, p *process, film []byte, name string, part time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	begin := time.Now()
	c, err := rtmp.Dial(ctx, fmt.Sprintf("%s%s.%d", p.RTMP, name, part.Milliseconds()))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	push, stop := context.WithCancel(ctx)
	pushed := make(chan error, 1)
	go func() { pushed <- c.Push(push, bytes.NewReader(film), 0) }()
	defer func() { stop(); <-pushed }()
	v := &hlstest.Viewer{Base: p.HTTP + name + "/"}
	for {
		err := v.Follow(ctx, false, func(hlstest.Got) error { return errEnough })
		var status hlstest.StatusError
		switch {
		case errors.Is(err, errEnough):
			return time.Since(begin), nil
		case errors.As(err, &status) && status == 404 && ctx.Err() == nil: // not there yet
			time.Sleep(2 * time.Millisecond)
		default:
			return 0, fmt.Errorf("viewer: %w", err)
		}
	}
}

// viewers is what a viewer costs.
type viewers struct {
	Viewers int   `json:"viewers"`
	PartMS  int64 `json:"part_ms"`
	// CPU seconds per viewer-minute.
	Ours  gauge.Spread `json:"ours"`
	Floor gauge.Spread `json:"floor"`
	Ratio gauge.Spread `json:"ratio"`
	// What viewers of the core got, on average over all runs.
	MbitPerViewer     float64 `json:"mbit_per_viewer"`
	RequestsPerViewer float64 `json:"requests_per_viewer_and_second"`
	Failed            int64   `json:"failed_requests"`
}

func measureViewers(ctx context.Context, film []byte, n, pairs int, length, part time.Duration) (*viewers, error) {
	plan, err := capture(ctx, film, part)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return nil, err
	}
	var ours, floors, ratios []float64
	var total tally
	for range pairs {
		a, t, err := crowd(ctx, film, n, length, part, "-serve", "ours")
		if err != nil {
			return nil, err
		}
		total.add(t)
		b, _, err := crowd(ctx, film, n, length, part, "-serve", "floor", "-sizes", string(text))
		if err != nil {
			return nil, err
		}
		ours, floors, ratios = append(ours, a), append(floors, b), append(ratios, a/b)
	}
	viewerSeconds := float64(n*pairs) * length.Seconds()
	return &viewers{
		Viewers: n, PartMS: part.Milliseconds(),
		Ours: gauge.Sum(ours), Floor: gauge.Sum(floors), Ratio: gauge.Sum(ratios),
		MbitPerViewer:     float64(total.bytes.Load()) * 8 / 1e6 / viewerSeconds,
		RequestsPerViewer: float64(total.requests.Load()) / viewerSeconds,
		Failed:            total.failed.Load(),
	}, nil
}

// capture watches the film once and notes sizes for the floor.
func capture(ctx context.Context, film []byte, part time.Duration) (floorPlan, error) {
	p, err := launch(ctx, "-serve", "ours")
	if err != nil {
		return floorPlan{}, err
	}
	defer p.Stop()
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	stop, err := publish(ctx, p, film, part)
	if err != nil {
		return floorPlan{}, err
	}
	defer stop()
	plan := floorPlan{Every: part}
	err = watch(ctx, http.DefaultClient, p.HTTP+"show/", func(playlist, media int) {
		plan.Playlist = playlist // grows with the window, the last is what counts
		plan.Parts = append(plan.Parts, media)
	})
	if ctx.Err() == nil {
		return plan, err
	}
	return plan, nil
}

// publish pushes the film as the stream "show".
func publish(ctx context.Context, p *process, film []byte, part time.Duration) (stop func(), err error) {
	c, err := rtmp.Dial(ctx, fmt.Sprintf("%sshow.%d", p.RTMP, part.Milliseconds()))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Push(ctx, bytes.NewReader(film), 0)
	}()
	return func() {
		cancel()
		<-done
		_ = c.Close()
	}, nil
}

// tally counts what viewers got.
type tally struct{ bytes, requests, failed atomic.Int64 }

func (t *tally) add(o *tally) {
	t.bytes.Add(o.bytes.Load())
	t.requests.Add(o.requests.Load())
	t.failed.Add(o.failed.Load())
}

// crowd lets n viewers watch and returns the server's CPU seconds per
// viewer-minute.
func crowd(ctx context.Context, film []byte, n int, length, part time.Duration, args ...string) (float64, *tally, error) {
	p, err := launch(ctx, args...)
	if err != nil {
		return 0, nil, err
	}
	defer p.Stop()
	if p.RTMP != "" {
		stop, err := publish(ctx, p, film, part)
		if err != nil {
			return 0, nil, err
		}
		defer stop()
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, DisableCompression: true}}
	defer client.CloseIdleConnections()
	watching, leave := context.WithCancel(ctx)
	var count atomic.Pointer[tally]
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for watching.Err() == nil {
				err := watch(watching, client, p.HTTP+"show/", func(playlist, media int) {
					if t := count.Load(); t != nil {
						t.bytes.Add(int64(playlist + media))
						t.requests.Add(2)
					}
				})
				if t := count.Load(); err != nil && watching.Err() == nil {
					if t != nil {
						t.failed.Add(1)
					}
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
	}
	defer wg.Wait()
	defer leave()
	time.Sleep(4 * time.Second) // everyone is connected and the window is filling
	t := &tally{}
	count.Store(t)
	before, err1 := p.CPU()
	begin := time.Now()
	select {
	case <-time.After(length):
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
	after, err2 := p.CPU()
	took := time.Since(begin)
	if err := errors.Join(err1, err2); err != nil {
		return 0, nil, err
	}
	count.Store(nil)
	return (after - before).Seconds() / (float64(n) * took.Minutes()), t, nil
}

// watch follows a stream as cheaply as it can: the blocking playlist, then the
// part it was waiting for.
func watch(ctx context.Context, client *http.Client, base string, got func(playlist, media int)) error {
	list, err := get(ctx, client, base+"media.m3u8")
	if err != nil {
		return err
	}
	for {
		_, after, ok := bytes.Cut(list, []byte(`TYPE=PART,URI="`))
		name, _, ok2 := bytes.Cut(after, []byte(`"`))
		if !ok || !ok2 {
			return errors.New("no preload hint")
		}
		msn, rest, _ := strings.Cut(string(name), ".")
		part, _, _ := strings.Cut(rest, ".")
		if list, err = get(ctx, client, base+"media.m3u8?_HLS_msn="+msn+"&_HLS_part="+part); err != nil {
			return err
		}
		media, err := get(ctx, client, base+string(name))
		if err != nil {
			return err
		}
		got(len(list), len(media))
	}
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b := make([]byte, max(resp.ContentLength, 0))
	if _, err := io.ReadFull(resp.Body, b); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return b, nil
}
