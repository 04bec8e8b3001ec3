// Command feed measures serving Discover: pages of ten out of a million live
// videos to random ones of a million viewers, while what is shown and watched is
// written every second; how long the state takes to read back; and what it takes
// in memory. It fills a throw-away SQLite file, and a database beside
// TEST_POSTGRES_URL when that is set.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/platform/db"
)

// Figures are what one engine reached.
type Figures struct {
	Engine       string  `json:"engine"`
	Videos       int     `json:"videos"`
	Viewers      int     `json:"viewers"`
	RestoreS     float64 `json:"restore_s"`
	HeapMB       float64 `json:"heap_mb"`          // in use after the restore, collected
	HeapAfterMB  float64 `json:"heap_after_mb"`    // after the load, collected
	HeapPeakMB   float64 `json:"heap_peak_mb"`     // most in use during the load, garbage too
	Met          int     `json:"viewers_met"`      // different viewers of the load
	PagesPerS    float64 `json:"pages_per_s"`      // all of them, viewers read from SQL when they come
	P50ms        float64 `json:"p50_ms"`           //
	P99ms        float64 `json:"p99_ms"`           //
	HerePagesPer float64 `json:"here_pages_per_s"` // of viewers who are here already
	HereP50ms    float64 `json:"here_p50_ms"`      //
	HereP99ms    float64 `json:"here_p99_ms"`      //
	CPUms        float64 `json:"cpu_ms_per_page"`  // of this process, writing too
	HereCPUms    float64 `json:"here_cpu_ms_per_page"`
	Load         string  `json:"load"` // of the machine
}

var (
	videos  = flag.Int("videos", 1_000_000, "live videos")
	viewers = flag.Int("viewers", 1_000_000, "viewers with a page in the log")
	seconds = flag.Int("seconds", 15, "of each measurement")
	asJSON  = flag.Bool("json", false, "one JSON object")
	profile = flag.String("cpuprofile", "", "file for a profile of the load")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "feed:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx := context.Background()
	var all []Figures
	dir, err := os.MkdirTemp("", "bench-feed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := measure(ctx, "sqlite", filepath.Join(dir, "feed.db"))
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	all = append(all, f)
	if at := os.Getenv("TEST_POSTGRES_URL"); at != "" {
		dsn, drop, err := database(ctx, at)
		if err != nil {
			return err
		}
		f, err := measure(ctx, "postgres", dsn)
		drop()
		if err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
		all = append(all, f)
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"runs": all})
	}
	for _, f := range all {
		fmt.Printf("%s: %d videos read back in %.1f s, heap %.0f MB; new viewers %.0f pages/s, %.3f ms of CPU each, p50 %.2f p99 %.2f ms; viewers who are here %.0f pages/s, %.3f ms of CPU each, p50 %.2f p99 %.2f ms; heap after %d viewers %.0f MB, peak %.0f MB (load %s)\n",
			f.Engine, f.Videos, f.RestoreS, f.HeapMB, f.PagesPerS, f.CPUms, f.P50ms, f.P99ms, f.HerePagesPer, f.HereCPUms, f.HereP50ms, f.HereP99ms, f.Met, f.HeapAfterMB, f.HeapPeakMB, f.Load)
	}
	return nil
}

// database makes an empty database on a cluster.
func database(ctx context.Context, at string) (string, func(), error) {
	c, err := sql.Open("pgx", at)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("bench_feed_%d", os.Getpid())
	if _, err := c.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		_ = c.Close()
		return "", nil, err
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		if _, err := c.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			fmt.Fprintln(os.Stderr, "feed:", err)
		}
		_ = c.Close()
	}, nil
}

func measure(ctx context.Context, engine, dsn string) (Figures, error) {
	d, err := db.Open(ctx, dsn)
	if err != nil {
		return Figures{}, err
	}
	defer d.Close()
	if err := d.Migrate(ctx, app.Migrations()...); err != nil {
		return Figures{}, err
	}
	service := func() (*feed.Service, error) {
		return feed.New(feed.Parts{DB: d, Secret: []byte("bench"), Zone: time.UTC, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	}
	if err := fill(ctx, d); err != nil {
		return Figures{}, err
	}
	s, err := service()
	if err != nil {
		return Figures{}, err
	}
	f := Figures{Engine: engine, Videos: *videos, Viewers: *viewers}
	from := time.Now()
	if err := s.Restore(ctx); err != nil {
		return Figures{}, err
	}
	f.RestoreS = time.Since(from).Seconds()
	f.HeapMB = heap(true)
	if *profile != "" {
		out, err := os.Create(*profile + "." + engine)
		if err != nil {
			return Figures{}, err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return Figures{}, err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() { stop(); <-done }()

	met := map[int]bool{}
	first := load(ctx, s, *seconds, func(r *rand.Rand) int { return r.IntN(*viewers) }, met)
	if first.err != nil {
		return Figures{}, first.err
	}
	f.PagesPerS, f.P50ms, f.P99ms = first.figures()
	f.CPUms = first.cpuPerPage()
	here := make([]int, 0, len(met))
	for v := range met {
		here = append(here, v)
	}
	f.Met = len(here)
	second := load(ctx, s, *seconds, func(r *rand.Rand) int { return here[r.IntN(len(here))] }, nil)
	if second.err != nil {
		return Figures{}, second.err
	}
	f.HerePagesPer, f.HereP50ms, f.HereP99ms = second.figures()
	f.HereCPUms = second.cpuPerPage()
	f.HeapPeakMB = max(first.peak, second.peak)
	f.HeapAfterMB = heap(true)
	load, _ := os.ReadFile("/proc/loadavg")
	f.Load = string(load[:min(4, len(load))])
	return f, nil
}

func heap(collect bool) float64 {
	if collect {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse) / 1e6
}

type outcome struct {
	cpu  time.Duration
	took []time.Duration
	wall time.Duration
	peak float64
	err  error
}

func (o outcome) cpuPerPage() float64 {
	return o.cpu.Seconds() * 1000 / float64(max(1, len(o.took)))
}

func (o outcome) figures() (perSecond, p50, p99 float64) {
	slices.Sort(o.took)
	at := func(q float64) float64 { return float64(o.took[int(q*float64(len(o.took)-1))].Microseconds()) / 1000 }
	return float64(len(o.took)) / o.wall.Seconds(), at(0.5), at(0.99)
}

// load asks for pages from as many goroutines as there are cores; every third
// page is watched for a while.
func load(ctx context.Context, s *feed.Service, seconds int, who func(*rand.Rand) int, met map[int]bool) outcome {
	var mu sync.Mutex
	var out outcome
	var wg sync.WaitGroup
	from, used := time.Now(), cpu()
	until := from.Add(time.Duration(seconds) * time.Second)
	for i := range runtime.NumCPU() {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			var took []time.Duration
			mine := map[int]bool{}
			for n := 0; time.Now().Before(until); n++ {
				v := who(r)
				mine[v] = true
				viewer := feed.Viewer{Browser: name(v)}
				began := time.Now()
				p, err := s.Page(ctx, viewer, 10, true)
				took = append(took, time.Since(began))
				if err == nil && n%3 == 0 && len(p.Items) > 0 {
					err = s.Watch(ctx, viewer, p.Items[0].Video, time.Second)
				}
				if err != nil {
					mu.Lock()
					out.err = err
					mu.Unlock()
					return
				}
				if n%2000 == 0 {
					h := heap(false)
					mu.Lock()
					out.peak = max(out.peak, h)
					mu.Unlock()
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out.took = append(out.took, took...)
			for v := range mine {
				if met != nil {
					met[v] = true
				}
			}
		})
	}
	wg.Wait()
	out.wall, out.cpu = time.Since(from), cpu()-used
	return out
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	d, err := gauge.CPU(os.Getpid())
	if err != nil {
		panic(err)
	}
	return d
}

func name(v int) string { return fmt.Sprintf("browser-%020d", v) }

func video(i int) string { return fmt.Sprintf("vid_%026d", i) }
